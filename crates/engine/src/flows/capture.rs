//! `capture/1`: disks as they are now become snapshots, and maybe the disks of an image.
//!
//! `Freeze` fixes the moment: each disk's writable layer is set aside and a fresh one takes the writes. `Ingest` puts one
//! frozen disk into the store, `Settle` lets the running disk rest on what is stored now, and `Publish` makes the
//! snapshots `accomplished` and the image `Available`, in one transaction. The work is bound to the node that has the
//! disks. Undone, it leaves snapshots that read `failed` and an image that reads `CreateFailed`; the frozen layers stay
//! what they are, part of their disk.

use std::sync::Arc;

use async_trait::async_trait;
use meta::resources;
use meta::{Scope, Tx, images, manifests};
use model::image::ImageEvent;
use model::{Disk, DiskId, FlowId, Image, ImageId, Snapshot, SnapshotId, SnapshotStatus};
use serde::{Deserialize, Serialize};
use store::{LayeredVolume, LayeredVolumes};

use super::StoredDisk;
use crate::Engine;
use crate::flow::{Ending, Failure, Flow, Next, Silent, StepCx, StepError, begin_silently};
use crate::runner::chain;

/// One disk to capture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The snapshot that it becomes; also the label of the frozen layer.
    pub snapshot: SnapshotId,
    /// The disk.
    pub disk: DiskId,
    /// Its volume.
    pub volume: VolumeSpec,
}

/// What a volume is made of when it is not there yet: a disk that nobody ever opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeSpec {
    /// Its name on its node.
    pub name: String,
    /// Size, in bytes.
    pub size: u64,
    /// The manifest that it begins with; empty for an empty disk.
    pub base: String,
}

impl VolumeSpec {
    /// The volume of a disk.
    pub fn of(disk: &Disk) -> Self {
        Self { name: disk.volume(), size: disk.bytes(), base: disk.base.clone() }
    }

    /// The volume, made on the spot when nobody opened it before, and at least as large as its disk.
    pub(crate) fn open(&self, volumes: &LayeredVolumes) -> Result<Arc<LayeredVolume>, StepError> {
        volumes.create(&self.name, self.size, super::manifest_id(&self.base)?)?;
        let volume = volumes.volume(&self.name)?;
        // The record is enlarged first; whoever opens the disk next makes it so.
        if disk::Disk::virtual_size(&*volume) < self.size {
            volume.grow(self.size)?;
        }
        Ok(volume)
    }
}

/// Disks to capture together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// The image that is made of them, if one is.
    pub image: Option<ImageId>,
    /// The disks, in the order of the image's disks.
    pub parts: Vec<Part>,
}

/// The states of a capture.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Capture {
    /// The moment is fixed.
    Freeze {
        /// What is captured.
        work: Work,
    },
    /// The next disk goes into the store.
    Ingest {
        /// What is captured.
        work: Work,
        /// Disks that are in the store already.
        stored: Vec<StoredDisk>,
    },
    /// The running disks rest on what is stored.
    Settle {
        /// What is captured.
        work: Work,
        /// Its disks.
        stored: Vec<StoredDisk>,
    },
    /// Snapshots and image can be used.
    Publish {
        /// What is captured.
        work: Work,
        /// Its disks.
        stored: Vec<StoredDisk>,
    },
}

/// Begins a capture inside the transaction that records its snapshots and its image. `place` is the disks' node.
pub fn begin(tx: &mut Tx<'_>, silent: Silent, work: Work, place: &str) -> Result<(), meta::Error> {
    begin_silently(tx, silent, Capture::Freeze { work }, place)
}

impl Engine {
    /// Fixes the moment of a capture that was just begun, when the disks are this node's: so that it is the moment of the
    /// call, however long the flow waits. What fails here the flow tries again.
    pub async fn freeze_now(&self, snapshots: Vec<SnapshotId>) {
        let node = self.node().to_owned();
        let parts = self.meta().read(move |tx| {
            let mut parts = Vec::new();
            for id in &snapshots {
                let Some(snapshot) = resources::get::<Snapshot>(tx, id.as_str())? else { continue };
                let Some(disk) = resources::get::<Disk>(tx, &snapshot.record.source_disk)? else { continue };
                if snapshot.record.status == SnapshotStatus::Progressing && disk.record.node == node {
                    let volume = VolumeSpec::of(&disk.record);
                    parts.push(Part { snapshot: id.clone(), disk: disk.record.id, volume });
                }
            }
            Ok::<_, meta::Error>(parts)
        });
        let frozen = match parts.await {
            Ok(parts) => freeze(self.clone(), Work { image: None, parts }).await,
            Err(error) => Err(error.into()),
        };
        if let Err(error) = frozen {
            tracing::warn!(error = %chain(&error), "disks were not frozen at once; their flow does it");
        }
    }
}

#[async_trait]
impl Flow for Capture {
    const NAME: &'static str = "capture/1";

    async fn step(self, cx: &StepCx) -> Result<Next<Self>, StepError> {
        match self {
            Self::Freeze { work } => {
                freeze(cx.engine.clone(), work.clone()).await?;
                start_image(cx, &work).await?;
                Ok(Next::Step(Self::Ingest { work, stored: Vec::new() }))
            }
            Self::Ingest { work, mut stored } => {
                if let Some(part) = work.parts.get(stored.len()) {
                    stored.push(ingest(cx, part, stored.len(), work.parts.len()).await?);
                }
                if stored.len() < work.parts.len() {
                    return Ok(Next::Step(Self::Ingest { work, stored }));
                }
                Ok(Next::Step(Self::Settle { work, stored }))
            }
            Self::Settle { work, stored } => {
                for (part, stored) in work.parts.iter().zip(&stored) {
                    settle(cx, part, stored).await?;
                }
                Ok(Next::Step(Self::Publish { work, stored }))
            }
            Self::Publish { work, stored } => Ok(Next::Done(publish(cx, work, stored))),
        }
    }

    async fn undo(&self, cx: &StepCx) -> Result<(), StepError> {
        // A manifest on which a disk rests already is held by that disk, too, and stays.
        let holder = cx.holder();
        cx.engine
            .meta()
            .write(Scope::Account(cx.account), move |tx| manifests::release_all(tx, &holder).map(drop))
            .await?;
        Ok(())
    }

    fn undone(&self, cx: &StepCx, _failure: &Failure) -> Ending {
        let work = self.work().clone();
        let now = cx.engine.now();
        let commit = Box::new(move |tx: &mut Tx<'_>| {
            for part in &work.parts {
                let Some(before) = resources::get::<Snapshot>(tx, part.snapshot.as_str())? else { continue };
                let failed = Snapshot { status: SnapshotStatus::Failed, modified: now, ..before.record.clone() };
                resources::update(tx, &before, &failed)?;
            }
            // No action cancels a capture.
            work.image.as_ref().map_or(Ok(()), |image| super::end_undone(tx, image, false, now))
        });
        Ending { scope: Scope::Account(cx.account), commit }
    }

    fn note_progress(&self, tx: &mut Tx<'_>, percent: u8) -> Result<(), meta::Error> {
        let work = self.work();
        if let Some(image) = &work.image {
            images::set_progress(tx, image, percent)?;
        }
        for part in &work.parts {
            let Some(before) = resources::get::<Snapshot>(tx, part.snapshot.as_str())? else { continue };
            if before.record.status == SnapshotStatus::Progressing {
                resources::update(tx, &before, &Snapshot { progress: percent, ..before.record.clone() })?;
            }
        }
        Ok(())
    }
}

impl Capture {
    fn work(&self) -> &Work {
        let (Self::Freeze { work }
        | Self::Ingest { work, .. }
        | Self::Settle { work, .. }
        | Self::Publish { work, .. }) = self;
        work
    }
}

async fn freeze(engine: Engine, work: Work) -> Result<(), StepError> {
    let volumes = engine.host().volumes.clone();
    let frozen = tokio::task::spawn_blocking(move || {
        for Part { snapshot, volume, .. } in &work.parts {
            volume.open(&volumes)?.freeze(snapshot.as_str())?;
        }
        Ok(())
    });
    match frozen.await {
        Ok(frozen) => frozen,
        Err(panic) => Err(StepError::Retry(panic.into())),
    }
}

async fn start_image(cx: &StepCx, work: &Work) -> Result<(), StepError> {
    let Some(image) = work.image.clone() else { return Ok(()) };
    super::set_status(cx, &image, ImageEvent::Started).await
}

/// Puts one frozen disk into the store, and the flow's name on its manifest.
async fn ingest(cx: &StepCx, part: &Part, n: usize, of: usize) -> Result<StoredDisk, StepError> {
    let options = super::ingest_options(cx, n, of);
    let (store, volumes) = (cx.engine.store().clone(), cx.engine.host().volumes.clone());
    let part = part.clone();
    let ingested = cx
        .blocking(move || {
            let volume = volumes.volume(&part.volume.name)?;
            let Some(frozen) = volume.frozen(part.snapshot.as_str())? else {
                // The step ran before, and the disk rests on its outcome already: only then the layer is gone.
                return Err(StepError::failed("InternalError", crate::INTERNAL_ERROR));
            };
            store.ingest(&*frozen, &options).map_err(StepError::from)
        })
        .await?;
    super::keep(cx, ingested).await
}

/// Lets the disk rest on the stored manifest. The disk holds it before its volume names it, and lets go of what it rested
/// on before only when its volume no longer does.
async fn settle(cx: &StepCx, part: &Part, stored: &StoredDisk) -> Result<(), StepError> {
    let (manifest, disk) = (stored.manifest.clone(), part.disk.clone());
    let account = cx.account;
    let is_there = cx
        .engine
        .meta()
        .write(Scope::Account(account), move |tx| {
            let is_there = resources::get::<Disk>(tx, disk.as_str())?.is_some();
            if is_there {
                manifests::hold(tx, &manifest, disk.as_str())?;
            }
            Ok::<_, meta::Error>(is_there)
        })
        .await?;
    if !is_there {
        return Ok(());
    }
    let (volumes, part_, manifest) = (cx.engine.host().volumes.clone(), part.clone(), stored.manifest.clone());
    cx.blocking(move || {
        let manifest = super::manifest_id(&manifest)?.ok_or(StepError::Interrupted)?;
        Ok(volumes.volume(&part_.volume.name)?.rebase(part_.snapshot.as_str(), manifest)?)
    })
    .await?;
    // No other capture of this disk is under way, so nobody is about to read what lay below; who reads it now keeps it.
    let (manifest, disk) = (stored.manifest.clone(), part.disk.clone());
    let release = move |tx: &mut Tx<'_>| manifests::release_others(tx, &manifest, disk.as_str());
    Ok(cx.engine.meta().write(Scope::Account(account), release).await?)
}

fn publish(cx: &StepCx, work: Work, stored: Vec<StoredDisk>) -> Ending {
    let holder = cx.holder();
    let now = cx.engine.now();
    let commit = Box::new(move |tx: &mut Tx<'_>| {
        for (part, disk) in work.parts.iter().zip(&stored) {
            manifests::hold(tx, &disk.manifest, part.snapshot.as_str())?;
            let Some(before) = resources::get::<Snapshot>(tx, part.snapshot.as_str())? else { continue };
            let after = Snapshot {
                status: SnapshotStatus::Accomplished,
                progress: 100,
                manifest: disk.manifest.clone(),
                digest: disk.digest.clone(),
                virtual_size: disk.virtual_size,
                modified: now,
                ..before.record.clone()
            };
            resources::update(tx, &before, &after)?;
        }
        if let Some(image) = &work.image
            && let Some(before) = images::get(tx, image)?
            && let Ok(status) = before.image.status.on(ImageEvent::Published)
        {
            let mut after = Image { status, progress: 100, ..before.image.clone() };
            for (part, disk) in work.parts.iter().zip(&stored) {
                let mapping = after.disks.iter_mut().find(|mapping| mapping.snapshot == part.snapshot);
                let Some(mapping) = mapping else { continue };
                mapping.manifest.clone_from(&disk.manifest);
                mapping.digest.clone_from(&disk.digest);
                mapping.virtual_size = disk.virtual_size;
            }
            // A data disk that nothing backs has no bytes to hold.
            for mapping in after.disks.iter().filter(|mapping| !mapping.manifest.is_empty()) {
                manifests::hold(tx, &mapping.manifest, image.as_str())?;
            }
            images::update(tx, &before, &after)?;
        }
        manifests::release_all(tx, &holder).map(drop)
    });
    Ending { scope: Scope::Account(cx.account), commit }
}

/// What begins a capture: ids from the caller, so that this module needs no randomness.
pub fn silent(engine: &Engine, account: model::AccountId) -> Silent {
    let entropy = engine.entropy();
    Silent { flow: FlowId::generate(entropy), task: model::TaskId::generate(entropy), account, created: engine.now() }
}
