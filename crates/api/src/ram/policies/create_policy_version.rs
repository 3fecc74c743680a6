//! `CreatePolicyVersion`: say something new in a policy, which counts at once or later.

use meta::quotas;
use meta::{Scope, policies};
use model::quota::Quota;
use policy::Kind;
use wire::Params;

use super::named;
use super::views::{OneVersion, VersionView};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::{input, ram::fields};

/// The call.
pub(crate) struct CreatePolicyVersion {
    name: String,
    document: String,
    is_default: bool,
    makes_room: bool,
}

impl Action for CreatePolicyVersion {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "CreatePolicyVersion",
        summary: "Add a version to a custom policy.",
        codes: &[
            Code::PolicyNameLength,
            Code::PolicyNameInvalidChars,
            Code::PolicyDocumentLength,
            Code::MalformedPolicyDocument,
            Code::PolicyNotExist,
            Code::PolicyVersionLimit,
        ],
    };
    type Output = OneVersion;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        let document = params.get("PolicyDocument").ok_or_else(|| ApiError::missing("PolicyDocument"))?;
        let makes_room = match params.get("RotateStrategy") {
            None | Some("None") => false,
            Some("DeleteOldestNonDefaultVersionWhenLimitExceeded") => true,
            Some(_) => return Err(ApiError::invalid("RotateStrategy")),
        };
        Ok(Self {
            name: fields::policy_name(params)?,
            document: fields::document(document, Kind::Identity, Code::PolicyDocumentLength)?,
            is_default: input::flag(params, "SetAsDefault")?,
            makes_room,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:CreatePolicyVersion", resource: named::resource(cx, &self.name) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<OneVersion> {
        let account = cx.account();
        let now = cx.engine().clock().now();
        let version = cx
            .engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let mut policy = named::custom(tx, account, &self.name)?;
                let versions = policies::versions(tx, account, &policy)?;
                if quotas::limit(tx, account, Quota::VersionsPerPolicy)? <= versions.len() as u64 {
                    let oldest = versions.iter().find(|version| !version.is_default && self.makes_room);
                    let oldest = oldest.ok_or(Code::PolicyVersionLimit)?;
                    policies::delete_version(tx, account, &policy.name, oldest.number)?;
                }
                let mut version = policies::add_version(tx, account, &mut policy, &self.document, now)?;
                if self.is_default {
                    policies::set_default(tx, account, &mut policy, &version, now)?;
                    version.is_default = true;
                }
                Ok::<_, ApiError>(version)
            })
            .await?;
        Ok(OneVersion { policy_version: VersionView::custom(version) })
    }
}
