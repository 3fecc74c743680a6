//! `ListPoliciesForGroup`: what is attached to a group.

use meta::identities::{self, Principal};
use wire::Params;

use super::attached::{self, AttachedPolicies};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields;

/// The call.
pub(crate) struct ListPoliciesForGroup {
    group: String,
}

impl Action for ListPoliciesForGroup {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "ListPoliciesForGroup",
        summary: "List the policies that are attached to a group.",
        codes: &[Code::GroupNameInvalidChars, Code::GroupNameLength, Code::GroupNotExist],
    };
    type Output = AttachedPolicies;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { group: fields::group_name(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:ListPoliciesForGroup", resource: fields::group_resource(cx, &self.group) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<AttachedPolicies> {
        let account = cx.account();
        cx.engine()
            .meta()
            .read(move |tx| {
                let group = identities::group_by_name(tx, account, &self.group)?.ok_or(Code::GroupNotExist)?;
                attached::list(tx, account, Principal::Group(&group.id))
            })
            .await
    }
}
