//! `DeleteSnapshots`: delete snapshots, all of them or none.

use meta::Tx;
use wire::Params;

use super::common::{Call, ids};
use super::delete_snapshot::{self, delete};
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::ApiResult;
use crate::dispatch::{Allowed, Cx};

/// The call.
pub(crate) struct DeleteSnapshots {
    call: Call,
    snapshots: Vec<String>,
}

impl Action for DeleteSnapshots {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "DeleteSnapshots",
        summary: "Delete snapshots.",
        codes: delete_snapshot::CODES,
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        Ok(Self { call: Call::read(params, cx)?, snapshots: ids(params, "SnapshotIds", 100)? })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let one = |id: &String| self.call.access(cx, "swas-open:DeleteSnapshots", &format!("snapshot/{id}"));
        self.snapshots.iter().flat_map(one).collect()
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (owner, now, call) = (cx.account().at_swas(), cx.engine().clock().now(), self.call.clone());
        let work = move |tx: &mut Tx<'_>| {
            self.snapshots.iter().try_for_each(|id| delete(tx, (owner, &self.call.region), id, now))
        };
        call.once(&cx, Self::SPEC.name, work).await?;
        Ok(Nothing {})
    }
}
