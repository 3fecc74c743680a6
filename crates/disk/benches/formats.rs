//! The hot paths of an import and of an export: reading a whole image in requests of 4 MiB, walking tables, writing.
//!
//! `cargo bench -p disk`. Compressed images are made with `qemu-img`, which has to be installed.

#![expect(clippy::unwrap_used, reason = "a bench that cannot go on fails")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;

use disk::{Disk, Format, Limits, Stamp, open, write, write_raw_tar_gz};
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use support::{GIB, KIB, MIB, Random, Scratch, convert, text};

const SIZE: u64 = 256 * MIB;
const REQUEST: u64 = 4 * MIB;

fn main() {
    divan::main();
}

/// Stretches of 256 KiB of noise, of noise in four bits of each byte, and of text: what cannot be compressed, what
/// only entropy coding compresses, and what is all matches.
fn guest() -> Vec<u8> {
    let mut random = Random::new(7);
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < SIZE {
        bytes.extend(random.bytes(256 * KIB));
        bytes.extend(random.bytes(512 * KIB).into_iter().map(|byte| byte & 0x0f));
        bytes.extend(text(256 * KIB));
    }
    bytes
}

fn image(options: &str, flags: &[&str]) -> Box<dyn Disk> {
    let scratch = Scratch::new();
    let raw = scratch.raw("guest.raw", SIZE, &[(0, guest())]);
    let path = scratch.path("image.qcow2");
    convert(("raw", &raw), ("qcow2", &path), options, flags);
    open(Arc::new(fs::read(&path).unwrap()), Format::Qcow2, &Limits::default()).unwrap()
}

fn read_range(disk: &dyn Disk, from: u64, to: u64) {
    let mut buf = vec![0; REQUEST as usize];
    let mut at = from;
    while at < to {
        disk.read_exact_at(&mut buf, at).unwrap();
        black_box(&buf);
        at += REQUEST;
    }
}

fn read_with(bencher: Bencher<'_, '_>, disk: &dyn Disk, threads: u64) {
    bencher.counter(BytesCount::new(SIZE)).bench_local(|| {
        thread::scope(|scope| {
            for part in 0..threads {
                scope.spawn(move || read_range(disk, SIZE / threads * part, SIZE / threads * (part + 1)));
            }
        });
    });
}

#[divan::bench(args = [1, 2], sample_count = 5)]
fn read_qcow2(bencher: Bencher<'_, '_>, threads: u64) {
    read_with(bencher, image("", &["-W"]).as_ref(), threads);
}

#[divan::bench(args = [1, 2], sample_count = 5)]
fn read_qcow2_zlib(bencher: Bencher<'_, '_>, threads: u64) {
    read_with(bencher, image("", &["-c"]).as_ref(), threads);
}

#[divan::bench(args = [1, 2], sample_count = 5)]
fn read_qcow2_zstd(bencher: Bencher<'_, '_>, threads: u64) {
    read_with(bencher, image("compression_type=zstd", &["-c"]).as_ref(), threads);
}

/// A fully mapped disk of 2 TiB in clusters of 64 KiB, all of whose L1 entries share one L2 table.
#[divan::bench(sample_count = 5)]
fn walk_two_tebibytes(bencher: Bencher<'_, '_>) {
    let mut out = Vec::new();
    let small = open(Arc::new(vec![1; 512 << 20]), Format::Raw, &Limits::default()).unwrap();
    write(small.as_ref(), Format::Qcow2, &Stamp::default(), &mut out, &mut |_| ControlFlow::Continue(())).unwrap();
    // The L1 table is in the fourth cluster and has room for all 4,096 entries.
    out[24..32].copy_from_slice(&(2048 * GIB).to_be_bytes());
    out[36..40].copy_from_slice(&4096_u32.to_be_bytes());
    let l1 = 3 << 16;
    let entry = out[l1..l1 + 8].to_vec();
    for index in 0..4096 {
        out[l1 + index * 8..][..8].copy_from_slice(&entry);
    }
    let disk = open(Arc::new(out), Format::Qcow2, &Limits::default()).unwrap();
    bencher.bench_local(|| {
        let mut at = 0;
        while let Some(range) = disk.next_data(at).unwrap() {
            at = range.end;
        }
        assert_eq!(at, 2048 * GIB);
    });
}

#[divan::bench(args = [Format::Raw, Format::Vhd, Format::Qcow2], sample_count = 5)]
fn export(bencher: Bencher<'_, '_>, format: Format) {
    let disk = open(Arc::new(guest()), Format::Raw, &Limits::default()).unwrap();
    bencher.counter(BytesCount::new(SIZE)).bench_local(|| {
        write(disk.as_ref(), format, &Stamp::default(), &mut io::sink(), &mut |_| ControlFlow::Continue(())).unwrap();
    });
}

#[divan::bench(sample_count = 2)]
fn export_raw_tar_gz(bencher: Bencher<'_, '_>) {
    let disk = open(Arc::new(guest()), Format::Raw, &Limits::default()).unwrap();
    bencher.counter(BytesCount::new(SIZE)).bench_local(|| {
        let stamp = Stamp::default();
        write_raw_tar_gz(disk.as_ref(), "disk.raw", &stamp, &mut io::sink(), &mut |_| ControlFlow::Continue(()))
            .unwrap();
    });
}
