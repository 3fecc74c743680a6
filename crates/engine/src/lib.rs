//! Durable work: what outlives a request, and the parts that it works with.
//!
//! - [`flow`]: what a flow is; [`runner`]: how flows are run, journaled, undone and ended; [`flows`]: the flows.
//! - [`sweeps`]: periodic repair without input: collection of the block store, blobs that nothing names.
//! - [`buckets`]: objects, on which imports and exports work.
//! - [`machines`]: servers, their disks, and what their guests may ask.
//!
//! This crate knows no HTTP. It tells clients what happened through tasks and images in the records, in the wire's own
//! codes, because a task's failure is read back word for word.

pub mod buckets;
pub mod flow;
pub mod flows;
pub mod machines;
pub mod runner;
pub mod sweeps;

use std::sync::Arc;

use meta::Meta;
use model::{Clock, Entropy, Timestamp};
use store::Store;
use tokio::sync::{Notify, watch};

use buckets::Buckets;
use machines::{Host, Keeping};
use runner::{Injected, Probe};

/// What a client is told of a fault of the server.
pub const INTERNAL_ERROR: &str = "The request processing has failed due to some unknown error.";

/// The engine of one node. Clones are handles on the same one.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    parts: Parts,
    clock: Arc<dyn Clock>,
    node: String,
    wake: Notify,
    cancelled: Notify,
    stopping: watch::Sender<bool>,
    probe: Option<Arc<dyn Probe>>,
    steps: std::sync::atomic::AtomicUsize,
    keeping: Keeping,
}

/// What an engine works with.
#[derive(Clone)]
pub struct Parts {
    /// The records.
    pub meta: Meta,
    /// The objects.
    pub buckets: Buckets,
    /// The block store.
    pub store: Store,
    /// What machines run with.
    pub host: Host,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

impl Engine {
    /// An engine that leases flows under the name `node`, which must outlive restarts and be no other node's.
    pub fn new(parts: Parts, clock: Arc<dyn Clock>, node: String) -> Self {
        Self::with_probe(parts, clock, node, None)
    }

    /// As [`Engine::new`], with a test beside the runner.
    pub fn with_probe(parts: Parts, clock: Arc<dyn Clock>, node: String, probe: Option<Arc<dyn Probe>>) -> Self {
        let inner = Inner {
            parts,
            clock,
            node,
            wake: Notify::new(),
            cancelled: Notify::new(),
            stopping: watch::Sender::new(false),
            probe,
            steps: std::sync::atomic::AtomicUsize::new(0),
            keeping: Keeping::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The records.
    pub fn meta(&self) -> &Meta {
        &self.inner.parts.meta
    }

    /// The objects.
    pub fn buckets(&self) -> &Buckets {
        &self.inner.parts.buckets
    }

    /// The block store.
    pub fn store(&self) -> &Store {
        &self.inner.parts.store
    }

    /// Time.
    pub fn clock(&self) -> &dyn Clock {
        &*self.inner.clock
    }

    /// Randomness.
    pub fn entropy(&self) -> &dyn Entropy {
        &*self.inner.parts.entropy
    }

    /// The place of a new image or task in the order of age.
    pub fn age_sequence(&self, created: Timestamp) -> i64 {
        let mut random = [0; 4];
        self.entropy().fill(&mut random);
        meta::images::age_sequence(created, u32::from_le_bytes(random))
    }

    /// Says that a flow was begun.
    pub fn wake(&self) {
        self.inner.wake.notify_one();
    }

    /// Says that a flow was cancelled, so that a step on this node stops at once.
    pub fn cancelled(&self) {
        self.inner.cancelled.notify_waiters();
    }

    /// Tells every step of this node to stop and [`Engine::run`] to return. Flows go on after the next start.
    pub fn shut_down(&self) {
        self.inner.stopping.send_replace(true);
    }

    fn probe(&self) -> Option<Injected> {
        let n = self.inner.steps.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        self.inner.probe.as_ref()?.before(n)
    }
}
