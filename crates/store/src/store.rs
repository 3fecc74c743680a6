//! The store itself: its superblock, its options, and who is at work in it.
//!
//! The superblock (`store.json`) is written by whoever opens an empty store first. It names the format and proves the
//! deployment key without telling it, so that two deployments, or two versions, cannot mix their objects by mistake.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};

use crate::cache::FrameCache;
use crate::error::{Result, StoreError};
use crate::ids::{DeploymentKey, LayerId, ManifestId, PackId};
use crate::index::Index;
use crate::manifest::{Manifest, Summary, manifest_name};
use crate::objects::Objects;
use crate::volume::Volume;

const SUPERBLOCK: &str = "store.json";

/// The format that this version reads and writes.
const FORMAT: u64 = 1;

/// Fills a buffer with random bytes. Injected, so that tests can repeat themselves.
pub type RandomBytes = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// How a store works; nothing here changes what is stored for good.
#[derive(Clone)]
pub struct StoreOptions {
    /// Threads that an ingest, a verification or a rebuild of the index uses.
    pub threads: usize,
    /// Blocks in a new frame, 16 to 32.
    pub frame_blocks: usize,
    /// zstd level of new frames.
    pub zstd_level: i32,
    /// Bytes of decompressed frames kept for readers, all volumes together. Usually a thirty-second of the memory that
    /// this process may use, from 64 MiB to 1 GiB: as much as an image's data, on a machine that runs machines.
    pub frame_cache_bytes: u64,
    /// Where ids come from.
    pub random: RandomBytes,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            threads: std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            // 64 KiB frames at level 1: see decision 0002 for the measurement.
            frame_blocks: 16,
            zstd_level: 1,
            frame_cache_bytes: cache_bytes(),
            random: Arc::new(|buffer| {
                getrandom::fill(buffer).expect("the operating system gives random bytes once booted");
            }),
        }
    }
}

/// See [`StoreOptions::frame_cache_bytes`].
fn cache_bytes() -> u64 {
    let machine = rustix::system::sysinfo();
    let machine = machine.totalram as u64 * u64::from(machine.mem_unit);
    // In a container the machine's memory is not ours. No limit is the text `max`.
    let limit = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse().ok());
    (machine.min(limit.unwrap_or(u64::MAX)) / 32).clamp(64 << 20, 1 << 30)
}

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreOptions")
            .field("threads", &self.threads)
            .field("frame_blocks", &self.frame_blocks)
            .field("zstd_level", &self.zstd_level)
            .field("frame_cache_bytes", &self.frame_cache_bytes)
            .finish_non_exhaustive()
    }
}

/// A block store. Clones are handles on the same one.
///
/// Its methods block; call them from plain threads or from `spawn_blocking`, never from an asynchronous task.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) objects: Arc<dyn Objects>,
    pub(crate) key: DeploymentKey,
    pub(crate) options: StoreOptions,
    pub(crate) index: Index,
    pub(crate) cache: FrameCache,
    pub(crate) sessions: Mutex<Sessions>,
    pub(crate) volumes: Volumes,
    /// True while a collection runs: one at a time.
    pub(crate) collecting: AtomicBool,
}

impl Store {
    /// Open the store in `objects`, creating it when there is none.
    pub fn open(objects: Arc<dyn Objects>, key: impl Into<DeploymentKey>, mut options: StoreOptions) -> Result<Self> {
        let key = key.into();
        check_superblock(objects.as_ref(), &key)?;
        options.threads = options.threads.max(1);
        options.frame_blocks = options.frame_blocks.clamp(16, crate::ids::MAX_FRAME_BLOCKS);
        let inner = Inner {
            index: Index::new(objects.clone(), options.threads),
            cache: FrameCache::new(objects.clone(), options.frame_cache_bytes),
            objects,
            key,
            options,
            sessions: Mutex::default(),
            volumes: Volumes::default(),
            collecting: AtomicBool::new(false),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Open a manifest for reading. While the volume is open, this process's collections leave its packs alone.
    pub fn volume(&self, id: &ManifestId) -> Result<Volume> {
        let _opening = self.inner.volumes.opening.read();
        let manifest = Arc::new(Manifest::read(self.inner.objects.as_ref(), *id)?);
        self.inner.volumes.add(&manifest);
        Ok(Volume::new(self.inner.clone(), manifest))
    }

    /// What a manifest says about its disk.
    pub fn summary(&self, id: &ManifestId) -> Result<Summary> {
        Ok(Manifest::read(self.inner.objects.as_ref(), *id)?.summary)
    }

    /// Remove a manifest; an absent one is no error. Its packs are the next collection's business.
    pub fn delete_manifest(&self, id: &ManifestId) -> Result<()> {
        self.inner.objects.delete(&manifest_name(*id))
    }

    /// Every manifest there is, recorded by somebody or not.
    pub fn manifests(&self) -> Result<Vec<ManifestId>> {
        self.inner.list_manifests()
    }

    /// Fill the deduplication index now, instead of when the first ingest begins.
    pub fn warm(&self) -> Result<()> {
        self.inner.refresh_index()
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("options", &self.inner.options).finish_non_exhaustive()
    }
}

impl Inner {
    pub(crate) fn list_manifests(&self) -> Result<Vec<ManifestId>> {
        let listed = self.objects.list("manifests")?;
        Ok(listed.into_iter().filter_map(|entry| entry.name.strip_prefix("manifests/")?.parse().ok()).collect())
    }

    pub(crate) fn refresh_index(&self) -> Result<()> {
        self.index.refresh(|| Ok(crate::collect::list_condemned(self.objects.as_ref())?.into_iter().collect()))
    }

    pub(crate) fn new_pack_id(&self) -> PackId {
        PackId(self.random())
    }

    pub(crate) fn new_layer_id(&self) -> LayerId {
        LayerId(self.random())
    }

    pub(crate) fn new_manifest_id(&self) -> ManifestId {
        ManifestId(self.random())
    }

    fn random(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        (self.options.random)(&mut bytes);
        bytes
    }
}

/// Ingests whose results are not recorded yet, and what a collection must not touch for their sake.
#[derive(Default)]
pub(crate) struct Sessions {
    next: u64,
    started: BTreeMap<u64, u64>,
    /// While a collection runs: the earliest start among sessions seen since it began.
    seen: Option<Option<u64>>,
}

impl Sessions {
    /// Begin watching for a collection.
    pub(crate) fn watch(&mut self) {
        self.seen = Some(self.started.values().min().copied());
    }

    pub(crate) fn unwatch(&mut self) {
        self.seen = None;
    }

    /// The earliest start of any session active at any time since [`Sessions::watch`].
    pub(crate) fn floor(&self) -> Option<u64> {
        let active = self.started.values().min().copied();
        earliest(self.seen.flatten(), active)
    }
}

pub(crate) fn earliest(one: Option<u64>, two: Option<u64>) -> Option<u64> {
    one.into_iter().chain(two).min()
}

/// Keeps collections away from what an ingest wrote or referred to.
///
/// It is taken before an ingest looks at anything and comes back with its result: drop it when the manifest's id is
/// recorded where the list of live manifests comes from.
pub struct Hold {
    store: Arc<Inner>,
    session: u64,
}

impl Hold {
    pub(crate) fn new(store: &Arc<Inner>, started_ms: u64) -> Self {
        let mut sessions = store.sessions.lock();
        let session = sessions.next;
        sessions.next += 1;
        sessions.started.insert(session, started_ms);
        if let Some(seen) = sessions.seen {
            sessions.seen = Some(earliest(seen, Some(started_ms)));
        }
        Self { store: store.clone(), session }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.store.sessions.lock().started.remove(&self.session);
    }
}

impl fmt::Debug for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hold({})", self.session)
    }
}

/// Manifests that readers of this process have open.
#[derive(Default)]
pub(crate) struct Volumes {
    /// Shared while a manifest is being read and not yet listed; exclusive while a collection looks at the list.
    pub(crate) opening: RwLock<()>,
    open: Mutex<Vec<Weak<Manifest>>>,
}

impl Volumes {
    fn add(&self, manifest: &Arc<Manifest>) {
        let mut open = self.open.lock();
        open.retain(|weak| 0 < weak.strong_count());
        open.push(Arc::downgrade(manifest));
    }

    pub(crate) fn open(&self) -> Vec<Arc<Manifest>> {
        self.open.lock().iter().filter_map(Weak::upgrade).collect()
    }
}

#[derive(Serialize, Deserialize)]
struct Superblock {
    format: u64,
    key_check: String,
}

fn check_superblock(objects: &dyn Objects, key: &DeploymentKey) -> Result<()> {
    let key_check = blake3::keyed_hash(&key.0, b"tintype store key check 1");
    let key_check = hex::encode(&key_check.as_bytes()[..16]);
    let stored = match objects.get(SUPERBLOCK)? {
        Some(stored) => stored,
        None => {
            let fresh = Superblock { format: FORMAT, key_check: key_check.clone() };
            let fresh = serde_json::to_vec(&fresh).expect("two plain fields serialize");
            if objects.put_new(SUPERBLOCK, vec![fresh.into()])? {
                return Ok(());
            }
            // Somebody created the store in between; it is theirs, and maybe ours too.
            objects.get(SUPERBLOCK)?.unwrap_or_else(Bytes::new)
        }
    };
    let value: serde_json::Value =
        serde_json::from_slice(&stored).map_err(|_| StoreError::corrupt(SUPERBLOCK, 0, "not JSON"))?;
    // The version first: a newer format may have other fields.
    let found = value.get("format").and_then(serde_json::Value::as_u64);
    match found {
        Some(FORMAT) => {}
        Some(found) => {
            return Err(StoreError::WrongFormat { found, supported: FORMAT });
        }
        None => return Err(StoreError::corrupt(SUPERBLOCK, 0, "names no format")),
    }
    let superblock: Superblock =
        serde_json::from_value(value).map_err(|_| StoreError::corrupt(SUPERBLOCK, 0, "misses a field"))?;
    if superblock.key_check == key_check { Ok(()) } else { Err(StoreError::WrongKey) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::objects::StoredObjects;

    #[test]
    fn another_key_or_format_is_refused() {
        let objects = Arc::new(StoredObjects::memory());
        let open = |key: u8| Store::open(objects.clone(), [key; 32], StoreOptions::default());
        open(1).expect("created");
        open(1).expect("opened again");
        let error = open(2).expect_err("another key");
        assert!(matches!(error, StoreError::WrongKey));
        assert_eq!(error.kind(), ErrorKind::Refused);
        objects.replace(SUPERBLOCK, Bytes::from_static(b"{\"format\":2,\"else\":1}")).expect("write");
        let error = open(1).expect_err("another format");
        assert!(matches!(error, StoreError::WrongFormat { found: 2, .. }));
        objects.replace(SUPERBLOCK, Bytes::from_static(b"{")).expect("write");
        assert_eq!(open(1).expect_err("damaged").kind(), ErrorKind::Corrupt);
    }
}
