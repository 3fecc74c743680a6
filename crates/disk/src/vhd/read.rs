//! Reading fixed and dynamic VHD.
//!
//! A dynamic disk's BAT is read in pages through a bounded cache, and so are the sector bitmaps, because
//! `MaxTableEntries` is the file's claim: 2 TiB in blocks of 4 KiB have a BAT of 2 GiB.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::format::{
    DiskType, DynamicHeader, FOOTER_SIZE, Footer, HEADER_SIZE, SECTOR_SIZE, UNUSED_ENTRY, find_footer,
};
use crate::bytes::{be32, read_end};
use crate::cache::PieceCache;
use crate::device::Disk;
use crate::error::{Error, Reason};
use crate::format::Limits;
use crate::source::Source;

/// Entries of the BAT that are read at once.
const PAGE_ENTRIES: u64 = 16 << 10;
/// Bytes of BAT pages that are kept: with blocks of 2 MiB this is the whole BAT of 2 TiB.
const BAT_CACHE_BYTES: u64 = 4 << 20;
/// Bytes of sector bitmaps that are kept.
const BITMAP_CACHE_BYTES: u64 = 1 << 20;
/// Longest range that `next_data` answers, so that a caller who asks again in small steps does not pay for the
/// whole table each time.
const MAX_EXTENT: u64 = 1 << 30;

/// A VHD of either type.
pub(crate) enum Vhd {
    Fixed(FixedVhd),
    Dynamic(DynamicVhd),
}

impl Vhd {
    /// Read and check the footer and the header.
    pub(crate) fn open(source: Source, limits: &Limits) -> Result<Vhd, Error> {
        let (footer, footer_offset) = read_footer(&source)?;
        let size = footer.virtual_size();
        if size == 0 || !size.is_multiple_of(SECTOR_SIZE) {
            return Err(Error::new(footer_offset + 48, Reason::VhdSectors { size }));
        }
        let limit = limits.max_virtual_size;
        if size > limit {
            return Err(Error::new(footer_offset + 48, Reason::TooLarge { size, limit }));
        }
        match footer.disk_type {
            DiskType::Fixed if footer_offset < size => {
                Err(Error::new(footer_offset + 48, Reason::VhdData { size, data: footer_offset }))
            }
            DiskType::Fixed => Ok(Vhd::Fixed(FixedVhd { source, virtual_size: size })),
            DiskType::Dynamic => Ok(Vhd::Dynamic(DynamicVhd::open(source, &footer, size)?)),
        }
    }
}

/// A fixed VHD: the data, then the footer.
pub struct FixedVhd {
    source: Source,
    virtual_size: u64,
}

impl Disk for FixedVhd {
    fn virtual_size(&self) -> u64 {
        self.virtual_size
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        read_end(offset, buf.len(), self.virtual_size)?;
        self.source.file().read_exact_at(buf, offset)
    }

    fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
        if offset >= self.virtual_size {
            return Ok(None);
        }
        let data = self.source.file().next_data(offset)?;
        Ok(data.filter(|data| data.start < self.virtual_size).map(|data| data.start..data.end.min(self.virtual_size)))
    }
}

/// A dynamic VHD: blocks where the BAT says.
pub struct DynamicVhd {
    source: Source,
    virtual_size: u64,
    block_size: u64,
    bitmap_size: u64,
    table_offset: u64,
    /// Blocks that the virtual size needs; the BAT may have more entries.
    blocks: u64,
    bat: PieceCache<u32>,
    /// Sector bitmaps by the block's place in the file. An empty one has all bits set.
    bitmaps: PieceCache<u8>,
}

impl DynamicVhd {
    fn open(source: Source, footer: &Footer, virtual_size: u64) -> Result<DynamicVhd, Error> {
        let header_offset = footer.data_offset;
        let mut bytes = [0; HEADER_SIZE];
        source.read("the VHD dynamic disk header", header_offset, &mut bytes)?;
        let header = DynamicHeader::parse(&bytes, header_offset)?;
        let block_size = u64::from(header.block_size);
        let entries = u64::from(header.max_table_entries);
        if entries * block_size < virtual_size {
            let (entries, block_size) = (header.max_table_entries, header.block_size);
            return Err(Error::new(header_offset + 28, Reason::VhdTable { entries, block_size, size: virtual_size }));
        }
        source.contains("the VHD block allocation table", header.table_offset, entries * 4)?;
        Ok(DynamicVhd {
            virtual_size,
            block_size,
            bitmap_size: header.bitmap_size(),
            table_offset: header.table_offset,
            blocks: virtual_size.div_ceil(block_size),
            bat: PieceCache::new(BAT_CACHE_BYTES, PAGE_ENTRIES * 4),
            bitmaps: PieceCache::new(BITMAP_CACHE_BYTES, header.bitmap_size()),
            source,
        })
    }

    /// The page of the BAT that has the entry of `block`.
    fn bat_page(&self, block: u64) -> Result<Arc<[u32]>, Error> {
        let page = block / PAGE_ENTRIES;
        self.bat.get(page, || {
            let entries = (self.blocks - page * PAGE_ENTRIES).min(PAGE_ENTRIES);
            let offset = self.table_offset + page * PAGE_ENTRIES * 4;
            let bytes = self.source.read_vec("the VHD block allocation table", offset, entries as usize * 4)?;
            Ok(bytes.chunks_exact(4).map(|entry| be32(entry, 0)).collect())
        })
    }

    /// Where `block` is in the file, its sector bitmap first, or `None` when it is not there.
    fn place(&self, block: u64, entry: u32) -> Result<Option<u64>, Error> {
        if entry == UNUSED_ENTRY {
            return Ok(None);
        }
        let place = u64::from(entry) * SECTOR_SIZE;
        let seen = self.block_size.min(self.virtual_size - block * self.block_size);
        self.source.contains("a VHD block", place, self.bitmap_size + seen)?;
        Ok(Some(place))
    }

    /// The sector bitmap of the block at `place`. Empty means that all bits are set.
    fn bitmap(&self, place: u64) -> Result<Arc<[u8]>, Error> {
        self.bitmaps.get(place, || {
            let used = (self.block_size / SECTOR_SIZE).div_ceil(8) as usize;
            let bytes = self.source.read_vec("a VHD sector bitmap", place, used)?;
            Ok(if bytes.iter().all(|byte| *byte == 0xff) { Arc::from([]) } else { bytes.into() })
        })
    }

    /// Fill `buf` from `within` the block at `place`.
    fn read_block(&self, place: u64, within: u64, buf: &mut [u8]) -> Result<(), Error> {
        let bitmap = self.bitmap(place)?;
        let data = place + self.bitmap_size;
        if bitmap.is_empty() {
            return self.source.read("a VHD block", data + within, buf);
        }
        let end = within + buf.len() as u64;
        let mut at = within;
        while at < end {
            let present = sector_is_present(&bitmap, at / SECTOR_SIZE);
            let mut run_end = (at / SECTOR_SIZE + 1) * SECTOR_SIZE;
            while run_end < end && sector_is_present(&bitmap, run_end / SECTOR_SIZE) == present {
                run_end += SECTOR_SIZE;
            }
            let run_end = run_end.min(end);
            let part = &mut buf[(at - within) as usize..(run_end - within) as usize];
            if present {
                self.source.read("a VHD block", data + at, part)?;
            } else {
                part.fill(0);
            }
            at = run_end;
        }
        Ok(())
    }

    fn read(&self, buf: &mut [u8], offset: u64) -> Result<(), Error> {
        let mut rest = buf;
        let mut at = offset;
        while !rest.is_empty() {
            let (block, within) = (at / self.block_size, at % self.block_size);
            let len = (self.block_size - within).min(rest.len() as u64) as usize;
            let (part, after) = rest.split_at_mut(len);
            let entry = self.bat_page(block)?[(block % PAGE_ENTRIES) as usize];
            match self.place(block, entry)? {
                Some(place) => self.read_block(place, within, part)?,
                None => part.fill(0),
            }
            rest = after;
            at += len as u64;
        }
        Ok(())
    }

    /// The first run of blocks at or after `first` that are in the file.
    fn next_blocks(&self, first: u64) -> Result<Option<Range<u64>>, Error> {
        let longest = (MAX_EXTENT / self.block_size).max(1);
        let mut run: Option<Range<u64>> = None;
        let mut block = first;
        while block < self.blocks {
            let page = self.bat_page(block)?;
            for entry in &page[(block % PAGE_ENTRIES) as usize..] {
                match (self.place(block, *entry)?, &mut run) {
                    (Some(_), Some(run)) => run.end = block + 1,
                    (Some(_), None) => run = Some(block..block + 1),
                    (None, Some(_)) => return Ok(run),
                    (None, None) => {}
                }
                if run.as_ref().is_some_and(|run| longest <= run.end - run.start) {
                    return Ok(run);
                }
                block += 1;
            }
        }
        Ok(run)
    }
}

impl Disk for DynamicVhd {
    fn virtual_size(&self) -> u64 {
        self.virtual_size
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        read_end(offset, buf.len(), self.virtual_size)?;
        Ok(self.read(buf, offset)?)
    }

    /// Answers whole blocks, without their sector bitmaps: those cost a read each.
    fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
        if self.virtual_size <= offset {
            // The last block may reach past the end of the disk.
            return Ok(None);
        }
        let run = self.next_blocks(offset / self.block_size)?;
        Ok(run.map(|run| {
            let end = run.end.saturating_mul(self.block_size).min(self.virtual_size);
            (run.start * self.block_size).max(offset)..end
        }))
    }
}

/// The footer that counts and where it is: the one at the end, or else its copy at the start.
fn read_footer(source: &Source) -> Result<(Footer, u64), Error> {
    let len = source.len();
    let tail_len = len.min(FOOTER_SIZE as u64);
    let tail = source.read_vec("the VHD footer", len - tail_len, tail_len as usize)?;
    if let Some((bytes, size)) = find_footer(&tail) {
        let offset = len - size as u64;
        return Ok((Footer::parse(&bytes, offset)?, offset));
    }
    let mut copy = [0; FOOTER_SIZE];
    source.read("the VHD footer", 0, &mut copy)?;
    let footer = Footer::parse(&copy, 0)?;
    match footer.disk_type {
        DiskType::Dynamic => Ok((footer, 0)),
        DiskType::Fixed => Err(Error::malformed(0, "a fixed VHD has its footer at the end only")),
    }
}

fn sector_is_present(bitmap: &[u8], sector: u64) -> bool {
    bitmap[(sector / 8) as usize] & (0x80 >> (sector % 8)) != 0
}
