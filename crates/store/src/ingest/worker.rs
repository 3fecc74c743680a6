//! One worker of an ingest: everything that happens to a segment.

use std::sync::mpsc::SyncSender;
use std::sync::{Arc, OnceLock};

use crate::digest::{is_zero, segment_node, zero_leaf};
use crate::error::{Result, StoreError};
use crate::frame::{FrameEncoder, FramePlace};
use crate::ids::{BLOCK_BYTES, Identity, Leaf, SEGMENT_BLOCKS, SEGMENT_BYTES};
use crate::manifest::join_blocks;
use crate::pack::SealedPack;

use super::cursor::Piece;
use super::{Draft, DraftPlace, Job};

/// A frame, known before it is full and so before it has a place.
pub(super) type Frame = Arc<OnceLock<FramePlace>>;

/// Segments that may wait for frames to be placed before workers close their frames early.
const DRAFTS: usize = 64;

pub(super) struct Worker<'w, 'a> {
    job: &'w Job<'a>,
    sender: &'w SyncSender<SealedPack>,
    encoder: FrameEncoder,
    segment: Vec<u8>,
    /// The frame that slots are being promised in, and how many were. Ahead of `open` while a segment is resolved.
    promised: (Frame, u8),
    open: OpenFrame,
}

struct OpenFrame {
    frame: Frame,
    blocks: Vec<u8>,
    identities: Vec<Identity>,
}

/// A block of the segment that is not zero.
struct Seen {
    block: u16,
    identity: Identity,
    place: Option<(DraftPlace, u8)>,
}

impl<'w, 'a> Worker<'w, 'a> {
    pub(super) fn new(job: &'w Job<'a>, sender: &'w SyncSender<SealedPack>) -> Self {
        let frame = Frame::default();
        Self {
            job,
            sender,
            encoder: FrameEncoder::new(job.store.options.zstd_level),
            segment: vec![0; SEGMENT_BYTES],
            promised: (frame.clone(), 0),
            open: OpenFrame {
                frame,
                blocks: Vec::with_capacity(job.store.options.frame_blocks * BLOCK_BYTES),
                identities: Vec::with_capacity(job.store.options.frame_blocks),
            },
        }
    }

    pub(super) fn run(mut self) -> Result<()> {
        while !self.job.is_stopped() {
            if self.job.options.cancel.is_cancelled() {
                return Err(StoreError::Cancelled);
            }
            let Some(piece) = ({ self.job.cursor.lock().next()? }) else {
                break;
            };
            self.read(&piece)?;
            let (mut seen, node) = self.hash(&piece);
            self.resolve(&mut seen);
            let last = seen.last().map(|seen| piece.segment * SEGMENT_BLOCKS as u64 + u64::from(seen.block));
            let placed = seen.into_iter().filter_map(|seen| {
                let (place, slot) = seen.place?;
                Some((seen.block, place, slot))
            });
            let draft = Draft { segment: piece.segment, runs: join_blocks(placed) };
            if DRAFTS <= self.job.finish_segment(draft, node, last, piece.covers) {
                // Disks of old data refer to a frame that may not fill for long; its readers have waited enough.
                self.flush();
            }
        }
        self.flush();
        Ok(())
    }

    /// Fill the blocks that the piece touches; zeros where a block reaches outside of its ranges.
    fn read(&mut self, piece: &Piece) -> Result<()> {
        let base = piece.segment * SEGMENT_BYTES as u64;
        for range in &piece.ranges {
            let start = (range.start - base) as usize;
            let end = (range.end - base) as usize;
            let from = start - start % BLOCK_BYTES;
            let to = end.next_multiple_of(BLOCK_BYTES);
            self.segment[from..start].fill(0);
            self.job
                .disk
                .read_exact_at(&mut self.segment[start..end], range.start)
                .map_err(|source| StoreError::Source { offset: range.start, source })?;
            self.segment[end..to].fill(0);
        }
        Ok(())
    }

    fn hash(&self, piece: &Piece) -> (Vec<Seen>, Option<Leaf>) {
        let base = piece.segment * SEGMENT_BYTES as u64;
        let mut leaves = [*zero_leaf(); SEGMENT_BLOCKS];
        let mut seen = Vec::with_capacity(SEGMENT_BLOCKS);
        let mut next = 0;
        for range in &piece.ranges {
            let first = ((range.start - base) as usize / BLOCK_BYTES).max(next);
            let end = ((range.end - base) as usize).div_ceil(BLOCK_BYTES);
            let blocks = self.segment[first * BLOCK_BYTES..end * BLOCK_BYTES].chunks_exact(BLOCK_BYTES);
            for (block, bytes) in (first..).zip(blocks).filter(|(_, bytes)| !is_zero(bytes)) {
                let leaf = *blake3::hash(bytes).as_bytes();
                leaves[block] = leaf;
                seen.push(Seen {
                    block: block as u16,
                    identity: Identity::of(&self.job.store.key, &leaf),
                    place: None,
                });
            }
            next = end;
        }
        let node = (!seen.is_empty()).then(|| segment_node(&leaves));
        (seen, node)
    }

    /// Find or make a place for every block.
    fn resolve(&mut self, seen: &mut [Seen]) {
        self.find_pending(seen);
        let missing: Vec<usize> = (0..seen.len()).filter(|&n| seen[n].place.is_none()).collect();
        let identities: Vec<Identity> = missing.iter().map(|&n| seen[n].identity).collect();
        let found = if identities.is_empty() { Vec::new() } else { self.job.store.index.find(&identities) };
        for (&n, found) in missing.iter().zip(found) {
            seen[n].place = found.map(|(place, slot)| (DraftPlace::Stored(place), slot));
        }
        for (block, identity, frame) in self.promise(seen) {
            if !Arc::ptr_eq(&frame, &self.open.frame) {
                self.flush_into(frame);
            }
            let start = usize::from(block) * BLOCK_BYTES;
            self.open.blocks.extend_from_slice(&self.segment[start..start + BLOCK_BYTES]);
            self.open.identities.push(identity);
        }
        if self.open.identities.len() == self.job.store.options.frame_blocks {
            self.flush();
        }
    }

    fn find_pending(&self, seen: &mut [Seen]) {
        let pending = self.job.pending.lock();
        for seen in seen {
            if let Some((frame, slot)) = pending.get(&seen.identity) {
                seen.place = Some((DraftPlace::Filling(frame.clone()), *slot));
            }
        }
    }

    /// Promise slots to the blocks that nobody has, under one lock, so that no other worker promises them too.
    fn promise(&mut self, seen: &mut [Seen]) -> Vec<(u16, Identity, Frame)> {
        let mut new = Vec::new();
        if seen.iter().all(|seen| seen.place.is_some()) {
            return new;
        }
        let mut pending = self.job.pending.lock();
        for seen in seen.iter_mut().filter(|seen| seen.place.is_none()) {
            let (frame, slot) = pending.entry(seen.identity).or_insert_with(|| {
                if usize::from(self.promised.1) == self.job.store.options.frame_blocks {
                    self.promised = (Frame::default(), 0);
                }
                let slot = self.promised.1;
                self.promised.1 += 1;
                new.push((seen.block, seen.identity, self.promised.0.clone()));
                (self.promised.0.clone(), slot)
            });
            seen.place = Some((DraftPlace::Filling(frame.clone()), *slot));
        }
        new
    }

    /// Close the open frame, be it full or not, and open a fresh one.
    fn flush(&mut self) {
        let fresh = Frame::default();
        self.promised = (fresh.clone(), 0);
        self.flush_into(fresh);
    }

    fn flush_into(&mut self, next: Frame) {
        let full = std::mem::replace(&mut self.open.frame, next);
        if self.open.identities.is_empty() {
            return;
        }
        let bytes = self.encoder.encode(&self.open.blocks);
        self.job.place(self.sender, &full, bytes, &self.open.identities);
        self.open.blocks.clear();
        self.open.identities.clear();
    }
}
