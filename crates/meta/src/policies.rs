//! Custom policies with their versions, and which policy is attached to whom.
//!
//! System policies are not here: they are part of the program, and an attachment names one by its kind.
//!
//! A policy's record carries its default version, which every decision reads; the other versions stand in a table of
//! their own. A version is in one of the two places, never in both.

use model::{AccountId, Tag, Timestamp};
use serde::{Deserialize, Serialize};

use crate::database::{Error, Row, Tx, to_json, values};
use crate::identities::{Principal, advance_if};

/// A custom policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// What its default version says, as JSON text.
    pub document: String,
    /// What its owner says of it.
    pub description: String,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
    /// The number of its default version. Records of before there were versions have the first one.
    #[serde(default = "first")]
    pub default_version: u64,
    /// When its default version was made, unless that was when the policy was made.
    #[serde(default)]
    pub default_made: Option<Timestamp>,
    /// The number of its newest version; numbers are not used again.
    #[serde(default = "first")]
    pub newest_version: u64,
}

const fn first() -> u64 {
    1
}

impl Policy {
    /// A policy with its first version.
    pub fn new(name: String, document: String, description: String, now: Timestamp) -> Self {
        Self {
            name,
            document,
            description,
            tags: Vec::new(),
            created: now,
            updated: now,
            default_version: first(),
            default_made: None,
            newest_version: first(),
        }
    }

    /// Its default version.
    pub fn current(&self) -> Version {
        Version {
            number: self.default_version,
            document: self.document.clone(),
            created: self.default_made.unwrap_or(self.created),
            is_default: true,
        }
    }
}

/// A version of a custom policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its number, from 1.
    pub number: u64,
    /// What it says, as JSON text.
    pub document: String,
    /// When it was made.
    pub created: Timestamp,
    /// Whether it is the one that counts.
    pub is_default: bool,
}

/// Whether a policy is the service's or the account's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PolicyKind {
    /// Part of the service.
    System,
    /// Made by the account.
    Custom,
}

impl PolicyKind {
    /// The kind on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Custom => "Custom",
        }
    }

    /// Reads the kind from the wire.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "System" => Some(Self::System),
            "Custom" => Some(Self::Custom),
            _ => None,
        }
    }
}

/// A policy that is attached to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Whether the policy is the service's or the account's.
    pub kind: PolicyKind,
    /// The policy's name.
    pub policy: String,
    /// When it was attached.
    pub attached: Timestamp,
}

/// Whom a policy is attached to: the principal of an [`Attachment`], found from the policy's side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A user, by its id.
    User(String),
    /// A role, by its name in lower case.
    Role(String),
    /// A group, by its id.
    Group(String),
}

/// Adds a custom policy; false when the name is taken.
pub fn insert(tx: &mut Tx<'_>, account: AccountId, policy: &Policy) -> Result<bool, Error> {
    let sql = "INSERT INTO policies (account, name, record) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let changed = tx.execute(sql, values![account, policy.name.as_str(), to_json(policy)])?;
    advance_if(tx, account, changed)
}

/// The custom policy with this name.
pub fn get(tx: &mut Tx<'_>, account: AccountId, name: &str) -> Result<Option<Policy>, Error> {
    let sql = "SELECT record FROM policies WHERE account = $1 AND name = $2";
    tx.query_one(sql, values![account, name])?.map(|row| row.json(0)).transpose()
}

/// Replaces the record of a custom policy; false when there is none. Its versions must stay what they are:
/// [`add_version`] and [`set_default`] change them.
pub fn update(tx: &mut Tx<'_>, account: AccountId, policy: &Policy) -> Result<bool, Error> {
    let sql = "UPDATE policies SET record = $1 WHERE account = $2 AND name = $3";
    let changed = tx.execute(sql, values![to_json(policy), account, policy.name.as_str()])?;
    advance_if(tx, account, changed)
}

/// Deletes a custom policy with its versions; false when there is none. Its attachments must be gone.
pub fn delete(tx: &mut Tx<'_>, account: AccountId, name: &str) -> Result<bool, Error> {
    tx.execute("DELETE FROM policy_versions WHERE account = $1 AND policy = $2", values![account, name])?;
    let changed = tx.execute("DELETE FROM policies WHERE account = $1 AND name = $2", values![account, name])?;
    advance_if(tx, account, changed)
}

/// The account's custom policies after `marker` by name, at most `limit`.
pub fn list(tx: &mut Tx<'_>, account: AccountId, marker: &str, limit: u64) -> Result<Vec<Policy>, Error> {
    let sql = "SELECT record FROM policies WHERE account = $1 AND name > $2 ORDER BY name LIMIT $3";
    let rows = tx.query(sql, values![account, marker, limit])?;
    rows.iter().map(|row| row.json(0)).collect()
}

/// How many custom policies the account has.
pub fn count(tx: &mut Tx<'_>, account: AccountId) -> Result<u64, Error> {
    let row = tx.query_one("SELECT COUNT(*) FROM policies WHERE account = $1", values![account])?;
    row.map_or(Ok(0), |row| row.size(0))
}

/// Every version of a policy, the oldest first.
pub fn versions(tx: &mut Tx<'_>, account: AccountId, policy: &Policy) -> Result<Vec<Version>, Error> {
    let sql = "SELECT number, document, created FROM policy_versions WHERE account = $1 AND policy = $2";
    let rows = tx.query(sql, values![account, policy.name.as_str()])?;
    let mut versions = vec![policy.current()];
    for row in rows {
        let (document, created) = (row.text(1)?.to_owned(), Timestamp::from_millis(row.int(2)?));
        versions.push(Version { number: row.size(0)?, document, created, is_default: false });
    }
    versions.sort_by_key(|version| version.number);
    Ok(versions)
}

/// Adds a version to a policy, which does not count yet.
pub fn add_version(
    tx: &mut Tx<'_>,
    account: AccountId,
    policy: &mut Policy,
    document: &str,
    now: Timestamp,
) -> Result<Version, Error> {
    policy.newest_version += 1;
    policy.updated = now;
    let document = document.to_owned();
    let version = Version { number: policy.newest_version, document, created: now, is_default: false };
    store_version(tx, account, &policy.name, &version)?;
    update(tx, account, policy)?;
    Ok(version)
}

/// Makes another version of a policy the one that counts.
pub fn set_default(
    tx: &mut Tx<'_>,
    account: AccountId,
    policy: &mut Policy,
    version: &Version,
    now: Timestamp,
) -> Result<(), Error> {
    if version.number == policy.default_version {
        return Ok(());
    }
    store_version(tx, account, &policy.name, &policy.current())?;
    delete_version(tx, account, &policy.name, version.number)?;
    policy.default_version = version.number;
    policy.default_made = Some(version.created);
    policy.document.clone_from(&version.document);
    policy.updated = now;
    update(tx, account, policy).map(drop)
}

fn store_version(tx: &mut Tx<'_>, account: AccountId, policy: &str, version: &Version) -> Result<(), Error> {
    let sql = "INSERT INTO policy_versions (account, policy, number, document, created) VALUES ($1, $2, $3, $4, $5)";
    let Version { number, document, created, .. } = version;
    tx.execute(sql, values![account, policy, *number, document.as_str(), created.as_millis()]).map(drop)
}

/// Deletes a version that is not the default one; false when there is none.
pub fn delete_version(tx: &mut Tx<'_>, account: AccountId, policy: &str, number: u64) -> Result<bool, Error> {
    let sql = "DELETE FROM policy_versions WHERE account = $1 AND policy = $2 AND number = $3";
    let changed = tx.execute(sql, values![account, policy, number])?;
    advance_if(tx, account, changed)
}

/// Attaches a policy; false when it is attached already.
pub fn attach(
    tx: &mut Tx<'_>,
    account: AccountId,
    principal: Principal<'_>,
    attachment: &Attachment,
) -> Result<bool, Error> {
    let sql = "INSERT INTO attachments (account, principal, kind, policy, attached) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    let Attachment { kind, policy, attached } = attachment;
    let attached = attached.as_millis();
    let changed = tx.execute(sql, values![account, principal.key(), kind.as_str(), policy.as_str(), attached])?;
    advance_if(tx, account, changed)
}

/// Detaches a policy; false when it was not attached.
pub fn detach(
    tx: &mut Tx<'_>,
    account: AccountId,
    principal: Principal<'_>,
    kind: PolicyKind,
    policy: &str,
) -> Result<bool, Error> {
    let sql = "DELETE FROM attachments WHERE account = $1 AND principal = $2 AND kind = $3 AND policy = $4";
    let changed = tx.execute(sql, values![account, principal.key(), kind.as_str(), policy])?;
    advance_if(tx, account, changed)
}

/// The policies that are attached to a principal itself, by kind and name.
pub fn attachments(tx: &mut Tx<'_>, account: AccountId, principal: Principal<'_>) -> Result<Vec<Attachment>, Error> {
    let sql = "SELECT kind, policy, attached FROM attachments WHERE account = $1 AND principal = $2 \
               ORDER BY kind, policy";
    let rows = tx.query(sql, values![account, principal.key()])?;
    rows.iter()
        .map(|row| {
            let (policy, attached) = (row.text(1)?.to_owned(), Timestamp::from_millis(row.int(2)?));
            Ok(Attachment { kind: kind(row, 0)?, policy, attached })
        })
        .collect()
}

/// How often a policy is attached.
pub fn attachment_count(tx: &mut Tx<'_>, account: AccountId, kind: PolicyKind, policy: &str) -> Result<u64, Error> {
    let sql = "SELECT COUNT(*) FROM attachments WHERE account = $1 AND kind = $2 AND policy = $3";
    let row = tx.query_one(sql, values![account, kind.as_str(), policy])?;
    row.map_or(Ok(0), |row| row.size(0))
}

/// Whom a policy is attached to and since when, in a stable order.
pub fn holders(
    tx: &mut Tx<'_>,
    account: AccountId,
    kind: PolicyKind,
    policy: &str,
) -> Result<Vec<(Holder, Timestamp)>, Error> {
    let sql = "SELECT principal, attached FROM attachments WHERE account = $1 AND kind = $2 AND policy = $3 \
               ORDER BY principal";
    let rows = tx.query(sql, values![account, kind.as_str(), policy])?;
    rows.iter()
        .map(|row| {
            let holder = match row.text(0)?.split_once('/') {
                Some(("user", id)) => Holder::User(id.to_owned()),
                Some(("role", name)) => Holder::Role(name.to_owned()),
                Some(("group", id)) => Holder::Group(id.to_owned()),
                _ => return Err(Error::corrupt("a policy is attached to an unknown kind of principal")),
            };
            Ok((holder, Timestamp::from_millis(row.int(1)?)))
        })
        .collect()
}

/// The kind of policy in a column.
pub(crate) fn kind(row: &Row, column: usize) -> Result<PolicyKind, Error> {
    PolicyKind::parse(row.text(column)?).ok_or_else(|| Error::corrupt("an unknown kind of policy"))
}
