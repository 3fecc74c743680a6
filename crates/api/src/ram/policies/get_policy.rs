//! `GetPolicy`: show a policy and what it says.

use meta::policies;
use serde::Serialize;
use wire::Params;

use super::named::{Found, Named};
use super::views::{PolicyView, VersionView};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct GetPolicy(Named);

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Shown {
    policy: PolicyView,
    default_policy_version: VersionView,
}

impl Action for GetPolicy {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "GetPolicy",
        summary: "Show a policy and what it says.",
        codes: &[Code::PolicyNameLength, Code::PolicyNameInvalidChars, Code::PolicyTypeInvalid, Code::PolicyNotExist],
    };
    type Output = Shown;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Named::read(params).map(Self)
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:GetPolicy", resource: self.0.resource(cx) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Shown> {
        let account = cx.account();
        let (found, count) = cx
            .engine()
            .meta()
            .read(move |tx| {
                let found = self.0.find(tx, account)?;
                Ok::<_, ApiError>((found, policies::attachment_count(tx, account, self.0.kind, &self.0.name)?))
            })
            .await?;
        let (policy, default_policy_version) = match found {
            Found::Custom(policy) => {
                (PolicyView::custom(&policy).saying(&policy.document), VersionView::custom(policy.current()))
            }
            Found::System(policy) => (PolicyView::system(policy).saying(policy.document), VersionView::system(policy)),
        };
        Ok(Shown { policy: policy.attached(count), default_policy_version })
    }
}
