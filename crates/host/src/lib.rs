//! What runs on a host beside the API: the machines, the metadata that they ask for, and the NBD server that their disks
//! come from.
//!
//! It must **not know the database**: what to serve, to whom and for how long is asked of whoever starts it, through
//! a trait. So the same code serves a node of a cluster, a single laptop and a test.

pub mod imds;
pub mod machine;
pub mod nbd;
