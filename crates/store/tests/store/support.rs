//! Disks and stores for the tests of this crate.

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use disk::Disk;
use store::{IngestOptions, Ingested, Objects, Store, StoreOptions};

pub const BLOCK: usize = 4096;

/// A sparse disk in memory that knows its holes to the block, or pretends to know none.
#[derive(Clone, Debug)]
pub struct MemoryDisk {
    pub size: u64,
    pub blocks: BTreeMap<u64, Vec<u8>>,
    pub knows_holes: bool,
}

impl MemoryDisk {
    pub fn new(size: u64) -> Self {
        Self { size, blocks: BTreeMap::new(), knows_holes: true }
    }

    /// A disk of blocks that differ by seed and number.
    pub fn seeded(seed: u32, blocks: Range<u64>) -> Self {
        let mut disk = Self::new(blocks.end * BLOCK as u64);
        for n in blocks {
            disk.set(n, content(seed, n as u32));
        }
        disk
    }

    pub fn set(&mut self, block: u64, bytes: Vec<u8>) {
        self.blocks.insert(block, bytes);
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; self.size as usize];
        self.read_exact_at(&mut bytes, 0).expect("inside the disk");
        bytes
    }
}

/// A block's bytes: half noise, half text, so that it compresses some.
pub fn content(seed: u32, number: u32) -> Vec<u8> {
    let mut bytes = vec![b'.'; BLOCK];
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    hasher.update(&number.to_le_bytes());
    hasher.finalize_xof().fill(&mut bytes[..BLOCK / 2]);
    bytes
}

impl Disk for MemoryDisk {
    fn virtual_size(&self) -> u64 {
        self.size
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let end = offset + buf.len() as u64;
        if self.size < end {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        buf.fill(0);
        let first = offset / BLOCK as u64;
        for (&n, bytes) in self.blocks.range(first..end.div_ceil(BLOCK as u64)) {
            let start = n * BLOCK as u64;
            let from = start.max(offset);
            let to = (start + BLOCK as u64).min(end);
            buf[(from - offset) as usize..(to - offset) as usize]
                .copy_from_slice(&bytes[(from - start) as usize..(to - start) as usize]);
        }
        Ok(())
    }

    fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
        if self.size <= offset {
            return Ok(None);
        }
        if !self.knows_holes {
            return Ok(Some(offset..self.size));
        }
        let next = self.blocks.range(offset / BLOCK as u64..).next();
        Ok(next.map(|(&n, _)| {
            let start = n * BLOCK as u64;
            start.max(offset)..(start + BLOCK as u64).min(self.size)
        }))
    }
}

/// Options whose ids repeat from run to run.
pub fn options() -> StoreOptions {
    let next = AtomicU64::new(1);
    StoreOptions {
        threads: 2,
        random: Arc::new(move |buffer| {
            let n = next.fetch_add(1, Ordering::Relaxed);
            blake3::Hasher::new().update(&n.to_le_bytes()).finalize_xof().fill(buffer);
        }),
        ..StoreOptions::default()
    }
}

pub fn open(objects: Arc<dyn Objects>) -> Store {
    open_with(objects, options())
}

pub fn open_with(objects: Arc<dyn Objects>, options: StoreOptions) -> Store {
    Store::open(objects, [42; 32], options).expect("open the store")
}

pub fn at(now_ms: u64) -> IngestOptions {
    IngestOptions { now_ms, ..IngestOptions::default() }
}

pub fn ingest(store: &Store, disk: &dyn Disk, now_ms: u64) -> Ingested {
    store.ingest(disk, &at(now_ms)).expect("ingest")
}

/// The whole disk reads equal, its data map is exact, and odd ranges read equal too.
#[track_caller]
pub fn check_equal(store: &Store, id: &store::ManifestId, model: &MemoryDisk) {
    let volume = store.volume(id).expect("volume");
    assert_eq!(volume.virtual_size(), model.size);
    let expected = model.bytes();
    let mut read = vec![1; expected.len()];
    volume.read_exact_at(&mut read, 0).expect("read");
    assert!(read == expected, "the disk reads back different");
    for n in 0..20u64 {
        let offset = (n * 7919 * 131) % model.size.max(1);
        let len = (model.size - offset).min(1 + n * 977) as usize;
        volume.read_exact_at(&mut read[..len], offset).expect("read");
        assert!(read[..len] == expected[offset as usize..][..len]);
    }
    assert!(volume.read_exact_at(&mut [0; 2], model.size.saturating_sub(1)).is_err());
    let mut from = 0;
    let mut data = vec![false; expected.len().div_ceil(BLOCK)];
    while let Some(range) = volume.next_data(from).expect("map") {
        assert!(from <= range.start && range.start < range.end && range.end <= model.size);
        for block in range.start / BLOCK as u64..range.end.div_ceil(BLOCK as u64) {
            data[block as usize] = true;
        }
        from = range.end;
    }
    for (is_data, block) in data.into_iter().zip(expected.chunks(BLOCK)) {
        assert_eq!(is_data, block.iter().any(|&byte| byte != 0), "the data map is exact");
    }
}
