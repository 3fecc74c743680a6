//! `GetInstanceConsoleOutput`: what a server's guest wrote to its serial console, the last of it, in Base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{Instance, InstanceId, InstanceStatus};
use serde_json::{Value, json};
use wire::Params;

use super::launch::instance_id;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::region_or_default;
use crate::resource::own_anywhere;

/// The call.
pub(crate) struct GetInstanceConsoleOutput(InstanceId);

impl Action for GetInstanceConsoleOutput {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "GetInstanceConsoleOutput",
        summary: "Show what a server's guest wrote to its console.",
        codes: &[Code::RegionIdNotFound404, Code::InstanceIdNotFound, Code::ConsoleEmpty],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        region_or_default(params, cx, Code::RegionIdNotFound404)?;
        instance_id(params).map(Self)
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resource = cx.resource("ecs", "*", &format!("instance/{}", self.0));
        vec![Access { verb: "ecs:GetInstanceConsoleOutput", resource }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let (account, id) = (cx.account(), self.0);
        let found = cx
            .engine()
            .meta()
            .read(move |tx| own_anywhere::<Instance>(tx, account, id.as_str(), Code::InstanceIdNotFound));
        let instance = found.await?.record;
        // It has no machine yet.
        if instance.status == InstanceStatus::Pending {
            return Err(Code::ConsoleEmpty.error());
        }
        let console = cx.engine().host().hypervisor.console(instance.id.as_str()).await;
        let output = console.map_err(|_| Code::ConsoleEmpty)?;
        Ok(json!({
            "InstanceId": instance.id,
            "ConsoleOutput": STANDARD.encode(output),
            "LastUpdateTime": cx.engine().clock().now().seconds(),
        }))
    }
}
