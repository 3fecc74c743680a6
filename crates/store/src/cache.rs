//! Decompressed frames kept for readers, bounded by bytes, shared by every volume.
//!
//! Readers who miss the same frame at once wait for one of them to fetch it. A reader who misses several fetches those
//! that lie near each other in one pack with one request. It claims frames in ascending order, as everybody does, so
//! two readers can never wait for each other.

use std::sync::Arc;

use bytes::Bytes;
use quick_cache::Weighter;
use quick_cache::sync::{Cache, GuardResult};

use crate::error::{Result, StoreError};
use crate::frame::{self, FramePlace, pack_name};
use crate::ids::{BLOCK_BYTES, PackId};
use crate::objects::Objects;

/// Bytes between two wanted frames that are read and thrown away rather than asked around.
const GAP_BYTES: u64 = 32 << 10;

/// Longest single request.
const SPAN_BYTES: u64 = 4 << 20;

type Key = (PackId, u32);

#[derive(Clone)]
struct ByBytes;

impl Weighter<Key, Bytes> for ByBytes {
    fn weight(&self, _: &Key, frame: &Bytes) -> u64 {
        frame.len() as u64 + 64
    }
}

pub(crate) struct FrameCache {
    objects: Arc<dyn Objects>,
    frames: Cache<Key, Bytes, ByBytes>,
}

impl FrameCache {
    pub(crate) fn new(objects: Arc<dyn Objects>, bytes: u64) -> Self {
        let frames = (bytes / (16 * BLOCK_BYTES as u64)).max(16) as usize;
        Self { objects, frames: Cache::with_weighter(frames, bytes, ByBytes) }
    }

    /// The guest bytes of a frame, if they are here.
    pub(crate) fn peek(&self, place: &FramePlace) -> Option<Bytes> {
        let bytes = self.frames.get(&(place.pack, place.offset))?;
        (bytes.len() == usize::from(place.blocks) * BLOCK_BYTES).then_some(bytes)
    }

    /// The guest bytes of these frames, which are in ascending order of pack and offset without repetition.
    pub(crate) fn get(&self, places: &[FramePlace]) -> Result<Vec<Bytes>> {
        let mut found: Vec<Option<Bytes>> = vec![None; places.len()];
        let mut claimed = Vec::new();
        for (n, place) in places.iter().enumerate() {
            match self.frames.get_value_or_guard(&(place.pack, place.offset), None) {
                GuardResult::Value(bytes) => {
                    // Cached through another manifest, which may be right where this one is not.
                    if bytes.len() != usize::from(place.blocks) * BLOCK_BYTES {
                        let reason = "frame has another number of blocks";
                        return Err(StoreError::corrupt(pack_name(place.pack), place.offset.into(), reason));
                    }
                    found[n] = Some(bytes);
                }
                GuardResult::Guard(guard) => claimed.push((n, guard)),
                GuardResult::Timeout => unreachable!("no timeout was given"),
            }
        }
        let mut claimed = claimed.into_iter().peekable();
        while let Some((first, guard)) = claimed.next() {
            let start = u64::from(places[first].offset);
            let mut end = places[first].end();
            let mut span = vec![(first, guard)];
            while let Some(next) = claimed.next_if(|&(n, _)| {
                let next = &places[n];
                next.pack == places[first].pack
                    && u64::from(next.offset) <= end + GAP_BYTES
                    && next.end() <= start + SPAN_BYTES
            }) {
                end = end.max(places[next.0].end());
                span.push(next);
            }
            let name = pack_name(places[first].pack);
            let bytes = self.objects.get_range(&name, start..end)?;
            for (n, guard) in span {
                let place = &places[n];
                let from = (u64::from(place.offset) - start) as usize;
                let guest = frame::decode(place, &bytes[from..from + place.len as usize])?;
                // Refused only when the placeholder was removed meanwhile; then the next reader fetches again.
                let _ = guard.insert(guest.clone());
                found[n] = Some(guest);
            }
        }
        Ok(found.into_iter().flatten().collect())
    }
}
