//! Codes of servers that cannot be reached.

use super::{Answered, Apart, DISKS, ENCRYPTION, HOSTS, IN_TURN, INTERFACES, MARKET, MODES, SOLD, UNSAID};

/// The two calls that make servers: RunInstances and CreateInstance.
const LAUNCH: &str = "ecs/RunInstances ecs/CreateInstance";

/// Codes without the fault that they are for.
pub const APART: &[Apart] = &[
    ("ecs/RunInstances", UNSAID, &["403 DryRun.InvalidAmount", "403 InvalidParameter.Combination"]),
    (LAUNCH, UNSAID, &["403 InvalidParameter.NotMatch"]),
    (
        "ecs/CreateInstance",
        "The call names one group.",
        &["403 EnterpriseGroupLimited.MutliGroupType", "400 InvalidOperation.MultiGroupType"],
    ),
    (
        LAUNCH,
        "The total size of a server's disks has no limit but the host's.",
        &["403 InstanceDiskCategoryLimitExceed"],
    ),
    (
        LAUNCH,
        "A call that makes servers names none that there are.",
        &["400 Invalid.InstanceId", "403 IncorrectInstanceStatus"],
    ),
    (LAUNCH, "Servers are limited by what the host holds, not in number.", &["400 QuotaExceeded"]),
    (
        LAUNCH,
        "Every type of server is in every zone, may be used by everybody, and joins groups of every type.",
        &[
            "400 OperationDenied",
            "403 OperationDenied",
            "404 OperationDenied",
            "403 EnterpriseGroupLimited.InstanceType",
            "403 Forbidden.OnlySupportEnterpriseGroup",
            "400 InvalidOperation.NotSupportEnterpriseGroup",
            "403 OperationDenied.ZoneSystemCategoryNotMatch",
            "403 InvalidResourceType.NotSupported",
        ],
    ),
    (
        LAUNCH,
        "Every region has both kinds of network, and either takes every bandwidth and way of paying.",
        &[
            "403 InvalidNetworkType",
            "400 InvalidNetworkType.Mismatch",
            "400 InvalidNetworkType.NotSupported",
            "403 OperationDenied.InvalidNetworkType",
        ],
    ),
    (
        LAUNCH,
        HOSTS,
        &[
            "400 InvalidInstanceType.NotSupported",
            "403 ResourcesNotInSameZone",
            "400 InvalidPlatform.ValueNotSupported",
        ],
    ),
    (
        LAUNCH,
        SOLD,
        &["400 InvalidOperation.UserNotSupported", "400 MissingParamter", "403 OperationDenied.TimestampNotSupported"],
    ),
    (
        LAUNCH,
        INTERFACES,
        &[
            "400 InvalidOperation.VpcHasEnabledAdvancedNetworkFeature",
            "400 InvalidBandwidthOut.LessThanZero",
            "400 InvalidPrimaryIpAddress.SizeInvalid",
            "403 InvalidIp.*",
            "403 InvalidParam.Ip*",
            "403 InvalidParam.SecondaryIp",
            "403 InvalidParameter.PrivateIpAddressRepeated",
            "403 InvalidOperation.Ipv4*",
            "403 InvalidOperation.*TrafficMode*",
        ],
    ),
    (
        LAUNCH,
        "Jumbo frames are a gain in speed that is not promised: a call that asks for them is not refused.",
        &["400 InvalidParam.NotSupportJumboFrame"],
    ),
    (
        LAUNCH,
        "Roles across accounts are not public; the parameter is ignored, as the document says.",
        &["400 InvalidParameter.Arns"],
    ),
    (
        LAUNCH,
        "Any image's system disk may be larger than the image.",
        &["400 InvalidSystemDiskSize.ImageNotSupportResize"],
    ),
    (LAUNCH, MODES, &["400 InvalidSystemDiskSize.LessThanMemSize", "403 InvalidImage.NotSupported"]),
    (LAUNCH, DISKS, &["403 DeleteWithInstance.Conflict", "403 OperationDenied.DiskTypeNotSupport"]),
    (LAUNCH, ENCRYPTION, &["403 InvalidRegion.NotSupport"]),
    (LAUNCH, MARKET, &["400 IncorrectImageStatus"]),
    (LAUNCH, "Servers take tags.", &["403 InvalidResourceId.NotSupported"]),
    (LAUNCH, "Everybody may give user data.", &["403 InvalidUserData.Forbidden"]),
    (LAUNCH, "Whether a guest reads its user data is not known of an image.", &["400 ImageNotSupportCloudInit"]),
    ("ecs/CreateInstance", IN_TURN, &["409 OperationConflict"]),
    (
        "ecs/ModifyInstanceAttribute",
        "Whether a guest reads its user data is not known of an image.",
        &["400 ImageNotSupportCloudInit"],
    ),
    (
        "ecs/ModifyInstanceAttribute",
        MODES,
        &[
            "400 InstanceType.ValueNotSupported",
            "400 OSType.ValueNotSupported",
            "400 InvalidOperation.InstanceStatusUnsupported",
            "400 InvalidOperation.InstanceStatusNotSupport",
            "400 InvalidInstanceStatus.NotRunning",
            "404 InvalidInstanceStatus.NeedRestart",
        ],
    ),
    (
        "ecs/ModifyInstanceAttribute",
        "Jumbo frames are a gain in speed that is not promised: a call that asks for them is not refused.",
        &["400 InvalidParam.NotSupportJumboFrame"],
    ),
    ("ecs/ModifyInstanceAttribute", INTERFACES, &["403 InvalidOperation.*TrafficMode*"]),
    (
        "ecs/ModifyInstanceAttribute",
        UNSAID,
        &["400 InvalidOperation.InvalidEcsState", "403 InvalidOperation.InvalidRegion"],
    ),
    ("ecs/ModifyInstanceAttribute", "Groups are set by this call, not left.", &["403 InstanceNotInSecurityGroup"]),
    ("ecs/ModifyInstanceAttribute", "Everybody may give user data.", &["403 InvalidUserData.Forbidden"]),
    (
        "ecs/*Instance*",
        "A system disk stays with its server.",
        &["400 InvalidInstance.NotFoundSystemDisk", "403 InvalidInstance.NotFoundSystemDisk"],
    ),
    ("ecs/StopInstance", DISKS, &["403 InstanceType.ParameterMismatch"]),
    ("ecs/StopInstance*", SOLD, &["403 InvalidInstanceId.NotSupport"]),
    ("ecs/*Instances", IN_TURN, &["409 InvalidOperation.Conflict"]),
    (
        "ecs/DescribeInstanceStatus",
        "An id that can be none names nothing, and the list is empty.",
        &["403 Abs.InvalidInstanceIds.MalFormed"],
    ),
    (
        "ecs/DescribeAvailableResource",
        "The call names no resource but a type, and there is no type that is not there.",
        &["404 InvalidResourceId.NotFound"],
    ),
    ("ecs/DescribeAvailableResource", SOLD, &["403 OperationDenied.TimestampNotSupported"]),
    (
        "ecs/DescribeImageSupportInstanceTypes",
        "The document has no parameter that the code could be for.",
        &["400 InvalidInstanceType.ValueNotSupported", "404 InvalidUsage"],
    ),
    ("ecs/GetInstanceConsoleOutput", "Every server has a console.", &["405 NotSupported"]),
];

/// Codes for which another one is answered.
pub const ANSWERED: &[Answered] = &[
    (
        LAUNCH,
        "403 InstanceDiskLimitExceeded",
        &["400 InstanceDiskNumber.LimitExceed", "403 InstanceDiskNumLimitExceed"],
    ),
    (
        LAUNCH,
        "400 InvalidDataDiskSize.ValueNotSupported",
        &["400 InstanceDiskCategoryLimitExceed", "403 OperationDenied.SnapshotParamsNotValid"],
    ),
    (LAUNCH, "400 InvalidSystemDiskCategory.ValueNotSupported", &["400 InvalidDiskCategory.ValueNotSupported"]),
    (
        "ecs/RunInstances",
        "403 InvalidInstanceType.ValueNotSupported",
        &["400 InvalidInstanceType.ValueNotSupported", "403 InvalidInstanceType.NotSupported"],
    ),
    (
        "ecs/CreateInstance",
        "404 InvalidInstanceType.ValueNotSupported",
        &["400 InvalidInstanceType.ValueNotSupported", "403 InvalidInstanceType.ValueNotSupported"],
    ),
    (LAUNCH, "400 InvalidParameter", &["400 InvalidParameter.Affinity"]),
    (
        LAUNCH,
        "400 InvalidInternetMaxBandwidthOut.Malformed",
        &["400 InvalidParameter.Bandwidth", "404 InvalidParameter"],
    ),
    (LAUNCH, "403 ImageNotSupportInstanceType", &["400 InvalidParameter.Conflict", "500 InvalidImage.OSType"]),
    (
        LAUNCH,
        "403 OperationDenied.InconsistentNetwork",
        &[
            "400 InvalidParameter.Mismatch",
            "400 InvalidSecurityGroup.*",
            "400 InvalidSecurityGroupId.MultiGroupIdNetworkTypeConflict",
        ],
    ),
    (
        LAUNCH,
        "404 InvalidVSwitchId.NotFound",
        &[
            "400 InvalidParameter.VSwitchId",
            "400 VpcNotFound",
            "404 InvalidVSwitchId.NotExist",
            "403 InvalidVSwitchId.NotFound",
        ],
    ),
    (LAUNCH, "403 InvalidVSwitchId.IpInvalid", &["400 InvalidPrivateIpAddress"]),
    (LAUNCH, "400 InvalidPrivateIpAddress.Duplicated", &["400 InvalidIPAddress.AlreadyUsed"]),
    (
        LAUNCH,
        "404 InvalidImageId.NotFound",
        &[
            "400 InvalidRelationResource.NotFound",
            "403 OperationDenied.ImageNotValid",
            "404 OperationDenied.ImageNotValid",
        ],
    ),
    (
        LAUNCH,
        "404 InvalidSecurityGroupId.NotFound",
        &["400 InvalidSecurityGroupId.NotFound", "404 InvalidSecurityGroupId"],
    ),
    (
        LAUNCH,
        "404 InvalidDataDiskSnapshotId.NotFound",
        &["400 InvalidSnapshotId.Malformed", "400 InvalidSnapshotId.NotFound"],
    ),
    (
        LAUNCH,
        "404 InvalidSystemDiskSize.LessThanMinSize",
        &["400 InvalidSystemDiskSize.ValueNotSupported", "403 InvalidDisk.SystemDiskSize"],
    ),
    ("ecs/RunInstances", "400 NumberExceed.Tags", &["400 InvalidTagCount", "403 QuotaExceed.Tags"]),
    (LAUNCH, "400 InvalidTagKey.Malformed", &["400 NoPermission.SystemTag"]),
    (LAUNCH, "400 MissingParameter", &["400 InvalidVSwitchId.Necessary"]),
    (LAUNCH, "403 Forbidden.RAM", &["403 Forbbiden"]),
    (LAUNCH, "404 InvalidRegionId.NotFound", &["403 Forbidden.RegionId"]),
    (LAUNCH, "400 InvalidDescription.Malformed", &["403 InvalidDescription.Malformed"]),
    (
        LAUNCH,
        "403 InvalidSnapshotId.NotDataDiskSnapshot",
        &["403 OperationDenied.SnapshotNotAllowed", "403 OperationDenied.SnapshotNotValid"],
    ),
    (LAUNCH, "400 QuotaExceeded.PrivateIpAddress", &["403 QuotaExceeded.PrivateIpAddress"]),
    (LAUNCH, "400 InvalidHostName.Malformed", &["404 HOSTNAME_ILLEGAL"]),
    ("ecs/ModifyInstanceAttribute", "400 InvalidPassword.Malformed", &["400 InvalidHostPassword.Malformed"]),
    ("ecs/ModifyInstanceAttribute", "403 Forbidden.RAM", &["403 InvalidUser.Unauthorized"]),
    ("ecs/ModifyInstanceAttribute", "403 SecurityGroupInstanceLimitExceed", &["403 OperationDenied"]),
    ("ecs/*Instance*", "403 IncorrectInstanceStatus", &["403 InstanceNotReady", "500 InstanceNotReady"]),
    (
        "ecs/*Instances",
        "404 InvalidInstanceId.NotFound",
        &[
            "404 InvalidInstanceIds.NotFound",
            "403 Abs.InvalidInstanceIds.MalFormed",
            "400 InvalidParameter.CrossRegionNotSupport",
        ],
    ),
    ("ecs/DeleteInstances", "400 InvalidParameter", &["500 InvalidParameter"]),
    (
        "ecs/DescribeAvailableResource",
        "404 InvalidRegionId.NotFound",
        &["400 InvalidRegionId.MalFormed", "404 Invalid.RegionId", "404 Unavailable.Regions"],
    ),
    ("ecs/DescribeAvailableResource", "404 Invalid.NetworkCategory", &["404 Invalid.NetworkType"]),
    ("ecs/GetInstanceConsoleOutput", "404 InvalidInstanceId.NotFound", &["404 InvalidParameter"]),
];
