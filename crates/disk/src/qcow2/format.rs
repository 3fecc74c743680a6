//! On-disk structures of QCOW2, named as in QEMU's `docs/interop/qcow2.txt`. All numbers are big-endian.

use crate::bytes::{be32, be64, put32, put64, whole_sectors};
use crate::error::{Error, Reason};
use crate::format::Limits;
use crate::source::Source;

/// "QFI\xfb".
pub(crate) const MAGIC: u32 = 0x5146_49fb;
/// Bytes of a version 2 header.
pub(crate) const V2_HEADER_LENGTH: u32 = 72;
/// Bytes of a version 3 header without the optional fields.
pub(crate) const V3_HEADER_LENGTH: u32 = 104;
/// Bytes of a version 3 header with the compression type and its padding.
pub(crate) const V3_HEADER_LENGTH_WITH_COMPRESSION: u32 = 112;

const INCOMPATIBLE_DIRTY: u64 = 1 << 0;
const INCOMPATIBLE_CORRUPT: u64 = 1 << 1;
const INCOMPATIBLE_EXTERNAL_DATA: u64 = 1 << 2;
const INCOMPATIBLE_COMPRESSION_TYPE: u64 = 1 << 3;
const INCOMPATIBLE_EXTENDED_L2: u64 = 1 << 4;

/// Bits 9-55 of an L1 entry: where the L2 table is.
pub(crate) const L1_OFFSET: u64 = 0x00ff_ffff_ffff_fe00;
/// Bits 9-55 of an L2 entry: where the cluster is.
pub(crate) const L2_OFFSET: u64 = 0x00ff_ffff_ffff_fe00;
/// Bit 0 of an L2 entry: reads as zeros.
pub(crate) const L2_ZERO: u64 = 1 << 0;
/// Bit 62 of an L2 entry.
pub(crate) const L2_COMPRESSED: u64 = 1 << 62;
/// Bit 63 of an L1 or L2 entry: the refcount is exactly one.
pub(crate) const COPIED: u64 = 1 << 63;
/// Subclusters of a cluster with extended L2 entries.
pub(crate) const SUBCLUSTERS: u64 = 32;

const MIN_CLUSTER_BITS: u32 = 9;
const MAX_CLUSTER_BITS: u32 = 21;
/// A subcluster has at least a sector.
const MIN_EXTENDED_CLUSTER_BITS: u32 = 14;
/// Largest L1 table that QEMU opens, in bytes.
const MAX_L1_BYTES: u64 = 32 << 20;
const MAX_REFCOUNT_ORDER: u32 = 6;

/// How compressed clusters are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CompressionType {
    /// A raw deflate stream.
    Zlib,
    Zstd,
}

/// What reading needs of a header, checked.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    pub(crate) version: u32,
    pub(crate) cluster_bits: u32,
    pub(crate) virtual_size: u64,
    pub(crate) l1_table_offset: u64,
    /// L1 entries that the virtual size needs; the file has at least so many.
    pub(crate) l1_entries: u64,
    pub(crate) extended_l2: bool,
    pub(crate) compression_type: CompressionType,
}

impl Header {
    /// Read the header of a file and check all that it says against the file's size.
    pub(crate) fn read(source: &Source, limits: &Limits) -> Result<Header, Error> {
        let mut bytes = [0; V3_HEADER_LENGTH_WITH_COMPRESSION as usize];
        let present = source.len().min(bytes.len() as u64) as usize;
        source.read("the QCOW2 header", 0, &mut bytes[..present])?;
        if be32(&bytes, 0) != MAGIC {
            return Err(Error::malformed(0, "no QCOW2 header"));
        }
        source.contains("the QCOW2 header", 0, u64::from(V2_HEADER_LENGTH))?;
        let version = be32(&bytes, 4);
        let fixed_length = match version {
            2 => V2_HEADER_LENGTH,
            3 => V3_HEADER_LENGTH,
            _ => return Err(unsupported(4, "QCOW2 version", u64::from(version))),
        };
        source.contains("the QCOW2 header", 0, u64::from(fixed_length))?;
        if be64(&bytes, 8) != 0 {
            return Err(Error::new(8, Reason::PointsOutside("a QCOW2 with a backing file")));
        }
        let cluster_bits = be32(&bytes, 20);
        if !(MIN_CLUSTER_BITS..=MAX_CLUSTER_BITS).contains(&cluster_bits) {
            return Err(unsupported(20, "QCOW2 cluster_bits", u64::from(cluster_bits)));
        }
        if be32(&bytes, 32) != 0 {
            return Err(Error::new(32, Reason::Encrypted));
        }
        let features = Features::parse(&bytes, version, cluster_bits)?;
        let size = be64(&bytes, 24);
        let limit = limits.max_virtual_size;
        let virtual_size = whole_sectors(size)
            .filter(|size| *size <= limit)
            .ok_or(Error::new(24, Reason::TooLarge { size, limit }))?;
        check_refcount_table(source, &bytes, cluster_bits)?;

        let mut header = Header {
            version,
            cluster_bits,
            virtual_size,
            l1_table_offset: be64(&bytes, 40),
            l1_entries: 0,
            extended_l2: features.extended_l2,
            compression_type: features.compression_type,
        };
        header.l1_entries = virtual_size.div_ceil(header.l2_span());
        header.check_l1_table(source, be32(&bytes, 36))?;
        Ok(header)
    }

    pub(crate) fn cluster_size(&self) -> u64 {
        1 << self.cluster_bits
    }

    /// Words of 64 bits of an L2 entry.
    pub(crate) fn l2_entry_words(&self) -> u64 {
        if self.extended_l2 { 2 } else { 1 }
    }

    /// Entries of an L2 table.
    pub(crate) fn l2_entries(&self) -> u64 {
        self.cluster_size() / 8 / self.l2_entry_words()
    }

    /// Guest bytes that one L2 table maps.
    pub(crate) fn l2_span(&self) -> u64 {
        self.cluster_size() * self.l2_entries()
    }

    fn check_l1_table(&self, source: &Source, l1_size: u32) -> Result<(), Error> {
        let bytes = u64::from(l1_size) * 8;
        if MAX_L1_BYTES < bytes {
            return Err(unsupported(36, "QCOW2 l1_size", u64::from(l1_size)));
        }
        if u64::from(l1_size) < self.l1_entries {
            return Err(Error::malformed(36, "the L1 table is too small for the virtual size"));
        }
        if !self.l1_table_offset.is_multiple_of(self.cluster_size()) {
            return Err(Error::malformed(40, "the L1 table is not aligned to a cluster"));
        }
        source.contains("the L1 table", self.l1_table_offset, bytes)
    }
}

/// The feature bits and what hangs on them.
struct Features {
    extended_l2: bool,
    compression_type: CompressionType,
}

impl Features {
    fn parse(bytes: &[u8], version: u32, cluster_bits: u32) -> Result<Features, Error> {
        if version == 2 {
            return Ok(Features { extended_l2: false, compression_type: CompressionType::Zlib });
        }
        let incompatible = be64(bytes, 72);
        let has = |bit: u64| incompatible & bit != 0;
        if has(INCOMPATIBLE_EXTERNAL_DATA) {
            return Err(Error::new(72, Reason::PointsOutside("a QCOW2 with an external data file")));
        }
        if has(INCOMPATIBLE_CORRUPT) {
            return Err(Error::malformed(72, "the file is marked corrupt"));
        }
        let known = INCOMPATIBLE_DIRTY | INCOMPATIBLE_COMPRESSION_TYPE | INCOMPATIBLE_EXTENDED_L2;
        if incompatible & !known != 0 {
            return Err(unsupported(72, "QCOW2 incompatible features", incompatible & !known));
        }
        if MAX_REFCOUNT_ORDER < be32(bytes, 96) {
            return Err(unsupported(96, "QCOW2 refcount_order", u64::from(be32(bytes, 96))));
        }
        let header_length = be32(bytes, 100);
        if header_length < V3_HEADER_LENGTH
            || u64::from(header_length) > 1 << cluster_bits
            || !header_length.is_multiple_of(8)
        {
            return Err(unsupported(100, "QCOW2 header_length", u64::from(header_length)));
        }
        let compression = if header_length > V3_HEADER_LENGTH { bytes[104] } else { 0 };
        let compression_type = match compression {
            0 => CompressionType::Zlib,
            1 => CompressionType::Zstd,
            other => return Err(unsupported(104, "QCOW2 compression_type", u64::from(other))),
        };
        if has(INCOMPATIBLE_COMPRESSION_TYPE) != (compression != 0) {
            return Err(Error::malformed(104, "the compression type and its feature bit disagree"));
        }
        let extended_l2 = has(INCOMPATIBLE_EXTENDED_L2);
        if extended_l2 && cluster_bits < MIN_EXTENDED_CLUSTER_BITS {
            return Err(unsupported(20, "QCOW2 cluster_bits with subclusters", u64::from(cluster_bits)));
        }
        Ok(Features { extended_l2, compression_type })
    }
}

/// The refcounts are not read. A file without a place for them is no QCOW2 all the same.
fn check_refcount_table(source: &Source, bytes: &[u8], cluster_bits: u32) -> Result<(), Error> {
    let (offset, clusters) = (be64(bytes, 48), be32(bytes, 56));
    if clusters == 0 || offset == 0 || !offset.is_multiple_of(1 << cluster_bits) {
        return Err(Error::malformed(48, "no refcount table"));
    }
    source.contains("the refcount table", offset, u64::from(clusters) << cluster_bits)
}

/// The header of a file that we write: version 3, no features, header extensions ended.
pub(crate) struct NewHeader {
    pub(crate) cluster_bits: u32,
    pub(crate) virtual_size: u64,
    pub(crate) l1_size: u32,
    pub(crate) l1_table_offset: u64,
    pub(crate) refcount_table_offset: u64,
    pub(crate) refcount_table_clusters: u32,
    pub(crate) refcount_order: u32,
}

impl NewHeader {
    /// The first bytes of the file; the header extension area that follows is all zeros, which ends it.
    pub(crate) fn to_bytes(&self) -> [u8; V3_HEADER_LENGTH as usize] {
        let mut bytes = [0; V3_HEADER_LENGTH as usize];
        put32(&mut bytes, 0, MAGIC);
        put32(&mut bytes, 4, 3);
        put32(&mut bytes, 20, self.cluster_bits);
        put64(&mut bytes, 24, self.virtual_size);
        put32(&mut bytes, 36, self.l1_size);
        put64(&mut bytes, 40, self.l1_table_offset);
        put64(&mut bytes, 48, self.refcount_table_offset);
        put32(&mut bytes, 56, self.refcount_table_clusters);
        put32(&mut bytes, 96, self.refcount_order);
        put32(&mut bytes, 100, V3_HEADER_LENGTH);
        bytes
    }
}

fn unsupported(offset: u64, what: &'static str, value: u64) -> Error {
    Error::new(offset, Reason::Unsupported { what, value })
}
