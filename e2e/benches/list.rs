//! How long a list takes when an account has a hundred images and when it has a hundred thousand, and how many durable
//! writes a second there are: the release program over HTTP, with SQLite and with PostgreSQL.
//!
//! `cargo build --release && cargo bench -p e2e --bench list` prints tables. Images are written into the records directly
//! (an import of each would measure imports); every request is signed, and connections stay open. Each kind of list shows
//! the same number of images at both sizes, so that only the number of images *not* shown differs.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use e2e::Server;
use meta::{Meta, Scope, conformance, images};
use model::{AccountId, Entropy as _, ImageStatus, SystemClock, SystemEntropy, Tag};
use serde_json::Value;
use testkit::Postgres;
use wire::{Params, encode, rpc_v1};

const FEW: u64 = 100;
const MANY: u64 = 100_000;
const PAGE: u64 = 50;

/// Requests of one client for a median.
const REQUESTS: usize = 200;

/// How long several clients are let loose.
const RUSH: Duration = Duration::from_secs(2);

/// What the ratio of the medians may be.
const TARGET: f64 = 1.3;

/// One kind of list: its name, its parameters at a size, and how many images it shows.
struct Kind {
    name: &'static str,
    params: fn(u64) -> Vec<(&'static str, String)>,
    shown: usize,
}

const KINDS: &[Kind] = &[
    Kind { name: "first page", params: |_| Vec::new(), shown: 50 },
    Kind { name: "middle page", params: |n| vec![("PageNumber", (n / PAGE / 2).to_string())], shown: 50 },
    Kind { name: "last page", params: |n| vec![("PageNumber", (n / PAGE).to_string())], shown: 50 },
    Kind { name: "Status=ALL, first page", params: |_| vec![("Status", "ALL".to_owned())], shown: 50 },
    Kind {
        name: "Status=ALL, last page",
        params: |n| vec![("Status", "ALL".to_owned()), ("PageNumber", ((n + n / 10) / PAGE).to_string())],
        shown: 50,
    },
    Kind { name: "two statuses", params: |_| vec![("Status", "Available,Creating".to_owned())], shown: 50 },
    Kind { name: "ImageName, whole", params: |_| vec![("ImageName", "image-000007".to_owned())], shown: 1 },
    Kind { name: "ImageName, `image-00000*`", params: |_| vec![("ImageName", "image-00000*".to_owned())], shown: 10 },
    Kind { name: "Tag of every second image", params: |_| tag("half", "1"), shown: 50 },
    Kind { name: "Tag of 20 images", params: |_| tag("rare", "yes"), shown: 20 },
];

fn tag(key: &str, value: &str) -> Vec<(&'static str, String)> {
    vec![("Tag.1.Key", key.to_owned()), ("Tag.1.Value", value.to_owned())]
}

/// One account's key, and the door.
#[derive(Clone)]
struct Caller {
    endpoint: String,
    key: String,
    secret: String,
}

/// A connection that stays open.
struct Connection<'a> {
    caller: &'a Caller,
    stream: BufReader<TcpStream>,
}

impl<'a> Connection<'a> {
    fn open(caller: &'a Caller) -> Self {
        let stream = TcpStream::connect(&caller.endpoint).expect("the server listens");
        stream.set_nodelay(true).expect("an option of the socket");
        Self { caller, stream: BufReader::new(stream) }
    }

    /// Calls an action; the status and the answer.
    fn call(&mut self, action: &str, params: &[(&str, String)]) -> (u16, Value) {
        let mut nonce = [0; 16];
        SystemEntropy.fill(&mut nonce);
        let nonce: String = nonce.iter().map(|byte| format!("{byte:02x}")).collect();
        let now = model::Clock::now(&SystemClock).seconds();
        let mut pairs: Vec<(String, String)> = [
            ("Action", action),
            ("Version", "2014-05-26"),
            ("Format", "JSON"),
            ("RegionId", "cn-hangzhou"),
            ("AccessKeyId", &self.caller.key),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureVersion", "1.0"),
            ("SignatureNonce", &nonce),
            ("Timestamp", &now),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        pairs.extend(params.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let params = Params::new(pairs);
        let signature = rpc_v1::sign(&self.caller.secret, &rpc_v1::string_to_sign("GET", &params));
        let query = encode::canonical_query(params.iter());
        let request = format!(
            "GET /?{query}&Signature={} HTTP/1.1\r\nhost: {}\r\n\r\n",
            encode::encode(&signature),
            self.caller.endpoint
        );
        self.stream.get_mut().write_all(request.as_bytes()).expect("sent");
        let (mut status, mut len, mut line) = (0, 0, String::new());
        loop {
            line.clear();
            self.stream.read_line(&mut line).expect("an answer");
            let text = line.trim_end().to_ascii_lowercase();
            if text.is_empty() {
                break;
            }
            if let Some(rest) = text.strip_prefix("http/1.1 ") {
                status = rest[..3].parse().expect("a status");
            } else if let Some(rest) = text.strip_prefix("content-length:") {
                len = rest.trim().parse().expect("a length");
            }
        }
        let mut body = vec![0; len];
        self.stream.read_exact(&mut body).expect("the whole answer");
        (status, serde_json::from_slice(&body).expect("JSON"))
    }

    fn list(&mut self, kind: &Kind, n: u64) {
        let mut params = (kind.params)(n);
        params.push(("PageSize", PAGE.to_string()));
        let (status, answer) = self.call("DescribeImages", &params);
        let shown = answer["Images"]["Image"].as_array().map_or(0, Vec::len);
        assert_eq!((status, shown), (200, kind.shown), "{}: {answer}", kind.name);
    }
}

/// What one kind of list costs at one size.
#[derive(Clone, Copy)]
struct Cost {
    first: Duration,
    median: Duration,
    per_second: f64,
}

fn measure(caller: &Caller, kind: &Kind, n: u64) -> Cost {
    let mut connection = Connection::open(caller);
    let start = Instant::now();
    connection.list(kind, n);
    let first = start.elapsed();
    let mut times: Vec<Duration> = (0..REQUESTS)
        .map(|_| {
            let start = Instant::now();
            connection.list(kind, n);
            start.elapsed()
        })
        .collect();
    times.sort();
    let done = AtomicU64::new(0);
    let end = Instant::now() + RUSH;
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let mut connection = Connection::open(caller);
                while Instant::now() < end {
                    connection.list(kind, n);
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    let per_second = done.load(Ordering::Relaxed) as f64 / RUSH.as_secs_f64();
    Cost { first, median: times[REQUESTS / 2], per_second }
}

/// Writes images `from..to` of an account, and one that failed beside every ten.
async fn seed(records: &Meta, owner: AccountId, from: u64, to: u64) {
    let numbers: Vec<u64> = (from..to).collect();
    for chunk in numbers.chunks(500) {
        let chunk = chunk.to_vec();
        let written = records.write(Scope::Account(owner), move |tx| {
            for n in &chunk {
                let mut image = conformance::image(owner, &format!("image-{n:06}"), 1_700_000_000_000 + *n as i64);
                image.status = ImageStatus::Available;
                image.progress = 100;
                image.tags.push(named("half", &(n % 2).to_string()));
                if *n < 20 {
                    image.tags.push(named("rare", "yes"));
                }
                assert!(images::insert(tx, &image, images::age_sequence(image.created, *n as u32))?);
                if n % 10 == 0 {
                    let mut failed = conformance::image(owner, &format!("failed-{n:06}"), image.created.as_millis());
                    failed.status = ImageStatus::CreateFailed;
                    assert!(images::insert(tx, &failed, images::age_sequence(image.created, *n as u32 + 1))?);
                }
            }
            Ok::<_, meta::Error>(())
        });
        written.await.expect("the records are written");
    }
}

fn named(key: &str, value: &str) -> Tag {
    Tag { key: key.parse().expect("a key"), value: value.parse().expect("a value") }
}

fn caller(server: &Server, credentials: &Value) -> Caller {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    Caller {
        endpoint: text(&server.info()["endpoint"]),
        key: text(&credentials["access_key_id"]),
        secret: text(&credentials["access_key_secret"]),
    }
}

fn account(credentials: &Value) -> AccountId {
    credentials["account_id"].as_str().and_then(|id| id.parse().ok()).expect("an account's id")
}

fn run(runtime: &tokio::runtime::Runtime, title: &str, records: Option<&Postgres>) {
    let address = records.map(Postgres::address);
    let arguments: Vec<&str> = address.iter().flat_map(|address| ["--meta", address]).collect();
    let server = Server::start_with(&arguments);
    let records = match &address {
        Some(address) => runtime.block_on(Meta::open_postgres(address)).expect("the records open"),
        None => Meta::open_sqlite(&server.data().join("meta.db")).expect("the records open"),
    };
    let tiny: Value = serde_json::from_str(&server.run(&["account", "create", "tiny", "--json"])).expect("JSON");
    let huge = server.credentials();
    let (as_tiny, as_huge) = (caller(&server, &tiny), caller(&server, &huge));
    runtime.block_on(seed(&records, account(&tiny), 0, FEW));
    runtime.block_on(seed(&records, account(&huge), 0, FEW));
    let few: Vec<Cost> = KINDS.iter().map(|kind| measure(&as_huge, kind, FEW)).collect();
    let before = measure(&as_tiny, &KINDS[0], FEW);
    runtime.block_on(seed(&records, account(&huge), FEW, MANY));
    let many: Vec<Cost> = KINDS.iter().map(|kind| measure(&as_huge, kind, MANY)).collect();
    let after = measure(&as_tiny, &KINDS[0], FEW);

    println!("\n{title}\n");
    println!("| list | ms at {FEW} | ms at {MANY} | ratio | first ms at {MANY} | 16 clients, /s | /s at {MANY} |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    let rows = KINDS.iter().map(|kind| kind.name).zip(few.iter().zip(&many));
    for (name, (few, many)) in rows.chain([("first page of a small account beside it", (&before, &after))]) {
        let ratio = many.median.as_secs_f64() / few.median.as_secs_f64();
        println!(
            "| {name} | {:.2} | {:.2} | {ratio:.2}{} | {:.1} | {:.0} | {:.0} |",
            millis(few.median),
            millis(many.median),
            if ratio < TARGET { "" } else { " (missed)" },
            millis(many.first),
            few.per_second,
            many.per_second
        );
    }
    let (done, errors) = write_for(&as_huge, 64, Duration::from_secs(8));
    println!("\n64 clients, TagResources: {done:.0} a second, {errors} errors");
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// So many clients tag an image each, again and again; answers a second, and refusals.
fn write_for(caller: &Caller, clients: usize, time: Duration) -> (f64, u64) {
    let (_, answer) = Connection::open(caller).call("DescribeImages", &[("PageSize", "100".to_owned())]);
    let ids: Vec<String> = answer["Images"]["Image"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|image| Some(image["ImageId"].as_str()?.to_owned()))
        .collect();
    let (done, errors) = (AtomicU64::new(0), AtomicU64::new(0));
    let end = Instant::now() + time;
    std::thread::scope(|scope| {
        for id in ids.iter().take(clients) {
            let (done, errors) = (&done, &errors);
            scope.spawn(move || {
                let mut connection = Connection::open(caller);
                for n in 0_u64.. {
                    if Instant::now() >= end {
                        break;
                    }
                    let mut params = tag("turn", &n.to_string());
                    params.push(("ResourceType", "image".to_owned()));
                    params.push(("ResourceId.1", id.clone()));
                    let (status, _) = connection.call("TagResources", &params);
                    let counter = if status == 200 { done } else { errors };
                    counter.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    (done.into_inner() as f64 / time.as_secs_f64(), errors.into_inner())
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    run(&runtime, "SQLite", None);
    let records = Postgres::start();
    run(&runtime, "PostgreSQL (a test's server, fsync off)", Some(&records));
}
