//! The RPC doors, called as a client calls them. One program, so that what the tests share is built once.

mod gateway;
mod images;
mod ram;
mod servers;
mod support;
mod swas;
