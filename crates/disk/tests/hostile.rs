//! Files that somebody made to hurt: refused with their kind, or read in bounded time and memory, never a panic.
//!
//! The strongest rule here is that of the cut files: whatever is cut off, an answer without an error is the right one.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::fs::{self, File};
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::process::Command;
use std::sync::Arc;

use disk::{Disk, Error, ErrorKind, Format, Limits, ReadAt, Stamp, check, open, probe, write};
use support::*;

/// A sound image file.
struct Victim {
    name: &'static str,
    format: Format,
    image: Vec<u8>,
}

/// A disk of 700 KiB with two stretches of data, and what our writer and `qemu-img` make of it.
fn victims() -> (Vec<u8>, Vec<Victim>) {
    let scratch = Scratch::new();
    let size = 700 * KIB;
    let runs = [(0, text(90 * KIB)), (400 * KIB, Random::new(3).bytes(70 * KIB)), (size - 512, text(512))];
    let raw = scratch.raw("guest.raw", size, &runs);
    let guest = fs::read(&raw).unwrap();
    let disk = open_path(&raw, Format::Raw).unwrap();
    let ours = |format| {
        let mut out = Vec::new();
        write(disk.as_ref(), format, &Stamp::default(), &mut out, &mut |_| ControlFlow::Continue(())).unwrap();
        out
    };
    let theirs = |name, options: &str, flags: &[&str]| {
        let path = scratch.path("image");
        convert(("raw", &raw), (name, &path), options, flags);
        fs::read(&path).unwrap()
    };
    let images = vec![
        Victim { name: "our qcow2", format: Format::Qcow2, image: ours(Format::Qcow2) },
        Victim { name: "our vhd", format: Format::Vhd, image: ours(Format::Vhd) },
        Victim {
            name: "qcow2 version 2",
            format: Format::Qcow2,
            image: theirs("qcow2", "compat=0.10,cluster_size=4k", &[]),
        },
        Victim { name: "small clusters", format: Format::Qcow2, image: theirs("qcow2", "cluster_size=512", &[]) },
        Victim { name: "zlib", format: Format::Qcow2, image: theirs("qcow2", "cluster_size=4k", &["-c"]) },
        Victim {
            name: "zstd",
            format: Format::Qcow2,
            image: theirs("qcow2", "cluster_size=64k,compression_type=zstd", &["-c"]),
        },
        Victim {
            name: "subclusters",
            format: Format::Qcow2,
            image: theirs("qcow2", "cluster_size=16k,extended_l2=on", &[]),
        },
        Victim {
            name: "dynamic vhd",
            format: Format::Vhd,
            image: theirs("vpc", "subformat=dynamic,force_size=on", &[]),
        },
        Victim { name: "fixed vhd", format: Format::Vhd, image: theirs("vpc", "subformat=fixed,force_size=on", &[]) },
    ];
    (guest, images)
}

/// Open and read everything through both doors.
fn read_wholly(file: Arc<dyn ReadAt>, format: Format, limits: &Limits) -> Result<Vec<u8>, Error> {
    let disk = open(file, format, limits)?;
    let mut at = 0;
    while let Some(range) = disk.next_data(at).map_err(|error| Error::from_io(error, at))? {
        assert!(at <= range.start && range.start < range.end && range.end <= disk.virtual_size());
        at = range.end;
    }
    let mut bytes = vec![0; disk.virtual_size() as usize];
    let mut at = 0;
    for chunk in bytes.chunks_mut(96 << 10) {
        disk.read_exact_at(chunk, at).map_err(|error| Error::from_io(error, at))?;
        at += chunk.len() as u64;
    }
    Ok(bytes)
}

#[test]
fn a_cut_file_is_never_read_wrong() {
    let (guest, images) = victims();
    for Victim { name, format, image } in images {
        assert!(read_wholly(Arc::new(image.clone()), format, &Limits::default()).unwrap() == guest, "{name}");
        let step = (image.len() / 300).max(1);
        let near_the_ends = (0..600).chain(image.len().saturating_sub(1100)..image.len());
        let mut refused = 0;
        for len in near_the_ends.chain((0..image.len()).step_by(step)).filter(|len| *len < image.len()) {
            match read_wholly(Arc::new(image[..len].to_vec()), format, &Limits::default()) {
                Ok(bytes) => assert!(bytes == guest, "{name} cut to {len} of {} reads as another disk", image.len()),
                Err(error) => {
                    refused += 1;
                    let kind = error.kind();
                    assert!(
                        matches!(kind, ErrorKind::Truncated | ErrorKind::Malformed),
                        "{name} cut to {len}: {kind:?}, {error}"
                    );
                }
            }
        }
        assert!(refused > 100, "{name}");
    }
}

/// Change random bytes, mostly in the tables, and do everything with the result. Nothing is larger than the file, a
/// cluster of 2 MiB or the limit.
#[test]
fn mutated_files_do_no_harm() {
    let (_, images) = victims();
    let limits = Limits { max_virtual_size: 4 * MIB };
    for Victim { name, format, image } in images {
        let mut random = Random::new(image.len() as u64);
        let (mut sound, mut refused) = (0, 0);
        for _ in 0..1500 {
            let file = mutate(&image, format, &mut random);
            let len = file.len() as u64;
            let file = Counting::new(file);
            probe(file.as_ref()).unwrap();
            let checked = check(file.clone(), Some(format), &limits);
            match read_wholly(file.clone(), format, &limits) {
                Ok(bytes) => {
                    sound += 1;
                    assert!(bytes.len() as u64 <= limits.max_virtual_size);
                }
                Err(_) => refused += 1,
            }
            if let Ok(checked) = checked {
                assert!(checked.virtual_size <= limits.max_virtual_size);
            }
            assert!(file.largest.load(std::sync::atomic::Ordering::Relaxed) <= len);
        }
        assert!(sound > 20 && refused > 100, "{name}: {sound} sound, {refused} refused");
    }
}

/// What we accept of mutated files is the disk that `qemu-img` sees in them, if it accepts them too.
#[test]
fn mutated_files_read_as_they_do_elsewhere() {
    let (guest, images) = victims();
    let limits = Limits { max_virtual_size: 4 * MIB };
    let scratch = Scratch::new();
    let (path, back) = (scratch.path("image"), scratch.path("back.raw"));
    let (mut compared, mut changed) = (0, 0);
    for Victim { name, format, image } in images.into_iter().filter(|victim| victim.format == Format::Qcow2) {
        let mut random = Random::new(image.len() as u64 + 99);
        for _ in 0..120 {
            let file = mutate(&image, format, &mut random);
            let Ok(ours) = read_wholly(Arc::new(file.clone()), format, &limits) else { continue };
            fs::write(&path, &file).unwrap();
            let (path, back) = (path.to_str().unwrap(), back.to_str().unwrap());
            let convert = Command::new("qemu-img").args(["convert", "-f", "qcow2", "-O", "raw", path, back]).output();
            if convert.unwrap().status.success() {
                let theirs = fs::read(back).unwrap();
                // A torn size is rounded down to sectors there, and up here.
                let common = ours.len().min(theirs.len());
                assert!(ours.len() - common <= 512 && theirs.len() == common, "{name}");
                assert!(ours[..common] == theirs, "{name} reads differently");
                compared += 1;
                changed += u32::from(ours != guest);
            }
        }
    }
    assert!(compared > 200 && changed > 20, "{compared} compared, {changed} of them changed");
}

/// Change one to three bytes, mostly in headers and tables.
fn mutate(image: &[u8], format: Format, random: &mut Random) -> Vec<u8> {
    const INTERESTING: [u8; 17] = [0, 1, 2, 7, 8, 9, 16, 21, 22, 31, 32, 63, 64, 0x7f, 0x80, 0xfe, 0xff];
    let mut file = image.to_vec();
    for _ in 0..=random.below(3) {
        let within = match random.below(8) {
            0 => file.len(),
            1 | 2 => file.len().min(512 << 10),
            3 => file.len().min(2048),
            _ => 120,
        };
        let tail = format == Format::Vhd && random.below(2) == 0;
        let at = random.below(within as u64) as usize;
        let at = if tail { file.len() - 1 - at % 512 } else { at };
        file[at] = if random.below(2) == 0 {
            random.next() as u8
        } else {
            INTERESTING[random.below(INTERESTING.len() as u64) as usize]
        };
    }
    if format == Format::Vhd && random.below(4) != 0 {
        seal_vhd(&mut file);
    }
    file
}

/// Make the checksums of a VHD right again.
fn seal_vhd(file: &mut [u8]) {
    let mut seal = |start: usize, len: usize, at: usize| {
        if let Some(part) = file.get_mut(start..start + len) {
            part[at..at + 4].fill(0);
            let sum: u32 = part.iter().map(|byte| u32::from(*byte)).sum();
            part[at..at + 4].copy_from_slice(&(!sum).to_be_bytes());
        }
    };
    seal(512, 1024, 36);
    seal(0, 512, 64);
    let footer = file.len() - 512;
    let part = &mut file[footer..];
    part[64..68].fill(0);
    let sum: u32 = part.iter().map(|byte| u32::from(*byte)).sum();
    part[64..68].copy_from_slice(&(!sum).to_be_bytes());
}

/// A QCOW2 of 1 MiB written by hand: header, refcount table, refcount block, L1, L2, data.
struct Handmade {
    cluster_bits: u32,
    bytes: Vec<u8>,
}

impl Handmade {
    fn new(cluster_bits: u32, size: u64) -> Handmade {
        let cluster = 1_u64 << cluster_bits;
        let l1_entries = size.div_ceil(cluster * cluster / 8);
        let l1_clusters = (l1_entries * 8).div_ceil(cluster);
        let l2 = (3 + l1_clusters) * cluster;
        let data = l2 + cluster;
        let mut image = Handmade { cluster_bits, bytes: vec![0; (data + cluster) as usize] };
        image.bytes[..4].copy_from_slice(b"QFI\xfb");
        image.put32(4, 3);
        image.put32(20, cluster_bits);
        image.put64(24, size);
        image.put32(36, l1_entries as u32);
        image.put64(40, 3 * cluster);
        image.put64(48, cluster);
        image.put32(56, 1);
        image.put32(96, 4);
        image.put32(100, 104);
        for entry in 0..l1_entries {
            image.put64(3 * cluster + entry * 8, l2);
        }
        for entry in 0..cluster / 8 {
            image.put64(l2 + entry * 8, data);
        }
        image.bytes[data as usize..].fill(0xd7);
        image
    }

    fn l1(&self) -> u64 {
        3 << self.cluster_bits
    }

    fn l2(&self) -> u64 {
        self.bytes.len() as u64 - (2 << self.cluster_bits)
    }

    fn data(&self) -> u64 {
        self.bytes.len() as u64 - (1 << self.cluster_bits)
    }

    fn put32(&mut self, at: u64, value: u32) {
        self.bytes[at as usize..at as usize + 4].copy_from_slice(&value.to_be_bytes());
    }

    fn put64(&mut self, at: u64, value: u64) {
        self.bytes[at as usize..at as usize + 8].copy_from_slice(&value.to_be_bytes());
    }
}

/// Build the image, change it, and see how opening (and then reading the first byte) ends.
#[track_caller]
fn qcow2_refused(kind: ErrorKind, offset: u64, change: impl FnOnce(&mut Handmade)) {
    let mut image = Handmade::new(16, MIB);
    change(&mut image);
    let outcome = open(Arc::new(image.bytes), Format::Qcow2, &Limits::default())
        .and_then(|disk| disk.read_exact_at(&mut [0], 0).map_err(|error| Error::from_io(error, 0)));
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), error.offset()), (kind, offset), "{error}");
}

#[test]
fn qcow2_headers() {
    use ErrorKind::{Encrypted, Malformed, PointsOutside, TooLarge, Truncated, Unsupported};
    let sound = Handmade::new(16, MIB);
    let disk = open(Arc::new(sound.bytes), Format::Qcow2, &Limits::default()).unwrap();
    assert_eq!(read_all(disk.as_ref()), vec![0xd7; MIB as usize]);

    let mut torn = Handmade::new(16, MIB);
    torn.put64(24, MIB - 100);
    let disk = open(Arc::new(torn.bytes), Format::Qcow2, &Limits::default()).unwrap();
    assert_eq!(disk.virtual_size(), MIB, "rounded up to sectors, as a guest sees it");

    qcow2_refused(Malformed, 0, |image| image.bytes[3] = 0);
    qcow2_refused(Unsupported, 4, |image| image.put32(4, 1));
    qcow2_refused(Unsupported, 4, |image| image.put32(4, 4));
    qcow2_refused(PointsOutside, 8, |image| image.put64(8, 200));
    qcow2_refused(PointsOutside, 8, |image| image.put64(8, u64::MAX));
    qcow2_refused(Unsupported, 20, |image| image.put32(20, 8));
    qcow2_refused(Unsupported, 20, |image| image.put32(20, 22));
    qcow2_refused(Unsupported, 20, |image| image.put32(20, u32::MAX));
    qcow2_refused(TooLarge, 24, |image| image.put64(24, (2048 << 30) + 1));
    qcow2_refused(TooLarge, 24, |image| image.put64(24, u64::MAX));
    qcow2_refused(Malformed, 36, |image| image.put64(24, 513 * MIB));
    qcow2_refused(Encrypted, 32, |image| image.put32(32, 1));
    qcow2_refused(Encrypted, 32, |image| image.put32(32, 2));
    qcow2_refused(Malformed, 36, |image| image.put32(36, 0));
    qcow2_refused(Unsupported, 36, |image| image.put32(36, u32::MAX));
    qcow2_refused(Truncated, 3 << 16, |image| image.put32(36, 1 << 20));
    qcow2_refused(Malformed, 40, |image| image.put64(40, 512));
    qcow2_refused(Truncated, 1 << 40, |image| image.put64(40, 1 << 40));
    qcow2_refused(Truncated, u64::MAX << 16, |image| image.put64(40, u64::MAX << 16));
    qcow2_refused(Malformed, 48, |image| image.put64(48, 0));
    qcow2_refused(Malformed, 48, |image| image.put64(48, 65537));
    qcow2_refused(Malformed, 48, |image| image.put32(56, 0));
    qcow2_refused(Truncated, 1 << 16, |image| image.put32(56, u32::MAX));
    qcow2_refused(Malformed, 72, |image| image.put64(72, 1 << 1));
    qcow2_refused(PointsOutside, 72, |image| image.put64(72, 1 << 2));
    qcow2_refused(Malformed, 104, |image| image.put64(72, 1 << 3));
    qcow2_refused(Unsupported, 72, |image| image.put64(72, 1 << 5));
    qcow2_refused(Unsupported, 72, |image| image.put64(72, 1 << 63));
    qcow2_refused(Unsupported, 96, |image| image.put32(96, 7));
    qcow2_refused(Unsupported, 100, |image| image.put32(100, 72));
    qcow2_refused(Unsupported, 100, |image| image.put32(100, 1 << 17));
    qcow2_refused(Malformed, 104, |image| {
        image.put32(100, 112);
        image.bytes[104] = 1;
    });
    qcow2_refused(Unsupported, 104, |image| {
        image.put32(100, 112);
        image.bytes[104] = 2;
    });
}

#[test]
fn qcow2_tables() {
    use ErrorKind::{Malformed, Truncated};
    qcow2_refused(Malformed, 512, |image| image.put64(image.l1(), 512));
    qcow2_refused(Truncated, 1 << 40, |image| image.put64(image.l1(), 1 << 40));
    qcow2_refused(Malformed, 1024, |image| image.put64(image.l2(), 1024));
    qcow2_refused(Truncated, 1 << 50, |image| image.put64(image.l2(), 1 << 50));
    let end = Handmade::new(16, MIB).bytes.len() as u64;
    qcow2_refused(Truncated, end, |image| image.put64(image.l2(), end));
    // A zero cluster exists from version 3 on.
    qcow2_refused(Malformed, 0, |image| {
        image.put32(4, 2);
        image.put64(image.l2(), 1);
    });
    // Compressed: past the end, and not a stream.
    qcow2_refused(Truncated, (1 << 54) - 1, |image| image.put64(image.l2(), (1 << 62) | ((1 << 54) - 1)));
    let data = Handmade::new(16, MIB).data();
    qcow2_refused(Malformed, data, |image| image.put64(image.l2(), (1 << 62) | data));
    qcow2_refused(Malformed, data, |image| image.put64(image.l2(), (1 << 62) | (0xff << 54) | data));
    qcow2_refused(Malformed, data, |image| {
        image.put64(72, 1 << 3);
        image.put32(100, 112);
        image.bytes[104] = 1;
        image.put64(image.l2(), (1 << 62) | data);
    });
}

#[test]
fn qcow2_subclusters_that_contradict_themselves() {
    let extended = |entry: u64, bitmap: u64| {
        move |image: &mut Handmade| {
            image.put64(72, 1 << 4);
            image.put64(image.l2(), entry);
            image.put64(image.l2() + 8, bitmap);
        }
    };
    let data = Handmade::new(16, MIB).data();
    qcow2_refused(ErrorKind::Malformed, data, extended(data, (1 << 32) | 1));
    qcow2_refused(ErrorKind::Malformed, 0, extended(0, 1));
    qcow2_refused(ErrorKind::Unsupported, 20, |image| {
        image.put64(72, 1 << 4);
        image.put32(20, 13);
    });
}

/// A deflate stream that goes on after one cluster, and a zstd frame that claims a window of gigabytes.
#[test]
fn compressed_clusters_that_claim_too_much() {
    let mut bomb = Vec::new();
    {
        let mut encoder = flate2::write::DeflateEncoder::new(&mut bomb, flate2::Compression::best());
        std::io::Write::write_all(&mut encoder, &vec![0; 8 * MIB as usize]).unwrap();
        encoder.finish().unwrap();
    }
    let mut image = Handmade::new(16, MIB);
    let data = image.data();
    image.bytes[data as usize..][..bomb.len()].copy_from_slice(&bomb);
    image.put64(image.l2(), (1 << 62) | (0x7f << 54) | data);
    let disk = open(Arc::new(image.bytes), Format::Qcow2, &Limits::default()).unwrap();
    let mut cluster = vec![1; 64 << 10];
    disk.read_exact_at(&mut cluster, 0).unwrap();
    assert!(cluster.iter().all(|byte| *byte == 0), "one cluster is taken, the rest is not unpacked");

    let mut image = Handmade::new(16, MIB);
    // Magic; no content size, no checksum; window descriptor of 2^41 bytes; one last raw block of 4 bytes.
    let frame = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0x21, 0x00, 0x00, 1, 2, 3, 4];
    image.bytes[data as usize..][..frame.len()].copy_from_slice(&frame);
    image.put64(72, 1 << 3);
    image.put32(100, 112);
    image.bytes[104] = 1;
    image.put64(image.l2(), (1 << 62) | data);
    let disk = open(Arc::new(image.bytes), Format::Qcow2, &Limits::default()).unwrap();
    let error = Error::from_io(disk.read_exact_at(&mut cluster, 0).unwrap_err(), 0);
    assert_eq!(error.kind(), ErrorKind::Malformed);
}

/// 200 KiB that stand for 2 TiB: every L1 entry names one L2 table, whose every entry names one cluster.
#[test]
fn every_l1_entry_names_one_l2_table() {
    let image = Handmade::new(16, 2048 * GIB);
    assert!((image.bytes.len() as u64) < 512 * KIB);
    let file = Arc::new(image.bytes);
    let tight = Limits { max_virtual_size: 2047 * GIB };
    assert_eq!(open(file.clone(), Format::Qcow2, &tight).err().unwrap().kind(), ErrorKind::TooLarge);

    let disk = open(file, Format::Qcow2, &Limits::default()).unwrap();
    let ranges = data_ranges(disk.as_ref());
    assert_eq!(ranges.iter().map(|range| range.end - range.start).sum::<u64>(), 2048 * GIB);
    let mut buf = vec![0; 4 << 20];
    for at in [0, 77 * GIB + 13, 2048 * GIB - buf.len() as u64] {
        disk.read_exact_at(&mut buf, at).unwrap();
        assert!(buf.iter().all(|byte| *byte == 0xd7));
    }
    assert!(peak_memory() < 256 * MIB, "{}", peak_memory());
}

/// Sparse files cost an attacker nothing: terabytes of zeros, tables of the largest size, and small answers.
#[test]
fn large_sparse_tables_stay_outside_memory() {
    let scratch = Scratch::new();
    let path = scratch.path("sparse");
    let file = File::create(&path).unwrap();

    // QCOW2, clusters of 2 MiB, an L2 table for each of 65,536 L1 entries would be 128 GiB: only the L1 is resident.
    file.set_len(2048 * GIB).unwrap();
    let mut image = Handmade::new(21, MIB);
    image.put64(24, 2048 * GIB);
    image.put32(36, 1 << 22);
    let header = &image.bytes[..512];
    file.write_all_at(header, 0).unwrap();
    for entry in 0..4_u64 {
        let l2 = 64 * MIB + entry * 2 * MIB;
        file.write_all_at(&l2.to_be_bytes(), 3 * 2 * MIB + entry * 8).unwrap();
    }
    let disk = open_path(&path, Format::Qcow2).unwrap();
    assert_eq!(disk.next_data(0).unwrap(), None);
    assert!(peak_memory() < 256 * MIB, "{}", peak_memory());

    // VHD, blocks of 4 KiB: a BAT of 2 GiB whose entries are all 0, each naming the footer's copy at offset 0.
    let mut vhd = Vec::new();
    let small = open(Arc::new(vec![0; 512]), Format::Raw, &Limits::default()).unwrap();
    write(small.as_ref(), Format::Vhd, &Stamp::default(), &mut vhd, &mut |_| ControlFlow::Continue(())).unwrap();
    let size = 2040 * GIB;
    vhd[40..48].copy_from_slice(&size.to_be_bytes());
    vhd[48..56].copy_from_slice(&size.to_be_bytes());
    vhd[512 + 28..512 + 32].copy_from_slice(&((size / 4096) as u32).to_be_bytes());
    vhd[512 + 32..512 + 36].copy_from_slice(&4096_u32.to_be_bytes());
    let footer = vhd.len() - 512;
    vhd.copy_within(0..512, footer);
    seal_vhd(&mut vhd);
    let file = File::create(&path).unwrap();
    file.set_len(4 * GIB).unwrap();
    file.write_all_at(&vhd[..1536], 0).unwrap();
    file.write_all_at(&vhd[footer..], 4 * GIB - 512).unwrap();
    let disk = open_path(&path, Format::Vhd).unwrap();
    assert_eq!(disk.virtual_size(), size);
    assert_eq!(disk.next_data(0).unwrap(), Some(0..GIB));
    let mut buf = vec![0; 4 << 20];
    disk.read_exact_at(&mut buf, size - (4 << 20)).unwrap();
    assert!(peak_memory() < 256 * MIB, "{}", peak_memory());
}

/// Most memory that this process ever had, in bytes.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * KIB
}

/// Build our dynamic VHD of 3 MiB whose first block is data, change it, seal it, and see how it is refused.
#[track_caller]
fn vhd_refused(kind: ErrorKind, change: impl FnOnce(&mut Vec<u8>)) {
    let mut file = sound_vhd();
    change(&mut file);
    seal_vhd(&mut file);
    let error = read_wholly(Arc::new(file), Format::Vhd, &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
}

fn sound_vhd() -> Vec<u8> {
    let disk = open(Arc::new(vec![0x3c; 3 << 20]), Format::Raw, &Limits::default()).unwrap();
    let mut out = Vec::new();
    write(disk.as_ref(), Format::Vhd, &Stamp::default(), &mut out, &mut |_| ControlFlow::Continue(())).unwrap();
    out
}

/// Change a field of the footer at the end, which is the one that counts.
fn footer_field(at: usize, value: &[u8]) -> impl FnOnce(&mut Vec<u8>) {
    move |file| {
        let footer = file.len() - 512;
        file[footer + at..][..value.len()].copy_from_slice(value);
    }
}

/// Change a field of the dynamic header.
fn header_field(at: usize, value: &[u8]) -> impl FnOnce(&mut Vec<u8>) {
    move |file| file[512 + at..][..value.len()].copy_from_slice(value)
}

#[test]
fn vhd_footers() {
    use ErrorKind::{Malformed, PointsOutside, TooLarge, Truncated, Unsupported, VhdSize};
    assert!(read_wholly(Arc::new(sound_vhd()), Format::Vhd, &Limits::default()).unwrap() == vec![0x3c; 3 << 20]);
    vhd_refused(Unsupported, footer_field(12, &[0, 2]));
    vhd_refused(Truncated, footer_field(16, &u64::MAX.to_be_bytes()));
    vhd_refused(Malformed, footer_field(16, &0_u64.to_be_bytes()));
    vhd_refused(VhdSize, footer_field(48, &0_u64.to_be_bytes()));
    vhd_refused(VhdSize, footer_field(48, &((3 << 20) + 1_u64).to_be_bytes()));
    vhd_refused(VhdSize, footer_field(48, &((4 << 20) + 512_u64).to_be_bytes()));
    vhd_refused(TooLarge, footer_field(48, &(1_u64 << 50).to_be_bytes()));
    vhd_refused(PointsOutside, footer_field(60, &4_u32.to_be_bytes()));
    vhd_refused(Unsupported, footer_field(60, &0_u32.to_be_bytes()));
    vhd_refused(Unsupported, footer_field(60, &6_u32.to_be_bytes()));
    // A fixed disk that claims more than the file holds.
    vhd_refused(VhdSize, |file| {
        footer_field(60, &2_u32.to_be_bytes())(file);
        footer_field(48, &(16_u64 << 20).to_be_bytes())(file);
    });
}

#[test]
fn vhd_headers_and_tables() {
    use ErrorKind::{Malformed, Truncated, Unsupported, VhdBlockSize, VhdSize};
    vhd_refused(Malformed, header_field(0, b"x"));
    vhd_refused(Truncated, header_field(16, &(1_u64 << 40).to_be_bytes()));
    vhd_refused(Truncated, header_field(16, &u64::MAX.to_be_bytes()));
    vhd_refused(Unsupported, header_field(24, &[0, 2]));
    vhd_refused(VhdSize, header_field(28, &1_u32.to_be_bytes()));
    vhd_refused(VhdSize, header_field(28, &0_u32.to_be_bytes()));
    vhd_refused(Truncated, header_field(28, &u32::MAX.to_be_bytes()));
    for block_size in [0, 1, 512, 2048, (2 << 20) + 512, 3 << 20, 512 << 20, u32::MAX] {
        vhd_refused(VhdBlockSize, header_field(32, &block_size.to_be_bytes()));
    }
    // BAT entries: past the end, and one whose data would run into nothing.
    vhd_refused(Truncated, |file| file[1536..1540].copy_from_slice(&0xffff_fffe_u32.to_be_bytes()));
    let last_sector = (sound_vhd().len() / 512 - 1) as u32;
    vhd_refused(Truncated, |file| file[1536..1540].copy_from_slice(&last_sector.to_be_bytes()));
}

#[test]
fn vhd_checksums() {
    for at in [512 + 300, sound_vhd().len() - 200] {
        let mut file = sound_vhd();
        file[at] ^= 1;
        let error = open(Arc::new(file.clone()), Format::Vhd, &Limits::default()).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        assert_eq!(check(Arc::new(file), None, &Limits::default()).unwrap_err().kind(), ErrorKind::Malformed);
    }
}

/// A sector whose bit is not set was never written.
#[test]
fn vhd_sector_bitmaps_are_honoured() {
    let mut file = sound_vhd();
    let bitmap = 2048;
    // Sectors 1, 8 to 15 and the last of the first block.
    file[bitmap] = 0b1011_1111;
    file[bitmap + 1] = 0;
    file[bitmap + 511] = 0b1111_1110;
    let disk = open(Arc::new(file), Format::Vhd, &Limits::default()).unwrap();
    let mut expected = vec![0x3c; 3 << 20];
    for sector in (8..16).chain([1, 4095]) {
        expected[sector * 512..][..512].fill(0);
    }
    assert_content(disk.as_ref(), &expected);
}

/// Two BAT entries may name one block; it is read twice.
#[test]
fn vhd_blocks_may_overlap() {
    let mut file = sound_vhd();
    file.copy_within(1536..1540, 1540);
    let disk = open(Arc::new(file), Format::Vhd, &Limits::default()).unwrap();
    assert_content(disk.as_ref(), &vec![0x3c; 3 << 20]);
}

#[test]
fn empty_and_tiny_files() {
    for len in [0, 1, 8, 71, 72, 103, 104, 510, 511, 512, 513, 1024] {
        for format in [Format::Vhd, Format::Qcow2] {
            let error = open(Arc::new(vec![0; len]), format, &Limits::default()).err().unwrap();
            assert!(matches!(error.kind(), ErrorKind::Malformed | ErrorKind::Truncated), "{format} of {len}: {error}");
        }
    }
    let empty: Box<dyn Disk> = open(Arc::new(Vec::new()), Format::Raw, &Limits::default()).unwrap();
    assert_eq!((empty.virtual_size(), empty.next_data(0).unwrap()), (0, None));
}
