//! Layered volumes as their users see them: names, sizes, sharing, snapshots under load, and what they cost.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use disk::{Disk, WritableDisk};
use store::layered::{BootId, MAX_VOLUME_BYTES};
use store::{ErrorKind, LayeredVolume, LayeredVolumes, Store, StoredObjects};

use crate::support::{BLOCK, MemoryDisk, ingest, open};

const MIB: u64 = 1 << 20;

struct World {
    directory: tempfile::TempDir,
    store: Store,
}

impl World {
    fn new() -> World {
        World { directory: tempfile::tempdir().expect("a directory"), store: open(Arc::new(StoredObjects::memory())) }
    }

    fn volumes(&self) -> LayeredVolumes {
        LayeredVolumes::open(self.directory.path(), self.store.clone()).expect("open the volumes")
    }

    fn volume(&self, size: u64) -> Arc<LayeredVolume> {
        let volumes = self.volumes();
        volumes.create("disk", size, None).expect("create");
        volumes.volume("disk").expect("open")
    }
}

fn read(disk: &dyn Disk, offset: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![7; len];
    disk.read_exact_at(&mut bytes, offset).expect("read");
    bytes
}

/// Bytes that a directory takes on its file system.
fn du(path: &Path) -> u64 {
    let metadata = std::fs::symlink_metadata(path).expect("it is there");
    let own = metadata.blocks() * 512;
    if !metadata.is_dir() {
        return own;
    }
    own + std::fs::read_dir(path).expect("list").map(|entry| du(&entry.expect("an entry").path())).sum::<u64>()
}

#[test]
fn names_become_files_and_so_are_plain() {
    let world = World::new();
    let volumes = world.volumes();
    for name in ["", "a/b", "..", ".new-a", "A", "a_b", "a.b", "a\0", "ü", &"a".repeat(65)] {
        assert_eq!(volumes.create(name, MIB, None).expect_err(name).kind(), ErrorKind::Refused);
        assert_eq!(volumes.volume(name).err().expect(name).kind(), ErrorKind::Refused);
        assert_eq!(volumes.delete(name).expect_err(name).kind(), ErrorKind::Refused);
    }
    let longest = "a".repeat(64);
    for name in ["d-2", "0", &longest] {
        volumes.create(name, MIB, None).expect(name);
    }
    assert_eq!(volumes.names().expect("list"), ["0", &longest, "d-2"]);
    let volume = volumes.volume("d-2").expect("open");
    for label in ["", "../x", "S"] {
        assert_eq!(volume.freeze(label).expect_err(label).kind(), ErrorKind::Refused);
    }
    assert_eq!(volumes.volume("d-3").err().expect("absent").kind(), ErrorKind::NotFound);
    for size in [0, MAX_VOLUME_BYTES + 1, u64::MAX] {
        assert_eq!(volumes.create("big", size, None).expect_err("no size").kind(), ErrorKind::Refused);
        assert_eq!(volume.replace(size, None).expect_err("no size").kind(), ErrorKind::Refused);
    }
    assert_eq!(volume.grow(MIB - 1).expect_err("smaller").kind(), ErrorKind::Refused);
}

#[test]
fn a_directory_is_open_once_and_a_volume_once_in_it() {
    let world = World::new();
    let volumes = world.volumes();
    let again = LayeredVolumes::open(world.directory.path(), world.store.clone());
    assert_eq!(again.err().expect("in use").kind(), ErrorKind::Busy);
    volumes.create("disk", MIB, None).expect("create");
    let volume = volumes.volume("disk").expect("open");
    assert!(Arc::ptr_eq(&volume, &volumes.clone().volume("disk").expect("open")));
    drop(volumes);
    let again = LayeredVolumes::open(world.directory.path(), world.store.clone());
    assert_eq!(again.err().expect("the volume is still open").kind(), ErrorKind::Busy);
    drop(volume);
    world.volumes();
}

#[test]
fn making_one_that_is_there_leaves_it_alone() {
    let world = World::new();
    let volume = world.volume(MIB);
    volume.write_all_at(&[1; 10], 5).expect("write");
    drop(volume);
    let volume = world.volume(2 * MIB);
    assert_eq!(volume.virtual_size(), MIB);
    assert_eq!(read(volume.as_ref(), 4, 12), [&[0][..], &[1; 10], &[0]].concat());
}

#[test]
fn a_deleted_volume_is_gone_at_once_and_reads_on_for_those_who_have_it() {
    let world = World::new();
    let volumes = world.volumes();
    volumes.delete("disk").expect("absent is fine");
    volumes.create("disk", MIB, None).expect("create");
    let volume = volumes.volume("disk").expect("open");
    volume.write_all_at(&[1; 4096], 0).expect("write");
    volumes.delete("disk").expect("delete");
    assert_eq!(volumes.names().expect("list"), Vec::<String>::new());
    assert_eq!(read(volume.as_ref(), 0, 4096), [1; 4096]);
    volume.write_all_at(&[2; 4096], 0).expect("write for nobody");
    assert_eq!(volume.freeze("s").expect_err("gone").kind(), ErrorKind::NotFound);
    assert_eq!(volume.grow(2 * MIB).expect_err("gone").kind(), ErrorKind::NotFound);
    // One of that name begins anew.
    volumes.create("disk", MIB, None).expect("create");
    let fresh = volumes.volume("disk").expect("open");
    assert!(!Arc::ptr_eq(&fresh, &volume));
    assert_eq!(read(fresh.as_ref(), 0, 4096), [0; 4096]);
    let entries = std::fs::read_dir(world.directory.path()).expect("list").count();
    assert_eq!(entries, 2, "the lock and the volume");
}

#[test]
fn what_a_crash_left_lying_goes_and_nothing_else() {
    let world = World::new();
    drop(world.volume(MIB));
    let root = world.directory.path();
    let write = |path: &str| {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("one")).expect("create");
        std::fs::write(path, b"x").expect("write");
    };
    let id = "00112233445566778899aabbccddeeff";
    let strange = [
        ".new-other/chain.json".to_owned(),
        ".gone-other-1/chain.json".to_owned(),
        format!("disk/{id}.0.data"),
        format!("disk/{id}.log"),
        format!("disk/{id}.log.new"),
        "disk/chain.json.new".to_owned(),
    ];
    let foreign = ["notes".to_owned(), "disk/notes.log".to_owned(), format!("disk/{id}.txt")];
    strange.iter().chain(&foreign).for_each(|path| write(path));
    let volumes = world.volumes();
    assert_eq!(volumes.names().expect("list"), ["disk"]);
    volumes.volume("disk").expect("open");
    for path in strange {
        assert!(!root.join(&path).exists(), "{path}");
    }
    for path in foreign {
        assert!(root.join(&path).exists(), "{path}");
    }
}

#[test]
fn growing_shows_zeros_whatever_the_base_has_there() {
    let world = World::new();
    let base = ingest(&world.store, &MemoryDisk::seeded(1, 0..64), 1).manifest;
    let volumes = world.volumes();
    let seen = 10 * BLOCK + 100;
    volumes.create("disk", seen as u64, Some(base)).expect("create");
    let volume = volumes.volume("disk").expect("open");
    let bytes = MemoryDisk::seeded(1, 0..64).bytes();
    assert!(read(volume.as_ref(), 0, seen) == bytes[..seen]);
    // The last block is copied up, with zeros behind the end.
    volume.write_all_at(&[9], seen as u64 - 1).expect("write");
    for _ in 0..2 {
        volume.grow(1 << 20).expect("grow");
    }
    let expected = [&bytes[..seen - 1], &[9], &vec![0; (1 << 20) - seen]].concat();
    assert!(read(volume.as_ref(), 0, 1 << 20) == expected);
    assert_eq!(volume.next_data(seen as u64).expect("map").map(|data| data.end), Some(11 * BLOCK as u64));
    assert_eq!(volume.next_data(11 * BLOCK as u64).expect("map"), None);
}

#[test]
fn what_was_read_once_is_ready_and_what_was_not_is_not() {
    let world = World::new();
    let disk = MemoryDisk::seeded(1, 0..64);
    let base = ingest(&world.store, &disk, 1).manifest;
    let volumes = world.volumes();
    volumes.create("disk", MIB, Some(base)).expect("create");
    let volume = volumes.volume("disk").expect("open");
    let mut bytes = vec![0; 3 * BLOCK];
    assert!(!volume.read_if_ready(&mut bytes, 100).expect("no failure"), "its frame was never fetched");
    assert!(read(volume.as_ref(), 100, 3 * BLOCK) == disk.bytes()[100..][..3 * BLOCK]);
    assert!(volume.read_if_ready(&mut bytes, 100).expect("no failure"));
    assert!(bytes == disk.bytes()[100..][..3 * BLOCK]);
    volume.write_zeroes(0..2 * BLOCK as u64).expect("zero");
    assert!(volume.read_if_ready(&mut bytes, 0).expect("no failure"));
    assert!(bytes == [vec![0; 2 * BLOCK], disk.bytes()[2 * BLOCK..3 * BLOCK].to_vec()].concat());
}

#[test]
fn a_base_that_is_gone_is_an_error_and_the_volume_stays() {
    let world = World::new();
    let base = ingest(&world.store, &MemoryDisk::seeded(1, 0..4), 1).manifest;
    let volumes = world.volumes();
    volumes.create("disk", MIB, Some(base)).expect("create");
    world.store.delete_manifest(&base).expect("delete");
    assert_eq!(volumes.volume("disk").err().expect("no base").kind(), ErrorKind::NotFound);
    assert_eq!(volumes.names().expect("list"), ["disk"]);
}

#[test]
fn the_largest_disk_costs_nothing_until_it_is_written() {
    let world = World::new();
    let volume = world.volume(MAX_VOLUME_BYTES);
    let empty = du(world.directory.path());
    assert!(empty <= 24 << 10, "{empty} bytes for an empty disk, its directory and ours");
    assert_eq!(volume.next_data(0).expect("map"), None);
    // Beyond what one file of ext4 holds, and across the seam of two files.
    let places = [0, (8 << 40) - 4096, (20 << 40) + 12_345, MAX_VOLUME_BYTES - 10_000];
    for (place, byte) in places.into_iter().zip(1..) {
        volume.write_all_at(&[byte; 10_000], place).expect("write");
    }
    volume.flush().expect("flush");
    drop(volume);
    let volume = world.volume(MAX_VOLUME_BYTES);
    let mut at = 0;
    for (place, byte) in places.into_iter().zip(1..) {
        assert_eq!(read(volume.as_ref(), place, 10_000), [byte; 10_000]);
        let data = volume.next_data(at).expect("map").expect("there is more");
        assert_eq!(data.start, place / 4096 * 4096);
        at = data.end;
    }
    assert_eq!(volume.next_data(at).expect("map"), None);
    assert!(volume.stored_bytes().expect("measure") <= 80 << 10);
    // A guest discards a whole disk before it makes a file system.
    volume.trim(0..MAX_VOLUME_BYTES).expect("trim");
    assert_eq!(volume.next_data(0).expect("map"), None);
    assert_eq!(read(volume.as_ref(), places[2], 10_000), [0; 10_000]);
    // The file system keeps a few blocks for its own map of the holes.
    assert!(volume.stored_bytes().expect("measure") <= 32 << 10);
}

#[test]
fn a_log_that_says_one_thing_again_and_again_is_written_anew() {
    let world = World::new();
    let volume = world.volume(64 * MIB);
    let done = AtomicBool::new(false);
    let rounds = std::thread::scope(|scope| {
        // Meanwhile somebody else writes, whose records must survive each rewriting.
        let other = scope.spawn(|| {
            let mut n = 0u64;
            while !done.load(Ordering::SeqCst) {
                let place = MIB + n % 8192 * 4096;
                volume.write_all_at(&n.to_le_bytes().repeat(512), place).expect("write");
                n += 1;
            }
            n
        });
        for n in 0..50_000u32 {
            volume.write_all_at(&[n as u8; 4096], 0).expect("write");
            volume.trim(0..4096).expect("trim");
            if n % 5000 == 0 {
                volume.flush().expect("flush");
            }
        }
        volume.write_all_at(&[5; 4096], 4096).expect("write");
        volume.flush().expect("flush");
        done.store(true, Ordering::SeqCst);
        other.join().expect("no panic")
    });
    let log_bytes = || {
        let entries = std::fs::read_dir(world.directory.path().join("disk")).expect("list");
        let entries = entries.map(|entry| entry.expect("an entry"));
        let logs = entries.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "log"));
        logs.map(|log| log.metadata().expect("it is there").len()).sum::<u64>()
    };
    assert!(log_bytes() < 50_000 * 2 * 16 / 2, "{} bytes of log", log_bytes());
    drop(volume);
    for boot in [1, 2] {
        let volumes = LayeredVolumes::open_in(world.directory.path(), world.store.clone(), BootId([boot; 16]));
        let volume = volumes.expect("open").volume("disk").expect("open");
        assert_eq!(read(volume.as_ref(), 0, 8192), [[0; 4096], [5; 4096]].concat());
        if boot == 1 {
            // Not all of it was flushed, but all of what the last flush covers.
            volume.flush().expect("flush");
        }
        let last = rounds.saturating_sub(1);
        assert!(last < 8192 || read(volume.as_ref(), MIB, 8) != [0; 8]);
    }
}

#[test]
fn parts_of_one_block_do_not_lose_each_other() {
    const LANES: usize = 8;
    const BLOCKS: usize = 96;
    let world = World::new();
    let base = ingest(&world.store, &MemoryDisk::seeded(1, 0..BLOCKS as u64), 1).manifest;
    let volumes = world.volumes();
    for round in 0..6 {
        let name = format!("disk-{round}");
        volumes.create(&name, (BLOCKS * BLOCK) as u64, Some(base)).expect("create");
        let volume = volumes.volume(&name).expect("open");
        std::thread::scope(|scope| {
            for lane in 0..LANES {
                let volume = &volume;
                scope.spawn(move || {
                    for block in 0..BLOCKS {
                        let at = block * BLOCK + lane * (BLOCK / LANES);
                        let bytes = [lane as u8 + 1; BLOCK / LANES];
                        // The middle lanes write zeros half the time, which changes what a block is held as.
                        if lane == 3 && block % 2 == 0 {
                            volume.write_zeroes(at as u64..(at + bytes.len()) as u64).expect("write zeroes");
                        } else {
                            volume.write_all_at(&bytes, at as u64).expect("write");
                        }
                    }
                });
            }
        });
        for block in 0..BLOCKS {
            let bytes = read(volume.as_ref(), (block * BLOCK) as u64, BLOCK);
            for (lane, bytes) in bytes.chunks(BLOCK / LANES).enumerate() {
                let expected = if lane == 3 && block % 2 == 0 { 0 } else { lane as u8 + 1 };
                assert!(bytes.iter().all(|byte| *byte == expected), "block {block}, lane {lane}");
            }
        }
    }
}

#[test]
fn a_snapshot_under_load_is_a_moment() {
    const WRITERS: u64 = 4;
    const BLOCKS: u64 = 64;
    let world = World::new();
    let volume = world.volume(WRITERS * BLOCKS * BLOCK as u64);
    let done = AtomicBool::new(false);
    let acknowledged: [AtomicU64; WRITERS as usize] = Default::default();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (volume, done, acknowledged) = (&volume, &done, &acknowledged[writer as usize]);
            // Write n goes to the next block round and round, so the blocks tell how many writes there were.
            scope.spawn(move || {
                for n in 1.. {
                    let at = (writer * BLOCKS + n % BLOCKS) * BLOCK as u64;
                    volume.write_all_at(&u64::to_le_bytes(n).repeat(BLOCK / 8), at).expect("write");
                    acknowledged.store(n, Ordering::SeqCst);
                    if done.load(Ordering::SeqCst) {
                        break;
                    }
                }
            });
        }
        for snapshot in 0..20 {
            let label = format!("s-{snapshot}");
            let before: Vec<u64> = acknowledged.iter().map(|n| n.load(Ordering::SeqCst)).collect();
            volume.freeze(&label).expect("freeze");
            let view = volume.frozen(&label).expect("durable").expect("there");
            let manifest = ingest(&world.store, view.as_ref(), 1).manifest;
            let after: Vec<u64> = acknowledged.iter().map(|n| n.load(Ordering::SeqCst) + 1).collect();
            volume.rebase(&label, manifest).expect("rebase");
            let stored = world.store.volume(&manifest).expect("volume");
            for writer in 0..WRITERS {
                let bytes = read(&stored, writer * BLOCKS * BLOCK as u64, BLOCKS as usize * BLOCK);
                let numbers: Vec<u64> =
                    bytes.chunks(8).map(|eight| u64::from_le_bytes(eight.try_into().expect("eight"))).collect();
                let blocks: Vec<u64> = numbers.chunks(BLOCK / 8).map(|block| block[0]).collect();
                assert!(numbers.chunks(BLOCK / 8).all(|block| block.iter().all(|n| *n == block[0])), "a torn block");
                let last = *blocks.iter().max().expect("some");
                for (n, found) in (0..).zip(&blocks) {
                    // The latest write to that block among the first `last` ones.
                    let expected = if last < n { 0 } else { last - (last - n) % BLOCKS };
                    assert_eq!(*found, expected, "writer {writer}, {last} writes, block {n}");
                }
                assert!((before[writer as usize]..=after[writer as usize]).contains(&last));
            }
        }
        done.store(true, Ordering::SeqCst);
    });
}
