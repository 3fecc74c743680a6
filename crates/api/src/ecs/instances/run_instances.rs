//! `RunInstances`: make servers from an image and start them.

use serde_json::{Value, json};
use wire::Params;

use super::launch::{self, Launch};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
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
        Launch::of_several(params, cx).map(Self).map_err(own_words)
    }

    fn access(&self, _cx: &Cx) -> Vec<Access> {
        Launch::access("ecs:RunInstances")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let made = self.0.run(&cx, Self::SPEC.name).await?;
        Ok(json!({"InstanceIdSets": {"InstanceIdSet": made}}))
    }
}

/// Some faults have other codes here than at CreateInstance.
fn own_words(error: ApiError) -> ApiError {
    match error.code() {
        Code::InstanceTypeNotFound => Code::InstanceTypeNotFound403.error(),
        Code::UserDataMalformed => Code::UserDataMalformed400.error(),
        _ => error,
    }
}
