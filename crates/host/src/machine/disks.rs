//! Disks of a running machine: how QEMU is told of one, plugging, unplugging, growing.
//!
//! A disk is three things in QEMU: an NBD client (`n-SERIAL`), a raw node above it (`d-SERIAL`) and a device
//! (`disk-SERIAL`) in a root port. The raw node is there because an NBD client knows one size for ever: to show the guest a
//! new size, a second client is put under the raw node in place of the first.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

use super::arguments::port_name;
use super::error::{Error, Reason};
use super::folder::{Folder, Place};
use super::qmp::{Event, Qmp};
use super::spec::{Bus, DiskSpec, MAX_DISKS};

/// Seconds that a guest's requests wait for a server that is away, before they fail: a year, that is, for ever. An error
/// would make the guest remount its root read-only; waiting does no harm.
const RECONNECT_SECONDS: u32 = 365 * 24 * 60 * 60;

/// Block nodes of a disk, lowest first, for `-blockdev` and `blockdev-add`.
pub(super) fn nodes(serial: &str, place: &Place) -> [Value; 2] {
    let [client, _] = client_names(serial);
    [client_node(&client, place), raw_node(serial, &client)]
}

/// The device that shows a disk to the guest, for `-device` and `device_add`.
pub(super) fn device(disk: &DiskSpec, port: &str) -> Value {
    let driver = match disk.bus {
        Bus::VirtioBlk => "virtio-blk-pci",
        Bus::Nvme => "nvme",
    };
    let serial = &disk.serial;
    json!({ "driver": driver, "id": device_name(serial), "drive": raw_name(serial), "serial": serial, "bus": port })
}

/// Plugs a disk into a free port. One that is plugged in already stays.
pub(super) async fn attach(qmp: &Qmp, disk: &DiskSpec, folder: &Folder) -> Result<(), Error> {
    let ports = Ports::query(qmp).await?;
    if ports.has(&disk.serial) {
        return Ok(());
    }
    let port = ports.free().ok_or(Reason::NoPort)?;
    // Nodes of a disk that the guest let go of only after nobody waited any more.
    remove_nodes(qmp, &disk.serial).await?;
    for node in nodes(&disk.serial, &folder.add_disk(disk)?) {
        qmp.execute("blockdev-add", node).await?;
    }
    let added = qmp.execute("device_add", device(disk, &port)).await;
    if added.is_err() {
        remove_nodes(qmp, &disk.serial).await?;
        folder.remove_disk(&disk.serial);
    }
    added.map(drop)
}

/// Unplugs a disk: asks the guest to let go of it, and waits until it has. One that is not there is fine.
pub(super) async fn detach(qmp: &Qmp, serial: &str, patience: Duration) -> Result<(), Error> {
    if Ports::query(qmp).await?.has(serial) {
        let name = device_name(serial);
        let mut events = qmp.events()?;
        match qmp.execute("device_del", json!({ "id": name })).await {
            Err(_) if !Ports::query(qmp).await?.has(serial) => {}
            // Somebody asked the guest before, and it has not answered.
            Err(error) if !error.to_string().contains("already in the process of unplug") => return Err(error),
            _ => {
                let is_gone = async {
                    loop {
                        match events.recv().await {
                            Ok(Event { name: event, data }) if data["device"] == *name => match event.as_str() {
                                "DEVICE_DELETED" => return true,
                                "DEVICE_UNPLUG_GUEST_ERROR" => return false,
                                _ => {}
                            },
                            Ok(_) | Err(RecvError::Lagged(_)) => {}
                            Err(RecvError::Closed) => return false,
                        }
                    }
                };
                if !timeout(patience, is_gone).await.unwrap_or(false) {
                    return Err(Reason::GuestKeepsDisk { serial: serial.to_owned(), patience }.into());
                }
            }
        }
    }
    remove_nodes(qmp, serial).await
}

/// Shows the guest the size that a disk has now. Its server must give that size to whoever connects from now on, and
/// must allow a second connection to the disk for a moment.
pub(super) async fn resized(qmp: &Qmp, serial: &str, folder: &Folder, bytes: u64) -> Result<(), Error> {
    if Ports::query(qmp).await?.is_nvme(serial) {
        return Err(Reason::NvmeKeepsSize { serial: serial.to_owned() }.into());
    }
    let place = folder.disk(serial).ok_or_else(|| Reason::NoDisk { serial: serial.to_owned() })?;
    let nodes = qmp.execute("query-named-block-nodes", json!({ "flat": true })).await?;
    let is_there = |name: &str| nodes.as_array().into_iter().flatten().any(|node| node["node-name"] == name);
    let [mut old, mut new] = client_names(serial);
    if !is_there(&old) {
        std::mem::swap(&mut old, &mut new);
    }
    qmp.execute("blockdev-add", client_node(&new, &place)).await?;
    let swap = async {
        qmp.execute("blockdev-reopen", json!({ "options": [raw_node(serial, &new)] })).await?;
        qmp.execute("block_resize", json!({ "node-name": raw_name(serial), "size": bytes })).await
    };
    let swapped = swap.await;
    // Whichever client the raw node does not use can be removed; the other cannot, and stays.
    for name in [&old, &new] {
        let removed = qmp.execute("blockdev-del", json!({ "node-name": name })).await;
        tracing::debug!(name, removed = removed.is_ok(), "after a disk's size changed");
    }
    swapped.map(drop)
}

/// Which root ports have which disks.
struct Ports(Vec<Plugged>);

struct Plugged {
    serial: String,
    port: String,
    is_nvme: bool,
}

impl Ports {
    async fn query(qmp: &Qmp) -> Result<Ports, Error> {
        // Not `query-pci`: before the firmware has numbered the buses, it does not see behind the ports.
        let devices = qmp.execute("qom-list", json!({ "path": "/machine/peripheral" })).await?;
        let mut plugged = Vec::new();
        for device in devices.as_array().into_iter().flatten() {
            let Some(serial) = device["name"].as_str().and_then(|name| name.strip_prefix("disk-")) else { continue };
            let path = format!("/machine/peripheral/{}", device_name(serial));
            let bus = qmp.execute("qom-get", json!({ "path": path, "property": "parent_bus" })).await?;
            let port = bus.as_str().and_then(|bus| bus.rsplit('/').next()).unwrap_or_default().to_owned();
            plugged.push(Plugged { serial: serial.to_owned(), port, is_nvme: device["type"] == "child<nvme>" });
        }
        Ok(Ports(plugged))
    }

    fn has(&self, serial: &str) -> bool {
        self.0.iter().any(|plugged| plugged.serial == serial)
    }

    fn is_nvme(&self, serial: &str) -> bool {
        self.0.iter().any(|plugged| plugged.serial == serial && plugged.is_nvme)
    }

    fn free(&self) -> Option<String> {
        (0..MAX_DISKS).map(port_name).find(|port| self.0.iter().all(|plugged| plugged.port != *port))
    }
}

async fn remove_nodes(qmp: &Qmp, serial: &str) -> Result<(), Error> {
    let nodes = qmp.execute("query-named-block-nodes", json!({ "flat": true })).await?;
    let is_there = |name: &str| nodes.as_array().into_iter().flatten().any(|node| node["node-name"] == name);
    let [first, second] = client_names(serial);
    for name in [raw_name(serial), first, second] {
        if is_there(&name) {
            qmp.execute("blockdev-del", json!({ "node-name": name })).await?;
        }
    }
    Ok(())
}

fn client_names(serial: &str) -> [String; 2] {
    [format!("n-{serial}"), format!("m-{serial}")]
}

fn raw_name(serial: &str) -> String {
    format!("d-{serial}")
}

fn device_name(serial: &str) -> String {
    format!("disk-{serial}")
}

fn client_node(name: &str, place: &Place) -> Value {
    let Place { socket, export } = place;
    json!({
        "driver": "nbd",
        "node-name": name,
        "server": { "type": "unix", "path": socket },
        "export": export,
        "reconnect-delay": RECONNECT_SECONDS,
        "discard": "unmap",
        "detect-zeroes": "off",
    })
}

fn raw_node(serial: &str, client: &str) -> Value {
    json!({ "driver": "raw", "node-name": raw_name(serial), "file": client, "discard": "unmap" })
}
