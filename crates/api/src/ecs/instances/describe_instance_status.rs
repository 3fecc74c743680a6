//! `DescribeInstanceStatus`: where servers stand, and nothing else.

use meta::resources::Filter;
use model::{Instance, RegionId};
use serde_json::{Value, json};
use wire::Params;

use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::region;
use crate::resource::{Paging, page};

/// The call.
pub(crate) struct DescribeInstanceStatus {
    region: RegionId,
    filter: Filter,
    paging: Paging,
}

impl Action for DescribeInstanceStatus {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DescribeInstanceStatus",
        summary: "List where servers stand.",
        codes: &[Code::RegionIdNotFound404, Code::ZoneIdNotFoundForInstance, Code::TooManyInstanceIds],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let region = region(params, cx, Code::RegionIdNotFound404)?;
        let ids: Vec<String> = params.list("InstanceId").into_iter().map(|(_, id)| id.to_owned()).collect();
        if 100 < ids.len() {
            return Err(Code::TooManyInstanceIds.error());
        }
        let mut filter = Filter { ids: (!ids.is_empty()).then_some(ids), ..Filter::default() }.with("market", "Ecs");
        if let Some(zone) = params.get("ZoneId") {
            if !cx.services.catalogue.zones(&region).iter().any(|known| known == zone) {
                return Err(Code::ZoneIdNotFoundForInstance.error());
            }
            filter = filter.with("zone", zone);
        }
        Ok(Self { region, filter, paging: Paging::read(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resource = cx.resource("ecs", self.region.as_str(), "instance/*");
        vec![Access { verb: "ecs:DescribeInstanceStatus", resource }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let found = page(&cx, &self.region, self.filter, self.paging).await?;
        let one = |instance: &Instance| json!({"InstanceId": instance.id, "Status": instance.status});
        let mut view = self.paging.view(&found);
        view["InstanceStatuses"] = json!({"InstanceStatus": found.items.iter().map(one).collect::<Vec<_>>()});
        Ok(view)
    }
}
