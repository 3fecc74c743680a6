//! A local file as a source of bytes.
//!
//! Positioned reads, so that threads share one descriptor, and the file system's own knowledge of holes.
//! The length is taken once, when the file is wrapped: [`ReadAt`] promises a file that does not change, and a file
//! that shrinks anyway shows as `UnexpectedEof`. It never opens a path itself: whoever has the path decides.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;

use crate::device::ReadAt;

/// An open local file.
#[derive(Debug)]
pub struct LocalFile {
    file: File,
    len: u64,
}

impl LocalFile {
    /// Wrap an open file.
    pub fn new(file: File) -> io::Result<LocalFile> {
        let len = file.metadata()?.len();
        Ok(LocalFile { file, len })
    }
}

impl ReadAt for LocalFile {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(buf, offset)
    }

    /// Asks the file system. The descriptor's position moves, which nobody reads: all reads are positioned.
    fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
        if offset >= self.len {
            return Ok(None);
        }
        let start = match seek(&self.file, SeekFrom::Data(offset)) {
            Ok(start) => start,
            Err(Errno::NXIO) => return Ok(None),
            // A file system that knows no holes: everything may be data.
            Err(Errno::INVAL | Errno::OPNOTSUPP) => return Ok(Some(offset..self.len)),
            Err(errno) => return Err(errno.into()),
        };
        let end = seek(&self.file, SeekFrom::Hole(start))?.min(self.len);
        Ok((start < end).then_some(start..end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn holes_are_jumped() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(64 * MIB).unwrap();
        file.write_all_at(&[7; 4096], 32 * MIB).unwrap();
        let local = LocalFile::new(file).unwrap();
        assert_eq!(local.len(), 64 * MIB);
        let data = local.next_data(0).unwrap().unwrap();
        assert!(data.contains(&(32 * MIB)) && data.end - data.start < MIB, "{data:?}");
        assert_eq!(local.next_data(data.end).unwrap(), None);
        assert_eq!(local.next_data(65 * MIB).unwrap(), None);
        let mut byte = [0];
        local.read_exact_at(&mut byte, 32 * MIB + 5).unwrap();
        assert_eq!(byte, [7]);
    }

    #[test]
    fn reading_past_the_end_is_an_error() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(10).unwrap();
        let local = LocalFile::new(file).unwrap();
        let error = local.read_exact_at(&mut [0; 11], 0).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
