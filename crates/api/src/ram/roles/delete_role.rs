//! `DeleteRole`: delete a role that has no policy attached.

use meta::identities::Principal;
use meta::{Scope, policies, roles};
use wire::Params;

use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields;

/// The call.
pub(crate) struct DeleteRole {
    name: String,
}

impl Action for DeleteRole {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "DeleteRole",
        summary: "Delete a role that has no policy attached.",
        codes: &[Code::RoleNameLength, Code::RoleNameInvalidCharsInDelete, Code::RoleNotExist, Code::RoleStillAttached],
    };
    type Output = Nothing;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { name: fields::role_name_or(params, Code::RoleNameInvalidCharsInDelete)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resource = fields::role_resource(cx, &self.name);
        vec![Access { verb: "ram:DeleteRole", resource }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                if roles::get(tx, account, &self.name)?.is_none() {
                    return Err(Code::RoleNotExist.error());
                }
                if !policies::attachments(tx, account, Principal::Role(&self.name))?.is_empty() {
                    return Err(Code::RoleStillAttached.error());
                }
                roles::delete(tx, account, &self.name)?;
                Ok(Nothing {})
            })
            .await
    }
}
