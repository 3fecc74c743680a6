//! `ResetDisk`: take a disk of a stopped server back to one of its snapshots.

use meta::Tx;
use model::{Disk, DiskId, InstanceStatus, Snapshot, SnapshotId, SnapshotStatus};
use wire::Params;

use super::common::{Call, server_of};
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ecs::disks::rest::{begin_anew, no_snapshot_under_way};
use crate::input::required;
use crate::resource::own;

/// The call.
pub(crate) struct ResetDisk {
    call: Call,
    disk: DiskId,
    snapshot: SnapshotId,
}

impl Action for ResetDisk {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "ResetDisk",
        summary: "Take a disk back to one of its snapshots.",
        codes: &[
            Code::SwasRegionNotMatched,
            Code::SwasDiskIdNotFound,
            Code::SwasInstanceIdNotFound,
            Code::SwasSnapshotIdNotFound,
            Code::SwasSnapshotOutlived,
            Code::SwasSnapshotUnderWay,
            Code::SwasResetNeedsStop,
            Code::SnapshotNotReady403,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self {
            call: Call::read(params, cx)?,
            disk: required(params, "DiskId", Code::SwasDiskIdNotFound)?,
            snapshot: required(params, "SnapshotId", Code::SwasSnapshotIdNotFound)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let verb = "swas-open:ResetDisk";
        let mut access = self.call.access(cx, verb, &format!("disk/{}", self.disk));
        access.extend(self.call.access(cx, verb, &format!("snapshot/{}", self.snapshot)));
        access
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (owner, now, call) = (cx.account().at_swas(), cx.engine().clock().now(), self.call.clone());
        let seq = cx.engine().age_sequence(now);
        let work = move |tx: &mut Tx<'_>| {
            let region = &self.call.region;
            let before = own::<Disk>(tx, owner, region, self.disk.as_str(), Code::SwasDiskIdNotFound)?;
            let missing = Code::SwasSnapshotIdNotFound;
            let snapshot = own::<Snapshot>(tx, owner, region, self.snapshot.as_str(), missing)?.record;
            if snapshot.source_disk != before.record.id.as_str() {
                return Err(missing.error());
            }
            if snapshot.status != SnapshotStatus::Accomplished {
                return Err(Code::SnapshotNotReady403.error());
            }
            // A reset of the system gives the disk to its server anew.
            if before.record.attached.is_some_and(|attached| snapshot.created < attached) {
                return Err(Code::SwasSnapshotOutlived.error());
            }
            if server_of(tx, &before.record)?.record.status != InstanceStatus::Stopped {
                return Err(Code::SwasResetNeedsStop.error());
            }
            no_snapshot_under_way(tx, &before.record, Code::SwasSnapshotUnderWay)?;
            let source = before.record.source_snapshot.clone();
            begin_anew(tx, &before, (snapshot.manifest, source), (now, seq))
        };
        call.once(&cx, Self::SPEC.name, work).await?;
        cx.engine().wake_keeper();
        Ok(Nothing {})
    }
}
