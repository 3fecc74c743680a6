//! Blobs: the bytes of objects and parts, each a whole object of the object store under a name of its own.
//!
//! A blob is written once, under a random name, and never changed; which blobs make an object is a record. So an upload
//! that fails halfway leaves at most a blob that no record names, and the sweep removes it.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use crc_fast::{CrcAlgorithm, Digest};
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use md5::{Digest as _, Md5};
use meta::buckets::BlobRef;
use model::{Entropy, Timestamp};
use object_store::buffered::BufWriter;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use parking_lot::Mutex;
use tokio::io::AsyncWriteExt as _;

use super::BucketError;

/// Bytes that are collected before they are written: smaller bodies are one PUT, larger ones parts of this size.
const WRITE_CHUNK: usize = 8 << 20;

/// Bytes of one chunk of an answer.
const READ_CHUNK: u64 = 1 << 20;

/// A body as it arrives.
pub type Body<'a> = BoxStream<'a, Result<Bytes, BodyError>>;

/// A body did not arrive whole.
#[derive(Debug, thiserror::Error)]
#[error("the body ended early: {0}")]
pub struct BodyError(pub String);

/// What a body was found to be while it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Where it is; nothing for an empty body.
    pub blobs: Vec<BlobRef>,
    /// Its length in bytes.
    pub size: u64,
    /// Its MD5.
    pub md5: [u8; 16],
    /// Its CRC-64/XZ.
    pub crc64: u64,
}

/// The blobs of one deployment.
#[derive(Clone)]
pub struct Blobs {
    objects: Arc<dyn ObjectStore>,
    entropy: Arc<dyn Entropy>,
    /// Blobs of this process that no record names yet.
    in_hand: Arc<Mutex<HashSet<String>>>,
}

/// Keeps the sweep of this process away from a blob until its record is written.
pub struct InHand {
    id: String,
    all: Arc<Mutex<HashSet<String>>>,
}

impl Drop for InHand {
    fn drop(&mut self) {
        self.all.lock().remove(&self.id);
    }
}

impl Blobs {
    /// Blobs in this object store, under `blobs/`.
    pub fn new(objects: Arc<dyn ObjectStore>, entropy: Arc<dyn Entropy>) -> Self {
        Self { objects, entropy, in_hand: Arc::default() }
    }

    /// Whether somebody in this process has just written a blob and not recorded it yet.
    pub fn is_in_hand(&self, id: &str) -> bool {
        self.in_hand.lock().contains(id)
    }

    /// Writes a body of at most `limit` bytes; durable when this returns. Keep the second value until what names the
    /// blob is recorded.
    pub async fn write(&self, mut body: Body<'_>, limit: u64) -> Result<(Written, InHand), BucketError> {
        let id = model::id::random_text(&*self.entropy, 32);
        self.in_hand.lock().insert(id.clone());
        let in_hand = InHand { id: id.clone(), all: Arc::clone(&self.in_hand) };
        let mut writer = BufWriter::with_capacity(Arc::clone(&self.objects), path(&id), WRITE_CHUNK);
        let mut md5 = Md5::new();
        let mut crc = Digest::new(CrcAlgorithm::Crc64Xz);
        let mut size = 0_u64;
        let outcome = async {
            while let Some(chunk) = body.next().await {
                let chunk = chunk?;
                size += chunk.len() as u64;
                if size > limit {
                    return Err(BucketError::TooLarge);
                }
                md5.update(&chunk);
                crc.update(&chunk);
                writer.put(chunk).await?;
            }
            Ok(())
        }
        .await;
        if let Err(error) = outcome {
            // What was written has no name in any record; if this fails too, the sweep finds it.
            let _ = writer.abort().await;
            return Err(error);
        }
        let blobs = if size == 0 {
            Vec::new()
        } else {
            writer.shutdown().await.map_err(BucketError::Write)?;
            vec![BlobRef { id, len: size }]
        };
        Ok((Written { blobs, size, md5: md5.finalize().into(), crc64: crc.finalize() }, in_hand))
    }

    /// The bytes of `range` of a run of blobs, as a stream.
    pub fn read(&self, blobs: &[BlobRef], range: Range<u64>) -> BoxStream<'static, Result<Bytes, BucketError>> {
        let mut pieces = Vec::new();
        let mut start = 0;
        for blob in blobs {
            let end = start + blob.len;
            let (from, to) = (range.start.max(start), range.end.min(end));
            let mut at = from;
            while at < to {
                let next = to.min(at + READ_CHUNK);
                pieces.push((blob.id.clone(), at - start..next - start));
                at = next;
            }
            start = end;
        }
        let objects = Arc::clone(&self.objects);
        futures::stream::iter(pieces)
            .map(move |(id, range)| {
                let objects = Arc::clone(&objects);
                async move { Ok(objects.get_range(&path(&id), range).await?) }
            })
            .buffered(2)
            .boxed()
    }

    /// One range of one blob.
    pub async fn read_range(&self, id: &str, range: Range<u64>) -> Result<Bytes, BucketError> {
        Ok(self.objects.get_range(&path(id), range).await?)
    }

    /// Every blob with the time when it was written.
    pub async fn list(&self) -> Result<Vec<(String, Timestamp)>, BucketError> {
        let found: Vec<_> = self.objects.list(Some(&Path::from("blobs"))).try_collect().await?;
        Ok(found
            .into_iter()
            .filter_map(|object| {
                let written = Timestamp::from_millis(object.last_modified.timestamp_millis());
                Some((object.location.filename()?.to_owned(), written))
            })
            .collect())
    }

    /// Deletes a blob; one that is gone already is no error.
    pub async fn delete(&self, id: &str) -> Result<(), BucketError> {
        match self.objects.delete(&path(id)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Blobs are spread over 1,296 directories: a directory of a file system should not hold millions of names.
fn path(id: &str) -> Path {
    let shard: String = id.chars().take(2).collect();
    Path::from_iter(["blobs", &shard, id])
}
