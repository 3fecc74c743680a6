//! The metadata service that guests find at `http://100.100.100.200`: who they are, where they are, what they are to do.
//!
//! A guest's connection leaves its network through QEMU, which runs a [`relay`] for it; the relay connects to the server's
//! Unix socket, says first which machine it comes from, and copies. So a guest is known by the QEMU that it runs in: it
//! can claim nothing, and no address of the host is listened on.
//!
//! Reading order: [`Facts`] and [`Directory`] are what the service asks of its owner, `tree` lays them out as paths,
//! `token` is the security hardening mode, [`serve`] answers, [`relay`] is the other end.
//!
//! # What it guarantees
//!
//! - **The real service's paths**, versions and modes: plain requests, and requests with a token, alone or both. What
//!   cloud-init's AliYun data source reads is there.
//! - **Bounded**: a number of connections, a time for each request's head, no request has a body that is read.
//! - **Nothing to keep**: a token is its own proof, so any server of a deployment with the same secret takes it.
//!
//! # What it deliberately does not do
//!
//! It caches nothing: facts are asked for at each request, so what an instance is told is what it is. It gives out no
//! credentials of roles and signs no identity (`pkcs7`): there is no authority here that a third party trusts.

mod facts;
mod relay;
mod serve;
mod token;
mod tree;

pub use facts::{Directory, Facts, PublicKey};
pub use relay::relay;
pub use serve::serve;
