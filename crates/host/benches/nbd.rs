//! How fast a stored disk is read over NBD, beside `qemu-nbd` serving a QCOW2 of the same content in the same run.
//!
//! ```text
//! TINTYPE_BENCH_IMAGE=debian.raw cargo bench -p host --bench nbd
//! ```
//! Without an image it makes one: a third zeros, a third text-like, a third noise. The store lies in a directory, the
//! QCOW2 beside it, once compressed (zstd, as our frames are) and once not; all of it is in the page cache. Sequential
//! is `nbdcopy` to nowhere; random is 4 KiB from anywhere in the disk's data, or from 32 MiB of it, by one client.
//! Needs `qemu-img`, `qemu-nbd` and `nbdcopy`.

use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use disk::{Disk, Format, Limits, LocalFile};
use host::nbd::{ExportInfo, Exports, Opened, Server};
use store::{IngestOptions, Store, StoreOptions, StoredObjects};
use tokio::sync::oneshot;

const BLOCK: u64 = 4096;
const ROUNDS: usize = 5;
const READS: usize = 20_000;
const WORKING_SET: u64 = 32 << 20;

fn main() {
    let scratch =
        tempfile::tempdir_in(std::env::var("TINTYPE_BENCH_DIR").unwrap_or("/tmp".into())).expect("a scratch directory");
    let image = match std::env::var("TINTYPE_BENCH_IMAGE") {
        Ok(path) => PathBuf::from(path),
        Err(_) => generated(scratch.path()),
    };
    let compressed = scratch.path().join("compressed.qcow2");
    let plain = scratch.path().join("plain.qcow2");
    qemu_img(&["-c", "-o", "compression_type=zstd"], &image, &compressed);
    qemu_img(&[], &image, &plain);

    let objects = StoredObjects::directory(&scratch.path().join("store")).expect("a directory");
    let store = Store::open(Arc::new(objects), [7; 32], StoreOptions::default()).expect("open");
    let file = LocalFile::new(File::open(&image).expect("the image")).expect("its size");
    let source = disk::open(Arc::new(file), Format::Raw, &Limits::default()).expect("a raw image");
    let ingested = store.ingest(source.as_ref(), &IngestOptions::default()).expect("ingest");
    let volume = Arc::new(store.volume(&ingested.manifest).expect("volume"));
    let places = data_blocks(volume.as_ref());
    println!("{} MiB of data in {} MiB", places.len() >> 8, volume.virtual_size() >> 20);

    let ours = Ours::start(volume, &scratch.path().join("ours.sock"));
    let packed = Qemu::start(&compressed, &scratch.path().join("packed.sock"));
    let flat = Qemu::start(&plain, &scratch.path().join("flat.sock"));
    let servers = [("ours", &ours.socket), ("qemu-nbd, zstd QCOW2", &packed.socket), ("qemu-nbd, QCOW2", &flat.socket)];

    println!("{:<28}{:>22}{:>24}{:>24}", "", servers[0].0, servers[1].0, servers[2].0);
    compare("sequential, nbdcopy", &servers, "MiB/s", |socket| {
        let start = Instant::now();
        let uri = format!("nbd+unix:///?socket={}", socket.display());
        run(Command::new("nbdcopy").args([&uri, "null:"]));
        (places.len() >> 8) as f64 / start.elapsed().as_secs_f64()
    });
    let set = &places[places.len() / 3..][..places.len().min((WORKING_SET / BLOCK) as usize).min(places.len() * 2 / 3)];
    for depth in [1, 16] {
        compare(&format!("random, depth {depth}"), &servers, "reads/s", |socket| random(socket, &places, depth));
        compare(&format!("random in 32 MiB, depth {depth}"), &servers, "reads/s", |socket| random(socket, set, depth));
    }
    drop((ours, packed, flat));
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
    let mut line = format!("{name:<28}{:>14.0} {unit:<7}", medians[0]);
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

/// Read 4 KiB from random places with so many requests in flight; reads a second.
fn random(socket: &Path, places: &[u64], depth: usize) -> f64 {
    let mut stream = UnixStream::connect(socket).expect("the server accepts");
    let mut greeting = [0; 18];
    stream.read_exact(&mut greeting).expect("a greeting");
    // Fixed newstyle, no zeroes; then EXPORT_NAME with the empty name.
    stream.write_all(b"\0\0\0\x03IHAVEOPT\0\0\0\x01\0\0\0\0").expect("said");
    stream.read_exact(&mut greeting[..10]).expect("size and flags");

    let mut position = 0x9e37_79b9_7f4a_7c15u64;
    let mut ask = |stream: &mut UnixStream, cookie: u64| {
        position = position.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let place = places[(position >> 24) as usize % places.len()];
        let mut request = b"\x25\x60\x95\x13\0\0\0\0".to_vec();
        request.extend(cookie.to_be_bytes());
        request.extend(place.to_be_bytes());
        request.extend((BLOCK as u32).to_be_bytes());
        stream.write_all(&request).expect("asked");
    };
    let mut reply = vec![0; 16 + BLOCK as usize];
    let start = Instant::now();
    let mut asked = 0;
    let mut answered = 0;
    while answered < READS {
        while asked < READS.min(answered + depth) {
            ask(&mut stream, asked as u64);
            asked += 1;
        }
        stream.read_exact(&mut reply).expect("answered");
        assert_eq!(reply[..8], *b"\x67\x44\x66\x98\0\0\0\0", "a read failed");
        answered += 1;
    }
    READS as f64 / start.elapsed().as_secs_f64()
}

/// Our server, in a thread of this process.
struct Ours {
    socket: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Ours {
    fn start(disk: Arc<dyn Disk>, socket: &Path) -> Ours {
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

struct One(Arc<dyn Disk>);

#[async_trait]
impl Exports for One {
    async fn list(&self) -> io::Result<Vec<ExportInfo>> {
        Ok(Vec::new())
    }

    async fn open(&self, name: &str) -> io::Result<Option<Opened>> {
        let info = ExportInfo { name: name.to_owned(), description: None };
        Ok(Some(Opened { info, export: Arc::new(self.0.clone()) }))
    }
}

struct Qemu {
    socket: PathBuf,
    child: Child,
}

impl Qemu {
    fn start(image: &Path, socket: &Path) -> Qemu {
        let child = Command::new("qemu-nbd")
            .args(["--read-only", "--persistent", "--shared=8", "--format=qcow2", "--socket"])
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
