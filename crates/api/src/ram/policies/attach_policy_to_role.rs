//! `AttachPolicyToRole`: let a role do what a policy says.

use meta::identities::Principal;
use meta::{Scope, roles};
use wire::Params;

use super::attached::{self, Refusals};
use super::named::Named;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields;

/// The call.
pub(crate) struct AttachPolicyToRole {
    role: String,
    policy: Named,
}

impl Action for AttachPolicyToRole {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "AttachPolicyToRole",
        summary: "Let a role do what a policy says.",
        codes: &[
            Code::RoleNameInvalidChars,
            Code::RoleNameLength,
            Code::PolicyNameInvalidChars,
            Code::PolicyNameLength,
            Code::PolicyTypeInvalid,
            Code::RoleNotExist,
            Code::PolicyNotExist,
            Code::RolePolicyAlreadyExists,
            Code::RolePolicyLimit,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { role: fields::role_name(params)?, policy: Named::read(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resources = [fields::role_resource(cx, &self.role), self.policy.resource(cx)];
        resources.map(|resource| Access { verb: "ram:AttachPolicyToRole", resource }).to_vec()
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        let now = cx.engine().clock().now();
        let refusals = Refusals { taken: Code::RolePolicyAlreadyExists, full: Code::RolePolicyLimit };
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let role = roles::get(tx, account, &self.role)?.ok_or(Code::RoleNotExist)?;
                attached::attach(tx, account, Principal::Role(&role.name), &self.policy, now, &refusals)
            })
            .await
    }
}
