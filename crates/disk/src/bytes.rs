//! Big-endian numbers in on-disk structures, and ranges that must not overflow.

use std::io;

/// The big-endian `u32` at `at` of a structure whose length the caller fixed.
pub(crate) fn be32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes were sliced"))
}

/// The big-endian `u64` at `at` of a structure whose length the caller fixed.
pub(crate) fn be64(bytes: &[u8], at: usize) -> u64 {
    u64::from_be_bytes(bytes[at..at + 8].try_into().expect("eight bytes were sliced"))
}

/// Put a big-endian `u32` into a structure that we build.
pub(crate) fn put32(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_be_bytes());
}

/// Put a big-endian `u64` into a structure that we build.
pub(crate) fn put64(bytes: &mut [u8], at: usize, value: u64) {
    bytes[at..at + 8].copy_from_slice(&value.to_be_bytes());
}

/// The end of a read of `len` bytes at `offset` of a disk, which must lie inside its `size`.
pub(crate) fn read_end(offset: u64, len: usize, size: u64) -> io::Result<u64> {
    offset.checked_add(len as u64).filter(|end| *end <= size).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

/// `size` rounded up to whole 512-byte sectors, or `None` when that overflows.
pub(crate) fn whole_sectors(size: u64) -> Option<u64> {
    size.checked_next_multiple_of(512)
}
