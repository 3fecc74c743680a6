//! A process that serves a layered volume is killed while guests write and snapshots are taken, again and again.
//!
//! The guests outlive it and believe what it acknowledged. So each writer writes its numbers 1, 2, 3 … one after the
//! other to the places of its region, round and round: whatever is found later must be what exactly the acknowledged
//! ones leave, and one in flight, of which each 4 KiB block arrived whole or not at all. Every snapshot must be such a
//! moment, too. A loss of power is played by opening a copy under another boot: then a place may hold any number
//! not older than the last flush.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use disk::Disk;
use host::nbd::Server;
use store::layered::BootId;
use store::{IngestOptions, LayeredVolume, LayeredVolumes, ManifestId, Store, StoreOptions, StoredObjects};

use crate::support::{Client, FLUSH, OneWritable, READ, WRITE, WRITE_ZEROES};

/// Tells the test binary, run again as a child, to be the server in this directory.
const SERVER: &str = "TINTYPE_TEST_KILLED_SERVER";

/// How often to kill; the usual run does it ten times.
const KILLS: &str = "TINTYPE_TEST_KILLS";

const NAME: &str = "killed::what_was_acknowledged_survives_kill_minus_nine";

const WRITERS: u64 = 4;
const REGION: u64 = 256 << 10;

/// Writers of whole blocks, of parts of a block that are copied up, and of pieces that end off every grid.
const UNITS: [u64; WRITERS as usize] = [4096, 1024, 8192, 2560];

#[test]
fn what_was_acknowledged_survives_kill_minus_nine() {
    if let Ok(directory) = std::env::var(SERVER) {
        serve(Path::new(&directory));
        return;
    }
    let kills = std::env::var(KILLS).map_or(10, |n| n.parse().expect("a number"));
    let root = tempfile::tempdir().unwrap();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    // What each writer knows: the last number acknowledged, and the last that a flush covered.
    let acknowledged: [AtomicU64; WRITERS as usize] = Default::default();
    let flushed: [AtomicU64; WRITERS as usize] = Default::default();
    let mut n_flushes = 0;
    for kill in 0..kills {
        let mut server = Running::start(root.path());
        let found = server.read_all();
        for (writer, region) in found.chunks(REGION as usize).enumerate() {
            let last = acknowledged[writer].load(Ordering::SeqCst);
            assert!(is_moment(region, writer, last), "writer {writer} had {last} acknowledged before kill {kill}");
        }
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let total = || acknowledged.iter().map(|n| n.load(Ordering::SeqCst)).sum::<u64>();
        let enough = total() + 100 + (seed >> 33) % 3000;
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS as usize)
                .map(|writer| {
                    let mut client = server.client();
                    let acknowledged = &acknowledged[writer];
                    scope.spawn(move || {
                        for n in acknowledged.load(Ordering::SeqCst) + 1.. {
                            if !write(&mut client, writer, n) {
                                return;
                            }
                            acknowledged.store(n, Ordering::SeqCst);
                        }
                    })
                })
                .collect();
            let mut client = server.client();
            let (is_over, acknowledged, flushed) = (&is_over, &acknowledged, &flushed);
            let flusher = scope.spawn(move || {
                let mut n_flushes = 0;
                while !is_over.load(Ordering::SeqCst) {
                    let covered: Vec<u64> = acknowledged.iter().map(|n| n.load(Ordering::SeqCst)).collect();
                    if !request(&mut client, FLUSH, 0, 0, &[]) {
                        break;
                    }
                    n_flushes += 1;
                    flushed.iter().zip(covered).for_each(|(flushed, n)| flushed.store(n, Ordering::SeqCst));
                }
                n_flushes
            });
            while total() < enough {
                assert!(writers.iter().all(|writer| !writer.is_finished()), "a writer lost its server");
                std::thread::yield_now();
            }
            server.kill();
            is_over.store(true, Ordering::SeqCst);
            n_flushes += flusher.join().unwrap();
        });
        check_power_loss(root.path(), &flushed, &acknowledged);
    }
    assert!(kills < n_flushes, "{n_flushes} flushes");
    check_snapshots(root.path(), kills);
}

/// What the first `k` writes leave of a writer's region.
fn expected(writer: usize, k: u64) -> Vec<u8> {
    let unit = UNITS[writer];
    let places = REGION / unit;
    let mut bytes = vec![0; REGION as usize];
    for n in k.saturating_sub(places) + 1..=k {
        let at = (n % places * unit) as usize;
        bytes[at..at + unit as usize].copy_from_slice(&content(writer, n));
    }
    bytes
}

/// True when a region is what the first `k` writes leave, and one in flight of which any block arrived or none.
fn is_moment(region: &[u8], writer: usize, k: u64) -> bool {
    let (before, after) = (expected(writer, k), expected(writer, k + 1));
    let blocks = region.chunks(4096).zip(before.chunks(4096)).zip(after.chunks(4096));
    blocks.into_iter().all(|((found, before), after)| found == before || found == after)
}

fn content(writer: usize, n: u64) -> Vec<u8> {
    // Every seventh is zeros, written as such.
    let word = if n.is_multiple_of(7) { 0 } else { (n << 8) | (writer as u64 + 1) };
    word.to_le_bytes().repeat(UNITS[writer] as usize / 8)
}

fn write(client: &mut Client, writer: usize, n: u64) -> bool {
    let unit = UNITS[writer];
    let at = writer as u64 * REGION + n % (REGION / unit) * unit;
    if n.is_multiple_of(7) {
        request(client, WRITE_ZEROES, at, unit as u32, &[])
    } else {
        request(client, WRITE, at, unit as u32, &content(writer, n))
    }
}

/// A request of a client whose server may die any moment: true when it was acknowledged.
fn request(client: &mut Client, command: u16, offset: u64, len: u32, data: &[u8]) -> bool {
    let mut bytes = 0x2560_9513u32.to_be_bytes().to_vec();
    bytes.extend(0u16.to_be_bytes());
    bytes.extend(command.to_be_bytes());
    bytes.extend(77u64.to_be_bytes());
    bytes.extend(offset.to_be_bytes());
    bytes.extend(len.to_be_bytes());
    bytes.extend(data);
    let mut reply = [0; 16];
    let is_answered = client.stream.write_all(&bytes).and_then(|()| client.stream.read_exact(&mut reply)).is_ok();
    assert!(!is_answered || reply[..8] == *b"\x67\x44\x66\x98\0\0\0\0", "refused: {reply:?}");
    is_answered
}

/// A copy of everything, opened as after a loss of power: no place is older than the last flush.
fn check_power_loss(root: &Path, flushed: &[AtomicU64], acknowledged: &[AtomicU64]) {
    let copy = tempfile::tempdir().unwrap();
    copy_tree(&root.join("volumes"), &copy.path().join("volumes"));
    let volumes = LayeredVolumes::open_in(&copy.path().join("volumes"), store(root), BootId([7; 16])).unwrap();
    let volume = volumes.volume("disk").unwrap();
    let found = bytes_of(volume.as_ref());
    for (writer, region) in found.chunks(REGION as usize).enumerate() {
        let unit = UNITS[writer];
        let places = REGION / unit;
        let (oldest, newest) =
            (flushed[writer].load(Ordering::SeqCst), acknowledged[writer].load(Ordering::SeqCst) + 1);
        // Blocks arrive each for itself, and so do the parts of a block that a unit reaches into.
        let whole = if unit.is_multiple_of(4096) { 4096 } else { 512 };
        for place in 0..places {
            // The last write there that the flush covers, or none, and all after it.
            let covered = oldest.checked_sub(place).map_or(0, |beyond| oldest - beyond % places);
            let first = if covered == 0 { place } else { covered };
            let may_be: Vec<u64> = [covered].into_iter().chain((first..=newest).step_by(places as usize)).collect();
            let bytes = &region[(place * unit) as usize..((place + 1) * unit) as usize];
            for piece in bytes.chunks(whole) {
                let is = |n: &u64| piece == &content(writer, *n)[..whole];
                assert!(may_be.iter().any(is), "writer {writer}, place {place}: older than the flush of {oldest}");
            }
        }
    }
}

/// Every snapshot is a moment, and later ones are later.
fn check_snapshots(root: &Path, kills: usize) {
    let store = store(root);
    let listed = std::fs::read_to_string(root.join("snapshots")).unwrap();
    let mut before = [0; WRITERS as usize];
    let mut n_snapshots = 0;
    for line in listed.lines() {
        let Ok(manifest) = line.parse::<ManifestId>() else {
            continue;
        };
        let bytes = bytes_of(&store.volume(&manifest).unwrap());
        for (writer, region) in bytes.chunks(REGION as usize).enumerate() {
            let k = (before[writer]..before[writer] + 100_000).find(|k| is_moment(region, writer, *k));
            before[writer] = k.unwrap_or_else(|| panic!("snapshot {n_snapshots} is no moment of writer {writer}"));
        }
        n_snapshots += 1;
    }
    assert!(kills <= n_snapshots, "{n_snapshots} snapshots");
}

/// The child: the volume at a socket, and one snapshot after the other. It is killed, never stopped.
fn serve(root: &Path) {
    let store = store(root);
    let volumes = LayeredVolumes::open(&root.join("volumes"), store.clone()).unwrap();
    volumes.create("disk", WRITERS * REGION, None).unwrap();
    let volume = volumes.volume("disk").unwrap();
    let snapshots = volume.clone();
    let path = root.to_owned();
    std::thread::spawn(move || take_snapshots(&path, &store, &snapshots));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let server = Server::bind_unix(&root.join("nbd.sock")).await.unwrap();
        server.serve(Arc::new(OneWritable(volume)), std::future::pending()).await;
    });
}

/// As a flow does it: the label is recorded before anything is done, and a restart goes on with it.
fn take_snapshots(root: &Path, store: &Store, volume: &LayeredVolume) {
    let pending = root.join("pending");
    loop {
        let label = std::fs::read_to_string(&pending).unwrap_or_default();
        if let Some(view) = (!label.is_empty()).then(|| volume.frozen(&label).unwrap()).flatten() {
            let manifest = store.ingest(view.as_ref(), &IngestOptions::default()).unwrap().manifest;
            let mut list = std::fs::OpenOptions::new().append(true).create(true).open(root.join("snapshots")).unwrap();
            // One write, so that a kill leaves a whole line or none; a line left in part is on its own line.
            list.write_all(format!("\n{manifest}\n").as_bytes()).unwrap();
            volume.rebase(&label, manifest).unwrap();
        }
        let next = label.strip_prefix("s-").map_or(0, |n| n.parse::<u64>().unwrap() + 1);
        let label = format!("s-{next}");
        std::fs::write(root.join("pending.new"), &label).unwrap();
        std::fs::rename(root.join("pending.new"), &pending).unwrap();
        volume.freeze(&label).unwrap();
    }
}

fn store(root: &Path) -> Store {
    let objects = StoredObjects::directory(&root.join("store")).unwrap();
    Store::open(Arc::new(objects), [1; 32], StoreOptions::default()).unwrap()
}

fn bytes_of(disk: &dyn Disk) -> Vec<u8> {
    let mut bytes = vec![0; disk.virtual_size() as usize];
    disk.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The child that serves. Dropping it kills it.
struct Running {
    child: Child,
    socket: PathBuf,
}

impl Running {
    fn start(root: &Path) -> Running {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", NAME, "--nocapture"])
            .env(SERVER, root)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut running = Running { child, socket: root.join("nbd.sock") };
        let deadline = Instant::now() + Duration::from_secs(60);
        while UnixStream::connect(&running.socket).is_err() {
            assert!(running.child.try_wait().unwrap().is_none(), "the server does not start");
            assert!(Instant::now() < deadline, "the server does not listen");
            std::thread::yield_now();
        }
        running
    }

    fn client(&self) -> Client {
        let stream = UnixStream::connect(&self.socket).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut client = Client { stream, structured: false };
        client.hello(3);
        client.go("disk");
        client
    }

    fn read_all(&self) -> Vec<u8> {
        let mut client = self.client();
        let len = WRITERS * REGION;
        client.request(READ, 0, 1, 0, len as u32);
        assert_eq!(client.simple(), (1, 0));
        client.take(len as usize)
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
