//! Reading QCOW2.
//!
//! The L1 table is resident (at most 32 MiB, and the file really has them); L2 tables and unpacked clusters come through
//! bounded caches. One walk over the tables, [`Walk`], serves both questions: reading merges what lies together in the
//! file into one request, and `next_data` skips and merges without reading any data.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use flate2::{Decompress, FlushDecompress};
use zstd::zstd_safe;

use super::format::{CompressionType, Header, L1_OFFSET, L2_COMPRESSED, L2_OFFSET, L2_ZERO, SUBCLUSTERS};
use crate::bytes::{be64, read_end};
use crate::cache::PieceCache;
use crate::device::Disk;
use crate::error::{Error, Reason};
use crate::format::Limits;
use crate::source::Source;

/// Bytes of L2 tables that are kept: with clusters of 64 KiB they map 128 GiB.
const L2_CACHE_BYTES: u64 = 16 << 20;
/// Bytes of unpacked clusters that are kept, for readers in small steps.
const CLUSTER_CACHE_BYTES: u64 = 8 << 20;
/// Longest range that `next_data` answers, so that a caller who asks again in small steps does not pay for all
/// tables each time.
const MAX_EXTENT: u64 = 1 << 30;

/// A QCOW2 file opened as a disk.
pub struct Qcow2 {
    source: Source,
    header: Header,
    l1: Vec<u64>,
    l2: PieceCache<u64>,
    /// Unpacked clusters by the L2 entry that describes them.
    clusters: PieceCache<u8>,
}

impl Qcow2 {
    pub(crate) fn open(source: Source, limits: &Limits) -> Result<Qcow2, Error> {
        let header = Header::read(&source, limits)?;
        let bytes = source.read_vec("the L1 table", header.l1_table_offset, header.l1_entries as usize * 8)?;
        let l1 = bytes.chunks_exact(8).map(|entry| be64(entry, 0) & L1_OFFSET).collect();
        Ok(Qcow2 {
            l1,
            l2: PieceCache::new(L2_CACHE_BYTES, header.cluster_size()),
            clusters: PieceCache::new(CLUSTER_CACHE_BYTES, header.cluster_size()),
            source,
            header,
        })
    }

    /// The L2 table at `offset` of the file.
    fn l2_table(&self, offset: u64) -> Result<Arc<[u64]>, Error> {
        self.l2.get(offset, || {
            if !offset.is_multiple_of(self.header.cluster_size()) {
                return Err(Error::malformed(offset, "an L2 table is not aligned to a cluster"));
            }
            let bytes = self.source.read_vec("an L2 table", offset, self.header.cluster_size() as usize)?;
            Ok(bytes.chunks_exact(8).map(|word| be64(word, 0)).collect())
        })
    }

    fn walk(&self, guest: Range<u64>) -> Walk<'_> {
        Walk { disk: self, at: guest.start, end: guest.end, table: None }
    }

    fn read(&self, buf: &mut [u8], guest: Range<u64>) -> Result<(), Error> {
        let at = |guest_offset: u64| (guest_offset - guest.start) as usize;
        let mut run: Option<(u64, Range<u64>)> = None;
        let mut walk = self.walk(guest.clone());
        while let Some(piece) = walk.next()? {
            if let (Some((host, range)), Mapping::Data { host: next }) = (&mut run, piece.mapping)
                && *host + (range.end - range.start) == next
            {
                range.end = piece.guest.end;
                continue;
            }
            if let Some((host, range)) = run.take() {
                self.source.read("a cluster", host, &mut buf[at(range.start)..at(range.end)])?;
            }
            let part = at(piece.guest.start)..at(piece.guest.end);
            match piece.mapping {
                Mapping::Zero => buf[part].fill(0),
                Mapping::Data { host } => run = Some((host, piece.guest)),
                Mapping::Compressed { entry } => self.read_compressed(entry, piece.guest.start, &mut buf[part])?,
            }
        }
        if let Some((host, range)) = run {
            self.source.read("a cluster", host, &mut buf[at(range.start)..at(range.end)])?;
        }
        Ok(())
    }

    /// Fill `buf` from a compressed cluster. A whole cluster is unpacked in place; a part goes through the cache, since
    /// its neighbours are likely to be asked for next.
    fn read_compressed(&self, entry: u64, guest_offset: u64, buf: &mut [u8]) -> Result<(), Error> {
        let cluster_size = self.header.cluster_size();
        if buf.len() as u64 == cluster_size {
            return self.unpack(entry, buf);
        }
        let cluster = self.clusters.get(entry, || {
            let mut cluster = vec![0; cluster_size as usize];
            self.unpack(entry, &mut cluster)?;
            Ok(cluster.into())
        })?;
        let within = (guest_offset % cluster_size) as usize;
        buf.copy_from_slice(&cluster[within..within + buf.len()]);
        Ok(())
    }

    /// Unpack the compressed cluster that an L2 entry describes into `cluster`, which it must fill exactly.
    fn unpack(&self, entry: u64, cluster: &mut [u8]) -> Result<(), Error> {
        let offset_bits = 62 - (self.header.cluster_bits - 8);
        let offset = entry & ((1 << offset_bits) - 1);
        let additional_sectors = (entry & (L2_COMPRESSED - 1)) >> offset_bits;
        let claimed = (additional_sectors + 1) * 512 - offset % 512;
        // Sectors are counted generously, and nothing pads the last one of a file.
        self.source.contains("a compressed cluster", offset, 1)?;
        let len = claimed.min(self.source.len() - offset);
        let packed = self.source.read_vec("a compressed cluster", offset, len as usize)?;
        let result = match self.header.compression_type {
            CompressionType::Zlib => inflate(&packed, cluster),
            CompressionType::Zstd => unpack_zstd(&packed, cluster),
        };
        result.map_err(|source| Error::new(offset, Reason::Compressed { source }))
    }

    /// The first run of guest bytes at or after `offset` that is in the file.
    fn next_mapped(&self, offset: u64) -> Result<Option<Range<u64>>, Error> {
        let mut run: Option<Range<u64>> = None;
        let mut walk = self.walk(offset..self.header.virtual_size);
        while let Some(piece) = walk.next()? {
            match (&mut run, piece.mapping) {
                (None, Mapping::Zero) => {}
                (Some(_), Mapping::Zero) => break,
                (Some(run), _) => run.end = piece.guest.end,
                (None, _) => run = Some(piece.guest),
            }
            if run.as_ref().is_some_and(|run| MAX_EXTENT <= run.end - run.start) {
                break;
            }
        }
        Ok(run)
    }
}

impl Disk for Qcow2 {
    fn virtual_size(&self) -> u64 {
        self.header.virtual_size
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let end = read_end(offset, buf.len(), self.header.virtual_size)?;
        Ok(self.read(buf, offset..end)?)
    }

    fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
        Ok(self.next_mapped(offset)?)
    }
}

/// A stretch of guest bytes that is mapped in one way.
struct Piece {
    guest: Range<u64>,
    mapping: Mapping,
}

#[derive(Clone, Copy)]
enum Mapping {
    Zero,
    /// At this byte of the file, and wholly inside it.
    Data {
        host: u64,
    },
    /// In the compressed cluster that this L2 entry describes.
    Compressed {
        entry: u64,
    },
}

/// Goes over a guest range piece by piece: a whole missing L2 table, a cluster, or a run of equal subclusters.
struct Walk<'a> {
    disk: &'a Qcow2,
    at: u64,
    end: u64,
    /// The table in use and its place.
    table: Option<(u64, Arc<[u64]>)>,
}

impl Walk<'_> {
    fn next(&mut self) -> Result<Option<Piece>, Error> {
        if self.at >= self.end {
            return Ok(None);
        }
        let header = &self.disk.header;
        let l1_index = self.at / header.l2_span();
        let table_offset = self.disk.l1[l1_index as usize];
        let (mapping, end) = if table_offset == 0 {
            (Mapping::Zero, (l1_index + 1) * header.l2_span())
        } else {
            let cluster = self.at >> header.cluster_bits;
            let index = (cluster % header.l2_entries() * header.l2_entry_words()) as usize;
            let extended = header.extended_l2;
            let table = self.table(table_offset)?;
            let (entry, bitmap) = (table[index], if extended { Some(table[index + 1]) } else { None });
            self.classify(entry, bitmap)?
        };
        let piece = Piece { guest: self.at..end.min(self.end), mapping };
        if let Mapping::Data { host } = mapping {
            self.disk.source.contains("a cluster", host, piece.guest.end - piece.guest.start)?;
        }
        self.at = piece.guest.end;
        Ok(Some(piece))
    }

    fn table(&mut self, offset: u64) -> Result<&[u64], Error> {
        if self.table.as_ref().is_none_or(|(place, _)| *place != offset) {
            self.table = Some((offset, self.disk.l2_table(offset)?));
        }
        let (_, table) = self.table.as_ref().expect("it was put there above");
        Ok(table)
    }

    /// What an L2 entry says about the byte at `self.at`, and up to which guest byte it says the same.
    fn classify(&self, entry: u64, bitmap: Option<u64>) -> Result<(Mapping, u64), Error> {
        let header = &self.disk.header;
        let cluster_size = header.cluster_size();
        let within = self.at % cluster_size;
        let cluster_end = self.at - within + cluster_size;
        if entry & L2_COMPRESSED != 0 {
            return Ok((Mapping::Compressed { entry: entry & !super::format::COPIED }, cluster_end));
        }
        let host = entry & L2_OFFSET;
        if !host.is_multiple_of(cluster_size) {
            return Err(Error::malformed(host, "a cluster is not aligned"));
        }
        let Some(bitmap) = bitmap else {
            if entry & L2_ZERO != 0 && header.version < 3 {
                return Err(Error::malformed(host, "a zero cluster in a version 2 file"));
            }
            let absent = host == 0 || entry & L2_ZERO != 0;
            let mapping = if absent { Mapping::Zero } else { Mapping::Data { host: host + within } };
            return Ok((mapping, cluster_end));
        };
        let (allocated, zero) = (bitmap as u32, (bitmap >> 32) as u32);
        if allocated & zero != 0 || (host == 0 && allocated != 0) {
            return Err(Error::malformed(host, "a subcluster bitmap contradicts itself"));
        }
        let subcluster_size = cluster_size / SUBCLUSTERS;
        let first = within / subcluster_size;
        let present = |subcluster: u64| allocated >> subcluster & 1 == 1;
        let last = (first + 1..SUBCLUSTERS).find(|next| present(*next) != present(first)).unwrap_or(SUBCLUSTERS);
        let mapping = if present(first) { Mapping::Data { host: host + within } } else { Mapping::Zero };
        Ok((mapping, self.at - within + last * subcluster_size))
    }
}

/// Unpack a raw deflate stream that must fill `cluster`. What follows the stream is padding.
fn inflate(packed: &[u8], cluster: &mut [u8]) -> Result<(), Option<io::Error>> {
    let mut stream = Decompress::new(false);
    stream
        .decompress(packed, cluster, FlushDecompress::Finish)
        .map_err(|error| Some(io::Error::new(io::ErrorKind::InvalidData, error)))?;
    if stream.total_out() == cluster.len() as u64 { Ok(()) } else { Err(None) }
}

/// Unpack zstd frames that must fill `cluster`. What follows them is padding.
///
/// Frame by frame into the cluster itself, not as a stream: so the window that a frame claims is never allocated.
fn unpack_zstd(packed: &[u8], cluster: &mut [u8]) -> Result<(), Option<io::Error>> {
    let mut context = zstd_safe::DCtx::create();
    let (mut packed, mut rest) = (packed, cluster);
    while !rest.is_empty() {
        let frame = zstd_safe::find_frame_compressed_size(packed).map_err(zstd_error)?;
        let (frame, after) = packed.split_at_checked(frame).ok_or(None)?;
        let written = context.decompress(&mut *rest, frame).map_err(zstd_error)?;
        packed = after;
        rest = rest.split_at_mut_checked(written).ok_or(None)?.1;
    }
    Ok(())
}

fn zstd_error(code: zstd_safe::ErrorCode) -> Option<io::Error> {
    Some(io::Error::new(io::ErrorKind::InvalidData, zstd_safe::get_error_name(code)))
}
