//! `CreateInstance`: make one server from an image. It is `Stopped` when it is made.

use serde_json::{Value, json};
use wire::Params;

use super::launch::{self, Launch};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
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
        Launch::of_one(params, cx).map(Self).map_err(own_words)
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

/// Some parameters are worded otherwise here than by RunInstances.
fn own_words(error: ApiError) -> ApiError {
    let code = error.code();
    match code {
        Code::BandwidthInMalformed => code.with("The specified parameter InternetMaxBandwidthIn is not valid."),
        Code::BandwidthOutMalformed => code.with("The specified parameter InternetMaxBandwidthOut is not valid."),
        Code::DiskNameMalformed | Code::DiskDescriptionMalformed => code.with(code.text().replace("Syatem", "System")),
        Code::TagsTooMany => Code::TagQuotaExceeded.error(),
        _ => error,
    }
}
