//! `DeleteVpc`: delete a private network that nothing is in.

use meta::Scope;
use meta::resources::{self, count_with};
use model::network::{SecurityGroup, VSwitch};
use model::{Instance, RegionId, VpcId};
use wire::Params;

use super::describe_vpcs;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{region_or_default, required};

/// The call.
pub(crate) struct DeleteVpc {
    region: RegionId,
    vpc: VpcId,
}

impl Action for DeleteVpc {
    const SPEC: Spec = Spec {
        product: Product::Vpc,
        name: "DeleteVpc",
        summary: "Delete a private network that nothing is in.",
        codes: &[
            Code::RegionIdNotFoundForVpc,
            Code::VpcIdNotFound,
            Code::VpcHasInstances,
            Code::VpcHasVSwitches,
            Code::VpcHasSecurityGroups,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self {
            region: region_or_default(params, cx, Code::RegionIdNotFoundForVpc)?,
            vpc: required(params, "VpcId", Code::VpcIdNotFound)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let vpc = format!("vpc/{}", self.vpc);
        vec![Access { verb: "vpc:DeleteVpc", resource: cx.resource("vpc", self.region.as_str(), &vpc) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (account, now) = (cx.account(), cx.engine().clock().now());
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let id = self.vpc.as_str();
                let found = describe_vpcs::get(tx, account, id, Code::VpcIdNotFound)?;
                if 0 < count_with::<Instance>(tx, "vpc", id)? {
                    return Err(Code::VpcHasInstances.error());
                }
                if 0 < count_with::<VSwitch>(tx, "vpc", id)? {
                    return Err(Code::VpcHasVSwitches.error());
                }
                if 0 < count_with::<SecurityGroup>(tx, "vpc", id)? {
                    return Err(Code::VpcHasSecurityGroups.error());
                }
                resources::delete(tx, &found, now)?;
                Ok(Nothing {})
            })
            .await
    }
}
