//! `DetachPolicyFromRole`: a role may no longer do what a policy says.

use meta::identities::Principal;
use meta::policies::{self, PolicyKind};
use meta::{Scope, roles};
use wire::Params;

use super::fields;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct DetachPolicyFromRole {
    role: String,
    policy: String,
    kind: PolicyKind,
}

impl Action for DetachPolicyFromRole {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "DetachPolicyFromRole",
        summary: "Take a policy off a role.",
        codes: &[
            Code::RoleNameLength,
            Code::RoleNameInvalidChars,
            Code::PolicyNameLength,
            Code::PolicyNameInvalidChars,
            Code::PolicyTypeInvalid,
            Code::RoleNotExist,
            Code::AttachmentNotExist,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self {
            role: fields::role_name(params)?,
            policy: fields::policy_name(params)?,
            kind: fields::policy_kind(params)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let role = cx.resource("ram", "*", &format!("role/{}", self.role.to_lowercase()));
        vec![Access { verb: "ram:DetachPolicyFromRole", resource: role }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let role = roles::get(tx, account, &self.role)?.ok_or(Code::RoleNotExist)?;
                if !policies::detach(tx, account, Principal::Role(&role.name), self.kind, &self.policy)? {
                    return Err(Code::AttachmentNotExist.error());
                }
                Ok(Nothing {})
            })
            .await
    }
}
