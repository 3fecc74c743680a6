//! Roles, custom policies, and which policy is attached to which role.
//!
//! Names of roles are compared in any case and shown as they were written. System policies are not here: they are part
//! of the program, and an attachment names one by its kind.

use model::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::database::{Error, Tx, to_json, values};

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
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
}

/// A custom policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// What it says, as JSON text.
    pub document: String,
    /// What its owner says of it.
    pub description: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
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

/// A policy that is attached to a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Whether the policy is the service's or the account's.
    pub kind: PolicyKind,
    /// The policy's name.
    pub policy: String,
    /// When it was attached.
    pub attached: Timestamp,
}

/// Adds a role; false when the name is taken.
pub fn insert(tx: &mut Tx<'_>, account: AccountId, role: &Role) -> Result<bool, Error> {
    let sql = "INSERT INTO roles (account, lower_name, record) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, values![account, role.name.to_lowercase(), to_json(role)])? == 1)
}

/// The role with this name.
pub fn get(tx: &mut Tx<'_>, account: AccountId, name: &str) -> Result<Option<Role>, Error> {
    let sql = "SELECT record FROM roles WHERE account = $1 AND lower_name = $2";
    tx.query_one(sql, values![account, name.to_lowercase()])?.map(|row| row.json(0)).transpose()
}

/// Replaces the record of a role; false when there is none.
pub fn update(tx: &mut Tx<'_>, account: AccountId, role: &Role) -> Result<bool, Error> {
    let sql = "UPDATE roles SET record = $1 WHERE account = $2 AND lower_name = $3";
    Ok(tx.execute(sql, values![to_json(role), account, role.name.to_lowercase()])? == 1)
}

/// Deletes a role; false when there is none. Its attachments must be gone.
pub fn delete(tx: &mut Tx<'_>, account: AccountId, name: &str) -> Result<bool, Error> {
    let sql = "DELETE FROM roles WHERE account = $1 AND lower_name = $2";
    Ok(tx.execute(sql, values![account, name.to_lowercase()])? == 1)
}

/// The account's roles after `marker` by name, at most `limit`.
pub fn list(tx: &mut Tx<'_>, account: AccountId, marker: &str, limit: u64) -> Result<Vec<Role>, Error> {
    let sql = "SELECT record FROM roles WHERE account = $1 AND lower_name > $2 ORDER BY lower_name LIMIT $3";
    let rows = tx.query(sql, values![account, marker.to_lowercase(), limit])?;
    rows.iter().map(|row| row.json(0)).collect()
}

/// Adds a custom policy; false when the name is taken.
pub fn insert_policy(tx: &mut Tx<'_>, account: AccountId, policy: &Policy) -> Result<bool, Error> {
    let sql = "INSERT INTO policies (account, name, record) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, values![account, policy.name.as_str(), to_json(policy)])? == 1)
}

/// The custom policy with this name.
pub fn policy(tx: &mut Tx<'_>, account: AccountId, name: &str) -> Result<Option<Policy>, Error> {
    let sql = "SELECT record FROM policies WHERE account = $1 AND name = $2";
    tx.query_one(sql, values![account, name])?.map(|row| row.json(0)).transpose()
}

/// Deletes a custom policy; false when there is none.
pub fn delete_policy(tx: &mut Tx<'_>, account: AccountId, name: &str) -> Result<bool, Error> {
    let sql = "DELETE FROM policies WHERE account = $1 AND name = $2";
    Ok(tx.execute(sql, values![account, name])? == 1)
}

/// The account's custom policies after `marker` by name, at most `limit`.
pub fn policies(tx: &mut Tx<'_>, account: AccountId, marker: &str, limit: u64) -> Result<Vec<Policy>, Error> {
    let sql = "SELECT record FROM policies WHERE account = $1 AND name > $2 ORDER BY name LIMIT $3";
    let rows = tx.query(sql, values![account, marker, limit])?;
    rows.iter().map(|row| row.json(0)).collect()
}

/// How often a policy is attached.
pub fn attachment_count(tx: &mut Tx<'_>, account: AccountId, kind: PolicyKind, policy: &str) -> Result<u64, Error> {
    let sql = "SELECT COUNT(*) FROM role_policies WHERE account = $1 AND kind = $2 AND policy = $3";
    let row = tx.query_one(sql, values![account, kind.as_str(), policy])?;
    row.map_or(Ok(0), |row| row.size(0))
}

/// Attaches a policy to a role; false when it is attached already.
pub fn attach(tx: &mut Tx<'_>, account: AccountId, role: &str, attachment: &Attachment) -> Result<bool, Error> {
    let sql = "INSERT INTO role_policies (account, lower_role, kind, policy, attached) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    let Attachment { kind, policy, attached } = attachment;
    let attached = attached.as_millis();
    let values = values![account, role.to_lowercase(), kind.as_str(), policy.as_str(), attached];
    Ok(tx.execute(sql, values)? == 1)
}

/// Detaches a policy from a role; false when it was not attached.
pub fn detach(tx: &mut Tx<'_>, account: AccountId, role: &str, kind: PolicyKind, policy: &str) -> Result<bool, Error> {
    let sql = "DELETE FROM role_policies WHERE account = $1 AND lower_role = $2 AND kind = $3 AND policy = $4";
    Ok(tx.execute(sql, values![account, role.to_lowercase(), kind.as_str(), policy])? == 1)
}

/// The policies that are attached to a role.
pub fn attachments(tx: &mut Tx<'_>, account: AccountId, role: &str) -> Result<Vec<Attachment>, Error> {
    let sql = "SELECT kind, policy, attached FROM role_policies WHERE account = $1 AND lower_role = $2 \
               ORDER BY kind, policy";
    let rows = tx.query(sql, values![account, role.to_lowercase()])?;
    rows.iter()
        .map(|row| {
            let kind = PolicyKind::parse(row.text(0)?).ok_or_else(|| Error::corrupt("an unknown kind of policy"))?;
            let attached = Timestamp::from_millis(row.int(2)?);
            Ok(Attachment { kind, policy: row.text(1)?.to_owned(), attached })
        })
        .collect()
}
