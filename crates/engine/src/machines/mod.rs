//! Servers: what keeps their records and their machines together.
//!
//! A server's record says what is to be (`Starting`, `Stopping`, …) and its node's keeper makes it so: the status is the
//! journal, every move can be made twice, and nothing is lost with the process that began it. Machines outlive the server;
//! at its start it looks at each and puts the records right.
//!
//! - [`keeper`]: moves servers and disks from one status to the next, and clears away what was released.
//! - [`metadata`]: what a guest may ask about itself.
//! - `ports`: what leads into a machine.
//!
//! A disk is a volume of this node under a name of its own. A disk that begins anew (a reset, a replacement) gets a new
//! volume under a new name in one transaction, and the old one is cleared away: no state lies between the two.

pub mod keeper;
pub mod metadata;
mod ports;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use host::machine::{Driver, Hypervisor, HypervisorOptions, Relay};
use meta::kinds::Remains;
use meta::{Tx, manifests, resources};
use model::network::{Eip, EipStatus};
use model::{Clock, Disk, Instance, Timestamp};
use parking_lot::Mutex;
use store::{LayeredVolumes, Store};
use tokio::sync::Notify;

use crate::Engine;
use crate::flow::StepError;
use crate::flows::capture::VolumeSpec;

/// What this node runs machines with.
#[derive(Clone)]
pub struct Host {
    /// Runs machines.
    pub hypervisor: Hypervisor,
    /// Disks that are written.
    pub volumes: LayeredVolumes,
    /// Where the machines find their disks: a Unix socket of the NBD server.
    pub disks_socket: PathBuf,
}

impl Host {
    /// A node whose machines exist on record only: every state and every byte is kept, and nothing boots.
    pub async fn on_record(
        directory: &Path,
        store: Store,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let options = HypervisorOptions {
            directory: directory.join("machines"),
            driver: Driver::Record,
            accelerator: None,
            relay: Relay { program: PathBuf::from("/bin/false"), arguments: Vec::new() },
            detach_patience: Duration::ZERO,
            clock,
        };
        Ok(Self {
            hypervisor: Hypervisor::probe(options).await?,
            volumes: LayeredVolumes::open(&directory.join("disks"), store)?,
            disks_socket: directory.join("disks.sock"),
        })
    }
}

/// What the keeper knows beside the records.
#[derive(Default)]
pub(crate) struct Keeping {
    /// Something changed that the keeper should look at.
    pub(crate) wake: Notify,
    /// Resources that a task of this process is moving.
    pub(crate) busy: Mutex<HashSet<String>>,
    /// True when rules or addresses changed: the open ports must be looked at again.
    pub(crate) ports_changed: std::sync::atomic::AtomicBool,
}

impl Engine {
    /// What this node runs machines with.
    pub fn host(&self) -> &Host {
        &self.inner.parts.host
    }

    /// The name of this node.
    pub fn node(&self) -> &str {
        &self.inner.node
    }

    /// Says that a server or a disk is to be moved.
    pub fn wake_keeper(&self) {
        self.inner.keeping.wake.notify_one();
    }

    /// Says that rules or addresses changed, so that open ports follow.
    pub fn ports_changed(&self) {
        self.inner.keeping.ports_changed.store(true, std::sync::atomic::Ordering::SeqCst);
        self.wake_keeper();
    }

    /// The disk as it can be read and written; made on the spot when nobody opened it before.
    pub async fn volume(&self, disk: &Disk) -> Result<Arc<store::LayeredVolume>, StepError> {
        let (volumes, spec) = (self.host().volumes.clone(), VolumeSpec::of(disk));
        let opened = tokio::task::spawn_blocking(move || spec.open(&volumes));
        opened.await.map_err(|panic| StepError::Retry(panic.into()))?
    }

    /// Makes a disk as large as its record says, and tells its server's guest.
    pub async fn enlarge(&self, disk: &Disk) -> Result<(), StepError> {
        if disk.node != self.node() {
            // The node that has it does so when it next opens it.
            return Ok(());
        }
        self.volume(disk).await?;
        if let Some(instance) = &disk.instance {
            let told = self.host().hypervisor.resized(instance.as_str(), disk.serial(), disk.bytes()).await;
            if let Err(error) = told {
                tracing::warn!(%instance, disk = %disk.id, %error, "the guest learns of its larger disk at its next start");
            }
        }
        Ok(())
    }
}

/// The disks of a server, the system disk first, then by device.
pub fn disks_of(tx: &mut Tx<'_>, instance: &Instance) -> Result<Vec<resources::Stored<Disk>>, meta::Error> {
    let mut disks = resources::all_with::<Disk>(tx, "instance", instance.id.as_str())?;
    disks.sort_by(|one, two| {
        let key = |disk: &Disk| (!disk.is_system(), disk.device.clone());
        key(&one.record).cmp(&key(&two.record))
    });
    Ok(disks)
}

/// Releases a server and the disks that go with it, inside the transaction that decided so. What is on its node is cleared
/// away afterwards; wake the keeper.
pub fn release(
    tx: &mut Tx<'_>,
    instance: &resources::Stored<Instance>,
    now: Timestamp,
    seq: i64,
) -> Result<(), meta::Error> {
    let record = &instance.record;
    let mut volumes = Vec::new();
    for disk in disks_of(tx, record)? {
        if disk.record.delete_with_instance || disk.record.is_system() {
            volumes.push(disk.record.volume());
            manifests::release_all(tx, disk.record.id.as_str())?;
            resources::delete(tx, &disk, now)?;
        } else {
            resources::update(tx, &disk, &detached(&disk.record, now))?;
        }
    }
    if let Some(bound) = &record.place.eip
        && let Some(eip) = resources::get::<Eip>(tx, bound.allocation.as_str())?
    {
        free(tx, &eip)?;
    }
    resources::free_addresses(tx, record.id.as_str())?;
    resources::delete(tx, instance, now)?;
    let remains = Remains {
        id: format!("x-{}", record.id),
        owner: record.owner,
        region: record.region.clone(),
        node: record.node.clone(),
        machine: record.id.to_string(),
        volumes,
        released: now,
    };
    resources::insert(tx, &remains, seq).map(drop)
}

/// Makes an elastic address nobody's.
pub fn free(tx: &mut Tx<'_>, eip: &resources::Stored<Eip>) -> Result<(), meta::Error> {
    let free = Eip { status: EipStatus::Available, instance: None, ..eip.record.clone() };
    resources::update(tx, eip, &free).map(drop)
}

/// Leaves a volume that no disk names any more to be cleared away.
pub fn leave_volume(tx: &mut Tx<'_>, disk: &Disk, now: Timestamp, seq: i64) -> Result<(), meta::Error> {
    let remains = Remains {
        id: format!("x-{}", disk.volume()),
        owner: disk.owner,
        region: disk.region.clone(),
        node: disk.node.clone(),
        machine: String::new(),
        volumes: vec![disk.volume()],
        released: now,
    };
    resources::insert(tx, &remains, seq).map(drop)
}

/// A disk that has just been taken from its server.
pub fn detached(disk: &Disk, now: Timestamp) -> Disk {
    Disk {
        status: model::DiskStatus::Available,
        instance: None,
        device: String::new(),
        detached: Some(now),
        ..disk.clone()
    }
}
