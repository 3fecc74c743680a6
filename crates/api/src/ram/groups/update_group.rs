//! `UpdateGroup`: rename a group or change what is said of it. What is not given stays; members and policies move along.

use meta::Scope;
use meta::identities::{self, Group};
use wire::Params;

use super::view::OneGroup;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields;

/// The call.
pub(crate) struct UpdateGroup {
    name: String,
    new_name: Option<String>,
    comments: Option<String>,
}

impl Action for UpdateGroup {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "UpdateGroup",
        summary: "Rename a group or change what is said of it.",
        codes: &[
            Code::GroupNameInvalidChars,
            Code::GroupNameLength,
            Code::NewGroupNameInvalidChars,
            Code::NewGroupNameLength,
            Code::NewCommentsLength,
            Code::GroupNotExist,
            Code::GroupAlreadyExists,
        ],
    };
    type Output = OneGroup;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self {
            name: fields::group_name(params)?,
            new_name: params.get("NewGroupName").map(|_| fields::new_group_name(params)).transpose()?,
            comments: fields::comments(params, "NewComments", Code::NewCommentsLength)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:UpdateGroup", resource: fields::group_resource(cx, &self.name) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<OneGroup> {
        let account = cx.account();
        let now = cx.engine().clock().now();
        let group = cx
            .engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let before = identities::group_by_name(tx, account, &self.name)?.ok_or(Code::GroupNotExist)?;
                let group = Group {
                    name: self.new_name.clone().unwrap_or(before.name),
                    comments: self.comments.clone().unwrap_or(before.comments),
                    updated: now,
                    ..before
                };
                if !identities::update_group(tx, account, &group)? {
                    return Err(Code::GroupAlreadyExists.error());
                }
                Ok(group)
            })
            .await?;
        Ok(group.into())
    }
}
