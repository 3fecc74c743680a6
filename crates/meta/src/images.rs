//! Images: their rows, their counts, and the list that DescribeImages shows.
//!
//! A page is one range of an index that ends in `seq`, newest first, and its rows hold all that the page shows. The
//! number of images is never counted for a request: without filters it is read from counters that every change
//! maintains, with filters it is counted once for each generation of the owner's images and then remembered.
//!
//! That count decides how a filtered page is found. Few matches are collected by what makes them few (a name, a tag) and
//! then ordered; among many, a walk in order of age soon has a page. Neither choice is left to the databases, which
//! know little about how the images of one owner are distributed.

use std::collections::HashMap;

use model::{AccountId, Architecture, Image, ImageId, ImageName, ImageStatus, OsType, RegionId, Timestamp};

use crate::database::{Error, Page, Row, Tx, Value, to_json, values};
use crate::tags::{self, Lookup, TagFilter};

/// Counts of filtered lists, each for one generation of one owner's images.
pub(crate) type CountCache = HashMap<String, (i64, u64)>;

/// Filters whose counts are remembered: enough for every list that a client pages through at once.
const COUNTS_KEPT: usize = 4_096;

/// An image and the generation of its row, which a change must name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// The image.
    pub image: Image,
    /// Moves on with every change of the row.
    pub generation: i64,
}

/// Matches of a filter that are collected and ordered; more are met by walking in order of age.
const FEW: u64 = 1_000;

/// Which images a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only these statuses; every one when empty.
    pub statuses: Vec<ImageStatus>,
    /// Only these ids; any when empty.
    pub ids: Vec<String>,
    /// Only this name; `*` stands for any run of characters.
    pub name: Option<String>,
    /// Only this family.
    pub family: Option<String>,
    /// Only this processor.
    pub architecture: Option<Architecture>,
    /// Only this kind of guest.
    pub os_type: Option<OsType>,
    /// Only the image that this snapshot backs.
    pub snapshot: Option<String>,
    /// Only this resource group.
    pub resource_group: Option<String>,
    /// Only images made at or after this time.
    pub created_from: Option<Timestamp>,
    /// Only images made at or before this time.
    pub created_to: Option<Timestamp>,
    /// Only images with all of these tags.
    pub tags: Vec<TagFilter>,
    /// Only images that servers were made from, or only the others.
    pub used: Option<bool>,
    /// Only images of this owner; asked where a list has images of several.
    pub owner: Option<AccountId>,
}

/// Which part of a list is wanted: `limit` rows after the first `offset`, or after a row that is known.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Rows to skip.
    pub offset: u64,
    /// Rows to show.
    pub limit: u64,
    /// Only rows below this place in the order of age: a page after a known one does not move when rows come and go.
    pub below: Option<i64>,
}

/// The order of age: milliseconds, and random bits for images of the same millisecond.
pub fn age_sequence(created: Timestamp, random: u32) -> i64 {
    created.as_millis().saturating_mul(1 << 20).saturating_add(i64::from(random & 0xf_ffff))
}

/// Adds an image; false when its name is taken in the region or its id was ever used.
pub fn insert(tx: &mut Tx<'_>, image: &Image, seq: i64) -> Result<bool, Error> {
    if tx.query_one("SELECT id FROM tombstones WHERE id = $1", values![image.id.as_str()])?.is_some() {
        return Ok(false);
    }
    let sql = "INSERT INTO images (id, owner, region, status, seq, name, family, architecture, os_type, \
               resource_group, created, progress, generation, record) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1, $13) ON CONFLICT DO NOTHING";
    let values = values![
        image.id.as_str(),
        image.owner,
        image.region.as_str(),
        image.status.as_str(),
        seq,
        image.name.as_str(),
        image.family.as_ref().map_or("", ImageName::as_str),
        image.architecture.as_str(),
        image.os_type.as_str(),
        image.resource_group.as_str(),
        image.created.as_millis(),
        i64::from(image.progress),
        to_json(image),
    ];
    if tx.execute(sql, values)? != 1 {
        return Ok(false);
    }
    for disk in &image.disks {
        let sql = "INSERT INTO backing_snapshots (snapshot, image) VALUES ($1, $2)";
        tx.execute(sql, values![disk.snapshot.as_str(), image.id.as_str()])?;
    }
    if let Some(source) = &image.copied_from {
        let sql = "INSERT INTO image_copies (source, image) VALUES ($1, $2)";
        tx.execute(sql, values![source.as_str(), image.id.as_str()])?;
    }
    tags::replace(tx, image.owner, &image.region, tags::IMAGE, image.id.as_str(), &image.tags)?;
    count(tx, image, image.status, 1)?;
    Ok(true)
}

/// The image with this id, which nobody begins to use before this transaction has ended, in whatever account
/// ([`crate::visible::for_use`]). What withdraws an image (its deletion, its sharing less widely, a change that servers
/// must not have seen) reads it so: it then sees every use that came first, and every later one sees it.
pub fn get_exclusive(tx: &mut Tx<'_>, id: &ImageId) -> Result<Option<Stored>, Error> {
    let sql = "SELECT status, progress, generation, record FROM images WHERE id = $1 FOR UPDATE";
    tx.query_one(sql, values![id.as_str()])?.as_ref().map(stored).transpose()
}

/// The image with this id, which nobody changes before this transaction has ended.
pub(crate) fn get_steady(tx: &mut Tx<'_>, id: &ImageId) -> Result<Option<Stored>, Error> {
    let sql = "SELECT status, progress, generation, record FROM images WHERE id = $1 FOR SHARE";
    tx.query_one(sql, values![id.as_str()])?.as_ref().map(stored).transpose()
}

/// The image with this id.
pub fn get(tx: &mut Tx<'_>, id: &ImageId) -> Result<Option<Stored>, Error> {
    let row =
        tx.query_one("SELECT status, progress, generation, record FROM images WHERE id = $1", values![id.as_str()])?;
    row.as_ref().map(stored).transpose()
}

/// The owner's image with this name in a region.
pub fn by_name(
    tx: &mut Tx<'_>,
    owner: AccountId,
    region: &RegionId,
    name: &ImageName,
) -> Result<Option<Stored>, Error> {
    let sql = "SELECT status, progress, generation, record FROM images WHERE owner = $1 AND region = $2 AND name = $3";
    let row = tx.query_one(sql, values![owner, region.as_str(), name.as_str()])?;
    row.as_ref().map(stored).transpose()
}

/// Replaces an image's row if nobody changed it since it was read; false when somebody did.
pub fn update(tx: &mut Tx<'_>, before: &Stored, image: &Image) -> Result<bool, Error> {
    let sql = "UPDATE images SET status = $1, name = $2, family = $3, resource_group = $4, progress = $5, \
               record = $6, generation = generation + 1 WHERE id = $7 AND generation = $8";
    let values = values![
        image.status.as_str(),
        image.name.as_str(),
        image.family.as_ref().map_or("", ImageName::as_str),
        image.resource_group.as_str(),
        i64::from(image.progress),
        to_json(image),
        image.id.as_str(),
        before.generation,
    ];
    if tx.execute(sql, values)? != 1 {
        return Ok(false);
    }
    if before.image.tags != image.tags {
        tags::replace(tx, image.owner, &image.region, tags::IMAGE, image.id.as_str(), &image.tags)?;
    }
    if before.image.is_public != image.is_public {
        let sql = if image.is_public {
            "INSERT INTO community_images (region, image) VALUES ($1, $2)"
        } else {
            "DELETE FROM community_images WHERE region = $1 AND image = $2"
        };
        tx.execute(sql, values![image.region.as_str(), image.id.as_str()])?;
    }
    if before.image.status != image.status {
        count(tx, image, before.image.status, -1)?;
        count(tx, image, image.status, 1)?;
    } else {
        advance(tx, image)?;
    }
    Ok(true)
}

/// Notes how far the building of an image is. This is no change of the image: it never loses to one.
pub fn set_progress(tx: &mut Tx<'_>, id: &ImageId, progress: u8) -> Result<(), Error> {
    let sql = "UPDATE images SET progress = $1 WHERE id = $2";
    tx.execute(sql, values![i64::from(progress), id.as_str()]).map(drop)
}

/// Deletes an image's row and keeps its id from being used again; false when it changed since it was read.
pub fn delete(tx: &mut Tx<'_>, before: &Stored, now: Timestamp) -> Result<bool, Error> {
    let image = &before.image;
    let sql = "DELETE FROM images WHERE id = $1 AND generation = $2";
    if tx.execute(sql, values![image.id.as_str(), before.generation])? != 1 {
        return Ok(false);
    }
    for rows in ["backing_snapshots", "image_copies", "image_shares", "community_images"] {
        tx.execute(&format!("DELETE FROM {rows} WHERE image = $1"), values![image.id.as_str()])?;
    }
    let bury = "INSERT INTO tombstones (id, deleted, owner) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    tx.execute(bury, values![image.id.as_str(), now.as_millis(), image.owner])?;
    tags::replace(tx, image.owner, &image.region, tags::IMAGE, image.id.as_str(), &[])?;
    count(tx, image, image.status, -1)?;
    Ok(true)
}

/// Whose an image was that is gone; none when nobody remembers.
pub fn late_owner(tx: &mut Tx<'_>, id: &ImageId) -> Result<Option<AccountId>, Error> {
    let sql = "SELECT owner FROM tombstones WHERE id = $1 AND owner <> 0";
    tx.query_one(sql, values![id.as_str()])?.map(|row| row.account(0)).transpose()
}

/// How many images a family of an owner has in a region, and how many families there are.
pub fn family_totals(
    tx: &mut Tx<'_>,
    owner: AccountId,
    region: &RegionId,
    family: &ImageName,
) -> Result<(u64, u64), Error> {
    let members = "SELECT COUNT(*) FROM images WHERE owner = $1 AND region = $2 AND family = $3 AND family <> ''";
    let row = tx.query_one(members, values![owner, region.as_str(), family.as_str()])?;
    let members = row.map_or(Ok(0), |row| row.size(0))?;
    let families = "SELECT COUNT(DISTINCT family) FROM images WHERE owner = $1 AND region = $2 AND family <> ''";
    let row = tx.query_one(families, values![owner, region.as_str()])?;
    Ok((members, row.map_or(Ok(0), |row| row.size(0))?))
}

/// How many disks of imports and copies are under way for an owner in a region: the snapshots that they will have stand
/// nowhere yet.
pub fn disks_under_way(tx: &mut Tx<'_>, owner: AccountId, region: &RegionId) -> Result<u64, Error> {
    let filter = Filter { statuses: vec![ImageStatus::Waiting, ImageStatus::Creating], ..Filter::default() };
    let all = Window { offset: 0, limit: u64::from(u32::MAX), below: None };
    let building = list(tx, owner, region, &filter, all)?.items;
    Ok(building.iter().filter(|image| image.task.is_some()).map(|image| image.disks.len() as u64).sum())
}

/// The images that were copied from an image and are there, whoever's and wherever they are.
pub fn copies(tx: &mut Tx<'_>, source: &ImageId) -> Result<Vec<Image>, Error> {
    let sql = "SELECT status, progress, generation, record FROM images \
               WHERE id IN (SELECT image FROM image_copies WHERE source = $1) ORDER BY seq";
    tx.query(sql, values![source.as_str()])?.iter().map(|row| Ok(stored(row)?.image)).collect()
}

/// How many images an owner has in a region, whatever their status.
pub fn total(tx: &mut Tx<'_>, owner: AccountId, region: &RegionId) -> Result<u64, Error> {
    Ok(counts(tx, owner, region)?.into_iter().map(|(_, n)| n).sum())
}

/// One page of an owner's images in a region, newest first.
pub fn list(
    tx: &mut Tx<'_>,
    owner: AccountId,
    region: &RegionId,
    filter: &Filter,
    window: Window,
) -> Result<Page<Image>, Error> {
    let (rows, total) = placed(tx, owner, region, filter, window)?;
    Ok(page(rows, total, window))
}

/// A page of rows with their places in the order of age.
pub(crate) fn page(rows: Vec<(i64, Image)>, total: u64, window: Window) -> Page<Image> {
    let is_full = rows.len() as u64 == window.limit;
    let last = rows.last().filter(|_| is_full).map(|(seq, _)| *seq);
    Page { items: rows.into_iter().map(|(_, image)| image).collect(), total, last }
}

/// The rows of [`list`] with their places in the order of age, and how many there are in all.
pub(crate) fn placed(
    tx: &mut Tx<'_>,
    owner: AccountId,
    region: &RegionId,
    filter: &Filter,
    window: Window,
) -> Result<(Vec<(i64, Image)>, u64), Error> {
    let narrowed = filter.narrows();
    let total = if narrowed {
        filtered_total(tx, owner, region, filter)?
    } else {
        let counts = counts(tx, owner, region)?;
        let wanted =
            |status: &str| filter.statuses.is_empty() || filter.statuses.iter().any(|wanted| wanted.as_str() == status);
        counts.into_iter().filter(|(status, _)| wanted(status)).map(|(_, n)| n).sum()
    };
    if total <= window.offset {
        return Ok((Vec::new(), total));
    }
    let mut values = Vec::new();
    let ids = if narrowed && total <= FEW {
        let mut matches = matches(filter, owner, region, &mut values);
        if let Some(seq) = window.below {
            values.push(seq.into());
            matches.push_str(&format!(" AND seq < ${}", values.len()));
        }
        values.extend([window.limit.into(), window.offset.into()]);
        let (limit, offset) = (values.len() - 1, values.len());
        // The plus keeps SQLite from walking in this order after all.
        format!("SELECT id, seq {matches} ORDER BY +seq DESC LIMIT ${limit} OFFSET ${offset}")
    } else {
        let residue = residue(filter, owner, region, Lookup::OfRow, &mut values);
        let (window, order) = nearer(window, total);
        inner(filter, &residue, &mut values, (owner, region), window, order)
    };
    let sql = format!(
        "SELECT status, progress, generation, record, seq FROM images WHERE id IN (SELECT id FROM ({ids}) AS page) \
         ORDER BY seq DESC"
    );
    let rows = tx.query(&sql, &values)?;
    let rows = rows.iter().map(|row| Ok((row.int(4)?, stored(row)?.image))).collect::<Result<_, Error>>()?;
    Ok((rows, total))
}

impl Filter {
    /// Whether anything but the status is asked for.
    fn narrows(&self) -> bool {
        let Self { statuses: _, ids, name, family, architecture, os_type, snapshot, resource_group, .. } = self;
        let Self { created_from, created_to, tags, used, .. } = self;
        used.is_some()
            || !(ids.is_empty() && tags.is_empty())
            || [name, family, snapshot, resource_group].into_iter().any(Option::is_some)
            || (architecture.is_some() || os_type.is_some())
            || (created_from.is_some() || created_to.is_some())
    }

    /// The name, or what a name must begin with.
    fn prefix(&self) -> &str {
        self.name.as_deref().map_or("", |name| name.split('*').next().unwrap_or_default())
    }

    /// The index whose range has the fewest rows beside the matches.
    fn index(&self) -> &'static str {
        if !self.ids.is_empty() || !self.tags.is_empty() || self.snapshot.is_some() {
            // SQLite's own name for the primary key.
            "sqlite_autoindex_images_1"
        } else if !self.prefix().is_empty() {
            "images_by_name"
        } else {
            "images_by_age"
        }
    }
}

/// `FROM images WHERE …` for all that a filter asks, statuses included.
fn matches(filter: &Filter, owner: AccountId, region: &RegionId, values: &mut Vec<Value>) -> String {
    let mut push = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let (owner_n, region_n) = (push(owner.into()), push(region.as_str().into()));
    let mut sql = format!("FROM images /*by {}*/ WHERE owner = {owner_n} AND region = {region_n}", filter.index());
    if !filter.statuses.is_empty() {
        let among: Vec<String> = filter.statuses.iter().map(|status| push(status.as_str().into())).collect();
        sql.push_str(&format!(" AND status IN ({})", among.join(", ")));
    }
    sql.push_str(&residue(filter, owner, region, Lookup::OfAll, values));
    sql
}

/// The same rows of a list, counted from its nearer end, and the order in which to walk from there: what is skipped is
/// walked, so the last page costs what the first one does.
fn nearer(window: Window, total: u64) -> (Window, &'static str) {
    let after = total.saturating_sub(window.offset.saturating_add(window.limit));
    // Below a known place nothing is skipped, and the total says nothing of what is left.
    if window.offset <= after || window.below.is_some() {
        return (window, "DESC");
    }
    let limit = window.limit.min(total.saturating_sub(window.offset));
    (Window { offset: after, limit, below: None }, "ASC")
}

/// The statement that finds the ids of a page. Every branch is one range of one index, cut off at the page's end;
/// several statuses are as many ranges, merged.
fn inner(
    filter: &Filter,
    residue: &str,
    values: &mut Vec<Value>,
    (owner, region): (AccountId, &RegionId),
    window: Window,
    order: &str,
) -> String {
    let mut push = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let (owner, region) = (push(owner.into()), push(region.as_str().into()));
    let (limit, offset) = (push(window.limit.into()), push(window.offset.into()));
    let below = window.below.map_or_else(String::new, |seq| format!(" AND seq < {}", push(seq.into())));
    let branch = |status: Option<String>, end: &str| match status {
        None => format!(
            "SELECT id, seq FROM images /*by images_by_age*/ WHERE owner = {owner} AND region = {region}{below}{residue} \
             ORDER BY owner {order}, region {order}, seq {order} LIMIT {end}"
        ),
        Some(status) => format!(
            "SELECT id, seq FROM images /*by images_by_status*/ WHERE owner = {owner} AND region = {region} \
             AND status = {status}{below}{residue} ORDER BY owner {order}, region {order}, status {order}, seq {order} \
             LIMIT {end}"
        ),
    };
    let page = format!("{limit} OFFSET {offset}");
    match filter.statuses.as_slice() {
        [] => branch(None, &page),
        [status] => branch(Some(push(status.as_str().into())), &page),
        several => {
            let reach = push((window.limit.saturating_add(window.offset)).into());
            let branches: Vec<String> = several
                .iter()
                .map(|status| format!("SELECT * FROM ({}) AS one", branch(Some(push(status.as_str().into())), &reach)))
                .collect();
            let branches = branches.join(" UNION ALL ");
            format!("SELECT id, seq FROM ({branches}) AS merged ORDER BY seq {order} LIMIT {page}")
        }
    }
}

/// What a filter asks beside the status, as conditions on a row of `images`.
fn residue(filter: &Filter, owner: AccountId, region: &RegionId, how: Lookup, values: &mut Vec<Value>) -> String {
    let mut sql = String::new();
    let mut push = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    if !filter.ids.is_empty() {
        let among: Vec<String> = filter.ids.iter().map(|id| push(id.as_str().into())).collect();
        sql.push_str(&format!(" AND id IN ({})", among.join(", ")));
    }
    match &filter.name {
        Some(pattern) if pattern.contains('*') => {
            sql.push_str(&format!(" AND name LIKE {} ESCAPE '!'", push(like(pattern).into())));
            if !filter.prefix().is_empty() {
                // The last of all characters, which no name has, ends the range of the index.
                let (from, to) = (filter.prefix().to_owned(), format!("{}\u{10ffff}", filter.prefix()));
                sql.push_str(&format!(" AND name >= {} AND name < {}", push(from.into()), push(to.into())));
            }
        }
        Some(name) => sql.push_str(&format!(" AND name = {}", push(name.as_str().into()))),
        None => {}
    }
    let mut equals = |column: &str, wanted: Option<&str>| {
        if let Some(wanted) = wanted {
            sql.push_str(&format!(" AND {column} = {}", push(wanted.into())));
        }
    };
    equals("family", filter.family.as_deref());
    equals("architecture", filter.architecture.map(Architecture::as_str));
    equals("os_type", filter.os_type.map(OsType::as_str));
    equals("resource_group", filter.resource_group.as_deref());
    if let Some(snapshot) = &filter.snapshot {
        let snapshot = push(snapshot.as_str().into());
        sql.push_str(&format!(" AND id IN (SELECT image FROM backing_snapshots WHERE snapshot = {snapshot})"));
    }
    if let Some(from) = filter.created_from {
        // The second condition says nothing new; it is what the indexes of age understand.
        let first = age_sequence(from, 0);
        sql.push_str(&format!(" AND created >= {} AND seq >= {}", push(from.as_millis().into()), push(first.into())));
    }
    if let Some(to) = filter.created_to {
        let last = age_sequence(to, u32::MAX);
        sql.push_str(&format!(" AND created <= {} AND seq <= {}", push(to.as_millis().into()), push(last.into())));
    }
    if let Some(used) = filter.used {
        let not = if used { "" } else { "NOT " };
        sql.push_str(&format!(" AND id {not}IN (SELECT value FROM facets WHERE kind = 'instance' AND name = 'image')"));
    }
    let place = (owner, region, tags::IMAGE);
    tags::restrict(&mut sql, values, ("images.id", how), place, &filter.tags);
    sql
}

/// A pattern with `*` as a LIKE pattern with `!` as its escape.
pub(crate) fn like(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    for c in pattern.chars() {
        match c {
            '*' => text.push('%'),
            '%' | '_' | '!' => text.extend(['!', c]),
            other => text.push(other),
        }
    }
    text
}

fn filtered_total(tx: &mut Tx<'_>, owner: AccountId, region: &RegionId, filter: &Filter) -> Result<u64, Error> {
    let sql = "SELECT generation FROM image_generations WHERE owner = $1 AND region = $2";
    let row = tx.query_one(sql, values![owner, region.as_str()])?;
    let generation = row.map_or(Ok(0), |row| row.int(0))?;
    let name = format!("{owner}/{region}/{filter:?}");
    // Servers come and go without a change of any image: such a count is good once.
    let is_kept = filter.used.is_none();
    if is_kept
        && let Some((at, total)) = tx.counts().lock().get(&name)
        && *at == generation
    {
        return Ok(*total);
    }
    let mut values = Vec::new();
    let sql = format!("SELECT COUNT(*) {}", matches(filter, owner, region, &mut values));
    let total = tx.query_one(&sql, &values)?.map_or(Ok(0), |row| row.size(0))?;
    if !is_kept {
        return Ok(total);
    }
    let mut kept = tx.counts().lock();
    if kept.len() >= COUNTS_KEPT {
        kept.clear();
    }
    kept.insert(name, (generation, total));
    Ok(total)
}

fn counts(tx: &mut Tx<'_>, owner: AccountId, region: &RegionId) -> Result<Vec<(String, u64)>, Error> {
    let sql = "SELECT status, n FROM image_counts WHERE owner = $1 AND region = $2";
    let rows = tx.query(sql, values![owner, region.as_str()])?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.size(1)?))).collect()
}

fn count(tx: &mut Tx<'_>, image: &Image, status: ImageStatus, change: i64) -> Result<(), Error> {
    let sql = "INSERT INTO image_counts (owner, region, status, n) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (owner, region, status) DO UPDATE SET n = image_counts.n + $4";
    tx.execute(sql, values![image.owner, image.region.as_str(), status.as_str(), change])?;
    advance(tx, image)
}

fn advance(tx: &mut Tx<'_>, image: &Image) -> Result<(), Error> {
    let sql = "INSERT INTO image_generations (owner, region, generation) VALUES ($1, $2, 1) \
               ON CONFLICT (owner, region) DO UPDATE SET generation = image_generations.generation + 1";
    tx.execute(sql, values![image.owner, image.region.as_str()]).map(drop)
}

fn stored(row: &Row) -> Result<Stored, Error> {
    let mut image: Image = row.json(3)?;
    image.status = row.text(0)?.parse().map_err(|_| Error::corrupt("an image has an unknown status"))?;
    image.progress = u8::try_from(row.int(1)?).unwrap_or(100).min(100);
    Ok(Stored { image, generation: row.int(2)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_star_is_a_wildcard() {
        assert_eq!(like("web*_%!"), "web%!_!%!!");
    }

    #[test]
    fn a_page_is_reached_from_its_nearer_end() {
        let check = |offset, limit, total, expected: (u64, u64, &str)| {
            let (window, order) = nearer(Window { offset, limit, below: None }, total);
            assert_eq!((window.offset, window.limit, order), expected, "{offset} {limit} {total}");
        };
        check(0, 50, 100, (0, 50, "DESC"));
        check(50, 50, 100, (0, 50, "ASC"));
        check(49, 50, 100, (1, 50, "ASC"));
        check(90, 50, 100, (0, 10, "ASC"));
        check(0, 50, 10, (0, 50, "DESC"));
        check(5, u64::MAX, 10, (0, 5, "ASC"));
    }

    #[test]
    fn newer_images_come_first() {
        let early = age_sequence(Timestamp::from_millis(1_000), u32::MAX);
        let late = age_sequence(Timestamp::from_millis(1_001), 0);
        assert!(early < late);
    }
}
