//! `StopInstances`: stop servers that run.

use wire::Params;

use super::power::{self, PowerCall};
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::ApiResult;
use crate::dispatch::{Allowed, Cx};
use crate::ecs::instances::power::Power;
use crate::input::flag;

/// The call.
pub(crate) struct StopInstances {
    power: PowerCall,
    force: bool,
}

impl Action for StopInstances {
    const SPEC: Spec =
        Spec { product: Product::Swas, name: "StopInstances", summary: "Stop servers that run.", codes: power::CODES };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self { power: PowerCall::several(params, cx)?, force: flag(params, "ForceStop")? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.power.access(cx, "swas-open:StopInstances")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        self.power.apply(&cx, Self::SPEC.name, Power::Stop { force: self.force }).await
    }
}
