//! `AllocateEipAddress`: allocate an elastic address: an address of the host, in 127.0.0.0/8.

use meta::resources;
use model::instance::InternetChargeType;
use model::network::{Eip, EipStatus};
use model::quota::Quota;
use model::{AllocationId, ClientToken, RegionId};
use serde_json::{Value, json};
use wire::Params;

use crate::action::{Access, Action, Product, Spec};
use crate::address::take;
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{optional, region};
use crate::quota;
use crate::resource::once;

/// The call.
pub(crate) struct AllocateEipAddress {
    region: RegionId,
    bandwidth: u32,
    internet_charge: InternetChargeType,
    token: Option<ClientToken>,
}

impl Action for AllocateEipAddress {
    const SPEC: Spec = Spec {
        product: Product::Vpc,
        name: "AllocateEipAddress",
        summary: "Allocate an elastic address.",
        codes: &[
            Code::RegionIdNotFoundForEip,
            Code::BandwidthMalformed,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
            Code::EipQuotaExceeded,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let bandwidth = optional(params, "Bandwidth", Code::BandwidthMalformed)?.unwrap_or(5);
        if !(1..=500).contains(&bandwidth) {
            return Err(Code::BandwidthMalformed.error());
        }
        Ok(Self {
            region: region(params, cx, Code::RegionIdNotFoundForEip)?,
            bandwidth,
            internet_charge: optional(params, "InternetChargeType", ApiError::invalid("InternetChargeType"))?
                .unwrap_or(InternetChargeType::ByBandwidth),
            token: optional(params, "ClientToken", Code::ClientTokenMalformed)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "vpc:AllocateEipAddress", resource: cx.resource("vpc", self.region.as_str(), "eip/*") }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let (account, engine) = (cx.account(), cx.engine().clone());
        let created = engine.clock().now();
        let seq = engine.age_sequence(created);
        let Self { region, bandwidth, internet_charge, token } = self;
        let place = region.clone();
        once(&cx, (&region, Self::SPEC.name), (token, Code::IdempotentParameterMismatch), move |tx| {
            let there = resources::total::<Eip>(tx, account, &place)?;
            quota::one_more(tx, account, Quota::Eips, there, Code::EipQuotaExceeded)?;
            let id = AllocationId::generate(engine.entropy());
            let eip = Eip {
                address: take(tx, engine.entropy(), id.as_str())?,
                id,
                owner: account,
                region: place.clone(),
                name: String::new(),
                bandwidth,
                internet_charge,
                status: EipStatus::Available,
                instance: None,
                created,
            };
            resources::insert(tx, &eip, seq)?;
            Ok(json!({"AllocationId": eip.id, "EipAddress": eip.address}))
        })
        .await
    }
}
