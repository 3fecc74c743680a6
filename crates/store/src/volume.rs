//! A manifest opened for reading: a guest's disk.
//!
//! It needs the manifest and the packs, and no index. Every frame's checksum is verified when it is fetched. What it
//! does not do: writable layers lie above it, with whoever runs machines.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use disk::Disk;

use crate::frame::FramePlace;
use crate::ids::{BLOCK_BYTES, ManifestId, SEGMENT_BYTES};
use crate::manifest::{Manifest, Run, Source, Summary};
use crate::store::Inner;

/// Frames fetched before their bytes are handed out, so that a large read over a scattered disk stays in 8 MiB.
const BATCH_FRAMES: usize = 64;

/// Segments that one answer of `next_data` looks at (4 GiB), so that no call takes long.
const DATA_SEGMENTS: u64 = 1024;

/// A disk in the store, readable at any byte by many at once.
pub struct Volume {
    store: Arc<Inner>,
    manifest: Arc<Manifest>,
}

impl Volume {
    pub(crate) fn new(store: Arc<Inner>, manifest: Arc<Manifest>) -> Self {
        Self { store, manifest }
    }

    /// The manifest that this is.
    pub fn id(&self) -> ManifestId {
        self.manifest.id
    }

    /// What the manifest says about the disk.
    pub fn summary(&self) -> &Summary {
        &self.manifest.summary
    }

    fn check_range(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        let end = offset.checked_add(buf.len() as u64);
        if end.is_none_or(|end| self.virtual_size() < end) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    /// Fill `buf`, which lies in one segment.
    fn read_segment(&self, segment: u64, within: usize, buf: &mut [u8]) -> io::Result<()> {
        let mut batch = Vec::new();
        let mut frames: Vec<FramePlace> = Vec::new();
        let end = within + buf.len();
        for run in self.manifest.segment(segment) {
            let from = usize::from(run.start) * BLOCK_BYTES;
            let to = from + usize::from(run.blocks) * BLOCK_BYTES;
            let wanted = from.max(within)..to.min(end);
            if end <= from {
                break;
            }
            if wanted.is_empty() {
                continue;
            }
            if let Source::Frame { place, .. } = run.source {
                frames.push(self.manifest.place(place));
                batch.push((run, wanted));
                if frames.len() == BATCH_FRAMES {
                    self.copy(&mut frames, &mut batch, within, buf)?;
                }
            }
        }
        self.copy(&mut frames, &mut batch, within, buf)
    }

    fn copy(
        &self,
        frames: &mut Vec<FramePlace>,
        batch: &mut Vec<(Run, Range<usize>)>,
        within: usize,
        buf: &mut [u8],
    ) -> io::Result<()> {
        frames.sort_unstable_by_key(|place| (place.pack, place.offset));
        frames.dedup_by_key(|place| (place.pack, place.offset));
        let fetched = self.store.cache.get(frames)?;
        for (run, wanted) in batch.drain(..) {
            let Source::Frame { place, slot, repeat } = run.source else {
                continue;
            };
            let place = self.manifest.place(place);
            let at = frames
                .binary_search_by_key(&(place.pack, place.offset), |f| (f.pack, f.offset))
                .expect("every batched frame was fetched");
            if frames[at] != place {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "manifest gives one frame two shapes"));
            }
            let start = usize::from(run.start) * BLOCK_BYTES;
            let into = &mut buf[wanted.start - within..wanted.end - within];
            copy_run(&fetched[at], slot, repeat, wanted.start - start, into);
        }
        frames.clear();
        Ok(())
    }
}

impl Disk for Volume {
    fn virtual_size(&self) -> u64 {
        self.manifest.summary.virtual_size
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.check_range(buf, offset)?;
        buf.fill(0);
        let (mut offset, mut rest) = (offset, buf);
        while !rest.is_empty() {
            let within = (offset % SEGMENT_BYTES as u64) as usize;
            let len = rest.len().min(SEGMENT_BYTES - within);
            let (head, tail) = rest.split_at_mut(len);
            self.read_segment(offset / SEGMENT_BYTES as u64, within, head)?;
            offset += len as u64;
            rest = tail;
        }
        Ok(())
    }

    /// Ready is what lies in one segment and in frames that are cached.
    fn read_if_ready(&self, buf: &mut [u8], offset: u64) -> io::Result<bool> {
        self.check_range(buf, offset)?;
        let within = (offset % SEGMENT_BYTES as u64) as usize;
        let end = within + buf.len();
        if SEGMENT_BYTES < end {
            return Ok(false);
        }
        buf.fill(0);
        for run in self.manifest.segment(offset / SEGMENT_BYTES as u64) {
            let start = usize::from(run.start) * BLOCK_BYTES;
            let wanted = start.max(within)..(start + usize::from(run.blocks) * BLOCK_BYTES).min(end);
            if end <= start {
                break;
            }
            let Source::Frame { place, slot, repeat } = run.source else {
                continue;
            };
            if wanted.is_empty() {
                continue;
            }
            let Some(frame) = self.store.cache.peek(&self.manifest.place(place)) else {
                return Ok(false);
            };
            let into = &mut buf[wanted.start - within..wanted.end - within];
            copy_run(&frame, slot, repeat, wanted.start - start, into);
        }
        Ok(true)
    }

    fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
        let size = self.virtual_size();
        if size <= offset {
            return Ok(None);
        }
        let segment_bytes = SEGMENT_BYTES as u64;
        let mut found: Option<Range<u64>> = None;
        let mut last_segment = u64::MAX;
        'walk: for (number, runs) in self.manifest.segments_from(offset / segment_bytes) {
            if found.is_some() && last_segment <= number {
                break;
            }
            for run in runs {
                let start = number * segment_bytes + u64::from(run.start) * BLOCK_BYTES as u64;
                let end = (start + u64::from(run.blocks) * BLOCK_BYTES as u64).min(size);
                let is_data = matches!(run.source, Source::Frame { .. });
                if !is_data || end <= offset {
                    continue;
                }
                match &mut found {
                    None => {
                        found = Some(start.max(offset)..end);
                        last_segment = number + DATA_SEGMENTS;
                    }
                    Some(range) if range.end == start => range.end = end,
                    Some(_) => break 'walk,
                }
            }
        }
        Ok(found)
    }
}

/// Copy a run's bytes from `from` on, out of the frame that holds them.
fn copy_run(frame: &[u8], slot: u8, repeat: bool, from: usize, into: &mut [u8]) {
    let slot = usize::from(slot) * BLOCK_BYTES;
    if !repeat {
        into.copy_from_slice(&frame[slot + from..][..into.len()]);
        return;
    }
    let (mut from, mut rest) = (from, into);
    while !rest.is_empty() {
        let in_block = from % BLOCK_BYTES;
        let (head, tail) = rest.split_at_mut((BLOCK_BYTES - in_block).min(rest.len()));
        head.copy_from_slice(&frame[slot + in_block..][..head.len()]);
        from += head.len();
        rest = tail;
    }
}
