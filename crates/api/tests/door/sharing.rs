//! Images beyond their owner: what recipients may do and may not, and what is left to them when an image is taken back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use disk::Disk as _;
use meta::accounts::{self, Account};
use meta::{Scope, visible};
use model::{AccountId, ImageId, Timestamp};
use serde_json::{Value, json};

use crate::support::{OTHER_KEY, World, rounds, text};

const SHARE: &str = "ModifyImageSharePermission";

/// Calls an ECS action of the other account.
async fn theirs(world: &World, action: &str, params: &[(&str, &str)]) -> (u16, Value) {
    let mut params = params.to_vec();
    if params.iter().all(|(name, _)| *name != "RegionId") {
        params.push(("RegionId", "cn-hangzhou"));
    }
    world.call_as(OTHER_KEY, "2014-05-26", action, &params).await
}

/// The code that a call of the other account is refused with.
async fn refused(world: &World, action: &str, params: &[(&str, &str)]) -> (u16, String) {
    let (status, body) = theirs(world, action, params).await;
    (status, body["Code"].as_str().unwrap_or_else(|| panic!("{action} succeeded: {body}")).to_owned())
}

/// Makes `n` accounts without keys.
async fn accounts(world: &World, n: u64) -> Vec<AccountId> {
    let made: Vec<AccountId> = (0..n).map(|n| AccountId::new(2_000_000_000_000_000 + n)).collect();
    let ids = made.clone();
    let inserted = world.engine.meta().write(Scope::Shared, move |tx| {
        for id in &ids {
            let name = format!("account-{id}");
            accounts::insert(tx, &Account { id: *id, name, created: Timestamp::from_millis(0) })?;
        }
        Ok::<_, meta::Error>(())
    });
    inserted.await.expect("inserted");
    made
}

async fn share(world: &World, image: &str, accounts: &[AccountId]) -> (u16, Value) {
    let named: Vec<(String, String)> =
        (1..).zip(accounts).map(|(n, id)| (format!("AddAccount.{n}"), id.to_string())).collect();
    let mut params = vec![("ImageId", image)];
    params.extend(named.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    world.ecs(SHARE, &params).await
}

/// A server of the other account's that is stopped, and its system disk.
async fn their_server(world: &World, image: &str) -> (String, String) {
    let group = text(&theirs(world, "CreateSecurityGroup", &[]).await.1["SecurityGroupId"]);
    let run = [("ImageId", image), ("InstanceType", "ecs.n1.tiny"), ("SecurityGroupId", group.as_str())];
    let made = theirs(world, "RunInstances", &run).await.1;
    let server = text(&made["InstanceIdSets"]["InstanceIdSet"][0]);
    let id = [("InstanceId", server.as_str())];
    until(world, &server, "Running").await;
    assert_eq!(theirs(world, "StopInstance", &[&id[..], &[("ForceStop", "true")]].concat()).await.0, 200);
    until(world, &server, "Stopped").await;
    let disk = theirs(world, "DescribeDisks", &id).await.1["Disks"]["Disk"][0]["DiskId"].clone();
    (server, text(&disk))
}

async fn until(world: &World, server: &str, status: &str) {
    for _ in 0..1_000 {
        if theirs(world, "DescribeInstanceAttribute", &[("InstanceId", server)]).await.1["Status"] == status {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{server} never was {status}");
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn so_many_accounts_a_call_and_an_image() {
    let (world, image) = World::with_servers().await;
    let many = accounts(&world, 52).await;
    let total =
        async || world.ecs_ok("DescribeImageSharePermission", &[("ImageId", &image)]).await["TotalCount"].clone();
    assert_eq!(share(&world, &image, &many[..12]).await.0, 200);
    assert_eq!(total().await, 10, "the surplus is ignored");
    assert_eq!(share(&world, &image, &many[..10]).await.0, 200, "twice is once");
    for ten in many[10..50].chunks(10) {
        assert_eq!(share(&world, &image, ten).await.0, 200);
    }
    assert_eq!(total().await, 50);
    assert_eq!(share(&world, &image, &many[45..50]).await.0, 200);
    let (status, body) = share(&world, &image, &many[50..51]).await;
    let expected = (403, &json!("QuotaExceed.ShareImageUser"), &json!("The shared Image user Quota exceeds."));
    assert_eq!((status, &body["Code"], &body["Message"]), expected);
    assert_eq!(total().await, 50);
    // One goes and one comes, in one call.
    let (gone, come) = (many[0].to_string(), many[50].to_string());
    world.ecs_ok(SHARE, &[("ImageId", &image), ("RemoveAccount.1", &gone), ("AddAccount.1", &come)]).await;
    assert_eq!(total().await, 50);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn one_account_receives_so_many() {
    let (world, image) = World::with_servers().await;
    let other = world.other;
    let filled = world.engine.meta().write(Scope::Shared, move |tx| {
        for n in 0..model::quota::Quota::SharedImages.default_limit() {
            visible::share(tx, &ImageId::from_record(format!("m-{n}")), other, Timestamp::from_millis(0))?;
        }
        Ok::<_, meta::Error>(())
    });
    filled.await.expect("filled");
    let (status, body) = share(&world, &image, &[other]).await;
    let expected = (403, &json!("QuotaExceed.ShareImage"), &json!("The shared Image Quota exceeds."));
    assert_eq!((status, &body["Code"], &body["Message"]), expected);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_recipient_uses_the_image_and_does_nothing_else_to_it() {
    let (world, image) = World::with_servers().await;
    let id = ("ImageId", image.as_str());
    assert_eq!(share(&world, &image, &[world.other]).await.0, 200);
    let (server, _) = their_server(&world, &image).await;
    let replace = [("InstanceId", server.as_str()), id];
    assert_eq!(theirs(&world, "ReplaceSystemDisk", &replace).await.0, 200);
    let copy = [id, ("DestinationRegionId", "cn-hangzhou"), ("DestinationImageName", "mine")];
    let copied = text(&theirs(&world, "CopyImage", &copy).await.1["ImageId"]);
    world.work().await;

    let mine = world.account.to_string();
    let not_found = (404, "InvalidImageId.NotFound".to_owned());
    assert_eq!(refused(&world, SHARE, &[id, ("AddAccount.1", &mine)]).await, not_found);
    assert_eq!(refused(&world, SHARE, &[id, ("IsPublic", "true")]).await, not_found);
    assert_eq!(refused(&world, "ModifyImageAttribute", &[id, ("ImageName", "mine2")]).await, not_found);
    assert_eq!(refused(&world, "DeleteImage", &[id, ("Force", "true")]).await, not_found);
    assert_eq!(refused(&world, "DescribeImageSharePermission", &[id]).await, not_found);
    let export = [id, ("OSSBucket", "disks")];
    assert_eq!(refused(&world, "ExportImage", &export).await, (403, "InvalidImageCategory.NotSupported".into()));

    // The copy is the recipient's own, and says where it came from.
    let record: ImageId = copied.parse().expect("an id");
    let stored = world.engine.meta().read(move |tx| meta::images::get(tx, &record)).await.expect("read");
    let stored = stored.expect("the copy").image;
    assert_eq!((stored.copied_from.map(|id| id.to_string()), stored.owner), (Some(image.clone()), world.other));
    assert_eq!(theirs(&world, "ModifyImageAttribute", &[("ImageId", &copied), ("ImageName", "renamed")]).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_community_image_is_everybodys_to_use() {
    let (world, image) = World::with_servers().await;
    let id = ("ImageId", image.as_str());
    let (mine, other) = (world.account.to_string(), world.other.to_string());
    let community = async |more: &[(&str, &str)]| {
        let asked = [more, &[("IsPublic", "true"), ("ImageOwnerAlias", "others")]].concat();
        theirs(&world, "DescribeImages", &asked).await.1["TotalCount"].clone()
    };
    let code = async |change: &[(&str, &str)]| world.ecs_code(SHARE, &[&[id], change].concat()).await;
    assert_eq!(code(&[("IsPublic", "false")]).await, (403, "Image.NotPublic".into()));
    for accounts in ["AddAccount.1", "RemoveAccount.1"] {
        let both = [("IsPublic", "true"), (accounts, other.as_str())];
        assert_eq!(code(&both).await, (403, "InvalidParameter.IsPublic".into()));
        let both = [("LaunchPermission", "x"), (accounts, other.as_str())];
        assert_eq!(code(&both).await, (400, "UnnecessaryParameter.LaunchPermission".into()));
    }
    assert_eq!(code(&[("LaunchPermission", "x")]).await, (400, "ForbiddenParameter.LaunchPermission".into()));
    assert_eq!(code(&[("IsPublic", "true"), ("DryRun", "true")]).await, (400, "DryRunOperation".into()));
    assert_eq!(community(&[]).await, 0);

    assert_eq!(share(&world, &image, &[world.other]).await.0, 200);
    world.ecs_ok(SHARE, &[id, ("IsPublic", "true")]).await;
    assert_eq!(code(&[("IsPublic", "true")]).await, (403, "Image.Public".into()));
    assert_eq!(code(&[("AddAccount.1", &other)]).await, (403, "Image.Public".into()));
    assert_eq!(community(&[]).await, 1);
    assert_eq!(community(&[("ImageOwnerId", &mine)]).await, 1);
    assert_eq!(community(&[("ImageOwnerId", &other)]).await, 0);
    assert_eq!(community(&[id]).await, 1);
    assert_eq!(community(&[("RegionId", "us-west-1")]).await, 0, "in its region alone");
    assert_eq!(world.ecs_ok("DescribeImages", &[id]).await["Images"]["Image"][0]["IsPublic"], true);

    // No share any more, and still everybody's.
    world.ecs_ok(SHARE, &[id, ("RemoveAccount.1", &other)]).await;
    assert_eq!(theirs(&world, "DescribeImages", &[id]).await.1["TotalCount"], 0, "not without being asked for");
    let (_, disk) = their_server(&world, &image).await;
    assert_eq!(theirs(&world, "ReInitDisk", &[("DiskId", &disk)]).await.0, 200);
    let copy = [id, ("DestinationRegionId", "cn-hangzhou"), ("DestinationImageName", "copied")];
    assert_eq!(refused(&world, "CopyImage", &copy).await, (400, "OperationDenied.CommunityImage".into()));
    let export = [id, ("OSSBucket", "disks")];
    let category = (403, "InvalidImageCategory.NotSupported".to_owned());
    assert_eq!(refused(&world, "ExportImage", &export).await, category);
    assert_eq!(world.ecs_code("ExportImage", &export).await, category);
    for force in ["false", "true"] {
        assert_eq!(world.ecs_code("DeleteImage", &[id, ("Force", force)]).await, (403, "ImageIsPublic".into()));
    }
    let retire = [id, ("Status", "Deprecated")];
    assert_eq!(world.ecs_code("ModifyImageAttribute", &retire).await, (403, "ImageUseShared".into()));

    // Withdrawn: gone for everybody, and what was made of it goes on.
    world.ecs_ok(SHARE, &[id, ("IsPublic", "false")]).await;
    assert_eq!(community(&[]).await, 0);
    let group = text(&theirs(&world, "CreateSecurityGroup", &[]).await.1["SecurityGroupId"]);
    let run = [id, ("InstanceType", "ecs.n1.tiny"), ("SecurityGroupId", group.as_str())];
    assert_eq!(refused(&world, "RunInstances", &run).await, (404, "InvalidImageId.NotFound".into()));
    assert_eq!(refused(&world, "ReInitDisk", &[("DiskId", &disk)]).await, (403, "SharedImageDeleted".into()));
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn publishing_keeps_what_was_shared_before() {
    let (world, image) = World::with_servers().await;
    let id = ("ImageId", image.as_str());
    assert_eq!(share(&world, &image, &[world.other]).await.0, 200);
    world.ecs_ok(SHARE, &[id, ("IsPublic", "true")]).await;
    world.ecs_ok(SHARE, &[id, ("IsPublic", "false")]).await;
    assert_eq!(theirs(&world, "DescribeImages", &[id]).await.1["TotalCount"], 1);
    // What is retired or unfinished is not given away.
    let other = world.other.to_string();
    world.ecs_ok(SHARE, &[id, ("RemoveAccount.1", &other)]).await;
    world.ecs_ok("ModifyImageAttribute", &[id, ("Status", "Deprecated")]).await;
    let retired = (403, "OperationDenied.InvalidImageStatus".to_owned());
    assert_eq!(world.ecs_code(SHARE, &[id, ("IsPublic", "true")]).await, retired);
    assert_eq!(world.ecs_code(SHARE, &[id, ("AddAccount.1", &other)]).await, retired);
    world.ecs_ok(SHARE, &[id, ("RemoveAccount.1", &other)]).await;
    world.meddle(&image, |image| image.status = model::ImageStatus::Creating).await;
    let unfinished = (400, "IncorrectImageStatus".to_owned());
    assert_eq!(world.ecs_code(SHARE, &[id, ("IsPublic", "true")]).await, unfinished);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_deleted_image_leaves_its_bytes_to_those_who_use_them() {
    let (world, image) = World::with_servers().await;
    let id = ("ImageId", image.as_str());
    assert_eq!(share(&world, &image, &[world.other]).await.0, 200);
    let (server, disk) = their_server(&world, &image).await;
    let own = world.launch(&image, &[]).await;
    let running = |shown: &Value| shown["Status"] == "Running";
    world.until("DescribeInstanceAttribute", &[("InstanceId", &own)], running).await;
    world.ecs_ok("StopInstance", &[("InstanceId", &own), ("ForceStop", "true")]).await;
    let stopped = |shown: &Value| shown["Status"] == "Stopped";
    world.until("DescribeInstanceAttribute", &[("InstanceId", &own)], stopped).await;
    let disks = world.ecs_ok("DescribeDisks", &[("InstanceId", &own)]).await;
    let own_disk = text(&disks["Disks"]["Disk"][0]["DiskId"]);

    let other = world.other.to_string();
    assert_eq!(world.ecs_code("DeleteImage", &[id, ("Force", "true")]).await, (403, "ImageUseShared".into()));
    world.ecs_ok(SHARE, &[id, ("RemoveAccount.1", &other)]).await;
    assert_eq!(world.ecs_code("DeleteImage", &[id]).await, (403, "ImageUsingByInstance".into()));
    world.ecs_ok("DeleteImage", &[id, ("Force", "true")]).await;
    world.engine.sweep(0).await.expect("swept");

    assert_eq!(refused(&world, "ReInitDisk", &[("DiskId", &disk)]).await, (403, "SharedImageDeleted".into()));
    let own_refused = world.ecs_code("ReInitDisk", &[("DiskId", &own_disk)]).await;
    assert_eq!(own_refused, (404, "InvalidImageId.NotFound".into()));
    assert_eq!(theirs(&world, "StartInstance", &[("InstanceId", &server)]).await.0, 200);
    until(&world, &server, "Running").await;
    let found = world.engine.meta().read(move |tx| meta::resources::get::<model::Disk>(tx, &disk)).await.expect("read");
    let volume = world.engine.volume(&found.expect("the disk").record).await.expect("opens");
    let mut bytes = vec![0; 4096];
    volume.read_exact_at(&mut bytes, 0).expect("reads");
    assert_eq!(bytes, vec![7; 4096], "what the image held");
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn nothing_comes_of_an_image_whose_withdrawal_was_answered() {
    race(World::new().await, rounds(8)).await;
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn nor_where_many_nodes_share_the_records() {
    let server = testkit::Postgres::start();
    let meta = meta::Meta::open_postgres(&server.address()).await.expect("opens");
    race(World::over(meta, tempfile::tempdir().expect("a directory")).await, rounds(8)).await;
}

/// Callers of a round: one who takes the image back, and those who launch servers from it.
const CALLERS: usize = 64;

/// Launches against a withdrawal, begun at once: what was launched before it is there when it is answered, and every later
/// launch is told that there is no such image.
async fn race(world: World, rounds: u32) {
    let (world, image) = world.given_servers().await;
    let world = Arc::new(world);
    let id = ("ImageId", image.as_str());
    let group = text(&theirs(&world, "CreateSecurityGroup", &[]).await.1["SecurityGroupId"]);
    let other = world.other.to_string();
    let servers = async || theirs(&world, "DescribeInstances", &[]).await.1["TotalCount"].as_u64().expect("a number");
    let (mut launched, begun) = (0, Instant::now());
    for round in 0..rounds {
        let (give, take) = if round % 2 == 0 {
            ([id, ("AddAccount.1", other.as_str())], [id, ("RemoveAccount.1", other.as_str())])
        } else {
            ([id, ("IsPublic", "true")], [id, ("IsPublic", "false")])
        };
        world.ecs_ok(SHARE, &give).await;
        let launch = |_| {
            let (world, image, group) = (Arc::clone(&world), image.clone(), group.clone());
            tokio::spawn(async move {
                let run = [("ImageId", image.as_str()), ("InstanceType", "ecs.n1.tiny"), ("SecurityGroupId", &group)];
                theirs(&world, "RunInstances", &run).await
            })
        };
        let launches: Vec<_> = (1..CALLERS).map(launch).collect();
        // The withdrawal comes among the launches, earlier in one round and later in another.
        tokio::time::sleep(Duration::from_millis(u64::from(round) * 7 % CALLERS as u64)).await;
        world.ecs_ok(SHARE, &take).await;
        let there = servers().await;
        let mut made: Vec<String> = Vec::new();
        for launch in launches {
            let (status, body) = launch.await.expect("ends");
            match body["Code"].as_str() {
                None => made.push(text(&body["InstanceIdSets"]["InstanceIdSet"][0])),
                Some(code) => assert_eq!((status, code), (404, "InvalidImageId.NotFound"), "{body}"),
            }
        }
        assert_eq!(servers().await, there, "what came to be was there when the withdrawal was answered");
        assert_eq!(made.len() as u64, there, "and everything that was said to be made is there");
        launched += made.len();
        if !made.is_empty() {
            let ids: Vec<String> = (1..=made.len()).map(|n| format!("InstanceId.{n}")).collect();
            let ids = ids.iter().zip(&made).map(|(name, id)| (name.as_str(), id.as_str()));
            let params: Vec<_> = ids.chain([("Force", "true")]).collect();
            assert_eq!(theirs(&world, "DeleteInstances", &params).await.0, 200);
        }
    }
    let all = rounds as usize * (CALLERS - 1);
    println!(
        "withdrawal against {all} launches in {rounds} rounds: {launched} came before it, {:.1?}",
        begun.elapsed()
    );
}
