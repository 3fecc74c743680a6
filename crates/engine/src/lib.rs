//! Durable work: flows, sweeps, and the buckets that they work on.

pub mod buckets;
