//! The story on other stores: records in PostgreSQL, bytes in S3, one node and two.
//!
//! Two S3 servers are asked: the OSS door of another Tintype in its S3 dialect, and one that others wrote (`moto`), so
//! that a misunderstanding of ours about S3 does not pass because both sides share it.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use e2e::disks::{assert_same, make_raw};
use e2e::{Server, clients, root, wait_until, wait_within};
use object_store::aws::AmazonS3Builder;
use object_store::prefix::PrefixStore;
use serde_json::{Value, json};
use store::StoredObjects;
use testkit::Postgres;

const BUCKET: &str = "tintype-bytes";

/// A lease of a dead node (30 s), and the work that it left.
const TAKEOVER: Duration = Duration::from_secs(180);

/// What keeps an S3 server alive.
enum Keeper {
    /// Its bytes are in a directory of its own.
    Tintype { _server: Box<Server> },
    /// Its bytes are in its memory.
    Moto(Child),
}

/// An S3 server with one empty bucket.
struct S3 {
    endpoint: String,
    key: String,
    secret: String,
    keeper: Keeper,
}

impl S3 {
    fn tintype() -> Self {
        let server = Server::start();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let (info, credentials) = (server.info(), server.credentials());
        Self {
            endpoint: format!("http://{}", text(&info["oss_endpoint"])),
            key: text(&credentials["access_key_id"]),
            secret: text(&credentials["access_key_secret"]),
            keeper: Keeper::Tintype { _server: Box::new(server) },
        }
        .with_bucket()
    }

    fn moto() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address");
        drop(listener);
        let server = Command::new(clients().join("venv/bin/moto_server"))
            .args(["-H", "127.0.0.1", "-p", &address.port().to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("moto runs");
        let made = Self {
            endpoint: format!("http://{address}"),
            key: "moto".to_owned(),
            secret: "moto-secret".to_owned(),
            keeper: Keeper::Moto(server),
        };
        wait_until("the S3 server's start", || TcpStream::connect(address).is_ok());
        made.with_bucket()
    }

    fn with_bucket(self) -> Self {
        self.python("create");
        self
    }

    /// What a program needs in its environment to find this server.
    fn environment(&self) -> [(&str, &str); 5] {
        [
            ("AWS_ENDPOINT_URL", &self.endpoint),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", &self.key),
            ("AWS_SECRET_ACCESS_KEY", &self.secret),
        ]
    }

    /// Asks the server through the official client of S3.
    fn python(&self, what: &str) -> Vec<String> {
        let output = Command::new(clients().join("venv/bin/python"))
            .arg(root().join("e2e/clients/s3_bucket.py"))
            .args([what, &self.endpoint, BUCKET])
            .env("AWS_DEFAULT_REGION", "us-east-1")
            .envs(self.environment())
            .output()
            .expect("python runs");
        assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }

    /// A node whose bytes are here and whose records are in that database.
    fn node(&self, records: &Postgres) -> Server {
        let (records, bytes) = (records.address(), format!("s3://{BUCKET}/some/where"));
        Server::start_in(&self.environment(), &["--meta", &records, "--store", &bytes])
    }

    /// Nothing is left but the block store's note of what it is.
    fn assert_given_back(&self) {
        assert_eq!(self.python("list"), ["some/where/store/store.json"]);
    }

    /// The block store's own suite against this server.
    fn assert_conforms(&self) {
        // Fails when another test of this process was first, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let bucket = AmazonS3Builder::new()
            .with_bucket_name(BUCKET)
            .with_endpoint(&self.endpoint)
            .with_allow_http(true)
            .with_region("us-east-1")
            .with_access_key_id(&self.key)
            .with_secret_access_key(&self.secret)
            .build()
            .expect("a bucket");
        let objects = StoredObjects::remote(Arc::new(PrefixStore::new(bucket, "suite")), runtime.handle().clone());
        store::conformance::objects(&objects);
        assert_eq!(self.python("list"), Vec::<String>::new(), "the suite cleans up");
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        if let Keeper::Moto(server) = &mut self.keeper {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

/// The story on one node over a given S3 server.
fn check(s3: &S3) {
    let records = Postgres::start();
    let folder = tempfile::tempdir().expect("a folder");
    let raw = make_raw(folder.path(), "far");
    let mut node = s3.node(&records);
    let image = node.run(&["import", path(&raw), "--name", "far"]).trim().to_owned();
    assert_same(&raw, node.run(&["nbd", &image]).trim(), "raw");
    assert!(s3.python("list").iter().any(|name| name.starts_with("some/where/store/packs/")), "the bytes are in S3");
    let inside = std::fs::read_dir(node.data()).expect("the data directory");
    let names: Vec<String> =
        inside.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    for local in ["meta.db", "store", "objects"] {
        assert!(!names.iter().any(|name| name == local), "{names:?}");
    }

    // A node keeps nothing that it cannot do without.
    node.stop();
    node.launch();
    node.run(&["verify", "--deep"]);
    let out = node.run(&["export", &image, "--format", "qcow2", "--to", path(folder.path())]);
    assert_same(&raw, out.trim(), "qcow2");
    node.run(&["delete", &image]);
    node.run(&["gc"]);
    s3.assert_given_back();
}

#[test]
fn the_story_over_the_oss_door_of_another_tintype() {
    let s3 = S3::tintype();
    s3.assert_conforms();
    check(&s3);
}

#[test]
fn the_story_over_an_s3_server_of_others() {
    let s3 = S3::moto();
    s3.assert_conforms();
    check(&s3);
}

/// Bytes that neither compress nor repeat, so that an import takes its time.
fn make_noise(folder: &Path, bytes: usize) -> std::path::PathBuf {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut noise = Vec::with_capacity(bytes);
    while noise.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        noise.extend_from_slice(&state.to_le_bytes());
    }
    let disk = folder.join("noise.raw");
    std::fs::write(&disk, noise).expect("written");
    disk
}

fn status(node: &Server, image: &str) -> Option<Value> {
    node.images().into_iter().find(|found| found["ImageId"] == image).map(|found| found["Status"].clone())
}

/// Starts an import on a node and returns once the other one shows that it runs.
fn begin_import(on: &Server, seen_by: &Server, disk: &Path, name: &str) -> (Child, String) {
    let import = on
        .command(&["import", path(disk), "--name", name, "--keep"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("runs");
    let mut image = String::new();
    wait_until("the import", || {
        let found = seen_by.images().into_iter().find(|found| found["ImageName"] == name);
        found.is_some_and(|found| {
            assert!(matches!(found["Status"].as_str(), Some("Waiting" | "Creating")), "it was over too soon: {found}");
            found["ImageId"].as_str().expect("an id").clone_into(&mut image);
            found["Status"] == "Creating"
        })
    });
    (import, image)
}

#[test]
fn two_nodes_are_one_service_and_one_finishes_what_the_other_began() {
    let (s3, records) = (S3::tintype(), Postgres::start());
    let folder = tempfile::tempdir().expect("a folder");
    let raw = make_raw(folder.path(), "shared");
    let noise = make_noise(folder.path(), 512 << 20);
    let (mut one, two) = (s3.node(&records), s3.node(&records));
    assert_ne!(one.credentials()["access_key_id"], two.credentials()["access_key_id"], "each node prints its own key");
    assert_eq!(one.credentials()["account_id"], two.credentials()["account_id"], "of one account");

    // Any node answers any call.
    let first = one.run(&["import", path(&raw), "--name", "first"]).trim().to_owned();
    assert_eq!(status(&two, &first), Some(json!("Available")));
    assert_same(&raw, two.run(&["nbd", &first]).trim(), "raw");
    let taken = two.run_failing(&["import", path(&raw), "--name", "first"]);
    assert!(taken.contains("InvalidImageName.Duplicated"), "{taken}");

    // One dies in the middle of its work.
    let (mut import, image) = begin_import(&one, &two, &noise, "left-behind");
    one.kill();
    import.wait().expect("gone");
    assert_eq!(status(&two, &image), Some(json!("Creating")), "the import was not over when its node died");
    wait_within(TAKEOVER, "the end of the import", || status(&two, &image) != Some(json!("Creating")));
    assert_eq!(status(&two, &image), Some(json!("Available")));
    assert_same(&noise, two.run(&["nbd", &image]).trim(), "raw");
    two.run(&["verify", "--deep"]);

    // It comes back, and has everything.
    one.launch();
    assert_eq!((status(&one, &first), status(&one, &image)), (Some(json!("Available")), Some(json!("Available"))));
    assert_same(&noise, one.run(&["nbd", &image]).trim(), "raw");
    for image in [&first, &image] {
        one.run(&["delete", image]);
    }
    assert_eq!(two.images(), Vec::<Value>::new());
    two.python("clear_buckets.py", &[]);
    two.run(&["gc"]);
    s3.assert_given_back();
}

fn signal(server: &Server, name: &str) {
    let sent = Command::new("kill").args([name, &server.pid().to_string()]).status().expect("kill runs");
    assert!(sent.success());
}

#[test]
fn a_node_that_slept_through_its_lease_changes_nothing_any_more() {
    let (s3, records) = (S3::tintype(), Postgres::start());
    let folder = tempfile::tempdir().expect("a folder");
    let noise = make_noise(folder.path(), 512 << 20);
    let (one, two) = (s3.node(&records), s3.node(&records));
    let (mut import, image) = begin_import(&one, &two, &noise, "slept");
    signal(&one, "-STOP");
    assert_eq!(status(&two, &image), Some(json!("Creating")), "the import was not over when its node stopped");
    wait_within(TAKEOVER, "the end of the import", || status(&two, &image) != Some(json!("Creating")));
    assert_eq!(status(&two, &image), Some(json!("Available")));

    // It wakes up, still believing that the work is its own.
    signal(&one, "-CONT");
    // The client may have lost its connection, on which nothing came for longer than a server waits.
    import.wait().expect("its status");
    assert_eq!(status(&one, &image), Some(json!("Available")));
    let tasks = one.tasks();
    assert_eq!((tasks.len(), &tasks[0]["TaskStatus"]), (1, &json!("Finished")), "{tasks:?}");
    assert_same(&noise, one.run(&["nbd", &image]).trim(), "raw");
    one.run(&["verify", "--deep"]);
}
