//! `StartInstances`: start servers that are stopped.

use serde_json::Value;
use wire::Params;

use super::power::{self, Batch, Power};
use crate::action::{Access, Action, Product, Spec};
use crate::code::ApiResult;
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct StartInstances {
    batch: Batch,
    power: Power,
}

impl Action for StartInstances {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "StartInstances",
        summary: "Start servers that are stopped.",
        codes: power::BATCH_CODES,
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self { batch: Batch::read(params, cx)?, power: Power::Start })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.batch.access(cx, "ecs:StartInstances")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        self.batch.apply(&cx, self.power).await
    }
}
