//! `CreateInstance`: make one server from an image. It is `Stopped` when it is made.

use serde_json::{Value, json};
use wire::Params;

use super::launch::{self, Launch};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::resource::once;

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

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.0.access(cx, "ecs:CreateInstance")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let launch = self.0;
        let (account, engine) = (cx.account(), cx.engine().clone());
        let zones = cx.services().catalogue.zones(&launch.region);
        let (region, token) = (launch.region.clone(), launch.token.clone());
        let mismatch = Code::IdempotentParameterMismatch;
        let made = once(&cx, (&region, Self::SPEC.name), (token, mismatch), move |tx| {
            let ids = launch.make(tx, &engine, account, &zones)?;
            let id = ids.first().ok_or_else(|| ApiError::internal("one server was asked for and none was made"))?;
            Ok(json!({"InstanceId": id}))
        })
        .await?;
        cx.engine().wake_keeper();
        Ok(made)
    }
}
