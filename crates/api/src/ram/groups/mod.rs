//! Groups: users who may do the same.

pub(crate) mod add_user_to_group;
pub(crate) mod create_group;
pub(crate) mod delete_group;
pub(crate) mod get_group;
pub(crate) mod list_groups;
pub(crate) mod list_groups_for_user;
pub(crate) mod list_users_for_group;
pub(crate) mod remove_user_from_group;
pub(crate) mod update_group;

mod view;
