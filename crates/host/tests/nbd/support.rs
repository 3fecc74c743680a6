//! A disk that misbehaves on request, a server around it, and a client that can say anything.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::ops::Range;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use disk::{Disk, WritableDisk};
use host::nbd::{ExportInfo, Exports, Opened, Server, ServerOptions, Writable};
use tokio::sync::oneshot;

/// A sparse disk whose data is a function of its place.
#[derive(Debug, Default)]
pub struct TestDisk {
    pub size: u64,
    /// Ascending, apart from each other.
    pub data: Vec<Range<u64>>,
    /// Reads that touch this byte fail.
    pub broken_at: Option<u64>,
    /// Reads that touch this byte panic.
    pub panics_at: Option<u64>,
    /// Reads that touch this byte wait until the gate opens.
    pub held_at: Option<u64>,
    pub gate: Gate,
    /// Bytes read so far, and reads begun.
    pub bytes_read: AtomicU64,
    pub reads: AtomicU64,
}

impl TestDisk {
    pub fn new(size: u64, data: &[Range<u64>]) -> TestDisk {
        TestDisk { size, data: data.to_vec(), ..TestDisk::default() }
    }

    /// A disk without holes.
    pub fn dense(size: u64) -> TestDisk {
        TestDisk { size, data: vec![Range { start: 0, end: size }], ..TestDisk::default() }
    }

    /// What a reader must see.
    pub fn expected(&self, range: Range<u64>) -> Vec<u8> {
        let mut bytes = vec![0; (range.end - range.start) as usize];
        for data in &self.data {
            let mut at = data.start.max(range.start);
            let end = data.end.min(range.end);
            while at < end {
                let from = &PATTERN[(at % PATTERN_BYTES) as usize..];
                let len = from.len().min((end - at) as usize);
                bytes[(at - range.start) as usize..][..len].copy_from_slice(&from[..len]);
                at += len as u64;
            }
        }
        bytes
    }
}

/// A prime, so that no two places a power of two apart look alike.
const PATTERN_BYTES: u64 = 65_521;

/// No byte of it is zero, so that a hole cannot pass for data.
static PATTERN: LazyLock<Vec<u8>> =
    LazyLock::new(|| (0..PATTERN_BYTES).map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8 | 1).collect());

impl Disk for TestDisk {
    fn virtual_size(&self) -> u64 {
        self.size
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        let range = offset..offset + buf.len() as u64;
        assert!(range.end <= self.size, "the server checks requests");
        self.reads.fetch_add(1, Ordering::SeqCst);
        let touches = |at: Option<u64>| at.is_some_and(|at| range.contains(&at));
        if touches(self.held_at) {
            self.gate.pass();
        }
        assert!(!touches(self.panics_at), "told to panic");
        if touches(self.broken_at) {
            return Err(io::Error::other("told to fail"));
        }
        buf.copy_from_slice(&self.expected(range));
        self.bytes_read.fetch_add(buf.len() as u64, Ordering::SeqCst);
        Ok(())
    }

    fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
        Ok(self.data.iter().find(|data| offset < data.end).map(|data| data.start.max(offset)..data.end))
    }
}

/// Holds threads back until it is opened.
#[derive(Debug, Default)]
pub struct Gate {
    state: Mutex<(usize, bool)>,
    changed: Condvar,
}

impl Gate {
    pub fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        state.0 += 1;
        self.changed.notify_all();
        while !state.1 {
            state = self.changed.wait(state).unwrap();
        }
    }

    /// Wait until this many have come to the gate.
    pub fn wait_for(&self, n: usize) {
        let mut state = self.state.lock().unwrap();
        while state.0 < n {
            state = self.changed.wait(state).unwrap();
        }
    }

    pub fn arrived(&self) -> usize {
        self.state.lock().unwrap().0
    }

    pub fn open(&self) {
        self.state.lock().unwrap().1 = true;
        self.changed.notify_all();
    }
}

/// Exports by name; the empty name opens `disk`.
pub struct Disks(pub HashMap<String, Arc<dyn Disk>>);

#[async_trait]
impl Exports for Disks {
    async fn list(&self) -> io::Result<Vec<ExportInfo>> {
        let mut names: Vec<_> = self.0.keys().map(|name| info(name)).collect();
        names.sort_by(|one, two| one.name.cmp(&two.name));
        Ok(names)
    }

    async fn open(&self, name: &str) -> io::Result<Option<Opened>> {
        let name = if name.is_empty() { "disk" } else { name };
        if name == "unwell" {
            return Err(io::Error::other("told to fail"));
        }
        Ok(self.0.get(name).map(|disk| Opened { info: info(name), export: Arc::new(disk.clone()) }))
    }
}

/// Whatever name is asked for, this disk, to be written.
pub struct OneWritable(pub Arc<dyn WritableDisk>);

#[async_trait]
impl Exports for OneWritable {
    async fn list(&self) -> io::Result<Vec<ExportInfo>> {
        Ok(vec![info("disk")])
    }

    async fn open(&self, name: &str) -> io::Result<Option<Opened>> {
        Ok(Some(Opened { info: info(name), export: Arc::new(Writable(self.0.clone())) }))
    }
}

fn info(name: &str) -> ExportInfo {
    ExportInfo { name: name.to_owned(), description: Some(format!("the disk {name}")) }
}

/// A server in a thread of its own, with `disk` as its export. Dropping it stops it and waits for it.
pub struct Served {
    pub path: PathBuf,
    pub tcp: Option<SocketAddr>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    _directory: tempfile::TempDir,
}

impl Served {
    pub fn unix(disk: &Arc<TestDisk>) -> Served {
        Served::start(one(disk), ServerOptions::default(), false)
    }

    pub fn tcp(disk: &Arc<TestDisk>) -> Served {
        Served::start(one(disk), ServerOptions::default(), true)
    }

    pub fn writable(disk: Arc<dyn WritableDisk>) -> Served {
        Served::start(OneWritable(disk), ServerOptions::default(), false)
    }

    pub fn start(exports: impl Exports + 'static, options: ServerOptions, tcp: bool) -> Served {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("nbd.sock");
        let (stop, stopped) = oneshot::channel::<()>();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let socket = path.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
            runtime.block_on(async {
                let server = if tcp {
                    Server::bind_tcp("127.0.0.1:0".parse().unwrap()).await.unwrap()
                } else {
                    Server::bind_unix(&socket).await.unwrap()
                };
                ready.send(server.tcp_address()).unwrap();
                server
                    .with_options(options)
                    .serve(Arc::new(exports), async {
                        let _ = stopped.await;
                    })
                    .await;
            });
        });
        let tcp = is_ready.recv().expect("the server starts");
        Served { path, tcp, stop: Some(stop), thread: Some(thread), _directory: directory }
    }

    pub fn uri(&self, name: &str) -> String {
        match self.tcp {
            Some(address) => format!("nbd://{address}/{name}"),
            None => format!("nbd+unix:///{name}?socket={}", self.path.display()),
        }
    }

    pub fn connect(&self) -> Client {
        let stream = UnixStream::connect(&self.path).expect("the server accepts");
        // Not a wait: a test that would hang fails instead.
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(60))).unwrap();
        Client { stream, structured: false }
    }

    /// A client in transmission.
    pub fn go(&self, structured: bool) -> Client {
        let mut client = self.connect();
        client.hello(3);
        if structured {
            client.structured();
        }
        client.go("disk");
        client
    }

    /// Tell the server to stop, and do not wait.
    pub fn tell_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Wait until the server has stopped.
    pub fn join(&mut self) {
        self.tell_stop();
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server does not panic");
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.join();
    }
}

pub fn one(disk: &Arc<TestDisk>) -> Disks {
    Disks(HashMap::from([("disk".to_owned(), disk.clone() as Arc<dyn Disk>)]))
}

pub const READ: u16 = 0;
pub const WRITE: u16 = 1;
pub const DISC: u16 = 2;
pub const FLUSH: u16 = 3;
pub const TRIM: u16 = 4;
pub const CACHE: u16 = 5;
pub const WRITE_ZEROES: u16 = 6;
pub const BLOCK_STATUS: u16 = 7;
pub const FUA: u16 = 1;
pub const NO_HOLE: u16 = 2;
pub const DF: u16 = 4;
pub const REQ_ONE: u16 = 8;
pub const FAST_ZERO: u16 = 16;

pub const EPERM: u32 = 1;
pub const EIO: u32 = 5;
pub const EINVAL: u32 = 22;
pub const ENOSPC: u32 = 28;
pub const ENOTSUP: u32 = 95;

/// A client that says what it is told, right or wrong.
pub struct Client {
    pub stream: UnixStream,
    pub structured: bool,
}

/// One chunk of a reply; a simple reply is one without type.
#[derive(Debug, PartialEq, Eq)]
pub struct Chunk {
    pub cookie: u64,
    pub done: bool,
    pub content: Content,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Content {
    Nothing,
    Data(u64, Vec<u8>),
    Hole(u64, u32),
    Status(Vec<(u32, u32)>),
    Error(u32),
}

impl Client {
    pub fn hello(&mut self, flags: u32) {
        let greeting = self.take(18);
        assert_eq!(greeting, [b"NBDMAGICIHAVEOPT".as_slice(), &[0, 3]].concat());
        self.send(&flags.to_be_bytes());
    }

    pub fn option(&mut self, option: u32, payload: &[u8]) {
        let mut bytes = b"IHAVEOPT".to_vec();
        bytes.extend(option.to_be_bytes());
        bytes.extend((payload.len() as u32).to_be_bytes());
        bytes.extend(payload);
        self.send(&bytes);
    }

    /// One reply to an option: its type and payload.
    pub fn option_reply(&mut self, option: u32) -> (u32, Vec<u8>) {
        assert_eq!(self.u64(), 0x0003_e889_0455_65a9);
        assert_eq!(self.u32(), option);
        let (kind, len) = (self.u32(), self.u32());
        (kind, self.take(len as usize))
    }

    /// All replies to an option, to its end.
    pub fn option_replies(&mut self, option: u32) -> Vec<(u32, Vec<u8>)> {
        let mut replies = Vec::new();
        loop {
            let reply = self.option_reply(option);
            let is_last = reply.0 == 1 || reply.0 >> 31 == 1;
            replies.push(reply);
            if is_last {
                return replies;
            }
        }
    }

    pub fn structured(&mut self) {
        self.option(8, &[]);
        assert_eq!(self.option_reply(8), (1, vec![]));
        self.structured = true;
    }

    pub fn allocation(&mut self, name: &str) -> Vec<(u32, Vec<u8>)> {
        let mut payload = string(name);
        payload.extend(1u32.to_be_bytes());
        payload.extend(string("base:allocation"));
        self.option(10, &payload);
        self.option_replies(10)
    }

    /// Choose an export; its size and flags.
    pub fn go(&mut self, name: &str) -> (u64, u16) {
        let mut payload = string(name);
        payload.extend(0u16.to_be_bytes());
        self.option(7, &payload);
        let replies = self.option_replies(7);
        assert_eq!(replies.len(), 2, "{replies:?}");
        let info = &replies[0].1;
        assert_eq!((replies[0].0, info.len(), &info[..2]), (3, 12, [0, 0].as_slice()));
        (u64::from_be_bytes(info[2..10].try_into().unwrap()), u16::from_be_bytes(info[10..].try_into().unwrap()))
    }

    pub fn request(&mut self, command: u16, flags: u16, cookie: u64, offset: u64, len: u32) {
        let mut bytes = 0x2560_9513u32.to_be_bytes().to_vec();
        bytes.extend(flags.to_be_bytes());
        bytes.extend(command.to_be_bytes());
        bytes.extend(cookie.to_be_bytes());
        bytes.extend(offset.to_be_bytes());
        bytes.extend(len.to_be_bytes());
        self.send(&bytes);
    }

    /// A write, and how it ended.
    pub fn write(&mut self, flags: u16, offset: u64, data: &[u8]) -> u32 {
        self.request(WRITE, flags, 7, offset, data.len() as u32);
        self.send(data);
        self.outcome(7)
    }

    /// A request without data either way, and how it ended.
    pub fn ask(&mut self, command: u16, flags: u16, offset: u64, len: u32) -> u32 {
        self.request(command, flags, 8, offset, len);
        self.outcome(8)
    }

    /// One simple reply: cookie and error. The data, if any, is still to be taken.
    pub fn simple(&mut self) -> (u64, u32) {
        assert_eq!(self.u32(), 0x6744_6698);
        let error = self.u32();
        (self.u64(), error)
    }

    pub fn chunk(&mut self) -> Chunk {
        assert_eq!(self.u32(), 0x668e_33ef);
        let head = self.take(4);
        let (flags, kind) = (u16::from_be_bytes([head[0], head[1]]), u16::from_be_bytes([head[2], head[3]]));
        let cookie = self.u64();
        let len = self.u32() as usize;
        let payload = self.take(len);
        let u32_at = |at: usize| u32::from_be_bytes(payload[at..at + 4].try_into().unwrap());
        let u64_at = |at: usize| u64::from_be_bytes(payload[at..at + 8].try_into().unwrap());
        let content = match kind {
            0 => Content::Nothing,
            1 => Content::Data(u64_at(0), payload[8..].to_vec()),
            2 => Content::Hole(u64_at(0), u32_at(8)),
            5 => {
                assert_eq!(u32_at(0), 1, "the context's number");
                Content::Status((4..len).step_by(8).map(|at| (u32_at(at), u32_at(at + 4))).collect())
            }
            0x8001 => Content::Error(u32_at(0)),
            _ => panic!("chunk of type {kind}"),
        };
        Chunk { cookie, done: flags & 1 == 1, content }
    }

    /// The error of a request of either style; 0 when it succeeded without data.
    pub fn outcome(&mut self, cookie: u64) -> u32 {
        if !self.structured {
            let (found, error) = self.simple();
            assert_eq!(found, cookie);
            return error;
        }
        let chunk = self.chunk();
        assert_eq!((chunk.cookie, chunk.done), (cookie, true));
        match chunk.content {
            Content::Nothing => 0,
            Content::Error(error) => error,
            other => panic!("unexpected {other:?}"),
        }
    }

    /// Read a range that can be read, in either style.
    pub fn read(&mut self, flags: u16, range: Range<u64>) -> Vec<u8> {
        let len = range.end - range.start;
        self.request(READ, flags, 42, range.start, len as u32);
        if !self.structured {
            assert_eq!(self.simple(), (42, 0));
            return self.take(len as usize);
        }
        let mut bytes = vec![0xee; len as usize];
        let mut covered = 0;
        let mut contents = 0;
        loop {
            let chunk = self.chunk();
            assert_eq!(chunk.cookie, 42);
            match chunk.content {
                Content::Data(at, data) => {
                    bytes[(at - range.start) as usize..][..data.len()].copy_from_slice(&data);
                    covered += data.len() as u64;
                    contents += 1;
                }
                Content::Hole(at, len) => {
                    bytes[(at - range.start) as usize..][..len as usize].fill(0);
                    covered += u64::from(len);
                    contents += 1;
                }
                Content::Nothing => {}
                other => panic!("unexpected {other:?}"),
            }
            if chunk.done {
                break;
            }
        }
        assert_eq!(covered, len, "every byte once");
        assert!(flags & DF == 0 || contents <= 1, "a read that must not be cut came in {contents} chunks");
        bytes
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the server takes it");
    }

    pub fn take(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.stream.read_exact(&mut bytes).expect("the server answers");
        bytes
    }

    pub fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.take(4).try_into().unwrap())
    }

    pub fn u64(&mut self) -> u64 {
        u64::from_be_bytes(self.take(8).try_into().unwrap())
    }

    /// The server ended the connection, with nothing more to say.
    #[track_caller]
    pub fn assert_closed(&mut self) {
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => assert!(rest.is_empty(), "the server said something first: {rest:?}"),
            // It closed with bytes of ours unread.
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{error}"),
        }
    }
}

pub fn string(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u32).to_be_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

/// Run a tool that must be there and succeed; what it printed.
#[track_caller]
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; it must be installed"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {}\n{out}{err}", output.status);
    out.into_owned()
}
