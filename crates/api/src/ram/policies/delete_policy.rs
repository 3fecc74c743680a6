//! `DeletePolicy`: delete a custom policy that is attached to nothing.

use meta::Scope;
use meta::policies::{self, Holder, PolicyKind};
use wire::Params;

use super::named;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::{input, ram::fields};

/// The call.
pub(crate) struct DeletePolicy {
    name: String,
    with_versions: bool,
}

impl Action for DeletePolicy {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "DeletePolicy",
        summary: "Delete a custom policy that is attached to nothing.",
        codes: &[
            Code::PolicyNameLength,
            Code::PolicyNameInvalidChars,
            Code::PolicyNotExist,
            Code::PolicyStillHasUser,
            Code::PolicyStillHasGroup,
            Code::PolicyStillHasRole,
            Code::PolicyStillHasVersion,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { name: fields::policy_name(params)?, with_versions: input::flag(params, "CascadingDelete")? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:DeletePolicy", resource: named::resource(cx, &self.name) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let policy = named::custom(tx, account, &self.name)?;
                let holders = policies::holders(tx, account, PolicyKind::Custom, &policy.name)?;
                let is_held = |by: fn(&Holder) -> bool| holders.iter().any(|(holder, _)| by(holder));
                if is_held(|holder| matches!(holder, Holder::User(_))) {
                    return Err(Code::PolicyStillHasUser.error());
                }
                if is_held(|holder| matches!(holder, Holder::Group(_))) {
                    return Err(Code::PolicyStillHasGroup.error());
                }
                if is_held(|holder| matches!(holder, Holder::Role(_))) {
                    return Err(Code::PolicyStillHasRole.error());
                }
                if !self.with_versions && policies::versions(tx, account, &policy)?.len() > 1 {
                    return Err(Code::PolicyStillHasVersion.error());
                }
                policies::delete(tx, account, &policy.name)?;
                Ok(Nothing {})
            })
            .await
    }
}
