//! `DescribeVpcAttribute`: show one private network.

use model::{RegionId, VpcId};
use serde_json::Value;
use wire::Params;

use super::{describe_vpcs, views};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{flag, region_or_default, required};

/// The call.
pub(crate) struct DescribeVpcAttribute {
    region: RegionId,
    vpc: VpcId,
    dry_run: bool,
}

impl Action for DescribeVpcAttribute {
    const SPEC: Spec = Spec {
        product: Product::Vpc,
        name: "DescribeVpcAttribute",
        summary: "Show one private network.",
        codes: &[Code::RegionIdNotFound404, Code::VpcIdNotFound, Code::DryRunOperation],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self {
            region: region_or_default(params, cx, Code::RegionIdNotFound404)?,
            vpc: required(params, "VpcId", Code::VpcIdNotFound)?,
            dry_run: flag(params, "DryRun")?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let vpc = format!("vpc/{}", self.vpc);
        vec![Access { verb: "vpc:DescribeVpcAttribute", resource: cx.resource("vpc", self.region.as_str(), &vpc) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let account = cx.account();
        cx.engine()
            .meta()
            .read(move |tx| {
                let found = describe_vpcs::get(tx, account, self.vpc.as_str(), Code::VpcIdNotFound)?;
                if self.dry_run {
                    return Err(Code::DryRunOperation.error());
                }
                let mut view = views::vpc(tx, &found.record)?;
                // The list of networks shows more.
                let members = view.as_object_mut().expect("a view is an object");
                members.retain(|name, _| !["RouterTableIds", "NatGatewayIds"].contains(&name.as_str()));
                Ok(view)
            })
            .await
    }
}
