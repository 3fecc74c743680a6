//! `DetachPolicyFromUser`: a user may no longer do what a policy says.

use meta::Scope;
use meta::identities::{self, Principal};
use wire::Params;

use super::attached;
use super::named::Named;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields;

/// The call.
pub(crate) struct DetachPolicyFromUser {
    user: String,
    policy: Named,
}

impl Action for DetachPolicyFromUser {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "DetachPolicyFromUser",
        summary: "Take a policy off a user.",
        codes: &[
            Code::UserNameInvalidChars,
            Code::UserNameLength,
            Code::PolicyNameInvalidChars,
            Code::PolicyNameLength,
            Code::PolicyTypeInvalid,
            Code::UserNotExist,
            Code::PolicyNotExist,
            Code::UserPolicyNotExist,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { user: fields::user_name(params)?, policy: Named::read(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resources = [fields::user_resource(cx, &self.user), self.policy.resource(cx)];
        resources.map(|resource| Access { verb: "ram:DetachPolicyFromUser", resource }).to_vec()
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let user = identities::user_by_name(tx, account, &self.user)?.ok_or(Code::UserNotExist)?;
                self.policy.find(tx, account)?;
                attached::detach(tx, account, Principal::User(&user.id), &self.policy, Code::UserPolicyNotExist)
            })
            .await
    }
}
