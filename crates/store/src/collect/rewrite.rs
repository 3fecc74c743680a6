//! Rewriting: the few live blocks of mostly dead packs move to new packs.
//!
//! New packs are durable first, then each manifest that named an old pack is written anew under its own id, then the
//! old packs have nothing live and go the way of every dead pack. A crash anywhere leaves each manifest naming either
//! the old places or the new ones, and both exist.
//!
//! Manifest ids stay, so the records of whoever owns them stay. Readers who opened a manifest earlier keep reading its
//! old packs: through the grace period, and in this process for as long as they have it open.

use std::collections::{HashMap, HashSet};

use crate::error::{ErrorKind, Result};
use crate::frame::{self, FrameEncoder, FramePlace, pack_name};
use crate::ids::{BLOCK_BYTES, Identity, PackId};
use crate::index::list_packs;
use crate::manifest::{Manifest, ManifestBuilder, Run as BlockRun, Source, join_blocks, manifest_name};
use crate::pack::{self, PackBuilder};

use super::{Run, list_condemned};

/// Blocks moved in one run, 1 GiB of them: where each went is kept in memory until the manifests are written.
const BLOCKS_A_RUN: usize = 1 << 18;

/// Where a block was: pack, frame, slot.
type Old = (PackId, u32, u8);

/// Where blocks went.
type Moved = HashMap<Old, (FramePlace, u8)>;

impl Run<'_> {
    pub(super) fn rewrite(&mut self) -> Result<()> {
        let mut mover = Mover::new(self);
        let mut rewritten = HashSet::new();
        for (id, bytes) in self.mostly_dead()? {
            if BLOCKS_A_RUN <= mover.moved.len() {
                break;
            }
            match mover.take(id, bytes) {
                Ok(()) => {
                    rewritten.insert(id);
                }
                Err(error) if error.kind() == ErrorKind::Corrupt => {
                    // What is readable of it stays readable where it is.
                    tracing::error!(pack = %id, %error, "pack is damaged and was not rewritten");
                }
                Err(error) => return Err(error),
            }
        }
        let (moved, bytes) = mover.finish()?;
        if rewritten.is_empty() {
            return Ok(());
        }
        for id in self.kept.clone() {
            let manifest = Manifest::read(self.objects(), id)?;
            if manifest.packs.iter().any(|pack| rewritten.contains(pack)) {
                let object = with_moved(&manifest, &rewritten, &moved);
                self.objects().replace(&manifest_name(id), object.into())?;
            }
        }
        for id in &rewritten {
            self.marks.packs.remove(id);
        }
        for (place, _) in moved.values() {
            // Live, whatever is in it: no later step of this run may take it for dead.
            self.marks.packs.entry(place.pack).or_default();
        }
        self.report.packs_rewritten += rewritten.len() as u64;
        self.report.bytes_rewritten += bytes;
        Ok(())
    }

    fn mostly_dead(&self) -> Result<Vec<(PackId, u64)>> {
        let percent = u64::from(self.options.rewrite_below_percent);
        let mut found = Vec::new();
        if percent == 0 {
            return Ok(found);
        }
        let condemned: HashSet<PackId> = list_condemned(self.objects())?.into_iter().collect();
        for (id, bytes) in list_packs(self.objects())? {
            if condemned.contains(&id) || !self.marks.packs.contains_key(&id) {
                continue;
            }
            if self.marks.stored_bytes(id) * 100 < bytes * percent && self.is_settled(self.created_ms(id, bytes)?) {
                found.push((id, bytes));
            }
        }
        found.sort_unstable();
        Ok(found)
    }
}

/// Copies live blocks into new packs.
struct Mover<'a> {
    run: &'a Run<'a>,
    encoder: FrameEncoder,
    pack: PackBuilder,
    blocks: Vec<u8>,
    identities: Vec<Identity>,
    olds: Vec<Old>,
    moved: Moved,
    bytes: u64,
}

impl<'a> Mover<'a> {
    fn new(run: &'a Run<'a>) -> Self {
        Self {
            run,
            encoder: FrameEncoder::new(run.store.options.zstd_level),
            pack: PackBuilder::new(run.store.new_pack_id(), run.options.now_ms),
            blocks: Vec::new(),
            identities: Vec::new(),
            olds: Vec::new(),
            moved: Moved::new(),
            bytes: 0,
        }
    }

    fn take(&mut self, id: PackId, bytes: u64) -> Result<()> {
        let objects = self.run.objects();
        let table = pack::read_table(objects, id, bytes)?;
        let lists = pack::read_neighbourhoods(objects, id, &table)?;
        let marks = &self.run.marks.packs[&id];
        for (place, identities) in lists.iter().flat_map(|list| list.frames()) {
            let Some(mark) = marks.get(&place.offset) else {
                continue;
            };
            let stored = objects.get_range(&pack_name(id), u64::from(place.offset)..place.end())?;
            let guest = frame::decode(&place, &stored)?;
            for (slot, identity) in identities.iter().enumerate() {
                if mark.slots >> slot & 1 == 1 {
                    self.blocks.extend_from_slice(&guest[slot * BLOCK_BYTES..][..BLOCK_BYTES]);
                    self.identities.push(*identity);
                    self.olds.push((id, place.offset, slot as u8));
                    if self.olds.len() == self.run.store.options.frame_blocks {
                        self.flush()?;
                    }
                }
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        if self.olds.is_empty() {
            return Ok(());
        }
        let bytes = self.encoder.encode(&self.blocks);
        let place = self.pack.push(bytes, &self.identities);
        for (slot, old) in self.olds.drain(..).enumerate() {
            self.moved.insert(old, (place, slot as u8));
        }
        self.blocks.clear();
        self.identities.clear();
        if self.pack.is_full() { self.upload() } else { Ok(()) }
    }

    fn upload(&mut self) -> Result<()> {
        let fresh = PackBuilder::new(self.run.store.new_pack_id(), self.run.options.now_ms);
        let full = std::mem::replace(&mut self.pack, fresh);
        if full.is_empty() {
            return Ok(());
        }
        let mut sealed = full.finish();
        sealed.upload(self.run.objects())?;
        self.bytes += sealed.bytes;
        self.run.store.index.publish(sealed);
        Ok(())
    }

    fn finish(mut self) -> Result<(Moved, u64)> {
        self.flush()?;
        self.upload()?;
        Ok((self.moved, self.bytes))
    }
}

/// The manifest's object with the blocks of rewritten packs at their new places.
fn with_moved(manifest: &Manifest, rewritten: &HashSet<PackId>, moved: &Moved) -> Vec<u8> {
    let mut builder = ManifestBuilder::default();
    for (number, runs) in manifest.segments_from(0) {
        let blocks = runs.iter().flat_map(|run| {
            let Source::Frame { place, slot, repeat } = run.source else {
                return Vec::new();
            };
            let place = manifest.place(place);
            (0..run.blocks)
                .map(|n| {
                    let slot = if repeat { slot } else { slot + n as u8 };
                    let new = if rewritten.contains(&place.pack) {
                        moved[&(place.pack, place.offset, slot)]
                    } else {
                        (place, slot)
                    };
                    (run.start + n, new.0, new.1)
                })
                .collect()
        });
        let joined = join_blocks(blocks).into_iter().map(|run| BlockRun {
            start: run.start,
            blocks: run.blocks,
            source: Source::Frame { place: run.place, slot: run.slot, repeat: run.repeat },
        });
        builder.push(number, joined);
    }
    builder.encode(&manifest.summary)
}
