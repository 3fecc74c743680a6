//! `StopInstance`: stop a server: its guest is asked to shut down, or its plug is pulled.

use wire::Params;

use super::power::{self, One, Power};
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::ApiResult;
use crate::dispatch::{Allowed, Cx};
use crate::input::flag;

/// The call.
pub(crate) struct StopInstance {
    one: One,
    power: Power,
}

impl Action for StopInstance {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "StopInstance",
        summary: "Stop a server that is running.",
        codes: power::CODES,
    };
    type Output = Nothing;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { one: One::read(params)?, power: Power::Stop { force: flag(params, "ForceStop")? } })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.one.access(cx, "ecs:StopInstance")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        self.one.apply(&cx, self.power).await
    }
}
