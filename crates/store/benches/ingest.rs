//! How fast a disk becomes a manifest and is read back, beside `qemu-img convert` in the same run.
//!
//! ```text
//! TINTYPE_BENCH_IMAGE=debian.raw cargo bench -p store --bench ingest
//! ```
//! Without an image it makes one: a third zeros, a third text-like, a third noise. `TINTYPE_BENCH_FRAMES` compares all
//! frame sizes and zstd levels.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use disk::Disk;
use store::{IngestOptions, Store, StoreOptions, StoredObjects, VerifyOptions};

const MIB: f64 = (1 << 20) as f64;

fn main() {
    let scratch =
        tempfile::tempdir_in(std::env::var("TINTYPE_BENCH_DIR").unwrap_or("/tmp".into())).expect("a scratch directory");
    let image = match std::env::var("TINTYPE_BENCH_IMAGE") {
        Ok(path) => PathBuf::from(path),
        Err(_) => generated(scratch.path()),
    };
    let disk = Raw::open(&image);
    warm(&disk);

    let qemu = best_of(3, || qemu_img(&image, &scratch.path().join("out.qcow2")));
    let qemu_bytes = std::fs::metadata(scratch.path().join("out.qcow2")).expect("converted").len();
    println!(
        "qemu-img convert -c zstd -m 16 -W    {:>6.2} s           {:>7.1} MiB",
        qemu.as_secs_f64(),
        qemu_bytes as f64 / MIB
    );
    let settings: &[(usize, i32)] = if std::env::var_os("TINTYPE_BENCH_FRAMES").is_some() {
        &[(16, 1), (32, 1), (16, 3), (32, 3)]
    } else {
        &[(StoreOptions::default().frame_blocks, StoreOptions::default().zstd_level)]
    };
    for &(frame_blocks, zstd_level) in settings {
        measure(&disk, frame_blocks, zstd_level, qemu, scratch.path());
    }
}

fn measure(disk: &Raw, frame_blocks: usize, zstd_level: i32, qemu: Duration, scratch: &Path) {
    let options = StoreOptions { frame_blocks, zstd_level, ..StoreOptions::default() };
    let mut firsts = Vec::new();
    let mut last = None;
    for n in 0..3 {
        let directory = scratch.join(format!("store-{frame_blocks}-{zstd_level}-{n}"));
        let store = open(&directory, &options);
        let start = Instant::now();
        let ingested = store.ingest(disk, &IngestOptions::default()).expect("ingest");
        firsts.push(start.elapsed());
        if let Some((before, _, _)) = last.replace((directory, store, ingested)) {
            std::fs::remove_dir_all::<PathBuf>(before).expect("remove");
        }
    }
    let (directory, store, ingested) = last.expect("three runs");
    let first = firsts.into_iter().min().expect("three runs");
    println!(
        "{:>3} KiB frames, zstd-{zstd_level}: first ingest {:>6.2} s  {:>5.2}x    {:>7.1} MiB   ({:.0} MiB of data)",
        frame_blocks * 4,
        first.as_secs_f64(),
        qemu.as_secs_f64() / first.as_secs_f64(),
        ingested.new_bytes_stored as f64 / MIB,
        ingested.data_bytes as f64 / MIB,
    );
    let mut new_blocks = 0;
    let again = best_of(3, || {
        let again = store.ingest(disk, &IngestOptions::default()).expect("ingest");
        new_blocks += again.new_blocks;
        assert_eq!(again.digest, ingested.digest);
    });
    println!(
        "    unchanged again  {:>6.2} s  {:>5.2}x the first, {new_blocks} new blocks",
        again.as_secs_f64(),
        first.as_secs_f64() / again.as_secs_f64()
    );
    drop(store);
    let start = Instant::now();
    let store = open(&directory, &options);
    let opened = start.elapsed();
    store.warm().expect("rebuild the index");
    println!("    open {opened:.2?}, index rebuilt {:.2?}", start.elapsed() - opened);

    let volume = store.volume(&ingested.manifest).expect("volume");
    let start = Instant::now();
    let n = 4000u64;
    let mut block = [0; 4096];
    let mut position = 0x9e37_79b9_7f4a_7c15u64;
    for _ in 0..n {
        position = position.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = ((position >> 16) % (disk.size - 4096)) & !4095;
        volume.read_exact_at(&mut block, at).expect("read");
    }
    println!("    random 4 KiB, frames cold  {:>9.1} us a read", start.elapsed().as_secs_f64() * 1e6 / n as f64);
    let start = Instant::now();
    let mut buffer = vec![0; 1 << 20];
    let (mut at, mut read) = (0, 0);
    while let Some(range) = volume.next_data(at).expect("map") {
        at = range.start;
        while at < range.end {
            let len = (range.end - at).min(1 << 20) as usize;
            volume.read_exact_at(&mut buffer[..len], at).expect("read");
            at += len as u64;
            read += len;
        }
    }
    println!("    sequential read  {:>7.0} MiB/s", read as f64 / MIB / start.elapsed().as_secs_f64());
    let start = Instant::now();
    let report =
        store.verify(&[ingested.manifest], &VerifyOptions { deep: true, ..VerifyOptions::default() }).expect("verify");
    assert!(report.damage.is_empty());
    println!("    deep verification  {:.2?}", start.elapsed());
    let bytes = std::fs::metadata(directory.join(format!("manifests/{}", ingested.manifest))).expect("manifest").len();
    println!("    manifest {:.1} KiB", bytes as f64 / 1024.0);
    println!("    peak memory of this process {}", peak_memory());
    drop((store, volume, ingested));
    std::fs::remove_dir_all(&directory).expect("remove");
}

fn open(directory: &Path, options: &StoreOptions) -> Store {
    let objects = StoredObjects::directory(directory).expect("directory");
    Store::open(Arc::new(objects), [7; 32], options.clone()).expect("open")
}

fn best_of(n: usize, mut work: impl FnMut()) -> Duration {
    let times = (0..n).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed()
    });
    times.min().expect("at least one run")
}

fn qemu_img(from: &Path, to: &Path) {
    let status = Command::new("qemu-img")
        .args(["convert", "-c", "-f", "raw", "-O", "qcow2", "-o", "compression_type=zstd", "-m", "16", "-W"])
        .args([from, to])
        .status()
        .expect("qemu-img is installed");
    assert!(status.success());
}

fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM"));
    line.unwrap_or("unknown").split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
}

fn generated(scratch: &Path) -> PathBuf {
    let path = scratch.join("generated.raw");
    let file = File::create(&path).expect("create");
    let mut noise = blake3::Hasher::new().finalize_xof();
    let mut bytes = vec![0; 1 << 20];
    for n in 0..384u64 {
        match n % 3 {
            0 => bytes.fill(0),
            1 => noise.fill(&mut bytes),
            _ => {
                noise.fill(&mut bytes);
                bytes.iter_mut().for_each(|byte| *byte = b"etaoin shrdlu\n.."[usize::from(*byte & 15)]);
            }
        }
        file.write_all_at(&bytes, n << 20).expect("write");
    }
    path
}

/// A RAW image as a disk, its holes unknown: the store finds the zeros itself.
struct Raw {
    file: File,
    size: u64,
}

impl Raw {
    fn open(path: &Path) -> Self {
        let file = File::open(path).expect("open the image");
        let size = file.metadata().expect("metadata").len();
        Self { file, size }
    }
}

impl Disk for Raw {
    fn virtual_size(&self) -> u64 {
        self.size
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(buf, offset)
    }

    fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
        Ok((offset < self.size).then_some(offset..self.size))
    }
}

fn warm(disk: &Raw) {
    let mut buffer = vec![0; 1 << 20];
    for at in (0..disk.size).step_by(1 << 20) {
        let len = (disk.size - at).min(1 << 20) as usize;
        disk.read_exact_at(&mut buffer[..len], at).expect("read");
    }
}
