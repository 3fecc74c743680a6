//! `AttachKeyPair`: let a key pair into servers. The guest takes it from its metadata at its next start.

use serde_json::Value;
use wire::Params;

use super::key_pair_binding::{self as binding, Binding};
use crate::action::{Access, Action, Product, Spec};
use crate::code::ApiResult;
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct AttachKeyPair(Binding);

impl Action for AttachKeyPair {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "AttachKeyPair",
        summary: "Let a key pair into servers.",
        codes: &binding::CODES,
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Binding::read(params, cx).map(Self)
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.0.access(cx, "ecs:AttachKeyPair")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        self.0.change(&cx, |name| Some(name.clone())).await
    }
}
