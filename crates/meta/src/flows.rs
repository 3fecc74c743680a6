//! Flows: the journal of durable work, and the leases by which nodes share it.
//!
//! A flow's journal is text of the engine's making. A node works on a flow only while it holds the lease; every write of
//! the journal names the generation that the lease gave, so that a node which lost its lease without noticing can write
//! nothing any more.

use model::{AccountId, FlowId, TaskId, Timestamp};

use crate::database::{Error, Row, Tx, values};

/// A flow, as its row holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowRow {
    /// Its id.
    pub id: FlowId,
    /// The name and version of its kind.
    pub name: String,
    /// The task that shows it.
    pub task: TaskId,
    /// For whom it works.
    pub account: AccountId,
    /// Where it stands.
    pub journal: String,
    /// True once a client asked for its end.
    pub cancelled: bool,
    /// What a write of the journal must name.
    pub generation: i64,
    /// When it was asked for.
    pub created: Timestamp,
    /// The one node that can do its work; empty for any.
    pub place: String,
}

/// Adds a flow that no node works on yet.
pub fn insert(tx: &mut Tx<'_>, flow: &FlowRow) -> Result<(), Error> {
    let sql = "INSERT INTO flows (id, name, task, account, journal, node, lease, cancelled, parked, generation, created, \
               place) VALUES ($1, $2, $3, $4, $5, '', 0, 0, 0, $6, $7, $8)";
    let values = values![
        flow.id.as_str(),
        flow.name.as_str(),
        flow.task.as_str(),
        flow.account,
        flow.journal.as_str(),
        flow.generation,
        flow.created.as_millis(),
        flow.place.as_str(),
    ];
    tx.execute(sql, values).map(drop)
}

const COLUMNS: &str = "id, name, task, account, journal, cancelled, generation, created, place";

/// Leases the oldest flow that nobody works on and that `node` can do to it until `until`.
pub fn lease_next(tx: &mut Tx<'_>, node: &str, now: Timestamp, until: Timestamp) -> Result<Option<FlowRow>, Error> {
    let sql =
        "SELECT id FROM flows WHERE lease <= $1 AND parked = 0 AND place IN ('', $2) ORDER BY created, id LIMIT 1";
    let Some(row) = tx.query_one(sql, values![now.as_millis(), node])? else { return Ok(None) };
    let id = row.text(0)?.to_owned();
    let sql = "UPDATE flows SET node = $1, lease = $2, generation = generation + 1 WHERE id = $3";
    tx.execute(sql, values![node, until.as_millis(), id.as_str()])?;
    get(tx, &FlowId::from_record(id))
}

/// Gives up every lease of a node: what it does when it starts, since it cannot be working on anything.
pub fn release_all(tx: &mut Tx<'_>, node: &str) -> Result<u64, Error> {
    tx.execute("UPDATE flows SET node = '', lease = 0 WHERE node = $1", values![node])
}

/// Prolongs a lease; none when it was lost, else whether the flow was cancelled.
pub fn renew(tx: &mut Tx<'_>, id: &FlowId, generation: i64, until: Timestamp) -> Result<Option<bool>, Error> {
    let sql = "UPDATE flows SET lease = $1 WHERE id = $2 AND generation = $3";
    if tx.execute(sql, values![until.as_millis(), id.as_str(), generation])? != 1 {
        return Ok(None);
    }
    Ok(get(tx, id)?.map(|flow| flow.cancelled))
}

/// Gives a lease back, so that any node may go on.
pub fn release(tx: &mut Tx<'_>, id: &FlowId, generation: i64) -> Result<bool, Error> {
    let sql = "UPDATE flows SET node = '', lease = 0 WHERE id = $1 AND generation = $2";
    Ok(tx.execute(sql, values![id.as_str(), generation])? == 1)
}

/// Writes the journal; false when the lease was lost.
pub fn journal(tx: &mut Tx<'_>, id: &FlowId, generation: i64, journal: &str) -> Result<bool, Error> {
    let sql = "UPDATE flows SET journal = $1 WHERE id = $2 AND generation = $3";
    Ok(tx.execute(sql, values![journal, id.as_str(), generation])? == 1)
}

/// Ends a flow; false when the lease was lost.
pub fn finish(tx: &mut Tx<'_>, id: &FlowId, generation: i64) -> Result<bool, Error> {
    Ok(tx.execute("DELETE FROM flows WHERE id = $1 AND generation = $2", values![id.as_str(), generation])? == 1)
}

/// Sets a flow aside for an operator: no node leases it any more.
pub fn park(tx: &mut Tx<'_>, id: &FlowId, generation: i64) -> Result<bool, Error> {
    let sql = "UPDATE flows SET parked = 1, node = '', lease = 0 WHERE id = $1 AND generation = $2";
    Ok(tx.execute(sql, values![id.as_str(), generation])? == 1)
}

/// Asks for the end of the flow behind a task; false when there is none any more.
pub fn cancel(tx: &mut Tx<'_>, task: &TaskId) -> Result<bool, Error> {
    Ok(tx.execute("UPDATE flows SET cancelled = 1 WHERE task = $1", values![task.as_str()])? == 1)
}

/// The flow with this id.
pub fn get(tx: &mut Tx<'_>, id: &FlowId) -> Result<Option<FlowRow>, Error> {
    let row = tx.query_one(&format!("SELECT {COLUMNS} FROM flows WHERE id = $1"), values![id.as_str()])?;
    row.as_ref().map(flow).transpose()
}

/// Whether a flow waits that `node` can work on. Looking costs a read; leasing is a durable write.
pub fn is_waiting(tx: &mut Tx<'_>, node: &str, now: Timestamp) -> Result<bool, Error> {
    let sql = "SELECT id FROM flows WHERE lease <= $1 AND parked = 0 AND place IN ('', $2) LIMIT 1";
    Ok(tx.query_one(sql, values![now.as_millis(), node])?.is_some())
}

/// Every flow that has not ended, oldest first.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<FlowRow>, Error> {
    tx.query(&format!("SELECT {COLUMNS} FROM flows ORDER BY created, id"), values![])?.iter().map(flow).collect()
}

/// When the oldest flow was asked for that another node than `node` works on.
pub fn oldest_elsewhere(tx: &mut Tx<'_>, node: &str) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT created FROM flows WHERE node <> '' AND node <> $1 ORDER BY created LIMIT 1";
    let row = tx.query_one(sql, values![node])?;
    row.map(|row| Ok(Timestamp::from_millis(row.int(0)?))).transpose()
}

fn flow(row: &Row) -> Result<FlowRow, Error> {
    Ok(FlowRow {
        id: FlowId::from_record(row.text(0)?.to_owned()),
        name: row.text(1)?.to_owned(),
        task: TaskId::from_record(row.text(2)?.to_owned()),
        account: row.account(3)?,
        journal: row.text(4)?.to_owned(),
        cancelled: row.int(5)? != 0,
        generation: row.int(6)?,
        created: Timestamp::from_millis(row.int(7)?),
        place: row.text(8)?.to_owned(),
    })
}
