//! Limits, asked inside the transaction that would pass them: two calls for the last place do not both get it.

use meta::{Tx, quotas};
use model::AccountId;
use model::quota::Quota;

use crate::code::{ApiResult, Code};

/// Whether one more fits beside those that are there.
pub(crate) fn one_more(tx: &mut Tx<'_>, account: AccountId, quota: Quota, there: u64, full: Code) -> ApiResult<()> {
    at_most(tx, account, quota, there.saturating_add(1), full)
}

/// Whether so many in all may be.
pub(crate) fn at_most(tx: &mut Tx<'_>, account: AccountId, quota: Quota, all: u64, full: Code) -> ApiResult<()> {
    if all <= quotas::limit(tx, account, quota)? { Ok(()) } else { Err(full.error()) }
}
