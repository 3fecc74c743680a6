//! `ListPlans`: what servers can be bought.

use serde_json::{Value, json};
use wire::Params;

use super::common::Call;
use super::plans::{PLANS, Plan};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct ListPlans(Call);

impl Action for ListPlans {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "ListPlans",
        summary: "List the plans of servers.",
        codes: &[Code::SwasRegionNotMatched, Code::ClientTokenMalformed],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Call::read(params, cx).map(Self)
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.0.access(cx, "swas-open:ListPlans", "*")
    }

    async fn run(self, _cx: Allowed<'_>) -> ApiResult<Value> {
        Ok(json!({"Plans": PLANS.iter().map(Plan::view).collect::<Vec<_>>()}))
    }
}
