//! `ReInitDisk`: let a disk begin anew from what it was made from: an image, a snapshot, or nothing.

use meta::{Scope, Tx, images, resources, visible};
use model::{AccountId, Disk, DiskId, ImageId, Instance, Password, ResourceName, Snapshot};
use wire::Params;

use super::rest::{begin_anew, no_snapshot_under_way, not_on_its_way, stopped_server};
use crate::action::{Access, Action, Nothing, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ecs::instances::power::Power;
use crate::ecs::security::key_pairs;
use crate::input::{flag, optional, region_or_default, required};
use crate::resource::own_anywhere;

/// The call.
pub(crate) struct ReInitDisk {
    disk: DiskId,
    password: Option<Password>,
    key_pair: Option<ResourceName>,
    and_start: bool,
}

impl Action for ReInitDisk {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "ReInitDisk",
        summary: "Let a disk begin anew from what it was made from.",
        codes: &[
            Code::RegionIdMalformed,
            Code::DiskIdNotFound,
            Code::PasswordMalformed,
            Code::KeyPairNameMalformed,
            Code::KeyPairNameNotFoundForDisk,
            Code::DiskStatusIncorrect,
            Code::InstanceStatusIncorrect,
            Code::InstanceIdNotFound,
            Code::DiskCreatingSnapshot,
            Code::SharedImageDeleted,
            Code::ImageIdNotFound,
            Code::SourceSnapshotDeleted,
        ],
    };
    type Output = Nothing;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        region_or_default(params, cx, Code::RegionIdMalformed)?;
        Ok(Self {
            disk: required(params, "DiskId", Code::DiskIdNotFound)?,
            password: optional(params, "Password", Code::PasswordMalformed)?,
            key_pair: optional(params, "KeyPairName", Code::KeyPairNameMalformed)?,
            and_start: flag(params, "AutoStartInstance")?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        vec![Access { verb: "ecs:ReInitDisk", resource: cx.resource("ecs", "*", &format!("disk/{}", self.disk)) }]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Nothing> {
        let (account, now) = (cx.account(), cx.engine().clock().now());
        let seq = cx.engine().age_sequence(now);
        cx.engine()
            .meta()
            .write(Scope::Account(account), move |tx| {
                let before = own_anywhere::<Disk>(tx, account, self.disk.as_str(), Code::DiskIdNotFound)?;
                let missing = Code::KeyPairNameNotFoundForDisk;
                key_pairs::check(tx, (account, &before.record.region), self.key_pair.as_ref(), missing)?;
                not_on_its_way(&before.record)?;
                let server = stopped_server(tx, account, &before.record)?.ok_or(Code::DiskStatusIncorrect)?;
                no_snapshot_under_way(tx, &before.record, Code::DiskCreatingSnapshot)?;
                let disk = &before.record;
                let base = match (&disk.image, &disk.source_snapshot) {
                    (Some(id), _) => {
                        let Some(image) = visible::for_use(tx, account, &disk.region, id)? else {
                            return Err(absence(tx, account, id)?.error());
                        };
                        image.disks.first().map(|mapping| mapping.manifest.clone()).ok_or(Code::ImageIdNotFound)?
                    }
                    (None, Some(id)) => {
                        let code = Code::SourceSnapshotDeleted;
                        own_anywhere::<Snapshot>(tx, account, id.as_str(), code)?.record.manifest
                    }
                    (None, None) => String::new(),
                };
                begin_anew(tx, &before, (base, disk.source_snapshot.clone()), (now, seq))?;
                let mut after: Instance = server.record.clone();
                after.password = self.password.as_ref().map(ToString::to_string).or(after.password);
                after.key_pair = self.key_pair.clone().or(after.key_pair);
                if self.and_start {
                    after = Power::Start.apply(&after)?;
                }
                resources::update(tx, &server, &after)?;
                Ok(())
            })
            .await?;
        cx.engine().wake_keeper();
        Ok(Nothing {})
    }
}

/// What the absence of a disk's image is called: whose image it was decides, whether it was taken back or deleted.
fn absence(tx: &mut Tx<'_>, account: AccountId, id: &ImageId) -> ApiResult<Code> {
    let there = images::get(tx, id)?.map(|stored| stored.image.owner);
    let owner = match there {
        Some(owner) => Some(owner),
        None => images::late_owner(tx, id)?,
    };
    Ok(if owner.is_some_and(|owner| owner != account) { Code::SharedImageDeleted } else { Code::ImageIdNotFound })
}
