//! `StopInstances`: stop servers.

use serde_json::Value;
use wire::Params;

use super::power::{self, Batch, Power};
use crate::action::{Access, Action, Product, Spec};
use crate::code::ApiResult;
use crate::dispatch::{Allowed, Cx};
use crate::input::flag;

/// The call.
pub(crate) struct StopInstances {
    batch: Batch,
    power: Power,
}

impl Action for StopInstances {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "StopInstances",
        summary: "Stop servers that are running.",
        codes: power::BATCH_CODES,
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self { batch: Batch::read(params, cx)?, power: Power::Stop { force: flag(params, "ForceStop")? } })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.batch.access(cx, "ecs:StopInstances")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        self.batch.apply(&cx, self.power).await
    }
}
