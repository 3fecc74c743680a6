//! A QEMU process, known by a pidfd: it can end, but never become another.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;

use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::io::unix::AsyncFd;

use super::folder::{Folder, PID};

/// A process that was alive when it was found.
#[derive(Debug)]
pub(super) struct Process {
    pidfd: AsyncFd<OwnedFd>,
}

impl Process {
    /// The process of this pid, which the caller knows to be alive or not yet waited for.
    pub(super) fn of_pid(pid: u32) -> io::Result<Process> {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidInput)?;
        let pidfd = pidfd_open(pid, PidfdFlags::NONBLOCK)?;
        Ok(Process { pidfd: watched(pidfd)? })
    }

    /// The process that runs in a machine's folder, if there is one.
    ///
    /// The pid file may be old and the number given to somebody else since; but nobody else stands in that folder.
    pub(super) fn of_folder(folder: &Folder) -> Option<Process> {
        let pid: u32 = fs::read_to_string(folder.file(PID)).ok()?.trim().parse().ok()?;
        // Opened first: what is found out about the number then holds for the process.
        let process = Process::of_pid(pid).ok()?;
        let stands_in = fs::metadata(format!("/proc/{pid}/cwd")).ok()?;
        let folder = fs::metadata(folder.path()).ok()?;
        ((stands_in.dev(), stands_in.ino()) == (folder.dev(), folder.ino())).then_some(process)
    }

    /// Completes when the process has ended.
    pub(super) async fn ended(&self) {
        // An error would mean that the reactor is gone, and the process that asks with it.
        let _ = self.pidfd.readable().await;
    }

    /// Ends it at once. One that has ended is fine.
    pub(super) fn kill(&self) {
        if let Err(error) = pidfd_send_signal(self.pidfd.get_ref(), Signal::KILL) {
            tracing::debug!(%error, "a process ended before it could be killed");
        }
    }
}

#[expect(deprecated, reason = "its successor is unsafe, for descriptors that others may close; an `OwnedFd` is ours")]
fn watched(pidfd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::new(pidfd)
}
