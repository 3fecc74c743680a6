//! The operator's hand on what accounts may have: the limits of each, and what they are where nobody set them.

use anyhow::{Context as _, Result};
use meta::{Scope, quotas};
use model::quota::Quota;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Server;
use super::inquiry::account_of;

/// `POST /quotas`: shows an account's limits, after setting one if one is to be set.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Limits {
    /// The account, by number or name; the first one when there is none.
    pub(crate) account: Option<String>,
    /// A limit and its new value; none for the service's own figure.
    pub(crate) set: Option<(String, Option<u64>)>,
}

pub(crate) async fn limits(server: &Server, Limits { account, set }: Limits) -> Result<Value> {
    let account = account_of(server, account).await?;
    let meta = server.engine.meta();
    if let Some((name, value)) = set {
        let quota: Quota = name.parse().with_context(|| format!("there is no limit {name}"))?;
        // A count beyond what a record holds would be no limit at all.
        let value = value.map(|value| value.min(i64::MAX as u64));
        meta.write(Scope::Account(account), move |tx| quotas::set(tx, account, quota, value)).await?;
    }
    let limits = meta.read(move |tx| {
        Quota::ALL
            .iter()
            .map(|quota| Ok((*quota, quotas::limit(tx, account, *quota)?)))
            .collect::<Result<Vec<_>, meta::Error>>()
    });
    let one = |(quota, limit): (Quota, u64)| json!({ "name": quota.as_str(), "limit": limit, "default": quota.default_limit() });
    let limits: Vec<Value> = limits.await?.into_iter().map(one).collect();
    Ok(json!({ "account": account.to_string(), "limits": limits }))
}
