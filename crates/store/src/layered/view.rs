//! A chain of layers over a base, as one disk: what reads see.
//!
//! A view does not change; a volume puts another in its place. So a reader who began on one ends on it, whatever
//! becomes of the volume, and a frozen layer's view is the snapshot.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use disk::Disk;

use super::blocks::Held;
use super::layer::Layer;
use crate::ids::BLOCK_BYTES;
use crate::volume::Volume;

/// Runs that one answer of `next_data` puts together, so that no call takes long.
const DATA_RUNS: usize = 1024;

const BLOCK: u64 = BLOCK_BYTES as u64;

/// Layers and what lies below them.
#[derive(Clone)]
pub(crate) struct View {
    pub(crate) size: u64,
    pub(crate) base: Option<OpenBase>,
    /// Oldest first.
    pub(crate) layers: Vec<Arc<Layer>>,
}

/// The base, open.
#[derive(Clone)]
pub(crate) struct OpenBase {
    pub(crate) volume: Arc<Volume>,
    /// So many bytes of it are the disk's.
    pub(crate) visible: u64,
}

/// Where a run of blocks comes from.
enum Origin<'a> {
    Layer(&'a Layer),
    Zeros,
    Base,
}

impl View {
    /// The layer that takes the writes.
    pub(crate) fn top(&self) -> &Layer {
        self.layers.last().expect("a volume has a layer")
    }

    /// So many blocks hold the disk.
    pub(crate) fn n_blocks(&self) -> u64 {
        self.size.div_ceil(BLOCK)
    }

    /// Fill `buf`, which may reach beyond the size to the end of its block: there are zeros.
    pub(crate) fn fill(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.fill_how(buf, offset, false).map(drop)
    }

    /// Fill `buf`; false when it is to be filled only if that is ready, and is not.
    fn fill_how(&self, buf: &mut [u8], offset: u64, if_ready: bool) -> io::Result<bool> {
        let end = offset + buf.len() as u64;
        let end_block = end.div_ceil(BLOCK);
        let (mut at, mut rest) = (offset, buf);
        while at < end {
            let (origin, run_end) = self.locate(at / BLOCK, end_block);
            let until = end.min(run_end * BLOCK);
            let (head, tail) = rest.split_at_mut((until - at) as usize);
            let is_filled = match origin {
                Origin::Layer(layer) if if_ready => layer.read_if_ready(head, at),
                Origin::Layer(layer) => layer.read(head, at).map(|()| true)?,
                Origin::Zeros => {
                    head.fill(0);
                    true
                }
                Origin::Base => self.fill_from_base(head, at, if_ready)?,
            };
            if !is_filled {
                return Ok(false);
            }
            (at, rest) = (until, tail);
        }
        Ok(true)
    }

    fn check_range(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        let end = offset.checked_add(buf.len() as u64);
        if end.is_none_or(|end| self.size < end) { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    /// Where a block comes from, and how far that goes on, no further than `end`.
    fn locate(&self, block: u64, mut end: u64) -> (Origin<'_>, u64) {
        for layer in self.layers.iter().rev() {
            let (held, run_end) = layer.run(block, end);
            match held {
                Some(Held::Data) => return (Origin::Layer(layer), run_end),
                Some(Held::Zero) => return (Origin::Zeros, run_end),
                None => end = run_end,
            }
        }
        (Origin::Base, end)
    }

    fn fill_from_base(&self, buf: &mut [u8], offset: u64, if_ready: bool) -> io::Result<bool> {
        let (stored, volume) = match &self.base {
            Some(base) => (base.visible.min(base.volume.virtual_size()), Some(&base.volume)),
            None => (0, None),
        };
        let n_stored = stored.saturating_sub(offset).min(buf.len() as u64) as usize;
        let (head, tail) = buf.split_at_mut(n_stored);
        tail.fill(0);
        match volume {
            Some(volume) if !head.is_empty() && if_ready => volume.read_if_ready(head, offset),
            Some(volume) if !head.is_empty() => volume.read_exact_at(head, offset).map(|()| true),
            _ => Ok(true),
        }
    }

    /// The base's first data at or after `offset`; an empty range at the end when there is none.
    fn data_of_base(&self, offset: u64) -> io::Result<Range<u64>> {
        let Some(base) = &self.base else {
            return Ok(self.size..self.size);
        };
        let data = if offset < base.visible { base.volume.next_data(offset)? } else { None };
        let data = data.map(|data| data.start..data.end.min(base.visible)).filter(|data| !data.is_empty());
        Ok(data.unwrap_or(self.size..self.size))
    }
}

impl Disk for View {
    fn virtual_size(&self) -> u64 {
        self.size
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.check_range(buf, offset)?;
        self.fill(buf, offset)
    }

    fn read_if_ready(&self, buf: &mut [u8], offset: u64) -> io::Result<bool> {
        self.check_range(buf, offset)?;
        self.fill_how(buf, offset, true)
    }

    fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
        let mut found: Option<Range<u64>> = None;
        let mut at = offset;
        let mut n_runs = 0;
        // The base is asked once for each of its ranges, however many runs of the layers lie in front of it.
        let mut of_base = 0..0;
        while at < self.size {
            let (origin, run_end) = self.locate(at / BLOCK, self.n_blocks());
            let run = at..self.size.min(run_end * BLOCK);
            let data = match origin {
                Origin::Layer(_) => Some(run.clone()),
                Origin::Zeros => None,
                Origin::Base => {
                    if of_base.end <= at && of_base.start < self.size {
                        of_base = self.data_of_base(at)?;
                    }
                    let data = of_base.start.max(run.start)..of_base.end.min(run.end);
                    (!data.is_empty()).then_some(data)
                }
            };
            match (&mut found, data) {
                (found @ None, Some(data)) => {
                    at = data.end;
                    *found = Some(data);
                }
                (Some(found), Some(data)) if data.start == found.end => {
                    at = data.end;
                    found.end = data.end;
                }
                (Some(_), _) => break,
                (None, None) => at = run.end,
            }
            n_runs += usize::from(found.is_some());
            if DATA_RUNS <= n_runs {
                break;
            }
        }
        Ok(found)
    }
}
