//! The block traits: how format code and the block store see bytes that they do not own.
//!
//! Two traits and no more, because everything above a byte range is somebody else's knowledge:
//! [`ReadAt`] is a file as it lies somewhere (an object in a bucket, a local file, a buffer in a test), and
//! [`Disk`] is a guest's disk, whatever file format or store stands behind it. Both are synchronous and take
//! `&self`: parsers and compressors run on threads of their own, several at once, and an asynchronous source
//! hides its waiting behind this door.

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
