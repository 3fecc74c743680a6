//! `ListPolicyVersions`: every version of a policy, the oldest first.

use meta::policies;
use serde::Serialize;
use wire::Params;

use super::named::{Found, Named};
use super::views::VersionView;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct ListPolicyVersions(Named);

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Versions {
    policy_versions: VersionList,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct VersionList {
    policy_version: Vec<VersionView>,
}

impl Action for ListPolicyVersions {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "ListPolicyVersions",
        summary: "List the versions of a policy.",
        codes: &[Code::PolicyNameLength, Code::PolicyNameInvalidChars, Code::PolicyTypeInvalid, Code::PolicyNotExist],
    };
    type Output = Versions;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Named::read(params).map(Self)
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:ListPolicyVersions", resource: self.0.resource(cx) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Versions> {
        let account = cx.account();
        let policy_version = cx
            .engine()
            .meta()
            .read(move |tx| {
                let versions = match self.0.find(tx, account)? {
                    Found::Custom(policy) => {
                        policies::versions(tx, account, &policy)?.into_iter().map(VersionView::custom).collect()
                    }
                    Found::System(policy) => vec![VersionView::system(policy)],
                };
                Ok::<_, ApiError>(versions)
            })
            .await?;
        Ok(Versions { policy_versions: VersionList { policy_version } })
    }
}
