//! Elastic Compute Service, version 2014-05-26: a room an action.

pub(crate) mod cancel_task;
pub(crate) mod delete_image;
pub(crate) mod describe_images;
pub(crate) mod describe_regions;
pub(crate) mod describe_task_attribute;
pub(crate) mod describe_tasks;
pub(crate) mod describe_zones;
pub(crate) mod export_image;
pub(crate) mod import_image;
pub(crate) mod list_tag_resources;
pub(crate) mod tag_resources;
pub(crate) mod untag_resources;

mod idempotency;
mod tagging;
