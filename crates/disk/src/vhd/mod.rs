//! VHD: the format of Virtual PC, Hyper-V and Azure, fixed and dynamic.
//!
//! # Decisions, where the specification or its users leave a choice
//!
//! - **The footer at the end counts.** The copy at offset 0 is used only when no footer is at the end; it exists for
//!   that. `qemu-img` prefers the copy, which lets the guest of a fixed disk forge a header in its first sector.
//! - **Size** is `CurrentSize`, or the geometry for the creators that compute it so (`format::Footer::virtual_size`).
//!   For images of QEMU, Hyper-V, Azure, Disk2vhd and XenServer that is the size that `qemu-img` shows; an unknown
//!   creator's `CurrentSize` is believed where `qemu-img` cuts to the geometry.
//! - **The sector bitmap is honoured**: a sector whose bit is 0 was never written and reads as zeros. `qemu-img`
//!   reads whatever lies there. They differ only where a writer left stale bytes behind unset bits, and those bytes
//!   are nobody's data.
//! - **Two BAT entries may name overlapping blocks**, or a place inside the tables. It is wrong for a writer and
//!   harmless for a reader: it reads bytes of the same file, in proportion to the virtual size.
//! - A differencing disk is refused: its other half is in a file named by the image.
//! - A block must lie inside the file with all bytes that the guest can see; a shorter file is truncated, never
//!   padded with zeros.

pub(crate) mod format;
mod read;
mod write;

pub(crate) use read::Vhd;
pub use read::{DynamicVhd, FixedVhd};
pub(crate) use write::{BLOCK_SIZE, VhdLayout};
