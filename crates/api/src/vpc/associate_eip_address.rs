//! `AssociateEipAddress`: give an elastic address to a server. Its open ports are at that address from then on.

use meta::{Scope, resources};
use model::instance::BoundEip;
use model::network::{Eip, EipStatus};
use model::{AllocationId, Instance, InstanceId, InstanceStatus, RegionId};
use wire::Params;

use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{region_or_default, required};
use crate::resource::own_anywhere;

/// The call.
pub(crate) struct AssociateEipAddress {
    region: RegionId,
    allocation: AllocationId,
    instance: InstanceId,
}

impl Action for AssociateEipAddress {
    const SPEC: Spec = Spec {
        product: Product::Vpc,
        name: "AssociateEipAddress",
        summary: "Give an elastic address to a server.",
        codes: &[
            Code::RegionNotFoundOfEip,
            Code::EipInstanceTypeNotSupported,
            Code::AllocationIdNotFound,
            Code::EipInstanceNotFound,
            Code::EipRegionMismatch,
            Code::EipInstanceNotVpc,
            Code::EipStatusIncorrect,
            Code::EipAssociationDuplicated,
            Code::EipInstancePending,
            Code::EipInstanceStatusIncorrect,
            Code::EipBesidePublicAddress,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        if params.get("InstanceType").is_some_and(|kind| kind != "EcsInstance") {
            return Err(Code::EipInstanceTypeNotSupported.error());
        }
        Ok(Self {
            region: region_or_default(params, cx, Code::RegionNotFoundOfEip)?,
            allocation: required(params, "AllocationId", Code::AllocationIdNotFound)?,
            instance: required(params, "InstanceId", Code::EipInstanceNotFound)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let verb = "vpc:AssociateEipAddress";
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
                let (eip_id, instance_id) = (self.allocation.as_str(), self.instance.as_str());
                let eip = own_anywhere::<Eip>(tx, account, eip_id, Code::AllocationIdNotFound)?;
                let instance = own_anywhere::<Instance>(tx, account, instance_id, Code::EipInstanceNotFound)?;
                if eip.record.region != instance.record.region {
                    return Err(Code::EipRegionMismatch.error());
                }
                if instance.record.place.vpc.is_none() {
                    return Err(Code::EipInstanceNotVpc.error());
                }
                if eip.record.status != EipStatus::Available {
                    return Err(Code::EipStatusIncorrect.error());
                }
                if instance.record.place.eip.is_some() {
                    return Err(Code::EipAssociationDuplicated.error());
                }
                if instance.record.status == InstanceStatus::Pending {
                    return Err(Code::EipInstancePending.error());
                }
                if !matches!(instance.record.status, InstanceStatus::Running | InstanceStatus::Stopped) {
                    return Err(Code::EipInstanceStatusIncorrect.error());
                }
                if instance.record.place.is_public {
                    return Err(Code::EipBesidePublicAddress.error());
                }
                let bound = BoundEip {
                    allocation: eip.record.id.clone(),
                    address: eip.record.address,
                    bandwidth: eip.record.bandwidth,
                };
                let mut with = instance.record.clone();
                with.place.eip = Some(bound);
                resources::update(tx, &instance, &with)?;
                let given = Eip { status: EipStatus::InUse, instance: Some(with.id.clone()), ..eip.record.clone() };
                resources::update(tx, &eip, &given)?;
                Ok(Nothing {})
            })
            .await?;
        cx.engine().ports_changed();
        Ok(Nothing {})
    }
}
