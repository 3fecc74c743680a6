//! The keeper: makes what is so what the records say.
//!
//! | found | the keeper does | then it is |
//! | --- | --- | --- |
//! | `Pending` | opens its disks | `Starting`, or `Stopped` |
//! | `Starting` | starts the machine; for a reboot, ends it first | `Running`, or `Stopped` with a reason |
//! | `Stopping` | presses the power button and waits, or pulls the plug | `Stopped` |
//! | a machine that ended by itself | | `Stopped` with a reason |
//! | a disk `Attaching`, `Detaching` | plugs it in or out of the running machine | `In_use`, `Available` |
//! | a server whose time to be released has come | releases it | gone |
//! | remains of what was released | ends the machine, deletes the volumes | gone |
//!
//! It looks when it is told to, and once a second for what other nodes recorded.

use std::sync::atomic::Ordering;
use std::time::Duration;

use host::machine::{Bus, DiskSpec, Firmware, GuestNetwork, MachineEvent, MachineSpec, MachineState, Smbios};
use meta::kinds::Remains;
use meta::resources::{self, Stored};
use meta::{Scope, manifests};
use model::instance::InstanceEvent;
use model::{BootMode, Disk, DiskStatus, Instance, InstanceStatus, Snapshot, SnapshotStatus};
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;

use super::{detached, disks_of};
use crate::Engine;
use crate::flow::StepError;
use crate::runner::chain;

/// How often the keeper looks for what other nodes recorded.
const LOOK_ROUND: Duration = Duration::from_secs(1);

/// How long a guest has to shut down before its plug is pulled.
const SHUTDOWN_TIME: Duration = Duration::from_secs(180);

/// How often a machine that is shutting down is looked at.
const SHUTDOWN_LOOK: Duration = Duration::from_millis(200);

/// What became of a halt that was to be recorded.
enum Noted {
    Done,
    /// There was none.
    Nothing,
    /// The record changed meanwhile.
    Changed,
}

impl Engine {
    /// Keeps this node's machines until [`Engine::shut_down`]. They go on when it returns.
    pub async fn keep_machines(&self) {
        let mut stopping = self.inner.stopping.subscribe();
        let mut events = self.host().hypervisor.events();
        if let Err(error) = self.put_right().await {
            tracing::error!(error = %chain(&error), "machines of an earlier run could not all be looked at");
        }
        self.ports_changed();
        let mut moves = JoinSet::new();
        while !*stopping.borrow() {
            if let Err(error) = self.look_around(&mut moves).await {
                tracing::error!(error = %chain(&error), "servers could not be looked for");
            }
            tokio::select! {
                () = self.inner.keeping.wake.notified() => {}
                () = tokio::time::sleep(LOOK_ROUND) => {}
                _ = stopping.changed() => {}
                event = events.recv() => match event {
                    Ok((id, MachineEvent::Stopped { reason })) => self.halted(&id, reason).await,
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => {
                        if let Err(error) = self.put_right().await {
                            tracing::error!(error = %chain(&error), "machines could not be looked at");
                        }
                    }
                    Err(RecvError::Closed) => tokio::time::sleep(LOOK_ROUND).await,
                },
            }
            while moves.try_join_next().is_some() {}
        }
        // A move that is cut off is made again at the next start.
        moves.shutdown().await;
    }

    /// Looks at every machine and every record of this node once, and puts the records right.
    async fn put_right(&self) -> Result<(), meta::Error> {
        let machines = match self.host().hypervisor.adopt().await {
            Ok(machines) => machines,
            Err(error) => {
                tracing::error!(error = %chain(&error), "machines of an earlier run cannot be looked at");
                return Ok(());
            }
        };
        let node = self.node().to_owned();
        let records = self.meta().read(move |tx| resources::all_with::<Instance>(tx, "node", &node)).await?;
        for Stored { record, .. } in &records {
            if record.status != InstanceStatus::Running {
                continue;
            }
            match machines.iter().find(|(id, _)| id == record.id.as_str()).map(|(_, state)| state) {
                Some(MachineState::Running { .. }) => {}
                Some(MachineState::Stopped { reason }) => self.halted(record.id.as_str(), reason.clone()).await,
                Some(MachineState::Absent) | None => {
                    self.halted(record.id.as_str(), "The machine was lost with its host.".to_owned()).await;
                }
            }
        }
        for (id, _) in machines {
            if !records.iter().any(|stored| stored.record.id.as_str() == id) {
                tracing::warn!(machine = id, "a machine without a record is removed");
                if let Err(error) = self.host().hypervisor.remove(&id).await {
                    tracing::error!(machine = id, error = %chain(&error), "it could not be removed");
                }
            }
        }
        Ok(())
    }

    /// Begins every move that is to be made and that nobody makes yet.
    async fn look_around(&self, moves: &mut JoinSet<()>) -> Result<(), meta::Error> {
        let node = self.node().to_owned();
        let (instances, released, disks, remains) = self
            .meta()
            .read(move |tx| {
                Ok::<_, meta::Error>((
                    resources::all_with::<Instance>(tx, "moving-on", &node)?,
                    resources::all_with::<Instance>(tx, "released-on", &node)?,
                    resources::all_with::<Disk>(tx, "moving-on", &node)?,
                    resources::all_with::<Remains>(tx, "node", &node)?,
                ))
            })
            .await?;
        for Stored { record, .. } in instances {
            self.begin_move(moves, record.id.to_string(), |engine| async move { engine.move_instance(record).await });
        }
        let now = self.now();
        for Stored { record, .. } in released {
            if record.release_at.is_some_and(|time| time <= now) {
                let what = format!("release of {}", record.id);
                self.begin_move(moves, what, |engine| async move { engine.release_now(record).await });
            }
        }
        for Stored { record, .. } in disks {
            self.begin_move(moves, record.id.to_string(), |engine| async move { engine.move_disk(record).await });
        }
        for stored in remains {
            let id = stored.record.id.clone();
            self.begin_move(moves, id, |engine| async move { engine.clear_away(stored).await });
        }
        if self.inner.keeping.ports_changed.swap(false, Ordering::SeqCst) {
            self.begin_move(moves, "ports".to_owned(), |engine| async move { engine.open_all_ports().await });
        }
        Ok(())
    }

    fn begin_move<F>(&self, moves: &mut JoinSet<()>, what: String, work: impl FnOnce(Engine) -> F)
    where
        F: Future<Output = Result<(), StepError>> + Send + 'static,
    {
        if !self.inner.keeping.busy.lock().insert(what.clone()) {
            return;
        }
        let (engine, work) = (self.clone(), work(self.clone()));
        moves.spawn(async move {
            if let Err(error) = work.await {
                tracing::error!(what, error = %chain(&error), "a move was not made; it is tried again");
                tokio::time::sleep(LOOK_ROUND).await;
            }
            engine.inner.keeping.busy.lock().remove(&what);
            // What became possible meanwhile.
            engine.wake_keeper();
        });
    }

    async fn move_instance(&self, instance: Instance) -> Result<(), StepError> {
        match instance.status {
            InstanceStatus::Pending => {
                let event = if instance.and_start { InstanceEvent::StartAsked } else { InstanceEvent::Created };
                let mut made = Instance { and_start: false, force: false, ..instance.clone() };
                if let Err(error) = self.open_disks(&instance).await {
                    tracing::error!(instance = %instance.id, error = %chain(&error), "disks cannot be opened");
                    made.reason = "The disks cannot be opened.".to_owned();
                    return self.settle(&made, InstanceEvent::Halted).await;
                }
                self.settle(&made, event).await
            }
            InstanceStatus::Starting => self.start_machine(instance).await,
            InstanceStatus::Stopping => {
                let reason = self.end_machine(&instance).await?;
                self.settle(&Instance { reason, force: false, ..instance }, InstanceEvent::Halted).await
            }
            InstanceStatus::Running | InstanceStatus::Stopped => Ok(()),
        }
    }

    /// Releases a server whose time has come, as its owner's call would.
    async fn release_now(&self, instance: Instance) -> Result<(), StepError> {
        let now = self.now();
        let seq = self.age_sequence(now);
        let id = instance.id.to_string();
        self.meta()
            .write(Scope::Account(instance.owner), move |tx| match resources::get::<Instance>(tx, &id)? {
                Some(found) => super::release(tx, &found, now, seq),
                None => Ok(()),
            })
            .await?;
        tracing::info!(instance = %instance.id, "released, since its time has come");
        self.wake_keeper();
        Ok(())
    }

    async fn start_machine(&self, instance: Instance) -> Result<(), StepError> {
        if instance.and_start {
            // A reboot: the machine runs still, and what it ends with matters to nobody.
            self.end_machine(&instance).await?;
            let ended = Instance { and_start: false, force: false, ..instance.clone() };
            self.note(&ended).await?;
        }
        let spec = match self.machine_spec(&instance).await {
            Ok(spec) => spec,
            Err(error) => {
                tracing::error!(instance = %instance.id, error = %chain(&error), "disks cannot be opened");
                let reason = "The disks cannot be opened.".to_owned();
                return self.settle(&Instance { reason, ..instance }, InstanceEvent::Halted).await;
            }
        };
        let started = self.host().hypervisor.start(&spec).await;
        let now = self.now();
        match started {
            Ok(()) => {
                let running = Instance {
                    started: Some(now),
                    reason: self.nothing_boots(),
                    and_start: false,
                    force: false,
                    ..instance
                };
                self.settle(&running, InstanceEvent::Started).await?;
                self.ports_changed();
                Ok(())
            }
            Err(error) => {
                tracing::error!(instance = %instance.id, error = %chain(&error), "a machine could not be started");
                let reason = "The machine could not be started.".to_owned();
                self.settle(&Instance { reason, and_start: false, force: false, ..instance }, InstanceEvent::Halted)
                    .await
            }
        }
    }

    /// Ends a machine: gently unless it is to be forced. Returns why it had to be forced, when that was not asked for.
    async fn end_machine(&self, instance: &Instance) -> Result<String, StepError> {
        let (hypervisor, id) = (&self.host().hypervisor, instance.id.as_str());
        let failed = |error: host::machine::Error| StepError::Retry(error.into());
        let is_running = || async { matches!(hypervisor.state(id).await, Ok(MachineState::Running { .. })) };
        let mut reason = String::new();
        if !instance.force && is_running().await {
            hypervisor.power_button(id).await.map_err(failed)?;
            let deadline = tokio::time::Instant::now() + SHUTDOWN_TIME;
            while is_running().await {
                if deadline < tokio::time::Instant::now() {
                    reason = "The guest did not shut down in time.".to_owned();
                    break;
                }
                tokio::time::sleep(SHUTDOWN_LOOK).await;
                if self.is_forced_now(instance).await? {
                    break;
                }
            }
        }
        hypervisor.kill(id).await.map_err(failed)?;
        Ok(reason)
    }

    /// Whether somebody lost patience meanwhile.
    async fn is_forced_now(&self, instance: &Instance) -> Result<bool, StepError> {
        let id = instance.id.clone();
        let found = self.meta().read(move |tx| resources::get::<Instance>(tx, id.as_str())).await?;
        Ok(found.is_none_or(|stored| stored.record.force))
    }

    /// Records what a move made of a server, and the event with it. A server that was released meanwhile stays away.
    async fn settle(&self, after: &Instance, event: InstanceEvent) -> Result<(), StepError> {
        let after = after.clone();
        self.meta()
            .write(Scope::Account(after.owner), move |tx| {
                let Some(before) = resources::get::<Instance>(tx, after.id.as_str())? else { return Ok(()) };
                let Ok(status) = before.record.status.on(event) else { return Ok(()) };
                // Only what a move may change: names, groups and addresses may have changed beside it.
                let Instance { started, reason, and_start, force, .. } = after.clone();
                let record = Instance { status, started, reason, and_start, force, ..before.record.clone() };
                resources::update(tx, &before, &record)?;
                Ok::<_, meta::Error>(())
            })
            .await?;
        self.wake_keeper();
        Ok(())
    }

    async fn note(&self, after: &Instance) -> Result<(), StepError> {
        let after = after.clone();
        self.meta()
            .write(Scope::Account(after.owner), move |tx| {
                let Some(before) = resources::get::<Instance>(tx, after.id.as_str())? else { return Ok(()) };
                let record = Instance { and_start: after.and_start, force: after.force, ..before.record.clone() };
                resources::update(tx, &before, &record)?;
                Ok::<_, meta::Error>(())
            })
            .await?;
        Ok(())
    }

    /// A machine ended by itself. It may run again by now: what is told of one that was restarted comes late.
    async fn halted(&self, id: &str, reason: String) {
        loop {
            match self.note_halt(id, reason.clone()).await {
                Ok(Noted::Changed) => {}
                Ok(Noted::Done) => return tracing::info!(instance = id, reason, "a machine ended by itself"),
                Ok(Noted::Nothing) => return,
                Err(error) => return tracing::error!(instance = id, error = %chain(&error), "a halt was not recorded"),
            }
        }
    }

    /// Records that a machine ended if its server was said to run before the machine was looked at, and still is: one that
    /// is on its way is its mover's.
    async fn note_halt(&self, id: &str, reason: String) -> Result<Noted, StepError> {
        let found = {
            let id = id.to_owned();
            self.meta().read(move |tx| resources::get::<Instance>(tx, &id)).await?
        };
        let Some(before) = found.filter(|stored| stored.record.status == InstanceStatus::Running) else {
            return Ok(Noted::Nothing);
        };
        let state = self.host().hypervisor.state(id).await.map_err(|error| StepError::Retry(error.into()))?;
        if let MachineState::Running { .. } = state {
            return Ok(Noted::Nothing);
        }
        let Ok(status) = before.record.status.on(InstanceEvent::Halted) else { return Ok(Noted::Nothing) };
        let after = Instance { status, reason, ..before.record.clone() };
        let scope = Scope::Account(after.owner);
        let is_noted = self.meta().write(scope, move |tx| resources::update(tx, &before, &after)).await?;
        Ok(if is_noted { Noted::Done } else { Noted::Changed })
    }

    /// What is said of a server that runs where nothing boots; empty where machines are real.
    fn nothing_boots(&self) -> String {
        let info = self.host().hypervisor.describe();
        if info.boots { String::new() } else { info.reason }
    }

    async fn open_disks(&self, instance: &Instance) -> Result<Vec<Disk>, StepError> {
        let of = instance.clone();
        let disks = self.meta().read(move |tx| disks_of(tx, &of)).await?;
        let disks: Vec<Disk> = disks.into_iter().map(|stored| stored.record).collect();
        for disk in &disks {
            self.volume(disk).await?;
        }
        Ok(disks)
    }

    async fn machine_spec(&self, instance: &Instance) -> Result<MachineSpec, StepError> {
        let disks = self.open_disks(instance).await?;
        let private = instance.place.private_ip;
        Ok(MachineSpec {
            id: instance.id.to_string(),
            cpus: instance.cpus,
            memory_mib: instance.memory_mib,
            firmware: match instance.boot_mode {
                BootMode::Bios => Firmware::Bios,
                BootMode::Uefi | BootMode::UefiPreferred => Firmware::Uefi,
            },
            disks: disks.iter().map(|disk| self.disk_spec(instance, disk)).collect(),
            mac: instance.place.mac.as_str().to_owned(),
            hostname: instance.host_name.to_string(),
            address: if GuestNetwork::contains(private) { private } else { MachineSpec::GUEST_ADDRESS },
            forwards: Vec::new(),
            smbios: Smbios {
                manufacturer: "Alibaba Cloud".to_owned(),
                product: "Alibaba Cloud ECS".to_owned(),
                serial: instance.serial.clone(),
                uuid: instance.serial.clone(),
            },
        })
    }

    fn disk_spec(&self, instance: &Instance, disk: &Disk) -> DiskSpec {
        DiskSpec {
            serial: disk.serial().to_owned(),
            socket: self.host().disks_socket.clone(),
            export: disk.volume(),
            bus: if instance.nvme { Bus::Nvme } else { Bus::VirtioBlk },
            boot: disk.is_system(),
        }
    }

    /// Plugs a disk into a running machine, or out of it.
    async fn move_disk(&self, disk: Disk) -> Result<(), StepError> {
        let Some(id) = disk.instance.clone() else { return Ok(()) };
        let instance = self.meta().read(move |tx| resources::get::<Instance>(tx, id.as_str())).await?;
        let Some(instance) = instance.map(|stored| stored.record) else { return Ok(()) };
        let (hypervisor, machine) = (&self.host().hypervisor, instance.id.as_str());
        let is_running = matches!(hypervisor.state(machine).await, Ok(MachineState::Running { .. }));
        let is_attaching = disk.status == DiskStatus::Attaching;
        if is_attaching {
            self.volume(&disk).await?;
        }
        let plugged = match (is_running, is_attaching) {
            (false, _) => Ok(()),
            (true, true) => hypervisor.attach(machine, &self.disk_spec(&instance, &disk)).await,
            (true, false) => hypervisor.detach(machine, disk.serial()).await,
        };
        if let Err(error) = &plugged {
            tracing::warn!(instance = machine, disk = %disk.id, error = %chain(error), "the guest did not take or give a disk");
        }
        let now = self.now();
        let is_in_use = plugged.is_ok() == is_attaching;
        self.meta()
            .write(Scope::Account(disk.owner), move |tx| {
                let Some(before) = resources::get::<Disk>(tx, disk.id.as_str())? else { return Ok(()) };
                let after = if is_in_use {
                    Disk { status: DiskStatus::InUse, ..before.record.clone() }
                } else {
                    detached(&before.record, now)
                };
                resources::update(tx, &before, &after)?;
                Ok::<_, meta::Error>(())
            })
            .await?;
        Ok(())
    }

    /// Ends what was released: its machine, its volumes.
    async fn clear_away(&self, stored: Stored<Remains>) -> Result<(), StepError> {
        let remains = &stored.record;
        let failed = |error: host::machine::Error| StepError::Retry(error.into());
        if !remains.machine.is_empty() {
            self.host().hypervisor.remove(&remains.machine).await.map_err(failed)?;
        }
        let names = remains.volumes.clone();
        let is_captured = self.meta().read(move |tx| {
            for name in &names {
                // A volume's name is its disk's id and a number.
                let disk = name.rsplit_once('-').map_or(name.as_str(), |(disk, _)| disk);
                let snapshots = resources::all_with::<Snapshot>(tx, "disk", disk)?;
                if snapshots.iter().any(|snapshot| snapshot.record.status == SnapshotStatus::Progressing) {
                    return Ok(true);
                }
            }
            Ok::<_, meta::Error>(false)
        });
        if is_captured.await? {
            // Its bytes are still being read; another round finds it again.
            tokio::time::sleep(LOOK_ROUND).await;
            return Ok(());
        }
        let (volumes, names) = (self.host().volumes.clone(), remains.volumes.clone());
        let deleted = tokio::task::spawn_blocking(move || names.iter().try_for_each(|name| volumes.delete(name))).await;
        deleted.map_err(|panic| StepError::Retry(panic.into()))??;
        let now = self.now();
        self.meta()
            .write(Scope::Account(remains.owner), move |tx| {
                // A disk that was released while a capture settled may have been given a manifest meanwhile.
                for name in &stored.record.volumes {
                    let disk = name.rsplit_once('-').map_or(name.as_str(), |(disk, _)| disk);
                    if resources::get::<Disk>(tx, disk)?.is_none() {
                        manifests::release_all(tx, disk)?;
                    }
                }
                resources::delete(tx, &stored, now).map(drop)
            })
            .await?;
        Ok(())
    }
}
