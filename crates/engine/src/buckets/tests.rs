//! Buckets over real records and objects in memory.

use futures::{StreamExt as _, TryStreamExt as _};
use model::{SystemClock, SystemEntropy};
use object_store::memory::InMemory;

use super::*;

struct World {
    buckets: Buckets,
    name: BucketName,
    _dir: tempfile::TempDir,
}

async fn world() -> World {
    let dir = tempfile::tempdir().expect("a directory");
    let meta = Meta::open_sqlite(&dir.path().join("meta.db")).expect("opens");
    let blobs = Blobs::new(Arc::new(InMemory::new()), Arc::new(SystemEntropy));
    let buckets = Buckets::new(meta, blobs, Arc::new(SystemClock), Arc::new(SystemEntropy));
    let name: BucketName = "bucket".parse().expect("a name");
    let new = NewBucket { name: name.clone(), acl: "private".into(), storage_class: "Standard".into() };
    let region: RegionId = "cn-hangzhou".parse().expect("a region");
    assert!(buckets.create(AccountId::new(1), region.clone(), new.clone()).await.expect("made"));
    assert!(!buckets.create(AccountId::new(1), region.clone(), new.clone()).await.expect("there"));
    let taken = buckets.create(AccountId::new(2), region, new).await;
    assert!(matches!(taken, Err(BucketError::BucketTaken)));
    World { buckets, name, _dir: dir }
}

fn body(bytes: &[u8]) -> Body<'static> {
    let chunks: Vec<Result<Bytes, BodyError>> = bytes.chunks(7).map(|c| Ok(Bytes::copy_from_slice(c))).collect();
    futures::stream::iter(chunks).boxed()
}

impl World {
    async fn read(&self, key: &str, range: Range<u64>) -> Vec<u8> {
        let object = self.buckets.object(&self.name, key).await.expect("the object");
        let chunks: Vec<Bytes> = self.buckets.read(&object, range).try_collect().await.expect("read");
        chunks.concat()
    }
}

#[tokio::test]
async fn what_is_put_is_what_is_read() {
    let world = world().await;
    let put = world.buckets.put(&world.name, NewObject::plain("k"), body(b"hello world")).await.expect("put");
    assert_eq!(put.etag, "5EB63BBBE01EEED093CB22BB8F5ACDC3");
    assert_eq!(put.crc64, 5_981_764_153_023_615_706, "CRC-64/XZ of \"hello world\"");
    assert_eq!(world.read("k", 0..11).await, b"hello world");
    assert_eq!(world.read("k", 3..8).await, b"lo wo");
    let empty = world.buckets.put(&world.name, NewObject::plain("e"), body(b"")).await.expect("put");
    assert_eq!((empty.size, empty.crc64, empty.blobs.len()), (0, 0, 0));
}

#[tokio::test]
async fn a_body_that_is_not_its_digest_changes_nothing() {
    let world = world().await;
    world.buckets.put(&world.name, NewObject::plain("k"), body(b"first")).await.expect("put");
    let wrong = NewObject { expected_md5: Some([0; 16]), ..NewObject::plain("k") };
    let refused = world.buckets.put(&world.name, wrong, body(b"second")).await;
    assert!(matches!(refused, Err(BucketError::BadDigest)));
    let guarded = NewObject { may_replace: false, ..NewObject::plain("k") };
    assert!(matches!(world.buckets.put(&world.name, guarded, body(b"x")).await, Err(BucketError::Exists)));
    let broken = futures::stream::iter([Ok(Bytes::from_static(b"se")), Err(BodyError("reset".into()))]).boxed();
    let refused = world.buckets.put(&world.name, NewObject::plain("k"), broken).await;
    assert!(matches!(refused, Err(BucketError::Body(_))));
    assert_eq!(world.read("k", 0..5).await, b"first");
}

#[tokio::test]
async fn parts_make_an_object_without_copying() {
    let world = world().await;
    let id = world.buckets.begin_upload(&world.name, NewObject::plain("big")).await.expect("begun");
    let big = vec![b'a'; SMALLEST_PART as usize];
    let upload = ("big", id.as_str());
    let one = world.buckets.put_part(&world.name, upload, 1, None, body(&big)).await.expect("part");
    let two = world.buckets.put_part(&world.name, upload, 2, None, body(b"tail")).await.expect("part");
    let named = |parts: &[(u32, &str)]| {
        Some(parts.iter().map(|(number, etag)| NamedPart { number: *number, etag: (*etag).to_owned() }).collect())
    };
    let complete = async |parts| world.buckets.complete_upload(&world.name, upload, parts, true).await;
    assert!(matches!(complete(named(&[(2, &two.etag), (1, &one.etag)])).await, Err(BucketError::InvalidPartOrder)));
    assert!(matches!(complete(named(&[(1, &two.etag)])).await, Err(BucketError::InvalidPart)));
    assert!(matches!(complete(named(&[(3, &two.etag)])).await, Err(BucketError::InvalidPart)));
    let whole = [big.as_slice(), b"tail"].concat();
    let object = complete(named(&[(1, &one.etag.to_lowercase()), (2, &two.etag)])).await.expect("complete");
    assert_eq!(object.size, whole.len() as u64);
    assert!(object.etag.ends_with("-2"), "{}", object.etag);
    assert_eq!(object.crc64, crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Xz, &whole));
    assert_eq!(object.blobs, [one.blobs, two.blobs].concat());
    assert_eq!(world.read("big", 0..object.size).await, whole);
    assert_eq!(world.read("big", SMALLEST_PART - 1..SMALLEST_PART + 1).await, b"at");
    assert!(matches!(complete(None).await, Err(BucketError::NoSuchUpload)));
}

#[tokio::test]
async fn a_small_part_in_the_middle_is_refused() {
    let world = world().await;
    let id = world.buckets.begin_upload(&world.name, NewObject::plain("k")).await.expect("begun");
    for number in 1..=2 {
        world.buckets.put_part(&world.name, ("k", &id), number, None, body(b"tiny")).await.expect("part");
    }
    let refused = world.buckets.complete_upload(&world.name, ("k", &id), None, true).await;
    assert!(matches!(refused, Err(BucketError::PartTooSmall)));
    world.buckets.abort_upload(&world.name, "k", &id).await.expect("aborted");
    let gone = world.buckets.put_part(&world.name, ("k", &id), 1, None, body(b"late")).await;
    assert!(matches!(gone, Err(BucketError::NoSuchUpload)));
}

#[tokio::test]
async fn appending() {
    let world = world().await;
    let append = async |position, bytes: &'static [u8]| {
        world.buckets.append(&world.name, NewObject::plain("log"), position, body(bytes)).await
    };
    assert!(matches!(append(1, b"x").await, Err(BucketError::PositionMismatch { actual: 0 })));
    append(0, b"hello ").await.expect("begun");
    assert!(matches!(append(0, b"x").await, Err(BucketError::PositionMismatch { actual: 6 })));
    let object = append(6, b"world").await.expect("appended");
    assert_eq!(object.crc64, 5_981_764_153_023_615_706);
    assert_eq!(world.read("log", 0..11).await, b"hello world");
    world.buckets.put(&world.name, NewObject::plain("log"), body(b"x")).await.expect("put");
    assert!(matches!(append(1, b"y").await, Err(BucketError::NotAppendable)));
}

#[tokio::test]
async fn a_copy_outlives_its_source() {
    let world = world().await;
    world.buckets.put(&world.name, NewObject::plain("a"), body(b"bytes")).await.expect("put");
    world.buckets.copy((&world.name, "a"), &world.name, NewObject::plain("b")).await.expect("copied");
    world.buckets.delete_objects(&world.name, vec!["a".into(), "never".into()]).await.expect("deleted");
    assert_eq!(world.read("b", 0..5).await, b"bytes");
    assert!(matches!(world.buckets.delete(&world.name).await, Err(BucketError::BucketNotEmpty)));
    world.buckets.delete_objects(&world.name, vec!["b".into()]).await.expect("deleted");
    world.buckets.delete(&world.name).await.expect("deleted");
    assert!(matches!(world.buckets.get(&world.name).await, Err(BucketError::NoSuchBucket)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_a_file() {
    use disk::ReadAt as _;
    let world = world().await;
    let id = world.buckets.begin_upload(&world.name, NewObject::plain("k")).await.expect("begun");
    let bytes: Vec<u8> = (0..SMALLEST_PART * 2).map(|n| (n % 251) as u8).collect();
    let (one, two) = bytes.split_at(SMALLEST_PART as usize);
    world.buckets.put_part(&world.name, ("k", &id), 1, None, body(one)).await.expect("part");
    world.buckets.put_part(&world.name, ("k", &id), 2, None, body(two)).await.expect("part");
    let object = world.buckets.complete_upload(&world.name, ("k", &id), None, true).await.expect("complete");
    let file = ObjectFile::new(world.buckets.blobs().clone(), &object.blobs, tokio::runtime::Handle::current());
    tokio::task::spawn_blocking(move || {
        assert_eq!(file.len(), bytes.len() as u64);
        let middle = SMALLEST_PART as usize;
        for range in [0..1, 0..bytes.len(), middle - 5..middle + 5, middle..middle + 1, bytes.len()..bytes.len()] {
            let mut buf = vec![0; range.len()];
            file.read_exact_at(&mut buf, range.start as u64).expect("read");
            assert_eq!(buf, bytes[range]);
        }
        assert!(file.read_exact_at(&mut [0; 2], file.len() - 1).is_err());
        assert!(file.read_exact_at(&mut [0; 2], u64::MAX).is_err());
    })
    .await
    .expect("no panic");
}
