//! Exports: a guest's disk written as a file, strictly from front to back.
//!
//! An export goes into an object store's multipart upload, which cannot seek and wants to know the length. So it has
//! two parts: [`Export::plan`] walks the holes and fixes every table and the length, and [`Export::write`] streams. No
//! data is read twice, and the disk must not change in between (a volume that is exported is frozen).
//!
//! RAW carries its zeros. VHD is dynamic with blocks of 2 MiB, QCOW2 is version 3 with clusters of 64 KiB, and what they
//! leave out is what [`Disk::next_data`] calls a hole. [`write_raw_tar_gz`] packs a RAW the way the service names
//! `.raw.tar.gz`; how long that gets is known only at the end.

use std::io::{self, Write};
use std::ops::{ControlFlow, Range};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::allocation::{Allocation, data_after};
use crate::bytes::whole_sectors;
use crate::device::Disk;
use crate::error::{Error, Reason};
use crate::format::Format;
use crate::qcow2::{self, Qcow2Layout};
use crate::vhd::{self, VhdLayout};

/// Called as an export goes on, with the guest bytes behind it (holes count); `Break` cancels.
pub type Progress<'a> = &'a mut dyn FnMut(u64) -> ControlFlow<()>;

/// Largest disk that is exported, 64 TiB: its allocation in clusters of 64 KiB takes 128 MiB.
const MAX_EXPORT_SIZE: u64 = 64 << 40;
/// Bytes of guest data that are read at once.
const CHUNK: u64 = 1 << 20;

/// What a file says about its making. Injected, because this crate has neither a clock nor randomness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Unique id of a VHD.
    pub id: [u8; 16],
    /// When the file was made, in seconds since the Unix epoch.
    pub unix_seconds: u64,
}

/// An export whose every byte of structure is decided.
pub struct Export<'a> {
    disk: &'a dyn Disk,
    layout: Layout,
}

enum Layout {
    Raw,
    Vhd { layout: VhdLayout, blocks: Allocation },
    Qcow2 { layout: Qcow2Layout, clusters: Allocation },
}

impl<'a> Export<'a> {
    /// Decide the layout of `disk` as a file of `format`.
    pub fn plan(disk: &'a dyn Disk, format: Format) -> Result<Export<'a>, Error> {
        let size = export_size(disk)?;
        let layout = match format {
            Format::Raw => Layout::Raw,
            Format::Vhd => {
                let layout = VhdLayout::new(size)?;
                Layout::Vhd { layout, blocks: Allocation::of(disk, vhd::BLOCK_SIZE)? }
            }
            Format::Qcow2 => {
                let clusters = Allocation::of(disk, qcow2::CLUSTER_SIZE)?;
                Layout::Qcow2 { layout: Qcow2Layout::new(size, &clusters), clusters }
            }
        };
        Ok(Export { disk, layout })
    }

    /// The exact length of the file, in bytes.
    pub fn planned_len(&self) -> u64 {
        match &self.layout {
            Layout::Raw => self.disk.virtual_size(),
            Layout::Vhd { layout, blocks } => layout.planned_len(blocks),
            Layout::Qcow2 { layout, .. } => layout.planned_len(),
        }
    }

    /// Stream the file into `out`.
    pub fn write(&self, stamp: &Stamp, out: &mut dyn Write, progress: Progress<'_>) -> Result<(), Error> {
        let mut sink = Sink { disk: self.disk, out, progress, buf: Vec::new() };
        match &self.layout {
            Layout::Raw => sink.copy_with_holes()?,
            Layout::Vhd { layout, blocks } => layout.write(blocks, stamp, &mut sink)?,
            Layout::Qcow2 { layout, clusters } => layout.write(clusters, &mut sink)?,
        }
        sink.finish()
    }
}

/// Plan and stream in one call, for a caller who needs no length in advance.
pub fn write(
    disk: &dyn Disk,
    format: Format,
    stamp: &Stamp,
    out: &mut dyn Write,
    progress: Progress<'_>,
) -> Result<(), Error> {
    Export::plan(disk, format)?.write(stamp, out, progress)
}

/// Stream the disk as RAW, the only member (`member_name`) of a gzipped tar archive.
///
/// The fastest compression, because an export is bound by it. Sizes above 8 GiB are written in tar's base-256 form,
/// which every tar of this century reads.
pub fn write_raw_tar_gz(
    disk: &dyn Disk,
    member_name: &str,
    stamp: &Stamp,
    out: &mut dyn Write,
    progress: Progress<'_>,
) -> Result<(), Error> {
    let size = disk.virtual_size();
    let mut header = tar::Header::new_gnu();
    header.set_path(member_name).map_err(write_error(0))?;
    header.set_mode(0o644);
    header.set_mtime(stamp.unix_seconds);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_size(size);
    header.set_cksum();
    let mut gzip = GzEncoder::new(out, Compression::fast());
    let mut sink = Sink { disk, out: &mut gzip, progress, buf: Vec::new() };
    sink.put(header.as_bytes())?;
    sink.copy_with_holes()?;
    // The member is padded to a record, and two empty records end the archive.
    let padding = size.next_multiple_of(512) - size + 1024;
    sink.put(&vec![0; padding as usize])?;
    sink.finish()?;
    gzip.finish().map_err(write_error(size))?;
    Ok(())
}

/// Where an export goes, and the disk that it comes from.
pub(crate) struct Sink<'a> {
    disk: &'a dyn Disk,
    out: &'a mut dyn Write,
    progress: Progress<'a>,
    buf: Vec<u8>,
}

impl Sink<'_> {
    /// Put bytes of structure.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.out.write_all(bytes).map_err(write_error(0))
    }

    /// Copy a guest range; what is past the end of the disk is zeros.
    pub(crate) fn copy(&mut self, guest: Range<u64>) -> Result<(), Error> {
        let size = self.disk.virtual_size();
        let mut at = guest.start;
        while at < guest.end {
            self.report(at.min(size))?;
            let len = (guest.end - at).min(CHUNK);
            let stored = size.saturating_sub(at).min(len) as usize;
            self.buf.clear();
            self.buf.resize(len as usize, 0);
            let data = &mut self.buf[..stored];
            if !data.is_empty() {
                self.disk.read_exact_at(data, at).map_err(|error| Error::from_io(error, at))?;
            }
            self.out.write_all(&self.buf).map_err(write_error(at))?;
            at += len;
        }
        Ok(())
    }

    /// Copy the whole disk, with zeros for its holes, which are not read.
    fn copy_with_holes(&mut self) -> Result<(), Error> {
        let size = self.disk.virtual_size();
        let mut at = 0;
        while at < size {
            let data = data_after(self.disk, at)?.unwrap_or(size..size);
            self.zeros(at..data.start)?;
            self.copy(data.clone())?;
            at = data.end;
        }
        Ok(())
    }

    fn zeros(&mut self, guest: Range<u64>) -> Result<(), Error> {
        let mut at = guest.start;
        while at < guest.end {
            self.report(at)?;
            let len = (guest.end - at).min(CHUNK);
            self.buf.clear();
            self.buf.resize(len as usize, 0);
            self.out.write_all(&self.buf).map_err(write_error(at))?;
            at += len;
        }
        Ok(())
    }

    fn report(&mut self, done: u64) -> Result<(), Error> {
        match (self.progress)(done) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Error::new(done, Reason::Cancelled)),
        }
    }

    fn finish(&mut self) -> Result<(), Error> {
        let size = self.disk.virtual_size();
        self.out.flush().map_err(write_error(size))?;
        self.report(size)
    }
}

/// The disk's size in whole sectors, which is what VHD and QCOW2 can say.
fn export_size(disk: &dyn Disk) -> Result<u64, Error> {
    let (size, limit) = (disk.virtual_size(), MAX_EXPORT_SIZE);
    whole_sectors(size).filter(|size| *size <= limit).ok_or(Error::new(0, Reason::TooLarge { size, limit }))
}

fn write_error(offset: u64) -> impl FnOnce(io::Error) -> Error {
    move |error| Error::new(offset, Reason::Write(error))
}
