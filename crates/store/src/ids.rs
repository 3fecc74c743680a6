//! The store's nouns as types: block geometry, identities, digests and object ids.
//!
//! Every number here has one meaning, so that a pack is never looked up where a manifest lies and a keyed identity is
//! never shown as a content digest. Ids are random: two nodes never agree on one without talking, and an id says
//! nothing about what it names.

use std::fmt;
use std::str::FromStr;

/// Bytes of guest data in a block, the unit of identity and of deduplication.
pub const BLOCK_BYTES: usize = 4096;

/// Blocks in a segment (4 MiB), the unit of work of an ingest, of the digest tree's fan-out and of a manifest's index.
pub const SEGMENT_BLOCKS: usize = 1024;

/// Bytes of guest data in a segment.
pub const SEGMENT_BYTES: usize = BLOCK_BYTES * SEGMENT_BLOCKS;

/// Largest guest disk the store takes: 1 PiB, so that a segment number fits 32 bits with room to spare.
pub const MAX_VIRTUAL_SIZE: u64 = 1 << 50;

/// Most blocks that one frame holds; a set of them fits a 32-bit mask.
pub const MAX_FRAME_BLOCKS: usize = 32;

/// Unkeyed BLAKE3 of one block.
pub type Leaf = [u8; 32];

/// What deduplication knows a block by: half of a keyed BLAKE3 over its leaf.
///
/// The key is the deployment's, so nobody outside can build two blocks with one identity, or learn by timing whether
/// a block is stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity(pub(crate) [u8; 16]);

impl Identity {
    /// The identity of the block whose unkeyed hash is `leaf`.
    pub fn of(key: &DeploymentKey, leaf: &Leaf) -> Self {
        let hash = blake3::keyed_hash(&key.0, leaf);
        let mut half = [0; 16];
        half.copy_from_slice(&hash.as_bytes()[..16]);
        Self(half)
    }

    /// Eight bytes of it as a number. They are uniform already, so tables use them as they are.
    pub(crate) fn prefix(&self) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.0[..8]);
        u64::from_le_bytes(bytes)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// The deployment's secret. It makes identities; it encrypts nothing.
#[derive(Clone)]
pub struct DeploymentKey(pub(crate) [u8; 32]);

impl From<[u8; 32]> for DeploymentKey {
    fn from(key: [u8; 32]) -> Self {
        Self(key)
    }
}

impl fmt::Debug for DeploymentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeploymentKey(..)")
    }
}

/// The root of the BLAKE3 tree over a disk's bytes: the same for every format of one disk, and for every deployment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentDigest(pub [u8; 32]);

impl fmt::Display for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ContentDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not the hexadecimal form of an id or digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not {expected} hexadecimal digits")]
pub struct BadHex {
    expected: usize,
}

impl FromStr for ContentDigest {
    type Err = BadHex;

    fn from_str(text: &str) -> Result<Self, BadHex> {
        from_hex::<32>(text).map(Self)
    }
}

/// Names a pack.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackId(pub(crate) [u8; 16]);

/// Names a manifest, and with it an immutable disk.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ManifestId(pub(crate) [u8; 16]);

/// Names a writable layer's files.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LayerId(pub(crate) [u8; 16]);

macro_rules! object_id {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = BadHex;

            fn from_str(text: &str) -> Result<Self, BadHex> {
                from_hex::<16>(text).map(Self)
            }
        }

        impl From<[u8; 16]> for $name {
            fn from(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }
        }
    };
}

object_id!(PackId);
object_id!(ManifestId);
object_id!(LayerId);

fn from_hex<const N: usize>(text: &str) -> Result<[u8; N], BadHex> {
    let mut bytes = [0; N];
    // One spelling for one id: object names are compared as text.
    let lower = !text.bytes().any(|b| b.is_ascii_uppercase());
    match hex::decode_to_slice(text, &mut bytes) {
        Ok(()) if lower => Ok(bytes),
        _ => Err(BadHex { expected: N * 2 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_one_spelling() {
        let id = PackId([0xab; 16]);
        assert_eq!(id.to_string().parse::<PackId>(), Ok(id));
        assert!(id.to_string().to_uppercase().parse::<PackId>().is_err());
        assert!("abcd".parse::<ManifestId>().is_err());
    }

    #[test]
    fn identities_depend_on_the_key_and_leaves_do_not() {
        let leaf = *blake3::hash(&[7; BLOCK_BYTES]).as_bytes();
        let (one, two) = (DeploymentKey::from([1; 32]), DeploymentKey::from([2; 32]));
        assert_ne!(Identity::of(&one, &leaf), Identity::of(&two, &leaf));
        assert_eq!(Identity::of(&one, &leaf), Identity::of(&one, &leaf));
    }
}
