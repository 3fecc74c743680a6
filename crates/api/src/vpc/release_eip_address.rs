//! `ReleaseEipAddress`: give an elastic address back that no server has.

use meta::{Scope, resources};
use model::network::{Eip, EipStatus};
use model::{AllocationId, RegionId};
use wire::Params;

use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{region_or_default, required};
use crate::resource::own_anywhere;

/// The call.
pub(crate) struct ReleaseEipAddress {
    region: RegionId,
    allocation: AllocationId,
}

impl Action for ReleaseEipAddress {
    const SPEC: Spec = Spec {
        product: Product::Vpc,
        name: "ReleaseEipAddress",
        summary: "Give an elastic address back.",
        codes: &[Code::RegionNotFoundOfEip, Code::AllocationIdNotFoundForRelease, Code::EipStatusIncorrectForRelease],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self {
            region: region_or_default(params, cx, Code::RegionNotFoundOfEip)?,
            allocation: required(params, "AllocationId", Code::AllocationIdNotFoundForRelease)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let eip = format!("eip/{}", self.allocation);
        vec![Access { verb: "vpc:ReleaseEipAddress", resource: cx.resource("vpc", self.region.as_str(), &eip) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (account, now) = (cx.account(), cx.engine().clock().now());
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let id = self.allocation.as_str();
                let eip = own_anywhere::<Eip>(tx, account, id, Code::AllocationIdNotFoundForRelease)?;
                if eip.record.status != EipStatus::Available {
                    return Err(Code::EipStatusIncorrectForRelease.error());
                }
                resources::free_addresses(tx, id)?;
                resources::delete(tx, &eip, now)?;
                Ok(Nothing {})
            })
            .await
    }
}
