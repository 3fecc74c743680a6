//! What the server asks of its owner: which exports there are, and their bytes.
//!
//! [`Export`] is synchronous, because disks are (see `disk::device`); the server calls it where blocking is allowed.
//! Its writing half is a trait of its own, so that an export that cannot be written has no method that would have to
//! refuse; and a disk that could be written is not, unless whoever opens it says [`Writable`].

use std::io;
use std::net::IpAddr;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use disk::{Disk, WritableDisk};

/// A disk that clients read, and write if it says so.
///
/// Clients open several connections to one export, so a flush on one must cover what was written on any. Unless it is
/// writable, its size and its bytes do not change while it is open: clients cache. A writable one may grow; a client
/// sees that when it connects anew.
pub trait Export: Send + Sync {
    /// Size in bytes.
    fn size(&self) -> u64;

    /// The size of reads that cost least, in bytes: a power of two from 512 to [`MAX_REQUEST_BYTES`].
    ///
    /// [`MAX_REQUEST_BYTES`]: super::MAX_REQUEST_BYTES
    fn preferred_block_bytes(&self) -> u32;

    /// Fill `buf` from `offset`. The range lies within [`size`](Export::size).
    fn read(&self, buf: &mut [u8], offset: u64) -> io::Result<()>;

    /// As [`read`](Export::read) if that takes memory alone; otherwise false, and `buf` is anything. The server calls
    /// this where nothing may block.
    fn read_if_ready(&self, buf: &mut [u8], offset: u64) -> io::Result<bool>;

    /// The first range at or after `offset` that may hold anything but zeros, or `None` when only zeros follow.
    fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>>;

    /// The half that writes, when clients may.
    fn writable(&self) -> Option<&dyn WritableDisk>;
}

/// Below this many bytes even a guest's page cache does not ask.
const PREFERRED_BLOCK_BYTES: u32 = 4096;

/// A disk to be read, whether or not it could be written.
impl<D: Disk + ?Sized> Export for Arc<D> {
    fn size(&self) -> u64 {
        self.virtual_size()
    }

    fn preferred_block_bytes(&self) -> u32 {
        PREFERRED_BLOCK_BYTES
    }

    fn read(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.read_exact_at(buf, offset)
    }

    fn read_if_ready(&self, buf: &mut [u8], offset: u64) -> io::Result<bool> {
        Disk::read_if_ready(self.as_ref(), buf, offset)
    }

    fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
        Disk::next_data(self.as_ref(), offset)
    }

    fn writable(&self) -> Option<&dyn WritableDisk> {
        None
    }
}

/// A disk to be read and written.
pub struct Writable(pub Arc<dyn WritableDisk>);

impl Export for Writable {
    fn size(&self) -> u64 {
        self.0.virtual_size()
    }

    fn preferred_block_bytes(&self) -> u32 {
        PREFERRED_BLOCK_BYTES
    }

    fn read(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_exact_at(buf, offset)
    }

    fn read_if_ready(&self, buf: &mut [u8], offset: u64) -> io::Result<bool> {
        self.0.read_if_ready(buf, offset)
    }

    fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
        self.0.next_data(offset)
    }

    fn writable(&self) -> Option<&dyn WritableDisk> {
        Some(self.0.as_ref())
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

    /// As [`open`](Exports::open), for a client that came over TCP: it may matter whence. It does not, unless the owner
    /// says so.
    async fn open_from(&self, name: &str, _peer: IpAddr) -> io::Result<Option<Opened>> {
        self.open(name).await
    }
}
