//! `DescribeInstances`: the caller's servers in a region, newest first.

use meta::resources::Filter;
use model::instance::InternetChargeType;
use model::{Instance, InstanceStatus, RegionId, Timestamp};
use serde_json::{Value, json};
use wire::Params;

use super::views;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, region};
use crate::resource::{Paging, page, some_json_list};

/// Why the service locks servers.
const LOCK_REASONS: &[&str] =
    &["financial", "security", "Recycling", "recycling", "dedicatedhostfinancial", "refunded"];

/// The call.
pub(crate) struct DescribeInstances {
    region: RegionId,
    filter: Filter,
    /// True when what is asked for cannot be here.
    is_for_none: bool,
    paging: Paging,
    dry_run: bool,
}

impl Action for DescribeInstances {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DescribeInstances",
        summary: "List servers.",
        codes: &[
            Code::RegionIdNotFound404,
            Code::InstanceStatusNotFound,
            Code::NetworkTypeNotFound,
            Code::InternetChargeTypeInvalid404,
            Code::InstanceChargeTypeNotFound,
            Code::LockReasonNotFound,
            Code::FilterKeyNotFound,
            Code::FilterValueInvalid,
            Code::TagMismatch,
            Code::TagCountInvalid,
            Code::DryRunOperation,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let mut filter = Filter {
            ids: list_of(params, "InstanceIds")?,
            names: params.get("InstanceName").map(str::to_owned).into_iter().collect(),
            tags: input::tag_filters_or(params, Code::TagCountInvalid)?,
            ..Filter::default()
        }
        .with("market", "Ecs");
        let mut is_for_none = false;
        for (name, facet) in [
            ("ImageId", "image"),
            ("InstanceType", "type"),
            ("ZoneId", "zone"),
            ("VpcId", "vpc"),
            ("VSwitchId", "vswitch"),
            ("SecurityGroupId", "group"),
            ("KeyPairName", "key-pair"),
        ] {
            if let Some(value) = params.get(name) {
                filter = filter.with(facet, value);
            }
        }
        for (name, facet) in
            [("PrivateIpAddresses", "private-ip"), ("PublicIpAddresses", "public-ip"), ("EipAddresses", "eip")]
        {
            if let Some(values) = list_of(params, name)? {
                filter.facets.push((facet, values));
            }
        }
        // Inner addresses are not kept as such: they are the host's.
        is_for_none |= list_of(params, "InnerIpAddresses")?.is_some_and(|list| !list.is_empty());
        if let Some(status) = params.get("Status") {
            let status: InstanceStatus = status.parse().map_err(|_| Code::InstanceStatusNotFound)?;
            filter = filter.with("status", status.as_str());
        }
        match params.get("InstanceNetworkType") {
            None => {}
            Some(kind @ ("vpc" | "classic")) => filter = filter.with("network", kind),
            Some(_) => return Err(Code::NetworkTypeNotFound.error()),
        }
        match params.get("InstanceChargeType") {
            None | Some("PostPaid") => {}
            Some("PrePaid") => is_for_none = true,
            Some(_) => return Err(Code::InstanceChargeTypeNotFound.error()),
        }
        input::optional::<InternetChargeType>(params, "InternetChargeType", Code::InternetChargeTypeInvalid404)?;
        is_for_none |= params.get("ResourceGroupId").is_some();
        is_for_none |= input::lock_reason(params, LOCK_REASONS, Code::LockReasonNotFound)?;
        let words = |key: &str| format!("Invalid filter.{key}.");
        let bad_time = |key: &str| Code::FilterValueInvalid.with(words(key));
        let expiry = |key: &str, value: &str| match key {
            "ExpiredStartTime" | "ExpiredEndTime" if Timestamp::parse_minutes(value).is_some() => Ok(()),
            "ExpiredStartTime" | "ExpiredEndTime" => Err(bad_time(key)),
            _ => Err(Code::FilterKeyNotFound.with(words(key))),
        };
        (filter.created_from, filter.created_to) = input::creation_filters(params, bad_time, expiry)?;
        Ok(Self {
            region: region(params, cx, Code::RegionIdNotFound404)?,
            filter,
            is_for_none,
            paging: Paging::read(params)?,
            dry_run: input::flag(params, "DryRun")?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resource = |id: &str| cx.resource("ecs", self.region.as_str(), &format!("instance/{id}"));
        let resources = match &self.filter.ids {
            Some(ids) if !ids.is_empty() => ids.iter().map(|id| resource(id)).collect(),
            _ => vec![resource("*")],
        };
        resources.into_iter().map(|resource| Access { verb: "ecs:DescribeInstances", resource }).collect()
    }

    async fn run(mut self, cx: Allowed<'_>) -> ApiResult<Value> {
        if self.dry_run {
            return Err(Code::DryRunOperation.error());
        }
        if self.is_for_none {
            self.filter.ids = Some(Vec::new());
        }
        let found = page::<Instance>(&cx, &self.region, self.filter, self.paging).await?;
        let mut view = self.paging.view(&found);
        view["Instances"] = json!({"Instance": found.items.iter().map(views::instance).collect::<Vec<_>>()});
        Ok(view)
    }
}

fn list_of(params: &Params, name: &str) -> ApiResult<Option<Vec<String>>> {
    some_json_list(params, name, ApiError::invalid(name), ApiError::invalid(name))
}
