//! Client tokens: the answer that a retried call gets again.

use model::{AccountId, ClientToken, RegionId, Timestamp};

use crate::database::{Error, Tx, values};

/// How long a token is remembered, in milliseconds. The service does not publish its figure.
pub const KEPT_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// What a token belongs to: the same text in another account, region or action is another token.
#[derive(Debug, Clone)]
pub struct TokenKey {
    /// Who called.
    pub account: AccountId,
    /// Where.
    pub region: RegionId,
    /// The action.
    pub action: &'static str,
    /// The token.
    pub token: ClientToken,
}

/// What the first call with a token left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    /// Digest of its parameters.
    pub digest: String,
    /// Its answer.
    pub answer: String,
}

/// What is remembered under a token at `now`.
pub fn recall(tx: &mut Tx<'_>, key: &TokenKey, now: Timestamp) -> Result<Option<Remembered>, Error> {
    let sql = "SELECT digest, answer FROM client_tokens \
               WHERE account = $1 AND region = $2 AND action = $3 AND token = $4 AND expires > $5";
    let TokenKey { account, region, action, token } = key;
    let row = tx.query_one(sql, values![*account, region.as_str(), *action, token.as_str(), now.as_millis()])?;
    row.map(|row| Ok(Remembered { digest: row.text(0)?.to_owned(), answer: row.text(1)?.to_owned() })).transpose()
}

/// Remembers an answer, and forgets what has expired.
pub fn remember(tx: &mut Tx<'_>, key: &TokenKey, what: &Remembered, now: Timestamp) -> Result<(), Error> {
    tx.execute("DELETE FROM client_tokens WHERE expires <= $1", values![now.as_millis()])?;
    let sql = "INSERT INTO client_tokens (account, region, action, token, digest, answer, expires) \
               VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let TokenKey { account, region, action, token } = key;
    let expires = now.plus_millis(KEPT_MILLIS).as_millis();
    let Remembered { digest, answer } = what;
    let values = values![*account, region.as_str(), *action, token.as_str(), digest.as_str(), answer.as_str(), expires];
    tx.execute(sql, values)?;
    Ok(())
}
