//! RAW: the file is the disk.
//!
//! A length that is no multiple of 512 is rounded up and the missing tail reads as zeros, as a guest sees whole
//! sectors. Holes are the file's own. There is nothing to validate, which is why RAW is the format of everything
//! that a guest wrote.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use crate::bytes::{read_end, whole_sectors};
use crate::device::{Disk, ReadAt};
use crate::error::{Error, Reason};
use crate::format::Limits;

/// A RAW file opened as a disk.
pub struct Raw {
    file: Arc<dyn ReadAt>,
    file_len: u64,
    virtual_size: u64,
}

impl Raw {
    /// Open a file as it is.
    pub(crate) fn open(file: Arc<dyn ReadAt>, limits: &Limits) -> Result<Raw, Error> {
        let file_len = file.len();
        let virtual_size = virtual_size(file_len, limits)?;
        Ok(Raw { file, file_len, virtual_size })
    }
}

impl Disk for Raw {
    fn virtual_size(&self) -> u64 {
        self.virtual_size
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        read_end(offset, buf.len(), self.virtual_size)?;
        let stored = self.file_len.saturating_sub(offset).min(buf.len() as u64) as usize;
        let (data, tail) = buf.split_at_mut(stored);
        if !data.is_empty() {
            self.file.read_exact_at(data, offset)?;
        }
        tail.fill(0);
        Ok(())
    }

    fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
        self.file.next_data(offset)
    }
}

/// The size of the disk that a RAW file of `file_len` bytes is.
pub(crate) fn virtual_size(file_len: u64, limits: &Limits) -> Result<u64, Error> {
    let limit = limits.max_virtual_size;
    whole_sectors(file_len)
        .filter(|size| *size <= limit)
        .ok_or(Error::new(0, Reason::TooLarge { size: file_len, limit }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn a_torn_last_sector_reads_as_zeros() {
        let raw = Raw::open(Arc::new(vec![9; 700]), &Limits::default()).unwrap();
        assert_eq!(raw.virtual_size(), 1024);
        let mut buf = vec![1; 1024];
        raw.read_exact_at(&mut buf, 0).unwrap();
        assert_eq!((&buf[..700], &buf[700..]), (&[9; 700][..], &[0; 324][..]));
        let mut tail = [1; 100];
        raw.read_exact_at(&mut tail, 800).unwrap();
        assert_eq!(tail, [0; 100]);
        assert_eq!(raw.next_data(0).unwrap(), Some(0..700));
        assert_eq!(raw.next_data(700).unwrap(), None);
    }

    #[test]
    fn bounds_hold() {
        let raw = Raw::open(Arc::new(vec![9; 512]), &Limits::default()).unwrap();
        for (len, offset) in [(513, 0), (1, 512), (1, u64::MAX), (2, u64::MAX)] {
            let error = raw.read_exact_at(&mut vec![0; len], offset).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof, "{len} at {offset}");
        }
        let limits = Limits { max_virtual_size: 1024 };
        assert!(Raw::open(Arc::new(vec![0; 1024]), &limits).is_ok());
        let error = Raw::open(Arc::new(vec![0; 1025]), &limits).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
    }
}
