//! What servers are made of, called and told; and what is refused, by RunInstances and CreateInstance alike.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::buckets::NewObject;
use model::Clock as _;
use model::quota::Quota;
use serde_json::{Value, json};

use crate::servers::{Network, launch, network, until_status};
use crate::support::{World, import_with, text};

type Params<'a> = &'a [(&'a str, &'a str)];

/// A status and a code.
type Refusal = (u16, &'static str);

/// These parameters in the place of those of the same names.
fn changed<'a>(good: Params<'a>, changes: Params<'a>) -> Vec<(&'a str, &'a str)> {
    let kept = good.iter().copied().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    kept.chain(changes.iter().copied()).filter(|(_, value)| !value.is_empty()).collect()
}

/// The parameters of a call about a server.
fn of<'a>(server: &'a str, params: Params<'a>) -> Vec<(&'a str, &'a str)> {
    [&[("InstanceId", server)], params].concat()
}

fn good<'a>(image: &'a str, network: &'a Network) -> [(&'a str, &'a str); 4] {
    [
        ("ImageId", image),
        ("InstanceType", "ecs.n1.tiny"),
        ("VSwitchId", &network.vswitch),
        ("SecurityGroupId", &network.group),
    ]
}

async fn refused(world: &World, action: &str, params: Params<'_>, (status, code): Refusal) {
    assert_eq!(world.ecs_code(action, params).await, (status, code.to_owned()), "{action} {params:?}");
}

/// Tags, one more than a resource may have.
fn too_many_tags() -> Vec<(String, String)> {
    (1..=21).map(|n| (format!("Tag.{n}.Key"), format!("k{n}"))).collect()
}

/// A server that is made and never moved: nobody keeps machines in this world.
async fn pending(image: &str, world: &World) -> String {
    let group = text(&world.ecs_ok("CreateSecurityGroup", &[]).await["SecurityGroupId"]);
    let params = [("ImageId", image), ("InstanceType", "ecs.n1.tiny"), ("SecurityGroupId", group.as_str())];
    text(&world.ecs_ok("RunInstances", &params).await["InstanceIdSets"]["InstanceIdSet"][0])
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn what_a_launch_is_refused_for() {
    let (world, image) = World::with_servers().await;
    let network = network(&world).await;
    let classic = text(&world.ecs_ok("CreateSecurityGroup", &[]).await["SecurityGroupId"]);
    let system = world.system_snapshot(&image).await;
    let bucket = world.engine.meta().read(|tx| meta::buckets::get(tx, &"disks".parse().expect("a name")));
    let bucket = bucket.await.expect("read").expect("the bucket").name;
    world.put(&bucket, NewObject::plain("large.raw"), vec![7; 1 << 20]).await;
    let large = [("DiskDeviceMapping.1.DiskImageSize", "30"), ("ImageName", "large")];
    let large = text(&world.ecs_ok("ImportImage", &import_with(&large)).await["ImageId"]);
    world.work().await;
    let long_data = STANDARD.encode(vec![b'x'; (32 << 10) + 1]);
    let disks: Vec<(String, &str)> = (1..=17).map(|n| (format!("DataDisk.{n}.Size"), "20")).collect();
    let disks: Vec<(&str, &str)> = disks.iter().map(|(name, size)| (name.as_str(), *size)).collect();
    let tags = too_many_tags();
    let tags: Vec<(&str, &str)> = tags.iter().map(|(name, key)| (name.as_str(), key.as_str())).collect();

    let good = good(&image, &network);
    let cases: &[(Params<'_>, Refusal)] = &[
        (&[("ImageId", "m-none")], (404, "InvalidImageId.NotFound")),
        (&[("ImageId", ""), ("ImageFamily", "f-x")], (403, "InvalidImageFamily.MissingAvailableImage")),
        (&[("InstanceType", "ecs.g8i.large")], (403, "ImageNotSupportInstanceType")),
        (&[("SecurityGroupId", "sg-none")], (404, "InvalidSecurityGroupId.NotFound")),
        (&[("SecurityGroupId", &classic)], (403, "OperationDenied.InconsistentNetwork")),
        (&[("VSwitchId", "")], (400, "MissingParameter")),
        (&[("VSwitchId", "vsw-none")], (404, "InvalidVSwitchId.NotFound")),
        (&[("ZoneId", "mars-a")], (404, "InvalidZoneId.NotFound")),
        (&[("InstanceName", "1x")], (400, "InvalidInstanceName.Malformed")),
        (&[("HostName", "-x")], (400, "InvalidHostName.Malformed")),
        (&[("Password", "short")], (400, "InvalidPassword.Malformed")),
        (&[("UserData", &long_data)], (400, "InvalidUserData.SizeExceeded")),
        (
            &[("VSwitchId", ""), ("SecurityGroupId", &classic), ("UserData", "eA==")],
            (400, "InvalidUserData.NotSupported"),
        ),
        (&[("KeyPairName", "none")], (404, "InvalidKeyPairName.NotFound")),
        (&[("SystemDisk.Size", "5")], (404, "InvalidSystemDiskSize.LessThanMinSize")),
        (&[("SystemDisk.Size", "9999")], (404, "InvalidSystemDiskSize.MoreThanMaxSize")),
        (&[("ImageId", &large), ("SystemDisk.Size", "20")], (404, "InvalidSystemDiskSize.LessThanImageSize")),
        (&[("SystemDisk.Category", "floppy")], (400, "InvalidSystemDiskCategory.ValueNotSupported")),
        (
            &[("DataDisk.1.Category", "floppy"), ("DataDisk.1.Size", "20")],
            (400, "InvalidDataDiskCategory.ValueNotSupported"),
        ),
        (&[("DataDisk.1.Size", "0")], (400, "InvalidDataDiskSize.ValueNotSupported")),
        (&[("DataDisk.1.Size", "20"), ("DataDisk.1.Device", "/dev/sda")], (400, "InvalidDataDevice.Malformed")),
        (
            &[
                ("DataDisk.1.Size", "20"),
                ("DataDisk.1.Device", "/dev/xvdb"),
                ("DataDisk.2.Size", "20"),
                ("DataDisk.2.Device", "/dev/xvdb"),
            ],
            (403, "InvalidDevice.InUse"),
        ),
        (&disks, (403, "InstanceDiskLimitExceeded")),
        (&[("DataDisk.1.SnapshotId", "s-none")], (404, "InvalidDataDiskSnapshotId.NotFound")),
        (&[("DataDisk.1.SnapshotId", &system)], (403, "InvalidSnapshotId.NotDataDiskSnapshot")),
        (&[("PrivateIpAddress", "here")], (400, "InvalidPrivateIpAddress.Malformed")),
        (&[("PrivateIpAddress", "10.0.0.1")], (403, "InvalidVSwitchId.IpInvalid")),
        (&[("HttpTokens", "maybe")], (400, "InvalidHttpTokens.NotSupported")),
        (&[("InternetMaxBandwidthOut", "9999")], (400, "InvalidInternetMaxBandwidthOut.Malformed")),
        (&[("Tag.1.Key", "k"), ("Tag.2.Key", "k")], (400, "Duplicate.TagKey")),
        (&[("Tag.1.Value", "v")], (400, "InvalidTag.Mismatch")),
        (&[("Tag.1.Key", "acs:k")], (400, "InvalidTagKey.Malformed")),
        (&[("DryRun", "true")], (400, "DryRunOperation")),
    ];
    for (changes, refusal) in cases {
        refused(&world, "RunInstances", &changed(&good, changes), *refusal).await;
        refused(&world, "CreateInstance", &changed(&good, changes), *refusal).await;
    }
    for (changes, status, other_status, code) in [
        ([("InstanceType", "ecs.none")], 403, 404, "InvalidInstanceType.ValueNotSupported"),
        ([("UserData", "!!")], 400, 403, "InvalidUserData.Base64FormatInvalid"),
    ] {
        refused(&world, "RunInstances", &changed(&good, &changes), (status, code)).await;
        refused(&world, "CreateInstance", &changed(&good, &changes), (other_status, code)).await;
    }
    refused(&world, "RunInstances", &changed(&good, &tags), (400, "NumberExceed.Tags")).await;
    refused(&world, "CreateInstance", &changed(&good, &tags), (403, "QuotaExceed.Tags")).await;
    for action in ["RunInstances", "CreateInstance"] {
        let family = [&good[..], &[("ImageFamily", "f-x")]].concat();
        refused(&world, action, &family, (400, "UnexpectedImageFamily.ImageIdSupplied")).await;
    }
    let of_several: &[(Params<'_>, Refusal)] = &[
        (&[("Amount", "101")], (400, "InvalidMaxAmount.Malformed")),
        (&[("Amount", "2"), ("PrivateIpAddress", "172.16.1.9")], (403, "InvalidParam.Amount")),
        (&[("InstanceName", "web[1]")], (400, "InvalidInstanceName.CustomMalformed")),
        (&[("HostName", "web[1,7]")], (400, "InvalidInstanceName.CustomMalformed")),
        (&[("HostName", "one"), ("HostNames.1", "one")], (403, "InvalidHostname.SingleAndMultiConflict")),
        (&[("Amount", "2"), ("HostNames.1", "one")], (403, "InvalidHostname.SizeInvalid")),
        (&[("AutoReleaseTime", "tomorrow")], (400, "InvalidAutoReleaseTime.Malformed")),
    ];
    for (changes, refusal) in of_several {
        refused(&world, "RunInstances", &changed(&good, changes), *refusal).await;
    }
    let (name, host) = ("n".repeat(126), "h".repeat(62));
    for (params, code) in [
        (
            [("InstanceName", name.as_str()), ("UniqueSuffix", "true"), ("Amount", "2")],
            "InvalidParams.InstanceNameExceed",
        ),
        ([("HostName", host.as_str()), ("UniqueSuffix", "true"), ("Amount", "2")], "InvalidParams.HostnameExceed"),
    ] {
        refused(&world, "RunInstances", &changed(&good, &params), (403, code)).await;
    }
    assert_eq!(world.ecs_ok("DescribeInstances", &[]).await["TotalCount"], 0);
    addresses_that_are_taken(&world, &network, &good).await;
    snapshots_that_give_no_disk(&world, &good).await;
}

async fn addresses_that_are_taken(world: &World, network: &Network, good: Params<'_>) {
    let address = ("PrivateIpAddress", "172.16.1.9");
    world.ecs_ok("RunInstances", &[good, &[address]].concat()).await;
    let narrow = [("VpcId", network.vpc.as_str()), ("CidrBlock", "172.16.2.0/29"), ("ZoneId", "cn-hangzhou-a")];
    let narrow = text(&world.ecs_ok("CreateVSwitch", &narrow).await["VSwitchId"]);
    world.ecs_ok("RunInstances", &changed(good, &[("VSwitchId", &narrow), ("Amount", "4")])).await;
    for action in ["RunInstances", "CreateInstance"] {
        refused(world, action, &[good, &[address]].concat(), (400, "InvalidPrivateIpAddress.Duplicated")).await;
        let inside = [("VSwitchId", narrow.as_str())];
        refused(world, action, &changed(good, &inside), (400, "QuotaExceeded.PrivateIpAddress")).await;
    }
}

async fn snapshots_that_give_no_disk(world: &World, good: Params<'_>) {
    let disk = [("ZoneId", "cn-hangzhou-a"), ("Size", "30"), ("DiskCategory", "cloud_essd")];
    let disk = text(&world.ecs_ok("CreateDisk", &disk).await["DiskId"]);
    let instance = text(&world.ecs_ok("DescribeInstances", &[]).await["Instances"]["Instance"][0]["InstanceId"]);
    until_status(world, &instance, "Running").await;
    world.ecs_ok("AttachDisk", &[("InstanceId", &instance), ("DiskId", &disk)]).await;
    let is_there = |shown: &Value| shown["Disks"]["Disk"][0]["Status"] == "In_use";
    world.until("DescribeDisks", &[("DiskIds", &json!([disk]).to_string())], is_there).await;
    let snapshot = text(&world.ecs_ok("CreateSnapshot", &[("DiskId", &disk)]).await["SnapshotId"]);
    let from = ("DataDisk.1.SnapshotId", snapshot.as_str());
    for action in ["RunInstances", "CreateInstance"] {
        refused(world, action, &[good, &[from]].concat(), (403, "InvalidSnapshotId.NotReady")).await;
    }
    world.work().await;
    for action in ["RunInstances", "CreateInstance"] {
        let small = [good, &[from, ("DataDisk.1.Size", "20")]].concat();
        refused(world, action, &small, (403, "InvalidDiskSize.TooSmall")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn names_of_servers() {
    let (world, image) = World::with_servers().await;
    let network = network(&world).await;
    let good = good(&image, &network);
    let named = async |params: Params<'_>| -> Vec<(String, String)> {
        let made = world.ecs_ok("RunInstances", &[&good, params].concat()).await;
        let ids = made["InstanceIdSets"]["InstanceIdSet"].to_string();
        let shown = world.ecs_ok("DescribeInstances", &[("InstanceIds", &ids)]).await;
        let list = shown["Instances"]["Instance"].as_array().expect("a list").clone();
        let mut names: Vec<_> = list.iter().map(|one| (text(&one["InstanceName"]), text(&one["HostName"]))).collect();
        names.sort();
        names
    };
    let pairs = |names: &[(&str, &str)]| -> Vec<(String, String)> {
        names.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect()
    };
    let counted = [("InstanceName", "web-[9,3]-x"), ("HostName", "host[,2]"), ("Amount", "2")];
    assert_eq!(named(&counted).await, pairs(&[("web-009-x", "host00"), ("web-010-x", "host01")]));
    let suffixed = [("InstanceName", "db"), ("HostName", "db"), ("UniqueSuffix", "true"), ("Amount", "2")];
    assert_eq!(named(&suffixed).await, pairs(&[("db001", "db001"), ("db002", "db002")]));
    let each = [("InstanceName", "x[]"), ("HostNames.1", "one.example"), ("HostNames.2", "two"), ("Amount", "2")];
    assert_eq!(named(&each).await, pairs(&[("x000000", "one.example"), ("x000001", "two")]));
    let with_id = named(&[("HostName", "k8s-${instance_id}")]).await;
    assert_eq!(with_id[0].1, format!("k8s-{}", with_id[0].0), "a server without a name is called by its id");
    // One server has no number: a bracket is a character like any other.
    let one =
        text(&world.ecs_ok("CreateInstance", &[&good[..], &[("InstanceName", "a[1,2]")]].concat()).await["InstanceId"]);
    let shown = world.ecs_ok("DescribeInstances", &[("InstanceIds", &json!([one]).to_string())]).await;
    assert_eq!(shown["Instances"]["Instance"][0]["InstanceName"], "a[1,2]");
    // What is longer than NetBIOS takes is no name of a Windows host.
    world.meddle(&image, |image| image.os_type = model::OsType::Windows).await;
    for host in ["sixteen-letters1", "k8s-${instance_id}"] {
        let named = [&good[..], &[("HostName", host)]].concat();
        refused(&world, "RunInstances", &named, (400, "InvalidHostName.Malformed")).await;
    }
    let named = [&good[..], &[("HostName", "fifteen-letters")]].concat();
    world.ecs_ok("RunInstances", &named).await;
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn groups_of_a_server() {
    let (world, image) = World::with_servers().await;
    let network = network(&world).await;
    let group = async |params: Params<'_>| {
        let made = world.ecs_ok("CreateSecurityGroup", &[&[("VpcId", network.vpc.as_str())], params].concat()).await;
        text(&made["SecurityGroupId"])
    };
    let (second, enterprise) = (group(&[]).await, group(&[("SecurityGroupType", "enterprise")]).await);
    let classic = text(&world.ecs_ok("CreateSecurityGroup", &[]).await["SecurityGroupId"]);
    let good = good(&image, &network);
    let (one, two) = (("SecurityGroupIds.1", network.group.as_str()), ("SecurityGroupIds.2", second.as_str()));
    let cases: &[(Params<'_>, Refusal)] = &[
        (&[one], (400, "InvalidSecurityGroupId.SingleIdAndMultiIdConflict")),
        (
            &[("SecurityGroupId", ""), one, ("SecurityGroupIds.2", &network.group)],
            (400, "InvalidParameter.SecurityGroupIdRepeated"),
        ),
        (
            &[("SecurityGroupId", ""), one, ("SecurityGroupIds.2", &enterprise)],
            (403, "EnterpriseGroupLimited.MutliGroupType"),
        ),
        (
            &[("SecurityGroupId", ""), one, ("SecurityGroupIds.2", &classic)],
            (403, "OperationDenied.InconsistentNetwork"),
        ),
    ];
    for (changes, refusal) in cases {
        refused(&world, "RunInstances", &changed(&good, changes), *refusal).await;
    }
    world.limit(Quota::GroupsPerServer, 1).await;
    let in_two = [("SecurityGroupId", ""), one, two];
    let both = changed(&good, &in_two);
    refused(&world, "RunInstances", &both, (400, "JoinedGroupLimitExceed")).await;
    world.limit(Quota::GroupsPerServer, 2).await;
    let server = text(&world.ecs_ok("RunInstances", &both).await["InstanceIdSets"]["InstanceIdSet"][0]);
    world.limit(Quota::ServersPerGroup, 2).await;
    refused(&world, "RunInstances", &changed(&good, &[("Amount", "2")]), (403, "SecurityGroupInstanceLimitExceed"))
        .await;
    world.ecs_ok("RunInstances", &good).await;
    refused(&world, "CreateInstance", &good, (403, "SecurityGroupInstanceLimitExceed")).await;

    let third = group(&[]).await;
    let full = ("SecurityGroupIds.1", network.group.as_str());
    let elsewhere = text(&world.ecs_ok("CreateVpc", &[("CidrBlock", "10.0.0.0/8")]).await["VpcId"]);
    let elsewhere = text(&world.ecs_ok("CreateSecurityGroup", &[("VpcId", &elsewhere)]).await["SecurityGroupId"]);
    // In a full group a server stays, and no other comes.
    world.ecs_ok("ModifyInstanceAttribute", &of(&server, &[full])).await;
    world.ecs_ok("ModifyInstanceAttribute", &of(&server, &[("SecurityGroupIds.1", &third)])).await;
    world.limit(Quota::ServersPerGroup, 1).await;
    let cases: &[(Params<'_>, Refusal)] = &[
        (&[full], (403, "SecurityGroupInstanceLimitExceed")),
        (&[one, ("SecurityGroupIds.2", &network.group)], (404, "InvalidParameter.SecurityGroupIdRepeated")),
        (&[("SecurityGroupIds.1", &classic)], (404, "InvalidSecurityGroupType.NotSupportClassic")),
        (&[("SecurityGroupIds.1", &elsewhere)], (404, "InvalidSecurityGroupVpc.NotBelongToOneVpc")),
        (
            &[("SecurityGroupIds.1", &third), ("SecurityGroupIds.2", &enterprise)],
            (403, "EnterpriseGroupLimited.MutliGroupType"),
        ),
        (&[("SecurityGroupIds.1", "sg-none")], (404, "InvalidSecurityGroupId.NotFound")),
    ];
    for (params, refusal) in cases {
        refused(&world, "ModifyInstanceAttribute", &of(&server, params), *refusal).await;
    }
    world.limit(Quota::GroupsPerServer, 1).await;
    let two = [("SecurityGroupIds.1", third.as_str()), ("SecurityGroupIds.2", second.as_str())];
    refused(&world, "ModifyInstanceAttribute", &of(&server, &two), (400, "JoinedGroupLimitExceed")).await;
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn attributes_of_a_server() {
    let (world, image) = World::with_servers().await;
    let network = network(&world).await;
    let server = launch(&world, &network, &image, &[]).await;
    let classic = world.launch(&image, &[]).await;
    until_status(&world, &server, "Running").await;
    let long = STANDARD.encode(vec![b'x'; (32 << 10) + 1]);
    let cases: &[(Params<'_>, Refusal)] = &[
        (&[("UserData", "!!")], (403, "InvalidUserData.Base64FormatInvalid")),
        (&[("UserData", &long)], (400, "InvalidUserData.SizeExceeded")),
        (&[("UserData", "eA==")], (403, "IncorrectInstanceStatus")),
        (&[("Password", "short")], (400, "InvalidPassword.Malformed")),
    ];
    for (params, refusal) in cases {
        refused(&world, "ModifyInstanceAttribute", &of(&server, params), *refusal).await;
    }
    let data = of(&classic, &[("UserData", "eA==")]);
    refused(&world, "ModifyInstanceAttribute", &data, (400, "InvalidUserData.NotSupported")).await;
    let group = [("SecurityGroupIds.1", network.group.as_str())];
    refused(&world, "ModifyInstanceAttribute", &of(&classic, &group), (400, "InvalidNetworkType.NotSupported")).await;

    world.ecs_ok("StopInstance", &[("InstanceId", &server), ("ForceStop", "true")]).await;
    until_status(&world, &server, "Stopped").await;
    world.ecs_ok("ModifyInstanceAttribute", &of(&server, &[("UserData", "eA==")])).await;
    let shown = world.ecs_ok("DescribeUserData", &[("InstanceId", &server)]).await;
    assert_eq!(shown["UserData"], "eA==");
    // A list by the kind of network has each server once.
    for (kind, expected) in [("vpc", &server), ("classic", &classic)] {
        let shown = world.ecs_ok("DescribeInstances", &[("InstanceNetworkType", kind)]).await;
        assert_eq!(
            (&shown["TotalCount"], &shown["Instances"]["Instance"][0]["InstanceId"]),
            (&json!(1), &json!(expected))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn what_a_server_in_each_state_is_refused() {
    let world = World::ready().await;
    let image = text(&world.ecs_ok("ImportImage", &crate::support::IMPORT).await["ImageId"]);
    world.work().await;
    let server = pending(&image, &world).await;
    let (one, several) = ([("InstanceId", server.as_str())], [("InstanceId.1", server.as_str())]);
    let status = (403, "IncorrectInstanceStatus");
    for action in ["StartInstance", "StopInstance", "RebootInstance"] {
        refused(&world, action, &one, status).await;
    }
    for action in ["StartInstances", "StopInstances", "RebootInstances"] {
        refused(&world, action, &several, status).await;
    }
    refused(&world, "DeleteInstance", &one, (403, "IncorrectInstanceStatus.Initializing")).await;
    refused(&world, "DeleteInstances", &several, (403, "IncorrectInstanceStatus.Initializing")).await;
    let elsewhere = [several[0], ("RegionId", "us-west-1")];
    refused(&world, "DeleteInstances", &elsewhere, (404, "InvalidInstanceId.NotFound")).await;
    refused(&world, "GetInstanceConsoleOutput", &one, (405, "IncorrectInstanceStatus")).await;

    world.ecs_ok("ModifyInstanceAttribute", &[one[0], ("DeletionProtection", "true")]).await;
    let protected = (403, "InvalidOperation.DeletionProtection");
    refused(&world, "DeleteInstance", &[one[0], ("Force", "true")], protected).await;
    refused(&world, "DeleteInstances", &[several[0], ("Force", "true")], protected).await;
    world.ecs_ok("ModifyInstanceAttribute", &[one[0], ("DeletionProtection", "false")]).await;
    world.ecs_ok("DeleteInstance", &[one[0], ("Force", "true")]).await;
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn when_its_time_has_come_a_server_is_released() {
    let (world, image) = World::with_servers().await;
    let network = network(&world).await;
    let at = |minutes: i64| world.clock.now().plus_millis(minutes * 60_000).seconds();
    let good = good(&image, &network);
    for minutes in [-1, 0, 29, 3 * 365 * 24 * 60 + 1] {
        let time = at(minutes);
        let params = [&good[..], &[("AutoReleaseTime", time.as_str())]].concat();
        refused(&world, "RunInstances", &params, (400, "InvalidAutoReleaseTime.Malformed")).await;
    }
    let time = at(30);
    let params = [("AutoReleaseTime", time.as_str()), ("DeletionProtection", "true")];
    let made = world.ecs_ok("RunInstances", &[&good[..], &params].concat()).await;
    let server = text(&made["InstanceIdSets"]["InstanceIdSet"][0]);
    let stays = launch(&world, &network, &image, &[]).await;
    let eip = text(&world.ecs_ok("AllocateEipAddress", &[]).await["AllocationId"]);
    until_status(&world, &server, "Running").await;
    world.ecs_ok("AssociateEipAddress", &[("AllocationId", &eip), ("InstanceId", &server)]).await;
    let shown = world.ecs_ok("DescribeInstances", &[("InstanceIds", &json!([server]).to_string())]).await;
    assert_eq!(shown["Instances"]["Instance"][0]["AutoReleaseTime"], format!("{}Z", &time[..16]));

    world.clock.advance_millis(29 * 60_000);
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert_eq!(world.ecs_ok("DescribeInstances", &[]).await["TotalCount"], 2, "not before its time");
    world.clock.advance_millis(60_000);
    let shown = world.until("DescribeInstances", &[], |shown| shown["TotalCount"] == 1).await;
    assert_eq!(shown["Instances"]["Instance"][0]["InstanceId"], json!(stays));
    let shown = world.ecs_ok("DescribeEipAddresses", &[("AllocationId", &eip)]).await;
    assert_eq!(shown["EipAddresses"]["EipAddress"][0]["Status"], "Available", "its address is free");
    assert_eq!(world.ecs_ok("DescribeDisks", &[("InstanceId", &server)]).await["TotalCount"], 0);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn lists_and_what_is_on_offer() {
    let (world, image) = World::with_servers().await;
    let server = world.launch(&image, &[]).await;
    let tags = too_many_tags();
    let tags: Vec<(&str, &str)> = tags.iter().map(|(name, key)| (name.as_str(), key.as_str())).collect();
    let of_instances: &[(Params<'_>, Refusal)] = &[
        (&[("Filter.1.Key", "Colour"), ("Filter.1.Value", "x")], (404, "InvalidFilterKey.NotFound")),
        (&[("Filter.1.Key", "CreationStartTime"), ("Filter.1.Value", "x")], (404, "InvalidFilterValue")),
        (&[("LockReason", "whim")], (404, "InvalidLockReason.NotFound")),
        (&[("Tag.1.Value", "v")], (400, "InvalidTag.Mismatch")),
        (&tags, (400, "InvalidTagCount")),
    ];
    for (params, refusal) in of_instances {
        refused(&world, "DescribeInstances", params, *refusal).await;
    }
    world.clock.advance_millis(120_000);
    let later = world.launch(&image, &[]).await;
    let now = world.clock.now();
    let (minute, before) = (now.minutes(), now.plus_millis(-60_000).minutes());
    for (key, time, expected) in [("CreationStartTime", &minute, &later), ("CreationEndTime", &before, &server)] {
        let shown = world.ecs_ok("DescribeInstances", &[("Filter.1.Key", key), ("Filter.1.Value", time)]).await;
        let first = &shown["Instances"]["Instance"][0]["InstanceId"];
        assert_eq!((&shown["TotalCount"], first), (&json!(1), &json!(expected)), "{key}");
    }
    assert_eq!(world.ecs_ok("DescribeInstances", &[("LockReason", "financial")]).await["TotalCount"], 0);
    assert_eq!(world.ecs_ok("DescribeInstanceStatus", &[("InstanceId.1", &server)]).await["TotalCount"], 1);
    refused(&world, "DescribeInstanceStatus", &[("ZoneId", "mars-a")], (404, "InvalidZoneId.NotFound")).await;

    let types = ("DestinationResource", "InstanceType");
    let available: &[(Params<'_>, Refusal)] = &[
        (&[types, ("NetworkCategory", "mesh")], (404, "Invalid.NetworkCategory")),
        (&[types, ("ResourceType", "planet")], (404, "Invalid.ResourceType")),
        (&[types, ("InstanceType", "ecs.n1.tiny"), ("Cores", "1")], (403, "InvalidParam.TypeAndCpuMem.Conflict")),
        (&[types, ("InstanceType", "ecs.n1.tiny"), ("Memory", "1")], (403, "InvalidParam.TypeAndCpuMem.Conflict")),
    ];
    for (params, refusal) in available {
        refused(&world, "DescribeAvailableResource", params, *refusal).await;
    }
}
