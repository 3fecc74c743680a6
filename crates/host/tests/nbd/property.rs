//! Any reads of any sparse disk, in every style, against the bytes it must have.

use std::ops::Range;
use std::sync::Arc;

use proptest::prelude::*;

use crate::support::{BLOCK_STATUS, Content, DF, REQ_ONE, Served, TestDisk};

fn disks() -> impl Strategy<Value = TestDisk> {
    // Sizes and edges on and off the grid of 4 KiB, in a disk longer than a piece of a reply (1 MiB).
    let edge = prop_oneof![(0u64..800).prop_map(|n| n * 4096), 0u64..3_200_000];
    (1u64..3_200_000, prop::collection::btree_set(edge, 0..24)).prop_map(|(size, edges)| {
        let edges: Vec<u64> = edges.into_iter().filter(|edge| *edge < size).collect();
        let data: Vec<Range<u64>> = edges.chunks_exact(2).map(|pair| pair[0]..pair[1]).collect();
        TestDisk::new(size, &data)
    })
}

/// Whether an extent is data, or a hole, from end to end.
fn is_uniform(disk: &TestDisk, extent: Range<u64>, state: u32) -> bool {
    match state {
        0 => disk.data.iter().any(|data| data.start <= extent.start && extent.end <= data.end),
        3 => !disk.data.iter().any(|data| data.start < extent.end && extent.start < data.end),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_read_has_the_right_bytes(
        disk in disks(),
        places in prop::collection::vec((any::<u32>(), any::<u32>(), 0..4u32), 1..12),
    ) {
        let disk = Arc::new(disk);
        let served = Served::unix(&disk);
        let mut simple = served.go(false);
        let mut structured = served.connect();
        structured.hello(3);
        structured.structured();
        prop_assert_eq!(structured.allocation("disk").len(), 2);
        prop_assert_eq!(structured.go("disk"), (disk.size, 0x583));
        for (start, len, style) in places {
            let start = u64::from(start) % disk.size;
            // Mostly whole tails, sometimes a few bytes.
            let len = if style == 3 { u64::from(len) % 5000 } else { u64::from(len) };
            let range = start..(start + len.max(1)).min(disk.size);
            let expected = disk.expected(range.clone());
            prop_assert!(simple.read(0, range.clone()) == expected);
            prop_assert!(structured.read(0, range.clone()) == expected);
            prop_assert!(structured.read(DF, range.clone()) == expected);

            let len = (range.end - range.start) as u32;
            for flags in [0, REQ_ONE] {
                structured.request(BLOCK_STATUS, flags, 7, range.start, len);
                let chunk = structured.chunk();
                prop_assert_eq!((chunk.cookie, chunk.done), (7, true));
                let Content::Status(extents) = chunk.content else { panic!("{chunk:?}") };
                let mut at = range.start;
                for (n, (len, state)) in extents.iter().enumerate() {
                    let end = at + u64::from(*len);
                    prop_assert!(at < end && end <= range.end);
                    prop_assert!(is_uniform(&disk, at..end, *state), "extent {}", n);
                    prop_assert!(n == 0 || extents[n - 1].1 != *state, "extents are merged");
                    at = end;
                }
                if flags == REQ_ONE {
                    prop_assert_eq!(extents.len(), 1);
                } else {
                    prop_assert_eq!(at, range.end, "so few extents fit into one answer");
                }
            }
        }
    }
}
