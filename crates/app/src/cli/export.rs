//! `tintype export`: write an image's disks into files.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use futures::StreamExt as _;
use reqwest::Method;
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;

use super::Target;
use super::client::{Client, Door};
use super::import::{ensure_bucket, percent_bar};

const ROLE: &str = "AliyunECSImageExportDefaultRole";
const POLICY: &str = "AliyunECSImageExportRolePolicy";

/// The command's options.
#[derive(Debug, clap::Args)]
pub(crate) struct ExportOptions {
    /// Id of the image
    image: String,
    /// Directory for the files
    #[arg(long, default_value = ".")]
    to: PathBuf,
    /// Format: raw (as .raw.tar.gz), vhd or qcow2
    #[arg(long, default_value = "qcow2")]
    format: String,
    /// Bucket on the way [default: one of the account's own, which is made]
    #[arg(long)]
    bucket: Option<String>,
    /// Leave the objects in the bucket and write no file
    #[arg(long)]
    keep: bool,
    #[command(flatten)]
    target: Target,
}

/// Runs the command.
pub(crate) async fn run(options: ExportOptions) -> Result<()> {
    let client = Client::connect(&options.target)?;
    let bucket = ensure_bucket(&client, options.bucket.as_deref()).await?;
    client.ensure_role(ROLE, POLICY).await?;
    let params =
        [("ImageId", options.image.as_str()), ("OSSBucket", bucket.as_str()), ("ImageFormat", options.format.as_str())];
    let answer = client.call(Door::Ecs, "ExportImage", &params).await?;
    let task = answer["TaskId"].as_str().context("the answer names no task")?;
    let bar = percent_bar(&format!("exporting {}", options.image));
    let ended = client.wait(task, |percent| bar.set_position(percent)).await?;
    bar.finish_and_clear();
    let operations = ended["OperationProgressSet"]["OperationProgress"].as_array().cloned().unwrap_or_default();
    for operation in operations {
        let items = operation["RelatedItemSet"]["RelatedItem"].as_array().cloned().unwrap_or_default();
        let object = items.iter().find(|item| item["Name"] == "OSSObject").and_then(|item| item["Value"].as_str());
        let object = object.context("the task names no object")?;
        if options.keep {
            println!("oss://{bucket}/{object}");
            continue;
        }
        let path = options.to.join(object);
        download(&client, &bucket, object, &path).await?;
        client.send_oss(client.oss(Method::DELETE, &bucket, object, &[])).await?;
        println!("{}", path.display());
    }
    Ok(())
}

/// Downloads an object into a file that appears whole or not at all.
async fn download(client: &Client, bucket: &str, key: &str, path: &PathBuf) -> Result<()> {
    let response = client.send_oss(client.oss(Method::GET, bucket, key, &[])).await?;
    let aside = path.with_file_name(format!(".{key}.part"));
    let written = async {
        let mut file = File::create(&aside).await?;
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            file.write_all(&chunk?).await?;
        }
        file.sync_all().await?;
        tokio::fs::rename(&aside, path).await?;
        Ok::<_, anyhow::Error>(())
    };
    let outcome = written.await.with_context(|| format!("cannot write {}", path.display()));
    if outcome.is_err() {
        let _ = tokio::fs::remove_file(&aside).await;
    }
    outcome
}
