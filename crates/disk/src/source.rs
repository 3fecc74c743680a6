//! A file whose structures are read with their bounds checked first.

use std::sync::Arc;

use crate::device::ReadAt;
use crate::error::{Error, Reason};

/// A file behind one of the format readers.
#[derive(Clone)]
pub(crate) struct Source {
    file: Arc<dyn ReadAt>,
    len: u64,
}

impl Source {
    pub(crate) fn new(file: Arc<dyn ReadAt>) -> Source {
        let len = file.len();
        Source { file, len }
    }

    pub(crate) fn file(&self) -> &dyn ReadAt {
        self.file.as_ref()
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Refuse a range that does not lie inside the file. Call it before allocating for the range.
    pub(crate) fn contains(&self, what: &'static str, offset: u64, len: u64) -> Result<(), Error> {
        match offset.checked_add(len) {
            Some(end) if end <= self.len => Ok(()),
            _ => Err(Error::new(offset, Reason::PastEnd { what, len, file_len: self.len })),
        }
    }

    /// Read a range that has been bounded already, or is checked here.
    pub(crate) fn read(&self, what: &'static str, offset: u64, buf: &mut [u8]) -> Result<(), Error> {
        self.contains(what, offset, buf.len() as u64)?;
        self.file.read_exact_at(buf, offset).map_err(|error| Error::from_io(error, offset))
    }

    /// Read a structure of a size that the caller has bounded by a constant.
    pub(crate) fn read_vec(&self, what: &'static str, offset: u64, len: usize) -> Result<Vec<u8>, Error> {
        self.contains(what, offset, len as u64)?;
        let mut bytes = vec![0; len];
        self.read(what, offset, &mut bytes)?;
        Ok(bytes)
    }
}
