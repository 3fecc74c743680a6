//! Client tokens: the same call again gets the same answer, and does nothing.

use meta::Tx;
use meta::tokens::{self, Remembered, TokenKey};
use model::Timestamp;
use sha2::{Digest as _, Sha256};
use wire::Params;

use crate::code::{ApiError, ApiResult, Code};

/// Parameters that say how a call was made, not what it asks for.
const NOT_COMPARED: &[&str] = &[
    "AccessKeyId",
    "Action",
    "ClientToken",
    "Format",
    "SecurityToken",
    "Signature",
    "SignatureMethod",
    "SignatureNonce",
    "SignatureType",
    "SignatureVersion",
    "Timestamp",
    "Version",
];

/// Digest of what a call asks for.
pub(crate) fn digest(params: &Params) -> String {
    let pairs = params.iter().filter(|(name, _)| !NOT_COMPARED.contains(name));
    hex::encode(Sha256::digest(wire::encode::canonical_query(pairs)))
}

/// The answer that a token's first call got; none for a token that is new.
pub(crate) fn recall(
    tx: &mut Tx<'_>,
    key: &TokenKey,
    digest: &str,
    now: Timestamp,
) -> ApiResult<Option<serde_json::Value>> {
    match tokens::recall(tx, key, now)? {
        None => Ok(None),
        Some(Remembered { digest: first, .. }) if first != digest => Err(Code::IdempotentParameterMismatch.error()),
        Some(Remembered { answer, .. }) => serde_json::from_str(&answer).map(Some).map_err(ApiError::internal),
    }
}

/// Remembers what a token's first call got.
pub(crate) fn remember(
    tx: &mut Tx<'_>,
    key: &TokenKey,
    digest: &str,
    answer: &serde_json::Value,
    now: Timestamp,
) -> ApiResult<()> {
    let what = Remembered { digest: digest.to_owned(), answer: answer.to_string() };
    Ok(tokens::remember(tx, key, &what, now)?)
}
