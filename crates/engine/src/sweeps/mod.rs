//! Sweeps: periodic repair. A sweep has no input; it reads the world and mends what it finds, and may run at any time.

use std::time::Duration;

use meta::{Scope, audit, buckets as records, flows, leases, manifests};
use store::{CollectOptions, CollectReport, ManifestId, StoreError};
use thiserror::Error;

use crate::Engine;
use crate::buckets::BucketError;
use crate::runner::chain;

/// The lease that lets one node of a deployment sweep.
const LEASE: &str = "sweep";

/// How old what nothing names must be before the periodic sweep removes it.
pub const GRACE_MILLIS: i64 = 60 * 60 * 1000;

/// How long a node that died while it swept keeps others from sweeping.
const LEASE_MILLIS: i64 = 60 * 60 * 1000;

/// How often the periodic sweep runs.
pub const PERIOD: Duration = Duration::from_secs(10 * 60);

/// Why a sweep did not come to its end.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each variant says it all")]
pub enum SweepError {
    #[error("the records failed")]
    Records(#[from] meta::Error),
    #[error("the block store failed")]
    Store(#[from] StoreError),
    #[error("the object store failed")]
    Buckets(#[from] BucketError),
    #[error("another node is sweeping")]
    Busy,
    #[error("the sweep panicked")]
    Panicked,
}

/// What a sweep did.
#[derive(Debug, Clone, Default)]
pub struct SweepReport {
    /// What the block store's collection did.
    pub store: CollectReport,
    /// Blobs that no record named, deleted.
    pub blobs_deleted: u64,
}

impl Engine {
    /// Sweeps now and then, until [`Engine::shut_down`].
    pub async fn sweep_periodically(&self) {
        let mut stopping = self.inner.stopping.subscribe();
        loop {
            tokio::select! {
                () = tokio::time::sleep(PERIOD) => {}
                _ = stopping.changed() => {}
            }
            if *stopping.borrow() {
                return;
            }
            match self.sweep(GRACE_MILLIS).await {
                Ok(report) => tracing::debug!(?report, "swept"),
                Err(SweepError::Busy) => {}
                Err(error) => tracing::error!(error = %chain(&error), "a sweep failed; the next one tries again"),
            }
        }
    }

    /// Removes what nothing names and what is older than `grace_millis`: manifests, packs, blobs.
    ///
    /// With a grace of zero this is safe beside the work of this process, which says what it has in hand; other nodes on
    /// the same stores need the grace to have recorded what they wrote.
    pub async fn sweep(&self, grace_millis: i64) -> Result<SweepReport, SweepError> {
        let (node, now) = (self.inner.node.clone(), self.now());
        let until = now.plus_millis(LEASE_MILLIS);
        let taken = self.meta().write(Scope::Shared, move |tx| leases::take(tx, LEASE, &node, now, until));
        if !taken.await? {
            return Err(SweepError::Busy);
        }
        let outcome = self.sweep_alone(grace_millis).await;
        let node = self.inner.node.clone();
        self.meta().write(Scope::Shared, move |tx| leases::give_back(tx, LEASE, &node)).await?;
        outcome
    }

    async fn sweep_alone(&self, grace_millis: i64) -> Result<SweepReport, SweepError> {
        let blobs_deleted = self.sweep_blobs(grace_millis).await?;
        let now = self.now();
        let kept_from = now.plus_millis(-audit::KEPT_MILLIS);
        self.meta().write(Scope::Audit, move |tx| audit::forget(tx, kept_from)).await?;
        let node = self.inner.node.clone();
        let elsewhere = self.meta().read(move |tx| flows::oldest_elsewhere(tx, &node)).await?;
        let options = CollectOptions {
            grace_ms: to_u64(grace_millis),
            oldest_ingest_started_ms: elsewhere.map(|created| to_u64(created.as_millis())),
            ..CollectOptions::immediate(to_u64(now.as_millis()))
        };
        let store = self.store().clone();
        let meta = self.meta().clone();
        let runtime = tokio::runtime::Handle::current();
        let store = tokio::task::spawn_blocking(move || {
            // In this order: what is recorded after the collection began to watch, the collection knows of itself.
            let collection = store.start_collection()?;
            let held = runtime.block_on(meta.read(manifests::held))?;
            let live: Vec<ManifestId> = held.iter().filter_map(|(id, _)| id.parse().ok()).collect();
            Ok::<_, SweepError>(collection.run(&live, &options)?)
        })
        .await
        .map_err(|_| SweepError::Panicked)??;
        Ok(SweepReport { store, blobs_deleted })
    }

    async fn sweep_blobs(&self, grace_millis: i64) -> Result<u64, SweepError> {
        let before = self.now().plus_millis(-grace_millis);
        let blobs = self.buckets().blobs();
        let mut deleted = 0;
        for (id, written) in blobs.list().await? {
            if written > before || blobs.is_in_hand(&id) {
                continue;
            }
            let name = id.clone();
            if !self.meta().read(move |tx| records::is_blob_held(tx, &name)).await? {
                blobs.delete(&id).await?;
                deleted += 1;
            }
        }
        Ok(deleted)
    }
}

fn to_u64(millis: i64) -> u64 {
    u64::try_from(millis).unwrap_or(0)
}
