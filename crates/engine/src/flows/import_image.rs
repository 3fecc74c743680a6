//! `import-image/1`: objects of a bucket become the disks of an image.
//!
//! One pass a disk: read the object, understand its format, hash, deduplicate, compress and pack (crate `store`). The
//! image's record stands from the beginning and becomes `Available` in the transaction that also ends the flow, when
//! every byte is in the store. Undone, the flow leaves no image (a client cancelled it) or one that reads
//! `CreateFailed`, and nothing that collection does not remove.

use std::sync::Arc;

use async_trait::async_trait;
use disk::{ErrorKind, Format, Limits};
use meta::buckets::{self as blob_records, BlobRef};
use meta::{Scope, Tx, images, manifests, tasks};
use model::image::ImageEvent;
use model::{FlowId, Image, ImageId, ImageStatus, Task, TaskFailure};
use serde::{Deserialize, Serialize};
use store::StoreError;

use super::StoredDisk;
use crate::buckets::ObjectFile;
use crate::flow::{Ending, Failure, Flow, Next, StepCx, StepError, begin as begin_flow, holder};
use crate::runner::chain;

/// One file to import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The object's bytes as they were when the import was asked for.
    pub blobs: Vec<BlobRef>,
    /// The format of the file; found once, when the import was asked for, and never guessed again.
    pub format: String,
}

/// The states of an import.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum ImportImage {
    /// The image leaves the queue.
    Start {
        /// The image.
        image: ImageId,
        /// Its disks' files.
        sources: Vec<Source>,
    },
    /// The next disk goes into the store.
    Fetch {
        /// The image.
        image: ImageId,
        /// Its disks' files.
        sources: Vec<Source>,
        /// Disks that are in the store already.
        stored: Vec<StoredDisk>,
    },
    /// The image becomes available.
    Publish {
        /// The image.
        image: ImageId,
        /// Its disks.
        stored: Vec<StoredDisk>,
    },
}

/// Records a new image and begins its import. False when the image's name is taken.
pub fn begin(
    tx: &mut Tx<'_>,
    flow: FlowId,
    (image, task, seq): (&Image, &Task, i64),
    sources: Vec<Source>,
) -> Result<bool, meta::Error> {
    if !images::insert(tx, image, seq)? {
        return Ok(false);
    }
    for source in &sources {
        blob_records::hold_blobs(tx, &holder(&flow), &source.blobs)?;
    }
    let first = ImportImage::Start { image: image.id.clone(), sources };
    begin_flow(tx, flow, first, task, seq)?;
    Ok(true)
}

#[async_trait]
impl Flow for ImportImage {
    const NAME: &'static str = "import-image/1";

    async fn step(self, cx: &StepCx) -> Result<Next<Self>, StepError> {
        match self {
            Self::Start { image, sources } => {
                super::set_status(cx, &image, ImageEvent::Started).await?;
                Ok(Next::Step(Self::Fetch { image, sources, stored: Vec::new() }))
            }
            Self::Fetch { image, sources, mut stored } => {
                let Some(source) = sources.get(stored.len()).cloned() else {
                    return Ok(Next::Step(Self::Publish { image, stored }));
                };
                stored.push(fetch(cx, source, stored.len(), sources.len()).await?);
                if stored.len() == sources.len() {
                    Ok(Next::Step(Self::Publish { image, stored }))
                } else {
                    Ok(Next::Step(Self::Fetch { image, sources, stored }))
                }
            }
            Self::Publish { image, stored } => Ok(Next::Done(publish(cx, image, stored))),
        }
    }

    async fn undo(&self, cx: &StepCx) -> Result<(), StepError> {
        // The steps only add to what the flow holds; one release takes all of it back, however often it runs.
        let holder = cx.holder();
        let released =
            cx.engine.meta().write(Scope::Account(cx.account), move |tx| manifests::release_all(tx, &holder)).await?;
        let store = cx.engine.store().clone();
        cx.blocking(move || {
            released
                .iter()
                .filter_map(|id| id.parse().ok())
                .try_for_each(|id| store.delete_manifest(&id))
                .map_err(|error| StepError::Retry(error.into()))
        })
        .await
    }

    fn undone(&self, cx: &StepCx, failure: &Failure) -> Ending {
        let (Self::Start { image, .. } | Self::Fetch { image, .. } | Self::Publish { image, .. }) = self.clone();
        let (task, holder, failure) = (cx.task.clone(), cx.holder(), failure.clone());
        let now = cx.engine.clock().now();
        let commit = Box::new(move |tx: &mut Tx<'_>| {
            blob_records::release_blobs(tx, &holder)?;
            super::end_undone(tx, &image, failure.cancelled, now)?;
            tasks::end_failed(tx, &task, failure.reason.clone(), now)
        });
        Ending { scope: Scope::Account(cx.account), commit }
    }

    fn note_progress(&self, tx: &mut Tx<'_>, percent: u8) -> Result<(), meta::Error> {
        let (Self::Start { image, .. } | Self::Fetch { image, .. } | Self::Publish { image, .. }) = self;
        images::set_progress(tx, image, percent)
    }
}

/// Puts one disk into the store, and the flow's name on its manifest.
async fn fetch(cx: &StepCx, source: Source, n: usize, of: usize) -> Result<StoredDisk, StepError> {
    let file = ObjectFile::new(cx.engine.buckets().blobs().clone(), &source.blobs, tokio::runtime::Handle::current());
    let format: Format = source.format.parse().map_err(|_| bad_format())?;
    let options = super::ingest_options(cx, n, of);
    let store = cx.engine.store().clone();
    let flow = cx.flow.clone();
    let ingested = cx
        .blocking(move || {
            let disk = disk::open(Arc::new(file), format, &Limits::default()).map_err(|error| {
                tracing::warn!(%flow, error = %chain(&error), "the file of an import is refused");
                disk_failure(error.kind())
            })?;
            store.ingest(&*disk, &options).map_err(|error| ingest_failure(&flow, error))
        })
        .await?;
    super::keep(cx, ingested).await
}

fn publish(cx: &StepCx, image: ImageId, stored: Vec<StoredDisk>) -> Ending {
    let (task, holder) = (cx.task.clone(), cx.holder());
    let now = cx.engine.clock().now();
    let seq = cx.engine.age_sequence(now);
    let commit = Box::new(move |tx: &mut Tx<'_>| {
        blob_records::release_blobs(tx, &holder)?;
        for disk in &stored {
            manifests::hold(tx, &disk.manifest, image.as_str())?;
        }
        // A step that ran twice left a manifest that no disk names: it goes with the rest, and then with a collection.
        manifests::release_all(tx, &holder)?;
        let before = images::get(tx, &image)?;
        let published = before.as_ref().and_then(|before| before.image.status.on(ImageEvent::Published).ok());
        let (Some(before), Some(status)) = (before, published) else {
            let reason = TaskFailure { code: "ImportImageFailed".to_owned(), message: IMPORT_FAILED.to_owned() };
            return tasks::end_failed(tx, &task, reason, now);
        };
        debug_assert_eq!(status, ImageStatus::Available);
        let mut after = Image { status, progress: 100, ..before.image.clone() };
        for (mapping, disk) in after.disks.iter_mut().zip(&stored) {
            mapping.manifest.clone_from(&disk.manifest);
            mapping.digest.clone_from(&disk.digest);
            mapping.virtual_size = disk.virtual_size;
        }
        images::update(tx, &before, &after)?;
        super::record_snapshots(tx, &after, seq, now)?;
        tasks::end_finished(tx, &task, now)
    });
    Ending { scope: Scope::Account(cx.account), commit }
}

const IMPORT_FAILED: &str = "Importing image is failed, Please contact the administrator.";

fn bad_format() -> StepError {
    StepError::failed("InvalidImageFormat.Malformed", "The specified Image Format is wrongly formed.")
}

/// The code that a file's fault has on the wire (ImportImage, error table).
fn disk_failure(kind: ErrorKind) -> StepError {
    match kind {
        ErrorKind::Cancelled => StepError::Interrupted,
        ErrorKind::VhdSize => StepError::failed(
            "InvalidVHDImage.IncorrectSize",
            "The specified size of the VHD image does not meet the 'header.MaxTableEntries * header.BlockSize' specification.",
        ),
        ErrorKind::VhdBlockSize => {
            StepError::failed("InvalidBlockSize.NotSupport", "The block size of the VHD image is not supported.")
        }
        ErrorKind::TooLarge => StepError::failed(
            "InvalidImageSize",
            "The specified \u{201c}DiskDeviceMapping.n.DiskImageSize\" should be not less than system device size.",
        ),
        ErrorKind::Malformed
        | ErrorKind::FormatMismatch
        | ErrorKind::Truncated
        | ErrorKind::PointsOutside
        | ErrorKind::Encrypted
        | ErrorKind::Unsupported => bad_format(),
        ErrorKind::Io => StepError::Retry("the file could not be read".into()),
    }
}

fn ingest_failure(flow: &FlowId, error: StoreError) -> StepError {
    match error {
        StoreError::Cancelled => StepError::Interrupted,
        StoreError::TooLarge { .. } => disk_failure(ErrorKind::TooLarge),
        StoreError::Source { source, .. } => {
            let error = disk::Error::from_io(source, 0);
            tracing::warn!(%flow, error = %chain(&error), "the file of an import cannot be read");
            disk_failure(error.kind())
        }
        other => StepError::Retry(other.into()),
    }
}
