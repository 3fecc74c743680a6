//! Random disks, through `qemu-img` and through us, both ways.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::fs::{self, File};
use std::ops::ControlFlow;
use std::path::Path;

use disk::{Format, Stamp, write};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use support::*;

/// Options of `qemu-img convert` for the formats that we read.
const TARGETS: &[(Format, &str, &str, bool)] = &[
    (Format::Qcow2, "qcow2", "compat=0.10,cluster_size=512", false),
    (Format::Qcow2, "qcow2", "compat=0.10,cluster_size=8k", true),
    (Format::Qcow2, "qcow2", "cluster_size=64k", false),
    (Format::Qcow2, "qcow2", "cluster_size=1k,compression_type=zstd", true),
    (Format::Qcow2, "qcow2", "cluster_size=256k,compression_type=zstd", true),
    (Format::Qcow2, "qcow2", "cluster_size=2M", false),
    (Format::Qcow2, "qcow2", "cluster_size=16k,extended_l2=on", false),
    (Format::Qcow2, "qcow2", "cluster_size=128k,extended_l2=on", true),
    (Format::Vhd, "vpc", "subformat=dynamic,force_size=on", false),
    (Format::Vhd, "vpc", "subformat=fixed,force_size=on", false),
    (Format::Vhd, "vpc", "subformat=dynamic,force_size=off", false),
];

/// One command of `qemu-io`, placed in sectors.
#[derive(Clone, Debug)]
enum Change {
    Write { at: u64, len: u64, byte: u8 },
    Zero { at: u64, len: u64, unmap: bool },
    Discard { at: u64, len: u64 },
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let place = || (0_u64..8000, 1_u64..600);
    let change = prop_oneof![
        3 => (place(), 1_u8..=255).prop_map(|((at, len), byte)| Change::Write { at, len, byte }),
        2 => (place(), any::<bool>()).prop_map(|((at, len), unmap)| Change::Zero { at, len, unmap }),
        1 => place().prop_map(|(at, len)| Change::Discard { at, len }),
    ];
    vec(change, 1..24)
}

fn run_changes(format: &str, path: &Path, sectors: u64, changes: &[Change]) {
    let fit = |at: u64, len: u64| {
        let at = at % sectors;
        format!("{} {}", at * 512, len.min(sectors - at) * 512)
    };
    let commands: Vec<String> = changes
        .iter()
        .map(|change| match change {
            Change::Write { at, len, byte } => format!("write -q -P {byte} {}", fit(*at, *len)),
            Change::Zero { at, len, unmap } => {
                format!("write -q -z {}{}", if *unmap { "-u " } else { "" }, fit(*at, *len))
            }
            Change::Discard { at, len } => format!("discard -q {}", fit(*at, *len)),
        })
        .collect();
    qemu_io(format, path, &commands.iter().map(String::as_str).collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// A file of `qemu-img`, worn by `qemu-io`, is the same disk to us as to them.
    #[test]
    fn worn_files_read_the_same(
        sectors in 8_u64..12000,
        first in changes(),
        then in changes(),
        (format, name, options, compressed) in select(TARGETS),
    ) {
        let scratch = Scratch::new();
        let raw = scratch.raw("guest.raw", sectors * 512, &[]);
        run_changes("raw", &raw, sectors, &first);
        let image = scratch.path("image");
        convert(("raw", &raw), (name, &image), options, if compressed { &["-c"] } else { &[] });
        let writable = !options.contains("fixed");
        if writable {
            run_changes(name, &image, sectors, &then);
        }
        let back = scratch.path("back.raw");
        convert((name, &image), ("raw", &back), "", &[]);
        let disk = open_path(&image, format).unwrap();
        assert_content(disk.as_ref(), &fs::read(&back).unwrap());
    }

    /// What we write of a disk in any format is the same disk to them.
    #[test]
    fn exports_read_the_same(
        sectors in 1_u64..12000,
        first in changes(),
        (format, name, options, compressed) in select(TARGETS),
        target in select(&[(Format::Raw, "raw"), (Format::Vhd, "vpc"), (Format::Qcow2, "qcow2")][..]),
    ) {
        let scratch = Scratch::new();
        let raw = scratch.raw("guest.raw", sectors * 512, &[]);
        run_changes("raw", &raw, sectors, &first);
        let (image, export) = (scratch.path("image"), scratch.path("export"));
        convert(("raw", &raw), (name, &image), options, if compressed { &["-c"] } else { &[] });
        let disk = open_path(&image, format).unwrap();
        let mut out = File::create(&export).unwrap();
        write(disk.as_ref(), target.0, &Stamp::default(), &mut out, &mut |_| ControlFlow::Continue(())).unwrap();
        prop_assert_eq!(qemu_virtual_size(target.1, &export), disk.virtual_size());
        qemu_img(&["compare", "-f", "raw", "-F", target.1, raw.to_str().unwrap(), export.to_str().unwrap()]);
    }
}
