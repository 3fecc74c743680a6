//! `DescribeZones`: the zones of a region. Each has everything.

use model::instance::INSTANCE_TYPES;
use model::{DiskCategory, RegionId};
use serde::Serialize;
use wire::Params;

use super::describe_regions::language;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, region_or_default};

/// The call.
pub(crate) struct DescribeZones {
    region: RegionId,
    language: String,
}

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Zones {
    zones: ZoneList,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ZoneList {
    zone: Vec<ZoneView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ZoneView {
    zone_id: String,
    local_name: String,
    zone_type: &'static str,
    available_resource_creation: ResourceTypes,
    available_instance_types: InstanceTypes,
    available_disk_categories: DiskCategories,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ResourceTypes {
    resource_types: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct InstanceTypes {
    instance_types: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DiskCategories {
    disk_categories: Vec<&'static str>,
}

impl Action for DescribeZones {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DescribeZones",
        summary: "List the zones of a region.",
        codes: &[Code::RegionIdNotFound404, Code::AcceptLanguageNotFound],
    };
    type Output = Zones;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        input::optional_flag(params, "Verbose")?;
        let region = region_or_default(params, cx, Code::RegionIdNotFound404)?;
        Ok(Self { region, language: language(params)? })
    }

    fn access(&self, _cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ecs:DescribeZones", resource: "*".to_owned() }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Zones> {
        let catalogue = &cx.services().catalogue;
        let place = catalogue.local_name(&self.region, &self.language);
        let view = |zone_id: String| ZoneView {
            local_name: format!("{place} {}", zone_id.chars().last().map_or('A', |c| c.to_ascii_uppercase())),
            zone_id,
            zone_type: "AvailabilityZone",
            available_resource_creation: ResourceTypes {
                resource_types: vec!["VSwitch", "IoOptimized", "Instance", "Disk"],
            },
            available_instance_types: InstanceTypes {
                instance_types: INSTANCE_TYPES.iter().map(|row| row.id).collect(),
            },
            available_disk_categories: DiskCategories {
                disk_categories: DiskCategory::ALL.iter().map(|one| one.as_str()).collect(),
            },
        };
        Ok(Zones { zones: ZoneList { zone: catalogue.zones(&self.region).into_iter().map(view).collect() } })
    }
}
