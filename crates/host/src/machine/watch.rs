//! One running machine, followed from its start to its end.
//!
//! A task of its own waits for the process to end and keeps a control connection to it meanwhile. It alone decides that a
//! machine has stopped, so there is one place that knows why, whoever ended it.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use model::Timestamp;
use tokio::process::Child;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::arguments::SHUTDOWN_TRACE;
use super::console;
use super::error::{Error, Reason};
use super::folder::{Folder, QMP, STDERR, TRACE};
use super::hypervisor::MachineEvent;
use super::process::Process;
use super::qmp::{Event, Qmp};

/// Between two attempts to reach a control socket: QEMU opens it within some thirty milliseconds.
const SHORT_PAUSE: Duration = Duration::from_millis(2);

/// After this many attempts, something is wrong, and there is no hurry any more.
const HURRIED_ATTEMPTS: u32 = 200;
const LONG_PAUSE: Duration = Duration::from_millis(500);

/// Between two looks at the length of the console's log.
const LOG_PERIOD: Duration = Duration::from_secs(10);

/// How long an operation waits for a control connection.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);

/// The longest reason that is kept of QEMU's own words.
const LONGEST_WORDS: usize = 500;

/// A machine that runs, or has just ended.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) since: Timestamp,
    process: Process,
    qmp: watch::Sender<Option<Qmp>>,
    /// Why it ended, once it has.
    ended: watch::Sender<Option<String>>,
    /// Whether its owner wants it to end.
    is_unwanted: watch::Sender<bool>,
}

impl Running {
    pub(super) fn new(process: Process, since: Timestamp) -> Arc<Running> {
        let (qmp, _) = watch::channel(None);
        let (ended, _) = watch::channel(None);
        let (is_unwanted, _) = watch::channel(false);
        Arc::new(Running { since, process, qmp, ended, is_unwanted })
    }

    /// The control connection, waited for.
    pub(super) async fn qmp(&self) -> Result<Qmp, Error> {
        let mut qmp = self.qmp.subscribe();
        let ready = timeout(CONNECT_PATIENCE, qmp.wait_for(Option::is_some));
        tokio::select! {
            _ = self.reason() => Err(Reason::NotRunning.into()),
            ready = ready => {
                let silent = Reason::Silent { command: "a greeting", patience: CONNECT_PATIENCE };
                let ready = ready.map_err(|_| silent)?.expect("the sender is ours");
                Ok(ready.clone().expect("waited for"))
            }
        }
    }

    /// Completes when QEMU has greeted, or with the reason why it never will. However long that takes: a machine whose
    /// disks are slow to answer is slow to start.
    pub(super) async fn greeted(&self) -> Result<(), String> {
        let mut qmp = self.qmp.subscribe();
        tokio::select! {
            reason = self.reason() => Err(reason),
            _ = qmp.wait_for(Option::is_some) => Ok(()),
        }
    }

    /// Why it ended, waited for.
    pub(super) async fn reason(&self) -> String {
        let mut ended = self.ended.subscribe();
        let reason = ended.wait_for(Option::is_some).await.expect("the sender is ours");
        reason.clone().expect("waited for")
    }

    /// Why it ended, if it has.
    pub(super) fn ended(&self) -> Option<String> {
        self.ended.borrow().clone()
    }

    /// Ends it: asks QEMU, which flushes its disks, and kills it when that takes longer than `patience`.
    pub(super) async fn kill(&self, patience: Duration) {
        self.is_unwanted.send_replace(true);
        let asked = async {
            if let Ok(qmp) = self.qmp().await {
                // QEMU may be gone before its answer is read.
                let _ = qmp.execute("quit", serde_json::Value::Null).await;
            }
            self.reason().await
        };
        if timeout(patience, asked).await.is_err() {
            self.process.kill();
            self.reason().await;
        }
    }
}

/// Follows a machine until it has ended. `child` is there if this server started it.
pub(super) async fn watch(
    id: String,
    folder: Folder,
    running: Arc<Running>,
    child: Option<Child>,
    events: broadcast::Sender<(String, MachineEvent)>,
) {
    let mut shutdown = None;
    let status = {
        let followed = follow(&id, &folder, &running, &events, &mut shutdown);
        tokio::select! {
            status = wait(&running, child) => status,
            never = followed => match never {},
        }
    };
    let reason = if *running.is_unwanted.borrow() {
        "it was switched off".to_owned()
    } else {
        why(shutdown.or_else(|| traced_shutdown(&folder)), status, &last_words(&folder))
    };
    folder.set_stopped(&reason);
    tracing::info!(machine = id, reason, "a machine stopped");
    running.qmp.send_replace(None);
    running.ended.send_replace(Some(reason.clone()));
    // Nobody listening is fine.
    let _ = events.send((id, MachineEvent::Stopped { reason }));
}

/// The reason that can still be found out about a machine that ended while nobody watched.
pub(super) fn post_mortem(folder: &Folder) -> String {
    why(traced_shutdown(folder), None, &last_words(folder))
}

async fn wait(running: &Running, child: Option<Child>) -> Option<ExitStatus> {
    match child {
        // A child must be waited for, or it stays as a zombie; and only a parent is told how it ended.
        Some(mut child) => child.wait().await.ok(),
        None => {
            running.process.ended().await;
            None
        }
    }
}

/// Keeps a control connection, and passes on what comes over it.
async fn follow(
    id: &str,
    folder: &Folder,
    running: &Running,
    events: &broadcast::Sender<(String, MachineEvent)>,
    shutdown: &mut Option<Shutdown>,
) -> std::convert::Infallible {
    let mut look = interval(LOG_PERIOD);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut attempts = 0;
    loop {
        let greeted = match folder.connect(QMP).await {
            Ok(stream) => Qmp::greet(stream).await.inspect_err(|error| tracing::debug!(machine = id, %error)).ok(),
            Err(_) => None,
        };
        let Some((qmp, mut received)) = greeted else {
            attempts += 1;
            sleep(if attempts < HURRIED_ATTEMPTS { SHORT_PAUSE } else { LONG_PAUSE }).await;
            continue;
        };
        attempts = 0;
        running.qmp.send_replace(Some(qmp));
        loop {
            tokio::select! {
                event = received.recv() => match event {
                    Ok(Event { name, data }) => match name.as_str() {
                        "SHUTDOWN" => *shutdown = data["reason"].as_str().and_then(Shutdown::of_name),
                        "RESET" => drop(events.send((id.to_owned(), MachineEvent::Rebooted))),
                        _ => {}
                    },
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => break,
                },
                _ = look.tick() => {
                    if let Err(error) = console::cut(folder) {
                        tracing::warn!(machine = id, %error, "a console's log cannot be cut");
                    }
                }
            }
        }
        running.qmp.send_replace(None);
    }
}

/// QEMU's causes of a shutdown, as far as they are told apart here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shutdown {
    Guest,
    Panic,
    Quit,
    Signal,
}

impl Shutdown {
    /// As the event names it.
    fn of_name(name: &str) -> Option<Shutdown> {
        match name {
            "guest-shutdown" => Some(Shutdown::Guest),
            "guest-panic" => Some(Shutdown::Panic),
            "host-qmp-quit" => Some(Shutdown::Quit),
            "host-signal" => Some(Shutdown::Signal),
            _ => None,
        }
    }

    /// As the trace numbers it: the order of `ShutdownCause` in QEMU's `qapi/run-state.json`.
    fn of_number(number: u32) -> Option<Shutdown> {
        match number {
            2 => Some(Shutdown::Quit),
            4 => Some(Shutdown::Signal),
            6 => Some(Shutdown::Guest),
            8 => Some(Shutdown::Panic),
            _ => None,
        }
    }
}

fn traced_shutdown(folder: &Folder) -> Option<Shutdown> {
    let trace = fs::read_to_string(folder.file(TRACE)).ok()?;
    let line = trace.lines().rev().find(|line| line.contains(SHUTDOWN_TRACE))?;
    Shutdown::of_number(line.rsplit("reason=").next()?.trim().parse().ok()?)
}

/// The last line of QEMU's complaints.
fn last_words(folder: &Folder) -> String {
    let words = fs::read(folder.file(STDERR)).unwrap_or_default();
    let words = String::from_utf8_lossy(&words);
    let line = words.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    line.chars().take(LONGEST_WORDS).collect()
}

fn why(shutdown: Option<Shutdown>, status: Option<ExitStatus>, words: &str) -> String {
    match (shutdown, status) {
        (Some(Shutdown::Guest), _) => "the guest shut down".to_owned(),
        (Some(Shutdown::Panic), _) => "the guest panicked".to_owned(),
        (Some(Shutdown::Quit), _) => "QEMU was told to quit".to_owned(),
        (Some(Shutdown::Signal), _) => format!("QEMU was told to end: {words}"),
        (None, Some(status)) => match (status.signal(), status.code()) {
            (Some(signal), _) => format!("QEMU was killed by signal {signal}"),
            (None, Some(0)) => "QEMU ended without giving a reason".to_owned(),
            (None, code) => format!("QEMU exited with status {}: {words}", code.unwrap_or(-1)),
        },
        // Its parent was told how it ended, and is gone.
        (None, None) if words.is_empty() => "QEMU was killed, or the host was".to_owned(),
        (None, None) => format!("QEMU ended: {words}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_witness_is_heard() {
        let exited = |code: i32| Some(ExitStatus::from_raw(code << 8));
        let cases = [
            (Some(Shutdown::Guest), exited(0), "", "the guest shut down"),
            (Some(Shutdown::Guest), None, "warning", "the guest shut down"),
            (None, Some(ExitStatus::from_raw(9)), "warning", "QEMU was killed by signal 9"),
            (None, exited(1), "no such file", "QEMU exited with status 1: no such file"),
            (None, exited(0), "warning", "QEMU ended without giving a reason"),
            (None, None, "", "QEMU was killed, or the host was"),
            (None, None, "out of memory", "QEMU ended: out of memory"),
        ];
        for (shutdown, status, words, expected) in cases {
            assert_eq!(why(shutdown, status, words), expected);
        }
    }

    #[test]
    fn the_trace_of_qemu_7_2() {
        let directory = tempfile::tempdir().expect("a directory");
        let folder = Folder::new(directory.path().to_owned());
        assert_eq!(traced_shutdown(&folder), None);
        let trace = "qemu_system_shutdown_request reason=6\n";
        fs::write(folder.file(TRACE), trace).expect("written");
        assert_eq!(traced_shutdown(&folder), Some(Shutdown::Guest));
        fs::write(folder.file(TRACE), "12@3.4:qemu_system_shutdown_request reason=x\n").expect("written");
        assert_eq!(traced_shutdown(&folder), None);
    }
}
