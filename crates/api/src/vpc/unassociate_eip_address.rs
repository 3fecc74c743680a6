//! `UnassociateEipAddress`: take an elastic address from its server.

use engine::machines;
use meta::{Scope, resources};
use model::network::Eip;
use model::{AllocationId, Instance, InstanceId, RegionId};
use wire::Params;

use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{region_or_default, required};
use crate::resource::own_anywhere;

/// The call.
pub(crate) struct UnassociateEipAddress {
    region: RegionId,
    allocation: AllocationId,
    instance: InstanceId,
}

impl Action for UnassociateEipAddress {
    const SPEC: Spec = Spec {
        product: Product::Vpc,
        name: "UnassociateEipAddress",
        summary: "Take an elastic address from its server.",
        codes: &[
            Code::RegionNotFoundOfEip,
            Code::EipInstanceTypeNotSupported,
            Code::AllocationIdNotFoundForRelease,
            Code::EipInstanceNotFoundForUnbinding,
            Code::EipStatusIncorrectForRelease,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        if params.get("InstanceType").is_some_and(|kind| kind != "EcsInstance") {
            return Err(Code::EipInstanceTypeNotSupported.error());
        }
        Ok(Self {
            region: region_or_default(params, cx, Code::RegionNotFoundOfEip)?,
            allocation: required(params, "AllocationId", Code::AllocationIdNotFoundForRelease)?,
            instance: required(params, "InstanceId", Code::EipInstanceNotFoundForUnbinding)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let verb = "vpc:UnassociateEipAddress";
        let region = self.region.as_str();
        vec![
            Access { verb, resource: cx.resource("vpc", region, &format!("eip/{}", self.allocation)) },
            Access { verb, resource: cx.resource("ecs", region, &format!("instance/{}", self.instance)) },
        ]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let eip =
                    own_anywhere::<Eip>(tx, account, self.allocation.as_str(), Code::AllocationIdNotFoundForRelease)?;
                let code = Code::EipInstanceNotFoundForUnbinding;
                let instance = own_anywhere::<Instance>(tx, account, self.instance.as_str(), code)?;
                if eip.record.instance.as_ref() != Some(&self.instance) {
                    return Err(Code::EipStatusIncorrectForRelease.error());
                }
                let mut without = instance.record.clone();
                without.place.eip = None;
                resources::update(tx, &instance, &without)?;
                machines::free(tx, &eip)?;
                Ok(Nothing {})
            })
            .await?;
        cx.engine().ports_changed();
        Ok(Nothing {})
    }
}
