//! `AuthorizeSecurityGroupEgress`: rules for traffic from servers. They are kept and shown; guests reach whatever the host does.

use model::network::Direction;
use wire::Params;

use super::group_rules::{self, RuleCall};
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::ApiResult;
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct AuthorizeSecurityGroupEgress(RuleCall);

impl Action for AuthorizeSecurityGroupEgress {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "AuthorizeSecurityGroupEgress",
        summary: "Add rules for traffic from servers.",
        codes: group_rules::AUTHORIZE_EGRESS,
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        RuleCall::read(params, cx, Direction::Egress, false).map(Self)
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.0.access(cx, "ecs:AuthorizeSecurityGroupEgress")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        self.0.authorize(&cx, Self::SPEC.name).await
    }
}
