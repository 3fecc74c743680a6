//! `AttachPolicyToUser`: let a user do what a policy says.

use meta::Scope;
use meta::identities::{self, Principal};
use wire::Params;

use super::attached::{self, Refusals};
use super::named::Named;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields;

/// The call.
pub(crate) struct AttachPolicyToUser {
    user: String,
    policy: Named,
}

impl Action for AttachPolicyToUser {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "AttachPolicyToUser",
        summary: "Let a user do what a policy says.",
        codes: &[
            Code::UserNameInvalidChars,
            Code::UserNameLength,
            Code::PolicyNameInvalidChars,
            Code::PolicyNameLength,
            Code::PolicyTypeInvalid,
            Code::UserNotExist,
            Code::PolicyNotExist,
            Code::UserPolicyAlreadyExists,
            Code::UserPolicyLimit,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { user: fields::user_name(params)?, policy: Named::read(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resources = [fields::user_resource(cx, &self.user), self.policy.resource(cx)];
        resources.map(|resource| Access { verb: "ram:AttachPolicyToUser", resource }).to_vec()
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        let now = cx.engine().clock().now();
        let refusals = Refusals { taken: Code::UserPolicyAlreadyExists, full: Code::UserPolicyLimit };
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let user = identities::user_by_name(tx, account, &self.user)?.ok_or(Code::UserNotExist)?;
                attached::attach(tx, account, Principal::User(&user.id), &self.policy, now, &refusals)
            })
            .await
    }
}
