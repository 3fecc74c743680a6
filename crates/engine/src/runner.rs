//! The runner: leases flows, runs their steps, journals, walks back, and ends them.
//!
//! Each node takes the oldest flow that nobody holds, prolongs its lease while it works, and writes the journal only
//! under the generation that the lease gave. A node that dies loses its leases by time; a node that starts takes its own
//! back at once. What a flow does between two journal entries is done again after a crash, so it may happen twice.
//!
//! | found in the journal | the node does |
//! | --- | --- |
//! | going forward | runs the state's step; journals what comes next |
//! | going forward, cancelled | turns round |
//! | going back | undoes the state, then the ones before it |
//! | nothing left to undo | ends the flow in one transaction |
//! | a name or a text that it does not know | parks the flow, loudly, for an operator |

use std::sync::Arc;
use std::time::Duration;

use meta::flows::{self, FlowRow};
use meta::{Scope, tasks};
use model::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::flow::{Cause, Ending, Failure, Flow, Gauge, Interrupt, Journal, Next, StepCx, StepError, encode};
use crate::{Engine, INTERNAL_ERROR};

/// How long a lease lasts without being prolonged.
const LEASE_MILLIS: i64 = 30_000;

/// How often a lease is prolonged and the progress written down, and cancellations are noticed.
const HEARTBEAT: Duration = Duration::from_millis(500);

/// How often a node looks for flows of others that nobody holds any more.
const LOOK_ROUND: Duration = Duration::from_secs(1);

/// How often a step is tried before its flow fails, and an undo before its flow is parked.
const ATTEMPTS: u32 = 5;

/// The pause after a failed attempt, doubled each time.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Flows that one node works on at once: imports keep two cores busy each, so more would only slow all of them.
const FLOWS_AT_ONCE: usize = 2;

/// What a test puts in a flow's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Injected {
    /// The step fails for good, before it does anything.
    Fail,
    /// The step does its work and then fails for good.
    FailAfter,
    /// The process dies before the step.
    Crash,
    /// The process dies after the step, before the journal knows of it.
    CrashAfter,
}

/// Lets a test stand beside the runner.
pub trait Probe: Send + Sync {
    /// Called before step or undo number `n` of this process, counted from 0.
    fn before(&self, n: usize) -> Option<Injected>;
}

impl Engine {
    /// Works on flows until [`Engine::shut_down`], then returns when the last step has stopped.
    pub async fn run(&self) {
        let node = self.inner.node.clone();
        if let Err(error) = self.meta().write(Scope::Shared, move |tx| flows::release_all(tx, &node)).await {
            tracing::error!(%error, "leases of an earlier run could not be taken back; they will run out");
        }
        let places = Arc::new(Semaphore::new(FLOWS_AT_ONCE));
        let mut running = JoinSet::new();
        let mut stopping = self.inner.stopping.subscribe();
        while !*stopping.borrow() {
            let place = tokio::select! {
                place = Arc::clone(&places).acquire_owned() => place.expect("the semaphore is never closed"),
                _ = stopping.changed() => continue,
            };
            match self.lease_next().await {
                Ok(Some(row)) => {
                    let engine = self.clone();
                    running.spawn(async move {
                        let _place = place;
                        engine.drive_any(row).await;
                    });
                }
                outcome => {
                    drop(place);
                    if let Err(error) = outcome {
                        tracing::error!(%error, "flows could not be looked for");
                    }
                    tokio::select! {
                        () = self.inner.wake.notified() => {}
                        () = tokio::time::sleep(LOOK_ROUND) => {}
                        _ = stopping.changed() => {}
                    }
                }
            }
            while running.try_join_next().is_some() {}
        }
        while running.join_next().await.is_some() {}
    }

    /// Works on flows until none is left that can be worked on. For tests, which wait for states.
    pub async fn run_until_idle(&self) -> Result<(), meta::Error> {
        let node = self.inner.node.clone();
        self.meta().write(Scope::Shared, move |tx| flows::release_all(tx, &node)).await?;
        while let Some(row) = self.lease_next().await? {
            if self.drive_any(row).await == Drive::Crashed {
                break;
            }
        }
        Ok(())
    }

    async fn lease_next(&self) -> Result<Option<FlowRow>, meta::Error> {
        let node = self.inner.node.clone();
        let now = self.now();
        let until = now.plus_millis(LEASE_MILLIS);
        let asking = node.clone();
        if !self.meta().read(move |tx| flows::is_waiting(tx, &asking, now)).await? {
            return Ok(None);
        }
        self.meta().write(Scope::Shared, move |tx| flows::lease_next(tx, &node, now, until)).await
    }

    async fn drive_any(&self, row: FlowRow) -> Drive {
        for kind in crate::flows::KINDS {
            if kind.name == row.name {
                return (kind.drive)(self.clone(), row).await;
            }
        }
        tracing::error!(flow = %row.id, name = %row.name, "a flow of a kind that this server does not know is parked");
        self.park(&row).await
    }

    async fn park(&self, row: &FlowRow) -> Drive {
        let (id, generation) = (row.id.clone(), row.generation);
        let parked = self.meta().write(Scope::Shared, move |tx| flows::park(tx, &id, generation)).await;
        if let Err(error) = parked {
            tracing::error!(flow = %row.id, %error, "the flow could not be parked");
        }
        Drive::Ended
    }
}

/// How the work on a flow came to an end on this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drive {
    /// It ended, was parked, or was given back.
    Ended,
    /// A test's crash: everything is left as it was.
    Crashed,
}

/// Works on one flow until it ends.
pub(crate) async fn drive<F: Flow>(engine: Engine, row: FlowRow) -> Drive {
    let Ok(journal) = serde_json::from_str::<Journal<F>>(&row.journal) else {
        tracing::error!(flow = %row.id, name = %row.name, "a flow whose journal cannot be read is parked");
        return engine.park(&row).await;
    };
    let interrupt = Interrupt::default();
    let gauge = Gauge::default();
    let shown = journal.state.clone();
    let heartbeat = tokio::spawn(beat(engine.clone(), row.clone(), shown, interrupt.clone(), gauge.clone()));
    let cx = StepCx {
        engine: engine.clone(),
        flow: row.id.clone(),
        task: row.task.clone(),
        account: row.account,
        interrupt,
        gauge,
    };
    let outcome = Driver { cx, row, journal }.go().await;
    heartbeat.abort();
    outcome
}

/// Prolongs the lease, writes the progress down, and notices what must interrupt the step.
///
/// `shown` is any state of the flow: all of them know where its clients look.
async fn beat<F: Flow>(engine: Engine, row: FlowRow, shown: Option<F>, interrupt: Interrupt, gauge: Gauge) {
    let mut written = 0;
    let mut stopping = engine.inner.stopping.subscribe();
    loop {
        tokio::select! {
            () = tokio::time::sleep(HEARTBEAT) => {}
            () = engine.inner.cancelled.notified() => {}
            _ = stopping.changed() => {}
        }
        if *stopping.borrow() {
            interrupt.raise(Cause::Shutdown);
            return;
        }
        let (id, generation, task, shown) = (row.id.clone(), row.generation, row.task.clone(), shown.clone());
        let until = engine.now().plus_millis(LEASE_MILLIS);
        let percent = gauge.get();
        let moved = percent != written;
        let renewed = engine
            .meta()
            .write(Scope::Account(row.account), move |tx| {
                let renewed = flows::renew(tx, &id, generation, until)?;
                if moved && renewed.is_some() {
                    tasks::set_progress(tx, &task, percent)?;
                    shown.iter().try_for_each(|shown| shown.note_progress(tx, percent))?;
                }
                Ok::<_, meta::Error>(renewed)
            })
            .await;
        match renewed {
            Ok(Some(cancelled)) => {
                written = percent;
                if cancelled {
                    interrupt.raise(Cause::Cancelled);
                }
            }
            Ok(None) => return interrupt.raise(Cause::LeaseLost),
            Err(error) => tracing::warn!(flow = %row.id, %error, "the lease could not be prolonged; trying again"),
        }
    }
}

struct Driver<F> {
    cx: StepCx,
    row: FlowRow,
    journal: Journal<F>,
}

/// What the driver does after one move.
enum Move {
    On,
    End(Drive),
}

impl<F: Flow> Driver<F> {
    async fn go(mut self) -> Drive {
        loop {
            let moved = match (&self.journal.failure, self.journal.state.clone()) {
                (None, Some(state)) => self.forward(state).await,
                (Some(failure), Some(state)) => self.back(state, failure.clone()).await,
                (Some(failure), None) => self.end_undone(failure.clone()).await,
                (None, None) => Move::End(self.cx.engine.park(&self.row).await),
            };
            if let Move::End(drive) = moved {
                return drive;
            }
        }
    }

    async fn forward(&mut self, state: F) -> Move {
        match self.is_cancelled().await {
            Ok(false) => {}
            Ok(true) => return self.turn_round(Failure::cancelled()).await,
            Err(error) => return self.give_back(&error).await,
        }
        let injected = self.cx.engine.probe();
        match injected {
            Some(Injected::Crash) => return Move::End(Drive::Crashed),
            Some(Injected::Fail) => return self.turn_round(internal_failure()).await,
            _ => {}
        }
        let outcome = self.attempt(&state).await;
        match injected {
            Some(Injected::CrashAfter) => {
                // The step's work is done and its journal entry is not: an ending is dropped unwritten, too.
                return Move::End(Drive::Crashed);
            }
            Some(Injected::FailAfter) => return self.turn_round(internal_failure()).await,
            _ => {}
        }
        match outcome {
            Ok(Next::Step(next)) => {
                self.journal.done.push(state);
                self.journal.state = Some(next);
                self.write_journal().await
            }
            Ok(Next::Done(ending)) => self.end(ending, true).await,
            Err(StepError::Failed(reason)) => self.turn_round(Failure { reason, cancelled: false }).await,
            Err(StepError::Interrupted) => self.interrupted().await,
            Err(StepError::Retry(error)) => {
                tracing::error!(flow = %self.row.id, error = %chain(&*error), "a step failed for good");
                self.turn_round(internal_failure()).await
            }
        }
    }

    /// Runs a step, again after a pause when a part of the server failed.
    async fn attempt(&self, state: &F) -> Result<Next<F>, StepError> {
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            match state.clone().step(&self.cx).await {
                Err(StepError::Retry(error)) if attempt < ATTEMPTS && self.cx.interrupt.cause() == Cause::Nothing => {
                    tracing::warn!(flow = %self.row.id, error = %chain(&*error), attempt, "a step is tried again");
                }
                other => return other,
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        unreachable!("the last attempt returns")
    }

    async fn back(&mut self, state: F, failure: Failure) -> Move {
        match self.cx.engine.probe() {
            Some(Injected::Crash) => return Move::End(Drive::Crashed),
            Some(Injected::CrashAfter) => {
                let _ = state.undo(&self.cx).await;
                return Move::End(Drive::Crashed);
            }
            _ => {}
        }
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            match state.undo(&self.cx).await {
                Ok(()) => break,
                Err(error) if attempt < ATTEMPTS => {
                    tracing::warn!(flow = %self.row.id, error = %chain(&error), attempt, "an undo is tried again");
                }
                Err(error) => {
                    tracing::error!(
                        flow = %self.row.id,
                        reason = %failure.reason.code,
                        error = %chain(&error),
                        "an undo failed for good; the flow is parked and needs an operator"
                    );
                    return Move::End(self.cx.engine.park(&self.row).await);
                }
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        if self.journal.done.is_empty() {
            // The first state stays: it knows what to tell the flow's clients.
            return self.end_undone_from(state, failure).await;
        }
        self.journal.state = self.journal.done.pop();
        self.write_journal().await
    }

    async fn end_undone(&mut self, failure: Failure) -> Move {
        match self.journal.done.first().cloned() {
            Some(first) => self.end_undone_from(first, failure).await,
            None => Move::End(self.cx.engine.park(&self.row).await),
        }
    }

    async fn end_undone_from(&mut self, first: F, failure: Failure) -> Move {
        let ending = first.undone(&self.cx, &failure);
        self.end(ending, false).await
    }

    async fn turn_round(&mut self, failure: Failure) -> Move {
        self.journal.failure = Some(failure);
        self.write_journal().await
    }

    async fn interrupted(&mut self) -> Move {
        match self.cx.interrupt.cause() {
            Cause::Cancelled => self.turn_round(Failure::cancelled()).await,
            Cause::Shutdown => {
                let (id, generation) = (self.row.id.clone(), self.row.generation);
                let meta = self.cx.engine.meta();
                if let Err(error) = meta.write(Scope::Shared, move |tx| flows::release(tx, &id, generation)).await {
                    tracing::warn!(flow = %self.row.id, %error, "the lease could not be given back; it will run out");
                }
                Move::End(Drive::Ended)
            }
            Cause::LeaseLost => {
                tracing::warn!(flow = %self.row.id, "another node has the flow now");
                Move::End(Drive::Ended)
            }
            Cause::Nothing => {
                tracing::error!(flow = %self.row.id, "a step stopped without a cause");
                self.turn_round(internal_failure()).await
            }
        }
    }

    async fn is_cancelled(&self) -> Result<bool, meta::Error> {
        let id = self.row.id.clone();
        Ok(self.cx.engine.meta().read(move |tx| flows::get(tx, &id)).await?.is_some_and(|flow| flow.cancelled))
    }

    async fn write_journal(&mut self) -> Move {
        let (id, generation) = (self.row.id.clone(), self.row.generation);
        let text = encode(&self.journal);
        let meta = self.cx.engine.meta();
        match meta.write(Scope::Shared, move |tx| flows::journal(tx, &id, generation, &text)).await {
            Ok(true) => Move::On,
            Ok(false) => {
                tracing::warn!(flow = %self.row.id, "another node has the flow now");
                Move::End(Drive::Ended)
            }
            Err(error) => self.give_back(&error).await,
        }
    }

    /// The records do not answer: leave the flow to whoever finds them answering again.
    async fn give_back(&self, error: &meta::Error) -> Move {
        tracing::error!(flow = %self.row.id, error = %chain(error), "the records failed; the flow waits for its lease to end");
        Move::End(Drive::Ended)
    }

    /// Ends the flow. An ending that publishes loses to a cancellation that was answered before it.
    async fn end(&mut self, ending: Ending, publishes: bool) -> Move {
        let Ending { scope, mut commit } = ending;
        let (id, generation) = (self.row.id.clone(), self.row.generation);
        let outcome = self
            .cx
            .engine
            .meta()
            .write(scope, move |tx| {
                match flows::get(tx, &id)? {
                    Some(flow) if flow.generation != generation => return Ok(End::Lost),
                    None => return Ok(End::Lost),
                    Some(flow) if publishes && flow.cancelled => return Ok(End::Cancelled),
                    Some(_) => {}
                }
                flows::finish(tx, &id, generation)?;
                commit(tx)?;
                Ok::<_, meta::Error>(End::Written)
            })
            .await;
        match outcome {
            Ok(End::Written) => Move::End(Drive::Ended),
            Ok(End::Lost) => {
                tracing::warn!(flow = %self.row.id, "another node has the flow now");
                Move::End(Drive::Ended)
            }
            Ok(End::Cancelled) => self.turn_round(Failure::cancelled()).await,
            Err(error) => self.give_back(&error).await,
        }
    }
}

enum End {
    Written,
    Lost,
    Cancelled,
}

fn internal_failure() -> Failure {
    let reason = model::TaskFailure { code: "InternalError".to_owned(), message: INTERNAL_ERROR.to_owned() };
    Failure { reason, cancelled: false }
}

/// An error and its causes, for the log.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

impl Engine {
    pub(crate) fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }
}
