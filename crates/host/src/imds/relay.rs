//! The other end of the service: what QEMU runs for a guest's connection, with the connection as standard input and output.
//!
//! It is synchronous: it starts once a connection, so it must start fast, and two copies need no runtime.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Attempts to reach a server that is away, and the pause between them: a restart should not show in a guest.
const ATTEMPTS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(50);

/// Connects the guest of this machine to the service at `socket`, and returns when the service has said all it will.
///
/// The process should end then: what the guest may still send is read by a thread that nobody waits for.
pub fn relay(socket: &Path, machine: &str) -> io::Result<()> {
    // Not through `std`'s buffers: what a guest gets must be what was sent, when it was sent.
    let mut from_guest = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut to_guest = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let mut service = connect(socket)?;
    service.write_all(format!("{machine}\n").as_bytes())?;
    let mut to_service = service.try_clone()?;
    std::thread::spawn(move || {
        // The guest may leave at any time; the service learns that it will ask no more.
        let _ = carry(&mut from_guest, &mut to_service);
        let _ = to_service.shutdown(Shutdown::Write);
    });
    carry(&mut service, &mut to_guest)
}

/// Copies until the end. `io::copy` would have the kernel splice, which keeps a pipe locked, and its reader out, for as long
/// as it waits for the other side to say more.
fn carry(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut buffer = [0; 16 << 10];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(n) => to.write_all(&buffer[..n])?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn connect(socket: &Path) -> io::Result<UnixStream> {
    // An address of a socket has 108 bytes; the way through an open folder fits always.
    let (folder, name) = match (socket.parent(), socket.file_name()) {
        (Some(folder), Some(name)) if folder != Path::new("") => (folder, name),
        _ => return UnixStream::connect(socket),
    };
    let folder = File::open(folder)?;
    let address = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(name);
    let mut attempt = 1;
    loop {
        match UnixStream::connect(&address) {
            Err(error) if is_away(&error) && attempt < ATTEMPTS => std::thread::sleep(PAUSE),
            outcome => return outcome,
        }
        attempt += 1;
    }
}

fn is_away(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}
