//! The one test of every flow: it is failed before and after each step, and crashed before and after each step, on the
//! way forward and on the way back; afterwards the world is as if the flow had never run, or as if nothing had happened.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use disk::{Disk as _, Format};
use engine::buckets::{Blobs, Body, Buckets, NewBucket, NewObject};
use engine::flows::export_image::{self, Plan, Target};
use engine::flows::import_image::{self, Source};
use engine::machines::Host;
use engine::runner::{Injected, Probe};
use engine::{Engine, Parts};
use futures::{StreamExt as _, TryStreamExt as _};
use meta::{Meta, Scope, conformance, flows, images, manifests, tasks};
use model::{
    BucketName, Clock, Entropy as _, FlowId, Image, ImageId, ImageStatus, RegionId, SystemClock, SystemEntropy, Task,
    TaskAction, TaskId, TaskItem, TaskStatus,
};
use object_store::memory::InMemory;
use store::{Store, StoreOptions, StoredObjects, VerifyOptions};

/// Injects one thing, once, at one place, and counts the places.
struct At {
    place: usize,
    what: Injected,
    passed: AtomicUsize,
}

impl Probe for At {
    fn before(&self, n: usize) -> Option<Injected> {
        self.passed.fetch_max(n + 1, Ordering::SeqCst);
        (n == self.place).then_some(self.what)
    }
}

struct World {
    parts: Parts,
    bucket: BucketName,
    disks: Vec<Vec<u8>>,
    _dir: tempfile::TempDir,
}

fn region() -> RegionId {
    "cn-hangzhou".parse().expect("a region")
}

fn body(bytes: Vec<u8>) -> Body<'static> {
    futures::stream::once(async move { Ok(Bytes::from(bytes)) }).boxed()
}

/// A disk with some data, a hole, and an end that is no whole block of the store.
fn disk_bytes(seed: u8) -> Vec<u8> {
    let mut bytes = vec![0; 9 << 20];
    for (n, byte) in bytes[..300_000].iter_mut().enumerate() {
        *byte = (n as u8).wrapping_mul(31).wrapping_add(seed);
    }
    bytes[8 << 20..(8 << 20) + 5_000].fill(seed + 1);
    bytes.truncate((9 << 20) - 512);
    bytes
}

impl World {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let meta = Meta::open_sqlite(&dir.path().join("meta.db")).expect("opens");
        let blobs = Blobs::new(Arc::new(InMemory::new()), Arc::new(SystemEntropy));
        let buckets = Buckets::new(meta.clone(), blobs, Arc::new(SystemClock), Arc::new(SystemEntropy));
        let options = StoreOptions { threads: 2, ..StoreOptions::default() };
        let store = Store::open(Arc::new(StoredObjects::memory()), [7; 32], options).expect("opens");
        let bucket: BucketName = "disks".parse().expect("a name");
        let new = NewBucket { name: bucket.clone(), acl: "private".into(), storage_class: "Standard".into() };
        let owner = owner();
        buckets.create(owner, region(), new).await.expect("a bucket");
        let disks = vec![disk_bytes(1), disk_bytes(2)];
        for (n, bytes) in disks.iter().enumerate() {
            buckets.put(&bucket, NewObject::plain(format!("disk-{n}")), body(bytes.clone())).await.expect("put");
        }
        let host = Host::on_record(dir.path(), store.clone(), Arc::new(SystemClock)).await.expect("opens");
        let parts = Parts { meta, buckets, store, host, entropy: Arc::new(SystemEntropy) };
        Self { parts, bucket, disks, _dir: dir }
    }

    fn engine(&self, probe: Option<Arc<dyn Probe>>) -> Engine {
        Engine::with_probe(self.parts.clone(), Arc::new(SystemClock), "node".into(), probe)
    }

    async fn begin_import(&self) -> (ImageId, TaskId) {
        let mut sources = Vec::new();
        for n in 0..self.disks.len() {
            let object = self.parts.buckets.object(&self.bucket, &format!("disk-{n}")).await.expect("the object");
            sources.push(Source { blobs: object.blobs, format: Format::Raw.to_string() });
        }
        let mut image = conformance::image(owner(), "imported", SystemClock.now().as_millis());
        image.status = ImageStatus::Waiting;
        let mut second = image.disks[0].clone();
        second.device = "/dev/xvdb".into();
        second.snapshot = model::SnapshotId::generate(&SystemEntropy);
        image.disks.push(second);
        let task = task(TaskAction::ImportImage, image.id.as_str(), 2);
        let ids = (image.id.clone(), task.id.clone());
        let began = self
            .parts
            .meta
            .write(Scope::Account(owner()), move |tx| {
                let seq = images::age_sequence(image.created, 1);
                import_image::begin(tx, FlowId::generate(&SystemEntropy), (&image, &task, seq), sources.clone())
            })
            .await
            .expect("begun");
        assert!(began);
        ids
    }

    async fn begin_export(&self, image: &ImageId) -> TaskId {
        let image = self.image(image).await.expect("the image");
        let targets = image
            .disks
            .iter()
            .enumerate()
            .map(|(n, disk)| Target { manifest: disk.manifest.clone(), key: format!("out-{n}.qcow2") })
            .collect();
        let format = Format::Qcow2.to_string();
        let plan = Plan { image: image.id.clone(), bucket: self.bucket.clone(), format, targets };
        let task = task(TaskAction::ExportImage, image.id.as_str(), 2);
        let id = task.id.clone();
        self.parts
            .meta
            .write(Scope::Account(owner()), move |tx| {
                export_image::begin(tx, FlowId::generate(&SystemEntropy), &task, random_seq(), plan.clone())
            })
            .await
            .expect("begun");
        id
    }

    async fn image(&self, id: &ImageId) -> Option<Image> {
        let id = id.clone();
        self.parts.meta.read(move |tx| images::get(tx, &id)).await.expect("read").map(|stored| stored.image)
    }

    async fn task(&self, id: &TaskId) -> Task {
        let id = id.clone();
        self.parts.meta.read(move |tx| tasks::get(tx, &id)).await.expect("read").expect("the task")
    }

    async fn keys(&self) -> BTreeSet<String> {
        let objects = self.parts.buckets.objects(&self.bucket, String::new(), String::new(), 100).await.expect("list");
        objects.into_iter().map(|object| object.key).collect()
    }

    /// Nothing is left but what is recorded: no flow, no stray blob, and every live manifest verifies.
    async fn assert_tidy(&self) {
        let meta = &self.parts.meta;
        assert_eq!(meta.read(flows::list).await.expect("read"), [], "no flow is left");
        let held = meta.read(manifests::held).await.expect("read");
        assert!(held.iter().all(|(_, holder)| holder.starts_with("m-")), "only images hold manifests: {held:?}");
        self.engine(None).sweep(0).await.expect("swept");
        let mut live: Vec<store::ManifestId> = held.iter().map(|(id, _)| id.parse().expect("an id")).collect();
        live.sort();
        let store = self.parts.store.clone();
        let (manifests, report) = tokio::task::spawn_blocking(move || {
            let options = VerifyOptions { deep: true, ..VerifyOptions::default() };
            (store.manifests().expect("listed"), store.verify(&live, &options).map(|report| (live, report)))
        })
        .await
        .expect("no panic");
        let (live, report) = report.expect("verified");
        assert!(report.damage.is_empty(), "{report:?}");
        let stored: BTreeSet<_> = manifests.into_iter().collect();
        assert_eq!(stored, live.into_iter().collect(), "no manifest is left over");
        let mut named = BTreeSet::new();
        for object in self.parts.buckets.objects(&self.bucket, String::new(), String::new(), 100).await.expect("list") {
            named.extend(object.blobs.into_iter().map(|blob| blob.id));
        }
        let blobs = self.parts.buckets.blobs().list().await.expect("listed");
        assert_eq!(blobs.into_iter().map(|(id, _)| id).collect::<BTreeSet<_>>(), named, "no blob is left over");
    }

    /// The image's disks are the bytes that were imported.
    async fn assert_whole(&self, image: &Image) {
        for (mapping, expected) in image.disks.iter().zip(&self.disks) {
            let (store, id) = (self.parts.store.clone(), mapping.manifest.parse().expect("an id"));
            let expected = expected.clone();
            tokio::task::spawn_blocking(move || {
                let volume = store.volume(&id).expect("opens");
                assert_eq!(volume.virtual_size(), expected.len() as u64);
                let mut bytes = vec![0; expected.len()];
                volume.read_exact_at(&mut bytes, 0).expect("read");
                assert!(bytes == expected, "the bytes are the ones that were imported");
            })
            .await
            .expect("no panic");
        }
    }
}

fn owner() -> model::AccountId {
    model::AccountId::new(1_000_000_000_000_001)
}

fn random_seq() -> i64 {
    let mut bytes = [0; 4];
    SystemEntropy.fill(&mut bytes);
    images::age_sequence(SystemClock.now(), u32::from_le_bytes(bytes))
}

fn task(action: TaskAction, resource: &str, items: usize) -> Task {
    Task {
        id: TaskId::generate(&SystemEntropy),
        account: owner(),
        region: region(),
        action,
        resource: resource.to_owned(),
        status: TaskStatus::Processing,
        progress: 0,
        items: vec![TaskItem::default(); items],
        failure: None,
        created: SystemClock.now(),
        finished: None,
    }
}

const EVERYTHING: [Injected; 4] = [Injected::Fail, Injected::FailAfter, Injected::Crash, Injected::CrashAfter];

/// Runs flows with one injection, and to the end without; returns how many places there were.
async fn run_with(world: &World, place: usize, what: Injected) -> usize {
    let probe = Arc::new(At { place, what, passed: AtomicUsize::new(0) });
    let engine = world.engine(Some(probe.clone()));
    engine.run_until_idle().await.expect("runs");
    world.engine(None).run_until_idle().await.expect("runs");
    probe.passed.load(Ordering::SeqCst)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn imports_end_whole_or_without_a_trace() {
    for what in EVERYTHING {
        let mut place = 0;
        loop {
            let world = World::new().await;
            let (image, task) = world.begin_import().await;
            let places = run_with(&world, place, what).await;
            if places <= place {
                break;
            }
            let (image, task) = (world.image(&image).await.expect("the image"), world.task(&task).await);
            assert!(task.finished.is_some());
            match what {
                Injected::Fail | Injected::FailAfter => {
                    assert_eq!((image.status, task.status), (ImageStatus::CreateFailed, TaskStatus::Failed));
                    assert_eq!(task.failure.expect("a reason").code, "InternalError");
                }
                Injected::Crash | Injected::CrashAfter => {
                    assert_eq!((image.status, task.status), (ImageStatus::Available, TaskStatus::Finished), "{place}");
                    assert_eq!((image.progress, task.progress), (100, 100));
                    world.assert_whole(&image).await;
                }
            }
            world.assert_tidy().await;
            place += 1;
        }
        assert!(place >= 4, "an import of two disks has four steps: {place}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exports_end_whole_or_without_a_trace() {
    let imported: BTreeSet<String> = ["disk-0".to_owned(), "disk-1".to_owned()].into();
    for what in EVERYTHING {
        let mut place = 0;
        loop {
            let world = World::new().await;
            let (image, _) = world.begin_import().await;
            world.engine(None).run_until_idle().await.expect("runs");
            let task = world.begin_export(&image).await;
            let places = run_with(&world, place, what).await;
            if places <= place {
                break;
            }
            let task = world.task(&task).await;
            match what {
                Injected::Fail | Injected::FailAfter => {
                    assert_eq!(task.status, TaskStatus::Failed);
                    assert_eq!(world.keys().await, imported, "what was written is gone");
                }
                Injected::Crash | Injected::CrashAfter => {
                    assert_eq!(task.status, TaskStatus::Finished);
                    assert!(task.items.iter().all(|item| item.done));
                    assert_eq!(world.keys().await.len(), 4);
                    assert_exported(&world).await;
                }
            }
            world.assert_tidy().await;
            place += 1;
        }
        assert!(place >= 3, "an export of two disks has three steps: {place}");
    }
}

async fn assert_exported(world: &World) {
    for (n, expected) in world.disks.iter().enumerate() {
        let object = world.parts.buckets.object(&world.bucket, &format!("out-{n}.qcow2")).await.expect("the object");
        let chunks: Vec<Bytes> = world.parts.buckets.read(&object, 0..object.size).try_collect().await.expect("read");
        let file: Vec<u8> = chunks.concat();
        let disk = disk::open(Arc::new(file), Format::Qcow2, &disk::Limits::default()).expect("opens");
        let mut bytes = vec![0; expected.len()];
        disk.read_exact_at(&mut bytes, 0).expect("read");
        assert!(bytes == *expected, "the object holds the disk");
    }
}

/// A crash on the way back resumes the way back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interrupted_undo_goes_on() {
    struct FailThenCrash(usize);
    impl Probe for FailThenCrash {
        fn before(&self, n: usize) -> Option<Injected> {
            match n {
                2 => Some(Injected::FailAfter),
                n if n == self.0 => Some(Injected::CrashAfter),
                _ => None,
            }
        }
    }
    for place in 3..6 {
        let world = World::new().await;
        let (image, task) = world.begin_import().await;
        world.engine(Some(Arc::new(FailThenCrash(place)))).run_until_idle().await.expect("runs");
        world.engine(None).run_until_idle().await.expect("runs");
        assert_eq!(world.image(&image).await.expect("the image").status, ImageStatus::CreateFailed);
        assert_eq!(world.task(&task).await.status, TaskStatus::Failed);
        world.assert_tidy().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_import_leaves_nothing() {
    /// Cancels the task when the runner comes to one of its places.
    struct Canceller {
        place: usize,
        meta: Meta,
        task: TaskId,
    }
    impl Probe for Canceller {
        fn before(&self, n: usize) -> Option<Injected> {
            if n == self.place {
                let (meta, task) = (self.meta.clone(), self.task.clone());
                tokio::task::block_in_place(|| {
                    let cancel = meta.write(Scope::Account(owner()), move |tx| flows::cancel(tx, &task));
                    assert!(tokio::runtime::Handle::current().block_on(cancel).expect("cancelled"));
                });
            }
            None
        }
    }
    for place in 0..4 {
        let world = World::new().await;
        let (image, task) = world.begin_import().await;
        let probe = Canceller { place, meta: world.parts.meta.clone(), task: task.clone() };
        world.engine(Some(Arc::new(probe))).run_until_idle().await.expect("runs");
        assert_eq!(world.image(&image).await, None, "cancelled at {place}");
        let task = world.task(&task).await;
        assert_eq!(task.status, TaskStatus::Failed);
        assert_eq!(task.failure.expect("a reason").code, "TaskCancelled");
        world.assert_tidy().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_no_disk_fails_its_task_with_the_code_of_the_service() {
    let world = World::new().await;
    let new = NewObject::plain("disk-0");
    let mut qcow2 = b"QFI\xfb\0\0\0\x03".to_vec();
    qcow2.resize(4096, 0xff);
    world.parts.buckets.put(&world.bucket, new, body(qcow2)).await.expect("put");
    let object = world.parts.buckets.object(&world.bucket, "disk-0").await.expect("the object");
    let image = conformance::image(owner(), "hostile", 1);
    let task = task(TaskAction::ImportImage, image.id.as_str(), 1);
    let (image_id, task_id) = (image.id.clone(), task.id.clone());
    let sources = vec![Source { blobs: object.blobs, format: Format::Qcow2.to_string() }];
    world
        .parts
        .meta
        .write(Scope::Account(owner()), move |tx| {
            import_image::begin(tx, FlowId::generate(&SystemEntropy), (&image, &task, 1), sources.clone())
        })
        .await
        .expect("begun");
    world.engine(None).run_until_idle().await.expect("runs");
    assert_eq!(world.image(&image_id).await.expect("the image").status, ImageStatus::CreateFailed);
    assert_eq!(world.task(&task_id).await.failure.expect("a reason").code, "InvalidImageFormat.Malformed");
    world.assert_tidy().await;
}

#[tokio::test]
async fn an_unknown_journal_is_parked_not_lost() {
    let world = World::new().await;
    let task = task(TaskAction::ImportImage, "m-x", 0);
    let row = flows::FlowRow {
        place: String::new(),
        id: FlowId::generate(&SystemEntropy),
        name: "import-image/1".into(),
        task: task.id.clone(),
        account: owner(),
        journal: "{\"state\":\"of another world\"}".into(),
        cancelled: false,
        generation: 1,
        created: task.created,
    };
    let expected = row.id.clone();
    world.parts.meta.write(Scope::Shared, move |tx| flows::insert(tx, &row)).await.expect("inserted");
    world.engine(None).run_until_idle().await.expect("runs");
    let left = world.parts.meta.read(flows::list).await.expect("read");
    assert_eq!(left.iter().map(|flow| &flow.id).collect::<Vec<_>>(), [&expected]);
}
