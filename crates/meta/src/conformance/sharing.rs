//! Images beyond their owner: who sees them, who uses them, and what is left when they are taken back.

use model::{AccountId, Image, ImageId, ImageStatus, SystemEntropy, Timestamp};

use super::{WHOLE, account, add, image, region};
use crate::database::{Error, Meta, Scope};
use crate::images::{self, Filter};
use crate::visible::{self, Whose};
use crate::{accounts, manifests};

/// Rounds of the race: both orders happen in them, on a machine of few cores, too.
const ROUNDS: i64 = 1_000;

async fn update(meta: &Meta, id: &ImageId, change: impl Fn(&mut Image) + Send + 'static) {
    let id = id.clone();
    let changed = meta.write(Scope::Shared, move |tx| {
        let before = images::get_exclusive(tx, &id)?.expect("it is there");
        let mut after = before.image.clone();
        change(&mut after);
        images::update(tx, &before, &after)
    });
    assert!(changed.await.expect("updated"));
}

async fn community(meta: &Meta, caller: AccountId, filter: Filter) -> Vec<String> {
    let read = move |tx: &mut crate::Tx<'_>| {
        visible::list(tx, caller, &region(), &[Whose::Community], &filter, WHOLE)
            .map(|page| page.items.iter().map(|image| image.id.to_string()).collect())
    };
    meta.read(read).await.expect("a list")
}

pub(super) async fn community_images_are_everybodys(meta: &Meta) {
    let (owner, reader) = (account(), account());
    let made = image(owner, "community", 1_000);
    assert!(add(meta, &made).await);
    let by_owner = Filter { owner: Some(owner), ..Filter::default() };
    assert!(community(meta, reader, by_owner.clone()).await.is_empty());
    update(meta, &made.id, |image| image.is_public = true).await;
    assert_eq!(community(meta, reader, by_owner.clone()).await, [made.id.to_string()]);
    assert!(community(meta, reader, Filter { owner: Some(reader), ..Filter::default() }).await.is_empty());

    let id = made.id.clone();
    let checked = meta.read(move |tx| {
        assert!(visible::get(tx, reader, &region(), &id)?.is_some());
        assert!(visible::get(tx, reader.at_swas(), &region(), &id)?.is_none(), "the other product knows none");
        let elsewhere = "us-west-1".parse().expect("a region");
        assert!(visible::get(tx, reader, &elsewhere, &id)?.is_none());
        // Not among those that a list shows without being asked for them.
        let everyone = [Whose::Own, Whose::System, Whose::Shared];
        let ids = vec![id.to_string()];
        let page = visible::list(tx, reader, &region(), &everyone, &Filter { ids, ..Filter::default() }, WHOLE)?;
        assert_eq!(page.total, 0);
        Ok::<_, Error>(())
    });
    checked.await.expect("read");

    update(meta, &made.id, |image| image.is_public = false).await;
    assert!(community(meta, reader, by_owner.clone()).await.is_empty());
    update(meta, &made.id, |image| image.is_public = true).await;
    let id = made.id.clone();
    let deleted = meta.write(Scope::Account(owner), move |tx| {
        let before = images::get_exclusive(tx, &id)?.expect("it is there");
        assert_eq!(images::late_owner(tx, &id)?, None);
        visible::share(tx, &id, reader, Timestamp::from_millis(1))?;
        assert!(images::delete(tx, &before, Timestamp::from_millis(2))?);
        assert_eq!(images::late_owner(tx, &id)?, Some(owner), "whose it was is remembered");
        assert!(visible::shared_with(tx, &id)?.is_empty());
        Ok::<_, Error>(())
    });
    deleted.await.expect("deleted");
    assert!(community(meta, reader, by_owner).await.is_empty());
}

pub(super) async fn families_and_copies_are_counted(meta: &Meta) {
    let owner = account();
    let family = |name: &str| Some(name.parse().expect("a family"));
    let first = Image { family: family("web"), ..image(owner, "first", 1_000) };
    let copy = Image { copied_from: Some(first.id.clone()), ..image(owner, "copy", 2_000) };
    let third = Image { family: family("db"), status: ImageStatus::Available, ..image(owner, "third", 3_000) };
    for made in [&first, &copy, &third] {
        assert!(add(meta, made).await);
    }
    let (source, copied) = (first.id.clone(), copy.id.clone());
    let counted = meta.write(Scope::Account(owner), move |tx| {
        let web = "web".parse().expect("a family");
        let none = "none".parse().expect("a family");
        assert_eq!(images::family_totals(tx, owner, &region(), &web)?, (1, 2));
        assert_eq!(images::family_totals(tx, owner, &region(), &none)?, (0, 2));
        // Nothing of these was asked for with a task.
        assert_eq!(images::disks_under_way(tx, owner, &region())?, 0);
        let copies = images::copies(tx, &source)?;
        assert_eq!(copies.len(), 1);
        assert_eq!(copies[0].id, copied);
        let before = images::get(tx, &copied)?.expect("it is there");
        assert!(images::delete(tx, &before, Timestamp::from_millis(9))?);
        assert!(images::copies(tx, &source)?.is_empty());
        Ok::<_, Error>(())
    });
    counted.await.expect("counted");
}

/// Who makes something of another account's image writes under its own scope, and the owner who takes the image back
/// under another. Whichever comes first, nothing is made of an image whose withdrawal has ended.
pub(super) async fn nothing_is_made_of_an_image_that_was_taken_back(meta: &Meta) {
    let (owner, user) = (account(), account());
    let (mut used, mut refused) = (0, 0);
    for round in 0..ROUNDS {
        let made = image(owner, &format!("raced-{round}"), round);
        assert!(add(meta, &made).await);
        let id = made.id.clone();
        let shared = meta.write(Scope::Account(owner), move |tx| visible::share(tx, &id, user, made.created));
        shared.await.expect("shared");
        let (id, holder) = (made.id.clone(), format!("i-{}", made.id));
        let make = meta.write(Scope::Account(user), move |tx| {
            let found = visible::for_use(tx, user, &region(), &id)?;
            if found.is_some() {
                manifests::hold(tx, "raced", &holder)?;
            }
            Ok::<_, Error>(found.is_some())
        });
        let (id, holder) = (made.id.clone(), format!("i-{}", made.id));
        let by_deletion = round % 2 == 0;
        let take = meta.write(Scope::Account(owner), move |tx| {
            if by_deletion {
                let before = images::get_exclusive(tx, &id)?.expect("only its owner takes it");
                assert!(images::delete(tx, &before, Timestamp::from_millis(1))?);
            } else {
                visible::unshare(tx, &id, user)?;
            }
            Ok::<_, Error>(!manifests::release_all(tx, &holder)?.is_empty())
        });
        // Either may be first at the database.
        let (was_made, was_seen) = if round % 4 < 2 {
            tokio::join!(make, take)
        } else {
            let (was_seen, was_made) = tokio::join!(take, make);
            (was_made, was_seen)
        };
        let (was_made, was_seen) = (was_made.expect("made"), was_seen.expect("taken"));
        assert_eq!(was_made, was_seen, "what was made was made before, and the withdrawal saw it");
        if was_made { used += 1 } else { refused += 1 }
    }
    assert!(0 < used && 0 < refused, "both orders: {used} and {refused}");
}

/// Several owners share with one account at once; each has a scope of its own, and the last place goes to one.
pub(super) async fn one_winner_for_the_last_share(meta: &Meta) {
    const PLACES: u64 = 3;
    let receiver = accounts::Account {
        id: account(),
        name: model::id::random_text(&SystemEntropy, 12),
        created: Timestamp::from_millis(0),
    };
    let id = receiver.id;
    assert!(meta.write(Scope::Shared, move |tx| accounts::insert(tx, &receiver)).await.expect("inserted"));
    let mut sharing = tokio::task::JoinSet::new();
    for n in 0..12_i64 {
        let (owner, meta) = (account(), meta.clone());
        let made = image(owner, "given", n);
        assert!(add(&meta, &made).await);
        sharing.spawn(async move {
            let shared = meta.write(Scope::Account(owner), move |tx| {
                if PLACES <= visible::received(tx, id)? {
                    return Ok(false);
                }
                visible::share(tx, &made.id, id, Timestamp::from_millis(0))?;
                Ok::<_, Error>(true)
            });
            shared.await.expect("shared")
        });
    }
    let won = sharing.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(won as u64, PLACES);
}
