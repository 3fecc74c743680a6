//! Making, copying, exporting and deleting images: what is refused, in a world that stands still.

use engine::buckets::NewObject;
use model::quota::Quota;
use model::{DiskStatus, Image, InstanceStatus};
use serde_json::json;

use crate::disks::{Still, borrowed, too_many_tags};
use crate::support::{IMPORT, World, import_with, text};

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn what_an_image_is_made_of() {
    let still = Still::new().await;
    let server = ("InstanceId", still.server.as_str());
    still.refused("CreateImage", &[(&[("ImageName", "of-nothing")], 400, "MissingParameter")]).await;
    let tags = too_many_tags();
    still.refused("CreateImage", &[(&[&[server][..], &borrowed(&tags)].concat(), 403, "QuotaExceed.Tags")]).await;
    for status in [InstanceStatus::Pending, InstanceStatus::Starting, InstanceStatus::Stopping] {
        still.server(status).await;
        still.refused("CreateImage", &[(&[server], 400, "IncorrectInstanceStatus")]).await;
    }
    still.server(InstanceStatus::Stopped).await;
    still.disk(&still.data, DiskStatus::Detaching).await;
    still.refused("CreateImage", &[(&[server], 403, "IncorrectDiskStatus")]).await;
    still.disk(&still.data, DiskStatus::InUse).await;
    still.snapshot(&still.data).await;
    still.refused("CreateImage", &[(&[server], 403, "IncorrectDiskStatus.CreatingSnapshot")]).await;
    still.world.work().await;
    // The import's and the one just taken are there; an image of the server takes two more.
    still.world.limit(Quota::Snapshots, 3).await;
    still.refused("CreateImage", &[(&[server], 403, "QuotaExceed.Snapshot")]).await;
    still.world.limit(Quota::Snapshots, 4).await;
    still.world.limit(Quota::Images, 1).await;
    still.refused("CreateImage", &[(&[server], 403, "QuotaExceed.Image")]).await;
    still.world.limit(Quota::Images, 2).await;
    still.world.ecs_ok("CreateImage", &[server]).await;
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn copies_are_cancelled_while_they_run() {
    let world = World::ready().await;
    let image = text(&world.ecs_ok("ImportImage", &IMPORT).await["ImageId"]);
    world.work().await;
    let there = ("RegionId", "us-west-1");
    let copy = [("ImageId", image.as_str()), ("DestinationRegionId", "us-west-1")];
    let copy = text(&world.ecs_ok("CopyImage", &copy).await["ImageId"]);
    let copy = ("ImageId", copy.as_str());
    assert_eq!(world.ecs_code("DeleteImage", &[copy, there]).await, (403, "OperationDenied.ImageCopying".into()));
    let source = [("ImageId", image.as_str())];
    assert_eq!(world.ecs_code("CancelCopyImage", &source).await, (400, "ImageCreatedNotFromCopy".into()));
    world.work().await;
    assert_eq!(world.ecs_code("CancelCopyImage", &[copy, there]).await, (400, "IncorrectImageStatus".into()));
    world.ecs_ok("DeleteImage", &[copy, there]).await;
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn what_an_export_needs() {
    let still = Still::new().await;
    let (world, image) = (&still.world, ("ImageId", still.image.as_str()));
    world.role("AliyunECSImageExportDefaultRole", "AliyunECSImageExportRolePolicy").await;
    world.bucket(world.other, "others", "cn-hangzhou").await;
    let bucket = ("OSSBucket", "disks");
    still.refused("ExportImage", &[(&[image, ("OSSBucket", "others")], 400, "InvalidOSSBucket.NotMatched")]).await;

    // Too many data disks, and one that is too large.
    let disks = |n: usize, size_gib: u32| {
        move |image: &mut Image| {
            let disk = image.disks[0].clone();
            image.disks.truncate(1);
            for n in 1..=n {
                image.disks.push(model::DiskMapping { device: model::image::device_name(n), size_gib, ..disk.clone() });
            }
        }
    };
    for (n, size_gib) in [(5, 20), (1, 501)] {
        world.meddle(image.1, disks(n, size_gib)).await;
        still.refused("ExportImage", &[(&[image, bucket], 400, "InvalidImage.DiskAmountOrSize")]).await;
    }
    world.meddle(image.1, disks(0, 0)).await;

    // So many at once, and so many a week.
    world.put(&"disks".parse().expect("a bucket"), NewObject::plain("two.raw"), vec![8; 1 << 20]).await;
    let import = import_with(&[("ImageName", "two"), ("DiskDeviceMapping.1.OSSObject", "two.raw")]);
    let two = text(&world.ecs_ok("ImportImage", &import).await["ImageId"]);
    world.work().await;
    let two = [("ImageId", two.as_str()), bucket];
    still.world.limit(Quota::RunningExports, 1).await;
    world.ecs_ok("ExportImage", &[image, bucket]).await;
    still.refused("ExportImage", &[(&two, 403, "ConcurrentQuotaExceed.ExportImage")]).await;
    world.work().await;
    still.world.limit(Quota::ExportsPerWeek, 1).await;
    still.refused("ExportImage", &[(&two, 403, "WeeklyQuotaExceed.ExportImage")]).await;
    world.clock.advance_millis(7 * 24 * 3_600_000 + 1);
    let task = world.ecs_ok("ExportImage", &two).await["TaskId"].clone();
    assert_ne!(task, json!(""));
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn images_for_a_type_of_server() {
    let world = World::ready().await;
    world.ecs_ok("ImportImage", &IMPORT).await;
    world.work().await;
    let code = async |params: &[(&str, &str)]| world.ecs_code("DescribeImages", params).await;
    let unknown = [("InstanceType", "ecs.none.large")];
    assert_eq!(code(&unknown).await, (400, "InvalidInstanceType.ValueNotSupported".into()));
    assert_eq!(world.ecs_ok("DescribeImages", &[("InstanceType", "ecs.n1.tiny")]).await["TotalCount"], 1);
    assert_eq!(code(&[("Tag.1.Value", "v")]).await, (400, "InvalidTag.Mismatch".into()));
    let tags = too_many_tags();
    assert_eq!(code(&borrowed(&tags)).await, (400, "InvalidTagCount".into()));
}
