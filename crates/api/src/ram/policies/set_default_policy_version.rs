//! `SetDefaultPolicyVersion`: from now on, this version of a policy counts.

use meta::{Scope, policies};
use wire::Params;

use super::named;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields;

/// The call.
pub(crate) struct SetDefaultPolicyVersion {
    name: String,
    version: u64,
}

impl Action for SetDefaultPolicyVersion {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "SetDefaultPolicyVersion",
        summary: "Choose the version of a custom policy that counts.",
        codes: &[
            Code::PolicyNameLength,
            Code::PolicyNameInvalidChars,
            Code::VersionIdFormat,
            Code::PolicyNotExist,
            Code::PolicyVersionNotExist,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { name: fields::policy_name(params)?, version: named::version_id(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:SetDefaultPolicyVersion", resource: named::resource(cx, &self.name) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        let now = cx.engine().clock().now();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let mut policy = named::custom(tx, account, &self.name)?;
                let version = named::version(tx, account, &policy, self.version)?;
                policies::set_default(tx, account, &mut policy, &version, now)?;
                Ok(Nothing {})
            })
            .await
    }
}
