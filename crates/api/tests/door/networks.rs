//! Networks, addresses, firewalls, keys and tags at the door: what each of the calls refuses, and with which code.

use std::fmt::Write as _;

use meta::{Scope, resources};
use model::quota::Quota;
use model::{Instance, InstanceStatus};
use serde_json::{Value, json};

use crate::support::{KEY, World, text};

/// A call's parameters, `Name=value` with `&` between them; an empty value stands for a parameter that is absent.
type Written<'a> = &'a str;

/// Versions of the calls about servers and about networks.
const ECS: &str = "2014-05-26";
const VPC: &str = "2016-04-28";

fn pairs(written: Written<'_>) -> Vec<(&str, &str)> {
    written.split('&').filter_map(|pair| pair.split_once('=')).collect()
}

/// Checks that each call is refused as it is said beside it. What all of them have in common is in `base`.
async fn refused(
    world: &World,
    (version, action): (&str, &str),
    base: Written<'_>,
    calls: &[(Written<'_>, u16, &str)],
) {
    let mut differ = String::new();
    for (written, status, code) in calls {
        let own = pairs(written);
        let all = pairs("RegionId=cn-hangzhou").into_iter().chain(pairs(base));
        let params: Vec<(&str, &str)> =
            all.filter(|(name, _)| own.iter().all(|(known, _)| known != name)).chain(own.iter().copied()).collect();
        let (found, body) = world.call_as(KEY, version, action, &params).await;
        if (found, body["Code"].as_str()) != (*status, Some(code)) {
            let _ = writeln!(differ, "{action} {base} {written}: {found} {} and not {status} {code}", body["Code"]);
        }
    }
    assert!(differ.is_empty(), "{differ}");
}

async fn ok(world: &World, (version, action): (&str, &str), written: Written<'_>) -> Value {
    let mut params = pairs(written);
    if params.iter().all(|(name, _)| *name != "RegionId") {
        params.push(("RegionId", "cn-hangzhou"));
    }
    let (status, body) = world.call_as(KEY, version, action, &params).await;
    assert_eq!(status, 200, "{action} {written}: {body}");
    body
}

async fn group(world: &World, written: Written<'_>) -> String {
    text(&ok(world, (ECS, "CreateSecurityGroup"), written).await["SecurityGroupId"])
}

async fn vpc(world: &World) -> String {
    text(&ok(world, (VPC, "CreateVpc"), "CidrBlock=172.16.0.0/16").await["VpcId"])
}

/// So many tags of a call.
fn tags(n: usize) -> String {
    (1..=n).map(|n| format!("Tag.{n}.Key=k{n}")).collect::<Vec<_>>().join("&")
}

/// So many texts of a comma list.
fn commas(n: usize) -> String {
    (1..=n).map(|n| format!("x-{n}")).collect::<Vec<_>>().join(",")
}

/// Lets a server stand where it would not stay.
async fn put_status(world: &World, instance: &str, status: InstanceStatus) {
    let id = instance.to_owned();
    let put = world.engine.meta().write(Scope::Account(world.account), move |tx| {
        let before = resources::get::<Instance>(tx, &id)?.expect("the server");
        resources::update(tx, &before, &Instance { status, ..before.record.clone() })
    });
    put.await.expect("put");
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn what_a_rule_of_a_group_must_not_say() {
    let world = World::new().await;
    let (one, two) = (vpc(&world).await, vpc(&world).await);
    let mine = group(&world, &format!("VpcId={one}")).await;
    let near = group(&world, &format!("VpcId={one}")).await;
    let far = group(&world, &format!("VpcId={two}")).await;
    let classic = group(&world, "").await;
    let large = group(&world, &format!("VpcId={one}&SecurityGroupType=enterprise")).await;
    let longest = "sg-x".repeat(50);
    let alone = format!("SecurityGroupId={mine}&IpProtocol=tcp&PortRange=80/80");
    let first = "Permissions.1";
    let listed = format!("SecurityGroupId={mine}&{first}.IpProtocol=tcp&{first}.PortRange=80/80");

    for (action, peer, own) in
        [("AuthorizeSecurityGroup", "Source", "Dest"), ("AuthorizeSecurityGroupEgress", "Dest", "Source")]
    {
        let cidr = format!("{peer}CidrIp=10.0.0.0/8");
        let own_alone = if own == "Dest" { "InvalidDestCidrIp.Malformed" } else { "InvalidParam.SourceCidrIp" };
        let (of_peer, malformed) = (format!("Invalid{peer}GroupId"), format!("Invalid{peer}CidrIp.Malformed"));
        let (mismatch, not_found) = (format!("{of_peer}.Mismatch"), format!("{of_peer}.NotFound"));
        refused(
            &world,
            (ECS, action),
            &alone,
            &[
                (&format!("{cidr}&SecurityGroupId={longest}"), 400, "InvalidSecurityGroupId.Malformed"),
                (&format!("{cidr}&SecurityGroupId=sg-none"), 404, "InvalidSecurityGroupId.NotFound"),
                (&format!("{cidr}&IpProtocol=tcpip"), 400, "InvalidIpProtocol.ValueNotSupported"),
                (
                    &format!("{cidr}&IpProtocol=icmpv6&PortRange=-1/-1"),
                    400,
                    "InvalidParam.Ipv6ProtocolConflictWithIpv4Address",
                ),
                (&format!("{cidr}&PortRange="), 400, "InvalidPortRange.Malformed"),
                (&format!("{cidr}&PortRange=80"), 400, "InvalidIpProtocol.Malformed"),
                (&format!("{cidr}&IpProtocol=icmp"), 400, "OperationDenied"),
                (&format!("{cidr}&SourcePortRange=0/1"), 400, "InvalidSourcePortRange.Malformed"),
                (&format!("{cidr}&Policy=refuse"), 400, "InvalidPolicy.Malformed"),
                (&format!("{cidr}&Priority=first"), 400, "InvalidPriority.Malformed"),
                (&format!("{cidr}&Priority=101"), 400, "InvalidPriority.ValueNotSupported"),
                (&format!("{cidr}&NicType=extranet"), 400, "InvalidNicType.ValueNotSupported"),
                (&format!("{peer}CidrIp=10.0.0.0/33"), 400, &malformed),
                (&format!("{cidr}&{own}CidrIp=10.0.0.0/33"), 400, own_alone),
                (&format!("{cidr}&{own}CidrIp=10.0.0.0/8"), 400, "InvalidParamter.Conflict"),
                (&format!("{cidr}&Ipv6{own}CidrIp=::/0"), 400, "InvalidParameter.Conflict"),
                (&format!("Ipv6{peer}CidrIp=::/0"), 400, "UnsupportedOperation"),
                (&format!("{cidr}&PortRangeListId=prl-1"), 400, "UnsupportedOperation"),
                (&format!("{peer}PrefixListId=pl-1"), 404, "InvalidPrefixListId.NotFound"),
                ("", 403, "MissingParameter"),
                (&format!("{peer}GroupId={mine}"), 403, "InvalidParamter.Conflict"),
                (&format!("{peer}GroupId={near}&NicType=internet"), 403, &mismatch),
                (&format!("{peer}GroupId=sg-none"), 404, &not_found),
                (&format!("{peer}GroupId={far}"), 400, &mismatch),
                (&format!("{peer}GroupId={classic}"), 403, "InvalidNetworkType.Conflict"),
                (&format!("{peer}GroupId={large}"), 400, "InvalidGroupAuthParameter.OperationDenied"),
                (
                    &format!("SecurityGroupId={large}&{peer}GroupId={near}"),
                    400,
                    "InvalidGroupParameter.OperationDenied",
                ),
                (&format!("{cidr}&Description=http://x"), 400, "InvalidSecurityGroupDiscription.Malformed"),
            ],
        )
        .await;
        let again = "Permissions.2.IpProtocol=tcp&Permissions.2.PortRange=80/80&Permissions.2";
        refused(
            &world,
            (ECS, action),
            &listed,
            &[
                (&format!("{first}.{cidr}&Priority=1"), 400, "InvalidParam.Permissions"),
                (&format!("{first}.{cidr}&{again}.{cidr}"), 400, "InvalidParam.DuplicatePermissions"),
                (&format!("{first}.{cidr}&{first}.PortRange=80"), 400, "InvalidParam.PortRange"),
                (&format!("{first}.{cidr}&{first}.Priority=0"), 400, "InvalidPriority.ValueNotSupported"),
                (&format!("{first}.{peer}CidrIp=x"), 400, &format!("InvalidParam.{peer}CidrIp")),
                (&format!("{first}.{cidr}&{first}.{own}CidrIp=x"), 400, &format!("InvalidParam.{own}CidrIp")),
                (&format!("{first}.{cidr}&{first}.Ipv6{peer}CidrIp=::/0"), 400, &format!("InvalidParam.{peer}Ip")),
                (
                    &format!("{first}.{own}CidrIp=10.0.0.0/8&{first}.Ipv6{own}CidrIp=::/0"),
                    400,
                    &format!("InvalidParam.{own}Ip"),
                ),
                ("", 400, &format!("MissingParameter.{peer}")),
            ],
        )
        .await;
    }

    // What removes rules says it in its own words.
    let revoke = (ECS, "RevokeSecurityGroup");
    let cidr = "SourceCidrIp=10.0.0.0/8";
    refused(
        &world,
        revoke,
        &alone,
        &[
            (&format!("{cidr}&SecurityGroupId={longest}"), 400, "InvalidSecurityGroupId.Malformed"),
            (&format!("{cidr}&PortRange="), 400, "InvalidPortRange.Malformed"),
            (&format!("{cidr}&PortRange=80"), 400, "InvalidIpPortRange.Malformed"),
            (&format!("{cidr}&SourcePortRange=x"), 400, "InvalidSourcePortRange.Malformed"),
            (&format!("{cidr}&Priority=x"), 400, "InvalidPriority.Malformed"),
            (&format!("{cidr}&Priority=0"), 400, "InvalidPriority.ValueNotSupported"),
            (&format!("{cidr}&NicType=x"), 400, "InvalidNicType.ValueNotSupported"),
            ("SourceCidrIp=x", 400, "InvalidSourceCidrIp.Malformed"),
            (&format!("{cidr}&DestCidrIp=x"), 400, "InvalidDestCidrIp.Malformed"),
            ("", 400, "MissingParameter"),
            ("SourcePrefixListId=pl-1", 404, "InvalidPrefixListId.NotFound"),
            (&format!("SourceGroupId={mine}"), 400, "InvalidParamter.Conflict"),
            ("SourceGroupId=sg-none", 404, "InvalidSourceGroupId.NotFound"),
            (&format!("SourceGroupId={far}"), 400, "InvalidSourceGroupId.Mismatch"),
            (&format!("SourceGroupId={large}"), 400, "InvalidGroupAuthParameter.OperationDenied"),
            (&format!("SecurityGroupId={large}&SourceGroupId={near}"), 400, "InvalidGroupParameter.OperationDenied"),
            ("SecurityGroupRuleId.1=sgr-none", 404, "InvalidSecurityGroupRuleId.NotFound"),
        ],
    )
    .await;
    let again = "Permissions.2.IpProtocol=tcp&Permissions.2.PortRange=80/80&Permissions.2";
    refused(
        &world,
        revoke,
        &listed,
        &[
            (&format!("{first}.{cidr}&{cidr}"), 400, "InvalidParam.Permissions"),
            (&format!("{first}.{cidr}&{again}.{cidr}"), 400, "InvalidParam.DuplicatePermissions"),
            (&format!("{first}.{cidr}&{first}.PortRange=80"), 400, "InvalidParam.PortRange"),
            (&format!("{first}.SourceCidrIp=x"), 400, "InvalidParam.SourceCidrIp"),
            (&format!("{first}.{cidr}&{first}.DestCidrIp=x"), 400, "InvalidParam.DestCidrIp"),
            (&format!("{first}.{cidr}&{first}.Ipv6SourceCidrIp=::/0"), 400, "InvalidParam.SourceIp"),
            (&format!("{first}.DestCidrIp=10.0.0.0/8&{first}.Ipv6DestCidrIp=::/0"), 400, "InvalidParam.DestIp"),
            ("", 400, "MissingParameter.Source"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn rules_about_groups_and_both_ends() {
    let world = World::new().await;
    let (mine, peer) = (group(&world, "").await, group(&world, "").await);
    let (add, remove) = ((ECS, "AuthorizeSecurityGroup"), (ECS, "RevokeSecurityGroup"));
    let shown = async || -> Vec<Value> {
        let shown = ok(&world, (ECS, "DescribeSecurityGroupAttribute"), &format!("SecurityGroupId={mine}")).await;
        shown["Permissions"]["Permission"].as_array().expect("a list").clone()
    };
    let both = format!(
        "SecurityGroupId={mine}&Permissions.1.IpProtocol=udp&Permissions.1.PortRange=53/53\
         &Permissions.1.SourceCidrIp=10.0.0.0/8&Permissions.1.SourcePortRange=7000/8000\
         &Permissions.1.DestCidrIp=172.16.0.9/32&Permissions.2.IpProtocol=tcp&Permissions.2.PortRange=22/22\
         &Permissions.2.SourceGroupId={peer}"
    );
    ok(&world, add, &both).await;
    let rules = shown().await;
    let view = rules.iter().find(|rule| rule["IpProtocol"] == "UDP").expect("the rule");
    assert_eq!(
        [&view["SourceCidrIp"], &view["SourcePortRange"], &view["DestCidrIp"]],
        ["10.0.0.0/8", "7000/8000", "172.16.0.9/32"]
    );
    // Of addresses and a group the addresses count.
    let rule =
        format!("SecurityGroupId={mine}&IpProtocol=tcp&PortRange=80/80&DestGroupId={peer}&DestCidrIp=10.1.0.0/16");
    ok(&world, (ECS, "AuthorizeSecurityGroupEgress"), &rule).await;
    let rules = shown().await;
    let view = rules.iter().find(|rule| rule["Direction"] == "egress").expect("the rule");
    assert_eq!((&view["DestCidrIp"], &view["DestGroupId"]), (&json!("10.1.0.0/16"), &json!("")));

    // A group that another one's rule is about stays until the rule is gone.
    let (delete, it) = ((ECS, "DeleteSecurityGroup"), format!("SecurityGroupId={peer}"));
    refused(&world, delete, &it, &[("", 403, "DependencyViolation")]).await;
    let rule = rules.iter().find(|rule| rule["SourceGroupId"] == peer).expect("the rule");
    let by_id = format!("SecurityGroupId={mine}&SecurityGroupRuleId.1={}", text(&rule["SecurityGroupRuleId"]));
    ok(&world, remove, &by_id).await;
    refused(&world, remove, &by_id, &[("", 404, "InvalidSecurityGroupRuleId.NotFound")]).await;
    // What is written out and not there is no fault.
    ok(&world, remove, &format!("SecurityGroupId={mine}&IpProtocol=tcp&PortRange=22/22&SourceGroupId={peer}")).await;
    ok(&world, delete, &it).await;
    assert_eq!(shown().await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn groups_and_their_rules_have_limits() {
    let world = World::new().await;
    let mine = group(&world, "").await;
    let (add, add_egress) = ((ECS, "AuthorizeSecurityGroup"), (ECS, "AuthorizeSecurityGroupEgress"));
    let hundred = |first: u32| {
        let rule = |n: u32| {
            let (at, port) = (format!("Permissions.{}", n + 1), first + n);
            format!("{at}.IpProtocol=tcp&{at}.PortRange={port}/{port}&{at}.SourceCidrIp=0.0.0.0/0")
        };
        format!("SecurityGroupId={mine}&{}", (0..100).map(rule).collect::<Vec<_>>().join("&"))
    };
    ok(&world, add, &hundred(1)).await;
    ok(&world, add, &hundred(101)).await;
    let one = format!("SecurityGroupId={mine}&IpProtocol=tcp&PortRange=300/300");
    let full = "AuthorizationLimitExceed";
    refused(&world, add, &one, &[("SourceCidrIp=0.0.0.0/0", 403, full)]).await;
    refused(&world, add_egress, &one, &[("DestCidrIp=0.0.0.0/0", 403, full)]).await;
    // Rules that are there are not counted twice.
    ok(&world, add, &hundred(101)).await;

    let other = group(&world, "").await;
    let rule = format!("SecurityGroupId={other}&IpProtocol=tcp&PortRange=22/22");
    for _ in 0..20 {
        ok(&world, add, &format!("{rule}&SourceGroupId={}", group(&world, "").await)).await;
    }
    let full = "AuthorizedGroupRule.LimitExceed";
    refused(&world, add, &rule, &[(&format!("SourceGroupId={mine}"), 400, full)]).await;
    refused(&world, add_egress, &rule, &[(&format!("DestGroupId={mine}"), 400, full)]).await;

    world.limit(Quota::SecurityGroups, 22).await;
    refused(
        &world,
        (ECS, "CreateSecurityGroup"),
        "",
        &[
            ("", 403, "QuotaExceed.SecurityGroup"),
            (&tags(21), 403, "QuotaExceed.Tags"),
            ("Tag.1.Key=k&Tag.2.Key=K", 400, "Duplicate.TagKey"),
            ("SecurityGroupType=enterprise", 400, "InvalidParams.VpcIdGroupType"),
        ],
    )
    .await;
    refused(
        &world,
        (ECS, "DescribeSecurityGroups"),
        "",
        &[
            ("RegionId=", 400, "MissingParameter.RegionId"),
            ("NextToken=?", 400, "InValidParameter.NextToken"),
            ("SecurityGroupType=x", 400, "InvalidParameter.SecurityGroupType"),
        ],
    )
    .await;
    refused(
        &world,
        (ECS, "DescribeSecurityGroupAttribute"),
        &format!("SecurityGroupId={mine}"),
        &[
            ("RegionId=", 400, "MissingParameter.RegionId"),
            ("Direction=x", 400, "InvalidParamter"),
            ("NicType=x", 400, "InvalidNicType.ValueNotSupported"),
            ("SecurityGroupId=\u{7}", 400, "InvalidSecurityGroupId.Malformed"),
        ],
    )
    .await;
    let nowhere = [("RegionId=", 400, "MissingParameter.RegionId")];
    refused(&world, (ECS, "DeleteSecurityGroup"), &format!("SecurityGroupId={mine}"), &nowhere).await;
    let spoons = [("ResourceType=spoon", 404, "InvalidResourceType.NotFound")];
    refused(&world, (ECS, "DescribeRegions"), "", &spoons).await;
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn keys_and_tags_have_limits() {
    const PUBLIC: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4kGGjBrk3VLBPyR9L8wzYYsxYQBWyZcR9vN1wZUKhC";
    let world = World::new().await;
    let import = (ECS, "ImportKeyPair");
    ok(&world, import, &format!("KeyPairName=one&PublicKeyBody={PUBLIC}")).await;
    world.limit(Quota::KeyPairs, 1).await;
    refused(
        &world,
        import,
        &format!("PublicKeyBody={PUBLIC}"),
        &[
            ("KeyPairName=one", 400, "KeyPair.AlreadyExist"),
            ("KeyPairName=two", 403, "QuotaExceed.KeyPair"),
            ("KeyPairName=two&PublicKeyBody=ssh-rsa x", 400, "InvalidPublicKeyBody.Malformed"),
        ],
    )
    .await;
    refused(
        &world,
        (ECS, "CreateKeyPair"),
        "KeyPairName=two",
        &[
            ("", 403, "QuotaExceed.KeyPair"),
            (&tags(21), 403, "QuotaExceed.Tags"),
            ("Tag.1.Key=k&Tag.2.Key=K", 400, "Duplicate.TagKey"),
        ],
    )
    .await;
    let names = json!((0..101).map(|n| format!("k{n}")).collect::<Vec<_>>()).to_string();
    let many = [(&*format!("KeyPairNames={names}"), 403, "InstanceKeyPairLimitExceeded")];
    refused(&world, (ECS, "DeleteKeyPairs"), "", &many).await;

    let of = "ResourceType=keypair&ResourceId.1=one";
    refused(&world, (ECS, "TagResources"), of, &[(&tags(21), 400, "NumberExceed.Tags")]).await;
    let values = (1..=6).map(|n| format!("TagFilter.1.TagValues.{n}=v{n}")).collect::<Vec<_>>().join("&");
    let (long, longer) = ("k".repeat(65), "v".repeat(129));
    refused(
        &world,
        (ECS, "ListTagResources"),
        "ResourceType=keypair",
        &[
            ("Tag.1.Key=k&Tag.2.Key=k", 400, "Duplicate.TagKey"),
            ("Tag.1.Value=v", 400, "InvalidTag.Mismatch"),
            ("Tag.1.Key=aliyun", 400, "InvalidTagKey.Malformed"),
            (&format!("Tag.1.Key=k&Tag.1.Value={longer}"), 400, "InvalidTagValue.Malformed"),
            ("Tag.1.Key=k&TagFilter.1.TagKey=k", 400, "InvalidTags.MalFormed"),
            ("TagFilter.1.TagValues.1=v", 403, "InvalidTagFilter.Malformed"),
            (&format!("TagFilter.1.TagKey=k&{values}"), 403, "NumberExceed.TagValues"),
            (&tags(21), 400, "NumberExceed.Tags"),
        ],
    )
    .await;
    let of = "ResourceType=keypair&ResourceId=one";
    ok(&world, (ECS, "AddTags"), &format!("{of}&{}", tags(20))).await;
    refused(
        &world,
        (ECS, "AddTags"),
        of,
        &[
            ("Tag.1.Key=other", 403, "QuotaExceed.Tags"),
            ("Tag.1.Value=v", 400, "InvalidTag.Mismatch"),
            (&tags(21), 400, "InvalidTagCount"),
        ],
    )
    .await;
    refused(
        &world,
        (ECS, "RemoveTags"),
        of,
        &[
            (&format!("Tag.1.Key={long}"), 400, "InvalidTagKey.Malformed"),
            (&tags(21), 400, "InvalidTagCount"),
            ("ResourceType=spoon&Tag.1.Key=k", 404, "InvalidResourceType.NotFound"),
        ],
    )
    .await;
    refused(
        &world,
        (ECS, "DescribeTags"),
        "",
        &[
            (&format!("Tag.1.Key={long}"), 400, "InvalidTagKey.Malformed"),
            (&format!("Tag.1.Key=k&Tag.1.Value={longer}"), 400, "InvalidTagValue.Malformed"),
            (&tags(21), 400, "InvalidTagCount"),
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn networks_and_subnets_have_limits() {
    let world = World::new().await;
    let one = vpc(&world).await;
    world.limit(Quota::Vpcs, 1).await;
    refused(
        &world,
        (VPC, "CreateVpc"),
        "",
        &[
            ("", 400, "QuotaExceeded.Vpc"),
            ("Ipv4CidrMask=16", 400, "IllegalParam.Ipv4CidrMask"),
            ("Ipv4IpamPoolId=ipam-1&Ipv4CidrMask=29", 400, "IllegalParam.Ipv4CidrMask"),
            ("Ipv4IpamPoolId=ipam-1", 400, "MissingParam.CidrOrCidrMask"),
            ("Ipv4IpamPoolId=ipam-1&Ipv4CidrMask=16", 404, "ResourceNotFound.IpamPool"),
            ("EnableIpv6=true", 400, "OperationUnsupported.Ipv6Feature"),
            ("Tag.1.Key=aliyun", 400, "InvalidTagKey.Malformed"),
        ],
    )
    .await;
    let subnet = format!("VpcId={one}&ZoneId=cn-hangzhou-a&CidrBlock=172.16.1.0/24");
    let made = ok(&world, (VPC, "CreateVSwitch"), &format!("{subnet}&Tag.1.Key=team&Tag.1.Value=core")).await;
    world.limit(Quota::VswitchesPerVpc, 1).await;
    refused(
        &world,
        (VPC, "CreateVSwitch"),
        &subnet,
        &[
            ("VpcId=", 400, "MissingParam.vpcId"),
            ("VpcId=vpc-none", 404, "InvalidVpcId.NotFound"),
            ("ZoneId=cn-nowhere-a", 404, "InvalidZoneId.NotFound"),
            ("CidrBlock=172.16.1.0/x", 400, "InvalidCidrBlock.Malformed"),
            ("CidrBlock=172.16.1.0/30", 400, "InvalidCirdrBlock.MaskLength"),
            ("CidrBlock=10.0.0.0/24", 400, "InvalidParameter"),
            ("CidrBlock=172.16.1.128/25", 400, "InvalidCidrBlock.Overlapped"),
            ("CidrBlock=172.16.2.0/24&Ipv6CidrBlock=1", 400, "OperationFailed.VpcIpv6Disabled"),
            ("CidrBlock=172.16.2.0/24", 400, "QuotaExceeded.VSwitch"),
        ],
    )
    .await;
    let many = commas(21);
    refused(
        &world,
        (VPC, "DescribeVpcs"),
        "",
        &[
            (&format!("VpcId={many}"), 400, "InvalidVpcIdNumber.NotSupported"),
            ("Tag.1.Key=aliyun", 400, "InvalidTagKey"),
            ("Tag.1.Key=k&Tag.1.Value=acs:x", 400, "InvalidTagValue"),
        ],
    )
    .await;
    refused(
        &world,
        (VPC, "DescribeVSwitches"),
        "",
        &[
            (&format!("VpcId={many}"), 404, "InvalidVpcIdNumber.NotSupported"),
            (&format!("VSwitchId={many}"), 404, "InvalidVSwitchIdNumber.NotSupported"),
            ("Tag.1.Key=aliyun", 400, "InvalidTagKey"),
            ("Tag.1.Key=k&Tag.1.Value=acs:x", 400, "InvalidTagValue"),
        ],
    )
    .await;
    // Subnets and networks have tags, and are found by them.
    let list = async |written: &str| ok(&world, (VPC, "DescribeVSwitches"), written).await;
    let found = list("Tag.1.Key=team&Tag.1.Value=core").await;
    assert_eq!(found["VSwitches"]["VSwitch"][0]["Tags"]["Tag"], json!([{"Key": "team", "Value": "core"}]));
    assert_eq!(list("Tag.1.Key=team&Tag.1.Value=edge").await["TotalCount"], 0);
    assert_eq!(list(&format!("VpcId=vpc-none,{one}")).await["TotalCount"], 1);

    // A group is what stands in the way at last.
    let group = group(&world, &format!("VpcId={one}")).await;
    ok(&world, (VPC, "DeleteVSwitch"), &format!("VSwitchId={}", text(&made["VSwitchId"]))).await;
    let delete = format!("VpcId={one}");
    refused(&world, (VPC, "DeleteVpc"), &delete, &[("", 400, "DependencyViolation.SecurityGroup")]).await;
    ok(&world, (ECS, "DeleteSecurityGroup"), &format!("SecurityGroupId={group}")).await;
    ok(&world, (VPC, "DeleteVpc"), &delete).await;
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn addresses_and_the_servers_that_may_have_them() {
    let (world, image) = World::with_servers().await;
    let one = vpc(&world).await;
    let subnet = format!("VpcId={one}&ZoneId=cn-hangzhou-a&CidrBlock=172.16.1.0/24");
    let subnet = text(&ok(&world, (VPC, "CreateVSwitch"), &subnet).await["VSwitchId"]);
    let group = group(&world, &format!("VpcId={one}")).await;
    let launch = format!("ImageId={image}&InstanceType=ecs.n1.tiny&VSwitchId={subnet}&SecurityGroupId={group}");
    let server = text(&ok(&world, (ECS, "CreateInstance"), &launch).await["InstanceId"]);
    let classic = world.launch(&image, &[]).await;
    for (server, status) in [(&server, "Stopped"), (&classic, "Running")] {
        let ids = json!([server]).to_string();
        let is_so = |shown: &Value| shown["Instances"]["Instance"][0]["Status"] == status;
        world.until("DescribeInstances", &[("InstanceIds", &ids)], is_so).await;
    }
    let allocate = (VPC, "AllocateEipAddress");
    let eip = text(&ok(&world, allocate, "").await["AllocationId"]);
    let far = text(&ok(&world, allocate, "RegionId=us-west-1").await["AllocationId"]);
    world.limit(Quota::Eips, 1).await;
    refused(
        &world,
        allocate,
        "",
        &[
            ("", 400, "QuotaExceeded.Eip"),
            ("Bandwidth=0", 400, "InvalidBandwidth.Malformed"),
            ("InternetChargeType=x", 400, "InvalidParameter"),
        ],
    )
    .await;
    let bind = format!("AllocationId={eip}&InstanceId={server}");
    let associate = (VPC, "AssociateEipAddress");
    refused(
        &world,
        associate,
        &bind,
        &[
            ("InstanceType=Spoon", 400, "InvalidInstanceType.ValueNotSupported"),
            ("InstanceId=i-none", 404, "InvalidInstanId.NotFound"),
            (&format!("AllocationId={far}"), 400, "InvalidParameter.Mismatch"),
            (&format!("InstanceId={classic}"), 400, "InvalidInstance.NotVpc"),
        ],
    )
    .await;

    // A server that is being made, or moves, is given no address: not by its own call either.
    let public = (ECS, "AllocatePublicIpAddress");
    let it = format!("InstanceId={server}");
    refused(
        &world,
        public,
        &it,
        &[
            ("IpAddress=127.0.0", 400, "InvalidIpAddress.Malformed"),
            ("IpAddress=192.168.0.1", 403, "InvalidIpAddress.NotPublic"),
            ("IpAddress=1.2.3.4", 404, "InvalidIpAddress.NotFound"),
            ("", 400, "AllocateIpInvalidInstanceBandwidth"),
        ],
    )
    .await;
    world.engine.shut_down();
    for (status, code) in [
        (InstanceStatus::Pending, "InvalidStatus.EcsStatusNotSupport"),
        (InstanceStatus::Stopping, "IncorrectInstanceStatus"),
    ] {
        put_status(&world, &server, status).await;
        refused(&world, associate, &bind, &[("", 400, code)]).await;
        refused(&world, public, &it, &[("", 403, "IncorrectInstanceStatus")]).await;
    }
    put_status(&world, &server, InstanceStatus::Stopped).await;
    ok(&world, associate, &bind).await;
    let unassociate = (VPC, "UnassociateEipAddress");
    let spoon = [("InstanceType=Spoon", 400, "InvalidInstanceType.ValueNotSupported")];
    refused(&world, unassociate, &bind, &spoon).await;

    let list = async |written: &str| ok(&world, (VPC, "DescribeEipAddresses"), written).await["TotalCount"].clone();
    refused(
        &world,
        (VPC, "DescribeEipAddresses"),
        "",
        &[
            (&format!("AssociatedInstanceId={server}"), 400, "InstanceType.Invalid"),
            ("AssociatedInstanceType=Spoon", 400, "InvalidIAssociatedInstanceType.ValueNotSupported"),
            ("LockReason=x", 404, "InvalidLockReason.NotFound"),
            ("Filter.1.Key=x", 404, "InvalidFilterKey.NotFound"),
            ("Filter.1.Key=CreationStartTime&Filter.1.Value=x", 404, "InvalidFilterValue"),
        ],
    )
    .await;
    let of = format!("AssociatedInstanceId={server}&AssociatedInstanceType");
    for (written, found) in [
        (&*format!("{of}=EcsInstance"), 1),
        (&*format!("{of}=Nat"), 0),
        ("LockReason=security", 0),
        ("Filter.1.Key=CreationStartTime&Filter.1.Value=2026-11-21T00:00Z", 1),
        ("Filter.1.Key=CreationEndTime&Filter.1.Value=2026-11-21T00:00Z", 0),
        // It was asked for half a minute after eight, and the minute that is named counts.
        ("Filter.1.Key=CreationEndTime&Filter.1.Value=2026-11-21T08:00Z", 1),
    ] {
        assert_eq!(list(written).await, found, "{written}");
    }
}
