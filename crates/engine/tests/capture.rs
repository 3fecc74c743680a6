//! Capturing disks, with the process dying or a step failing at every place: whatever happens, snapshot and image end in
//! a state that the service documents, the running disk keeps every byte, and nothing is left over.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use disk::{Disk as _, WritableDisk as _};
use engine::buckets::{Blobs, Buckets};
use engine::flows::capture::{self, Part, VolumeSpec, Work};
use engine::machines::Host;
use engine::runner::{Injected, Probe};
use engine::{Engine, Parts};
use meta::{Meta, Scope, conformance, flows, images, manifests, resources};
use model::{
    AccountId, Disk, DiskCategory, DiskId, DiskStatus, DiskType, ImageId, ImageStatus, Snapshot, SnapshotId,
    SnapshotStatus, SystemClock, SystemEntropy, Timestamp,
};
use object_store::memory::InMemory;
use store::{Store, StoreOptions, StoredObjects, VerifyOptions};

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

fn owner() -> AccountId {
    AccountId::new(7)
}

struct World {
    parts: Parts,
    disks: Vec<Disk>,
    snapshots: Vec<SnapshotId>,
    image: ImageId,
    _dir: tempfile::TempDir,
}

impl World {
    /// Two disks with something on them, and a capture of both that has just begun.
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let meta = Meta::open_sqlite(&dir.path().join("meta.db")).expect("opens");
        let blobs = Blobs::new(Arc::new(InMemory::new()), Arc::new(SystemEntropy));
        let buckets = Buckets::new(meta.clone(), blobs, Arc::new(SystemClock), Arc::new(SystemEntropy));
        let options = StoreOptions { threads: 2, ..StoreOptions::default() };
        let store = Store::open(Arc::new(StoredObjects::memory()), [7; 32], options).expect("opens");
        let host = Host::on_record(dir.path(), store.clone(), Arc::new(SystemClock)).await.expect("opens");
        let parts = Parts { meta, buckets, store, host, entropy: Arc::new(SystemEntropy) };
        let disks: Vec<Disk> = (0..2).map(disk).collect();
        let snapshots: Vec<SnapshotId> = disks.iter().map(|_| SnapshotId::generate(&SystemEntropy)).collect();
        let mut image = conformance::image(owner(), "captured", 1);
        image.status = ImageStatus::Waiting;
        image.disks = Vec::new();
        let world = Self { parts, disks, snapshots, image: image.id.clone(), _dir: dir };
        let engine = world.engine(None);
        for (n, disk) in world.disks.iter().enumerate() {
            let volume = engine.volume(disk).await.expect("opens");
            volume.write_all_at(&[n as u8 + 1; 70_000], 5_000).expect("written");
        }
        for (disk, snapshot) in world.disks.iter().zip(&world.snapshots) {
            image.disks.push(model::DiskMapping {
                device: disk.device.clone(),
                snapshot: snapshot.clone(),
                size_gib: 1,
                format: String::new(),
                bucket: String::new(),
                object: String::new(),
                manifest: String::new(),
                digest: String::new(),
                virtual_size: disk.bytes(),
            });
        }
        let (disks, snapshots, silent) =
            (world.disks.clone(), world.snapshots.clone(), capture::silent(&engine, owner()));
        world
            .parts
            .meta
            .write(Scope::Account(owner()), move |tx| {
                assert!(images::insert(tx, &image, 1)?);
                let mut parts = Vec::new();
                for (disk, id) in disks.iter().zip(&snapshots) {
                    resources::insert(tx, disk, 1)?;
                    resources::insert(tx, &snapshot(disk, id, &image.id), 1)?;
                    parts.push(Part { snapshot: id.clone(), disk: disk.id.clone(), volume: VolumeSpec::of(disk) });
                }
                capture::begin(tx, silent.clone(), Work { image: Some(image.id.clone()), parts }, "node")
            })
            .await
            .expect("begun");
        engine.freeze_now(world.snapshots.clone()).await;
        // The guest goes on.
        for disk in &world.disks {
            engine.volume(disk).await.expect("opens").write_all_at(&[9; 10], 5_000).expect("written");
        }
        world
    }

    fn engine(&self, probe: Option<Arc<dyn Probe>>) -> Engine {
        Engine::with_probe(self.parts.clone(), Arc::new(SystemClock), "node".into(), probe)
    }

    async fn statuses(&self) -> (ImageStatus, Vec<SnapshotStatus>) {
        let (image, snapshots) = (self.image.clone(), self.snapshots.clone());
        let read = self.parts.meta.read(move |tx| {
            let image = images::get(tx, &image)?.expect("the image").image;
            let mut found = Vec::new();
            for id in &snapshots {
                found.push(resources::get::<Snapshot>(tx, id.as_str())?.expect("the snapshot").record);
            }
            Ok::<_, meta::Error>((image.status, found.into_iter().map(|snapshot| snapshot.status).collect()))
        });
        read.await.expect("read")
    }

    async fn held_by(&self, disk: &Disk) -> Vec<String> {
        let held = self.parts.meta.read(manifests::held).await.expect("read");
        held.into_iter().filter(|(_, holder)| holder == disk.id.as_str()).map(|(id, _)| id).collect()
    }

    /// What was captured is what was there then; what runs is what was written since; nothing else is held.
    async fn assert_right(&self, captured: bool) {
        assert_eq!(self.parts.meta.read(flows::list).await.expect("read"), [], "no flow is left");
        let engine = self.engine(None);
        for (n, disk) in self.disks.iter().enumerate() {
            let mut bytes = [0; 20];
            engine.volume(disk).await.expect("opens").read_exact_at(&mut bytes, 5_000).expect("read");
            assert_eq!(bytes[..10], [9; 10]);
            assert_eq!(bytes[10..], [n as u8 + 1; 10]);
        }
        engine.sweep(0).await.expect("swept");
        let held = self.parts.meta.read(manifests::held).await.expect("read");
        assert!(held.iter().all(|(_, holder)| !holder.starts_with("flow/")), "{held:?}");
        let live: Vec<store::ManifestId> = held.iter().map(|(id, _)| id.parse().expect("an id")).collect();
        let report = self.parts.store.verify(&live, &VerifyOptions { deep: true, ..VerifyOptions::default() });
        assert!(report.expect("verified").damage.is_empty());
        if !captured {
            return;
        }
        for (n, id) in self.snapshots.iter().enumerate() {
            let id = id.clone();
            let read = self.parts.meta.read(move |tx| resources::get::<Snapshot>(tx, id.as_str()));
            let manifest = read.await.expect("read").expect("the snapshot").record.manifest;
            let volume = self.parts.store.volume(&manifest.parse().expect("an id")).expect("opens");
            let mut bytes = [0; 20];
            volume.read_exact_at(&mut bytes, 5_000).expect("read");
            assert_eq!(bytes, [n as u8 + 1; 20]);
        }
    }
}

fn disk(n: usize) -> Disk {
    Disk {
        id: DiskId::generate(&SystemEntropy),
        owner: owner(),
        region: "cn-hangzhou".parse().expect("a region"),
        zone: "cn-hangzhou-a".to_owned(),
        name: String::new(),
        description: "".parse().expect("a description"),
        disk_type: if n == 0 { DiskType::System } else { DiskType::Data },
        category: DiskCategory::CloudEssd,
        performance_level: String::new(),
        size_gib: 1,
        status: DiskStatus::InUse,
        instance: None,
        device: model::image::device_name(n),
        image: None,
        source_snapshot: None,
        base: String::new(),
        epoch: 0,
        node: "node".to_owned(),
        delete_with_instance: true,
        delete_auto_snapshot: true,
        tags: Vec::new(),
        created: Timestamp::from_millis(1),
        attached: None,
        detached: None,
    }
}

fn snapshot(disk: &Disk, id: &SnapshotId, image: &ImageId) -> Snapshot {
    Snapshot {
        id: id.clone(),
        owner: owner(),
        region: disk.region.clone(),
        name: String::new(),
        description: disk.description.clone(),
        status: SnapshotStatus::Progressing,
        progress: 0,
        source_disk: disk.id.to_string(),
        source_type: disk.disk_type,
        source_size_gib: 1,
        source_category: disk.category,
        instance: None,
        source_image: None,
        manifest: String::new(),
        digest: String::new(),
        virtual_size: 0,
        images: vec![image.clone()],
        goes_with_image: false,
        of_swas: false,
        retention_days: None,
        tags: Vec::new(),
        created: disk.created,
        modified: disk.created,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_capture_survives_a_crash_at_every_place() {
    let mut places = 1;
    let mut place = 0;
    while place < places {
        for what in [Injected::Crash, Injected::CrashAfter] {
            let world = World::new().await;
            let probe = Arc::new(At { place, what, passed: AtomicUsize::new(0) });
            world.engine(Some(probe.clone())).run_until_idle().await.expect("runs");
            world.engine(None).run_until_idle().await.expect("runs");
            places = places.max(probe.passed.load(Ordering::SeqCst) + 1).min(8);
            let expected = (ImageStatus::Available, vec![SnapshotStatus::Accomplished; 2]);
            assert_eq!(world.statuses().await, expected, "{what:?} at {place}");
            world.assert_right(true).await;
        }
        place += 1;
    }
    assert!(4 < place, "the flow has more steps than {place}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_capture_that_fails_says_so_and_takes_nothing() {
    for place in 0..5 {
        for what in [Injected::Fail, Injected::FailAfter] {
            let world = World::new().await;
            let probe = Arc::new(At { place, what, passed: AtomicUsize::new(0) });
            world.engine(Some(probe)).run_until_idle().await.expect("runs");
            let expected = (ImageStatus::CreateFailed, vec![SnapshotStatus::Failed; 2]);
            assert_eq!(world.statuses().await, expected, "{what:?} at {place}");
            world.assert_right(false).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_holds_only_what_it_rests_on() {
    let world = World::new().await;
    let engine = world.engine(None);
    engine.run_until_idle().await.expect("runs");
    let disk = world.disks[0].clone();
    let first = world.held_by(&disk).await;
    assert_eq!(first.len(), 1, "{first:?}");

    let again = SnapshotId::generate(&SystemEntropy);
    let (of, id, image, silent) = (disk.clone(), again.clone(), world.image.clone(), capture::silent(&engine, owner()));
    let begun = world.parts.meta.write(Scope::Account(owner()), move |tx| {
        resources::insert(tx, &snapshot(&of, &id, &image), 2)?;
        let part = Part { snapshot: id.clone(), disk: of.id.clone(), volume: VolumeSpec::of(&of) };
        capture::begin(tx, silent.clone(), Work { image: None, parts: vec![part] }, "node")
    });
    begun.await.expect("begun");
    engine.run_until_idle().await.expect("runs");

    let second = world.held_by(&disk).await;
    let base = engine.volume(&disk).await.expect("opens").base().expect("a base").to_string();
    assert_eq!(second, [base]);
    assert_ne!(first, second);
    world.assert_right(true).await;
}
