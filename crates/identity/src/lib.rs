//! Who calls, and what they may do.
//!
//! A caller presents a key. [`Identities::known`] says whose it is: an account's owner, a user of the account, or a
//! session of a role, with everything that policies say of them. The doors verify the signature with the secret, each in
//! its own protocol, and then ask [`judge`] one question for every resource that a request touches. The answer carries its
//! grounds ([`Judgement`]): a denial tells its caller, an operator wants to know, and both read the same record.
//!
//! Order of judgement: the owner of an account may do everything to what is the account's; a session's own policy, when it
//! has one, must allow; then the policies that are attached to the user (its groups' included) or the role. A deny
//! anywhere among them wins. Whoever is of another account is refused, unless the door has rules of its own for that, as
//! OSS has with its ACLs.
//!
//! Policies are parsed once for each generation of an account's RAM records and then remembered, on every node: the
//! generation is read together with the key.
//!
//! This crate knows no HTTP, no signatures and no actions.

mod caller;
mod denial;
mod judge;
mod known;
mod policies;
mod seal;
mod session;
pub mod system_policies;

pub use caller::{Caller, Origin, Principal, Surroundings, add_resource_tags};
pub use denial::{Diagnosis, Failure};
pub use judge::{Judgement, Match, Stage, judge, judge_anywhere};
pub use known::{Identities, Known, RoleAtHand, Unknown};
pub use policies::{Attached, Policies};
pub use session::{NewSession, Session, TemporaryKey};
