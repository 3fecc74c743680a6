//! A Unix socket that only its owner can reach, in place of one that nobody listens on any more.
//!
//! A server that dies leaves its socket file behind, and binding refuses to replace it. Removing whatever is there would
//! let a second server take a running one's clients away. So a lock file beside the socket, held as long as the server
//! lives and never removed (its name is what servers agree on), says who may replace it; and a socket that somebody
//! answers on is left alone even then, since other programs know nothing of our lock.

use std::fs::{File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixSocket, UnixStream};

use super::error::{Error, Reason};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 128;

/// A listening Unix socket. Dropping it removes the file.
pub(super) struct OwnedSocket {
    pub(super) listener: UnixListener,
    path: PathBuf,
    /// Device and inode: only our own file is removed at the end.
    file: (u64, u64),
    _lock: File,
}

impl OwnedSocket {
    pub(super) async fn bind(path: &Path) -> Result<OwnedSocket, Error> {
        let failed = |action| move |source| Error::from(Reason::Socket { action, path: path.to_owned(), source });
        let lock = lock(path)?;
        remove_stale(path).await?;
        let socket = UnixSocket::new_stream().map_err(failed("make"))?;
        socket.bind(path).map_err(failed("bind"))?;
        // Before anybody can connect: that begins with `listen`.
        std::fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(failed("set the mode of"))?;
        let metadata = std::fs::symlink_metadata(path).map_err(failed("look at"))?;
        let listener = socket.listen(BACKLOG).map_err(failed("listen on"))?;
        Ok(OwnedSocket { listener, path: path.to_owned(), file: (metadata.dev(), metadata.ino()), _lock: lock })
    }
}

impl Drop for OwnedSocket {
    fn drop(&mut self) {
        let is_ours =
            std::fs::symlink_metadata(&self.path).is_ok_and(|metadata| (metadata.dev(), metadata.ino()) == self.file);
        if is_ours && let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), error = &error as &dyn std::error::Error, "cannot remove a socket");
        }
    }
}

fn lock(path: &Path) -> Result<File, Error> {
    let mut lock_path = path.as_os_str().to_owned();
    lock_path.push(".lock");
    let lock_path = PathBuf::from(lock_path);
    let failed = |action, source| Error::from(Reason::Socket { action, path: lock_path.clone(), source });
    let lock = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&lock_path)
        .map_err(|source| failed("open", source))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(Reason::InUse { path: path.to_owned() }.into()),
        Err(TryLockError::Error(source)) => Err(failed("lock", source)),
    }
}

async fn remove_stale(path: &Path) -> Result<(), Error> {
    let failed = |action| move |source| Error::from(Reason::Socket { action, path: path.to_owned(), source });
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.file_type().is_socket() => {}
        Ok(_) => return Err(Reason::NotASocket { path: path.to_owned() }.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed("look at")(error)),
    }
    match UnixStream::connect(path).await {
        Ok(_) => Err(Reason::InUse { path: path.to_owned() }.into()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path).map_err(failed("remove the stale"))
        }
        Err(error) => Err(failed("try")(error)),
    }
}
