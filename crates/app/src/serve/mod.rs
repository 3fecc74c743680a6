//! `tintype serve`: open everything, listen, work until told to stop, and park what is running.

pub(crate) mod admin;
mod doors;
mod images;
pub(crate) mod inquiry;
pub(crate) mod limits;
mod machines;
mod storage;
pub(crate) mod tls;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use api::dispatch::Services;
use api::{Api, Catalogue};
use engine::buckets::{Blobs, Buckets};
use engine::{Engine, Parts};
use host::machine::{Accelerator, Driver, HypervisorInfo};
use identity::Identities;
use meta::accounts::{self, AccessKey, Account};
use meta::{Meta, Scope, settings};
use model::{AccountId, Clock, Entropy, RegionId, SystemClock, SystemEntropy};
use oss::{OssConfig, OssDoor};
use store::{Store, StoreOptions};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;

use crate::data_dir::{Credentials, DataDir, ServerInfo};

/// The server's options.
#[derive(Debug, clap::Args)]
pub(crate) struct ServeOptions {
    /// Directory for everything that the server keeps [default: $XDG_DATA_HOME/tintype]
    #[arg(long, value_name = "DIR", env = "TINTYPE_DATA")]
    data: Option<PathBuf>,
    /// Address of the RPC doors: ECS, RAM, STS, Location
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7070")]
    listen: SocketAddr,
    /// Address of the OSS door, in the OSS and the S3 dialect
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7071")]
    oss_listen: SocketAddr,
    /// Address of all doors over TLS, told apart by host name
    #[arg(long, value_name = "ADDR")]
    tls_listen: Option<SocketAddr>,
    /// Certificate chain for TLS, in PEM; without it a local authority is made in the data directory
    #[arg(long, value_name = "FILE", requires = "tls_key", requires = "tls_listen")]
    tls_cert: Option<PathBuf>,
    /// Private key for TLS, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Address of the NBD door, where names are signed; the socket in the data directory is always there
    #[arg(long, value_name = "ADDR")]
    nbd_listen: Option<SocketAddr>,
    /// Where the records are: `sqlite`, or the address of a PostgreSQL database
    #[arg(long, value_name = "WHERE", default_value = "sqlite", env = "TINTYPE_META")]
    meta: String,
    /// Where the bytes are: a directory, or `s3://BUCKET/PREFIX` with the usual AWS_… variables [default: the data directory]
    #[arg(long, value_name = "WHERE", env = "TINTYPE_STORE")]
    store: Option<String>,
    /// Regions that are served, the default one first
    #[arg(
        long,
        value_name = "LIST",
        value_delimiter = ',',
        default_value = "cn-hangzhou,cn-shanghai,cn-beijing,cn-shenzhen,cn-hongkong,ap-southeast-1,us-west-1"
    )]
    regions: Vec<String>,
    /// Regions that neither import nor export images
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    without_import: Vec<String>,
    /// Access key id of the first account; for tests and containers
    #[arg(
        long,
        value_name = "ID",
        env = "TINTYPE_ACCESS_KEY_ID",
        requires = "access_key_secret",
        hide_env_values = true
    )]
    access_key_id: Option<String>,
    /// Secret of that key
    #[arg(long, value_name = "SECRET", env = "TINTYPE_ACCESS_KEY_SECRET", hide_env_values = true)]
    access_key_secret: Option<String>,
    /// What runs machines: `auto` (QEMU where it is installed), `qemu`, or `record`, which keeps them on record only
    #[arg(long, value_name = "DRIVER", default_value = "auto", env = "TINTYPE_DRIVER")]
    driver: MachineDriver,
    /// Write the log as JSON
    #[arg(long)]
    log_json: bool,
}

/// What runs machines.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum MachineDriver {
    Auto,
    Qemu,
    Record,
}

impl From<MachineDriver> for Driver {
    fn from(driver: MachineDriver) -> Self {
        match driver {
            MachineDriver::Auto => Self::Auto,
            MachineDriver::Qemu => Self::Qemu("qemu-system-x86_64".into()),
            MachineDriver::Record => Self::Record,
        }
    }
}

/// Everything that the doors need.
pub(crate) struct Server {
    api: Api,
    identities: Arc<Identities>,
    oss: OssDoor,
    engine: Engine,
    metrics: metrics_exporter_prometheus::PrometheusHandle,
}

/// Runs the server until a signal ends it.
pub(crate) fn run(options: ServeOptions) -> Result<()> {
    start_log(options.log_json);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(serve(options))
}

fn start_log(json: bool) {
    // Quiet by default: one line a call belongs to whoever asks for it.
    let filter = EnvFilter::try_from_env("TINTYPE_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    if json { log.json().init() } else { log.with_ansi(colours).init() }
}

async fn serve(options: ServeOptions) -> Result<()> {
    let data = DataDir::choose(options.data.clone())?;
    data.create()?;
    let _lock = data.lock()?;
    let regions = parse_regions(&options.regions)?;
    let metrics = metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder()?;

    // Addresses first: a port that is taken must not cost an opened store.
    let listener = bind(options.listen).await?;
    let oss_listener = bind(options.oss_listen).await?;
    let tls_listener = match options.tls_listen {
        Some(address) => Some(bind(address).await?),
        None => None,
    };
    let nbd = images::bind(&data, options.nbd_listen).await?;
    let info = ServerInfo {
        endpoint: listener.local_addr()?.to_string(),
        oss_endpoint: oss_listener.local_addr()?.to_string(),
        tls_endpoint: tls_listener.as_ref().map(TcpListener::local_addr).transpose()?.map(|addr| addr.to_string()),
        ca_file: (options.tls_listen.is_some() && options.tls_cert.is_none()).then(|| data.path("tls/ca.pem")),
        nbd_endpoint: nbd.tcp_address().map(|address| address.to_string()),
        region: regions[0].to_string(),
        pid: std::process::id(),
    };

    let engine = open_engine(&options, &data).await?;
    let identities = Identities::open(engine.meta().clone(), Arc::new(SystemEntropy)).await;
    let identities = Arc::new(identities.context("cannot read who is known")?);
    let credentials = first_account(&options, &data, engine.meta()).await?;
    let catalogue = Catalogue {
        regions: regions.clone(),
        without_import: options.without_import.iter().map(parse_region).collect::<Result<_>>()?,
        endpoint: info.endpoint.clone(),
        oss_endpoint: info.oss_endpoint.clone(),
    };
    let server = Arc::new(Server {
        oss: OssDoor::new(
            OssConfig { default_region: regions[0].clone(), regions, public_suffixes: Vec::new() },
            Arc::clone(&identities),
            engine.buckets().clone(),
            Arc::new(SystemClock),
            Arc::new(SystemEntropy),
        ),
        api: Api::new(Services { engine: engine.clone(), catalogue, identities: Arc::clone(&identities) }),
        identities,
        engine: engine.clone(),
        metrics,
    });

    let (stop, stopping) = watch::channel(false);
    let mut doors = tokio::task::JoinSet::new();
    doors.spawn(doors::listen(listener, Arc::clone(&server), doors::Kind::Rpc, None, stopping.clone()));
    doors.spawn(doors::listen(oss_listener, Arc::clone(&server), doors::Kind::Oss, None, stopping.clone()));
    if let Some(listener) = tls_listener {
        let tls = tls::acceptor(&options, &data, server.api.regions())?;
        doors.spawn(doors::listen(listener, Arc::clone(&server), doors::Kind::ByHost, Some(tls), stopping.clone()));
    }
    doors.spawn(admin::listen(data.path("admin.sock"), Arc::clone(&server), stopping.clone())?);
    for door in nbd.doors(&server, &stopping) {
        doors.spawn(door);
    }
    for door in machines::doors(&data, &engine, stopping.clone()).await? {
        doors.spawn(door);
    }
    let keeper = tokio::spawn({
        let engine = engine.clone();
        async move { engine.keep_machines().await }
    });
    let flows = tokio::spawn({
        let engine = engine.clone();
        async move { engine.run().await }
    });
    let sweeps = tokio::spawn({
        let engine = engine.clone();
        async move { engine.sweep_periodically().await }
    });
    // Before anybody can know that the server runs: a signal that comes at once must park the work, too.
    let signal = catch_signal()?;
    data.write("server.json", &info)?;
    greet(&data, &info, &credentials, &engine.host().hypervisor.describe());

    signal.await;
    eprintln!("tintype: stopping; running tasks are parked and go on at the next start");
    // Machines go on; only what this process was doing for them stops, and before it their disks' door.
    engine.shut_down();
    keeper.await?;
    stop.send_replace(true);
    while doors.join_next().await.is_some() {}
    server.api.audit().flush().await;
    flows.await?;
    sweeps.await?;
    let _ = std::fs::remove_file(data.path("server.json"));
    Ok(())
}

fn parse_regions(texts: &[String]) -> Result<Vec<RegionId>> {
    let regions: Vec<RegionId> = texts.iter().map(parse_region).collect::<Result<_>>()?;
    anyhow::ensure!(!regions.is_empty(), "at least one region must be served");
    Ok(regions)
}

fn parse_region(text: &String) -> Result<RegionId> {
    text.parse().with_context(|| format!("{text:?} is not a region"))
}

async fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

async fn open_engine(options: &ServeOptions, data: &DataDir) -> Result<Engine> {
    let meta = match options.meta.as_str() {
        "sqlite" => Meta::open_sqlite(&data.path("meta.db")).context("cannot open the records")?,
        address => Meta::open_postgres(address).await.context("cannot open the records")?,
    };
    // Every node of a deployment must find the same key, so it is in the records.
    let fresh = random_hex(32);
    let key = meta.write(Scope::Shared, move |tx| settings::get_or_set(tx, "store-key", &fresh)).await?;
    let key: [u8; 32] = hex::decode(key)?.try_into().ok().context("the store's key in the records is damaged")?;

    let storage = storage::open(options.store.as_deref(), data)?;
    let opened = tokio::task::spawn_blocking(move || Store::open(storage.store, key, StoreOptions::default())).await?;
    let store = opened.context("cannot open the block store")?;
    let host = machines::open(data, store.clone(), options.driver.into()).await?;
    let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    let blobs = Blobs::new(storage.objects, Arc::clone(&entropy));
    let buckets = Buckets::new(meta.clone(), blobs, Arc::clone(&clock), Arc::clone(&entropy));
    let node = data.read_or_make("node", || random_hex(8))?;
    Ok(Engine::new(Parts { meta, buckets, store, host, entropy }, clock, node))
}

pub(crate) fn random_hex(bytes: usize) -> String {
    let mut random = vec![0; bytes];
    SystemEntropy.fill(&mut random);
    hex::encode(random)
}

/// The first account: made at the first start, and the same ever after.
async fn first_account(options: &ServeOptions, data: &DataDir, meta: &Meta) -> Result<Credentials> {
    let preset = options.access_key_id.clone().zip(options.access_key_secret.clone());
    if let Some(credentials) = data.read::<Credentials>("credentials.json")? {
        let same = preset.as_ref().is_none_or(|(id, _)| *id == credentials.access_key_id);
        let id = credentials.access_key_id.clone();
        let known = meta.read(move |tx| accounts::key(tx, &id)).await?.is_some();
        if same && known {
            return Ok(credentials);
        }
    }
    let created = make_account(meta, "main", preset).await?;
    data.write("credentials.json", &created)?;
    Ok(created)
}

/// Makes an account with a key; an account of that name gets one more key.
pub(crate) async fn make_account(meta: &Meta, name: &str, preset: Option<(String, String)>) -> Result<Credentials> {
    let name = name.to_owned();
    let now = SystemClock.now();
    let (id, secret) = preset.unwrap_or_else(|| {
        let text = |len| model::id::random_text(&SystemEntropy, len);
        (format!("LTAI5t{}", text(18)), text(30))
    });
    let made = meta
        .write(Scope::Shared, move |tx| {
            if let Some(key) = accounts::key(tx, &id)? {
                return Ok(key);
            }
            let there = accounts::list(tx)?.into_iter().find(|account| account.name == name);
            let account = match there {
                Some(account) => account,
                None => {
                    let account = Account { id: AccountId::generate(&SystemEntropy), name: name.clone(), created: now };
                    accounts::insert(tx, &account)?;
                    account
                }
            };
            let key = AccessKey {
                id: id.clone(),
                account: account.id,
                user: None,
                secret: secret.clone(),
                active: true,
                created: now,
            };
            accounts::insert_key(tx, &key)?;
            Ok::<_, meta::Error>(key)
        })
        .await?;
    Ok(Credentials {
        account_id: made.account.to_string(),
        access_key_id: made.id,
        access_key_secret: made.secret,
        security_token: None,
    })
}

/// Catches the signals that stop the server from here on; the future ends when one has come.
fn catch_signal() -> Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// What runs servers here, in a line.
fn told(machines: &HypervisorInfo) -> String {
    let accelerator = match machines.accelerator {
        Some(Accelerator::Kvm) => "with KVM",
        Some(Accelerator::Tcg) => "translating every instruction",
        None => "",
    };
    match &machines.version {
        Some(version) => format!("QEMU {version}, {accelerator} ({})", machines.reason),
        None => machines.reason.clone(),
    }
}

/// What a person who has just started the server needs to know.
fn greet(data: &DataDir, info: &ServerInfo, credentials: &Credentials, machines: &HypervisorInfo) {
    let Credentials { account_id, access_key_id, access_key_secret, .. } = credentials;
    let ServerInfo { endpoint, oss_endpoint, region, .. } = info;
    let tls = info.tls_endpoint.as_ref().map_or_else(String::new, |tls| format!("\n  TLS (all doors)  https://{tls}"));
    println!(
        "Tintype is ready.

  ECS, RAM, STS    http://{endpoint}
  OSS and S3       http://{oss_endpoint}{tls}
  data             {data}
  servers          {servers}

  account          {account_id}
  access key id    {access_key_id}
  access secret    {access_key_secret}

Point a client at it (region {region}):

  # oss2
  bucket = oss2.Bucket(oss2.Auth('{access_key_id}', '{access_key_secret}'), 'http://{oss_endpoint}', 'my-bucket')

  # alibabacloud-ecs20140526
  client = Client(Config(access_key_id='{access_key_id}', access_key_secret='{access_key_secret}',
                         endpoint='{endpoint}', protocol='http', region_id='{region}'))

  # aliyun-python-sdk-ecs
  client = AcsClient('{access_key_id}', '{access_key_secret}', '{region}')
  request = DescribeImagesRequest(); request.set_endpoint('{endpoint}')

  # aliyun CLI
  aliyun ecs DescribeImages --endpoint {endpoint} --insecure --region {region} \\
         --access-key-id {access_key_id} --access-key-secret {access_key_secret}

  # this program
  tintype import disk.qcow2 --name my-image
",
        data = data.root().display(),
        servers = told(machines),
    );
}
