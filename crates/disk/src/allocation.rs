//! Which clusters of a disk an export writes.
//!
//! One bit a cluster, so that 2 TiB cost 4 MiB at 64 KiB clusters whatever the pattern of holes. It is filled in one
//! walk over [`Disk::next_data`], before the first byte of an export, because in QCOW2 and VHD the tables stand before
//! the data and an export cannot seek back. No data is read for it: a source that knows its zeros gives an exact map,
//! one that does not gives a full one.

use std::io;
use std::ops::Range;

use crate::device::Disk;
use crate::error::Error;

/// The next data of `disk` at or after `at`, inside its size. A disk that does not move on is an error, not a loop.
pub(crate) fn data_after(disk: &dyn Disk, at: u64) -> Result<Option<Range<u64>>, Error> {
    let next = disk.next_data(at).map_err(|error| Error::from_io(error, at))?;
    let size = disk.virtual_size();
    let Some(data) = next.filter(|data| data.start < size) else { return Ok(None) };
    if data.start < at || data.end <= data.start {
        let stuck = io::Error::other("the disk answers a data range that does not go on");
        return Err(Error::from_io(stuck, at));
    }
    Ok(Some(data.start..data.end.min(size)))
}

/// A bit for every cluster of a disk.
pub(crate) struct Allocation {
    bits: Vec<u64>,
    clusters: u64,
    allocated: u64,
}

impl Allocation {
    /// Walk `disk` and mark every cluster of `cluster_size` bytes that may hold data.
    pub(crate) fn of(disk: &dyn Disk, cluster_size: u64) -> Result<Allocation, Error> {
        let size = disk.virtual_size();
        let clusters = size.div_ceil(cluster_size);
        let mut allocation = Allocation { bits: vec![0; clusters.div_ceil(64) as usize], clusters, allocated: 0 };
        let mut at = 0;
        while at < size {
            let Some(data) = data_after(disk, at)? else { break };
            allocation.mark(data.start / cluster_size..data.end.div_ceil(cluster_size));
            at = data.end;
        }
        Ok(allocation)
    }

    /// How many clusters the disk has.
    pub(crate) fn clusters(&self) -> u64 {
        self.clusters
    }

    /// How many of them are written.
    pub(crate) fn allocated(&self) -> u64 {
        self.allocated
    }

    /// Whether `cluster` is written.
    pub(crate) fn contains(&self, cluster: u64) -> bool {
        self.bits[(cluster / 64) as usize] >> (cluster % 64) & 1 == 1
    }

    /// Whether any of `clusters` is written.
    pub(crate) fn any(&self, clusters: Range<u64>) -> bool {
        self.next(clusters.start).is_some_and(|found| found < clusters.end)
    }

    /// The first run of written clusters at or after `cluster`, at most `longest` long.
    pub(crate) fn next_run(&self, cluster: u64, longest: u64) -> Option<Range<u64>> {
        let start = self.next(cluster)?;
        let limit = self.clusters.min(start + longest);
        let end = (start + 1..limit).find(|cluster| !self.contains(*cluster)).unwrap_or(limit);
        Some(start..end)
    }

    fn next(&self, cluster: u64) -> Option<u64> {
        let mut word = (cluster / 64) as usize;
        let mut bits = self.bits.get(word)? & (u64::MAX << (cluster % 64));
        while bits == 0 {
            word += 1;
            bits = *self.bits.get(word)?;
        }
        Some(word as u64 * 64 + u64::from(bits.trailing_zeros()))
    }

    fn mark(&mut self, clusters: Range<u64>) {
        for cluster in clusters {
            let word = &mut self.bits[(cluster / 64) as usize];
            let bit = 1 << (cluster % 64);
            self.allocated += u64::from(*word & bit == 0);
            *word |= bit;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    struct Holes(u64, Vec<Range<u64>>);

    impl Disk for Holes {
        fn virtual_size(&self) -> u64 {
            self.0
        }
        fn read_exact_at(&self, buf: &mut [u8], _offset: u64) -> io::Result<()> {
            buf.fill(1);
            Ok(())
        }
        fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
            Ok(self
                .1
                .iter()
                .find(|data| offset < data.end || data.end < data.start)
                .map(|data| data.start.max(offset)..data.end))
        }
    }

    #[test]
    fn a_disk_that_does_not_move_on_is_an_error() {
        let backwards = Holes(1000, Vec::from([Range { start: 500, end: 400 }]));
        assert_eq!(Allocation::of(&backwards, 100).err().unwrap().kind(), ErrorKind::Io);
    }

    #[test]
    fn marks_every_touched_cluster_once() {
        let disk = Holes(1000 * 100 + 1, vec![0..1, 50..150, 6399..6401, 100_000..100_001]);
        let allocation = Allocation::of(&disk, 100).unwrap();
        let marked: Vec<u64> = (0..1001).filter(|cluster| allocation.contains(*cluster)).collect();
        assert_eq!(marked, [0, 1, 63, 64, 1000]);
        assert_eq!((allocation.clusters(), allocation.allocated()), (1001, 5));
        assert_eq!(allocation.next_run(0, 9), Some(0..2));
        assert_eq!(allocation.next_run(0, 1), Some(0..1));
        assert_eq!(allocation.next_run(2, 9), Some(63..65));
        assert_eq!(allocation.next_run(65, 9), Some(1000..1001));
        assert_eq!(allocation.next_run(1001, 9), None);
        assert!(allocation.any(60..64) && !allocation.any(2..63) && !allocation.any(65..1000));
    }
}
