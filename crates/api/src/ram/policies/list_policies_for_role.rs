//! `ListPoliciesForRole`: what is attached to a role.

use meta::identities::Principal;
use meta::roles;
use wire::Params;

use super::attached::{self, AttachedPolicies};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields;

/// The call.
pub(crate) struct ListPoliciesForRole {
    role: String,
}

impl Action for ListPoliciesForRole {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "ListPoliciesForRole",
        summary: "List the policies that are attached to a role.",
        codes: &[Code::RoleNameInvalidChars, Code::RoleNameLength, Code::RoleNotExist],
    };
    type Output = AttachedPolicies;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { role: fields::role_name(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:ListPoliciesForRole", resource: fields::role_resource(cx, &self.role) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<AttachedPolicies> {
        let account = cx.account();
        cx.engine()
            .meta()
            .read(move |tx| {
                let role = roles::get(tx, account, &self.role)?.ok_or(Code::RoleNotExist)?;
                attached::list(tx, account, Principal::Role(&role.name))
            })
            .await
    }
}
