//! Policies and their versions on the wire.

use meta::policies::{Policy, Version};
use serde::Serialize;

use crate::ram::fields::TagsView;
use identity::system_policies::SystemPolicy;

/// When the service's own policies were made, as far as clients care.
const SYSTEM_DATE: &str = "2015-05-01T00:00:00Z";

/// The number of a policy's first version, the only one that the service's policies have.
pub(super) const FIRST_VERSION: u64 = 1;

/// A version as it is named.
pub(super) fn version_name(number: u64) -> String {
    format!("v{number}")
}

/// A policy.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PolicyView {
    policy_name: String,
    policy_type: &'static str,
    description: String,
    default_version: String,
    create_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    update_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attachment_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy_document: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<TagsView>,
}

impl PolicyView {
    /// What every call shows of a custom policy.
    pub(super) fn custom(policy: &Policy) -> Self {
        Self {
            policy_name: policy.name.clone(),
            policy_type: "Custom",
            description: policy.description.clone(),
            default_version: version_name(policy.default_version),
            create_date: policy.created.seconds(),
            update_date: Some(policy.updated.seconds()),
            attachment_count: None,
            policy_document: None,
            tags: None,
        }
    }

    /// What every call shows of a system policy.
    pub(super) fn system(policy: &SystemPolicy) -> Self {
        Self {
            policy_name: policy.name.to_owned(),
            policy_type: "System",
            description: policy.description.to_owned(),
            default_version: version_name(FIRST_VERSION),
            create_date: SYSTEM_DATE.to_owned(),
            update_date: Some(SYSTEM_DATE.to_owned()),
            attachment_count: None,
            policy_document: None,
            tags: None,
        }
    }

    /// With how often it is attached.
    pub(super) fn attached(self, count: u64) -> Self {
        Self { attachment_count: Some(count), ..self }
    }

    /// With what it says.
    pub(super) fn saying(self, document: &str) -> Self {
        Self { policy_document: Some(document.to_owned()), ..self }
    }

    /// With its tags.
    pub(super) fn tagged(self, tags: &[model::Tag]) -> Self {
        Self { tags: Some(TagsView::of(tags)), ..self }
    }

    /// Its name, by which lists are ordered.
    pub(super) fn name(&self) -> &str {
        &self.policy_name
    }
}

/// `{"Policy": …}`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OnePolicy {
    pub(super) policy: PolicyView,
}

/// A version of a policy.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct VersionView {
    version_id: String,
    is_default_version: bool,
    create_date: String,
    policy_document: String,
}

impl VersionView {
    /// A version of a custom policy.
    pub(super) fn custom(version: Version) -> Self {
        Self {
            version_id: version_name(version.number),
            is_default_version: version.is_default,
            create_date: version.created.seconds(),
            policy_document: version.document,
        }
    }

    /// The version of a system policy.
    pub(super) fn system(policy: &SystemPolicy) -> Self {
        Self {
            version_id: version_name(FIRST_VERSION),
            is_default_version: true,
            create_date: SYSTEM_DATE.to_owned(),
            policy_document: policy.document.to_owned(),
        }
    }
}

/// `{"PolicyVersion": …}`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OneVersion {
    pub(super) policy_version: VersionView,
}

impl OnePolicy {
    /// As the call that makes it shows it: nothing was updated yet.
    pub(in crate::ram) fn made(mut self) -> Self {
        self.policy.update_date = None;
        self
    }
}
