//! What can go wrong, and what a caller can do about it.
//!
//! [`StoreError::kind`] is for acting on; the text and the fields are for the log. A damaged object names itself and
//! the byte where it stopped making sense.

use std::io;

use crate::ids::ManifestId;

/// What a caller can do about a [`StoreError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The disk being ingested could not be read: the fault lies with the source.
    Source,
    /// The caller cancelled.
    Cancelled,
    /// The named manifest, volume or layer does not exist.
    NotFound,
    /// Stored bytes are not what was written. Needs a person.
    Corrupt,
    /// The store belongs to another deployment or a newer version, or the request cannot be served by design.
    Refused,
    /// Somebody else is doing this already.
    Busy,
    /// The object store, or the file system below the layers, failed. Trying again may help.
    Unavailable,
}

/// An error of the block store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Reading the disk to ingest failed.
    #[error("cannot read the source at byte {offset}")]
    Source {
        /// Guest byte where reading began.
        offset: u64,
        /// What the source said.
        source: io::Error,
    },
    /// The caller set its cancel flag.
    #[error("cancelled")]
    Cancelled,
    /// No such manifest.
    #[error("no manifest {0}")]
    NotFound(ManifestId),
    /// A stored object does not decode.
    #[error("object {object} is damaged at byte {offset}: {reason}")]
    Corrupt {
        /// The object's name in the store.
        object: String,
        /// Byte of the object, or of its decoded body where the reason says so.
        offset: u64,
        /// What is wrong.
        reason: &'static str,
    },
    /// The store was made with another deployment key.
    #[error("the store was created with another deployment key")]
    WrongKey,
    /// The store's format is not one that this version reads.
    #[error("the store has format {found}; this version reads format {supported}")]
    WrongFormat {
        /// The version the superblock names.
        found: u64,
        /// The version that we read.
        supported: u64,
    },
    /// The disk is larger than any manifest may say.
    #[error("a disk of {virtual_size} bytes is larger than the store takes")]
    TooLarge {
        /// The size that the disk claims.
        virtual_size: u64,
    },
    /// A collection is running in this process.
    #[error("another collection is running")]
    Busy,
    /// There is no layered volume of that name.
    #[error("no volume {0}")]
    NoVolume(String),
    /// The volume has no frozen layer of that label.
    #[error("volume {volume} has no frozen layer {label}")]
    NoLayer {
        /// The volume.
        volume: String,
        /// The label that was asked for.
        label: String,
    },
    /// A volume's name or a layer's label is not one that may become a file's name.
    #[error("{name:?} is no name of a volume or layer: those are 1 to 64 of a-z, 0-9 and -")]
    BadName {
        /// What was given.
        name: String,
    },
    /// A layered volume cannot have that size: it only grows, up to a bound, and holds at least a byte.
    #[error("volume {volume} cannot become {size} bytes large")]
    BadSize {
        /// The volume.
        volume: String,
        /// The size that was asked for.
        size: u64,
    },
    /// A volume has as many frozen layers as it may have.
    #[error("volume {volume} has too many frozen layers")]
    TooManyLayers {
        /// The volume.
        volume: String,
    },
    /// Another process, or another part of this one, has the directory of layered volumes open.
    #[error("somebody else has {directory} open")]
    InUse {
        /// The directory.
        directory: String,
    },
    /// A local file of a layered volume could not be read or written.
    #[error("cannot {operation} {path}")]
    File {
        /// What we tried.
        operation: &'static str,
        /// The file.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// The object store failed.
    #[error("cannot {operation} object {object}")]
    Objects {
        /// What we tried.
        operation: &'static str,
        /// The object's name.
        object: String,
        /// What the object store said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    /// What the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Source { .. } => ErrorKind::Source,
            Self::Cancelled => ErrorKind::Cancelled,
            Self::NotFound(_) | Self::NoVolume(_) | Self::NoLayer { .. } => ErrorKind::NotFound,
            Self::Corrupt { .. } => ErrorKind::Corrupt,
            Self::WrongKey
            | Self::WrongFormat { .. }
            | Self::TooLarge { .. }
            | Self::BadName { .. }
            | Self::BadSize { .. }
            | Self::TooManyLayers { .. } => ErrorKind::Refused,
            Self::Busy | Self::InUse { .. } => ErrorKind::Busy,
            Self::Objects { .. } | Self::File { .. } => ErrorKind::Unavailable,
        }
    }

    pub(crate) fn corrupt(object: impl Into<String>, offset: u64, reason: &'static str) -> Self {
        Self::Corrupt { object: object.into(), offset, reason }
    }
}

impl From<StoreError> for io::Error {
    fn from(error: StoreError) -> Self {
        let kind = match error.kind() {
            ErrorKind::Corrupt => io::ErrorKind::InvalidData,
            ErrorKind::NotFound => io::ErrorKind::NotFound,
            // Not `Interrupted`: readers retry that for ever.
            ErrorKind::Cancelled | ErrorKind::Busy => io::ErrorKind::Other,
            ErrorKind::Source | ErrorKind::Refused | ErrorKind::Unavailable => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

/// Result of the block store.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
