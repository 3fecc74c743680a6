//! Why something could not be done to a machine.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why something could not be done to a machine.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(Reason);

/// What a caller can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The specification cannot be: a fault of whoever wrote it.
    Invalid,
    /// No such machine is running.
    NotRunning,
    /// QEMU or the guest said no; the machine is as it was.
    Refused,
    /// QEMU does not answer in time. The machine may be waiting for its disks.
    Silent,
    /// QEMU could not be started.
    NotStarted,
    /// The operating system refused.
    Io,
}

impl Error {
    /// What a caller can act on.
    pub fn kind(&self) -> ErrorKind {
        match &self.0 {
            Reason::Invalid { .. } => ErrorKind::Invalid,
            Reason::NotRunning => ErrorKind::NotRunning,
            Reason::Qemu { .. }
            | Reason::GuestKeepsDisk { .. }
            | Reason::NvmeKeepsSize { .. }
            | Reason::NoDisk { .. }
            | Reason::NoPort
            | Reason::Port { .. }
            | Reason::NotLoopback => ErrorKind::Refused,
            Reason::Silent { .. } | Reason::Garbled | Reason::HungUp => ErrorKind::Silent,
            Reason::NoFirmware | Reason::Ended { .. } | Reason::NoQemu { .. } => ErrorKind::NotStarted,
            Reason::Io { .. } => ErrorKind::Io,
        }
    }
}

impl From<Reason> for Error {
    fn from(reason: Reason) -> Self {
        Self(reason)
    }
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Reason {
    #[error("{field} of the machine cannot be {value:?}")]
    Invalid { field: &'static str, value: String },
    #[error("the machine is not running")]
    NotRunning,
    #[error("QEMU refused {command}: {message}")]
    Qemu { command: &'static str, message: String },
    #[error("the guest did not let go of disk {serial} within {} s", patience.as_secs_f32())]
    GuestKeepsDisk { serial: String, patience: Duration },
    #[error("disk {serial} is on an NVMe bus, which shows a new size at the machine's next start only")]
    NvmeKeepsSize { serial: String },
    #[error("the machine has no disk {serial}")]
    NoDisk { serial: String },
    #[error("the machine has no place left for a disk")]
    NoPort,
    #[error("port {port} of {address} cannot be listened on")]
    Port { address: std::net::Ipv4Addr, port: u16, source: io::Error },
    #[error("a forward may listen on loopback addresses only")]
    NotLoopback,
    #[error("QEMU did not answer {command} within {} s", patience.as_secs())]
    Silent { command: &'static str, patience: Duration },
    #[error("QEMU sent something that is not its protocol")]
    Garbled,
    #[error("QEMU closed its control socket")]
    HungUp,
    #[error("no UEFI firmware (OVMF) is installed on this host")]
    NoFirmware,
    #[error("the machine ended while it started: {reason}")]
    Ended { reason: String },
    #[error("{} cannot be used", path.display())]
    NoQemu { path: PathBuf, source: io::Error },
    #[error("cannot {action} {}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
}
