//! Buckets and objects: records and blobs together.
//!
//! The door that speaks HTTP and the flows that import and export both work through [`Buckets`]. Every change is: write
//! the bytes under a new name, then one transaction that makes them the object's. A reader sees the old object or the
//! new one, whole, and an answered PUT is durable.

pub mod blobs;
mod file;

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use md5::{Digest as _, Md5};
use meta::buckets::{self as records, BlobRef, Bucket, Object, ObjectKind, Part, Upload};
use meta::{Meta, Scope};
use model::{AccountId, BucketName, Clock, Entropy, RegionId};
use thiserror::Error;

pub use blobs::{Blobs, Body, BodyError, InHand, Written};
pub use file::ObjectFile;

/// Largest body of one request, 5 GiB (OSS, PutObject and UploadPart).
pub const LARGEST_BODY: u64 = 5 << 30;

/// Smallest part but the last one, 100 KiB (OSS, UploadPart).
pub const SMALLEST_PART: u64 = 100 << 10;

/// Highest part number (OSS, UploadPart).
pub const HIGHEST_PART: u32 = 10_000;

/// Why an operation on a bucket did not happen.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each variant says it all")]
pub enum BucketError {
    #[error("the bucket does not exist")]
    NoSuchBucket,
    #[error("the bucket belongs to another account")]
    BucketTaken,
    #[error("something is in the bucket")]
    BucketNotEmpty,
    #[error("the object does not exist")]
    NoSuchKey,
    #[error("the upload does not exist")]
    NoSuchUpload,
    #[error("a part is missing or is not what the caller thinks")]
    InvalidPart,
    #[error("the parts are not in ascending order")]
    InvalidPartOrder,
    #[error("a part but the last one is too small")]
    PartTooSmall,
    #[error("the body is too large")]
    TooLarge,
    #[error("the body is not what its digest says")]
    BadDigest,
    #[error("the object exists and must not be replaced")]
    Exists,
    #[error("the object does not end where the caller thinks")]
    PositionMismatch { actual: u64 },
    #[error("the object was not made by appending")]
    NotAppendable,
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error("the object store did not take the last bytes")]
    Write(#[source] std::io::Error),
    #[error("the object store failed")]
    Storage(#[from] object_store::Error),
    #[error("the records failed")]
    Records(#[from] meta::Error),
}

/// What a new object is to have beside its bytes.
#[derive(Debug, Clone)]
pub struct NewObject {
    /// Its key.
    pub key: String,
    /// Headers that are given back, as in [`Object::headers`].
    pub headers: Vec<(String, String)>,
    /// Who may read or write it; `default` for what the bucket says.
    pub acl: String,
    /// The class it is stored in.
    pub storage_class: String,
    /// The server-side encryption that was asked for.
    pub encryption: Option<String>,
    /// Whether an object with this key may be replaced.
    pub may_replace: bool,
    /// The MD5 that the body must have.
    pub expected_md5: Option<[u8; 16]>,
}

impl NewObject {
    /// An object with nothing special about it.
    pub fn plain(key: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            headers: Vec::new(),
            acl: "default".to_owned(),
            storage_class: "Standard".to_owned(),
            encryption: None,
            may_replace: true,
            expected_md5: None,
        }
    }

    fn finish(self, kind: ObjectKind, written: Written, etag: String, modified: model::Timestamp) -> Object {
        Object {
            key: self.key,
            size: written.size,
            etag,
            crc64: written.crc64,
            kind,
            headers: self.headers,
            acl: self.acl,
            storage_class: self.storage_class,
            encryption: self.encryption,
            target: None,
            modified,
            blobs: written.blobs,
        }
    }
}

/// A part as the caller of CompleteMultipartUpload names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPart {
    /// Its number.
    pub number: u32,
    /// Its entity tag, without quotes, in any case.
    pub etag: String,
}

/// The buckets of one deployment.
#[derive(Clone)]
pub struct Buckets {
    meta: Meta,
    blobs: Blobs,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Buckets {
    /// Buckets whose records and bytes are here.
    pub fn new(meta: Meta, blobs: Blobs, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { meta, blobs, clock, entropy }
    }

    /// The blobs behind the objects.
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    /// Makes a bucket. Making one's own bucket again changes nothing and says so with `false`.
    pub async fn create(&self, owner: AccountId, region: RegionId, new: NewBucket) -> Result<bool, BucketError> {
        let NewBucket { name, acl, storage_class } = new;
        let created = self.clock.now();
        let bucket = Bucket { name, owner, region, acl, storage_class, encryption: None, created };
        self.meta
            .write(Scope::Shared, move |tx| {
                if records::insert(tx, &bucket)? {
                    return Ok(true);
                }
                match records::get(tx, &bucket.name)? {
                    Some(there) if there.owner == bucket.owner => Ok(false),
                    _ => Err(BucketError::BucketTaken),
                }
            })
            .await
    }

    /// The bucket with this name.
    pub async fn get(&self, name: &BucketName) -> Result<Bucket, BucketError> {
        let name = name.clone();
        self.meta.read(move |tx| records::get(tx, &name)?.ok_or(BucketError::NoSuchBucket)).await
    }

    /// Changes a bucket's record.
    pub async fn update(
        &self,
        name: &BucketName,
        change: impl Fn(&mut Bucket) + Send + 'static,
    ) -> Result<(), BucketError> {
        let name = name.clone();
        self.meta
            .write(Scope::Bucket(name.clone()), move |tx| {
                let mut bucket = records::get(tx, &name)?.ok_or(BucketError::NoSuchBucket)?;
                change(&mut bucket);
                Ok(records::update(tx, &bucket)?)
            })
            .await
    }

    /// Deletes an empty bucket.
    pub async fn delete(&self, name: &BucketName) -> Result<(), BucketError> {
        let name = name.clone();
        self.meta
            .write(Scope::Bucket(name.clone()), move |tx| {
                if records::delete(tx, &name)? {
                    return Ok(());
                }
                match records::get(tx, &name)? {
                    Some(_) => Err(BucketError::BucketNotEmpty),
                    None => Err(BucketError::NoSuchBucket),
                }
            })
            .await
    }

    /// An account's buckets by name: those that start with `prefix` and come after `marker`.
    pub async fn list(
        &self,
        owner: AccountId,
        prefix: String,
        marker: String,
        limit: u64,
    ) -> Result<Vec<Bucket>, BucketError> {
        self.meta.read(move |tx| Ok(records::list(tx, owner, &prefix, &marker, limit)?)).await
    }

    /// How many objects a bucket holds, and their bytes.
    pub async fn statistics(&self, name: &BucketName) -> Result<(u64, u64), BucketError> {
        let name = name.clone();
        self.meta.read(move |tx| Ok(records::statistics(tx, &name)?)).await
    }

    /// Puts an object.
    pub async fn put(&self, bucket: &BucketName, new: NewObject, body: Body<'_>) -> Result<Object, BucketError> {
        // Refuse before the bytes are taken in, when that can be known.
        let (name, key) = (bucket.clone(), new.key.clone());
        let there = self
            .meta
            .read(move |tx| {
                records::get(tx, &name)?.ok_or(BucketError::NoSuchBucket)?;
                Ok::<_, BucketError>(records::object(tx, &name, &key)?.is_some())
            })
            .await?;
        if there && !new.may_replace {
            return Err(BucketError::Exists);
        }
        let (written, _in_hand) = self.blobs.write(body, LARGEST_BODY).await?;
        if new.expected_md5.is_some_and(|expected| expected != written.md5) {
            return Err(BucketError::BadDigest);
        }
        let may_replace = new.may_replace;
        let etag = hex::encode_upper(written.md5);
        let object = new.finish(ObjectKind::Normal, written, etag, self.clock.now());
        self.store(bucket, object, may_replace).await
    }

    /// Writes bytes of any length as an object, for exports: a body that no single request could carry.
    pub async fn put_unbounded(
        &self,
        bucket: &BucketName,
        new: NewObject,
        body: Body<'_>,
    ) -> Result<Object, BucketError> {
        let (written, _in_hand) = self.blobs.write(body, u64::MAX).await?;
        let etag = hex::encode_upper(written.md5);
        let object = new.finish(ObjectKind::Multipart, written, etag, self.clock.now());
        self.store(bucket, object, true).await
    }

    /// The object with this key.
    pub async fn object(&self, bucket: &BucketName, key: &str) -> Result<Object, BucketError> {
        let (bucket, key) = (bucket.clone(), key.to_owned());
        self.meta
            .read(move |tx| {
                records::get(tx, &bucket)?.ok_or(BucketError::NoSuchBucket)?;
                records::object(tx, &bucket, &key)?.ok_or(BucketError::NoSuchKey)
            })
            .await
    }

    /// The bytes of `range` of an object.
    pub fn read(&self, object: &Object, range: Range<u64>) -> BoxStream<'static, Result<Bytes, BucketError>> {
        self.blobs.read(&object.blobs, range)
    }

    /// Puts an object whose bytes are another's, without copying them.
    pub async fn copy(
        &self,
        (from_bucket, from_key): (&BucketName, &str),
        bucket: &BucketName,
        new: NewObject,
    ) -> Result<Object, BucketError> {
        let (from_bucket, from_key, bucket) = (from_bucket.clone(), from_key.to_owned(), bucket.clone());
        let modified = self.clock.now();
        self.meta
            .write(Scope::Bucket(bucket.clone()), move |tx| {
                let source = records::object(tx, &from_bucket, &from_key)?.ok_or(BucketError::NoSuchKey)?;
                records::get(tx, &bucket)?.ok_or(BucketError::NoSuchBucket)?;
                if !new.may_replace && records::object(tx, &bucket, &new.key)?.is_some() {
                    return Err(BucketError::Exists);
                }
                let new = new.clone();
                let object = Object {
                    key: new.key,
                    headers: new.headers,
                    acl: new.acl,
                    storage_class: new.storage_class,
                    encryption: new.encryption,
                    kind: ObjectKind::Normal,
                    modified,
                    ..source
                };
                records::put_object(tx, &bucket, &object)?;
                Ok(object)
            })
            .await
    }

    /// Appends to an object, or begins one at position 0.
    pub async fn append(
        &self,
        bucket: &BucketName,
        new: NewObject,
        position: u64,
        body: Body<'_>,
    ) -> Result<Object, BucketError> {
        let (written, _in_hand) = self.blobs.write(body, LARGEST_BODY).await?;
        if new.expected_md5.is_some_and(|expected| expected != written.md5) {
            return Err(BucketError::BadDigest);
        }
        let bucket = bucket.clone();
        let modified = self.clock.now();
        self.meta
            .write(Scope::Bucket(bucket.clone()), move |tx| {
                records::get(tx, &bucket)?.ok_or(BucketError::NoSuchBucket)?;
                let (new, written) = (new.clone(), written.clone());
                let object = match records::object(tx, &bucket, &new.key)? {
                    Some(before) if before.kind != ObjectKind::Appendable => return Err(BucketError::NotAppendable),
                    Some(before) if before.size != position => {
                        return Err(BucketError::PositionMismatch { actual: before.size });
                    }
                    None if position != 0 => return Err(BucketError::PositionMismatch { actual: 0 }),
                    Some(before) => appended(before, &written, modified),
                    None => {
                        let etag = hex::encode_upper(written.md5);
                        new.finish(ObjectKind::Appendable, written, etag, modified)
                    }
                };
                records::put_object(tx, &bucket, &object)?;
                Ok(object)
            })
            .await
    }

    /// Makes `key` a name for another key.
    pub async fn symlink(&self, bucket: &BucketName, new: NewObject, target: String) -> Result<Object, BucketError> {
        let nothing = Written { blobs: Vec::new(), size: 0, md5: Md5::digest(b"").into(), crc64: 0 };
        let may_replace = new.may_replace;
        let etag = hex::encode_upper(Md5::digest(target.as_bytes()));
        let object = new.finish(ObjectKind::Symlink, nothing, etag, self.clock.now());
        self.store(bucket, Object { target: Some(target), ..object }, may_replace).await
    }

    /// Changes the record of an object; its bytes stay.
    pub async fn update_object(
        &self,
        bucket: &BucketName,
        key: &str,
        change: impl Fn(&mut Object) + Send + 'static,
    ) -> Result<(), BucketError> {
        let (bucket, key) = (bucket.clone(), key.to_owned());
        self.meta
            .write(Scope::Bucket(bucket.clone()), move |tx| {
                records::get(tx, &bucket)?.ok_or(BucketError::NoSuchBucket)?;
                let mut object = records::object(tx, &bucket, &key)?.ok_or(BucketError::NoSuchKey)?;
                change(&mut object);
                Ok(records::put_object(tx, &bucket, &object)?)
            })
            .await
    }

    /// Deletes objects; keys that are not there count as deleted.
    pub async fn delete_objects(&self, bucket: &BucketName, keys: Vec<String>) -> Result<(), BucketError> {
        let bucket = bucket.clone();
        self.meta
            .write(Scope::Bucket(bucket.clone()), move |tx| {
                records::get(tx, &bucket)?.ok_or(BucketError::NoSuchBucket)?;
                for key in &keys {
                    records::delete_object(tx, &bucket, key)?;
                }
                Ok(())
            })
            .await
    }

    /// Objects by key: those that start with `prefix` and come after `after`.
    pub async fn objects(
        &self,
        bucket: &BucketName,
        prefix: String,
        after: String,
        limit: u64,
    ) -> Result<Vec<Object>, BucketError> {
        let bucket = bucket.clone();
        self.meta
            .read(move |tx| {
                records::get(tx, &bucket)?.ok_or(BucketError::NoSuchBucket)?;
                Ok(records::objects(tx, &bucket, &prefix, &after, limit)?)
            })
            .await
    }

    /// Begins an upload and returns its id.
    pub async fn begin_upload(&self, bucket: &BucketName, new: NewObject) -> Result<String, BucketError> {
        let id = model::id::random_text(&*self.entropy, 32).to_uppercase();
        let NewObject { key, headers, acl, storage_class, encryption, .. } = new;
        let initiated = self.clock.now();
        let upload = Upload { id: id.clone(), key, headers, acl, storage_class, encryption, initiated };
        let bucket = bucket.clone();
        self.meta
            .write(Scope::Bucket(bucket.clone()), move |tx| {
                records::get(tx, &bucket)?.ok_or(BucketError::NoSuchBucket)?;
                Ok::<_, BucketError>(records::insert_upload(tx, &bucket, &upload)?)
            })
            .await?;
        Ok(id)
    }

    /// The upload with this key and id.
    pub async fn upload(&self, bucket: &BucketName, key: &str, id: &str) -> Result<Upload, BucketError> {
        let (bucket, key, id) = (bucket.clone(), key.to_owned(), id.to_owned());
        self.meta
            .read(move |tx| {
                records::get(tx, &bucket)?.ok_or(BucketError::NoSuchBucket)?;
                records::upload(tx, &bucket, &key, &id)?.ok_or(BucketError::NoSuchUpload)
            })
            .await
    }

    /// Puts a part of an upload.
    pub async fn put_part(
        &self,
        bucket: &BucketName,
        (key, id): (&str, &str),
        number: u32,
        expected_md5: Option<[u8; 16]>,
        body: Body<'_>,
    ) -> Result<Part, BucketError> {
        self.upload(bucket, key, id).await?;
        let (written, _in_hand) = self.blobs.write(body, LARGEST_BODY).await?;
        if expected_md5.is_some_and(|expected| expected != written.md5) {
            return Err(BucketError::BadDigest);
        }
        self.store_part(bucket, (key, id), number, written).await
    }

    /// Makes a range of another object a part of an upload. A whole object is shared; a range of one is copied.
    pub async fn copy_part(
        &self,
        (from_bucket, from_key): (&BucketName, &str),
        range: Option<Range<u64>>,
        bucket: &BucketName,
        (key, id): (&str, &str),
        number: u32,
    ) -> Result<Part, BucketError> {
        use futures::StreamExt as _;
        self.upload(bucket, key, id).await?;
        let source = self.object(from_bucket, from_key).await?;
        let range = range.unwrap_or(0..source.size);
        let body = self.read(&source, range).map(|chunk| chunk.map_err(|error| BodyError(error.to_string()))).boxed();
        let (written, _in_hand) = self.blobs.write(body, LARGEST_BODY).await?;
        self.store_part(bucket, (key, id), number, written).await
    }

    /// Parts of an upload after `after` by number.
    pub async fn parts(&self, id: &str, after: u32, limit: u64) -> Result<Vec<Part>, BucketError> {
        let id = id.to_owned();
        self.meta.read(move |tx| Ok(records::parts(tx, &id, after, limit)?)).await
    }

    /// Uploads of a bucket by key and id.
    pub async fn uploads(
        &self,
        bucket: &BucketName,
        prefix: String,
        after: (String, String),
        limit: u64,
    ) -> Result<Vec<Upload>, BucketError> {
        let bucket = bucket.clone();
        self.meta
            .read(move |tx| {
                records::get(tx, &bucket)?.ok_or(BucketError::NoSuchBucket)?;
                Ok(records::uploads(tx, &bucket, &prefix, (&after.0, &after.1), limit)?)
            })
            .await
    }

    /// Makes the object of an upload's parts. `named` lists the parts to take; all of them when there is no list.
    pub async fn complete_upload(
        &self,
        bucket: &BucketName,
        (key, id): (&str, &str),
        named: Option<Vec<NamedPart>>,
        may_replace: bool,
    ) -> Result<Object, BucketError> {
        let (bucket, key, id) = (bucket.clone(), key.to_owned(), id.to_owned());
        let modified = self.clock.now();
        self.meta
            .write(Scope::Bucket(bucket.clone()), move |tx| {
                records::get(tx, &bucket)?.ok_or(BucketError::NoSuchBucket)?;
                let upload = records::upload(tx, &bucket, &key, &id)?.ok_or(BucketError::NoSuchUpload)?;
                let parts = records::parts(tx, &id, 0, u64::from(HIGHEST_PART))?;
                let parts = match &named {
                    None => parts,
                    Some(named) => choose(parts, named)?,
                };
                if !may_replace && records::object(tx, &bucket, &key)?.is_some() {
                    return Err(BucketError::Exists);
                }
                let object = joined(upload.clone(), &parts, modified)?;
                records::put_object(tx, &bucket, &object)?;
                records::delete_upload(tx, &bucket, &upload)?;
                Ok(object)
            })
            .await
    }

    /// Ends an upload without an object.
    pub async fn abort_upload(&self, bucket: &BucketName, key: &str, id: &str) -> Result<(), BucketError> {
        let (bucket, key, id) = (bucket.clone(), key.to_owned(), id.to_owned());
        self.meta
            .write(Scope::Bucket(bucket.clone()), move |tx| {
                records::get(tx, &bucket)?.ok_or(BucketError::NoSuchBucket)?;
                let upload = records::upload(tx, &bucket, &key, &id)?.ok_or(BucketError::NoSuchUpload)?;
                Ok(records::delete_upload(tx, &bucket, &upload)?)
            })
            .await
    }

    async fn store(&self, bucket: &BucketName, object: Object, may_replace: bool) -> Result<Object, BucketError> {
        let bucket = bucket.clone();
        self.meta
            .write(Scope::Bucket(bucket.clone()), move |tx| {
                records::get(tx, &bucket)?.ok_or(BucketError::NoSuchBucket)?;
                if !may_replace && records::object(tx, &bucket, &object.key)?.is_some() {
                    return Err(BucketError::Exists);
                }
                records::put_object(tx, &bucket, &object)?;
                Ok(object.clone())
            })
            .await
    }

    async fn store_part(
        &self,
        bucket: &BucketName,
        (key, id): (&str, &str),
        number: u32,
        written: Written,
    ) -> Result<Part, BucketError> {
        let (bucket, key, id) = (bucket.clone(), key.to_owned(), id.to_owned());
        let Written { blobs, size, md5, crc64 } = written;
        let part = Part { number, size, etag: hex::encode_upper(md5), crc64, modified: self.clock.now(), blobs };
        self.meta
            .write(Scope::Bucket(bucket.clone()), move |tx| {
                // The upload may have ended while the bytes came in.
                records::upload(tx, &bucket, &key, &id)?.ok_or(BucketError::NoSuchUpload)?;
                records::put_part(tx, &id, &part)?;
                Ok(part.clone())
            })
            .await
    }
}

/// What a new bucket is to be.
#[derive(Debug, Clone)]
pub struct NewBucket {
    /// Its name.
    pub name: BucketName,
    /// Who else may read or write.
    pub acl: String,
    /// The class of its objects.
    pub storage_class: String,
}

fn appended(before: Object, more: &Written, modified: model::Timestamp) -> Object {
    let crc64 = combine_crc64(before.crc64, more.crc64, more.size);
    let mut md5 = Md5::new();
    // No document says what the entity tag of an appended object is; it only must change.
    md5.update(before.etag.as_bytes());
    md5.update(more.md5);
    let mut blobs = before.blobs.clone();
    blobs.extend(more.blobs.iter().cloned());
    let etag = hex::encode_upper(md5.finalize());
    Object { size: before.size + more.size, crc64, etag, blobs, modified, ..before }
}

fn choose(parts: Vec<Part>, named: &[NamedPart]) -> Result<Vec<Part>, BucketError> {
    if named.is_empty() {
        return Err(BucketError::InvalidPart);
    }
    if !named.is_sorted_by(|a, b| a.number < b.number) {
        return Err(BucketError::InvalidPartOrder);
    }
    named
        .iter()
        .map(|wanted| {
            let part = parts.iter().find(|part| part.number == wanted.number).ok_or(BucketError::InvalidPart)?;
            let matches = part.etag.eq_ignore_ascii_case(&wanted.etag);
            if matches { Ok(part.clone()) } else { Err(BucketError::InvalidPart) }
        })
        .collect()
}

fn joined(upload: Upload, parts: &[Part], modified: model::Timestamp) -> Result<Object, BucketError> {
    let Some((_, all_but_last)) = parts.split_last() else { return Err(BucketError::InvalidPart) };
    if all_but_last.iter().any(|part| part.size < SMALLEST_PART) {
        return Err(BucketError::PartTooSmall);
    }
    let mut md5 = Md5::new();
    let mut crc64 = 0;
    let mut size = 0;
    let mut blobs: Vec<BlobRef> = Vec::new();
    for part in parts {
        let digest = hex::decode(&part.etag).map_err(|_| BucketError::InvalidPart)?;
        md5.update(digest);
        crc64 = if size == 0 { part.crc64 } else { combine_crc64(crc64, part.crc64, part.size) };
        size += part.size;
        blobs.extend(part.blobs.iter().cloned());
    }
    let etag = format!("{}-{}", hex::encode_upper(md5.finalize()), parts.len());
    let Upload { key, headers, acl, storage_class, encryption, .. } = upload;
    let kind = ObjectKind::Multipart;
    Ok(Object { key, size, etag, crc64, kind, headers, acl, storage_class, encryption, target: None, modified, blobs })
}

/// CRC-64/XZ of two runs of bytes, from each one's and the length of the second.
fn combine_crc64(first: u64, second: u64, second_len: u64) -> u64 {
    crc_fast::checksum_combine(crc_fast::CrcAlgorithm::Crc64Xz, first, second, second_len)
}

#[cfg(test)]
mod tests;
