//! `ListGroups`: the account's groups by name.

use meta::identities;
use serde::Serialize;
use wire::Params;

use super::view::GroupView;
use crate::action::{Access, Action, Product, Spec};
use crate::code::ApiResult;
use crate::dispatch::{Allowed, Cx};
use crate::ram::fields::{self, Marked};

/// Groups that one call lists at most (ListGroups, `MaxItems`); lists of users and roles take ten times as many.
const PAGE_AT_MOST: u64 = 100;

/// The call.
pub(crate) struct ListGroups(Marked);

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Groups {
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
    groups: GroupList,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GroupList {
    group: Vec<GroupView>,
}

impl Action for ListGroups {
    const SPEC: Spec =
        Spec { product: Product::Ram, name: "ListGroups", summary: "List the account's groups.", codes: &[] };
    type Output = Groups;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self(fields::marked_to(params, PAGE_AT_MOST)?))
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ram:ListGroups", resource: fields::group_resource(cx, "*") }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Groups> {
        let account = cx.account();
        let (reach, Marked { marker, limit }) = (self.0.reach(), self.0);
        let mut found = cx.engine().meta().read(move |tx| identities::groups(tx, account, &marker, reach)).await?;
        let marker = fields::cut(&mut found, limit, |group| &group.name);
        let group = found.into_iter().map(GroupView::from).collect();
        Ok(Groups { is_truncated: marker.is_some(), marker, groups: GroupList { group } })
    }
}
