//! Simple Application Server, version 2020-06-01: a room an action.
//!
//! Its servers are servers, its snapshots snapshots, its images images: the keeper, the flows and the store know no
//! difference. What it sells to an account stands in the records under the account beside it
//! ([`model::AccountId::at_swas`]). So the other products see none of it, its quotas and names are its own, and an image
//! that is shared with Elastic Compute Service is there what the service says it is: one of others.
//!
//! There is no call that releases a server: it would go when it expires, and its snapshots and custom images with it.
//! Nothing here lets a server expire; one whose time is over shows so and gives no image.

pub(crate) mod add_custom_image_share_account;
pub(crate) mod create_custom_image;
pub(crate) mod create_firewall_rule;
pub(crate) mod create_firewall_rules;
pub(crate) mod create_instances;
pub(crate) mod create_snapshot;
pub(crate) mod delete_custom_image;
pub(crate) mod delete_custom_images;
pub(crate) mod delete_firewall_rule;
pub(crate) mod delete_firewall_rules;
pub(crate) mod delete_snapshot;
pub(crate) mod delete_snapshots;
pub(crate) mod list_custom_image_share_accounts;
pub(crate) mod list_custom_images;
pub(crate) mod list_disks;
pub(crate) mod list_firewall_rules;
pub(crate) mod list_images;
pub(crate) mod list_instance_status;
pub(crate) mod list_instances;
pub(crate) mod list_plans;
pub(crate) mod list_regions;
pub(crate) mod list_snapshots;
pub(crate) mod list_tag_resources;
pub(crate) mod modify_image_share_status;
pub(crate) mod reboot_instance;
pub(crate) mod reboot_instances;
pub(crate) mod remove_custom_image_share_account;
pub(crate) mod reset_disk;
pub(crate) mod reset_system;
pub(crate) mod start_instance;
pub(crate) mod start_instances;
pub(crate) mod stop_instance;
pub(crate) mod stop_instances;
pub(crate) mod tag_resources;
pub(crate) mod untag_resources;
pub(crate) mod update_instance_attribute;
pub(crate) mod update_snapshot_attribute;

mod common;
mod firewall;
mod plans;
mod power;
mod sharing;
mod tagging;
mod views;
