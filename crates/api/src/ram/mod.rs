//! Resource Access Management, version 2015-05-01: roles and policies, as far as an image's import and export need them.

pub(crate) mod attach_policy_to_role;
pub(crate) mod create_policy;
pub(crate) mod create_role;
pub(crate) mod decode_diagnostic_message;
pub(crate) mod delete_policy;
pub(crate) mod delete_role;
pub(crate) mod detach_policy_from_role;
pub(crate) mod get_policy;
pub(crate) mod get_role;
pub(crate) mod list_policies;
pub(crate) mod list_policies_for_role;
pub(crate) mod list_roles;
pub(crate) mod update_role;

mod fields;
mod views;
