//! `DeletePolicyVersion`: delete a version of a policy that does not count.

use meta::{Scope, policies};
use wire::Params;

use super::named;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields;

/// The call.
pub(crate) struct DeletePolicyVersion {
    name: String,
    version: u64,
}

impl Action for DeletePolicyVersion {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "DeletePolicyVersion",
        summary: "Delete a version of a custom policy that is not the default one.",
        codes: &[
            Code::PolicyNameLength,
            Code::PolicyNameInvalidChars,
            Code::VersionIdFormat,
            Code::PolicyNotExist,
            Code::PolicyVersionNotExist,
            Code::PolicyVersionIsDefault,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { name: fields::policy_name(params)?, version: named::version_id(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:DeletePolicyVersion", resource: named::resource(cx, &self.name) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let policy = named::custom(tx, account, &self.name)?;
                if named::version(tx, account, &policy, self.version)?.is_default {
                    return Err(Code::PolicyVersionIsDefault.error());
                }
                policies::delete_version(tx, account, &policy.name, self.version)?;
                Ok(Nothing {})
            })
            .await
    }
}
