//! `CreateInstance`: make one server from an image. It is `Stopped` when it is made.

use serde_json::{Value, json};
use wire::Params;

use super::launch::{self, Launch};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult};
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct CreateInstance(Launch);

impl Action for CreateInstance {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "CreateInstance",
        summary: "Make one server from an image and leave it stopped.",
        codes: launch::CODES,
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Launch::read(params, cx).map(Self)
    }

    fn access(&self, _cx: &Cx) -> Vec<Access> {
        Launch::access("ecs:CreateInstance")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let made = self.0.run(&cx, Self::SPEC.name).await?;
        let id = made.first().ok_or_else(|| ApiError::internal("one server was asked for and none was made"))?;
        Ok(json!({"InstanceId": id}))
    }
}
