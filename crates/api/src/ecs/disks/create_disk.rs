//! `CreateDisk`: make a data disk, empty or from a snapshot. It costs nothing until something is written.

use model::{
    ClientToken, Description, Disk, DiskCategory, DiskId, DiskStatus, DiskType, Instance, InstanceId, RegionId,
    ResourceName, Snapshot, SnapshotId, SnapshotStatus, Tag,
};
use serde_json::{Value, json};
use wire::Params;

use super::attach_disk;
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ecs::instances::wanted_disks::insert_disk;
use crate::input::{self, description, optional, region};
use crate::resource::{once, own};

/// The call.
pub(crate) struct CreateDisk {
    region: RegionId,
    zone: Option<String>,
    instance: Option<InstanceId>,
    snapshot: Option<SnapshotId>,
    size_gib: Option<u32>,
    category: DiskCategory,
    performance_level: String,
    name: Option<ResourceName>,
    description: Description,
    tags: Vec<Tag>,
    token: Option<ClientToken>,
}

impl Action for CreateDisk {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "CreateDisk",
        summary: "Make a data disk.",
        codes: &[
            Code::RegionIdNotFound404,
            Code::ZoneIdNotFound,
            Code::ZoneBesideInstance,
            Code::InstanceIdNotFound,
            Code::SnapshotIdNotFound,
            Code::SnapshotNotReady403,
            Code::SnapshotOfSystemDisk,
            Code::DiskCategoryInvalid,
            Code::DiskSizeInvalid,
            Code::DiskSizeTooSmallForSnapshot,
            Code::SizeOrSnapshotMissing,
            Code::CreateDiskNameMalformed,
            Code::CreateDiskDescriptionMalformed,
            Code::EncryptionUnsupported,
            Code::SnapshotTooLargeForDisk,
            Code::MultiAttachUnsupported,
            Code::InstanceStatusIncorrectForDisk,
            Code::DiskInAnotherZone,
            Code::TooManyDisks,
            Code::TagKeyDuplicate,
            Code::TagKeyMalformed,
            Code::TagValueMalformed,
            Code::TagMismatch,
            Code::TagQuotaExceeded,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let region = region(params, cx, Code::RegionIdNotFound404)?;
        let zone = params.get("ZoneId").map(str::to_owned);
        if zone.as_ref().is_some_and(|zone| !cx.services.catalogue.zones(&region).contains(zone)) {
            return Err(Code::ZoneIdNotFound.with("The specified zone does not exist."));
        }
        let instance = optional(params, "InstanceId", Code::InstanceIdNotFound)?;
        match (&zone, &instance) {
            (Some(_), Some(_)) => return Err(Code::ZoneBesideInstance.error()),
            (None, None) => return Err(ApiError::missing("ZoneId")),
            _ => {}
        }
        input::unencrypted(params)?;
        if params.get("MultiAttach") == Some("Enabled") {
            return Err(Code::MultiAttachUnsupported.error());
        }
        let snapshot = optional(params, "SnapshotId", Code::SnapshotIdNotFound)?;
        let size_gib: Option<u32> = optional(params, "Size", Code::DiskSizeInvalid)?;
        if size_gib.is_none() && snapshot.is_none() {
            return Err(Code::SizeOrSnapshotMissing.error());
        }
        let category = optional(params, "DiskCategory", Code::DiskCategoryInvalid)?.unwrap_or(DiskCategory::Cloud);
        let (least, most) = category.data_sizes();
        if size_gib.is_some_and(|size| !(least..=most).contains(&size)) {
            return Err(Code::DiskSizeInvalid.error());
        }
        Ok(Self {
            region,
            zone,
            instance,
            snapshot,
            size_gib,
            category,
            performance_level: params.get("PerformanceLevel").unwrap_or_default().to_owned(),
            name: optional(params, "DiskName", Code::CreateDiskNameMalformed)?,
            description: description(params, Code::CreateDiskDescriptionMalformed)?,
            tags: input::tags_or(params, Code::TagKeyDuplicate, Code::TagQuotaExceeded)?,
            token: optional(params, "ClientToken", Code::ClientTokenMalformed)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let region = self.region.as_str();
        let mut resources = vec![cx.resource("ecs", region, "disk/*")];
        resources.extend(self.snapshot.iter().map(|id| cx.resource("ecs", region, &format!("snapshot/{id}"))));
        resources.extend(self.instance.iter().map(|id| cx.resource("ecs", region, &format!("instance/{id}"))));
        resources.into_iter().map(|resource| Access { verb: "ecs:CreateDisk", resource }).collect()
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let (account, engine) = (cx.account(), cx.engine().clone());
        let now = engine.clock().now();
        let (seq, id) = (engine.age_sequence(now), DiskId::generate(engine.entropy()));
        let (region, token) = (self.region.clone(), self.token.clone());
        let made = once(&cx, (&region, Self::SPEC.name), (token, Code::IdempotentParameterMismatch), move |tx| {
            let region = &self.region;
            let from = match &self.snapshot {
                None => None,
                Some(id) => Some(own::<Snapshot>(tx, account, region, id.as_str(), Code::SnapshotIdNotFound)?.record),
            };
            if from.as_ref().is_some_and(|from| from.status != SnapshotStatus::Accomplished) {
                return Err(Code::SnapshotNotReady403.error());
            }
            if from.as_ref().is_some_and(Snapshot::is_system) {
                return Err(Code::SnapshotOfSystemDisk.error());
            }
            let least = from.as_ref().map_or(0, |from| from.source_size_gib);
            let size_gib = self.size_gib.unwrap_or(least);
            if size_gib < least {
                return Err(Code::DiskSizeTooSmallForSnapshot.error());
            }
            // Only a size that the snapshot brings can be too much for the category here.
            if self.category.data_sizes().1 < size_gib {
                return Err(Code::SnapshotTooLargeForDisk.error());
            }
            let server = match &self.instance {
                None => None,
                Some(id) => Some(own::<Instance>(tx, account, region, id.as_str(), Code::InstanceIdNotFound)?),
            };
            let zone = self.zone.clone().or(server.as_ref().map(|server| server.record.zone.clone()));
            let disk = Disk {
                id: id.clone(),
                owner: account,
                region: region.clone(),
                zone: zone.unwrap_or_default(),
                name: self.name.as_ref().map_or_else(String::new, ToString::to_string),
                description: self.description.clone(),
                disk_type: DiskType::Data,
                category: self.category,
                performance_level: self.performance_level.clone(),
                size_gib,
                status: DiskStatus::Available,
                instance: None,
                device: String::new(),
                image: None,
                source_snapshot: self.snapshot.clone(),
                base: from.map_or_else(String::new, |from| from.manifest),
                epoch: 0,
                // A disk without a server is this node's until a server of another one takes it.
                node: engine.node().to_owned(),
                delete_with_instance: false,
                delete_auto_snapshot: true,
                tags: self.tags.clone(),
                created: now,
                attached: None,
                detached: None,
            };
            let disk = match server {
                None => disk,
                Some(server) => {
                    let disk = Disk { delete_with_instance: true, ..disk };
                    attach_disk::attached(tx, &disk, (&server.record, None), Code::TooManyDisks, now)?
                }
            };
            insert_disk(tx, &disk, seq)?;
            Ok(json!({"DiskId": disk.id}))
        })
        .await?;
        cx.engine().wake_keeper();
        Ok(made)
    }
}
