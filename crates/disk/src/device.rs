//! The block traits: how format code and the block store see bytes that they do not own.
//!
//! Three traits and no more, because everything above a byte range is somebody else's knowledge:
//! [`ReadAt`] is a file as it lies somewhere (an object in a bucket, a local file, a buffer in a test),
//! [`Disk`] is a guest's disk, whatever file format or store stands behind it, and [`WritableDisk`] is one that the
//! guest may write. All are synchronous and take `&self`: parsers, compressors and guests' requests run on threads of
//! their own, several at once, and an asynchronous source hides its waiting behind this door.

use std::io;
use std::ops::Range;

/// Bytes of a file that does not change while it is read.
pub trait ReadAt: Send + Sync {
    /// Length in bytes.
    fn len(&self) -> u64;

    /// True when the file holds no byte.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fill `buf` from `offset`. Reading past the end is `UnexpectedEof`.
    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()>;

    /// The first range at or after `offset` that may hold anything but zeros, or `None` when only zeros follow.
    ///
    /// A source that knows of no holes answers with everything that is left: always true, never fast.
    fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
        Ok((offset < self.len()).then(|| offset..self.len()))
    }
}

/// A guest's disk, readable at any byte.
pub trait Disk: Send + Sync {
    /// Size that the guest sees, in bytes.
    fn virtual_size(&self) -> u64;

    /// Fill `buf` with guest data from `offset`. Reading past the virtual size is `UnexpectedEof`.
    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()>;

    /// The first guest range at or after `offset` that may hold anything but zeros, or `None` when only zeros follow.
    fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>>;

    /// Fill `buf` as [`read_exact_at`](Disk::read_exact_at) does if that takes memory alone: no waiting, no work worth
    /// a thread. Otherwise false, and `buf` is anything.
    ///
    /// A disk that cannot tell says false: always true, never fast.
    fn read_if_ready(&self, _buf: &mut [u8], _offset: u64) -> io::Result<bool> {
        Ok(false)
    }
}

/// A guest's disk that can be written, by many threads at once.
///
/// What a returned write promises: every later read sees it, and so does whoever opens the disk after this process was
/// killed. Only [`flush`](WritableDisk::flush) promises that it outlives the machine's power. Writes that overlap in
/// time and place end in some order; two that do not share a byte never harm each other.
pub trait WritableDisk: Disk {
    /// Write guest data at `offset`. Writing past the virtual size is `InvalidInput`, and writes nothing.
    fn write_all_at(&self, buf: &[u8], offset: u64) -> io::Result<()>;

    /// Make a range read as zeros, without storing them where that can be helped.
    fn write_zeroes(&self, range: Range<u64>) -> io::Result<()>;

    /// The guest needs the range no more. As much of it as can be let go cheaply reads as zeros, the rest as before.
    fn trim(&self, range: Range<u64>) -> io::Result<()>;

    /// Make everything durable that was written before the call, on whatever thread. An error stays: once a flush
    /// failed nobody knows what is durable, so no later one succeeds.
    fn flush(&self) -> io::Result<()>;
}

impl ReadAt for [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let start = usize::try_from(offset).map_err(|_| io::ErrorKind::UnexpectedEof)?;
        let source =
            start.checked_add(buf.len()).and_then(|end| self.get(start..end)).ok_or(io::ErrorKind::UnexpectedEof)?;
        buf.copy_from_slice(source);
        Ok(())
    }
}

impl ReadAt for Vec<u8> {
    fn len(&self) -> u64 {
        ReadAt::len(self.as_slice())
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        ReadAt::read_exact_at(self.as_slice(), buf, offset)
    }
}
