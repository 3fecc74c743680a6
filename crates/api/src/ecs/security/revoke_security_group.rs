//! `RevokeSecurityGroup`: take rules back. Ports close at once on servers that run.

use model::network::Direction;
use wire::Params;

use super::group_rules::{self, RuleCall};
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::ApiResult;
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct RevokeSecurityGroup(RuleCall);

impl Action for RevokeSecurityGroup {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "RevokeSecurityGroup",
        summary: "Remove rules for traffic to servers.",
        codes: group_rules::REVOKE,
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        RuleCall::read(params, cx, Direction::Ingress, true).map(Self)
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.0.access(cx, "ecs:RevokeSecurityGroup")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        self.0.revoke(&cx, Self::SPEC.name).await
    }
}
