//! `AllocatePublicIpAddress`: give a server its public address: one of the host's, in 127.0.0.0/8.

use std::net::Ipv4Addr;

use meta::{Scope, resources};
use model::{Instance, InstanceId, InstanceStatus};
use serde_json::{Value, json};
use wire::Params;

use super::launch::instance_id;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::optional;
use crate::resource::own_anywhere;

/// The call.
pub(crate) struct AllocatePublicIpAddress {
    instance: InstanceId,
    wanted: Option<Ipv4Addr>,
}

impl Action for AllocatePublicIpAddress {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "AllocatePublicIpAddress",
        summary: "Give a server a public address.",
        codes: &[
            Code::InstanceIdNotFound,
            Code::IpAddressMalformed,
            Code::IpAddressNotPublic,
            Code::IpAddressNotFound,
            Code::InstanceStatusIncorrect,
            Code::PublicAddressThere,
            Code::BandwidthIsZero,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        let instance = instance_id(params)?;
        let wanted: Option<Ipv4Addr> = optional(params, "IpAddress", Code::IpAddressMalformed)?;
        if wanted.is_some_and(|address| address.is_private()) {
            return Err(Code::IpAddressNotPublic.error());
        }
        Ok(Self { instance, wanted })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resource = cx.resource("ecs", "*", &format!("instance/{}", self.instance));
        vec![Access { verb: "ecs:AllocatePublicIpAddress", resource }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let account = cx.account();
        let address = cx.engine().meta().write(Scope::Account(account), move |tx| {
            let code = Code::InstanceIdNotFound;
            let before = own_anywhere::<Instance>(tx, account, self.instance.as_str(), code)?;
            // A server has its address from its launch on; it is only shown to the outside now.
            if self.wanted.is_some_and(|wanted| wanted != before.record.place.host_address) {
                return Err(Code::IpAddressNotFound.error());
            }
            if !matches!(before.record.status, InstanceStatus::Running | InstanceStatus::Stopped) {
                return Err(Code::InstanceStatusIncorrect.error());
            }
            if before.record.place.is_public || before.record.place.eip.is_some() {
                return Err(Code::PublicAddressThere.error());
            }
            if before.record.bandwidth_out == 0 {
                return Err(Code::BandwidthIsZero.error());
            }
            let mut after = before.record.clone();
            after.place.is_public = true;
            resources::update(tx, &before, &after)?;
            Ok(after.place.host_address)
        });
        let address = address.await?;
        cx.engine().ports_changed();
        Ok(json!({"IpAddress": address}))
    }
}
