//! `ListUsers`: the account's users by name.

use meta::identities;
use serde::Serialize;
use wire::Params;

use super::view::UserView;
use crate::action::{Access, Action, Product, Spec};
use crate::code::ApiResult;
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields::{self, Marked};

/// The call.
pub(crate) struct ListUsers(Marked);

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
    user: Vec<UserView>,
}

impl Action for ListUsers {
    const SPEC: Spec =
        Spec { product: Product::Ram, name: "ListUsers", summary: "List the account's users.", codes: &[] };
    type Output = Users;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self(fields::marked(params)?))
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:ListUsers", resource: fields::user_resource(cx, "*") }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Users> {
        let account = cx.account();
        let (reach, Marked { marker, limit }) = (self.0.reach(), self.0);
        let mut found = cx.engine().meta().read(move |tx| identities::users(tx, account, &marker, reach)).await?;
        let marker = fields::cut(&mut found, limit, |user| &user.name);
        let user = found.into_iter().map(UserView::from).collect();
        Ok(Users { is_truncated: marker.is_some(), marker, users: UserList { user } })
    }
}
