//! `export-image/1`: the disks of an image become objects of a bucket.
//!
//! Each disk is streamed from the store through a writer of its format into one object, and appears in the bucket whole
//! or not at all. A flow that is undone deletes the objects that it wrote, and only those: each carries its task's id as
//! user metadata, so an object that somebody put under the same key afterwards stays.

use std::io::{self, Write};
use std::ops::ControlFlow;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use disk::{Disk as _, ErrorKind, Format, Stamp};
use futures::StreamExt as _;
use meta::{Scope, Tx, buckets as records, tasks};
use model::{BucketName, FlowId, ImageId, Task};
use serde::{Deserialize, Serialize};
use store::{CancelFlag, Volume};
use tokio::sync::mpsc;

use crate::buckets::{BodyError, BucketError, NewObject};
use crate::flow::{Ending, Failure, Flow, Gauge, Next, StepCx, StepError, begin as begin_flow};
use crate::runner::chain;

/// User metadata that says which task wrote an object (`x-oss-meta-…`).
const TASK_MARK: &str = "meta-ecs-export-task";

/// Bytes that a writer hands over at once.
const CHUNK: usize = 1 << 20;

/// Chunks that wait for the object store: a slow one must not make the server hold a disk in memory.
const CHUNKS_WAITING: usize = 4;

/// One disk to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Where the disk's bytes are.
    pub manifest: String,
    /// The key of the object.
    pub key: String,
}

/// What is to be written, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The image.
    pub image: ImageId,
    /// The bucket.
    pub bucket: BucketName,
    /// The format of the objects. RAW is packed as `.raw.tar.gz`.
    pub format: String,
    /// One object a disk.
    pub targets: Vec<Target>,
}

/// The states of an export.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum ExportImage {
    /// Disk number `next` is written.
    Write {
        /// The whole plan.
        plan: Plan,
        /// Disks that are written already.
        next: usize,
    },
    /// Every disk is written.
    Finish {
        /// The whole plan.
        plan: Plan,
    },
}

/// Records the task of an export and begins it.
pub fn begin(tx: &mut Tx<'_>, flow: FlowId, task: &Task, seq: i64, plan: Plan) -> Result<(), meta::Error> {
    begin_flow(tx, flow, ExportImage::Write { plan, next: 0 }, task, seq)
}

/// The ending of an exported file's name.
pub fn suffix(format: Format) -> &'static str {
    match format {
        Format::Raw => "raw.tar.gz",
        Format::Vhd => "vhd",
        Format::Qcow2 => "qcow2",
    }
}

#[async_trait]
impl Flow for ExportImage {
    const NAME: &'static str = "export-image/1";

    async fn step(self, cx: &StepCx) -> Result<Next<Self>, StepError> {
        match self {
            Self::Write { plan, next } => {
                let Some(target) = plan.targets.get(next) else { return Ok(Next::Step(Self::Finish { plan })) };
                write(cx, &plan, target, next).await?;
                let next = next + 1;
                if next == plan.targets.len() {
                    Ok(Next::Step(Self::Finish { plan }))
                } else {
                    Ok(Next::Step(Self::Write { plan, next }))
                }
            }
            Self::Finish { .. } => {
                let task = cx.task.clone();
                let now = cx.engine.clock().now();
                let commit = Box::new(move |tx: &mut Tx<'_>| tasks::end_finished(tx, &task, now));
                Ok(Next::Done(Ending { scope: Scope::Account(cx.account), commit }))
            }
        }
    }

    async fn undo(&self, cx: &StepCx) -> Result<(), StepError> {
        let Self::Write { plan, next } = self else { return Ok(()) };
        let Some(target) = plan.targets.get(*next) else { return Ok(()) };
        let (bucket, key, mark) = (plan.bucket.clone(), target.key.clone(), mark(cx));
        cx.engine
            .meta()
            .write(Scope::Bucket(bucket.clone()), move |tx| {
                let ours = records::object(tx, &bucket, &key)?.is_some_and(|object| object.headers.contains(&mark));
                if ours {
                    records::delete_object(tx, &bucket, &key)?;
                }
                Ok::<_, meta::Error>(())
            })
            .await?;
        Ok(())
    }

    fn undone(&self, cx: &StepCx, failure: &Failure) -> Ending {
        let (task, reason) = (cx.task.clone(), failure.reason.clone());
        let now = cx.engine.clock().now();
        let commit = Box::new(move |tx: &mut Tx<'_>| tasks::end_failed(tx, &task, reason.clone(), now));
        Ending { scope: Scope::Account(cx.account), commit }
    }
}

fn mark(cx: &StepCx) -> (String, String) {
    (TASK_MARK.to_owned(), cx.task.to_string())
}

async fn write(cx: &StepCx, plan: &Plan, target: &Target, n: usize) -> Result<(), StepError> {
    let format: Format = plan.format.parse().map_err(|_| StepError::failed("InternalError", crate::INTERNAL_ERROR))?;
    let store = cx.engine.store().clone();
    let manifest = target.manifest.parse().map_err(|_| StepError::Retry("a manifest's id is damaged".into()))?;
    let volume = cx.blocking(move || store.volume(&manifest).map_err(|error| StepError::Retry(error.into()))).await?;
    let mut new = NewObject::plain(target.key.clone());
    new.headers = vec![("content-type".to_owned(), "application/octet-stream".to_owned()), mark(cx)];

    let (sender, receiver) = mpsc::channel(CHUNKS_WAITING);
    let member = format!("{}.raw", target.key.strip_suffix(".raw.tar.gz").unwrap_or(&target.key));
    let source = Producer {
        volume,
        format,
        member: member.rsplit('/').next().unwrap_or(&member).to_owned(),
        now: cx.engine.clock().now(),
        id: random_id(cx),
        cancel: cx.cancel_flag(),
        gauge: cx.progress(),
        share: (n, plan.targets.len()),
    };
    let produce = cx.blocking(move || source.run(sender));
    let body = futures::stream::unfold(receiver, |mut receiver| async {
        let chunk = receiver.recv().await?;
        Some((chunk, receiver))
    });
    let consume = cx.engine.buckets().put_unbounded(&plan.bucket, new, body.boxed());
    let (produced, consumed) = tokio::join!(produce, consume);
    // Why the producer stopped says more than that the body ended early.
    produced?;
    consumed.map_err(|error| match error {
        BucketError::NoSuchBucket => {
            StepError::failed("InvalidOSSBucket.NotFound", "The specified OSS bucket does not exist in this region.")
        }
        other => StepError::Retry(other.into()),
    })?;
    note_written(cx, plan, n).await
}

/// Marks the disk's part of the task as done.
async fn note_written(cx: &StepCx, plan: &Plan, n: usize) -> Result<(), StepError> {
    let task = cx.task.clone();
    let n_disks = plan.targets.len();
    cx.engine
        .meta()
        .write(Scope::Account(cx.account), move |tx| {
            let Some(mut task) = tasks::get(tx, &task)? else { return Ok(()) };
            debug_assert_eq!(task.items.len(), n_disks);
            if let Some(item) = task.items.get_mut(n) {
                item.done = true;
            }
            tasks::update(tx, &task)
        })
        .await?;
    Ok(())
}

fn random_id(cx: &StepCx) -> [u8; 16] {
    let mut id = [0; 16];
    cx.engine.entropy().fill(&mut id);
    id
}

/// Reads a volume and writes a file, on a thread of its own.
struct Producer {
    volume: Volume,
    format: Format,
    /// The name inside a `.raw.tar.gz`.
    member: String,
    now: model::Timestamp,
    id: [u8; 16],
    cancel: CancelFlag,
    gauge: Gauge,
    /// Which of how many disks this is.
    share: (usize, usize),
}

impl Producer {
    fn run(self, sender: mpsc::Sender<Result<Bytes, BodyError>>) -> Result<(), StepError> {
        let mut out = ChannelWriter { sender, buf: BytesMut::with_capacity(CHUNK) };
        let stamp = Stamp { id: self.id, unix_seconds: u64::try_from(self.now.as_millis() / 1000).unwrap_or(0) };
        let size = u128::from(self.volume.virtual_size().max(1));
        let (n, of) = self.share;
        let mut progress = |done: u64| {
            let percent = (n as u128 * 100 + u128::from(done) * 100 / size) / of.max(1) as u128;
            self.gauge.set(u8::try_from(percent).unwrap_or(99).min(99));
            if self.cancel.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let outcome = match self.format {
            Format::Raw => disk::write_raw_tar_gz(&self.volume, &self.member, &stamp, &mut out, &mut progress),
            format => disk::write(&self.volume, format, &stamp, &mut out, &mut progress),
        };
        let outcome = outcome.and_then(|()| out.flush().map_err(|error| disk::Error::from_io(error, 0)));
        match outcome {
            Ok(()) => Ok(()),
            Err(error) => {
                let interrupted = error.kind() == ErrorKind::Cancelled;
                let reason = chain(&error);
                // The body must not look complete to the object store.
                let _ = out.sender.blocking_send(Err(BodyError(reason.clone())));
                if interrupted { Err(StepError::Interrupted) } else { Err(StepError::Retry(reason.into())) }
            }
        }
    }
}

/// A writer whose bytes become the chunks of a body.
struct ChannelWriter {
    sender: mpsc::Sender<Result<Bytes, BodyError>>,
    buf: BytesMut,
}

impl Write for ChannelWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = bytes.len().min(CHUNK - self.buf.len());
        self.buf.extend_from_slice(&bytes[..n]);
        if self.buf.len() == CHUNK {
            self.flush()?;
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buf.is_empty() {
            return Ok(());
        }
        let chunk = std::mem::replace(&mut self.buf, BytesMut::with_capacity(CHUNK)).freeze();
        self.sender.blocking_send(Ok(chunk)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
