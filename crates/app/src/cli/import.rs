//! `tintype import`: upload a file, import it, and say when the image can be used.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::Method;
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use super::Target;
use super::client::{Client, Door};

/// Bytes of one part of the upload.
const PART: u64 = 64 << 20;

/// Bytes that are read from the file at once.
const CHUNK: usize = 1 << 20;

const ROLE: &str = "AliyunECSImageImportDefaultRole";
const POLICY: &str = "AliyunECSImageImportRolePolicy";

/// The command's options.
#[derive(Debug, clap::Args)]
pub(crate) struct ImportOptions {
    /// Disk file: RAW, VHD or QCOW2
    file: PathBuf,
    /// Name of the image
    #[arg(long)]
    name: String,
    /// Format of the file: raw, vhd or qcow2 [default: found in its content]
    #[arg(long)]
    format: Option<String>,
    /// Size of disks made from the image, in GiB [default: the file's, rounded up]
    #[arg(long, value_name = "GIB")]
    size: Option<u32>,
    /// What to say about the image
    #[arg(long, default_value = "")]
    description: String,
    /// Processor of the guest: x86_64, i386 or arm64
    #[arg(long, default_value = "x86_64")]
    architecture: String,
    /// Firmware of the guest: BIOS or UEFI
    #[arg(long, value_name = "MODE")]
    boot_mode: Option<String>,
    /// Distribution of the guest, such as `Debian`
    #[arg(long, default_value = "Others Linux")]
    platform: String,
    /// Bucket for the upload [default: one of the account's own, which is made]
    #[arg(long)]
    bucket: Option<String>,
    /// Keep the uploaded object
    #[arg(long)]
    keep: bool,
    #[command(flatten)]
    target: Target,
}

/// Runs the command.
pub(crate) async fn run(options: ImportOptions) -> Result<()> {
    println!("{}", bring_in(&options).await?);
    Ok(())
}

/// Imports a file as `tintype image seed` does; returns the image's id.
pub(super) async fn seed(target: &Target, file: PathBuf, name: String, platform: Option<String>) -> Result<String> {
    let options = ImportOptions {
        file,
        name,
        format: None,
        size: None,
        description: String::new(),
        architecture: "x86_64".to_owned(),
        boot_mode: None,
        platform: platform.unwrap_or_else(|| "Others Linux".to_owned()),
        bucket: None,
        keep: false,
        target: target.clone(),
    };
    bring_in(&options).await
}

async fn bring_in(options: &ImportOptions) -> Result<String> {
    let client = Client::connect(&options.target)?;
    let bucket = ensure_bucket(&client, options.bucket.as_deref()).await?;
    client.ensure_role(ROLE, POLICY).await?;
    let file_name = options.file.file_name().and_then(|name| name.to_str()).context("the file has no usable name")?;
    let key = format!("imports/{}/{file_name}", options.name);
    upload(&client, &options.file, &bucket, &key).await?;
    let outcome = import(&client, options, &bucket, &key).await;
    if !options.keep {
        client.send_oss(client.oss(Method::DELETE, &bucket, &key, &[])).await?;
    }
    outcome
}

/// The bucket that was asked for, or one of the account's own in the region.
pub(crate) async fn ensure_bucket(client: &Client, asked: Option<&str>) -> Result<String> {
    let name = match asked {
        Some(name) => name.to_owned(),
        None => format!("tintype-{}-{}", client.credentials.account_id, client.region),
    };
    let body = format!(
        "<CreateBucketConfiguration><LocationConstraint>oss-{}</LocationConstraint></CreateBucketConfiguration>",
        client.region
    );
    client.send_oss(client.oss(Method::PUT, &name, "", &[]).body(body)).await?;
    Ok(name)
}

async fn import(client: &Client, options: &ImportOptions, bucket: &str, key: &str) -> Result<String> {
    let size = options.size.map(|size| size.to_string());
    let mut params = vec![
        ("ImageName", options.name.as_str()),
        ("Description", options.description.as_str()),
        ("Architecture", options.architecture.as_str()),
        ("Platform", options.platform.as_str()),
        ("DiskDeviceMapping.1.OSSBucket", bucket),
        ("DiskDeviceMapping.1.OSSObject", key),
    ];
    let optional = [
        ("BootMode", options.boot_mode.as_deref()),
        ("DiskDeviceMapping.1.Format", options.format.as_deref()),
        ("DiskDeviceMapping.1.DiskImageSize", size.as_deref()),
    ];
    params.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value?))));
    let answer = client.call(Door::Ecs, "ImportImage", &params).await?;
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    let (image, task) = (text("ImageId"), text("TaskId"));
    let bar = percent_bar(&format!("importing as {image}"));
    client.wait(&task, |percent| bar.set_position(percent)).await?;
    bar.finish_and_clear();
    Ok(image)
}

/// A bar from 0 to 100, on terminals only.
pub(crate) fn percent_bar(message: &str) -> ProgressBar {
    let bar = ProgressBar::new(100).with_message(message.to_owned());
    bar.set_style(style("{msg} [{bar:40}] {pos}%"));
    bar
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is well formed").progress_chars("=> ")
}

/// Uploads in parts, each streamed from the file: memory does not grow with the file.
async fn upload(client: &Client, path: &PathBuf, bucket: &str, key: &str) -> Result<()> {
    let len = tokio::fs::metadata(path).await.with_context(|| format!("cannot read {}", path.display()))?.len();
    let begun = client.send_oss(client.oss(Method::POST, bucket, key, &[("uploads", "")])).await?.text().await?;
    let id = between(&begun, "<UploadId>", "</UploadId>").context("the OSS door gave no upload id")?.to_owned();
    let bar = ProgressBar::new(len).with_message("uploading");
    bar.set_style(style("{msg} [{bar:40}] {bytes}/{total_bytes} {bytes_per_sec}"));
    let sent = async {
        let mut parts = String::new();
        for (number, start) in (0..len.max(1)).step_by(usize::try_from(PART)?).enumerate() {
            let number = (number + 1).to_string();
            let query = [("partNumber", number.as_str()), ("uploadId", id.as_str())];
            let size = PART.min(len - start);
            let mut file = File::open(path).await?;
            file.seek(std::io::SeekFrom::Start(start)).await?;
            let progress = bar.clone();
            let chunks = futures::stream::try_unfold(file.take(size), move |mut rest| {
                let progress = progress.clone();
                async move {
                    let mut chunk = Vec::with_capacity(CHUNK);
                    (&mut rest).take(CHUNK as u64).read_to_end(&mut chunk).await?;
                    progress.inc(chunk.len() as u64);
                    Ok::<_, std::io::Error>((!chunk.is_empty()).then_some((chunk, rest)))
                }
            });
            let part = client.oss(Method::PUT, bucket, key, &query).header("content-length", size);
            let answer = client.send_oss(part.body(reqwest::Body::wrap_stream(chunks))).await?;
            let etag = answer.headers().get("etag").and_then(|etag| etag.to_str().ok()).context("no entity tag")?;
            parts.push_str(&format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"));
        }
        let complete = client.oss(Method::POST, bucket, key, &[("uploadId", id.as_str())]);
        let list = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
        client.send_oss(complete.body(list)).await?;
        Ok(())
    }
    .await;
    bar.finish_and_clear();
    if let Err(error) = sent {
        // An upload that cannot be ended is the server's to forget.
        let _ = client.send_oss(client.oss(Method::DELETE, bucket, key, &[("uploadId", id.as_str())])).await;
        return Err(error);
    }
    Ok(())
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split_once(end).map(|(inner, _)| inner)
}
