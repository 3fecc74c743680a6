//! `ModifySnapshotAttribute`: change what a snapshot is called and how long it is kept.

use meta::{Scope, resources};
use model::{Description, ResourceName, Snapshot, SnapshotId, SnapshotStatus};
use wire::Params;

use super::create_snapshot::snapshot_name;
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{optional, required};
use crate::resource::own_anywhere;

/// The call. What is none stays as it is.
pub(crate) struct ModifySnapshotAttribute {
    snapshot: SnapshotId,
    name: Option<ResourceName>,
    description: Option<Description>,
    retention_days: Option<u32>,
}

impl Action for ModifySnapshotAttribute {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "ModifySnapshotAttribute",
        summary: "Change a snapshot's attributes.",
        codes: &[
            Code::SnapshotIdNotFound,
            Code::SnapshotNameMalformed,
            Code::SnapshotDescriptionMalformed,
            Code::RetentionDaysMalformed,
            Code::RetentionDaysDecreased,
            Code::SnapshotNotReadyForModify,
            Code::NoAttributeToModify,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        let this = Self {
            snapshot: required(params, "SnapshotId", Code::SnapshotIdNotFound)?,
            name: snapshot_name(params)?,
            description: optional(params, "Description", Code::SnapshotDescriptionMalformed)?,
            retention_days: optional(params, "RetentionDays", Code::RetentionDaysMalformed)?,
        };
        if this.name.is_none() && this.description.is_none() && this.retention_days.is_none() {
            return Err(Code::NoAttributeToModify.error());
        }
        Ok(this)
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let resource = cx.resource("ecs", "*", &format!("snapshot/{}", self.snapshot));
        vec![Access { verb: "ecs:ModifySnapshotAttribute", resource }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (account, now) = (cx.account(), cx.engine().clock().now());
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let code = Code::SnapshotIdNotFound;
                let before = own_anywhere::<Snapshot>(tx, account, self.snapshot.as_str(), code)?;
                let mut after = before.record.clone();
                if after.status == SnapshotStatus::Progressing {
                    return Err(Code::SnapshotNotReadyForModify.error());
                }
                if self.retention_days < after.retention_days && self.retention_days.is_some() {
                    return Err(Code::RetentionDaysDecreased.error());
                }
                after.name = self.name.as_ref().map_or(after.name, ToString::to_string);
                after.description = self.description.clone().unwrap_or(after.description);
                after.retention_days = self.retention_days.or(after.retention_days);
                after.modified = now;
                resources::update(tx, &before, &after)?;
                Ok(Nothing {})
            })
            .await
    }
}
