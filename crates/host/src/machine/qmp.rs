//! QEMU's control protocol: commands with answers, and events in between, as lines of JSON.
//!
//! A guest may have taken QEMU over, so what it says is bounded like anything from outside: a line that is too long or
//! is not JSON ends the connection. Nothing is asked without a limit of time, since QEMU's main loop waits for disks
//! in places, and a disk may wait for its server.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{broadcast, oneshot};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::error::{Error, Reason};

/// The longest line that is read. The longest answers are lists of block nodes, a few kilobytes a disk.
const LONGEST_LINE: u64 = 1 << 20;

/// Events that a slow listener may be behind.
const EVENTS_KEPT: usize = 256;

/// How long QEMU may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Something that happened in QEMU.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) name: String,
    pub(super) data: Value,
}

/// A connection to QEMU's control socket. Clones are handles on the same one.
#[derive(Debug, Clone)]
pub(super) struct Qmp {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    writer: tokio::sync::Mutex<OwnedWriteHalf>,
    shared: Arc<Shared>,
    next_id: AtomicU64,
    reader: AbortHandle,
}

#[derive(Debug)]
struct Shared {
    waiting: Mutex<Waiting>,
}

/// Who waits for which answer; nobody any more once the connection has ended.
#[derive(Debug, Default)]
struct Waiting {
    by_id: HashMap<u64, oneshot::Sender<Value>>,
    has_ended: bool,
    events: Option<broadcast::Sender<Event>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Qmp {
    /// Greets QEMU on a fresh connection. Waits as long as it takes: while QEMU opens its disks, it does not greet.
    ///
    /// The receiver closes when the connection ends.
    pub(super) async fn greet(stream: UnixStream) -> Result<(Qmp, broadcast::Receiver<Event>), Error> {
        let (reader, writer) = stream.into_split();
        let mut reader = BufReader::new(reader);
        let greeting = next_message(&mut reader).await?;
        if greeting.get("QMP").is_none() {
            return Err(Reason::Garbled.into());
        }
        let (events, receiver) = broadcast::channel(EVENTS_KEPT);
        let waiting = Waiting { events: Some(events), ..Waiting::default() };
        let shared = Arc::new(Shared { waiting: Mutex::new(waiting) });
        let reader = tokio::spawn(read(reader, Arc::clone(&shared))).abort_handle();
        let writer = tokio::sync::Mutex::new(writer);
        let qmp = Qmp { inner: Arc::new(Inner { writer, shared, next_id: AtomicU64::new(0), reader }) };
        qmp.execute("qmp_capabilities", Value::Null).await?;
        Ok((qmp, receiver))
    }

    /// Runs a command and returns its answer. `arguments` are an object, or null for none.
    pub(super) async fn execute(&self, command: &'static str, arguments: Value) -> Result<Value, Error> {
        let id = self.inner.next_id.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        {
            let mut waiting = self.inner.shared.waiting.lock();
            if waiting.has_ended {
                return Err(Reason::HungUp.into());
            }
            waiting.by_id.insert(id, sender);
        }
        let mut request = json!({ "execute": command, "id": id });
        if !arguments.is_null() {
            request["arguments"] = arguments;
        }
        let line = format!("{request}\n");
        let exchange = async {
            let written = self.inner.writer.lock().await.write_all(line.as_bytes()).await;
            written.map_err(|_| Reason::HungUp)?;
            answer.await.map_err(|_| Reason::HungUp)
        };
        let outcome = timeout(PATIENCE, exchange).await;
        self.inner.shared.waiting.lock().by_id.remove(&id);
        let mut answer = outcome.map_err(|_| Reason::Silent { command, patience: PATIENCE })??;
        match answer.get("error") {
            None => Ok(answer["return"].take()),
            Some(error) => {
                let message = error["desc"].as_str().unwrap_or("it gave no reason").to_owned();
                Err(Reason::Qemu { command, message }.into())
            }
        }
    }

    /// Runs a command of the human monitor, and returns what it prints.
    pub(super) async fn human(&self, line: &str) -> Result<String, Error> {
        let printed = self.execute("human-monitor-command", json!({ "command-line": line })).await?;
        Ok(printed.as_str().unwrap_or_default().to_owned())
    }

    /// Events from now on.
    pub(super) fn events(&self) -> Result<broadcast::Receiver<Event>, Error> {
        let waiting = self.inner.shared.waiting.lock();
        Ok(waiting.events.as_ref().ok_or(Reason::HungUp)?.subscribe())
    }
}

/// Hands out answers and events until the connection ends, and then lets everybody know.
async fn read(mut reader: BufReader<OwnedReadHalf>, shared: Arc<Shared>) {
    loop {
        let mut message = match next_message(&mut reader).await {
            Ok(message) => message,
            Err(error) => {
                tracing::debug!(%error, "a control connection ended");
                break;
            }
        };
        let mut waiting = shared.waiting.lock();
        if let Some(name) = message["event"].as_str().map(ToOwned::to_owned) {
            if let Some(events) = &waiting.events {
                // Nobody listening is fine.
                let _ = events.send(Event { name, data: message["data"].take() });
            }
        } else if let Some(sender) = message["id"].as_u64().and_then(|id| waiting.by_id.remove(&id)) {
            // Whoever asked may have given up.
            let _ = sender.send(message);
        }
    }
    let mut waiting = shared.waiting.lock();
    *waiting = Waiting { has_ended: true, ..Waiting::default() };
}

async fn next_message(reader: &mut BufReader<OwnedReadHalf>) -> Result<Value, Error> {
    let mut line = Vec::new();
    let read = reader.take(LONGEST_LINE).read_until(b'\n', &mut line).await;
    if read.map_err(|_| Reason::HungUp)? == 0 {
        return Err(Reason::HungUp.into());
    }
    Ok(serde_json::from_slice(&line).map_err(|_| Reason::Garbled)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::ErrorKind;

    /// A QEMU that greets and then says what it is told to after each request.
    async fn served(script: Vec<&'static str>) -> Result<(Qmp, broadcast::Receiver<Event>), Error> {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        tokio::spawn(async move {
            let (reader, mut writer) = theirs.into_split();
            let mut requests = BufReader::new(reader).lines();
            let greeting = script.first().copied().unwrap_or_default();
            writer.write_all(greeting.as_bytes()).await.expect("written");
            for answer in script.into_iter().skip(1) {
                let Ok(Some(request)) = requests.next_line().await else { return };
                let request: Value = serde_json::from_str(&request).expect("requests are JSON");
                let answer = answer.replace("ID", &request["id"].to_string());
                writer.write_all(answer.as_bytes()).await.expect("written");
            }
        });
        Qmp::greet(ours).await
    }

    const GREETING: &str = "{\"QMP\": {\"version\": {}}}\n";
    const READY: &str = "{\"return\": {}, \"id\": ID}\n";

    #[tokio::test]
    async fn an_answer_finds_who_asked_and_an_event_who_listens() {
        let answer = "{\"event\": \"RESET\", \"data\": {\"guest\": true}}\n{\"return\": 7, \"id\": ID}\n";
        let (qmp, mut events) = served(vec![GREETING, READY, answer]).await.expect("greeted");
        assert_eq!(qmp.execute("query", Value::Null).await.expect("answered"), json!(7));
        let event = events.recv().await.expect("an event");
        assert_eq!((event.name.as_str(), &event.data), ("RESET", &json!({ "guest": true })));
        events.recv().await.expect_err("the connection has ended");
        assert_eq!(qmp.execute("query", Value::Null).await.expect_err("ended").kind(), ErrorKind::Silent);
    }

    #[tokio::test]
    async fn a_refusal_says_why() {
        let (qmp, _events) =
            served(vec![GREETING, READY, "{\"error\": {\"desc\": \"no such node\"}, \"id\": ID}\n"]).await.expect("ok");
        let error = qmp.execute("block_resize", json!({ "size": 1 })).await.expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert_eq!(error.to_string(), "QEMU refused block_resize: no such node");
    }

    #[tokio::test]
    async fn garbage_ends_the_connection() {
        for garbage in ["hello\n", "{\"QMP\"", "[]\n", "\n"] {
            assert_eq!(served(vec![garbage]).await.expect_err(garbage).kind(), ErrorKind::Silent);
        }
        let (qmp, _events) = served(vec![GREETING, READY, "\u{1}\n"]).await.expect("greeted");
        assert_eq!(qmp.execute("query", Value::Null).await.expect_err("ended").kind(), ErrorKind::Silent);
    }
}
