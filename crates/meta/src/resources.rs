//! Resources: servers, disks, snapshots, networks and whatever else has an id, an owner and a region.
//!
//! Each kind is a type of `model` that says what it is found by ([`Record`], implemented in [`crate::kinds`]); the rows,
//! the lists and the rules of change are the same for all. What lists are filtered by stands in `facets`, one row a value,
//! maintained with the record in one transaction.

use model::{AccountId, RegionId, Tag, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::database::{Error, Meta, Page, Row, Tx, Value, to_json, values};
use crate::images::Window;
use crate::tags::{self, Lookup, TagFilter};

/// A kind of resource.
pub trait Record: Serialize + DeserializeOwned + Clone {
    /// The kind, in the words of `ResourceType`.
    const KIND: &'static str;

    /// Its id, never used for anything else.
    fn id(&self) -> &str;
    /// Whose it is.
    fn owner(&self) -> AccountId;
    /// Where it lives.
    fn region(&self) -> &RegionId;
    /// Its name; empty when it has none.
    fn name(&self) -> &str;
    /// Its tags.
    fn tags(&self) -> &[Tag] {
        &[]
    }
    /// What it is found by beside all that: names and values. An empty value is not kept.
    fn facets(&self) -> Vec<(&'static str, String)>;
}

/// A resource and the generation of its row, which a change must name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored<R> {
    /// The resource.
    pub record: R,
    /// Moves on with every change of the row.
    pub generation: i64,
    /// Its place in the order of age.
    pub seq: i64,
}

/// Which resources a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only these ids; any when none, nothing when empty.
    pub ids: Option<Vec<String>>,
    /// Only these names; `*` stands for any run of characters. Any when empty.
    pub names: Vec<String>,
    /// Only resources whose facet has one of these values.
    pub facets: Vec<(&'static str, Vec<String>)>,
    /// Only resources with all of these tags.
    pub tags: Vec<TagFilter>,
    /// Only resources made at or after this time.
    pub created_from: Option<Timestamp>,
    /// Only resources made at or before this time.
    pub created_to: Option<Timestamp>,
}

impl Filter {
    /// Narrows to resources whose facet has this value.
    pub fn with(mut self, facet: &'static str, value: impl Into<String>) -> Self {
        self.facets.push((facet, vec![value.into()]));
        self
    }
}

/// Adds a resource; false when its id was ever used.
pub fn insert<R: Record>(tx: &mut Tx<'_>, record: &R, seq: i64) -> Result<bool, Error> {
    if tx.query_one("SELECT id FROM tombstones WHERE id = $1", values![record.id()])?.is_some() {
        return Ok(false);
    }
    let sql = "INSERT INTO resources (id, kind, owner, region, name, seq, generation, record) \
               VALUES ($1, $2, $3, $4, $5, $6, 1, $7) ON CONFLICT DO NOTHING";
    let (owner, region) = (record.owner(), record.region());
    let values = values![record.id(), R::KIND, owner, region.as_str(), record.name(), seq, to_json(record)];
    if tx.execute(sql, values)? != 1 {
        return Ok(false);
    }
    put_facets::<R>(tx, record.id(), &record.facets())?;
    if !record.tags().is_empty() {
        tags::replace(tx, owner, region, R::KIND, record.id(), record.tags())?;
    }
    Ok(true)
}

/// The resource with this id, whoever's it is.
pub fn get<R: Record>(tx: &mut Tx<'_>, id: &str) -> Result<Option<Stored<R>>, Error> {
    let sql = "SELECT record, generation, seq FROM resources WHERE id = $1 AND kind = $2";
    let row = tx.query_one(sql, values![id, R::KIND])?;
    row.as_ref().map(stored).transpose()
}

/// Where an account's resource of any kind is; none when it has none with this id.
pub async fn region_of(meta: &Meta, owner: AccountId, id: &str) -> Result<Option<String>, Error> {
    let sql = "SELECT region FROM resources WHERE id = $1 AND owner = $2";
    let rows = meta.query(sql, values![id, owner]).await?;
    rows.first().map(|row| row.text(0).map(str::to_owned)).transpose()
}

/// The owner's resource with this name in a region.
pub fn by_name<R: Record>(
    tx: &mut Tx<'_>,
    owner: AccountId,
    region: &RegionId,
    name: &str,
) -> Result<Option<Stored<R>>, Error> {
    let sql = "SELECT record, generation, seq FROM resources \
               WHERE kind = $1 AND owner = $2 AND region = $3 AND name = $4 LIMIT 1";
    let row = tx.query_one(sql, values![R::KIND, owner, region.as_str(), name])?;
    row.as_ref().map(stored).transpose()
}

/// Replaces a resource's row if nobody changed it since it was read; false when somebody did.
pub fn update<R: Record>(tx: &mut Tx<'_>, before: &Stored<R>, record: &R) -> Result<bool, Error> {
    let sql = "UPDATE resources SET name = $1, record = $2, generation = generation + 1 \
               WHERE id = $3 AND generation = $4";
    let values = values![record.name(), to_json(record), record.id(), before.generation];
    if tx.execute(sql, values)? != 1 {
        return Ok(false);
    }
    let facets = record.facets();
    if facets != before.record.facets() {
        tx.execute("DELETE FROM facets WHERE resource = $1", values![record.id()])?;
        put_facets::<R>(tx, record.id(), &facets)?;
    }
    if record.tags() != before.record.tags() {
        tags::replace(tx, record.owner(), record.region(), R::KIND, record.id(), record.tags())?;
    }
    Ok(true)
}

/// Deletes a resource's row and keeps its id from being used again; false when it changed since it was read.
pub fn delete<R: Record>(tx: &mut Tx<'_>, before: &Stored<R>, now: Timestamp) -> Result<bool, Error> {
    let record = &before.record;
    let sql = "DELETE FROM resources WHERE id = $1 AND generation = $2";
    if tx.execute(sql, values![record.id(), before.generation])? != 1 {
        return Ok(false);
    }
    tx.execute("DELETE FROM facets WHERE resource = $1", values![record.id()])?;
    let bury = "INSERT INTO tombstones (id, deleted) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    tx.execute(bury, values![record.id(), now.as_millis()])?;
    if !record.tags().is_empty() {
        tags::replace(tx, record.owner(), record.region(), R::KIND, record.id(), &[])?;
    }
    Ok(true)
}

/// One page of an owner's resources in a region, newest first.
pub fn list<R: Record>(
    tx: &mut Tx<'_>,
    owner: AccountId,
    region: &RegionId,
    filter: &Filter,
    window: Window,
) -> Result<Page<R>, Error> {
    let mut values = values![R::KIND, owner, region.as_str()].to_vec();
    let mut conditions = String::new();
    let mut push = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    let mut among = |texts: &[String]| {
        let texts: Vec<String> = texts.iter().map(|text| push(text.as_str().into())).collect();
        // An empty list matches nothing; not every database takes `IN ()`.
        if texts.is_empty() { "('')".to_owned() } else { format!("({})", texts.join(", ")) }
    };
    if let Some(ids) = &filter.ids {
        conditions.push_str(&format!(" AND id IN {}", among(ids)));
    }
    let (patterns, names): (Vec<String>, Vec<String>) =
        filter.names.iter().cloned().partition(|name| name.contains('*'));
    if !filter.names.is_empty() {
        let mut either = vec![format!("name IN {}", among(&names))];
        let likes = patterns.iter().map(|pattern| among(&[crate::images::like(pattern)]));
        either.extend(likes.map(|pattern| format!("name LIKE {pattern} ESCAPE '!'")));
        conditions.push_str(&format!(" AND ({})", either.join(" OR ")));
    }
    for (facet, accepted) in &filter.facets {
        let (facet, accepted) = (among(&[(*facet).to_owned()]), among(accepted));
        conditions.push_str(&format!(
            " AND id IN (SELECT resource FROM facets WHERE kind = $1 AND name = {facet} AND value IN {accepted})"
        ));
    }
    // A row's place in the order of age begins with the time.
    if let Some(from) = filter.created_from {
        conditions.push_str(&format!(" AND seq >= {}", push(crate::images::age_sequence(from, 0).into())));
    }
    if let Some(to) = filter.created_to {
        conditions.push_str(&format!(" AND seq <= {}", push(crate::images::age_sequence(to, u32::MAX).into())));
    }
    tags::restrict(&mut conditions, &mut values, ("id", Lookup::OfAll), (owner, region, R::KIND), &filter.tags);
    let from = format!("FROM resources WHERE kind = $1 AND owner = $2 AND region = $3{conditions}");
    let total = tx.query_one(&format!("SELECT COUNT(*) {from}"), &values)?.map_or(Ok(0), |row| row.size(0))?;
    let mut from = from;
    if let Some(below) = window.below {
        values.push(below.into());
        from.push_str(&format!(" AND seq < ${}", values.len()));
    }
    values.extend([window.limit.into(), window.offset.into()]);
    let (limit, offset) = (values.len() - 1, values.len());
    let sql =
        format!("SELECT record, generation, seq {from} ORDER BY seq DESC, id DESC LIMIT ${limit} OFFSET ${offset}");
    let found: Vec<Stored<R>> = tx.query(&sql, &values)?.iter().map(stored).collect::<Result<_, Error>>()?;
    let is_full = found.len() as u64 == window.limit;
    let last = found.last().filter(|_| is_full).map(|last| last.seq);
    Ok(Page { items: found.into_iter().map(|stored| stored.record).collect(), total, last })
}

/// Every resource of a kind with this facet, of whatever owner and region, oldest first.
pub fn all_with<R: Record>(tx: &mut Tx<'_>, facet: &str, value: &str) -> Result<Vec<Stored<R>>, Error> {
    let sql = "SELECT record, generation, seq FROM resources WHERE kind = $1 AND id IN \
               (SELECT resource FROM facets WHERE kind = $1 AND name = $2 AND value = $3) ORDER BY seq, id";
    tx.query(sql, values![R::KIND, facet, value])?.iter().map(stored).collect()
}

/// How many resources of a kind have this facet, of whatever owner and region.
pub fn count_with<R: Record>(tx: &mut Tx<'_>, facet: &str, value: &str) -> Result<u64, Error> {
    let sql = "SELECT COUNT(*) FROM facets WHERE kind = $1 AND name = $2 AND value = $3";
    tx.query_one(sql, values![R::KIND, facet, value])?.map_or(Ok(0), |row| row.size(0))
}

/// How many resources of a kind an owner has in a region.
pub fn total<R: Record>(tx: &mut Tx<'_>, owner: AccountId, region: &RegionId) -> Result<u64, Error> {
    let sql = "SELECT COUNT(*) FROM resources WHERE kind = $1 AND owner = $2 AND region = $3";
    tx.query_one(sql, values![R::KIND, owner, region.as_str()])?.map_or(Ok(0), |row| row.size(0))
}

/// Gives an address of the host away; false when it is given already.
pub fn take_address(tx: &mut Tx<'_>, address: &str, holder: &str) -> Result<bool, Error> {
    let sql = "INSERT INTO addresses (address, holder) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, values![address, holder])? == 1)
}

/// Takes every address back that a holder has.
pub fn free_addresses(tx: &mut Tx<'_>, holder: &str) -> Result<(), Error> {
    tx.execute("DELETE FROM addresses WHERE holder = $1", values![holder]).map(drop)
}

fn put_facets<R: Record>(tx: &mut Tx<'_>, id: &str, facets: &[(&'static str, String)]) -> Result<(), Error> {
    let sql = "INSERT INTO facets (kind, name, value, resource) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    for (name, value) in facets.iter().filter(|(_, value)| !value.is_empty()) {
        tx.execute(sql, values![R::KIND, *name, value.as_str(), id])?;
    }
    Ok(())
}

fn stored<R: Record>(row: &Row) -> Result<Stored<R>, Error> {
    Ok(Stored { record: row.json(0)?, generation: row.int(1)?, seq: row.int(2)? })
}
