//! Who did what to which resource, and what was decided about it: a row for every call whose caller is known.

use model::{AccountId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::database::{Error, Row, Tx, Value, to_json, values};

/// How long events are kept, in milliseconds: the ninety days over which the service answers for them.
pub const KEPT_MILLIS: i64 = 90 * 24 * 60 * 60 * 1000;

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The id of the request, which the caller and the log have, too.
    pub id: String,
    /// When it was answered.
    pub at: Timestamp,
    /// The account that it worked on.
    pub account: AccountId,
    /// Who called.
    pub principal: Actor,
    /// Whence; empty when that is not known.
    pub source_ip: String,
    /// Whether it came over TLS.
    pub is_secure: bool,
    /// The product.
    pub product: String,
    /// The version of its API.
    pub version: String,
    /// The action.
    pub action: String,
    /// The region that the call named; empty for none.
    pub region: String,
    /// The parameters, without what signs and without what is secret.
    pub params: Vec<(String, String)>,
    /// What policies were asked: verbs and resources.
    pub questions: Vec<(String, String)>,
    /// What they answered; none when the call did not come so far.
    pub decision: Option<Decision>,
    /// `OK`, or the code that was answered.
    pub code: String,
    /// The text beside the code.
    pub message: String,
}

/// Who called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// `root-account`, `ram-user` or `assumed-role`, in the words of the service's own record.
    pub kind: String,
    /// The account's, user's or role's number.
    pub id: String,
    /// A name for people.
    pub name: String,
    /// The resource name.
    pub arn: String,
    /// The key that signed.
    pub access_key_id: String,
}

/// What policies said of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// `Allow`, `ExplicitDeny` or `ImplicitDeny`.
    pub verdict: String,
    /// What decided: ownership, a session's policy, attached policies.
    pub stage: String,
    /// The policy that did, the group it comes through, and the place of its statement.
    pub matched: Option<(String, Option<String>, usize)>,
}

/// Which events are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only events at or after this time.
    pub from: Option<Timestamp>,
    /// Only events before this time.
    pub to: Option<Timestamp>,
    /// Only events beyond this place, in the direction of the walk.
    pub beyond: Option<i64>,
    /// The oldest first.
    pub is_forward: bool,
}

/// Records events. The place of each says its order; an event that is there already stays as it is.
pub fn insert(tx: &mut Tx<'_>, events: &[(i64, Event)]) -> Result<(), Error> {
    let sql = "INSERT INTO audit (account, seq, id, record) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    for (seq, event) in events {
        tx.execute(sql, values![event.account, *seq, event.id.as_str(), to_json(event)])?;
    }
    Ok(())
}

/// The event of a request.
pub fn get(tx: &mut Tx<'_>, id: &str) -> Result<Option<Event>, Error> {
    tx.query_one("SELECT record FROM audit WHERE id = $1", values![id])?.map(|row| row.json(0)).transpose()
}

/// An account's events that `accepts` takes, with their places, at most `limit`.
pub fn list(
    tx: &mut Tx<'_>,
    account: AccountId,
    filter: &Filter,
    limit: usize,
    accepts: impl Fn(&Event) -> bool,
) -> Result<Vec<(i64, Event)>, Error> {
    /// Rows of one step of the walk.
    const STEP: u64 = 500;
    let place = |time: Timestamp| crate::images::age_sequence(time, 0);
    let mut low = filter.from.map_or(i64::MIN, place);
    let mut high = filter.to.map_or(i64::MAX, place);
    if let Some(beyond) = filter.beyond {
        if filter.is_forward {
            low = low.max(beyond.saturating_add(1));
        } else {
            high = high.min(beyond);
        }
    }
    let order = if filter.is_forward { "ASC" } else { "DESC" };
    let sql = format!(
        "SELECT seq, record FROM audit WHERE account = $1 AND seq >= $2 AND seq < $3 ORDER BY seq {order} LIMIT $4"
    );
    let mut found = Vec::new();
    while found.len() < limit {
        let rows = tx.query(&sql, &[account.into(), Value::from(low), Value::from(high), Value::from(STEP)])?;
        for row in &rows {
            let (seq, event) = placed(row)?;
            if filter.is_forward {
                low = seq.saturating_add(1);
            } else {
                high = seq;
            }
            if accepts(&event) {
                found.push((seq, event));
                if found.len() == limit {
                    return Ok(found);
                }
            }
        }
        if (rows.len() as u64) < STEP {
            break;
        }
    }
    Ok(found)
}

/// Forgets what happened before a time.
pub fn forget(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64, Error> {
    tx.execute("DELETE FROM audit WHERE seq < $1", values![crate::images::age_sequence(before, 0)])
}

fn placed(row: &Row) -> Result<(i64, Event), Error> {
    Ok((row.int(0)?, row.json(1)?))
}
