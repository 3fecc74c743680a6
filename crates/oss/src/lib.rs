//! The OSS door: buckets and objects over HTTP, in the OSS dialect and in the S3 dialect, on one port from one backend.
//!
//! [`OssDoor::call`] takes a request and gives an answer; what listens, and over what, is the caller's. The two dialects
//! differ in signature, in header names and in some bodies; the same bucket may be written in one and read in the other.
//!
//! A request passes, in this order, `address` (which bucket and key), `auth` (who signed it), [`route`] (which
//! operation), `access` (may the caller do that) and one of the operations, all of which stand on
//! [`engine::buckets::Buckets`]. Refusals are the service's own ([`error`]).
//!
//! This crate knows buckets, objects and signatures, and no images, tasks, SQL or files. It never holds a whole object:
//! bodies flow through it both ways. It deliberately has no versions, lifecycle rules, policies, image processing,
//! callbacks or form uploads; asking for one is answered `NotImplemented`, or with the code for a setting that was never
//! made.

pub mod error;
pub mod route;

mod access;
mod address;
mod auth;
mod body;
mod conditions;
mod dialect;
mod door;
mod operations;
mod request;
mod xml;

pub use body::AnswerBody;
pub use door::{OssConfig, OssDoor};
pub use error::{Code, OssError};
