//! Roles.

pub(crate) mod create_role;
pub(crate) mod delete_role;
pub(crate) mod get_role;
pub(crate) mod list_roles;
pub(crate) mod update_role;

pub(in crate::ram) mod view;
