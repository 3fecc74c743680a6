//! Roles: what may be assumed, and by whom.
//!
//! Names are compared in any case and shown as they were written. A role keeps its name, so that what is attached to it
//! names it so ([`policies`](crate::policies)).

use model::{AccountId, Tag, Timestamp};
use serde::{Deserialize, Serialize};

use crate::database::{Error, Tx, to_json, values};
use crate::identities::advance_if;

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Its name as it was written.
    pub name: String,
    /// Its number.
    pub id: String,
    /// Who may assume it, as JSON text.
    pub trust: String,
    /// What its owner says of it.
    pub description: String,
    /// How long a session may last, in seconds.
    pub max_session_seconds: u32,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
}

/// Adds a role; false when the name is taken.
pub fn insert(tx: &mut Tx<'_>, account: AccountId, role: &Role) -> Result<bool, Error> {
    let sql = "INSERT INTO roles (account, lower_name, record) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let changed = tx.execute(sql, values![account, role.name.to_lowercase(), to_json(role)])?;
    advance_if(tx, account, changed)
}

/// The role with this name.
pub fn get(tx: &mut Tx<'_>, account: AccountId, name: &str) -> Result<Option<Role>, Error> {
    let sql = "SELECT record FROM roles WHERE account = $1 AND lower_name = $2";
    tx.query_one(sql, values![account, name.to_lowercase()])?.map(|row| row.json(0)).transpose()
}

/// Replaces the record of a role; false when there is none.
pub fn update(tx: &mut Tx<'_>, account: AccountId, role: &Role) -> Result<bool, Error> {
    let sql = "UPDATE roles SET record = $1 WHERE account = $2 AND lower_name = $3";
    let changed = tx.execute(sql, values![to_json(role), account, role.name.to_lowercase()])?;
    advance_if(tx, account, changed)
}

/// Deletes a role; false when there is none. Its attachments must be gone.
pub fn delete(tx: &mut Tx<'_>, account: AccountId, name: &str) -> Result<bool, Error> {
    let sql = "DELETE FROM roles WHERE account = $1 AND lower_name = $2";
    let changed = tx.execute(sql, values![account, name.to_lowercase()])?;
    advance_if(tx, account, changed)
}

/// The account's roles after `marker` by name, at most `limit`.
pub fn list(tx: &mut Tx<'_>, account: AccountId, marker: &str, limit: u64) -> Result<Vec<Role>, Error> {
    let sql = "SELECT record FROM roles WHERE account = $1 AND lower_name > $2 ORDER BY lower_name LIMIT $3";
    let rows = tx.query(sql, values![account, marker.to_lowercase(), limit])?;
    rows.iter().map(|row| row.json(0)).collect()
}

/// How many roles the account has.
pub fn count(tx: &mut Tx<'_>, account: AccountId) -> Result<u64, Error> {
    let row = tx.query_one("SELECT COUNT(*) FROM roles WHERE account = $1", values![account])?;
    row.map_or(Ok(0), |row| row.size(0))
}
