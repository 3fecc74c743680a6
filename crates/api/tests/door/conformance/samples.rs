//! For each action a call that succeeds, in names of the fixture.

/// The parameters of a call, with `{name}` for what the fixture has.
pub type Sample = &'static [(&'static str, &'static str)];

const REGION: (&str, &str) = ("RegionId", "cn-hangzhou");
const PRIVATE_VPC: (&str, &str) = ("CidrBlock", "10.0.0.0/8");

/// Actions that nobody but a user or a role can call.
pub const BY_USER: &[&str] = &["sts/AssumeRole"];

/// The sample of an action.
pub fn of(key: &str) -> Sample {
    find(key).unwrap_or_else(|| panic!("{key} has no sample"))
}

/// The sample of an action, if it has one.
pub fn find(key: &str) -> Option<Sample> {
    SAMPLES.iter().find(|(name, _)| *name == key).map(|(_, sample)| *sample)
}

/// The names of the fixture in a call.
pub fn names(sample: Sample) -> Vec<&'static str> {
    let is_name = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'.' || byte == b'-');
    let of = |(_, template): &(&str, &'static str)| -> Vec<&'static str> {
        template.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name)).collect()
    };
    sample.iter().flat_map(of).filter(|name| !name.is_empty() && is_name(name)).collect()
}

const SAMPLES: &[(&str, Sample)] = &[
    // Images.
    (
        "ecs/ImportImage",
        &[
            REGION,
            ("ImageName", "fresh"),
            ("DiskDeviceMapping.1.OSSBucket", "disks"),
            ("DiskDeviceMapping.1.OSSObject", "disk.raw"),
        ],
    ),
    ("ecs/DescribeImages", &[REGION]),
    ("ecs/ExportImage", &[REGION, ("ImageId", "{image}"), ("OSSBucket", "disks")]),
    ("ecs/DeleteImage", &[REGION, ("ImageId", "{image.plain}")]),
    ("ecs/CreateImage", &[REGION, ("SnapshotId", "{snapshot}"), ("ImageName", "fresh")]),
    (
        "ecs/CopyImage",
        &[REGION, ("ImageId", "{image}"), ("DestinationRegionId", "us-west-1"), ("DestinationImageName", "fresh")],
    ),
    ("ecs/CancelCopyImage", &[("RegionId", "us-west-1"), ("ImageId", "{image.copying}")]),
    ("ecs/DescribeImageFromFamily", &[REGION, ("ImageFamily", "family")]),
    ("ecs/ModifyImageAttribute", &[REGION, ("ImageId", "{image.plain}"), ("Description", "of a new kind")]),
    ("ecs/ModifyImageSharePermission", &[REGION, ("ImageId", "{image.plain}"), ("AddAccount.1", "{account.other}")]),
    ("ecs/DescribeImageSharePermission", &[REGION, ("ImageId", "{image.lent}")]),
    // Tasks.
    ("ecs/DescribeTasks", &[REGION]),
    ("ecs/DescribeTaskAttribute", &[REGION, ("TaskId", "{task}")]),
    ("ecs/CancelTask", &[REGION, ("TaskId", "{task.running}")]),
    // Tags.
    (
        "ecs/TagResources",
        &[REGION, ("ResourceType", "image"), ("ResourceId.1", "{image}"), ("Tag.1.Key", "k"), ("Tag.1.Value", "v")],
    ),
    ("ecs/UntagResources", &[REGION, ("ResourceType", "image"), ("ResourceId.1", "{image}"), ("TagKey.1", "k")]),
    ("ecs/ListTagResources", &[REGION, ("ResourceType", "image"), ("ResourceId.1", "{image}")]),
    (
        "ecs/AddTags",
        &[REGION, ("ResourceType", "image"), ("ResourceId", "{image}"), ("Tag.1.Key", "k"), ("Tag.1.Value", "v")],
    ),
    ("ecs/RemoveTags", &[REGION, ("ResourceType", "image"), ("ResourceId", "{image}"), ("Tag.1.Key", "k")]),
    ("ecs/DescribeTags", &[REGION]),
    // Servers.
    (
        "ecs/RunInstances",
        &[
            REGION,
            ("ImageId", "{image}"),
            ("InstanceType", "ecs.t5-lc1m1.small"),
            ("VSwitchId", "{vswitch}"),
            ("SecurityGroupId", "{group}"),
        ],
    ),
    (
        "ecs/CreateInstance",
        &[
            REGION,
            ("ImageId", "{image}"),
            ("InstanceType", "ecs.t5-lc1m1.small"),
            ("VSwitchId", "{vswitch}"),
            ("SecurityGroupId", "{group}"),
        ],
    ),
    ("ecs/StartInstance", &[("InstanceId", "{instance.stopped}")]),
    ("ecs/StopInstance", &[("InstanceId", "{instance}")]),
    ("ecs/RebootInstance", &[("InstanceId", "{instance}")]),
    ("ecs/DeleteInstance", &[("InstanceId", "{instance.stopped}")]),
    ("ecs/StartInstances", &[REGION, ("InstanceId.1", "{instance.stopped}")]),
    ("ecs/StopInstances", &[REGION, ("InstanceId.1", "{instance}")]),
    ("ecs/RebootInstances", &[REGION, ("InstanceId.1", "{instance}")]),
    ("ecs/DeleteInstances", &[REGION, ("InstanceId.1", "{instance.stopped}")]),
    ("ecs/DescribeInstances", &[REGION]),
    ("ecs/DescribeInstanceStatus", &[REGION]),
    ("ecs/DescribeInstanceAttribute", &[("InstanceId", "{instance}")]),
    ("ecs/ModifyInstanceAttribute", &[("InstanceId", "{instance.stopped}"), ("InstanceName", "renamed")]),
    ("ecs/DescribeUserData", &[REGION, ("InstanceId", "{instance}")]),
    ("ecs/GetInstanceConsoleOutput", &[REGION, ("InstanceId", "{instance}")]),
    ("ecs/AllocatePublicIpAddress", &[("InstanceId", "{instance.unaddressed}")]),
    ("ecs/DescribeInstanceTypes", &[]),
    ("ecs/DescribeInstanceTypeFamilies", &[REGION]),
    ("ecs/DescribeAvailableResource", &[REGION, ("DestinationResource", "InstanceType")]),
    ("ecs/DescribeImageSupportInstanceTypes", &[REGION, ("ImageId", "{image}")]),
    // Disks and snapshots.
    (
        "ecs/CreateDisk",
        &[REGION, ("ZoneId", "cn-hangzhou-a"), ("Size", "20"), ("DiskCategory", "cloud_essd"), ("DiskName", "fresh")],
    ),
    ("ecs/DescribeDisks", &[REGION]),
    ("ecs/AttachDisk", &[("DiskId", "{disk.free}"), ("InstanceId", "{instance}")]),
    ("ecs/DetachDisk", &[("DiskId", "{disk.data}"), ("InstanceId", "{instance}")]),
    ("ecs/ModifyDiskAttribute", &[REGION, ("DiskId", "{disk.data}"), ("DiskName", "renamed")]),
    ("ecs/ResizeDisk", &[("DiskId", "{disk.free.quiet}"), ("NewSize", "30")]),
    ("ecs/DeleteDisk", &[("DiskId", "{disk.free.quiet}")]),
    ("ecs/ReplaceSystemDisk", &[("ImageId", "{image.plain}"), ("InstanceId", "{instance.stopped}")]),
    ("ecs/ReInitDisk", &[("DiskId", "{disk.stopped.system}")]),
    ("ecs/ResetDisk", &[("DiskId", "{disk.stopped.system}"), ("SnapshotId", "{snapshot.stopped}")]),
    ("ecs/CreateSnapshot", &[("DiskId", "{disk.data}"), ("SnapshotName", "fresh")]),
    ("ecs/DescribeSnapshots", &[REGION]),
    ("ecs/ModifySnapshotAttribute", &[("SnapshotId", "{snapshot}"), ("SnapshotName", "renamed")]),
    ("ecs/DeleteSnapshot", &[("SnapshotId", "{snapshot.stopped}")]),
    // Firewalls and keys.
    ("ecs/CreateSecurityGroup", &[REGION, ("VpcId", "{vpc}"), ("SecurityGroupName", "fresh")]),
    ("ecs/DescribeSecurityGroups", &[REGION]),
    ("ecs/DescribeSecurityGroupAttribute", &[REGION, ("SecurityGroupId", "{group}")]),
    (
        "ecs/AuthorizeSecurityGroup",
        &[
            REGION,
            ("SecurityGroupId", "{group}"),
            ("IpProtocol", "tcp"),
            ("PortRange", "80/80"),
            ("SourceCidrIp", "0.0.0.0/0"),
        ],
    ),
    (
        "ecs/AuthorizeSecurityGroupEgress",
        &[
            REGION,
            ("SecurityGroupId", "{group}"),
            ("IpProtocol", "tcp"),
            ("PortRange", "80/80"),
            ("DestCidrIp", "0.0.0.0/0"),
        ],
    ),
    (
        "ecs/RevokeSecurityGroup",
        &[
            REGION,
            ("SecurityGroupId", "{group}"),
            ("IpProtocol", "tcp"),
            ("PortRange", "22/22"),
            ("SourceCidrIp", "0.0.0.0/0"),
        ],
    ),
    ("ecs/DeleteSecurityGroup", &[REGION, ("SecurityGroupId", "{group.empty}")]),
    ("ecs/CreateKeyPair", &[REGION, ("KeyPairName", "fresh")]),
    (
        "ecs/ImportKeyPair",
        &[
            REGION,
            ("KeyPairName", "fresh"),
            (
                "PublicKeyBody",
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4kGGjBrk3VLBPyR9L8wzYYsxYQBWyZcR9vN1wZUKhC conformance",
            ),
        ],
    ),
    ("ecs/DescribeKeyPairs", &[REGION]),
    ("ecs/AttachKeyPair", &[REGION, ("KeyPairName", "{keypair.free}"), ("InstanceIds", "[\"{instance.stopped}\"]")]),
    ("ecs/DetachKeyPair", &[REGION, ("KeyPairName", "{keypair}"), ("InstanceIds", "[\"{instance}\"]")]),
    ("ecs/DeleteKeyPairs", &[REGION, ("KeyPairNames", "[\"{keypair.free}\"]")]),
    // Places.
    ("ecs/DescribeRegions", &[]),
    ("ecs/DescribeZones", &[REGION]),
    // Networks and addresses.
    ("vpc/CreateVpc", &[REGION, PRIVATE_VPC, ("VpcName", "fresh")]),
    ("vpc/DescribeVpcs", &[REGION]),
    ("vpc/DescribeVpcAttribute", &[REGION, ("VpcId", "{vpc}")]),
    ("vpc/DeleteVpc", &[REGION, ("VpcId", "{vpc.empty}")]),
    (
        "vpc/CreateVSwitch",
        &[
            REGION,
            ("VpcId", "{vpc}"),
            ("CidrBlock", "172.16.9.0/24"),
            ("ZoneId", "cn-hangzhou-a"),
            ("VSwitchName", "fresh"),
        ],
    ),
    ("vpc/DescribeVSwitches", &[REGION]),
    ("vpc/DescribeVSwitchAttributes", &[REGION, ("VSwitchId", "{vswitch}")]),
    ("vpc/DeleteVSwitch", &[REGION, ("VSwitchId", "{vswitch.empty}")]),
    ("vpc/AllocateEipAddress", &[REGION, ("Bandwidth", "5")]),
    ("vpc/DescribeEipAddresses", &[REGION]),
    ("vpc/AssociateEipAddress", &[REGION, ("AllocationId", "{eip}"), ("InstanceId", "{instance.private}")]),
    ("vpc/UnassociateEipAddress", &[REGION, ("AllocationId", "{eip.bound}"), ("InstanceId", "{instance.addressed}")]),
    ("vpc/ReleaseEipAddress", &[REGION, ("AllocationId", "{eip.free}")]),
    // Simple Application Server.
    ("swas/ListRegions", &[]),
    ("swas/ListPlans", &[REGION]),
    ("swas/ListImages", &[REGION]),
    (
        "swas/CreateInstances",
        &[REGION, ("ImageId", "{image.system}"), ("PlanId", "swas.s2.c2m2s40b3"), ("Period", "1"), ("Amount", "1")],
    ),
    ("swas/ListInstances", &[REGION]),
    ("swas/ListInstanceStatus", &[REGION, ("InstanceIds", "[\"{swas-instance}\"]")]),
    ("swas/StartInstance", &[REGION, ("InstanceId", "{swas-instance.stopped}")]),
    ("swas/StartInstances", &[REGION, ("InstanceIds", "[\"{swas-instance.stopped}\"]")]),
    ("swas/StopInstance", &[REGION, ("InstanceId", "{swas-instance}")]),
    ("swas/StopInstances", &[REGION, ("InstanceIds", "[\"{swas-instance}\"]")]),
    ("swas/RebootInstance", &[REGION, ("InstanceId", "{swas-instance}")]),
    ("swas/RebootInstances", &[REGION, ("InstanceIds", "[\"{swas-instance}\"]")]),
    ("swas/UpdateInstanceAttribute", &[REGION, ("InstanceId", "{swas-instance}"), ("InstanceName", "renamed")]),
    ("swas/ResetSystem", &[REGION, ("InstanceId", "{swas-instance.fresh}"), ("ImageId", "{image.system}")]),
    ("swas/ListDisks", &[REGION, ("InstanceId", "{swas-instance}")]),
    ("swas/ResetDisk", &[REGION, ("DiskId", "{swas-disk.stopped}"), ("SnapshotId", "{swas-snapshot.stopped}")]),
    ("swas/CreateSnapshot", &[REGION, ("DiskId", "{swas-disk.fresh}"), ("SnapshotName", "fresh")]),
    ("swas/ListSnapshots", &[REGION]),
    ("swas/UpdateSnapshotAttribute", &[REGION, ("SnapshotId", "{swas-snapshot}"), ("Remark", "kept")]),
    ("swas/DeleteSnapshot", &[REGION, ("SnapshotId", "{swas-snapshot}")]),
    ("swas/DeleteSnapshots", &[REGION, ("SnapshotIds", "[\"{swas-snapshot}\"]")]),
    (
        "swas/CreateCustomImage",
        &[REGION, ("InstanceId", "{swas-instance}"), ("SystemSnapshotId", "{swas-snapshot}"), ("ImageName", "fresh")],
    ),
    ("swas/ListCustomImages", &[REGION]),
    ("swas/DeleteCustomImage", &[REGION, ("ImageId", "{swas-image}")]),
    ("swas/DeleteCustomImages", &[REGION, ("ImageIds", "[\"{swas-image}\"]")]),
    ("swas/ModifyImageShareStatus", &[REGION, ("ImageId", "{swas-image}"), ("Operation", "Share")]),
    ("swas/AddCustomImageShareAccount", &[REGION, ("ImageId", "{swas-image}"), ("Account.1", "{account.other}")]),
    (
        "swas/RemoveCustomImageShareAccount",
        &[REGION, ("ImageId", "{swas-image.lent}"), ("Account.1", "{account.other}")],
    ),
    ("swas/ListCustomImageShareAccounts", &[REGION, ("ImageId", "{swas-image.lent}")]),
    (
        "swas/CreateFirewallRule",
        &[REGION, ("InstanceId", "{swas-instance}"), ("RuleProtocol", "TCP"), ("Port", "3306")],
    ),
    (
        "swas/CreateFirewallRules",
        &[REGION, ("InstanceId", "{swas-instance}"), ("FirewallRules", r#"[{"RuleProtocol":"TCP","Port":"3306"}]"#)],
    ),
    ("swas/ListFirewallRules", &[REGION, ("InstanceId", "{swas-instance}")]),
    ("swas/DeleteFirewallRule", &[REGION, ("InstanceId", "{swas-instance}"), ("RuleId", "{swas-rule}")]),
    ("swas/DeleteFirewallRules", &[REGION, ("InstanceId", "{swas-instance}"), ("RuleIds", "[\"{swas-rule}\"]")]),
    (
        "swas/TagResources",
        &[
            REGION,
            ("ResourceType", "instance"),
            ("ResourceId.1", "{swas-instance}"),
            ("Tag.1.Key", "k"),
            ("Tag.1.Value", "v"),
        ],
    ),
    (
        "swas/UntagResources",
        &[REGION, ("ResourceType", "instance"), ("ResourceId.1", "{swas-instance}"), ("TagKey.1", "k")],
    ),
    ("swas/ListTagResources", &[REGION, ("ResourceType", "instance"), ("ResourceId.1", "{swas-instance}")]),
    // Identities.
    ("sts/GetCallerIdentity", &[]),
    ("sts/AssumeRole", &[("RoleArn", "{role.builder}"), ("RoleSessionName", "session")]),
    ("ram/DecodeDiagnosticMessage", &[("EncodedDiagnosticMessage", "{diagnosis}")]),
    (
        "ram/CreateRole",
        &[
            ("RoleName", "fresh"),
            (
                "AssumeRolePolicyDocument",
                r#"{"Version":"1","Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["ecs.aliyuncs.com"]}}]}"#,
            ),
        ],
    ),
    ("ram/GetRole", &[("RoleName", "builder")]),
    ("ram/UpdateRole", &[("RoleName", "builder"), ("NewDescription", "builds")]),
    ("ram/DeleteRole", &[("RoleName", "idle")]),
    ("ram/ListRoles", &[]),
    ("ram/CreateUser", &[("UserName", "fresh")]),
    ("ram/GetUser", &[("UserName", "builder")]),
    ("ram/UpdateUser", &[("UserName", "idle"), ("NewUserName", "busy")]),
    ("ram/DeleteUser", &[("UserName", "idle")]),
    ("ram/ListUsers", &[]),
    ("ram/CreateAccessKey", &[("UserName", "idle")]),
    ("ram/UpdateAccessKey", &[("UserName", "builder"), ("UserAccessKeyId", "{userkey}"), ("Status", "Inactive")]),
    ("ram/DeleteAccessKey", &[("UserName", "builder"), ("UserAccessKeyId", "{userkey}")]),
    ("ram/ListAccessKeys", &[("UserName", "builder")]),
    ("ram/CreateGroup", &[("GroupName", "fresh")]),
    ("ram/GetGroup", &[("GroupName", "builder")]),
    ("ram/UpdateGroup", &[("GroupName", "builder"), ("NewComments", "build")]),
    ("ram/DeleteGroup", &[("GroupName", "idle")]),
    ("ram/ListGroups", &[]),
    ("ram/AddUserToGroup", &[("UserName", "idle"), ("GroupName", "idle")]),
    ("ram/RemoveUserFromGroup", &[("UserName", "builder"), ("GroupName", "builder")]),
    ("ram/ListGroupsForUser", &[("UserName", "builder")]),
    ("ram/ListUsersForGroup", &[("GroupName", "builder")]),
    (
        "ram/CreatePolicy",
        &[
            ("PolicyName", "fresh"),
            ("PolicyDocument", r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"ecs:*","Resource":"*"}]}"#),
        ],
    ),
    ("ram/GetPolicy", &[("PolicyName", "builder"), ("PolicyType", "Custom")]),
    ("ram/UpdatePolicyDescription", &[("PolicyName", "builder"), ("NewDescription", "builds")]),
    ("ram/DeletePolicy", &[("PolicyName", "idle")]),
    ("ram/ListPolicies", &[]),
    (
        "ram/CreatePolicyVersion",
        &[
            ("PolicyName", "builder"),
            ("PolicyDocument", r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"ecs:*","Resource":"*"}]}"#),
        ],
    ),
    ("ram/GetPolicyVersion", &[("PolicyName", "builder"), ("PolicyType", "Custom"), ("VersionId", "v2")]),
    ("ram/ListPolicyVersions", &[("PolicyName", "builder"), ("PolicyType", "Custom")]),
    ("ram/SetDefaultPolicyVersion", &[("PolicyName", "builder"), ("VersionId", "v2")]),
    ("ram/DeletePolicyVersion", &[("PolicyName", "builder"), ("VersionId", "v2")]),
    ("ram/AttachPolicyToUser", &[("PolicyName", "idle"), ("PolicyType", "Custom"), ("UserName", "idle")]),
    ("ram/AttachPolicyToGroup", &[("PolicyName", "idle"), ("PolicyType", "Custom"), ("GroupName", "idle")]),
    ("ram/AttachPolicyToRole", &[("PolicyName", "idle"), ("PolicyType", "Custom"), ("RoleName", "idle")]),
    ("ram/DetachPolicyFromUser", &[("PolicyName", "builder"), ("PolicyType", "Custom"), ("UserName", "builder")]),
    ("ram/DetachPolicyFromGroup", &[("PolicyName", "builder"), ("PolicyType", "Custom"), ("GroupName", "builder")]),
    ("ram/DetachPolicyFromRole", &[("PolicyName", "builder"), ("PolicyType", "Custom"), ("RoleName", "builder")]),
    ("ram/ListPoliciesForUser", &[("UserName", "builder")]),
    ("ram/ListPoliciesForGroup", &[("GroupName", "builder")]),
    ("ram/ListPoliciesForRole", &[("RoleName", "builder")]),
    ("ram/ListEntitiesForPolicy", &[("PolicyName", "builder"), ("PolicyType", "Custom")]),
];
