//! The operator's commands, through the socket in the data directory.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use clap::Subcommand;
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use indicatif::{HumanBytes, ProgressBar};
use serde::Serialize;
use serde_json::Value;
use tokio::net::UnixStream;

use super::client::{Client, Door};
use super::{Target, impact, import};
use crate::data_dir::Credentials;
use crate::serve::admin::{Collect, Event, NewAccount, SystemImage, Verify};

/// `tintype account …`
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Make an account, or one more key for the account of that name
    Create {
        /// Name of the account
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        target: Target,
    },
}

/// `tintype image …`
#[derive(Debug, Subcommand)]
pub(crate) enum ImageCommand {
    /// Import a disk file and offer it to every account, in every region
    Seed {
        /// The disk file
        file: PathBuf,
        /// Offer it to all: the only way to seed there is, said plainly
        #[arg(long, required = true)]
        system: bool,
        /// Its id and its name, such as `ubuntu_22_04_x64_20G_alibase_20240101.vhd`
        #[arg(long, value_name = "NAME")]
        name: String,
        /// Its family; clients ask for it as `acs:FAMILY`
        #[arg(long, value_name = "FAMILY")]
        family: Option<String>,
        /// The guest's distribution, as ImportImage calls it
        #[arg(long, value_name = "PLATFORM")]
        platform: Option<String>,
        #[command(flatten)]
        target: Target,
    },
    /// Show what hangs on an image, in every account, and what a change of it would break
    Impact(impact::ImpactOptions),
}

/// Options of `tintype verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct VerifyOptions {
    /// Read every disk and compute its content digest, too
    #[arg(long)]
    deep: bool,
    #[command(flatten)]
    target: Target,
}

/// Options of `tintype gc`.
#[derive(Debug, clap::Args)]
pub(crate) struct GcOptions {
    /// Spare what is younger than this many seconds; needed where several nodes share the store
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    grace: u32,
    #[command(flatten)]
    target: Target,
}

/// Options of `tintype usage`.
#[derive(Debug, clap::Args)]
pub(crate) struct UsageOptions {
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Target,
}

/// Manages accounts.
pub(crate) async fn account(command: AccountCommand) -> Result<()> {
    let AccountCommand::Create { name, json, target } = command;
    let answer = ask(&target, Method::POST, "/accounts", &NewAccount { name }).await?;
    let made: Credentials = serde_json::from_value(answer)?;
    if json {
        println!("{}", serde_json::to_string_pretty(&made)?);
    } else {
        println!("account          {}", made.account_id);
        println!("access key id    {}", made.access_key_id);
        println!("access secret    {}", made.access_key_secret);
    }
    Ok(())
}

/// Offers an image to all, or says what hangs on one.
pub(crate) async fn image(command: ImageCommand) -> Result<()> {
    let (file, name, family, platform, target) = match command {
        ImageCommand::Impact(options) => return impact::impact(options).await,
        ImageCommand::Seed { file, system: _, name, family, platform, target } => {
            (file, name, family, platform, target)
        }
    };
    let staged = import::seed(&target, file, name.clone(), platform).await?;
    let family = family.map(|family| family.trim_start_matches("acs:").to_owned());
    let body = SystemImage { image: staged.clone(), name: name.clone(), family };
    let published = ask(&target, Method::POST, "/system-images", &body).await;
    // The bytes are the published image's now; the one that brought them has done its part.
    let client = Client::connect(&target)?;
    client.call(Door::Ecs, "DeleteImage", &[("ImageId", &staged), ("Force", "true")]).await?;
    published?;
    println!("{name}");
    Ok(())
}

/// Verifies what is stored.
pub(crate) async fn verify(options: VerifyOptions) -> Result<()> {
    let body = Verify { deep: options.deep };
    let mut body = open(&options.target, Method::POST, "/verify", &body).await?;
    let bar = ProgressBar::new(0).with_message("verifying");
    let mut line = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.context("the server broke off")?.into_data() else { continue };
        for byte in data {
            if byte != b'\n' {
                line.push(byte);
                continue;
            }
            match serde_json::from_slice(&std::mem::take(&mut line))? {
                Event::Progress { done, of } => {
                    bar.set_length(of);
                    bar.set_position(done);
                }
                Event::Failed(reason) => bail!("the verification could not be finished: {reason}"),
                Event::Done(report) => {
                    bar.finish_and_clear();
                    return judge(&report);
                }
            }
        }
    }
    bail!("the server broke off")
}

fn judge(report: &Value) -> Result<()> {
    let damage = report["damage"].as_array().cloned().unwrap_or_default();
    for item in &damage {
        println!("{}", item.as_str().unwrap_or_default());
    }
    let disks = report["manifests"].as_u64().unwrap_or(0);
    if !damage.is_empty() {
        bail!("{} of what is stored is damaged", damage.len());
    }
    println!("every stored byte is as it was written; {disks} disks");
    Ok(())
}

/// Gives space back.
pub(crate) async fn gc(options: GcOptions) -> Result<()> {
    let grace_millis = i64::from(options.grace) * 1000;
    let report = ask(&options.target, Method::POST, "/gc", &Collect { grace_millis }).await?;
    let number = |name: &str| report[name].as_u64().unwrap_or(0);
    println!(
        "freed {}: {} packs deleted, {} rewritten into {}, {} manifests and {} blobs deleted",
        HumanBytes(number("bytes_freed")),
        number("packs_deleted"),
        number("packs_rewritten"),
        HumanBytes(number("bytes_rewritten")),
        number("manifests_deleted"),
        number("blobs_deleted"),
    );
    Ok(())
}

/// Shows what images store.
pub(crate) async fn usage(options: UsageOptions) -> Result<()> {
    let report = ask(&options.target, Method::GET, "/usage", &()).await?;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
        return Ok(());
    }
    let size = |value: &Value| HumanBytes(value.as_u64().unwrap_or(0)).to_string();
    println!("{:24}  {:>12}  {:>12}  NAME", "IMAGE", "OWN", "SHARED");
    for disk in report["disks"].as_array().into_iter().flatten() {
        let text = |name: &str| disk[name].as_str().unwrap_or_default();
        let (own, shared) = (size(&disk["own_bytes"]), size(&disk["shared_bytes"]));
        println!("{:24}  {own:>12}  {shared:>12}  {}", text("image_id"), text("image_name"));
    }
    println!("{} in {} packs", size(&report["pack_bytes"]), report["packs"]);
    Ok(())
}

/// Sends a request and reads its whole answer.
pub(super) async fn ask<T: Serialize>(target: &Target, method: Method, path: &str, body: &T) -> Result<Value> {
    let answer = open(target, method, path, body).await?.collect().await?.to_bytes();
    serde_json::from_slice(&answer).context("the server's answer is not JSON")
}

/// Sends a request and returns the body of its answer.
async fn open<T: Serialize>(target: &Target, method: Method, path: &str, body: &T) -> Result<Incoming> {
    let socket = target.data_dir()?.path("admin.sock");
    let stream = UnixStream::connect(&socket)
        .await
        .with_context(|| format!("no server answers at {}; start one with `tintype serve`", socket.display()))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "tintype")
        .body(Full::new(Bytes::from(serde_json::to_vec(body)?)))?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = response.into_body();
    if status.is_success() {
        return Ok(body);
    }
    let answer = body.collect().await?.to_bytes();
    let reason: Value = serde_json::from_slice(&answer).unwrap_or_default();
    bail!("{}", reason["error"].as_str().unwrap_or("the server refused the request"))
}
