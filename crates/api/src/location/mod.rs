//! The location service, version 2015-06-12: it tells clients where the other doors are.

pub(crate) mod describe_endpoints;
