//! `DeleteGroup`: delete a group that nobody is in and nothing is attached to.

use meta::identities::{self, Principal};
use meta::{Scope, policies};
use wire::Params;

use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields;

/// The call.
pub(crate) struct DeleteGroup {
    name: String,
}

impl Action for DeleteGroup {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "DeleteGroup",
        summary: "Delete a group that has no member and no policy.",
        codes: &[
            Code::GroupNameInvalidChars,
            Code::GroupNameLength,
            Code::GroupNotExist,
            Code::GroupStillHasUser,
            Code::GroupStillAttached,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { name: fields::group_name(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:DeleteGroup", resource: fields::group_resource(cx, &self.name) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let group = identities::group_by_name(tx, account, &self.name)?.ok_or(Code::GroupNotExist)?;
                if !identities::members(tx, account, &group.id, "", 1)?.is_empty() {
                    return Err(Code::GroupStillHasUser.error());
                }
                if !policies::attachments(tx, account, Principal::Group(&group.id))?.is_empty() {
                    return Err(Code::GroupStillAttached.error());
                }
                identities::delete_group(tx, account, &group.id)?;
                Ok(Nothing {})
            })
            .await
    }
}
