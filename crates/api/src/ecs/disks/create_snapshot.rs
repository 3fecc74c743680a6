//! `CreateSnapshot`: a disk as it is now, while its guest goes on writing.
//!
//! The moment is fixed before the call returns; what takes long is that the bytes go into the store.

use engine::flows::capture::{self, Part, VolumeSpec, Work};
use meta::{Tx, images, resources};
use model::quota::Quota;
use model::{
    AccountId, ClientToken, Description, Disk, DiskId, Instance, InstanceStatus, RegionId, ResourceName, Snapshot,
    SnapshotId, SnapshotStatus, Tag, Timestamp,
};
use serde_json::{Value, json};
use wire::Params;

use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::input::{self, description, optional, required};
use crate::quota;
use crate::resource::{once, own_anywhere};

/// The longest that a snapshot may be kept, in days.
const LONGEST_RETENTION: u32 = 65_536;

/// The call.
pub(crate) struct CreateSnapshot {
    disk: DiskId,
    name: Option<ResourceName>,
    description: Description,
    retention_days: Option<u32>,
    tags: Vec<Tag>,
    token: Option<ClientToken>,
}

impl Action for CreateSnapshot {
    const SPEC: Spec = Spec {
        product: Product::Ecs,
        name: "CreateSnapshot",
        summary: "Take a snapshot of a disk.",
        codes: &[
            Code::DiskIdNotFoundForSnapshot,
            Code::SnapshotNameMalformed,
            Code::SnapshotDescriptionMalformed,
            Code::RetentionDaysMalformed,
            Code::DiskStatusIncorrect,
            Code::InstanceStatusIncorrect,
            Code::SnapshotUnderWay,
            Code::SnapshotQuotaExceeded,
            Code::TagKeyDuplicate,
            Code::TagKeyMalformed,
            Code::TagValueMalformed,
            Code::TagMismatch,
            Code::TagQuotaExceeded,
            Code::ClientTokenMalformed403,
            Code::SnapshotTokenMismatch,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, _cx: &Cx) -> ApiResult<Self> {
        let retention_days = optional(params, "RetentionDays", Code::RetentionDaysMalformed)?;
        if retention_days.is_some_and(|days| days == 0 || LONGEST_RETENTION < days) {
            return Err(Code::RetentionDaysMalformed.error());
        }
        Ok(Self {
            disk: required(params, "DiskId", Code::DiskIdNotFoundForSnapshot)?,
            name: snapshot_name(params)?,
            description: description(params, Code::SnapshotDescriptionMalformed)?,
            retention_days,
            tags: input::tags_or(params, Code::TagKeyDuplicate, Code::TagQuotaExceeded)?,
            token: optional(params, "ClientToken", Code::ClientTokenMalformed403)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        let verb = "ecs:CreateSnapshot";
        vec![
            Access { verb, resource: cx.resource("ecs", "*", &format!("disk/{}", self.disk)) },
            Access { verb, resource: cx.resource("ecs", "*", "snapshot/*") },
        ]
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let (account, engine) = (cx.account(), cx.engine());
        let now = engine.clock().now();
        let (seq, id) = (engine.age_sequence(now), SnapshotId::generate(engine.entropy()));
        let silent = capture::silent(engine, account);
        let region = cx.services().catalogue.default_region().clone();
        let token = self.token.clone();
        let fresh = id.clone();
        let answer = once(&cx, (&region, Self::SPEC.name), (token, Code::SnapshotTokenMismatch), move |tx| {
            let disk = own_anywhere::<Disk>(tx, account, self.disk.as_str(), Code::DiskIdNotFoundForSnapshot)?.record;
            check(tx, &disk)?;
            server_at_rest_or_running(tx, &disk)?;
            have_room(tx, (account, &disk.region), 1, Code::SnapshotQuotaExceeded)?;
            let mut snapshot = of(tx, &disk, (id.clone(), account), now)?;
            snapshot.name = self.name.as_ref().map_or_else(String::new, ToString::to_string);
            snapshot.description = self.description.clone();
            snapshot.retention_days = self.retention_days;
            snapshot.tags.clone_from(&self.tags);
            resources::insert(tx, &snapshot, seq)?;
            let part = Part { snapshot: id.clone(), disk: disk.id.clone(), volume: VolumeSpec::of(&disk) };
            capture::begin(tx, silent.clone(), Work { image: None, parts: vec![part] }, &disk.node)?;
            Ok(json!({"SnapshotId": id}))
        })
        .await?;
        if answer["SnapshotId"] == json!(fresh) {
            engine.freeze_now(vec![fresh]).await;
        }
        engine.wake();
        Ok(answer)
    }
}

/// A snapshot's name, which must not look like an automatic one.
pub(super) fn snapshot_name(params: &Params) -> ApiResult<Option<ResourceName>> {
    let name: Option<ResourceName> = optional(params, "SnapshotName", Code::SnapshotNameMalformed)?;
    if name.as_ref().is_some_and(|name| name.as_str().starts_with("auto")) {
        return Err(Code::SnapshotNameMalformed.error());
    }
    Ok(name)
}

/// Whether a disk may be captured now.
pub(crate) fn check(tx: &mut Tx<'_>, disk: &Disk) -> ApiResult<()> {
    if !matches!(disk.status, model::DiskStatus::InUse | model::DiskStatus::Available) {
        return Err(Code::DiskStatusIncorrect.error());
    }
    super::rest::no_snapshot_under_way(tx, disk, Code::SnapshotUnderWay)?;
    let there = resources::count_with::<Snapshot>(tx, "disk", disk.id.as_str())?;
    quota::one_more(tx, disk.owner, Quota::SnapshotsPerDisk, there, Code::SnapshotQuotaExceeded)
}

/// A server on its way between its states may have no snapshot taken, as at the service.
fn server_at_rest_or_running(tx: &mut Tx<'_>, disk: &Disk) -> ApiResult<()> {
    let Some(id) = &disk.instance else { return Ok(()) };
    match resources::get::<Instance>(tx, id.as_str())?.map(|server| server.record.status) {
        None | Some(InstanceStatus::Running | InstanceStatus::Stopped) => Ok(()),
        Some(_) => Err(Code::InstanceStatusIncorrect.error()),
    }
}

/// Whether so many snapshots may be added to those of a region: those that are there, and those that imports and copies
/// under way will have.
pub(crate) fn have_room(
    tx: &mut Tx<'_>,
    (owner, region): (AccountId, &RegionId),
    n: usize,
    full: Code,
) -> ApiResult<()> {
    let there = resources::total::<Snapshot>(tx, owner, region)? + images::disks_under_way(tx, owner, region)?;
    quota::at_most(tx, owner, Quota::Snapshots, there + n as u64, full)
}

/// A snapshot of a disk that has just begun.
pub(crate) fn of(
    tx: &mut Tx<'_>,
    disk: &Disk,
    (id, owner): (SnapshotId, AccountId),
    now: Timestamp,
) -> ApiResult<Snapshot> {
    let server = match &disk.instance {
        None => None,
        Some(id) => resources::get::<Instance>(tx, id.as_str())?,
    };
    Ok(Snapshot {
        id,
        owner,
        region: disk.region.clone(),
        name: String::new(),
        description: input::no_description(),
        status: SnapshotStatus::Progressing,
        progress: 0,
        source_disk: disk.id.to_string(),
        source_type: disk.disk_type,
        source_size_gib: disk.size_gib,
        source_category: disk.category,
        instance: disk.instance.clone(),
        source_image: server.map(|server| server.record.image).or(disk.image.clone()),
        manifest: String::new(),
        digest: String::new(),
        virtual_size: disk.bytes(),
        images: Vec::new(),
        goes_with_image: false,
        of_swas: false,
        retention_days: None,
        tags: Vec::new(),
        created: now,
        modified: now,
    })
}
