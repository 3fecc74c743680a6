//! `DescribeUserData`: show the user data that a server was given.

use model::{Instance, InstanceId};
use serde_json::{Value, json};
use wire::Params;

use super::launch::instance_id;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::region_or_default;
use crate::resource::own_anywhere;

/// The call.
pub(crate) struct DescribeUserData(InstanceId);

impl Action for DescribeUserData {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DescribeUserData",
        summary: "Show a server's user data.",
        codes: &[Code::RegionIdNotFound404, Code::InstanceIdNotFound],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        region_or_default(params, cx, Code::RegionIdNotFound404)?;
        instance_id(params).map(Self)
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resource = cx.resource("ecs", "*", &format!("instance/{}", self.0));
        vec![Access { verb: "ecs:DescribeUserData", resource }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let (account, id) = (cx.account(), self.0);
        let found = cx
            .engine()
            .meta()
            .read(move |tx| own_anywhere::<Instance>(tx, account, id.as_str(), Code::InstanceIdNotFound));
        let instance = found.await?.record;
        Ok(json!({"InstanceId": instance.id, "RegionId": instance.region, "UserData": instance.user_data}))
    }
}
