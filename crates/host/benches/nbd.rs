//! How fast a disk is read and written over NBD, beside `qemu-nbd` serving a QCOW2 of the same content in the same run;
//! and what snapshots and clones cost.
//!
//! ```text
//! TINTYPE_BENCH_IMAGE=debian.raw cargo bench -p host --bench nbd [-- read|write|fio|layers]
//! ```
//! Without an image it makes one: a third zeros, a third text-like, a third noise. Ours is a layered volume above the
//! stored image; the store lies in a directory, the QCOW2 beside it, once compressed (zstd, as our frames are) and once
//! not; all of it is in the page cache. Sequential is `nbdcopy`; random is 4 KiB from or to anywhere in the image's
//! data, or 32 MiB of it, by one client of our own, and once more by `fio`. Needs `qemu-img`, `qemu-nbd`, `nbdcopy` and
//! `fio`.

use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use disk::{Disk, Format, Limits, LocalFile, WritableDisk};
use host::nbd::{ExportInfo, Exports, Opened, Server, Writable};
use store::{IngestOptions, LayeredVolumes, ManifestId, Store, StoreOptions, StoredObjects};
use tokio::sync::oneshot;

const BLOCK: u64 = 4096;
const ROUNDS: usize = 3;
const REQUESTS: usize = 20_000;
const READ: u8 = 0;
const WRITE: u8 = 1;
const WORKING_SET: u64 = 32 << 20;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let wants = |part: &str| wanted.is_empty() || wanted.iter().any(|one| one == part);
    let scratch =
        tempfile::tempdir_in(std::env::var("TINTYPE_BENCH_DIR").unwrap_or("/tmp".into())).expect("a scratch directory");
    let scratch = scratch.path();
    let image = match std::env::var("TINTYPE_BENCH_IMAGE") {
        Ok(path) => PathBuf::from(path),
        Err(_) => generated(scratch),
    };
    let objects = StoredObjects::directory(&scratch.join("store")).expect("a directory");
    let store = Store::open(Arc::new(objects), [7; 32], StoreOptions::default()).expect("open");
    let file = LocalFile::new(File::open(&image).expect("the image")).expect("its size");
    let source = disk::open(Arc::new(file), Format::Raw, &Limits::default()).expect("a raw image");
    let ingested = store.ingest(source.as_ref(), &IngestOptions::default()).expect("ingest");
    let volumes = LayeredVolumes::open(&scratch.join("volumes"), store.clone()).expect("the volumes");
    if ["read", "write", "fio"].into_iter().any(wants) {
        let compressed = scratch.join("compressed.qcow2");
        let plain = scratch.join("plain.qcow2");
        qemu_img(&["-c", "-o", "compression_type=zstd"], &image, &compressed);
        qemu_img(&[], &image, &plain);
        volumes.create("disk", source.virtual_size(), Some(ingested.manifest)).expect("create");
        let volume = volumes.volume("disk").expect("open");
        let places = data_blocks(volume.as_ref());
        println!("{} MiB of data in {} MiB", places.len() >> 8, volume.virtual_size() >> 20);
        let ours = Ours::start(volume, &scratch.join("ours.sock"));
        let packed = Qemu::start(&compressed, &scratch.join("packed.sock"));
        let flat = Qemu::start(&plain, &scratch.join("flat.sock"));
        let servers =
            [("ours", &ours.socket), ("qemu-nbd, zstd QCOW2", &packed.socket), ("qemu-nbd, QCOW2", &flat.socket)];
        println!("{:<30}{:>22}{:>24}{:>24}", "", servers[0].0, servers[1].0, servers[2].0);
        if wants("read") {
            reads("of the image", &servers, &places);
        }
        if wants("fio") {
            fio("randread", &servers);
        }
        if wants("write") {
            writes(&servers, &places, &image);
            reads("of what was written", &servers, &places);
        }
        if wants("fio") {
            fio("randwrite", &servers);
        }
        drop((ours, packed, flat));
    }
    if wants("layers") {
        clones(&volumes, &scratch.join("volumes"), ingested.manifest, source.virtual_size());
        pauses(&volumes);
    }
}

type Servers<'a> = [(&'a str, &'a PathBuf)];

fn reads(of: &str, servers: &Servers<'_>, places: &[u64]) {
    println!("reads {of}");
    compare("  sequential, nbdcopy", servers, "MiB/s", |socket| {
        let start = Instant::now();
        run(Command::new("nbdcopy").args([&uri(socket), "null:"]));
        (places.len() >> 8) as f64 / start.elapsed().as_secs_f64()
    });
    let set = working_set(places);
    for depth in [1, 16] {
        compare(&format!("  random, depth {depth}"), servers, "/s", |socket| random(socket, places, depth, READ));
        compare(&format!("  in 32 MiB, depth {depth}"), servers, "/s", |socket| random(socket, set, depth, READ));
    }
}

fn writes(servers: &Servers<'_>, places: &[u64], image: &Path) {
    println!("writes");
    let set = working_set(places);
    for depth in [1, 16] {
        compare(&format!("  random, depth {depth}"), servers, "/s", |socket| random(socket, places, depth, WRITE));
        compare(&format!("  in 32 MiB, depth {depth}"), servers, "/s", |socket| random(socket, set, depth, WRITE));
    }
    compare("  sequential, nbdcopy --flush", servers, "MiB/s", |socket| {
        let start = Instant::now();
        run(Command::new("nbdcopy").arg("--flush").arg(image).arg(uri(socket)));
        (places.len() >> 8) as f64 / start.elapsed().as_secs_f64()
    });
}

/// 4 KiB anywhere on the disk, holes too, for two seconds.
fn fio(how: &str, servers: &Servers<'_>) {
    println!("fio {how}");
    for depth in [1, 16] {
        compare(&format!("  depth {depth}"), servers, "/s", |socket| {
            let output = Command::new("fio")
                .args(["--name=bench", "--ioengine=nbd", "--bs=4k", "--time_based", "--runtime=2", "--size=1g"])
                .args(["--output-format=terse", "--terse-version=3", "--randrepeat=1", "--norandommap"])
                .args([format!("--rw={how}"), format!("--iodepth={depth}"), format!("--uri={}", uri(socket))])
                .output()
                .expect("fio is installed");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            let line = text.lines().find(|line| line.starts_with("3;")).expect("a terse line");
            // Fields of terse version 3: reads a second are the eighth, writes a second the forty-ninth.
            let field = if how == "randread" { 7 } else { 48 };
            line.split(';').nth(field).and_then(|text| text.parse().ok()).expect("a number")
        });
    }
}

/// What a clone of an image costs, and how long it takes whatever its size.
fn clones(volumes: &LayeredVolumes, directory: &Path, base: ManifestId, size: u64) {
    for (name, size) in [("2 GiB", 2 << 30), ("500 GiB", 500 << 30)] {
        let mut times: Vec<f64> = (0..9)
            .map(|n| {
                let volume = format!("sized-{n}");
                let start = Instant::now();
                volumes.create(&volume, size, Some(base)).expect("create");
                let opened = volumes.volume(&volume).expect("open");
                let elapsed = start.elapsed().as_secs_f64() * 1e3;
                drop(opened);
                volumes.delete(&volume).expect("delete");
                elapsed
            })
            .collect();
        times.sort_by(f64::total_cmp);
        println!("create and open a clone of {name}: {:.1} ms (slowest {:.1})", times[4], times[8]);
    }
    let before = allocated(directory);
    let opened: Vec<_> = (0..100)
        .map(|n| {
            volumes.create(&format!("clone-{n}"), size, Some(base)).expect("create");
            volumes.volume(&format!("clone-{n}")).expect("open")
        })
        .collect();
    println!("a clone that is not written: {} bytes", (allocated(directory) - before) / 100);
    drop(opened);
}

/// How long writes wait while snapshots are taken of a disk of 40 GiB.
fn pauses(volumes: &LayeredVolumes) {
    const SIZE: u64 = 40 << 30;
    volumes.create("large", SIZE, None).expect("create");
    let volume = volumes.volume("large").expect("open");
    let begin = Instant::now();
    let done = AtomicBool::new(false);
    let now = || begin.elapsed().as_secs_f64() * 1e3;
    let mut freezes = Vec::new();
    let (mut writes, mut flushes) = (Vec::new(), Vec::new());
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4u64)
            .map(|writer| {
                let (volume, done) = (&volume, &done);
                scope.spawn(move || {
                    let mut times = Vec::new();
                    let mut position = writer + 1;
                    let data = vec![writer as u8 + 1; BLOCK as usize];
                    while !done.load(Ordering::Relaxed) {
                        position = next(position);
                        let start = now();
                        volume.write_all_at(&data, (position >> 20) % (SIZE / BLOCK) * BLOCK).expect("write");
                        times.push(start..now());
                        // About 20,000 writes a second in all, so that the disk below is not what is measured.
                        std::thread::sleep(Duration::from_micros(150));
                    }
                    times
                })
            })
            .collect();
        for n in 0..10 {
            std::thread::sleep(Duration::from_millis(500));
            let label = format!("s-{n}");
            let start = now();
            volume.freeze(&label).expect("freeze");
            freezes.push(start..now());
            let start = now();
            volume.frozen(&label).expect("durable").expect("there");
            flushes.push(start..now());
        }
        done.store(true, Ordering::Relaxed);
        writes = writers.into_iter().flat_map(|writer| writer.join().expect("no panic")).collect::<Vec<_>>();
    });
    let longest = |ranges: &[Range<f64>]| {
        let meets = |one: &Range<f64>| ranges.iter().any(|two| one.start < two.end && two.start < one.end);
        writes.iter().filter(|write| meets(write)).map(|write| write.end - write.start).fold(0.0, f64::max)
    };
    let took = |ranges: &[Range<f64>]| ranges.iter().map(|range| range.end - range.start).fold(0.0, f64::max);
    println!("{} writes of 4 KiB, longest of all {:.1} ms", writes.len(), took(&writes));
    println!("longest across ten freezes: {:.1} ms (a freeze took {:.1})", longest(&freezes), took(&freezes));
    println!(
        "longest while a frozen layer is made durable: {:.1} ms (that took {:.1})",
        longest(&flushes),
        took(&flushes)
    );
}

/// Bytes that a directory takes on its file system.
fn allocated(path: &Path) -> u64 {
    let metadata = std::fs::symlink_metadata(path).expect("it is there");
    let own = metadata.blocks() * 512;
    if !metadata.is_dir() {
        return own;
    }
    let entries = std::fs::read_dir(path).expect("list");
    own + entries.map(|entry| allocated(&entry.expect("an entry").path())).sum::<u64>()
}

fn working_set(places: &[u64]) -> &[u64] {
    &places[places.len() / 3..][..places.len().min((WORKING_SET / BLOCK) as usize).min(places.len() * 2 / 3)]
}

fn uri(socket: &Path) -> String {
    format!("nbd+unix:///?socket={}", socket.display())
}

/// The next of a sequence that looks random.
fn next(state: u64) -> u64 {
    state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407)
}

/// Run against each server in turn, several times; print medians, and ours against each other one.
fn compare(name: &str, servers: &[(&str, &PathBuf)], unit: &str, work: impl Fn(&Path) -> f64) {
    let mut results = vec![Vec::new(); servers.len()];
    for _ in 0..ROUNDS {
        for (n, (_, socket)) in servers.iter().enumerate() {
            results[n].push(work(socket));
        }
    }
    let medians: Vec<f64> = results
        .into_iter()
        .map(|mut runs| {
            runs.sort_by(f64::total_cmp);
            runs[ROUNDS / 2]
        })
        .collect();
    let mut line = format!("{name:<30}{:>14.0} {unit:<7}", medians[0]);
    for other in &medians[1..] {
        line += &format!("{other:>9.0} {unit:<7}{:>5.2}x ", medians[0] / other);
    }
    println!("{}", line.trim_end());
}

/// Offsets of all blocks that are not zero.
fn data_blocks(disk: &dyn Disk) -> Vec<u64> {
    let mut places = Vec::new();
    let mut at = 0;
    while let Some(Range { start, end }) = disk.next_data(at).expect("map") {
        places.extend((start.next_multiple_of(BLOCK)..end.saturating_sub(BLOCK - 1)).step_by(BLOCK as usize));
        at = end;
    }
    places
}

/// Read or write 4 KiB at random places with so many requests in flight; requests a second.
fn random(socket: &Path, places: &[u64], depth: usize, command: u8) -> f64 {
    let mut stream = UnixStream::connect(socket).expect("the server accepts");
    let mut greeting = [0; 18];
    stream.read_exact(&mut greeting).expect("a greeting");
    // Fixed newstyle, no zeroes; then EXPORT_NAME with the empty name.
    stream.write_all(b"\0\0\0\x03IHAVEOPT\0\0\0\x01\0\0\0\0").expect("said");
    stream.read_exact(&mut greeting[..10]).expect("size and flags");

    let mut position = 0x9e37_79b9_7f4a_7c15u64;
    let mut ask = |stream: &mut UnixStream, cookie: u64| {
        position = next(position);
        let place = places[(position >> 24) as usize % places.len()];
        let mut request = b"\x25\x60\x95\x13\0\0\0".to_vec();
        request.push(command);
        request.extend(cookie.to_be_bytes());
        request.extend(place.to_be_bytes());
        request.extend((BLOCK as u32).to_be_bytes());
        if command == WRITE {
            request.extend(position.to_le_bytes().repeat(BLOCK as usize / 8));
        }
        stream.write_all(&request).expect("asked");
    };
    let mut reply = vec![0; if command == READ { 16 + BLOCK as usize } else { 16 }];
    let start = Instant::now();
    let mut asked = 0;
    let mut answered = 0;
    while answered < REQUESTS {
        while asked < REQUESTS.min(answered + depth) {
            ask(&mut stream, asked as u64);
            asked += 1;
        }
        stream.read_exact(&mut reply).expect("answered");
        assert_eq!(reply[..8], *b"\x67\x44\x66\x98\0\0\0\0", "a request failed");
        answered += 1;
    }
    REQUESTS as f64 / start.elapsed().as_secs_f64()
}

/// Our server, in a thread of this process.
struct Ours {
    socket: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Ours {
    fn start(disk: Arc<dyn WritableDisk>, socket: &Path) -> Ours {
        let (stop, stopped) = oneshot::channel::<()>();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let path = socket.to_owned();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(async {
                let server = Server::bind_unix(&path).await.expect("bind");
                ready.send(()).expect("somebody waits");
                let until = async {
                    let _ = stopped.await;
                };
                server.serve(Arc::new(One(disk)), until).await;
            });
        });
        is_ready.recv().expect("the server starts");
        Ours { socket: socket.to_owned(), stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server does not panic");
        }
    }
}

struct One(Arc<dyn WritableDisk>);

#[async_trait]
impl Exports for One {
    async fn list(&self) -> io::Result<Vec<ExportInfo>> {
        Ok(Vec::new())
    }

    async fn open(&self, name: &str) -> io::Result<Option<Opened>> {
        let info = ExportInfo { name: name.to_owned(), description: None };
        Ok(Some(Opened { info, export: Arc::new(Writable(self.0.clone())) }))
    }
}

struct Qemu {
    socket: PathBuf,
    child: Child,
}

impl Qemu {
    fn start(image: &Path, socket: &Path) -> Qemu {
        let child = Command::new("qemu-nbd")
            .args(["--persistent", "--shared=8", "--format=qcow2", "--cache=writeback", "--aio=threads"])
            .args(["--discard=unmap", "--socket"])
            .arg(socket)
            .arg(image)
            .stdout(Stdio::null())
            .spawn()
            .expect("qemu-nbd is installed");
        let deadline = Instant::now() + Duration::from_secs(20);
        while UnixStream::connect(socket).is_err() {
            assert!(Instant::now() < deadline, "qemu-nbd does not listen");
            std::thread::yield_now();
        }
        Qemu { socket: socket.to_owned(), child }
    }
}

impl Drop for Qemu {
    fn drop(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }
}

fn qemu_img(options: &[&str], from: &Path, to: &Path) {
    run(Command::new("qemu-img").args(["convert", "-f", "raw", "-O", "qcow2"]).args(options).args([from, to]));
}

fn run(command: &mut Command) {
    let status = command.status().expect("it is installed");
    assert!(status.success(), "{command:?}");
}

fn generated(scratch: &Path) -> PathBuf {
    let path = scratch.join("generated.raw");
    let file = File::create(&path).expect("create");
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut noise = |bytes: &mut [u8]| {
        for word in bytes.chunks_exact_mut(8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            word.copy_from_slice(&state.to_le_bytes());
        }
    };
    let mut bytes = vec![0; 1 << 20];
    for n in 0..384u64 {
        match n % 3 {
            0 => continue,
            1 => noise(&mut bytes),
            _ => {
                noise(&mut bytes);
                bytes.iter_mut().for_each(|byte| *byte = b"etaoin shrdlu\n.."[usize::from(*byte & 15)]);
            }
        }
        file.write_all_at(&bytes, n << 20).expect("write");
    }
    file.set_len(384 << 20).expect("lengthen");
    path
}
