//! `ListInstances`: the caller's servers in a region, newest first.

use meta::resources::Filter;
use model::Instance;
use serde_json::Value;
use wire::Params;

use super::common::{Call, page_view, some_ids};
use super::plans::PLAN_TYPE;
use super::views;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input;
use crate::resource::{Paging, page_of};

/// Ids and addresses of one call.
const AT_MOST: usize = 100;

/// The call.
pub(crate) struct ListInstances {
    call: Call,
    filter: Filter,
    paging: Paging,
}

impl Action for ListInstances {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "ListInstances",
        summary: "List servers.",
        codes: &[
            Code::SwasRegionNotMatched,
            Code::SwasChargeTypeInvalid,
            Code::SwasAddressesInvalid,
            Code::TagMismatch,
            Code::TagsTooMany,
            Code::ClientTokenMalformed,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let mut filter = Filter {
            ids: some_ids(params, "InstanceIds", AT_MOST, ApiError::invalid("InstanceIds"))?,
            names: params.get("InstanceName").map(str::to_owned).into_iter().collect(),
            tags: input::tag_filters(params)?,
            ..Filter::default()
        };
        if let Some(status) = params.get("Status") {
            // Resetting, Upgrading and Disabled are states that no server is ever seen in here.
            filter = filter.with("status", status);
        }
        if let Some(addresses) = some_ids(params, "PublicIpAddresses", AT_MOST, Code::SwasAddressesInvalid)? {
            filter.facets.push(("public-ip", addresses));
        }
        match params.get("ChargeType") {
            None | Some("PrePaid") => {}
            Some(_) => return Err(Code::SwasChargeTypeInvalid.error()),
        }
        let is_of_others = params.get("PlanType").is_some_and(|kind| kind != PLAN_TYPE);
        if is_of_others || params.get("ResourceGroupId").is_some() {
            filter.ids = Some(Vec::new());
        }
        Ok(Self { call: Call::read(params, cx)?, filter, paging: Paging::read(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.call.access(cx, "swas-open:ListInstances", "instance/*")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let (owner, now) = (cx.account().at_swas(), cx.engine().clock().now());
        let found = page_of::<Instance>(&cx, owner, &self.call.region, self.filter, self.paging).await?;
        let servers = found.items.clone();
        let views = cx.engine().meta().read(move |tx| {
            servers.iter().map(|server| views::server(tx, server, now)).collect::<Result<Vec<_>, meta::Error>>()
        });
        Ok(page_view(self.paging, &found, "Instances", views.await?))
    }
}
