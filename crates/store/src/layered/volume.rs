//! One layered volume: a disk that a guest writes while snapshots are taken off it.
//!
//! # Who waits for whom
//!
//! - **Reads** wait for nobody: they take the view of now and read.
//! - **Writes** share the volume with each other. A freeze, a growth or a rebase takes it alone, for the moment in
//!   which one view is put in another's place; whatever touches the disk for them happens before or after.
//! - **One block** is shared by writes that put bytes where the top layer has the block's bytes already, or that bring
//!   the whole block. A write of a part of a block that the top does not hold copies the rest from below, and
//!   zeroing changes what the block is: those take it alone. Blocks are locked by the MiB, MiBs share 256 locks, and
//!   locks are taken in ascending order, so nobody waits in a circle.
//! - **What manages the volume** (freeze, rebase, grow, replace) is done one at a time.

use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use disk::{Disk, WritableDisk};
use parking_lot::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::blocks::Held;
use super::descriptor::{Base, DESCRIPTOR, Descriptor};
use super::files::failed;
use super::layer::Layer;
use super::view::{OpenBase, View};
use super::{MAX_VOLUME_BYTES, Node, check_name};
use crate::error::{Result, StoreError};
use crate::ids::{BLOCK_BYTES, LayerId, ManifestId};

const BLOCK: u64 = BLOCK_BYTES as u64;

const LOCKS: u64 = 256;

/// Blocks that one lock stands for, again and again.
const LOCKED_BLOCKS: u64 = 256;

/// Zeroing goes on in pieces of this many blocks (1 GiB) where there is space to give back, so that writes elsewhere
/// get their turn.
const ZERO_BLOCKS: u64 = 1 << 18;

/// And of this many (256 GiB) where there is none: a guest discards a whole disk with few records.
const ZERO_EMPTY_BLOCKS: u64 = 1 << 26;

/// A disk made of a manifest and writable layers. See the [module](super) for what it promises.
pub struct LayeredVolume {
    node: Arc<Node>,
    name: String,
    directory: PathBuf,
    view: RwLock<Arc<View>>,
    locks: Box<[RwLock<()>]>,
    /// What the disk says the volume is. `None` once it is deleted.
    descriptor: Mutex<Option<Descriptor>>,
}

impl LayeredVolume {
    pub(crate) fn open(node: Arc<Node>, name: &str) -> Result<Self> {
        let directory = node.directory.join(name);
        let descriptor = Descriptor::read(&directory)?.ok_or_else(|| StoreError::NoVolume(name.to_owned()))?;
        remove_strangers(&directory, &descriptor)?;
        let n_blocks = descriptor.size.div_ceil(BLOCK);
        let layers = descriptor.layers().map(|id| Layer::open(&directory, id, node.boot, n_blocks).map(Arc::new));
        let view = View {
            size: descriptor.size,
            layers: layers.collect::<Result<_>>()?,
            base: open_base(&node, descriptor.base)?,
        };
        Ok(Self {
            node,
            name: name.to_owned(),
            directory,
            view: RwLock::new(Arc::new(view)),
            locks: (0..LOCKS).map(|_| RwLock::default()).collect(),
            descriptor: Mutex::new(Some(descriptor)),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The manifest below all layers, if there is one.
    pub fn base(&self) -> Option<ManifestId> {
        self.view.read().base.as_ref().map(|base| base.volume.id())
    }

    /// Make the disk larger; what is new reads as zeros. Durable when it returns; the same size again is fine.
    pub fn grow(&self, size: u64) -> Result<()> {
        self.change(|descriptor| {
            if size < descriptor.size || MAX_VOLUME_BYTES < size {
                return Err(StoreError::BadSize { volume: self.name.clone(), size });
            }
            let mut next = descriptor.clone();
            next.size = size;
            Ok(Some((next, Box::new(move |view: &View| View { size, ..view.clone() }))))
        })
    }

    /// The disk as it is at some moment of this call becomes the frozen layer `label`; writes go on into a new one.
    ///
    /// Writes that returned before the call are in it, writes begun after it are not. When there is such a label
    /// already, nothing happens. Writes wait for those in flight and for no disk.
    pub fn freeze(&self, label: &str) -> Result<()> {
        check_name(label)?;
        self.change(|descriptor| {
            if descriptor.position(label).is_some() {
                return Ok(None);
            }
            let fresh = self.node.new_layer_id();
            let next = descriptor.frozen(&self.name, label, fresh)?;
            let fresh = Arc::new(Layer::create(&self.directory, fresh, self.node.boot)?);
            // The descriptor names the new layer before it gets a write, and the old one takes writes until then: at
            // every moment a restart finds every write.
            Ok(Some((
                next,
                Box::new(move |view: &View| {
                    let mut next = view.clone();
                    next.layers.push(fresh);
                    next
                }),
            )))
        })
    }

    /// The disk as it was when `label` was frozen, made durable; `None` when there is no such label.
    ///
    /// The view stays whole whatever happens to the volume.
    pub fn frozen(&self, label: &str) -> Result<Option<Arc<dyn Disk>>> {
        check_name(label)?;
        let frozen = {
            let descriptor = self.descriptor.lock();
            let descriptor = descriptor.as_ref().ok_or_else(|| self.gone())?;
            let Some(position) = descriptor.position(label) else {
                return Ok(None);
            };
            let view = self.view.read();
            View {
                size: descriptor.frozen[position].size,
                base: view.base.clone(),
                layers: view.layers[..=position].to_vec(),
            }
        };
        for layer in &frozen.layers {
            layer.flush().map_err(failed("make durable", &self.directory))?;
        }
        Ok(Some(Arc::new(frozen)))
    }

    /// Everything up to and including the frozen layer `label` is this manifest from now on, which must have been
    /// ingested from [`frozen`](Self::frozen). Reads see no difference; the files of the layers go away.
    ///
    /// Older labels go with it: whoever has several snapshots under way replaces them in the order of freezing. Again
    /// with the same manifest, when the label is gone, is fine.
    pub fn rebase(&self, label: &str, manifest: ManifestId) -> Result<()> {
        check_name(label)?;
        let mut dropped = Vec::new();
        self.change(|descriptor| {
            let Some(position) = descriptor.position(label) else {
                let is_done = descriptor.base.is_some_and(|base| base.manifest == manifest);
                let missing = || StoreError::NoLayer { volume: self.name.clone(), label: label.to_owned() };
                return if is_done { Ok(None) } else { Err(missing()) };
            };
            let n = position + 1;
            dropped.extend(descriptor.layers().take(n));
            let next = descriptor.rebased(n, manifest);
            let base = open_base(&self.node, next.base)?;
            Ok(Some((
                next,
                Box::new(move |view: &View| View { size: view.size, base, layers: view.layers[n..].to_vec() }),
            )))
        })?;
        self.remove_layers(&dropped)
    }

    /// Throw all layers away, frozen ones too: the disk is `size` bytes and reads as `base` from now on.
    ///
    /// After a crash it is as before or as after. The guest should not be running.
    pub fn replace(&self, size: u64, base: Option<ManifestId>) -> Result<()> {
        if size == 0 || MAX_VOLUME_BYTES < size {
            return Err(StoreError::BadSize { volume: self.name.clone(), size });
        }
        let mut dropped = Vec::new();
        self.change(|descriptor| {
            dropped.extend(descriptor.layers());
            let fresh = self.node.new_layer_id();
            let next = Descriptor::new(size, base, fresh);
            let base = open_base(&self.node, next.base)?;
            let fresh = Arc::new(Layer::create(&self.directory, fresh, self.node.boot)?);
            Ok(Some((next, Box::new(move |_: &View| View { size, base, layers: vec![fresh] }))))
        })?;
        self.remove_layers(&dropped)
    }

    /// Bytes that its layers take on their file system.
    pub fn stored_bytes(&self) -> Result<u64> {
        let view = self.view.read().clone();
        let bytes = view.layers.iter().map(|layer| layer.stored_bytes()).sum::<io::Result<u64>>();
        bytes.map_err(failed("measure", &self.directory))
    }

    /// The directory is gone, or about to be: nothing may be made in it any more.
    pub(crate) fn forget(&self) {
        *self.descriptor.lock() = None;
    }

    /// Change what the volume is, on the disk and then in memory. `plan` makes what the new descriptor names, and may
    /// find that there is nothing to do.
    fn change<'a, P>(&self, plan: P) -> Result<()>
    where
        P: FnOnce(&Descriptor) -> Result<Option<(Descriptor, Box<dyn FnOnce(&View) -> View + 'a>)>>,
    {
        let mut descriptor = self.descriptor.lock();
        let current = descriptor.as_ref().ok_or_else(|| self.gone())?;
        let Some((next, change)) = plan(current)? else {
            return Ok(());
        };
        let published = next.publish(&self.directory)?;
        {
            let mut view = self.view.write();
            let next = change(&view);
            *view = Arc::new(next);
        }
        *descriptor = Some(next);
        published.durability()
    }

    fn remove_layers(&self, layers: &[LayerId]) -> Result<()> {
        layers.iter().try_for_each(|id| Layer::remove(&self.directory, *id))
    }

    fn gone(&self) -> StoreError {
        StoreError::NoVolume(self.name.clone())
    }

    /// The locks that stand for these blocks, ascending.
    fn locks_of(&self, blocks: &Range<u64>) -> impl Iterator<Item = &RwLock<()>> {
        let regions = blocks.start / LOCKED_BLOCKS..blocks.end.div_ceil(LOCKED_BLOCKS);
        let n = (regions.end - regions.start).min(LOCKS);
        let first = if n == LOCKS { 0 } else { regions.start % LOCKS };
        // The numbers go round; those that come first by order are the ones behind the turn.
        let turned = (first + n).saturating_sub(LOCKS);
        (0..turned).chain(first..(first + n).min(LOCKS)).map(|number| &self.locks[number as usize])
    }

    fn share(&self, blocks: &Range<u64>) -> Vec<RwLockReadGuard<'_, ()>> {
        self.locks_of(blocks).map(RwLock::read).collect()
    }

    fn take(&self, blocks: &Range<u64>) -> Vec<RwLockWriteGuard<'_, ()>> {
        self.locks_of(blocks).map(RwLock::write).collect()
    }
}

impl Disk for LayeredVolume {
    fn virtual_size(&self) -> u64 {
        self.view.read().size
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let view = self.view.read().clone();
        view.read_exact_at(buf, offset)
    }

    /// While a view is put in another's place, nothing is ready.
    fn read_if_ready(&self, buf: &mut [u8], offset: u64) -> io::Result<bool> {
        let view = self.view.try_read().map(|view| Arc::clone(&view));
        view.map_or(Ok(false), |view| view.read_if_ready(buf, offset))
    }

    fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
        let view = self.view.read().clone();
        view.next_data(offset)
    }
}

impl WritableDisk for LayeredVolume {
    fn write_all_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        let view = self.view.read();
        let range = check_range(&view, offset, buf.len() as u64)?;
        if range.is_empty() {
            return Ok(());
        }
        let top = view.top();
        let blocks = range.start / BLOCK..range.end.div_ceil(BLOCK);
        let has_parts = || {
            let is_part = |block: u64| block * BLOCK < range.start || range.end < (block + 1) * BLOCK;
            let is_missing = |block: u64| !top.is_all(block..block + 1, Held::Data);
            [blocks.start, blocks.end - 1].into_iter().any(|block| is_part(block) && is_missing(block))
        };
        if !has_parts() {
            let _shared = self.share(&blocks);
            // Somebody may have zeroed a block before we had it.
            if !has_parts() {
                top.write(buf, offset)?;
                return top.hold_data(blocks);
            }
        }
        let _taken = self.take(&blocks);
        write_with_parts(&view, buf, &range)?;
        top.hold_data(blocks)
    }

    fn write_zeroes(&self, range: Range<u64>) -> io::Result<()> {
        let whole = self.zero_whole_blocks(&range)?;
        // What is left at both ends, or one piece inside a block.
        let ends = if whole.is_empty() { [range, 0..0] } else { [range.start..whole.start, whole.end..range.end] };
        for end in ends {
            self.write_all_at(&[0; BLOCK_BYTES * 2][..(end.end - end.start) as usize], end.start)?;
        }
        Ok(())
    }

    fn trim(&self, range: Range<u64>) -> io::Result<()> {
        self.zero_whole_blocks(&range).map(drop)
    }

    fn flush(&self) -> io::Result<()> {
        let view = self.view.read().clone();
        view.layers.iter().try_for_each(|layer| layer.flush())
    }
}

impl LayeredVolume {
    /// Zero the whole blocks of a range; the last of the disk is whole when the range reaches the disk's end. Answers
    /// with what was zeroed, as a range of bytes.
    fn zero_whole_blocks(&self, range: &Range<u64>) -> io::Result<Range<u64>> {
        let end = {
            let view = self.view.read();
            let range = check_range(&view, range.start, range.end.saturating_sub(range.start))?;
            if range.end == view.size { view.n_blocks() } else { range.end / BLOCK }
        };
        let start = range.start.div_ceil(BLOCK);
        let mut at = start;
        while at < end {
            let view = self.view.read();
            let mut blocks = at..end.min(at + ZERO_EMPTY_BLOCKS);
            if view.top().has_data(blocks.clone()) {
                blocks.end = end.min(at + ZERO_BLOCKS);
            }
            // Another disk may be in the place of the one that was asked about.
            check_range(&view, range.start, range.end - range.start)?;
            let _taken = self.take(&blocks);
            view.top().hold_zeros(blocks.clone())?;
            at = blocks.end;
        }
        if end <= start {
            return Ok(range.start..range.start);
        }
        Ok(start * BLOCK..range.end.min(end * BLOCK))
    }
}

/// Write blocks of which the first or the last is brought in part, and not held by the top. Nobody else touches them.
fn write_with_parts(view: &View, buf: &[u8], range: &Range<u64>) -> io::Result<()> {
    let top = view.top();
    let (mut at, mut rest) = (range.start, buf);
    while at < range.end {
        let block = at / BLOCK;
        let within = (at % BLOCK) as usize;
        let n = rest.len().min(BLOCK_BYTES - within);
        if n == BLOCK_BYTES || top.is_all(block..block + 1, Held::Data) {
            // As they are, up to a last block in part.
            let n = if within == 0 { (rest.len() / BLOCK_BYTES * BLOCK_BYTES).max(n) } else { n };
            top.write(&rest[..n], at)?;
            (at, rest) = (at + n as u64, &rest[n..]);
            continue;
        }
        let mut whole = [0; BLOCK_BYTES];
        view.fill(&mut whole, block * BLOCK)?;
        whole[within..within + n].copy_from_slice(&rest[..n]);
        top.write(&whole, block * BLOCK)?;
        (at, rest) = (at + n as u64, &rest[n..]);
    }
    Ok(())
}

fn check_range(view: &View, start: u64, len: u64) -> io::Result<Range<u64>> {
    match start.checked_add(len) {
        Some(end) if end <= view.size => Ok(start..end),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "a write beyond the end of the disk")),
    }
}

fn open_base(node: &Node, base: Option<Base>) -> Result<Option<OpenBase>> {
    base.map(|base| Ok(OpenBase { volume: node.base(&base.manifest)?, visible: base.visible })).transpose()
}

/// Remove what an interrupted change left behind: files like ours that the descriptor does not name.
fn remove_strangers(directory: &std::path::Path, descriptor: &Descriptor) -> Result<()> {
    let entries = std::fs::read_dir(directory).map_err(failed("list", directory))?;
    for entry in entries {
        let name = entry.map_err(failed("list", directory))?.file_name();
        let Some((id, rest)) = name.to_str().and_then(|name| name.split_once('.')) else {
            continue;
        };
        let is_named = id.parse().is_ok_and(|id| descriptor.layers().any(|layer| layer == id));
        let is_ours = id.parse::<LayerId>().is_ok() && (rest.ends_with("data") || rest.starts_with("log"));
        let is_stranger = (is_ours && (!is_named || rest == "log.new")) || name.to_str() == Some("chain.json.new");
        debug_assert!(!is_stranger || name.to_str() != Some(DESCRIPTOR));
        if is_stranger {
            let path = directory.join(&name);
            std::fs::remove_file(&path).map_err(failed("remove", &path))?;
        }
    }
    Ok(())
}
