//! `DetachKeyPair`: take a key pair from servers. Guests keep what they installed.

use serde_json::Value;
use wire::Params;

use super::key_pair_binding::{self as binding, Binding};
use crate::action::{Access, Action, Product, Spec};
use crate::code::ApiResult;
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct DetachKeyPair(Binding);

impl Action for DetachKeyPair {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DetachKeyPair",
        summary: "Take a key pair from servers.",
        codes: &binding::CODES,
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Binding::read(params, cx).map(Self)
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.0.access(cx, "ecs:DetachKeyPair")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        self.0.change(&cx, |_| None).await
    }
}
