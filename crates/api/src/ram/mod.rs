//! Resource Access Management, version 2015-05-01: users, groups, keys, roles and policies.

pub(crate) mod decode_diagnostic_message;
pub(crate) mod groups;
pub(crate) mod keys;
pub(crate) mod policies;
pub(crate) mod roles;
pub(crate) mod users;

mod fields;
