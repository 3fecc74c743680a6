//! `ListPoliciesForUser`: what is attached to a user.

use meta::identities::{self, Principal};
use wire::Params;

use super::attached::{self, AttachedPolicies};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields;

/// The call.
pub(crate) struct ListPoliciesForUser {
    user: String,
}

impl Action for ListPoliciesForUser {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "ListPoliciesForUser",
        summary: "List the policies that are attached to a user.",
        codes: &[Code::UserNameInvalidChars, Code::UserNameLength, Code::UserNotExist],
    };
    type Output = AttachedPolicies;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { user: fields::user_name(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:ListPoliciesForUser", resource: fields::user_resource(cx, &self.user) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<AttachedPolicies> {
        let account = cx.account();
        cx.engine()
            .meta()
            .read(move |tx| {
                let user = identities::user_by_name(tx, account, &self.user)?.ok_or(Code::UserNotExist)?;
                attached::list(tx, account, Principal::User(&user.id))
            })
            .await
    }
}
