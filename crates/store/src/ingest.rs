//! Ingest: a disk becomes a manifest, in one pass.
//!
//! Worker threads take segments (4 MiB) in order and do everything for one: read, detect zeros, hash, look up,
//! compress what is new. Nothing is staged, and nothing is handed from thread to thread but finished packs, which two
//! more threads write while compression goes on.
//!
//! What it guarantees:
//! - when it returns, every byte is durable: packs first, the manifest last;
//! - the digest and the disk read back depend on the bytes alone, not on the timing of threads. Which copy of a block
//!   is referred to, and so the object's bytes, may differ;
//! - memory is bounded: a segment and a frame for each worker, [`PACKS_IN_FLIGHT`] packs (32 MiB each, the one being
//!   filled included), the identities of their blocks, and about seven bytes of manifest for each new frame;
//! - cancelled or failed, it leaves only packs that no manifest names, which collection removes.
//!
//! What it does not do: compare blocks byte by byte. An identity is 128 bits of a keyed hash, and nobody outside has
//! the key.

mod cursor;
mod worker;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use disk::Disk;
use parking_lot::Mutex;

use crate::digest;
use crate::error::{Result, StoreError};
use crate::frame::FramePlace;
use crate::ids::{BLOCK_BYTES, ContentDigest, Identity, Leaf, MAX_VIRTUAL_SIZE, ManifestId, PackId};
use crate::index::IdentityMap;
use crate::manifest::{JoinedRun, ManifestBuilder, Run, Source, Summary, manifest_name};
use crate::pack::{PackBuilder, SealedPack};
use crate::store::{Hold, Inner, Store};
use cursor::Cursor;
use worker::{Frame, Worker};

/// Threads that write packs. With the one being filled, this is how many packs are in memory.
const WRITERS: usize = 2;

/// Packs that an ingest holds in memory at most.
pub const PACKS_IN_FLIGHT: usize = WRITERS + 1;

/// Set by whoever wants an ingest or a verification to stop.
#[derive(Debug, Clone, Default)]
pub struct CancelFlag(Arc<AtomicBool>);

impl CancelFlag {
    /// Stop soon. The work in progress ends with `Cancelled`.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// True once cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How far a long operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes done: for an ingest guest bytes read, hashed and handed to a pack, holes included.
    pub done: u64,
    /// Bytes in all.
    pub of: u64,
}

/// Called by working threads, one at a time, with ever growing numbers. It must return at once.
pub type ProgressFn = Arc<dyn Fn(Progress) + Send + Sync>;

/// What an ingest needs to know beside the disk.
#[derive(Clone, Default)]
pub struct IngestOptions {
    /// Now, milliseconds since the epoch. It dates the packs and the manifest.
    pub now_ms: u64,
    /// Told of progress after every segment.
    pub progress: Option<ProgressFn>,
    /// Asked before every segment.
    pub cancel: CancelFlag,
}

impl fmt::Debug for IngestOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IngestOptions")
            .field("now_ms", &self.now_ms)
            .field("cancel", &self.cancel)
            .finish_non_exhaustive()
    }
}

/// What an ingest made.
#[derive(Debug)]
pub struct Ingested {
    /// The durable manifest.
    pub manifest: ManifestId,
    /// Root of the tree over the guest's bytes.
    pub digest: ContentDigest,
    /// Size that the guest sees.
    pub virtual_size: u64,
    /// Guest bytes in blocks that are not zero.
    pub data_bytes: u64,
    /// Blocks that were not in the store before.
    pub new_blocks: u64,
    /// Bytes of packs written for them.
    pub new_bytes_stored: u64,
    /// Drop this when the manifest's id is recorded, and not before.
    pub hold: Hold,
}

impl Store {
    /// Store a disk. See the module for what that means.
    pub fn ingest(&self, disk: &dyn Disk, options: &IngestOptions) -> Result<Ingested> {
        let virtual_size = disk.virtual_size();
        if MAX_VIRTUAL_SIZE < virtual_size {
            return Err(StoreError::TooLarge { virtual_size });
        }
        let hold = Hold::new(&self.inner, options.now_ms);
        self.inner.refresh_index()?;
        let job = Job::new(&self.inner, disk, options);
        let outcome = job.run()?;
        let data_blocks = outcome.manifest.data_blocks();
        let summary = Summary {
            virtual_size,
            digest: digest::root(outcome.nodes, outcome.n_blocks),
            data_blocks,
            new_blocks: outcome.new_blocks,
            new_bytes_stored: outcome.new_bytes_stored,
            created_ms: options.now_ms,
        };
        let id = self.inner.new_manifest_id();
        let name = manifest_name(id);
        let object = outcome.manifest.encode(&summary);
        if !self.inner.objects.put_new(&name, vec![object.clone().into()])?
            && self.inner.objects.get(&name)?.is_none_or(|there| there != object)
        {
            return Err(StoreError::corrupt(name, 0, "another object has this manifest's id"));
        }
        if let Some(progress) = &options.progress {
            progress(Progress { done: virtual_size, of: virtual_size });
        }
        Ok(Ingested {
            manifest: id,
            digest: summary.digest,
            virtual_size,
            data_bytes: data_blocks * BLOCK_BYTES as u64,
            new_blocks: summary.new_blocks,
            new_bytes_stored: summary.new_bytes_stored,
            hold,
        })
    }
}

/// What workers share.
struct Job<'a> {
    store: &'a Inner,
    disk: &'a dyn Disk,
    options: &'a IngestOptions,
    cursor: Mutex<Cursor<'a>>,
    /// Blocks of frames and packs that are not in the index yet.
    pending: Mutex<IdentityMap<Identity, (Frame, u8)>>,
    pack: Mutex<Option<PackBuilder>>,
    outcome: Mutex<Outcome>,
    failure: Mutex<Option<StoreError>>,
    stopped: AtomicBool,
}

#[derive(Default)]
struct Outcome {
    manifest: ManifestBuilder,
    /// Segments some of whose frames are not placed yet.
    drafts: Vec<Draft>,
    nodes: Vec<(u64, Leaf)>,
    n_blocks: u64,
    new_blocks: u64,
    new_bytes_stored: u64,
    done: u64,
}

struct Draft {
    segment: u64,
    /// Some frames of these may still be filling.
    runs: Vec<JoinedRun<DraftPlace>>,
}

#[derive(Clone)]
enum DraftPlace {
    Stored(FramePlace),
    Filling(Frame),
}

impl DraftPlace {
    fn known(&self) -> Option<FramePlace> {
        match self {
            Self::Stored(place) => Some(*place),
            Self::Filling(frame) => frame.get().copied(),
        }
    }
}

impl PartialEq for DraftPlace {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Stored(one), Self::Stored(two)) => one == two,
            (Self::Filling(one), Self::Filling(two)) => Arc::ptr_eq(one, two),
            _ => false,
        }
    }
}

impl Draft {
    fn runs(&self) -> Option<Vec<Run<PackId>>> {
        self.runs
            .iter()
            .map(|run| {
                Some(Run {
                    start: run.start,
                    blocks: run.blocks,
                    source: Source::Frame { place: run.place.known()?, slot: run.slot, repeat: run.repeat },
                })
            })
            .collect()
    }
}

impl Outcome {
    /// Describe every segment whose frames are all placed.
    fn settle(&mut self) {
        let manifest = &mut self.manifest;
        self.drafts.retain(|draft| match draft.runs() {
            Some(runs) => {
                manifest.push(draft.segment, runs.into_iter());
                false
            }
            None => true,
        });
    }
}

impl<'a> Job<'a> {
    fn new(store: &'a Inner, disk: &'a dyn Disk, options: &'a IngestOptions) -> Self {
        Self {
            store,
            disk,
            options,
            cursor: Mutex::new(Cursor::new(disk)),
            pending: Mutex::default(),
            pack: Mutex::default(),
            outcome: Mutex::default(),
            failure: Mutex::default(),
            stopped: AtomicBool::new(false),
        }
    }

    fn run(self) -> Result<Outcome> {
        // No room in the channel: a worker with a full pack waits until a writer takes it.
        let (sender, receiver) = sync_channel(0);
        let receiver = Mutex::new(receiver);
        std::thread::scope(|scope| {
            let sender = sender;
            for _ in 0..WRITERS {
                scope.spawn(|| self.write_packs(&receiver));
            }
            std::thread::scope(|scope| {
                for _ in 0..self.store.options.threads {
                    let sender = sender.clone();
                    let job = &self;
                    scope.spawn(move || job.work(&sender));
                }
            });
            if !self.is_stopped()
                && let Some(pack) = self.pack.lock().take()
            {
                self.send(&sender, pack);
            }
        });
        if let Some(failure) = self.failure.into_inner() {
            return Err(failure);
        }
        let mut outcome = self.outcome.into_inner();
        outcome.settle();
        debug_assert!(outcome.drafts.is_empty(), "every frame was flushed");
        Ok(outcome)
    }

    fn work(&self, sender: &SyncSender<SealedPack>) {
        if let Err(error) = Worker::new(self, sender).run() {
            self.fail(error);
        }
    }

    fn write_packs(&self, receiver: &Mutex<Receiver<SealedPack>>) {
        while let Ok(mut pack) = { receiver.lock().recv() } {
            // After a failure packs are only taken off the hands of whoever waits to send them.
            if self.is_stopped() {
                continue;
            }
            match pack.upload(self.store.objects.as_ref()) {
                Ok(()) => self.publish(pack),
                Err(error) => self.fail(error),
            }
        }
    }

    /// First into the index, then out of `pending`: whoever looks in the other order finds a block in one of them.
    fn publish(&self, pack: SealedPack) {
        let identities: Vec<Identity> =
            pack.neighbourhoods.iter().flat_map(|list| list.identities.iter().copied()).collect();
        {
            let mut outcome = self.outcome.lock();
            outcome.new_blocks += identities.len() as u64;
            outcome.new_bytes_stored += pack.bytes;
        }
        self.store.index.publish(pack);
        let mut pending = self.pending.lock();
        for identity in &identities {
            pending.remove(identity);
        }
    }

    /// Put a frame into the pack being filled, and the pack, when it is full, on its way.
    fn place(&self, sender: &SyncSender<SealedPack>, frame: &Frame, bytes: Vec<u8>, identities: &[Identity]) {
        let mut current = self.pack.lock();
        let pack = current.get_or_insert_with(|| PackBuilder::new(self.store.new_pack_id(), self.options.now_ms));
        let place = pack.push(bytes, identities);
        // Before the pack can be published: then nobody finds the block in neither place.
        frame.set(place).expect("a frame is placed once, by the worker that fills it");
        if pack.is_full()
            && let Some(full) = current.take()
        {
            // Still locked: no third pack grows while two are being written and one waits.
            self.send(sender, full);
        }
    }

    fn send(&self, sender: &SyncSender<SealedPack>, pack: PackBuilder) {
        if !pack.is_empty() {
            sender.send(pack.finish()).expect("the receiver is dropped after every sender");
        }
    }

    fn finish_segment(&self, draft: Draft, node: Option<Leaf>, last_block: Option<u64>, covers: u64) -> usize {
        let mut outcome = self.outcome.lock();
        if let Some(node) = node {
            outcome.nodes.push((draft.segment, node));
            outcome.drafts.push(draft);
        }
        if let Some(last) = last_block {
            outcome.n_blocks = outcome.n_blocks.max(last + 1);
        }
        outcome.settle();
        outcome.done += covers;
        if let Some(progress) = &self.options.progress {
            progress(Progress { done: outcome.done, of: self.disk.virtual_size() });
        }
        outcome.drafts.len()
    }

    fn fail(&self, error: StoreError) {
        self.stopped.store(true, Ordering::Relaxed);
        self.failure.lock().get_or_insert(error);
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}
