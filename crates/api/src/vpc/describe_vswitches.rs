//! `DescribeVSwitches`: list subnets.

use meta::resources::Filter;
use model::RegionId;
use serde_json::{Value, json};
use wire::Params;

use super::describe_vpcs::{some_ids, tag_filters};
use super::views;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, region_or_default};
use crate::resource::{Paging, page};

/// The call.
pub(crate) struct DescribeVSwitches {
    region: RegionId,
    filter: Filter,
    paging: Paging,
    dry_run: bool,
}

impl Action for DescribeVSwitches {
    const SPEC: Spec = Spec {
        product: Product::Vpc,
        name: "DescribeVSwitches",
        summary: "List subnets of private networks.",
        codes: &[
            Code::RegionIdNotFound404,
            Code::VpcIdsTooMany404,
            Code::VSwitchIdsTooMany,
            Code::TagKeysInvalid,
            Code::TagValuesInvalid,
            Code::TagMismatch,
            Code::TagsTooMany,
            Code::DryRunOperation,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let ids = some_ids(params, "VSwitchId", Code::VSwitchIdsTooMany)?;
        let mut filter = Filter {
            ids: (!ids.is_empty()).then_some(ids),
            names: params.get("VSwitchName").map(str::to_owned).into_iter().collect(),
            tags: tag_filters(params)?,
            ..Filter::default()
        };
        let vpcs = some_ids(params, "VpcId", Code::VpcIdsTooMany404)?;
        if !vpcs.is_empty() {
            filter.facets.push(("vpc", vpcs));
        }
        if let Some(zone) = params.get("ZoneId") {
            filter = filter.with("zone", zone);
        }
        Ok(Self {
            region: region_or_default(params, cx, Code::RegionIdNotFound404)?,
            filter,
            paging: Paging::read(params)?,
            dry_run: input::flag(params, "DryRun")?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "vpc:DescribeVSwitches", resource: cx.resource("vpc", self.region.as_str(), "vswitch/*") }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        if self.dry_run {
            return Err(Code::DryRunOperation.error());
        }
        let found = page(&cx, &self.region, self.filter, self.paging).await?;
        let mut view = self.paging.view(&found);
        let views = cx
            .engine()
            .meta()
            .read(move |tx| found.items.iter().map(|item| views::vswitch(tx, item)).collect::<ApiResult<Vec<Value>>>());
        view["VSwitches"] = json!({"VSwitch": views.await?});
        Ok(view)
    }
}
