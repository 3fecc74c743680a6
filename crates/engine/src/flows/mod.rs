//! The flows, each in a file of its own, and the table that the runner looks them up in.

pub mod capture;
pub mod copy_image;
pub mod export_image;
pub mod import_image;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use meta::flows::FlowRow;
use meta::{Scope, Tx, images, manifests, resources};
use model::image::ImageEvent;
use model::volume::disk_type;
use model::{DiskCategory, Image, ImageId, Snapshot, SnapshotStatus, Timestamp};
use serde::{Deserialize, Serialize};
use store::{IngestOptions, Ingested, ManifestId};

use crate::Engine;
use crate::flow::{Flow, StepCx, StepError};
use crate::runner::{Drive, drive};

type DriveFn = fn(Engine, FlowRow) -> Pin<Box<dyn Future<Output = Drive> + Send>>;

/// One kind of flow.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) drive: DriveFn,
}

/// Every kind of flow that this server knows.
pub(crate) const KINDS: &[Kind] = &[
    kind::<import_image::ImportImage>(),
    kind::<export_image::ExportImage>(),
    kind::<capture::Capture>(),
    kind::<copy_image::CopyImage>(),
];

const fn kind<F: Flow>() -> Kind {
    Kind { name: F::NAME, drive: |engine, row| Box::pin(drive::<F>(engine, row)) }
}

/// A disk that is in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredDisk {
    pub(crate) manifest: String,
    pub(crate) digest: String,
    pub(crate) virtual_size: u64,
}

/// A manifest as records name it; none where there is none.
pub(crate) fn manifest_id(text: &str) -> Result<Option<ManifestId>, StepError> {
    let parse = |text: &str| text.parse().map_err(|_| StepError::Retry("a record names no manifest".into()));
    (!text.is_empty()).then(|| parse(text)).transpose()
}

/// How a flow ingests disk `n` of `of`: its gauge moves, and a client that cancels it stops it.
pub(crate) fn ingest_options(cx: &StepCx, n: usize, of: usize) -> IngestOptions {
    let gauge = cx.progress();
    let progress = move |progress: store::Progress| {
        let done = u128::from(progress.done) * 100 / u128::from(progress.of.max(1));
        let percent = (n as u128 * 100 + done) / of.max(1) as u128;
        // 100 is for what is available.
        gauge.set(u8::try_from(percent).unwrap_or(99).min(99));
    };
    let now_ms = u64::try_from(cx.engine.now().as_millis()).unwrap_or(0);
    IngestOptions { now_ms, progress: Some(Arc::new(progress)), cancel: cx.cancel_flag() }
}

/// Puts the flow's name on what it ingested, before the store lets go of it.
pub(crate) async fn keep(cx: &StepCx, ingested: Ingested) -> Result<StoredDisk, StepError> {
    let stored = StoredDisk {
        manifest: ingested.manifest.to_string(),
        digest: ingested.digest.to_string(),
        virtual_size: ingested.virtual_size,
    };
    let (manifest, holder) = (stored.manifest.clone(), cx.holder());
    cx.engine.meta().write(Scope::Account(cx.account), move |tx| manifests::hold(tx, &manifest, &holder)).await?;
    drop(ingested.hold);
    Ok(stored)
}

/// Moves an image on.
pub(crate) async fn set_status(cx: &StepCx, image: &ImageId, event: ImageEvent) -> Result<(), StepError> {
    let image = image.clone();
    cx.engine
        .meta()
        .write(Scope::Account(cx.account), move |tx| {
            let Some(before) = images::get(tx, &image)? else { return Ok(()) };
            // A step that runs again finds the image where it left it.
            if let Ok(status) = before.image.status.on(event) {
                images::update(tx, &before, &Image { status, ..before.image.clone() })?;
            }
            Ok::<_, meta::Error>(())
        })
        .await?;
    Ok(())
}

/// Ends an image whose flow was undone: it is gone when a client cancelled it, and reads `CreateFailed` otherwise.
pub(crate) fn end_undone(tx: &mut Tx<'_>, image: &ImageId, cancelled: bool, now: Timestamp) -> Result<(), meta::Error> {
    let Some(before) = images::get(tx, image)? else { return Ok(()) };
    if cancelled {
        images::delete(tx, &before, now)?;
    } else if let Ok(status) = before.image.status.on(ImageEvent::Failed) {
        images::update(tx, &before, &Image { status, ..before.image.clone() })?;
    }
    Ok(())
}

/// Records the snapshots of an image that was not made of any: they go with it.
pub(crate) fn record_snapshots(tx: &mut Tx<'_>, image: &Image, seq: i64, now: Timestamp) -> Result<(), meta::Error> {
    for disk in image.disks.iter().filter(|disk| !disk.manifest.is_empty()) {
        let snapshot = Snapshot {
            id: disk.snapshot.clone(),
            owner: image.owner,
            region: image.region.clone(),
            name: format!("SnapshotForImage-{}", image.id),
            description: image.description.clone(),
            status: SnapshotStatus::Accomplished,
            progress: 100,
            source_disk: String::new(),
            source_type: disk_type(&disk.device),
            source_size_gib: disk.size_gib,
            source_category: DiskCategory::CloudEssd,
            instance: None,
            source_image: None,
            manifest: disk.manifest.clone(),
            digest: disk.digest.clone(),
            virtual_size: disk.virtual_size,
            images: vec![image.id.clone()],
            goes_with_image: true,
            of_swas: false,
            retention_days: None,
            tags: Vec::new(),
            created: now,
            modified: now,
        };
        resources::insert(tx, &snapshot, seq)?;
    }
    Ok(())
}
