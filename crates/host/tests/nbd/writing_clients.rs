//! Real clients that write a layered volume: what they wrote is there, in the volume and when it is opened again.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use disk::Disk;
use store::{IngestOptions, LayeredVolume, LayeredVolumes, ManifestId, Store, StoreOptions, StoredObjects};

use crate::support::{Served, TestDisk, run};

const MIB: u64 = 1 << 20;

/// Data of every shape, ending off every grid but that of sectors.
fn image() -> TestDisk {
    let size = 40 * MIB + 1536;
    let mut data = vec![4096..12288, MIB..2 * MIB, 5 * MIB + 512..5 * MIB + 1024];
    data.extend((0..64).map(|n| 8 * MIB + n * 16384..8 * MIB + n * 16384 + 4096));
    data.extend([16 * MIB..20 * MIB, 33 * MIB..size]);
    TestDisk::new(size, &data)
}

struct World {
    directory: tempfile::TempDir,
    store: Store,
}

impl World {
    fn new() -> World {
        let objects = Arc::new(StoredObjects::memory());
        let store = Store::open(objects, [1; 32], StoreOptions::default()).unwrap();
        World { directory: tempfile::tempdir().unwrap(), store }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    fn volume(&self, size: u64, base: Option<ManifestId>) -> Arc<LayeredVolume> {
        let volumes = LayeredVolumes::open(&self.path("volumes"), self.store.clone()).unwrap();
        volumes.create("disk", size, base).unwrap();
        volumes.volume("disk").unwrap()
    }
}

fn bytes_of(disk: &dyn Disk) -> Vec<u8> {
    let mut bytes = vec![0; disk.virtual_size() as usize];
    disk.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

fn is_same(path: &Path, bytes: &[u8]) -> bool {
    std::fs::read(path).unwrap() == bytes
}

#[test]
fn nbdinfo_sees_a_disk_that_can_be_written() {
    let world = World::new();
    let served = Served::writable(world.volume(MIB, None));
    let info = run(Command::new("nbdinfo").arg("--json").arg(served.uri("disk")));
    for expected in [
        "\"is_read_only\": false",
        "\"can_flush\": true",
        "\"can_fua\": true",
        "\"can_trim\": true",
        "\"can_zero\": true",
        "\"can_fast_zero\": true",
        "\"can_multi_conn\": true",
        "\"can_cache\": true",
        "\"can_df\": true",
        "\"block_size_minimum\": 1",
    ] {
        assert!(info.contains(expected), "no {expected} in {info}");
    }
}

#[test]
fn nbdcopy_copies_in_and_out() {
    let (world, image) = (World::new(), image());
    let expected = image.expected(0..image.size);
    std::fs::write(world.path("in.raw"), &expected).unwrap();
    let volume = world.volume(image.size, None);
    let served = Served::writable(volume.clone());
    run(Command::new("nbdcopy").arg("--flush").arg(world.path("in.raw")).arg(served.uri("disk")));
    assert!(bytes_of(volume.as_ref()) == expected);
    run(Command::new("nbdcopy").arg(served.uri("disk")).arg(world.path("out.raw")));
    assert!(is_same(&world.path("out.raw"), &expected));
    drop((served, volume));
    assert!(bytes_of(world.volume(image.size, None).as_ref()) == expected, "and it is there when opened again");
}

#[test]
fn qemu_img_writes_over_an_image_and_leaves_the_image_alone() {
    let (world, image) = (World::new(), image());
    let expected = image.expected(0..image.size);
    let base = world.store.ingest(&image, &IngestOptions::default()).unwrap().manifest;
    let volume = world.volume(image.size, Some(base));
    let served = Served::writable(volume.clone());
    // Other data, with holes where the image has some.
    let other: Vec<u8> = expected.chunks(4096).rev().flatten().map(|byte| byte ^ 0x5a).collect();
    std::fs::write(world.path("other.raw"), &other).unwrap();
    let convert = ["convert", "-n", "-W", "-m", "8", "-f", "raw", "-O", "raw"];
    run(Command::new("qemu-img").args(convert).arg(world.path("other.raw")).arg(served.uri("disk")));
    assert!(bytes_of(volume.as_ref()) == other);
    let compare = ["compare", "-f", "raw", "-F", "raw"];
    run(Command::new("qemu-img").args(compare).arg(world.path("other.raw")).arg(served.uri("disk")));
    assert!(bytes_of(&world.store.volume(&base).unwrap()) == expected, "an image never changes");
}

#[test]
fn qemu_io_writes_zeroes_discards_and_flushes() {
    let (world, image) = (World::new(), image());
    let base = world.store.ingest(&image, &IngestOptions::default()).unwrap().manifest;
    let volume = world.volume(image.size, Some(base));
    let served = Served::writable(volume.clone());
    let mut expected = image.expected(0..image.size);
    let mut qemu_io = Command::new("qemu-io");
    qemu_io.args(["-f", "raw", "-d", "unmap", "-t", "writeback"]);
    for command in [
        "write -P 0x11 0 64k",
        "write -P 0x22 17M 3M",
        "write -P 0x33 5243392 512",
        "write -f -P 0x44 34M 8k",
        "write -z 1M 300k",
        "write -z -u 18M 1M",
        "discard 35M 2M",
        "flush",
        "read -P 0x22 17M 1M",
        "read -P 0 18M 1M",
        "read -P 0x22 19M 1M",
        "read -P 0x33 5243392 512",
    ] {
        qemu_io.args(["-c", command]);
    }
    let said = run(qemu_io.arg(served.uri("disk")));
    assert!(!said.contains("failed"), "{said}");
    let mut fill = |from: u64, len: u64, byte: u8| expected[from as usize..(from + len) as usize].fill(byte);
    fill(0, 64 << 10, 0x11);
    fill(17 * MIB, 3 * MIB, 0x22);
    fill(5_243_392, 512, 0x33);
    fill(34 * MIB, 8 << 10, 0x44);
    fill(MIB, 300 << 10, 0);
    fill(18 * MIB, MIB, 0);
    fill(35 * MIB, 2 * MIB, 0);
    assert!(bytes_of(volume.as_ref()) == expected);
    drop((served, volume));
    assert!(bytes_of(world.volume(image.size, Some(base)).as_ref()) == expected);
}

#[test]
fn fio_verifies_what_it_wrote_at_random() {
    let world = World::new();
    let served = Served::writable(world.volume(64 * MIB, None));
    let uri = format!("--uri=nbd+unix:///disk?socket={}", served.path.display());
    let job = [
        "--name=verify",
        "--ioengine=nbd",
        "--rw=randwrite",
        "--bsrange=512-64k",
        "--bs_unaligned=1",
        "--iodepth=16",
        "--size=64m",
        "--verify=crc32c",
        "--verify_fatal=1",
        "--do_verify=1",
        "--fsync=100",
        "--randseed=7",
    ];
    run(Command::new("fio").args(job).arg(uri).current_dir(world.directory.path()));
}
