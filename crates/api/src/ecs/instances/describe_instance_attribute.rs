//! `DescribeInstanceAttribute`: show one server.

use model::{Instance, InstanceId};
use serde_json::Value;
use wire::Params;

use super::launch::instance_id;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::resource::own_anywhere;

/// The call.
pub(crate) struct DescribeInstanceAttribute(InstanceId);

impl Action for DescribeInstanceAttribute {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DescribeInstanceAttribute",
        summary: "Show one server.",
        codes: &[Code::InstanceIdNotFound],
    };
    type Output = Value;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        instance_id(params).map(Self)
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resource = cx.resource("ecs", "*", &format!("instance/{}", self.0));
        vec![Access { verb: "ecs:DescribeInstanceAttribute", resource }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let (account, id) = (cx.account(), self.0);
        let found = cx
            .engine()
            .meta()
            .read(move |tx| own_anywhere::<Instance>(tx, account, id.as_str(), Code::InstanceIdNotFound));
        let instance = found.await?.record;
        Ok(super::views::attribute(&instance))
    }
}
