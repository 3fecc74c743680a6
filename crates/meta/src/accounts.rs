//! Accounts and their access keys.

use model::{AccountId, Timestamp};

use crate::database::{Error, Row, Tx, values};

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// Its name, unique on this deployment.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
}

/// An access key of an account's owner.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// Its id.
    pub id: String,
    /// Whose key it is.
    pub account: AccountId,
    /// The secret that signs.
    pub secret: String,
    /// False once it was disabled.
    pub active: bool,
    /// When it was made.
    pub created: Timestamp,
}

impl std::fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The secret never reaches a log.
        write!(f, "AccessKey({}, account {})", self.id, self.account)
    }
}

/// Adds an account; false when the name is taken.
pub fn insert(tx: &mut Tx<'_>, account: &Account) -> Result<bool, Error> {
    let sql = "INSERT INTO accounts (id, name, created) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let inserted = tx.execute(sql, values![account.id, account.name.as_str(), account.created.as_millis()])?;
    Ok(inserted == 1)
}

/// Every account, by name.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<Account>, Error> {
    let rows = tx.query("SELECT id, name, created FROM accounts ORDER BY name", values![])?;
    rows.iter().map(account).collect()
}

/// Adds an access key; false when there is one with this id.
pub fn insert_key(tx: &mut Tx<'_>, key: &AccessKey) -> Result<bool, Error> {
    let sql = "INSERT INTO access_keys (id, account, secret, active, created) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT DO NOTHING";
    let created = key.created.as_millis();
    let inserted = tx.execute(sql, values![key.id.as_str(), key.account, key.secret.as_str(), key.active, created])?;
    Ok(inserted == 1)
}

/// The access key with this id.
pub fn key(tx: &mut Tx<'_>, id: &str) -> Result<Option<AccessKey>, Error> {
    let sql = "SELECT id, account, secret, active, created FROM access_keys WHERE id = $1";
    let Some(row) = tx.query_one(sql, values![id])? else { return Ok(None) };
    Ok(Some(AccessKey {
        id: row.text(0)?.to_owned(),
        account: row.account(1)?,
        secret: row.text(2)?.to_owned(),
        active: row.int(3)? != 0,
        created: Timestamp::from_millis(row.int(4)?),
    }))
}

fn account(row: &Row) -> Result<Account, Error> {
    Ok(Account { id: row.account(0)?, name: row.text(1)?.to_owned(), created: Timestamp::from_millis(row.int(2)?) })
}
