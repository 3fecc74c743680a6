//! `RunInstances`: make servers from an image and start them.

use serde_json::{Value, json};
use wire::Params;

use super::launch::{self, Launch};
use crate::action::{Access, Action, Product, Spec};
use crate::code::ApiResult;
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct RunInstances(Launch);

impl Action for RunInstances {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "RunInstances",
        summary: "Make servers from an image and start them.",
        codes: launch::CODES,
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let mut launch = Launch::read(params, cx)?;
        launch.amount = launch::amount(params)?;
        launch.and_start = true;
        Ok(Self(launch))
    }

    fn access(&self, _cx: &Cx) -> Vec<Access> {
        Launch::access("ecs:RunInstances")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let made = self.0.run(&cx, Self::SPEC.name).await?;
        Ok(json!({"InstanceIdSets": {"InstanceIdSet": made}}))
    }
}
