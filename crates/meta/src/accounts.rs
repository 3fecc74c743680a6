//! Accounts and their access keys.

use model::{AccountId, Timestamp};

use crate::database::{Error, Row, Tx, values};
use crate::identities::advance_if;

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

/// An access key, of an account's owner or of one of its users.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// Its id.
    pub id: String,
    /// Whose key it is.
    pub account: AccountId,
    /// The id of the user that it speaks for; none for the account itself.
    pub user: Option<String>,
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
    let sql = "INSERT INTO access_keys (id, account, owner, secret, active, created) VALUES ($1, $2, $3, $4, $5, $6) \
               ON CONFLICT DO NOTHING";
    let (owner, created) = (key.user.as_deref().unwrap_or_default(), key.created.as_millis());
    let values = values![key.id.as_str(), key.account, owner, key.secret.as_str(), key.active, created];
    let changed = tx.execute(sql, values)?;
    advance_if(tx, key.account, changed)
}

/// The access key with this id.
pub fn key(tx: &mut Tx<'_>, id: &str) -> Result<Option<AccessKey>, Error> {
    let sql = "SELECT id, account, owner, secret, active, created FROM access_keys WHERE id = $1";
    tx.query_one(sql, values![id])?.as_ref().map(access_key).transpose()
}

/// The keys of a user, or of the account itself, the oldest first.
pub fn keys_of(tx: &mut Tx<'_>, account: AccountId, user: Option<&str>) -> Result<Vec<AccessKey>, Error> {
    let sql = "SELECT id, account, owner, secret, active, created FROM access_keys WHERE account = $1 AND owner = $2 \
               ORDER BY created, id";
    tx.query(sql, values![account, user.unwrap_or_default()])?.iter().map(access_key).collect()
}

/// Enables or disables a key of a user, or of the account itself; false when there is none.
pub fn set_key_active(
    tx: &mut Tx<'_>,
    account: AccountId,
    user: Option<&str>,
    id: &str,
    active: bool,
) -> Result<bool, Error> {
    let sql = "UPDATE access_keys SET active = $1 WHERE id = $2 AND account = $3 AND owner = $4";
    let changed = tx.execute(sql, values![active, id, account, user.unwrap_or_default()])?;
    advance_if(tx, account, changed)
}

/// Deletes a key of a user, or of the account itself; false when there is none.
pub fn delete_key(tx: &mut Tx<'_>, account: AccountId, user: Option<&str>, id: &str) -> Result<bool, Error> {
    let sql = "DELETE FROM access_keys WHERE id = $1 AND account = $2 AND owner = $3";
    let changed = tx.execute(sql, values![id, account, user.unwrap_or_default()])?;
    advance_if(tx, account, changed)
}

pub(crate) fn access_key(row: &Row) -> Result<AccessKey, Error> {
    Ok(AccessKey {
        id: row.text(0)?.to_owned(),
        account: row.account(1)?,
        user: Some(row.text(2)?.to_owned()).filter(|user| !user.is_empty()),
        secret: row.text(3)?.to_owned(),
        active: row.int(4)? != 0,
        created: Timestamp::from_millis(row.int(5)?),
    })
}

fn account(row: &Row) -> Result<Account, Error> {
    Ok(Account { id: row.account(0)?, name: row.text(1)?.to_owned(), created: Timestamp::from_millis(row.int(2)?) })
}
