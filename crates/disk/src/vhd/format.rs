//! On-disk structures of VHD, named as in Microsoft's "Virtual Hard Disk Image Format Specification" 1.0.
//!
//! All numbers are big-endian. A fixed disk is the data and a footer; a dynamic disk is a copy of the footer, a
//! dynamic disk header, the block allocation table (BAT), blocks (each a sector bitmap and its data), and the footer.

use crate::bytes::{be32, be64, put32, put64};
use crate::error::{Error, Reason};

/// Cookie of the hard disk footer.
pub(crate) const FOOTER_COOKIE: &[u8; 8] = b"conectix";
/// Cookie of the dynamic disk header.
pub(crate) const HEADER_COOKIE: &[u8; 8] = b"cxsparse";
/// Bytes of the hard disk footer.
pub(crate) const FOOTER_SIZE: usize = 512;
/// Bytes of the footer that versions before Virtual PC 2004 wrote.
pub(crate) const OLD_FOOTER_SIZE: usize = 511;
/// Bytes of the dynamic disk header.
pub(crate) const HEADER_SIZE: usize = 1024;
/// Bytes of a sector, the unit of the BAT and of the sector bitmaps.
pub(crate) const SECTOR_SIZE: u64 = 512;
/// BAT entry of a block that is not in the file.
pub(crate) const UNUSED_ENTRY: u32 = 0xffff_ffff;
/// Major version 1, minor version 0, of the file format and of the dynamic header.
pub(crate) const VERSION: u32 = 0x0001_0000;
/// Smallest block that is read. The specification only has 2 MiB (older tools 512 KiB).
pub(crate) const MIN_BLOCK_SIZE: u32 = 4 << 10;
/// Largest block that is read: its sector bitmap has 64 KiB.
pub(crate) const MAX_BLOCK_SIZE: u32 = 256 << 20;
/// Largest disk, of the specification: 2040 GiB.
pub(crate) const MAX_DISK_SIZE: u64 = 2040 << 30;
/// Sectors of the largest geometry: 65535 cylinders, 16 heads, 255 sectors a track. It means "larger than this".
pub(crate) const MAX_GEOMETRY_SECTORS: u64 = 65535 * 16 * 255;

const DISK_TYPE_FIXED: u32 = 2;
const DISK_TYPE_DYNAMIC: u32 = 3;
const DISK_TYPE_DIFFERENCING: u32 = 4;
/// "A bit that must always be set to 1."
const FEATURES_RESERVED: u32 = 2;
const FOOTER_CHECKSUM_AT: usize = 64;
const HEADER_CHECKSUM_AT: usize = 36;
/// Programs whose disks have the size of their geometry; everyone else's have `CurrentSize`.
const CHS_CREATORS: [&[u8; 4]; 3] = [b"vpc ", b"vs  ", b"qemu"];

/// How the data lies in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DiskType {
    Fixed,
    Dynamic,
}

/// The fields of the hard disk footer that reading and writing need.
#[derive(Clone, Debug)]
pub(crate) struct Footer {
    /// `DataOffset`: where the dynamic disk header is.
    pub(crate) data_offset: u64,
    /// `CreatorApplication`.
    pub(crate) creator_application: [u8; 4],
    /// `CurrentSize`, in bytes.
    pub(crate) current_size: u64,
    /// `DiskGeometry`.
    pub(crate) geometry: Geometry,
    /// `DiskType`.
    pub(crate) disk_type: DiskType,
}

/// Cylinders, heads and sectors a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    pub(crate) cylinders: u16,
    pub(crate) heads: u8,
    pub(crate) sectors_per_track: u8,
}

/// The fields of the dynamic disk header.
#[derive(Clone, Debug)]
pub(crate) struct DynamicHeader {
    /// `TableOffset`: where the BAT is.
    pub(crate) table_offset: u64,
    /// `MaxTableEntries`.
    pub(crate) max_table_entries: u32,
    /// `BlockSize`, without the sector bitmap.
    pub(crate) block_size: u32,
}

/// What a new footer says besides its layout.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewFooter {
    pub(crate) current_size: u64,
    pub(crate) unique_id: [u8; 16],
    /// Seconds since 2000-01-01T00:00:00Z.
    pub(crate) time_stamp: u32,
}

/// The footer in the last 512 bytes of a file and the size that it has there; it is padded to 512 bytes when it is an
/// old one of 511. Only the cookie is looked at.
pub(crate) fn find_footer(tail: &[u8]) -> Option<([u8; FOOTER_SIZE], usize)> {
    let start = [FOOTER_SIZE, OLD_FOOTER_SIZE]
        .into_iter()
        .filter_map(|size| tail.len().checked_sub(size))
        .find(|start| tail[*start..].starts_with(FOOTER_COOKIE))?;
    let mut footer = [0; FOOTER_SIZE];
    footer[..tail.len() - start].copy_from_slice(&tail[start..]);
    Some((footer, tail.len() - start))
}

/// Whether a footer is more than a cookie.
pub(crate) fn footer_checksum_is_right(footer: &[u8; FOOTER_SIZE]) -> bool {
    be32(footer, FOOTER_CHECKSUM_AT) == checksum(footer, FOOTER_CHECKSUM_AT)
}

impl Footer {
    /// Read a footer found at `offset` of the file.
    pub(crate) fn parse(bytes: &[u8; FOOTER_SIZE], offset: u64) -> Result<Footer, Error> {
        if !bytes.starts_with(FOOTER_COOKIE) {
            return Err(Error::malformed(offset, "no VHD footer"));
        }
        check_checksum("VHD footer", bytes, FOOTER_CHECKSUM_AT, offset)?;
        check_version("VHD file format version", be32(bytes, 12), offset + 12)?;
        let disk_type = match be32(bytes, 60) {
            DISK_TYPE_FIXED => DiskType::Fixed,
            DISK_TYPE_DYNAMIC => DiskType::Dynamic,
            DISK_TYPE_DIFFERENCING => {
                return Err(Error::new(offset + 60, Reason::PointsOutside("a differencing VHD needs its parent")));
            }
            other => {
                let reason = Reason::Unsupported { what: "VHD disk type", value: u64::from(other) };
                return Err(Error::new(offset + 60, reason));
            }
        };
        Ok(Footer {
            data_offset: be64(bytes, 16),
            creator_application: bytes[28..32].try_into().expect("four bytes were sliced"),
            current_size: be64(bytes, 48),
            geometry: Geometry {
                cylinders: u16::from_be_bytes([bytes[56], bytes[57]]),
                heads: bytes[58],
                sectors_per_track: bytes[59],
            },
            disk_type,
        })
    }

    /// The size that a guest sees, in bytes.
    ///
    /// Virtual PC and Virtual Server compute it from the geometry, and so did QEMU before it had a second creator
    /// name; Hyper-V and everyone after use `CurrentSize`. An unknown creator counts as one of the latter, where
    /// `qemu-img` counts it to the former: a few sectors of zeros too many are harmless, a GPT cut off is not. The
    /// largest geometry only says "larger".
    pub(crate) fn virtual_size(&self) -> u64 {
        let sectors = self.geometry.sectors();
        let by_geometry =
            CHS_CREATORS.contains(&&self.creator_application) && sectors != 0 && sectors != MAX_GEOMETRY_SECTORS;
        if by_geometry { sectors * SECTOR_SIZE } else { self.current_size }
    }
}

impl Geometry {
    /// The specification's geometry for a disk (appendix "CHS calculation").
    pub(crate) fn of(disk_size: u64) -> Geometry {
        let sectors = (disk_size / SECTOR_SIZE).min(MAX_GEOMETRY_SECTORS);
        let (sectors_per_track, heads, tracks);
        if sectors >= 65535 * 16 * 63 {
            (sectors_per_track, heads, tracks) = (255, 16, sectors / 255);
        } else {
            let fits = |per_track: u64, heads: u64| sectors / per_track < heads * 1024 && heads <= 16;
            let by_17 = (sectors / 17).div_ceil(1024).max(4);
            if fits(17, by_17) {
                (sectors_per_track, heads, tracks) = (17, by_17, sectors / 17);
            } else if fits(31, 16) {
                (sectors_per_track, heads, tracks) = (31, 16, sectors / 31);
            } else {
                (sectors_per_track, heads, tracks) = (63, 16, sectors / 63);
            }
        }
        Geometry {
            cylinders: u16::try_from(tracks / heads).expect("tracks were bounded by 65535 times 16"),
            heads: heads as u8,
            sectors_per_track: sectors_per_track as u8,
        }
    }

    fn sectors(self) -> u64 {
        u64::from(self.cylinders) * u64::from(self.heads) * u64::from(self.sectors_per_track)
    }
}

impl DynamicHeader {
    /// Read the header found at `offset` of the file.
    pub(crate) fn parse(bytes: &[u8; HEADER_SIZE], offset: u64) -> Result<DynamicHeader, Error> {
        if !bytes.starts_with(HEADER_COOKIE) {
            return Err(Error::malformed(offset, "no VHD dynamic disk header"));
        }
        check_checksum("VHD dynamic disk header", bytes, HEADER_CHECKSUM_AT, offset)?;
        check_version("VHD dynamic header version", be32(bytes, 24), offset + 24)?;
        let block_size = be32(bytes, 32);
        if !block_size.is_power_of_two() || !(MIN_BLOCK_SIZE..=MAX_BLOCK_SIZE).contains(&block_size) {
            return Err(Error::new(offset + 32, Reason::VhdBlockSize { block_size }));
        }
        Ok(DynamicHeader { table_offset: be64(bytes, 16), max_table_entries: be32(bytes, 28), block_size })
    }

    /// The header as it stands in a file.
    pub(crate) fn to_bytes(&self) -> [u8; HEADER_SIZE] {
        let mut bytes = [0; HEADER_SIZE];
        bytes[..8].copy_from_slice(HEADER_COOKIE);
        put64(&mut bytes, 8, u64::MAX);
        put64(&mut bytes, 16, self.table_offset);
        put32(&mut bytes, 24, VERSION);
        put32(&mut bytes, 28, self.max_table_entries);
        put32(&mut bytes, 32, self.block_size);
        let checksum = checksum(&bytes, HEADER_CHECKSUM_AT);
        put32(&mut bytes, HEADER_CHECKSUM_AT, checksum);
        bytes
    }

    /// Bytes of the sector bitmap in front of each block: a bit a sector, padded to whole sectors.
    pub(crate) fn bitmap_size(&self) -> u64 {
        (u64::from(self.block_size) / SECTOR_SIZE / 8).next_multiple_of(SECTOR_SIZE)
    }
}

impl NewFooter {
    /// The footer of a dynamic disk whose header follows the copy of the footer.
    ///
    /// The creator is Hyper-V's, because every reader takes `CurrentSize` from it and so finds the exact size.
    pub(crate) fn to_bytes(self) -> [u8; FOOTER_SIZE] {
        let mut bytes = [0; FOOTER_SIZE];
        let geometry = Geometry::of(self.current_size);
        bytes[..8].copy_from_slice(FOOTER_COOKIE);
        put32(&mut bytes, 8, FEATURES_RESERVED);
        put32(&mut bytes, 12, VERSION);
        put64(&mut bytes, 16, FOOTER_SIZE as u64);
        put32(&mut bytes, 24, self.time_stamp);
        bytes[28..32].copy_from_slice(b"win ");
        put32(&mut bytes, 32, 0x000a_0000);
        bytes[36..40].copy_from_slice(b"Wi2k");
        put64(&mut bytes, 40, self.current_size);
        put64(&mut bytes, 48, self.current_size);
        bytes[56..58].copy_from_slice(&geometry.cylinders.to_be_bytes());
        bytes[58] = geometry.heads;
        bytes[59] = geometry.sectors_per_track;
        put32(&mut bytes, 60, DISK_TYPE_DYNAMIC);
        bytes[68..84].copy_from_slice(&self.unique_id);
        let checksum = checksum(&bytes, FOOTER_CHECKSUM_AT);
        put32(&mut bytes, FOOTER_CHECKSUM_AT, checksum);
        bytes
    }
}

/// One's complement of the sum of all bytes but those of the checksum itself.
pub(crate) fn checksum(bytes: &[u8], checksum_at: usize) -> u32 {
    let sum = |part: &[u8]| part.iter().map(|byte| u32::from(*byte)).sum::<u32>();
    !(sum(&bytes[..checksum_at]) + sum(&bytes[checksum_at + 4..]))
}

fn check_checksum(what: &'static str, bytes: &[u8], checksum_at: usize, offset: u64) -> Result<(), Error> {
    let (stored, computed) = (be32(bytes, checksum_at), checksum(bytes, checksum_at));
    if stored == computed { Ok(()) } else { Err(Error::new(offset, Reason::Checksum { what, computed, stored })) }
}

fn check_version(what: &'static str, version: u32, offset: u64) -> Result<(), Error> {
    if version >> 16 == VERSION >> 16 {
        Ok(())
    } else {
        Err(Error::new(offset, Reason::Unsupported { what, value: u64::from(version) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn footer(creator: &[u8; 4], current_size: u64, geometry: (u16, u8, u8)) -> Footer {
        let (cylinders, heads, sectors_per_track) = geometry;
        Footer {
            data_offset: 0,
            creator_application: *creator,
            current_size,
            geometry: Geometry { cylinders, heads, sectors_per_track },
            disk_type: DiskType::Fixed,
        }
    }

    #[test]
    fn the_creator_decides_which_size_counts() {
        let geometry = (100, 4, 17);
        let chs = 100 * 4 * 17 * 512;
        for creator in [b"vpc ", b"vs  ", b"qemu"] {
            assert_eq!(footer(creator, 9 << 20, geometry).virtual_size(), chs);
            assert_eq!(footer(creator, 9 << 20, (0, 0, 0)).virtual_size(), 9 << 20);
            assert_eq!(footer(creator, 200 << 30, (65535, 16, 255)).virtual_size(), 200 << 30);
        }
        for creator in [b"qem2", b"win ", b"d2v ", b"tap\0", b"CTXS", b"wa\0\0", b"vbox", b"????"] {
            assert_eq!(footer(creator, 9 << 20, geometry).virtual_size(), 9 << 20);
        }
    }

    #[test]
    fn a_new_footer_reads_back() {
        for size in [512, 10 << 20, 127 << 30, MAX_DISK_SIZE] {
            let new = NewFooter { current_size: size, unique_id: [7; 16], time_stamp: 1 };
            let bytes = new.to_bytes();
            let footer = Footer::parse(&bytes, 0).unwrap();
            assert_eq!((footer.virtual_size(), footer.disk_type), (size, DiskType::Dynamic));
            assert!(footer.geometry.sectors() * SECTOR_SIZE <= size);
        }
    }

    #[test]
    fn old_footers_have_511_bytes() {
        let bytes = NewFooter { current_size: 512, unique_id: [0; 16], time_stamp: 0 }.to_bytes();
        let mut tail = vec![0];
        tail.extend_from_slice(&bytes[..511]);
        assert_eq!(find_footer(&tail), Some((bytes, 511)));
        assert_eq!(find_footer(&tail[1..]), Some((bytes, 511)));
        assert_eq!(find_footer(&tail[2..]), None);
    }
}
