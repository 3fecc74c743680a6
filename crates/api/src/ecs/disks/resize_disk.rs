//! `ResizeDisk`: enlarge a disk. With `Type=online` a running guest sees the new size at once.

use meta::resources;
use model::{ClientToken, Disk, DiskId, DiskStatus, Instance, InstanceStatus};
use serde_json::{Value, json};
use wire::Params;

use super::rest::no_snapshot_under_way;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{optional, region_or_default, required};
use crate::resource::{once, own_anywhere};

/// The call.
pub(crate) struct ResizeDisk {
    disk: DiskId,
    size_gib: u32,
    online: bool,
    token: Option<ClientToken>,
}

impl Action for ResizeDisk {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "ResizeDisk",
        summary: "Enlarge a disk.",
        codes: &[
            Code::RegionIdMalformed,
            Code::DiskIdNotFound,
            Code::ResizeTypeInvalid,
            Code::DiskStatusIncorrect,
            Code::InstanceStatusIncorrect,
            Code::InstanceNotRunningForResize,
            Code::DiskCreatingSnapshot,
            Code::NewSizeTooSmall,
            Code::NewSizeEqual,
            Code::NewSizeTooLarge,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        region_or_default(params, cx, Code::RegionIdMalformed)?;
        let online = match params.get("Type").unwrap_or("offline") {
            "offline" => false,
            "online" => true,
            _ => return Err(Code::ResizeTypeInvalid.error()),
        };
        Ok(Self {
            disk: required(params, "DiskId", Code::DiskIdNotFound)?,
            size_gib: required(params, "NewSize", ApiError::invalid("NewSize"))?,
            online,
            token: optional(params, "ClientToken", Code::ClientTokenMalformed)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ecs:ResizeDisk", resource: cx.resource("ecs", "*", &format!("disk/{}", self.disk)) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let account = cx.account();
        let (id, online, token) = (self.disk.clone(), self.online, self.token.clone());
        // The call names no region.
        let region = cx.services().catalogue.default_region().clone();
        let resized = once(&cx, (&region, Self::SPEC.name), (token, Code::IdempotentParameterMismatch), move |tx| {
            let before = own_anywhere::<Disk>(tx, account, self.disk.as_str(), Code::DiskIdNotFound)?;
            if !matches!(before.record.status, DiskStatus::InUse | DiskStatus::Available) {
                return Err(Code::DiskStatusIncorrect.error());
            }
            if let Some(id) = &before.record.instance {
                let server = own_anywhere::<Instance>(tx, account, id.as_str(), Code::InstanceIdNotFound)?.record;
                // Offline, a running guest learns of it when it is restarted by a call.
                match server.status {
                    InstanceStatus::Running => {}
                    InstanceStatus::Stopped if !self.online => {}
                    InstanceStatus::Stopped => return Err(Code::InstanceNotRunningForResize.error()),
                    _ => return Err(Code::InstanceStatusIncorrect.error()),
                }
            }
            no_snapshot_under_way(tx, &before.record, Code::DiskCreatingSnapshot)?;
            if self.size_gib < before.record.size_gib {
                return Err(Code::NewSizeTooSmall.error());
            }
            if self.size_gib == before.record.size_gib {
                return Err(Code::NewSizeEqual.error());
            }
            let most = if before.record.is_system() { 2048 } else { before.record.category.data_sizes().1 };
            if most < self.size_gib {
                return Err(Code::NewSizeTooLarge.error());
            }
            let after = Disk { size_gib: self.size_gib, ..before.record.clone() };
            resources::update(tx, &before, &after)?;
            Ok(json!({}))
        })
        .await?;
        // As the record has it now: the same call again must not take back what a later one did.
        let now = cx.engine().meta().read(move |tx| resources::get::<Disk>(tx, id.as_str())).await?;
        if let Some(disk) = now.map(|stored| stored.record)
            && (online || disk.instance.is_none())
        {
            cx.engine().enlarge(&disk).await.map_err(ApiError::internal)?;
        }
        Ok(resized)
    }
}
