//! Servers at the door, on a node where nothing boots: every state, every byte of every disk, every refusal.

use disk::{Disk as _, WritableDisk as _};
use meta::resources;
use serde_json::{Value, json};

use crate::support::{OTHER_KEY, World, text};

/// A network, a subnet and a group, as a client makes them.
pub(crate) struct Network {
    pub(crate) vpc: String,
    pub(crate) vswitch: String,
    pub(crate) group: String,
}

pub(crate) async fn network(world: &World) -> Network {
    // The older calls, under the version of ECS.
    let vpc = text(&world.ecs_ok("CreateVpc", &[("CidrBlock", "172.16.0.0/16")]).await["VpcId"]);
    let subnet = [("VpcId", vpc.as_str()), ("CidrBlock", "172.16.1.0/24"), ("ZoneId", "cn-hangzhou-a")];
    let vswitch = text(&world.ecs_ok("CreateVSwitch", &subnet).await["VSwitchId"]);
    let group = text(&world.ecs_ok("CreateSecurityGroup", &[("VpcId", &vpc)]).await["SecurityGroupId"]);
    Network { vpc, vswitch, group }
}

pub(crate) async fn launch(world: &World, network: &Network, image: &str, more: &[(&str, &str)]) -> String {
    let params = [
        ("ImageId", image),
        ("InstanceType", "ecs.t5-lc1m1.small"),
        ("VSwitchId", &network.vswitch),
        ("SecurityGroupId", &network.group),
        ("InternetMaxBandwidthOut", "1"),
    ];
    let made = world.ecs_ok("RunInstances", &[&params, more].concat()).await;
    text(&made["InstanceIdSets"]["InstanceIdSet"][0])
}

pub(crate) async fn until_status(world: &World, instance: &str, status: &str) -> Value {
    let ids = json!([instance]).to_string();
    let is_so = |shown: &Value| shown["Instances"]["Instance"][0]["Status"] == status;
    let shown = world.until("DescribeInstances", &[("InstanceIds", &ids)], is_so).await;
    shown["Instances"]["Instance"][0].clone()
}

/// What a machine was stopped for is told late, now and then: when it runs again already.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_rebooted_runs() {
    let (world, image) = World::with_servers().await;
    let network = network(&world).await;
    let server = launch(&world, &network, &image, &[]).await;
    until_status(&world, &server, "Running").await;
    for _ in 0..150 {
        world.ecs_ok("RebootInstance", &[("InstanceId", &server)]).await;
        until_status(&world, &server, "Running").await;
    }
}

/// The system disk of a server, as bytes.
async fn volume(world: &World, disk: &str) -> std::sync::Arc<store::LayeredVolume> {
    let id = disk.to_owned();
    let found = world.engine.meta().read(move |tx| resources::get::<model::Disk>(tx, &id)).await.expect("read");
    world.engine.volume(&found.expect("the disk").record).await.expect("opens")
}

async fn disks(world: &World, instance: &str) -> Vec<Value> {
    let shown = world.ecs_ok("DescribeDisks", &[("InstanceId", instance)]).await;
    let mut disks = shown["Disks"]["Disk"].as_array().expect("a list").clone();
    disks.sort_by_key(|disk| text(&disk["Device"]));
    disks
}

async fn available(world: &World, image: &str) -> Value {
    world.work().await;
    let shown = world.ecs_ok("DescribeImages", &[("ImageId", image), ("Status", "ALL")]).await;
    let view = shown["Images"]["Image"][0].clone();
    assert_eq!(view["Status"], "Available", "{view}");
    view
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_server_from_its_launch_to_its_release() {
    let (world, image) = World::with_servers().await;
    let network = network(&world).await;
    let rule = [("SecurityGroupId", network.group.as_str()), ("IpProtocol", "all"), ("PortRange", "-1/-1")];
    world
        .ecs_ok(
            "AuthorizeSecurityGroup",
            &[&rule[..], &[("SourceCidrIp", "0.0.0.0/0"), ("NicType", "internet")]].concat(),
        )
        .await;
    let data = [("DataDisk.1.Size", "20"), ("DataDisk.1.Category", "cloud_ssd"), ("ClientToken", "one")];
    let one = launch(&world, &network, &image, &data).await;
    assert_eq!(launch(&world, &network, &image, &data).await, one, "the same token is the same server");
    let shown = until_status(&world, &one, "Running").await;
    assert_eq!(shown["VpcAttributes"]["PrivateIpAddress"]["IpAddress"], json!(["172.16.1.1"]));
    assert!(text(&shown["PublicIpAddress"]["IpAddress"][0]).starts_with("127."));
    let told = text(&shown["OperationLocks"]["LockReason"][0]["LockMsg"]);
    assert!(told.contains("on record"), "it says that nothing boots: {told}");
    let devices: Vec<String> = disks(&world, &one).await.iter().map(|disk| text(&disk["Device"])).collect();
    assert_eq!(devices, ["/dev/xvda", "/dev/xvdb"]);

    // What is in use cannot go.
    let (group, vswitch) = ([("SecurityGroupId", network.group.as_str())], [("VSwitchId", network.vswitch.as_str())]);
    assert_eq!(world.ecs_code("DeleteSecurityGroup", &group).await, (403, "DependencyViolation".into()));
    assert_eq!(world.ecs_code("DeleteVSwitch", &vswitch).await, (400, "DependencyViolation".into()));
    assert_eq!(
        world.ecs_code("DeleteVpc", &[("VpcId", &network.vpc)]).await,
        (400, "DependencyViolation.Instance".into())
    );
    assert_eq!(world.ecs_code("DeleteImage", &[("ImageId", &image)]).await, (403, "ImageUsingByInstance".into()));
    assert_eq!(
        world.ecs_code("DeleteInstance", &[("InstanceId", &one)]).await,
        (403, "IncorrectInstanceStatus".into())
    );

    world.ecs_ok("StopInstance", &[("InstanceId", &one), ("ForceStop", "true")]).await;
    until_status(&world, &one, "Stopped").await;
    world.ecs_ok("StartInstances", &[("InstanceId.1", &one)]).await;
    until_status(&world, &one, "Running").await;
    assert_eq!(world.ecs_code("StartInstance", &[("InstanceId", &one)]).await, (403, "IncorrectInstanceStatus".into()));
    world.ecs_ok("RebootInstance", &[("InstanceId", &one)]).await;
    until_status(&world, &one, "Running").await;

    world.ecs_ok("DeleteInstance", &[("InstanceId", &one), ("Force", "True")]).await;
    assert_eq!(world.ecs_ok("DescribeInstances", &[]).await["TotalCount"], 0);
    assert_eq!(world.ecs_ok("DescribeDisks", &[]).await["TotalCount"], 0);
    world.ecs_ok("DeleteSecurityGroup", &group).await;
    world.ecs_ok("DeleteVSwitch", &vswitch).await;
    world.ecs_ok("DeleteVpc", &[("VpcId", &network.vpc)]).await;
    world.ecs_ok("DeleteImage", &[("ImageId", &image)]).await;
    // The volumes go with it, and then everything that they read from.
    let volumes = world.engine.host().volumes.clone();
    for _ in 0..1_000 {
        if volumes.names().expect("a list").is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(volumes.names().expect("a list"), Vec::<String>::new());
    let held = world.engine.meta().read(meta::manifests::held).await.expect("read");
    assert_eq!(held, [], "nothing is held");
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn what_a_guest_wrote_is_captured_and_comes_back() {
    let (world, image) = World::with_servers().await;
    let network = network(&world).await;
    let one = launch(&world, &network, &image, &[("DataDisk.1.Size", "20")]).await;
    until_status(&world, &one, "Running").await;
    let ids: Vec<String> = disks(&world, &one).await.iter().map(|disk| text(&disk["DiskId"])).collect();
    let write = |byte: u8| {
        let (world, ids) = (&world, &ids);
        async move {
            for id in ids {
                let volume = volume(world, id).await;
                volume.write_all_at(&[byte; 8192], 1 << 20).expect("written");
            }
        }
    };
    let read = async |disk: &str| {
        let mut bytes = [0; 1];
        volume(&world, disk).await.read_exact_at(&mut bytes, 1 << 20).expect("read");
        bytes[0]
    };

    write(1).await;
    let snapshot = text(&world.ecs_ok("CreateSnapshot", &[("DiskId", &ids[0])]).await["SnapshotId"]);
    // The moment was fixed before the answer.
    write(2).await;
    assert_eq!(
        world.ecs_code("CreateSnapshot", &[("DiskId", &ids[0])]).await,
        (403, "IncorrectDiskStatus.CreatingSnapshot".into())
    );
    let of_snapshot = [("SnapshotId", snapshot.as_str()), ("ImageName", "of-snapshot")];
    assert_eq!(world.ecs_code("CreateImage", &of_snapshot).await, (403, "InvalidSnapshotId.NotReady".into()));
    world.work().await;
    let shown = world.ecs_ok("DescribeSnapshots", &[("SnapshotIds", &json!([snapshot]).to_string())]).await;
    let view = &shown["Snapshots"]["Snapshot"][0];
    assert_eq!((&view["Status"], &view["Progress"]), (&json!("accomplished"), &json!("100%")), "{view}");

    let of_snapshot = text(&world.ecs_ok("CreateImage", &of_snapshot).await["ImageId"]);
    available(&world, &of_snapshot).await;
    let whole = text(&world.ecs_ok("CreateImage", &[("InstanceId", &one), ("ImageName", "whole")]).await["ImageId"]);
    write(3).await;
    let view = available(&world, &whole).await;
    let mappings = view["DiskDeviceMappings"]["DiskDeviceMapping"].as_array().expect("a list").clone();
    assert_eq!(mappings.len(), 2);
    assert_eq!(
        world.ecs_code("DeleteSnapshot", &[("SnapshotId", &snapshot)]).await,
        (403, "SnapshotCreatedImage".into())
    );

    for (image, expected) in [(&of_snapshot, vec![1]), (&whole, vec![2, 2])] {
        let two = launch(&world, &network, image, &[]).await;
        until_status(&world, &two, "Running").await;
        let mut found = Vec::new();
        for disk in disks(&world, &two).await {
            found.push(read(&text(&disk["DiskId"])).await);
        }
        assert_eq!(found, expected);
        world.ecs_ok("DeleteInstance", &[("InstanceId", &two), ("Force", "true")]).await;
    }
    assert_eq!(read(&ids[0]).await, 3, "the first server goes on");

    // Back to the snapshot, back to the image, to another image.
    let reset = [("DiskId", ids[0].as_str()), ("SnapshotId", snapshot.as_str())];
    assert_eq!(world.ecs_code("ResetDisk", &reset).await, (403, "IncorrectInstanceStatus".into()));
    world.ecs_ok("StopInstance", &[("InstanceId", &one), ("ForceStop", "true")]).await;
    until_status(&world, &one, "Stopped").await;
    world.ecs_ok("ResetDisk", &reset).await;
    assert_eq!(read(&ids[0]).await, 1);
    let other = [("DiskId", ids[1].as_str()), ("SnapshotId", snapshot.as_str())];
    assert_eq!(world.ecs_code("ResetDisk", &other).await, (403, "InvalidParameter.Mismatch".into()));
    world.ecs_ok("ReInitDisk", &[("DiskId", &ids[0])]).await;
    assert_eq!(read(&ids[0]).await, 0, "as the image has it");
    world.ecs_ok("ReInitDisk", &[("DiskId", &ids[1])]).await;
    assert_eq!(read(&ids[1]).await, 0, "an empty disk is empty again");
    let replaced = world.ecs_ok("ReplaceSystemDisk", &[("InstanceId", &one), ("ImageId", &whole)]).await;
    assert_eq!(read(&text(&replaced["DiskId"])).await, 2);

    // An image of a set of disks, with one that nothing backs.
    let set = [
        ("ImageName", "set"),
        ("DiskDeviceMapping.1.SnapshotId", snapshot.as_str()),
        ("DiskDeviceMapping.2.Size", "30"),
        ("DiskDeviceMapping.2.Device", "/dev/xvdc"),
    ];
    let set = text(&world.ecs_ok("CreateImage", &set).await["ImageId"]);
    available(&world, &set).await;
    let three = launch(&world, &network, &set, &[]).await;
    until_status(&world, &three, "Running").await;
    let shown = disks(&world, &three).await;
    assert_eq!((&shown[1]["Device"], &shown[1]["Size"]), (&json!("/dev/xvdc"), &json!(30)));

    // Deleting images and snapshots takes nothing from the servers that run.
    for image in [&of_snapshot, &whole, &set] {
        world.ecs_ok("DeleteImage", &[("ImageId", image), ("Force", "true")]).await;
    }
    for found in world.ecs_ok("DescribeSnapshots", &[("PageSize", "100")]).await["Snapshots"]["Snapshot"]
        .as_array()
        .expect("a list")
    {
        if found["SourceDiskId"] != "" {
            world.ecs_ok("DeleteSnapshot", &[("SnapshotId", &text(&found["SnapshotId"])), ("Force", "true")]).await;
        }
    }
    world.engine.sweep(0).await.expect("swept");
    assert_eq!(read(&text(&shown[0]["DiskId"])).await, 1);
    assert_eq!(
        world.ecs_code("ReInitDisk", &[("DiskId", &text(&replaced["DiskId"]))]).await.1,
        "InvalidImageId.NotFound"
    );
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn an_image_is_shared_and_taken_back() {
    let (world, image) = World::with_servers().await;
    let other = world.other.to_string();
    let share = [("ImageId", image.as_str()), ("AddAccount.1", other.as_str())];
    let theirs = async |action: &str, params: &[(&str, &str)]| {
        world.call_as(OTHER_KEY, "2014-05-26", action, &[params, &[("RegionId", "cn-hangzhou")]].concat()).await
    };
    assert_eq!(theirs("DescribeImages", &[("ImageId", &image)]).await.1["TotalCount"], 0);
    for (account, code) in
        [("1", "InvalidAccount.NotFound"), (world.account.to_string().as_str(), "InvalidAccount.Forbbiden")]
    {
        let bad = [("ImageId", image.as_str()), ("AddAccount.1", account)];
        assert_eq!(world.ecs_code("ModifyImageSharePermission", &bad).await, (404, code.into()));
    }
    // A call about nobody is what some clients always make.
    world.ecs_ok("ModifyImageSharePermission", &[("ImageId", &image)]).await;
    world.ecs_ok("ModifyImageSharePermission", &share).await;
    let shared = world.ecs_ok("DescribeImageSharePermission", &[("ImageId", &image)]).await;
    assert_eq!(shared["Accounts"]["Account"][0]["AliyunId"], other);
    let seen = theirs("DescribeImages", &[("ImageId", &image)]).await.1;
    assert_eq!(seen["Images"]["Image"][0]["ImageOwnerAlias"], "others");
    assert_eq!(world.ecs_ok("DescribeImages", &[]).await["Images"]["Image"][0]["IsSelfShared"], "True");
    assert_eq!(world.ecs_code("DeleteImage", &[("ImageId", &image)]).await, (403, "ImageUseShared".into()));

    let group = theirs("CreateSecurityGroup", &[]).await.1["SecurityGroupId"].clone();
    let group = text(&group);
    let run = [("ImageId", image.as_str()), ("InstanceType", "ecs.n1.tiny"), ("SecurityGroupId", group.as_str())];
    let made = theirs("RunInstances", &run).await.1;
    let server = text(&made["InstanceIdSets"]["InstanceIdSet"][0]);
    let elsewhere =
        [("ImageId", image.as_str()), ("DestinationRegionId", "us-west-1"), ("DestinationImageName", "mine")];
    assert_eq!(theirs("CopyImage", &elsewhere).await.1["Code"], "OperationDenied.SameRegionOnly");
    let here = [("ImageId", image.as_str()), ("DestinationRegionId", "cn-hangzhou"), ("DestinationImageName", "mine")];
    assert_eq!(theirs("CopyImage", &here).await.0, 200);
    world.work().await;
    let copies = theirs("DescribeImages", &[("ImageOwnerAlias", "self")]).await.1;
    assert_eq!((&copies["TotalCount"], &copies["Images"]["Image"][0]["IsCopied"]), (&json!(1), &json!(true)));

    let take = [("ImageId", image.as_str()), ("RemoveAccount.1", other.as_str())];
    world.ecs_ok("ModifyImageSharePermission", &take).await;
    let again = theirs("RunInstances", &run);
    assert_eq!(again.await.1["Code"], "InvalidImageId.NotFound");
    // The server that was made goes on; it only cannot begin anew.
    for _ in 0..1_000 {
        let shown = theirs("DescribeInstanceAttribute", &[("InstanceId", &server)]).await.1;
        if shown["Status"] == "Running" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(theirs("StopInstance", &[("InstanceId", &server), ("ForceStop", "true")]).await.0, 200);
    for _ in 0..1_000 {
        if theirs("DescribeInstanceAttribute", &[("InstanceId", &server)]).await.1["Status"] == "Stopped" {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let disk = theirs("DescribeDisks", &[("InstanceId", &server)]).await.1["Disks"]["Disk"][0]["DiskId"].clone();
    assert_eq!(theirs("ReInitDisk", &[("DiskId", &text(&disk))]).await.1["Code"], "SharedImageDeleted");
    assert_eq!(theirs("StartInstance", &[("InstanceId", &server)]).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn addresses_keys_and_tags_around_a_server() {
    let (world, image) = World::with_servers().await;
    let network = network(&world).await;
    let pair = world.ecs_ok("CreateKeyPair", &[("KeyPairName", "mine")]).await;
    assert!(text(&pair["PrivateKeyBody"]).starts_with("-----BEGIN RSA PRIVATE KEY-----"));
    assert_eq!(text(&pair["KeyPairFingerPrint"]).len(), 32);
    assert_eq!(world.ecs_code("CreateKeyPair", &[("KeyPairName", "mine")]).await, (400, "KeyPair.AlreadyExist".into()));
    let create = [
        ("ImageId", image.as_str()),
        ("InstanceType", "ecs.n1.tiny"),
        ("VSwitchId", &network.vswitch),
        ("SecurityGroupId", &network.group),
    ];
    let server = text(&world.ecs_ok("CreateInstance", &create).await["InstanceId"]);
    until_status(&world, &server, "Stopped").await;
    let attach = [("KeyPairName", "mine"), ("InstanceIds", &json!([server]).to_string())];
    assert_eq!(world.ecs_ok("AttachKeyPair", &attach).await["FailCount"], "0");
    assert_eq!(world.ecs_code("DeleteKeyPairs", &[("KeyPairNames", "[\"mine\"]")]).await.0, 400);

    let eip = world.ecs_ok("AllocateEipAddress", &[]).await;
    let (allocation, address) = (text(&eip["AllocationId"]), text(&eip["EipAddress"]));
    let bind = [("AllocationId", allocation.as_str()), ("InstanceId", server.as_str())];
    world.ecs_ok("AssociateEipAddress", &bind).await;
    assert_eq!(world.ecs_code("ReleaseEipAddress", &bind[..1]).await, (400, "IncorrectEipStatus".into()));
    let shown = until_status(&world, &server, "Stopped").await;
    assert_eq!((&shown["EipAddress"]["IpAddress"], &shown["KeyPairName"]), (&json!(address), &json!("mine")));
    let again = (400, "IncorrectEipStatus".to_owned());
    assert_eq!(world.ecs_code("AssociateEipAddress", &bind).await, again);
    world.ecs_ok("UnassociateEipAddress", &bind).await;
    assert_eq!(world.ecs_code("UnassociateEipAddress", &bind).await, again);
    let nobody = [bind[0], ("InstanceId", "i-none")];
    assert_eq!(world.ecs_code("UnassociateEipAddress", &nobody).await, (400, "InvalidInstanceId.NotFound".into()));
    world.ecs_ok("ReleaseEipAddress", &bind[..1]).await;
    assert_eq!(world.ecs_ok("DetachKeyPair", &attach).await["FailCount"], "0");
    world.ecs_ok("DeleteKeyPairs", &[("KeyPairNames", "[\"mine\"]")]).await;

    let tag =
        [("ResourceType", "instance"), ("ResourceId", server.as_str()), ("Tag.1.Key", "team"), ("Tag.1.Value", "core")];
    world.ecs_ok("AddTags", &tag).await;
    let found = world.ecs_ok("DescribeInstances", &[("Tag.1.Key", "team"), ("Tag.1.Value", "core")]).await;
    assert_eq!(found["TotalCount"], 1);
    let counted = world.ecs_ok("DescribeTags", &[]).await;
    assert_eq!(counted["Tags"]["Tag"][0]["ResourceTypeCount"]["Instance"], 1);
    world.ecs_ok("RemoveTags", &tag).await;
    assert_eq!(world.ecs_ok("DescribeTags", &[]).await["TotalCount"], 0);
    dry_runs_of_networks(&world).await;
    calls_with_one_token(&world, &network, &server).await;
    lists_that_are_no_lists(&world).await;
}

/// Everything is checked, nothing is done, and the token is as new as before.
async fn dry_runs_of_networks(world: &World) {
    const DRY: (&str, &str) = ("DryRun", "True");
    let dry = (400, "DryRunOperation".to_owned());
    let make = [("CidrBlock", "10.0.0.0/8"), ("ClientToken", "dry")];
    assert_eq!(world.ecs_code("CreateVpc", &[make[0], make[1], DRY]).await, dry);
    assert_eq!(world.ecs_ok("DescribeVpcs", &[]).await["TotalCount"], 1);
    let vpc = text(&world.ecs_ok("CreateVpc", &make).await["VpcId"]);
    let of = ("VpcId", vpc.as_str());
    let subnet = [of, ("CidrBlock", "10.0.0.0/24"), ("ZoneId", "cn-hangzhou-a")];
    let vswitch = text(&world.ecs_ok("CreateVSwitch", &subnet).await["VSwitchId"]);
    let in_it = ("VSwitchId", vswitch.as_str());
    let full = (400, "DependencyViolation.VSwitch".to_owned());
    assert_eq!(world.ecs_code("DeleteVpc", &[of, DRY]).await, full, "a dry run finds what is wrong");
    let lists = [("DescribeVpcs", of), ("DescribeVpcAttribute", of), ("DescribeVSwitches", in_it)];
    for (action, param) in lists.into_iter().chain([("DescribeVSwitchAttributes", in_it), ("DeleteVSwitch", in_it)]) {
        assert_eq!(world.ecs_code(action, &[param, DRY]).await, dry, "{action}");
    }
    world.ecs_ok("DeleteVSwitch", &[in_it]).await;
    let delete = [of, ("ClientToken", "gone")];
    assert_eq!(world.ecs_code("DeleteVpc", &[of, delete[1], DRY]).await, dry);
    world.ecs_ok("DeleteVpc", &delete).await;
    world.ecs_ok("DeleteVpc", &delete).await;
    let other = [("VpcId", "vpc-other"), delete[1]];
    assert_eq!(world.ecs_code("DeleteVpc", &other).await, (400, "IdempotentParameterMismatch".into()));
}

/// The same call again has the same answer and no effect; another with its token is refused.
async fn calls_with_one_token(world: &World, network: &Network, server: &str) {
    let mismatch = (400, "IdempotentParameterMismatch".to_owned());
    let rules = async || {
        let shown = world.ecs_ok("DescribeSecurityGroupAttribute", &[("SecurityGroupId", &network.group)]).await;
        shown["Permissions"]["Permission"].as_array().map_or(0, Vec::len)
    };
    let before = rules().await;
    let rule = |port: &'static str, token: &'static str, peer: &'static str| {
        let group = ("SecurityGroupId", network.group.as_str());
        [group, ("IpProtocol", "tcp"), ("PortRange", port), (peer, "0.0.0.0/0"), ("ClientToken", token)]
    };
    for (peer, add, remove) in [
        ("SourceCidrIp", "AuthorizeSecurityGroup", "RevokeSecurityGroup"),
        ("DestCidrIp", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupEgress"),
    ] {
        world.ecs_ok(add, &rule("81/81", "add", peer)).await;
        assert_eq!(world.ecs_code(add, &rule("82/82", "add", peer)).await, mismatch, "{add}");
        world.ecs_ok(remove, &rule("81/81", "remove", peer)).await;
        world.ecs_ok(add, &rule("81/81", "add", peer)).await;
        assert_eq!(rules().await, before, "the rule was added and removed once");
        world.ecs_ok(remove, &rule("81/81", "remove", peer)).await;
        assert_eq!(world.ecs_code(remove, &rule("82/82", "remove", peer)).await, mismatch, "{remove}");
    }
    let icmp = [("SecurityGroupId", network.group.as_str()), ("IpProtocol", "icmp"), ("PortRange", "1/2")];
    let code = (400, "InvalidIpPortRange.Malformed".to_owned());
    assert_eq!(world.ecs_code("RevokeSecurityGroup", &[&icmp[..], &[("SourceCidrIp", "::/0")]].concat()).await, code);
    let longest = "sgr-x".repeat(50);
    for (id, code) in
        [(longest.as_str(), "InvalidParam.SecurityGroupRuleId"), ("sgr-1", "InvalidParam.SecurityGroupRuleIdRepeated")]
    {
        let params = [icmp[0], ("SecurityGroupRuleId.1", id), ("SecurityGroupRuleId.2", id)];
        assert_eq!(world.ecs_code("RevokeSecurityGroup", &params).await, (400, code.into()));
    }

    let blank = [("ZoneId", "cn-hangzhou-a"), ("Size", "20"), ("DiskCategory", "cloud_essd")];
    let disk = text(&world.ecs_ok("CreateDisk", &blank).await["DiskId"]);
    let resize = [("DiskId", disk.as_str()), ("NewSize", "30"), ("ClientToken", "grow")];
    world.ecs_ok("ResizeDisk", &resize).await;
    world.ecs_ok("ResizeDisk", &[resize[0], ("NewSize", "40")]).await;
    world.ecs_ok("ResizeDisk", &resize).await;
    let ids = json!([disk]).to_string();
    assert_eq!(world.ecs_ok("DescribeDisks", &[("DiskIds", &ids)]).await["Disks"]["Disk"][0]["Size"], 40);
    assert_eq!(world.ecs_code("ResizeDisk", &[resize[0], ("NewSize", "50"), resize[2]]).await, mismatch);
    for (params, status, code) in [
        (vec![resize[0], ("DiskIds.1", disk.as_str()), ("DiskName", "x1")], 400, "ParameterConflict.DiskIdAndDiskIds"),
        (vec![("DiskName", "x1")], 400, "MissingParameter.DiskIdOrDiskIds"),
        (vec![resize[0]], 400, "NoAttributeToModify"),
        (vec![resize[0], ("Description", "http://x")], 404, "InvalidDescription.Malformed"),
    ] {
        assert_eq!(world.ecs_code("ModifyDiskAttribute", &params).await, (status, code.into()), "{params:?}");
    }

    let delete = [("InstanceId.1", server), ("Force", "true"), ("ClientToken", "release")];
    world.ecs_ok("DeleteInstances", &delete).await;
    world.ecs_ok("DeleteInstances", &delete).await;
    assert_eq!(world.ecs_code("DeleteInstances", &[("InstanceId.1", "i-other"), delete[2]]).await, mismatch);
    assert_eq!(world.ecs_code("DeleteInstances", &[]).await, (403, "InvalidInstanceIds.ValueNotSupported".into()));
}

async fn lists_that_are_no_lists(world: &World) {
    let long = json!(vec!["x-1"; 101]).to_string();
    let fits = json!(vec!["x-1"; 100]).to_string();
    for (action, name, long_code, bad_code) in [
        ("DescribeInstances", "InstanceIds", (400, "InvalidParameter"), (400, "InvalidParameter")),
        ("DescribeInstances", "PrivateIpAddresses", (400, "InvalidParameter"), (400, "InvalidParameter")),
        ("DescribeInstances", "PublicIpAddresses", (400, "InvalidParameter"), (400, "InvalidParameter")),
        ("DescribeInstances", "InnerIpAddresses", (400, "InvalidParameter"), (400, "InvalidParameter")),
        ("DescribeInstances", "EipAddresses", (400, "InvalidParameter"), (400, "InvalidParameter")),
        ("DescribeDisks", "DiskIds", (403, "InvalidDiskIds.Malformed"), (400, "InvalidParameter.DiskIds")),
        ("DescribeSnapshots", "SnapshotIds", (403, "InvalidSnapshotIds.Malformed"), (400, "InvalidParameter")),
        ("DescribeSecurityGroups", "SecurityGroupIds", (400, "InvalidParameter"), (400, "InvalidParameter")),
    ] {
        assert_eq!(world.ecs_ok(action, &[(name, &fits)]).await["TotalCount"], 0, "{action} {name}");
        assert_eq!(
            world.ecs_code(action, &[(name, &long)]).await,
            (long_code.0, long_code.1.into()),
            "{action} {name}"
        );
        assert_eq!(world.ecs_code(action, &[(name, "x-1")]).await, (bad_code.0, bad_code.1.into()), "{action} {name}");
    }
}

/// Parameters that differ from those of a good call, and the status and the code of the refusal.
type Refused<'a> = (&'a [(&'a str, &'a str)], u16, &'a str);

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn what_is_not_there_and_what_gives_no_image() {
    let (world, image) = World::with_servers().await;
    for (action, params, expected) in [
        ("StopInstance", [("InstanceId", "i-none")], (404, "InvalidInstanceId.NotFound")),
        ("CreateSnapshot", [("DiskId", "d-none")], (404, "InvalidDiskId.NotFound")),
        ("DeleteDisk", [("DiskId", "d-none")], (404, "InvalidDiskId.NotFound")),
        ("DescribeVpcAttribute", [("VpcId", "vpc-none")], (404, "InvalidVpcId.NotFound")),
    ] {
        assert_eq!(world.ecs_code(action, &params).await, (expected.0, expected.1.to_owned()), "{action}");
    }
    what_is_wrong_with_an_image_of_one(&world, &image).await;
}

async fn what_is_wrong_with_an_image_of_one(world: &World, image: &str) {
    let snapshot = world.system_snapshot(image).await;
    let of = ("DiskDeviceMapping.1.SnapshotId", snapshot.as_str());
    let system = ("DiskDeviceMapping.1.DiskType", "system");
    let long = "v".repeat(41);
    let name = "once";
    world.ecs_ok("CreateImage", &[("SnapshotId", &snapshot), ("ImageName", name)]).await;
    let cases: &[Refused<'_>] = &[
        (&[("InstanceId", "i-none")], 404, "InvalidInstanceId.NotFound"),
        (&[("SnapshotId", &snapshot), ("ImageName", name)], 400, "InvalidImageName.Duplicated"),
        (&[("SnapshotId", &snapshot), ("ImageFamily", "-")], 400, "InvalidImageFamily.Malformed"),
        (&[("SnapshotId", &snapshot), ("ImageVersion", &long)], 400, "InvalidImageVersion.Malformed"),
        (&[("SnapshotId", &snapshot), ("Tag.1.Key", "k"), ("Tag.2.Key", "K")], 400, "Duplicate.TagKey"),
        (&[of, system, ("DiskDeviceMapping.2.Device", "/dev/sda")], 400, "InvalidDevice.Malformed"),
        (
            &[of, system, ("DiskDeviceMapping.2.Device", "/dev/xvdb"), ("DiskDeviceMapping.3.Device", "/dev/xvdb")],
            400,
            "InvalidDevice.InUse",
        ),
    ];
    for (params, status, code) in cases {
        assert_eq!(world.ecs_code("CreateImage", params).await, (*status, (*code).to_owned()), "{params:?}");
    }
}
