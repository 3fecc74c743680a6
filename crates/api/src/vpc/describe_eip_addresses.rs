//! `DescribeEipAddresses`: list elastic addresses.

use meta::resources::Filter;
use model::RegionId;
use model::network::Eip;

use serde_json::{Value, json};
use wire::Params;

use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, region};
use crate::resource::{Paging, page};

/// What else of the service may have an address.
const OTHER_OWNERS: &[&str] = &["SlbInstance", "Nat", "HaVip", "NetworkInterface", "IpAddress"];

/// Why the service locks addresses.
const LOCK_REASONS: &[&str] = &["financial", "security"];

/// The call.
pub(crate) struct DescribeEipAddresses {
    region: RegionId,
    filter: Filter,
    paging: Paging,
}

impl Action for DescribeEipAddresses {
    const SPEC: Spec = Spec {
        product: Product::Vpc,
        name: "DescribeEipAddresses",
        summary: "List elastic addresses.",
        codes: &[
            Code::RegionNotFoundOfEip,
            Code::EipInstanceTypeMissing,
            Code::EipAssociatedTypeNotSupported,
            Code::EipLockReasonNotFound,
            Code::FilterKeyNotFound,
            Code::FilterValueInvalid,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let ids = input::comma_list(params, "AllocationId");
        let mut filter = Filter { ids: (!ids.is_empty()).then_some(ids), ..Filter::default() };
        let addresses = input::comma_list(params, "EipAddress");
        if !addresses.is_empty() {
            filter.facets.push(("address", addresses));
        }
        for (name, facet) in [("Status", "status"), ("AssociatedInstanceId", "instance")] {
            if let Some(value) = params.get(name) {
                filter = filter.with(facet, value);
            }
        }
        match params.get("AssociatedInstanceType") {
            None if params.get("AssociatedInstanceId").is_some() => return Err(Code::EipInstanceTypeMissing.error()),
            None | Some("EcsInstance") => {}
            // Nothing else has addresses.
            Some(other) if OTHER_OWNERS.contains(&other) => filter.ids = Some(Vec::new()),
            Some(_) => return Err(Code::EipAssociatedTypeNotSupported.error()),
        }
        if input::lock_reason(params, LOCK_REASONS, Code::EipLockReasonNotFound)? {
            filter.ids = Some(Vec::new());
        }
        (filter.created_from, filter.created_to) = input::creation_filters(
            params,
            |_| Code::FilterValueInvalid.error(),
            |_, _| Err(Code::FilterKeyNotFound.error()),
        )?;
        Ok(Self { region: region(params, cx, Code::RegionNotFoundOfEip)?, filter, paging: Paging::read(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "vpc:DescribeEipAddresses", resource: cx.resource("vpc", self.region.as_str(), "eip/*") }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let found = page(&cx, &self.region, self.filter, self.paging).await?;
        let mut view = self.paging.view(&found);
        view["EipAddresses"] = json!({"EipAddress": found.items.iter().map(eip).collect::<Vec<_>>()});
        Ok(view)
    }
}

fn eip(eip: &Eip) -> Value {
    json!({
        "AllocationId": eip.id,
        "IpAddress": eip.address,
        "Name": eip.name,
        "RegionId": eip.region,
        "Status": eip.status,
        "InstanceId": eip.instance.as_ref().map_or("", |instance| instance.as_str()),
        "InstanceType": if eip.instance.is_some() { "EcsInstance" } else { "" },
        "Bandwidth": eip.bandwidth.to_string(),
        "EipBandwidth": eip.bandwidth.to_string(),
        "InternetChargeType": eip.internet_charge,
        "ChargeType": "PostPaid",
        "AllocationTime": eip.created.seconds(),
        "ExpiredTime": "",
        "OperationLocks": {"LockReason": []},
    })
}
