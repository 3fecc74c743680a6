//! `ListRoles`: the account's roles by name.

use meta::roles;
use model::Tag;
use serde::Serialize;
use wire::Params;

use super::view::RoleView;
use crate::action::{Access, Action, Product, Spec};
use crate::code::ApiResult;
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields::{self, Marked};

/// The call.
pub(crate) struct ListRoles {
    page: Marked,
    tags: Vec<Tag>,
}

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Roles {
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
    roles: RoleList,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RoleList {
    role: Vec<RoleView>,
}

impl Action for ListRoles {
    const SPEC: Spec =
        Spec { product: Product::Ram, name: "ListRoles", summary: "List the account's roles.", codes: &[] };
    type Output = Roles;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { page: fields::marked(params)?, tags: fields::tags(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:ListRoles", resource: fields::role_resource(cx, "*") }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Roles> {
        let account = cx.account();
        let Self { page, tags } = self;
        let (limit, reach) = (page.limit, page.reach_filtered(&tags, fields::EVERYTHING));
        let mut found = cx.engine().meta().read(move |tx| roles::list(tx, account, &page.marker, reach)).await?;
        found.retain(|role| fields::has_tags(&role.tags, &tags));
        let marker = fields::cut(&mut found, limit, |role| &role.name);
        let role = found.into_iter().map(|role| RoleView::listed(account, role)).collect();
        Ok(Roles { is_truncated: marker.is_some(), marker, roles: RoleList { role } })
    }
}
