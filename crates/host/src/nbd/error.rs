//! Why a server could not listen, or a connection ended other than by the client's leave.

use std::io;
use std::path::PathBuf;

/// Why a server could not listen, or a connection broke off.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(Reason);

/// What a caller can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Another server listens there, or something that is not a socket is in the way.
    InUse,
    /// The client broke the protocol, or took too long to agree on an export.
    Client,
    /// The operating system refused, or the connection was cut.
    Io,
}

impl Error {
    /// What a caller can act on.
    pub fn kind(&self) -> ErrorKind {
        match &self.0 {
            Reason::InUse { .. } | Reason::NotASocket { .. } => ErrorKind::InUse,
            Reason::Address { source } if source.kind() == io::ErrorKind::AddrInUse => ErrorKind::InUse,
            Reason::Socket { .. } | Reason::Address { .. } | Reason::Stream(_) => ErrorKind::Io,
            Reason::Magic { .. }
            | Reason::ClientFlags { .. }
            | Reason::OptionTooLong { .. }
            | Reason::NoSuchExport
            | Reason::WriteTooLong { .. }
            | Reason::Slow => ErrorKind::Client,
        }
    }
}

impl From<Reason> for Error {
    fn from(reason: Reason) -> Self {
        Self(reason)
    }
}

impl From<io::Error> for Error {
    fn from(source: io::Error) -> Self {
        Self(Reason::Stream(source))
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Reason {
    #[error("another server listens on {}", path.display())]
    InUse { path: PathBuf },
    #[error("{} is in the way and is not a socket", path.display())]
    NotASocket { path: PathBuf },
    #[error("cannot {action} {}", path.display())]
    Socket { action: &'static str, path: PathBuf, source: io::Error },
    #[error("cannot listen on that address")]
    Address { source: io::Error },
    #[error("the connection was cut")]
    Stream(#[source] io::Error),
    #[error("the client sent {found:#x} where {what} begins")]
    Magic { what: &'static str, found: u64 },
    #[error("the client set unknown flags {flags:#x}")]
    ClientFlags { flags: u32 },
    #[error("the client sent option {option} of {bytes} bytes")]
    OptionTooLong { option: u32, bytes: u32 },
    #[error("the client asked, in the old way that has no refusal, for an export that is not there")]
    NoSuchExport,
    #[error("the client announced a write of {bytes} bytes")]
    WriteTooLong { bytes: u32 },
    #[error("the client took too long to choose an export")]
    Slow,
}
