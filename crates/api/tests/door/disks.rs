//! Disks and snapshots: every refusal that the documents have for what can happen here, in a world that stands still.
//!
//! Nothing moves servers and no flow runs unless a test says so: a state stays until the next line.

use meta::Scope;
use meta::resources::{self, Record};
use model::quota::Quota;
use model::{DiskStatus, Image, Instance, InstanceStatus, Snapshot};
use serde_json::{Value, json};

use crate::support::{IMPORT, KEY, World, text};

/// A world that stands still, with one server that has a system disk and a data disk of 20 GiB.
pub(crate) struct Still {
    pub world: World,
    pub image: String,
    pub server: String,
    pub system: String,
    pub data: String,
}

type Refusal<'a> = (&'a [(&'a str, &'a str)], u16, &'a str);

impl Still {
    /// The server is running, and its disks are in use.
    pub async fn new() -> Self {
        let world = World::ready().await;
        let image = text(&world.ecs_ok("ImportImage", &IMPORT).await["ImageId"]);
        world.work().await;
        let data = [("DataDisk.1.Size", "20"), ("DataDisk.1.Category", "cloud_essd"), ("ZoneId", "cn-hangzhou-a")];
        let server = world.launch(&image, &data).await;
        let mut disks = Vec::new();
        for kind in ["system", "data"] {
            let shown = world.ecs_ok("DescribeDisks", &[("InstanceId", &server), ("DiskType", kind)]).await;
            disks.push(text(&shown["Disks"]["Disk"][0]["DiskId"]));
        }
        let this = Self { world, image, server, system: disks[0].clone(), data: disks[1].clone() };
        this.disk(&this.system, DiskStatus::InUse).await;
        this.disk(&this.data, DiskStatus::InUse).await;
        this.server(InstanceStatus::Running).await;
        this
    }

    async fn meddle<R: Record + Send + Sync + 'static>(&self, id: &str, change: impl Fn(&mut R) + Send + 'static) {
        let id = id.to_owned();
        let changed = self.world.engine.meta().write(Scope::Account(self.world.account), move |tx| {
            let before = resources::get::<R>(tx, &id)?.expect("it is there");
            let mut after = resources::get::<R>(tx, &id)?.expect("it is there").record;
            change(&mut after);
            resources::update(tx, &before, &after)
        });
        assert!(changed.await.expect("written"));
    }

    pub async fn server(&self, status: InstanceStatus) {
        self.meddle::<Instance>(&self.server, move |server| server.status = status).await;
    }

    pub async fn disk(&self, id: &str, status: DiskStatus) {
        self.meddle::<model::Disk>(id, move |disk| disk.status = status).await;
    }

    /// A snapshot of a disk that is still under way.
    pub async fn snapshot(&self, disk: &str) -> String {
        text(&self.world.ecs_ok("CreateSnapshot", &[("DiskId", disk)]).await["SnapshotId"])
    }

    /// A data disk of the server's zone.
    async fn free_disk(&self, more: &[(&str, &str)]) -> String {
        let zone = if more.iter().any(|(name, _)| matches!(*name, "InstanceId" | "ZoneId")) {
            vec![]
        } else {
            vec![("ZoneId", "cn-hangzhou-a")]
        };
        text(&self.world.ecs_ok("CreateDisk", &[&zone[..], more].concat()).await["DiskId"])
    }

    pub async fn refused(&self, action: &str, cases: &[Refusal<'_>]) {
        for (params, status, code) in cases {
            assert_eq!(self.world.ecs_code(action, params).await, (*status, (*code).to_owned()), "{action} {params:?}");
        }
    }
}

/// One tag more than a call may have.
pub(crate) fn too_many_tags() -> Vec<(String, String)> {
    (1..=21).flat_map(|n| [(format!("Tag.{n}.Key"), format!("k{n}")), (format!("Tag.{n}.Value"), "v".into())]).collect()
}

pub(crate) fn borrowed(params: &[(String, String)]) -> Vec<(&str, &str)> {
    params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn what_a_new_disk_must_be() {
    let still = Still::new().await;
    let (size, zone, of) = (("Size", "20"), ("ZoneId", "cn-hangzhou-a"), ("DiskCategory", "cloud_essd"));
    let of_system = still.world.system_snapshot(&still.image).await;
    let of_data = still.snapshot(&still.data).await;
    let (of_system, of_data) = (("SnapshotId", of_system.as_str()), ("SnapshotId", of_data.as_str()));
    still
        .refused(
            "CreateDisk",
            &[
                (&[zone], 400, "MissingParameter"),
                (&[size, zone, ("InstanceId", &still.server)], 403, "InvalidParam.ZoneIdAndInstanceId.Conflict"),
                (&[size, ("ZoneId", "cn-hangzhou-z")], 404, "InvalidZoneId.NotFound"),
                (&[size, ("InstanceId", "i-none")], 404, "InvalidInstanceId.NotFound"),
                (&[zone, ("SnapshotId", "s-none")], 404, "InvalidSnapshotId.NotFound"),
                (&[zone, of_data], 403, "InvalidSnapshotId.NotReady"),
                (&[zone, of_system], 403, "InvalidSnapshotId.NotDataDiskSnapshot"),
                (&[size, zone, ("Tag.1.Key", "k"), ("Tag.2.Key", "K")], 400, "Duplicate.TagKey"),
                (&[size, zone, ("Encrypted", "true")], 400, "UnsupportedOperation"),
                (&[size, zone, ("KMSKeyId", "key")], 400, "UnsupportedOperation"),
                (&[size, zone, ("MultiAttach", "Enabled")], 400, "UnsupportedOperation"),
            ],
        )
        .await;
    let tags = too_many_tags();
    let tags = [&[size, zone][..], &borrowed(&tags)].concat();
    still.refused("CreateDisk", &[(&tags, 403, "QuotaExceed.Tags")]).await;
    still.world.work().await;
    still.refused("CreateDisk", &[(&[zone, of, of_data, ("Size", "19")], 403, "InvalidDiskSize.TooSmall")]).await;
    // Without a size, it is the snapshot's, which the category must have.
    still.meddle::<Snapshot>(of_data.1, |snapshot| snapshot.source_size_gib = 2_001).await;
    still.refused("CreateDisk", &[(&[zone, of_data], 403, "InvalidSnapshot.TooLarge")]).await;
    still.meddle::<Snapshot>(of_data.1, |snapshot| snapshot.source_size_gib = 2_000).await;
    still.free_disk(&[of_data]).await;
    still.server(InstanceStatus::Pending).await;
    let there = [size, ("InstanceId", still.server.as_str())];
    still.refused("CreateDisk", &[(&there, 400, "IncorrectInstanceStatus")]).await;
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn disks_come_to_servers_and_leave_them() {
    let still = Still::new().await;
    let (server, size) = (("InstanceId", still.server.as_str()), ("Size", "20"));
    let free = still.free_disk(&[size]).await;
    let elsewhere = still.free_disk(&[size, ("ZoneId", "cn-hangzhou-b")]).await;
    let free = ("DiskId", free.as_str());
    still
        .refused(
            "AttachDisk",
            &[
                (&[free, server, ("RegionId", "cn-nowhere")], 400, "InvalidRegionId.MalFormed"),
                (&[free, server, ("Device", "/dev/sda")], 400, "InvalidDevice.Malformed"),
                (&[free, server, ("Device", "/dev/xvdb")], 403, "InvalidDevice.InUse"),
                (&[free, server, ("Bootable", "true")], 400, "InvalidDisk.DiskNotBootable"),
                (&[("DiskId", &elsewhere), server], 403, "ResourcesNotInSameZone"),
                (&[("DiskId", &still.data), server], 403, "IncorrectDiskStatus"),
                (&[("DiskId", &still.data), server, ("Force", "true")], 403, "IncorrectDiskStatus"),
            ],
        )
        .await;
    let data = ("DiskId", still.data.as_str());
    still.server(InstanceStatus::Starting).await;
    still.refused("AttachDisk", &[(&[free, server], 400, "IncorrectInstanceStatus")]).await;
    still.refused("DetachDisk", &[(&[data, server], 403, "IncorrectInstanceStatus")]).await;

    still.server(InstanceStatus::Stopped).await;
    still.disk(data.1, DiskStatus::Attaching).await;
    still
        .refused(
            "DetachDisk",
            &[
                (&[data, server, ("RegionId", "cn-nowhere")], 400, "InvalidRegionId.MalFormed"),
                (&[data, server], 403, "IncorrectDiskStatus"),
                (&[("DiskId", &still.system), server], 403, "DiskTypeViolation"),
                (&[free, server], 403, "DependencyViolation"),
            ],
        )
        .await;
    still.disk(data.1, DiskStatus::InUse).await;
    still.world.ecs_ok("DetachDisk", &[data, server]).await;
    // The same call again: it was heard the first time.
    still.refused("DetachDisk", &[(&[data, server], 404, "InvalidDisk.AlreadyDetached")]).await;

    for _ in 0..model::quota::DATA_DISKS {
        still.free_disk(&[size, server]).await;
    }
    still.refused("AttachDisk", &[(&[free, server], 403, "InstanceDiskLimitExceeded")]).await;
    still.refused("CreateDisk", &[(&[size, server], 403, "InstanceDiskLimitExceeded")]).await;
    still
        .refused(
            "DeleteDisk",
            &[
                (&[free, ("RegionId", "cn-nowhere")], 400, "InvalidRegionId.MalFormed"),
                (&[("DiskId", &still.system)], 403, "DiskTypeViolation"),
            ],
        )
        .await;
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn disks_only_grow() {
    let still = Still::new().await;
    let data = ("DiskId", still.data.as_str());
    let cloud = still.free_disk(&[("Size", "20"), ("DiskCategory", "cloud")]).await;
    still
        .refused(
            "ResizeDisk",
            &[
                (&[data, ("NewSize", "30"), ("RegionId", "cn-nowhere")], 400, "InvalidRegionId.MalFormed"),
                (&[data, ("NewSize", "19")], 403, "InvalidDiskSize.TooSmall"),
                (&[data, ("NewSize", "20")], 403, "InvalidDiskSize"),
                (&[("DiskId", &cloud), ("NewSize", "2001")], 403, "InvalidDiskSize.TooLarge"),
                (&[("DiskId", &still.system), ("NewSize", "2049")], 403, "InvalidDiskSize.TooLarge"),
            ],
        )
        .await;
    let larger = [data, ("NewSize", "30")];
    still.disk(data.1, DiskStatus::Attaching).await;
    still.refused("ResizeDisk", &[(&larger, 403, "IncorrectDiskStatus")]).await;
    still.disk(data.1, DiskStatus::InUse).await;
    still.server(InstanceStatus::Starting).await;
    still.refused("ResizeDisk", &[(&larger, 403, "IncorrectInstanceStatus")]).await;
    still.server(InstanceStatus::Stopped).await;
    let online = [data, ("NewSize", "30"), ("Type", "online")];
    still.refused("ResizeDisk", &[(&online, 403, "InvalidInstanceStatus.NotRunning")]).await;
    still.world.ecs_ok("ResizeDisk", &larger).await;
    let shown = still.world.ecs_ok("DescribeDisks", &[("DiskIds", &json!([data.1]).to_string())]).await;
    assert_eq!(shown["Disks"]["Disk"][0]["Size"], 30);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn what_a_new_system_disk_must_be() {
    let still = Still::new().await;
    let good = [("InstanceId", still.server.as_str()), ("ImageId", still.image.as_str())];
    let of = |more: (&'static str, &'static str)| [good[0], good[1], more];
    still
        .refused(
            "ReplaceSystemDisk",
            &[
                (&of(("RegionId", "cn-nowhere")), 403, "InvalidRegionId.NotExists"),
                (&of(("Architecture", "vax")), 400, "InvalidArchitecture.Malformed"),
                (&of(("Platform", "Nonsense")), 400, "InvalidPlatform.Malformed"),
                (&of(("DiskId", "d-other")), 400, "UnsupportedOperation"),
                (&of(("Encrypted", "true")), 400, "UnsupportedOperation"),
                (&of(("SystemDisk.Size", "5")), 404, "InvalidSystemDiskSize.LessThanMinSize"),
                (&of(("SystemDisk.Size", "9999")), 404, "InvalidSystemDiskSize.MoreThanMaxSize"),
                (&of(("KeyPairName", "none")), 400, "InvalidKeyPairName.NotFound"),
                (&good, 403, "IncorrectInstanceStatus"),
                (&[good[0], ("ImageId", "m-none")], 403, "IncorrectInstanceStatus"),
            ],
        )
        .await;
    still.server(InstanceStatus::Pending).await;
    still.refused("ReplaceSystemDisk", &[(&good, 403, "OperationDenied.InstanceCreating")]).await;
    still.server(InstanceStatus::Stopped).await;
    still.refused("ReplaceSystemDisk", &[(&[good[0], ("ImageId", "m-none")], 404, "InvalidImageId.NotFound")]).await;
    still.world.meddle(&still.image, |image: &mut Image| image.disks[0].size_gib = 40).await;
    let small = of(("SystemDisk.Size", "39"));
    still.refused("ReplaceSystemDisk", &[(&small, 404, "InvalidSystemDiskSize.LessThanImageSize")]).await;
    still.snapshot(&still.system).await;
    still.refused("ReplaceSystemDisk", &[(&good, 403, "DiskCreatingSnapshot")]).await;
    still.world.work().await;
    still.meddle::<Instance>(&still.server, |server| server.nvme = true).await;
    let without = |image: &mut Image| image.features.nvme = model::NvmeSupport::Unsupported;
    still.world.meddle(&still.image, without).await;
    still.refused("ReplaceSystemDisk", &[(&good, 403, "ImageNotSupportInstanceType")]).await;
    still.meddle::<Instance>(&still.server, |server| server.nvme = false).await;
    still.world.meddle(&still.image, |image: &mut Image| image.os_type = model::OsType::Windows).await;
    let shown = still.world.ecs_ok("DescribeInstances", &[]).await;
    let own: model::HostName = text(&shown["Instances"]["Instance"][0]["HostName"]).parse().expect("a name");
    let long: model::HostName = "too-long-for-windows".parse().expect("a name");
    still.meddle::<Instance>(&still.server, move |server| server.host_name = long.clone()).await;
    still.refused("ReplaceSystemDisk", &[(&good, 403, "InvalidHostname.MismatchImage")]).await;
    still.meddle::<Instance>(&still.server, move |server| server.host_name = own.clone()).await;
    still.world.ecs_ok("ReplaceSystemDisk", &good).await;
    let shown = still.world.ecs_ok("DescribeInstances", &[]).await;
    let host = text(&shown["Instances"]["Instance"][0]["HostName"]);
    assert_eq!(host.len(), 15, "a name that nobody gave is as long as the system takes: {host}");
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn disks_begin_anew_at_rest() {
    let still = Still::new().await;
    still.server(InstanceStatus::Stopped).await;
    let data = ("DiskId", still.data.as_str());
    let first = still.snapshot(data.1).await;
    let first = ("SnapshotId", first.as_str());
    still
        .refused(
            "ResetDisk",
            &[
                (&[data, first, ("RegionId", "cn-nowhere")], 400, "InvalidRegionId.MalFormed"),
                (&[data, first], 403, "InvalidSnapshotId.NotReady"),
            ],
        )
        .await;
    still
        .refused(
            "ReInitDisk",
            &[
                (&[data, ("RegionId", "cn-nowhere")], 400, "InvalidRegionId.MalFormed"),
                (&[data, ("KeyPairName", "none")], 400, "InvalidKeyPairName.NotFound"),
                (&[data], 403, "DiskCreatingSnapshot"),
            ],
        )
        .await;
    still.world.work().await;
    still.snapshot(data.1).await;
    still.refused("ResetDisk", &[(&[data, first], 403, "IncorrectDiskStatus.HasUnfinishedSnapshot")]).await;
    still.world.work().await;
    still.disk(data.1, DiskStatus::Detaching).await;
    still.refused("ResetDisk", &[(&[data, first], 403, "IncorrectDiskStatus")]).await;
    still.refused("ReInitDisk", &[(&[data], 403, "IncorrectDiskStatus")]).await;
    still.disk(data.1, DiskStatus::InUse).await;
    still.world.ecs_ok("ResetDisk", &[data, first]).await;

    // A disk of a snapshot needs it to begin anew, and nothing else of it.
    let of_first = still.free_disk(&[("InstanceId", &still.server), first]).await;
    let of_first = ("DiskId", of_first.as_str());
    still.world.ecs_ok("ReInitDisk", &[of_first]).await;
    still.refused("DeleteSnapshot", &[(&[first], 403, "SnapshotCreatedDisk")]).await;
    still.world.ecs_ok("DeleteSnapshot", &[first, ("Force", "true")]).await;
    still.refused("ReInitDisk", &[(&[of_first], 403, "InvalidSourceSnapshot")]).await;
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn what_a_snapshot_is_taken_of() {
    let still = Still::new().await;
    let data = ("DiskId", still.data.as_str());
    let twice = [data, ("Tag.1.Key", "k"), ("Tag.2.Key", "K")];
    still.refused("CreateSnapshot", &[(&twice, 400, "Duplicate.TagKey")]).await;
    let tags = too_many_tags();
    still.refused("CreateSnapshot", &[(&[&[data][..], &borrowed(&tags)].concat(), 403, "QuotaExceed.Tags")]).await;
    still.disk(data.1, DiskStatus::Attaching).await;
    still.refused("CreateSnapshot", &[(&[data], 403, "IncorrectDiskStatus")]).await;
    still.disk(data.1, DiskStatus::InUse).await;
    for status in [InstanceStatus::Pending, InstanceStatus::Starting, InstanceStatus::Stopping] {
        still.server(status).await;
        still.refused("CreateSnapshot", &[(&[data], 403, "IncorrectInstanceStatus")]).await;
    }
    still.server(InstanceStatus::Stopped).await;
    still.world.limit(Quota::SnapshotsPerDisk, 0).await;
    still.refused("CreateSnapshot", &[(&[data], 403, "QuotaExceed.Snapshot")]).await;
    still.world.limit(Quota::SnapshotsPerDisk, 2).await;
    let taken = text(&still.world.ecs_ok("CreateSnapshot", &[data, ("RetentionDays", "9")]).await["SnapshotId"]);
    let taken = ("SnapshotId", taken.as_str());
    let renamed = [taken, ("SnapshotName", "renamed")];
    still.refused("ModifySnapshotAttribute", &[(&renamed, 400, "InvalidSnapshotId.NotReady")]).await;
    still.refused("CreateSnapshot", &[(&[data], 403, "IncorrectDiskStatus.CreatingSnapshot")]).await;
    still.world.work().await;
    still
        .refused(
            "ModifySnapshotAttribute",
            &[
                (&[taken], 400, "NoAttributeToModify"),
                (&[taken, ("RetentionDays", "8")], 400, "InvalidOperation.DecreaseRetentionDaysUnsupported"),
            ],
        )
        .await;
    still.world.ecs_ok("ModifySnapshotAttribute", &renamed).await;
    still.snapshot(data.1).await;
    still.world.work().await;
    still.refused("CreateSnapshot", &[(&[data], 403, "QuotaExceed.Snapshot")]).await;
    still.world.limit(Quota::Snapshots, 2).await;
    still.refused("CreateSnapshot", &[(&[("DiskId", &still.system)], 403, "QuotaExceed.Snapshot")]).await;
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn lists_of_disks_and_snapshots() {
    let still = Still::new().await;
    let value = [("Tag.1.Value", "v")];
    let tags = too_many_tags();
    let tags = borrowed(&tags);
    let unknown = [("Filter.1.Key", "Colour"), ("Filter.1.Value", "red")];
    let no_time = [("Filter.1.Key", "CreationStartTime"), ("Filter.1.Value", "yesterday")];
    for action in ["DescribeDisks", "DescribeSnapshots"] {
        still
            .refused(
                action,
                &[
                    (&value, 400, "InvalidTag.Mismatch"),
                    (&tags, 400, "InvalidTagCount"),
                    (&unknown, 404, "InvalidFilterKey.NotFound"),
                    (&no_time, 404, "InvalidFilterValue"),
                ],
            )
            .await;
    }
    still
        .refused(
            "DescribeDisks",
            &[
                (&[("RegionId", "cn-nowhere")], 400, "InvalidRegion.NotFound"),
                (&[("ZoneId", "us-west-1a")], 400, "InvalidZoneId.NotFound"),
                (&[("SnapshotId", "of-yesterday")], 400, "InvalidSnapshot.NotFound"),
                (&[("LockReason", "boredom")], 404, "InvalidLockReason.NotFound"),
                (&[("MaxResults", "501")], 400, "InvalidParameter"),
            ],
        )
        .await;
    let (status, body) = still.world.call_as(KEY, "2014-05-26", "DescribeDisks", &[]).await;
    assert_eq!((status, &body["Code"]), (400, &json!("MissingParamter.RegionId")));
    let page = still.world.ecs_ok("DescribeDisks", &[("MaxResults", "500")]).await;
    assert_eq!((&page["TotalCount"], &page["NextToken"]), (&json!(2), &json!("")));
    for (filter, value, n) in [
        ("LockReason", "security", 0),
        ("Encrypted", "true", 0),
        ("Encrypted", "false", 2),
        ("MultiAttach", "Enabled", 0),
        ("MultiAttach", "Disabled", 2),
        ("DiskChargeType", "PrePaid", 0),
        ("DiskChargeType", "PostPaid", 2),
    ] {
        assert_eq!(still.world.ecs_ok("DescribeDisks", &[(filter, value)]).await["TotalCount"], n, "{filter} {value}");
    }

    // When they were made: 2026-11-21, eight o'clock and half a minute.
    still.snapshot(&still.data).await;
    still.world.clock.advance_millis(120_000);
    still.free_disk(&[("Size", "20")]).await;
    still.snapshot(&still.system).await;
    let within = async |action: &str, from: &str, to: &str| -> Value {
        let times = [
            ("Filter.1.Key", "CreationStartTime"),
            ("Filter.1.Value", from),
            ("Filter.2.Key", "CreationEndTime"),
            ("Filter.2.Value", to),
        ];
        still.world.ecs_ok(action, &times).await["TotalCount"].clone()
    };
    for (from, to, disks, snapshots) in [
        ("2026-11-21T08:00Z", "2026-11-21T08:00Z", 2, 2),
        ("2026-11-21T08:01Z", "2026-11-21T08:02Z", 1, 1),
        ("2026-11-21T08:00Z", "2026-11-21T09:00Z", 3, 3),
        ("2026-11-21T08:03Z", "2026-11-21T09:00Z", 0, 0),
    ] {
        assert_eq!(within("DescribeDisks", from, to).await, disks, "{from} {to}");
        // The import made one, too.
        assert_eq!(within("DescribeSnapshots", from, to).await, snapshots, "{from} {to}");
    }
}
