//! Manifests: the ordered list of places that a disk is.
//!
//! ```text
//! "TINTMANI" | version u32 | codec u8 | body length u64 | BLAKE3 of the body, 16 bytes | body, perhaps zstd
//! ```
//! The body, in varints: virtual size, content digest, counts, time, the packs named, how many bytes describe each
//! segment (4 MiB) that holds data, and those bytes. A segment is described on its own, so that opening a volume on a
//! terabyte decodes nothing but the list of lengths, and a read decodes one segment:
//!
//! ```text
//! run     (blocks - 1) * 4 + kind     kind: 0 zeros, 1 slot after slot of one frame, 2 one slot again and again
//! place   slot * 4 + how              how: 0 the last run's frame, 1 the frame after it in its pack,
//!                                     2 a frame of the same pack (distance), 3 a frame of another pack (number, offset)
//!         length * 2 + as before      and the number of blocks unless it is as before (at first 16); not for how 0
//! ```
//! Blocks after the last run are zeros.
//!
//! Everything is checked when a manifest is read: lengths against the object's size before anything is allocated,
//! every place, every run against the virtual size. What is not checked here is that the packs exist; `verify` does.

use std::collections::HashMap;

use bytes::Bytes;

use crate::error::{Result, StoreError};
use crate::frame::FramePlace;
use crate::ids::{BLOCK_BYTES, ContentDigest, MAX_VIRTUAL_SIZE, ManifestId, PackId, SEGMENT_BLOCKS, SEGMENT_BYTES};
use crate::objects::Objects;
use crate::varint::{self, Malformed, Reader, unzigzag, zigzag};

const MAGIC: &[u8; 8] = b"TINTMANI";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 37;
const CODEC_RAW: u8 = 0;
const CODEC_ZSTD: u8 = 1;

/// A body that would shrink more than this is stored as it is. So an object of n bytes never makes a reader allocate
/// more than this times n.
const MAX_RATIO: u64 = 256;

/// Where a run's blocks are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source<P = u32> {
    Zero,
    /// Slots of one frame, upwards from `slot`; or the one slot every time.
    Frame {
        place: FramePlace<P>,
        slot: u8,
        repeat: bool,
    },
}

/// Consecutive guest blocks of one segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run<P = u32> {
    /// First block, counted from the segment's start.
    pub(crate) start: u16,
    pub(crate) blocks: u16,
    pub(crate) source: Source<P>,
}

/// Consecutive guest blocks in consecutive slots of one frame, or all in one slot.
pub(crate) struct JoinedRun<P> {
    pub(crate) start: u16,
    pub(crate) blocks: u16,
    pub(crate) place: P,
    pub(crate) slot: u8,
    pub(crate) repeat: bool,
}

/// Join blocks, given in guest order with their places, into runs.
pub(crate) fn join_blocks<P: PartialEq>(blocks: impl Iterator<Item = (u16, P, u8)>) -> Vec<JoinedRun<P>> {
    let mut runs: Vec<JoinedRun<P>> = Vec::new();
    for (block, place, slot) in blocks {
        if let Some(last) = runs.last_mut()
            && last.start + last.blocks == block
            && last.place == place
        {
            let follows = u16::from(slot) == u16::from(last.slot) + last.blocks;
            let repeats = slot == last.slot;
            if (follows && !last.repeat) || (repeats && (last.repeat || last.blocks == 1)) {
                last.blocks += 1;
                last.repeat = repeats;
                continue;
            }
        }
        runs.push(JoinedRun { start: block, blocks: 1, place, slot, repeat: false });
    }
    runs
}

/// What a manifest says about its disk as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Size that the guest sees, in bytes.
    pub virtual_size: u64,
    /// Root of the tree over the guest's bytes.
    pub digest: ContentDigest,
    /// Blocks that are not zero.
    pub data_blocks: u64,
    /// Blocks that this ingest stored, because nobody had before.
    pub new_blocks: u64,
    /// Bytes of packs that this ingest wrote, footers included.
    pub new_bytes_stored: u64,
    /// When its ingest began, milliseconds since the epoch.
    pub created_ms: u64,
}

/// A manifest in memory, its segments still encoded.
pub(crate) struct Manifest {
    pub(crate) id: ManifestId,
    pub(crate) summary: Summary,
    pub(crate) packs: Vec<PackId>,
    /// Number of a segment, and the end of its description in `described`.
    segments: Vec<(u32, usize)>,
    described: Bytes,
}

impl Manifest {
    /// Read and check the manifest `id`.
    pub(crate) fn read(objects: &dyn Objects, id: ManifestId) -> Result<Self> {
        let name = manifest_name(id);
        let bytes = objects.get(&name)?.ok_or(StoreError::NotFound(id))?;
        Self::decode(id, &bytes).map_err(|at| StoreError::corrupt(name, at.offset, at.reason))
    }

    pub(crate) fn decode(id: ManifestId, object: &[u8]) -> Result<Self, Malformed> {
        let body = unwrap_body(object)?;
        let mut reader = Reader::new(&body);
        let summary = Summary {
            virtual_size: reader.varint_to(MAX_VIRTUAL_SIZE, "virtual size is too large")?,
            digest: ContentDigest(reader.array()?),
            data_blocks: reader.varint()?,
            new_blocks: reader.varint()?,
            new_bytes_stored: reader.varint()?,
            created_ms: reader.varint()?,
        };
        let most_packs = reader.remaining() as u64 / 16;
        let n_packs = reader.varint_to(most_packs, "more packs than bytes")?;
        let mut packs = Vec::with_capacity(n_packs as usize);
        for _ in 0..n_packs {
            packs.push(PackId(reader.array()?));
        }
        let most_segments = reader.remaining() as u64 / 2;
        let n_segments = reader.varint_to(most_segments, "more segments than bytes")?;
        let in_disk = summary.virtual_size.div_ceil(SEGMENT_BYTES as u64);
        let mut segments = Vec::with_capacity(n_segments as usize);
        let (mut next, mut end) = (0u64, 0usize);
        for _ in 0..n_segments {
            let gap = reader.varint_to(in_disk, "segment lies beyond the disk")?;
            let number = next + gap;
            if in_disk <= number {
                return Err(reader.malformed("segment lies beyond the disk"));
            }
            let len = reader.varint_to(reader.remaining() as u64, "segment longer than the body")?;
            end += len as usize;
            segments.push((number as u32, end));
            next = number + 1;
        }
        if reader.remaining() != end {
            return Err(reader.malformed("segments do not fill the body"));
        }
        let start = reader.position() as usize;
        let manifest = Self { id, summary, packs, segments, described: body.slice(start..) };
        manifest.check(start as u64)?;
        Ok(manifest)
    }

    fn check(&self, base: u64) -> Result<(), Malformed> {
        let mut data_blocks = 0;
        for index in 0..self.segments.len() {
            let (number, described) = self.described(index);
            let left = self.summary.virtual_size - u64::from(number) * SEGMENT_BYTES as u64;
            let in_segment = left.div_ceil(BLOCK_BYTES as u64).min(SEGMENT_BLOCKS as u64);
            for run in Runs::new(described, self.packs.len()) {
                let run = run.map_err(|at| Malformed { offset: base + at.offset, reason: at.reason })?;
                if matches!(run.source, Source::Frame { .. }) {
                    data_blocks += u64::from(run.blocks);
                }
                if in_segment < u64::from(run.start) + u64::from(run.blocks) {
                    return Err(Malformed { offset: base, reason: "run lies beyond the disk" });
                }
            }
        }
        if data_blocks == self.summary.data_blocks {
            Ok(())
        } else {
            Err(Malformed { offset: base, reason: "runs do not add up to the data blocks" })
        }
    }

    fn described(&self, index: usize) -> (u32, &[u8]) {
        let start = match index.checked_sub(1) {
            Some(before) => self.segments[before].1,
            None => 0,
        };
        let (number, end) = self.segments[index];
        (number, &self.described[start..end])
    }

    /// The runs of every segment that holds data, from segment number `first` on.
    pub(crate) fn segments_from(&self, first: u64) -> impl Iterator<Item = (u64, Vec<Run>)> {
        let from = self.segments.partition_point(|&(number, _)| u64::from(number) < first);
        (from..self.segments.len()).map(|index| {
            let (number, described) = self.described(index);
            let runs = Runs::new(described, self.packs.len())
                .map(|run| run.expect("checked when the manifest was read"))
                .collect();
            (u64::from(number), runs)
        })
    }

    /// The runs of one segment; none when it is all zeros.
    pub(crate) fn segment(&self, number: u64) -> Vec<Run> {
        match self.segments_from(number).next() {
            Some((found, runs)) if found == number => runs,
            _ => Vec::new(),
        }
    }

    /// A place with its pack's name. The number was checked when the manifest was read.
    pub(crate) fn place(&self, place: FramePlace<u32>) -> FramePlace {
        place.in_pack(self.packs[place.pack as usize])
    }
}

/// The object that a manifest is.
pub(crate) fn manifest_name(id: ManifestId) -> String {
    format!("manifests/{id}")
}

/// Collects described segments, in any order, into a manifest.
#[derive(Default)]
pub(crate) struct ManifestBuilder {
    packs: Vec<PackId>,
    numbers: HashMap<PackId, u32>,
    described: Vec<u8>,
    segments: Vec<(u32, usize, usize)>,
    data_blocks: u64,
}

impl ManifestBuilder {
    /// Describe a segment by its runs, in order and without overlap. All zeros are not described.
    pub(crate) fn push(&mut self, segment: u64, runs: impl Iterator<Item = Run<PackId>>) {
        let start = self.described.len();
        let mut encoder = RunEncoder::default();
        for run in runs {
            let source = match run.source {
                Source::Zero => Source::Zero,
                Source::Frame { place, slot, repeat } => {
                    self.data_blocks += u64::from(run.blocks);
                    Source::Frame { place: place.in_pack(self.number(place.pack)), slot, repeat }
                }
            };
            encoder.put(&mut self.described, run.start, run.blocks, source);
        }
        if start < self.described.len() {
            self.segments.push((segment as u32, start, self.described.len()));
        }
    }

    fn number(&mut self, pack: PackId) -> u32 {
        *self.numbers.entry(pack).or_insert_with(|| {
            self.packs.push(pack);
            (self.packs.len() - 1) as u32
        })
    }

    /// Blocks that are not zero, so far.
    pub(crate) fn data_blocks(&self) -> u64 {
        self.data_blocks
    }

    /// The manifest object's bytes.
    pub(crate) fn encode(mut self, summary: &Summary) -> Vec<u8> {
        debug_assert_eq!(summary.data_blocks, self.data_blocks);
        self.segments.sort_unstable();
        let mut body = Vec::with_capacity(self.described.len() + self.packs.len() * 16 + 128);
        varint::put(&mut body, summary.virtual_size);
        body.extend(summary.digest.0);
        varint::put(&mut body, summary.data_blocks);
        varint::put(&mut body, summary.new_blocks);
        varint::put(&mut body, summary.new_bytes_stored);
        varint::put(&mut body, summary.created_ms);
        varint::put(&mut body, self.packs.len() as u64);
        for pack in &self.packs {
            body.extend(pack.0);
        }
        varint::put(&mut body, self.segments.len() as u64);
        let mut next = 0;
        for &(segment, start, end) in &self.segments {
            varint::put(&mut body, u64::from(segment - next));
            varint::put(&mut body, (end - start) as u64);
            next = segment + 1;
        }
        for &(_, start, end) in &self.segments {
            body.extend(&self.described[start..end]);
        }
        wrap_body(&body)
    }
}

fn wrap_body(body: &[u8]) -> Vec<u8> {
    let mut object = Vec::with_capacity(HEADER_BYTES + body.len());
    object.extend(MAGIC);
    object.extend(VERSION.to_le_bytes());
    let packed = zstd::bulk::compress(body, 3)
        .ok()
        .filter(|packed| packed.len() < body.len())
        .filter(|packed| body.len() as u64 <= packed.len() as u64 * MAX_RATIO);
    let codec = if packed.is_some() { CODEC_ZSTD } else { CODEC_RAW };
    let stored = packed.as_deref().unwrap_or(body);
    object.push(codec);
    object.extend((body.len() as u64).to_le_bytes());
    object.extend(checksum(codec, body.len() as u64, stored));
    object.extend(stored);
    object
}

/// Over the bytes as they are stored, and what says how to read them: a changed bit that zstd would overlook is found,
/// and nothing damaged is decompressed.
fn checksum(codec: u8, len: u64, stored: &[u8]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[codec]);
    hasher.update(&len.to_le_bytes());
    hasher.update(stored);
    let mut checksum = [0; 16];
    checksum.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    checksum
}

fn unwrap_body(object: &[u8]) -> Result<Bytes, Malformed> {
    let mut reader = Reader::new(object);
    if &reader.array()? != MAGIC {
        return Err(reader.malformed("not a manifest"));
    }
    if reader.u32()? != VERSION {
        return Err(reader.malformed("manifest version is unknown"));
    }
    let codec = reader.u8()?;
    let len = reader.u64()?;
    let expected: [u8; 16] = reader.array()?;
    let stored = reader.take(reader.remaining())?;
    let fits = match codec {
        CODEC_RAW => len == stored.len() as u64,
        // The length is bounded by the object's real size, and zstd is not allowed to write past it.
        CODEC_ZSTD => len <= stored.len() as u64 * MAX_RATIO,
        _ => false,
    };
    if !fits {
        return Err(reader.malformed("body has another length"));
    }
    if checksum(codec, len, stored) != expected {
        return Err(reader.malformed("body checksum differs"));
    }
    if codec == CODEC_RAW {
        return Ok(Bytes::copy_from_slice(stored));
    }
    let body =
        zstd::bulk::decompress(stored, len as usize).map_err(|_| reader.malformed("body does not decompress"))?;
    if body.len() as u64 != len {
        return Err(reader.malformed("body has another length"));
    }
    Ok(Bytes::from(body))
}

const KIND_ZERO: u64 = 0;
const KIND_SLOTS: u64 = 1;
const KIND_REPEAT: u64 = 2;
const HOW_SAME: u64 = 0;
const HOW_NEXT: u64 = 1;
const HOW_NEAR: u64 = 2;
const HOW_FAR: u64 = 3;

#[derive(Default)]
struct RunEncoder {
    next: u16,
    last: Option<FramePlace<u32>>,
}

impl RunEncoder {
    fn put(&mut self, out: &mut Vec<u8>, start: u16, blocks: u16, source: Source) {
        let Source::Frame { place, slot, repeat } = source else {
            // Zeros show as the gap before the next run.
            return;
        };
        if self.next < start {
            varint::put(out, u64::from(start - self.next - 1) * 4 + KIND_ZERO);
        }
        self.next = start + blocks;
        let kind = if repeat { KIND_REPEAT } else { KIND_SLOTS };
        varint::put(out, u64::from(blocks - 1) * 4 + kind);
        let slot = u64::from(slot) * 4;
        match self.last {
            Some(last) if last == place => return varint::put(out, slot + HOW_SAME),
            Some(last) if last.pack == place.pack => {
                let distance = i64::from(place.offset) - last.end() as i64;
                if distance == 0 {
                    varint::put(out, slot + HOW_NEXT);
                } else {
                    varint::put(out, slot + HOW_NEAR);
                    varint::put(out, zigzag(distance));
                }
            }
            _ => {
                varint::put(out, slot + HOW_FAR);
                varint::put(out, place.pack.into());
                varint::put(out, place.offset.into());
            }
        }
        let as_before = place.blocks == usual_blocks(self.last);
        varint::put(out, u64::from(place.len) * 2 + u64::from(as_before));
        if !as_before {
            varint::put(out, place.blocks.into());
        }
        self.last = Some(place);
    }
}

/// What a frame's number of blocks is taken to be unless it says otherwise.
fn usual_blocks(last: Option<FramePlace<u32>>) -> u8 {
    last.map_or(16, |last| last.blocks)
}

/// Decodes the runs of one segment, checking each.
struct Runs<'a> {
    reader: Reader<'a>,
    n_packs: usize,
    next: u16,
    last: Option<FramePlace<u32>>,
}

impl<'a> Runs<'a> {
    fn new(described: &'a [u8], n_packs: usize) -> Self {
        Self { reader: Reader::new(described), n_packs, next: 0, last: None }
    }

    fn run(&mut self) -> Result<Run, Malformed> {
        let head = self.reader.varint()?;
        let left = (SEGMENT_BLOCKS - usize::from(self.next)) as u64;
        let blocks = head / 4 + 1;
        if left < blocks {
            return Err(self.reader.malformed("runs overflow the segment"));
        }
        let source = match head % 4 {
            KIND_ZERO => Source::Zero,
            kind @ (KIND_SLOTS | KIND_REPEAT) => self.frame(kind == KIND_REPEAT, blocks)?,
            _ => return Err(self.reader.malformed("unknown kind of run")),
        };
        let run = Run { start: self.next, blocks: blocks as u16, source };
        self.next += blocks as u16;
        Ok(run)
    }

    fn frame(&mut self, repeat: bool, blocks: u64) -> Result<Source, Malformed> {
        let head = self.reader.varint()?;
        let slot = head / 4;
        let place = match (head % 4, self.last) {
            (HOW_SAME, Some(last)) => last,
            (HOW_NEXT, Some(last)) => self.measures(last.pack, Some(last.end()))?,
            (HOW_NEAR, Some(last)) => {
                let distance = unzigzag(self.reader.varint()?);
                self.measures(last.pack, last.end().checked_add_signed(distance))?
            }
            (HOW_FAR, _) => {
                let pack = self.reader.varint()?;
                if self.n_packs as u64 <= pack {
                    return Err(self.reader.malformed("no such pack in the manifest"));
                }
                let offset = self.reader.varint()?;
                self.measures(pack as u32, Some(offset))?
            }
            _ => return Err(self.reader.malformed("first run has no frame to refer to")),
        };
        let last_slot = slot.saturating_add(if repeat { 0 } else { blocks - 1 });
        if u64::from(place.blocks) <= last_slot {
            return Err(self.reader.malformed("no such slot in the frame"));
        }
        self.last = Some(place);
        Ok(Source::Frame { place, slot: slot as u8, repeat })
    }

    fn measures(&mut self, pack: u32, offset: Option<u64>) -> Result<FramePlace<u32>, Malformed> {
        let bad = self.reader.malformed("frame is out of bounds");
        let offset = offset.and_then(|offset| u32::try_from(offset).ok()).ok_or(bad)?;
        let head = self.reader.varint()?;
        let blocks = if head % 2 == 1 { u64::from(usual_blocks(self.last)) } else { self.reader.varint()? };
        let place = FramePlace {
            pack,
            offset,
            len: u32::try_from(head / 2).map_err(|_| bad)?,
            blocks: u8::try_from(blocks).map_err(|_| bad)?,
        };
        if place.is_sane() { Ok(place) } else { Err(bad) }
    }
}

impl Iterator for Runs<'_> {
    type Item = Result<Run, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        (0 < self.reader.remaining()).then(|| self.run())
    }
}

#[cfg(test)]
mod tests;
