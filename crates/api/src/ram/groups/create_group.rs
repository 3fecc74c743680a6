//! `CreateGroup`: make a group that nobody is in.

use meta::Scope;
use meta::identities::{self, Group};
use model::id;
use model::quota::Quota;
use wire::Params;

use super::view::OneGroup;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::quota;
use crate::ram::fields;

/// The call.
pub(crate) struct CreateGroup {
    name: String,
    comments: String,
}

impl Action for CreateGroup {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "CreateGroup",
        summary: "Make a group of users.",
        codes: &[
            Code::GroupNameInvalidChars,
            Code::GroupNameLength,
            Code::CommentsLength,
            Code::GroupLimit,
            Code::GroupAlreadyExists,
        ],
    };
    type Output = OneGroup;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self {
            name: fields::group_name(params)?,
            comments: fields::comments(params, "Comments", Code::CommentsLength)?.unwrap_or_default(),
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:CreateGroup", resource: fields::group_resource(cx, "*") }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<OneGroup> {
        let account = cx.account();
        let now = cx.engine().clock().now();
        let id = format!("g-{}", id::random_text(cx.engine().entropy(), 16));
        let group = Group { name: self.name, id, comments: self.comments, created: now, updated: now };
        let made = group.clone();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                if identities::group_by_name(tx, account, &group.name)?.is_some() {
                    return Err(Code::GroupAlreadyExists.error());
                }
                let there = identities::group_count(tx, account)?;
                quota::one_more(tx, account, Quota::Groups, there, Code::GroupLimit)?;
                Ok(identities::insert_group(tx, account, &group)?)
            })
            .await?;
        Ok(OneGroup::from(made).made())
    }
}
