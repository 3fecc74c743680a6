//! `AuthorizeSecurityGroup`: rules for traffic to servers. Ports open at once on those that run.

use model::network::Direction;
use wire::Params;

use super::group_rules::{self, RuleCall};
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::ApiResult;
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct AuthorizeSecurityGroup(RuleCall);

impl Action for AuthorizeSecurityGroup {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "AuthorizeSecurityGroup",
        summary: "Add rules for traffic to servers.",
        codes: group_rules::AUTHORIZE,
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        RuleCall::read(params, cx, Direction::Ingress, false).map(Self)
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.0.access(cx, "ecs:AuthorizeSecurityGroup")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        self.0.authorize(&cx, Self::SPEC.name).await
    }
}
