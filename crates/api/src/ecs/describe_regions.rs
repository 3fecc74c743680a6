//! `DescribeRegions`: the regions that this server serves.

use serde::Serialize;
use wire::Params;

use crate::action::{Access, Action, Product, Spec};
use crate::catalogue::LANGUAGES;
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};

/// What a region may be asked for; every region has all of it, or none.
const RESOURCE_TYPES: &[&str] = &["instance", "disk", "reservedinstance", "scu"];

/// The call.
pub(crate) struct DescribeRegions {
    language: String,
}

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Regions {
    regions: RegionList,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RegionList {
    region: Vec<RegionView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RegionView {
    region_id: String,
    local_name: String,
    region_endpoint: String,
    status: &'static str,
}

/// Reads `AcceptLanguage`, which is Chinese when absent.
pub(super) fn language(params: &Params) -> ApiResult<String> {
    let language = params.get("AcceptLanguage").unwrap_or(LANGUAGES[0]);
    if LANGUAGES.contains(&language) { Ok(language.to_owned()) } else { Err(Code::AcceptLanguageNotFound.error()) }
}

impl Action for DescribeRegions {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DescribeRegions",
        summary: "List the regions that this server serves.",
        codes: &[Code::AcceptLanguageNotFound, Code::ResourceTypeNotFound],
    };
    type Output = Regions;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        if params.get("ResourceType").is_some_and(|kind| !RESOURCE_TYPES.contains(&kind)) {
            return Err(Code::ResourceTypeNotFound.error());
        }
        Ok(Self { language: language(params)? })
    }

    fn access(&self, _cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ecs:DescribeRegions", resource: "*".to_owned() }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Regions> {
        let catalogue = &cx.services().catalogue;
        let view = |region: &model::RegionId| RegionView {
            region_id: region.to_string(),
            local_name: catalogue.local_name(region, &self.language).to_owned(),
            // Clients build later calls from this, so it is where they reached us.
            region_endpoint: cx.cx().host.clone(),
            status: "available",
        };
        Ok(Regions { regions: RegionList { region: catalogue.regions.iter().map(view).collect() } })
    }
}
