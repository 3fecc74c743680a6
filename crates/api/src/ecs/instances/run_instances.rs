//! `RunInstances`: make servers from an image and start them.

use serde_json::{Value, json};
use wire::Params;

use super::launch::{self, Launch};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::resource::once;

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

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.0.access(cx, "ecs:RunInstances")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let launch = self.0;
        let (account, engine) = (cx.account(), cx.engine().clone());
        let zones = cx.services().catalogue.zones(&launch.region);
        let (region, token) = (launch.region.clone(), launch.token.clone());
        let mismatch = Code::IdempotentParameterMismatch;
        let made = once(&cx, (&region, Self::SPEC.name), (token, mismatch), move |tx| {
            let ids = launch.make(tx, &engine, account, &zones)?;
            Ok(json!({"InstanceIdSets": {"InstanceIdSet": ids}}))
        })
        .await?;
        cx.engine().wake_keeper();
        Ok(made)
    }
}
