//! `DescribeEipAddresses`: list elastic addresses.

use meta::images::Window;
use meta::resources::{self, Filter};
use model::network::Eip;
use model::{RegionId, Timestamp};
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
    /// Only addresses that were asked for from and until then.
    created: (Option<Timestamp>, Option<Timestamp>),
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
        match params.get("LockReason") {
            None => {}
            // No address is ever locked.
            Some(reason) if LOCK_REASONS.contains(&reason) => filter.ids = Some(Vec::new()),
            Some(_) => return Err(Code::EipLockReasonNotFound.error()),
        }
        let created = created(params)?;
        Ok(Self {
            created,
            region: region(params, cx, Code::RegionNotFoundOfEip)?,
            filter,
            paging: Paging::read(params)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "vpc:DescribeEipAddresses", resource: cx.resource("vpc", self.region.as_str(), "eip/*") }]
    }

    async fn run(mut self, cx: Allowed<'_>) -> ApiResult<Value> {
        if self.created != (None, None) {
            self.filter.ids = Some(self.of_their_time(&cx).await?);
        }
        let found = page(&cx, &self.region, self.filter, self.paging).await?;
        let mut view = self.paging.view(&found);
        view["EipAddresses"] = json!({"EipAddress": found.items.iter().map(eip).collect::<Vec<_>>()});
        Ok(view)
    }
}

impl DescribeEipAddresses {
    /// Addresses, of those that the call names if it does, that were asked for between its times.
    async fn of_their_time(&self, cx: &Allowed<'_>) -> ApiResult<Vec<String>> {
        let (account, region, filter, (from, until)) =
            (cx.account(), self.region.clone(), self.filter.clone(), self.created);
        let all = Window { offset: 0, limit: u64::from(u32::MAX), below: None };
        let found =
            cx.engine().meta().read(move |tx| resources::list::<Eip>(tx, account, &region, &filter, all)).await?;
        let is_between =
            |eip: &&Eip| from.is_none_or(|from| from <= eip.created) && until.is_none_or(|until| eip.created <= until);
        Ok(found.items.iter().filter(is_between).map(|eip| eip.id.to_string()).collect())
    }
}

/// Reads `Filter.N`: the times between which an address was asked for.
fn created(params: &Params) -> ApiResult<(Option<Timestamp>, Option<Timestamp>)> {
    let mut created = (None, None);
    for (_, item) in params.items("Filter") {
        let time = Timestamp::parse_minutes(item.get("Value").unwrap_or_default());
        match item.get("Key").unwrap_or_default() {
            "CreationStartTime" => created.0 = Some(time.ok_or(Code::FilterValueInvalid)?),
            "CreationEndTime" => created.1 = Some(time.ok_or(Code::FilterValueInvalid)?),
            _ => return Err(Code::FilterKeyNotFound.error()),
        }
    }
    Ok(created)
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
