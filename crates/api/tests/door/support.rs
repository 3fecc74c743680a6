//! The RPC doors in one process, called as a client calls them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use api::dispatch::Services;
use api::{Api, Catalogue};
use bytes::Bytes;
use engine::buckets::{Blobs, Buckets, NewBucket, NewObject};
use engine::machines::Host;
use engine::{Engine, Parts};
use futures::StreamExt as _;
use http::HeaderMap;
use identity::Identities;
use meta::accounts::{self, AccessKey, Account};
use meta::identities::{self, Principal, User};
use meta::policies::{self, Attachment, Policy, PolicyKind};
use meta::{Meta, Scope, quotas};
use model::quota::Quota;
use model::{AccountId, BucketName, Clock as _, Entropy as _, FixedClock, SystemEntropy, Timestamp};
use object_store::memory::InMemory;
use serde_json::Value;
use store::{Store, StoreOptions, StoredObjects};
use wire::call::HttpCall;
use wire::{Answer, Params, encode, rpc_v1};

/// An error that was answered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reached {
    pub version: String,
    pub action: String,
    pub status: u16,
    pub code: String,
    pub text: String,
}

/// The errors that were answered in this process.
static REACHED: Mutex<BTreeSet<Reached>> = Mutex::new(BTreeSet::new());

/// The errors that were answered since they were last taken.
pub fn take_reached() -> BTreeSet<Reached> {
    std::mem::take(&mut REACHED.lock().expect("no test died here"))
}

/// Everything that a call needs, and the clock in the test's hand.
pub struct World {
    pub api: Api,
    pub engine: Engine,
    pub clock: Arc<FixedClock>,
    pub account: AccountId,
    pub other: AccountId,
    dir: tempfile::TempDir,
}

pub const KEY: &str = "LTAI5tMain";
pub const OTHER_KEY: &str = "LTAI5tOther";
const SECRET: &str = "secret";

/// A region that neither imports nor exports.
pub const NO_IMPORTS: &str = "cn-shenzhen";

/// `2026-11-21T08:00:30Z`.
const NOW: i64 = 1_795_248_030_000;

impl Drop for World {
    /// A keeper that is left behind would go on looking after nobody's machines.
    fn drop(&mut self) {
        self.engine.shut_down();
    }
}

impl World {
    pub async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let meta = Meta::open_sqlite(&dir.path().join("meta.db")).expect("opens");
        Self::over(meta, dir).await
    }

    /// A world over records of the test's choice.
    pub async fn over(meta: Meta, dir: tempfile::TempDir) -> Self {
        let clock = Arc::new(FixedClock::new(Timestamp::from_millis(NOW)));
        let blobs = Blobs::new(Arc::new(InMemory::new()), Arc::new(SystemEntropy));
        let buckets = Buckets::new(meta.clone(), blobs, clock.clone(), Arc::new(SystemEntropy));
        let options = StoreOptions { threads: 1, ..StoreOptions::default() };
        let store = Store::open(Arc::new(StoredObjects::memory()), [7; 32], options).expect("opens");
        let (account, other) = (AccountId::new(1_000_000_000_000_001), AccountId::new(1_000_000_000_000_002));
        for (id, name, key) in [(account, "main", KEY), (other, "other", OTHER_KEY)] {
            let account = Account { id, name: name.into(), created: clock.now() };
            let key = AccessKey {
                id: key.into(),
                account: id,
                user: None,
                secret: SECRET.into(),
                active: true,
                created: clock.now(),
            };
            let made = meta.write(Scope::Shared, move |tx| {
                accounts::insert(tx, &account)?;
                accounts::insert_key(tx, &key)
            });
            assert!(made.await.expect("made"));
        }
        let host = Host::on_record(dir.path(), store.clone(), clock.clone()).await.expect("opens");
        let parts = Parts { meta, buckets, store, host, entropy: Arc::new(SystemEntropy) };
        let engine = Engine::new(parts, clock.clone(), "node".into());
        let api = doors(&engine).await;
        Self { api, engine, clock, account, other, dir }
    }

    /// The doors of another node: over the same bytes, with a connection of its own to the same records.
    pub async fn another_node(&self, meta: Meta) -> Api {
        let dir = self.dir.path().join("another");
        let host = Host::on_record(&dir, self.engine.store().clone(), self.clock.clone()).await.expect("opens");
        let parts = Parts {
            meta,
            buckets: self.engine.buckets().clone(),
            store: self.engine.store().clone(),
            host,
            entropy: Arc::new(SystemEntropy),
        };
        doors(&Engine::new(parts, self.clock.clone(), "another".into())).await
    }

    /// Calls an action with this key and returns status and body.
    pub async fn call_as(&self, key: &str, version: &str, action: &str, params: &[(&str, &str)]) -> (u16, Value) {
        let answer = self.raw(key, version, action, params, "JSON").await;
        let body: Value = serde_json::from_str(&answer.body).expect("the body is JSON");
        if let Some(code) = body["Code"].as_str() {
            REACHED.lock().expect("no test died here").insert(Reached {
                version: version.to_owned(),
                action: action.to_owned(),
                status: answer.status,
                code: code.to_owned(),
                text: body["Message"].as_str().unwrap_or_default().to_owned(),
            });
        }
        (answer.status, body)
    }

    /// Calls an ECS action of the main account.
    pub async fn ecs(&self, action: &str, params: &[(&str, &str)]) -> (u16, Value) {
        let mut params = params.to_vec();
        if params.iter().all(|(name, _)| *name != "RegionId") {
            params.push(("RegionId", "cn-hangzhou"));
        }
        self.call_as(KEY, "2014-05-26", action, &params).await
    }

    /// Calls an ECS action that must succeed.
    pub async fn ecs_ok(&self, action: &str, params: &[(&str, &str)]) -> Value {
        let (status, body) = self.ecs(action, params).await;
        assert_eq!(status, 200, "{action}: {body}");
        body
    }

    /// Calls an ECS action and returns the code that it fails with.
    pub async fn ecs_code(&self, action: &str, params: &[(&str, &str)]) -> (u16, String) {
        let (status, body) = self.ecs(action, params).await;
        (status, body["Code"].as_str().unwrap_or_else(|| panic!("{action} succeeded: {body}")).to_owned())
    }

    /// Calls a RAM action of the main account.
    pub async fn ram(&self, action: &str, params: &[(&str, &str)]) -> (u16, Value) {
        self.call_as(KEY, "2015-05-01", action, params).await
    }

    /// Signs and sends a call.
    pub async fn raw(&self, key: &str, version: &str, action: &str, params: &[(&str, &str)], format: &str) -> Answer {
        let query = self.sign(key, SECRET, version, action, params, format);
        self.send(&query).await
    }

    pub fn sign(
        &self,
        key: &str,
        secret: &str,
        version: &str,
        action: &str,
        params: &[(&str, &str)],
        format: &str,
    ) -> String {
        let mut nonce = [0; 8];
        SystemEntropy.fill(&mut nonce);
        let (nonce, timestamp) = (u64::from_le_bytes(nonce).to_string(), self.clock.now().seconds());
        let common = [
            ("Action", action),
            ("Version", version),
            ("Format", format),
            ("AccessKeyId", key),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureVersion", "1.0"),
            ("SignatureNonce", &nonce),
            ("Timestamp", &timestamp),
        ];
        let pairs = params.iter().chain(&common).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let params = Params::new(pairs.collect());
        let signature = rpc_v1::sign(secret, &rpc_v1::string_to_sign("POST", &params));
        format!("{}&Signature={}", encode::canonical_query(params.iter()), encode::encode(&signature))
    }

    pub async fn send(&self, query: &str) -> Answer {
        self.send_to(&self.api, query).await
    }

    /// Sends to one node's doors.
    pub async fn send_to(&self, api: &Api, query: &str) -> Answer {
        let headers = HeaderMap::new();
        let call = HttpCall {
            method: "POST",
            path: "/",
            query,
            host: "127.0.0.1:7070",
            headers: &headers,
            body: b"",
            peer: Some([127, 0, 0, 1].into()),
            is_secure: false,
        };
        api.call(call).await
    }

    /// Makes a user of the main account with a key of the same name, and attaches a custom policy that says this.
    pub async fn user(&self, name: &str, statements: &str) -> String {
        let (account, now, key) = (self.account, self.clock.now(), format!("LTAI5t{name}"));
        let user = User {
            name: name.to_owned(),
            id: format!("2{:0>17}", name.len() * 1_000 + name.bytes().map(usize::from).sum::<usize>()),
            display_name: String::new(),
            email: String::new(),
            mobile_phone: String::new(),
            comments: String::new(),
            created: now,
            updated: now,
        };
        let document = format!(r#"{{"Version":"1","Statement":[{statements}]}}"#);
        let policy = Policy::new(format!("of-{name}"), document, String::new(), now);
        let (id, owner) = (key.clone(), Some(user.id.clone()));
        let made = self.engine.meta().write(Scope::Account(account), move |tx| {
            let key = AccessKey {
                id: id.clone(),
                account,
                user: owner.clone(),
                secret: SECRET.into(),
                active: true,
                created: now,
            };
            let attachment = Attachment { kind: PolicyKind::Custom, policy: policy.name.clone(), attached: now };
            Ok::<_, meta::Error>(
                identities::insert_user(tx, account, &user)?
                    && accounts::insert_key(tx, &key)?
                    && policies::insert(tx, account, &policy)?
                    && policies::attach(tx, account, Principal::User(&user.id), &attachment)?,
            )
        });
        assert!(made.await.expect("made"), "{name}");
        key
    }

    /// Signs a call with a temporary key and sends it.
    pub async fn call_in_session(
        &self,
        credentials: &Value,
        version: &str,
        action: &str,
        params: &[(&str, &str)],
    ) -> (u16, Value) {
        let text = |name: &str| credentials[name].as_str().expect("a text").to_owned();
        let (key, secret, token) = (text("AccessKeyId"), text("AccessKeySecret"), text("SecurityToken"));
        let mut params = params.to_vec();
        params.push(("SecurityToken", &token));
        let answer = self.send(&self.sign(&key, &secret, version, action, &params, "JSON")).await;
        (answer.status, serde_json::from_str(&answer.body).expect("JSON"))
    }

    /// Makes a bucket of an account.
    pub async fn bucket(&self, owner: AccountId, name: &str, region: &str) -> BucketName {
        let name: BucketName = name.parse().expect("a bucket name");
        let new = NewBucket { name: name.clone(), acl: "private".into(), storage_class: "Standard".into() };
        let region = region.parse().expect("a region");
        self.engine.buckets().create(owner, region, new).await.expect("made");
        name
    }

    /// Puts an object.
    pub async fn put(&self, bucket: &BucketName, new: NewObject, bytes: Vec<u8>) {
        let body = futures::stream::once(async move { Ok(Bytes::from(bytes)) }).boxed();
        self.engine.buckets().put(bucket, new, body).await.expect("put");
    }

    /// Makes the import role as a client does.
    pub async fn role(&self, name: &str, policy: &str) {
        let trust = r#"{"Version":"1","Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["ecs.aliyuncs.com"]}}]}"#;
        let (status, body) = self.ram("CreateRole", &[("RoleName", name), ("AssumeRolePolicyDocument", trust)]).await;
        assert_eq!(status, 200, "{body}");
        let attach = [("RoleName", name), ("PolicyName", policy), ("PolicyType", "System")];
        let (status, body) = self.ram("AttachPolicyToRole", &attach).await;
        assert_eq!(status, 200, "{body}");
    }

    /// A world in which an import can succeed: the role, and a bucket `disks` with a RAW disk `disk.raw`.
    pub async fn ready() -> Self {
        Self::new().await.made_ready().await
    }

    async fn made_ready(self) -> Self {
        let world = self;
        world.role("AliyunECSImageImportDefaultRole", "AliyunECSImageImportRolePolicy").await;
        let bucket = world.bucket(world.account, "disks", "cn-hangzhou").await;
        world.put(&bucket, NewObject::plain("disk.raw"), vec![7; 1 << 20]).await;
        world
    }

    /// A world with an image, and a keeper that moves servers.
    pub async fn with_servers() -> (Self, String) {
        Self::new().await.given_servers().await
    }

    /// Makes it a world with an image, and a keeper that moves servers.
    pub async fn given_servers(self) -> (Self, String) {
        let world = self.made_ready().await;
        let image = world.ecs_ok("ImportImage", &IMPORT).await["ImageId"].as_str().expect("an id").to_owned();
        world.work().await;
        let engine = world.engine.clone();
        tokio::spawn(async move { engine.keep_machines().await });
        (world, image)
    }

    /// Waits until what an action shows is so; the time is only a bound.
    pub async fn until(&self, action: &str, params: &[(&str, &str)], is_so: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..6_000 {
            let shown = self.ecs_ok(action, params).await;
            if is_so(&shown) {
                return shown;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("{action} never showed what was waited for: {}", self.ecs_ok(action, params).await)
    }

    /// Launches a server of the main account, in a group of its own.
    pub async fn launch(&self, image: &str, more: &[(&str, &str)]) -> String {
        let group = text(&self.ecs_ok("CreateSecurityGroup", &[]).await["SecurityGroupId"]);
        let params = [("ImageId", image), ("InstanceType", "ecs.n1.tiny"), ("SecurityGroupId", &group)];
        let made = self.ecs_ok("RunInstances", &[&params, more].concat()).await;
        text(&made["InstanceIdSets"]["InstanceIdSet"][0])
    }

    /// The snapshot behind an image's system disk.
    pub async fn system_snapshot(&self, image: &str) -> String {
        let shown = self.ecs_ok("DescribeImages", &[("ImageId", image)]).await;
        text(&shown["Images"]["Image"][0]["DiskDeviceMappings"]["DiskDeviceMapping"][0]["SnapshotId"])
    }

    /// Sets a limit of the main account; none for what it is where nobody set it.
    pub async fn limit(&self, quota: Quota, value: impl Into<Option<u64>>) {
        let (account, value) = (self.account, value.into());
        let set = self.engine.meta().write(Scope::Account(account), move |tx| quotas::set(tx, account, quota, value));
        set.await.expect("set");
    }

    /// Runs every flow to its end.
    pub async fn work(&self) {
        self.engine.run_until_idle().await.expect("runs");
    }
}

async fn doors(engine: &Engine) -> Api {
    let regions = ["cn-hangzhou", "us-west-1", NO_IMPORTS].map(|region| region.parse().expect("a region")).to_vec();
    let catalogue = Catalogue {
        regions,
        without_import: vec![NO_IMPORTS.parse().expect("a region")],
        endpoint: "127.0.0.1:7070".into(),
        oss_endpoint: "127.0.0.1:7071".into(),
    };
    let identities = Identities::open(engine.meta().clone(), Arc::new(SystemEntropy)).await.expect("opens");
    Api::new(Services { engine: engine.clone(), catalogue, identities: Arc::new(identities) })
}

/// How many rounds a race is run: few, unless somebody asks for more.
pub fn rounds(few: u32) -> u32 {
    std::env::var("TINTYPE_RACE_ROUNDS").map_or(few, |text| text.parse().expect("TINTYPE_RACE_ROUNDS is a number"))
}

/// A text of an answer.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// The parameters of an import that succeeds.
pub const IMPORT: [(&str, &str); 3] = [
    ("ImageName", "imported"),
    ("DiskDeviceMapping.1.OSSBucket", "disks"),
    ("DiskDeviceMapping.1.OSSObject", "disk.raw"),
];

/// [`IMPORT`] with some parameters changed or added.
pub fn import_with<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = IMPORT.iter().copied().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    kept.chain(changes.iter().copied()).collect()
}
