//! What users of the store rely on, one promise a test.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::support::{BLOCK, MemoryDisk, at, check_equal, content, ingest, open};
use disk::Disk;
use parking_lot::Mutex;
use store::{
    CancelFlag, CollectOptions, Damage, ErrorKind, IngestOptions, ManifestId, Objects, Store, StoredObjects,
    VerifyOptions, conformance,
};

fn memory() -> Arc<StoredObjects> {
    Arc::new(StoredObjects::memory())
}

fn collect(store: &Store, live: &[ManifestId], options: &CollectOptions) -> store::CollectReport {
    let collection = store.start_collection().expect("nobody else collects");
    collection.run(live, options).expect("collect")
}

#[test]
fn memory_keeps_the_promises_of_objects() {
    conformance::objects(&StoredObjects::memory());
}

#[test]
fn a_directory_keeps_the_promises_of_objects() {
    let dir = tempfile::tempdir().expect("temporary directory");
    conformance::objects(&StoredObjects::directory(dir.path()).expect("open"));
}

#[test]
fn a_store_with_a_runtime_keeps_the_promises_of_objects() {
    let runtime = tokio::runtime::Runtime::new().expect("runtime");
    let below = Arc::new(object_store::memory::InMemory::new());
    conformance::objects(&StoredObjects::remote(below, runtime.handle().clone()));
}

#[test]
fn a_disk_comes_back_from_a_directory_after_reopening() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let directory = || Arc::new(StoredObjects::directory(dir.path()).expect("open"));
    let mut disk = MemoryDisk::seeded(1, 0..1500);
    disk.size += 40 << 20;
    disk.set(9000, content(1, 77));
    let first = ingest(&open(directory()), &disk, 1);
    let store = open(directory());
    check_equal(&store, &first.manifest, &disk);
    let again = ingest(&store, &disk, 2);
    assert_eq!((again.new_blocks, again.new_bytes_stored), (0, 0));
    assert_eq!(again.digest, first.digest);
    assert_eq!(again.data_bytes, 1501 * BLOCK as u64);
    let file = dir.path().join(format!("manifests/{}", first.manifest));
    assert!(file.is_file());
}

#[test]
fn layout_padding_and_deployment_do_not_change_the_digest() {
    let disk = MemoryDisk::seeded(5, 0..1100);
    let mut other = disk.clone();
    other.knows_holes = false;
    other.size += 123_456;
    let store = open(memory());
    let one = ingest(&store, &disk, 1);
    let two = ingest(&store, &other, 2);
    assert_eq!(one.digest, two.digest);
    assert_eq!(two.new_blocks, 0);
    let elsewhere = Store::open(memory(), [1; 32], crate::support::options()).expect("open");
    assert_eq!(ingest(&elsewhere, &disk, 1).digest, one.digest);
    let mut changed = disk.clone();
    changed.set(3, content(5, 4));
    assert_ne!(ingest(&store, &changed, 3).digest, one.digest);
}

#[test]
fn equal_blocks_are_stored_once_wherever_they_are() {
    let mut disk = MemoryDisk::new(16 << 20);
    for n in 0..4096 {
        disk.set(n, content(1, (n % 3) as u32));
    }
    let store = open(memory());
    let done = ingest(&store, &disk, 1);
    assert_eq!(done.new_blocks, 3);
    check_equal(&store, &done.manifest, &disk);
    // One block for a whole disk is one run a segment.
    let mut filled = MemoryDisk::new(16 << 20);
    for n in 0..4096 {
        filled.set(n, content(1, 1));
    }
    let done = ingest(&store, &filled, 2);
    assert_eq!(done.new_blocks, 0);
    check_equal(&store, &done.manifest, &filled);
}

#[test]
fn an_empty_disk_and_no_disk_at_all() {
    let store = open(memory());
    for size in [0, 1, 5 << 20] {
        let disk = MemoryDisk::new(size);
        let done = ingest(&store, &disk, 1);
        assert_eq!((done.data_bytes, done.new_blocks), (0, 0));
        assert_eq!(store.volume(&done.manifest).expect("volume").virtual_size(), size);
        assert_eq!(store.volume(&done.manifest).expect("volume").next_data(0).expect("map"), None);
    }
    assert_eq!(store.usage(&[]).expect("usage").packs, 0);
    let missing = ManifestId::from([9; 16]);
    assert_eq!(store.volume(&missing).err().map(|e| e.kind()), Some(ErrorKind::NotFound));
}

/// A disk that does something when it is read.
struct Hooked<F>(MemoryDisk, F);

impl<F: Fn(u64) -> io::Result<()> + Send + Sync> Disk for Hooked<F> {
    fn virtual_size(&self) -> u64 {
        self.0.virtual_size()
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        (self.1)(offset)?;
        self.0.read_exact_at(buf, offset)
    }

    fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
        self.0.next_data(offset)
    }
}

#[test]
fn a_failing_source_fails_the_ingest_with_its_error_and_leaves_what_collection_removes() {
    let store = open(memory());
    let kept = ingest(&store, &MemoryDisk::seeded(1, 0..10), 1).manifest;
    let disk = Hooked(MemoryDisk::seeded(2, 0..5000), |offset| {
        if offset < 12 << 20 { Ok(()) } else { Err(io::Error::other("the cable is out")) }
    });
    let error = store.ingest(&disk, &at(2)).expect_err("the source failed");
    assert_eq!(error.kind(), ErrorKind::Source);
    let source = std::error::Error::source(&error).expect("a source").to_string();
    assert_eq!(source, "the cable is out");
    collect(&store, &[kept], &CollectOptions::immediate(3));
    assert_eq!(store.usage(&[kept]).expect("usage").packs, 1);
    assert_eq!(store.manifests().expect("list"), [kept]);
}

#[test]
fn cancelling_stops_and_leaves_what_collection_removes() {
    let store = open(memory());
    let cancel = CancelFlag::default();
    let asked = cancel.clone();
    let disk = Hooked(MemoryDisk::seeded(2, 0..20_000), move |offset| {
        if (40 << 20) <= offset {
            asked.cancel();
        }
        Ok(())
    });
    let options = IngestOptions { cancel, ..at(1) };
    let error = store.ingest(&disk, &options).expect_err("cancelled");
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    collect(&store, &[], &CollectOptions::immediate(2));
    let usage = store.usage(&[]).expect("usage");
    assert_eq!((usage.packs, usage.manifest_bytes), (0, 0));
}

#[test]
fn progress_grows_and_ends_at_the_size() {
    let store = open(memory());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = seen.clone();
    let mut disk = MemoryDisk::seeded(1, 3000..9000);
    disk.size += 99 << 20;
    let options = IngestOptions {
        progress: Some(Arc::new(move |progress: store::Progress| sink.lock().push(progress))),
        ..at(1)
    };
    store.ingest(&disk, &options).expect("ingest");
    let seen = seen.lock();
    assert!(seen.is_sorted_by_key(|progress| progress.done));
    assert!(seen.iter().all(|progress| progress.of == disk.size));
    assert_eq!(seen.last().map(|progress| progress.done), Some(disk.size));
    assert!(5 < seen.len());
}

#[test]
fn two_ingests_of_one_disk_at_once_agree() {
    let store = open(memory());
    let disk = MemoryDisk::seeded(7, 0..4000);
    let (one, two) = std::thread::scope(|scope| {
        let one = scope.spawn(|| ingest(&store, &disk, 1));
        let two = scope.spawn(|| ingest(&store, &disk, 1));
        (one.join().expect("no panic"), two.join().expect("no panic"))
    });
    assert_eq!(one.digest, two.digest);
    assert_ne!(one.manifest, two.manifest);
    check_equal(&store, &one.manifest, &disk);
    check_equal(&store, &two.manifest, &disk);
    assert_eq!(ingest(&store, &disk, 2).new_blocks, 0);
}

#[test]
fn collection_beside_ingests_and_readers_takes_nothing_from_them() {
    let store = open(memory());
    let live: Mutex<Vec<(ManifestId, MemoryDisk)>> = Mutex::default();
    let done = AtomicBool::new(false);
    let clock = AtomicU64::new(1);
    std::thread::scope(|scope| {
        let ingests: Vec<_> = (0..2u32)
            .map(|worker| {
                let (store, live, clock) = (&store, &live, &clock);
                scope.spawn(move || {
                    for n in 0..25u32 {
                        // Old content returns again and again, often when nothing live names it.
                        let disk = MemoryDisk::seeded(n % 3, 0..200 + u64::from(n * 40 + worker));
                        let ingested = ingest(store, &disk, clock.fetch_add(1, Ordering::SeqCst));
                        live.lock().push((ingested.manifest, disk));
                        drop(ingested.hold);
                        let gone = {
                            let mut live = live.lock();
                            // Opened while it is live: a deleted manifest cannot be opened any more.
                            (3 < live.len()).then(|| {
                                let (id, disk) = live.remove(0);
                                (id, disk, store.volume(&id).expect("live"))
                            })
                        };
                        if let Some((id, disk, volume)) = gone {
                            store.delete_manifest(&id).expect("delete");
                            // Deleted and open: its packs stay while we read.
                            let mut bytes = vec![0; disk.size as usize];
                            volume.read_exact_at(&mut bytes, 0).expect("read");
                            assert!(bytes == disk.bytes());
                        }
                    }
                })
            })
            .collect();
        let collector = scope.spawn(|| {
            let mut deleted = 0;
            while !done.load(Ordering::SeqCst) {
                let collection = store.start_collection().expect("the only one");
                // Held across the run, so that no manifest that we call live is deleted meanwhile.
                let live = live.lock();
                let ids: Vec<_> = live.iter().map(|(id, _)| *id).collect();
                let options = CollectOptions::immediate(clock.fetch_add(1, Ordering::SeqCst));
                deleted += collection.run(&ids, &options).expect("collect").packs_deleted;
            }
            deleted
        });
        let ended: Vec<_> = ingests.into_iter().map(|ingest| ingest.join()).collect();
        done.store(true, Ordering::SeqCst);
        assert!(ended.iter().all(Result::is_ok));
        collector.join().expect("no panic");
    });
    let live = live.into_inner();
    let ids: Vec<_> = live.iter().map(|(id, _)| *id).collect();
    let report = store.verify(&ids, &VerifyOptions { deep: true, ..VerifyOptions::default() }).expect("verify");
    assert_eq!(report.damage, []);
    for (id, disk) in &live {
        check_equal(&store, id, disk);
    }
}

#[test]
fn an_unrecorded_ingest_is_held_back_from_collection() {
    let store = open(memory());
    let dead = ingest(&store, &MemoryDisk::seeded(1, 0..100), 1).manifest;
    store.delete_manifest(&dead).expect("delete");
    // It refers to the pack that nothing live names, and is not recorded yet.
    let held = ingest(&store, &MemoryDisk::seeded(1, 0..100), 5);
    assert_eq!(held.new_blocks, 0);
    let report = collect(&store, &[], &CollectOptions::immediate(6));
    assert_eq!((report.packs_deleted, report.manifests_deleted), (0, 0));
    check_equal(&store, &held.manifest, &MemoryDisk::seeded(1, 0..100));
    let id = held.manifest;
    drop(held);
    collect(&store, &[id], &CollectOptions::immediate(7));
    check_equal(&store, &id, &MemoryDisk::seeded(1, 0..100));
    let report = collect(&store, &[], &CollectOptions::immediate(8));
    assert_eq!((report.packs_deleted, report.manifests_deleted), (1, 1));
}

#[test]
fn an_ingest_of_another_node_holds_back_deletion_and_pardons() {
    let objects = memory();
    let (here, there) =
        (open(objects.clone()), Store::open(objects.clone(), [42; 32], ids_of_another_node()).expect("open"));
    let disk = MemoryDisk::seeded(1, 0..100);
    let dead = ingest(&here, &disk, 1).manifest;
    there.warm().expect("index");
    here.delete_manifest(&dead).expect("delete");
    let options = |now_ms, oldest| CollectOptions {
        grace_ms: 10,
        oldest_ingest_started_ms: oldest,
        ..CollectOptions::immediate(now_ms)
    };
    // Condemned while the other node's ingest, begun at 50, may have looked already.
    let report = collect(&here, &[], &options(100, Some(50)));
    assert_eq!((report.packs_condemned, report.packs_deleted), (1, 0));
    assert_eq!(collect(&here, &[], &options(200, Some(50))).packs_deleted, 0);
    // One that begins after the marker does not use the pack.
    let fresh = ingest(&there, &disk, 210);
    assert_eq!(fresh.new_blocks, 100);
    let id = fresh.manifest;
    drop(fresh);
    assert_eq!(collect(&here, &[id], &options(300, None)).packs_deleted, 1);
    check_equal(&here, &id, &disk);
    // And a condemned pack that something names after all is pardoned.
    assert_eq!(collect(&here, &[], &options(310, Some(205))).manifests_deleted, 0);
    let pack = objects.list("packs").expect("list").remove(0).name.replace("packs", "condemned");
    objects.put_new(&pack, vec!["5".into()]).expect("put");
    let report = collect(&here, &[id], &options(320, None));
    assert_eq!((report.packs_pardoned, report.packs_deleted), (1, 0));
    check_equal(&here, &id, &disk);
}

fn ids_of_another_node() -> store::StoreOptions {
    let next = AtomicU64::new(1 << 40);
    store::StoreOptions {
        random: Arc::new(move |buffer: &mut [u8]| {
            let n = next.fetch_add(1, Ordering::Relaxed);
            buffer[..8].copy_from_slice(&n.to_le_bytes());
        }),
        ..crate::support::options()
    }
}

#[test]
fn mostly_dead_packs_are_rewritten_and_open_readers_keep_theirs() {
    let store = open(memory());
    let big = MemoryDisk::seeded(1, 0..2000);
    let mut small = MemoryDisk::new(big.size);
    for n in (0..2000).step_by(40) {
        small.set(n, big.blocks[&n].clone());
    }
    let first = ingest(&store, &big, 1).manifest;
    let kept = ingest(&store, &small, 2).manifest;
    store.delete_manifest(&first).expect("delete");
    let reader = store.volume(&kept).expect("volume");
    let before = store.usage(&[kept]).expect("usage").pack_bytes;
    let report = collect(&store, &[kept], &CollectOptions::immediate(3));
    assert_eq!((report.packs_rewritten, report.packs_deleted), (1, 0));
    let mut bytes = vec![0; small.size as usize];
    reader.read_exact_at(&mut bytes, 0).expect("the old places are still there");
    assert!(bytes == small.bytes());
    drop(reader);
    let report = collect(&store, &[kept], &CollectOptions::immediate(4));
    assert_eq!((report.packs_rewritten, report.packs_deleted), (0, 1));
    assert!(store.usage(&[kept]).expect("usage").pack_bytes < before / 10);
    check_equal(&store, &kept, &small);
    assert_eq!(ingest(&store, &small, 5).new_blocks, 0);
}

#[test]
fn usage_tells_own_bytes_from_shared_ones() {
    let store = open(memory());
    let one = MemoryDisk::seeded(1, 0..320);
    let mut two = one.clone();
    for n in 0..64 {
        two.set(n, content(2, n as u32));
    }
    let a = ingest(&store, &one, 1).manifest;
    let alone = store.usage(&[a]).expect("usage");
    assert_eq!(alone.manifests[0].shared_bytes, 0);
    let b = ingest(&store, &two, 2).manifest;
    let both = store.usage(&[a, b]).expect("usage");
    let [first, second] = both.manifests[..] else { panic!("two were asked about") };
    assert_eq!(first.shared_bytes, second.shared_bytes);
    let total = first.own_bytes + second.own_bytes + first.shared_bytes;
    let footers = both.pack_bytes - total;
    // Footers are sixteen bytes a block and little more; nothing else is unaccounted.
    assert!(footers < 384 * 20 + 500, "{footers}");
    let whole = alone.manifests[0].own_bytes;
    assert!(whole.abs_diff(first.own_bytes + first.shared_bytes) < 64);
    assert!(first.own_bytes * 4 < whole && 0 < first.own_bytes);
}

#[test]
fn verification_names_the_pack_the_frame_and_the_guest_bytes() {
    let objects = memory();
    let store = open(objects.clone());
    let disk = MemoryDisk::seeded(1, 0..100);
    let id = ingest(&store, &disk, 1).manifest;
    let name = objects.list("packs").expect("list").remove(0).name;
    let good = objects.get(&name).expect("get").expect("there");
    let break_at = |offset: usize| {
        let mut bad = good.to_vec();
        bad[offset] ^= 1;
        objects.replace(&name, bad.into()).expect("replace");
        // A new store: the old one has frames cached, and cached frames were verified.
        open(objects.clone()).verify(&[id], &VerifyOptions::default()).expect("verify").damage
    };
    let damage = break_at(100);
    let [Damage::Frame { offset: 0, .. }, Damage::Range { manifest, range, .. }] = &damage[..] else {
        panic!("{damage:?}");
    };
    assert_eq!((*manifest, range.clone()), (id, 0..16 * BLOCK as u64));
    let reader = open(objects.clone());
    let volume = reader.volume(&id).expect("volume");
    let error = volume.read_exact_at(&mut [0; 10], 0).expect_err("the frame is damaged");
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    volume.read_exact_at(&mut [0; 10], 20 * BLOCK as u64).expect("the next frame is not");

    assert!(matches!(break_at(good.len() - 3)[..], [Damage::Footer { .. }, Damage::Range { .. }, ..]));
    objects.delete(&name).expect("delete");
    let report = store.verify(&[id], &VerifyOptions::default()).expect("verify");
    assert!(report.damage.iter().all(|damage| matches!(damage, Damage::Range { .. })));
    assert!(!report.damage.is_empty());
    objects.delete(&format!("manifests/{id}")).expect("delete");
    let report = store.verify(&[id], &VerifyOptions::default()).expect("verify");
    assert!(matches!(report.damage[..], [Damage::Manifest { .. }]));
}

#[test]
fn a_missing_live_manifest_stops_collection_before_it_deletes() {
    let store = open(memory());
    let id = ingest(&store, &MemoryDisk::seeded(1, 0..50), 1).manifest;
    store.delete_manifest(&id).expect("delete");
    let collection = store.start_collection().expect("alone");
    assert_eq!(store.start_collection().err().map(|e| e.kind()), Some(ErrorKind::Busy));
    let error = collection.run(&[id], &CollectOptions::immediate(9)).expect_err("a live one is missing");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(store.usage(&[]).expect("usage").packs, 1);
    store.start_collection().expect("the failed one is over");
}

#[test]
fn many_readers_share_a_volume() {
    let store = open(memory());
    let disk = MemoryDisk::seeded(1, 0..3000);
    let id = ingest(&store, &disk, 1).manifest;
    let volume = store.volume(&id).expect("volume");
    let expected = disk.bytes();
    std::thread::scope(|scope| {
        for reader in 0..8u64 {
            let (volume, expected) = (&volume, &expected);
            scope.spawn(move || {
                let mut buf = vec![0; 300_000];
                for n in 0..40u64 {
                    let offset = (n * 7_654_321 + reader * 1_234_567) % (expected.len() as u64 - 300_000);
                    volume.read_exact_at(&mut buf, offset).expect("read");
                    assert!(buf == expected[offset as usize..][..buf.len()]);
                }
            });
        }
    });
}
