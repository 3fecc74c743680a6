//! What the server asks of its owner: which exports there are, and their bytes.
//!
//! [`Export`] is synchronous, because disks are (see `disk::device`); the server calls it where blocking is allowed.
//! It has no writing half: that is a trait of its own when somebody writes, so that an export that cannot be written
//! has no method that would have to refuse.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use disk::Disk;

/// A disk that clients read.
///
/// Its size and its bytes do not change while it is open: clients cache, and open several connections to one export.
pub trait Export: Send + Sync {
    /// Size in bytes.
    fn size(&self) -> u64;

    /// The size of reads that cost least, in bytes: a power of two from 512 to [`MAX_REQUEST_BYTES`].
    ///
    /// [`MAX_REQUEST_BYTES`]: super::MAX_REQUEST_BYTES
    fn preferred_block_bytes(&self) -> u32;

    /// Fill `buf` from `offset`. The range lies within [`size`](Export::size).
    fn read(&self, buf: &mut [u8], offset: u64) -> io::Result<()>;

    /// The first range at or after `offset` that may hold anything but zeros, or `None` when only zeros follow.
    fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>>;
}

impl<D: Disk + ?Sized> Export for Arc<D> {
    fn size(&self) -> u64 {
        self.virtual_size()
    }

    /// Below this many bytes even a guest's page cache does not ask.
    fn preferred_block_bytes(&self) -> u32 {
        4096
    }

    fn read(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.read_exact_at(buf, offset)
    }

    fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
        Disk::next_data(self.as_ref(), offset)
    }
}

/// What a client may learn of an export without opening it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportInfo {
    /// The name that opens it: at most 4,096 bytes.
    pub name: String,
    /// For a person to read: at most 4,096 bytes.
    pub description: Option<String>,
}

/// An export that a client asked for.
#[derive(Clone)]
pub struct Opened {
    /// Its proper name, which may differ from the one asked for (the empty name may stand for a default).
    pub info: ExportInfo,
    /// Its bytes.
    pub export: Arc<dyn Export>,
}

/// The exports of a server, looked up by name.
#[async_trait]
pub trait Exports: Send + Sync {
    /// Those that a client may see by asking. None at all is an answer: names may be secrets.
    async fn list(&self) -> io::Result<Vec<ExportInfo>>;

    /// Open one, or say that there is none of that name. The empty name asks for a default.
    ///
    /// An error is logged; the client is told no more than that the export is not available.
    async fn open(&self, name: &str) -> io::Result<Option<Opened>>;
}
