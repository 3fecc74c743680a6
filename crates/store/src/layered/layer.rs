//! A layer: the blocks that were written between two freezes, in a data file, with a log of which those are.
//!
//! The order of things is the whole of it. A write puts bytes into the data file, then a record into the log (unless
//! the log says so already), then bits into the map, and is acknowledged. A flush makes the data durable, then appends
//! a commit record and makes the log durable. [`super::log`] says what that is good for.
//!
//! Whoever calls keeps apart what must not happen at once to one block (see [`super::volume`]); between different
//! blocks everything here runs beside everything else. While a flush waits for the disk, writes go on.
//!
//! The log does not grow with rewriting, only with change: a block that was absent, data or zeros becomes something
//! else. When it is much longer than what it describes, a flush writes it anew.

use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};

use super::BootId;
use super::blocks::{BlockMap, Held};
use super::files::{failed, remove, sync_directory, write_durably};
use super::log::{self, HEADER_BYTES, RECORD_BYTES, Record, Replayed, Unreadable};
use super::parts::{Parts, data_names};
use crate::error::{Result, StoreError};
use crate::ids::{BLOCK_BYTES, LayerId};

/// A log shorter than this is never rewritten.
const COMPACT_FROM_BYTES: u64 = 1 << 20;

/// One layer, open.
pub(crate) struct Layer {
    pub(crate) id: LayerId,
    directory: PathBuf,
    boot: BootId,
    data: Parts,
    log: Mutex<Log>,
    /// Changed only with `log` held, so that they agree to whoever holds it.
    blocks: RwLock<BlockMap>,
    /// Writes that are done; a flush covers those it finds counted.
    written: AtomicU64,
    flushed: Mutex<Flushed>,
}

/// The open end of a log.
struct Log {
    file: Arc<File>,
    end: u64,
    /// Where the last record about blocks ended.
    changed: u64,
    /// What the last durable commit covers.
    committed: u64,
    /// Look whether it should be rewritten when it is longer than this.
    compact_at: u64,
}

#[derive(Default)]
struct Flushed {
    written: u64,
    /// The system drops what it could not write and says so once: a later flush would claim what is not true.
    failed: bool,
}

impl Layer {
    /// Make the files of an empty layer. They are durable, but for their names.
    pub(crate) fn create(directory: &Path, id: LayerId, boot: BootId) -> Result<Layer> {
        let path = directory.join(log_name(id));
        let file = write_durably(&path, &log::header(id, boot)).map_err(failed("create", &path))?;
        let data = Parts::open(directory, id).map_err(failed("open the data of", &path))?;
        Ok(Self::new(directory, id, boot, data, file, BlockMap::default(), HEADER_BYTES))
    }

    /// Open a layer of a volume of so many blocks, with what its log still vouches for.
    pub(crate) fn open(directory: &Path, id: LayerId, boot: BootId, n_blocks: u64) -> Result<Layer> {
        let path = directory.join(log_name(id));
        let file = OpenOptions::new().read(true).write(true).open(&path).map_err(failed("open", &path))?;
        let data = Parts::open(directory, id).map_err(failed("open the data of", &path))?;
        let Replayed { blocks, end, is_stale } =
            log::replay(&file, id, boot, n_blocks).map_err(|unreadable| match unreadable {
                Unreadable::Io(source) => failed("read", &path)(source),
                Unreadable::Damaged { offset, reason } => {
                    StoreError::corrupt(path.display().to_string(), offset, reason)
                }
            })?;
        let layer = Self::new(directory, id, boot, data, file, blocks, end);
        if is_stale {
            // What the log says now is what the disk has: it was committed, or read back just so.
            let mut log = layer.log.lock();
            let rewritten = layer.rewrite(layer.describe(), log.end).map_err(failed("rewrite", &path))?;
            layer.replace_log(&mut log, rewritten).map_err(failed("rewrite", &path))?;
            drop(log);
        }
        Ok(layer)
    }

    fn new(directory: &Path, id: LayerId, boot: BootId, data: Parts, file: File, blocks: BlockMap, end: u64) -> Layer {
        // Of a log that was read back nobody knows how much is durable.
        let changed = if end == HEADER_BYTES { 0 } else { end };
        let compact_at = COMPACT_FROM_BYTES.max(2 * end);
        let log = Log { file: Arc::new(file), end, changed, committed: 0, compact_at };
        Layer {
            id,
            directory: directory.to_owned(),
            boot,
            data,
            log: Mutex::new(log),
            blocks: RwLock::new(blocks),
            // Nobody knows how much an earlier life made durable.
            written: AtomicU64::new(1),
            flushed: Mutex::default(),
        }
    }

    /// Remove a layer's files, open or not.
    pub(crate) fn remove(directory: &Path, id: LayerId) -> Result<()> {
        let names = data_names(id).chain([log_name(id), new_log_name(id)]);
        for path in names.map(|name| directory.join(name)) {
            remove(&path).map_err(failed("remove", &path))?;
        }
        Ok(())
    }

    /// What the layer holds `block` as, and where the run of alike blocks ends, no further than `end`.
    pub(crate) fn run(&self, block: u64, end: u64) -> (Option<Held>, u64) {
        self.blocks.read().run(block, end)
    }

    /// True when every one of these blocks is held as this.
    pub(crate) fn is_all(&self, blocks: Range<u64>, held: Held) -> bool {
        self.blocks.read().is_all(blocks, held)
    }

    /// True when any of these blocks may have bytes in the data file.
    pub(crate) fn has_data(&self, blocks: Range<u64>) -> bool {
        let map = self.blocks.read();
        let mut at = blocks.start;
        while at < blocks.end {
            let (held, end) = map.run(at, blocks.end);
            if held == Some(Held::Data) {
                return true;
            }
            at = end;
        }
        false
    }

    /// Fill `buf` with bytes of blocks that are held as data.
    pub(crate) fn read(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.data.read(buf, offset)
    }

    /// As [`Layer::read`], if the bytes are in memory.
    pub(crate) fn read_if_ready(&self, buf: &mut [u8], offset: u64) -> bool {
        self.data.read_if_ready(buf, offset)
    }

    /// Put bytes into the data file. They count when [`Layer::hold_data`] returned for their blocks.
    pub(crate) fn write(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        self.data.write(buf, offset)
    }

    /// These blocks, whose bytes are all in the data file, are held as data.
    pub(crate) fn hold_data(&self, blocks: Range<u64>) -> io::Result<()> {
        self.hold(blocks, Held::Data)?;
        self.written.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    /// These blocks are held as zeros; nobody writes them meanwhile.
    pub(crate) fn hold_zeros(&self, blocks: Range<u64>) -> io::Result<()> {
        let had_data = self.has_data(blocks.clone());
        self.hold(blocks.clone(), Held::Zero)?;
        self.written.fetch_add(1, Ordering::AcqRel);
        // After the record: without it the block would read as whatever is left of it.
        if had_data {
            self.data.punch(blocks.start * BLOCK_BYTES as u64..blocks.end * BLOCK_BYTES as u64);
        }
        Ok(())
    }

    /// Make durable what was done before the call.
    pub(crate) fn flush(&self) -> io::Result<()> {
        let wanted = self.written.load(Ordering::Acquire);
        let mut flushed = self.flushed.lock();
        if flushed.failed {
            return Err(io::Error::other("an earlier flush failed; nobody knows what is durable"));
        }
        // Whoever had the lock before may have done it for us.
        if wanted <= flushed.written {
            return Ok(());
        }
        let written = self.written.load(Ordering::Acquire);
        let outcome = self.commit();
        match outcome {
            Ok(()) => flushed.written = written,
            Err(_) => flushed.failed = true,
        }
        outcome
    }

    /// Bytes that the layer takes on its file system.
    pub(crate) fn stored_bytes(&self) -> io::Result<u64> {
        let log = self.log.lock().file.clone();
        Ok(self.data.stored_bytes()? + log.metadata()?.blocks() * 512)
    }

    fn hold(&self, blocks: Range<u64>, held: Held) -> io::Result<()> {
        if self.is_all(blocks.clone(), held) {
            return Ok(());
        }
        let mut log = self.log.lock();
        for record in log::records(blocks.clone(), held) {
            log.append(&record, self.id)?;
        }
        self.blocks.write().set(blocks, held);
        Ok(())
    }

    /// The body of a flush.
    fn commit(&self) -> io::Result<()> {
        let (covers, is_changed, described) = {
            let mut log = self.log.lock();
            let mut described = None;
            if log.compact_at < log.end {
                // Twice what it would be is not much longer.
                if self.blocks.read().n_runs() * 2 * RECORD_BYTES < log.end {
                    described = Some(self.describe());
                }
                log.compact_at = 2 * log.end;
            }
            (log.end, log.committed < log.changed, described)
        };
        self.data.sync()?;
        if let Some(described) = described {
            let rewritten = self.rewrite(described, covers)?;
            return self.replace_log(&mut self.log.lock(), rewritten);
        }
        if !is_changed {
            return Ok(());
        }
        let file = {
            let mut log = self.log.lock();
            log.append(&Record::Commit { covers }, self.id)?;
            log.file.clone()
        };
        file.sync_data()?;
        self.log.lock().committed = covers;
        Ok(())
    }

    /// A log that says what the map says, in as few records as can be.
    fn describe(&self) -> Vec<u8> {
        let mut bytes = log::header(self.id, self.boot).to_vec();
        for (run, held) in self.blocks.read().runs() {
            for record in log::records(run, held) {
                bytes.extend(record.encode(self.id, bytes.len() as u64));
            }
        }
        bytes
    }

    /// A new log beside the old one, durable and committed. It stands for the first `covers` bytes of that.
    fn rewrite(&self, mut described: Vec<u8>, covers: u64) -> io::Result<Rewritten> {
        let end = described.len() as u64;
        described.extend(Record::Commit { covers: end }.encode(self.id, end));
        let path = self.directory.join(new_log_name(self.id));
        remove(&path)?;
        let file = write_durably(&path, &described)?;
        Ok(Rewritten { file, end: described.len() as u64, covers })
    }

    /// Put a rewritten log in the place of the old one, with what the old one got meanwhile.
    fn replace_log(&self, log: &mut Log, rewritten: Rewritten) -> io::Result<()> {
        let Rewritten { file, end, covers } = rewritten;
        let compact_at = COMPACT_FROM_BYTES.max(2 * end);
        let mut fresh = Log { file: Arc::new(file), end, changed: end, committed: end, compact_at };
        let mut at = covers;
        while at < log.end {
            let mut bytes = [0; RECORD_BYTES as usize];
            log.file.read_exact_at(&mut bytes, at)?;
            let record = Record::decode(&bytes, self.id, at).ok_or(io::ErrorKind::InvalidData)?;
            fresh.append(&record, self.id)?;
            at += RECORD_BYTES;
        }
        let path = self.directory.join(log_name(self.id));
        std::fs::rename(self.directory.join(new_log_name(self.id)), path)?;
        *log = fresh;
        sync_directory(&self.directory)
    }
}

/// A log that is written and not yet in its place.
struct Rewritten {
    file: File,
    end: u64,
    covers: u64,
}

impl Log {
    /// Add a record. One that failed is overwritten by the next.
    fn append(&mut self, record: &Record, layer: LayerId) -> io::Result<()> {
        self.file.write_all_at(&record.encode(layer, self.end), self.end)?;
        self.end += RECORD_BYTES;
        if let Record::Held { .. } = record {
            self.changed = self.end;
        }
        Ok(())
    }
}

/// The name of a layer's log.
pub(crate) fn log_name(layer: LayerId) -> String {
    format!("{layer}.log")
}

/// The name of a log that is being rewritten.
fn new_log_name(layer: LayerId) -> String {
    format!("{layer}.log.new")
}
