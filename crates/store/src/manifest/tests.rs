//! Manifests come back as they went, and nothing made up gets through or hurts.

use proptest::prelude::*;

use super::{Manifest, ManifestBuilder, Run, Source, Summary, wrap_body};
use crate::frame::FramePlace;
use crate::ids::{ContentDigest, ManifestId, PackId, SEGMENT_BYTES};

const ID: ManifestId = ManifestId([1; 16]);

fn summary(virtual_size: u64, data_blocks: u64) -> Summary {
    Summary {
        virtual_size,
        digest: ContentDigest([5; 32]),
        data_blocks,
        new_blocks: 3,
        new_bytes_stored: 4,
        created_ms: 5,
    }
}

fn any_runs() -> impl Strategy<Value = Vec<Run<PackId>>> {
    let run = (0u16..40, 1u16..33, 0u8..4, 0u32..20, 1u8..33, any::<bool>());
    proptest::collection::vec(run, 0..12).prop_map(|parts| {
        let mut next = 0;
        let mut runs = Vec::new();
        for (gap, blocks, pack, offset, in_frame, repeat) in parts {
            let start = next + gap;
            let blocks = if repeat { blocks } else { blocks.min(in_frame.into()) };
            next = start + blocks;
            let slot = if repeat { in_frame - 1 } else { in_frame - blocks as u8 };
            let place = FramePlace { pack: PackId([pack; 16]), offset: offset * 500, len: 500, blocks: in_frame };
            let source = Source::Frame { place, slot, repeat };
            runs.push(Run { start, blocks, source });
        }
        runs
    })
}

fn encode(segments: &[(u64, Vec<Run<PackId>>)]) -> Vec<u8> {
    let mut builder = ManifestBuilder::default();
    // Backwards: workers finish in any order.
    for (number, runs) in segments.iter().rev() {
        builder.push(*number, runs.iter().copied());
    }
    let data_blocks = builder.data_blocks();
    builder.encode(&summary(1 << 40, data_blocks))
}

fn data_runs(manifest: &Manifest) -> Vec<(u64, Vec<Run<PackId>>)> {
    let named = |run: Run| match run.source {
        Source::Zero => None,
        Source::Frame { place, slot, repeat } => {
            let place = manifest.place(place);
            let source = Source::Frame { place, slot, repeat };
            Some(Run { start: run.start, blocks: run.blocks, source })
        }
    };
    manifest.segments_from(0).map(|(number, runs)| (number, runs.into_iter().filter_map(named).collect())).collect()
}

proptest! {
    #[test]
    fn manifests_come_back(segments in proptest::collection::btree_map(0u64..1000, any_runs(), 0..20)) {
        let segments: Vec<_> = segments.into_iter().filter(|(_, runs)| !runs.is_empty()).collect();
        let manifest = Manifest::decode(ID, &encode(&segments)).expect("decodes");
        prop_assert_eq!(data_runs(&manifest), segments);
    }

    #[test]
    fn a_changed_byte_is_refused(segments in proptest::collection::btree_map(0u64..1000, any_runs(), 1..9), at: prop::sample::Index, flip in 1u8..) {
        let mut object = encode(&segments.into_iter().collect::<Vec<_>>());
        let at = at.index(object.len());
        object[at] ^= flip;
        prop_assert!(Manifest::decode(ID, &object).is_err());
    }

    #[test]
    fn a_changed_body_with_a_right_checksum_never_panics(runs in any_runs(), at: prop::sample::Index, value: u8, cut: prop::sample::Index) {
        let mut builder = ManifestBuilder::default();
        builder.push(3, runs.into_iter());
        let data_blocks = builder.data_blocks();
        let object = builder.encode(&summary(1 << 30, data_blocks));
        let mut body = super::unwrap_body(&object).expect("own bytes").to_vec();
        let at = at.index(body.len());
        body[at] = value;
        body.truncate(cut.index(body.len()) + 1);
        if let Ok(manifest) = Manifest::decode(ID, &wrap_body(&body)) {
            // Whatever got through can be walked.
            manifest.segments_from(0).for_each(drop);
        }
    }
}

/// zstd overlooks a bit of its frame header; the checksum is over the bytes as they are stored, so we do not.
#[test]
fn every_bit_of_an_object_counts() {
    let object = wrap_body(&[7; 300]);
    assert_eq!(object[12], super::CODEC_ZSTD);
    for bit in 0..object.len() * 8 {
        let mut changed = object.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(super::unwrap_body(&changed).is_err(), "bit {bit}");
    }
}

#[test]
fn a_body_that_claims_too_much_is_refused_before_it_is_allocated() {
    let mut object = wrap_body(&[0; 4000]);
    // The honest encoder stores what would shrink too well as it is.
    assert_eq!(object[12], super::CODEC_ZSTD);
    assert_eq!(wrap_body(&[0; 1 << 20])[12], super::CODEC_RAW);
    object[13..21].copy_from_slice(&u64::MAX.to_le_bytes());
    let refused = Manifest::decode(ID, &object).err().expect("refused");
    assert_eq!(refused.reason, "body has another length");
}

#[test]
fn data_beyond_the_disk_is_refused() {
    let place = FramePlace { pack: PackId([1; 16]), offset: 0, len: 99, blocks: 2 };
    let run = Run { start: 9, blocks: 2, source: Source::Frame { place, slot: 0, repeat: false } };
    let object = |virtual_size| {
        let mut builder = ManifestBuilder::default();
        builder.push(1, [run].into_iter());
        builder.encode(&summary(virtual_size, 2))
    };
    let size = SEGMENT_BYTES as u64 + 10 * 4096 + 1;
    assert!(Manifest::decode(ID, &object(size)).is_ok());
    assert!(Manifest::decode(ID, &object(size - 1)).is_err());
    assert!(Manifest::decode(ID, &object(4096)).is_err());
}
