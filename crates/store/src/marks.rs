//! Marks: which blocks of which packs some manifests name.
//!
//! One 32-bit mask a frame, so some forty bytes of memory for each 64 KiB of live guest data; manifests themselves are
//! read one at a time and let go. Collection asks it what is alive, accounting who pays.

use std::collections::HashMap;

use crate::error::Result;
use crate::ids::{ManifestId, PackId};
use crate::index::list_packs;
use crate::manifest::{Manifest, Run, Source};
use crate::store::Store;

/// The named slots of one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) slots: u32,
    len: u32,
    blocks: u8,
}

impl Mark {
    /// Stored bytes of the named blocks, a frame's bytes spread evenly over its blocks.
    fn stored_bytes(&self, slots: u32) -> u64 {
        u64::from(self.len) * u64::from(slots.count_ones()) / u64::from(self.blocks)
    }
}

/// The named blocks of one pack, by frame offset.
pub(crate) type PackMarks = HashMap<u32, Mark>;

#[derive(Default)]
pub(crate) struct Marks {
    pub(crate) packs: HashMap<PackId, PackMarks>,
}

impl Marks {
    /// Mark what a manifest names.
    pub(crate) fn add(&mut self, manifest: &Manifest) {
        for (_, runs) in manifest.segments_from(0) {
            for run in runs {
                self.add_run(manifest, &run);
            }
        }
    }

    fn add_run(&mut self, manifest: &Manifest, run: &Run) {
        let Source::Frame { place, slot, repeat } = run.source else {
            return;
        };
        let count = if repeat { 1 } else { run.blocks };
        let slots = (((1u64 << count) - 1) << slot) as u32;
        let place = manifest.place(place);
        self.packs
            .entry(place.pack)
            .or_default()
            .entry(place.offset)
            .or_insert(Mark { slots: 0, len: place.len, blocks: place.blocks })
            .slots |= slots;
    }

    /// Stored bytes of the marked blocks of a pack.
    pub(crate) fn stored_bytes(&self, pack: PackId) -> u64 {
        let marks = self.packs.get(&pack).into_iter().flat_map(HashMap::values);
        marks.map(|mark| mark.stored_bytes(mark.slots)).sum()
    }
}

/// What one manifest takes of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManifestUsage {
    /// The manifest.
    pub manifest: ManifestId,
    /// Stored bytes of blocks that no other of the manifests asked about names: what deleting it would free.
    pub own_bytes: u64,
    /// Stored bytes of blocks that others name too.
    pub shared_bytes: u64,
}

/// What a store takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// One entry for each manifest asked about, in that order.
    pub manifests: Vec<ManifestUsage>,
    /// Packs in the store, live or not.
    pub packs: u64,
    /// Bytes of all packs, footers included.
    pub pack_bytes: u64,
    /// Bytes of all manifest objects.
    pub manifest_bytes: u64,
}

impl Store {
    /// Who uses how much: stored (compressed) bytes, a frame's bytes spread evenly over its blocks.
    ///
    /// A block that several of these manifests name counts as shared in each.
    pub fn usage(&self, manifests: &[ManifestId]) -> Result<Usage> {
        let objects = self.inner.objects.as_ref();
        let (mut once, mut again) = (Marks::default(), Marks::default());
        for id in manifests {
            let own = marks_of(&Manifest::read(objects, *id)?);
            for (pack, frames) in own.packs {
                let once = once.packs.entry(pack).or_default();
                for (offset, mark) in frames {
                    let seen = once.entry(offset).or_insert(Mark { slots: 0, ..mark });
                    let shared = seen.slots & mark.slots;
                    seen.slots |= mark.slots;
                    if shared != 0 {
                        let again = again.packs.entry(pack).or_default();
                        again.entry(offset).or_insert(Mark { slots: 0, ..mark }).slots |= shared;
                    }
                }
            }
        }
        let mut usage = Usage {
            manifests: Vec::with_capacity(manifests.len()),
            packs: 0,
            pack_bytes: 0,
            manifest_bytes: objects.list("manifests")?.iter().map(|entry| entry.bytes).sum(),
        };
        for id in manifests {
            let mut entry = ManifestUsage { manifest: *id, own_bytes: 0, shared_bytes: 0 };
            for (pack, frames) in marks_of(&Manifest::read(objects, *id)?).packs {
                let again = again.packs.get(&pack);
                for (offset, mark) in frames {
                    let others = again.and_then(|again| again.get(&offset)).map_or(0, |mark| mark.slots);
                    entry.shared_bytes += mark.stored_bytes(mark.slots & others);
                    entry.own_bytes += mark.stored_bytes(mark.slots & !others);
                }
            }
            usage.manifests.push(entry);
        }
        for (_, bytes) in list_packs(objects)? {
            usage.packs += 1;
            usage.pack_bytes += bytes;
        }
        Ok(usage)
    }
}

fn marks_of(manifest: &Manifest) -> Marks {
    let mut marks = Marks::default();
    marks.add(manifest);
    marks
}
