//! `DescribeAvailableResource`: what can be had where: every zone has everything.

use model::instance::INSTANCE_TYPES;
use model::{DiskCategory, RegionId};
use serde_json::{Value, json};
use wire::Params;

use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{optional, region};

/// The call.
pub(crate) struct DescribeAvailableResource {
    region: RegionId,
    zone: Option<String>,
    destination: String,
    instance_type: Option<String>,
    cpus: Option<u32>,
    memory_gib: Option<f64>,
}

impl Action for DescribeAvailableResource {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DescribeAvailableResource",
        summary: "List what can be had in which zone.",
        codes: &[
            Code::RegionIdNotFoundForTags,
            Code::DestinationResourceMissing,
            Code::DestinationResourceInvalid,
            Code::CoresInvalid,
            Code::MemoryInvalid,
            Code::TypeBesideCoresOrMemory,
            Code::NetworkCategoryInvalid,
            Code::AvailableResourceTypeInvalid,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let region = region(params, cx, Code::RegionIdNotFoundForTags)?;
        let destination = params.get("DestinationResource").ok_or(Code::DestinationResourceMissing)?.to_owned();
        let known = ["Zone", "IoOptimized", "InstanceType", "Network", "ddh", "SystemDisk", "DataDisk"];
        if !known.contains(&destination.as_str()) {
            return Err(Code::DestinationResourceInvalid.error());
        }
        if params.get("NetworkCategory").is_some_and(|category| !["vpc", "classic"].contains(&category)) {
            return Err(Code::NetworkCategoryInvalid.error());
        }
        let kinds = ["instance", "disk", "reservedinstance", "ddh"];
        if params.get("ResourceType").is_some_and(|kind| !kinds.contains(&kind)) {
            return Err(Code::AvailableResourceTypeInvalid.error());
        }
        let is_given = |name: &str| params.get(name).is_some();
        if is_given("InstanceType") && (is_given("Cores") || is_given("Memory")) {
            return Err(Code::TypeBesideCoresOrMemory.error());
        }
        Ok(Self {
            region,
            zone: params.get("ZoneId").map(str::to_owned),
            destination,
            instance_type: params.get("InstanceType").map(str::to_owned),
            cpus: optional(params, "Cores", Code::CoresInvalid)?,
            memory_gib: optional(params, "Memory", Code::MemoryInvalid)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resource = cx.resource("ecs", self.region.as_str(), "*");
        vec![Access { verb: "ecs:DescribeAvailableResource", resource }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let there = |value: &str, (min, max): (u32, u32), unit: &str| {
            json!({
                "Value": value, "Status": "Available", "StatusCategory": "WithStock",
                "Min": min, "Max": max, "Unit": unit,
            })
        };
        let categories = |sizes: fn(DiskCategory) -> (u32, u32)| {
            DiskCategory::ALL.iter().map(|one| there(one.as_str(), sizes(*one), "GiB")).collect::<Vec<_>>()
        };
        let supported: Vec<Value> = match self.destination.as_str() {
            "InstanceType" => INSTANCE_TYPES
                .iter()
                .filter(|row| self.instance_type.as_ref().is_none_or(|id| id == row.id))
                .filter(|row| self.cpus.is_none_or(|cpus| cpus == row.cpus))
                .filter(|row| self.memory_gib.is_none_or(|gib| gib * 1024.0 == f64::from(row.memory_mib)))
                .map(|row| there(row.id, (0, 0), ""))
                .collect(),
            "SystemDisk" => categories(|_| (20, 2048)),
            "DataDisk" => categories(DiskCategory::data_sizes),
            "Network" => ["vpc", "classic"].iter().map(|one| there(one, (0, 0), "")).collect(),
            "IoOptimized" => vec![there("optimized", (0, 0), "")],
            _ => Vec::new(),
        };
        let resources = if supported.is_empty() {
            json!([])
        } else {
            json!([{"Type": self.destination, "SupportedResources": {"SupportedResource": supported}}])
        };
        let zones = cx.services().catalogue.zones(&self.region).into_iter();
        let wanted = zones.filter(|zone| self.zone.as_ref().is_none_or(|wanted| wanted == zone));
        let views: Vec<Value> = wanted
            .map(|zone| {
                json!({
                    "RegionId": self.region,
                    "ZoneId": zone,
                    "Status": "Available",
                    "StatusCategory": "WithStock",
                    "AvailableResources": {"AvailableResource": resources},
                })
            })
            .collect();
        Ok(json!({"AvailableZones": {"AvailableZone": views}}))
    }
}
