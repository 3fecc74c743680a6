//! What a deployment decides once, such as the key of its block store.

use crate::database::{Error, Tx, values};

/// The value of a setting.
pub fn get(tx: &mut Tx<'_>, name: &str) -> Result<Option<String>, Error> {
    let row = tx.query_one("SELECT value FROM settings WHERE name = $1", values![name])?;
    row.map(|row| row.text(0).map(str::to_owned)).transpose()
}

/// Sets a setting that has no value yet, and returns the value that it has now.
pub fn get_or_set(tx: &mut Tx<'_>, name: &str, value: &str) -> Result<String, Error> {
    let insert = "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    tx.execute(insert, values![name, value])?;
    get(tx, name)?.ok_or_else(|| Error::corrupt("a setting vanished"))
}
