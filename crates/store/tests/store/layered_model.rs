//! Random lives of a layered volume against a plain vector of bytes: writes of every shape, snapshots taken, ingested
//! and put below, the process restarted, the machine's power lost.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use disk::{Disk, WritableDisk};
use proptest::prelude::*;
use store::layered::BootId;
use store::{LayeredVolume, LayeredVolumes, ManifestId, Store, StoredObjects};

use crate::support::{BLOCK, MemoryDisk, check_equal, content, ingest, open};

/// Just over one segment, ending inside a block.
const SIZE: u64 = (1 << 22) + 5 * BLOCK as u64 + 1000;

#[derive(Clone, Debug)]
enum Step {
    Write { at: u64, len: u64, seed: u32 },
    Zeroes { at: u64, len: u64 },
    Trim { at: u64, len: u64 },
    Flush,
    Freeze,
    Ingest { which: prop::sample::Index },
    Rebase,
    Grow { by: u64 },
    Reopen,
    PowerLoss,
    Replace,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let block = BLOCK as u64;
    let at = prop_oneof![
        (0..SIZE / block).prop_map(move |n| n * block),
        0u64..20 * block,
        SIZE - 9 * block..SIZE,
        Just(0),
        Just(SIZE - 1000),
    ];
    let len = prop_oneof![Just(block), Just(8 * block), 1u64..3 * block, 1u64..300 * block];
    let place = (at, len);
    let step = prop_oneof![
        8 => (place.clone(), 0u32..1000).prop_map(|((at, len), seed)| Step::Write { at, len, seed }),
        2 => place.clone().prop_map(|(at, len)| Step::Zeroes { at, len }),
        2 => place.prop_map(|(at, len)| Step::Trim { at, len }),
        2 => Just(Step::Flush),
        2 => Just(Step::Freeze),
        2 => any::<prop::sample::Index>().prop_map(|which| Step::Ingest { which }),
        1 => Just(Step::Rebase),
        1 => (0u64..10_000).prop_map(|by| Step::Grow { by }),
        1 => Just(Step::Reopen),
        1 => Just(Step::PowerLoss),
        1 => Just(Step::Replace),
    ];
    proptest::collection::vec(step, 1..60)
}

/// What the volume must be.
struct Model {
    bytes: Vec<u8>,
    /// Contents of blocks since the last flush, that flush's first: after a loss of power a block is one of these.
    unflushed: HashMap<usize, Vec<Vec<u8>>>,
    frozen: Vec<(String, Vec<u8>, Option<ManifestId>)>,
    n_labels: u32,
}

impl Model {
    fn edit(&mut self, at: u64, len: u64, edit: impl FnOnce(&mut [u8])) {
        let range = at as usize..(at + len) as usize;
        for n in range.start / BLOCK..range.end.div_ceil(BLOCK) {
            let block = self.block(n);
            self.unflushed.entry(n).or_insert_with(|| vec![block]);
        }
        edit(&mut self.bytes[range.clone()]);
        for n in range.start / BLOCK..range.end.div_ceil(BLOCK) {
            let block = self.block(n);
            self.unflushed.get_mut(&n).expect("just made").push(block);
        }
    }

    fn block(&self, n: usize) -> Vec<u8> {
        self.bytes[n * BLOCK..self.bytes.len().min((n + 1) * BLOCK)].to_vec()
    }
}

fn bytes_of(disk: &dyn Disk) -> Vec<u8> {
    let mut bytes = vec![7; disk.virtual_size() as usize];
    disk.read_exact_at(&mut bytes, 0).expect("read");
    bytes
}

/// Every byte, some odd ranges, and no data outside what the map says is data.
#[track_caller]
fn check(disk: &dyn Disk, expected: &[u8]) {
    assert_eq!(disk.virtual_size(), expected.len() as u64);
    assert!(bytes_of(disk) == expected, "the disk reads back different");
    for n in 0..10usize {
        let at = n * 7919 * 131 % expected.len();
        let mut odd = vec![1; (1 + n * 977).min(expected.len() - at)];
        disk.read_exact_at(&mut odd, at as u64).expect("read");
        assert!(odd == expected[at..][..odd.len()]);
        let mut ready = vec![1; odd.len()];
        if disk.read_if_ready(&mut ready, at as u64).expect("nothing fails") {
            assert!(ready == odd, "what is ready is the same");
        }
    }
    assert!(disk.read_exact_at(&mut [0; 2], expected.len() as u64 - 1).is_err());
    assert!(disk.read_if_ready(&mut [0; 2], expected.len() as u64 - 1).is_err());
    let mut at = 0;
    while let Some(data) = disk.next_data(at).expect("map") {
        assert!(at <= data.start && data.start < data.end && data.end <= expected.len() as u64);
        assert!(expected[at as usize..data.start as usize].iter().all(|byte| *byte == 0), "data outside the map");
        at = data.end;
    }
    assert!(expected[at as usize..].iter().all(|byte| *byte == 0), "data behind the map's end");
}

fn reopen(directory: &Path, store: &Store, boot: u8) -> (LayeredVolumes, Arc<LayeredVolume>) {
    let volumes = LayeredVolumes::open_in(directory, store.clone(), BootId([boot; 16])).expect("open the volumes");
    let volume = volumes.volume("disk").expect("open the volume");
    (volumes, volume)
}

fn base() -> MemoryDisk {
    let mut base = MemoryDisk::seeded(9, 0..700);
    for n in (100..200).step_by(3) {
        base.blocks.remove(&n);
    }
    // More than the volume sees of it.
    base.size = SIZE + 40 * BLOCK as u64;
    for n in SIZE / BLOCK as u64 - 3..base.size / BLOCK as u64 {
        base.set(n, content(9, n as u32));
    }
    base
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_life_of_a_volume_agrees_with_a_vector(steps in steps(), has_base in any::<bool>()) {
        let store = open(Arc::new(StoredObjects::memory()));
        let based = ingest(&store, &base(), 1).manifest;
        let fresh_bytes = |has_base: bool| if has_base { base().bytes()[..SIZE as usize].to_vec() } else { vec![0; SIZE as usize] };
        let directory = tempfile::tempdir().expect("a directory");
        let mut boot = 1;
        LayeredVolumes::open(directory.path(), store.clone())
            .and_then(|volumes| volumes.create("disk", SIZE, has_base.then_some(based)))
            .expect("create");
        let (mut volumes, mut volume) = reopen(directory.path(), &store, boot);
        let mut model =
            Model { bytes: fresh_bytes(has_base), unflushed: HashMap::new(), frozen: Vec::new(), n_labels: 0 };
        let mut views: Vec<(Arc<dyn Disk>, Vec<u8>)> = Vec::new();
        for step in steps {
            let size = model.bytes.len() as u64;
            let clip = |at: u64, len: u64| len.min(size - at);
            match step {
                Step::Write { at, len, seed } => {
                    let len = clip(at, len);
                    let mut bytes: Vec<u8> = (0..).flat_map(|n| content(seed, n)).take(len as usize).collect();
                    volume.write_all_at(&bytes, at).expect("write");
                    model.edit(at, len, |range| range.swap_with_slice(&mut bytes));
                }
                Step::Zeroes { at, len } => {
                    let len = clip(at, len);
                    volume.write_zeroes(at..at + len).expect("write zeroes");
                    model.edit(at, len, |range| range.fill(0));
                }
                Step::Trim { at, len } => {
                    let end = at + clip(at, len);
                    volume.trim(at..end).expect("trim");
                    let start = at.next_multiple_of(BLOCK as u64);
                    let end = if end == size { end } else { end / BLOCK as u64 * BLOCK as u64 };
                    if start < end {
                        model.edit(start, end - start, |range| range.fill(0));
                    }
                }
                Step::Flush => {
                    volume.flush().expect("flush");
                    model.unflushed.clear();
                }
                Step::Freeze => {
                    model.n_labels += 1;
                    let label = format!("s-{}", model.n_labels);
                    volume.freeze(&label).expect("freeze");
                    volume.freeze(&label).expect("again is fine");
                    model.frozen.push((label, model.bytes.clone(), None));
                }
                Step::Ingest { which } => {
                    if !model.frozen.is_empty() {
                        let n = which.index(model.frozen.len());
                        let (label, bytes, manifest) = &mut model.frozen[n];
                        let view = volume.frozen(label).expect("durable").expect("there");
                        check(view.as_ref(), bytes);
                        *manifest = Some(ingest(&store, view.as_ref(), 1).manifest);
                        views.push((view, bytes.clone()));
                    }
                }
                Step::Rebase => {
                    if let Some(n) = model.frozen.iter().position(|(.., manifest)| manifest.is_some()) {
                        let (label, bytes, manifest) = model.frozen.drain(..=n).next_back().expect("there is one");
                        let manifest = manifest.expect("looked for");
                        volume.rebase(&label, manifest).expect("rebase");
                        volume.rebase(&label, manifest).expect("again is fine");
                        prop_assert!(volume.rebase(&label, based).is_err());
                        prop_assert_eq!(volume.base(), Some(manifest));
                        prop_assert!(volume.frozen(&label).expect("no failure").is_none());
                        check(&store.volume(&manifest).expect("volume"), &bytes);
                    }
                }
                Step::Grow { by } => {
                    prop_assert!(volume.grow(size - 1).is_err());
                    volume.grow(size + by).expect("grow");
                    // The last block may have been a part before, and is more of it now.
                    let last = model.bytes.len() / BLOCK;
                    model.bytes.resize((size + by) as usize, 0);
                    for blocks in model.unflushed.get_mut(&last).into_iter().flatten() {
                        blocks.resize((model.bytes.len() - last * BLOCK).min(BLOCK), 0);
                    }
                }
                Step::Reopen => {
                    drop((volume, volumes));
                    (volumes, volume) = reopen(directory.path(), &store, boot);
                }
                Step::PowerLoss => {
                    drop((volume, volumes));
                    boot += 1;
                    (volumes, volume) = reopen(directory.path(), &store, boot);
                    let found = bytes_of(volume.as_ref());
                    for (n, block) in found.chunks(BLOCK).enumerate() {
                        match model.unflushed.get(&n) {
                            Some(may_be) => prop_assert!(may_be.iter().any(|one| one == block), "block {}", n),
                            None => prop_assert!(model.block(n) == block, "block {} was flushed", n),
                        }
                    }
                    model.bytes = found;
                    model.unflushed.clear();
                    // A snapshot whose layer was not made durable lost what the disk lost.
                    for (label, bytes, manifest) in &mut model.frozen {
                        let view = volume.frozen(label).expect("durable").expect("there");
                        prop_assert!(manifest.is_none() || bytes_of(view.as_ref()) == *bytes);
                        *bytes = bytes_of(view.as_ref());
                    }
                }
                Step::Replace => {
                    volume.replace(SIZE, Some(based)).expect("replace");
                    model.bytes = fresh_bytes(true);
                    model.unflushed.clear();
                    model.frozen.clear();
                }
            }
        }
        check(volume.as_ref(), &model.bytes);
        for (view, bytes) in &views {
            check(view.as_ref(), bytes);
        }
        check_equal(&store, &based, &base());
        drop((volume, volumes));
        let (_volumes, volume) = reopen(directory.path(), &store, boot);
        check(volume.as_ref(), &model.bytes);
        for (label, bytes, _) in &model.frozen {
            check(volume.frozen(label).expect("durable").expect("there").as_ref(), bytes);
        }
    }
}
