//! The records: who owns what, and where everything stands.
//!
//! One schema ([`schema`]) lives in SQLite (one node, no set-up) or PostgreSQL (many nodes). A transaction is one
//! ordinary synchronous function over a [`Tx`]; the function does not know which database runs it, so every rule that
//! must hold under concurrency (quotas, unique names, client tokens) is written once, inside the transaction that uses
//! it. Both databases run the same suite of tests (`conformance`).
//!
//! - [`Meta::read`] runs a function over one consistent state.
//! - [`Meta::write`] runs a function under a [`Scope`]: two writes of one scope never run at once, on any node. What it
//!   returned `Ok` for is durable when the call returns; `Err` leaves no trace.
//!
//! The tables have a module each, with functions that take a `Tx` and typed values; no other crate sees SQL. This crate
//! knows no HTTP, no codes and no files.

mod database;
mod postgres;
mod schema;
mod sqlite;

pub mod accounts;
pub mod audit;
pub mod buckets;
#[cfg(feature = "testing")]
pub mod conformance;
pub mod flows;
pub mod identities;
pub mod images;
pub mod kinds;
pub mod leases;
pub mod manifests;
pub mod policies;
pub mod quotas;
pub mod resources;
pub mod roles;
pub mod settings;
pub mod tags;
pub mod tasks;
pub mod tokens;
pub mod visible;

pub use database::{Error, Meta, Page, Scope, Tx};
