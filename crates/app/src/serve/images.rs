//! Images at the NBD door: one export a disk, named after its image.
//!
//! `m-…` is the system disk, `m-…/1` the first data disk. The door lists nothing: whoever may connect owns the data
//! directory, but names of images are their owners'.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use engine::Engine;
use futures::future::BoxFuture;
use host::nbd::{ExportInfo, Exports, Opened, Server};
use meta::images;
use model::ImageId;
use store::ManifestId;
use tokio::sync::watch;

use crate::data_dir::DataDir;

/// The NBD doors, ready to be run: the socket in the data directory, and an address where one was asked for.
pub(crate) async fn nbd_doors(
    data: &DataDir,
    tcp: Option<SocketAddr>,
    engine: &Engine,
    stopping: watch::Receiver<bool>,
) -> Result<Vec<BoxFuture<'static, ()>>> {
    let path = data.path("nbd.sock");
    let unix = Server::bind_unix(&path).await.with_context(|| format!("cannot listen on {}", path.display()))?;
    let mut servers = vec![unix];
    if let Some(address) = tcp {
        servers.push(Server::bind_tcp(address).await.with_context(|| format!("cannot listen on {address}"))?);
    }
    let exports: Arc<dyn Exports> = Arc::new(Images(engine.clone()));
    let run = |server: Server| -> BoxFuture<'static, ()> {
        let (exports, mut stopping) = (Arc::clone(&exports), stopping.clone());
        Box::pin(server.serve(exports, async move {
            let _ = stopping.changed().await;
        }))
    };
    Ok(servers.into_iter().map(run).collect())
}

struct Images(Engine);

#[async_trait::async_trait]
impl Exports for Images {
    async fn list(&self) -> io::Result<Vec<ExportInfo>> {
        Ok(Vec::new())
    }

    async fn open(&self, name: &str) -> io::Result<Option<Opened>> {
        let (id, disk) = name.split_once('/').unwrap_or((name, "0"));
        let (Ok(id), Ok(disk)) = (id.parse::<ImageId>(), disk.parse::<usize>()) else { return Ok(None) };
        let found = self.0.meta().read(move |tx| images::get(tx, &id)).await.map_err(io::Error::other)?;
        let Some(image) = found.map(|stored| stored.image).filter(|image| image.status.is_usable()) else {
            return Ok(None);
        };
        let Some(mapping) = image.disks.get(disk) else { return Ok(None) };
        let manifest: ManifestId = mapping.manifest.parse().map_err(io::Error::other)?;
        let store = self.0.store().clone();
        let volume = tokio::task::spawn_blocking(move || store.volume(&manifest)).await??;
        let description = format!("{} {}", image.name, mapping.device);
        let info = ExportInfo { name: name.to_owned(), description: Some(description) };
        Ok(Some(Opened { info, export: Arc::new(Arc::new(volume)) }))
    }
}
