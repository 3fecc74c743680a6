//! `RebootInstance`: restart a server that is running.

use wire::Params;

use super::power::{self, One, Power};
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::ApiResult;
use crate::dispatch::{Allowed, Cx};
use crate::input::flag;

/// The call.
pub(crate) struct RebootInstance {
    one: One,
    power: Power,
}

impl Action for RebootInstance {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "RebootInstance",
        summary: "Restart a server that is running.",
        codes: power::CODES,
    };
    type Output = Nothing;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { one: One::read(params)?, power: Power::Reboot { force: flag(params, "ForceStop")? } })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.one.access(cx, "ecs:RebootInstance")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        self.one.apply(&cx, self.power).await
    }
}
