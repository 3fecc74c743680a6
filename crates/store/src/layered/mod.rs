//! Layered volumes: disks that guests write, as a manifest and local files above it.
//!
//! A volume is a **base** (a manifest of the store, or nothing, which reads as zeros) and a chain of **layers**, each
//! holding the blocks that were written while it was on top. Making one takes the same time and a few KiB whatever its
//! size and base. A **freeze** ends the top layer under a label and begins a new one; the frozen one can be ingested
//! while the guest goes on, and is then replaced by its manifest (**rebase**), which is how a snapshot is taken and how
//! the chain stays short.
//!
//! ```text
//! DIR/lock
//! DIR/<volume>/chain.json           size, base, layers (`descriptor`)
//! DIR/<volume>/<layer>.<part>.data  sparse; guest offset is file offset (`parts`)
//! DIR/<volume>/<layer>.log          which blocks it holds, and as what (`log`)
//! ```
//!
//! # What it guarantees
//!
//! - **A write that returned** is read by everybody from then on, and by the next process when this one was killed.
//! - **A flush that returned** covers every write that had returned before it, on whatever thread, against a loss of
//!   power. Without a flush, a loss of power leaves of each 4 KiB block what was written at some time, never a block
//!   whose bytes did not arrive: decision 0006 says how.
//! - **What manages a volume** (create, freeze, rebase, grow, replace, delete) is durable when it returns, and has
//!   happened or not after a crash. What a crash left lying is removed when the volume is opened.
//! - **Nothing that is read back is believed**: a damaged descriptor or log is an error, and then no file is removed.
//!
//! # What it deliberately does not do
//!
//! It keeps no packs alive but those of volumes that are open: whoever collects counts the bases of the others among
//! the live manifests. It does not check the bytes of a layer (a guest's file system does, and a snapshot's blocks are
//! hashed when they are ingested). It never moves a volume to another node: a snapshot does.

mod blocks;
mod descriptor;
mod files;
mod layer;
mod log;
mod parts;
mod view;
mod volume;

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use self::descriptor::Descriptor;
use self::files::{failed, sync_directory};
use self::layer::Layer;
pub use self::volume::LayeredVolume;
use crate::error::{Result, StoreError};
use crate::ids::{LayerId, ManifestId};
use crate::store::Store;
use crate::volume::Volume;

/// The largest layered volume: 64 TiB, as large as the largest disk that is sold.
pub const MAX_VOLUME_BYTES: u64 = 64 << 40;

const MAX_NAME_BYTES: usize = 64;

/// No volume's name begins like these: directories that are not volumes yet, or no more.
const STAGED: &str = ".new-";
const CONDEMNED: &str = ".gone-";

/// Which boot of the machine this is: what was written in another one and not flushed may not have arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BootId(pub [u8; 16]);

impl BootId {
    /// The running kernel's.
    pub fn of_kernel() -> Result<Self> {
        let path = Path::new("/proc/sys/kernel/random/boot_id");
        let text = std::fs::read_to_string(path).map_err(failed("read", path))?;
        let digits: String = text.trim().split('-').collect();
        let mut id = [0; 16];
        match hex::decode_to_slice(digits, &mut id) {
            Ok(()) => Ok(Self(id)),
            Err(_) => Err(StoreError::corrupt(path.display().to_string(), 0, "no boot id")),
        }
    }
}

/// The writable volumes of one node. Clones are handles on the same ones.
///
/// Its methods block; call them from plain threads or from `spawn_blocking`, never from an asynchronous task.
#[derive(Clone)]
pub struct LayeredVolumes {
    node: Arc<Node>,
    /// Those that are open: one object for a volume, however often it is asked for.
    open: Arc<Mutex<HashMap<String, Weak<LayeredVolume>>>>,
}

/// What all volumes of a node share.
pub(crate) struct Node {
    directory: PathBuf,
    store: Store,
    boot: BootId,
    /// Open bases: a hundred clones of one image decode its manifest once.
    bases: Mutex<HashMap<ManifestId, Weak<Volume>>>,
    _lock: File,
}

impl LayeredVolumes {
    /// Open the volumes in `directory`, which is created. It belongs to one process, and there to one of these.
    pub fn open(directory: &Path, store: Store) -> Result<Self> {
        Self::open_in(directory, store, BootId::of_kernel()?)
    }

    /// As [`open`](Self::open), in the boot that `boot` names.
    pub fn open_in(directory: &Path, store: Store, boot: BootId) -> Result<Self> {
        std::fs::create_dir_all(directory).map_err(failed("create", directory))?;
        let lock = lock(directory)?;
        for entry in std::fs::read_dir(directory).map_err(failed("list", directory))? {
            let entry = entry.map_err(failed("list", directory))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(STAGED) || name.starts_with(CONDEMNED) {
                std::fs::remove_dir_all(entry.path()).map_err(failed("remove", &entry.path()))?;
            }
        }
        let node = Node { directory: directory.to_owned(), store, boot, bases: Mutex::default(), _lock: lock };
        Ok(Self { node: Arc::new(node), open: Arc::default() })
    }

    /// Make a volume that reads as `base`, zeros behind it, or as zeros. One of that name is left as it is.
    ///
    /// The base's manifest is not looked at, so that this takes the same time for every disk.
    pub fn create(&self, name: &str, size: u64, base: Option<ManifestId>) -> Result<()> {
        check_name(name)?;
        if size == 0 || MAX_VOLUME_BYTES < size {
            return Err(StoreError::BadSize { volume: name.to_owned(), size });
        }
        let directory = self.node.directory.join(name);
        let _alone = self.open.lock();
        if directory.exists() {
            // Whoever made it may have died before it was durable.
            return self.node.sync();
        }
        let staged = self.node.directory.join(format!("{STAGED}{name}"));
        match std::fs::remove_dir_all(&staged) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("remove", &staged)(error)),
            _ => {}
        }
        std::fs::create_dir(&staged).map_err(failed("create", &staged))?;
        let layer = self.node.new_layer_id();
        Layer::create(&staged, layer, self.node.boot)?;
        Descriptor::new(size, base, layer).write_first(&staged)?;
        sync_directory(&staged).map_err(failed("make durable", &staged))?;
        std::fs::rename(&staged, &directory).map_err(failed("name", &directory))?;
        self.node.sync()
    }

    /// Open a volume, or share it with those who have it open.
    pub fn volume(&self, name: &str) -> Result<Arc<LayeredVolume>> {
        check_name(name)?;
        let mut open = self.open.lock();
        if let Some(volume) = open.get(name).and_then(Weak::upgrade) {
            return Ok(volume);
        }
        let volume = Arc::new(LayeredVolume::open(self.node.clone(), name)?);
        open.retain(|_, volume| 0 < volume.strong_count());
        open.insert(name.to_owned(), Arc::downgrade(&volume));
        Ok(volume)
    }

    /// Delete a volume; an absent one is no error. Those who have it open read and write on, for nobody.
    pub fn delete(&self, name: &str) -> Result<()> {
        check_name(name)?;
        let directory = self.node.directory.join(name);
        let mut open = self.open.lock();
        let volume = open.remove(name).and_then(|volume| volume.upgrade());
        if !directory.exists() {
            return self.node.sync();
        }
        // It is gone with the rename; what is left of it goes now, or when the directory is opened again.
        let condemned = self.node.directory.join(format!("{CONDEMNED}{name}-{}", self.node.new_layer_id()));
        if let Some(volume) = volume {
            volume.forget();
        }
        std::fs::rename(&directory, &condemned).map_err(failed("remove", &directory))?;
        drop(open);
        self.node.sync()?;
        std::fs::remove_dir_all(&condemned).map_err(failed("remove", &condemned))
    }

    /// The name of every volume, in order.
    pub fn names(&self) -> Result<Vec<String>> {
        let directory = &self.node.directory;
        let mut names = Vec::new();
        for entry in std::fs::read_dir(directory).map_err(failed("list", directory))? {
            let entry = entry.map_err(failed("list", directory))?;
            let is_directory = entry.file_type().map_err(failed("look at", &entry.path()))?.is_dir();
            match entry.file_name().into_string() {
                Ok(name) if is_directory && is_name(&name) => names.push(name),
                _ => {}
            }
        }
        names.sort_unstable();
        Ok(names)
    }
}

impl Node {
    /// A manifest, opened once for all volumes above it.
    fn base(&self, manifest: &ManifestId) -> Result<Arc<Volume>> {
        let mut bases = self.bases.lock();
        if let Some(volume) = bases.get(manifest).and_then(Weak::upgrade) {
            return Ok(volume);
        }
        let volume = Arc::new(self.store.volume(manifest)?);
        bases.retain(|_, volume| 0 < volume.strong_count());
        bases.insert(*manifest, Arc::downgrade(&volume));
        Ok(volume)
    }

    fn new_layer_id(&self) -> LayerId {
        self.store.inner.new_layer_id()
    }

    fn sync(&self) -> Result<()> {
        sync_directory(&self.directory).map_err(failed("make durable", &self.directory))
    }
}

/// Names become those of files.
fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=MAX_NAME_BYTES).contains(&name.len()) && name.bytes().all(is_plain)
}

fn check_name(name: &str) -> Result<()> {
    if is_name(name) { Ok(()) } else { Err(StoreError::BadName { name: name.to_owned() }) }
}

/// Two who append to one log would overwrite each other.
fn lock(directory: &Path) -> Result<File> {
    let path = directory.join("lock");
    let lock =
        OpenOptions::new().write(true).create(true).truncate(false).open(&path).map_err(failed("open", &path))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { directory: directory.display().to_string() }),
        Err(TryLockError::Error(source)) => Err(failed("lock", &path)(source)),
    }
}
