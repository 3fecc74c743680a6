//! Which manifests of the store something holds: what collection must keep.

use crate::database::{Error, Tx, values};

/// Notes that `holder` (an image's id) holds a manifest.
pub fn hold(tx: &mut Tx<'_>, manifest: &str, holder: &str) -> Result<(), Error> {
    let sql = "INSERT INTO manifests (id, holder) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    tx.execute(sql, values![manifest, holder]).map(drop)
}

/// Forgets that `holder` holds a manifest.
pub fn release(tx: &mut Tx<'_>, manifest: &str, holder: &str) -> Result<(), Error> {
    tx.execute("DELETE FROM manifests WHERE id = $1 AND holder = $2", values![manifest, holder]).map(drop)
}

/// Forgets whatever `holder` holds beside a manifest.
pub fn release_others(tx: &mut Tx<'_>, manifest: &str, holder: &str) -> Result<(), Error> {
    tx.execute("DELETE FROM manifests WHERE holder = $1 AND id <> $2", values![holder, manifest]).map(drop)
}

/// Forgets everything that `holder` holds, and returns what it was.
pub fn release_all(tx: &mut Tx<'_>, holder: &str) -> Result<Vec<String>, Error> {
    let rows = tx.query("SELECT id FROM manifests WHERE holder = $1 ORDER BY id", values![holder])?;
    tx.execute("DELETE FROM manifests WHERE holder = $1", values![holder])?;
    rows.iter().map(|row| Ok(row.text(0)?.to_owned())).collect()
}

/// Every manifest that something holds, with its holder, ordered by manifest.
pub fn held(tx: &mut Tx<'_>) -> Result<Vec<(String, String)>, Error> {
    let rows = tx.query("SELECT id, holder FROM manifests ORDER BY id, holder", values![])?;
    rows.iter().map(|row| Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned()))).collect()
}

/// Whether anything holds a manifest.
pub fn is_held(tx: &mut Tx<'_>, manifest: &str) -> Result<bool, Error> {
    Ok(tx.query_one("SELECT id FROM manifests WHERE id = $1 LIMIT 1", values![manifest])?.is_some())
}
