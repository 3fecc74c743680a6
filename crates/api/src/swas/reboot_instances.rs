//! `RebootInstances`: restart servers that run.

use wire::Params;

use super::power::{self, PowerCall};
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::ApiResult;
use crate::dispatch::{Allowed, Cx};
use crate::ecs::instances::power::Power;
use crate::input::flag;

/// The call.
pub(crate) struct RebootInstances {
    power: PowerCall,
    force: bool,
}

impl Action for RebootInstances {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "RebootInstances",
        summary: "Restart servers that run.",
        codes: power::CODES,
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self { power: PowerCall::several(params, cx)?, force: flag(params, "ForceReboot")? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.power.access(cx, "swas-open:RebootInstances")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        self.power.apply(&cx, Self::SPEC.name, Power::Reboot { force: self.force }).await
    }
}
