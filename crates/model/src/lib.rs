//! The nouns of the image service and the rules that need nothing but their arguments.
//!
//! Everything here is pure: no file, no socket, no clock of its own. A value of one of these types has passed its
//! rule, so the crates above never check twice and never pass a raw string through a door.
//!
//! Read in this order: [`clock`] and [`id`] (what every record carries), [`name`] and [`tag`] (what users write),
//! [`image`] and [`task`] (the two life cycles), [`quota`] (the numbers).

pub mod clock;
pub mod id;
pub mod image;
pub mod name;
pub mod quota;
pub mod tag;
pub mod task;

pub use clock::{Clock, FixedClock, SystemClock, Timestamp};
pub use id::{AccountId, BucketName, Entropy, FlowId, ImageId, RegionId, RequestId, SnapshotId, SystemEntropy, TaskId};
pub use image::{
    Architecture, BootMode, DetectionStrategy, DiskMapping, Image, ImageFeatures, ImageStatus, ImdsSupport,
    LicenseType, NvmeSupport, OsType, Platform,
};
pub use name::{ClientToken, Description, ImageName, Malformed, OssPrefix};
pub use tag::{Tag, TagKey, TagValue};
pub use task::{Task, TaskAction, TaskFailure, TaskItem, TaskStatus};
