//! Policies, their versions, and whom they are attached to.

pub(crate) mod attach_policy_to_group;
pub(crate) mod attach_policy_to_role;
pub(crate) mod attach_policy_to_user;
pub(crate) mod create_policy;
pub(crate) mod create_policy_version;
pub(crate) mod delete_policy;
pub(crate) mod delete_policy_version;
pub(crate) mod detach_policy_from_group;
pub(crate) mod detach_policy_from_role;
pub(crate) mod detach_policy_from_user;
pub(crate) mod get_policy;
pub(crate) mod get_policy_version;
pub(crate) mod list_entities_for_policy;
pub(crate) mod list_policies;
pub(crate) mod list_policies_for_group;
pub(crate) mod list_policies_for_role;
pub(crate) mod list_policies_for_user;
pub(crate) mod list_policy_versions;
pub(crate) mod set_default_policy_version;
pub(crate) mod update_policy_description;

mod attached;
mod named;
mod views;
