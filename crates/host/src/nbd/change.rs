//! What changes a disk: writes, zeros, trims and flushes.
//!
//! Each is done when its function returns, and no reply is made before. With `FUA` it is durable then as well, which
//! costs a flush of everything: disks here know no other.

use std::io;
use std::ops::Range;

use disk::WritableDisk;

use super::protocol::{CMD_FLAG_FUA, CMD_FLAG_NO_HOLE, CMD_TRIM, CMD_WRITE_ZEROES, Request};

/// Zeros that must not become a hole are written in pieces of this many bytes.
const ZEROS_BYTES: u64 = 256 << 10;

/// Write what a client brought.
pub(super) fn write(disk: &dyn WritableDisk, request: &Request, data: &[u8]) -> io::Result<()> {
    disk.write_all_at(data, request.offset)?;
    make_durable(disk, request)
}

/// Do a request that brings no data; its range lies within the disk.
pub(super) fn apply(disk: &dyn WritableDisk, request: &Request, range: Range<u64>) -> io::Result<()> {
    match request.command {
        CMD_TRIM => disk.trim(range)?,
        CMD_WRITE_ZEROES if request.flags & CMD_FLAG_NO_HOLE != 0 => write_zeros(disk, range)?,
        CMD_WRITE_ZEROES => disk.write_zeroes(range)?,
        _ => return disk.flush(),
    }
    make_durable(disk, request)
}

fn make_durable(disk: &dyn WritableDisk, request: &Request) -> io::Result<()> {
    if request.flags & CMD_FLAG_FUA != 0 { disk.flush() } else { Ok(()) }
}

/// Zeros that take room: the client wants to be sure of it.
fn write_zeros(disk: &dyn WritableDisk, range: Range<u64>) -> io::Result<()> {
    let zeros = vec![0; ZEROS_BYTES as usize];
    let mut at = range.start;
    while at < range.end {
        let n = (range.end - at).min(ZEROS_BYTES);
        disk.write_all_at(&zeros[..n as usize], at)?;
        at += n;
    }
    Ok(())
}
