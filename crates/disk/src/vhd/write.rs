//! Writing a dynamic VHD from front to back.
//!
//! Dynamic, because a fixed one carries its zeros; blocks of 2 MiB, the only size that every reader knows. The order
//! is: footer copy, header, BAT, blocks in guest order, footer. All of it but the data is known from the allocation.

use super::format::{DynamicHeader, FOOTER_SIZE, HEADER_SIZE, MAX_DISK_SIZE, NewFooter, SECTOR_SIZE, UNUSED_ENTRY};
use crate::allocation::Allocation;
use crate::error::{Error, Reason};
use crate::export::{Sink, Stamp};

/// Bytes of a block's data.
pub(crate) const BLOCK_SIZE: u64 = 2 << 20;
/// Bytes of a block's sector bitmap.
const BITMAP_SIZE: usize = 512;
/// Seconds from the Unix epoch to 2000-01-01T00:00:00Z, where VHD counts from.
const VHD_EPOCH: u64 = 946_684_800;

/// Where everything goes in a VHD that is about to be written.
pub(crate) struct VhdLayout {
    virtual_size: u64,
    header: DynamicHeader,
    first_block: u64,
}

impl VhdLayout {
    /// Lay out a disk of whole sectors.
    pub(crate) fn new(virtual_size: u64) -> Result<VhdLayout, Error> {
        if virtual_size > MAX_DISK_SIZE {
            return Err(Error::new(0, Reason::TooLarge { size: virtual_size, limit: MAX_DISK_SIZE }));
        }
        let entries = virtual_size.div_ceil(BLOCK_SIZE);
        let header = DynamicHeader {
            table_offset: (FOOTER_SIZE + HEADER_SIZE) as u64,
            max_table_entries: u32::try_from(entries).expect("the largest disk has a million blocks"),
            block_size: BLOCK_SIZE as u32,
        };
        let first_block = header.table_offset + (entries * 4).next_multiple_of(SECTOR_SIZE);
        Ok(VhdLayout { virtual_size, header, first_block })
    }

    /// Bytes of the whole file.
    pub(crate) fn planned_len(&self, blocks: &Allocation) -> u64 {
        self.first_block + blocks.allocated() * (BITMAP_SIZE as u64 + BLOCK_SIZE) + FOOTER_SIZE as u64
    }

    /// Write the file.
    pub(crate) fn write(&self, blocks: &Allocation, stamp: &Stamp, sink: &mut Sink<'_>) -> Result<(), Error> {
        let seconds = stamp.unix_seconds.saturating_sub(VHD_EPOCH);
        let footer = NewFooter {
            current_size: self.virtual_size,
            unique_id: stamp.id,
            time_stamp: u32::try_from(seconds).unwrap_or(u32::MAX),
        };
        let footer = footer.to_bytes();
        sink.put(&footer)?;
        sink.put(&self.header.to_bytes())?;
        self.write_table(blocks, sink)?;
        let mut block = 0;
        while let Some(run) = blocks.next_run(block, 1) {
            sink.put(&[0xff; BITMAP_SIZE])?;
            sink.copy(run.start * BLOCK_SIZE..run.end * BLOCK_SIZE)?;
            block = run.end;
        }
        sink.put(&footer)
    }

    fn write_table(&self, blocks: &Allocation, sink: &mut Sink<'_>) -> Result<(), Error> {
        let mut place = self.first_block;
        let table_len = (self.first_block - self.header.table_offset) as usize;
        let mut table = Vec::with_capacity(table_len);
        for block in 0..blocks.clusters() {
            let entry = if blocks.contains(block) {
                let sector = place / SECTOR_SIZE;
                place += BITMAP_SIZE as u64 + BLOCK_SIZE;
                u32::try_from(sector).expect("2040 GiB and their bitmaps are below 2^32 sectors")
            } else {
                UNUSED_ENTRY
            };
            table.extend_from_slice(&entry.to_be_bytes());
        }
        table.resize(table_len, 0xff);
        sink.put(&table)
    }
}
