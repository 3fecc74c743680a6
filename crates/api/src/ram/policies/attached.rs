//! Attaching, detaching and listing, which users, groups and roles have in common.

use meta::Tx;
use meta::identities::Principal;
use meta::policies::{self, Attachment, PolicyKind};
use model::quota::Quota;
use model::{AccountId, Timestamp};
use serde::Serialize;

use super::named::Named;
use super::views::{FIRST_VERSION, version_name};
use crate::action::Nothing;
use crate::code::{ApiResult, Code};
use crate::quota;
use identity::system_policies;

/// What a call answers when a policy is attached already, and when no more can be.
pub(super) struct Refusals {
    pub(super) taken: Code,
    pub(super) full: Code,
}

/// Policies of each kind that a principal may have.
const fn limit(kind: PolicyKind) -> Quota {
    match kind {
        PolicyKind::System => Quota::SystemPoliciesPerPrincipal,
        PolicyKind::Custom => Quota::CustomPoliciesPerPrincipal,
    }
}

/// Attaches a policy.
pub(super) fn attach(
    tx: &mut Tx<'_>,
    account: AccountId,
    principal: Principal<'_>,
    policy: &Named,
    now: Timestamp,
    refusals: &Refusals,
) -> ApiResult<Nothing> {
    policy.find(tx, account)?;
    let attached = policies::attachments(tx, account, principal)?;
    if attached.iter().any(|other| other.kind == policy.kind && other.policy == policy.name) {
        return Err(refusals.taken.error());
    }
    let there = attached.iter().filter(|other| other.kind == policy.kind).count() as u64;
    quota::one_more(tx, account, limit(policy.kind), there, refusals.full)?;
    let attachment = Attachment { kind: policy.kind, policy: policy.name.clone(), attached: now };
    policies::attach(tx, account, principal, &attachment)?;
    Ok(Nothing {})
}

/// Detaches a policy.
pub(super) fn detach(
    tx: &mut Tx<'_>,
    account: AccountId,
    principal: Principal<'_>,
    policy: &Named,
    absent: Code,
) -> ApiResult<Nothing> {
    if policies::detach(tx, account, principal, policy.kind, &policy.name)? {
        Ok(Nothing {})
    } else {
        Err(absent.error())
    }
}

/// What is attached to somebody.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AttachedPolicies {
    policies: PolicyList,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyList {
    policy: Vec<AttachedView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AttachedView {
    policy_name: String,
    policy_type: &'static str,
    description: String,
    default_version: String,
    attach_date: String,
}

/// Lists what is attached to a principal itself.
pub(super) fn list(tx: &mut Tx<'_>, account: AccountId, principal: Principal<'_>) -> ApiResult<AttachedPolicies> {
    let mut policy = Vec::new();
    for attachment in policies::attachments(tx, account, principal)? {
        let (description, version) = match attachment.kind {
            PolicyKind::Custom => {
                let custom = policies::get(tx, account, &attachment.policy)?;
                custom.map(|custom| (custom.description, custom.default_version)).unwrap_or_default()
            }
            PolicyKind::System => {
                let system = system_policies::find(&attachment.policy);
                (system.map(|system| system.description.to_owned()).unwrap_or_default(), FIRST_VERSION)
            }
        };
        policy.push(AttachedView {
            policy_name: attachment.policy,
            policy_type: attachment.kind.as_str(),
            description,
            default_version: version_name(version),
            attach_date: attachment.attached.seconds(),
        });
    }
    Ok(AttachedPolicies { policies: PolicyList { policy } })
}
