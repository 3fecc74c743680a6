//! Buckets, objects and uploads: what is in them and which blobs hold the bytes.
//!
//! An object's bytes are blobs of the object store, in order. Completing an upload moves its parts' blobs to the object
//! without copying a byte. A blob that no row names any more is deleted by the sweep, after a grace period, so that
//! whoever was reading it reads on; a flow that needs an object's bytes holds the blobs by a row of its own.

use model::{AccountId, BucketName, RegionId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::database::{Error, Row, Tx, to_json, values};

/// A bucket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Its name, unique on this deployment.
    pub name: BucketName,
    /// Whose bucket it is.
    pub owner: AccountId,
    /// Where it is.
    pub region: RegionId,
    /// Who else may read or write: `private`, `public-read` or `public-read-write`.
    pub acl: String,
    /// The class of its objects, `Standard` unless another was asked for.
    pub storage_class: String,
    /// The server-side encryption that was asked for. Recorded, because imports refuse encrypted buckets.
    pub encryption: Option<String>,
    /// When it was made.
    pub created: Timestamp,
}

/// A run of bytes of an object or a part: a whole blob.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobRef {
    /// The blob's id.
    pub id: String,
    /// Its length in bytes.
    pub len: u64,
}

/// How an object came to be (`x-oss-object-type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ObjectKind {
    /// By one PUT or copy.
    Normal,
    /// By a completed upload.
    Multipart,
    /// By appending.
    Appendable,
    /// A name for another object.
    Symlink,
}

impl ObjectKind {
    /// The kind on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Multipart => "Multipart",
            Self::Appendable => "Appendable",
            Self::Symlink => "Symlink",
        }
    }
}

/// An object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Its length in bytes.
    pub size: u64,
    /// Its entity tag, upper case and without quotes: the MD5 of its bytes, or a digest of its parts' and their number.
    pub etag: String,
    /// CRC-64/XZ of its bytes.
    pub crc64: u64,
    /// How it came to be.
    pub kind: ObjectKind,
    /// Headers that are given back as they came, lower case: content type, cache control, user metadata without prefix
    /// (`meta-` stands before those).
    pub headers: Vec<(String, String)>,
    /// Who may read or write it, when that differs from the bucket: `default` when it does not.
    pub acl: String,
    /// The class it is stored in.
    pub storage_class: String,
    /// The server-side encryption that was asked for.
    pub encryption: Option<String>,
    /// The key that a symlink names.
    pub target: Option<String>,
    /// When it last changed.
    pub modified: Timestamp,
    /// Its bytes.
    pub blobs: Vec<BlobRef>,
}

/// An upload that is not complete yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// Its id.
    pub id: String,
    /// The key that the object will have.
    pub key: String,
    /// Headers for the object, as in [`Object::headers`].
    pub headers: Vec<(String, String)>,
    /// Who may read or write the object.
    pub acl: String,
    /// The class that the object will be stored in.
    pub storage_class: String,
    /// The server-side encryption that was asked for.
    pub encryption: Option<String>,
    /// When it was begun.
    pub initiated: Timestamp,
}

/// A part of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its number, 1 to 10,000.
    pub number: u32,
    /// Its length in bytes.
    pub size: u64,
    /// MD5 of its bytes, upper-case hexadecimal.
    pub etag: String,
    /// CRC-64/XZ of its bytes.
    pub crc64: u64,
    /// When it arrived.
    pub modified: Timestamp,
    /// Its bytes.
    pub blobs: Vec<BlobRef>,
}

/// Adds a bucket; false when the name is taken, by whomever.
pub fn insert(tx: &mut Tx<'_>, bucket: &Bucket) -> Result<bool, Error> {
    let sql = "INSERT INTO buckets (name, account, record) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, values![bucket.name.as_str(), bucket.owner, to_json(bucket)])? == 1)
}

/// The bucket with this name.
pub fn get(tx: &mut Tx<'_>, name: &BucketName) -> Result<Option<Bucket>, Error> {
    let row = tx.query_one("SELECT record FROM buckets WHERE name = $1", values![name.as_str()])?;
    row.map(|row| row.json(0)).transpose()
}

/// Replaces a bucket's record.
pub fn update(tx: &mut Tx<'_>, bucket: &Bucket) -> Result<(), Error> {
    let sql = "UPDATE buckets SET record = $1 WHERE name = $2";
    tx.execute(sql, values![to_json(bucket), bucket.name.as_str()]).map(drop)
}

/// Deletes a bucket; false when there is none or something is in it.
pub fn delete(tx: &mut Tx<'_>, name: &BucketName) -> Result<bool, Error> {
    let sql = "DELETE FROM buckets WHERE name = $1 \
               AND NOT EXISTS (SELECT 1 FROM objects WHERE bucket = $1) \
               AND NOT EXISTS (SELECT 1 FROM uploads WHERE bucket = $1)";
    Ok(tx.execute(sql, values![name.as_str()])? == 1)
}

/// An account's buckets whose names start with `prefix` and come after `marker`, by name.
pub fn list(tx: &mut Tx<'_>, account: AccountId, prefix: &str, marker: &str, limit: u64) -> Result<Vec<Bucket>, Error> {
    let sql = "SELECT record FROM buckets WHERE account = $1 AND name > $2 AND name >= $3 AND name < $4 \
               ORDER BY name LIMIT $5";
    let rows = tx.query(sql, values![account, marker, prefix, past(prefix), limit])?;
    rows.iter().map(|row| row.json(0)).collect()
}

/// Puts an object in the place of what the key held before.
pub fn put_object(tx: &mut Tx<'_>, bucket: &BucketName, object: &Object) -> Result<(), Error> {
    let holder = object_holder(bucket, &object.key);
    release_blobs(tx, &holder)?;
    let sql = "INSERT INTO objects (bucket, object_key, record) VALUES ($1, $2, $3) \
               ON CONFLICT (bucket, object_key) DO UPDATE SET record = $3";
    tx.execute(sql, values![bucket.as_str(), object.key.as_str(), to_json(object)])?;
    hold_blobs(tx, &holder, &object.blobs)
}

/// The object with this key.
pub fn object(tx: &mut Tx<'_>, bucket: &BucketName, key: &str) -> Result<Option<Object>, Error> {
    let sql = "SELECT record FROM objects WHERE bucket = $1 AND object_key = $2";
    tx.query_one(sql, values![bucket.as_str(), key])?.map(|row| row.json(0)).transpose()
}

/// Deletes an object; false when there is none.
pub fn delete_object(tx: &mut Tx<'_>, bucket: &BucketName, key: &str) -> Result<bool, Error> {
    release_blobs(tx, &object_holder(bucket, key))?;
    let sql = "DELETE FROM objects WHERE bucket = $1 AND object_key = $2";
    Ok(tx.execute(sql, values![bucket.as_str(), key])? == 1)
}

/// Objects whose keys start with `prefix` and come after `after`, by key.
pub fn objects(
    tx: &mut Tx<'_>,
    bucket: &BucketName,
    prefix: &str,
    after: &str,
    limit: u64,
) -> Result<Vec<Object>, Error> {
    let sql = "SELECT record FROM objects WHERE bucket = $1 AND object_key > $2 AND object_key >= $3 \
               AND object_key < $4 ORDER BY object_key LIMIT $5";
    let rows = tx.query(sql, values![bucket.as_str(), after, prefix, past(prefix), limit])?;
    rows.iter().map(|row| row.json(0)).collect()
}

/// How many objects a bucket holds, and their bytes.
pub fn statistics(tx: &mut Tx<'_>, bucket: &BucketName) -> Result<(u64, u64), Error> {
    let mut after = String::new();
    let (mut count, mut bytes) = (0, 0_u64);
    loop {
        let page = objects(tx, bucket, "", &after, 1_000)?;
        let Some(last) = page.last() else { return Ok((count, bytes)) };
        after.clone_from(&last.key);
        count += page.len() as u64;
        bytes += page.iter().map(|object| object.size).sum::<u64>();
    }
}

/// Begins an upload.
pub fn insert_upload(tx: &mut Tx<'_>, bucket: &BucketName, upload: &Upload) -> Result<(), Error> {
    let sql = "INSERT INTO uploads (bucket, object_key, id, record) VALUES ($1, $2, $3, $4)";
    let Upload { key, id, .. } = upload;
    tx.execute(sql, values![bucket.as_str(), key.as_str(), id.as_str(), to_json(upload)]).map(drop)
}

/// The upload with this key and id.
pub fn upload(tx: &mut Tx<'_>, bucket: &BucketName, key: &str, id: &str) -> Result<Option<Upload>, Error> {
    let sql = "SELECT record FROM uploads WHERE bucket = $1 AND object_key = $2 AND id = $3";
    tx.query_one(sql, values![bucket.as_str(), key, id])?.map(|row| row.json(0)).transpose()
}

/// Uploads whose keys start with `prefix` and that come after this key and id, by key and id.
pub fn uploads(
    tx: &mut Tx<'_>,
    bucket: &BucketName,
    prefix: &str,
    (after_key, after_id): (&str, &str),
    limit: u64,
) -> Result<Vec<Upload>, Error> {
    let sql = "SELECT record FROM uploads WHERE bucket = $1 AND (object_key, id) > ($2, $3) AND object_key >= $4 \
               AND object_key < $5 ORDER BY object_key, id LIMIT $6";
    let rows = tx.query(sql, values![bucket.as_str(), after_key, after_id, prefix, past(prefix), limit])?;
    rows.iter().map(|row| row.json(0)).collect()
}

/// Puts a part in the place of what its number held before.
pub fn put_part(tx: &mut Tx<'_>, upload: &str, part: &Part) -> Result<(), Error> {
    let holder = part_holder(upload, part.number);
    release_blobs(tx, &holder)?;
    let sql = "INSERT INTO parts (upload, number, record) VALUES ($1, $2, $3) \
               ON CONFLICT (upload, number) DO UPDATE SET record = $3";
    tx.execute(sql, values![upload, u64::from(part.number), to_json(part)])?;
    hold_blobs(tx, &holder, &part.blobs)
}

/// Parts of an upload after `after` by number.
pub fn parts(tx: &mut Tx<'_>, upload: &str, after: u32, limit: u64) -> Result<Vec<Part>, Error> {
    let sql = "SELECT record FROM parts WHERE upload = $1 AND number > $2 ORDER BY number LIMIT $3";
    let rows = tx.query(sql, values![upload, u64::from(after), limit])?;
    rows.iter().map(|row| row.json(0)).collect()
}

/// Ends an upload and forgets its parts. An object made of them must be put in the same transaction, before this.
pub fn delete_upload(tx: &mut Tx<'_>, bucket: &BucketName, upload: &Upload) -> Result<(), Error> {
    let numbers = tx.query("SELECT number FROM parts WHERE upload = $1", values![upload.id.as_str()])?;
    for row in numbers {
        let number = u32::try_from(row.int(0)?).map_err(|_| Error::corrupt("a part has no number"))?;
        release_blobs(tx, &part_holder(&upload.id, number))?;
    }
    tx.execute("DELETE FROM parts WHERE upload = $1", values![upload.id.as_str()])?;
    let sql = "DELETE FROM uploads WHERE bucket = $1 AND object_key = $2 AND id = $3";
    tx.execute(sql, values![bucket.as_str(), upload.key.as_str(), upload.id.as_str()]).map(drop)
}

/// Notes that `holder` needs these blobs.
pub fn hold_blobs(tx: &mut Tx<'_>, holder: &str, blobs: &[BlobRef]) -> Result<(), Error> {
    for blob in blobs {
        let sql = "INSERT INTO blobs (id, holder) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        tx.execute(sql, values![blob.id.as_str(), holder])?;
    }
    Ok(())
}

/// Notes that `holder` needs none of its blobs any more.
pub fn release_blobs(tx: &mut Tx<'_>, holder: &str) -> Result<(), Error> {
    tx.execute("DELETE FROM blobs WHERE holder = $1", values![holder]).map(drop)
}

/// Whether a row needs this blob.
pub fn is_blob_held(tx: &mut Tx<'_>, id: &str) -> Result<bool, Error> {
    Ok(tx.query_one("SELECT id FROM blobs WHERE id = $1 LIMIT 1", values![id])?.is_some())
}

/// Every blob that a row needs, after `after`, by id.
pub fn held_blobs(tx: &mut Tx<'_>, after: &str, limit: u64) -> Result<Vec<String>, Error> {
    let sql = "SELECT DISTINCT id FROM blobs WHERE id > $1 ORDER BY id LIMIT $2";
    tx.query(sql, values![after, limit])?.iter().map(|row: &Row| Ok(row.text(0)?.to_owned())).collect()
}

fn object_holder(bucket: &BucketName, key: &str) -> String {
    format!("object/{bucket}/{key}")
}

fn part_holder(upload: &str, number: u32) -> String {
    format!("part/{upload}/{number}")
}

/// A text after every text that starts with `prefix`: no character is greater than U+10FFFF.
pub fn past(prefix: &str) -> String {
    format!("{prefix}\u{10ffff}")
}
