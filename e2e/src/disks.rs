//! Disks for the tests: a real file system with real files, in every format.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::qemu_img;

/// Size of the disk that the guest would see.
pub const DISK_BYTES: u64 = 384 << 20;

/// Makes a disk with an ext4 file system that holds this machine's programs, as RAW. `seed` makes disks differ.
pub fn make_raw(folder: &Path, seed: &str) -> PathBuf {
    let tree = folder.join(format!("tree-{seed}"));
    std::fs::create_dir_all(&tree).expect("a folder");
    std::fs::write(tree.join("seed"), seed.repeat(100_000)).expect("written");
    // Real programs and libraries: their bytes compress and repeat as those of an image do.
    let copied = Command::new("cp").args(["-a", "/usr/sbin", "/usr/lib/apt"]).arg(&tree).status().expect("cp runs");
    assert!(copied.success());
    let disk = folder.join(format!("{seed}.raw"));
    let size = format!("{}k", DISK_BYTES >> 10);
    let made = Command::new("/usr/sbin/mke2fs")
        .args(["-q", "-t", "ext4", "-d"])
        .arg(&tree)
        .arg(&disk)
        .arg(size)
        .status()
        .expect("mke2fs is installed (e2fsprogs)");
    assert!(made.success());
    std::fs::remove_dir_all(&tree).expect("removed");
    disk
}

/// The disk in another format, by `qemu-img`.
pub fn convert(disk: &Path, format: &str, options: &[&str]) -> PathBuf {
    let out = disk.with_extension(format);
    let driver = if format == "vhd" { "vpc" } else { format };
    let (from, to) = (disk.to_str().expect("a path in UTF-8"), out.to_str().expect("a path in UTF-8"));
    qemu_img(&[&["convert", "-f", "raw", "-O", driver], options, &[from, to]].concat());
    out
}

/// Asserts that a file or an address holds the same disk.
pub fn assert_same(disk: &Path, other: &str, format: &str) {
    let disk = disk.to_str().expect("a path in UTF-8");
    // Exit status 1 says that the disks differ; trailing zeros of the longer one do not count.
    qemu_img(&["compare", "-f", "raw", "-F", format, disk, other]);
}
