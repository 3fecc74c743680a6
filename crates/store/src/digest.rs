//! The content digest: one number for a guest's bytes, whatever file format or store they lie in.
//!
//! A tree with 1,024 children a node. A leaf is the BLAKE3 of a 4 KiB block (a last partial block is filled up with
//! zeros); a node is the BLAKE3 of its children's hashes in order. The root is the BLAKE3 of a domain string, the
//! number of blocks up to and including the last one that is not zero, and the top node, where the tree is as high as
//! that number needs and at least one level. So:
//! - trailing zeros do not count: a VHD padded to a cylinder and its RAW agree;
//! - a hole costs nothing: the hash of an all-zero subtree is a constant of its level;
//! - the deployment key plays no part: two deployments can compare their images.
//!
//! What it does not do: it does not cover the virtual size. A manifest carries that beside the digest.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::ids::{BLOCK_BYTES, ContentDigest, Leaf, SEGMENT_BLOCKS};

const DOMAIN: &[u8] = b"tintype content digest 1";

/// Hash of an all-zero block, of an all-zero segment, and so on upwards.
static ZEROS: LazyLock<[Leaf; 6]> = LazyLock::new(|| {
    let mut level = *blake3::hash(&[0; BLOCK_BYTES]).as_bytes();
    std::array::from_fn(|_| {
        let this = level;
        level = *blake3::hash(&this.repeat(SEGMENT_BLOCKS)).as_bytes();
        this
    })
});

/// The leaf of an all-zero block, which nobody needs to compute.
pub(crate) fn zero_leaf() -> &'static Leaf {
    &ZEROS[0]
}

/// The node over one segment's leaves.
pub(crate) fn segment_node(leaves: &[Leaf; SEGMENT_BLOCKS]) -> Leaf {
    *blake3::hash(leaves.as_flattened()).as_bytes()
}

/// The root over the segments that hold data.
///
/// `nodes` are the nodes of segments by number, absent ones being zero, and `n_blocks` counts the blocks up to the
/// last that is not zero.
pub(crate) fn root(nodes: impl IntoIterator<Item = (u64, Leaf)>, n_blocks: u64) -> ContentDigest {
    let fan = SEGMENT_BLOCKS as u64;
    let mut level: BTreeMap<u64, Leaf> = nodes.into_iter().collect();
    let mut n_nodes = n_blocks.div_ceil(fan).max(1);
    let mut height = 1;
    while 1 < n_nodes {
        let mut parents = BTreeMap::new();
        let mut children = level.into_iter().peekable();
        while let Some(&(first, _)) = children.peek() {
            let parent = first / fan;
            let mut row = vec![ZEROS[height]; SEGMENT_BLOCKS];
            while let Some((child, hash)) = children.next_if(|&(child, _)| child / fan == parent) {
                row[(child % fan) as usize] = hash;
            }
            parents.insert(parent, *blake3::hash(row.as_flattened()).as_bytes());
        }
        level = parents;
        n_nodes = n_nodes.div_ceil(fan);
        height += 1;
    }
    let top = level.get(&0).unwrap_or(&ZEROS[height]);
    let mut hasher = blake3::Hasher::new();
    hasher.update(DOMAIN);
    hasher.update(&n_blocks.to_le_bytes());
    hasher.update(top);
    ContentDigest(*hasher.finalize().as_bytes())
}

/// True when every byte is zero.
pub(crate) fn is_zero(block: &[u8]) -> bool {
    // Early out by 256-byte lines: data nearly always shows in the first, zeros vectorise.
    let mut lines = block.chunks_exact(256);
    lines.all(|line| line.iter().fold(0, |seen, byte| seen | byte) == 0)
        && lines.remainder().iter().all(|&byte| byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, word for word, for a small disk.
    fn naive(disk: &[u8]) -> ContentDigest {
        let blocks: Vec<&[u8]> = disk.chunks(BLOCK_BYTES).collect();
        let n_blocks = blocks.iter().rposition(|block| block.iter().any(|&b| b != 0)).map_or(0, |last| last + 1);
        let mut level: Vec<Leaf> = blocks[..n_blocks]
            .iter()
            .map(|block| {
                let mut padded = block.to_vec();
                padded.resize(BLOCK_BYTES, 0);
                *blake3::hash(&padded).as_bytes()
            })
            .collect();
        let mut filler = *blake3::hash(&[0; BLOCK_BYTES]).as_bytes();
        loop {
            let padded = level.len().next_multiple_of(SEGMENT_BLOCKS).max(SEGMENT_BLOCKS);
            level.resize(padded, filler);
            level = level.chunks(SEGMENT_BLOCKS).map(|row| *blake3::hash(row.as_flattened()).as_bytes()).collect();
            filler = *blake3::hash(&filler.repeat(SEGMENT_BLOCKS)).as_bytes();
            if level.len() == 1 {
                break;
            }
        }
        let mut text = DOMAIN.to_vec();
        text.extend((n_blocks as u64).to_le_bytes());
        text.extend(level[0]);
        ContentDigest(*blake3::hash(&text).as_bytes())
    }

    fn sparse(disk: &[u8]) -> ContentDigest {
        let mut n_blocks = 0;
        let mut nodes = Vec::new();
        for (number, segment) in disk.chunks(SEGMENT_BLOCKS * BLOCK_BYTES).enumerate() {
            let mut leaves = [*zero_leaf(); SEGMENT_BLOCKS];
            let mut any = false;
            for (slot, block) in segment.chunks(BLOCK_BYTES).enumerate() {
                if !is_zero(block) {
                    let mut padded = block.to_vec();
                    padded.resize(BLOCK_BYTES, 0);
                    leaves[slot] = *blake3::hash(&padded).as_bytes();
                    n_blocks = (number * SEGMENT_BLOCKS + slot + 1) as u64;
                    any = true;
                }
            }
            if any {
                nodes.push((number as u64, segment_node(&leaves)));
            }
        }
        root(nodes, n_blocks)
    }

    #[test]
    fn holes_and_trailing_zeros_agree_with_the_definition() {
        let mut disk = vec![0; 9 << 20];
        assert_eq!(sparse(&disk), naive(&disk));
        disk[5] = 1;
        assert_eq!(sparse(&disk), naive(&disk));
        disk[(8 << 20) + 4097] = 9;
        assert_eq!(sparse(&disk), naive(&disk));
        let short = sparse(&disk[..(8 << 20) + 5000]);
        assert_eq!(short, naive(&disk));
        disk[(8 << 20) + 4097] = 0;
        assert_ne!(short, naive(&disk));
    }

    #[test]
    fn a_third_level_uses_the_constant_of_its_level() {
        // Block 0, and a block 5 GiB away: two levels above the segments, the second half absent.
        let mut leaves = [*zero_leaf(); SEGMENT_BLOCKS];
        leaves[0] = [7; 32];
        let node = segment_node(&leaves);
        let far = 5 * 1024 / 4;
        let sparse = root([(0, node), (far, node)], far * 1024 + 1);
        let mut all = vec![(0, node)];
        all.extend((1..far).map(|n| (n, ZEROS[1])));
        all.push((far, node));
        assert_eq!(sparse, root(all, far * 1024 + 1));
    }
}
