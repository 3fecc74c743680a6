//! `ListUsersForGroup`: the users in a group by name.

use meta::identities;
use serde::Serialize;
use wire::Params;

use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields::{self, Marked};

/// The call.
pub(crate) struct ListUsersForGroup {
    group: String,
    page: Marked,
}

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Users {
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
    users: UserList,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct UserList {
    user: Vec<MemberView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct MemberView {
    user_name: String,
    display_name: String,
    join_date: String,
}

impl Action for ListUsersForGroup {
    const SPEC: Spec = Spec {
        product: Product::Ram,
        name: "ListUsersForGroup",
        summary: "List the users in a group.",
        codes: &[Code::GroupNameInvalidChars, Code::GroupNameLength, Code::GroupNotExist],
    };
    type Output = Users;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { group: fields::group_name(params)?, page: fields::marked(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:ListUsersForGroup", resource: fields::group_resource(cx, &self.group) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Users> {
        let account = cx.account();
        let limit = self.page.limit;
        let mut members = cx
            .engine()
            .meta()
            .read(move |tx| {
                let group = identities::group_by_name(tx, account, &self.group)?.ok_or(Code::GroupNotExist)?;
                let members = identities::members(tx, account, &group.id, &self.page.marker, self.page.reach())?;
                Ok::<_, ApiError>(members)
            })
            .await?;
        let marker = fields::cut(&mut members, limit, |(user, _)| &user.name);
        let view = |(user, joined): (identities::User, model::Timestamp)| MemberView {
            user_name: user.name,
            display_name: user.display_name,
            join_date: joined.seconds(),
        };
        let user = members.into_iter().map(view).collect();
        Ok(Users { is_truncated: marker.is_some(), marker, users: UserList { user } })
    }
}
