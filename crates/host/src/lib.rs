//! What runs on a host beside the API: today the NBD server, through which any image or disk is read in place.
//!
//! It must **not know the database**: what to serve, to whom and for how long is asked of whoever starts it, through
//! a trait. So the same code serves a node of a cluster, a single laptop and a test.

pub mod nbd;
