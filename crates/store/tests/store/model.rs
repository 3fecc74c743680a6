//! Random histories against a naive model: disks are made, edited, ingested, deleted, collected, the store reopened;
//! every live manifest reads equal and verifies after each step that matters.

use std::sync::Arc;

use crate::support::{BLOCK, MemoryDisk, check_equal, content, ingest, open_with, options};
use proptest::prelude::*;
use store::{CollectOptions, ManifestId, Store, StoreOptions, StoredObjects, VerifyOptions};

#[derive(Clone, Debug)]
enum Step {
    Edit { disk: usize, at: u64, blocks: u64, seed: u32 },
    Erase { disk: usize, at: u64, blocks: u64 },
    Ingest { disk: usize },
    Delete { which: prop::sample::Index },
    Collect { percent: u8, grace_ms: u64 },
    Reopen,
}

/// Just over two segments, ending inside a block.
const SIZE: u64 = (2 << 22) + 5 * BLOCK as u64 + 1000;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let disk = 0usize..2;
    let at = prop_oneof![0u64..40, 1000u64..1100, 2000u64..2053];
    let step = prop_oneof![
        3 => (disk.clone(), at.clone(), 1u64..60, 0u32..3)
            .prop_map(|(disk, at, blocks, seed)| Step::Edit { disk, at, blocks, seed }),
        1 => (disk.clone(), at, 1u64..60).prop_map(|(disk, at, blocks)| Step::Erase { disk, at, blocks }),
        4 => disk.prop_map(|disk| Step::Ingest { disk }),
        2 => any::<prop::sample::Index>().prop_map(|which| Step::Delete { which }),
        3 => (prop_oneof![Just(0u8), Just(60), Just(100)], prop_oneof![Just(0u64), Just(5)])
            .prop_map(|(percent, grace_ms)| Step::Collect { percent, grace_ms }),
        1 => Just(Step::Reopen),
    ];
    proptest::collection::vec(step, 1..30)
}

fn check(store: &Store, live: &[(ManifestId, MemoryDisk)]) {
    for (id, model) in live {
        check_equal(store, id, model);
    }
    let ids: Vec<ManifestId> = live.iter().map(|(id, _)| *id).collect();
    let deep = VerifyOptions { deep: true, ..VerifyOptions::default() };
    let report = store.verify(&ids, &deep).expect("verify");
    assert_eq!(report.damage, []);
    let usage = store.usage(&ids).expect("usage");
    let used: u64 = usage.manifests.iter().map(|one| one.own_bytes).sum();
    assert!(used <= usage.pack_bytes);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn any_history_keeps_every_live_disk(steps in steps(), frame_blocks in 16usize..=32) {
        let objects = Arc::new(StoredObjects::memory());
        let ids = options();
        let options = || StoreOptions { frame_blocks, ..ids.clone() };
        let mut store = open_with(objects.clone(), options());
        let mut disks = [MemoryDisk::new(SIZE), MemoryDisk::new(SIZE)];
        disks[1].knows_holes = false;
        let mut live: Vec<(ManifestId, MemoryDisk)> = Vec::new();
        for (now_ms, step) in (1000u64..).zip(steps) {
            match step {
                Step::Edit { disk, at, blocks, seed } => {
                    for n in at..(at + blocks).min(SIZE.div_ceil(BLOCK as u64)) {
                        // Number modulo 37: blocks repeat, next to each other and far apart.
                        let number = if seed == 0 { 7 } else { (n % 37) as u32 };
                        disks[disk].set(n, content(seed, number));
                    }
                }
                Step::Erase { disk, at, blocks } => {
                    for n in at..at + blocks {
                        disks[disk].blocks.remove(&n);
                    }
                }
                Step::Ingest { disk } => {
                    let done = ingest(&store, &disks[disk], now_ms);
                    let same = live.iter().filter(|(_, model)| model.bytes() == disks[disk].bytes());
                    for (id, _) in same {
                        prop_assert_eq!(store.summary(id).expect("summary").digest, done.digest);
                        prop_assert_eq!(done.new_blocks, 0);
                    }
                    live.push((done.manifest, disks[disk].clone()));
                    drop(done);
                }
                Step::Delete { which } => {
                    if !live.is_empty() {
                        let (id, _) = live.remove(which.index(live.len()));
                        store.delete_manifest(&id).expect("delete");
                    }
                }
                Step::Collect { percent, grace_ms } => {
                    let collection = store.start_collection().expect("nobody else collects");
                    let ids: Vec<_> = live.iter().map(|(id, _)| *id).collect();
                    let how = CollectOptions {
                        grace_ms,
                        rewrite_below_percent: percent,
                        ..CollectOptions::immediate(now_ms)
                    };
                    collection.run(&ids, &how).expect("collect");
                    check(&store, &live);
                }
                Step::Reopen => store = open_with(objects.clone(), options()),
            }
        }
        check(&store, &live);
        for (id, _) in live.drain(..) {
            store.delete_manifest(&id).expect("delete");
        }
        let collection = store.start_collection().expect("nobody else collects");
        collection.run(&[], &CollectOptions::immediate(9_000_000)).expect("collect");
        let usage = store.usage(&[]).expect("usage");
        prop_assert_eq!((usage.packs, usage.manifest_bytes), (0, 0));
    }
}
