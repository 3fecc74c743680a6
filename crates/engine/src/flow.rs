//! What a flow is: durable work as an enumeration whose variants own their step's input.
//!
//! The runner journals a state *before* it runs the step, so that after a crash the step runs again: steps and undos
//! must come to the same end when they run twice, or half and then whole. When a step fails for good, or a client
//! cancels, the flow walks back: it undoes every state that it went through, **the failed one included**, because a step
//! that fails may have done half of its work.
//!
//! A flow ends with one transaction that removes its journal together with whatever its clients see: it is never
//! finished for one reader and running for another.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use async_trait::async_trait;
use meta::{Scope, Tx, flows, tasks};
use model::{AccountId, FlowId, Task, TaskFailure, TaskId, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::CancelFlag;
use thiserror::Error;

use crate::Engine;

/// Durable work.
#[async_trait]
pub trait Flow: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// Name and version of the kind; journals of old versions must still decode.
    const NAME: &'static str;

    /// Runs the step of this state.
    async fn step(self, cx: &StepCx) -> Result<Next<Self>, StepError>;

    /// Takes back whatever the step of this state may have done.
    async fn undo(&self, cx: &StepCx) -> Result<(), StepError>;

    /// The transaction that ends the flow after everything was undone. `self` is the state that it began with.
    fn undone(&self, cx: &StepCx, failure: &Failure) -> Ending;

    /// Writes down, beside the task, how far the flow is: where its clients look for it.
    fn note_progress(&self, tx: &mut Tx<'_>, percent: u8) -> Result<(), meta::Error> {
        let _ = (tx, percent);
        Ok(())
    }
}

/// What comes after a step.
pub enum Next<F> {
    /// Another state.
    Step(F),
    /// The end.
    Done(Ending),
}

/// The transaction that ends a flow.
pub struct Ending {
    /// What it locks.
    pub scope: Scope,
    /// What it changes, beside the journal that it removes.
    #[expect(clippy::type_complexity, reason = "a boxed closure, named by its field")]
    pub commit: Box<dyn FnMut(&mut Tx<'_>) -> Result<(), meta::Error> + Send>,
}

/// Why a step did not come to its end.
#[derive(Debug, Error)]
pub enum StepError {
    /// It never will: the reason that the client reads.
    #[error("{} ({})", .0.message, .0.code)]
    Failed(TaskFailure),
    /// It may, when it is tried again.
    #[error("a part of the server failed")]
    Retry(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It was told to stop.
    #[error("the step was interrupted")]
    Interrupted,
}

impl StepError {
    /// A failure with this code and text.
    pub fn failed(code: &str, message: &str) -> Self {
        Self::Failed(TaskFailure { code: code.to_owned(), message: message.to_owned() })
    }
}

impl From<meta::Error> for StepError {
    fn from(error: meta::Error) -> Self {
        Self::Retry(error.into())
    }
}

impl From<store::StoreError> for StepError {
    fn from(error: store::StoreError) -> Self {
        match error {
            store::StoreError::Cancelled => Self::Interrupted,
            other => Self::Retry(other.into()),
        }
    }
}

/// Why a flow was undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What the client reads.
    pub reason: TaskFailure,
    /// True when the client asked for it.
    pub cancelled: bool,
}

impl Failure {
    pub(crate) fn cancelled() -> Self {
        let reason = TaskFailure { code: "TaskCancelled".to_owned(), message: "The task was cancelled.".to_owned() };
        Self { reason, cancelled: true }
    }
}

/// Where a flow stands, as it lies in the records.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(bound = "F: Serialize + DeserializeOwned")]
pub(crate) struct Journal<F> {
    /// States whose steps have run, in order.
    pub(crate) done: Vec<F>,
    /// The state whose step runs next or, on the way back, is undone next; none when all are undone.
    pub(crate) state: Option<F>,
    /// Why the flow is on its way back; none while it goes forward.
    pub(crate) failure: Option<Failure>,
}

/// Begins a flow, inside the transaction that also records what its clients see. Wake the engine after it.
pub fn begin<F: Flow>(tx: &mut Tx<'_>, id: FlowId, first: F, task: &Task, seq: i64) -> Result<(), meta::Error> {
    tasks::insert(tx, task, seq)?;
    let silent = Silent { flow: id, task: task.id.clone(), account: task.account, created: task.created };
    begin_silently(tx, silent, first, "")
}

/// What names a flow that no task shows: its clients follow a snapshot or an image.
#[derive(Debug, Clone)]
pub struct Silent {
    /// The flow.
    pub flow: FlowId,
    /// The task that there would be.
    pub task: TaskId,
    /// For whom it works.
    pub account: AccountId,
    /// When it was asked for.
    pub created: Timestamp,
}

/// Begins a flow without a task. `place` is the one node that can do its work; empty for any.
pub fn begin_silently<F: Flow>(tx: &mut Tx<'_>, silent: Silent, first: F, place: &str) -> Result<(), meta::Error> {
    let journal = Journal { done: Vec::new(), state: Some(first), failure: None };
    let Silent { flow, task, account, created } = silent;
    let row = flows::FlowRow {
        id: flow,
        name: F::NAME.to_owned(),
        task,
        account,
        journal: encode(&journal),
        cancelled: false,
        generation: 1,
        created,
        place: place.to_owned(),
    };
    flows::insert(tx, &row)
}

pub(crate) fn encode<F: Flow>(journal: &Journal<F>) -> String {
    serde_json::to_string(journal).expect("a flow's states are plain data")
}

/// What a step may use.
pub struct StepCx {
    /// The engine and all its parts.
    pub engine: Engine,
    /// The flow.
    pub flow: FlowId,
    /// The task that shows it.
    pub task: TaskId,
    /// For whom it works.
    pub account: AccountId,
    pub(crate) interrupt: Interrupt,
    pub(crate) gauge: Gauge,
}

impl StepCx {
    /// Set when the step must stop; long work asks it often.
    pub fn cancel_flag(&self) -> CancelFlag {
        self.interrupt.flag.clone()
    }

    /// Notes how far the flow is, in percent of verified bytes. It reaches the records before long.
    pub fn progress(&self) -> Gauge {
        self.gauge.clone()
    }

    /// Who holds what the flow needs, in the records.
    pub fn holder(&self) -> String {
        holder(&self.flow)
    }

    /// Runs work that blocks or computes, on a thread where it may.
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StepError> + Send + 'static,
    ) -> Result<T, StepError> {
        match tokio::task::spawn_blocking(work).await {
            Ok(result) => result,
            // Invariant: a parser that panics ends one task, never the server.
            Err(panic) => {
                tracing::error!(flow = %self.flow, %panic, "a step panicked");
                Err(StepError::failed("InternalError", crate::INTERNAL_ERROR))
            }
        }
    }
}

/// The name under which a flow holds blobs and manifests.
pub fn holder(flow: &FlowId) -> String {
    format!("flow/{flow}")
}

/// Percent of verified bytes; shared with the threads that verify them.
#[derive(Clone, Default)]
pub struct Gauge(Arc<AtomicU8>);

impl Gauge {
    /// Sets the percentage.
    pub fn set(&self, percent: u8) {
        self.0.store(percent.min(100), Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why a step is told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Cause {
    Nothing = 0,
    /// A client cancelled the task.
    Cancelled = 1,
    /// The server is shutting down; the flow goes on after its next start.
    Shutdown = 2,
    /// Another node has the flow now.
    LeaseLost = 3,
}

/// Tells a running step to stop. The first cause stays.
#[derive(Clone, Default)]
pub(crate) struct Interrupt {
    cause: Arc<AtomicU8>,
    flag: CancelFlag,
}

impl Interrupt {
    pub(crate) fn raise(&self, cause: Cause) {
        let _ = self.cause.compare_exchange(0, cause as u8, Ordering::SeqCst, Ordering::SeqCst);
        self.flag.cancel();
    }

    pub(crate) fn cause(&self) -> Cause {
        match self.cause.load(Ordering::SeqCst) {
            0 => Cause::Nothing,
            1 => Cause::Cancelled,
            2 => Cause::Shutdown,
            _ => Cause::LeaseLost,
        }
    }
}
