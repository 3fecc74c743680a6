//! Elastic Compute Service, version 2014-05-26: a room an action.

pub(crate) mod add_tags;
pub(crate) mod cancel_copy_image;
pub(crate) mod cancel_task;
pub(crate) mod copy_image;
pub(crate) mod create_image;
pub(crate) mod delete_image;
pub(crate) mod describe_image_from_family;
pub(crate) mod describe_image_share_permission;
pub(crate) mod describe_images;
pub(crate) mod describe_regions;
pub(crate) mod describe_tags;
pub(crate) mod describe_task_attribute;
pub(crate) mod describe_tasks;
pub(crate) mod describe_zones;
pub(crate) mod export_image;
pub(crate) mod import_image;
pub(crate) mod list_tag_resources;
pub(crate) mod modify_image_attribute;
pub(crate) mod modify_image_share_permission;
pub(crate) mod remove_tags;
pub(crate) mod tag_resources;
pub(crate) mod untag_resources;

pub(crate) mod disks;
pub(crate) mod instances;
pub(crate) mod security;

pub(crate) mod idempotency;
pub(crate) mod tagging;
