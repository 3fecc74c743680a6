//! What an image says of itself, and every way in which changing it is refused.

use meta::{Scope, images};
use model::{Image, ImageId, ImageStatus, InstanceId};
use serde_json::{Value, json};

use crate::support::{OTHER_KEY, World, import_with, text};

impl World {
    /// Changes an image's row as no call can.
    pub async fn meddle(&self, image: &str, change: impl Fn(&mut Image) + Send + 'static) {
        let id: ImageId = image.parse().expect("an id");
        let changed = self.engine.meta().write(Scope::Account(self.account), move |tx| {
            let before = images::get_exclusive(tx, &id)?.expect("the image");
            let mut after = before.image.clone();
            change(&mut after);
            images::update(tx, &before, &after)
        });
        assert!(changed.await.expect("written"));
    }

    /// Adds images like one, each changed in its own way.
    pub async fn like(&self, image: &str, n: i64, change: impl Fn(i64, &mut Image) + Send + 'static) {
        let id: ImageId = image.parse().expect("an id");
        let first = self.engine.age_sequence(self.engine.clock().now());
        let fresh: Vec<ImageId> = (0..n).map(|_| ImageId::generate(self.engine.entropy())).collect();
        let added = self.engine.meta().write(Scope::Account(self.account), move |tx| {
            let like = images::get(tx, &id)?.expect("the image").image;
            for (n, id) in (0..).zip(&fresh) {
                let name = format!("like-{id}").parse().expect("a name");
                let mut made = Image { id: id.clone(), name, disks: Vec::new(), ..like.clone() };
                change(n, &mut made);
                assert!(images::insert(tx, &made, first + 1 + n)?);
            }
            Ok::<_, meta::Error>(())
        });
        added.await.expect("added");
    }

    /// An image that is available.
    async fn image(&self, name: &str) -> String {
        let image = text(&self.ecs_ok("ImportImage", &import_with(&[("ImageName", name)])).await["ImageId"]);
        self.work().await;
        self.clock.advance_millis(60_000);
        image
    }

    async fn shown(&self, image: &str) -> Value {
        self.ecs_ok("DescribeImages", &[("ImageId", image), ("Status", "ALL")]).await["Images"]["Image"][0].clone()
    }
}

const ACTION: &str = "ModifyImageAttribute";

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn what_is_given_changes_and_the_rest_stays() {
    let world = World::ready().await;
    let image = world.image("one").await;
    let before = world.shown(&image).await;
    world.ecs_ok(ACTION, &[("ImageId", &image)]).await;
    let nothing = [("ImageId", image.as_str()), ("ImageName", ""), ("Description", ""), ("Status", "")];
    world.ecs_ok(ACTION, &nothing).await;
    assert_eq!(world.shown(&image).await, before, "nothing was asked for");

    let dry = [("ImageId", image.as_str()), ("ImageName", "two"), ("DryRun", "True")];
    assert_eq!(world.ecs_code(ACTION, &dry).await, (400, "DryRunOperation".into()));
    assert_eq!(world.shown(&image).await, before, "a dry run changes nothing");

    let all = [
        ("ImageId", image.as_str()),
        ("ImageName", "two"),
        ("Description", "a base\nof two lines"),
        ("ImageFamily", "base"),
        ("BootMode", "UEFI-Preferred"),
        ("LicenseType", "BYOL"),
        ("Features.NvmeSupport", "supported"),
        ("Features.ImdsSupport", "v2"),
    ];
    world.ecs_ok(ACTION, &all).await;
    let after = world.shown(&image).await;
    for (member, expected) in [
        ("ImageName", json!("two")),
        ("Description", json!("a base\nof two lines")),
        ("ImageFamily", json!("base")),
        ("BootMode", json!("UEFI-Preferred")),
        ("LicenseType", json!("BYOL")),
        ("Features", json!({"NvmeSupport": "supported", "ImdsSupport": "v2"})),
        ("Status", json!("Available")),
    ] {
        assert_eq!(after[member], expected, "{member}");
    }
    // The name it had is free, and its own name is no other image's.
    world.image("one").await;
    world.ecs_ok(ACTION, &[("ImageId", &image), ("ImageName", "two")]).await;
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_family_rolls_back_and_forth() {
    let world = World::ready().await;
    let (old, new) = (world.image("old").await, world.image("new").await);
    for image in [&old, &new] {
        world.ecs_ok(ACTION, &[("ImageId", image), ("ImageFamily", "web")]).await;
    }
    let newest = async || {
        let found = world.ecs_ok("DescribeImageFromFamily", &[("ImageFamily", "web")]).await;
        found["Image"]["ImageId"].as_str().map(str::to_owned)
    };
    let set = async |image: &str, status: &str| world.ecs(ACTION, &[("ImageId", image), ("Status", status)]).await;
    assert_eq!(newest().await.as_ref(), Some(&new));
    assert_eq!(set(&new, "Deprecated").await.0, 200);
    assert_eq!(newest().await.as_ref(), Some(&old), "the one before");
    assert_eq!(set(&new, "Deprecated").await.1["Code"], "ImageStatus.NotAvailable");
    assert_eq!(set(&old, "Deprecated").await.0, 200);
    assert_eq!(newest().await, None);
    assert_eq!(set(&new, "Available").await.0, 200);
    assert_eq!(newest().await.as_ref(), Some(&new));
    assert_eq!(set(&new, "Available").await.1["Code"], "ImageStatus.NotDeprecated");
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn every_row_of_the_document_is_reached() {
    let world = World::ready().await;
    let (image, taken) = (world.image("mine").await, world.image("taken").await);
    let long = "x".repeat(257);
    let name = "Image names must be between 2 and 128 characters long, using either English or Chinese characters. The name must start with a letter or a Chinese character, and can include numbers, colons, underscores and hyphens.";
    let family = "The specified parameter \"ImageFamily\" is malformed.";
    let formed = "The specified description is wrongly formed.";
    let refused = async |params: &[(&str, &str)], (status, code, message): (u16, &str, &str)| {
        let (found, body) = world.ecs(ACTION, params).await;
        assert_eq!((found, &body["Code"], &body["Message"]), (status, &json!(code), &json!(message)), "{params:?}");
    };
    type Row<'a> = ((&'a str, &'a str), (u16, &'a str, &'a str));
    let rows: &[Row] = &[
        (("ImageName", "x"), (400, "InvalidImageName.Malformed", name)),
        (("ImageName", "aliyun1"), (400, "InvalidImageName.Malformed", name)),
        (
            ("ImageName", "taken"),
            (400, "InvalidImageName.Duplicated", "The specified Image name has already bean used."),
        ),
        (("Description", "x"), (400, "InvalidDescription.Malformed", formed)),
        (("Description", &long), (400, "InvalidDescription.Malformed", formed)),
        (("Description", "https://x"), (400, "InvalidDescription.Malformed", formed)),
        (
            ("Description", "a\u{1}b"),
            (403, "InvalidDescription.Malformed", "The specified parameter description is not valid."),
        ),
        (("ImageFamily", "acs:x"), (400, "InvalidImageFamily.Malformed", family)),
        (
            ("BootMode", "bios"),
            (400, "InvalidBootMode.NotSupport", "The specified parameter BootMode is not supported."),
        ),
        (
            ("LicenseType", "Aliyun"),
            (400, "InvalidLicenseType.NotSupported", "The specified parameter LicenseType is not supported."),
        ),
        (
            ("Features.ImdsSupport", "v3"),
            (
                400,
                "InvalidParameter.FeaturesImdsSupport",
                "The specified parameter Features.ImdsSupport is not supported.",
            ),
        ),
        (("Status", "Available"), (403, "ImageStatus.NotDeprecated", "The specified image status is not deprecated.")),
        (("ImageId", "m-none"), (404, "InvalidImageId.NotFound", "The specified ImageId does not exist.")),
        (("RegionId", "cn-none"), (404, "InvalidRegionId.NotFound", "The specified region does not exist.")),
    ];
    for (change, expected) in rows {
        let kept = [("ImageId", image.as_str())].into_iter().filter(|(name, _)| *name != change.0);
        refused(&kept.chain([*change]).collect::<Vec<_>>(), *expected).await;
    }
    for (change, code) in
        [(("Status", "Gone"), "InvalidParameter"), (("Features.NvmeSupport", "no"), "InvalidParameter")]
    {
        assert_eq!(world.ecs_code(ACTION, &[("ImageId", &image), change]).await, (400, code.into()));
    }
    let (_, body) = world.call_as(crate::support::KEY, "2014-05-26", ACTION, &[("ImageId", &image)]).await;
    let missing = "The input parameter \"RegionId\" that is mandatory for processing this request is not supplied.";
    assert_eq!((&body["Code"], &body["Message"]), (&json!("MissingParameter"), &json!(missing)));

    // Arm boots by UEFI alone.
    world.meddle(&image, |image| image.architecture = model::Architecture::Arm64).await;
    let bios = [("ImageId", image.as_str()), ("BootMode", "UEFI-Preferred")];
    assert_eq!(world.ecs_code(ACTION, &bios).await, (400, "InvalidBootMode.NotSupport".into()));
    world.meddle(&image, |image| image.architecture = model::Architecture::X86_64).await;

    // One way only.
    world.ecs_ok(ACTION, &[("ImageId", &image), ("Features.ImdsSupport", "v2")]).await;
    world.ecs_ok(ACTION, &[("ImageId", &image), ("Features.ImdsSupport", "v2")]).await;
    let back = "The specified parameter Features.ImdsSupport can not be set to v1 from v2.";
    let back = (403, "InvalidOperation.FeaturesImdsSupportNotMatch", back);
    refused(&[("ImageId", &image), ("Features.ImdsSupport", "v1")], back).await;

    // States, and what others count on.
    let status = async |status: &str, change: (&str, &str), expected: (u16, &str, &str)| {
        let wanted: ImageStatus = status.parse().expect("a status");
        world.meddle(&image, move |image| image.status = wanted).await;
        refused(&[("ImageId", &image), change], expected).await;
        world.meddle(&image, |image| image.status = ImageStatus::Available).await;
    };
    let creating = "The operation cannot be performed because the image is creating. Please wait until the creation is complete and try again.";
    for building in ["Waiting", "Creating"] {
        status(building, ("Description", "later"), (403, "InvalidStatus.ImageIsCreating", creating)).await;
    }
    let unavailable = (403, "ImageStatus.NotAvailable", "The specified image status is not available.");
    for other in ["Deprecated", "UnAvailable", "CreateFailed"] {
        status(other, ("Status", "Deprecated"), unavailable).await;
    }
    let other = world.other.to_string();
    world.ecs_ok("ModifyImageSharePermission", &[("ImageId", &image), ("AddAccount.1", &other)]).await;
    let shared = "The specified image has been shared to others, please remove shared accounts first.";
    refused(&[("ImageId", &image), ("Status", "Deprecated")], (403, "ImageUseShared", shared)).await;
    // A recipient sees the image, and it is not the recipient's.
    let theirs = [("ImageId", image.as_str()), ("RegionId", "cn-hangzhou"), ("Description", "mine")];
    let (found, body) = world.call_as(OTHER_KEY, "2014-05-26", ACTION, &theirs).await;
    assert_eq!((found, &body["Code"]), (404, &json!("InvalidImageId.NotFound")));
    world.ecs_ok("ModifyImageSharePermission", &[("ImageId", &image), ("RemoveAccount.1", &other)]).await;

    world.ecs_ok("ModifyImageSharePermission", &[("ImageId", &taken), ("IsPublic", "true")]).await;
    let theirs = [("ImageId", taken.as_str()), ("RegionId", "cn-hangzhou"), ("Description", "mine")];
    let (found, body) = world.call_as(OTHER_KEY, "2014-05-26", ACTION, &theirs).await;
    let publisher = "The community image's publisher is not the current account. Modification is not permitted.";
    let expected = (403, &json!("InvalidOperation.PublicImageUnsupported"), &json!(publisher));
    assert_eq!((found, &body["Code"], &body["Message"]), expected);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_boot_mode_stays_while_servers_boot_so() {
    let (world, image) = World::with_servers().await;
    let server: InstanceId = world.launch(&image, &[]).await.parse().expect("an id");
    let uefi = [("ImageId", image.as_str()), ("BootMode", "UEFI")];
    assert_eq!(world.ecs_code(ACTION, &uefi).await, (403, "OperationDeined.ImageUsingByInstance".into()));
    world.ecs_ok(ACTION, &[("ImageId", &image), ("BootMode", "BIOS")]).await;
    world.ecs_ok("DeleteInstance", &[("InstanceId", server.as_str()), ("Force", "true")]).await;
    world.ecs_ok(ACTION, &uefi).await;
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn families_have_room_for_so_many() {
    let world = World::ready().await;
    let image = world.image("one").await;
    let join = async |family: &str| world.ecs(ACTION, &[("ImageId", &image), ("ImageFamily", family)]).await;
    world.like(&image, 100, |_, image| image.family = "full".parse().ok()).await;
    let (status, body) = join("full").await;
    let text = "The specified image family has exceeded max number of images for one image family.";
    let expected = (400, &json!("ImageQuotaFull.ImageFamily"), &json!(text));
    assert_eq!((status, &body["Code"], &body["Message"]), expected);
    world.like(&image, 98, |n, image| image.family = format!("family-{n}").parse().ok()).await;
    assert_eq!(join("the-hundredth").await.0, 200);
    let (status, body) = {
        let second = world.image("two").await;
        world.ecs(ACTION, &[("ImageId", &second), ("ImageFamily", "one-too-many")]).await
    };
    let text = "The specified region has exceeded max number of image family.";
    assert_eq!((status, &body["Code"], &body["Message"]), (400, &json!("ImageFamilyQuotaFull"), &json!(text)));
    // CreateImage spells both otherwise.
    let snapshot = world.system_snapshot(&image).await;
    let create =
        async |family: &str| world.ecs_code("CreateImage", &[("SnapshotId", &snapshot), ("ImageFamily", family)]).await;
    assert_eq!(create("full").await, (400, "ImageQuotaExceed.ImageFamily".into()));
    assert_eq!(create("one-too-many").await, (400, "ImageFamilyQuotaExceed".into()));
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn one_winner_for_a_name_and_for_the_last_place() {
    races(World::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn one_winner_where_many_nodes_share_the_records() {
    let server = testkit::Postgres::start();
    let meta = meta::Meta::open_postgres(&server.address()).await.expect("opens");
    races(World::over(meta, tempfile::tempdir().expect("a directory")).await).await;
}

/// Sixty-four callers at once, for a name and for the last place of a family.
async fn races(world: World) {
    let (world, image) = world.given_servers().await;
    world.like(&image, 99, |_, image| image.family = "crowded".parse().ok()).await;
    world.like(&image, 64, |n, image| image.name = format!("racer-{n}").parse().expect("a name")).await;
    let found = world.ecs_ok("DescribeImages", &[("ImageName", "racer-*"), ("PageSize", "100")]).await;
    let racers = found["Images"]["Image"].as_array().expect("a list");
    let racers: Vec<String> = racers.iter().map(|image| text(&image["ImageId"])).collect();
    assert_eq!(racers.len(), 64);
    for (change, code) in [
        (("ImageName", "the-one"), "InvalidImageName.Duplicated"),
        (("ImageFamily", "crowded"), "ImageQuotaFull.ImageFamily"),
    ] {
        let calls = racers.iter().map(|racer| {
            let world = &world;
            async move { world.ecs(ACTION, &[("ImageId", racer), change]).await }
        });
        let answers = futures::future::join_all(calls).await;
        assert_eq!(answers.iter().filter(|(status, _)| *status == 200).count(), 1, "{change:?}");
        let lost = answers.iter().filter(|(status, body)| *status == 400 && body["Code"] == code);
        assert_eq!(lost.count(), 63, "{change:?}");
    }
    // Sixty-four accounts are added one by one, and fifty have a place.
    let other: Vec<String> = (0..64_u64).map(|n| (2_000_000_000_000_000 + n).to_string()).collect();
    let ids = other.clone();
    let made = world.engine.meta().write(Scope::Shared, move |tx| {
        for id in &ids {
            let account = meta::accounts::Account {
                id: id.parse().expect("an account"),
                name: format!("account-{id}"),
                created: model::Timestamp::from_millis(0),
            };
            meta::accounts::insert(tx, &account)?;
        }
        Ok::<_, meta::Error>(())
    });
    made.await.expect("made");
    let calls = other.iter().map(|account| {
        let (world, image) = (&world, &image);
        async move { world.ecs("ModifyImageSharePermission", &[("ImageId", image), ("AddAccount.1", account)]).await }
    });
    let answers = futures::future::join_all(calls).await;
    assert_eq!(answers.iter().filter(|(status, _)| *status == 200).count(), 50);
    let lost = answers.iter().filter(|(_, body)| body["Code"] == "QuotaExceed.ShareImageUser");
    assert_eq!(lost.count(), 14);
}
