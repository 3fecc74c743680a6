//! `ModifyDiskAttribute`: change what a disk is called and whether it goes with its server.

use meta::{Scope, resources};
use model::{Description, Disk, DiskId, ResourceName};
use wire::Params;

use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{optional, optional_flag, region_or_default};
use crate::resource::own_anywhere;

/// Attributes that a call may change; of the last two, disks here have none.
const ATTRIBUTES: &[&str] =
    &["DiskName", "Description", "DeleteWithInstance", "DeleteAutoSnapshot", "EnableAutoSnapshot", "BurstingEnabled"];

/// The call. What is none stays as it is.
pub(crate) struct ModifyDiskAttribute {
    disks: Vec<DiskId>,
    name: Option<ResourceName>,
    description: Option<Description>,
    delete_with_instance: Option<bool>,
    delete_auto_snapshot: Option<bool>,
}

impl Action for ModifyDiskAttribute {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "ModifyDiskAttribute",
        summary: "Change a disk's attributes.",
        codes: &[
            Code::RegionIdMalformed,
            Code::DiskIdNotFound,
            Code::DiskIdMissing,
            Code::DiskIdBesideDiskIds,
            Code::NoAttributeToModify,
            Code::CreateDiskNameMalformed,
            Code::DiskDescriptionMalformed404,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        region_or_default(params, cx, Code::RegionIdMalformed)?;
        let several: Vec<&str> = params.list("DiskIds").into_iter().map(|(_, id)| id).collect();
        let ids: Vec<&str> = match params.get("DiskId") {
            Some(_) if !several.is_empty() => return Err(Code::DiskIdBesideDiskIds.error()),
            Some(id) => vec![id],
            None if several.is_empty() => return Err(Code::DiskIdMissing.error()),
            None => several,
        };
        if !ATTRIBUTES.iter().any(|name| params.raw(name).is_some()) {
            return Err(Code::NoAttributeToModify.error());
        }
        let disks = ids.into_iter().map(|id| id.parse().map_err(|_| Code::DiskIdNotFound.error()));
        Ok(Self {
            disks: disks.collect::<ApiResult<_>>()?,
            name: optional(params, "DiskName", Code::CreateDiskNameMalformed)?,
            description: optional(params, "Description", Code::DiskDescriptionMalformed404)?,
            delete_with_instance: optional_flag(params, "DeleteWithInstance")?,
            delete_auto_snapshot: optional_flag(params, "DeleteAutoSnapshot")?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let name = |id: &DiskId| cx.resource("ecs", "*", &format!("disk/{id}"));
        self.disks.iter().map(|id| Access { verb: "ecs:ModifyDiskAttribute", resource: name(id) }).collect()
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let account = cx.account();
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                for id in &self.disks {
                    let before = own_anywhere::<Disk>(tx, account, id.as_str(), Code::DiskIdNotFound)?;
                    let mut after = before.record.clone();
                    after.name = self.name.as_ref().map_or(after.name, ToString::to_string);
                    after.description = self.description.clone().unwrap_or(after.description);
                    after.delete_with_instance = self.delete_with_instance.unwrap_or(after.delete_with_instance);
                    after.delete_auto_snapshot = self.delete_auto_snapshot.unwrap_or(after.delete_auto_snapshot);
                    resources::update(tx, &before, &after)?;
                }
                Ok(Nothing {})
            })
            .await
    }
}
