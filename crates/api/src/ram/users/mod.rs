//! Users: people and programs that work in an account under a name and with keys of their own.

pub(crate) mod create_user;
pub(crate) mod delete_user;
pub(crate) mod get_user;
pub(crate) mod list_users;
pub(crate) mod update_user;

mod person;
mod view;
