//! The store as its users see it, in one binary.

mod behaviour;
mod crash;
mod layered_model;
mod model;
mod support;
