//! `ResetDisk`: take a disk back to one of its snapshots.

use meta::Scope;
use model::{Disk, DiskId, Snapshot, SnapshotId, SnapshotStatus};
use wire::Params;

use super::rest::{begin_anew, no_snapshot_under_way, not_on_its_way, stopped_server};
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{flag, region_or_default, required};
use crate::resource::own_anywhere;

/// The call.
pub(crate) struct ResetDisk {
    disk: DiskId,
    snapshot: SnapshotId,
    dry_run: bool,
}

impl Action for ResetDisk {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "ResetDisk",
        summary: "Take a disk back to one of its snapshots.",
        codes: &[
            Code::RegionIdMalformed,
            Code::DiskIdNotFound,
            Code::SnapshotIdNotFound,
            Code::SnapshotNotReady403,
            Code::SnapshotOfAnotherDisk,
            Code::DiskStatusIncorrect,
            Code::InstanceStatusIncorrect,
            Code::InstanceIdNotFound,
            Code::DiskHasUnfinishedSnapshot,
            Code::DryRunOperation,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        region_or_default(params, cx, Code::RegionIdMalformed)?;
        Ok(Self {
            disk: required(params, "DiskId", Code::DiskIdNotFound)?,
            snapshot: required(params, "SnapshotId", Code::SnapshotIdNotFound)?,
            dry_run: flag(params, "DryRun")?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let verb = "ecs:ResetDisk";
        vec![
            Access { verb, resource: cx.resource("ecs", "*", &format!("disk/{}", self.disk)) },
            Access { verb, resource: cx.resource("ecs", "*", &format!("snapshot/{}", self.snapshot)) },
        ]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (account, now) = (cx.account(), cx.engine().clock().now());
        let seq = cx.engine().age_sequence(now);
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let before = own_anywhere::<Disk>(tx, account, self.disk.as_str(), Code::DiskIdNotFound)?;
                let code = Code::SnapshotIdNotFound;
                let snapshot = own_anywhere::<Snapshot>(tx, account, self.snapshot.as_str(), code)?.record;
                if snapshot.source_disk != before.record.id.as_str() {
                    return Err(Code::SnapshotOfAnotherDisk.error());
                }
                if snapshot.status != SnapshotStatus::Accomplished {
                    return Err(Code::SnapshotNotReady403.error());
                }
                not_on_its_way(&before.record)?;
                stopped_server(tx, account, &before.record)?;
                no_snapshot_under_way(tx, &before.record, Code::DiskHasUnfinishedSnapshot)?;
                if self.dry_run {
                    return Err(Code::DryRunOperation.error());
                }
                let source = before.record.source_snapshot.clone();
                begin_anew(tx, &before, (snapshot.manifest, source), (now, seq))
            })
            .await?;
        cx.engine().wake_keeper();
        Ok(Nothing {})
    }
}
