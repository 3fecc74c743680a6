//! Real clients: libnbd's tools and QEMU's, over both kinds of socket.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use disk::Disk;

use crate::support::{Disks, Served, TestDisk, run};
use host::nbd::ServerOptions;

const MIB: u64 = 1 << 20;

/// Data of every shape: in the middle, a whole MiB, crumbs, and up to an end that is no multiple of anything.
fn disk() -> Arc<TestDisk> {
    let size = 40 * MIB + 1536;
    let mut data = vec![4096..12288, MIB..2 * MIB, 5 * MIB + 512..5 * MIB + 1024];
    data.extend((0..64).map(|n| 8 * MIB + n * 16384..8 * MIB + n * 16384 + 4096));
    data.extend([16 * MIB..20 * MIB, 33 * MIB..size]);
    Arc::new(TestDisk::new(size, &data))
}

fn write_raw(disk: &TestDisk, path: &Path) {
    std::fs::write(path, disk.expected(0..disk.size)).unwrap();
}

#[test]
fn nbdinfo_sees_what_we_offer() {
    let disk = disk();
    let other: Arc<dyn Disk> = Arc::new(TestDisk::new(8192, &[]));
    let exports = Disks([("disk".to_owned(), disk.clone() as Arc<dyn Disk>), ("other".to_owned(), other)].into());
    let served = Served::start(exports, ServerOptions::default(), false);
    let info = run(Command::new("nbdinfo").arg("--json").arg(served.uri("disk")));
    for expected in [
        "\"protocol\": \"newstyle-fixed\"",
        "\"structured\": true",
        "\"export-name\": \"disk\"",
        "\"description\": \"the disk disk\"",
        &format!("\"export-size\": {}", disk.size),
        "\"is_read_only\": true",
        "\"can_cache\": true",
        "\"can_df\": true",
        "\"can_multi_conn\": true",
        "\"can_trim\": false",
        "\"can_flush\": false",
        "\"block_size_minimum\": 1",
        "\"block_size_preferred\": 4096",
        "\"block_size_maximum\": 33554432",
        "\"base:allocation\"",
    ] {
        assert!(info.contains(expected), "no {expected} in {info}");
    }
    let list = run(Command::new("nbdinfo").arg("--list").arg(served.uri("")));
    assert!(list.contains("export=\"disk\"") && list.contains("export=\"other\""), "{list}");
    let refused = Command::new("nbdinfo").arg(served.uri("nobody")).output().expect("nbdinfo is installed");
    assert!(!refused.status.success());
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(error.contains("No such file or directory for export: nobody"), "{error}");
}

#[test]
fn nbdinfo_maps_the_holes() {
    let disk = Arc::new(TestDisk::new(10 * MIB, &[MIB..2 * MIB, 4 * MIB..4 * MIB + 4096]));
    let served = Served::unix(&disk);
    let map = run(Command::new("nbdinfo").arg("--map").arg(served.uri("disk")));
    let map: Vec<Vec<&str>> = map.lines().map(|line| line.split_whitespace().take(3).collect()).collect();
    assert_eq!(
        map,
        [
            ["0", "1048576", "3"],
            ["1048576", "1048576", "0"],
            ["2097152", "2097152", "3"],
            ["4194304", "4096", "0"],
            ["4198400", "6287360", "3"],
        ]
    );
}

#[test]
fn nbdcopy_copies_every_byte() {
    let disk = disk();
    let scratch = tempfile::tempdir().unwrap();
    let copy = scratch.path().join("copy");
    for served in [Served::unix(&disk), Served::tcp(&disk)] {
        for options in [&["--connections=4", "--requests=64"][..], &["--synchronous"], &["--no-extents"]] {
            let _ = std::fs::remove_file(&copy);
            run(Command::new("nbdcopy").args(options).arg(served.uri("disk")).arg(&copy));
            assert!(std::fs::read(&copy).unwrap() == disk.expected(0..disk.size), "{options:?}");
        }
    }
}

#[test]
fn qemu_reads_the_same_disk() {
    let disk = disk();
    let scratch = tempfile::tempdir().unwrap();
    let raw = scratch.path().join("raw");
    write_raw(&disk, &raw);
    let copy = scratch.path().join("copy.qcow2");
    for served in [Served::unix(&disk), Served::tcp(&disk)] {
        // QEMU counts in sectors, which this disk's size is a multiple of.
        run(Command::new("qemu-img").args(["compare", "-f", "raw", "-F", "raw"]).arg(&raw).arg(served.uri("disk")));
        run(Command::new("qemu-img").args(["convert", "-O", "qcow2", "-f", "raw"]).arg(served.uri("disk")).arg(&copy));
        run(Command::new("qemu-img").args(["compare", "-f", "raw", "-F", "qcow2"]).arg(&raw).arg(&copy));
    }
}

#[test]
fn qemu_maps_the_holes() {
    let disk = Arc::new(TestDisk::new(64 * MIB, &[MIB..2 * MIB, 40 * MIB..40 * MIB + 65536]));
    let served = Served::unix(&disk);
    let map = run(Command::new("qemu-img").args(["map", "--output=json", "-f", "raw"]).arg(served.uri("disk")));
    let extents: Vec<(u64, u64, bool)> = map
        .lines()
        .map(|line| (number(line, "start"), number(line, "length"), line.contains("\"zero\": true")))
        .collect();
    assert_eq!(
        extents,
        [
            (0, MIB, true),
            (MIB, MIB, false),
            (2 * MIB, 38 * MIB, true),
            (40 * MIB, 65536, false),
            (40 * MIB + 65536, 24 * MIB - 65536, true),
        ]
    );
}

/// The value of a number in a line of `qemu-img map --output=json`.
fn number(line: &str, name: &str) -> u64 {
    let (_, rest) = line.split_once(&format!("\"{name}\": ")).unwrap_or_else(|| panic!("no {name} in {line}"));
    rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

#[test]
fn an_empty_disk_is_an_export_too() {
    let served = Served::unix(&Arc::new(TestDisk::new(0, &[])));
    assert_eq!(run(Command::new("nbdinfo").arg("--size").arg(served.uri("disk"))).trim(), "0");
}
