//! Leases: work that one node at a time may do, such as collecting the block store.

use model::Timestamp;

use crate::database::{Error, Tx, values};

/// Takes a lease until a time; false while another node has it.
pub fn take(tx: &mut Tx<'_>, name: &str, node: &str, now: Timestamp, until: Timestamp) -> Result<bool, Error> {
    let sql = "INSERT INTO leases (name, node, until) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE \
               SET node = $2, until = $3 WHERE leases.node = $2 OR leases.until <= $4";
    Ok(tx.execute(sql, values![name, node, until.as_millis(), now.as_millis()])? == 1)
}

/// Gives a lease back.
pub fn give_back(tx: &mut Tx<'_>, name: &str, node: &str) -> Result<(), Error> {
    tx.execute("DELETE FROM leases WHERE name = $1 AND node = $2", values![name, node]).map(drop)
}
