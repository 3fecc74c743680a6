//! `DetachPolicyFromRole`: a role may no longer do what a policy says.

use meta::identities::Principal;
use meta::{Scope, roles};
use wire::Params;

use super::attached;
use super::named::Named;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields;

/// The call.
pub(crate) struct DetachPolicyFromRole {
    role: String,
    policy: Named,
}

impl Action for DetachPolicyFromRole {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "DetachPolicyFromRole",
        summary: "Take a policy off a role.",
        codes: &[
            Code::RoleNameInvalidChars,
            Code::RoleNameLength,
            Code::PolicyNameInvalidChars,
            Code::PolicyNameLength,
            Code::PolicyTypeInvalid,
            Code::RoleNotExist,
            Code::RolePolicyNotExist,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { role: fields::role_name(params)?, policy: Named::read(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resources = [fields::role_resource(cx, &self.role), self.policy.resource(cx)];
        resources.map(|resource| Access { verb: "ram:DetachPolicyFromRole", resource }).to_vec()
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let role = roles::get(tx, account, &self.role)?.ok_or(Code::RoleNotExist)?;
                attached::detach(tx, account, Principal::Role(&role.name), &self.policy, Code::RolePolicyNotExist)
            })
            .await
    }
}
