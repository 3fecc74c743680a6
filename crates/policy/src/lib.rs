//! The policy language of RAM: documents, patterns, conditions, and the decision that they lead to.
//!
//! A policy is JSON text that a user wrote, so parsing is strict and bounded ([`document`]), patterns are matched without
//! backtracking ([`pattern`]), and a condition that cannot be understood is refused when the policy is stored, never
//! ignored when it is evaluated ([`condition`]). [`evaluate`] answers one question: may this verb touch this resource?
//! It returns which statement decided, because a denial tells its caller and an operator wants to know; [`trace`] says of
//! every statement why it did or did not apply.
//!
//! This crate knows none of our other crates, no accounts and no storage: who has which policy is the caller's affair.

pub mod condition;
pub mod document;
pub mod evaluate;
pub mod pattern;
pub mod trace;

pub use document::{Document, DocumentError, Effect, Kind, Principal, Statement};
pub use evaluate::{Applicant, Context, Decision, Request, Verdict, evaluate, trusts};
pub use trace::{Trace, trace};
