//! A door over SQLite and a directory or memory, with two accounts.

use std::sync::Arc;

use engine::buckets::{Blobs, Buckets};
use identity::Identities;
use meta::accounts::{AccessKey, Account};
use meta::{Meta, Scope};
use model::{AccountId, Clock, SystemEntropy};
use object_store::ObjectStore;
use oss::{OssConfig, OssDoor};

/// Keys of the two accounts: id, secret, account.
pub const KEYS: [(&str, &str, u64); 2] = [
    ("LTAI5tTestAccessKeyId", "TestAccessKeySecret0123456789AB", 1_000_000_000_000_001),
    ("LTAI5tOtherAccessKeyId", "OtherAccessKeySecret0123456789A", 1_000_000_000_000_002),
];

/// A door whose files are gone when this is.
pub struct World {
    pub door: OssDoor,
    pub identities: Arc<Identities>,
    pub meta: Meta,
    _dir: tempfile::TempDir,
}

/// Makes a door over this object store, or over a directory of its own.
pub async fn world(clock: Arc<dyn Clock>, objects: Option<Arc<dyn ObjectStore>>) -> World {
    let dir = tempfile::tempdir().expect("a directory");
    let meta = Meta::open_sqlite(&dir.path().join("meta.db")).expect("records");
    let created = clock.now();
    meta.write(Scope::Shared, move |tx| {
        for (id, secret, number) in KEYS {
            let account = AccountId::new(number);
            meta::accounts::insert(tx, &Account { id: account, name: id.to_owned(), created })?;
            let (id, secret) = (id.to_owned(), secret.to_owned());
            meta::accounts::insert_key(tx, &AccessKey { id, account, user: None, secret, active: true, created })?;
        }
        Ok::<_, meta::Error>(())
    })
    .await
    .expect("accounts");
    let objects = objects.unwrap_or_else(|| {
        let path = dir.path().join("objects");
        std::fs::create_dir(&path).expect("a directory");
        let local = object_store::local::LocalFileSystem::new_with_prefix(path).expect("a store");
        Arc::new(local.with_fsync(true))
    });
    let entropy = Arc::new(SystemEntropy);
    let blobs = Blobs::new(objects, entropy.clone());
    let buckets = Buckets::new(meta.clone(), blobs, Arc::clone(&clock), entropy.clone());
    let regions: [model::RegionId; 2] = ["cn-hangzhou", "cn-shanghai"].map(|region| region.parse().expect("a region"));
    let config =
        OssConfig { default_region: regions[0].clone(), regions: regions.to_vec(), public_suffixes: Vec::new() };
    let identities = Arc::new(Identities::open(meta.clone(), entropy.clone()).await.expect("opens"));
    let door = OssDoor::new(config, Arc::clone(&identities), buckets, clock, entropy);
    World { door, identities, meta, _dir: dir }
}
