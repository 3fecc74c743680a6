//! The formats by name, recognising them by content, and opening them.
//!
//! A format is guessed **once**, when a file from outside is imported ([`check`]). Afterwards it is a stored fact and
//! goes into [`open`], which never looks for another one: what a guest wrote to a RAW disk may begin like a QCOW2.
//!
//! # What is decided where content is ambiguous
//!
//! Evidence is weighed in this order, and the first that applies decides:
//!
//! 1. A VHD footer at the end of the file **with a correct checksum** is a VHD, whatever the guest's first sector
//!    looks like: the bytes in front of the footer of a fixed VHD are a guest's and prove nothing.
//! 2. A magic of four bytes or more at offset 0: QCOW2, VMDK, VHDX, QED, Parallels, xz, zstd; VDI's at 0x40.
//! 3. A VHD cookie with a broken checksum, at the end or at offset 0: still a VHD, and refused as malformed when it
//!    is opened. So a RAW disk whose last sector happens to begin with `conectix` cannot be imported as it is;
//!    importing a damaged VHD as RAW, with the footer as guest data, would be worse. One more sector of zeros
//!    resolves the former; nothing would repair the latter.
//! 4. `CD001` at 0x8001 is an ISO, also when the file starts with a boot record (isohybrid): it is made for an
//!    optical drive, the service refuses ISO files, and a disk installed from one does not carry the mark.
//! 5. The short magics gzip, bzip2 and zip. They could be a RAW data disk written with `dd of=/dev/vdb if=x.gz`;
//!    a compressed disk by mistake is a thousand times likelier.
//! 6. RAW, LUKS included: encryption inside the guest is the guest's.

use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::Arc;

use crate::device::{Disk, ReadAt};
use crate::error::{Error, Found, Reason};
use crate::qcow2::Qcow2;
use crate::raw::{self, Raw};
use crate::source::Source;
use crate::vhd::{self, Vhd};

/// A disk file format that is read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// The file is the disk.
    Raw,
    /// Virtual Hard Disk of Virtual PC, Hyper-V and Azure, fixed or dynamic.
    Vhd,
    /// QEMU's copy-on-write format, version 2 or 3.
    Qcow2,
}

impl fmt::Display for Format {
    /// The name on the wire.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Raw => "RAW",
            Format::Vhd => "VHD",
            Format::Qcow2 => "QCOW2",
        })
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Format, UnknownFormat> {
        [Format::Raw, Format::Vhd, Format::Qcow2]
            .into_iter()
            .find(|format| format.to_string().eq_ignore_ascii_case(name))
            .ok_or(UnknownFormat)
    }
}

/// A name that is none of RAW, VHD and QCOW2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a disk format: RAW, VHD and QCOW2 are")]
pub struct UnknownFormat;

/// A kind of file that is recognised only to be refused by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Foreign {
    /// VMware's disk, sparse extent or descriptor.
    Vmdk,
    /// VirtualBox's disk.
    Vdi,
    /// Hyper-V's newer disk.
    Vhdx,
    /// QEMU's abandoned enhanced disk.
    Qed,
    /// Parallels' disk.
    Parallels,
    /// The first version of QCOW.
    Qcow1,
    /// An optical disc, also one that can start from a USB stick.
    Iso,
    /// A gzip stream, as an exported `.raw.tar.gz` is.
    Gzip,
    /// A zstd stream.
    Zstd,
    /// An xz stream.
    Xz,
    /// A bzip2 stream.
    Bzip2,
    /// A zip archive.
    Zip,
}

impl Foreign {
    /// Whether it is an archive or a compressed stream, which may hold a disk after unpacking.
    pub fn is_packed(self) -> bool {
        matches!(self, Foreign::Gzip | Foreign::Zstd | Foreign::Xz | Foreign::Bzip2 | Foreign::Zip)
    }
}

impl fmt::Display for Foreign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Foreign::Vmdk => "VMDK",
            Foreign::Vdi => "VDI",
            Foreign::Vhdx => "VHDX",
            Foreign::Qed => "QED",
            Foreign::Parallels => "Parallels",
            Foreign::Qcow1 => "QCOW",
            Foreign::Iso => "ISO",
            Foreign::Gzip => "gzip",
            Foreign::Zstd => "zstd",
            Foreign::Xz => "xz",
            Foreign::Bzip2 => "bzip2",
            Foreign::Zip => "zip",
        })
    }
}

/// What a file's content is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// One of ours. It may still be malformed.
    Known(Format),
    /// One that we refuse.
    Foreign(Foreign),
}

/// Bounds on what a file may stand for. The crate's documentation says why this one is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest virtual size, in bytes.
    pub max_virtual_size: u64,
}

impl Default for Limits {
    /// 2048 GiB, the service's limit on an imported disk.
    fn default() -> Limits {
        Limits { max_virtual_size: 2048 << 30 }
    }
}

/// What [`check`] found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The format of the content.
    pub format: Format,
    /// Size that a guest will see, in bytes.
    pub virtual_size: u64,
}

/// Recognise a file from outside by its content. The module's documentation has the order of the evidence.
pub fn probe(file: &dyn ReadAt) -> io::Result<Probe> {
    let head = read_some(file, 0, 128)?;
    let tail = read_some(file, file.len().saturating_sub(512), 512)?;
    let footer = vhd::format::find_footer(&tail);
    if footer.is_some_and(|(footer, _)| vhd::format::footer_checksum_is_right(&footer)) {
        return Ok(Probe::Known(Format::Vhd));
    }
    if head.starts_with(b"QFI\xfb") {
        return Ok(if head.get(4..8) == Some(&[0, 0, 0, 1]) {
            Probe::Foreign(Foreign::Qcow1)
        } else {
            Probe::Known(Format::Qcow2)
        });
    }
    for (offset, magic, foreign) in LONG_MAGICS {
        if head.get(*offset..).is_some_and(|rest| rest.starts_with(magic)) {
            return Ok(Probe::Foreign(*foreign));
        }
    }
    if footer.is_some() || head.starts_with(vhd::format::FOOTER_COOKIE) {
        return Ok(Probe::Known(Format::Vhd));
    }
    if read_some(file, 0x8001, 5)? == b"CD001" {
        return Ok(Probe::Foreign(Foreign::Iso));
    }
    for (offset, magic, foreign) in SHORT_MAGICS {
        if head.get(*offset..).is_some_and(|rest| rest.starts_with(magic)) {
            return Ok(Probe::Foreign(*foreign));
        }
    }
    Ok(Probe::Known(Format::Raw))
}

/// The synchronous part of an import: recognise the content, compare it with what was declared, read the headers and
/// check every bound that they alone can show. Reads a few KiB (a QCOW2's L1 table at most), however large the file.
pub fn check(file: Arc<dyn ReadAt>, declared: Option<Format>, limits: &Limits) -> Result<Checked, Error> {
    let found = probe(file.as_ref()).map_err(|error| Error::from_io(error, 0))?;
    let format = match (found, declared) {
        (Probe::Known(format), None) => format,
        (Probe::Known(format), Some(declared)) if format == declared => format,
        (Probe::Known(format), Some(declared)) => {
            return Err(Error::new(0, Reason::Mismatch { declared, found: Found::Format(format) }));
        }
        (Probe::Foreign(foreign), Some(declared)) => {
            return Err(Error::new(0, Reason::Mismatch { declared, found: Found::Foreign(foreign) }));
        }
        (Probe::Foreign(foreign), None) => return Err(Error::new(0, Reason::Foreign(foreign))),
    };
    let virtual_size = match format {
        Format::Raw => raw::virtual_size(file.len(), limits)?,
        Format::Vhd | Format::Qcow2 => open(file, format, limits)?.virtual_size(),
    };
    Ok(Checked { format, virtual_size })
}

/// Open a file whose format is known. Never guesses: a file of another format is malformed, and anything is RAW.
pub fn open(file: Arc<dyn ReadAt>, format: Format, limits: &Limits) -> Result<Box<dyn Disk>, Error> {
    Ok(match format {
        Format::Raw => Box::new(Raw::open(file, limits)?),
        Format::Vhd => match Vhd::open(Source::new(file), limits)? {
            Vhd::Fixed(disk) => Box::new(disk),
            Vhd::Dynamic(disk) => Box::new(disk),
        },
        Format::Qcow2 => Box::new(Qcow2::open(Source::new(file), limits)?),
    })
}

/// Magics of at least four bytes: where, what, which.
const LONG_MAGICS: &[(usize, &[u8], Foreign)] = &[
    (0, b"KDMV", Foreign::Vmdk),
    (0, b"COWD", Foreign::Vmdk),
    (0, b"# Disk DescriptorFile", Foreign::Vmdk),
    (0, b"vhdxfile", Foreign::Vhdx),
    (0, b"QED\0", Foreign::Qed),
    (0, b"WithoutFreeSpace", Foreign::Parallels),
    (0, b"WithouFreSpacExt", Foreign::Parallels),
    (0, b"\xfd7zXZ\0", Foreign::Xz),
    (0, b"\x28\xb5\x2f\xfd", Foreign::Zstd),
    (0x40, &0xbeda_107f_u32.to_le_bytes(), Foreign::Vdi),
];

/// Magics that are weak by themselves, asked last.
const SHORT_MAGICS: &[(usize, &[u8], Foreign)] = &[
    (0, b"\x1f\x8b\x08", Foreign::Gzip),
    (0, b"BZh", Foreign::Bzip2),
    (0, b"PK\x03\x04", Foreign::Zip),
    (0, b"PK\x05\x06", Foreign::Zip),
];

/// Up to `len` bytes at `offset`, fewer where the file ends.
fn read_some(file: &dyn ReadAt, offset: u64, len: u64) -> io::Result<Vec<u8>> {
    let len = file.len().saturating_sub(offset).min(len);
    let mut bytes = vec![0; len as usize];
    if !bytes.is_empty() {
        file.read_exact_at(&mut bytes, offset)?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn names() {
        for (name, format) in [("raw", Format::Raw), ("VHD", Format::Vhd), ("qCow2", Format::Qcow2)] {
            assert_eq!(name.parse(), Ok(format));
            assert_eq!(format.to_string(), name.to_uppercase());
        }
        assert_eq!("VMDK".parse::<Format>(), Err(UnknownFormat));
        assert_eq!("".parse::<Format>(), Err(UnknownFormat));
    }

    #[track_caller]
    fn assert_probe(offset: usize, magic: &[u8], expected: Probe) {
        let mut file = vec![0; 64 << 10];
        file[offset..offset + magic.len()].copy_from_slice(magic);
        assert_eq!(probe(&file).unwrap(), expected);
        if let Probe::Foreign(foreign) = expected {
            let file = Arc::new(file);
            let error = check(file.clone(), None, &Limits::default()).unwrap_err();
            assert_eq!((error.kind(), error.foreign()), (ErrorKind::Unsupported, Some(foreign)));
            let error = check(file, Some(Format::Raw), &Limits::default()).unwrap_err();
            assert_eq!((error.kind(), error.foreign()), (ErrorKind::FormatMismatch, Some(foreign)));
        }
    }

    #[test]
    fn content_decides() {
        for (offset, magic, foreign) in LONG_MAGICS.iter().chain(SHORT_MAGICS) {
            assert_probe(*offset, magic, Probe::Foreign(*foreign));
        }
        assert_probe(0x8001, b"CD001", Probe::Foreign(Foreign::Iso));
        assert_probe(0, b"QFI\xfb\0\0\0\x01", Probe::Foreign(Foreign::Qcow1));
        assert_probe(0, b"QFI\xfb\0\0\0\x03", Probe::Known(Format::Qcow2));
        assert_probe(0, b"QFI\xfb\0\0\0\x09", Probe::Known(Format::Qcow2));
        assert_probe((64 << 10) - 512, b"conectix", Probe::Known(Format::Vhd));
        assert_probe((64 << 10) - 511, b"conectix", Probe::Known(Format::Vhd));
        assert_probe(0, b"conectix", Probe::Known(Format::Vhd));
        assert_probe(0, b"LUKS\xba\xbe", Probe::Known(Format::Raw));
        assert_probe(510, b"\x55\xaa", Probe::Known(Format::Raw));
        assert_probe((64 << 10) - 510, b"conectix", Probe::Known(Format::Raw));
    }

    #[test]
    fn an_isohybrid_is_an_iso() {
        let mut file = vec![0; 64 << 10];
        file[510..512].copy_from_slice(b"\x55\xaa");
        file[0x8001..0x8006].copy_from_slice(b"CD001");
        assert_eq!(probe(&file).unwrap(), Probe::Foreign(Foreign::Iso));
    }

    #[test]
    fn short_files_are_raw() {
        for len in [0, 1, 3, 7, 511] {
            assert_eq!(probe(&vec![0; len]).unwrap(), Probe::Known(Format::Raw), "{len}");
        }
        assert_eq!(probe(&b"QFI\xfb".to_vec()).unwrap(), Probe::Known(Format::Qcow2));
    }

    #[test]
    fn raw_ending_in_a_vhd_cookie_is_not_imported_as_raw() {
        let mut file = vec![0; 64 << 10];
        file[(64 << 10) - 512..][..8].copy_from_slice(b"conectix");
        let file = Arc::new(file);
        let declared = check(file.clone(), Some(Format::Raw), &Limits::default()).unwrap_err();
        assert_eq!(declared.kind(), ErrorKind::FormatMismatch);
        let detected = check(file, None, &Limits::default()).unwrap_err();
        assert_eq!(detected.kind(), ErrorKind::Malformed);
    }

    #[test]
    fn a_sound_raw_passes() {
        let checked = check(Arc::new(vec![0; 1000]), Some(Format::Raw), &Limits::default()).unwrap();
        assert_eq!(checked, Checked { format: Format::Raw, virtual_size: 1024 });
    }
}
