//! Codes of networks, addresses, firewalls, keys and tags that cannot be reached.

use super::{Answered, Apart, MANAGED};

/// Codes without the fault that they are for.
pub const APART: &[Apart] = &[
    ("*", MANAGED, &["401 InvalidOperation.SecurityGroupNotAuthorized"]),
    (
        "*",
        "A call with the token of another one that is under way waits for it, and gets its answer.",
        &["403 IdempotentProcessing", "403 LastTokenProcessing", "400 TOKEN_PROCESSING"],
    ),
    (
        "vpc/*",
        "Changes of an account's networks and addresses come one after another and are done at once: none is too early.",
        &[
            "400 TaskConflict",
            "409 OperationConflict",
            "400 InvalidAction.Denied",
            "403 OperationDenied",
            "404 IncorrectStatus",
        ],
    ),
    ("vpc/*", "A denial by policies is `Forbidden.RAM`, as in all actions.", &["403 Forbidden", "403 Forbbiden"]),
    ("vpc/*EipAddress", "What is another account's is answered as what is not there.", &["400 Forbbiden"]),
    ("vpc/*", "There are no IPAM pools, of no region.", &["400 OperationDenied.RequestRegionInvalid"]),
    (
        "vpc/*",
        "Networks have no routes of their own and no ClassicLink, and are bound to nothing.",
        &["400 Forbbiden", "400 InvalidAction", "404 DependencyViolation.Instance", "400 InvalidResource.NotBinding"],
    ),
    (
        "vpc/Describe*",
        "A list shows what is the caller's, and of what is not there nothing.",
        &["400 InvalidAccount.NotFound", "400 Forbidden.VpcNotFound", "404 InvalidVSwitchId.NotFound"],
    ),
    (
        "vpc/CreateVSwitch",
        "A token that was used with other parameters is answered with `IdempotentParameterMismatch`, as in all actions.",
        &["400 Duplicated.ClientToken"],
    ),
    (
        "vpc/AllocateEipAddress",
        "Addresses are of one kind and have one quota, whatever their bandwidth.",
        &["400 INSTANCE_TYPE_NOT_SUPPORT", "400 QuotaExceeded.LargeSpecEip"],
    ),
    (
        "vpc/*EipAddress",
        "Addresses are never locked and have no protection against release.",
        &["400 InvalidEIPStatus.BizDisabled", "400 InvalidOperation.DeletionProtection"],
    ),
    (
        "vpc/AssociateEipAddress",
        "Only servers have addresses: there are no gateways or interfaces that could have too many.",
        &["400 Forbidden.EipCanNotBindGatgw", "400 QuotaExceeded.NumberOf*", "400 InvalidEip.EipQuotaExceeded"],
    ),
    ("vpc/*ssociateEipAddress", "Each of the parameters has a code of its own.", &["400 InvalidParameter"]),
    (
        "vpc/AssociateEipAddress",
        "The parameter for the region of the other end is gone from the document; only its codes stayed.",
        &["400 InvalidParameter.BindingInstanceRegion", "400 ServerRegion.Invalid", "404 InvalidRegionId.NotFound"],
    ),
    (
        "vpc/UnassociateEipAddress",
        "A server gives its address back whatever its status, and only servers in a network have one.",
        &[
            "400 IncorrectInstanceStatus",
            "400 InvalidStatus.EcsStatusNotSupport",
            "400 InvalidStatus.NotAllow",
            "400 InvalidInstance.NotVpc",
            "400 OperationDenied",
        ],
    ),
    (
        "ecs/*Tag* ecs/UntagResources",
        "All of the kinds that are tagged here can be tagged, each resource of them.",
        &["403 InvalidResourceId.NotSupported"],
    ),
    (
        "ecs/*Tag* ecs/UntagResources",
        "Who may use which tags, policies say: `Forbidden.RAM`.",
        &["403 NoPermission.Tag"],
    ),
    (
        "ecs/UntagResources",
        "The call names keys of tags and no values.",
        &["400 InvalidTag.Mismatch", "400 InvalidTagValue.Malformed"],
    ),
    (
        "ecs/ListTagResources",
        "Tags are looked for as they are written, and resource groups, which are not kept, have none.",
        &["403 PermissionDenied.TagsFuzzyQuery", "400 InvalidTag.NotSupported"],
    ),
    (
        "ecs/ListTagResources",
        "A list shows of resources that are not there nothing.",
        &["404 InvalidResourceId.NotFound"],
    ),
    (
        "ecs/DescribeTags",
        "No document says what categories of tags there are; the parameter is ignored.",
        &["400 Invalid.TagCategory"],
    ),
    ("ecs/AllocatePublicIpAddress", "Servers in a network are given public addresses, too.", &["400 OperationDenied"]),
    (
        "ecs/CreateSecurityGroup",
        "A group without a network is made: servers need none.",
        &["403 InvalidVpcId.NotFound"],
    ),
    ("ecs/DescribeSecurityGroups", "Both ways to page are open.", &["400 NotSupported.PageNumberAndPageSize"]),
    (
        "ecs/*SecurityGroup*",
        "There is no ClassicLink that a network could lack.",
        &["400 InvalidSecurityGroup.InvalidNetworkType"],
    ),
    (
        "ecs/*SecurityGroup*",
        "The kind of network is part of what a rule says: rules of both stand side by side.",
        &["400 InvalidNicType.Mismatch", "403 InvalidNicType.Mismatch"],
    ),
    (
        "ecs/RevokeSecurityGroup",
        "Removing a rule that is written out and not there succeeds, as the document says; one that is named by its id has a code of its own.",
        &["400 InvalidSecurityGroupRule.RuleNotExist", "403 InvalidGroupAuthItem.NotFound"],
    ),
    ("ecs/DescribeRegions", "Every account has every region.", &["403 Unauthorized.EmptyRegion"]),
    ("swas/ListInstances", "A list shows of servers that are not there nothing.", &["404 InvalidInstanceId.NotFound"]),
    ("swas/CreateSnapshot", "The call has no remark; only its codes are in the document.", &["400 InvalidRemark.*"]),
    (
        "swas/DeleteFirewallRule*",
        "A deletion names rules by their ids and adds none.",
        &[
            "400 InvalidPort.ValueNotSupported",
            "400 InvalidProtocol.ValueNotSupported",
            "403 FirewallRuleAlreadyExist",
            "403 FirewallRuleLimitExceed",
        ],
    ),
];

/// Codes for which another one is answered.
pub const ANSWERED: &[Answered] = &[
    ("ecs/TagResources ecs/UntagResources ecs/ListTagResources", "400 NumberExceed.Tags", &["400 InvalidTagCount"]),
    ("ecs/*Tag*", "400 Duplicate.TagKey", &["403 TagKey.Duplication"]),
    ("ecs/ListTagResources", "403 InvalidTagFilter.Malformed", &["403 InvalidFilter.Malformed"]),
    (
        "ecs/ListTagResources",
        "403 BothEmpty.TagsAndResources",
        &["404 MissingParameter.ResourceIds", "404 MissingParameter.Tags"],
    ),
    ("ecs/RemoveTags", "404 InvalidResourceType.NotFound", &["400 InvalidResourceType.NotFound"]),
    ("ecs/CreateSecurityGroup", "400 InvalidSecurityGroupDiscription.Malformed", &["400 InvalidDescription.Malformed"]),
    ("ecs/AuthorizeSecurityGroup", "404 InvalidSourceGroupId.NotFound", &["400 InvalidSourceGroup.NotFound"]),
    ("ecs/AuthorizeSecurityGroup", "403 InvalidNetworkType.Conflict", &["403 InvalidNetworkType.Mismatch"]),
    ("ecs/AuthorizeSecurityGroupEgress", "404 InvalidDestGroupId.NotFound", &["400 InvalidDestGroup.NotFound"]),
    ("ecs/AuthorizeSecurityGroupEgress", "403 InvalidParamter.Conflict", &["403 InvalidSecurityGroup.IsSame"]),
    ("ecs/RevokeSecurityGroup", "404 InvalidSecurityGroupId.NotFound", &["400 InvalidSecurityGroupId.NotFound"]),
    ("ecs/DescribeZones", "404 InvalidRegionId.NotFound", &["404 InvalidRegion.NotFound"]),
    ("vpc/DeleteVpc", "404 InvalidVpcId.NotFound", &["400 Forbidden.VpcNotFound"]),
    ("vpc/CreateVSwitch", "404 InvalidVpcId.NotFound", &["400 Forbidden.VpcNotFound"]),
    (
        "vpc/CreateVSwitch",
        "400 InvalidVSwitchDiscription.Malformed",
        &["400 Abs.Vpc.InvalidDescription.Malformed", "400 InvalidDescription.Malformed"],
    ),
    ("vpc/CreateVSwitch", "400 InvalidCirdrBlock.MaskLength", &["404 Invalid.NotExist"]),
    (
        "vpc/DeleteVSwitch",
        "404 InvalidVSwitchId.NotFound",
        &["400 InvalidVSwitchId.NotFound", "404 IncorrectVSwitchId"],
    ),
    ("vpc/AllocateEipAddress", "404 InvalidRegionId.NotFound", &["400 InvalidRegion.NotSupport"]),
    ("vpc/AllocateEipAddress", "400 InvalidParameter", &["400 QueryParameter.Illegal"]),
    (
        "vpc/AssociateEipAddress",
        "404 InvalidInstanId.NotFound",
        &["400 InvalidNicOrVm.NotFound", "400 InvalidParams.NotFound", "404 InvalidInstance.NotExist"],
    ),
    (
        "vpc/AssociateEipAddress",
        "400 InvalidInstanceType.ValueNotSupported",
        &[
            "400 INSTANCE_TYPE_NOT_SUPPORT",
            "400 InstanceType.NotSupport",
            "400 InvalidParameter.InstanceTypeNotSupport",
        ],
    ),
    (
        "vpc/AssociateEipAddress",
        "400 EIP_CAN_NOT_ASSOCIATE_WITH_PUBLIC_IP",
        &["400 Forbidden.InstanceBandwidthNotZero", "400 InvalidStatus.InstanceHasBandWidth"],
    ),
    ("vpc/AssociateEipAddress", "400 InvalidInstance.NotVpc", &["400 OperationDenied"]),
    // Memory decides which systems a plan is enough for.
    ("swas/CreateInstances", "400 PlatformNotMatch", &["400 InvalidPlanMemorySize.ValueNotSupported"]),
    ("vpc/AssociateEipAddress", "400 IncorrectInstanceStatus", &["400 InvalidStatus.NotAllow"]),
];
