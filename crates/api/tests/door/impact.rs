//! What breaks if this is done to an image: the report, held against what then happens.

use api::impact::{self, Change, Impact};
use model::ImageId;
use serde_json::{Value, json};

use crate::support::{OTHER_KEY, World, import_with, text};

async fn impact(world: &World, image: &str, change: Change) -> Impact {
    let id: ImageId = image.parse().expect("an id");
    let read = world.engine.meta().read(move |tx| impact::of(tx, &id, change));
    read.await.expect("read").expect("the image")
}

fn code(impact: &Impact) -> Option<&str> {
    impact.refusal.as_ref().map(|refusal| refusal.code.as_str())
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn it_names_whatever_hangs_on_an_image() {
    let (world, image) = World::with_servers().await;
    let id = ("ImageId", image.as_str());
    world.clock.advance_millis(60_000);
    let older = text(&world.ecs_ok("ImportImage", &import_with(&[("ImageName", "older")])).await["ImageId"]);
    world.work().await;
    for member in [&image, &older] {
        world.ecs_ok("ModifyImageAttribute", &[("ImageId", member), ("ImageFamily", "web")]).await;
    }
    // The names are those of the records: the second is the newer one.
    let (older, newer) = (image.clone(), older);

    let quiet = impact(&world, &image, Change::Delete).await;
    assert_eq!((code(&quiet), quiet.servers.len(), quiet.shares.len(), quiet.copies.len()), (None, 0, 0, 0));
    let family = quiet.family.expect("a family");
    assert_eq!(family.now.map(|id| id.to_string()), Some(newer.clone()));
    assert_eq!(family.afterwards.map(|id| id.to_string()), Some(newer.clone()), "it was not the newest");
    let family = impact(&world, &newer, Change::Deprecate).await.family.expect("a family");
    assert_eq!(family.afterwards.map(|id| id.to_string()), Some(older.clone()), "back to the one before");
    world.ecs_ok("DeleteImage", &[("ImageId", &newer)]).await;
    let family = impact(&world, &image, Change::Delete).await.family.expect("a family");
    assert_eq!((family.now.map(|id| id.to_string()), family.afterwards), (Some(image.clone()), None), "empty");

    // A server of each account, a share and a copy.
    let other = world.other.to_string();
    world.ecs_ok("ModifyImageSharePermission", &[id, ("AddAccount.1", &other)]).await;
    let theirs = async |action: &str, params: &[(&str, &str)]| -> Value {
        world.call_as(OTHER_KEY, "2014-05-26", action, &[params, &[("RegionId", "cn-hangzhou")]].concat()).await.1
    };
    let group = text(&theirs("CreateSecurityGroup", &[]).await["SecurityGroupId"]);
    let run = [id, ("InstanceType", "ecs.n1.tiny"), ("SecurityGroupId", group.as_str())];
    let their_server = text(&theirs("RunInstances", &run).await["InstanceIdSets"]["InstanceIdSet"][0]);
    let copy = [id, ("DestinationRegionId", "cn-hangzhou"), ("DestinationImageName", "mine")];
    let copied = text(&theirs("CopyImage", &copy).await["ImageId"]);
    let own_server = world.launch(&image, &[]).await;
    world.work().await;

    let after = |impact: &Impact, server: &str| {
        let found = impact.servers.iter().find(|found| found.id.as_ref().is_some_and(|id| id.as_str() == server));
        let disk = &found.expect("the server").disks[0];
        (disk.now, disk.afterwards)
    };
    let looked = impact(&world, &image, Change::Nothing).await;
    assert_eq!((after(&looked, &own_server), after(&looked, &their_server)), ((true, true), (true, true)));
    assert_eq!(looked.copies.iter().map(|copy| copy.id.to_string()).collect::<Vec<_>>(), [copied]);
    assert_eq!((looked.shares[0].with.account, looked.shares[0].with.name.as_str()), (world.other, "other"));
    let taken = impact(&world, &image, Change::Unshare(world.other)).await;
    assert_eq!((after(&taken, &own_server), after(&taken, &their_server)), ((true, true), (true, false)));
    assert_eq!((code(&taken), taken.shares[0].ends), (None, true));
    let deleted = impact(&world, &image, Change::Delete).await;
    assert_eq!((after(&deleted, &own_server), after(&deleted, &their_server)), ((true, false), (true, false)));
    // The report and the call say the same.
    let delete = world.ecs_code("DeleteImage", &[id]).await;
    assert_eq!((code(&deleted), delete.1.as_str()), (Some("ImageUseShared"), "ImageUseShared"));
    assert_eq!(code(&impact(&world, &image, Change::Deprecate).await), Some("ImageUseShared"));
    let nobody = Change::Unshare(model::AccountId::new(1));
    assert_eq!(code(&impact(&world, &image, nobody).await), Some("InvalidAccount.NotFound"));
    let oneself = Change::Unshare(world.account);
    assert_eq!(code(&impact(&world, &image, oneself).await), Some("InvalidAccount.Forbbiden"));

    world.ecs_ok("ModifyImageSharePermission", &[id, ("RemoveAccount.1", &other)]).await;
    let taken = impact(&world, &image, Change::Nothing).await;
    assert_eq!(after(&taken, &their_server), (false, false), "as it was said");
    assert_eq!(code(&impact(&world, &image, Change::Delete).await), Some("ImageUsingByInstance"));

    world.ecs_ok("ModifyImageSharePermission", &[id, ("IsPublic", "true")]).await;
    let public = impact(&world, &image, Change::Delete).await;
    assert_eq!((public.is_public, code(&public)), (true, Some("ImageIsPublic")));
    assert_eq!(after(&public, &their_server), (true, false));
    let json = serde_json::to_value(&public).expect("serializes");
    assert_eq!(json["refusal"]["status"], json!(403));
    assert_eq!(serde_json::from_value::<Impact>(json).expect("reads"), public);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn tasks_that_run_on_an_image_speak_against_its_deletion() {
    let world = World::ready().await;
    let imported = world.ecs_ok("ImportImage", &crate::support::IMPORT).await;
    let image = text(&imported["ImageId"]);
    let importing = impact(&world, &image, Change::Delete).await;
    assert_eq!(code(&importing), Some("ImageIsImporting"));
    assert_eq!(importing.tasks.iter().map(|task| task.id.as_str()).collect::<Vec<_>>(), [text(&imported["TaskId"])]);
    assert_eq!(code(&impact(&world, &image, Change::Deprecate).await), Some("InvalidStatus.ImageIsCreating"));
    world.work().await;
    let available = impact(&world, &image, Change::Delete).await;
    assert_eq!((code(&available), available.tasks.len()), (None, 0));
    let nobodys = world.engine.meta().read(|tx| {
        let id = ImageId::from_record("m-none".to_owned());
        impact::of(tx, &id, Change::Nothing)
    });
    assert!(nobodys.await.expect("read").is_none());
}
