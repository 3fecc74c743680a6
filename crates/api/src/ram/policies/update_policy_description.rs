//! `UpdatePolicyDescription`: change what is said of a custom policy.

use meta::Scope;
use meta::policies::{self, Policy};
use wire::Params;

use super::named;
use super::views::{OnePolicy, PolicyView};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields;

/// The call.
pub(crate) struct UpdatePolicyDescription {
    name: String,
    description: Option<String>,
}

impl Action for UpdatePolicyDescription {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "UpdatePolicyDescription",
        summary: "Change the description of a custom policy.",
        codes: &[Code::PolicyNameLength, Code::PolicyNameInvalidChars, Code::DescriptionLength, Code::PolicyNotExist],
    };
    type Output = OnePolicy;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { name: fields::policy_name(params)?, description: fields::description(params, "NewDescription")? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:UpdatePolicyDescription", resource: named::resource(cx, &self.name) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<OnePolicy> {
        let account = cx.account();
        let now = cx.engine().clock().now();
        let policy = cx
            .engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let before = named::custom(tx, account, &self.name)?;
                let description = self.description.clone().unwrap_or(before.description);
                let policy = Policy { description, updated: now, ..before };
                policies::update(tx, account, &policy)?;
                Ok::<_, ApiError>(policy)
            })
            .await?;
        Ok(OnePolicy { policy: PolicyView::custom(&policy) })
    }
}
