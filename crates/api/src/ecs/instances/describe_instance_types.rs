//! `DescribeInstanceTypes`: what servers there can be.

use model::InstanceType;
use model::instance::INSTANCE_TYPES;
use serde_json::{Value, json};
use wire::Params;

use super::views;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult};
use crate::dispatch::{Allowed, Cx};
use crate::input::optional;

/// The call.
pub(crate) struct DescribeInstanceTypes {
    wanted: Vec<&'static InstanceType>,
}

impl Action for DescribeInstanceTypes {
    const SPEC: Spec =
        Spec { product: Product::Ecs, name: "DescribeInstanceTypes", summary: "List types of servers.", codes: &[] };
    type Output = Value;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        let list = |name: &str| params.list(name).into_iter().map(|(_, text)| text.to_owned()).collect::<Vec<_>>();
        let (ids, mut families) = (list("InstanceTypes"), list("InstanceTypeFamilies"));
        families.extend(params.get("InstanceTypeFamily").map(str::to_owned));
        let number = |name: &str| optional::<f64>(params, name, ApiError::invalid(name));
        let cpus = (number("MinimumCpuCoreCount")?, number("MaximumCpuCoreCount")?);
        let memory = (number("MinimumMemorySize")?, number("MaximumMemorySize")?);
        let is_arm = params.get("CpuArchitecture").is_some_and(|text| !text.eq_ignore_ascii_case("x86"));
        let within = |value: f64, (least, most): (Option<f64>, Option<f64>)| {
            least.is_none_or(|least| least <= value) && most.is_none_or(|most| value <= most)
        };
        let fits = |row: &&InstanceType| {
            (ids.is_empty() || ids.iter().any(|id| id == row.id))
                && (families.is_empty() || families.iter().any(|family| family == row.family))
                && within(f64::from(row.cpus), cpus)
                && within(f64::from(row.memory_mib) / 1024.0, memory)
                && !is_arm
        };
        Ok(Self { wanted: INSTANCE_TYPES.iter().filter(fits).collect() })
    }

    fn access(&self, _cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ecs:DescribeInstanceTypes", resource: "*".to_owned() }]
    }

    async fn run(self, _cx: Allowed<'_>) -> ApiResult<Value> {
        let types: Vec<Value> = self.wanted.into_iter().map(views::instance_type).collect();
        Ok(json!({"NextToken": "", "InstanceTypes": {"InstanceType": types}}))
    }
}
