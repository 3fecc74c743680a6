//! `StartInstances`: start servers that are stopped.

use wire::Params;

use super::power::{self, PowerCall};
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::ApiResult;
use crate::dispatch::{Allowed, Cx};
use crate::ecs::instances::power::Power;

/// The call.
pub(crate) struct StartInstances(PowerCall);

impl Action for StartInstances {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "StartInstances",
        summary: "Start servers that are stopped.",
        codes: power::CODES,
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        PowerCall::several(params, cx).map(Self)
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.0.access(cx, "swas-open:StartInstances")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        self.0.apply(&cx, Self::SPEC.name, Power::Start).await
    }
}
