//! Codes of images and their tasks that cannot be reached.

use super::{Answered, Apart};

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
];

/// Codes for which another one is answered.
pub const ANSWERED: &[Answered] = &[
    (
        "ecs/ImportImage",
        "403 InvalidRegion.NotSupport",
        &["400 InvalidRegion.NotSupport", "400 InvalidRegionId.NotFound"],
    ),
    ("ecs/ImportImage", "400 InvalidImageFormat.Malformed", &["403 InvalidImageFormat.Malformed"]),
];
