//! Simple Application Server: what its custom images know beside being images.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::id::{AccountId, ImageId, InstanceId, RegionId, SnapshotId};
use crate::name::ImageName;
use crate::tag::Tag;

/// Where a custom image of Simple Application Server comes from. Its bytes and its status are those of the image with the
/// same id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomImage {
    /// The image's id.
    pub id: ImageId,
    /// Whose image it is.
    pub owner: AccountId,
    /// Where it lives.
    pub region: RegionId,
    /// Its name, unique among the owner's in the region.
    pub name: ImageName,
    /// The server that it was made of, with which it goes.
    pub instance: InstanceId,
    /// The name that the server had.
    pub instance_name: String,
    /// The name and the version of the image that the server was made from.
    pub source: (String, String),
    /// The snapshot of the system disk.
    pub system_snapshot: SnapshotId,
    /// The snapshot of the data disk, when it has one.
    pub data_snapshot: Option<SnapshotId>,
    /// Its resource group; empty for the default one.
    pub resource_group: String,
    /// True while it is shared with Elastic Compute Service.
    pub in_ecs: bool,
    /// Its tags, by key.
    pub tags: Vec<Tag>,
    /// When it was asked for.
    pub created: Timestamp,
}
