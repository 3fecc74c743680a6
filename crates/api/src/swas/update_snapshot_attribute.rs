//! `UpdateSnapshotAttribute`: change what is said of a snapshot.

use meta::{Tx, resources};
use model::{Description, Snapshot};
use wire::Params;

use super::common::Call;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{no_description, optional};
use crate::resource::own;

/// The call.
pub(crate) struct UpdateSnapshotAttribute {
    call: Call,
    snapshot: String,
    remark: Description,
}

impl Action for UpdateSnapshotAttribute {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "UpdateSnapshotAttribute",
        summary: "Change what is said of a snapshot.",
        codes: &[
            Code::SwasRegionNotMatched,
            Code::SwasSnapshotIdNotFound,
            Code::SwasRemarkInvalid,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self {
            call: Call::read(params, cx)?,
            snapshot: params.get("SnapshotId").ok_or_else(|| ApiError::missing("SnapshotId"))?.to_owned(),
            remark: optional(params, "Remark", Code::SwasRemarkInvalid)?.unwrap_or_else(no_description),
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.call.access(cx, "swas-open:UpdateSnapshotAttribute", &format!("snapshot/{}", self.snapshot))
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (owner, now, call) = (cx.account().at_swas(), cx.engine().clock().now(), self.call.clone());
        let work = move |tx: &mut Tx<'_>| {
            let code = Code::SwasSnapshotIdNotFound;
            let before = own::<Snapshot>(tx, owner, &self.call.region, &self.snapshot, code)?;
            let after = Snapshot { description: self.remark.clone(), modified: now, ..before.record.clone() };
            resources::update(tx, &before, &after)?;
            Ok(())
        };
        call.once(&cx, Self::SPEC.name, work).await?;
        Ok(Nothing {})
    }
}
