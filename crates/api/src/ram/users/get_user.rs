//! `GetUser`: show a user.

use meta::identities;
use wire::Params;

use super::view::OneUser;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields;

/// The call.
pub(crate) struct GetUser {
    name: String,
}

impl Action for GetUser {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "GetUser",
        summary: "Show a user.",
        codes: &[Code::UserNameInvalidChars, Code::UserNameLength, Code::UserNotExist],
    };
    type Output = OneUser;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { name: fields::user_name(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:GetUser", resource: fields::user_resource(cx, &self.name) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<OneUser> {
        let account = cx.account();
        let user = cx.engine().meta().read(move |tx| identities::user_by_name(tx, account, &self.name)).await?;
        Ok(user.ok_or(Code::UserNotExist)?.into())
    }
}
