//! A volume's descriptor: its size, its base, and its layers in order.
//!
//! `chain.json` is a line of JSON and a line with its CRC-32C in hexadecimal. It is written aside, made durable and
//! renamed, so there is always one, whole. Everything else in the volume's directory is there because it is named here.

use std::collections::HashSet;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::MAX_VOLUME_BYTES;
use super::files::{failed, remove, sync_directory, write_durably};
use super::is_name;
use crate::error::{Result, StoreError};
use crate::ids::{LayerId, ManifestId};

/// Its name in the volume's directory.
pub(crate) const DESCRIPTOR: &str = "chain.json";

const NEW_DESCRIPTOR: &str = "chain.json.new";

const VERSION: u64 = 1;

/// Frozen layers a volume may have: every read may have to look into each.
const MAX_FROZEN: usize = 256;

/// No descriptor of ours is longer.
const MAX_BYTES: u64 = 1 << 20;

/// What a volume is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Descriptor {
    /// Size that the guest sees.
    pub(crate) size: u64,
    pub(crate) base: Option<Base>,
    /// Oldest first.
    pub(crate) frozen: Vec<Frozen>,
    /// The layer that takes the writes.
    pub(crate) top: LayerId,
}

/// The manifest below the layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Base {
    pub(crate) manifest: ManifestId,
    /// So much of it is the disk's; what lies behind was never seen, and growing the disk must not show it.
    pub(crate) visible: u64,
}

/// A layer that takes no more writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frozen {
    pub(crate) layer: LayerId,
    pub(crate) label: String,
    /// The disk's size when it was frozen.
    pub(crate) size: u64,
}

impl Descriptor {
    /// A volume of one empty layer.
    pub(crate) fn new(size: u64, base: Option<ManifestId>, top: LayerId) -> Self {
        let base = base.map(|manifest| Base { manifest, visible: size });
        Self { size, base, frozen: Vec::new(), top }
    }

    /// Where the frozen layer of that label stands.
    pub(crate) fn position(&self, label: &str) -> Option<usize> {
        self.frozen.iter().position(|frozen| frozen.label == label)
    }

    /// The top becomes the frozen layer `label`, `fresh` the top.
    pub(crate) fn frozen(&self, volume: &str, label: &str, fresh: LayerId) -> Result<Self> {
        if MAX_FROZEN <= self.frozen.len() {
            return Err(StoreError::TooManyLayers { volume: volume.to_owned() });
        }
        let mut next = self.clone();
        next.frozen.push(Frozen { layer: self.top, label: label.to_owned(), size: self.size });
        next.top = fresh;
        Ok(next)
    }

    /// The first `n` frozen layers are replaced by a manifest.
    pub(crate) fn rebased(&self, n: usize, manifest: ManifestId) -> Self {
        let mut next = self.clone();
        let visible = next.frozen.drain(..n).next_back().map_or(self.size, |last| last.size);
        next.base = Some(Base { manifest, visible });
        next
    }

    /// Every layer, oldest first.
    pub(crate) fn layers(&self) -> impl Iterator<Item = LayerId> {
        self.frozen.iter().map(|frozen| frozen.layer).chain([self.top])
    }

    /// Read a volume's descriptor; `None` when there is no such volume.
    pub(crate) fn read(directory: &Path) -> Result<Option<Self>> {
        let path = directory.join(DESCRIPTOR);
        match std::fs::metadata(&path) {
            Ok(metadata) if MAX_BYTES < metadata.len() => Err(damaged(&path, "descriptor is too long")),
            Ok(_) => {
                let bytes = std::fs::read(&path).map_err(failed("read", &path))?;
                Self::decode(&bytes).map(Some).map_err(|reason| damaged(&path, reason))
            }
            // A volume's directory appears with its descriptor in it.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !directory.exists() => Ok(None),
            Err(error) => Err(failed("read", &path)(error)),
        }
    }

    /// Write the descriptor of a volume that nobody knows yet.
    pub(crate) fn write_first(&self, directory: &Path) -> Result<()> {
        let path = directory.join(DESCRIPTOR);
        write_durably(&path, &self.encode()).map(drop).map_err(failed("write", &path))
    }

    /// Put this in the place of the descriptor that there is. The names of files made before are durable before it.
    ///
    /// An error means that the old one stands. Once the new one has its name it stands, so what the directory says
    /// about durability comes back apart.
    pub(crate) fn publish(&self, directory: &Path) -> Result<Published> {
        let (aside, path) = (directory.join(NEW_DESCRIPTOR), directory.join(DESCRIPTOR));
        let staged = remove(&aside).and_then(|()| write_durably(&aside, &self.encode()).map(drop));
        staged.map_err(failed("write", &aside))?;
        sync_directory(directory).map_err(failed("make durable", directory))?;
        std::fs::rename(&aside, &path).map_err(failed("replace", &path))?;
        Ok(Published(sync_directory(directory).map_err(failed("make durable", directory))))
    }

    fn encode(&self) -> Vec<u8> {
        let written = Written {
            version: VERSION,
            size: self.size,
            base: self.base.map(|base| WrittenBase { manifest: base.manifest.to_string(), visible: base.visible }),
            frozen: self
                .frozen
                .iter()
                .map(|frozen| WrittenFrozen {
                    layer: frozen.layer.to_string(),
                    label: frozen.label.clone(),
                    size: frozen.size,
                })
                .collect(),
            top: self.top.to_string(),
        };
        let mut bytes = serde_json::to_vec(&written).expect("plain fields serialize");
        let checksum = crc32c::crc32c(&bytes);
        bytes.extend(format!("\n{checksum:08x}\n").bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Self, &'static str> {
        let text = str::from_utf8(bytes).map_err(|_| "descriptor is not text")?;
        let mut lines = text.lines();
        let json = lines.next().ok_or("descriptor is empty")?;
        let value: serde_json::Value = serde_json::from_str(json).map_err(|_| "descriptor is not JSON")?;
        // The version first: a newer one may have other fields, and another end.
        if value.get("version").and_then(serde_json::Value::as_u64) != Some(VERSION) {
            return Err("descriptor has another version");
        }
        if lines.next() != Some(&format!("{:08x}", crc32c::crc32c(json.as_bytes()))) || lines.next().is_some() {
            return Err("descriptor's checksum differs");
        }
        let written: Written = serde_json::from_value(value).map_err(|_| "descriptor misses a field")?;
        let base = written.base.map(|base| {
            let manifest = base.manifest.parse().map_err(|_| "descriptor's base is no manifest")?;
            Ok::<_, &str>(Base { manifest, visible: base.visible })
        });
        let layer = |text: &str| text.parse::<LayerId>().map_err(|_| "descriptor's layer is none");
        let frozen = written.frozen.into_iter().map(|frozen| {
            Ok::<_, &str>(Frozen { layer: layer(&frozen.layer)?, label: frozen.label, size: frozen.size })
        });
        let descriptor = Self {
            size: written.size,
            base: base.transpose()?,
            frozen: frozen.collect::<Result<_, _>>()?,
            top: layer(&written.top)?,
        };
        descriptor.check()?;
        Ok(descriptor)
    }

    /// What everybody else takes for granted.
    fn check(&self) -> Result<(), &'static str> {
        let sizes = self.base.iter().map(|base| base.visible).chain(self.frozen.iter().map(|frozen| frozen.size));
        if !sizes.chain([self.size, MAX_VOLUME_BYTES]).is_sorted() || self.size == 0 {
            return Err("descriptor's sizes do not grow");
        }
        if MAX_FROZEN < self.frozen.len() {
            return Err("descriptor has too many layers");
        }
        let labels: HashSet<_> = self.frozen.iter().map(|frozen| &frozen.label).collect();
        if labels.len() < self.frozen.len() || !labels.iter().all(|label| is_name(label)) {
            return Err("descriptor's labels are not good");
        }
        if self.layers().collect::<HashSet<_>>().len() <= self.frozen.len() {
            return Err("descriptor names a layer twice");
        }
        Ok(())
    }
}

/// A descriptor that has its place. Whether it will have it after a loss of power is inside.
#[must_use]
pub(crate) struct Published(Result<()>);

impl Published {
    /// To be asked when everything else follows the new descriptor.
    pub(crate) fn durability(self) -> Result<()> {
        self.0
    }
}

#[derive(Serialize, Deserialize)]
struct Written {
    version: u64,
    size: u64,
    base: Option<WrittenBase>,
    frozen: Vec<WrittenFrozen>,
    top: String,
}

#[derive(Serialize, Deserialize)]
struct WrittenBase {
    manifest: String,
    visible: u64,
}

#[derive(Serialize, Deserialize)]
struct WrittenFrozen {
    layer: String,
    label: String,
    size: u64,
}

fn damaged(path: &Path, reason: &'static str) -> StoreError {
    StoreError::corrupt(path.display().to_string(), 0, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn descriptor() -> Descriptor {
        let id = |n| LayerId([n; 16]);
        let frozen = |n: u8, size| Frozen { layer: id(n), label: format!("s-{n}"), size };
        Descriptor {
            size: 1 << 30,
            base: Some(Base { manifest: ManifestId([7; 16]), visible: 1 << 20 }),
            frozen: vec![frozen(1, 1 << 20), frozen(2, 1 << 30)],
            top: id(3),
        }
    }

    #[test]
    fn comes_back_and_no_flipped_bit_does() {
        let bytes = descriptor().encode();
        assert_eq!(Descriptor::decode(&bytes), Ok(descriptor()));
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            // The last byte is a line's end, which may be missing or doubled.
            assert!(Descriptor::decode(&bad).is_err() || bit / 8 == bytes.len() - 1, "bit {bit}");
        }
        for len in 0..bytes.len() - 1 {
            assert!(Descriptor::decode(&bytes[..len]).is_err(), "{len} bytes");
        }
    }

    #[test]
    fn one_that_cannot_be_is_refused_whatever_its_checksum() {
        type Change = fn(&mut Descriptor);
        let changes: [Change; 8] = [
            |d| d.size = 0,
            |d| d.size = MAX_VOLUME_BYTES + 1,
            |d| d.size = (1 << 30) - 1,
            |d| d.base = Some(Base { manifest: ManifestId([7; 16]), visible: (1 << 20) + 1 }),
            |d| d.frozen[1].label = "s-1".to_owned(),
            |d| d.frozen[1].label = "../s".to_owned(),
            |d| d.top = LayerId([1; 16]),
            |d| {
                let frozen = (0..=MAX_FROZEN).map(|n| Frozen {
                    layer: LayerId((n as u128 + 100).to_le_bytes()),
                    label: format!("n-{n}"),
                    size: 1 << 30,
                });
                d.frozen = frozen.collect();
            },
        ];
        for (n, change) in changes.into_iter().enumerate() {
            let mut descriptor = descriptor();
            change(&mut descriptor);
            assert!(Descriptor::decode(&descriptor.encode()).is_err(), "change {n}");
        }
    }
}
