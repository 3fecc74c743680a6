//! Frames: blocks compressed together, the unit of reading and of cache.
//!
//! ```text
//! crc32c u32 | codec u8 | blocks u8 | 0 u16 | payload
//! ```
//!
//! The checksum covers the pack's id, the frame's offset and every byte after the checksum itself, so a frame read
//! from the wrong place fails as surely as a flipped bit. It is taken over the *compressed* bytes: damage is found
//! before a decompressor sees it. Payloads that zstd cannot shrink are stored as they are.

use std::cell::RefCell;

use bytes::Bytes;

use crate::error::{Result, StoreError};
use crate::ids::{BLOCK_BYTES, MAX_FRAME_BLOCKS, PackId};
use crate::varint::Reader;

/// Bytes before a frame's payload.
pub(crate) const FRAME_HEADER_BYTES: usize = 8;

/// The longest a frame can be: raw payload and header.
pub(crate) const MAX_FRAME_BYTES: usize = FRAME_HEADER_BYTES + MAX_FRAME_BLOCKS * BLOCK_BYTES;

const CODEC_RAW: u8 = 0;
const CODEC_ZSTD: u8 = 1;

thread_local! {
    /// Its tables cost as much to make as a small frame costs to decode.
    static DECOMPRESSOR: RefCell<zstd::bulk::Decompressor<'static>> =
        RefCell::new(zstd::bulk::Decompressor::new().expect("it needs nothing but memory"));
}

/// Where a frame lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FramePlace<P = PackId> {
    pub(crate) pack: P,
    pub(crate) offset: u32,
    pub(crate) len: u32,
    pub(crate) blocks: u8,
}

impl<P> FramePlace<P> {
    /// The same place, the pack named another way.
    pub(crate) fn in_pack<Q>(self, pack: Q) -> FramePlace<Q> {
        FramePlace { pack, offset: self.offset, len: self.len, blocks: self.blocks }
    }

    pub(crate) fn end(&self) -> u64 {
        u64::from(self.offset) + u64::from(self.len)
    }

    /// Checked where places are read: the numbers that size anything later.
    pub(crate) fn is_sane(&self) -> bool {
        (1..=MAX_FRAME_BLOCKS).contains(&usize::from(self.blocks))
            && (FRAME_HEADER_BYTES..=MAX_FRAME_BYTES).contains(&(self.len as usize))
            && self.offset.checked_add(self.len).is_some()
    }
}

/// Compresses frames; keeps zstd's tables from one to the next.
pub(crate) struct FrameEncoder {
    zstd: zstd::bulk::Compressor<'static>,
}

impl FrameEncoder {
    pub(crate) fn new(level: i32) -> Self {
        Self { zstd: zstd::bulk::Compressor::new(level).expect("zstd takes any level within its range") }
    }

    /// A frame of whole blocks, its checksum not yet known: [`seal`] sets it once the frame has a place.
    pub(crate) fn encode(&mut self, blocks: &[u8]) -> Vec<u8> {
        let n_blocks = blocks.len() / BLOCK_BYTES;
        debug_assert!((1..=MAX_FRAME_BLOCKS).contains(&n_blocks));
        let mut frame = vec![0; FRAME_HEADER_BYTES + blocks.len()];
        frame[5] = n_blocks as u8;
        // A destination one byte shorter than the source makes zstd give up exactly when raw is better.
        let room = FRAME_HEADER_BYTES + blocks.len() - 1;
        match self.zstd.compress_to_buffer(blocks, &mut frame[FRAME_HEADER_BYTES..room]) {
            Ok(len) => {
                frame[4] = CODEC_ZSTD;
                frame.truncate(FRAME_HEADER_BYTES + len);
                frame.shrink_to_fit();
            }
            Err(_) => {
                frame[4] = CODEC_RAW;
                frame[FRAME_HEADER_BYTES..].copy_from_slice(blocks);
            }
        }
        frame
    }
}

/// Set the checksum of a frame that now has a place.
pub(crate) fn seal(frame: &mut [u8], pack: PackId, offset: u32) {
    let checksum = checksum(&frame[4..], pack, offset);
    frame[..4].copy_from_slice(&checksum.to_le_bytes());
}

/// The guest blocks of the frame that `bytes` must be.
pub(crate) fn decode(place: &FramePlace, bytes: &[u8]) -> Result<Bytes> {
    let damaged = |reason| Err(StoreError::corrupt(pack_name(place.pack), u64::from(place.offset), reason));
    if bytes.len() != place.len as usize || !place.is_sane() {
        return damaged("frame has another length");
    }
    let mut reader = Reader::new(bytes);
    let stored = reader.u32().expect("at least a header is there");
    if stored != checksum(&bytes[4..], place.pack, place.offset) {
        return damaged("frame checksum differs");
    }
    let payload = &bytes[FRAME_HEADER_BYTES..];
    if bytes[5] != place.blocks {
        return damaged("frame has another number of blocks");
    }
    let guest_bytes = usize::from(place.blocks) * BLOCK_BYTES;
    match bytes[4] {
        CODEC_RAW if payload.len() == guest_bytes => Ok(Bytes::copy_from_slice(payload)),
        CODEC_ZSTD => {
            let mut guest = vec![0; guest_bytes];
            match DECOMPRESSOR.with_borrow_mut(|zstd| zstd.decompress_to_buffer(payload, &mut guest)) {
                Ok(len) if len == guest_bytes => Ok(guest.into()),
                _ => damaged("frame does not decompress"),
            }
        }
        _ => damaged("frame has an unknown codec"),
    }
}

/// The object that a pack is.
pub(crate) fn pack_name(pack: PackId) -> String {
    format!("packs/{pack}")
}

fn checksum(rest: &[u8], pack: PackId, offset: u32) -> u32 {
    let placed = crc32c::crc32c_append(crc32c::crc32c(&pack.0), &offset.to_le_bytes());
    crc32c::crc32c_append(placed, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACK: PackId = PackId([3; 16]);

    fn frame(blocks: &[u8]) -> (FramePlace, Vec<u8>) {
        let mut bytes = FrameEncoder::new(1).encode(blocks);
        seal(&mut bytes, PACK, 77);
        let place =
            FramePlace { pack: PACK, offset: 77, len: bytes.len() as u32, blocks: (blocks.len() / BLOCK_BYTES) as u8 };
        (place, bytes)
    }

    fn noise(len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        blake3::Hasher::new().finalize_xof().fill(&mut bytes);
        bytes
    }

    #[test]
    fn frames_come_back_compressed_or_raw() {
        for blocks in [vec![b'a'; 2 * BLOCK_BYTES], noise(32 * BLOCK_BYTES)] {
            let (place, bytes) = frame(&blocks);
            assert!(bytes.len() <= MAX_FRAME_BYTES);
            assert_eq!(decode(&place, &bytes).expect("decodes"), blocks);
        }
    }

    #[test]
    fn every_flipped_bit_and_every_other_place_is_noticed() {
        let (place, bytes) = frame(&vec![b'x'; BLOCK_BYTES]);
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&place, &bad).is_err(), "bit {bit}");
        }
        let elsewhere = FramePlace { offset: 78, ..place };
        assert!(decode(&elsewhere, &bytes).is_err());
        assert!(decode(&place.in_pack(PackId([4; 16])), &bytes).is_err());
    }
}
