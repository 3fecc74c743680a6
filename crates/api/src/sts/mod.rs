//! Security Token Service, version 2015-04-01.

pub(crate) mod assume_role;
pub(crate) mod get_caller_identity;
