//! What a killed process, a lost power, a full disk and a hostile hand leave behind, and what is made of it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use disk::{Disk, WritableDisk};
use store::layered::BootId;
use store::{ErrorKind, LayeredVolume, LayeredVolumes, Result, Store, StoredObjects};

use crate::support::{BLOCK, open};

const BLOCKS: usize = 40;
const SIZE: usize = BLOCKS * BLOCK;

/// A volume's files, and what it was at the moments that count.
struct World {
    root: tempfile::TempDir,
    store: Store,
    log: PathBuf,
    data: PathBuf,
    /// After the first flush, after the second, and at the end.
    states: [Vec<u8>; 3],
    /// Length of the log at those moments.
    log_bytes: [u64; 3],
    /// The data file at the second flush.
    data_flushed: Vec<u8>,
}

/// Writes, a flush, more of all kinds, a flush, and more that is never flushed.
fn world() -> World {
    let root = tempfile::tempdir().expect("a directory");
    let store = open(Arc::new(StoredObjects::memory()));
    let volumes = LayeredVolumes::open_in(root.path(), store.clone(), BootId([1; 16])).expect("open");
    volumes.create("disk", SIZE as u64, None).expect("create");
    let volume = volumes.volume("disk").expect("open");
    let files: Vec<PathBuf> = std::fs::read_dir(root.path().join("disk"))
        .expect("list")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    let log = files.iter().find(|path| path.to_string_lossy().ends_with(".log")).expect("a log").clone();
    let data = PathBuf::from(log.to_string_lossy().replace(".log", ".0.data"));
    let write = |at: usize, len: usize, byte: u8| volume.write_all_at(&vec![byte; len], at as u64).expect("write");
    let state = || (bytes_of(&volume), std::fs::metadata(&log).expect("it is there").len());

    write(0, 8 * BLOCK, 1);
    write(20 * BLOCK + 5, 100, 2);
    volume.flush().expect("flush");
    let (first, first_bytes) = state();
    write(2 * BLOCK, BLOCK, 3);
    write(10 * BLOCK, 4 * BLOCK, 4);
    volume.trim(4 * BLOCK as u64..6 * BLOCK as u64).expect("trim");
    write(5 * BLOCK, 10, 5);
    volume.flush().expect("flush");
    let (second, second_bytes) = state();
    let data_flushed = std::fs::read(&data).expect("read");
    write(30 * BLOCK, 3 * BLOCK, 6);
    write(32 * BLOCK + 9, 5000, 7);
    volume.write_zeroes(36 * BLOCK as u64..38 * BLOCK as u64).expect("zero");
    write(37 * BLOCK, BLOCK, 8);
    let (last, last_bytes) = state();
    assert!(first_bytes < second_bytes && second_bytes + 3 * 16 < last_bytes);
    drop(volume);
    World {
        root,
        store,
        log,
        data,
        states: [first, second, last],
        log_bytes: [first_bytes, second_bytes, last_bytes],
        data_flushed,
    }
}

fn bytes_of(disk: &Arc<LayeredVolume>) -> Vec<u8> {
    let mut bytes = vec![0; disk.virtual_size() as usize];
    disk.read_exact_at(&mut bytes, 0).expect("read");
    bytes
}

impl World {
    fn open(&self, boot: u8) -> Result<Arc<LayeredVolume>> {
        LayeredVolumes::open_in(self.root.path(), self.store.clone(), BootId([boot; 16]))?.volume("disk")
    }

    /// Open with these files in place of its own, and put its own back.
    fn with<T>(&self, log: &[u8], data: &[u8], open: impl FnOnce(&World) -> T) -> T {
        let own = (std::fs::read(&self.log).expect("read"), std::fs::read(&self.data).expect("read"));
        std::fs::write(&self.log, log).expect("write");
        std::fs::write(&self.data, data).expect("write");
        let opened = open(self);
        std::fs::write(&self.log, own.0).expect("write");
        std::fs::write(&self.data, own.1).expect("write");
        opened
    }

    fn log(&self) -> Vec<u8> {
        std::fs::read(&self.log).expect("read")
    }

    fn data(&self) -> Vec<u8> {
        std::fs::read(&self.data).expect("read")
    }
}

#[test]
fn a_killed_process_loses_nothing_and_a_cut_off_record_is_dropped() {
    let world = world();
    let (log, data) = (world.log(), world.data());
    world.with(&log, &data, |world| {
        assert!(bytes_of(&world.open(1).expect("open")) == world.states[2], "everything acknowledged is there");
    });
    // However the last record was cut off, the rest counts, and what is appended next is read back.
    for cut in 1..=16 {
        world.with(&log[..log.len() - cut], &data, |world| {
            let volume = world.open(1).expect("open");
            let mut expected = world.states[2].clone();
            expected[37 * BLOCK..38 * BLOCK].fill(0);
            assert!(bytes_of(&volume) == expected, "{cut} bytes cut off");
            volume.write_all_at(&[9; BLOCK], 0).expect("write");
            drop(volume);
            expected[..BLOCK].fill(9);
            assert!(bytes_of(&world.open(1).expect("open")) == expected);
        });
    }
}

#[test]
fn a_loss_of_power_leaves_exactly_what_was_flushed() {
    let world = world();
    let log = world.log();
    let mut n_seen = [0; 3];
    for len in 64..=log.len() {
        // The data of what was not flushed never arrived; of the log any beginning did.
        world.with(&log[..len], &world.data_flushed, |world| {
            let volume = world.open(2).expect("open");
            let found = bytes_of(&volume);
            let moment = world.log_bytes[..2].iter().filter(|bytes| **bytes <= len as u64).count();
            n_seen[moment] += 1;
            match moment {
                0 => assert!(found.iter().all(|byte| *byte == 0), "{len} bytes of log"),
                // Blocks written between the flushes may be either; the data file is of the second.
                1 => {
                    for (n, block) in found.chunks(BLOCK).enumerate() {
                        let in_state = |state: usize| &world.states[state][n * BLOCK..(n + 1) * BLOCK];
                        let is_trimmed = (4..6).contains(&n) && block[10..].iter().all(|byte| *byte == 0);
                        assert!(block == in_state(0) || block == in_state(1) || is_trimmed, "block {n} at {len}");
                    }
                }
                _ => assert!(found == world.states[1], "{len} bytes of log"),
            }
            // It goes on from there, under the new boot.
            volume.write_all_at(&[9; BLOCK], 39 * BLOCK as u64).expect("write");
            drop(volume);
            let volume = world.open(2).expect("open");
            assert!(bytes_of(&volume)[..39 * BLOCK] == found[..39 * BLOCK]);
            assert!(bytes_of(&volume)[39 * BLOCK..].iter().all(|byte| *byte == 9));
        });
    }
    assert!(n_seen.iter().all(|n| 16 <= *n), "{n_seen:?}");
}

#[test]
fn a_log_whose_pages_arrived_in_another_order_is_not_called_damaged() {
    let world = world();
    let log = world.log();
    for lost in (64..log.len()).step_by(16) {
        let mut holed = log.clone();
        holed[lost..lost + 16].fill(0);
        world.with(&holed, &world.data(), |world| {
            let found = bytes_of(&world.open(2).expect("zeros are what never arrived"));
            let is_kept = world.log_bytes.map(|bytes| bytes <= lost as u64);
            assert!(!is_kept[1] || found == world.states[1], "record at {lost}");
            // Under the boot that wrote it nothing can be missing.
        });
        if lost + 16 < log.len() {
            world.with(&holed, &world.data(), |world| {
                assert_eq!(world.open(1).err().expect("damaged").kind(), ErrorKind::Corrupt);
            });
        }
    }
}

#[test]
fn a_flipped_bit_is_an_error_or_harmless_and_removes_nothing() {
    let world = world();
    let (log, data) = (world.log(), world.data());
    let committed = world.log_bytes[1] as usize;
    let mut n_refused = 0;
    for bit in 0..log.len() * 8 {
        let mut bad = log.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let byte = bit / 8;
        world.with(&bad, &data, |world| match world.open(1) {
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Corrupt);
                assert!(error.to_string().contains(".log"), "{error}");
                assert_eq!(world.log(), bad, "left for whoever looks into it");
                n_refused += 1;
            }
            // The last record looks like one that was cut off. Another boot's id makes it another boot.
            Ok(volume) if byte < 64 => assert!((32..48).contains(&byte) && bytes_of(&volume).len() == SIZE),
            Ok(_) => assert!(log.len() - 16 <= byte, "bit {bit}"),
        });
        world.with(&bad, &data, |world| match world.open(3) {
            Err(error) => assert_eq!(error.kind(), ErrorKind::Corrupt),
            Ok(volume) => {
                // Either it is nothing that was flushed, or the flush itself, which then never was.
                let is_commit = (committed - 16..committed).contains(&byte);
                let first = world.log_bytes[0] as usize;
                let is_first_commit = (first - 16..first).contains(&byte);
                let is_boot = (32..48).contains(&byte);
                assert!(committed <= byte || is_commit || is_first_commit || is_boot, "bit {bit}");
                assert!(is_commit || bytes_of(&volume)[..30 * BLOCK] == world.states[1][..30 * BLOCK]);
            }
        });
    }
    assert!((committed - 64) * 8 <= n_refused, "{n_refused}");
}

/// A log with a record that says what it should not, its checksum right.
fn forged(log: &[u8], layer: &[u8; 16], blocks: u32, first: u64, kind: u8) -> Vec<u8> {
    let mut rest = blocks.to_le_bytes().to_vec();
    rest.extend((first << 8 | u64::from(kind)).to_le_bytes());
    let placed = crc32c::crc32c_append(crc32c::crc32c(layer), &(log.len() as u64).to_le_bytes());
    let checksum = crc32c::crc32c_append(placed, &rest);
    [log, &checksum.to_le_bytes(), &rest].concat()
}

#[test]
fn forged_records_are_refused_or_bounded() {
    let world = world();
    let (log, data) = (world.log(), world.data());
    let layer: [u8; 16] = log[16..32].try_into().expect("sixteen");
    let forge = |blocks, first, kind| forged(&log, &layer, blocks, first, kind);
    let refused = [
        forge(1, BLOCKS as u64, 1),
        forge(u32::MAX, (1 << 56) - 1, 2),
        forge(BLOCKS as u32 + 1, 0, 2),
        forge(0, 0, 3),
        forge(0, 65, 3),
        forge(0, log.len() as u64 + 16, 3),
    ];
    for (n, bad) in refused.iter().enumerate() {
        world.with(bad, &data, |world| {
            assert_eq!(world.open(1).err().expect("refused").kind(), ErrorKind::Corrupt, "forgery {n}");
        });
    }
    // A kind that nobody knows, at the end, is no record; in the middle it is damage.
    world.with(&forge(1, 0, 9), &data, |world| assert!(bytes_of(&world.open(1).expect("open")) == world.states[2]));
    let middle = forged(&forge(1, 0, 9), &layer, 1, 0, 1);
    world.with(&middle, &data, |world| assert!(world.open(1).is_err()));
    // Data that the file does not have cannot be read, and the rest can.
    world.with(&forge(1, 39, 1), &data[..38 * BLOCK], |world| {
        let volume = world.open(1).expect("open");
        let mut block = [0; BLOCK];
        assert!(volume.read_exact_at(&mut block, 39 * BLOCK as u64).is_err());
        volume.read_exact_at(&mut block, 0).expect("read");
        assert_eq!(block, [1; BLOCK]);
    });
}

#[test]
fn a_damaged_or_missing_file_is_an_error_and_nothing_is_removed() {
    let world = world();
    let directory = world.root.path().join("disk");
    // A stranger that a good descriptor would have removed.
    std::fs::write(directory.join("00112233445566778899aabbccddeeff.log"), b"x").expect("write");
    let list = |path: &Path| {
        let entries = std::fs::read_dir(path).expect("list").map(|entry| entry.expect("an entry"));
        entries.map(|entry| (entry.file_name(), entry.metadata().expect("there").len())).collect::<HashMap<_, _>>()
    };
    let chain = directory.join("chain.json");
    let good = std::fs::read(&chain).expect("read");
    let text = String::from_utf8(good.clone()).expect("text");
    let (json, _) = text.split_once('\n').expect("two lines");
    let newer = json.replace("\"version\":1", "\"version\":2");
    let newer = format!("{newer}\n{:08x}\n", crc32c::crc32c(newer.as_bytes()));
    let bad = [
        b"".to_vec(),
        b"{}\n00000000\n".to_vec(),
        good[..good.len() / 2].to_vec(),
        newer.into(),
        vec![b'['; 1 << 19],
        vec![b' '; 2 << 20],
    ];
    for bytes in bad {
        std::fs::write(&chain, &bytes).expect("write");
        let before = list(&directory);
        let error = world.open(1).err().expect("damaged");
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
        assert_eq!(list(&directory), before);
    }
    std::fs::remove_file(&chain).expect("remove");
    let before = list(&directory);
    assert_eq!(world.open(1).err().expect("no descriptor").kind(), ErrorKind::Unavailable);
    assert_eq!(list(&directory), before);
    std::fs::write(&chain, &good).expect("write");
    std::fs::remove_file(&world.log).expect("remove");
    assert_eq!(world.open(1).err().expect("no log").kind(), ErrorKind::Unavailable);
}
