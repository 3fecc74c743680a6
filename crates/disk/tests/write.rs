//! What we write, `qemu-img` reads byte for byte, and finds nothing to complain about.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::ops::{ControlFlow, Range};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use disk::{Disk, ErrorKind, Export, Format, Limits, Stamp, check, write, write_raw_tar_gz};
use flate2::read::GzDecoder;
use support::*;

const STAMP: Stamp = Stamp { id: *b"an id of 16 byte", unix_seconds: 1_700_000_000 };

fn qemu_name(format: Format) -> &'static str {
    match format {
        Format::Raw => "raw",
        Format::Vhd => "vpc",
        Format::Qcow2 => "qcow2",
    }
}

#[track_caller]
fn export(disk: &dyn Disk, format: Format, path: &Path) {
    let mut out = BufWriter::new(File::create(path).unwrap());
    let export = Export::plan(disk, format).unwrap();
    let mut done = 0;
    export
        .write(&STAMP, &mut out, &mut |bytes| {
            assert!(done <= bytes && bytes <= disk.virtual_size());
            done = bytes;
            ControlFlow::Continue(())
        })
        .unwrap();
    drop(out);
    assert_eq!(done, disk.virtual_size(), "the last report says all");
    assert_eq!(fs::metadata(path).unwrap().len(), export.planned_len());
}

#[track_caller]
fn exports(size: u64, runs: &[(u64, Vec<u8>)]) {
    let scratch = Scratch::new();
    let raw = scratch.raw("guest.raw", size, runs);
    let disk = open_path(&raw, Format::Raw).unwrap();
    for format in [Format::Raw, Format::Vhd, Format::Qcow2] {
        let path = scratch.path("export");
        export(disk.as_ref(), format, &path);
        let name = qemu_name(format);
        let checked = check(local(&path), None, &Limits::default()).unwrap();
        assert_eq!((checked.format, checked.virtual_size), (format, disk.virtual_size()));
        assert_eq!(qemu_virtual_size(name, &path), disk.virtual_size());
        qemu_img(&["compare", "-f", "raw", "-F", name, raw.to_str().unwrap(), path.to_str().unwrap()]);
        if format == Format::Qcow2 {
            let printed = qemu_img(&["check", "-f", "qcow2", path.to_str().unwrap()]);
            assert!(printed.contains("No errors were found"), "{printed}");
        }
        let back = open_path(&path, format).unwrap();
        if size <= 64 * MIB {
            assert_content(back.as_ref(), &read_all(disk.as_ref()));
        }
    }
}

#[test]
fn a_used_disk() {
    let (size, runs) = sample_runs();
    exports(size, &runs);
}

#[test]
fn small_and_odd_sizes() {
    for size in [512, 4096, 64 * KIB, 64 * KIB + 512, 2 * MIB, 2 * MIB + 512, 5 * MIB - 512] {
        exports(size, &[]);
        exports(size, &[(size - 512, text(512))]);
        exports(size, &[(0, Random::new(size).bytes(size))]);
    }
}

#[test]
fn data_far_apart() {
    let runs = [(0, text(100)), (511 * MIB, text(2 * MIB)), (40 * GIB, text(3000)), (100 * GIB - 512, text(512))];
    let scratch = Scratch::new();
    let raw = scratch.raw("guest.raw", 100 * GIB, &runs);
    let disk = open_path(&raw, Format::Raw).unwrap();
    for format in [Format::Vhd, Format::Qcow2] {
        let path = scratch.path("export");
        export(disk.as_ref(), format, &path);
        assert!(fs::metadata(&path).unwrap().len() < 30 * MIB);
        let name = qemu_name(format);
        assert_eq!(qemu_virtual_size(name, &path), 100 * GIB);
        qemu_img(&["compare", "-f", "raw", "-F", name, raw.to_str().unwrap(), path.to_str().unwrap()]);
        let back = open_path(&path, format).unwrap();
        assert_eq!(data_ranges(back.as_ref()).len(), 4);
    }
}

/// A disk that is all this byte, and has this size.
struct Full(u8, u64);

impl Disk for Full {
    fn virtual_size(&self) -> u64 {
        self.1
    }

    fn read_exact_at(&self, buf: &mut [u8], _offset: u64) -> io::Result<()> {
        buf.fill(self.0);
        Ok(())
    }

    fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
        Ok((offset < self.1).then_some(offset..self.1))
    }
}

/// A file that leaves holes where zeros are written.
struct Sparse(File, u64);

impl Write for Sparse {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.iter().any(|byte| *byte != 0) {
            self.0.write_all_at(bytes, self.1)?;
        }
        self.1 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.set_len(self.1)
    }
}

/// 2 GiB of data clusters fill the first refcount block, and the tables go into a second one.
#[test]
fn more_than_one_refcount_block() {
    let scratch = Scratch::new();
    let path = scratch.path("full.qcow2");
    let disk = Full(0, 2 * GIB + 3 * MIB);
    let mut out = Sparse(File::create(&path).unwrap(), 0);
    let plan = Export::plan(&disk, Format::Qcow2).unwrap();
    plan.write(&STAMP, &mut out, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), plan.planned_len());
    let printed = qemu_img(&["check", "-f", "qcow2", path.to_str().unwrap()]);
    assert!(printed.contains("No errors were found"), "{printed}");
    assert!(printed.contains("32816/32816 = 100.00% allocated"), "{printed}");
}

/// Takes the head of a file and drops the rest.
struct Head {
    head: Vec<u8>,
    keep: usize,
}

impl Write for Head {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.keep - self.head.len();
        if left == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let taken = left.min(bytes.len());
        self.head.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A refcount table of two clusters (above 16 TiB), checked by its head: QEMU opens the metadata of a file whose data
/// is a hole.
#[test]
fn a_refcount_table_of_two_clusters() {
    let disk = Full(0x5a, 17 << 40);
    let plan = Export::plan(&disk, Format::Qcow2).unwrap();
    let clusters = plan.planned_len() / (64 * KIB);
    let data = (17_u64 << 40) / (64 * KIB);
    assert!(data < clusters && clusters < data + data / 1000);
    let mut head = Head { head: Vec::new(), keep: 3 * 64 * KIB as usize };
    let error = plan.write(&STAMP, &mut head, &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    let be64 = |at: usize| u64::from_be_bytes(head.head[at..at + 8].try_into().unwrap());
    let be32 = |at: usize| u32::from_be_bytes(head.head[at..at + 4].try_into().unwrap());
    assert_eq!(be32(56), 2, "clusters of refcount table");
    let blocks = (64 * KIB as usize..3 * 64 * KIB as usize).step_by(8).filter(|at| be64(*at) != 0).count() as u64;
    assert_eq!(blocks, clusters.div_ceil(32768));
    assert_eq!(be64(64 * KIB as usize), 3 * 64 * KIB, "blocks follow the table");
    assert_eq!(be64(40), (3 + blocks) * 64 * KIB, "the L1 table follows the blocks");
}

#[test]
fn too_large_to_express() {
    let limit = 2040 * GIB;
    assert!(Export::plan(&Full(0x5a, limit), Format::Vhd).is_ok());
    assert_eq!(Export::plan(&Full(0x5a, limit + 512), Format::Vhd).err().unwrap().kind(), ErrorKind::TooLarge);
    for size in [(64 << 40) + 512, u64::MAX - 3] {
        for format in [Format::Raw, Format::Vhd, Format::Qcow2] {
            assert_eq!(Export::plan(&Full(0x5a, size), format).err().unwrap().kind(), ErrorKind::TooLarge);
        }
    }
}

#[test]
fn a_cancelled_export_stops() {
    for format in [Format::Raw, Format::Vhd, Format::Qcow2] {
        let mut out = Vec::new();
        let error = write(&Full(0x5a, 64 * MIB), format, &STAMP, &mut out, &mut |done| {
            if 8 * MIB <= done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Cancelled, 8 * MIB));
        assert!(out.len() < 9 * MIB as usize);
    }
}

struct Broken;

impl Disk for Broken {
    fn virtual_size(&self) -> u64 {
        64 * MIB
    }

    fn read_exact_at(&self, _buf: &mut [u8], _offset: u64) -> io::Result<()> {
        Err(io::ErrorKind::TimedOut.into())
    }

    fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
        Ok((offset < 64 * MIB).then_some(offset.max(32 * MIB)..64 * MIB))
    }
}

#[test]
fn a_failing_source_shows_where() {
    for format in [Format::Raw, Format::Vhd, Format::Qcow2] {
        let error = write(&Broken, format, &STAMP, &mut io::sink(), &mut |_| ControlFlow::Continue(())).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Io, 32 * MIB));
    }
}

#[test]
fn the_same_disk_gives_the_same_file() {
    for format in [Format::Raw, Format::Vhd, Format::Qcow2] {
        let make = || {
            let mut out = Vec::new();
            write(&Full(0x5a, 5 * MIB), format, &STAMP, &mut out, &mut |_| ControlFlow::Continue(())).unwrap();
            out
        };
        assert!(make() == make());
    }
}

#[test]
fn raw_tar_gz() {
    let scratch = Scratch::new();
    let (size, runs) = sample_runs();
    let raw = scratch.raw("guest.raw", size, &runs);
    let disk = open_path(&raw, Format::Raw).unwrap();
    let packed = scratch.path("export.raw.tar.gz");
    let mut out = File::create(&packed).unwrap();
    write_raw_tar_gz(disk.as_ref(), "disk.raw", &STAMP, &mut out, &mut |_| ControlFlow::Continue(())).unwrap();

    let mut archive = tar::Archive::new(GzDecoder::new(File::open(&packed).unwrap()));
    let mut entries = archive.entries().unwrap();
    let mut member = entries.next().unwrap().unwrap();
    assert_eq!(member.path().unwrap(), PathBuf::from("disk.raw"));
    assert_eq!(member.header().mtime().unwrap(), STAMP.unix_seconds);
    let mut bytes = Vec::new();
    member.read_to_end(&mut bytes).unwrap();
    assert!(bytes == read_all(disk.as_ref()));
    assert!(entries.next().is_none());
}

/// Above 8 GiB the size no longer fits the octal field.
#[test]
fn raw_tar_gz_of_a_large_disk() {
    struct Hole;
    impl Disk for Hole {
        fn virtual_size(&self) -> u64 {
            8 * GIB + 512
        }
        fn read_exact_at(&self, buf: &mut [u8], _offset: u64) -> io::Result<()> {
            buf.fill(0);
            Ok(())
        }
        fn next_data(&self, _offset: u64) -> io::Result<Option<Range<u64>>> {
            Ok(None)
        }
    }
    let mut head = Head { head: Vec::new(), keep: 64 * KIB as usize };
    let error =
        write_raw_tar_gz(&Hole, "large.raw", &STAMP, &mut head, &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    let mut header = [0; 512];
    GzDecoder::new(&head.head[..]).read_exact(&mut header).unwrap();
    assert_eq!(tar::Header::from_byte_slice(&header).entry_size().unwrap(), 8 * GIB + 512);
}
