//! The store dies at its n-th write, for every n: whatever was acknowledged is whole after a restart, and a collection
//! removes everything else.

use std::sync::Arc;

use crate::support::{MemoryDisk, at, check_equal, ingest, open, options};
use store::faulty::{Dies, Faulty};
use store::{CollectOptions, ErrorKind, ManifestId, Objects, StoredObjects, VerifyOptions};

/// A store with two disks that share blocks, and a third deleted, so that there is a pack to rewrite and one to delete.
struct World {
    objects: Arc<StoredObjects>,
    live: Vec<(ManifestId, MemoryDisk)>,
    ids: store::StoreOptions,
}

fn world() -> World {
    let objects = Arc::new(StoredObjects::memory());
    let ids = options();
    let store = crate::support::open_with(objects.clone(), ids.clone());
    let gone = MemoryDisk::seeded(1, 0..300);
    let mut kept = MemoryDisk::seeded(2, 0..64);
    // A tenth of the first disk's blocks lives on in this one.
    for n in 100..130 {
        kept.set(n, gone.blocks[&n].clone());
    }
    kept.size = 130 * crate::support::BLOCK as u64;
    let deleted = ingest(&store, &gone, 1).manifest;
    let dead = ingest(&store, &MemoryDisk::seeded(3, 0..200), 2).manifest;
    let live = ingest(&store, &kept, 3).manifest;
    store.delete_manifest(&deleted).expect("delete");
    store.delete_manifest(&dead).expect("delete");
    World { objects, live: vec![(live, kept)], ids }
}

/// After the restart: nothing acknowledged is lost, and one collection leaves only what is live.
fn check_restart(world: &World, context: &str) {
    let store = crate::support::open_with(world.objects.clone(), world.ids.clone());
    let ids: Vec<ManifestId> = world.live.iter().map(|(id, _)| *id).collect();
    let deep = VerifyOptions { deep: true, ..VerifyOptions::default() };
    for round in ["found", "collected"] {
        for (id, model) in &world.live {
            check_equal(&store, id, model);
        }
        let report = store.verify(&ids, &deep).expect("verify");
        assert_eq!(report.damage, [], "{context}, {round}");
        let collection = store.start_collection().expect("alone");
        let options = CollectOptions::immediate(1_000_000);
        collection.run(&ids, &options).expect("collect");
    }
    let mut manifests = store.manifests().expect("list");
    let mut expected = ids;
    manifests.sort();
    expected.sort();
    assert_eq!(manifests, expected, "{context}");
    assert!(world.objects.list("condemned").expect("list").is_empty(), "{context}");
    let collection = store.start_collection().expect("alone");
    let keep_all = CollectOptions { rewrite_below_percent: 0, ..CollectOptions::immediate(1_000_000) };
    let report = collection.run(&expected, &keep_all).expect("collect");
    assert_eq!(report, store::CollectReport::default(), "{context}: nothing is left over");
}

#[test]
fn dying_at_any_write_of_an_ingest_loses_nothing() {
    for dies in [Dies::Before, Dies::After] {
        let mut finished = false;
        for survives in 0..20 {
            let mut world = world();
            let faulty = Arc::new(Faulty::new(world.objects.clone()));
            let store = crate::support::open_with(faulty.clone(), world.ids.clone());
            faulty.arm(survives, dies);
            let mut disk = world.live[0].1.clone();
            for n in 0..64 {
                disk.set(n, crate::support::content(9, n as u32));
            }
            match store.ingest(&disk, &at(10)) {
                Ok(done) => {
                    world.live.push((done.manifest, disk));
                    finished = true;
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable),
            }
            drop(store);
            check_restart(&world, &format!("ingest, {dies:?}, {survives}"));
            if finished {
                assert!(2 <= survives, "a pack and a manifest were written");
                break;
            }
        }
        assert!(finished);
    }
}

#[test]
fn dying_at_any_write_of_a_collection_with_rewriting_loses_nothing() {
    for dies in [Dies::Before, Dies::After] {
        let mut finished = false;
        for survives in 0..40 {
            let world = world();
            let faulty = Arc::new(Faulty::new(world.objects.clone()));
            let store = crate::support::open_with(faulty.clone(), world.ids.clone());
            faulty.arm(survives, dies);
            let ids: Vec<ManifestId> = world.live.iter().map(|(id, _)| *id).collect();
            let collection = store.start_collection().expect("alone");
            match collection.run(&ids, &CollectOptions::immediate(100)) {
                Ok(report) => {
                    assert_eq!((report.packs_rewritten, report.packs_deleted), (1, 2));
                    finished = true;
                }
                Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable),
            }
            drop(store);
            check_restart(&world, &format!("collect, {dies:?}, {survives}"));
            if finished {
                assert!(6 <= survives, "a pack, a manifest, two markers, two packs were written or deleted");
                break;
            }
        }
        assert!(finished);
    }
}

#[test]
fn a_store_that_dies_while_it_is_created_can_be_created_again() {
    for dies in [Dies::Before, Dies::After] {
        let objects = Arc::new(StoredObjects::memory());
        let faulty = Arc::new(Faulty::new(objects.clone()));
        faulty.arm(0, dies);
        assert!(store::Store::open(faulty.clone(), [42; 32], options()).is_err());
        assert!(faulty.is_dead());
        let store = open(objects);
        assert_eq!(ingest(&store, &MemoryDisk::seeded(1, 0..10), 1).new_blocks, 10);
    }
}
