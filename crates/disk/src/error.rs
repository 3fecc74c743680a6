//! What can be wrong with a disk file.
//!
//! [`Error::kind`] is what a caller acts on (it becomes a code on the wire one floor up); the reason and the byte
//! offset are for the log. An error travels through `io::Result` of the block traits inside an `io::Error` and is
//! taken out again by [`Error::from_io`], so that a malformed table found in the middle of a read keeps its kind.

use std::fmt;
use std::io;

use crate::format::{Foreign, Format};

/// A disk file that cannot be read, or an export that cannot be written.
#[derive(Debug)]
pub struct Error {
    offset: u64,
    reason: Reason,
}

/// What a caller can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// Wrong magic, checksum or structure.
    Malformed,
    /// The content is of another format than declared.
    FormatMismatch,
    /// A structure or data lies past the end of the file.
    Truncated,
    /// The content is partly in another file: a backing file, a parent, an external data file.
    PointsOutside,
    /// The content is encrypted.
    Encrypted,
    /// A feature or a kind of file that we do not read.
    Unsupported,
    /// The virtual size is above the limit, or above what the format can express.
    TooLarge,
    /// A VHD whose declared size its tables or its data area cannot hold.
    VhdSize,
    /// A VHD with a block size outside the supported range.
    VhdBlockSize,
    /// The caller asked to stop.
    Cancelled,
    /// The source or the sink failed.
    Io,
}

impl Error {
    pub(crate) fn new(offset: u64, reason: Reason) -> Error {
        Error { offset, reason }
    }

    pub(crate) fn malformed(offset: u64, what: &'static str) -> Error {
        Error::new(offset, Reason::Malformed(what))
    }

    /// What the caller acts on.
    pub fn kind(&self) -> ErrorKind {
        match self.reason {
            Reason::Malformed(_) | Reason::Checksum { .. } | Reason::Compressed { .. } => ErrorKind::Malformed,
            Reason::Mismatch { .. } => ErrorKind::FormatMismatch,
            Reason::PastEnd { .. } => ErrorKind::Truncated,
            Reason::PointsOutside(_) => ErrorKind::PointsOutside,
            Reason::Encrypted => ErrorKind::Encrypted,
            Reason::Unsupported { .. } | Reason::Foreign(_) => ErrorKind::Unsupported,
            Reason::TooLarge { .. } => ErrorKind::TooLarge,
            Reason::VhdTable { .. } | Reason::VhdData { .. } | Reason::VhdSectors { .. } => ErrorKind::VhdSize,
            Reason::VhdBlockSize { .. } => ErrorKind::VhdBlockSize,
            Reason::Cancelled => ErrorKind::Cancelled,
            Reason::Read(_) | Reason::Write(_) => ErrorKind::Io,
        }
    }

    /// Byte of the file (or, for a cancelled or failed export, of the guest's disk) where it was seen.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The kind of file that the content really is, when it is one that is recognised only to be refused.
    pub fn foreign(&self) -> Option<Foreign> {
        match self.reason {
            Reason::Foreign(foreign) | Reason::Mismatch { found: Found::Foreign(foreign), .. } => Some(foreign),
            _ => None,
        }
    }

    /// Take the error of this crate out of an `io::Error` that passed through a [`crate::Disk`], or wrap a real one.
    pub fn from_io(error: io::Error, offset: u64) -> Error {
        match error.downcast::<Error>() {
            Ok(inner) => inner,
            Err(error) => Error::new(offset, Reason::Read(error)),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at byte {})", self.reason, self.offset)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.reason)
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> io::Error {
        match error.reason {
            Reason::Read(error) | Reason::Write(error) => error,
            _ => io::Error::new(io::ErrorKind::InvalidData, error),
        }
    }
}

/// Why, precisely. Private, so that wording and numbers may change with no caller noticing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Reason {
    #[error("{0}")]
    Malformed(&'static str),
    #[error("checksum of the {what} is {computed:#010x}, the file says {stored:#010x}")]
    Checksum { what: &'static str, computed: u32, stored: u32 },
    #[error("a compressed cluster does not unpack to one cluster")]
    Compressed {
        #[source]
        source: Option<io::Error>,
    },
    #[error("declared as {declared}, but the content is {found}")]
    Mismatch { declared: Format, found: Found },
    #[error("{what} of {len} bytes ends after the file, which has {file_len} bytes")]
    PastEnd { what: &'static str, len: u64, file_len: u64 },
    #[error("the content is partly elsewhere: {0}")]
    PointsOutside(&'static str),
    #[error("the content is encrypted")]
    Encrypted,
    #[error("unsupported {what}: {value:#x}")]
    Unsupported { what: &'static str, value: u64 },
    #[error("{0} files are not supported")]
    Foreign(Foreign),
    #[error("a virtual size of {size} bytes is above the limit of {limit} bytes")]
    TooLarge { size: u64, limit: u64 },
    #[error("{entries} table entries of {block_size} bytes cannot hold {size} bytes")]
    VhdTable { entries: u32, block_size: u32, size: u64 },
    #[error("a fixed disk of {size} bytes has a data area of {data} bytes")]
    VhdData { size: u64, data: u64 },
    #[error("a size of {size} bytes is not a whole number of sectors above zero")]
    VhdSectors { size: u64 },
    #[error("a block size of {block_size} bytes is not a supported power of two")]
    VhdBlockSize { block_size: u32 },
    #[error("stopped by the caller")]
    Cancelled,
    #[error("reading failed")]
    Read(#[source] io::Error),
    #[error("writing failed")]
    Write(#[source] io::Error),
}

/// What a mismatching content is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found {
    Format(Format),
    Foreign(Foreign),
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Found::Format(format) => format.fmt(f),
            Found::Foreign(foreign) => foreign.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn survives_the_way_through_io() {
        let through: io::Error = Error::new(512, Reason::Encrypted).into();
        assert_eq!(through.kind(), io::ErrorKind::InvalidData);
        let back = Error::from_io(through, 0);
        assert_eq!((back.kind(), back.offset()), (ErrorKind::Encrypted, 512));

        let real = Error::from_io(io::ErrorKind::TimedOut.into(), 9);
        assert_eq!((real.kind(), real.offset()), (ErrorKind::Io, 9));
        assert_eq!(io::Error::from(real).kind(), io::ErrorKind::TimedOut);
    }
}
