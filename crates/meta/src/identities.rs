//! Users and groups of an account, who is in which group, and what each may do.
//!
//! Names are compared in any case and shown as they were written. Everything that hangs on a user or a group (keys,
//! memberships, attached policies) names its id, so that a new name moves nothing.
//!
//! Whatever changes in an account's RAM, here and in [`roles`](crate::roles), [`policies`] and the keys of
//! [`accounts`](crate::accounts), advances the account's [`generation`] in the same transaction: what was derived from
//! one generation is true as long as the generation stands.

use model::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::accounts::{self, AccessKey};
use crate::database::{Error, Row, Tx, to_json, values};
use crate::policies::{self, PolicyKind};

/// A user of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its name as it was written.
    pub name: String,
    /// Its number.
    pub id: String,
    /// What it is called on pages.
    pub display_name: String,
    /// Where it gets mail.
    pub email: String,
    /// Its telephone, as `country-number`.
    pub mobile_phone: String,
    /// What its account says of it.
    pub comments: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
}

/// A group of users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its name as it was written.
    pub name: String,
    /// Its id.
    pub id: String,
    /// What its account says of it.
    pub comments: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
}

/// What policies are attached to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Principal<'a> {
    /// A user, by its id.
    User(&'a str),
    /// A role, by its name in any case.
    Role(&'a str),
    /// A group, by its id.
    Group(&'a str),
}

impl Principal<'_> {
    /// The principal in the records.
    pub fn key(self) -> String {
        match self {
            Self::User(id) => format!("user/{id}"),
            Self::Role(name) => format!("role/{}", name.to_lowercase()),
            Self::Group(id) => format!("group/{id}"),
        }
    }
}

/// A policy that speaks for a principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Whether the policy is the service's or the account's.
    pub kind: PolicyKind,
    /// The policy's name.
    pub policy: String,
    /// What its default version says, as JSON text; none for the service's policies, which are part of the program.
    pub document: Option<String>,
    /// The name of the group that a user has it through.
    pub group: Option<String>,
}

/// How often anything in the account's RAM has changed.
pub fn generation(tx: &mut Tx<'_>, account: AccountId) -> Result<i64, Error> {
    let sql = "SELECT generation FROM ram_generations WHERE account = $1";
    tx.query_one(sql, values![account])?.map_or(Ok(0), |row| row.int(0))
}

/// Says that something in the account's RAM has changed.
pub(crate) fn advance(tx: &mut Tx<'_>, account: AccountId) -> Result<(), Error> {
    let sql = "INSERT INTO ram_generations (account, generation) VALUES ($1, 1) \
               ON CONFLICT (account) DO UPDATE SET generation = ram_generations.generation + 1";
    tx.execute(sql, values![account]).map(drop)
}

/// [`advance`] when a statement changed a row, and whether it did.
pub(crate) fn advance_if(tx: &mut Tx<'_>, account: AccountId, changed: u64) -> Result<bool, Error> {
    if changed > 0 {
        advance(tx, account)?;
    }
    Ok(changed > 0)
}

/// An access key, the user whose it is, and [`generation`] of their account: everything that every call asks, at once.
pub fn by_key(tx: &mut Tx<'_>, id: &str) -> Result<Option<(AccessKey, Option<User>, i64)>, Error> {
    let sql = "SELECT access_keys.id, access_keys.account, owner, secret, active, created, COALESCE(generation, 0), \
               COALESCE(record, '') FROM access_keys \
               LEFT JOIN users ON owner <> '' AND users.account = access_keys.account AND users.id = owner \
               LEFT JOIN ram_generations ON ram_generations.account = access_keys.account WHERE access_keys.id = $1";
    let Some(row) = tx.query_one(sql, values![id])? else { return Ok(None) };
    let user = if row.text(7)?.is_empty() { None } else { Some(row.json(7)?) };
    Ok(Some((accounts::access_key(&row)?, user, row.int(6)?)))
}

/// What speaks for a principal: for a user its own policies and then those of its groups, by name.
pub fn grants(tx: &mut Tx<'_>, account: AccountId, principal: Principal<'_>) -> Result<Vec<Grant>, Error> {
    let own = "SELECT attachments.kind, policy, record FROM attachments LEFT JOIN policies \
               ON attachments.kind = 'Custom' AND policies.account = attachments.account AND policies.name = policy \
               WHERE attachments.account = $1 AND principal = $2 ORDER BY attachments.kind, policy";
    let mut grants = Vec::new();
    for row in tx.query(own, values![account, principal.key()])? {
        grants.push(grant(&row, None)?);
    }
    if let Principal::User(id) = principal {
        for (group, _) in groups_of(tx, account, id)? {
            for row in tx.query(own, values![account, Principal::Group(&group.id).key()])? {
                grants.push(grant(&row, Some(group.name.clone()))?);
            }
        }
    }
    Ok(grants)
}

fn grant(row: &Row, group: Option<String>) -> Result<Grant, Error> {
    let kind = policies::kind(row, 0)?;
    let document = match kind {
        PolicyKind::System => None,
        PolicyKind::Custom => Some(row.json::<policies::Policy>(2)?.document),
    };
    Ok(Grant { kind, policy: row.text(1)?.to_owned(), document, group })
}

/// Adds a user; false when the name is taken.
pub fn insert_user(tx: &mut Tx<'_>, account: AccountId, user: &User) -> Result<bool, Error> {
    let sql = "INSERT INTO users (account, lower_name, id, record) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    let changed = tx.execute(sql, values![account, user.name.to_lowercase(), user.id.as_str(), to_json(user)])?;
    advance_if(tx, account, changed)
}

/// The user with this id.
pub fn user_by_id(tx: &mut Tx<'_>, account: AccountId, id: &str) -> Result<Option<User>, Error> {
    let sql = "SELECT record FROM users WHERE account = $1 AND id = $2";
    tx.query_one(sql, values![account, id])?.map(|row| row.json(0)).transpose()
}

/// The user with this name.
pub fn user_by_name(tx: &mut Tx<'_>, account: AccountId, name: &str) -> Result<Option<User>, Error> {
    let sql = "SELECT record FROM users WHERE account = $1 AND lower_name = $2";
    tx.query_one(sql, values![account, name.to_lowercase()])?.map(|row| row.json(0)).transpose()
}

/// Replaces the record of the user with this id; false when another user has its new name.
pub fn update_user(tx: &mut Tx<'_>, account: AccountId, user: &User) -> Result<bool, Error> {
    if user_by_name(tx, account, &user.name)?.is_some_and(|other| other.id != user.id) {
        return Ok(false);
    }
    let sql = "UPDATE users SET lower_name = $1, record = $2 WHERE account = $3 AND id = $4";
    let changed = tx.execute(sql, values![user.name.to_lowercase(), to_json(user), account, user.id.as_str()])?;
    advance_if(tx, account, changed)
}

/// Deletes a user; false when there is none. What hangs on it must be gone.
pub fn delete_user(tx: &mut Tx<'_>, account: AccountId, id: &str) -> Result<bool, Error> {
    let changed = tx.execute("DELETE FROM users WHERE account = $1 AND id = $2", values![account, id])?;
    advance_if(tx, account, changed)
}

/// The account's users after `marker` by name, at most `limit`.
pub fn users(tx: &mut Tx<'_>, account: AccountId, marker: &str, limit: u64) -> Result<Vec<User>, Error> {
    let sql = "SELECT record FROM users WHERE account = $1 AND lower_name > $2 ORDER BY lower_name LIMIT $3";
    let rows = tx.query(sql, values![account, marker.to_lowercase(), limit])?;
    rows.iter().map(|row| row.json(0)).collect()
}

/// How many users the account has.
pub fn user_count(tx: &mut Tx<'_>, account: AccountId) -> Result<u64, Error> {
    let row = tx.query_one("SELECT COUNT(*) FROM users WHERE account = $1", values![account])?;
    row.map_or(Ok(0), |row| row.size(0))
}

/// Adds a group; false when the name is taken.
pub fn insert_group(tx: &mut Tx<'_>, account: AccountId, group: &Group) -> Result<bool, Error> {
    let sql =
        "INSERT INTO user_groups (account, lower_name, id, record) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    let changed = tx.execute(sql, values![account, group.name.to_lowercase(), group.id.as_str(), to_json(group)])?;
    advance_if(tx, account, changed)
}

/// The group with this id.
pub fn group_by_id(tx: &mut Tx<'_>, account: AccountId, id: &str) -> Result<Option<Group>, Error> {
    let sql = "SELECT record FROM user_groups WHERE account = $1 AND id = $2";
    tx.query_one(sql, values![account, id])?.map(|row| row.json(0)).transpose()
}

/// The group with this name.
pub fn group_by_name(tx: &mut Tx<'_>, account: AccountId, name: &str) -> Result<Option<Group>, Error> {
    let sql = "SELECT record FROM user_groups WHERE account = $1 AND lower_name = $2";
    tx.query_one(sql, values![account, name.to_lowercase()])?.map(|row| row.json(0)).transpose()
}

/// Replaces the record of the group with this id; false when another group has its new name.
pub fn update_group(tx: &mut Tx<'_>, account: AccountId, group: &Group) -> Result<bool, Error> {
    if group_by_name(tx, account, &group.name)?.is_some_and(|other| other.id != group.id) {
        return Ok(false);
    }
    let sql = "UPDATE user_groups SET lower_name = $1, record = $2 WHERE account = $3 AND id = $4";
    let changed = tx.execute(sql, values![group.name.to_lowercase(), to_json(group), account, group.id.as_str()])?;
    advance_if(tx, account, changed)
}

/// Deletes a group; false when there is none. What hangs on it must be gone.
pub fn delete_group(tx: &mut Tx<'_>, account: AccountId, id: &str) -> Result<bool, Error> {
    let changed = tx.execute("DELETE FROM user_groups WHERE account = $1 AND id = $2", values![account, id])?;
    advance_if(tx, account, changed)
}

/// The account's groups after `marker` by name, at most `limit`.
pub fn groups(tx: &mut Tx<'_>, account: AccountId, marker: &str, limit: u64) -> Result<Vec<Group>, Error> {
    let sql = "SELECT record FROM user_groups WHERE account = $1 AND lower_name > $2 ORDER BY lower_name LIMIT $3";
    let rows = tx.query(sql, values![account, marker.to_lowercase(), limit])?;
    rows.iter().map(|row| row.json(0)).collect()
}

/// How many groups the account has.
pub fn group_count(tx: &mut Tx<'_>, account: AccountId) -> Result<u64, Error> {
    let row = tx.query_one("SELECT COUNT(*) FROM user_groups WHERE account = $1", values![account])?;
    row.map_or(Ok(0), |row| row.size(0))
}

/// Puts a user into a group, both by id; false when it is in it already.
pub fn join(tx: &mut Tx<'_>, account: AccountId, user: &str, group: &str, now: Timestamp) -> Result<bool, Error> {
    let sql = "INSERT INTO memberships (account, member, team, joined) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    let changed = tx.execute(sql, values![account, user, group, now.as_millis()])?;
    advance_if(tx, account, changed)
}

/// Takes a user out of a group, both by id; false when it is not in it.
pub fn leave(tx: &mut Tx<'_>, account: AccountId, user: &str, group: &str) -> Result<bool, Error> {
    let sql = "DELETE FROM memberships WHERE account = $1 AND member = $2 AND team = $3";
    let changed = tx.execute(sql, values![account, user, group])?;
    advance_if(tx, account, changed)
}

/// The groups that a user is in and since when, by name.
pub fn groups_of(tx: &mut Tx<'_>, account: AccountId, user: &str) -> Result<Vec<(Group, Timestamp)>, Error> {
    let sql = "SELECT record, joined FROM memberships JOIN user_groups \
               ON user_groups.account = memberships.account AND user_groups.id = team \
               WHERE memberships.account = $1 AND member = $2 ORDER BY lower_name";
    let rows = tx.query(sql, values![account, user])?;
    rows.iter().map(|row| Ok((row.json(0)?, Timestamp::from_millis(row.int(1)?)))).collect()
}

/// The users in a group and since when, after `marker` by name, at most `limit`.
pub fn members(
    tx: &mut Tx<'_>,
    account: AccountId,
    group: &str,
    marker: &str,
    limit: u64,
) -> Result<Vec<(User, Timestamp)>, Error> {
    let sql = "SELECT record, joined FROM memberships JOIN users \
               ON users.account = memberships.account AND users.id = member \
               WHERE memberships.account = $1 AND team = $2 AND lower_name > $3 ORDER BY lower_name LIMIT $4";
    let rows = tx.query(sql, values![account, group, marker.to_lowercase(), limit])?;
    rows.iter().map(|row| Ok((row.json(0)?, Timestamp::from_millis(row.int(1)?)))).collect()
}
