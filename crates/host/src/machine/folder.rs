//! A machine's folder: what is called how in it, and how its sockets are reached.
//!
//! The path of a Unix socket may have 108 bytes, a data directory more. QEMU stands in the folder and uses plain names;
//! this side opens the folder and goes through `/proc/self/fd`, which is short wherever the folder lies.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Path, PathBuf};

use model::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::net::UnixStream;

use super::error::{Error, Reason};
use super::spec::DiskSpec;

/// The control socket.
pub(super) const QMP: &str = "qmp.sock";
/// The serial console, both ways.
pub(super) const CONSOLE: &str = "console.sock";
/// What the guest wrote to its serial console.
pub(super) const CONSOLE_LOG: &str = "console.log";
/// The end of what was cut from that log.
pub(super) const CONSOLE_OLD: &str = "console.old";
/// QEMU's pid, while it runs.
pub(super) const PID: &str = "qemu.pid";
/// QEMU's complaints.
pub(super) const STDERR: &str = "qemu.err";
/// QEMU's trace of shutdowns.
pub(super) const TRACE: &str = "qemu.log";
/// The machine's own UEFI variables.
pub(super) const UEFI_VARS: &str = "uefi-vars.fd";
/// Why it does not run any more.
const STOPPED: &str = "stopped";
/// [`Started`].
const STARTED: &str = "started";

/// What is written down before a machine starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Started {
    /// When.
    pub(super) at: Timestamp,
    /// Whether there is a process, or only this record.
    pub(super) boots: bool,
}

/// What leads to a disk, seen from the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The name of the NBD server's socket.
    pub(super) socket: String,
    /// The export there.
    pub(super) export: String,
}

/// A machine's folder, whether it exists or not.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Folder {
        Folder { path }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Makes the folder as a machine wants it that is about to start: nothing of an earlier run is left but the UEFI
    /// variables.
    pub(super) fn prepare(&self, started: Started) -> Result<(), Error> {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(&self.path).map_err(|source| self.failed("make", source))?;
        for entry in std::fs::read_dir(&self.path).map_err(|source| self.failed("read", source))? {
            let entry = entry.map_err(|source| self.failed("read", source))?;
            if entry.file_name() != UEFI_VARS {
                std::fs::remove_file(entry.path()).map_err(|source| self.failed("clear", source))?;
            }
        }
        let text = serde_json::to_vec(&started).expect("a time and a flag are JSON");
        std::fs::write(self.file(STARTED), text).map_err(|source| self.failed("write to", source))
    }

    /// What was written down at the last start.
    pub(super) fn started(&self) -> Option<Started> {
        serde_json::from_slice(&std::fs::read(self.file(STARTED)).ok()?).ok()
    }

    /// The reason that was found when the machine ended.
    pub(super) fn stopped(&self) -> Option<String> {
        std::fs::read_to_string(self.file(STOPPED)).ok()
    }

    /// Writes down why the machine ended, and removes what only a running one needs.
    pub(super) fn set_stopped(&self, reason: &str) {
        if let Err(error) = std::fs::write(self.file(STOPPED), reason) {
            tracing::warn!(folder = %self.path.display(), %error, "cannot write down why a machine stopped");
        }
        for name in [QMP, CONSOLE, PID] {
            // QEMU removes them itself unless it was killed.
            let _ = std::fs::remove_file(self.file(name));
        }
    }

    pub(super) fn remove(&self) -> Result<(), Error> {
        match std::fs::remove_dir_all(&self.path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(self.failed("remove", source)),
            _ => Ok(()),
        }
    }

    /// Connects to a socket of the folder, however long its path is.
    pub(super) async fn connect(&self, name: &str) -> io::Result<UnixStream> {
        let folder = File::open(&self.path)?;
        UnixStream::connect(format!("/proc/self/fd/{}/{name}", folder.as_raw_fd())).await
    }

    /// Gives the socket of a disk a short name in the folder, and keeps what leads to the disk.
    pub(super) fn add_disk(&self, disk: &DiskSpec) -> Result<Place, Error> {
        self.remove_disk(&disk.serial);
        let place = Place { socket: format!("{}.nbd", disk.serial), export: disk.export.clone() };
        symlink(&disk.socket, self.file(&place.socket)).map_err(|source| self.failed("link a socket in", source))?;
        let text = serde_json::to_vec(&place).expect("two texts are JSON");
        std::fs::write(self.disk_file(&disk.serial), text).map_err(|source| self.failed("write to", source))?;
        Ok(place)
    }

    /// What leads to a disk.
    pub(super) fn disk(&self, serial: &str) -> Option<Place> {
        serde_json::from_slice(&std::fs::read(self.disk_file(serial)).ok()?).ok()
    }

    /// Forgets a disk. One that is not known is fine.
    pub(super) fn remove_disk(&self, serial: &str) {
        let _ = std::fs::remove_file(self.file(&format!("{serial}.nbd")));
        let _ = std::fs::remove_file(self.disk_file(serial));
    }

    fn disk_file(&self, serial: &str) -> PathBuf {
        self.file(&format!("{serial}.json"))
    }

    pub(super) fn failed(&self, action: &'static str, source: io::Error) -> Error {
        Reason::Io { action, path: self.path.clone(), source }.into()
    }
}
