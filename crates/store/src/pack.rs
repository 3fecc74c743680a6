//! Packs: frames in one immutable object, and the footer that says what is in them.
//!
//! ```text
//! frames          one after another
//! neighbourhoods  frame count u16, then offset u32 | length u32 | blocks u8 of each; 16 bytes of identity for each
//!                 block, in order; crc32c of all that
//! table           pack id 16 | created u64 | blocks u32 | count u32, then offset u32 | length u32 | blocks u32 each
//! trailer         crc32c of the table u32 | its length u32 | version u32 | "TINTPACK"
//! ```
//! (little-endian throughout). A *neighbourhood* is about 1,024 blocks that arrived one after another, whole frames of
//! them: what deduplication loads when one of them turns up again, with a read of some 17 KiB. A frame's own checksum
//! is in the frame, so that a reader who has its place from a manifest needs no footer.
//!
//! Reading volumes never touches footers; losing one loses deduplication and collection of that pack, not a byte.

use bytes::Bytes;

use crate::error::{Result, StoreError};
use crate::frame::{self, FramePlace, pack_name};
use crate::ids::{Identity, PackId};
use crate::objects::Objects;
use crate::varint::{Malformed, Reader};

/// A pack is closed when its frames reach this many bytes.
pub(crate) const PACK_BYTES: usize = 32 << 20;

/// A pack is closed when it holds this many blocks, however well they compress: its list is kept in memory until it
/// is durable.
pub(crate) const PACK_BLOCKS: usize = 1 << 16;

/// No object longer than this is a pack of ours: frames, and the largest footer.
const MAX_PACK_BYTES: u64 = 48 << 20;

/// Blocks in a neighbourhood, before rounding up to whole frames.
const NEIGHBOURHOOD_BLOCKS: usize = 1024;

const MAGIC: &[u8; 8] = b"TINTPACK";
const VERSION: u32 = 1;
const TRAILER_BYTES: usize = 20;
const TABLE_FIXED_BYTES: usize = 32;
const SECTION_BYTES: usize = 12;
const FRAME_RECORD_BYTES: usize = 9;

/// How much of a pack's end is read at first; holds the trailer and the table of nearly every pack.
const TAIL_BYTES: u64 = 2048;

/// Where a neighbourhood lies in its pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) offset: u32,
    pub(crate) len: u32,
    pub(crate) blocks: u32,
}

/// A pack's table of contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) created_ms: u64,
    pub(crate) sections: Vec<Section>,
    /// Where the neighbourhoods end and the table begins.
    pub(crate) offset: u32,
}

/// Some blocks that arrived one after another, and where they are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Neighbourhood {
    frames: Vec<(FramePlace, u32)>,
    pub(crate) identities: Vec<Identity>,
}

impl Neighbourhood {
    fn push(&mut self, place: FramePlace, identities: &[Identity]) {
        self.frames.push((place, self.identities.len() as u32));
        self.identities.extend_from_slice(identities);
    }

    /// Each frame with the identities of its blocks.
    pub(crate) fn frames(&self) -> impl Iterator<Item = (FramePlace, &[Identity])> {
        self.frames.iter().map(|&(place, first)| {
            let first = first as usize;
            let end = first + usize::from(place.blocks);
            (place, &self.identities[first..end])
        })
    }

    /// The frame and slot of a block, by its position in the list.
    pub(crate) fn place(&self, position: usize) -> (FramePlace, u8) {
        let after = self.frames.partition_point(|&(_, first)| first as usize <= position);
        let (place, first) = self.frames[after - 1];
        (place, (position - first as usize) as u8)
    }
}

/// A pack being filled.
pub(crate) struct PackBuilder {
    pub(crate) id: PackId,
    created_ms: u64,
    parts: Vec<Bytes>,
    bytes: usize,
    blocks: usize,
    neighbourhoods: Vec<Neighbourhood>,
}

impl PackBuilder {
    pub(crate) fn new(id: PackId, created_ms: u64) -> Self {
        Self { id, created_ms, parts: Vec::new(), bytes: 0, blocks: 0, neighbourhoods: Vec::new() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        PACK_BYTES <= self.bytes || PACK_BLOCKS <= self.blocks
    }

    /// Append a frame that holds the blocks with these identities, and say where it now lies.
    pub(crate) fn push(&mut self, mut frame: Vec<u8>, identities: &[Identity]) -> FramePlace {
        let place = FramePlace {
            pack: self.id,
            offset: self.bytes as u32,
            len: frame.len() as u32,
            blocks: identities.len() as u8,
        };
        frame::seal(&mut frame, place.pack, place.offset);
        self.bytes += frame.len();
        self.blocks += identities.len();
        self.parts.push(frame.into());
        match self.neighbourhoods.last_mut() {
            Some(last) if last.identities.len() < NEIGHBOURHOOD_BLOCKS => last.push(place, identities),
            _ => {
                let mut fresh = Neighbourhood::default();
                fresh.push(place, identities);
                self.neighbourhoods.push(fresh);
            }
        }
        place
    }

    /// The finished object, its footer made.
    pub(crate) fn finish(mut self) -> SealedPack {
        let mut footer = Vec::new();
        let mut sections = Vec::new();
        for neighbourhood in &self.neighbourhoods {
            let start = footer.len();
            footer.extend((neighbourhood.frames.len() as u16).to_le_bytes());
            for (place, _) in &neighbourhood.frames {
                footer.extend(place.offset.to_le_bytes());
                footer.extend(place.len.to_le_bytes());
                footer.push(place.blocks);
            }
            for identity in &neighbourhood.identities {
                footer.extend(identity.0);
            }
            let checksum = crc32c::crc32c(&footer[start..]);
            footer.extend(checksum.to_le_bytes());
            sections.push(Section {
                offset: (self.bytes + start) as u32,
                len: (footer.len() - start) as u32,
                blocks: neighbourhood.identities.len() as u32,
            });
        }
        let table = Table { created_ms: self.created_ms, offset: (self.bytes + footer.len()) as u32, sections };
        put_table(&mut footer, self.id, &table, self.blocks);
        self.parts.push(footer.into());
        SealedPack {
            id: self.id,
            bytes: self.parts.iter().map(|part| part.len() as u64).sum(),
            parts: self.parts,
            table,
            neighbourhoods: self.neighbourhoods,
        }
    }
}

/// A pack ready to be written.
pub(crate) struct SealedPack {
    pub(crate) id: PackId,
    pub(crate) bytes: u64,
    parts: Vec<Bytes>,
    pub(crate) table: Table,
    pub(crate) neighbourhoods: Vec<Neighbourhood>,
}

impl SealedPack {
    /// Write the object; durable on return.
    pub(crate) fn upload(&mut self, objects: &dyn Objects) -> Result<()> {
        let name = pack_name(self.id);
        let parts = std::mem::take(&mut self.parts);
        if objects.put_new(&name, parts.clone())? {
            return Ok(());
        }
        // A client that retries a write whose answer was lost finds its own object; nobody else draws our random id.
        let there = objects.get(&name)?.unwrap_or_default();
        if there == parts.concat() {
            Ok(())
        } else {
            Err(StoreError::corrupt(name, 0, "another object has this pack's id"))
        }
    }
}

fn put_table(out: &mut Vec<u8>, id: PackId, table: &Table, blocks: usize) {
    let start = out.len();
    out.extend(id.0);
    out.extend(table.created_ms.to_le_bytes());
    out.extend((blocks as u32).to_le_bytes());
    out.extend((table.sections.len() as u32).to_le_bytes());
    for section in &table.sections {
        out.extend(section.offset.to_le_bytes());
        out.extend(section.len.to_le_bytes());
        out.extend(section.blocks.to_le_bytes());
    }
    let checksum = crc32c::crc32c(&out[start..]);
    let len = (out.len() - start) as u32;
    out.extend(checksum.to_le_bytes());
    out.extend(len.to_le_bytes());
    out.extend(VERSION.to_le_bytes());
    out.extend(MAGIC);
}

/// Read a pack's table, given how long the object is.
pub(crate) fn read_table(objects: &dyn Objects, id: PackId, bytes: u64) -> Result<Table> {
    let name = pack_name(id);
    if MAX_PACK_BYTES < bytes || bytes < (TRAILER_BYTES + TABLE_FIXED_BYTES) as u64 {
        return Err(StoreError::corrupt(name, 0, "no pack has this length"));
    }
    let start = bytes.saturating_sub(TAIL_BYTES);
    let tail = objects.get_range(&name, start..bytes)?;
    let table_len = parse_trailer(&tail).map_err(|at| damaged(&name, start, at))?;
    let table_start = bytes
        .checked_sub(u64::from(table_len) + TRAILER_BYTES as u64)
        .ok_or_else(|| StoreError::corrupt(&name, bytes, "table longer than the pack"))?;
    let (tail, start) =
        if table_start < start { (objects.get_range(&name, table_start..bytes)?, table_start) } else { (tail, start) };
    let table = &tail[(table_start - start) as usize..];
    parse_table(table, id, table_start).map_err(|at| damaged(&name, table_start, at))
}

/// Read every neighbourhood of a pack.
pub(crate) fn read_neighbourhoods(objects: &dyn Objects, id: PackId, table: &Table) -> Result<Vec<Neighbourhood>> {
    let Some(first) = table.sections.first() else {
        return Ok(Vec::new());
    };
    let name = pack_name(id);
    let range = u64::from(first.offset)..u64::from(table.offset);
    let bytes = objects.get_range(&name, range)?;
    table
        .sections
        .iter()
        .map(|section| {
            let start = (section.offset - first.offset) as usize;
            let bytes = &bytes[start..start + section.len as usize];
            parse_neighbourhood(bytes, id, first.offset).map_err(|at| damaged(&name, section.offset.into(), at))
        })
        .collect()
}

/// Read one neighbourhood. `frames_end` is where the pack's first one begins.
pub(crate) fn read_neighbourhood(objects: &dyn Objects, id: PackId, section: Section) -> Result<Neighbourhood> {
    let name = pack_name(id);
    let start = u64::from(section.offset);
    let bytes = objects.get_range(&name, start..start + u64::from(section.len))?;
    parse_neighbourhood(&bytes, id, section.offset).map_err(|at| damaged(&name, start, at))
}

fn damaged(name: &str, base: u64, at: Malformed) -> StoreError {
    StoreError::corrupt(name, base + at.offset, at.reason)
}

fn parse_trailer(tail: &[u8]) -> Result<u32, Malformed> {
    let mut reader = Reader::new(tail);
    let skipped = tail.len().saturating_sub(TRAILER_BYTES - 4);
    reader.take(skipped)?;
    let table_len = reader.u32()?;
    if reader.u32()? != VERSION {
        return Err(reader.malformed("pack version is unknown"));
    }
    if &reader.array()? != MAGIC {
        return Err(reader.malformed("not a pack"));
    }
    Ok(table_len)
}

/// `bytes` begin with the table and end with the trailer.
fn parse_table(bytes: &[u8], id: PackId, table_start: u64) -> Result<Table, Malformed> {
    let (table, trailer) = bytes.split_at(bytes.len().saturating_sub(TRAILER_BYTES));
    let mut reader = Reader::new(table);
    if Reader::new(trailer).u32()? != crc32c::crc32c(table) {
        return Err(reader.malformed("table checksum differs"));
    }
    if reader.array()? != id.0 {
        return Err(reader.malformed("table names another pack"));
    }
    let created_ms = reader.u64()?;
    let blocks = reader.u32()?;
    let count = reader.u32()? as usize;
    if count.checked_mul(SECTION_BYTES) != Some(reader.remaining()) {
        return Err(reader.malformed("table has another length"));
    }
    let mut sections: Vec<Section> = Vec::with_capacity(count);
    let mut total = 0u64;
    let mut end = None;
    for _ in 0..count {
        let section = Section { offset: reader.u32()?, len: reader.u32()?, blocks: reader.u32()? };
        // Neighbourhoods touch: whoever has the first one's start and the table's can read them all at once.
        if end.is_some_and(|end| end != u64::from(section.offset)) {
            return Err(reader.malformed("neighbourhoods do not touch"));
        }
        end = Some(u64::from(section.offset) + u64::from(section.len));
        total += u64::from(section.blocks);
        sections.push(section);
    }
    if end.is_some_and(|end| end != table_start) || total != u64::from(blocks) {
        return Err(reader.malformed("table does not add up"));
    }
    let offset = u32::try_from(table_start).map_err(|_| reader.malformed("pack is too long"))?;
    Ok(Table { created_ms, sections, offset })
}

fn parse_neighbourhood(bytes: &[u8], id: PackId, frames_end: u32) -> Result<Neighbourhood, Malformed> {
    let mut reader = Reader::new(bytes);
    let body_len = bytes.len().checked_sub(4).ok_or(reader.malformed("neighbourhood ends early"))?;
    let (body, checksum) = bytes.split_at(body_len);
    if Reader::new(checksum).u32()? != crc32c::crc32c(body) {
        return Err(reader.malformed("neighbourhood checksum differs"));
    }
    reader = Reader::new(body);
    let mut count = [0; 2];
    count.copy_from_slice(reader.take(2)?);
    let count = usize::from(u16::from_le_bytes(count));
    let mut records = Reader::new(reader.take(count * FRAME_RECORD_BYTES)?);
    let mut found = Neighbourhood::default();
    for _ in 0..count {
        let place = FramePlace { pack: id, offset: records.u32()?, len: records.u32()?, blocks: records.u8()? };
        if !place.is_sane() || u64::from(frames_end) < place.end() {
            return Err(records.malformed("frame record is out of bounds"));
        }
        let mut identities = Vec::with_capacity(place.blocks.into());
        for _ in 0..place.blocks {
            identities.push(Identity(reader.array()?));
        }
        found.push(place, &identities);
    }
    if reader.remaining() != 0 {
        return Err(reader.malformed("neighbourhood has another length"));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::FrameEncoder;
    use crate::ids::BLOCK_BYTES;
    use crate::objects::StoredObjects;
    use proptest::prelude::*;

    fn identity(n: u32) -> Identity {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&n.to_le_bytes());
        Identity(bytes)
    }

    fn sealed() -> SealedPack {
        let mut pack = PackBuilder::new(PackId([9; 16]), 1234);
        let mut encoder = FrameEncoder::new(1);
        for n in 0..80u32 {
            let frame = encoder.encode(&[n as u8 + 1; 17 * BLOCK_BYTES]);
            let identities: Vec<_> = (0..17).map(|slot| identity(n * 17 + slot)).collect();
            pack.push(frame, &identities);
        }
        pack.finish()
    }

    #[test]
    fn a_footer_comes_back() {
        let objects = StoredObjects::memory();
        let mut pack = sealed();
        pack.upload(&objects).expect("upload");
        let table = read_table(&objects, pack.id, pack.bytes).expect("table");
        assert_eq!(table, pack.table);
        assert_eq!(table.created_ms, 1234);
        let all = read_neighbourhoods(&objects, pack.id, &table).expect("read");
        assert_eq!(all, pack.neighbourhoods);
        assert_eq!(all.len(), 2);
        let one = read_neighbourhood(&objects, pack.id, table.sections[1]).expect("read");
        assert_eq!(one, all[1]);
        let (place, slot) = one.place(18);
        assert_eq!((place.blocks, slot), (17, 1));
    }

    #[test]
    fn uploading_the_same_pack_again_is_fine_and_another_is_not() {
        let objects = StoredObjects::memory();
        sealed().upload(&objects).expect("upload");
        sealed().upload(&objects).expect("a retry");
        let mut other = PackBuilder::new(PackId([9; 16]), 1);
        other.push(FrameEncoder::new(1).encode(&[1; BLOCK_BYTES]), &[identity(0)]);
        assert!(other.finish().upload(&objects).is_err());
    }

    proptest! {
        #[test]
        fn a_damaged_footer_is_refused_or_the_same(position in 0usize..30_000, value: u8, cut in 0usize..400) {
            let objects = StoredObjects::memory();
            let mut pack = sealed();
            let mut bytes = pack.parts.concat();
            let from_end = position % (bytes.len() - pack.table.sections[0].offset as usize);
            let at = bytes.len() - 1 - from_end;
            let changed = bytes[at] != value;
            bytes[at] = value;
            if cut < 200 {
                bytes.truncate(bytes.len() - cut);
            }
            let len = bytes.len() as u64;
            objects.replace(&pack_name(pack.id), bytes.into()).expect("write");
            let read = read_table(&objects, pack.id, len)
                .and_then(|table| read_neighbourhoods(&objects, pack.id, &table));
            if changed || (1..200).contains(&cut) {
                prop_assert!(read.is_err());
            } else {
                prop_assert_eq!(read.expect("untouched"), std::mem::take(&mut pack.neighbourhoods));
            }
        }

        #[test]
        fn made_up_footers_never_panic(mut table: Vec<u8>, section: Vec<u8>) {
            // With right checksums, so that the checks behind them are reached.
            let sum = crc32c::crc32c(&section).to_le_bytes();
            let _ = parse_neighbourhood(&[section.as_slice(), &sum].concat(), PackId([0; 16]), 1 << 20);
            table.splice(..0, [0; 16]);
            let sum = crc32c::crc32c(&table);
            table.extend(sum.to_le_bytes());
            table.extend([0; 16]);
            let _ = parse_table(&table, PackId([0; 16]), 4096);
        }
    }
}
