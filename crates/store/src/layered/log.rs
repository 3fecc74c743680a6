//! A layer's log: which blocks its data file holds, in records that survive what they must.
//!
//! ```text
//! header   "TINTLAYR" | version u32 | 0 u32 | layer id 16 | boot id 16 | 0 u96 | crc32c of all that
//! record   crc32c u32 | blocks u32 | first block << 8 | kind, u64
//! ```
//! (little-endian; 64 and 16 bytes). A record's checksum also covers the layer's id and the record's own offset, so a
//! record from elsewhere or another time is none.
//!
//! A block's bytes are in the data file before its record is in the log, and a write is acknowledged after both: in
//! the kernel's page cache, where they outlive this process. What outlives the *kernel* is what a **commit** record
//! covers. It names the length of the log at a moment after which the data file was made durable, and is itself made
//! durable before a flush is acknowledged. The header names the boot of the machine in which the log was written:
//!
//! - read back under the same boot, every record counts. Only a last one that is cut off (the disk was full) does not.
//! - read back under another boot, only what the last commit covers counts: a record beyond it may name a block whose
//!   bytes never arrived.
//!
//! Damage is told from what never arrived: a record that was never written is zeros or beyond the end, so a record
//! that a valid commit covers and that is neither valid nor zeros is damage, and the layer is not opened.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use super::BootId;
use super::blocks::{BlockMap, Held};
use crate::ids::LayerId;

/// Length of the header.
pub(crate) const HEADER_BYTES: u64 = 64;

/// Length of a record.
pub(crate) const RECORD_BYTES: u64 = 16;

const MAGIC: &[u8; 8] = b"TINTLAYR";
const VERSION: u32 = 1;

const KIND_DATA: u64 = 1;
const KIND_ZERO: u64 = 2;
const KIND_COMMIT: u64 = 3;

/// How much of a log is read at once.
const READ_BYTES: usize = 1 << 20;

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Record {
    /// The layer holds these blocks as this.
    Held { first: u64, blocks: u32, held: Held },
    /// Everything in front of this offset of the log was durable before this record was written.
    Commit { covers: u64 },
}

/// A log that was read back.
#[derive(Debug)]
pub(crate) struct Replayed {
    pub(crate) blocks: BlockMap,
    /// Where the next record goes.
    pub(crate) end: u64,
    /// The log was written under another boot: what it says is true, what comes after it is not, so it must be
    /// rewritten before it is appended to.
    pub(crate) is_stale: bool,
}

/// Why a log cannot be read back.
#[derive(Debug)]
pub(crate) enum Unreadable {
    Io(io::Error),
    Damaged { offset: u64, reason: &'static str },
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The first bytes of a layer's log.
pub(crate) fn header(layer: LayerId, boot: BootId) -> [u8; HEADER_BYTES as usize] {
    let mut bytes = [0; HEADER_BYTES as usize];
    bytes[..8].copy_from_slice(MAGIC);
    bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
    bytes[16..32].copy_from_slice(&layer.0);
    bytes[32..48].copy_from_slice(&boot.0);
    let checksum = crc32c::crc32c(&bytes[..60]);
    bytes[60..].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

impl Record {
    /// The record as it lies at `offset` of the log of `layer`.
    pub(crate) fn encode(&self, layer: LayerId, offset: u64) -> [u8; RECORD_BYTES as usize] {
        let (blocks, place, kind) = match *self {
            Record::Held { first, blocks, held: Held::Data } => (blocks, first, KIND_DATA),
            Record::Held { first, blocks, held: Held::Zero } => (blocks, first, KIND_ZERO),
            Record::Commit { covers } => (0, covers, KIND_COMMIT),
        };
        debug_assert!(place < 1 << 56);
        let mut bytes = [0; RECORD_BYTES as usize];
        bytes[4..8].copy_from_slice(&blocks.to_le_bytes());
        bytes[8..].copy_from_slice(&(place << 8 | kind).to_le_bytes());
        let checksum = checksum(&bytes[4..], layer, offset);
        bytes[..4].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// The record that lies there, or none.
    pub(crate) fn decode(bytes: &[u8; RECORD_BYTES as usize], layer: LayerId, offset: u64) -> Option<Record> {
        let [c0, c1, c2, c3, b0, b1, b2, b3, place @ ..] = *bytes;
        if u32::from_le_bytes([c0, c1, c2, c3]) != checksum(&bytes[4..], layer, offset) {
            return None;
        }
        let blocks = u32::from_le_bytes([b0, b1, b2, b3]);
        let place = u64::from_le_bytes(place);
        let (place, kind) = (place >> 8, place & 0xff);
        match kind {
            KIND_DATA => Some(Record::Held { first: place, blocks, held: Held::Data }),
            KIND_ZERO => Some(Record::Held { first: place, blocks, held: Held::Zero }),
            KIND_COMMIT => Some(Record::Commit { covers: place }),
            _ => None,
        }
    }
}

/// Records for a run of blocks: one, unless it is longer than a record can say.
pub(crate) fn records(blocks: Range<u64>, held: Held) -> impl Iterator<Item = Record> {
    let mut at = blocks.start;
    std::iter::from_fn(move || {
        let n = u32::try_from(blocks.end - at).unwrap_or(u32::MAX);
        let record = Record::Held { first: at, blocks: n, held };
        at += u64::from(n);
        (0 < n).then_some(record)
    })
}

/// Read a log back. Nothing that it says is believed before it was checked; `n_blocks` bounds the map.
pub(crate) fn replay(file: &File, layer: LayerId, boot: BootId, n_blocks: u64) -> Result<Replayed, Unreadable> {
    let damaged = |offset, reason| Unreadable::Damaged { offset, reason };
    let len = file.metadata()?.len();
    let mut found = [0; HEADER_BYTES as usize];
    if len < HEADER_BYTES {
        return Err(damaged(len, "log ends inside its header"));
    }
    file.read_exact_at(&mut found, 0)?;
    let mut written_in = [0; 16];
    written_in.copy_from_slice(&found[32..48]);
    let written_in = BootId(written_in);
    if found != header(layer, written_in) {
        return Err(damaged(0, "log has no header of this layer"));
    }
    let is_stale = written_in != boot;

    let mut end = None;
    let mut committed = HEADER_BYTES;
    // The first record that is not valid and was written, so that a commit after it that covers it shows damage.
    let mut broken = None;
    each_record(file, len, layer, |offset, bytes, record| {
        match record {
            Some(Record::Commit { covers }) => {
                if covers < HEADER_BYTES || offset < covers || !(covers - HEADER_BYTES).is_multiple_of(RECORD_BYTES) {
                    return Err(damaged(offset, "commit covers what cannot be"));
                }
                if let Some(broken) = broken.filter(|broken| *broken < covers) {
                    return Err(damaged(broken, "record is damaged"));
                }
                if end.is_none() {
                    committed = covers;
                }
            }
            Some(Record::Held { first, blocks, .. }) => {
                if first.checked_add(u64::from(blocks)).is_none_or(|end| n_blocks < end) {
                    return Err(damaged(offset, "record names blocks beyond the disk"));
                }
            }
            None => {
                end = end.or(Some(offset));
                if broken.is_none() && bytes.iter().any(|byte| *byte != 0) {
                    broken = Some(offset);
                }
            }
        }
        Ok(())
    })?;
    let whole = len - (len - HEADER_BYTES) % RECORD_BYTES;
    let end = end.unwrap_or(whole);
    // Under one boot nothing is lost, so only the very last record can be cut off.
    if !is_stale && end + RECORD_BYTES < len {
        return Err(damaged(end, "record is damaged"));
    }
    let end = if is_stale { committed } else { end };
    let mut blocks = BlockMap::default();
    each_record(file, end, layer, |_, _, record| {
        if let Some(Record::Held { first, blocks: n, held }) = record {
            blocks.set(first..first + u64::from(n), held);
        }
        Ok(())
    })?;
    Ok(Replayed { blocks, end, is_stale })
}

/// Visit what lies where whole records could, in front of `end`.
fn each_record(
    file: &File,
    end: u64,
    layer: LayerId,
    mut visit: impl FnMut(u64, &[u8], Option<Record>) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let mut buffer = vec![0; READ_BYTES.min((end - HEADER_BYTES) as usize)];
    let mut offset = HEADER_BYTES;
    while offset + RECORD_BYTES <= end {
        let whole = (end - offset) / RECORD_BYTES * RECORD_BYTES;
        let n = whole.min(READ_BYTES as u64) as usize;
        file.read_exact_at(&mut buffer[..n], offset)?;
        let (records, _) = buffer[..n].as_chunks::<{ RECORD_BYTES as usize }>();
        for bytes in records {
            visit(offset, bytes, Record::decode(bytes, layer, offset))?;
            offset += RECORD_BYTES;
        }
    }
    Ok(())
}

fn checksum(rest: &[u8], layer: LayerId, offset: u64) -> u32 {
    let placed = crc32c::crc32c_append(crc32c::crc32c(&layer.0), &offset.to_le_bytes());
    crc32c::crc32c_append(placed, rest)
}
