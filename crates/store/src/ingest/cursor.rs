//! The cursor: which segment comes next, and where in it there may be data.
//!
//! The disk's answers are not trusted. A range that goes backwards, or nowhere, fails the ingest instead of letting
//! it run for ever; ranges smaller than a block are joined, so a segment never has more of them than blocks.

use std::io;
use std::ops::Range;

use disk::Disk;

use crate::error::{Result, StoreError};
use crate::ids::{BLOCK_BYTES, SEGMENT_BYTES};

/// A segment with, perhaps, data.
pub(super) struct Piece {
    pub(super) segment: u64,
    /// Guest ranges inside the segment, in order and apart.
    pub(super) ranges: Vec<Range<u64>>,
    /// Guest bytes since the piece before, holes included.
    pub(super) covers: u64,
}

pub(super) struct Cursor<'a> {
    disk: &'a dyn Disk,
    position: u64,
    ahead: Option<Range<u64>>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(disk: &'a dyn Disk) -> Self {
        Self { disk, position: 0, ahead: None }
    }

    pub(super) fn next(&mut self) -> Result<Option<Piece>> {
        let Some(first) = self.next_range()? else {
            return Ok(None);
        };
        let before = self.position;
        let segment = first.start / SEGMENT_BYTES as u64;
        let end = ((segment + 1) * SEGMENT_BYTES as u64).min(self.disk.virtual_size());
        let mut ranges: Vec<Range<u64>> = Vec::new();
        let mut range = first;
        loop {
            let inside = range.start..range.end.min(end);
            match ranges.last_mut() {
                Some(last) if inside.start < last.end + BLOCK_BYTES as u64 => last.end = inside.end,
                _ => ranges.push(inside),
            }
            self.position = range.end.min(end);
            if end < range.end {
                self.ahead = Some(end..range.end);
            }
            if self.position == end {
                break;
            }
            match self.next_range()? {
                Some(next) if next.start < end => range = next,
                beyond => {
                    self.ahead = beyond;
                    break;
                }
            }
        }
        self.position = end;
        Ok(Some(Piece { segment, ranges, covers: end - before }))
    }

    fn next_range(&mut self) -> Result<Option<Range<u64>>> {
        if let Some(range) = self.ahead.take() {
            return Ok(Some(range));
        }
        let size = self.disk.virtual_size();
        if size <= self.position {
            return Ok(None);
        }
        let failed = |source| StoreError::Source { offset: self.position, source };
        let Some(range) = self.disk.next_data(self.position).map_err(failed)? else {
            return Ok(None);
        };
        let range = range.start.max(self.position)..range.end.min(size);
        if size <= range.start {
            return Ok(None);
        }
        if range.end <= range.start {
            let reason = "the disk's data ranges do not go forward";
            return Err(failed(io::Error::new(io::ErrorKind::InvalidData, reason)));
        }
        Ok(Some(range))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Map(u64, Vec<Range<u64>>);

    impl Disk for Map {
        fn virtual_size(&self) -> u64 {
            self.0
        }

        fn read_exact_at(&self, _: &mut [u8], _: u64) -> io::Result<()> {
            Err(io::ErrorKind::Unsupported.into())
        }

        fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
            Ok(self.1.iter().find(|range| offset < range.end).cloned())
        }
    }

    /// Segment, starts and ends of ranges, bytes covered.
    type Seen = (u64, Vec<(u64, u64)>, u64);

    fn pieces(disk: &Map) -> Result<Vec<Seen>> {
        let mut cursor = Cursor::new(disk);
        let mut found = Vec::new();
        while let Some(piece) = cursor.next()? {
            let ranges = piece.ranges.iter().map(|range| (range.start, range.end));
            found.push((piece.segment, ranges.collect(), piece.covers));
        }
        Ok(found)
    }

    #[test]
    fn ranges_are_cut_at_segments_and_joined_within_blocks() {
        let mb = 1 << 20;
        let disk = Map(20 * mb, vec![10..20, 30..40, mb..mb + 1, 7 * mb..9 * mb, 19 * mb..99 * mb]);
        let found = pieces(&disk).expect("an honest disk");
        let expected = vec![
            (0, vec![(10, 40), (mb, mb + 1)], 4 * mb),
            (1, vec![(7 * mb, 8 * mb)], 4 * mb),
            (2, vec![(8 * mb, 9 * mb)], 4 * mb),
            (4, vec![(19 * mb, 20 * mb)], 8 * mb),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_disk_whose_ranges_stand_still_is_refused() {
        struct Still;
        impl Disk for Still {
            fn virtual_size(&self) -> u64 {
                100
            }
            fn read_exact_at(&self, _: &mut [u8], _: u64) -> io::Result<()> {
                Ok(())
            }
            fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
                Ok(Some(0..offset))
            }
        }
        assert!(Cursor::new(&Still).next().is_err());
    }
}
