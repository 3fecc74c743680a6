//! Tags by key, for filters and for ListTagResources. A resource's own page reads its tags from its record; both are
//! changed in one transaction.

use model::{AccountId, RegionId, Tag};

use crate::database::{Error, Meta, Row, Tx, Value, values};

/// A kind of resource that carries tags, in the words of `ResourceType`.
pub const IMAGE: &str = "image";

/// One tag of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaggedResource {
    /// The resource's id.
    pub resource: String,
    /// The tag's key.
    pub key: String,
    /// The tag's value.
    pub value: String,
}

/// What a filter asks of a resource's tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagFilter {
    /// The key that must be there.
    pub key: String,
    /// The values that it may have; any when empty.
    pub values: Vec<String>,
}

/// Replaces the tags of a resource.
pub fn replace(
    tx: &mut Tx<'_>,
    account: AccountId,
    region: &RegionId,
    kind: &str,
    resource: &str,
    tags: &[Tag],
) -> Result<(), Error> {
    let delete = "DELETE FROM tags WHERE account = $1 AND region = $2 AND kind = $3 AND resource = $4";
    tx.execute(delete, values![account, region.as_str(), kind, resource])?;
    let insert = "INSERT INTO tags (account, region, kind, tag_key, tag_value, resource) \
                  VALUES ($1, $2, $3, $4, $5, $6)";
    for Tag { key, value } in tags {
        tx.execute(insert, values![account, region.as_str(), kind, key.as_str(), value.as_str(), resource])?;
    }
    Ok(())
}

/// The tags of one resource, wherever it is, by key.
pub async fn of_resource(
    meta: &Meta,
    account: AccountId,
    kind: &str,
    resource: &str,
) -> Result<Vec<(String, String)>, Error> {
    let sql = "SELECT tag_key, tag_value FROM tags WHERE account = $1 AND kind = $2 AND resource = $3 ORDER BY tag_key";
    let rows = meta.query(sql, values![account, kind, resource]).await?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned()))).collect()
}

/// How a condition on tags finds the resources that have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// All resources that have them, at once.
    OfAll,
    /// Each row by itself: for walks that soon have what they want, while the other form first reads every tag that fits.
    OfRow,
}

/// Appends to `sql` the condition that the row's `column` names a resource with these tags.
pub(crate) fn restrict(
    sql: &mut String,
    values: &mut Vec<Value>,
    (column, how): (&str, Lookup),
    (account, region, kind): (AccountId, &RegionId, &str),
    filters: &[TagFilter],
) {
    let mut push = |value: Value| {
        values.push(value);
        format!("${}", values.len())
    };
    for TagFilter { key, values: accepted } in filters {
        let (account, region) = (push(account.into()), push(region.as_str().into()));
        let (kind, key) = (push(kind.into()), push(key.as_str().into()));
        let tagged =
            format!("FROM tags WHERE account = {account} AND region = {region} AND kind = {kind} AND tag_key = {key}");
        let among: Vec<String> = accepted.iter().map(|value| push(value.as_str().into())).collect();
        let valued = if among.is_empty() { String::new() } else { format!(" AND tag_value IN ({})", among.join(", ")) };
        sql.push_str(&match how {
            Lookup::OfAll => format!(" AND {column} IN (SELECT resource {tagged}{valued})"),
            // A value, not EXISTS: PostgreSQL would turn that into a join and read every tag after all.
            Lookup::OfRow => {
                format!(" AND (SELECT tag_key {tagged} AND resource = {column}{valued} LIMIT 1) IS NOT NULL")
            }
        });
    }
}

/// What ListTagResources asks for.
#[derive(Debug, Clone)]
pub struct Query {
    /// Whose resources.
    pub account: AccountId,
    /// Where.
    pub region: RegionId,
    /// Of which kind.
    pub kind: String,
    /// Only these resources; all when empty.
    pub resources: Vec<String>,
    /// Only resources with all of these tags.
    pub filters: Vec<TagFilter>,
    /// Only what comes after this resource and key.
    pub after: Option<(String, String)>,
    /// At most so many tags.
    pub limit: u64,
}

/// Tags of resources, ordered by resource and key.
pub fn list(tx: &mut Tx<'_>, query: &Query) -> Result<Vec<TaggedResource>, Error> {
    let Query { account, region, kind, resources, filters, after, limit } = query;
    let mut sql = "SELECT resource, tag_key, tag_value FROM tags \
                   WHERE account = $1 AND region = $2 AND kind = $3"
        .to_owned();
    let mut values = values![*account, region.as_str(), kind.as_str()].to_vec();
    if !resources.is_empty() {
        let among: Vec<String> = resources
            .iter()
            .map(|resource| {
                values.push(resource.as_str().into());
                format!("${}", values.len())
            })
            .collect();
        sql.push_str(&format!(" AND resource IN ({})", among.join(", ")));
    }
    restrict(&mut sql, &mut values, ("resource", Lookup::OfAll), (*account, region, kind), filters);
    if let Some((resource, key)) = after {
        values.push(resource.as_str().into());
        values.push(key.as_str().into());
        let (r, k) = (values.len() - 1, values.len());
        sql.push_str(&format!(" AND (resource, tag_key) > (${r}, ${k})"));
    }
    values.push((*limit).into());
    sql.push_str(&format!(" ORDER BY resource, tag_key LIMIT ${}", values.len()));
    tx.query(&sql, &values)?.iter().map(tagged).collect()
}

fn tagged(row: &Row) -> Result<TaggedResource, Error> {
    Ok(TaggedResource {
        resource: row.text(0)?.to_owned(),
        key: row.text(1)?.to_owned(),
        value: row.text(2)?.to_owned(),
    })
}
