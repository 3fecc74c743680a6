//! Roles and policies on the wire.

use meta::policies::{Attachment, Policy};
use meta::roles::Role;
use model::AccountId;
use serde::Serialize;

use identity::system_policies::{self, SystemPolicy};

/// When the service's own policies were made, as far as clients care.
const SYSTEM_DATE: &str = "2015-05-01T00:00:00Z";

/// A role.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RoleView {
    role_id: String,
    role_name: String,
    arn: String,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    assume_role_policy_document: Option<String>,
    max_session_duration: u32,
    create_date: String,
    update_date: String,
}

impl RoleView {
    /// A role with its trust policy.
    pub(super) fn whole(account: AccountId, role: Role) -> Self {
        let trust = Some(role.trust.clone());
        Self { assume_role_policy_document: trust, ..Self::listed(account, role) }
    }

    /// A role as lists show it.
    pub(super) fn listed(account: AccountId, role: Role) -> Self {
        Self {
            role_id: role.id,
            // The service writes the name in lower case here, whatever its author wrote.
            arn: format!("acs:ram::{account}:role/{}", role.name.to_lowercase()),
            role_name: role.name,
            description: role.description,
            assume_role_policy_document: None,
            max_session_duration: role.max_session_seconds,
            create_date: role.created.seconds(),
            update_date: role.updated.seconds(),
        }
    }
}

/// `{"Role": …}`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OneRole {
    pub(super) role: RoleView,
}

/// A policy.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PolicyView {
    policy_name: String,
    policy_type: &'static str,
    description: String,
    default_version: &'static str,
    create_date: String,
    update_date: String,
    attachment_count: u64,
}

impl PolicyView {
    pub(super) fn custom(policy: &Policy, attachment_count: u64) -> Self {
        Self {
            policy_name: policy.name.clone(),
            policy_type: "Custom",
            description: policy.description.clone(),
            default_version: "v1",
            create_date: policy.created.seconds(),
            update_date: policy.updated.seconds(),
            attachment_count,
        }
    }

    pub(super) fn system(policy: &SystemPolicy, attachment_count: u64) -> Self {
        Self {
            policy_name: policy.name.to_owned(),
            policy_type: "System",
            description: policy.description.to_owned(),
            default_version: "v1",
            create_date: SYSTEM_DATE.to_owned(),
            update_date: SYSTEM_DATE.to_owned(),
            attachment_count,
        }
    }
}

/// A policy as the list of a role's policies shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AttachedView {
    policy_name: String,
    policy_type: &'static str,
    description: String,
    default_version: &'static str,
    attach_date: String,
}

impl AttachedView {
    pub(super) fn new(attachment: Attachment, custom: Option<Policy>) -> Self {
        let system = system_policies::find(&attachment.policy);
        let description = custom
            .map(|policy| policy.description)
            .or_else(|| system.map(|policy| policy.description.to_owned()))
            .unwrap_or_default();
        Self {
            policy_name: attachment.policy,
            policy_type: attachment.kind.as_str(),
            description,
            default_version: "v1",
            attach_date: attachment.attached.seconds(),
        }
    }
}
