//! Disks and snapshots: their attributes and states.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::{AccountId, DiskId, ImageId, InstanceId, RegionId, SnapshotId};
use crate::image::SYSTEM_DEVICE;
use crate::name::Description;
use crate::tag::Tag;
use crate::wire_enum::wire_enum;

wire_enum!(
    /// What a disk is for.
    DiskType {
        /// The guest boots from it.
        System = "system",
        /// Everything else.
        Data = "data",
    }
);

wire_enum!(
    /// Where a disk stands.
    DiskStatus {
        /// Of no server.
        Available = "Available",
        /// On its way to a server.
        Attaching = "Attaching",
        /// A server's.
        InUse = "In_use",
        /// On its way from a server.
        Detaching = "Detaching",
    }
);

wire_enum!(
    /// The product that a disk is sold as. All of them are the same here: blocks of the store under a writable layer.
    DiskCategory {
        /// A basic disk.
        Cloud = "cloud",
        /// An ultra disk.
        CloudEfficiency = "cloud_efficiency",
        /// A standard SSD.
        CloudSsd = "cloud_ssd",
        /// An enhanced SSD.
        CloudEssd = "cloud_essd",
        /// An enhanced SSD that bursts.
        CloudAuto = "cloud_auto",
        /// An entry-level enhanced SSD.
        CloudEssdEntry = "cloud_essd_entry",
    }
);

impl DiskCategory {
    /// The smallest and the largest data disk, in GiB (CreateDisk, `Size`).
    pub const fn data_sizes(self) -> (u32, u32) {
        match self {
            Self::Cloud => (5, 2_000),
            Self::CloudEfficiency | Self::CloudSsd => (20, 32_768),
            Self::CloudEssd | Self::CloudAuto => (1, 65_536),
            Self::CloudEssdEntry => (10, 32_768),
        }
    }
}

/// A disk as it stands in the records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// Its id.
    pub id: DiskId,
    /// Whose disk it is.
    pub owner: AccountId,
    /// Where it lives.
    pub region: RegionId,
    /// The zone.
    pub zone: String,
    /// Its name; empty when it was given none.
    pub name: String,
    /// What the owner says of it.
    pub description: Description,
    /// What it is for.
    pub disk_type: DiskType,
    /// What it is sold as.
    pub category: DiskCategory,
    /// The level of an enhanced SSD; empty for others.
    pub performance_level: String,
    /// Size, in GiB.
    pub size_gib: u32,
    /// Where it stands.
    pub status: DiskStatus,
    /// The server that has it.
    pub instance: Option<InstanceId>,
    /// The device's name in that server.
    pub device: String,
    /// The image that it was made from, for a system disk.
    pub image: Option<ImageId>,
    /// The snapshot that it was made from.
    pub source_snapshot: Option<SnapshotId>,
    /// The block store's manifest that it began with; empty for an empty disk.
    pub base: String,
    /// How often it began anew: resets and replacements give it a new volume.
    pub epoch: u32,
    /// The node that has its bytes.
    pub node: String,
    /// True when it goes with its server.
    pub delete_with_instance: bool,
    /// True when its automatic snapshots go with it.
    pub delete_auto_snapshot: bool,
    /// Its tags, by key.
    pub tags: Vec<Tag>,
    /// When it was asked for.
    pub created: Timestamp,
    /// When it was last given to a server.
    pub attached: Option<Timestamp>,
    /// When it was last taken from a server.
    pub detached: Option<Timestamp>,
}

impl Disk {
    /// The name of its volume on its node.
    pub fn volume(&self) -> String {
        format!("{}-{}", self.id, self.epoch)
    }

    /// Size, in bytes.
    pub fn bytes(&self) -> u64 {
        u64::from(self.size_gib) << 30
    }

    /// The serial number that the guest reads: the id without its prefix.
    pub fn serial(&self) -> &str {
        self.id.as_str().trim_start_matches("d-")
    }

    /// True for the disk that its server boots from.
    pub fn is_system(&self) -> bool {
        self.disk_type == DiskType::System
    }
}

/// The first device name that is not taken, after the system disk's.
pub fn free_device(taken: &[&str]) -> Option<String> {
    let names = (b'b'..=b'z').map(|letter| format!("/dev/xvd{}", char::from(letter)));
    names.into_iter().find(|name| !taken.contains(&name.as_str()))
}

wire_enum!(
    /// Where a snapshot stands.
    SnapshotStatus {
        /// Its bytes are on their way into the store.
        Progressing = "progressing",
        /// Every byte is in the store.
        Accomplished = "accomplished",
        /// It could not be made.
        Failed = "failed",
    }
);

/// A snapshot as it stands in the records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its id.
    pub id: SnapshotId,
    /// Whose snapshot it is.
    pub owner: AccountId,
    /// Where it lives.
    pub region: RegionId,
    /// Its name; empty when it was given none.
    pub name: String,
    /// What the owner says of it.
    pub description: Description,
    /// Where it stands.
    pub status: SnapshotStatus,
    /// Verified bytes in percent, 0 to 100.
    pub progress: u8,
    /// The disk that it was taken of; empty for the snapshots of imported and copied images.
    pub source_disk: String,
    /// What that disk was for.
    pub source_type: DiskType,
    /// Size of the disk, in GiB.
    pub source_size_gib: u32,
    /// What the disk was sold as.
    pub source_category: DiskCategory,
    /// The server that had the disk.
    pub instance: Option<InstanceId>,
    /// The image that the disk was made from.
    pub source_image: Option<ImageId>,
    /// Where the bytes are: the store's manifest. Empty until they are.
    pub manifest: String,
    /// The content digest. Empty until the bytes are in the store.
    pub digest: String,
    /// Size that a guest sees, in bytes.
    pub virtual_size: u64,
    /// Images that are made of it.
    pub images: Vec<ImageId>,
    /// True when it goes with its image: the snapshots of imported and copied images.
    pub goes_with_image: bool,
    /// True when it was made for Simple Application Server.
    pub of_swas: bool,
    /// Days after which it goes; none for ever.
    pub retention_days: Option<u32>,
    /// Its tags, by key.
    pub tags: Vec<Tag>,
    /// When it was asked for.
    pub created: Timestamp,
    /// When it last changed.
    pub modified: Timestamp,
}

impl Snapshot {
    /// True when it goes as the image goes: it was made for an image, and no other one is made of it.
    pub fn goes_with(&self, image: &ImageId) -> bool {
        self.goes_with_image && self.images.iter().all(|other| other == image)
    }

    /// True when its device was a system disk's.
    pub fn is_system(&self) -> bool {
        self.source_type == DiskType::System
    }
}

/// The type of the disk behind a device.
pub fn disk_type(device: &str) -> DiskType {
    if device == SYSTEM_DEVICE { DiskType::System } else { DiskType::Data }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_given_in_order() {
        assert_eq!(free_device(&[]).as_deref(), Some("/dev/xvdb"));
        assert_eq!(free_device(&["/dev/xvdb", "/dev/xvdd"]).as_deref(), Some("/dev/xvdc"));
        let all: Vec<String> = (b'b'..=b'z').map(|letter| format!("/dev/xvd{}", char::from(letter))).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        assert_eq!(free_device(&all), None);
    }
}
