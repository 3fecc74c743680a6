//! QCOW2, versions 2 and 3: QEMU's copy-on-write format, read without trusting it.
//!
//! # What is read
//!
//! The active layer: clusters of 512 bytes to 2 MiB, zero clusters with and without a place, clusters compressed with
//! zlib or zstd, and extended L2 entries (32 subclusters). Internal snapshots are tolerated and not looked at; a file
//! that was not closed cleanly (dirty) is read, because reading needs no refcounts.
//!
//! # What is refused
//!
//! A backing file and an external data file (the name is not even parsed), encryption, a file marked corrupt, any
//! incompatible feature that we do not know, an L1 table above 32 MiB (QEMU's bound), a table or a cluster outside the
//! file. Reserved bits of table entries are masked out, as QEMU does.
//!
//! # What is written
//!
//! Version 3, clusters of 64 KiB, uncompressed, refcounts of 16 bits, in the order header, refcount table, refcount
//! blocks, L1, L2, data: an object store takes it from front to back, and its length is known before the first byte.
//! Compressed clusters would be smaller, but their sizes, which the tables need, are known only after the data.

mod format;
mod read;
mod write;

pub use read::Qcow2;
pub(crate) use write::{CLUSTER_SIZE, Qcow2Layout};
