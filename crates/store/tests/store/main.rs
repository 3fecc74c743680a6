//! The store as its users see it, in one binary.

mod behaviour;
mod crash;
mod layered;
mod layered_crash;
mod layered_model;
mod model;
mod support;
