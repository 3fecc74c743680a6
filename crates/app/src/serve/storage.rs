//! Where bytes live: a directory, or an S3-compatible store.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use object_store::ObjectStore;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::prefix::PrefixStore;
use store::objects::remove_staged;
use store::{Objects, StoredObjects};
use tokio::runtime::Handle;

use crate::data_dir::DataDir;

/// The two users of the bytes: objects of buckets, and the block store.
pub(crate) struct Storage {
    pub(crate) objects: Arc<dyn ObjectStore>,
    pub(crate) store: Arc<dyn Objects>,
}

/// Opens the storage at `place`, or in the data directory.
pub(crate) fn open(place: Option<&str>, data: &DataDir) -> Result<Storage> {
    match place.and_then(|place| place.strip_prefix("s3://")) {
        Some(address) => open_s3(address),
        None => open_directory(place.map_or_else(|| data.root().to_owned(), PathBuf::from)),
    }
}

fn open_directory(root: PathBuf) -> Result<Storage> {
    let (objects_dir, store_dir) = (root.join("objects"), root.join("store"));
    for directory in [&objects_dir, &store_dir] {
        std::fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    }
    // Uploads that a crash cut off; the block store does the same for its own directory.
    remove_staged(&objects_dir).with_context(|| format!("cannot tidy {}", objects_dir.display()))?;
    let objects = LocalFileSystem::new_with_prefix(&objects_dir)?.with_fsync(true);
    let store = StoredObjects::directory(&store_dir)
        .with_context(|| format!("cannot open the block store in {}", store_dir.display()))?;
    Ok(Storage { objects: Arc::new(objects), store: Arc::new(store) })
}

/// `BUCKET` or `BUCKET/PREFIX`; keys, endpoint and region come from the usual `AWS_…` variables.
fn open_s3(address: &str) -> Result<Storage> {
    let (bucket, prefix) = address.split_once('/').unwrap_or((address, ""));
    let s3 = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .build()
        .with_context(|| format!("cannot use the bucket {bucket}"))?;
    let s3: Arc<dyn ObjectStore> = Arc::new(s3);
    let under = |name: &str| -> Arc<dyn ObjectStore> {
        let path = if prefix.is_empty() { name.to_owned() } else { format!("{}/{name}", prefix.trim_matches('/')) };
        Arc::new(PrefixStore::new(Arc::clone(&s3), path))
    };
    let store = StoredObjects::remote(under("store"), Handle::current());
    Ok(Storage { objects: under("objects"), store: Arc::new(store) })
}
