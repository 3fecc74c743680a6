//! What both databases must do, as one suite that each runs.

mod identities;
mod resources;
mod sharing;

use std::sync::Arc;

use model::{
    AccountId, Architecture, BootMode, BucketName, ClientToken, Description, DiskMapping, Entropy, FlowId, Image,
    ImageFeatures, ImageId, ImageStatus, ImdsSupport, LicenseType, NvmeSupport, OsType, Platform, RegionId, SnapshotId,
    SystemEntropy, Tag, Task, TaskAction, TaskId, TaskStatus, Timestamp,
};

use crate::database::{Error, Meta, Scope};
use crate::images::{self, Filter, Window};
use crate::tags::{self, TagFilter};
use crate::tokens::{self, Remembered, TokenKey};
use crate::{accounts, buckets, flows, leases, manifests, settings, tasks};

const WHOLE: Window = Window { offset: 0, limit: 100, below: None };

/// Runs the whole suite against fresh records.
pub async fn run(meta: &Meta) {
    settings_are_set_once(meta).await;
    an_error_leaves_no_trace(meta).await;
    a_panic_takes_nobody_with_it(meta).await;
    accounts_and_keys(meta).await;
    images_are_listed_newest_first(meta).await;
    filters(meta).await;
    filters_over_many(meta).await;
    counts_stay_true(meta).await;
    a_change_loses_to_an_earlier_one(meta).await;
    ids_are_never_reused(meta).await;
    one_winner_for_a_name(meta).await;
    one_winner_for_the_last_place(meta).await;
    tokens_answer_again(meta).await;
    tasks_and_flows(meta).await;
    a_lost_lease_writes_nothing(meta).await;
    tags_by_key(meta).await;
    objects_by_key(meta).await;
    uploads_and_blobs(meta).await;
    manifests_are_held(meta).await;
    leases_go_to_one_node(meta).await;
    many_writers(meta).await;
    identities::roles_and_policies(meta).await;
    identities::versions_of_a_policy(meta).await;
    identities::users_and_their_keys(meta).await;
    identities::groups_and_members(meta).await;
    identities::what_speaks_for_whom(meta).await;
    identities::every_change_advances_the_generation(meta).await;
    resources::resources_by_everything(meta).await;
    resources::facets_follow_their_record(meta).await;
    resources::one_holder_for_an_address(meta).await;
    resources::pages_merge_three_lists(meta).await;
    sharing::community_images_are_everybodys(meta).await;
    sharing::families_and_copies_are_counted(meta).await;
    sharing::nothing_is_made_of_an_image_that_was_taken_back(meta).await;
    sharing::one_winner_for_the_last_share(meta).await;
}

fn account() -> AccountId {
    AccountId::generate(&SystemEntropy)
}

fn region() -> RegionId {
    "cn-hangzhou".parse().expect("a region")
}

fn bucket_name() -> BucketName {
    format!("b-{}", model::id::random_text(&SystemEntropy, 12)).parse().expect("a bucket name")
}

/// An image that passes every rule, with the least of everything.
pub fn image(owner: AccountId, name: &str, created: i64) -> Image {
    Image {
        id: ImageId::generate(&SystemEntropy),
        owner,
        region: region(),
        name: name.parse().expect("an image name"),
        description: "".parse::<Description>().expect("a description"),
        family: None,
        status: ImageStatus::Creating,
        progress: 0,
        architecture: Architecture::X86_64,
        os_type: OsType::Linux,
        platform: Platform::OthersLinux,
        boot_mode: BootMode::Bios,
        license: LicenseType::Auto,
        features: ImageFeatures { nvme: NvmeSupport::Unsupported, imds: ImdsSupport::V1 },
        detection: None,
        disks: vec![DiskMapping {
            device: "/dev/xvda".into(),
            snapshot: SnapshotId::generate(&SystemEntropy),
            size_gib: 20,
            format: "RAW".into(),
            bucket: "b".into(),
            object: "o".into(),
            manifest: String::new(),
            digest: String::new(),
            virtual_size: 0,
        }],
        tags: Vec::new(),
        resource_group: String::new(),
        task: None,
        is_copied: false,
        copied_from: None,
        is_public: false,
        is_system: false,
        version: String::new(),
        created: Timestamp::from_millis(created),
    }
}

fn seq(image: &Image) -> i64 {
    let mut random = [0; 4];
    SystemEntropy.fill(&mut random);
    images::age_sequence(image.created, u32::from_le_bytes(random))
}

async fn add(meta: &Meta, image: &Image) -> bool {
    let image = image.clone();
    meta.write(Scope::Account(image.owner), move |tx| images::insert(tx, &image, seq(&image))).await.expect("insert")
}

async fn page(meta: &Meta, owner: AccountId, filter: Filter, window: Window) -> (Vec<String>, u64) {
    let page = meta.read(move |tx| images::list(tx, owner, &region(), &filter, window)).await.expect("list");
    (page.items.into_iter().map(|image| image.name.as_str().to_owned()).collect(), page.total)
}

async fn settings_are_set_once(meta: &Meta) {
    let first = meta.write(Scope::Shared, |tx| settings::get_or_set(tx, "x", "1")).await.expect("set");
    let second = meta.write(Scope::Shared, |tx| settings::get_or_set(tx, "x", "2")).await.expect("set");
    assert_eq!((first.as_str(), second.as_str()), ("1", "1"));
}

async fn an_error_leaves_no_trace(meta: &Meta) {
    let failed: Result<(), Error> = meta
        .write(Scope::Shared, |tx| {
            settings::get_or_set(tx, "gone", "1")?;
            Err(Error::corrupt("on purpose"))
        })
        .await;
    assert!(failed.is_err());
    assert_eq!(meta.read(|tx| settings::get(tx, "gone")).await.expect("get"), None);
}

async fn a_panic_takes_nobody_with_it(meta: &Meta) {
    let failed: Result<(), Error> = meta
        .write(Scope::Shared, |tx| {
            settings::get_or_set(tx, "gone", "1")?;
            panic!("on purpose")
        })
        .await;
    assert!(failed.is_err());
    let value = meta.write(Scope::Shared, |tx| settings::get_or_set(tx, "gone", "2")).await.expect("set");
    assert_eq!(value, "2");
}

async fn accounts_and_keys(meta: &Meta) {
    let account = accounts::Account { id: account(), name: "first".into(), created: Timestamp::from_millis(1) };
    let key = accounts::AccessKey {
        id: "LTAI5tKey".into(),
        account: account.id,
        user: None,
        secret: "s3cret".into(),
        active: true,
        created: Timestamp::from_millis(1),
    };
    assert!(!format!("{key:?}").contains("s3cret"));
    let (a, k) = (account.clone(), key.clone());
    let added = meta
        .write(Scope::Shared, move |tx| {
            Ok::<_, Error>((accounts::insert(tx, &a)?, accounts::insert(tx, &a)?, accounts::insert_key(tx, &k)?))
        })
        .await
        .expect("insert");
    assert_eq!(added, (true, false, true));
    assert_eq!(meta.read(|tx| accounts::key(tx, "LTAI5tKey")).await.expect("key"), Some(key));
    assert_eq!(meta.read(|tx| accounts::key(tx, "LTAI5tOther")).await.expect("key"), None);
    assert!(meta.read(accounts::list).await.expect("list").contains(&account));
}

async fn images_are_listed_newest_first(meta: &Meta) {
    let owner = account();
    for n in 0..25 {
        assert!(add(meta, &image(owner, &format!("image-{n:02}"), n)).await);
    }
    let names = |from: i64, to: i64| -> Vec<String> { (from..to).rev().map(|n| format!("image-{n:02}")).collect() };
    let first = Window { offset: 0, limit: 10, below: None };
    assert_eq!(page(meta, owner, Filter::default(), first).await, (names(15, 25), 25));
    assert_eq!(
        page(meta, owner, Filter::default(), Window { offset: 20, limit: 10, below: None }).await,
        (names(0, 5), 25)
    );
    assert_eq!(page(meta, owner, Filter::default(), Window { offset: 30, limit: 10, below: None }).await, (vec![], 25));
    let both = Filter { statuses: vec![ImageStatus::Creating, ImageStatus::Waiting], ..Filter::default() };
    assert_eq!(page(meta, owner, both, Window { offset: 5, limit: 3, below: None }).await, (names(17, 20), 25));
    let available = Filter { statuses: vec![ImageStatus::Available], ..Filter::default() };
    assert_eq!(page(meta, owner, available, first).await, (vec![], 0));
    assert_eq!(page(meta, account(), Filter::default(), first).await, (vec![], 0));

    // From page to page, while images come and go in front.
    let mut seen = Vec::new();
    let mut window = first;
    loop {
        let found =
            meta.read(move |tx| images::list(tx, owner, &region(), &Filter::default(), window)).await.expect("list");
        assert_eq!(found.total as usize, 25 + seen.len() / 10);
        seen.extend(found.items.into_iter().map(|image| image.name.as_str().to_owned()));
        let Some(last) = found.last else { break };
        window.below = Some(last);
        assert!(add(meta, &image(owner, &format!("newer-{}", seen.len()), 1_000)).await);
    }
    assert_eq!(seen, names(0, 25));
}

async fn filters(meta: &Meta) {
    let owner = account();
    let mut one = image(owner, "web_1", 1_000);
    one.family = Some("web".parse().expect("a family"));
    one.architecture = Architecture::Arm64;
    one.tags = vec![
        Tag { key: "team".parse().expect("key"), value: "core".parse().expect("value") },
        Tag { key: "env".parse().expect("key"), value: "".parse().expect("value") },
    ];
    let mut two = image(owner, "webX1", 2_000);
    two.os_type = OsType::Windows;
    two.tags = vec![Tag { key: "team".parse().expect("key"), value: "edge".parse().expect("value") }];
    assert!(add(meta, &one).await && add(meta, &two).await);
    let tag = |key: &str, values: &[&str]| TagFilter {
        key: key.into(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    };
    let none: &[&str] = &[];
    let cases: Vec<(Filter, &[&str])> = vec![
        (Filter { name: Some("web_1".into()), ..Filter::default() }, &["web_1"]),
        (Filter { name: Some("web_*".into()), ..Filter::default() }, &["web_1"]),
        (Filter { name: Some("*1".into()), ..Filter::default() }, &["webX1", "web_1"]),
        (Filter { name: Some("web".into()), ..Filter::default() }, none),
        (Filter { name: Some("WEB*".into()), ..Filter::default() }, none),
        (Filter { name: Some("*WEB*".into()), ..Filter::default() }, none),
        (Filter { family: Some("web".into()), ..Filter::default() }, &["web_1"]),
        (Filter { architecture: Some(Architecture::Arm64), ..Filter::default() }, &["web_1"]),
        (Filter { os_type: Some(OsType::Windows), ..Filter::default() }, &["webX1"]),
        (Filter { ids: vec![two.id.as_str().into(), "m-x".into()], ..Filter::default() }, &["webX1"]),
        (Filter { snapshot: Some(one.disks[0].snapshot.as_str().into()), ..Filter::default() }, &["web_1"]),
        (Filter { created_from: Some(Timestamp::from_millis(1_001)), ..Filter::default() }, &["webX1"]),
        (Filter { created_to: Some(Timestamp::from_millis(1_000)), ..Filter::default() }, &["web_1"]),
        (Filter { resource_group: Some("rg-x".into()), ..Filter::default() }, none),
        (Filter { tags: vec![tag("team", &[])], ..Filter::default() }, &["webX1", "web_1"]),
        (Filter { tags: vec![tag("team", &["core"])], ..Filter::default() }, &["web_1"]),
        (Filter { tags: vec![tag("team", &["core", "edge"]), tag("env", &[""])], ..Filter::default() }, &["web_1"]),
        (Filter { tags: vec![tag("other", &[])], ..Filter::default() }, none),
    ];
    for (filter, expected) in cases {
        let text = format!("{filter:?}");
        // Twice: counted, then remembered.
        for _ in 0..2 {
            let (names, total) = page(meta, owner, filter.clone(), WHOLE).await;
            assert_eq!(names, expected, "{text}");
            assert_eq!(total, expected.len() as u64, "{text}");
        }
    }
}

/// Few matches and many are found in different ways, which must not show.
async fn filters_over_many(meta: &Meta) {
    let owner = account();
    let made: Vec<Image> = (0..1_200)
        .map(|n| {
            let mut image = image(owner, &format!("many-{n:04}"), 10_000 + n);
            let mut tag = |key: &str, value: &str| {
                image.tags.push(Tag { key: key.parse().expect("key"), value: value.parse().expect("value") });
            };
            tag("all", &n.to_string());
            if n % 400 == 0 {
                tag("few", "yes");
            }
            if n % 2 == 0 {
                image.status = ImageStatus::Available;
            }
            image
        })
        .collect();
    meta.write(Scope::Account(owner), move |tx| {
        for image in &made {
            assert!(images::insert(tx, image, seq(image))?);
        }
        Ok::<_, Error>(())
    })
    .await
    .expect("insert");
    let tag = |key: &str, values: &[&str]| TagFilter {
        key: key.into(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    };
    let all = || Filter { tags: vec![tag("all", &[])], ..Filter::default() };
    let deep = Window { offset: 1_198, limit: 50, below: None };
    assert_eq!(page(meta, owner, all(), deep).await, (vec!["many-0001".into(), "many-0000".into()], 1_200));
    let first = Window { offset: 0, limit: 2, below: None };
    assert_eq!(page(meta, owner, all(), first).await, (vec!["many-1199".into(), "many-1198".into()], 1_200));
    let both = Filter { statuses: vec![ImageStatus::Available, ImageStatus::Creating], ..all() };
    assert_eq!(page(meta, owner, both, deep).await, (vec!["many-0001".into(), "many-0000".into()], 1_200));
    let whole = (vec!["many-0001".to_owned(), "many-0000".to_owned()], 1_200);
    assert_eq!(page(meta, owner, Filter::default(), deep).await, whole);
    let even = Filter { statuses: vec![ImageStatus::Available], ..all() };
    let last = Window { offset: 599, limit: 50, below: None };
    assert_eq!(page(meta, owner, even, last).await, (vec!["many-0000".into()], 600));
    let named = Filter { name: Some("many-*".into()), ..Filter::default() };
    assert_eq!(page(meta, owner, named, deep).await, (vec!["many-0001".into(), "many-0000".into()], 1_200));
    let few = Filter { tags: vec![tag("few", &["yes"]), tag("all", &["400", "800", "801"])], ..Filter::default() };
    assert_eq!(page(meta, owner, few, WHOLE).await, (vec!["many-0800".into(), "many-0400".into()], 2));
    let beyond = Window { offset: 1_200, limit: 50, below: None };
    assert_eq!(page(meta, owner, all(), beyond).await, (vec![], 1_200));
}

async fn counts_stay_true(meta: &Meta) {
    let owner = account();
    let made = image(owner, "counted", 1);
    assert!(add(meta, &made).await);
    let named = Filter { name: Some("count*".into()), ..Filter::default() };
    assert_eq!(page(meta, owner, named.clone(), WHOLE).await.1, 1);
    let id = made.id.clone();
    meta.write(Scope::Account(owner), move |tx| {
        let before = images::get(tx, &id)?.expect("the image");
        let after = Image { status: ImageStatus::Available, ..before.image.clone() };
        assert!(images::update(tx, &before, &after)?);
        Ok::<_, Error>(())
    })
    .await
    .expect("update");
    let available = Filter { statuses: vec![ImageStatus::Available], ..Filter::default() };
    let creating = Filter { statuses: vec![ImageStatus::Creating], ..Filter::default() };
    assert_eq!(page(meta, owner, available.clone(), WHOLE).await, (vec!["counted".to_owned()], 1));
    assert_eq!(page(meta, owner, creating, WHOLE).await, (vec![], 0));
    let id = made.id.clone();
    meta.write(Scope::Account(owner), move |tx| {
        let before = images::get(tx, &id)?.expect("the image");
        assert!(images::delete(tx, &before, Timestamp::from_millis(2))?);
        Ok::<_, Error>(())
    })
    .await
    .expect("delete");
    assert_eq!(page(meta, owner, available, WHOLE).await, (vec![], 0));
    assert_eq!(page(meta, owner, named, WHOLE).await, (vec![], 0));
}

async fn a_change_loses_to_an_earlier_one(meta: &Meta) {
    let owner = account();
    let made = image(owner, "contested", 1);
    assert!(add(meta, &made).await);
    let results = meta
        .write(Scope::Account(owner), move |tx| {
            let before = images::get(tx, &made.id)?.expect("the image");
            let renamed = Image { name: "renamed".parse().expect("a name"), ..before.image.clone() };
            Ok::<_, Error>((images::update(tx, &before, &renamed)?, images::update(tx, &before, &renamed)?))
        })
        .await
        .expect("update");
    assert_eq!(results, (true, false));
}

async fn ids_are_never_reused(meta: &Meta) {
    let owner = account();
    let made = image(owner, "mortal", 1);
    assert!(add(meta, &made).await);
    assert!(!add(meta, &Image { name: "other".parse().expect("a name"), ..made.clone() }).await);
    let again = made.clone();
    meta.write(Scope::Account(owner), move |tx| {
        let before = images::get(tx, &made.id)?.expect("the image");
        images::delete(tx, &before, Timestamp::from_millis(2))
    })
    .await
    .expect("delete");
    assert!(!add(meta, &again).await);
    assert!(add(meta, &image(owner, "mortal", 2)).await, "the name is free again");
}

async fn one_winner_for_a_name(meta: &Meta) {
    let owner = account();
    let mut attempts = Vec::new();
    for n in 0..64 {
        let (meta, candidate) = (meta.clone(), image(owner, "wanted", n));
        attempts.push(tokio::spawn(async move { add(&meta, &candidate).await }));
    }
    let mut winners = 0;
    for attempt in attempts {
        winners += usize::from(attempt.await.expect("no panic"));
    }
    assert_eq!(winners, 1);
    assert_eq!(page(meta, owner, Filter::default(), WHOLE).await.1, 1);
}

async fn one_winner_for_the_last_place(meta: &Meta) {
    const QUOTA: u64 = 10;
    let owner = account();
    let mut attempts = Vec::new();
    for n in 0..64 {
        let (meta, candidate) = (meta.clone(), image(owner, &format!("place-{n}"), n));
        attempts.push(tokio::spawn(async move {
            meta.write(Scope::Account(owner), move |tx| {
                if images::total(tx, owner, &region())? >= QUOTA {
                    return Ok(false);
                }
                images::insert(tx, &candidate, seq(&candidate))
            })
            .await
            .unwrap_or_else(|error: Error| panic!("{error}"))
        }));
    }
    let mut winners = 0;
    for attempt in attempts {
        winners += u64::from(attempt.await.expect("no panic"));
    }
    assert_eq!(winners, QUOTA);
}

async fn tokens_answer_again(meta: &Meta) {
    let key = TokenKey {
        account: account(),
        region: region(),
        action: "ImportImage",
        token: "tok-1".parse::<ClientToken>().expect("a token"),
    };
    let what = Remembered { digest: "d".into(), answer: "{}".into() };
    let now = Timestamp::from_millis(1_000);
    let (k, w) = (key.clone(), what.clone());
    meta.write(Scope::Account(key.account), move |tx| tokens::remember(tx, &k, &w, now)).await.expect("remember");
    let recall = async |at: Timestamp, key: &TokenKey| {
        let key = key.clone();
        meta.read(move |tx| tokens::recall(tx, &key, at)).await.expect("recall")
    };
    assert_eq!(recall(now, &key).await, Some(what));
    assert_eq!(recall(now.plus_millis(tokens::KEPT_MILLIS), &key).await, None);
    assert_eq!(recall(now, &TokenKey { action: "CreateImage", ..key.clone() }).await, None);
}

fn task(account: AccountId, created: i64) -> Task {
    Task {
        id: TaskId::generate(&SystemEntropy),
        account,
        region: region(),
        action: TaskAction::ImportImage,
        resource: "m-1".into(),
        status: TaskStatus::Processing,
        progress: 0,
        items: Vec::new(),
        failure: None,
        created: Timestamp::from_millis(created),
        finished: None,
    }
}

fn flow(task: &Task) -> flows::FlowRow {
    flows::FlowRow {
        place: String::new(),
        id: FlowId::generate(&SystemEntropy),
        name: "test/1".into(),
        task: task.id.clone(),
        account: task.account,
        journal: "{}".into(),
        cancelled: false,
        generation: 1,
        created: task.created,
    }
}

async fn tasks_and_flows(meta: &Meta) {
    let made = task(account(), 5);
    let (t, f) = (made.clone(), flow(&made));
    let flow_id = f.id.clone();
    meta.write(Scope::Account(made.account), move |tx| {
        tasks::insert(tx, &t, 5)?;
        flows::insert(tx, &f)
    })
    .await
    .expect("insert");
    let owner = made.account;
    let running = meta
        .read(move |tx| tasks::is_running(tx, owner, &region(), TaskAction::ImportImage, "m-1"))
        .await
        .expect("read");
    assert!(running);
    let mut done = made.clone();
    done.status = TaskStatus::Finished;
    done.progress = 100;
    let d = done.clone();
    meta.write(Scope::Account(owner), move |tx| tasks::update(tx, &d)).await.expect("update");
    assert_eq!(meta.read(move |tx| tasks::get(tx, &made.id)).await.expect("get"), Some(done.clone()));
    for (filter, expected) in [
        (tasks::Filter::default(), 1),
        (tasks::Filter { status: Some(TaskStatus::Finished), ..Default::default() }, 1),
        (tasks::Filter { status: Some(TaskStatus::Processing), ..Default::default() }, 0),
        (tasks::Filter { ids: vec![done.id.as_str().into()], ..Default::default() }, 1),
        (tasks::Filter { resources: vec!["m-2".into()], ..Default::default() }, 0),
        (tasks::Filter { action: Some(TaskAction::ExportImage), ..Default::default() }, 0),
        (tasks::Filter { created_from: Some(Timestamp::from_millis(6)), ..Default::default() }, 0),
        (tasks::Filter { created_to: Some(Timestamp::from_millis(5)), ..Default::default() }, 1),
    ] {
        let text = format!("{filter:?}");
        let page = meta.read(move |tx| tasks::list(tx, owner, &region(), &filter, WHOLE)).await.expect("list");
        assert_eq!((page.items.len(), page.total), (expected, expected as u64), "{text}");
    }
    assert!(meta.write(Scope::Shared, move |tx| flows::cancel(tx, &done.id)).await.expect("cancel"));
    let flow = meta.read(move |tx| flows::get(tx, &flow_id)).await.expect("get").expect("the flow");
    assert!(flow.cancelled);
    meta.write(Scope::Shared, move |tx| flows::finish(tx, &flow.id, flow.generation)).await.expect("finish");
}

async fn a_lost_lease_writes_nothing(meta: &Meta) {
    let made = task(account(), 1);
    let f = flow(&made);
    let id = f.id.clone();
    meta.write(Scope::Shared, move |tx| flows::insert(tx, &f)).await.expect("insert");
    let lease = async |node: &'static str, now: i64| {
        let (now, until) = (Timestamp::from_millis(now), Timestamp::from_millis(now + 100));
        meta.write(Scope::Shared, move |tx| flows::lease_next(tx, node, now, until)).await.expect("lease")
    };
    let first = lease("node-1", 1_000).await.expect("a flow");
    assert_eq!(first.id, id);
    assert_eq!(lease("node-2", 1_050).await, None, "leased");
    let second = lease("node-2", 1_100).await.expect("the lease has run out");
    let write = async |row: &flows::FlowRow, text: &'static str| {
        let (id, generation) = (row.id.clone(), row.generation);
        meta.write(Scope::Shared, move |tx| flows::journal(tx, &id, generation, text)).await.expect("journal")
    };
    assert!(!write(&first, "late").await);
    assert!(write(&second, "mine").await);
    let (id, generation) = (first.id.clone(), first.generation);
    let until = Timestamp::from_millis(9_000);
    let renewed = meta.write(Scope::Shared, move |tx| flows::renew(tx, &id, generation, until)).await.expect("renew");
    assert_eq!(renewed, None);
    let (id, generation) = (second.id.clone(), second.generation);
    assert!(meta.write(Scope::Shared, move |tx| flows::park(tx, &id, generation)).await.expect("park"));
    assert_eq!(lease("node-1", 99_000).await, None, "parked");
    meta.write(Scope::Shared, move |tx| flows::finish(tx, &second.id, second.generation)).await.expect("finish");
}

async fn tags_by_key(meta: &Meta) {
    let owner = account();
    let tag = |key: &str, value: &str| Tag { key: key.parse().expect("key"), value: value.parse().expect("value") };
    meta.write(Scope::Account(owner), move |tx| {
        tags::replace(tx, owner, &region(), tags::IMAGE, "m-1", &[tag("a", "1"), tag("b", "2")])?;
        tags::replace(tx, owner, &region(), tags::IMAGE, "m-2", &[tag("a", "3")])
    })
    .await
    .expect("write");
    let query = tags::Query {
        account: owner,
        region: region(),
        kind: tags::IMAGE.into(),
        resources: vec![],
        filters: vec![],
        after: None,
        limit: 2,
    };
    let list = async |query: tags::Query| -> Vec<String> {
        let tags = meta.read(move |tx| tags::list(tx, &query)).await.expect("list");
        tags.into_iter().map(|tag| format!("{}:{}={}", tag.resource, tag.key, tag.value)).collect()
    };
    assert_eq!(list(query.clone()).await, ["m-1:a=1", "m-1:b=2"]);
    let after = Some(("m-1".to_owned(), "b".to_owned()));
    assert_eq!(list(tags::Query { after, ..query.clone() }).await, ["m-2:a=3"]);
    let filters = vec![TagFilter { key: "a".into(), values: vec!["3".into()] }];
    assert_eq!(list(tags::Query { filters, ..query.clone() }).await, ["m-2:a=3"]);
    assert_eq!(list(tags::Query { resources: vec!["m-2".into()], ..query }).await, ["m-2:a=3"]);
}

fn object(key: &str, blob: &str) -> buckets::Object {
    buckets::Object {
        key: key.into(),
        size: 3,
        etag: "E".into(),
        crc64: u64::MAX,
        kind: buckets::ObjectKind::Normal,
        headers: vec![("content-type".into(), "text/plain".into())],
        acl: "default".into(),
        storage_class: "Standard".into(),
        encryption: None,
        target: None,
        modified: Timestamp::from_millis(1),
        blobs: vec![buckets::BlobRef { id: blob.into(), len: 3 }],
    }
}

async fn make_bucket(meta: &Meta, owner: AccountId) -> BucketName {
    let name = bucket_name();
    let bucket = buckets::Bucket {
        name: name.clone(),
        owner,
        region: region(),
        acl: "private".into(),
        storage_class: "Standard".into(),
        encryption: None,
        created: Timestamp::from_millis(1),
    };
    let inserted = meta
        .write(Scope::Shared, move |tx| Ok::<_, Error>((buckets::insert(tx, &bucket)?, buckets::insert(tx, &bucket)?)))
        .await
        .expect("insert");
    assert_eq!(inserted, (true, false));
    name
}

async fn objects_by_key(meta: &Meta) {
    let owner = account();
    let bucket = make_bucket(meta, owner).await;
    let b = bucket.clone();
    // Byte order, whatever the locale of the database.
    let keys = ["B", "a", "a/1", "a/2", "b", "镜"];
    meta.write(Scope::Bucket(bucket.clone()), move |tx| {
        keys.iter().rev().try_for_each(|key| buckets::put_object(tx, &b, &object(key, &format!("x-{key}"))))
    })
    .await
    .expect("put");
    let list = async |prefix: &'static str, after: &'static str| -> Vec<String> {
        let b = bucket.clone();
        let page = meta.read(move |tx| buckets::objects(tx, &b, prefix, after, 100)).await.expect("list");
        page.into_iter().map(|object| object.key).collect()
    };
    assert_eq!(list("", "").await, keys);
    assert_eq!(list("a/", "").await, ["a/1", "a/2"]);
    assert_eq!(list("", "a/2").await, ["b", "镜"]);
    let b = bucket.clone();
    meta.write(Scope::Bucket(bucket.clone()), move |tx| {
        assert_eq!(buckets::statistics(tx, &b)?, (6, 18));
        assert!(!buckets::delete(tx, &b)?, "not empty");
        buckets::put_object(tx, &b, &object("a", "y"))?;
        assert!(!buckets::is_blob_held(tx, "x-a")? && buckets::is_blob_held(tx, "y")?);
        for key in keys {
            assert!(buckets::delete_object(tx, &b, key)? && !buckets::delete_object(tx, &b, key)?);
        }
        assert!(!buckets::is_blob_held(tx, "y")?);
        assert_eq!(buckets::list(tx, owner, "b-", "", 10)?.len(), 1);
        assert!(buckets::delete(tx, &b)?);
        assert_eq!(buckets::get(tx, &b)?, None);
        Ok::<_, Error>(())
    })
    .await
    .expect("write");
}

async fn uploads_and_blobs(meta: &Meta) {
    let bucket = make_bucket(meta, account()).await;
    let b = bucket.clone();
    meta.write(Scope::Bucket(bucket), move |tx| {
        let upload = buckets::Upload {
            id: format!("u-{b}"),
            key: "k".into(),
            headers: vec![],
            acl: "default".into(),
            storage_class: "Standard".into(),
            encryption: None,
            initiated: Timestamp::from_millis(1),
        };
        let part = |number: u32, blob: &str| buckets::Part {
            number,
            size: 3,
            etag: "E".into(),
            crc64: 1,
            modified: Timestamp::from_millis(1),
            blobs: vec![buckets::BlobRef { id: blob.into(), len: 3 }],
        };
        buckets::insert_upload(tx, &b, &upload)?;
        buckets::put_part(tx, &upload.id, &part(2, "two"))?;
        buckets::put_part(tx, &upload.id, &part(1, "early"))?;
        buckets::put_part(tx, &upload.id, &part(1, "one"))?;
        assert!(!buckets::is_blob_held(tx, "early")?, "the part was sent again");
        assert_eq!(buckets::parts(tx, &upload.id, 0, 10)?, [part(1, "one"), part(2, "two")]);
        assert_eq!(buckets::parts(tx, &upload.id, 1, 10)?, [part(2, "two")]);
        assert_eq!(buckets::uploads(tx, &b, "", ("", ""), 10)?, std::slice::from_ref(&upload));
        assert!(!buckets::delete(tx, &b)?, "an upload is open");
        buckets::put_object(tx, &b, &object("k", "one"))?;
        buckets::delete_upload(tx, &b, &upload)?;
        assert_eq!(buckets::upload(tx, &b, "k", &upload.id)?, None);
        assert!(buckets::is_blob_held(tx, "one")? && !buckets::is_blob_held(tx, "two")?);
        assert!(buckets::held_blobs(tx, "", 1_000)?.contains(&"one".to_owned()));
        buckets::delete_object(tx, &b, "k").map(drop)
    })
    .await
    .expect("write");
}

async fn manifests_are_held(meta: &Meta) {
    meta.write(Scope::Shared, |tx| {
        manifests::hold(tx, "x", "m-1")?;
        manifests::hold(tx, "x", "m-2")?;
        manifests::release(tx, "x", "m-1")?;
        assert!(manifests::is_held(tx, "x")?);
        assert!(manifests::held(tx)?.contains(&("x".to_owned(), "m-2".to_owned())));
        manifests::hold(tx, "y", "m-2")?;
        assert_eq!(manifests::release_all(tx, "m-2")?, ["x", "y"]);
        assert!(!manifests::is_held(tx, "x")?);
        Ok::<_, Error>(())
    })
    .await
    .expect("write");
}

async fn leases_go_to_one_node(meta: &Meta) {
    let take = async |node: &'static str, now: i64| {
        let (now, until) = (Timestamp::from_millis(now), Timestamp::from_millis(now + 100));
        meta.write(Scope::Shared, move |tx| leases::take(tx, "sweep", node, now, until)).await.expect("take")
    };
    assert!(take("a", 1_000).await);
    assert!(!take("b", 1_099).await, "another node has it");
    assert!(take("a", 1_050).await, "one's own lease can be prolonged");
    assert!(take("b", 1_150).await, "it ran out");
    meta.write(Scope::Shared, |tx| leases::give_back(tx, "sweep", "b")).await.expect("given back");
    assert!(take("a", 1_160).await);
}

/// Sixty-four writers at once, on rows of their own and on one that they share: none fails, none is lost.
async fn many_writers(meta: &Meta) {
    const WRITERS: usize = 64;
    const WRITES: i64 = 20;
    let owner = account();
    let shared = Arc::new(image(owner, "shared", 1));
    assert!(add(meta, &shared).await);
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let (meta, shared) = (meta.clone(), Arc::clone(&shared));
        writers.push(tokio::spawn(async move {
            for n in 0..WRITES {
                assert!(add(&meta, &image(owner, &format!("w{writer:02}-{n}"), n)).await);
                let id = shared.id.clone();
                meta.write(Scope::Account(owner), move |tx| {
                    let before = images::get(tx, &id)?.expect("the image");
                    let mut after = before.image.clone();
                    after.disks[0].size_gib += 1;
                    assert!(images::update(tx, &before, &after)?);
                    Ok::<_, Error>(())
                })
                .await
                .expect("update");
            }
        }));
    }
    for writer in writers {
        writer.await.expect("no writer failed");
    }
    let id = shared.id.clone();
    let after = meta.read(move |tx| images::get(tx, &id)).await.expect("get").expect("the image");
    assert_eq!(i64::from(after.image.disks[0].size_gib), 20 + WRITERS as i64 * WRITES);
    assert_eq!(page(meta, owner, Filter::default(), WHOLE).await.1, WRITERS as u64 * WRITES as u64 + 1);
}
