//! Roles on the wire.

use meta::roles::Role;
use model::AccountId;
use serde::Serialize;

use crate::ram::fields::TagsView;

/// A role as others name it.
pub(in crate::ram) fn arn(account: AccountId, name: &str) -> String {
    format!("acs:ram::{account}:role/{}", name.to_lowercase())
}

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
    #[serde(skip_serializing_if = "Option::is_none")]
    update_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<TagsView>,
}

impl RoleView {
    /// A role with its trust policy.
    pub(in crate::ram) fn whole(account: AccountId, role: Role) -> Self {
        let trust = Some(role.trust.clone());
        Self { assume_role_policy_document: trust, tags: None, ..Self::listed(account, role) }
    }

    /// A role as lists show it.
    pub(in crate::ram) fn listed(account: AccountId, role: Role) -> Self {
        Self {
            role_id: role.id,
            // The service writes the name in lower case here, whatever its author wrote.
            arn: arn(account, &role.name),
            role_name: role.name,
            description: role.description,
            assume_role_policy_document: None,
            max_session_duration: role.max_session_seconds,
            create_date: role.created.seconds(),
            update_date: Some(role.updated.seconds()),
            tags: Some(TagsView::of(&role.tags)),
        }
    }
}

/// `{"Role": …}`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OneRole {
    pub(in crate::ram) role: RoleView,
}

impl OneRole {
    /// As the call that makes it shows it: nothing was updated yet.
    pub(in crate::ram) fn made(mut self) -> Self {
        self.role.update_date = None;
        self
    }
}
