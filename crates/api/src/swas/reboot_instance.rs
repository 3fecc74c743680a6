//! `RebootInstance`: restart a server that runs.

use wire::Params;

use super::power::{self, PowerCall};
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::ApiResult;
use crate::dispatch::{Allowed, Cx};
use crate::ecs::instances::power::Power;

/// The call.
pub(crate) struct RebootInstance(PowerCall);

impl Action for RebootInstance {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "RebootInstance",
        summary: "Restart a server that runs.",
        codes: power::CODES,
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        PowerCall::one(params, cx).map(Self)
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.0.access(cx, "swas-open:RebootInstance")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        self.0.apply(&cx, Self::SPEC.name, Power::Reboot { force: false }).await
    }
}
