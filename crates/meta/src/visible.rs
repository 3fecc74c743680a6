//! Images that an account sees: its own, the ones that the server offers to all, and the ones that others share with it.
//!
//! Each is a list of its own. A page over all of them merges the account's own, which may be many and are read as far as
//! the page needs, with the others, which are few and are read whole.

use std::collections::HashSet;

use model::image::EVERYWHERE;
use model::{AccountId, Image, ImageId, ImageName, ImageStatus, Instance, RegionId, Timestamp};

use crate::database::{Error, Page, Row, Tx, Value, values};
use crate::images::{self, Filter, Window};
use crate::resources::count_with;

/// Whose images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The account's own.
    Own,
    /// Offered by the server to all.
    System,
    /// Shared with the account.
    Shared,
    /// Community images of the region, whoever published them.
    Community,
}

/// Images of the server that a list reads: more than anybody offers.
const SYSTEM_IMAGES: u64 = 10_000;

/// The image with this id, if the account may use it in this region.
pub fn get(tx: &mut Tx<'_>, account: AccountId, region: &RegionId, id: &ImageId) -> Result<Option<Image>, Error> {
    let found = images::get(tx, id)?.map(|stored| stored.image);
    if_usable(tx, account, region, found)
}

/// [`get`], for a transaction that makes something of the image. The account writes under its own scope and the image's
/// owner under another one, so the image's row decides between them: it is locked first, against changes but not
/// against other users, and only then is it asked who may use it. A withdrawal that was answered before is seen here;
/// one that comes later waits and sees what was made ([`images::get_exclusive`]).
pub fn for_use(tx: &mut Tx<'_>, account: AccountId, region: &RegionId, id: &ImageId) -> Result<Option<Image>, Error> {
    let found = images::get_steady(tx, id)?.map(|stored| stored.image);
    if_usable(tx, account, region, found)
}

fn if_usable(
    tx: &mut Tx<'_>,
    account: AccountId,
    region: &RegionId,
    found: Option<Image>,
) -> Result<Option<Image>, Error> {
    let Some(image) = found else { return Ok(None) };
    // Community images are of ECS: the servers of the other product know none.
    let is_offered = image.is_public && !account.is_at_swas();
    let may = image.is_system
        || (image.region == *region
            && (image.owner == account || is_offered || is_shared_with(tx, &image.id, account)?));
    Ok(may.then_some(image))
}

/// The newest available image of a family: the account's own, or of a family of the server's when its name begins with
/// `acs:`.
pub fn newest_of_family(
    tx: &mut Tx<'_>,
    account: AccountId,
    region: &RegionId,
    family: &str,
) -> Result<Option<Image>, Error> {
    let own = (account, region.clone());
    let (family, (owner, region)) = match family.strip_prefix("acs:") {
        Some(family) => (family, (AccountId::SYSTEM, everywhere())),
        None => (family, own),
    };
    let filter =
        Filter { statuses: vec![ImageStatus::Available], family: Some(family.to_owned()), ..Filter::default() };
    let newest = images::list(tx, owner, &region, &filter, Window { offset: 0, limit: 1, below: None })?;
    Ok(newest.items.into_iter().next())
}

/// One page of the images that an account sees in a region, newest first.
pub fn list(
    tx: &mut Tx<'_>,
    account: AccountId,
    region: &RegionId,
    whose: &[Whose],
    filter: &Filter,
    window: Window,
) -> Result<Page<Image>, Error> {
    let mut others: Vec<(i64, Image)> = Vec::new();
    if whose.contains(&Whose::System) {
        let all = Window { offset: 0, limit: SYSTEM_IMAGES, below: None };
        others.extend(images::placed(tx, AccountId::SYSTEM, &everywhere(), filter, all)?.0);
    }
    if whose.contains(&Whose::Shared) {
        let sql = "SELECT image, seq FROM image_shares JOIN images ON images.id = image_shares.image \
                   WHERE account = $1 AND region = $2";
        let rows = tx.query(sql, values![account, region.as_str()])?;
        others.extend(among(tx, &rows, filter)?);
    }
    if whose.contains(&Whose::Community) {
        let sql = "SELECT image, seq FROM community_images JOIN images ON images.id = community_images.image \
                   WHERE community_images.region = $1";
        let rows = tx.query(sql, values![region.as_str()])?;
        others.extend(among(tx, &rows, filter)?);
    }
    if !whose.contains(&Whose::Own) {
        return Ok(merged(Vec::new(), others, 0, 0, window));
    }
    if others.is_empty() {
        return images::list(tx, account, region, filter, window);
    }
    // So many rows before the page may be others', in place of the account's own.
    let skipped = window.offset.saturating_sub(others.len() as u64);
    let limit = window.offset.saturating_add(window.limit) - skipped;
    let (own, total) = images::placed(tx, account, region, filter, Window { offset: skipped, limit, ..window })?;
    Ok(merged(own, others, skipped, total, window))
}

/// The rows of a page: each row's place is the number of rows before it, in its own list and in the other one.
fn merged(
    own: Vec<(i64, Image)>,
    mut others: Vec<(i64, Image)>,
    skipped: u64,
    total: u64,
    window: Window,
) -> Page<Image> {
    let total = total + others.len() as u64;
    others.retain(|(seq, _)| window.below.is_none_or(|below| *seq < below));
    others.sort_by_key(|(seq, _)| std::cmp::Reverse(*seq));
    let before = |rows: &[(i64, Image)], seq: i64| rows.iter().filter(|(other, _)| seq < *other).count() as u64;
    let own_places = (skipped..).zip(&own).map(|(n, (seq, _))| n + before(&others, *seq));
    let other_places = (0..).zip(&others).map(|(n, (seq, _))| n + skipped + before(&own, *seq));
    let places: Vec<u64> = own_places.chain(other_places).collect();
    let page = window.offset..window.offset.saturating_add(window.limit);
    let mut rows: Vec<(u64, (i64, Image))> =
        places.into_iter().zip(own.into_iter().chain(others)).filter(|(place, _)| page.contains(place)).collect();
    rows.sort_by_key(|(place, _)| *place);
    images::page(rows.into_iter().map(|(_, row)| row).collect(), total, window)
}

/// Shares an image with an account; one that has it already keeps its day.
pub fn share(tx: &mut Tx<'_>, id: &ImageId, account: AccountId, now: Timestamp) -> Result<(), Error> {
    let sql = "INSERT INTO image_shares (account, image, shared) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    tx.execute(sql, values![account, id.as_str(), now.as_millis()]).map(drop)
}

/// Which of these images are shared with anybody.
pub fn shared_among(tx: &mut Tx<'_>, ids: &[&str]) -> Result<HashSet<String>, Error> {
    let (among, values) = listed(ids);
    let sql = format!("SELECT DISTINCT image FROM image_shares WHERE image IN ({among})");
    tx.query(&sql, &values)?.iter().map(|row| Ok(row.text(0)?.to_owned())).collect()
}

/// Which of these images servers were made from.
pub fn used_among(tx: &mut Tx<'_>, ids: &[&str]) -> Result<HashSet<String>, Error> {
    let (among, values) = listed(ids);
    let sql =
        format!("SELECT DISTINCT value FROM facets WHERE kind = 'instance' AND name = 'image' AND value IN ({among})");
    tx.query(&sql, &values)?.iter().map(|row| Ok(row.text(0)?.to_owned())).collect()
}

/// Texts as the members of a list in a statement. No text is nobody's id, so an empty list has a member, too.
fn listed(texts: &[&str]) -> (String, Vec<Value>) {
    let values: Vec<Value> = texts.iter().copied().chain([""]).map(Value::from).collect();
    let places: Vec<String> = (1..=values.len()).map(|n| format!("${n}")).collect();
    (places.join(", "), values)
}

/// Takes an image from an account, with nobody beginning to use it meanwhile ([`images::get_exclusive`]).
pub fn unshare(tx: &mut Tx<'_>, id: &ImageId, account: AccountId) -> Result<(), Error> {
    images::get_exclusive(tx, id)?;
    let sql = "DELETE FROM image_shares WHERE account = $1 AND image = $2";
    tx.execute(sql, values![account, id.as_str()]).map(drop)
}

/// How many images are shared with an account, which nobody else raises before this transaction has ended: owners of
/// images share under scopes of their own, so the row of the one that receives decides between them.
pub fn received(tx: &mut Tx<'_>, account: AccountId) -> Result<u64, Error> {
    tx.query("SELECT id FROM accounts WHERE id = $1 FOR UPDATE", values![account.customer()])?;
    let sql = "SELECT COUNT(*) FROM image_shares WHERE account = $1";
    tx.query_one(sql, values![account])?.map_or(Ok(0), |row| row.size(0))
}

/// The accounts that an image is shared with, and since when, the first one first.
pub fn shared_with(tx: &mut Tx<'_>, id: &ImageId) -> Result<Vec<(AccountId, Timestamp)>, Error> {
    let sql = "SELECT account, shared FROM image_shares WHERE image = $1 ORDER BY shared, account";
    let rows = tx.query(sql, values![id.as_str()])?;
    rows.iter().map(|row| Ok((row.account(0)?, Timestamp::from_millis(row.int(1)?)))).collect()
}

fn is_shared_with(tx: &mut Tx<'_>, id: &ImageId, account: AccountId) -> Result<bool, Error> {
    let sql = "SELECT image FROM image_shares WHERE account = $1 AND image = $2";
    Ok(tx.query_one(sql, values![account, id.as_str()])?.is_some())
}

/// The images of these rows that a filter accepts, with their places in the order of age.
fn among(tx: &mut Tx<'_>, rows: &[Row], filter: &Filter) -> Result<Vec<(i64, Image)>, Error> {
    let mut found = Vec::new();
    for row in rows {
        let id = ImageId::from_record(row.text(0)?.to_owned());
        if let Some(stored) = images::get(tx, &id)?.filter(|stored| accepts(filter, &stored.image)) {
            let servers = count_with::<Instance>(tx, "image", id.as_str())?;
            if filter.used.is_some_and(|used| used != (0 < servers)) {
                continue;
            }
            found.push((row.int(1)?, stored.image));
        }
    }
    Ok(found)
}

/// What the statements of `images` ask of a row, asked of one that is at hand.
fn accepts(filter: &Filter, image: &Image) -> bool {
    let Filter { statuses, ids, name, family, architecture, os_type, snapshot, resource_group, .. } = filter;
    let Filter { created_from, created_to, tags, owner, .. } = filter;
    let tagged = |wanted: &crate::tags::TagFilter| {
        image.tags.iter().any(|tag| {
            tag.key.as_str() == wanted.key
                && (wanted.values.is_empty() || wanted.values.iter().any(|value| value == tag.value.as_str()))
        })
    };
    (statuses.is_empty() || statuses.contains(&image.status))
        && owner.is_none_or(|owner| image.owner == owner)
        && (ids.is_empty() || ids.iter().any(|id| id == image.id.as_str()))
        && name.as_ref().is_none_or(|pattern| fits(pattern, image.name.as_str()))
        && family.as_ref().is_none_or(|family| image.family.as_ref().map(ImageName::as_str) == Some(family))
        && architecture.is_none_or(|architecture| image.architecture == architecture)
        && os_type.is_none_or(|os_type| image.os_type == os_type)
        && snapshot.as_ref().is_none_or(|id| image.disks.iter().any(|disk| disk.snapshot.as_str() == id))
        && resource_group.as_ref().is_none_or(|group| image.resource_group == *group)
        && created_from.is_none_or(|from| from <= image.created)
        && created_to.is_none_or(|to| image.created <= to)
        && tags.iter().all(tagged)
}

/// Whether a text fits a pattern in which `*` stands for any run of characters.
fn fits(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

fn everywhere() -> RegionId {
    EVERYWHERE.parse().expect("a word is a region")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("web", "web", true),
            ("web", "web2", false),
            ("web*", "web2", true),
            ("*web", "my-web", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*", "", true),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }
}
