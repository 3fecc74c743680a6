//! Access keys of users, and of the account itself.

pub(crate) mod create_access_key;
pub(crate) mod delete_access_key;
pub(crate) mod list_access_keys;
pub(crate) mod update_access_key;

mod whose;
