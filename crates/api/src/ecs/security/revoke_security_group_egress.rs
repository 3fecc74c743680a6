//! `RevokeSecurityGroupEgress`: take rules for traffic from servers back.

use model::network::Direction;
use wire::Params;

use super::group_rules::{self, RuleCall};
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::ApiResult;
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct RevokeSecurityGroupEgress(RuleCall);

impl Action for RevokeSecurityGroupEgress {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "RevokeSecurityGroupEgress",
        summary: "Remove rules for traffic from servers.",
        codes: group_rules::REVOKE_EGRESS,
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        RuleCall::read(params, cx, Direction::Egress, true).map(Self)
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.0.access(cx, "ecs:RevokeSecurityGroupEgress")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        self.0.revoke(&cx, Self::SPEC.name).await
    }
}
