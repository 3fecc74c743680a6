//! `DescribeInstanceTypeFamilies`: the families of types of servers.

use model::RegionId;
use model::instance::INSTANCE_TYPES;
use serde_json::{Value, json};
use wire::Params;

use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::region;

/// The call.
pub(crate) struct DescribeInstanceTypeFamilies {
    region: RegionId,
    generation: Option<String>,
}

impl Action for DescribeInstanceTypeFamilies {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DescribeInstanceTypeFamilies",
        summary: "List families of types of servers.",
        codes: &[Code::RegionIdNotFoundForTags],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let region = region(params, cx, Code::RegionIdNotFoundForTags)?;
        Ok(Self { region, generation: params.get("Generation").map(str::to_owned) })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resource = cx.resource("ecs", self.region.as_str(), "*");
        vec![Access { verb: "ecs:DescribeInstanceTypeFamilies", resource }]
    }

    async fn run(self, _cx: Allowed<'_>) -> ApiResult<Value> {
        let mut families: Vec<&str> = INSTANCE_TYPES.iter().map(|row| row.family).collect();
        families.dedup();
        let one = |family: &str| json!({"InstanceTypeFamilyId": family, "Generation": generation(family)});
        let wanted = |family: &&str| self.generation.as_ref().is_none_or(|wanted| wanted == &generation(family));
        let views: Vec<Value> = families.into_iter().filter(wanted).map(one).collect();
        Ok(json!({"InstanceTypeFamilies": {"InstanceTypeFamily": views}}))
    }
}

/// `ecs-3` for `ecs.n4`, as the service counts its generations from the number in the name.
fn generation(family: &str) -> String {
    let number = family.chars().find(char::is_ascii_digit).unwrap_or('1');
    format!("ecs-{number}")
}
