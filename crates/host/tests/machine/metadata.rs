//! The metadata service as a guest meets it: HTTP behind a relay.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use async_trait::async_trait;
use host::imds::{self, Directory, Facts, PublicKey};
use model::{Clock, FixedClock, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::process::Command;
use tokio::task::AbortHandle;

/// One instance.
pub struct One(pub Facts);

#[async_trait]
impl Directory for One {
    async fn facts(&self, instance: &str) -> Option<Facts> {
        (instance == self.0.instance_id).then(|| self.0.clone())
    }
}

pub fn facts(instance_id: &str) -> Facts {
    Facts {
        is_enabled: true,
        needs_token: false,
        instance_id: instance_id.to_owned(),
        instance_name: "web".to_owned(),
        instance_type: "ecs.g6.large".to_owned(),
        hostname: "web-one".to_owned(),
        region_id: "cn-hangzhou".to_owned(),
        zone_id: "cn-hangzhou-b".to_owned(),
        image_id: "m-bp1".to_owned(),
        serial_number: "5c5c5c5c".to_owned(),
        owner_account_id: "1234567890123456".to_owned(),
        mac: "00:16:3e:00:00:01".to_owned(),
        network_interface_id: "eni-bp1".to_owned(),
        private_ipv4: Ipv4Addr::new(100, 64, 0, 15),
        public_ipv4: None,
        eipv4: None,
        vpc_id: "vpc-bp1".to_owned(),
        vpc_cidr_block: "100.64.0.0/10".to_owned(),
        vswitch_id: "vsw-bp1".to_owned(),
        vswitch_cidr_block: "100.64.0.0/10".to_owned(),
        netmask: Ipv4Addr::new(255, 192, 0, 0),
        gateway: Ipv4Addr::new(100, 64, 0, 1),
        nameservers: vec!["100.100.2.136".to_owned()],
        ntp_servers: Vec::new(),
        public_keys: vec![PublicKey { name: "kp".to_owned(), openssh: "ssh-ed25519 AAAA kp".to_owned() }],
        user_data: None,
    }
}

/// The service at a socket. Dropping it ends it.
pub struct Service(AbortHandle);

impl Service {
    pub fn start(socket: &Path, facts: Facts, clock: Arc<dyn Clock>) -> Service {
        let listener = UnixListener::bind(socket).unwrap();
        let serving = imds::serve(listener, Arc::new(One(facts)), [7; 32], clock, std::future::pending());
        Service(tokio::spawn(serving).abort_handle())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Fixture {
    directory: tempfile::TempDir,
    clock: Arc<FixedClock>,
    _service: Service,
}

impl Fixture {
    fn new(facts: Facts) -> Fixture {
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(FixedClock::new(Timestamp::from_millis(1_800_000_000_000)));
        let service = Service::start(&directory.path().join("imds"), facts, clock.clone());
        Fixture { directory, clock, _service: service }
    }

    fn socket(&self) -> PathBuf {
        self.directory.path().join("imds")
    }

    /// What a request of an instance is answered: its status and body.
    async fn ask(&self, instance: &str, request: &str, headers: &str) -> (u16, String) {
        let mut stream = UnixStream::connect(self.socket()).await.unwrap();
        let text =
            format!("{instance}\n{request} HTTP/1.1\r\nHost: 100.100.100.200\r\nConnection: close\r\n{headers}\r\n");
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    async fn status(&self, request: &str, headers: &str) -> u16 {
        self.ask("i-one", request, headers).await.0
    }
}

const GET: &str = "GET /latest/meta-data/instance-id";
const PUT: &str = "PUT /latest/api/token";

#[tokio::test]
async fn plain_requests_are_answered_to_whom_they_are_about() {
    let fixture = Fixture::new(facts("i-one"));
    assert_eq!(fixture.ask("i-one", GET, "").await, (200, "i-one".to_owned()));
    assert_eq!(fixture.ask("i-two", GET, "").await.0, 404);
    assert_eq!(fixture.status("GET /latest/user-data", "").await, 404);
    assert_eq!(fixture.status("POST /latest/meta-data/instance-id", "Content-Length: 0\r\n").await, 405);
    assert_eq!(fixture.ask("i-one", "HEAD /latest/meta-data/instance-id", "").await, (200, String::new()));
    let disabled = Fixture::new(Facts { is_enabled: false, ..facts("i-one") });
    assert_eq!(disabled.status(GET, "").await, 403);
    assert_eq!(disabled.status(PUT, "X-aliyun-ecs-metadata-token-ttl-seconds: 60\r\n").await, 403);
}

#[tokio::test]
async fn a_token_opens_for_as_long_as_it_was_asked_to() {
    let fixture = Fixture::new(Facts { needs_token: true, ..facts("i-one") });
    assert_eq!(fixture.status(GET, "").await, 403);
    let (status, token) = fixture.ask("i-one", PUT, "X-aliyun-ecs-metadata-token-ttl-seconds: 60\r\n").await;
    assert_eq!(status, 200);
    let header = format!("X-aliyun-ecs-metadata-token: {token}\r\n");
    assert_eq!(fixture.ask("i-one", GET, &header).await, (200, "i-one".to_owned()));
    assert_eq!(fixture.status(GET, "X-aliyun-ecs-metadata-token: c29tZXRoaW5n\r\n").await, 401);
    fixture.clock.advance_millis(60_000);
    assert_eq!(fixture.status(GET, &header).await, 401);
    for ttl in ["0", "21601", "-1", "soon", ""] {
        assert_eq!(
            fixture.status(PUT, &format!("X-aliyun-ecs-metadata-token-ttl-seconds: {ttl}\r\n")).await,
            400,
            "{ttl}"
        );
    }
    assert_eq!(fixture.status(PUT, "").await, 400);
    let forwarded = "X-aliyun-ecs-metadata-token-ttl-seconds: 60\r\nX-Forwarded-For: 10.0.0.1\r\n";
    assert_eq!(fixture.status(PUT, forwarded).await, 403);
    assert_eq!(fixture.status("GET /latest/api/token", "").await, 405);
}

#[tokio::test]
async fn what_is_no_relay_is_hung_up_on() {
    let fixture = Fixture::new(facts("i-one"));
    for garbage in [vec![b'a'; 100], vec![0xff, b'\n'], Vec::new()] {
        let mut stream = UnixStream::connect(fixture.socket()).await.unwrap();
        stream.write_all(&garbage).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        // It may be hung up on with bytes of ours unread.
        let _ = stream.read_to_end(&mut answer).await;
        assert_eq!(answer, Vec::<u8>::new());
    }
    assert_eq!(fixture.status(GET, "").await, 200);
}

#[tokio::test]
async fn a_relay_carries_requests_and_ends_with_the_guest_or_the_service() {
    let directory = tempfile::tempdir().unwrap();
    // Longer than the address of a socket may be.
    let folder = directory.path().join("d".repeat(120));
    std::fs::create_dir(&folder).unwrap();
    let mut relay = Command::new(env!("CARGO_BIN_EXE_host-relay"))
        .args([folder.join("imds").as_os_str(), "i-one".as_ref()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let (mut to_relay, mut from_relay) = (relay.stdin.take().unwrap(), relay.stdout.take().unwrap());
    to_relay.write_all(format!("{GET} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
    // The service comes up only now: the relay has waited for it.
    let short = directory.path().join("imds");
    let _service = Service::start(&short, facts("i-one"), Arc::new(model::SystemClock));
    std::fs::rename(&short, folder.join("imds")).unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"i-one") {
        assert_ne!(from_relay.read_buf(&mut seen).await.unwrap(), 0, "{:?}", String::from_utf8_lossy(&seen));
    }
    // The connection is kept, and the guest's last request is answered although it says no more.
    to_relay.write_all(b"GET /latest/meta-data/mac HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    drop(to_relay);
    from_relay.read_to_end(&mut seen).await.unwrap();
    assert!(seen.ends_with(b"00:16:3e:00:00:01"), "{:?}", String::from_utf8_lossy(&seen));
    assert!(relay.wait().await.unwrap().success());
}
