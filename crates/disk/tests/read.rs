//! What `qemu-img` writes, we read byte for byte.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;

use disk::{Checked, Disk, ErrorKind, Format, Limits, Probe, check, open, probe};
use support::*;

fn sample(scratch: &Scratch) -> (PathBuf, Vec<u8>) {
    let (size, runs) = sample_runs();
    let path = scratch.raw("sample.raw", size, &runs);
    let bytes = fs::read(&path).unwrap();
    (path, bytes)
}

#[track_caller]
fn check_detects(path: &Path, format: Format, virtual_size: u64) {
    let limits = Limits::default();
    assert_eq!(probe(local(path).as_ref()).unwrap(), Probe::Known(format));
    let expected = Checked { format, virtual_size };
    assert_eq!(check(local(path), None, &limits).unwrap(), expected);
    assert_eq!(check(local(path), Some(format), &limits).unwrap(), expected);
    for other in [Format::Raw, Format::Vhd, Format::Qcow2].into_iter().filter(|other| *other != format) {
        assert_eq!(check(local(path), Some(other), &limits).unwrap_err().kind(), ErrorKind::FormatMismatch);
    }
    let tight = Limits { max_virtual_size: virtual_size - 1 };
    assert_eq!(check(local(path), None, &tight).unwrap_err().kind(), ErrorKind::TooLarge);
}

#[track_caller]
fn reads_qcow2(options: &str, flags: &[&str]) {
    let scratch = Scratch::new();
    let (raw, bytes) = sample(&scratch);
    let image = scratch.path("image.qcow2");
    convert(("raw", &raw), ("qcow2", &image), options, flags);
    check_detects(&image, Format::Qcow2, bytes.len() as u64);
    let disk = open_path(&image, Format::Qcow2).unwrap();
    assert_eq!(disk.virtual_size(), bytes.len() as u64);
    assert_content(disk.as_ref(), &bytes);
}

#[test]
fn raw() {
    let scratch = Scratch::new();
    let (raw, bytes) = sample(&scratch);
    check_detects(&raw, Format::Raw, bytes.len() as u64);
    let disk = open_path(&raw, Format::Raw).unwrap();
    assert_content(disk.as_ref(), &bytes);
    assert!(data_ranges(disk.as_ref()).len() > 3, "holes of the file system show");
}

#[test]
fn qcow2_versions() {
    reads_qcow2("compat=0.10", &[]);
    reads_qcow2("compat=1.1", &[]);
    reads_qcow2("compat=1.1,lazy_refcounts=on,refcount_bits=64", &[]);
    reads_qcow2("compat=1.1", &["-S", "0"]);
    reads_qcow2("preallocation=metadata", &[]);
    reads_qcow2("preallocation=full", &[]);
}

#[test]
fn qcow2_every_cluster_size() {
    for bits in 9..=21 {
        reads_qcow2(&format!("cluster_size={}", 1 << bits), &[]);
    }
}

#[test]
fn qcow2_compressed() {
    for bits in [9, 12, 16, 21] {
        reads_qcow2(&format!("cluster_size={}", 1 << bits), &["-c"]);
        reads_qcow2(&format!("cluster_size={},compression_type=zstd", 1 << bits), &["-c"]);
    }
    reads_qcow2("compat=0.10", &["-c"]);
}

#[test]
fn qcow2_extended_l2() {
    for bits in [14, 16, 21] {
        reads_qcow2(&format!("extended_l2=on,cluster_size={}", 1 << bits), &[]);
        reads_qcow2(&format!("extended_l2=on,cluster_size={}", 1 << bits), &["-c"]);
        reads_qcow2(&format!("extended_l2=on,compression_type=zstd,cluster_size={}", 1 << bits), &["-c"]);
    }
}

/// Apply `commands` to a QCOW2 of the sample and compare with what `qemu-img` makes of the result.
#[track_caller]
fn reads_qcow2_after(options: &str, flags: &[&str], commands: &[&str], snapshot_first: bool) {
    let scratch = Scratch::new();
    let (raw, _) = sample(&scratch);
    let (image, back) = (scratch.path("image.qcow2"), scratch.path("back.raw"));
    convert(("raw", &raw), ("qcow2", &image), options, flags);
    if snapshot_first {
        qemu_img(&["snapshot", "-c", "before", image.to_str().unwrap()]);
    }
    qemu_io("qcow2", &image, commands);
    convert(("qcow2", &image), ("raw", &back), "", &[]);
    let expected = fs::read(&back).unwrap();
    assert_ne!(expected, fs::read(&raw).unwrap(), "the commands changed something");
    assert_content(open_path(&image, Format::Qcow2).unwrap().as_ref(), &expected);
}

/// Zero clusters with and without a place, discarded clusters, partial writes, all over mapped and unmapped clusters.
const WORN: &[&str] = &[
    "write -z 0 128k",
    "write -z -u 192k 128k",
    "discard 5M 256k",
    "write -z 6M 4k",
    "write -P 0x11 6144k 1k",
    "write -P 0x22 9M 2k",
    "write -z 10M 1M",
    "write -P 0x33 10500k 8k",
    "discard 7M 2k",
    "write -P 0x44 12M 512",
];

#[test]
fn qcow2_in_use() {
    for options in
        ["", "compat=0.10", "cluster_size=4k", "cluster_size=2M", "extended_l2=on", "extended_l2=on,cluster_size=16k"]
    {
        reads_qcow2_after(options, &[], WORN, false);
        reads_qcow2_after(options, &["-c"], WORN, false);
        reads_qcow2_after(options, &[], WORN, true);
    }
}

#[test]
fn qcow2_left_dirty_is_read() {
    let scratch = Scratch::new();
    let (raw, bytes) = sample(&scratch);
    let image = scratch.path("image.qcow2");
    convert(("raw", &raw), ("qcow2", &image), "", &[]);
    let mut file = fs::read(&image).unwrap();
    file[79] |= 1;
    let disk = open(Arc::new(file), Format::Qcow2, &Limits::default()).unwrap();
    assert_content(disk.as_ref(), &bytes);
}

#[test]
fn qcow2_with_a_snapshot_bitmap_and_long_header_extensions() {
    let scratch = Scratch::new();
    let (raw, bytes) = sample(&scratch);
    let image = scratch.path("image.qcow2");
    convert(("raw", &raw), ("qcow2", &image), "", &[]);
    qemu_img(&["snapshot", "-c", "one", image.to_str().unwrap()]);
    qemu_img(&["bitmap", "--add", image.to_str().unwrap(), "changes"]);
    assert_content(open_path(&image, Format::Qcow2).unwrap().as_ref(), &bytes);
}

#[test]
fn qcow2_refuses_what_points_outside() {
    let scratch = Scratch::new();
    let (raw, _) = sample(&scratch);
    let (overlay, external) = (scratch.path("overlay.qcow2"), scratch.path("external.qcow2"));
    qemu_img(&["create", "-q", "-f", "qcow2", "-b", raw.to_str().unwrap(), "-F", "raw", overlay.to_str().unwrap()]);
    let data = format!("data_file={}", scratch.path("data").to_str().unwrap());
    qemu_img(&["create", "-q", "-f", "qcow2", "-o", &data, external.to_str().unwrap(), "10M"]);
    for path in [&overlay, &external] {
        assert_eq!(open_path(path, Format::Qcow2).err().unwrap().kind(), ErrorKind::PointsOutside);
        assert_eq!(check(local(path), None, &Limits::default()).unwrap_err().kind(), ErrorKind::PointsOutside);
    }
}

#[test]
fn qcow2_refuses_encryption() {
    let scratch = Scratch::new();
    let image = scratch.path("image.qcow2");
    let options = "encrypt.format=luks,encrypt.key-secret=key,encrypt.iter-time=10";
    qemu_img(&[
        "create",
        "-q",
        "--object",
        "secret,id=key,data=letmein",
        "-f",
        "qcow2",
        "-o",
        options,
        image.to_str().unwrap(),
        "10M",
    ]);
    assert_eq!(open_path(&image, Format::Qcow2).err().unwrap().kind(), ErrorKind::Encrypted);
}

#[track_caller]
fn reads_vhd(options: &str) {
    let scratch = Scratch::new();
    let (raw, bytes) = sample(&scratch);
    let image = scratch.path("image.vhd");
    convert(("raw", &raw), ("vpc", &image), options, &[]);
    let size = qemu_virtual_size("vpc", &image);
    check_detects(&image, Format::Vhd, size);
    let disk = open_path(&image, Format::Vhd).unwrap();
    assert_eq!(disk.virtual_size(), size);
    assert_content(disk.as_ref(), &bytes);
    if options.contains("force_size=on") {
        assert_eq!(size, bytes.len() as u64);
    }
}

#[test]
fn vhd() {
    for subformat in ["fixed", "dynamic"] {
        for force_size in ["on", "off"] {
            reads_vhd(&format!("subformat={subformat},force_size={force_size}"));
        }
    }
}

#[test]
fn vhd_sizes_agree() {
    let scratch = Scratch::new();
    for size in
        ["512", "1M", "17M", "100M", "503M", "504M", "1G", "7G", "8G", "31G", "40G", "127G", "128G", "500G", "2000G"]
    {
        for force_size in ["on", "off"] {
            let image = scratch.path("image.vhd");
            let options = format!("subformat=dynamic,force_size={force_size}");
            qemu_img(&["create", "-q", "-f", "vpc", "-o", &options, image.to_str().unwrap(), size]);
            let expected = qemu_virtual_size("vpc", &image);
            assert_eq!(open_path(&image, Format::Vhd).unwrap().virtual_size(), expected, "{size} {force_size}");
        }
    }
}

#[test]
fn a_dynamic_vhd_without_its_footer_is_read_by_the_copy() {
    let scratch = Scratch::new();
    let (raw, bytes) = sample(&scratch);
    let image = scratch.path("image.vhd");
    convert(("raw", &raw), ("vpc", &image), "subformat=dynamic,force_size=on", &[]);
    let mut file = fs::read(&image).unwrap();
    file.truncate(file.len() - 512);
    let disk = open(Arc::new(file), Format::Vhd, &Limits::default()).unwrap();
    assert_content(disk.as_ref(), &bytes);
}

#[test]
fn an_old_footer_of_511_bytes_is_read() {
    let scratch = Scratch::new();
    let (raw, bytes) = sample(&scratch);
    for subformat in ["fixed", "dynamic"] {
        let image = scratch.path("image.vhd");
        convert(("raw", &raw), ("vpc", &image), &format!("subformat={subformat},force_size=on"), &[]);
        let mut file = fs::read(&image).unwrap();
        assert_eq!(file.pop(), Some(0));
        let disk = open(Arc::new(file), Format::Vhd, &Limits::default()).unwrap();
        assert_content(disk.as_ref(), &bytes);
    }
}

/// A guest that writes a VHD header into its first sector does not change what the file is.
#[test]
fn a_fixed_vhd_is_not_forged_from_inside() {
    let scratch = Scratch::new();
    let (_, inner) = {
        let (raw, _) = sample(&scratch);
        let inner = scratch.path("inner.vhd");
        convert(("raw", &raw), ("vpc", &inner), "subformat=dynamic", &[]);
        (raw, fs::read(&inner).unwrap())
    };
    let guest = scratch.raw("guest.raw", inner.len() as u64 + 8 * MIB, &[(0, inner.clone())]);
    let outer = scratch.path("outer.vhd");
    convert(("raw", &guest), ("vpc", &outer), "subformat=fixed,force_size=on", &[]);
    let expected = fs::read(&guest).unwrap();
    check_detects(&outer, Format::Vhd, expected.len() as u64);
    assert_content(open_path(&outer, Format::Vhd).unwrap().as_ref(), &expected);
}

/// An empty disk of the largest size is walked by its tables' absence, in any format
/// that has tables.
#[test]
fn two_tebibytes_of_nothing() {
    let scratch = Scratch::new();
    for (format, name, options, size) in [
        (Format::Qcow2, "qcow2", "cluster_size=64k", "2048G"),
        (Format::Qcow2, "qcow2", "cluster_size=2M", "2048G"),
        (Format::Qcow2, "qcow2", "cluster_size=4k", "2048G"),
        (Format::Vhd, "vpc", "subformat=dynamic,force_size=on", "2040G"),
    ] {
        let image = scratch.path("empty");
        qemu_img(&["create", "-q", "-f", name, "-o", options, image.to_str().unwrap(), size]);
        let disk = open_path(&image, format).unwrap();
        let started = std::time::Instant::now();
        assert_eq!(disk.next_data(0).unwrap(), None);
        let took = started.elapsed();
        assert!(took.as_millis() < 500, "{format} {options}: {took:?}");
        let mut last = vec![1; 512];
        disk.read_exact_at(&mut last, disk.virtual_size() - 512).unwrap();
        assert_eq!(last, [0; 512]);
    }
}

/// Reading what lies together in the file is one request, however many clusters it spans.
#[test]
fn contiguous_clusters_are_one_read() {
    let scratch = Scratch::new();
    let noise = Random::new(1).bytes(16 * MIB);
    let raw = scratch.raw("noise.raw", 16 * MIB, &[(0, noise.clone())]);
    let image = scratch.path("image.qcow2");
    convert(("raw", &raw), ("qcow2", &image), "", &["-W", "-m", "1"]);
    let file = Counting::new(fs::read(&image).unwrap());
    let disk = open(file.clone(), Format::Qcow2, &Limits::default()).unwrap();
    let opening = file.reads.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(read_all_in(disk.as_ref(), 4 * MIB), noise);
    let reads = file.reads.load(std::sync::atomic::Ordering::Relaxed) - opening;
    assert!(reads <= 5 + 4, "{reads} reads: one of the L2 table, one a request, few more where clusters moved");
}

/// A compressed cluster that is read in small steps is fetched once.
#[test]
fn compressed_clusters_are_unpacked_once() {
    let scratch = Scratch::new();
    let raw = scratch.raw("text.raw", 4 * MIB, &[(0, text(4 * MIB))]);
    let image = scratch.path("image.qcow2");
    convert(("raw", &raw), ("qcow2", &image), "", &["-c"]);
    let file = Counting::new(fs::read(&image).unwrap());
    let disk = open(file.clone(), Format::Qcow2, &Limits::default()).unwrap();
    let opening = file.reads.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(read_all_in(disk.as_ref(), 4 * KIB), text(4 * MIB));
    assert_eq!(file.reads.load(std::sync::atomic::Ordering::Relaxed) - opening, 64 + 1);
}

#[test]
fn threads_share_a_disk() {
    let scratch = Scratch::new();
    let (raw, bytes) = sample(&scratch);
    for (format, name, options, flags) in [
        (Format::Qcow2, "qcow2", "cluster_size=4k,compression_type=zstd", &["-c"][..]),
        (Format::Vhd, "vpc", "subformat=dynamic,force_size=on", &[]),
    ] {
        let image = scratch.path("image");
        convert(("raw", &raw), (name, &image), options, flags);
        let disk = open_path(&image, format).unwrap();
        thread::scope(|scope| {
            for seed in 0..4 {
                let (disk, bytes) = (disk.as_ref(), &bytes);
                scope.spawn(move || {
                    let mut random = Random::new(seed);
                    let mut buf = vec![0; 40 << 10];
                    for _ in 0..300 {
                        let len = random.below(buf.len() as u64) as usize;
                        let at = random.below((bytes.len() - len) as u64) as usize;
                        disk.read_exact_at(&mut buf[..len], at as u64).unwrap();
                        assert!(buf[..len] == bytes[at..at + len]);
                    }
                });
            }
        });
    }
}

#[test]
fn the_tools_are_here() {
    for tool in ["qemu-img", "qemu-io"] {
        assert!(Command::new(tool).arg("--version").output().unwrap().status.success());
    }
}

fn read_all_in(disk: &dyn Disk, step: u64) -> Vec<u8> {
    let mut bytes = vec![0; disk.virtual_size() as usize];
    for (index, chunk) in bytes.chunks_mut(step as usize).enumerate() {
        disk.read_exact_at(chunk, index as u64 * step).unwrap();
    }
    bytes
}
