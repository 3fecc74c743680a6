//! The actions: what each call means.
//!
//! A request flows one way. `wire` parses it, [`dispatch`] finds the caller's key, verifies the signature, finds the
//! action in [`actions::ACTIONS`], lets it read its parameters, asks whether the caller may, and only then runs it with
//! an [`Allowed`] context that nobody else can make. The action's one file, its *room*, holds everything about it:
//! parameters, codes, authorization, work, answer.
//!
//! This crate knows no SQL and no files: it reads records through `meta`'s typed functions, and every change is one
//! transaction there or one flow of `engine`.
//!
//! To add an action: write its room, and add its row to the table.

// Long answers are written as one `json!` each, which recurses once a member.
#![recursion_limit = "512"]

pub mod action;
pub mod actions;
mod address;
pub mod audit;
mod authorize;
pub mod catalogue;
pub mod code;
pub mod dispatch;
pub mod impact;
pub mod input;
mod nonces;
mod parameters;
mod quota;
mod resource;
mod service_role;
mod throttle;

mod actiontrail;
mod ecs;
mod location;
mod ram;
mod sts;
mod swas;
mod vpc;

pub use action::{Access, Action, Product, Spec};
pub use catalogue::Catalogue;
pub use code::{ApiError, ApiResult, Code};
pub use dispatch::{Allowed, Api, Cx};
pub use identity::Caller;
