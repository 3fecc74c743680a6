//! `StartInstance`: start a server that is stopped.

use wire::Params;

use super::power::{self, One, Power};
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::ApiResult;
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct StartInstance {
    one: One,
    power: Power,
}

impl Action for StartInstance {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "StartInstance",
        summary: "Start a server that is stopped.",
        codes: power::CODES,
    };
    type Output = Nothing;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self { one: One::read(params)?, power: Power::Start })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.one.access(cx, "ecs:StartInstance")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        self.one.apply(&cx, self.power).await
    }
}
