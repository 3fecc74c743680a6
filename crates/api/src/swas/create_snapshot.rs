//! `CreateSnapshot`: a server's disk as it is now, while its guest goes on writing.

use engine::flows::capture::{self, Part, VolumeSpec, Work};
use meta::quotas;
use meta::{Tx, resources};
use model::quota::Quota;
use model::{AccountId, Disk, DiskId, ResourceName, Snapshot, SnapshotId, Tag, Timestamp};
use serde_json::{Value, json};
use wire::Params;

use super::common::{self, Call, LONGEST_NAME, at_rest, server_of, servers};
use crate::action::{Access, Action, Product, Spec};
use crate::code::{ApiResult, Code};
use crate::dispatch::{Allowed, Cx};
use crate::ecs::disks::{create_snapshot, rest};
use crate::input::required;
use crate::resource::own;

/// The call.
pub(crate) struct CreateSnapshot {
    call: Call,
    disk: DiskId,
    name: ResourceName,
    tags: Vec<Tag>,
}

impl Action for CreateSnapshot {
    const SPEC: Spec = Spec {
        product: Product::Swas,
        name: "CreateSnapshot",
        summary: "Take a snapshot of a disk.",
        codes: &[
            Code::SwasRegionNotMatched,
            Code::SwasDiskIdNotFound,
            Code::SwasInstanceIdNotFound,
            Code::SwasSnapshotNameInvalid,
            Code::SwasSnapshotNameTaken,
            Code::SwasSnapshotStatusIncorrect,
            Code::SwasSnapshotUnderWay,
            Code::SwasSnapshotQuotaExceeded,
            Code::TagKeyDuplicate,
            Code::TagKeyMalformed,
            Code::TagValueMalformed,
            Code::TagMismatch,
            Code::TagsTooMany,
            Code::ClientTokenMalformed,
            Code::IdempotentParameterMismatch,
        ],
    };
    type Output = Value;

    fn parse(params: &Params, cx: &Cx) -> ApiResult<Self> {
        let name: ResourceName = required(params, "SnapshotName", Code::SwasSnapshotNameInvalid)?;
        if LONGEST_NAME < name.as_str().chars().count() {
            return Err(Code::SwasSnapshotNameInvalid.error());
        }
        Ok(Self {
            call: Call::read(params, cx)?,
            disk: required(params, "DiskId", Code::SwasDiskIdNotFound)?,
            name,
            tags: common::tags(params)?,
        })
    }

    fn access(&self, cx: &Cx) -> Vec<Access> {
        self.call.access(cx, "swas-open:CreateSnapshot", "snapshot/*")
    }

    async fn run(self, cx: Allowed<'_>) -> ApiResult<Value> {
        let (owner, engine) = (cx.account().at_swas(), cx.engine());
        let now = engine.clock().now();
        let (seq, id) = (engine.age_sequence(now), SnapshotId::generate(engine.entropy()));
        let silent = capture::silent(engine, owner);
        let (call, fresh) = (self.call.clone(), id.clone());
        let work = move |tx: &mut Tx<'_>| {
            let disk = own::<Disk>(tx, owner, &self.call.region, self.disk.as_str(), Code::SwasDiskIdNotFound)?.record;
            self.check(tx, owner, &disk, now)?;
            let mut snapshot = create_snapshot::of(tx, &disk, (id.clone(), owner), now)?;
            snapshot.of_swas = true;
            snapshot.name = self.name.to_string();
            snapshot.tags.clone_from(&self.tags);
            resources::insert(tx, &snapshot, seq)?;
            let part = Part { snapshot: id.clone(), disk: disk.id.clone(), volume: VolumeSpec::of(&disk) };
            capture::begin(tx, silent.clone(), Work { image: None, parts: vec![part] }, &disk.node)?;
            Ok(json!({"SnapshotId": id}))
        };
        let answer = call.once(&cx, Self::SPEC.name, work).await?;
        if answer["SnapshotId"] == json!(fresh) {
            engine.freeze_now(vec![fresh]).await;
        }
        engine.wake();
        Ok(answer)
    }
}

impl CreateSnapshot {
    /// Whether the disk may be captured now.
    fn check(&self, tx: &mut Tx<'_>, owner: AccountId, disk: &Disk, now: Timestamp) -> ApiResult<()> {
        let (region, server) = (&self.call.region, server_of(tx, disk)?.record);
        if !at_rest(&server, now) {
            return Err(Code::SwasSnapshotStatusIncorrect.error());
        }
        if resources::by_name::<Snapshot>(tx, owner, region, self.name.as_str())?.is_some() {
            return Err(Code::SwasSnapshotNameTaken.error());
        }
        rest::no_snapshot_under_way(tx, disk, Code::SwasSnapshotUnderWay)?;
        let each = quotas::limit(tx, owner, Quota::SwasSnapshotsPerServer)?;
        let all = quotas::limit(tx, owner, Quota::SwasSnapshots)?.min(each * servers(tx, owner, region)?);
        let of_server = resources::count_with::<Snapshot>(tx, "instance", server.id.as_str())?;
        if each <= of_server || all <= resources::total::<Snapshot>(tx, owner, region)? {
            return Err(Code::SwasSnapshotQuotaExceeded.error());
        }
        Ok(())
    }
}
