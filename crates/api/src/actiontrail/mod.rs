//! ActionTrail, version 2020-07-06: who did what.

pub(crate) mod lookup_events;
