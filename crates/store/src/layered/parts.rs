//! A layer's data: one sparse file, guest offset for file offset, in parts that a file system can hold.
//!
//! ext4 ends a file at 16 TiB, and disks are larger; so every 8 TiB are a file of their own, made when something is
//! written there. What is not a promise here: whether a byte that was read was ever written. The log knows.

use std::fs::{File, OpenOptions};
use std::io::{self, IoSliceMut};
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use parking_lot::Mutex;
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::{ReadWriteFlags, preadv2};

use super::MAX_VOLUME_BYTES;
use super::files::sync_directory;
use crate::ids::LayerId;

const PART_BYTES: u64 = 8 << 40;
const PARTS: usize = MAX_VOLUME_BYTES.div_ceil(PART_BYTES) as usize;

/// The data files of one layer.
pub(crate) struct Parts {
    directory: PathBuf,
    layer: LayerId,
    files: [OnceLock<File>; PARTS],
    making: Mutex<()>,
}

impl Parts {
    /// Those that there are.
    pub(crate) fn open(directory: &Path, layer: LayerId) -> io::Result<Self> {
        let parts = Self {
            directory: directory.to_owned(),
            layer,
            files: [const { OnceLock::new() }; PARTS],
            making: Mutex::new(()),
        };
        for (number, slot) in parts.files.iter().enumerate() {
            match OpenOptions::new().read(true).write(true).open(parts.path(number)) {
                Ok(file) => drop(slot.set(file)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(parts)
    }

    /// Fill `buf`; whoever asks knows that it was written.
    pub(crate) fn read(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let mut rest = buf;
        for (number, within) in split(offset, rest.len()) {
            let (head, tail) = rest.split_at_mut((within.end - within.start) as usize);
            let file = self.files[number].get().ok_or(io::ErrorKind::UnexpectedEof)?;
            file.read_exact_at(head, within.start)?;
            rest = tail;
        }
        Ok(())
    }

    /// Fill `buf` if the bytes are in the page cache.
    pub(crate) fn read_if_ready(&self, buf: &mut [u8], offset: u64) -> bool {
        let (number, within) = ((offset / PART_BYTES) as usize, offset % PART_BYTES);
        let Some(file) = self.files[number].get() else {
            return false;
        };
        let len = buf.len();
        // Short at a page that is not there, at the part's end, and on file systems that cannot tell: a read that
        // may wait does it right.
        let read = preadv2(file, &mut [IoSliceMut::new(buf)], within, ReadWriteFlags::NOWAIT);
        read.is_ok_and(|n| n == len)
    }

    pub(crate) fn write(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        let mut rest = buf;
        for (number, within) in split(offset, rest.len()) {
            let (head, tail) = rest.split_at((within.end - within.start) as usize);
            self.file(number)?.write_all_at(head, within.start)?;
            rest = tail;
        }
        Ok(())
    }

    /// Give the space of a range back, where the file system can. Nobody reads the range any more, so one that
    /// cannot costs space alone.
    pub(crate) fn punch(&self, range: Range<u64>) {
        let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        let mut at = range.start;
        while at < range.end {
            let (number, within) = ((at / PART_BYTES) as usize, at % PART_BYTES);
            let len = (range.end - at).min(PART_BYTES - within);
            if let Some(file) = self.files[number].get() {
                let _ = fallocate(file, flags, within, len);
            }
            at += len;
        }
    }

    /// Everything that was written before is durable.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.files.iter().filter_map(OnceLock::get).try_for_each(File::sync_data)
    }

    /// Bytes that the files take on their file system.
    pub(crate) fn stored_bytes(&self) -> io::Result<u64> {
        let sizes = self.files.iter().filter_map(OnceLock::get).map(|file| Ok(file.metadata()?.blocks() * 512));
        sizes.sum()
    }

    fn file(&self, number: usize) -> io::Result<&File> {
        if let Some(file) = self.files[number].get() {
            return Ok(file);
        }
        let _making = self.making.lock();
        if let Some(file) = self.files[number].get() {
            return Ok(file);
        }
        let path = self.path(number);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        // No flush of the file tells the directory of it.
        sync_directory(&self.directory)?;
        Ok(self.files[number].get_or_init(|| file))
    }

    fn path(&self, number: usize) -> PathBuf {
        self.directory.join(data_name(self.layer, number))
    }
}

/// The name of a layer's data file.
pub(crate) fn data_name(layer: LayerId, part: usize) -> String {
    format!("{layer}.{part}.data")
}

/// Every data file that a layer may have.
pub(crate) fn data_names(layer: LayerId) -> impl Iterator<Item = String> {
    (0..PARTS).map(move |part| data_name(layer, part))
}

/// The parts that a range touches, with the range within each.
fn split(offset: u64, len: usize) -> impl Iterator<Item = (usize, Range<u64>)> {
    let end = offset + len as u64;
    let mut at = offset;
    std::iter::from_fn(move || {
        let (number, within) = ((at / PART_BYTES) as usize, at % PART_BYTES);
        let n = (end - at).min(PART_BYTES - within);
        at += n;
        (0 < n).then_some((number, within..within + n))
    })
}
