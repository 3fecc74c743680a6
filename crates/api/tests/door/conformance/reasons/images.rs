//! Codes of images and their tasks that cannot be reached.

use super::{Answered, Apart, ENCRYPTION, MARKET};

/// Codes without the fault that they are for.
pub const APART: &[Apart] = &[
    ("ecs/ImportImage", "All regions here take the same formats.", &["400 InvalidImageFormat.RegionNotSupported"]),
    ("ecs/ExportImage", "All regions here write the same formats.", &["400 InvalidImageFormat.RegionNotSupported"]),
    ("ecs/ImportImage", "Buckets here have no limit of bandwidth.", &["400 InvalidOSSBucket.FlowLimit"]),
    (
        "ecs/*portImage",
        "A role that may not answers `NoSetRoletoECSServiceAcount`, which clients repair, and another account's bucket `InvalidOSSBucket.NotMatched`.",
        &["403 InvalidOSS.NotAuthorized"],
    ),
    (
        "ecs/ModifyImageSharePermission",
        "The parameter is refused as forbidden or as unnecessary, whatever its value.",
        &["400 InvalidParameter.LaunchPermission"],
    ),
    (
        "ecs/ModifyImageSharePermission",
        "The parameter `Group` is gone from the document; only its code stayed.",
        &["400 InvalidGroup.Malformed"],
    ),
    ("ecs/ExportImage", "Nothing is encrypted, and no image comes from a marketplace.", &["40* ImageNotSupported"]),
    (
        "ecs/ExportImage",
        "The call gives no name: objects are called after the image, behind `OSSPrefix`.",
        &["400 InvalidImageName.Malformed"],
    ),
    ("ecs/ExportImage", "An export writes objects and reads none.", &["400 InvalidOSSObject.NeedRestore"]),
    ("ecs/ExportImage", "Images with data disks are exported, too: an object a disk.", &["400 OperationDenied"]),
    ("ecs/CreateImage", "Images are made of disks of every category.", &["400 InvalidDiskCategory.CreateImage"]),
    ("ecs/CreateImage", ENCRYPTION, &["400 InvalidParameter.DiskType"]),
    (
        "ecs/CreateImage",
        "A disk that a stopped server was given is captured like its others.",
        &["403 IncorrectInstanceStatus.NeedRestart"],
    ),
    (
        "ecs/CreateImage",
        "One snapshot of a disk is taken at a time (`IncorrectDiskStatus.CreatingSnapshot`); of how many disks, has no limit.",
        &["403 TooManySnapshot.Unfinished"],
    ),
    (
        "ecs/CopyImage",
        "An image's snapshots are there as long as the image, and were fit for it when it was made.",
        &["400 InvalidSnapshotId.NotFound", "403 OperationDenied"],
    ),
    (
        "ecs/CopyImage",
        "The copy goes to the region that the call names, and nothing else names one.",
        &["403 IncorrectDestinationRegion"],
    ),
    (
        "ecs/CopyImage",
        "Images are kept as the guest sees them, whatever the format of the file that they came from.",
        &["403 InvalidOperation.VhdImageUnsupported"],
    ),
    ("ecs/CopyImage", ENCRYPTION, &["403 InvalidRegion.NotSupport"]),
    ("ecs/CopyImage", "Images are copied from and to every region.", &["403 RegionNotSupportCopy"]),
    ("ecs/CopyImage", "A copy copies no bytes, and images of every size are copied.", &["403 SizeExceed.Image"]),
    ("ecs/CopyImage", MARKET, &["403 OperationDenied.NotAuthorized", "403 OperationDenied.NotPublished"]),
    ("ecs/CancelCopyImage", "A copy can be cancelled as long as it runs.", &["400 CancelNotSupported"]),
    ("ecs/CancelCopyImage", "The call has no description.", &["400 InvalidDescription.Malformed"]),
    (
        "ecs/CancelTask",
        "Tasks are imports and exports, and both can be cancelled.",
        &["403 InvalidTaskId.TaskActionNotSupport"],
    ),
];

/// Codes for which another one is answered.
pub const ANSWERED: &[Answered] = &[
    (
        "ecs/ImportImage",
        "403 InvalidRegion.NotSupport",
        &["400 InvalidRegion.NotSupport", "400 InvalidRegionId.NotFound"],
    ),
    ("ecs/ImportImage", "400 InvalidImageFormat.Malformed", &["403 InvalidImageFormat.Malformed"]),
    ("ecs/CreateImage", "400 MissingParameter", &["400 InvalidParameter.AllEmpty"]),
    ("ecs/CreateImage", "400 IdempotenceParamNotMatch", &["403 InvalidParamter.Conflict"]),
    ("ecs/CreateImage", "400 OperationDenied", &["403 InvalidSystemSnapshot.Missing"]),
    ("ecs/CreateImage", "403 InvalidSnapshotId.NotReady", &["403 SnapshotNotReady"]),
    ("ecs/CopyImage", "403 Forbidden.RAM", &["403 Forbbiden"]),
    (
        "ecs/CopyImage",
        "400 OperationDenied.ImageCopyConflict",
        &["403 OperationDenied.ImageCopying", "409 InvalidOperation.Conflict"],
    ),
    ("ecs/DescribeImageFromFamily", "403 Forbidden.RAM", &["403 InvalidUser.Unauthorized"]),
    ("ecs/CancelTask", "400 InvalidTaskId.NotFound", &["403 InvalidTaskId.NotFound"]),
];
