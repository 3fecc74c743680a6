//! Verification: every stored byte read again, and a list of what is wrong.
//!
//! Packs first: footers decode, frames match their checksums and decompress, and every block's identity is computed
//! anew. Then the manifests asked about: they decode, and each place they name is a healthy frame of a healthy pack.
//! Deep verification also reads each disk and computes its content digest.
//!
//! It never stops at damage; only an object store that cannot be reached, or the caller's cancel flag, ends it early.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use disk::Disk;
use parking_lot::Mutex;

use crate::digest::{self, is_zero, segment_node, zero_leaf};
use crate::error::{ErrorKind, Result, StoreError};
use crate::frame::{self, FramePlace, pack_name};
use crate::ids::{
    BLOCK_BYTES, ContentDigest, DeploymentKey, Identity, ManifestId, PackId, SEGMENT_BLOCKS, SEGMENT_BYTES,
};
use crate::index::list_packs;
use crate::ingest::{CancelFlag, Progress, ProgressFn};
use crate::manifest::{Manifest, Source};
use crate::pack;
use crate::store::{Inner, Store};

/// Guest ranges listed for one manifest, at most: a report is for reading.
const RANGES_LISTED: usize = 1000;

/// How to verify.
#[derive(Clone, Default)]
pub struct VerifyOptions {
    /// Read every disk and compute its digest too.
    pub deep: bool,
    /// Told of pack bytes checked.
    pub progress: Option<ProgressFn>,
    /// Ends the work with `Cancelled`.
    pub cancel: CancelFlag,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// A pack whose footer does not decode. Its frames cannot be checked but through manifests.
    Footer {
        /// The pack.
        pack: PackId,
        /// What is wrong.
        reason: String,
    },
    /// A frame that does not decode, or holds other blocks than the footer says.
    Frame {
        /// The pack.
        pack: PackId,
        /// Where in the pack the frame begins.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
    /// A manifest that is missing or does not decode.
    Manifest {
        /// The manifest.
        manifest: ManifestId,
        /// What is wrong.
        reason: String,
    },
    /// Guest bytes whose place is missing or damaged.
    Range {
        /// The manifest.
        manifest: ManifestId,
        /// Guest bytes.
        range: Range<u64>,
        /// The pack that should hold them.
        pack: PackId,
    },
    /// The disk's bytes have another digest than the manifest says.
    Digest {
        /// The manifest.
        manifest: ManifestId,
        /// What its bytes hash to.
        found: ContentDigest,
    },
}

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Packs read.
    pub packs: u64,
    /// Their bytes.
    pub pack_bytes: u64,
    /// Blocks whose identity was computed and right.
    pub blocks: u64,
    /// Manifests checked.
    pub manifests: u64,
    /// Everything that is wrong; empty is good.
    pub damage: Vec<Damage>,
}

impl Store {
    /// Read every pack again, and check these manifests against them.
    pub fn verify(&self, manifests: &[ManifestId], options: &VerifyOptions) -> Result<VerifyReport> {
        let packs = list_packs(self.inner.objects.as_ref())?;
        let job = Job {
            store: &self.inner,
            options,
            of: packs.iter().map(|&(_, bytes)| bytes).sum(),
            found: Mutex::default(),
        };
        each_in_parallel(self.inner.options.threads, &packs, |&(id, bytes)| job.pack(id, bytes))?;
        let Found { mut report, healthy, .. } = job.found.into_inner();
        for &id in manifests {
            if options.cancel.is_cancelled() {
                return Err(StoreError::Cancelled);
            }
            report.manifests += 1;
            let whole = check_manifest(&self.inner, id, &healthy, &mut report.damage)?;
            if whole && options.deep {
                let found = self.content_digest(&id)?;
                if found != self.summary(&id)?.digest {
                    report.damage.push(Damage::Digest { manifest: id, found });
                }
            }
        }
        Ok(report)
    }

    /// The digest of a manifest's bytes, computed by reading them.
    fn content_digest(&self, id: &ManifestId) -> Result<ContentDigest> {
        let volume = self.volume(id)?;
        let size = volume.virtual_size();
        let n_segments = size.div_ceil(SEGMENT_BYTES as u64);
        let nodes = Mutex::new((Vec::new(), 0u64));
        let mut with_data = Vec::new();
        let mut next = 0;
        while next < n_segments {
            let read = volume.next_data(next * SEGMENT_BYTES as u64);
            let Some(range) = read.map_err(|source| StoreError::Source { offset: next, source })? else {
                break;
            };
            let first = (range.start / SEGMENT_BYTES as u64).max(next);
            next = range.end.div_ceil(SEGMENT_BYTES as u64).max(first + 1);
            with_data.extend(first..next);
        }
        each_in_parallel(self.inner.options.threads, &with_data, |&segment| {
            let offset = segment * SEGMENT_BYTES as u64;
            let len = (size - offset).min(SEGMENT_BYTES as u64) as usize;
            let mut bytes = vec![0; len.next_multiple_of(BLOCK_BYTES)];
            volume.read_exact_at(&mut bytes[..len], offset).map_err(|source| StoreError::Source { offset, source })?;
            let mut leaves = [*zero_leaf(); SEGMENT_BLOCKS];
            let mut last = None;
            for (n, block) in bytes.chunks_exact(BLOCK_BYTES).enumerate() {
                if !is_zero(block) {
                    leaves[n] = *blake3::hash(block).as_bytes();
                    last = Some(segment * SEGMENT_BLOCKS as u64 + n as u64 + 1);
                }
            }
            let mut nodes = nodes.lock();
            if let Some(last) = last {
                nodes.0.push((segment, segment_node(&leaves)));
                nodes.1 = nodes.1.max(last);
            }
            Ok(())
        })?;
        let (nodes, n_blocks) = nodes.into_inner();
        Ok(digest::root(nodes, n_blocks))
    }
}

/// Frames that are as they should be: offset to length and blocks.
type Healthy = HashMap<PackId, HashMap<u32, (u32, u8)>>;

#[derive(Default)]
struct Found {
    report: VerifyReport,
    healthy: Healthy,
    done: u64,
}

struct Job<'a> {
    store: &'a Inner,
    options: &'a VerifyOptions,
    of: u64,
    found: Mutex<Found>,
}

impl Job<'_> {
    fn pack(&self, id: PackId, bytes: u64) -> Result<()> {
        if self.options.cancel.is_cancelled() {
            return Err(StoreError::Cancelled);
        }
        let mut damage = Vec::new();
        let mut healthy = HashMap::new();
        let mut blocks = 0;
        let footer = pack::read_table(self.store.objects.as_ref(), id, bytes)
            .and_then(|table| pack::read_neighbourhoods(self.store.objects.as_ref(), id, &table));
        match footer {
            Ok(lists) => {
                for list in &lists {
                    for (place, identities) in list.frames() {
                        match self.frame(&place, identities) {
                            Ok(()) => {
                                blocks += identities.len() as u64;
                                healthy.insert(place.offset, (place.len, place.blocks));
                            }
                            Err(error) => damage.push(Damage::Frame {
                                pack: id,
                                offset: place.offset.into(),
                                reason: damaged(error)?,
                            }),
                        }
                    }
                }
            }
            Err(error) => damage.push(Damage::Footer { pack: id, reason: damaged(error)? }),
        }
        let mut found = self.found.lock();
        found.report.packs += 1;
        found.report.pack_bytes += bytes;
        found.report.blocks += blocks;
        found.report.damage.extend(damage);
        found.healthy.insert(id, healthy);
        found.done += bytes;
        if let Some(progress) = &self.options.progress {
            progress(Progress { done: found.done, of: self.of });
        }
        Ok(())
    }

    fn frame(&self, place: &FramePlace, identities: &[Identity]) -> Result<()> {
        let name = pack_name(place.pack);
        let stored = self.store.objects.get_range(&name, u64::from(place.offset)..place.end())?;
        let guest = frame::decode(place, &stored)?;
        if identities_of(&self.store.key, &guest).eq(identities.iter().copied()) {
            Ok(())
        } else {
            Err(StoreError::corrupt(name, place.offset.into(), "frame holds other blocks"))
        }
    }
}

fn identities_of<'a>(key: &'a DeploymentKey, guest: &'a [u8]) -> impl Iterator<Item = Identity> + 'a {
    guest.chunks_exact(BLOCK_BYTES).map(|block| Identity::of(key, blake3::hash(block).as_bytes()))
}

/// True when every place that the manifest names is healthy.
fn check_manifest(store: &Inner, id: ManifestId, healthy: &Healthy, damage: &mut Vec<Damage>) -> Result<bool> {
    let manifest = match Manifest::read(store.objects.as_ref(), id) {
        Ok(manifest) => manifest,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let reason = error.to_string();
            damage.push(Damage::Manifest { manifest: id, reason });
            return Ok(false);
        }
        Err(error) => {
            let reason = damaged(error)?;
            damage.push(Damage::Manifest { manifest: id, reason });
            return Ok(false);
        }
    };
    let mut listed = 0;
    let mut bad_packs = HashSet::new();
    let mut whole = true;
    for (number, runs) in manifest.segments_from(0) {
        for run in runs {
            let Source::Frame { place, .. } = run.source else {
                continue;
            };
            let place = manifest.place(place);
            let there = healthy.get(&place.pack).and_then(|frames| frames.get(&place.offset));
            if there == Some(&(place.len, place.blocks)) {
                continue;
            }
            whole = false;
            // The first range of every pack is listed however many there are.
            if listed < RANGES_LISTED || bad_packs.insert(place.pack) {
                listed += 1;
                bad_packs.insert(place.pack);
                let start = number * SEGMENT_BYTES as u64 + u64::from(run.start) * BLOCK_BYTES as u64;
                let end = start + u64::from(run.blocks) * BLOCK_BYTES as u64;
                damage.push(Damage::Range {
                    manifest: id,
                    range: start..end.min(manifest.summary.virtual_size),
                    pack: place.pack,
                });
            }
        }
    }
    Ok(whole)
}

/// The text of damage; any other error ends the verification.
fn damaged(error: StoreError) -> Result<String> {
    if error.kind() == ErrorKind::Corrupt { Ok(error.to_string()) } else { Err(error) }
}

fn each_in_parallel<T: Sync>(threads: usize, items: &[T], work: impl Fn(&T) -> Result<()> + Sync) -> Result<()> {
    let next = Mutex::new(items.iter());
    let failure = Mutex::new(None);
    let run = || {
        while failure.lock().is_none()
            && let Some(item) = { next.lock().next() }
        {
            if let Err(error) = work(item) {
                failure.lock().get_or_insert(error);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(items.len()) {
            scope.spawn(run);
        }
        run();
    });
    failure.into_inner().map_or(Ok(()), Err)
}
