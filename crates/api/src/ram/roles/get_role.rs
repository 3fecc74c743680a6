//! `GetRole`: show a role and its trust policy.

use meta::roles;
use wire::Params;

use super::view::{OneRole, RoleView};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields;

/// The call.
pub(crate) struct GetRole {
    name: String,
}

impl Action for GetRole {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "GetRole",
        summary: "Show a role and its trust policy.",
        codes: &[Code::RoleNameLength, Code::RoleNameInvalidChars, Code::RoleNotExist],
    };
    type Output = OneRole;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { name: fields::role_name(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resource = fields::role_resource(cx, &self.name);
        vec![Access { verb: "ram:GetRole", resource }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<OneRole> {
        let account = cx.account();
        let role = cx.engine().meta().read(move |tx| roles::get(tx, account, &self.name)).await?;
        Ok(OneRole { role: RoleView::whole(account, role.ok_or(Code::RoleNotExist)?) })
    }
}
