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
        let made = self.0.run(&cx, Self::SPEC.name).await.map_err(own_words)?;
        Ok(json!({"InstanceIdSets": {"InstanceIdSet": made}}))
    }
}

/// Some faults have other codes or words here than at CreateInstance.
fn own_words(error: ApiError) -> ApiError {
    let code = error.code();
    match code {
        Code::InstanceTypeNotFound => Code::InstanceTypeNotFound403.error(),
        Code::UserDataMalformed => Code::UserDataMalformed400.error(),
        Code::ImageNotForInstanceType => code.with("The specified image does not support the specified InstanceType."),
        Code::SystemDiskTooLarge => code.with("The specified parameter SystemDisk.Size is more than the max size."),
        _ => error,
    }
}
