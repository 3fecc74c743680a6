//! What the tests of this crate share: scratch files, `qemu-img` and `qemu-io`, disks of known content.
//!
//! A missing tool fails the test.

#![expect(dead_code, reason = "each test binary uses its part")]

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use disk::{Disk, Error, Format, Limits, LocalFile, ReadAt, open};

pub const KIB: u64 = 1 << 10;
pub const MIB: u64 = 1 << 20;
pub const GIB: u64 = 1 << 30;

/// A directory that is gone after the test.
pub struct Scratch(tempfile::TempDir);

impl Scratch {
    pub fn new() -> Scratch {
        Scratch(tempfile::tempdir().expect("a scratch directory"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A sparse file with these runs of bytes.
    pub fn raw(&self, name: &str, size: u64, runs: &[(u64, Vec<u8>)]) -> PathBuf {
        let path = self.path(name);
        let file = File::create(&path).unwrap();
        file.set_len(size).unwrap();
        for (offset, bytes) in runs {
            file.write_all_at(bytes, *offset).unwrap();
        }
        path
    }
}

/// Run `qemu-img` and answer what it printed.
#[track_caller]
pub fn qemu_img(args: &[&str]) -> String {
    run("qemu-img", args)
}

/// Run commands of `qemu-io` on an image.
#[track_caller]
pub fn qemu_io(format: &str, path: &Path, commands: &[&str]) {
    let mut args = vec!["-f", format];
    for command in commands {
        args.extend(["-c", command]);
    }
    args.push(path.to_str().unwrap());
    let printed = run("qemu-io", &args);
    assert!(!printed.contains("failed"), "{printed}");
}

#[track_caller]
fn run(tool: &str, args: &[&str]) -> String {
    let output = Command::new(tool).args(args).output().unwrap_or_else(|error| panic!("{tool} is needed: {error}"));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{tool} {args:?} failed: {printed}{}", String::from_utf8_lossy(&output.stderr));
    printed
}

/// `qemu-img convert` with `-o options` (may be empty) and more flags.
#[track_caller]
pub fn convert(from: (&str, &Path), to: (&str, &Path), options: &str, flags: &[&str]) {
    let mut args = vec!["convert", "-f", from.0, "-O", to.0];
    if !options.is_empty() {
        args.extend(["-o", options]);
    }
    args.extend(flags);
    args.extend([from.1.to_str().unwrap(), to.1.to_str().unwrap()]);
    qemu_img(&args);
}

/// The virtual size that `qemu-img` sees.
#[track_caller]
pub fn qemu_virtual_size(format: &str, path: &Path) -> u64 {
    let info = qemu_img(&["info", "--output=json", "-f", format, path.to_str().unwrap()]);
    let at = info.rfind("\"virtual-size\": ").expect("a virtual size") + "\"virtual-size\": ".len();
    info[at..].split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap()
}

pub fn local(path: &Path) -> Arc<LocalFile> {
    Arc::new(LocalFile::new(File::open(path).unwrap()).unwrap())
}

pub fn open_path(path: &Path, format: Format) -> Result<Box<dyn Disk>, Error> {
    open(local(path), format, &Limits::default())
}

/// Every byte of a disk.
pub fn read_all(disk: &dyn Disk) -> Vec<u8> {
    let mut bytes = vec![0xaa; disk.virtual_size() as usize];
    let mut at = 0;
    for chunk in bytes.chunks_mut(3 * MIB as usize) {
        disk.read_exact_at(chunk, at).unwrap();
        at += chunk.len() as u64;
    }
    bytes
}

/// The ranges that `next_data` answers, checked to go forwards and to stay inside.
pub fn data_ranges(disk: &dyn Disk) -> Vec<Range<u64>> {
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(range) = disk.next_data(at).unwrap() {
        assert!(at <= range.start && range.start < range.end && range.end <= disk.virtual_size(), "{range:?}");
        at = range.end;
        ranges.push(range);
    }
    ranges
}

/// The disk answers exactly `expected` (and zeros after it), in large reads, in small ones, and in its holes.
#[track_caller]
pub fn assert_content(disk: &dyn Disk, expected: &[u8]) {
    let got = read_all(disk);
    assert!(expected.len() <= got.len());
    if let Some(at) = (0..expected.len()).find(|at| got[*at] != expected[*at]) {
        panic!("byte {at} is {:#x}, expected {:#x}", got[at], expected[at]);
    }
    assert!(got[expected.len()..].iter().all(|byte| *byte == 0), "something after the expected end");

    let mut random = Random::new(got.len() as u64);
    let mut buf = vec![0; 9000];
    for _ in 0..300 {
        let len = random.below(buf.len().min(got.len()) as u64 + 1) as usize;
        let at = random.below((got.len() - len) as u64 + 1) as usize;
        disk.read_exact_at(&mut buf[..len], at as u64).unwrap();
        assert!(buf[..len] == got[at..at + len], "{len} bytes at {at}");
    }

    let is_zero = |range: Range<u64>| got[range.start as usize..range.end as usize].iter().all(|byte| *byte == 0);
    let mut hole = 0;
    for range in data_ranges(disk) {
        assert!(is_zero(hole..range.start), "data in the hole before {range:?}");
        hole = range.end;
    }
    assert!(is_zero(hole..got.len() as u64), "data after {hole}, in the last hole");
    assert_eq!(disk.next_data(disk.virtual_size()).unwrap(), None);
    let past = disk.read_exact_at(&mut [0], disk.virtual_size()).unwrap_err();
    assert_eq!(past.kind(), io::ErrorKind::UnexpectedEof);
}

/// A small generator of repeatable noise (xorshift64*).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.next() % bound }
    }

    pub fn bytes(&mut self, len: u64) -> Vec<u8> {
        (0..len).map(|_| (self.next() >> 32) as u8).collect()
    }
}

/// Text that compresses.
pub fn text(len: u64) -> Vec<u8> {
    b"the quick brown tintype jumps over the lazy cloud; ".iter().copied().cycle().take(len as usize).collect()
}

/// Runs of noise, text, explicit zeros and holes, up to an odd sector.
pub fn sample_runs() -> (u64, Vec<(u64, Vec<u8>)>) {
    let mut random = Random::new(42);
    let size = 13 * MIB + 3 * 512;
    let runs = vec![
        (0, random.bytes(70 * KIB)),
        (100 * KIB, text(500 * KIB)),
        (MIB, vec![0; 2 * MIB as usize]),
        (3 * MIB + 512, random.bytes(1024)),
        (5 * MIB, text(64 * KIB)),
        (5 * MIB + 64 * KIB, random.bytes(3 * MIB)),
        (11 * MIB + 7, text(9000)),
        (size - 700, random.bytes(700)),
    ];
    (size, runs)
}

/// A file in memory that counts how it is asked.
pub struct Counting {
    pub bytes: Vec<u8>,
    pub reads: std::sync::atomic::AtomicU64,
    pub largest: std::sync::atomic::AtomicU64,
}

impl Counting {
    pub fn new(bytes: Vec<u8>) -> Arc<Counting> {
        Arc::new(Counting { bytes, reads: 0.into(), largest: 0.into() })
    }
}

impl ReadAt for Counting {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        use std::sync::atomic::Ordering::Relaxed;
        self.reads.fetch_add(1, Relaxed);
        self.largest.fetch_max(buf.len() as u64, Relaxed);
        self.bytes.read_exact_at(buf, offset)
    }
}
