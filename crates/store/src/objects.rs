//! Objects: the few things the block store asks of what it lies on.
//!
//! A narrow door in front of the `object_store` crate, because the block store needs five operations with exact
//! promises, and because a test must be able to stand in the door and fail. Calls block: they come from compressing
//! and reading threads, never from an asynchronous task.
//!
//! Promises of every implementation (`conformance` checks them):
//! - `put_new` and `replace` are atomic and durable on return: after a crash an object is whole or absent, and one
//!   whose call returned is there. `put_new` never changes an existing object.
//! - an object that exists can be listed, and read at any range at once by many.
//! - `delete` of an absent object succeeds. A deletion may be undone by a crash; nothing else may.

use std::fmt;
use std::fs::File;
use std::future::Future;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::StreamExt;
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use quick_cache::sync::Cache;
use tokio::runtime::Handle;

use crate::error::{Result, StoreError};

/// An object's name and size, as listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectEntry {
    /// Full name, with its prefix.
    pub name: String,
    /// Length in bytes.
    pub bytes: u64,
}

/// Where the block store keeps its objects.
pub trait Objects: Send + Sync {
    /// Write an object that must not exist yet, from its parts in order. True when it was written, false when an
    /// object of that name was there already (whatever its bytes).
    fn put_new(&self, name: &str, parts: Vec<Bytes>) -> Result<bool>;

    /// Write an object, in place of one of that name if there is one.
    fn replace(&self, name: &str, bytes: Bytes) -> Result<()>;

    /// Length in bytes, or `None` when there is no such object.
    fn size(&self, name: &str) -> Result<Option<u64>>;

    /// The whole object, or `None` when there is none.
    fn get(&self, name: &str) -> Result<Option<Bytes>>;

    /// Exactly these bytes of the object, or an error.
    fn get_range(&self, name: &str, range: Range<u64>) -> Result<Bytes>;

    /// Every object whose name begins with the directory `prefix`, in no order.
    fn list(&self, prefix: &str) -> Result<Vec<ObjectEntry>>;

    /// Remove an object; an absent one is no error.
    fn delete(&self, name: &str) -> Result<()>;
}

/// Objects in anything that the `object_store` crate reaches.
pub struct StoredObjects {
    store: Arc<dyn ObjectStore>,
    runtime: Option<Handle>,
    /// Of a directory.
    files: Option<OpenFiles>,
}

/// Files of a directory that ranges were read of, kept open: a reader of small ranges otherwise opens one for each.
struct OpenFiles {
    directory: PathBuf,
    open: Cache<String, Arc<File>>,
}

/// How many files stay open. Packs hold 32 MiB each.
const OPEN_FILES: usize = 256;

impl StoredObjects {
    /// Objects as files under `directory`, which is created. Every write is fsynced, file and directories.
    ///
    /// The directory belongs to this process alone: half-written files of an earlier life are removed here.
    pub fn directory(directory: &FsPath) -> Result<Self> {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| StoreError::Objects {
            operation: "open the directory of",
            object: directory.display().to_string(),
            source,
        };
        std::fs::create_dir_all(directory).map_err(|e| failed(e.into()))?;
        remove_staged(directory).map_err(|e| failed(e.into()))?;
        let store = LocalFileSystem::new_with_prefix(directory).map_err(|e| failed(e.into()))?.with_fsync(true);
        let files = OpenFiles { directory: directory.to_owned(), open: Cache::new(OPEN_FILES) };
        Ok(Self { store: Arc::new(store), runtime: None, files: Some(files) })
    }

    /// Objects in memory, for tests.
    pub fn memory() -> Self {
        Self { store: Arc::new(InMemory::new()), runtime: None, files: None }
    }

    /// Objects behind a client that needs a runtime (S3). Calls wait on `runtime` and so must not come from inside it.
    pub fn remote(store: Arc<dyn ObjectStore>, runtime: Handle) -> Self {
        Self { store, runtime: Some(runtime), files: None }
    }

    /// A file that was replaced or deleted is not read any more.
    fn forget(&self, name: &str) {
        if let Some(files) = &self.files {
            files.open.remove(name);
        }
    }

    fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        match &self.runtime {
            Some(runtime) => runtime.block_on(work),
            // Directory and memory need no reactor; off the runtime they do their work right here, on this thread.
            None => futures::executor::block_on(work),
        }
    }
}

impl fmt::Debug for StoredObjects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredObjects({})", self.store)
    }
}

impl Objects for StoredObjects {
    fn put_new(&self, name: &str, parts: Vec<Bytes>) -> Result<bool> {
        let options = PutOptions::from(PutMode::Create);
        let payload = PutPayload::from_iter(parts);
        match self.wait(self.store.put_opts(&Path::from(name), payload, options)) {
            Ok(_) => Ok(true),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(failed("write", name, error)),
        }
    }

    fn replace(&self, name: &str, bytes: Bytes) -> Result<()> {
        let replaced = self.wait(self.store.put(&Path::from(name), bytes.into()));
        self.forget(name);
        replaced.map(drop).map_err(|error| failed("replace", name, error))
    }

    fn size(&self, name: &str) -> Result<Option<u64>> {
        match self.wait(self.store.head(&Path::from(name))) {
            Ok(meta) => Ok(Some(meta.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed("look up", name, error)),
        }
    }

    fn get(&self, name: &str) -> Result<Option<Bytes>> {
        let path = Path::from(name);
        let read = async { self.store.get(&path).await?.bytes().await };
        match self.wait(read) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed("read", name, error)),
        }
    }

    fn get_range(&self, name: &str, range: Range<u64>) -> Result<Bytes> {
        let wanted = range.end.saturating_sub(range.start);
        let offset = range.start;
        if let Some(files) = self.files.as_ref().filter(|_| is_plain(name)) {
            let mut bytes = vec![0; wanted as usize];
            return match files.read(name, &mut bytes, offset) {
                Ok(()) => Ok(bytes.into()),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    Err(StoreError::corrupt(name, offset, "object ends early"))
                }
                Err(error) => {
                    Err(StoreError::Objects { operation: "read", object: name.to_owned(), source: error.into() })
                }
            };
        }
        let bytes =
            self.wait(self.store.get_range(&Path::from(name), range)).map_err(|error| failed("read", name, error))?;
        if bytes.len() as u64 == wanted {
            Ok(bytes)
        } else {
            Err(StoreError::corrupt(name, offset, "object ends early"))
        }
    }

    fn list(&self, prefix: &str) -> Result<Vec<ObjectEntry>> {
        let path = Path::from(prefix);
        let listing = async {
            let mut found = Vec::new();
            let mut stream = self.store.list(Some(&path));
            while let Some(meta) = stream.next().await {
                match meta {
                    Ok(meta) => found.push(ObjectEntry { name: meta.location.to_string(), bytes: meta.size }),
                    // A file that went away, or a directory not made yet, while we walked is simply not listed.
                    Err(object_store::Error::NotFound { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(found)
        };
        self.wait(listing).map_err(|error| failed("list", prefix, error))
    }

    fn delete(&self, name: &str) -> Result<()> {
        let deleted = self.wait(self.store.delete(&Path::from(name)));
        self.forget(name);
        match deleted {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed("delete", name, error)),
        }
    }
}

impl OpenFiles {
    fn read(&self, name: &str, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        let open = || File::open(self.directory.join(name)).map(Arc::new);
        self.open.get_or_insert_with(name, open)?.read_exact_at(bytes, offset)
    }
}

/// Names that are their files' paths as they stand; all that we give are.
fn is_plain(name: &str) -> bool {
    name.split('/').all(|part| {
        !part.starts_with('.')
            && !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
    })
}

fn failed(operation: &'static str, object: &str, source: object_store::Error) -> StoreError {
    StoreError::Objects { operation, object: object.to_owned(), source: Box::new(source) }
}

/// Removes what an earlier life of this process left half-written in a directory of objects.
///
/// The local store writes `name#1` and renames it. After a crash such files stay, and its listing hides them, so no
/// collection could find them.
pub fn remove_staged(directory: &FsPath) -> std::io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            remove_staged(&entry.path())?;
        } else if kind.is_file() && is_staged(&entry.file_name().to_string_lossy()) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn is_staged(name: &str) -> bool {
    name.rsplit_once('#').is_some_and(|(_, n)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_forgets_half_written_files() {
        let dir = tempfile::tempdir().expect("temporary directory");
        std::fs::create_dir(dir.path().join("packs")).expect("create");
        std::fs::write(dir.path().join("packs/aa#1"), b"half").expect("write");
        std::fs::write(dir.path().join("packs/aa"), b"whole").expect("write");
        let objects = StoredObjects::directory(dir.path()).expect("open");
        assert!(!dir.path().join("packs/aa#1").exists());
        assert_eq!(objects.list("packs").expect("list").len(), 1);
    }
}
