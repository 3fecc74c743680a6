//! The nouns of the image service and the rules that need nothing but their arguments.
//!
//! Everything here is pure: no file, no socket, no clock of its own. A value of one of these types has passed its
//! rule, so the crates above never check twice and never pass a raw string through a door.
//!
//! Read in this order: [`clock`] and [`id`] (what every record carries), [`name`] and [`tag`] (what users write),
//! [`image`], [`instance`] and [`task`] (the life cycles), [`volume`] and [`network`] (what is around a server), [`quota`]
//! (the numbers).

mod wire_enum;

pub mod clock;
pub mod id;
pub mod image;
pub mod instance;
pub mod name;
pub mod network;
pub mod quota;
pub mod swas;
pub mod tag;
pub mod task;
pub mod volume;

pub use clock::{Clock, FixedClock, SystemClock, Timestamp};
pub use id::{
    AccountId, AllocationId, BucketName, DiskId, Entropy, FlowId, ImageId, InstanceId, KeyPairId, NetworkInterfaceId,
    RegionId, RequestId, SecurityGroupId, SecurityGroupRuleId, SnapshotId, SystemEntropy, TaskId, VSwitchId, VpcId,
};
pub use image::{
    Architecture, BootMode, DetectionStrategy, DiskMapping, Image, ImageFeatures, ImageStatus, ImdsSupport,
    LicenseType, NvmeSupport, OsType, Platform,
};
pub use instance::{Instance, InstanceStatus, InstanceType};
pub use name::{
    ClientToken, Description, HostName, ImageName, Malformed, OssPrefix, Password, ResourceName, SwasImageName,
};
pub use tag::{Tag, TagKey, TagValue};
pub use task::{Task, TaskAction, TaskFailure, TaskItem, TaskStatus};
pub use volume::{Disk, DiskCategory, DiskStatus, DiskType, Snapshot, SnapshotStatus};
