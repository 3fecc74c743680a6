//! One question, one answer, and why.

use meta::policies::PolicyKind;
use model::AccountId;
use policy::{Context, Request, Verdict};

use crate::caller::Caller;
use crate::policies::{Attached, Policies};

/// What decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The caller owns the account, and the resource is the account's.
    Owner,
    /// The resource is another account's.
    Foreign,
    /// The policy of the session.
    Session,
    /// The policies that are attached to the user, its groups or the role.
    Identity,
    /// The trust policy of a role.
    Trust,
    /// The ACL of an object or a bucket.
    Acl,
}

impl Stage {
    /// The name on the wire (`AccessDeniedDetail`, `PolicyType`).
    pub const fn wire(self) -> &'static str {
        match self {
            Self::Session => "SessionPolicy",
            Self::Trust => "AssumeRolePolicy",
            Self::Owner | Self::Foreign | Self::Identity | Self::Acl => "AccountLevelIdentityBasedPolicy",
        }
    }
}

/// The statement that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Whether the policy is the service's or the account's; none for the policy of a session.
    pub kind: Option<PolicyKind>,
    /// The policy's name; empty for the policy of a session.
    pub policy: String,
    /// The group that the policy comes through.
    pub group: Option<String>,
    /// The place of the statement in the document, counted from 0.
    pub statement: usize,
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The answer.
    pub verdict: Verdict,
    /// What decided.
    pub stage: Stage,
    /// The statement that decided; none where none spoke.
    pub matched: Option<Match>,
}

impl Judgement {
    /// Whether the caller may.
    pub fn allows(&self) -> bool {
        self.verdict == Verdict::Allow
    }

    /// An answer that no statement gave.
    pub const fn silent(verdict: Verdict, stage: Stage) -> Self {
        Self { verdict, stage, matched: None }
    }
}

/// Whether `caller` may do `verb` to `resource`.
///
/// `resource` is a resource name, or `*` where the service asks for none. What is another account's is refused here:
/// a door that lets in whom policies do not name (ACLs, trust policies) asks [`judge_anywhere`] and decides itself.
pub fn judge(caller: &Caller, verb: &str, resource: &str, context: &Context) -> Judgement {
    if !is_of(resource, caller.account) {
        return Judgement::silent(Verdict::ImplicitDeny, Stage::Foreign);
    }
    judge_anywhere(caller, verb, resource, context)
}

/// What the caller's own policies say, whoever's the resource is.
pub fn judge_anywhere(caller: &Caller, verb: &str, resource: &str, context: &Context) -> Judgement {
    if caller.is_owner() {
        return Judgement::silent(Verdict::Allow, Stage::Owner);
    }
    let request = Request { verb, resource, context };
    if let Some(ceiling) = &caller.ceiling {
        let judgement = ask(ceiling, Stage::Session, &request);
        if !judgement.allows() {
            return judgement;
        }
    }
    ask(&caller.policies, Stage::Identity, &request)
}

fn ask(policies: &Policies, stage: Stage, request: &Request<'_>) -> Judgement {
    if policies.unreadable.is_some() {
        return Judgement::silent(Verdict::ExplicitDeny, stage);
    }
    let decision = policy::evaluate(policies.documents(), request);
    let matched = decision.decided_by.and_then(|(document, statement)| {
        let Attached { kind, name, group, .. } = policies.attached.get(document)?;
        Some(Match { kind: *kind, policy: name.clone(), group: group.clone(), statement })
    });
    Judgement { verdict: decision.verdict, stage, matched }
}

/// Whether a resource is an account's, or nobody's. The service's own policies are everybody's to name.
fn is_of(resource: &str, account: AccountId) -> bool {
    if resource == "*" {
        return true;
    }
    resource.split(':').nth(3).is_some_and(|owner| owner == "system" || owner == account.to_string())
}
