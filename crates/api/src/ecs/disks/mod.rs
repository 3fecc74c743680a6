//! Disks and snapshots.

pub(crate) mod attach_disk;
pub(crate) mod create_disk;
pub(crate) mod create_snapshot;
pub(crate) mod delete_disk;
pub(crate) mod delete_snapshot;
pub(crate) mod describe_disks;
pub(crate) mod describe_snapshots;
pub(crate) mod detach_disk;
pub(crate) mod modify_disk_attribute;
pub(crate) mod modify_snapshot_attribute;
pub(crate) mod re_init_disk;
pub(crate) mod replace_system_disk;
pub(crate) mod reset_disk;
pub(crate) mod resize_disk;
pub(crate) mod rest;
