//! `ListPoliciesForRole`: what is attached to a role.

use meta::identities::Principal;
use meta::policies::{self, PolicyKind};
use meta::roles;
use serde::Serialize;
use wire::Params;

use super::fields;
use super::views::AttachedView;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct ListPoliciesForRole {
    role: String,
}

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Policies {
    policies: PolicyList,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicyList {
    policy: Vec<AttachedView>,
}

impl Action for ListPoliciesForRole {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "ListPoliciesForRole",
        summary: "List the policies that are attached to a role.",
        codes: &[Code::RoleNameLength, Code::RoleNameInvalidChars, Code::RoleNotExist],
    };
    type Output = Policies;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { role: fields::role_name(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let role = cx.resource("ram", "*", &format!("role/{}", self.role.to_lowercase()));
        vec![Access { verb: "ram:ListPoliciesForRole", resource: role }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Policies> {
        let account = cx.account();
        let policy = cx
            .engine()
            .meta()
            .read(move |tx| {
                roles::get(tx, account, &self.role)?.ok_or(Code::RoleNotExist)?;
                let mut views = Vec::new();
                for attachment in policies::attachments(tx, account, Principal::Role(&self.role))? {
                    let custom = match attachment.kind {
                        PolicyKind::Custom => policies::get(tx, account, &attachment.policy)?,
                        PolicyKind::System => None,
                    };
                    views.push(AttachedView::new(attachment, custom));
                }
                Ok::<_, ApiError>(views)
            })
            .await?;
        Ok(Policies { policies: PolicyList { policy } })
    }
}
