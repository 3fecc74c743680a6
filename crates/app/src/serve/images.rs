//! Images at the NBD doors: one export a disk, named after its image.
//!
//! `m-…` is the system disk, `m-…/1` the first data disk. The doors list nothing: names of images are their owners'.
//!
//! Whoever may open the socket in the data directory owns every image. Over TCP anybody may come, so a name there is signed
//! ([`crate::nbd_name`]), and whoever signed must own the image and be allowed to export it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use engine::Engine;
use futures::future::BoxFuture;
use host::nbd::{ExportInfo, Exports, Opened, Server as NbdServer};
use identity::{Identities, Origin, Surroundings, Unknown, add_resource_tags, judge};
use meta::images;
use model::Image;
use store::ManifestId;
use tokio::sync::watch;

use super::Server;
use crate::data_dir::DataDir;
use crate::nbd_name::{DiskName, SignedName};

/// What reading an image's bytes is to a policy: they leave as an export's do.
const VERB: &str = "ecs:ExportImage";

/// The NBD doors of images: the socket in the data directory, and an address where one was asked for.
pub(crate) struct NbdDoors {
    unix: NbdServer,
    tcp: Option<NbdServer>,
}

/// Listens at the doors.
pub(crate) async fn bind(data: &DataDir, tcp: Option<SocketAddr>) -> Result<NbdDoors> {
    let path = data.path("nbd.sock");
    let unix = NbdServer::bind_unix(&path).await.with_context(|| format!("cannot listen on {}", path.display()))?;
    let tcp = match tcp {
        None => None,
        Some(address) => {
            Some(NbdServer::bind_tcp(address).await.with_context(|| format!("cannot listen on {address}"))?)
        }
    };
    Ok(NbdDoors { unix, tcp })
}

impl NbdDoors {
    /// Where the door over TCP is.
    pub(crate) fn tcp_address(&self) -> Option<SocketAddr> {
        self.tcp.as_ref().and_then(NbdServer::tcp_address)
    }

    /// The doors, ready to be run.
    pub(crate) fn doors(self, server: &Server, stopping: &watch::Receiver<bool>) -> Vec<BoxFuture<'static, ()>> {
        let images = Images(server.engine.clone());
        let run = |door: NbdServer, exports: Arc<dyn Exports>| -> BoxFuture<'static, ()> {
            let mut stopping = stopping.clone();
            Box::pin(door.serve(exports, async move {
                let _ = stopping.changed().await;
            }))
        };
        let mut doors = Vec::new();
        if let Some(tcp) = self.tcp {
            let signed = Signed { images: images.clone(), identities: Arc::clone(&server.identities) };
            doors.push(run(tcp, Arc::new(signed)));
        }
        doors.push(run(self.unix, Arc::new(images)));
        doors
    }
}

/// Every image, by its bare name.
#[derive(Clone)]
struct Images(Engine);

impl Images {
    /// The image, when its disks are all there.
    async fn find(&self, name: &DiskName) -> io::Result<Option<Image>> {
        let id = name.image.clone();
        let found = self.0.meta().read(move |tx| images::get(tx, &id)).await.map_err(io::Error::other)?;
        Ok(found.map(|stored| stored.image).filter(|image| image.status.is_usable()))
    }

    /// Opens a disk under the name that the client gave it.
    async fn export(&self, image: &Image, disk: usize, name: &str) -> io::Result<Option<Opened>> {
        let Some(mapping) = image.disks.get(disk) else { return Ok(None) };
        let manifest: ManifestId = mapping.manifest.parse().map_err(io::Error::other)?;
        let store = self.0.store().clone();
        let volume = tokio::task::spawn_blocking(move || store.volume(&manifest)).await??;
        let description = format!("{} {}", image.name, mapping.device);
        let info = ExportInfo { name: name.to_owned(), description: Some(description) };
        Ok(Some(Opened { info, export: Arc::new(Arc::new(volume)) }))
    }
}

#[async_trait::async_trait]
impl Exports for Images {
    async fn list(&self) -> io::Result<Vec<ExportInfo>> {
        Ok(Vec::new())
    }

    async fn open(&self, name: &str) -> io::Result<Option<Opened>> {
        let Some(disk) = DiskName::parse(name) else { return Ok(None) };
        let Some(image) = self.find(&disk).await? else { return Ok(None) };
        self.export(&image, disk.disk, name).await
    }
}

/// The images of whoever signed the name.
struct Signed {
    images: Images,
    identities: Arc<Identities>,
}

#[async_trait::async_trait]
impl Exports for Signed {
    async fn list(&self) -> io::Result<Vec<ExportInfo>> {
        Ok(Vec::new())
    }

    async fn open(&self, _name: &str) -> io::Result<Option<Opened>> {
        // Policies ask whence a request came.
        Ok(None)
    }

    async fn open_from(&self, name: &str, peer: IpAddr) -> io::Result<Option<Opened>> {
        let Some(signed) = SignedName::parse(name) else { return Ok(None) };
        let known = self.identities.known(&signed.access_key_id, signed.security_token.as_deref()).await;
        let known = match known {
            Ok(known) => known,
            Err(Unknown::Records(error)) => return Err(io::Error::other(error)),
            Err(reason) => return refused(&signed.of, &reason),
        };
        let now = self.images.0.clock().now();
        if !signed.holds(&known.secret, now) || known.has_ended(now) {
            return refused(&signed.of, &"the signature is another, or its time is over");
        }
        let caller = known.caller;
        // Nobody learns more of another's image than that it is not there.
        let Some(image) = self.images.find(&signed.of).await?.filter(|image| image.owner == caller.account) else {
            return Ok(None);
        };
        let origin = Origin { source_ip: Some(peer), is_secure: false };
        let mut context = Surroundings { origin, now }.context(&caller);
        add_resource_tags(&mut context, image.tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_str())));
        let resource = format!("acs:ecs:{}:{}:image/{}", image.region, image.owner, image.id);
        if !judge(&caller, VERB, &resource, &context).allows() {
            return refused(&signed.of, &format!("{} may not {VERB} {resource}", caller.arn()));
        }
        tracing::info!(caller = caller.arn(), disk = %signed.of, %peer, "a disk is read over NBD");
        self.images.export(&image, signed.of.disk, name).await
    }
}

/// Refuses, and tells the log why; the client is told no more than that there is no such export.
fn refused(disk: &DiskName, reason: &(dyn std::fmt::Display + Sync)) -> io::Result<Option<Opened>> {
    tracing::info!(%disk, %reason, "a name at the NBD door was refused");
    Ok(None)
}
