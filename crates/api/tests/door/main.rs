//! The RPC doors, called as a client calls them. One program, so that what the tests share is built once.

mod access;
mod attributes;
mod conformance;
mod disks;
mod documents;
mod gateway;
mod identity;
mod images;
mod impact;
mod launches;
mod making;
mod networks;
mod races;
mod ram;
mod servers;
mod sharing;
mod support;
mod swas;
