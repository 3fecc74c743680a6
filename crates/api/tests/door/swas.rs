//! Simple Application Server at the door, on a node where nothing boots.

use api::impact::Change;
use disk::{Disk as _, WritableDisk as _};
use meta::{Scope, images, manifests, resources};
use model::image::EVERYWHERE;
use model::{AccountId, Image, ImageId};
use serde_json::{Value, json};

use crate::support::{KEY, OTHER_KEY, World};

const VERSION: &str = "2020-06-01";
const SYSTEM: &str = "debian_12_x64_20G.vhd";
const PLAN: &str = "swas.s2.c2m2s40b3";

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// A JSON array as a parameter.
fn list(ids: &[&str]) -> String {
    json!(ids).to_string()
}

/// A world whose operator offers an image to all, and what calls it as an account.
struct Swas {
    world: World,
    /// The image of the account that the offered one is.
    imported: String,
}

impl Swas {
    async fn new() -> Self {
        let (world, imported) = World::with_servers().await;
        let from = ImageId::from_record(imported.clone());
        let publish = world.engine.meta().write(Scope::Shared, move |tx| {
            let source = images::get(tx, &from)?.expect("the image is there").image;
            let region = EVERYWHERE.parse().expect("a word is a region");
            let id = ImageId::from_record(SYSTEM.to_owned());
            let offered =
                Image { id, owner: AccountId::SYSTEM, region, is_system: true, task: None, tags: Vec::new(), ..source };
            manifests::hold(tx, &offered.disks[0].manifest, SYSTEM)?;
            images::insert(tx, &offered, 1)
        });
        assert!(publish.await.expect("published"));
        Self { world, imported }
    }

    async fn call_as(&self, key: &str, action: &str, params: &[(&str, &str)]) -> (u16, Value) {
        let mut params = params.to_vec();
        if params.iter().all(|(name, _)| *name != "RegionId") {
            params.push(("RegionId", "cn-hangzhou"));
        }
        self.world.call_as(key, VERSION, action, &params).await
    }

    async fn ok(&self, action: &str, params: &[(&str, &str)]) -> Value {
        let (status, body) = self.call_as(KEY, action, params).await;
        assert_eq!(status, 200, "{action}: {body}");
        body
    }

    async fn code(&self, action: &str, params: &[(&str, &str)]) -> (u16, String) {
        let (status, body) = self.call_as(KEY, action, params).await;
        (status, body["Code"].as_str().unwrap_or_else(|| panic!("{action} succeeded: {body}")).to_owned())
    }

    /// Buys servers and returns their ids.
    async fn buy(&self, image: &str, amount: &str) -> Vec<String> {
        let params = [("ImageId", image), ("PlanId", PLAN), ("Period", "1"), ("Amount", amount)];
        let made = self.ok("CreateInstances", &params).await;
        made["InstanceIds"].as_array().expect("a list").iter().map(text).collect()
    }

    /// Waits for a status of a server, and returns the server as it is listed then.
    async fn until(&self, instance: &str, status: &str) -> Value {
        let ids = list(&[instance]);
        for _ in 0..6_000 {
            let shown = self.ok("ListInstances", &[("InstanceIds", &ids)]).await["Instances"][0].clone();
            if shown["Status"] == status {
                return shown;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("{instance} never became {status}")
    }

    /// A server that runs, and its system disk.
    async fn running(&self) -> (String, String) {
        let server = self.buy(SYSTEM, "1").await.remove(0);
        let shown = self.until(&server, "Running").await;
        let disk = text(&shown["Disks"][0]["DiskId"]);
        (server, disk)
    }

    /// A snapshot whose bytes are in the store.
    async fn snapshot(&self, disk: &str, name: &str) -> String {
        let made = self.ok("CreateSnapshot", &[("DiskId", disk), ("SnapshotName", name)]).await;
        self.world.work().await;
        text(&made["SnapshotId"])
    }

    /// A custom image that is available.
    async fn image(&self, server: &str, snapshot: &str, name: &str) -> String {
        let params = [("InstanceId", server), ("SystemSnapshotId", snapshot), ("ImageName", name)];
        let made = self.ok("CreateCustomImage", &params).await;
        self.world.work().await;
        text(&made["ImageId"])
    }

    async fn volume(&self, disk: &str) -> std::sync::Arc<store::LayeredVolume> {
        let id = disk.to_owned();
        let found =
            self.world.engine.meta().read(move |tx| resources::get::<model::Disk>(tx, &id)).await.expect("read");
        self.world.engine.volume(&found.expect("the disk").record).await.expect("opens")
    }

    async fn write(&self, disk: &str, byte: u8) {
        self.volume(disk).await.write_all_at(&[byte; 4096], 1 << 20).expect("written");
    }

    async fn read(&self, disk: &str) -> u8 {
        let mut bytes = [0; 4096];
        self.volume(disk).await.read_exact_at(&mut bytes, 1 << 20).expect("read");
        bytes[0]
    }
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_server_its_snapshot_its_image_and_back() {
    let swas = Swas::new().await;
    let regions = swas.ok("ListRegions", &[("AcceptLanguage", "en-US")]).await;
    assert_eq!(regions["Regions"][0]["RegionId"], "cn-hangzhou");
    assert_eq!(regions["Regions"][0]["LocalName"], "China (Hangzhou)");
    let plans = swas.ok("ListPlans", &[]).await;
    let plan = plans["Plans"].as_array().expect("a list").iter().find(|plan| plan["PlanId"] == PLAN).expect("offered");
    assert_eq!((&plan["Core"], &plan["Memory"], &plan["DiskSize"]), (&json!(2), &json!(2), &json!(40)));
    let offered = swas.ok("ListImages", &[("ImageType", "system")]).await;
    assert_eq!(
        (&offered["Images"][0]["ImageId"], &offered["Images"][0]["Platform"]),
        (&json!(SYSTEM), &json!("Linux"))
    );

    let buy = [("ImageId", SYSTEM), ("PlanId", PLAN), ("Period", "1"), ("ClientToken", "one")];
    let first = swas.ok("CreateInstances", &buy).await["InstanceIds"].clone();
    assert_eq!(swas.ok("CreateInstances", &buy).await["InstanceIds"], first, "the same token is the same server");
    let server = text(&first[0]);
    assert!(server.len() == 32 && server.bytes().all(|digit| digit.is_ascii_hexdigit()), "{server}");
    let shown = swas.until(&server, "Running").await;
    assert_eq!((&shown["InstanceId"], &shown["PlanId"]), (&json!(server), &json!(PLAN)));
    assert_eq!((&shown["ChargeType"], &shown["BusinessStatus"]), (&json!("PrePaid"), &json!("Normal")));
    assert_eq!(shown["ExpiredTime"], "2026-12-21T08:00:30Z");
    assert_eq!(shown["Image"]["ImageType"], "system");
    assert_eq!(shown["ResourceSpec"]["DiskSize"], 40);
    assert!(text(&shown["PublicIpAddress"]).starts_with("127."));
    let statuses = swas.ok("ListInstanceStatus", &[]).await;
    assert_eq!(statuses["InstanceStatuses"], json!([{"InstanceId": server, "Status": "Running"}]));

    let disks = swas.ok("ListDisks", &[("InstanceId", &server), ("DiskType", "system")]).await;
    let disk = text(&disks["Disks"][0]["DiskId"]);
    assert_eq!((&disks["TotalCount"], &disks["Disks"][0]["DiskType"]), (&json!(1), &json!("System")));
    swas.write(&disk, 1).await;
    let snapshot =
        text(&swas.ok("CreateSnapshot", &[("DiskId", &disk), ("SnapshotName", "before")]).await["SnapshotId"]);
    // The moment was fixed before the answer.
    swas.write(&disk, 2).await;
    swas.world.work().await;
    let ids = list(&[&snapshot]);
    let listed = swas.ok("ListSnapshots", &[("SnapshotIds", &ids), ("Status", "Accomplished")]).await;
    let view = &listed["Snapshots"][0];
    assert_eq!((&view["Status"], &view["Progress"]), (&json!("accomplished"), &json!("100%")));
    assert_eq!((&view["SourceDiskId"], &view["InstanceId"]), (&json!(disk), &json!(server)));
    swas.ok("UpdateSnapshotAttribute", &[("SnapshotId", &snapshot), ("Remark", "kept")]).await;
    assert_eq!(swas.ok("ListSnapshots", &[("DiskId", &disk)]).await["Snapshots"][0]["Remark"], "kept");

    let make = [
        ("InstanceId", server.as_str()),
        ("SystemSnapshotId", &snapshot),
        ("ImageName", "1st-image:a"),
        ("Description", "mine"),
        ("Tag.1.Key", "team"),
        ("Tag.1.Value", "core"),
        ("ResoureGroupId", "rg-1"),
        ("ClientToken", "two"),
    ];
    let image = text(&swas.ok("CreateCustomImage", &make).await["ImageId"]);
    // Terraform looks at once, before anything is built.
    let ids = list(&[&image]);
    let early = swas.ok("ListImages", &[("ImageIds", &ids), ("ImageType", "custom")]).await;
    assert_eq!(early["Images"][0]["ImageName"], "1st-image:a");
    assert_eq!(swas.ok("ListCustomImages", &[]).await["CustomImages"][0]["Status"], "4");
    swas.world.work().await;
    assert_eq!(swas.ok("CreateCustomImage", &make).await["ImageId"], json!(image), "the same token is the same image");
    let listed = swas.ok("ListCustomImages", &[("ResourceGroupId", "rg-1"), ("Tag.1.Key", "team")]).await;
    assert_eq!((&listed["TotalCount"], &listed["PageSize"]), (&json!("1"), &json!("10")), "texts, here alone");
    let view = &listed["CustomImages"][0];
    assert_eq!((&view["Status"], &view["Name"]), (&json!("1"), &json!("1st-image:a")));
    assert_eq!((&view["SystemSnapshotId"], &view["SystemSnapshotName"]), (&json!(snapshot), &json!("before")));
    assert_eq!((&view["SourceImageName"], &view["Description"]), (&json!("imported"), &json!("mine")));
    assert_eq!((&view["RequiredSystemDiskSize"], &view["InShare"]), (&json!(40), &json!(false)));
    assert_eq!(view["Tags"], json!([{"Key": "team", "Value": "core"}]));
    assert_eq!(view["UserId"], json!(swas.world.account));

    // The image holds the snapshot's bytes, and so does a server that is made of it.
    let second = swas.buy(&image, "1").await.remove(0);
    let shown = swas.until(&second, "Running").await;
    assert_eq!(shown["Image"]["ImageType"], "custom");
    assert_eq!(swas.read(&text(&shown["Disks"][0]["DiskId"])).await, 1);
    let used = swas.ok("ListCustomImages", &[]).await["CustomImages"][0]["CreateInstances"].clone();
    assert_eq!(used, json!([second]));

    // Back to the snapshot, which a server that runs cannot go.
    let reset = [("DiskId", disk.as_str()), ("SnapshotId", snapshot.as_str())];
    assert_eq!(swas.code("ResetDisk", &reset).await, (403, "IncorrectInstanceStatus.ResetDisk".into()));
    swas.ok("StopInstance", &[("InstanceId", &server)]).await;
    swas.until(&server, "Stopped").await;
    assert_eq!(swas.read(&disk).await, 2);
    swas.ok("ResetDisk", &reset).await;
    assert_eq!(swas.read(&disk).await, 1);

    // Anew from the image, and once more from where it came from; then the old snapshots are no way back.
    swas.world.clock.advance_millis(1_000);
    swas.ok("ResetSystem", &[("InstanceId", &server), ("ImageId", &image)]).await;
    assert_eq!(swas.until(&server, "Running").await["ImageId"], json!(image));
    swas.write(&disk, 3).await;
    swas.ok("ResetSystem", &[("InstanceId", &server), ("ImageId", SYSTEM)]).await;
    assert_eq!(swas.until(&server, "Running").await["ImageId"], SYSTEM);
    assert_eq!(swas.read(&disk).await, 0, "the imported disk ends before this byte");
    swas.ok("StopInstances", &[("InstanceIds", &list(&[&server])), ("ForceStop", "true")]).await;
    swas.until(&server, "Stopped").await;
    assert_eq!(swas.code("ResetDisk", &reset).await, (400, "UnsupportedOperation".into()));

    // What is needed goes last.
    assert_eq!(swas.code("DeleteSnapshot", &[("SnapshotId", &snapshot)]).await, (400, "UnsupportedOperation".into()));
    swas.ok("DeleteCustomImage", &[("ImageId", &image)]).await;
    assert_eq!(swas.ok("ListCustomImages", &[]).await["CustomImages"], json!([]));
    assert_eq!(swas.ok("ListImages", &[("ImageIds", &ids)]).await["Images"], json!([]));
    swas.ok("DeleteSnapshots", &[("SnapshotIds", &list(&[&snapshot]))]).await;
    assert_eq!(swas.ok("ListSnapshots", &[]).await["TotalCount"], 0);
    assert_eq!(swas.code("ResetSystem", &[("InstanceId", &second)]).await, (404, "InvalidImageId.NotFound".into()));
    assert_eq!(swas.until(&second, "Running").await["Image"]["ImageName"], "");
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn servers_start_stop_and_have_names() {
    let swas = Swas::new().await;
    let both = swas.buy(SYSTEM, "2").await;
    let (one, two) = (both[0].as_str(), both[1].as_str());
    swas.until(one, "Running").await;
    swas.until(two, "Running").await;
    let wrong = (403, "IncorrectInstanceStatus".to_owned());
    assert_eq!(swas.code("StartInstance", &[("InstanceId", one)]).await, wrong);
    swas.ok("RebootInstance", &[("InstanceId", one)]).await;
    swas.until(one, "Running").await;
    swas.ok("StopInstances", &[("InstanceIds", &list(&[one]))]).await;
    swas.until(one, "Stopped").await;
    assert_eq!(swas.code("StopInstance", &[("InstanceId", one)]).await, wrong, "what is stopped cannot be stopped");
    // All or none: the second runs on.
    assert_eq!(swas.code("RebootInstances", &[("InstanceIds", &list(&[two, one]))]).await, wrong);
    swas.until(two, "Running").await;
    swas.ok("StartInstances", &[("InstanceIds", &list(&[one]))]).await;
    swas.until(one, "Running").await;

    swas.ok("UpdateInstanceAttribute", &[("InstanceId", one), ("InstanceName", "web"), ("Password", "Passw0rd!")])
        .await;
    let named = swas.ok("ListInstances", &[("InstanceName", "w*"), ("Status", "Running")]).await;
    assert_eq!((&named["TotalCount"], &named["Instances"][0]["InstanceId"]), (&json!(1), &json!(one)));
    let address = text(&named["Instances"][0]["PublicIpAddress"]);
    let found = swas.ok("ListInstances", &[("PublicIpAddresses", &list(&[&address]))]).await;
    assert_eq!(found["Instances"][0]["InstanceName"], "web");
    assert_eq!(swas.ok("ListInstances", &[("InstanceIds", "[\"none\"]")]).await["Instances"], json!([]));
    assert_eq!(swas.ok("ListInstances", &[("RegionId", "us-west-1")]).await["TotalCount"], 0);

    // The other products, and the other accounts, know none of it.
    assert_eq!(swas.world.ecs_ok("DescribeInstances", &[]).await["TotalCount"], 0);
    assert_eq!(swas.world.ecs_ok("DescribeDisks", &[]).await["TotalCount"], 0);
    assert_eq!(swas.world.ecs_ok("DescribeSecurityGroups", &[]).await["TotalCount"], 0);
    let (status, code) = swas.world.ecs_code("StopInstance", &[("InstanceId", one)]).await;
    assert_eq!((status, code.as_str()), (404, "InvalidInstanceId.NotFound"));
    assert_eq!(swas.call_as(OTHER_KEY, "ListInstances", &[]).await.1["TotalCount"], 0);
    let theirs = swas.call_as(OTHER_KEY, "StopInstance", &[("InstanceId", one)]).await;
    assert_eq!((theirs.0, &theirs.1["Code"]), (404, &json!("InvalidInstanceId.NotFound")));
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_server_with_a_data_disk_gives_an_image_with_two() {
    let swas = Swas::new().await;
    let params = [("ImageId", SYSTEM), ("PlanId", PLAN), ("Period", "12"), ("DataDiskSize", "20")];
    let server = text(&swas.ok("CreateInstances", &params).await["InstanceIds"][0]);
    let disks = swas.until(&server, "Running").await["Disks"].clone();
    let (system, data) = (text(&disks[0]["DiskId"]), text(&disks[1]["DiskId"]));
    assert_eq!((&disks[1]["DiskType"], &disks[1]["Size"]), (&json!("Data"), &json!(20)));
    swas.write(&data, 7).await;
    let (s, d) = (swas.snapshot(&system, "the-system").await, swas.snapshot(&data, "the-data").await);
    let make = |system: &str, data: &str| {
        [("InstanceId", &*server), ("ImageName", "both"), ("SystemSnapshotId", system), ("DataSnapshotId", data)]
            .map(|(name, value)| (name, value.to_owned()))
    };
    let borrowed = |params: &[(&'static str, String); 4]| params.clone();
    for (system, data, code) in [
        (&d, &d, "InvalidParam.SystemSnapshotIdNotSupport"),
        (&s, &s, "InvalidParam.DataSnapshotIdNotFound"),
        (&s, &"s-none".to_owned(), "InvalidParam.DataSnapshotIdNotFound"),
    ] {
        let params = borrowed(&make(system, data));
        let params: Vec<(&str, &str)> = params.iter().map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(swas.code("CreateCustomImage", &params).await, (400, code.to_owned()));
    }
    let params = make(&s, &d);
    let params: Vec<(&str, &str)> = params.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let image = text(&swas.ok("CreateCustomImage", &params).await["ImageId"]);
    swas.world.work().await;
    let view = swas.ok("ListCustomImages", &[("DataSnapshotId", &d)]).await["CustomImages"][0].clone();
    assert_eq!((&view["ImageId"], &view["RequiredDataDiskSize"]), (&json!(image), &json!(20)));
    assert_eq!(view["DataSnapshotName"], "the-data");
    // One that goes while it is built is gone.
    let brief = [("InstanceId", &*server), ("ImageName", "brief"), ("SystemSnapshotId", &*s)];
    let brief = text(&swas.ok("CreateCustomImage", &brief).await["ImageId"]);
    swas.ok("DeleteCustomImage", &[("ImageId", &brief)]).await;
    swas.world.work().await;
    assert_eq!(swas.ok("ListCustomImages", &[]).await["TotalCount"], "1");
    let second = swas.buy(&image, "1").await.remove(0);
    let disks = swas.until(&second, "Running").await["Disks"].clone();
    assert_eq!(swas.read(&text(&disks[1]["DiskId"])).await, 7);
    // A reset leaves nothing on either.
    swas.ok("ResetSystem", &[("InstanceId", &second), ("ImageId", SYSTEM)]).await;
    swas.until(&second, "Running").await;
    assert_eq!(swas.read(&text(&disks[1]["DiskId"])).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn images_and_snapshots_are_three_a_server() {
    let swas = Swas::new().await;
    let (server, disk) = swas.running().await;
    let snapshot = swas.snapshot(&disk, "one").await;
    assert_eq!(
        swas.code("CreateSnapshot", &[("DiskId", &disk), ("SnapshotName", "one")]).await,
        (400, "InvalidSnapshotName.Duplicate".into())
    );
    // Whoever comes first: the room is given out inside the transactions that use it.
    let names: Vec<String> = (0..16).map(|n| format!("racer-{n}")).collect();
    let race = names.iter().map(|name| {
        let params = [("InstanceId", &*server), ("SystemSnapshotId", &*snapshot), ("ImageName", name.as_str())];
        let swas = &swas;
        async move { swas.call_as(KEY, "CreateCustomImage", &params).await.0 }
    });
    let won = futures::future::join_all(race).await.into_iter().filter(|status| *status == 200).count();
    assert_eq!(won, 3);
    swas.world.work().await;
    let another = [("InstanceId", &*server), ("SystemSnapshotId", &*snapshot), ("ImageName", "dd")];
    assert_eq!(swas.code("CreateCustomImage", &another).await, (400, "CustomImageQuotaLimit".into()));
    for name in ["two", "three"] {
        swas.snapshot(&disk, name).await;
    }
    let more = [("DiskId", &*disk), ("SnapshotName", "four")];
    assert_eq!(swas.code("CreateSnapshot", &more).await, (403, "SnapshotLimitExceed".into()));
    // Another server makes room for its own snapshots, and for anybody's images.
    let (other, its_disk) = swas.running().await;
    assert_eq!(swas.code("CreateSnapshot", &more).await, (403, "SnapshotLimitExceed".into()));
    swas.snapshot(&its_disk, "its").await;
    swas.ok("CreateCustomImage", &another).await;
    // A snapshot is its own server's.
    let wrong = [("InstanceId", &*other), ("SystemSnapshotId", &*snapshot), ("ImageName", "ee")];
    assert_eq!(swas.code("CreateCustomImage", &wrong).await, (400, "InvalidParam.SystemSnapshotIdNotFound".into()));
    // Five servers would give room for fifteen images, and so do six.
    swas.buy(SYSTEM, "4").await;
    for n in 4..15 {
        swas.image(&server, &snapshot, &format!("image-{n}")).await;
    }
    let another = [("InstanceId", &*server), ("SystemSnapshotId", &*snapshot), ("ImageName", "too-many")];
    assert_eq!(swas.code("CreateCustomImage", &another).await, (400, "CustomImageQuotaLimit".into()));
    assert_eq!(swas.ok("ListCustomImages", &[("PageSize", "2"), ("PageNumber", "8")]).await["TotalCount"], "15");
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn an_image_is_shared_with_ecs_and_with_others() {
    let swas = Swas::new().await;
    let (server, disk) = swas.running().await;
    let snapshot = swas.snapshot(&disk, "one").await;
    let image = swas.image(&server, &snapshot, "golden").await;
    let world = &swas.world;
    let find = [("ImageId", image.as_str())];
    assert_eq!(world.ecs_ok("DescribeImages", &find).await["TotalCount"], 0);
    assert_eq!(world.ecs_code("DeleteImage", &find).await, (404, "InvalidImageId.NotFound".into()));

    let share = [("ImageId", image.as_str()), ("Operation", "Share")];
    // As Terraform calls it: without a region.
    assert_eq!(world.call_as(KEY, VERSION, "ModifyImageShareStatus", &share).await.0, 200);
    let seen = world.ecs_ok("DescribeImages", &find).await["Images"]["Image"][0].clone();
    assert_eq!((&seen["ImageOwnerAlias"], &seen["ImageName"]), (&json!("others"), &json!("golden")));
    let listed = swas.ok("ListCustomImages", &[("Share", "True")]).await;
    assert_eq!((&listed["TotalCount"], &listed["CustomImages"][0]["InShare"]), (&json!("1"), &json!(true)));
    assert_eq!(swas.ok("ListCustomImages", &[("Share", "False")]).await["TotalCount"], "0");
    let copy = [("ImageId", &*image), ("DestinationRegionId", "cn-hangzhou"), ("DestinationImageName", "copy")];
    let copied = text(&world.ecs_ok("CopyImage", &copy).await["ImageId"]);
    world.work().await;
    let copied = [("ImageId", copied.as_str())];
    assert_eq!(world.ecs_ok("DescribeImages", &copied).await["Images"]["Image"][0]["ImageOwnerAlias"], "self");
    // Servers can be made of it there; when it is taken back they run on, and cannot begin anew.
    let group = text(&world.ecs_ok("CreateSecurityGroup", &[]).await["SecurityGroupId"]);
    let run = [("ImageId", &*image), ("InstanceType", "ecs.n1.small"), ("SecurityGroupId", &*group)];
    let made = text(&world.ecs_ok("RunInstances", &run).await["InstanceIdSets"]["InstanceIdSet"][0]);
    let ecs_disk = world.ecs_ok("DescribeDisks", &[("InstanceId", &made)]).await["Disks"]["Disk"][0]["DiskId"].clone();
    // The operator is told both.
    for (change, code, afterwards) in [
        (Change::Nothing, None, true),
        (Change::Delete, Some("CustomImageInShare"), false),
        (Change::Unshare(world.account), None, false),
        (Change::Deprecate, Some("InvalidImageId.NotFound"), true),
    ] {
        let id = ImageId::from_record(image.clone());
        let report = world.engine.meta().read(move |tx| api::impact::of(tx, &id, change)).await.expect("read");
        let report = report.expect("the image");
        let disk = &report.servers[0].disks[0];
        let told = (report.refusal.as_ref().map(|refusal| refusal.code.as_str()), disk.now, disk.afterwards);
        assert_eq!(told, (code, true, afterwards), "{change:?}");
        assert!(report.image.owner.at_swas && report.shares[0].ends == (change == Change::Unshare(world.account)));
    }
    assert_eq!(swas.code("DeleteCustomImage", &find).await, (400, "CustomImageInShare".into()));
    let ids = list(&[&image]);
    let (status, body) = swas.call_as(KEY, "DeleteCustomImages", &[("ImageIds", &ids)]).await;
    assert_eq!((status, &body["Code"]), (400, &json!("CustomImageInShare")));
    assert_eq!(body["Message"], "The custom image is in sharing,please unshare first then to retry.");
    swas.ok("ModifyImageShareStatus", &[("ImageId", &image), ("Operation", "UnShare")]).await;
    assert_eq!(world.ecs_ok("DescribeImages", &find).await["TotalCount"], 0);
    assert_eq!(world.ecs_code("RunInstances", &run).await, (404, "InvalidImageId.NotFound".into()));
    let ids_of = list(&[&made]);
    let of = [("InstanceIds", ids_of.as_str())];
    let is = |status: &'static str| move |shown: &Value| shown["Instances"]["Instance"][0]["Status"] == status;
    world.until("DescribeInstances", &of, is("Running")).await;
    world.ecs_ok("StopInstance", &[("InstanceId", &made), ("ForceStop", "true")]).await;
    world.until("DescribeInstances", &of, is("Stopped")).await;
    let anew = [("DiskId", ecs_disk.as_str().expect("an id"))];
    assert_eq!(world.ecs_code("ReInitDisk", &anew).await, (403, "SharedImageDeleted".into()));

    let other = world.other.to_string();
    let account = [("ImageId", image.as_str()), ("Account.1", other.as_str())];
    swas.ok("AddCustomImageShareAccount", &account).await;
    let users = swas.ok("ListCustomImageShareAccounts", &find).await;
    let expected = json!([{"UserId": world.other, "SharedTime": "2026-11-21 08:00:30.0"}]);
    assert_eq!(users["ImageShareUsers"], expected);
    assert_eq!(swas.ok("ListCustomImages", &[]).await["CustomImages"][0]["InShareUser"], true);
    let buy = [("ImageId", &*image), ("PlanId", PLAN), ("Period", "1")];
    assert_eq!(swas.call_as(OTHER_KEY, "CreateInstances", &buy).await.0, 200);
    assert_eq!(world.call_as(OTHER_KEY, "2014-05-26", "DescribeImages", &find).await.1["TotalCount"], 0);
    swas.ok("RemoveCustomImageShareAccount", &account).await;
    assert_eq!(swas.call_as(OTHER_KEY, "CreateInstances", &buy).await.1["Code"], "InvalidImageId.NotFound");
    swas.ok("DeleteCustomImages", &[("ImageIds", &ids)]).await;

    // Images of ECS are not shared this way round.
    let imported = [("ImageId", swas.imported.as_str()), ("PlanId", PLAN), ("Period", "1")];
    assert_eq!(swas.code("CreateInstances", &imported).await, (404, "InvalidImageId.NotFound".into()));
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn tags_of_servers_and_of_what_comes_of_them() {
    let swas = Swas::new().await;
    let (server, disk) = swas.running().await;
    let snapshot = swas.snapshot(&disk, "one").await;
    let image = swas.image(&server, &snapshot, "golden").await;
    for (kind, id, action, list) in [
        ("instance", &server, "ListInstances", "Instances"),
        ("disk", &disk, "ListDisks", "Disks"),
        ("snapshot", &snapshot, "ListSnapshots", "Snapshots"),
        ("customimage", &image, "ListCustomImages", "CustomImages"),
    ] {
        let of = [("ResourceType", kind), ("ResourceId.1", id.as_str())];
        let tag = |value: &'static str| [&of[..], &[("Tag.1.Key", "team"), ("Tag.1.Value", value)]].concat();
        swas.ok("TagResources", &tag("edge")).await;
        swas.ok("TagResources", &tag("core")).await;
        let found = swas.ok(action, &[("Tag.1.Key", "team"), ("Tag.1.Value", "core")]).await;
        assert_eq!(found[list][0]["Tags"], json!([{"Key": "team", "Value": "core"}]), "{action}");
        let listed = swas.ok("ListTagResources", &of).await;
        let expected = json!([{"ResourceType": kind, "ResourceId": id, "TagKey": "team", "TagValue": "core"}]);
        assert_eq!(listed["TagResources"]["TagResource"], expected);
        swas.ok("UntagResources", &[of[0], of[1], ("TagKey.1", "other")]).await;
        assert_eq!(swas.ok("ListTagResources", &of).await["TagResources"]["TagResource"], expected);
        swas.ok("UntagResources", &[of[0], of[1], ("All", "true")]).await;
        assert_eq!(swas.ok("ListTagResources", &of).await["TagResources"]["TagResource"], json!([]));
    }
    let of = [("ResourceType", "snapshot"), ("ResourceId.1", &*server), ("Tag.1.Key", "a")];
    assert_eq!(swas.code("TagResources", &of).await, (404, "InvalidSnapshotId.NotFound".into()));
    assert_eq!(swas.code("TagResources", &[("ResourceType", "none"), of[1], of[2]]).await.1, "InvalidParameter");
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_firewall_of_its_own() {
    let swas = Swas::new().await;
    let (server, _) = swas.running().await;
    let of = [("InstanceId", server.as_str())];
    let first = swas.ok("ListFirewallRules", &of).await;
    let ports: Vec<&Value> =
        first["FirewallRules"].as_array().expect("a list").iter().map(|rule| &rule["Port"]).collect();
    assert_eq!(ports, ["80", "443", "22"]);
    let add = [("InstanceId", &*server), ("RuleProtocol", "TCP"), ("Port", "8000/8100"), ("Remark", "app")];
    let rule = text(&swas.ok("CreateFirewallRule", &add).await["FirewallId"]);
    assert_eq!(swas.code("CreateFirewallRule", &add).await, (403, "FirewallRuleAlreadyExist".into()));
    let found = swas.ok("ListFirewallRules", &[of[0], ("FirewallRuleId", &rule)]).await;
    let view = &found["FirewallRules"][0];
    assert_eq!((&view["RuleId"], &view["Port"], &view["Remark"]), (&json!(rule), &json!("8000/8100"), &json!("app")));
    assert_eq!((&view["Policy"], &view["SourceCidrIp"]), (&json!("accept"), &json!("0.0.0.0/0")));
    let several = json!([
        {"RuleProtocol": "TCP+UDP", "Port": "53"},
        {"RuleProtocol": "ICMP", "Port": "-1/-1", "SourceCidrIp": "10.0.0.0/8"},
    ]);
    let made = swas.ok("CreateFirewallRules", &[of[0], ("FirewallRules", &several.to_string())]).await;
    let made = made["FirewallRuleIds"].to_string();
    let page = swas.ok("ListFirewallRules", &[of[0], ("PageSize", "2"), ("PageNumber", "3")]).await;
    assert_eq!((&page["TotalCount"], &page["FirewallRules"][0]["RuleProtocol"]), (&json!(6), &json!("TCP+UDP")));
    assert_eq!(page["FirewallRules"][1]["SourceCidrIp"], "10.0.0.0/8");
    swas.ok("DeleteFirewallRules", &[of[0], ("RuleIds", &made)]).await;
    swas.ok("DeleteFirewallRule", &[of[0], ("RuleId", &rule)]).await;
    assert_eq!(
        swas.code("DeleteFirewallRule", &[of[0], ("RuleId", &rule)]).await,
        (404, "InvalidRuleId.NotFound".into())
    );
    assert_eq!(swas.ok("ListFirewallRules", &of).await["FirewallRules"], first["FirewallRules"]);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_firewall_has_so_many_rules() {
    let swas = Swas::new().await;
    let (server, disk) = swas.running().await;
    let of = ("InstanceId", server.as_str());
    let several = |rules: Value| [("InstanceId", server.clone()), ("FirewallRules", rules.to_string())];
    let code = async |rules: Value| {
        let params = several(rules);
        swas.code("CreateFirewallRules", &params.each_ref().map(|(name, value)| (*name, value.as_str()))).await
    };
    for (rule, status, name) in [
        (json!([{"RuleProtocol": "TCP", "Port": "0"}]), 400, "InvalidPort.ValueNotSupported"),
        (json!([{"RuleProtocol": "GRE", "Port": "1"}]), 400, "InvalidProtocol.ValueNotSupported"),
        (json!([{"RuleProtocol": "TCP", "Port": "22"}]), 403, "FirewallRuleAlreadyExist"),
        (json!({"RuleProtocol": "TCP"}), 403, "InvalidParam"),
    ] {
        assert_eq!(code(rule).await, (status, name.to_owned()));
    }
    let rules = |ports: std::ops::Range<u32>| -> Value {
        ports.map(|port| json!({"RuleProtocol": "UDP", "Port": port.to_string()})).collect()
    };
    let full = (403, "FirewallRuleLimitExceed".to_owned());
    assert_eq!(code(rules(1..49)).await, full, "three rules are there from the first");
    let params = several(rules(1..48));
    swas.ok("CreateFirewallRules", &params.each_ref().map(|(name, value)| (*name, value.as_str()))).await;
    assert_eq!(code(rules(48..49)).await, full);
    assert_eq!(swas.code("CreateFirewallRule", &[of, ("RuleProtocol", "UDP"), ("Port", "48")]).await, full);
    let page = [of, ("PageNumber", "first")];
    assert_eq!(swas.code("ListFirewallRules", &page).await, (403, "InvalidParam".into()));
    assert_eq!(swas.code("ListSnapshots", &[("InstanceId", "none")]).await, (404, "InvalidInstanceId.NotFound".into()));

    // Images that do not fit a plan, or a server that there is.
    for (id, os_type, gib) in [("large", model::OsType::Linux, 60), ("windows", model::OsType::Windows, 40)] {
        let (from, id) = (ImageId::from_record(SYSTEM.to_owned()), id.to_owned());
        let publish = swas.world.engine.meta().write(Scope::Shared, move |tx| {
            let source = images::get(tx, &from)?.expect("the image is there").image;
            let mut disks = source.disks.clone();
            disks[0].size_gib = gib;
            manifests::hold(tx, &disks[0].manifest, &id)?;
            let (name, id) = (id.parse().expect("a name"), ImageId::from_record(id.clone()));
            images::insert(tx, &Image { id, name, os_type, disks, ..source }, i64::from(gib))
        });
        assert!(publish.await.expect("published"));
    }
    let buy = [("Period", "1"), ("Amount", "1"), ("PlanId", "swas.s2.c1m1s40b1")];
    for (image, name) in [("large", "InvalidPlanIdSize.ValueNotSupported"), ("windows", "PlatformNotMatch")] {
        let params = [&buy[..], &[("ImageId", image)]].concat();
        assert_eq!(swas.code("CreateInstances", &params).await, (400, name.into()));
    }
    let reset = [of, ("ImageId", "large")];
    assert_eq!(swas.code("ResetSystem", &reset).await, (400, "InvalidImageId.NotSupport".into()));

    // A server that is on its way to somewhere has no disk at rest.
    swas.world.engine.shut_down();
    swas.ok("StopInstance", &[of]).await;
    let snapshot = [("DiskId", disk.as_str()), ("SnapshotName", "moving")];
    assert_eq!(swas.code("CreateSnapshot", &snapshot).await, (400, "IncorrectStatus".into()));
}

/// What the official clients' models of the lists have, by the service's metadata.
const MEMBERS: &[(&str, &str, &str)] = &[
    (
        "ListPlans",
        "Plans",
        "Bandwidth Core Currency DiskSize DiskType Flow IspType Memory OriginPrice PlanId PlanType \
             PublicIpNum SupportPlatform Tags",
    ),
    ("ListImages", "Images", "Description ImageId ImageName ImageType Platform"),
    (
        "ListInstances",
        "Instances",
        "BusinessStatus ChargeType Combination CombinationInstanceId CreationTime DdosStatus \
             DisableReason Disks ExpiredTime Image ImageId InnerIpAddress InstanceId InstanceName \
             NetworkAttributes PlanId PlanType PublicIpAddress RegionId ResourceGroupId ResourceSpec \
             Status Tags Uuid",
    ),
    ("ListInstanceStatus", "InstanceStatuses", "InstanceId Status"),
    (
        "ListDisks",
        "Disks",
        "Category CreationTime Device DiskChargeType DiskId DiskName DiskType InstanceId InstanceName \
             RegionId Remark ResourceGroupId Size Status Tags",
    ),
    (
        "ListSnapshots",
        "Snapshots",
        "CreationTime InstanceId Progress RegionId Remark ResourceGroupId RollbackTime SnapshotId \
             SnapshotName SourceDiskId SourceDiskType Status Tags",
    ),
    (
        "ListCustomImages",
        "CustomImages",
        "CreateInstances CreationTime DataSnapshotId DataSnapshotName Description ImageId InShare \
             InShareUser InstanceId InstanceName Name OsType RegionId RequiredDataDiskSize \
             RequiredSystemDiskSize ResourceGroupId SourceImageName SourceImageVersion Status \
             SystemSnapshotId SystemSnapshotName Tags UserId",
    ),
    ("ListFirewallRules", "FirewallRules", "Policy Port Remark RuleId RuleProtocol SourceCidrIp Tags"),
];

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn lists_have_the_members_that_clients_read() {
    let swas = Swas::new().await;
    let (server, disk) = swas.running().await;
    let snapshot = swas.snapshot(&disk, "one").await;
    swas.image(&server, &snapshot, "golden").await;
    for (action, list, members) in MEMBERS {
        // Only the firewall's list needs to be told whose; the others may be.
        let of = [("InstanceId", server.as_str())];
        let params = if *action == "ListFirewallRules" { &of[..] } else { &[] };
        let first = swas.ok(action, params).await[list][0].clone();
        let mut shown: Vec<&String> = first.as_object().expect("an object").keys().collect();
        shown.sort();
        assert_eq!(shown, members.split(' ').collect::<Vec<_>>(), "{action}");
    }
    let shown = swas.until(&server, "Running").await;
    for (part, members) in [
        (&shown["Image"], "ImageContact ImageIconUrl ImageName ImageType ImageVersion OsType"),
        (&shown["NetworkAttributes"][0], "PeakBandwidth PrivateIpAddress PublicIpAddress PublicIpDdosStatus"),
        (&shown["ResourceSpec"], "Bandwidth Cpu DiskCategory DiskSize Flow Memory"),
        (
            &shown["Disks"][0],
            "Category CreationTime Device DiskChargeType DiskId DiskName DiskTags DiskType RegionId Remark ResourceGroupId Size Status",
        ),
    ] {
        let mut shown: Vec<&String> = part.as_object().expect("an object").keys().collect();
        shown.sort();
        assert_eq!(shown, members.split(' ').collect::<Vec<_>>());
    }
}

/// An action, a call of it that would do, what is wrong with it, and what is said of that.
type Refusal<'a> = (&'a str, &'a [(&'a str, &'a str)], (&'a str, &'a str), u16, &'a str);

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn what_is_wrong_is_said_in_the_words_of_the_service() {
    let swas = Swas::new().await;
    let (server, disk) = swas.running().await;
    let snapshot = swas.snapshot(&disk, "one").await;
    swas.image(&server, &snapshot, "taken").await;
    let buy: &[(&str, &str)] = &[("ImageId", SYSTEM), ("PlanId", PLAN), ("Period", "1")];
    let make: &[(&str, &str)] = &[("InstanceId", &server), ("ImageName", "new"), ("SystemSnapshotId", &snapshot)];
    let shoot: &[(&str, &str)] = &[("DiskId", &disk), ("SnapshotName", "two")];
    let open: &[(&str, &str)] = &[("InstanceId", &server), ("RuleProtocol", "TCP"), ("Port", "81")];
    let long = "k".repeat(65);
    let cases: &[Refusal<'_>] = &[
        ("CreateInstances", buy, ("RegionId", "mars"), 400, "RegionIdNotMatchHost"),
        ("CreateInstances", buy, ("ImageId", "m-none"), 404, "InvalidImageId.NotFound"),
        ("CreateInstances", buy, ("PlanId", "swas.none"), 404, "InvalidPlanId.NotFound"),
        ("CreateInstances", buy, ("Period", "2"), 400, "InvalidPeriod.ValueNotSupported"),
        ("CreateInstances", buy, ("Period", ""), 400, "MissingParameter"),
        ("CreateInstances", buy, ("AutoRenewPeriod", "5"), 400, "InvalidAutoRenewPeriod.ValueNotSupported"),
        ("CreateInstances", buy, ("Amount", "21"), 400, "InvalidAmount.ValueNotSupported"),
        ("CreateInstances", buy, ("ChargeType", "PostPaid"), 400, "InvalidChargeType.ValueNotSupported"),
        ("CreateInstances", buy, ("DataDiskSize", "16381"), 400, "InvalidDataDiskSize.ValueNotSupported"),
        ("CreateCustomImage", make, ("InstanceId", ""), 400, "MissingParameter"),
        ("CreateCustomImage", make, ("InstanceId", "none"), 404, "InvalidInstanceId.NotFound"),
        ("CreateCustomImage", make, ("ImageName", ""), 400, "MissingParameter"),
        ("CreateCustomImage", make, ("ImageName", "a.b"), 400, "InvalidParam.IllegalImageName"),
        ("CreateCustomImage", make, ("ImageName", "_a"), 400, "InvalidParam.IllegalImageName"),
        ("CreateCustomImage", make, ("ImageName", "taken"), 400, "ImageNameAlreadyExist"),
        ("CreateCustomImage", make, ("SystemSnapshotId", ""), 400, "InvalidParam.SystemSnapshotIdNotFound"),
        ("CreateCustomImage", make, ("SystemSnapshotId", "s-none"), 400, "InvalidParam.SystemSnapshotIdNotFound"),
        ("CreateCustomImage", make, ("DataSnapshotId", &snapshot), 400, "InvalidParam.DataSnapshotIdNotFound"),
        ("CreateCustomImage", make, ("Tag.1.Key", &long), 400, "InvalidTagKey.Malformed"),
        ("CreateCustomImage", make, ("Tag.1.Key", "acs:x"), 400, "InvalidTagKey.Malformed"),
        ("CreateCustomImage", make, ("ClientToken", &long), 400, "InvalidClientToken.Malformed"),
        ("CreateSnapshot", shoot, ("DiskId", "d-none"), 404, "InvalidDiskId.NotFound"),
        ("CreateSnapshot", shoot, ("SnapshotName", "1x"), 400, "InvalidSnapshotName.ValueNotSupported"),
        ("CreateSnapshot", shoot, ("SnapshotName", &long), 400, "InvalidSnapshotName.ValueNotSupported"),
        ("CreateFirewallRule", open, ("Port", "0"), 400, "InvalidPort.ValueNotSupported"),
        ("CreateFirewallRule", open, ("Port", "-1/-1"), 400, "InvalidPort.ValueNotSupported"),
        ("CreateFirewallRule", open, ("RuleProtocol", "GRE"), 400, "InvalidProtocol.ValueNotSupported"),
        ("CreateFirewallRules", open, ("FirewallRules", "{}"), 403, "InvalidParam"),
        ("UpdateInstanceAttribute", open, ("InstanceName", "1"), 400, "InvalidInstanceName.ValueNotSupported"),
        ("UpdateInstanceAttribute", open, ("Password", "weak"), 400, "InvalidPassword.ValueNotSupported"),
        ("ListInstances", &[], ("ChargeType", "PostPaid"), 400, "InvalidChargeType.ValueNotSupported"),
        ("ListInstances", &[], ("PublicIpAddresses", "x"), 400, "InvalidPublicIpAddresses.ValueNotSupported"),
        ("ListImages", &[], ("ImageType", "none"), 400, "InvalidImageType.ValueNotSupported"),
        ("ListImages", &[], ("ImageIds", "x"), 403, "InvalidParam"),
        ("ListSnapshots", &[], ("DiskId", "d-none"), 404, "InvalidDiskId.NotFound"),
        ("ListFirewallRules", &[], ("InstanceId", "none"), 404, "InvalidInstanceId.NotFound"),
        ("DeleteCustomImage", &[], ("ImageId", "m-none"), 404, "InvalidImageId.NotFound"),
        ("DeleteSnapshot", &[], ("SnapshotId", "s-none"), 404, "InvalidSnapshotId.NotFound"),
        ("ModifyImageShareStatus", &[("ImageId", "m-x")], ("Operation", "share"), 400, "InvalidParam.OperationIllegal"),
        ("ModifyImageShareStatus", &[("ImageId", "m-x")], ("Operation", "Share"), 404, "InvalidImageId.NotFound"),
        ("ResetSystem", &[("InstanceId", &server)], ("ImageId", "m-none"), 404, "InvalidImageId.NotFound"),
        ("ResetDisk", &[("DiskId", &disk)], ("SnapshotId", "s-none"), 404, "InvalidSnapshotId.NotFound"),
    ];
    for (action, good, change, status, code) in cases {
        let kept = good.iter().copied().filter(|(name, _)| *name != change.0);
        let params: Vec<(&str, &str)> = kept.chain([*change]).collect();
        assert_eq!(swas.code(action, &params).await, (*status, (*code).to_owned()), "{action} {change:?}");
    }

    // One token is one call.
    let with_token = |name: &'static str| [make, &[("ClientToken", "t"), ("Description", name)]].concat();
    swas.ok("CreateCustomImage", &with_token("first")).await;
    let (status, code) = swas.code("CreateCustomImage", &with_token("second")).await;
    assert_eq!((status, code.as_str()), (400, "IdempotentParameterMismatch"));
    // While one snapshot is under way there is no other; a server whose time is over gives no image.
    swas.ok("CreateSnapshot", shoot).await;
    let three = [("DiskId", disk.as_str()), ("SnapshotName", "three")];
    assert_eq!(swas.code("CreateSnapshot", &three).await, (403, "IncorrectDiskStatus.CreatingSnapshot".into()));
    swas.world.work().await;
    swas.world.clock.advance_millis(31 * 24 * 60 * 60 * 1000);
    assert_eq!(
        swas.code("CreateCustomImage", &[make[0], ("ImageName", "late"), make[2]]).await.1,
        "IncorrectInstanceStatus"
    );
    assert_eq!(swas.until(&server, "Running").await["BusinessStatus"], "Expired");
}
