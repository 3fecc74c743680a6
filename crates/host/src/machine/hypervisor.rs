//! The hypervisor: what the rest of the program holds.

use std::collections::HashMap;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use model::{Clock, Timestamp};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::net::UnixStream;
use tokio::process::Command;
use tokio::sync::broadcast;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::arguments::arguments;
use super::error::{Error, Reason};
use super::folder::{CONSOLE, Folder, STDERR, Started, UEFI_VARS};
use super::forwards::{self, ForwardOutcome};
use super::probe::{self, Accelerator, Driver, HypervisorInfo, Qemu};
use super::process::Process;
use super::qmp::Qmp;
use super::spec::{self, DiskSpec, Firmware, Forward, MachineSpec, Relay};
use super::watch::{self, Running};
use super::{console, disks};

/// How long QEMU may take to open a new machine's disks and greet.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// How long QEMU may take to flush its disks when a machine is switched off.
const QUIT_PATIENCE: Duration = Duration::from_secs(5);

/// Events that a slow listener may be behind.
const EVENTS_KEPT: usize = 1024;

/// The console of a machine that does not boot.
const RECORD_CONSOLE: &[u8] = b"This machine exists on record only: the host has no QEMU, so nothing boots.\r\n";

/// How a hypervisor is set up.
#[derive(Clone)]
pub struct HypervisorOptions {
    /// Where machines have their folders. Made if it is not there; nobody else's.
    pub directory: PathBuf,
    /// What runs machines.
    pub driver: Driver,
    /// What runs instructions, in place of whatever works.
    pub accelerator: Option<Accelerator>,
    /// What carries a guest's connections to the metadata service.
    pub relay: Relay,
    /// How long a guest may take to let go of a disk.
    pub detach_patience: Duration,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// How a machine stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MachineState {
    /// It was never started, or it was removed.
    Absent,
    /// It runs, or is on record as running.
    Running {
        /// Since when.
        since: Timestamp,
    },
    /// It ran once.
    Stopped {
        /// Why it does not any more, for a person.
        reason: String,
    },
}

/// What happens to a machine by itself or by somebody's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MachineEvent {
    /// It ended.
    Stopped {
        /// Why, for a person.
        reason: String,
    },
    /// It began anew, without QEMU ending. Firmware may reset once more for reasons of its own, so one reboot may be told
    /// twice.
    Rebooted,
}

/// The machines of this host. Clones are handles on the same ones.
///
/// Dropping the last handle ends no machine: the next hypervisor of the same directory takes them over.
#[derive(Clone)]
pub struct Hypervisor {
    inner: Arc<Inner>,
}

struct Inner {
    directory: PathBuf,
    /// Absent where machines are kept on record only.
    qemu: Option<Qemu>,
    reason: String,
    relay: Relay,
    detach_patience: Duration,
    clock: Arc<dyn Clock>,
    events: broadcast::Sender<(String, MachineEvent)>,
    slots: Mutex<HashMap<String, Arc<Slot>>>,
}

/// A machine's place, whether there is a machine or not.
struct Slot {
    id: String,
    folder: Folder,
    /// One change of a machine at a time.
    change: tokio::sync::Mutex<()>,
    stands: Mutex<Stands>,
}

enum Stands {
    Absent,
    OnRecord { since: Timestamp },
    Process { running: Arc<Running>, watcher: AbortHandle },
    Stopped { reason: String },
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Stands::Process { watcher, .. } = self.stands.get_mut() {
            watcher.abort();
        }
    }
}

impl Hypervisor {
    /// Finds out what this host can do. A first time may take five seconds; see [`HypervisorInfo::reason`] for the outcome.
    pub async fn probe(options: HypervisorOptions) -> Result<Hypervisor, Error> {
        let HypervisorOptions { directory, driver, accelerator, relay, detach_patience, clock } = options;
        let failed = |source| Error::from(Reason::Io { action: "make", path: directory.clone(), source });
        std::fs::create_dir_all(&directory).map_err(failed)?;
        // QEMU stands elsewhere when it reads a path.
        let directory = directory.canonicalize().map_err(failed)?;
        let (qemu, reason) = probe::probe(&directory, &driver, accelerator).await?;
        let (events, _) = broadcast::channel(EVENTS_KEPT);
        let slots = Mutex::default();
        let inner = Inner { directory, qemu, reason, relay, detach_patience, clock, events, slots };
        Ok(Hypervisor { inner: Arc::new(inner) })
    }

    /// What this host can do, and why.
    pub fn describe(&self) -> HypervisorInfo {
        let qemu = self.inner.qemu.as_ref();
        HypervisorInfo {
            driver: if qemu.is_some() { "qemu" } else { "record" },
            version: qemu.map(|qemu| qemu.version.clone()),
            accelerator: qemu.map(|qemu| qemu.accelerator),
            boots: qemu.is_some(),
            uefi: qemu.is_some_and(|qemu| qemu.uefi.is_some()),
            reason: self.inner.reason.clone(),
        }
    }

    /// Starts a machine, and returns when QEMU answers. One that runs already is left as it is.
    ///
    /// Its disks must be served by then: QEMU opens them before it answers.
    pub async fn start(&self, spec: &MachineSpec) -> Result<(), Error> {
        spec.check()?;
        let slot = self.slot(&spec.id)?;
        let _change = slot.change.lock().await;
        if let MachineState::Running { .. } = slot.state() {
            return Ok(());
        }
        let since = self.inner.clock.now();
        slot.folder.prepare(Started { at: since, boots: self.inner.qemu.is_some() })?;
        let Some(qemu) = &self.inner.qemu else {
            *slot.stands.lock() = Stands::OnRecord { since };
            return Ok(());
        };
        let running = self.spawn(qemu, &slot, spec, since)?;
        match timeout(START_PATIENCE, running.greeted()).await {
            Ok(greeted) => greeted.map_err(|reason| Reason::Ended { reason })?,
            Err(_) => {
                running.kill(Duration::ZERO).await;
                return Err(Reason::Silent { command: "a greeting", patience: START_PATIENCE }.into());
            }
        }
        for (forward, outcome) in forwards::set(&running.qmp().await?, &spec.forwards).await? {
            if let Err(error) = outcome {
                let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                tracing::warn!(machine = spec.id, ?forward, %error, cause, "a port is not forwarded");
            }
        }
        Ok(())
    }

    /// How a machine stands.
    pub async fn state(&self, id: &str) -> Result<MachineState, Error> {
        Ok(self.slot(id)?.state())
    }

    /// Presses the power button: a guest that listens shuts down, others do nothing. An absent machine is fine.
    pub async fn power_button(&self, id: &str) -> Result<(), Error> {
        let slot = self.slot(id)?;
        let _change = slot.change.lock().await;
        if let Some(running) = slot.running() {
            running.qmp().await?.execute("system_powerdown", Value::Null).await?;
        } else {
            self.stop_on_record(&slot, "the guest shut down, on record");
        }
        Ok(())
    }

    /// Begins anew, without asking the guest. An absent machine is fine.
    pub async fn reset(&self, id: &str) -> Result<(), Error> {
        let slot = self.slot(id)?;
        let _change = slot.change.lock().await;
        if let Some(running) = slot.running() {
            running.qmp().await?.execute("system_reset", Value::Null).await?;
        } else if let MachineState::Running { .. } = slot.state() {
            let _ = self.inner.events.send((slot.id.clone(), MachineEvent::Rebooted));
        }
        Ok(())
    }

    /// Switches a machine off, without asking the guest; it has stopped on return. An absent machine is fine.
    pub async fn kill(&self, id: &str) -> Result<(), Error> {
        let slot = self.slot(id)?;
        let _change = slot.change.lock().await;
        self.kill_slot(&slot).await;
        Ok(())
    }

    /// Switches a machine off and deletes its folder. An absent machine is fine.
    pub async fn remove(&self, id: &str) -> Result<(), Error> {
        let slot = self.slot(id)?;
        let _change = slot.change.lock().await;
        self.kill_slot(&slot).await;
        slot.folder.remove()?;
        *slot.stands.lock() = Stands::Absent;
        Ok(())
    }

    /// Makes exactly these ports of the host lead into the guest. A port that cannot be had is reported; the others stand.
    pub async fn set_forwards(&self, id: &str, wanted: &[Forward]) -> Result<Vec<ForwardOutcome>, Error> {
        let slot = self.slot(id)?;
        let _change = slot.change.lock().await;
        match slot.qmp().await? {
            Some(qmp) => forwards::set(&qmp, wanted).await,
            None => Ok(wanted.iter().map(|forward| (*forward, forwards::check(forward))).collect()),
        }
    }

    /// Plugs a disk in while the machine runs. One that is there already stays.
    pub async fn attach(&self, id: &str, disk: &DiskSpec) -> Result<(), Error> {
        disk.check()?;
        let slot = self.slot(id)?;
        let _change = slot.change.lock().await;
        match slot.qmp().await? {
            Some(qmp) => disks::attach(&qmp, disk, &slot.folder).await,
            None => Ok(()),
        }
    }

    /// Unplugs a disk while the machine runs. The guest must let go of it: one that does not in time is an error of kind
    /// `Refused`, and the disk stays. A disk that is not there is fine.
    pub async fn detach(&self, id: &str, serial: &str) -> Result<(), Error> {
        spec::check_serial(serial)?;
        let slot = self.slot(id)?;
        let _change = slot.change.lock().await;
        let Some(qmp) = slot.qmp().await? else { return Ok(()) };
        disks::detach(&qmp, serial, self.inner.detach_patience).await?;
        slot.folder.remove_disk(serial);
        Ok(())
    }

    /// Shows the guest the new size of a disk that has grown at its server.
    ///
    /// The server must give the new size to a client that connects now, and must let a second one connect for a moment.
    /// QEMU's NVMe devices keep their size as long as the machine runs: that is an error of kind `Refused`.
    pub async fn resized(&self, id: &str, serial: &str, bytes: u64) -> Result<(), Error> {
        spec::check_serial(serial)?;
        let slot = self.slot(id)?;
        let _change = slot.change.lock().await;
        match slot.qmp().await? {
            Some(qmp) => disks::resized(&qmp, serial, &slot.folder, bytes).await,
            None => Ok(()),
        }
    }

    /// The last 64 KiB that the guest wrote to its serial console since its start; also after its end.
    pub async fn console(&self, id: &str) -> Result<Vec<u8>, Error> {
        let slot = self.slot(id)?;
        if slot.folder.started().is_some_and(|started| !started.boots) {
            return Ok(RECORD_CONSOLE.to_owned());
        }
        console::read(&slot.folder).map_err(|source| slot.folder.failed("read the console in", source))
    }

    /// Where QEMU listens for somebody to sit at the serial console: one at a time. The path may be too long for a socket
    /// address; [`Hypervisor::open_console`] reaches it all the same.
    pub fn console_socket(&self, id: &str) -> Result<PathBuf, Error> {
        Ok(self.slot(id)?.folder.file(CONSOLE))
    }

    /// Sits down at the serial console of a running machine.
    pub async fn open_console(&self, id: &str) -> Result<UnixStream, Error> {
        let slot = self.slot(id)?;
        slot.running().ok_or(Reason::NotRunning)?;
        slot.folder.connect(CONSOLE).await.map_err(|source| slot.folder.failed("reach the console in", source))
    }

    /// What happens to machines from now on, by id.
    pub fn events(&self) -> broadcast::Receiver<(String, MachineEvent)> {
        self.inner.events.subscribe()
    }

    /// Looks at every folder, and takes over what runs there. To be called once at start, when disks are served again: a
    /// guest that waits for one may keep QEMU from answering.
    pub async fn adopt(&self) -> Result<Vec<(String, MachineState)>, Error> {
        let directory = &self.inner.directory;
        let failed = |source| Error::from(Reason::Io { action: "read", path: directory.clone(), source });
        let mut machines = Vec::new();
        for entry in std::fs::read_dir(directory).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let Ok(id) = entry.file_name().into_string() else { continue };
            if spec::check_id(&id).is_ok() && entry.path().is_dir() {
                let state = self.slot(&id)?.state();
                machines.push((id, state));
            }
        }
        machines.sort_by(|one, two| one.0.cmp(&two.0));
        Ok(machines)
    }

    /// The place of a machine. What is in its folder is looked at the first time.
    fn slot(&self, id: &str) -> Result<Arc<Slot>, Error> {
        spec::check_id(id)?;
        let mut slots = self.inner.slots.lock();
        if let Some(slot) = slots.get(id) {
            return Ok(Arc::clone(slot));
        }
        let folder = Folder::new(self.inner.directory.join(id));
        let stands = self.found(id, &folder);
        let change = tokio::sync::Mutex::default();
        let slot = Arc::new(Slot { id: id.to_owned(), folder, change, stands: Mutex::new(stands) });
        slots.insert(id.to_owned(), Arc::clone(&slot));
        Ok(slot)
    }

    /// How a machine stands by what is in its folder.
    fn found(&self, id: &str, folder: &Folder) -> Stands {
        let Some(started) = folder.started() else { return Stands::Absent };
        if let Some(reason) = folder.stopped() {
            return Stands::Stopped { reason };
        }
        if !started.boots {
            return Stands::OnRecord { since: started.at };
        }
        match Process::of_folder(folder) {
            Some(process) => self.follow(id, folder, Running::new(process, started.at), None),
            None => {
                let reason = watch::post_mortem(folder);
                folder.set_stopped(&reason);
                Stands::Stopped { reason }
            }
        }
    }

    fn follow(&self, id: &str, folder: &Folder, running: Arc<Running>, child: Option<tokio::process::Child>) -> Stands {
        let events = self.inner.events.clone();
        let watched = watch::watch(id.to_owned(), folder.clone(), Arc::clone(&running), child, events);
        Stands::Process { running, watcher: tokio::spawn(watched).abort_handle() }
    }

    fn spawn(&self, qemu: &Qemu, slot: &Slot, spec: &MachineSpec, since: Timestamp) -> Result<Arc<Running>, Error> {
        let folder = &slot.folder;
        if spec.firmware == Firmware::Uefi {
            let uefi = qemu.uefi.as_ref().ok_or(Reason::NoFirmware)?;
            keep_vars(folder, &uefi.vars)?;
        }
        let places = spec.disks.iter().map(|disk| folder.add_disk(disk)).collect::<Result<Vec<_>, _>>()?;
        let stderr = std::fs::File::options().append(true).create(true).open(folder.file(STDERR));
        let stderr = stderr.map_err(|source| folder.failed("write to", source))?;
        let mut command = std::process::Command::new(&qemu.program);
        command.args(arguments(qemu, &self.inner.relay, spec, &places)).current_dir(folder.path());
        // Keys of the server are none of a guest's business, nor are signals of the server's terminal.
        command.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path))).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
        let failed = |source| Error::from(Reason::NoQemu { path: qemu.program.clone(), source });
        let child = Command::from(command).spawn().map_err(failed)?;
        let pid = child.id().expect("it has not been waited for");
        let running = Running::new(Process::of_pid(pid).map_err(failed)?, since);
        *slot.stands.lock() = self.follow(&slot.id, folder, Arc::clone(&running), Some(child));
        Ok(running)
    }

    async fn kill_slot(&self, slot: &Slot) {
        match slot.running() {
            Some(running) => running.kill(QUIT_PATIENCE).await,
            None => self.stop_on_record(slot, "it was switched off"),
        }
    }

    fn stop_on_record(&self, slot: &Slot, reason: &str) {
        let mut stands = slot.stands.lock();
        if let Stands::OnRecord { .. } = *stands {
            let reason = reason.to_owned();
            slot.folder.set_stopped(&reason);
            *stands = Stands::Stopped { reason: reason.clone() };
            let _ = self.inner.events.send((slot.id.clone(), MachineEvent::Stopped { reason }));
        }
    }
}

impl Slot {
    fn state(&self) -> MachineState {
        match &*self.stands.lock() {
            Stands::Absent => MachineState::Absent,
            Stands::OnRecord { since } => MachineState::Running { since: *since },
            Stands::Stopped { reason } => MachineState::Stopped { reason: reason.clone() },
            Stands::Process { running, .. } => match running.ended() {
                Some(reason) => MachineState::Stopped { reason },
                None => MachineState::Running { since: running.since },
            },
        }
    }

    fn running(&self) -> Option<Arc<Running>> {
        match &*self.stands.lock() {
            Stands::Process { running, .. } if running.ended().is_none() => Some(Arc::clone(running)),
            _ => None,
        }
    }

    /// The control connection of a running machine; none if it runs on record only.
    async fn qmp(&self) -> Result<Option<Qmp>, Error> {
        match (self.running(), self.state()) {
            (Some(running), _) => Ok(Some(running.qmp().await?)),
            (None, MachineState::Running { .. }) => Ok(None),
            (None, _) => Err(Reason::NotRunning.into()),
        }
    }
}

/// A machine's UEFI variables, which it keeps from one start to the next.
fn keep_vars(folder: &Folder, template: &Path) -> Result<(), Error> {
    let vars = folder.file(UEFI_VARS);
    if !vars.exists() {
        std::fs::copy(template, &vars).map_err(|source| folder.failed("write to", source))?;
    }
    Ok(())
}
