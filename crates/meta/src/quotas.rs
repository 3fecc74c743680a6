//! Limits: what each account may have at most. Where the operator set none, the service's own figure holds.

use model::AccountId;
use model::quota::Quota;

use crate::database::{Error, Tx, values};

/// The limit of an account. What acts for a customer beside it is held to the customer's.
pub fn limit(tx: &mut Tx<'_>, account: AccountId, quota: Quota) -> Result<u64, Error> {
    let sql = "SELECT value FROM quotas WHERE account = $1 AND name = $2";
    let row = tx.query_one(sql, values![account.customer(), quota.as_str()])?;
    row.map_or(Ok(quota.default_limit()), |row| row.size(0))
}

/// Sets a limit, or lets the service's own figure hold again.
pub fn set(tx: &mut Tx<'_>, account: AccountId, quota: Quota, value: Option<u64>) -> Result<(), Error> {
    tx.execute("DELETE FROM quotas WHERE account = $1 AND name = $2", values![account, quota.as_str()])?;
    if let Some(value) = value {
        let sql = "INSERT INTO quotas (account, name, value) VALUES ($1, $2, $3)";
        tx.execute(sql, values![account, quota.as_str(), value])?;
    }
    Ok(())
}
