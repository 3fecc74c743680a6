//! `tintype exec`: run any client with keys and endpoints set for the server.
//!
//! Clients read their keys and endpoints from variables of several names; this sets all of them. Some have host names
//! built in, with no option for another (Packer, most of all). For these the command runs in a mount namespace of its own,
//! whose hosts file leads the service's names to an address of this process, which passes connections on to the server:
//! port 80 as they are, port 443 after TLS with the local authority's certificate, which the command is told to trust.
//! Nothing outside the command changes. Where that cannot be had, the command runs without, and is told so.

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};

use anyhow::{Context as _, Result};
use http::Method;
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::client::{Client, Door};
use super::{Target, admin};
use crate::data_dir::Credentials;
use crate::serve::admin::BeginSession;
use crate::serve::tls;

/// Where distributions keep the authorities that everybody trusts.
const SYSTEM_AUTHORITIES: [&str; 2] = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/// The variables from which clients read the id of their key. The last is this program's own.
const ID_VARIABLES: [&str; 5] = [
    "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "ALICLOUD_ACCESS_KEY",
    "OSS_ACCESS_KEY_ID",
    "AWS_ACCESS_KEY_ID",
    "TINTYPE_ACCESS_KEY_ID",
];

/// The variables of the secret.
const SECRET_VARIABLES: [&str; 5] = [
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    "ALICLOUD_SECRET_KEY",
    "OSS_ACCESS_KEY_SECRET",
    "AWS_SECRET_ACCESS_KEY",
    "TINTYPE_ACCESS_KEY_SECRET",
];

/// The variables of a temporary key's token.
const TOKEN_VARIABLES: [&str; 5] = [
    "ALIBABA_CLOUD_SECURITY_TOKEN",
    "ALICLOUD_SECURITY_TOKEN",
    "OSS_SESSION_TOKEN",
    "AWS_SESSION_TOKEN",
    "TINTYPE_SECURITY_TOKEN",
];

/// Products whose names begin host names.
const PRODUCTS: [&str; 6] = ["ecs", "vpc", "ram", "sts", "location", "swas"];

/// The command's options.
#[derive(Debug, clap::Args)]
pub(crate) struct ExecOptions {
    #[command(flatten)]
    target: Target,
    /// A bucket that the command makes and then reaches by the bucket's own host name; those that exist are known
    #[arg(long, value_name = "NAME")]
    bucket: Vec<String>,
    /// Run it as a role of the first account, with a temporary key
    #[arg(long, value_name = "NAME")]
    role: Option<String>,
    /// How long that key is good
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600, requires = "role")]
    seconds: u32,
    /// Set variables only: no host name of the service leads here
    #[arg(long)]
    no_names: bool,
    /// The command and its arguments
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

/// Runs the command, and ends as it ends.
pub(crate) async fn run(options: ExecOptions) -> Result<ExitCode> {
    let client = Client::connect(&options.target)?;
    let (program, arguments) = options.command.split_first().context("there is no command to run")?;
    let names = if options.no_names { None } else { lead_here(&client, &options.bucket).await? };
    let mut command = match &names {
        Some(names) => names.enter(program),
        None => Command::new(program),
    };
    command.args(arguments);
    let begun = match &options.role {
        None => None,
        Some(role) => Some(begin(&options, role).await?),
    };
    set_keys(&mut command, begun.as_ref().unwrap_or(&client.credentials));
    set_variables(&mut command, &client, names.as_ref().map(|names| names.authorities.as_path()));
    let status = tokio::task::spawn_blocking(move || command.status()).await?;
    let status = status.with_context(|| format!("cannot run {program}"))?;
    Ok(exit_code(status))
}

fn exit_code(status: ExitStatus) -> ExitCode {
    // A shell's way of saying which signal it was.
    let code = status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}

/// Begins a session of a role at the operator's door: the owner of an account cannot assume one at the account's.
async fn begin(options: &ExecOptions, role: &str) -> Result<Credentials> {
    let (role, name, seconds) = (role.to_owned(), "tintype-exec".to_owned(), options.seconds);
    let body = BeginSession { account: None, role, name, seconds };
    let answer = admin::ask(&options.target, Method::POST, "/sessions", &body).await?;
    serde_json::from_value(answer).context("the server's answer has no key")
}

fn set_keys(command: &mut Command, keys: &Credentials) {
    let mut set = |names: &[&str], value: Option<&String>| {
        for name in names {
            match value {
                Some(value) => command.env(name, value),
                // One that was there belongs to another key.
                None => command.env_remove(name),
            };
        }
    };
    set(&ID_VARIABLES, Some(&keys.access_key_id));
    set(&SECRET_VARIABLES, Some(&keys.access_key_secret));
    set(&TOKEN_VARIABLES, keys.security_token.as_ref());
}

fn set_variables(command: &mut Command, client: &Client, authorities: Option<&Path>) {
    let (endpoint, oss) = (&client.server.endpoint, format!("http://{}", client.server.oss_endpoint));
    for name in ["ALIBABA_CLOUD_REGION_ID", "ALICLOUD_REGION", "OSS_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"] {
        command.env(name, &client.region);
    }
    for name in ["ECS", "VPC", "RAM", "STS", "LOCATION", "SWAS_OPEN"] {
        command.env(format!("ALIBABA_CLOUD_ENDPOINT_{name}"), endpoint);
        command.env(format!("{name}_ENDPOINT"), endpoint);
    }
    command.env("TINTYPE_ENDPOINT", format!("http://{endpoint}"));
    command.env("OSS_ENDPOINT", &oss).env("AWS_ENDPOINT_URL_S3", &oss).env("TINTYPE_OSS_ENDPOINT", &oss);
    if let Some(file) = authorities.or(client.server.ca_file.as_deref()) {
        for name in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "AWS_CA_BUNDLE"] {
            command.env(name, file);
        }
    }
}

/// Where the service's names lead inside the command.
struct Names {
    hosts: PathBuf,
    authorities: PathBuf,
    _folder: tempfile::TempDir,
}

impl Names {
    /// The program in a mount namespace with our hosts file. Without privileges, a user namespace gives the right to one.
    fn enter(&self, program: &str) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private"]);
        if !is_root() {
            command.arg("--map-root-user");
        }
        let script = "mount --bind \"$1\" /etc/hosts && shift && exec \"$@\"";
        command.args(["--", "sh", "-c", script, "tintype-exec"]).arg(&self.hosts).arg(program);
        command
    }
}

/// Makes the service's names lead to this process, and passes on what arrives. None where the host does not let us.
async fn lead_here(client: &Client, buckets: &[String]) -> Result<Option<Names>> {
    // An address of our own, so that commands may run side by side; far from those that servers have.
    let pid = std::process::id().to_be_bytes();
    let address = Ipv4Addr::new(127, 32 + (pid[1] & 15), pid[2], pid[3].max(1));
    let listeners = match (TcpListener::bind((address, 80)).await, TcpListener::bind((address, 443)).await) {
        (Ok(plain), Ok(tls)) => (plain, tls),
        (Err(error), _) | (_, Err(error)) => {
            eprintln!(
                "tintype: the service's host names do not lead here: ports 80 and 443 of {address} cannot be had ({error})"
            );
            return Ok(None);
        }
    };
    let probed =
        Command::new("unshare").arg("--mount").args((!is_root()).then_some("--map-root-user")).arg("true").status();
    if !probed.is_ok_and(|status| status.success()) {
        eprintln!("tintype: the service's host names do not lead here: this host gives no mount namespace");
        return Ok(None);
    }
    let regions = regions(client).await?;
    let acceptor = tls::local(&client.data, &regions)?;
    pass_on(listeners.0, client.server.endpoint.clone(), None);
    pass_on(listeners.1, client.server.endpoint.clone(), Some(acceptor));

    let folder = tempfile::tempdir().context("cannot make a folder for the hosts file")?;
    let hosts = folder.path().join("hosts");
    let mut text = fs::read_to_string("/etc/hosts").unwrap_or_default();
    for name in host_names(&regions, buckets, &client.bucket_names().await?) {
        text.push_str(&format!("\n{address} {name}"));
    }
    text.push('\n');
    fs::write(&hosts, text)?;
    let authorities = folder.path().join("authorities.pem");
    let system = SYSTEM_AUTHORITIES.iter().find_map(|path| fs::read_to_string(path).ok()).unwrap_or_default();
    let local = fs::read_to_string(client.data.path("tls/ca.pem")).context("the local authority is not there")?;
    fs::write(&authorities, format!("{system}\n{local}"))?;
    Ok(Some(Names { hosts, authorities, _folder: folder }))
}

/// Every host name of the service that a client may have built in.
fn host_names(regions: &[String], asked: &[String], known: &[String]) -> Vec<String> {
    let mut names: Vec<String> = PRODUCTS.iter().map(|product| format!("{product}.aliyuncs.com")).collect();
    names.push("location-readonly.aliyuncs.com".to_owned());
    for region in regions {
        for product in PRODUCTS {
            names.push(format!("{product}.{region}.aliyuncs.com"));
        }
        names.push(format!("ecs-{region}.aliyuncs.com"));
        let oss = format!("oss-{region}.aliyuncs.com");
        names.extend(asked.iter().chain(known).map(|bucket| format!("{bucket}.{oss}")));
        names.push(oss);
    }
    names
}

async fn regions(client: &Client) -> Result<Vec<String>> {
    let answer = client.call(Door::Ecs, "DescribeRegions", &[]).await?;
    let regions = answer["Regions"]["Region"].as_array().cloned().unwrap_or_default();
    Ok(regions.iter().filter_map(|region| region["RegionId"].as_str().map(str::to_owned)).collect())
}

/// Passes every connection on to the server, its TLS taken off where there is some.
fn pass_on(listener: TcpListener, to: String, tls: Option<TlsAcceptor>) {
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (to, tls) = (to.clone(), tls.clone());
            tokio::spawn(async move {
                match tls {
                    None => carry(stream, &to).await,
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            carry(stream, &to).await;
                        }
                    }
                }
            });
        }
    });
}

async fn carry(mut stream: impl AsyncRead + AsyncWrite + Unpin, to: &str) {
    if let Ok(mut server) = TcpStream::connect(to).await {
        // How a connection ends is between the client and the server.
        let _ = copy_bidirectional(&mut stream, &mut server).await;
    }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
