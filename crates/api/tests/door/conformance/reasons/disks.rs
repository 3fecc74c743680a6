//! Codes of disks and snapshots that cannot be reached.

use super::{Answered, Apart, ENCRYPTION, FAULT};

/// Codes without the fault that they are for.
pub const APART: &[Apart] = &[
    (
        "ecs/*",
        "Every server has its system disk from its launch to its release: it can be replaced, and never taken away.",
        &[
            "400 InvalidInstance.NotFoundSystemDisk",
            "400 InvalidInstance.NotOriginInstance",
            "400 InvalidDisk.DetachedSystemDisk",
            "404 InvalidDiskId.OperationNotSupported",
        ],
    ),
    (
        "ecs/*",
        "No disk is attached to several servers, and no image comes from a marketplace.",
        &["40* DiskAttachedNumberExceeded", "403 DeleteWithInstance.Conflict"],
    ),
    (
        "ecs/*",
        "There are no ephemeral disks.",
        &[
            "403 InvalidOperation.CreateFromSnapshotUnsupported",
            "403 InvalidOperation.OtherInstanceUnsupported",
            "403 InvalidParameter.DeleteWithInstance",
        ],
    ),
    (
        "ecs/CreateDisk",
        "Encryption is not offered, nor what it takes: keys of one's own, and roles that may use them.",
        &["400 InvalidParameter.Arns", "403 InvalidRegion.NotSupport"],
    ),
    ("ecs/ReplaceSystemDisk", ENCRYPTION, &["400 InvalidParameter.DiskType"]),
    ("ecs/CreateDisk", "The parameter is not public, and ignored.", &["403 InvalidParameter.AdvancedFeatures"]),
    (
        "ecs/CreateDisk",
        "The total size of a server's disks has no limit but the host's.",
        &["403 InstanceDiskCategoryLimitExceed"],
    ),
    (
        "ecs/*tachDisk",
        "Servers of every type take and give disks while they run.",
        &["400 InvalidOperation.InstanceTypeNotSupport"],
    ),
    (
        "ecs/AttachDisk",
        "A disk is not taken from a server that has it: with `Force`, too, it must be detached first (`IncorrectDiskStatus`).",
        &["400 InvalidParameterForce.*", "403 InvalidInstance.ZoneConflict"],
    ),
    (
        "ecs/DetachDisk",
        "As many disks may be on their way from a server as it has.",
        &["400 DisksDetachingOnEcsExceeded"],
    ),
    (
        "ecs/ModifyDiskAttribute",
        "What a disk is called and whether it goes with its server may be changed in any state.",
        &["403 IncorrectDiskStatus"],
    ),
    (
        "ecs/ModifyDiskAttribute",
        "Nothing takes snapshots by itself, so that turning it on passes no limit.",
        &["403 QuotaExceed.Snapshot"],
    ),
    (
        "ecs/ModifyDiskAttribute",
        "A disk that is attached names a server that is there: the two records change together.",
        &["404 InvalidInstanceId.NotFound"],
    ),
    (
        "ecs/ResizeDisk",
        "A disk that is attached names a server that is there: the two records change together.",
        &["404 InvalidInstanceId.NotFound"],
    ),
    (
        "ecs/ResetDisk",
        "A disk that is attached names a server that is there: the two records change together.",
        &["404 InvalidInstanceId.NotFound"],
    ),
    (
        "ecs/CreateSnapshot",
        "A disk that is attached names a server that is there: the two records change together.",
        &["404 InvalidInstanceId.NotFound"],
    ),
    (
        "ecs/ResizeDisk",
        "Disks of every category, size, image, type of server and region grow, at rest or online.",
        &[
            "400 InvalidDataDiskCategory.ValueNotSupported",
            "400 InvalidSystemDiskSize.ImageNotSupportResize",
            "403 InvalidDiskSize.NotSupportResizeOnline",
            "403 InvalidOperation.InstanceTypeNotSupportOnlineResize",
            "403 InvalidRegion.NotSupport",
        ],
    ),
    (
        "ecs/ResizeDisk",
        "Nothing is sold here: no renewals and no changes that are booked for later.",
        &["400 InvalidOperation.InstanceRenewWithDowngradeInPlan", "403 InstanceSpecModification.NotEffective"],
    ),
    (
        "ecs/Re*Disk",
        "No two parameters that the call has here can contradict each other.",
        &["400 InvalidParameter.Conflict", "403 InvalidParameter.NotMatch"],
    ),
    (
        "ecs/DeleteDisk",
        "A disk is made in one step, and seen once it is there.",
        &["403 IncorrectDiskStatus.Initializing"],
    ),
    (
        "ecs/ReplaceSystemDisk",
        "A system disk is replaced by an image's and not by another disk: a call with `DiskId` answers `UnsupportedOperation`.",
        &[
            "400 InvalidDatadisk.*",
            "400 InvalidDiskId.NotFound",
            "400 MissingParameter.Architecture",
            "400 MissingParameter.Platform",
            "403 ResourcesNotInSameZone",
        ],
    ),
    (
        "ecs/ReplaceSystemDisk",
        "The call names no category: the new disk has the old one's.",
        &["400 InvalidDiskCategory.ValueNotSupported"],
    ),
    (
        "ecs/ReplaceSystemDisk",
        "Types of servers are of no architecture: a server takes its image's.",
        &["400 InvalidInstanceType.NotSupported"],
    ),
    (
        "ecs/ReplaceSystemDisk",
        "Any image's system disk may be larger than the image.",
        &["400 InvalidSystemDiskSize.ImageNotSupportResize"],
    ),
    (
        "ecs/ReplaceSystemDisk",
        "Of an image with data disks the system disk is taken, and the others left.",
        &["400 OperationDenied"],
    ),
    (
        "ecs/ReplaceSystemDisk",
        "The system disk of a server that is stopped is in use, and nothing else.",
        &["403 IncorrectDiskStatus"],
    ),
    ("ecs/ReplaceSystemDisk", FAULT, &["500 OperationDenied"]),
    (
        "ecs/Create*",
        "A disk is read by this server itself: there is no state of it that starting the guest anew would mend.",
        &["403 IncorrectDiskStatus.Invalid"],
    ),
    ("ecs/CreateSnapshot", "Snapshots are taken of disks of every category.", &["403 IncorrectDiskType.NotSupport"]),
    ("ecs/DeleteSnapshot", "Snapshots are not shared.", &["403 InvalidOperation.DeleteSharedSnapshotUnsupported"]),
    (
        "ecs/DeleteSnapshot",
        "There are no instant snapshots, which a standard one would follow.",
        &["403 InvalidOperation.RelatedSnapshotNotFinished"],
    ),
    (
        "ecs/DeleteSnapshot",
        "A snapshot that is not there is no fault, as the document says beside the code.",
        &["404 InvalidSnapshotId.NotFound"],
    ),
];

/// Codes for which another one is answered.
pub const ANSWERED: &[Answered] = &[
    ("ecs/CreateDisk", "400 InvalidDiskCategory.ValueNotSupported", &["400 InvalidDataDiskCategory.ValueNotSupported"]),
    (
        "ecs/CreateDisk",
        "400 InvalidSize.ValueNotSupported",
        &[
            "400 InvalidDataDiskSize.ValueNotSupported",
            "400 InvalidDiskSize.NotSupported",
            "400 InvalidDiskSizeOrCategory",
            "403 InvalidDiskSize.NotSupported",
        ],
    ),
    ("ecs/CreateDisk", "403 InvalidParam.ZoneIdAndInstanceId.Conflict", &["400 InvalidParameter.Conflict"]),
    ("ecs/CreateDisk", "404 InvalidZoneId.NotFound", &["400 OperationDenied"]),
    ("ecs/CreateDisk", "400 InvalidDescription.Malformed", &["403 InvalidDescription.Malformed"]),
    ("ecs/CreateDisk", "403 InvalidSnapshotId.NotReady", &["403 InvalidSnapshot.NotReady"]),
    (
        "ecs/CreateDisk",
        "403 InvalidSnapshotId.NotDataDiskSnapshot",
        &["403 OperationDenied", "403 OperationDenied.SnapshotNotAllowed"],
    ),
    ("ecs/DescribeDisks", "400 MissingParamter.RegionId", &["400 IncompleteParamter"]),
    ("ecs/DescribeDisks", "400 InvalidParameter", &["400 InvalidParamter"]),
    ("ecs/DescribeDisks", "400 InvalidCategory.ValueNotSupported", &["403 InvalidCategory.ValueNotSupported"]),
    ("ecs/DescribeDisks", "400 InvalidParameter.DiskIds", &["404 InvalidDiskIds.ValueNotSupported"]),
    ("ecs/AttachDisk", "400 MissingParameter", &["400 InvalidParameter.AllEmpty"]),
    ("ecs/AttachDisk", "403 IncorrectDiskStatus", &["403 DiskId.StatusNotSupported", "404 InvalidDisk.InUse"]),
    ("ecs/AttachDisk", "404 InvalidDiskId.NotFound", &["403 DiskId.ValueNotSupported"]),
    ("ecs/DetachDisk", "403 DiskTypeViolation", &["403 InvalidInstance.ImageCategory"]),
    ("ecs/ModifyDiskAttribute", "400 MissingParameter.DiskIdOrDiskIds", &["400 IncompleteParamter"]),
    ("ecs/ResizeDisk", "400 MissingParameter", &["400 IncompleteParamter"]),
    (
        "ecs/ResizeDisk",
        "403 InvalidDiskSize.TooLarge",
        &["40* InvalidDataDiskSize.ValueNotSupported", "400 InvalidSystemDiskSize.ValueNotSupported"],
    ),
    ("ecs/ResizeDisk", "403 DiskCreatingSnapshot", &["403 Operation.Conflict"]),
    ("ecs/ResizeDisk", "403 IncorrectDiskStatus", &["403 OperationDenied"]),
    ("ecs/DeleteDisk", "403 IncorrectDiskStatus", &["403 DiskStillAttached"]),
    ("ecs/ReplaceSystemDisk", "400 MissingParameter", &["400 InvalidParameter.AllEmpty"]),
    ("ecs/ReplaceSystemDisk", "403 ImageNotSupportInstanceType", &["400 InvalidParameter.Conflict"]),
    ("ecs/ReplaceSystemDisk", "400 InvalidSystemDiskSize", &["400 InvalidSystemDiskSize.ValueNotSupported"]),
    ("ecs/ReplaceSystemDisk", "404 InvalidImageId.NotFound", &["403 OperationDenied.ImageNotValid"]),
    ("ecs/ReplaceSystemDisk", "404 InvalidInstanceId.NotFound", &["404 NoSuchResource"]),
    ("ecs/ReInitDisk", "403 InvalidSourceSnapshot", &["403 OperationDenied"]),
    ("ecs/ReInitDisk", "404 InvalidImageId.NotFound", &["404 InvalidDiskId.OperationNotSupported"]),
    ("ecs/ResetDisk", "403 IncorrectDiskStatus.HasUnfinishedSnapshot", &["403 Operation.Conflict"]),
    ("ecs/ResetDisk", "403 InvalidParameter.Mismatch", &["403 OperationDenied"]),
    ("ecs/ResetDisk", "404 InvalidDiskId.NotFound", &["404 Disk.NotFound"]),
    ("ecs/CreateSnapshot", "403 IncorrectInstanceStatus", &["400 IncorrectInstanceStatus"]),
    ("ecs/CreateSnapshot", "403 IncorrectDiskStatus.CreatingSnapshot", &["403 DISK_HAS_CREATING_SNAPSHOT"]),
    ("ecs/CreateSnapshot", "404 InvalidDiskId.NotFound", &["403 DiskId.ValueNotSupported"]),
    ("ecs/CreateSnapshot", "403 QuotaExceed.Snapshot", &["403 QuotaExceed.SnapshotQuota"]),
    ("ecs/CreateSnapshot", "403 Forbidden.RAM", &["403 InvalidAction.Unauthorized"]),
    ("ecs/ModifySnapshotAttribute", "400 InvalidSnapshotId.NotReady", &["401 IncorrectDiskStatus.CreatingSnapshot"]),
];
