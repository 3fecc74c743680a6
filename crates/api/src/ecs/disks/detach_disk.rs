//! `DetachDisk`: take a data disk from its server. A running guest sees it go.

use engine::machines::detached;
use meta::{Scope, resources};
use model::{Disk, DiskId, DiskStatus, Instance, InstanceId, InstanceStatus};
use wire::Params;

use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ecs::instances::launch::instance_id;
use crate::input::{region_or_default, required};
use crate::resource::own_anywhere;

/// The call.
pub(crate) struct DetachDisk {
    disk: DiskId,
    instance: InstanceId,
}

impl Action for DetachDisk {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DetachDisk",
        summary: "Take a data disk from its server.",
        codes: &[
            Code::RegionIdMalformed,
            Code::DiskIdNotFound,
            Code::InstanceIdNotFound,
            Code::DiskAlreadyDetached,
            Code::DiskOfAnotherServer,
            Code::DiskIsSystemDisk,
            Code::DiskStatusIncorrect,
            Code::InstanceStatusIncorrect,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        region_or_default(params, cx, Code::RegionIdMalformed)?;
        Ok(Self { disk: required(params, "DiskId", Code::DiskIdNotFound)?, instance: instance_id(params)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let verb = "ecs:DetachDisk";
        vec![
            Access { verb, resource: cx.resource("ecs", "*", &format!("disk/{}", self.disk)) },
            Access { verb, resource: cx.resource("ecs", "*", &format!("instance/{}", self.instance)) },
        ]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (account, now) = (cx.account(), cx.engine().clock().now());
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let before = own_anywhere::<Disk>(tx, account, self.disk.as_str(), Code::DiskIdNotFound)?;
                let code = Code::InstanceIdNotFound;
                let server = own_anywhere::<Instance>(tx, account, self.instance.as_str(), code)?.record;
                // A client that asks again, because it never saw the answer, learns that nothing is left to be done.
                if before.record.instance.is_none() && before.record.detached.is_some() {
                    return Err(Code::DiskAlreadyDetached.error());
                }
                if before.record.instance.as_ref() != Some(&server.id) {
                    return Err(Code::DiskOfAnotherServer.error());
                }
                if before.record.is_system() {
                    return Err(Code::DiskIsSystemDisk.error());
                }
                if before.record.status != DiskStatus::InUse {
                    return Err(Code::DiskStatusIncorrect.error());
                }
                let after = match server.status {
                    InstanceStatus::Running => Disk { status: DiskStatus::Detaching, ..before.record.clone() },
                    InstanceStatus::Stopped => detached(&before.record, now),
                    _ => return Err(Code::InstanceStatusIncorrect.error()),
                };
                resources::update(tx, &before, &after)?;
                Ok(())
            })
            .await?;
        cx.engine().wake_keeper();
        Ok(Nothing {})
    }
}
