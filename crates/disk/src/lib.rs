//! Disk formats: recognise, read and write RAW, VHD and QCOW2.
//!
//! Ours and in safe Rust, because a disk file is the attack surface of an image service: whoever uploads one
//! chooses every bit of it. This crate knows formats and **not where bytes live**: a file is a [`ReadAt`], a guest's
//! disk is a [`Disk`], and an export goes into any `std::io::Write`, strictly from front to back.
//!
//! # What it guarantees
//!
//! - A number read from a file is checked before it sizes or places anything. Tables are bounded by the file's real
//!   size, caches by constants, so memory does not grow with what a file claims.
//! - No path, name or address found inside a file is followed, or even parsed: a backing file, an external data
//!   file and a parent locator are refused.
//! - A reader answers from the file alone, agrees with `qemu-img` byte for byte (the exceptions are named in
//!   [`vhd`]), and takes `&self`: any number of threads read at once.
//! - A hole is jumped over without reading it: an empty disk of 2 TiB is walked in well under a second.
//!
//! # Why a bound on the virtual size is the bound that matters
//!
//! A file of a few hundred KiB can stand for terabytes: every L1 entry of a QCOW2 may point at one L2 table, whose
//! entries all point at one cluster. No check of the tables can call that wrong (sharing is how the format works),
//! and patience is no limit. What it costs is bounded by what it *declares*: reading does work in proportion to
//! the virtual size and holds constant memory, so [`Limits::max_virtual_size`], the account's quota, and a store that
//! keeps equal blocks once are the limits.
//!
//! # What it deliberately does not do
//!
//! It does not write into existing files, keep snapshots inside files, read QCOW2's refcounts, or guess twice: the
//! format of a stored image is a fact on its record, and only an import calls [`probe`] or [`check`].

pub mod device;

mod allocation;
mod bytes;
mod cache;
mod error;
mod export;
mod file;
mod format;
mod source;

pub mod qcow2;
pub mod raw;
pub mod vhd;

pub use device::{Disk, ReadAt, WritableDisk};
pub use error::{Error, ErrorKind};
pub use export::{Export, Progress, Stamp, write, write_raw_tar_gz};
pub use file::LocalFile;
pub use format::{Checked, Foreign, Format, Limits, Probe, UnknownFormat, check, open, probe};
