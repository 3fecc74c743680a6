//! The protocol of the RPC doors: how a call arrives, how it proves who sent it, how an answer leaves.
//!
//! One listener takes every product's calls at path `/`. A call is GET or POST, its parameters stand in the query, in a
//! form body or in both, and one of two signatures covers them: RPC signature v1 ([`rpc_v1`], HMAC-SHA1 over all
//! parameters) or ACS3 ([`acs3`], HMAC-SHA256 over a canonical request). [`Call::parse`] tells them apart and keeps
//! what is needed to verify the signature once the secret is known; it never looks a key up. Answers are JSON, or XML
//! where a v1 caller did not ask for JSON ([`answer`]).
//!
//! This crate knows no action and no resource: only names, texts and signatures. Its refusals ([`Refusal`]) are the
//! gateway's, with the gateway's codes and texts, because clients parse them.

pub mod acs3;
pub mod answer;
pub mod call;
pub mod encode;
pub mod params;
pub mod refusal;
pub mod rpc_v1;

pub use answer::{Answer, ErrorBody, Format};
pub use call::{Call, Credential, HttpCall};
pub use params::Params;
pub use refusal::Refusal;
