//! `DeleteDisk`: release a data disk that no server has. Its snapshots stay.

use engine::machines::leave_volume;
use meta::{Scope, manifests, resources};
use model::{Disk, DiskId, DiskStatus};
use wire::Params;

use super::rest::no_snapshot_under_way;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{region_or_default, required};
use crate::resource::own_anywhere;

/// The call.
pub(crate) struct DeleteDisk(DiskId);

impl Action for DeleteDisk {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DeleteDisk",
        summary: "Release a data disk.",
        codes: &[
            Code::RegionIdMalformedForDisk,
            Code::DiskIdNotFound,
            Code::DiskIsSystemDisk,
            Code::DiskStatusIncorrect,
            Code::DiskCreatingSnapshot,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        region_or_default(params, cx, Code::RegionIdMalformedForDisk)?;
        required(params, "DiskId", Code::DiskIdNotFound).map(Self)
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ecs:DeleteDisk", resource: cx.resource("ecs", "*", &format!("disk/{}", self.0)) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (account, now) = (cx.account(), cx.engine().clock().now());
        let seq = cx.engine().age_sequence(now);
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let before = own_anywhere::<Disk>(tx, account, self.0.as_str(), Code::DiskIdNotFound)?;
                if before.record.is_system() {
                    return Err(Code::DiskIsSystemDisk.error());
                }
                if before.record.status != DiskStatus::Available {
                    return Err(Code::DiskStatusIncorrect.error());
                }
                no_snapshot_under_way(tx, &before.record, Code::DiskCreatingSnapshot)?;
                leave_volume(tx, &before.record, now, seq)?;
                manifests::release_all(tx, self.0.as_str())?;
                resources::delete(tx, &before, now)?;
                Ok(())
            })
            .await?;
        cx.engine().wake_keeper();
        Ok(Nothing {})
    }
}
