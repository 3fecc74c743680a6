//! `DeleteSnapshot`: delete a snapshot. What disks and images need of its bytes stays.

use meta::{Scope, Tx, manifests, resources};
use model::{AccountId, Disk, Snapshot, SnapshotId, SnapshotStatus, Timestamp};
use wire::Params;

use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{flag, required};

/// The call.
pub(crate) struct DeleteSnapshot {
    snapshot: SnapshotId,
    force: bool,
}

impl Action for DeleteSnapshot {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "DeleteSnapshot",
        summary: "Delete a snapshot.",
        codes: &[
            Code::SnapshotIdNotFoundForDelete,
            Code::SnapshotHasImages,
            Code::SnapshotHasDisks,
            Code::SnapshotUnderWayForDelete,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        Ok(Self {
            snapshot: required(params, "SnapshotId", Code::SnapshotIdNotFoundForDelete)?,
            force: flag(params, "Force")?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resource = cx.resource("ecs", "*", &format!("snapshot/{}", self.snapshot));
        vec![Access { verb: "ecs:DeleteSnapshot", resource }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (account, now) = (cx.account(), cx.engine().clock().now());
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| delete(tx, account, &self.snapshot, self.force, now))
            .await?;
        Ok(Nothing {})
    }
}

/// Deletes a snapshot. One that is not there is no fault: clients name the regions that they are in, not the snapshots'.
fn delete(tx: &mut Tx<'_>, account: AccountId, id: &SnapshotId, force: bool, now: Timestamp) -> ApiResult<()> {
    let found = resources::get::<Snapshot>(tx, id.as_str())?.filter(|stored| stored.record.owner == account);
    let Some(found) = found else { return Ok(()) };
    if !found.record.images.is_empty() {
        return Err(Code::SnapshotHasImages.error());
    }
    if found.record.status == SnapshotStatus::Progressing {
        return Err(Code::SnapshotUnderWayForDelete.error());
    }
    if !force && 0 < resources::count_with::<Disk>(tx, "snapshot", id.as_str())? {
        return Err(Code::SnapshotHasDisks.error());
    }
    manifests::release_all(tx, id.as_str())?;
    resources::delete(tx, &found, now)?;
    Ok(())
}
