//! Machines that really run: a boot sector of ours for what is between QEMU and us, and a Debian system for what is
//! between a guest and us.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod adopting;
mod debian;
mod driver;
mod metadata;
mod plugging;
mod support;
