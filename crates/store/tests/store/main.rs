//! The store as its users see it, in one binary.

mod behaviour;
mod crash;
mod model;
mod support;
