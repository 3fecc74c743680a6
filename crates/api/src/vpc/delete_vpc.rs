//! `DeleteVpc`: delete a private network that nothing is in.

use meta::resources::{self, count_with};
use model::network::{SecurityGroup, VSwitch};
use model::{ClientToken, Instance, RegionId, VpcId};
use wire::Params;

use super::describe_vpcs;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{flag, optional, region_or_default, required};
use crate::resource::once;

/// The call.
pub(crate) struct DeleteVpc {
    region: RegionId,
    vpc: VpcId,
    token: Option<ClientToken>,
    dry_run: bool,
}

impl Action for DeleteVpc {
    const SPEC: Spec = Spec {
        product: Product::Vpc,
        name: "DeleteVpc",
        summary: "Delete a private network that nothing is in.",
        codes: &[
            Code::RegionIdNotFoundForVpcDeletion,
            Code::VpcIdNotFound,
            Code::VpcHasInstances,
            Code::VpcHasVSwitches,
            Code::VpcHasSecurityGroups,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
            Code::DryRunOperation,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self {
            region: region_or_default(params, cx, Code::RegionIdNotFoundForVpcDeletion)?,
            vpc: required(params, "VpcId", Code::VpcIdNotFound)?,
            token: optional(params, "ClientToken", Code::ClientTokenMalformed)?,
            dry_run: flag(params, "DryRun")?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let vpc = format!("vpc/{}", self.vpc);
        vec![Access { verb: "vpc:DeleteVpc", resource: cx.resource("vpc", self.region.as_str(), &vpc) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (account, now) = (cx.account(), cx.engine().clock().now());
        let Self { region, vpc, token, dry_run } = self;
        once(&cx, (&region, Self::SPEC.name), (token, Code::IdempotentParameterMismatch), move |tx| {
            let id = vpc.as_str();
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
            if dry_run {
                return Err(Code::DryRunOperation.error());
            }
            resources::delete(tx, &found, now)?;
            Ok(Nothing {})
        })
        .await
    }
}
