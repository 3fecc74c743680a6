//! Machines of this node: what runs them, where their disks come from, and what their guests may ask.
//!
//! All of it is under the data directory: `machines/` has a folder each, `disks/` the written volumes, `disks.sock` serves
//! these to the machines, and `metadata.sock` answers their guests.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use engine::Engine;
use engine::machines::Host;
use futures::future::BoxFuture;
use host::machine::{Driver, Hypervisor, HypervisorOptions, Relay};
use host::nbd::{ExportInfo, Exports, Opened, Server, Writable};
use meta::{Scope, settings};
use model::SystemClock;
use store::{LayeredVolumes, Store};
use tokio::net::UnixListener;
use tokio::sync::watch;

use super::random_hex;
use crate::data_dir::DataDir;

/// How long a guest may take to let go of a disk.
const DETACH_PATIENCE: Duration = Duration::from_secs(30);

/// Finds out what this host can run, and opens what machines need.
pub(crate) async fn open(data: &DataDir, store: Store, driver: Driver) -> Result<Host> {
    let program = std::env::current_exe().context("this program does not know where it is")?;
    let socket = data.path("metadata.sock");
    let socket = socket.to_str().context("the data directory's name is not text")?.to_owned();
    let options = HypervisorOptions {
        directory: data.path("machines"),
        driver,
        accelerator: None,
        relay: Relay { program, arguments: vec!["relay".to_owned(), socket] },
        detach_patience: DETACH_PATIENCE,
        clock: Arc::new(SystemClock),
    };
    let hypervisor = Hypervisor::probe(options).await.context("machines cannot be run")?;
    let directory = data.path("disks");
    let volumes = tokio::task::spawn_blocking(move || LayeredVolumes::open(&directory, store)).await?;
    let volumes = volumes.context("cannot open the disks")?;
    Ok(Host { hypervisor, volumes, disks_socket: data.path("disks.sock") })
}

/// The doors for machines, ready to be run.
pub(crate) async fn doors(
    data: &DataDir,
    engine: &Engine,
    stopping: watch::Receiver<bool>,
) -> Result<Vec<BoxFuture<'static, ()>>> {
    let path = data.path("disks.sock");
    let disks = Server::bind_unix(&path).await.with_context(|| format!("cannot listen on {}", path.display()))?;
    let exports: Arc<dyn Exports> = Arc::new(Disks(engine.clone()));
    let mut stop = stopping.clone();
    let disks = disks.serve(exports, async move {
        let _ = stop.changed().await;
    });

    let path = data.path("metadata.sock");
    // The directory is locked, so a socket that is there is left from a server that is not.
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).with_context(|| format!("cannot listen on {}", path.display()))?;
    let fresh = random_hex(32);
    let secret = engine.meta().write(Scope::Shared, move |tx| settings::get_or_set(tx, "metadata-key", &fresh)).await?;
    let secret: [u8; 32] =
        hex::decode(secret)?.try_into().ok().context("the metadata key in the records is damaged")?;
    let mut stop = stopping;
    let directory: Arc<dyn host::imds::Directory> = Arc::new(engine.clone());
    let metadata = host::imds::serve(listener, directory, secret, Arc::new(SystemClock), async move {
        let _ = stop.changed().await;
    });
    Ok(vec![Box::pin(disks), Box::pin(metadata)])
}

/// Volumes by their names, to be written.
struct Disks(Engine);

#[async_trait::async_trait]
impl Exports for Disks {
    async fn list(&self) -> std::io::Result<Vec<ExportInfo>> {
        Ok(Vec::new())
    }

    async fn open(&self, name: &str) -> std::io::Result<Option<Opened>> {
        let (volumes, asked) = (self.0.host().volumes.clone(), name.to_owned());
        let opened = tokio::task::spawn_blocking(move || {
            let names = volumes.names().map_err(std::io::Error::other)?;
            if !names.contains(&asked) {
                return Ok(None);
            }
            volumes.volume(&asked).map(Some).map_err(std::io::Error::other)
        });
        let Some(volume) = opened.await?? else { return Ok(None) };
        let info = ExportInfo { name: name.to_owned(), description: None };
        Ok(Some(Opened { info, export: Arc::new(Writable(volume)) }))
    }
}
