//! The error tables of the documents that this server follows to the letter: each row stands in its action's room with
//! its own status, code and text, and the import's rows are reached, one after the other.

use api::Product;
use api::actions::ACTIONS;
use engine::buckets::NewObject;
use model::ImageStatus;
use model::quota::Quota;
use serde_json::json;

use crate::support::{IMPORT, KEY, NO_IMPORTS, World, import_with, text};

type Row = (u16, &'static str, &'static str);

/// Rows that any action may answer with are not listed by rooms: `MissingParameter`, `InternalError`, and the refusal of
/// policies.
const DOCUMENTS: &[(Product, &str, &[Row])] = &[
    (
        Product::Swas,
        "ModifyImageShareStatus",
        &[
            (400, "InvalidParam.OperationIllegal", "The specified parameter operation is illegal."),
            (404, "InvalidImageId.NotFound", "The specified ImageId does not exist."),
        ],
    ),
    (
        Product::Ecs,
        "ModifyImageAttribute",
        &[
            (
                400,
                "InvalidImageName.Malformed",
                "Image names must be between 2 and 128 characters long, using either English or Chinese characters. The name must start with a letter or a Chinese character, and can include numbers, colons, underscores and hyphens.",
            ),
            (
                400,
                "MissingParameter",
                "The input parameter \"RegionId\" that is mandatory for processing this request is not supplied.",
            ),
            (400, "InvalidImageName.Duplicated", "The specified Image name has already bean used."),
            (400, "InvalidDescription.Malformed", "The specified description is wrongly formed."),
            (
                400,
                "ImageQuotaFull.ImageFamily",
                "The specified image family has exceeded max number of images for one image family.",
            ),
            (400, "InvalidImageFamily.Malformed", "The specified parameter \"ImageFamily\" is malformed."),
            (400, "ImageFamilyQuotaFull", "The specified region has exceeded max number of image family."),
            (400, "InvalidBootMode.NotSupport", "The specified parameter BootMode is not supported."),
            (400, "InvalidLicenseType.NotSupported", "The specified parameter LicenseType is not supported."),
            (
                400,
                "InvalidParameter.FeaturesImdsSupport",
                "The specified parameter Features.ImdsSupport is not supported.",
            ),
            (403, "ImageStatus.NotAvailable", "The specified image status is not available."),
            (403, "ImageStatus.NotDeprecated", "The specified image status is not deprecated."),
            (
                403,
                "ImageUseShared",
                "The specified image has been shared to others, please remove shared accounts first.",
            ),
            (
                403,
                "OperationDeined.ImageUsingByInstance",
                "The boot mode of the image cannot be modified because it has associated instances.",
            ),
            (
                403,
                "InvalidOperation.FeaturesImdsSupportNotMatch",
                "The specified parameter Features.ImdsSupport can not be set to v1 from v2.",
            ),
            (
                403,
                "InvalidStatus.ImageIsCreating",
                "The operation cannot be performed because the image is creating. Please wait until the creation is complete and try again.",
            ),
            (
                403,
                "InvalidOperation.PublicImageUnsupported",
                "The community image's publisher is not the current account. Modification is not permitted.",
            ),
            (403, "InvalidDescription.Malformed", "The specified parameter description is not valid."),
            (404, "InvalidImageId.NotFound", "The specified ImageId does not exist."),
        ],
    ),
    (
        Product::Ecs,
        "ImportImage",
        &[
            (400, "InvalidImageName.Malformed", "The specified destination Image name is wrongly formed."),
            (400, "InvalidDescription.Malformed", "The specified destination image description is wrongly formed."),
            (400, "RegionId.NotFound", "The specified region is not found."),
            (400, "IncorrectImageStatus", "The specified image is not available."),
            (400, "InvalidImageName.Duplicated", "The destination image is exist."),
            (403, "QuotaExceed.Image", "The Image Quota exceeds."),
            (403, "QuotaExceed.Snapshot", "The Snapshot Quota exceeds."),
            (400, "InvalidArchitecture.Malformed", "The specified Architecture is wrongly formed."),
            (400, "InvalidPlatform.Malformed", "The specified Platform is wrongly formed."),
            (400, "InvalidOSType.Malformed", "The specified OSType is wrongly formed."),
            (400, "InvalidFormat.Malformed", "The specified Image format is wrongly formed."),
            (
                400,
                "InvalidImageSize",
                "The specified “DiskDeviceMapping.n.DiskImageSize\" should be not less than system device size.",
            ),
            (403, "ImageIsImporting", "The specified Image is importing."),
            (403, "InvalidRegion.NotSupport", "The specified region does not support image import or export."),
        ],
    ),
    (
        Product::Swas,
        "CreateCustomImage",
        &[
            (400, "InvalidParam.DataSnapshotIdNotFound", "The specified parameter dataSnapshotId is not found."),
            (400, "InvalidParam.SystemSnapshotIdNotFound", "The specified parameter systemSnapshotId is not found."),
            (400, "InvalidParam.IllegalImageName", "The specified parameter imageName is illegal."),
            (400, "ImageNameAlreadyExist", "The image name already exists."),
            (400, "CustomImageQuotaLimit", "The maximum number of custom image in this region is exceeded."),
            (
                400,
                "InvalidParam.SystemSnapshotIdNotSupport",
                "You cannot create custom images in the specified parameter system snapshotId.",
            ),
            (403, "IncorrectInstanceStatus", "The state of the current instance does not support this operation."),
            (404, "InvalidInstanceId.NotFound", "The specified InstanceId does not exist."),
        ],
    ),
];

#[test]
fn every_row_stands_in_its_room() {
    for (product, action, rows) in DOCUMENTS {
        let entry = ACTIONS.iter().find(|entry| entry.spec.product == *product && entry.spec.name == *action);
        let codes = entry.unwrap_or_else(|| panic!("{action} is no action")).spec.codes;
        for row in *rows {
            let is_there = codes.iter().any(|code| (code.status(), code.wire(), code.text()) == *row);
            assert!(is_there, "{action} has no {row:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn the_rows_of_an_import_are_reached() {
    let world = World::ready().await;
    let bucket = "disks".parse().expect("a bucket");
    world.put(&bucket, NewObject::plain("large.raw"), vec![0; 4096]).await;
    let refused = async |changes: &[(&str, &str)], (status, code, message): Row| {
        let (found, body) = world.ecs("ImportImage", &import_with(changes)).await;
        assert_eq!((found, &body["Code"], &body["Message"]), (status, &json!(code), &json!(message)), "{changes:?}");
    };
    let missing = |name: &str| {
        format!("An input parameter \"{name}\" that is mandatory for processing the request is not supplied.")
    };
    let (_, body) = world.call_as(KEY, "2014-05-26", "ImportImage", &IMPORT).await;
    assert_eq!((&body["Code"], &body["Message"]), (&json!("MissingParameter"), &json!(missing("RegionId"))));
    for field in ["OSSBucket", "OSSObject"] {
        let (_, body) = world.ecs("ImportImage", &import_with(&[(&format!("DiskDeviceMapping.1.{field}"), "")])).await;
        let text = missing(&format!("DiskDeviceMapping.n.{field}"));
        assert_eq!((&body["Code"], &body["Message"]), (&json!("MissingParameter"), &json!(text)));
    }
    let named = |name: &str, text: &'static str| -> Row {
        let rows = DOCUMENTS.iter().find(|document| document.1 == "ImportImage").expect("it stands there").2;
        *rows.iter().find(|row| row.1 == name && row.2.contains(text)).expect("a row")
    };
    for (change, code) in [
        (("ImageName", "1"), "InvalidImageName.Malformed"),
        (("Description", "http://x"), "InvalidDescription.Malformed"),
        (("RegionId", "cn-nowhere"), "RegionId.NotFound"),
        (("RegionId", NO_IMPORTS), "InvalidRegion.NotSupport"),
        (("Architecture", "vax"), "InvalidArchitecture.Malformed"),
        (("Platform", "Plan 9"), "InvalidPlatform.Malformed"),
        (("OSType", "vms"), "InvalidOSType.Malformed"),
        (("DiskDeviceMapping.1.Format", "ISO"), "InvalidFormat.Malformed"),
    ] {
        refused(&[change], named(code, "")).await;
    }
    let licensed = [("Platform", "Other Windows"), ("OSType", "windows"), ("LicenseType", "Aliyun")];
    assert_eq!(world.ecs_code("ImportImage", &import_with(&licensed)).await.1, "InvalidLicenseType.BYOLOnly");

    // The same object under the same name is the same import; another object under it is another image.
    world.ecs_ok("ImportImage", &IMPORT).await;
    refused(&[], named("ImageIsImporting", "")).await;
    let other = [("DiskDeviceMapping.1.OSSObject", "large.raw")];
    refused(&other, named("InvalidImageName.Duplicated", "")).await;
    world.work().await;
    refused(&[], named("InvalidImageName.Duplicated", "")).await;
    let found = world.ecs_ok("DescribeImages", &[("ImageName", "imported")]).await;
    let image = text(&found["Images"]["Image"][0]["ImageId"]);
    for status in [ImageStatus::CreateFailed, ImageStatus::UnAvailable] {
        world.meddle(&image, move |image| image.status = status).await;
        refused(&[], named("IncorrectImageStatus", "")).await;
    }
    world.meddle(&image, |image| image.status = ImageStatus::Deprecated).await;
    refused(&[], named("InvalidImageName.Duplicated", "")).await;

    let export = [("ImageId", image.as_str()), ("OSSBucket", "disks"), ("RegionId", NO_IMPORTS)];
    assert_eq!(world.ecs_code("ExportImage", &export).await, (400, "InvalidRegion.NotSupport".into()));
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn the_limits_of_a_region_are_reached() {
    let world = World::ready().await;
    let refused = async |code: &str, message: &str| {
        let (status, body) = world.ecs("ImportImage", &import_with(&[("ImageName", "one-more")])).await;
        assert_eq!((status, &body["Code"], &body["Message"]), (403, &json!(code), &json!(message)));
    };
    world.limit(Quota::Snapshots, 1).await;
    let image = text(&world.ecs_ok("ImportImage", &IMPORT).await["ImageId"]);
    // An import under way counts by the snapshots that its disks will have.
    refused("QuotaExceed.Snapshot", "The Snapshot Quota exceeds.").await;
    world.work().await;
    refused("QuotaExceed.Snapshot", "The Snapshot Quota exceeds.").await;
    world.limit(Quota::Images, 1).await;
    refused("QuotaExceed.Image", "The Image Quota exceeds.").await;
    world.limit(Quota::Images, 2).await;
    world.limit(Quota::Snapshots, 2).await;
    world.ecs_ok("ImportImage", &import_with(&[("ImageName", "one-more")])).await;
    world.work().await;

    // A copy counts where it goes to.
    let there = ("DestinationRegionId", "us-west-1");
    let copy = async |more: &[(&str, &str)]| {
        let params = [&[("ImageId", image.as_str())], more].concat();
        let (status, body) = world.ecs("CopyImage", &params).await;
        (status, body["Code"].as_str().unwrap_or("OK").to_owned())
    };
    let is = |status: u16, code: &str| (status, code.to_owned());
    world.limit(Quota::Images, 0).await;
    assert_eq!(copy(&[there]).await, is(403, "QuotaExceed.Image"));
    world.limit(Quota::Images, 9).await;
    world.limit(Quota::Snapshots, 0).await;
    assert_eq!(copy(&[there]).await, is(403, "QuotaExceed.Snapshot"));
    world.limit(Quota::Snapshots, 9).await;
    assert_eq!(copy(&[("RegionId", "mars-1"), there]).await, is(400, "SourceRegion.NotFound"));
    assert_eq!(copy(&[("DestinationRegionId", "mars-1")]).await, is(400, "DestinationRegion.NotFound"));
    let named = [there, ("DestinationImageName", "copied")];
    assert_eq!(copy(&named).await, is(200, "OK"));
    assert_eq!(copy(&[there]).await, is(400, "OperationDenied.ImageCopyConflict"));
    assert_eq!(copy(&[("DestinationRegionId", "cn-hangzhou")]).await, is(200, "OK"), "to another region meanwhile");
    world.work().await;
    assert_eq!(copy(&named).await, is(400, "InvalidImageName.Duplicated"));
    assert_eq!(copy(&[there]).await, is(200, "OK"), "when the last is done");
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_snapshot_goes_with_the_last_image_that_is_made_of_it() {
    let world = World::ready().await;
    let imported = text(&world.ecs_ok("ImportImage", &IMPORT).await["ImageId"]);
    world.work().await;
    let shown = world.ecs_ok("DescribeImages", &[("ImageId", &imported)]).await;
    let snapshot = text(&shown["Images"]["Image"][0]["DiskDeviceMappings"]["DiskDeviceMapping"][0]["SnapshotId"]);
    let made = world.ecs_ok("CreateImage", &[("SnapshotId", &snapshot), ("ImageName", "made")]).await;
    let made = text(&made["ImageId"]);
    world.work().await;
    let left = async || {
        let shown = world.ecs_ok("DescribeSnapshots", &[("SnapshotIds", &json!([snapshot]).to_string())]).await;
        shown["TotalCount"].clone()
    };
    world.ecs_ok("DeleteImage", &[("ImageId", &made)]).await;
    assert_eq!(left().await, 1, "the import names it still");
    world.ecs_ok("DeleteImage", &[("ImageId", &imported)]).await;
    assert_eq!(left().await, 0);
}

/// A dynamic VHD of 4 MiB (Virtual Hard Disk Image Format Specification) that holds nothing, with these blocks.
fn dynamic_vhd(n_blocks: u32, block_size: u32) -> Vec<u8> {
    let sealed = |mut part: Vec<u8>, checksum_at: usize| {
        let sum = part.iter().map(|byte| u32::from(*byte)).sum::<u32>();
        part[checksum_at..checksum_at + 4].copy_from_slice(&(!sum).to_be_bytes());
        part
    };
    let filled = |len: usize, fields: &[(usize, &[u8])]| {
        let mut part = vec![0; len];
        for (at, bytes) in fields {
            part[*at..*at + bytes.len()].copy_from_slice(bytes);
        }
        part
    };
    let (version, size) = (0x0001_0000_u32.to_be_bytes(), (4_u64 << 20).to_be_bytes());
    let footer = [
        (0, &b"conectix"[..]),
        (8, &2_u32.to_be_bytes()),
        (12, &version),
        (16, &512_u64.to_be_bytes()),
        (28, b"test"),
        (40, &size),
        (48, &size),
        (60, &3_u32.to_be_bytes()),
    ];
    let footer = sealed(filled(512, &footer), 64);
    let header = [
        (0, &b"cxsparse"[..]),
        (8, &u64::MAX.to_be_bytes()),
        (16, &1536_u64.to_be_bytes()),
        (24, &version),
        (28, &n_blocks.to_be_bytes()),
        (32, &block_size.to_be_bytes()),
    ];
    let header = sealed(filled(1024, &header), 36);
    [&footer[..], &header, &[0xff; 512], &footer].concat()
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_vhd_whose_blocks_are_wrong_is_refused() {
    let world = World::ready().await;
    let bucket = "disks".parse().expect("a bucket");
    for (n_blocks, block_size, expected) in [
        (1, 2 << 20, Some("InvalidVHDImage.IncorrectSize")),
        (2, 3 << 20, Some("InvalidBlockSize.NotSupport")),
        // Nothing but that is wrong with them.
        (2, 2 << 20, None),
    ] {
        world.put(&bucket, NewObject::plain("blocks.vhd"), dynamic_vhd(n_blocks, block_size)).await;
        let import = import_with(&[("DiskDeviceMapping.1.OSSObject", "blocks.vhd")]);
        match expected {
            None => drop(world.ecs_ok("ImportImage", &import).await),
            Some(code) => assert_eq!(world.ecs_code("ImportImage", &import).await, (403, code.to_owned())),
        }
    }
}
