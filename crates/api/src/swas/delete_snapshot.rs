//! `DeleteSnapshot`: delete a snapshot. One that an image is made of stays as long as the image.

use meta::{Tx, manifests, resources};
use model::{AccountId, RegionId, Snapshot, SnapshotStatus, Timestamp};
use wire::Params;

use super::common::Call;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::resource::own;

/// Codes of deleting one snapshot and several.
pub(super) const CODES: &[Code] = &[
    Code::SwasRegionNotMatched,
    Code::SwasSnapshotIdNotFound,
    Code::SwasSnapshotHasImages,
    Code::SnapshotUnderWayForDelete,
    Code::ClientTokenMalformed,
    Code::IdempotentParameterMismatch,
];

/// The call.
pub(crate) struct DeleteSnapshot {
    call: Call,
    snapshot: String,
}

impl Action for DeleteSnapshot {
    const SPEC: Spec =
        Spec { product: Product::Swas, name: "DeleteSnapshot", summary: "Delete a snapshot.", codes: CODES };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let snapshot = params.get("SnapshotId").ok_or_else(|| ApiError::missing("SnapshotId"))?.to_owned();
        Ok(Self { call: Call::read(params, cx)?, snapshot })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.call.access(cx, "swas-open:DeleteSnapshot", &format!("snapshot/{}", self.snapshot))
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (owner, now, call) = (cx.account().at_swas(), cx.engine().clock().now(), self.call.clone());
        let work = move |tx: &mut Tx<'_>| delete(tx, (owner, &self.call.region), &self.snapshot, now);
        call.once(&cx, Self::SPEC.name, work).await?;
        Ok(Nothing {})
    }
}

/// Deletes a snapshot.
pub(super) fn delete(
    tx: &mut Tx<'_>,
    (owner, region): (AccountId, &RegionId),
    id: &str,
    now: Timestamp,
) -> ApiResult<()> {
    let found = own::<Snapshot>(tx, owner, region, id, Code::SwasSnapshotIdNotFound)?;
    if !found.record.images.is_empty() {
        return Err(Code::SwasSnapshotHasImages.error());
    }
    if found.record.status == SnapshotStatus::Progressing {
        return Err(Code::SnapshotUnderWayForDelete.error());
    }
    manifests::release_all(tx, id)?;
    resources::delete(tx, &found, now)?;
    Ok(())
}
