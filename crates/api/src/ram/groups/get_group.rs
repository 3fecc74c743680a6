//! `GetGroup`: show a group.

use meta::identities;
use wire::Params;

use super::view::OneGroup;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields;

/// The call.
pub(crate) struct GetGroup {
    name: String,
}

impl Action for GetGroup {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "GetGroup",
        summary: "Show a group.",
        codes: &[Code::GroupNameInvalidChars, Code::GroupNameLength, Code::GroupNotExist],
    };
    type Output = OneGroup;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { name: fields::group_name(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:GetGroup", resource: fields::group_resource(cx, &self.name) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<OneGroup> {
        let account = cx.account();
        let group = cx.engine().meta().read(move |tx| identities::group_by_name(tx, account, &self.name)).await?;
        Ok(group.ok_or(Code::GroupNotExist)?.into())
    }
}
