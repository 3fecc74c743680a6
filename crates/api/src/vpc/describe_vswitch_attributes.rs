//! `DescribeVSwitchAttributes`: show one subnet.

use model::network::VSwitch;
use model::{RegionId, VSwitchId};
use serde_json::Value;
use wire::Params;

use super::views;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{flag, region_or_default, required};
use crate::resource::own_anywhere;

/// The call.
pub(crate) struct DescribeVSwitchAttributes {
    region: RegionId,
    vswitch: VSwitchId,
    dry_run: bool,
}

impl Action for DescribeVSwitchAttributes {
    const SPEC: Spec = Spec {
        product: Product::Vpc,
        name: "DescribeVSwitchAttributes",
        summary: "Show one subnet of a private network.",
        codes: &[Code::RegionIdNotFound404, Code::VSwitchIdNotFound400, Code::DryRunOperation],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self {
            region: region_or_default(params, cx, Code::RegionIdNotFound404)?,
            vswitch: required(params, "VSwitchId", Code::VSwitchIdNotFound400)?,
            dry_run: flag(params, "DryRun")?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let id = format!("vswitch/{}", self.vswitch);
        vec![Access { verb: "vpc:DescribeVSwitchAttributes", resource: cx.resource("vpc", self.region.as_str(), &id) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let account = cx.account();
        cx.engine()
            .meta()
            .read(move |tx| {
                let found = own_anywhere::<VSwitch>(tx, account, self.vswitch.as_str(), Code::VSwitchIdNotFound400)?;
                if self.dry_run {
                    return Err(Code::DryRunOperation.error());
                }
                views::vswitch(tx, &found.record)
            })
            .await
    }
}
