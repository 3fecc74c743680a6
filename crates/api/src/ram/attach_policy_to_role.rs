//! `AttachPolicyToRole`: let a role do what a policy says.

use meta::identities::Principal;
use meta::policies::{self, Attachment, PolicyKind};
use meta::{Scope, roles};
use wire::Params;

use super::fields;
use identity::system_policies;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};

/// Policies of each kind that a role may have: twenty system ones and five custom ones.
const fn most(kind: PolicyKind) -> usize {
    match kind {
        PolicyKind::System => 20,
        PolicyKind::Custom => 5,
    }
}

/// The call.
pub(crate) struct AttachPolicyToRole {
    role: String,
    policy: String,
    kind: PolicyKind,
}

impl Action for AttachPolicyToRole {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "AttachPolicyToRole",
        summary: "Let a role do what a policy says.",
        codes: &[
            Code::RoleNameLength,
            Code::RoleNameInvalidChars,
            Code::PolicyNameLength,
            Code::PolicyNameInvalidChars,
            Code::PolicyTypeInvalid,
            Code::RoleNotExist,
            Code::PolicyNotExist,
            Code::AttachmentAlreadyExists,
            Code::RolePolicyLimit,
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
        let policy = cx.resource("ram", "*", &format!("policy/{}", self.policy));
        [role, policy].map(|resource| Access { verb: "ram:AttachPolicyToRole", resource }).to_vec()
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        let attachment = Attachment { kind: self.kind, policy: self.policy, attached: cx.engine().clock().now() };
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let role = roles::get(tx, account, &self.role)?.ok_or(Code::RoleNotExist)?;
                let exists = match attachment.kind {
                    PolicyKind::System => system_policies::find(&attachment.policy).is_some(),
                    PolicyKind::Custom => policies::get(tx, account, &attachment.policy)?.is_some(),
                };
                if !exists {
                    return Err(Code::PolicyNotExist.error());
                }
                let attached = policies::attachments(tx, account, Principal::Role(&role.name))?;
                if attached.iter().any(|a| a.kind == attachment.kind && a.policy == attachment.policy) {
                    return Err(Code::AttachmentAlreadyExists.error());
                }
                if attached.iter().filter(|a| a.kind == attachment.kind).count() >= most(attachment.kind) {
                    return Err(Code::RolePolicyLimit.error());
                }
                policies::attach(tx, account, Principal::Role(&role.name), &attachment)?;
                Ok(Nothing {})
            })
            .await
    }
}
