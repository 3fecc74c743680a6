//! `ListGroupsForUser`: the groups that a user is in.

use meta::identities;
use serde::Serialize;
use wire::Params;

use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields;

/// The call.
pub(crate) struct ListGroupsForUser {
    user: String,
}

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Groups {
    groups: GroupList,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GroupList {
    group: Vec<JoinedView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct JoinedView {
    group_id: String,
    group_name: String,
    comments: String,
    join_date: String,
}

impl Action for ListGroupsForUser {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "ListGroupsForUser",
        summary: "List the groups that a user is in.",
        codes: &[Code::UserNameInvalidChars, Code::UserNameLength, Code::UserNotExist],
    };
    type Output = Groups;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { user: fields::user_name(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:ListGroupsForUser", resource: fields::user_resource(cx, &self.user) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Groups> {
        let account = cx.account();
        let joined = cx
            .engine()
            .meta()
            .read(move |tx| {
                let user = identities::user_by_name(tx, account, &self.user)?.ok_or(Code::UserNotExist)?;
                Ok::<_, ApiError>(identities::groups_of(tx, account, &user.id)?)
            })
            .await?;
        let view = |(group, joined): (identities::Group, model::Timestamp)| JoinedView {
            group_id: group.id,
            group_name: group.name,
            comments: group.comments,
            join_date: joined.seconds(),
        };
        Ok(Groups { groups: GroupList { group: joined.into_iter().map(view).collect() } })
    }
}
