//! Writing QCOW2 from front to back.
//!
//! Every cluster of the file has a refcount of one, and the data clusters stand in guest order without gaps, so all
//! tables follow from the allocation. The refcount table and its blocks count themselves; their number is found by
//! going around until it holds.

use super::format::{COPIED, NewHeader};
use crate::allocation::Allocation;
use crate::error::Error;
use crate::export::Sink;

const CLUSTER_BITS: u32 = 16;
/// Bytes of a cluster: QEMU's default.
pub(crate) const CLUSTER_SIZE: u64 = 1 << CLUSTER_BITS;
/// Refcounts of 16 bits: QEMU's default.
const REFCOUNT_ORDER: u32 = 4;
/// Refcounts in a refcount block.
const REFCOUNTS_PER_BLOCK: u64 = CLUSTER_SIZE / 2;
/// Entries of 64 bits in a cluster of a table.
const ENTRIES: u64 = CLUSTER_SIZE / 8;

/// Where everything goes in a QCOW2 that is about to be written, counted in clusters.
pub(crate) struct Qcow2Layout {
    virtual_size: u64,
    refcount_table_clusters: u64,
    refcount_blocks: u64,
    l1_entries: u64,
    l1_clusters: u64,
    l2_tables: u64,
    data_clusters: u64,
}

impl Qcow2Layout {
    /// Lay out a disk of whole sectors.
    pub(crate) fn new(virtual_size: u64, clusters: &Allocation) -> Qcow2Layout {
        let l1_entries = clusters.clusters().div_ceil(ENTRIES);
        let mut layout = Qcow2Layout {
            virtual_size,
            refcount_table_clusters: 1,
            refcount_blocks: 1,
            l1_entries,
            l1_clusters: l1_entries.div_ceil(ENTRIES).max(1),
            l2_tables: (0..l1_entries).filter(|l1_index| l2_is_present(clusters, *l1_index)).count() as u64,
            data_clusters: clusters.allocated(),
        };
        loop {
            let blocks = layout.total_clusters().div_ceil(REFCOUNTS_PER_BLOCK);
            let table_clusters = blocks.div_ceil(ENTRIES);
            if blocks <= layout.refcount_blocks && table_clusters <= layout.refcount_table_clusters {
                return layout;
            }
            layout.refcount_blocks = blocks;
            layout.refcount_table_clusters = table_clusters;
        }
    }

    /// Bytes of the whole file.
    pub(crate) fn planned_len(&self) -> u64 {
        self.total_clusters() * CLUSTER_SIZE
    }

    /// Write the file.
    pub(crate) fn write(&self, clusters: &Allocation, sink: &mut Sink<'_>) -> Result<(), Error> {
        let header = NewHeader {
            cluster_bits: CLUSTER_BITS,
            virtual_size: self.virtual_size,
            l1_size: u32::try_from(self.l1_entries).expect("the largest export has 2^17 L1 entries"),
            l1_table_offset: self.l1_start() * CLUSTER_SIZE,
            refcount_table_offset: CLUSTER_SIZE,
            refcount_table_clusters: self.refcount_table_clusters as u32,
            refcount_order: REFCOUNT_ORDER,
        };
        let mut first = header.to_bytes().to_vec();
        first.resize(CLUSTER_SIZE as usize, 0);
        sink.put(&first)?;
        self.write_refcounts(sink)?;
        self.write_l1(clusters, sink)?;
        self.write_l2(clusters, sink)?;
        let mut cluster = 0;
        while let Some(run) = clusters.next_run(cluster, u64::MAX / 2) {
            sink.copy(run.start * CLUSTER_SIZE..run.end * CLUSTER_SIZE)?;
            cluster = run.end;
        }
        Ok(())
    }

    fn write_refcounts(&self, sink: &mut Sink<'_>) -> Result<(), Error> {
        let first_block = 1 + self.refcount_table_clusters;
        let offsets = (0..self.refcount_blocks).map(|block| (first_block + block) * CLUSTER_SIZE);
        put_table(sink, self.refcount_table_clusters, offsets)?;
        let mut left = self.total_clusters();
        for _ in 0..self.refcount_blocks {
            let used = left.min(REFCOUNTS_PER_BLOCK);
            let mut block = [0, 1].repeat(used as usize);
            block.resize(CLUSTER_SIZE as usize, 0);
            sink.put(&block)?;
            left -= used;
        }
        Ok(())
    }

    fn write_l1(&self, clusters: &Allocation, sink: &mut Sink<'_>) -> Result<(), Error> {
        let mut next_table = self.l2_start();
        let offsets = (0..self.l1_entries).map(|l1_index| {
            if !l2_is_present(clusters, l1_index) {
                return 0;
            }
            let table = next_table;
            next_table += 1;
            (table * CLUSTER_SIZE) | COPIED
        });
        put_table(sink, self.l1_clusters, offsets)
    }

    fn write_l2(&self, clusters: &Allocation, sink: &mut Sink<'_>) -> Result<(), Error> {
        let mut next_cluster = self.data_start();
        for l1_index in (0..self.l1_entries).filter(|l1_index| l2_is_present(clusters, *l1_index)) {
            let mapped = l1_index * ENTRIES..((l1_index + 1) * ENTRIES).min(clusters.clusters());
            let offsets = mapped.map(|cluster| {
                if !clusters.contains(cluster) {
                    return 0;
                }
                let place = next_cluster;
                next_cluster += 1;
                (place * CLUSTER_SIZE) | COPIED
            });
            put_table(sink, 1, offsets)?;
        }
        Ok(())
    }

    fn l1_start(&self) -> u64 {
        1 + self.refcount_table_clusters + self.refcount_blocks
    }

    fn l2_start(&self) -> u64 {
        self.l1_start() + self.l1_clusters
    }

    fn data_start(&self) -> u64 {
        self.l2_start() + self.l2_tables
    }

    fn total_clusters(&self) -> u64 {
        self.data_start() + self.data_clusters
    }
}

fn l2_is_present(clusters: &Allocation, l1_index: u64) -> bool {
    clusters.any(l1_index * ENTRIES..(l1_index + 1) * ENTRIES)
}

/// Put a table of 64-bit entries, padded with zeros to whole clusters.
fn put_table(sink: &mut Sink<'_>, clusters: u64, entries: impl Iterator<Item = u64>) -> Result<(), Error> {
    let mut table: Vec<u8> = entries.flat_map(u64::to_be_bytes).collect();
    table.resize((clusters * CLUSTER_SIZE) as usize, 0);
    sink.put(&table)
}
