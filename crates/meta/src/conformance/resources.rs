//! Resources, and the images that an account sees beside its own.

use model::image::EVERYWHERE;
use model::network::Vpc;
use model::{AccountId, Entropy as _, Image, ImageStatus, SystemEntropy, Timestamp, VpcId};

use super::{WHOLE, account, image, region};
use crate::database::{Error, Meta, Scope};
use crate::images::{self, Filter, Window};
use crate::resources::{self, Filter as ResourceFilter};
use crate::tags::TagFilter;
use crate::visible::{self, Whose};

fn vpc(owner: AccountId, name: &str) -> Vpc {
    Vpc {
        id: VpcId::generate(&SystemEntropy),
        owner,
        region: region(),
        name: name.to_owned(),
        description: "".parse().expect("a description"),
        cidr: "10.0.0.0/8".parse().expect("a range"),
        tags: Vec::new(),
        created: Timestamp::from_millis(1),
    }
}

pub(super) async fn resources_by_everything(meta: &Meta) {
    let (mine, other) = (account(), account());
    let all = vec![vpc(mine, "web-1"), vpc(mine, "web-2"), vpc(mine, "db"), vpc(other, "web-1")];
    let rows = all.clone();
    meta.write(Scope::Account(mine), move |tx| {
        for (n, row) in (0..).zip(&rows) {
            assert!(resources::insert(tx, row, n)?);
            assert!(!resources::insert(tx, row, n)?, "an id is used once");
        }
        Ok::<_, Error>(())
    })
    .await
    .expect("inserted");

    let list = async |filter: ResourceFilter, window: Window| {
        let page = meta.read(move |tx| resources::list::<Vpc>(tx, mine, &region(), &filter, window)).await;
        let page = page.expect("a page");
        (page.items.into_iter().map(|item| item.name).collect::<Vec<_>>(), page.total, page.last)
    };
    let names = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    assert_eq!(list(ResourceFilter::default(), WHOLE).await, (names(&["db", "web-2", "web-1"]), 3, None));
    let like = ResourceFilter { names: names(&["web-*"]), ..ResourceFilter::default() };
    assert_eq!(list(like, WHOLE).await.0, ["web-2", "web-1"]);
    let ids =
        ResourceFilter { ids: Some(vec![all[0].id.to_string(), all[3].id.to_string()]), ..ResourceFilter::default() };
    assert_eq!(list(ids, WHOLE).await.0, ["web-1"], "nobody else's");
    let none = ResourceFilter { ids: Some(Vec::new()), ..ResourceFilter::default() };
    assert_eq!(list(none, WHOLE).await, (Vec::new(), 0, None));
    // By when they were made, which is what their place in the order of age begins with.
    let (start, later) = (Some(Timestamp::from_millis(0)), Some(Timestamp::from_millis(1)));
    let until = ResourceFilter { created_to: start, ..ResourceFilter::default() };
    assert_eq!(list(until, WHOLE).await.1, 3);
    let from = ResourceFilter { created_from: later, ..ResourceFilter::default() };
    assert_eq!(list(from, WHOLE).await, (Vec::new(), 0, None));
    let (first, _, last) = list(ResourceFilter::default(), Window { limit: 2, ..WHOLE }).await;
    assert_eq!(first, ["db", "web-2"]);
    assert_eq!(list(ResourceFilter::default(), Window { below: last, ..WHOLE }).await.0, ["web-1"]);

    let id = all[0].id.clone();
    let outcome = meta.write(Scope::Account(mine), move |tx| {
        let before = resources::get::<Vpc>(tx, id.as_str())?.expect("it is there");
        let renamed = Vpc { name: "renamed".into(), ..before.record.clone() };
        assert!(resources::update(tx, &before, &renamed)?);
        assert!(!resources::update(tx, &before, &renamed)?, "a change loses to an earlier one");
        assert!(resources::by_name::<Vpc>(tx, mine, &region(), "web-1")?.is_none());
        let found = resources::by_name::<Vpc>(tx, mine, &region(), "renamed")?.expect("by its new name");
        assert!(!resources::delete(tx, &before, Timestamp::from_millis(2))?);
        assert!(resources::delete(tx, &found, Timestamp::from_millis(2))?);
        assert!(!resources::insert(tx, &renamed, 9)?, "an id is never used again");
        resources::total::<Vpc>(tx, mine, &region())
    });
    assert_eq!(outcome.await.expect("changed"), 2);
}

pub(super) async fn facets_follow_their_record(meta: &Meta) {
    use model::network::{Eip, EipStatus};
    let owner = account();
    let eip = Eip {
        id: model::AllocationId::generate(&SystemEntropy),
        owner,
        region: region(),
        name: String::new(),
        address: std::net::Ipv4Addr::new(127, 64, 0, 9),
        bandwidth: 1,
        internet_charge: model::instance::InternetChargeType::ByTraffic,
        status: EipStatus::Available,
        instance: None,
        created: Timestamp::from_millis(1),
    };
    let outcome = meta.write(Scope::Account(owner), move |tx| {
        resources::insert(tx, &eip, 1)?;
        let of = |value: &str| ResourceFilter::default().with("status", value);
        let mut count =
            |value: &str| Ok::<_, Error>(resources::list::<Eip>(tx, owner, &region(), &of(value), WHOLE)?.total);
        assert_eq!((count("Available")?, count("InUse")?), (1, 0));
        let before = resources::get::<Eip>(tx, eip.id.as_str())?.expect("it is there");
        let instance = model::InstanceId::generate(&SystemEntropy);
        resources::update(
            tx,
            &before,
            &Eip { status: EipStatus::InUse, instance: Some(instance.clone()), ..eip.clone() },
        )?;
        let mut count =
            |value: &str| Ok::<_, Error>(resources::list::<Eip>(tx, owner, &region(), &of(value), WHOLE)?.total);
        assert_eq!((count("Available")?, count("InUse")?), (0, 1));
        assert_eq!(resources::all_with::<Eip>(tx, "instance", instance.as_str())?.len(), 1);
        let now = resources::get::<Eip>(tx, eip.id.as_str())?.expect("it is there");
        resources::delete(tx, &now, Timestamp::from_millis(2))?;
        resources::count_with::<Eip>(tx, "instance", instance.as_str())
    });
    assert_eq!(outcome.await.expect("changed"), 0, "nothing of it is left");
}

pub(super) async fn one_holder_for_an_address(meta: &Meta) {
    let mut random = [0; 2];
    SystemEntropy.fill(&mut random);
    let address = format!("127.64.{}.{}", random[0], random[1]);
    let mut takers = tokio::task::JoinSet::new();
    for n in 0..16 {
        let (meta, address) = (meta.clone(), address.clone());
        takers.spawn(async move {
            let owner = account();
            meta.write(Scope::Account(owner), move |tx| resources::take_address(tx, &address, &format!("i-{n}"))).await
        });
    }
    let mut winners = 0;
    while let Some(taken) = takers.join_next().await {
        winners += usize::from(taken.expect("no panic").expect("an answer"));
    }
    assert_eq!(winners, 1);
    let again = address.clone();
    let freed = meta.write(Scope::Shared, move |tx| {
        for n in 0..16 {
            resources::free_addresses(tx, &format!("i-{n}"))?;
        }
        resources::take_address(tx, &again, "i-x")
    });
    assert!(freed.await.expect("freed"));
}

/// Pages over three lists at once are the pages of one list that somebody merged by hand.
pub(super) async fn pages_merge_three_lists(meta: &Meta) {
    let (mine, theirs) = (account(), account());
    let everywhere = EVERYWHERE.parse().expect("a region");
    // Who owns the image with this age: mine are many, the others are few and lie among them.
    let whose = |n: i64| match n {
        3 | 4 | 17 => Whose::System,
        0 | 9 | 10 | 29 => Whose::Shared,
        _ => Whose::Own,
    };
    let mut expected = Vec::new();
    for n in 0..30_i64 {
        let mut made = image(mine, &format!("merged-{n}-{}", mine.number() % 1000), 1_000 + n);
        match whose(n) {
            Whose::Own | Whose::Community => {}
            Whose::Shared => made.owner = theirs,
            Whose::System => {
                made = Image {
                    owner: AccountId::SYSTEM,
                    region: std::clone::Clone::clone(&everywhere),
                    is_system: true,
                    ..made
                };
            }
        }
        if n % 2 == 0 {
            made.status = ImageStatus::Deprecated;
        }
        expected.insert(0, (n, made.clone()));
        meta.write(Scope::Shared, move |tx| {
            assert!(images::insert(tx, &made, n)?);
            if made.owner == theirs {
                visible::share(tx, &made.id, mine, Timestamp::from_millis(5))?;
            }
            Ok::<_, Error>(())
        })
        .await
        .expect("inserted");
    }
    let everyone = [Whose::Own, Whose::System, Whose::Shared];
    let filters = [
        (Filter::default(), 1),
        (Filter { statuses: vec![ImageStatus::Deprecated], ..Filter::default() }, 2),
        (Filter { name: Some("merged-2*".into()), ..Filter::default() }, 0),
    ];
    for (filter, step) in filters {
        let wanted = |(n, made): &&(i64, Image)| match step {
            0 => made.name.as_str().starts_with("merged-2"),
            step => n % step == 0,
        };
        let all: Vec<String> = expected.iter().filter(wanted).map(|(_, made)| made.id.to_string()).collect();
        for offset in 0..all.len() {
            for limit in [1, 3, 7, 40] {
                let window = Window { offset: offset as u64, limit, below: None };
                let filter = filter.clone();
                let page = meta.read(move |tx| visible::list(tx, mine, &region(), &everyone, &filter, window)).await;
                let page = page.expect("a page");
                // Other suites' system images are not this one's business; there are none.
                assert_eq!(page.total, all.len() as u64);
                let ids: Vec<String> = page.items.iter().map(|image| image.id.to_string()).collect();
                let rest = all.iter().skip(offset).take(usize::try_from(limit).expect("a small number"));
                assert_eq!(ids, rest.cloned().collect::<Vec<_>>(), "{offset} {limit}");
            }
        }
        // By tokens, from page to page.
        let (mut below, mut seen) = (None, Vec::new());
        loop {
            let filter = filter.clone();
            let window = Window { offset: 0, limit: 4, below };
            let page = meta.read(move |tx| visible::list(tx, mine, &region(), &everyone, &filter, window)).await;
            let page = page.expect("a page");
            seen.extend(page.items.iter().map(|image| image.id.to_string()));
            below = page.last;
            if below.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
    }
    let shared = expected.iter().find(|(n, _)| *n == 9).expect("it is there").1.id.clone();
    let outcome = meta.write(Scope::Shared, move |tx| {
        assert!(visible::get(tx, mine, &region(), &shared)?.is_some());
        assert!(visible::get(tx, account(), &region(), &shared)?.is_none());
        assert_eq!(visible::shared_among(tx, &[shared.as_str(), "m-none"])?.len(), 1);
        assert!(visible::used_among(tx, &[shared.as_str()])?.is_empty());
        visible::unshare(tx, &shared, mine)?;
        assert!(visible::get(tx, mine, &region(), &shared)?.is_none());
        let tagged = Filter { tags: vec![TagFilter { key: "none".into(), values: vec![] }], ..Filter::default() };
        Ok::<_, Error>(visible::list(tx, mine, &region(), &[Whose::Shared], &tagged, WHOLE)?.total)
    });
    assert_eq!(outcome.await.expect("unshared"), 0);
}
