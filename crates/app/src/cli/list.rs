//! The commands that show images and tasks, and the small ones on a single image or task.

use anyhow::{Context as _, Result};
use model::{Clock as _, SystemClock};
use serde_json::Value;
use wire::encode;

use super::Target;
use super::client::{Client, Door};
use crate::nbd_name::{DiskName, LONGEST_VALIDITY};

/// Options of `tintype images`.
#[derive(Debug, clap::Args)]
pub(crate) struct ImagesOptions {
    /// Print the server's own answer
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Target,
}

/// Options of `tintype tasks`.
#[derive(Debug, clap::Args)]
pub(crate) struct TasksOptions {
    /// Print the server's own answer
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Target,
}

/// Options of `tintype cancel`.
#[derive(Debug, clap::Args)]
pub(crate) struct CancelOptions {
    /// Id of the task
    task: String,
    #[command(flatten)]
    target: Target,
}

/// Options of `tintype delete`.
#[derive(Debug, clap::Args)]
pub(crate) struct DeleteOptions {
    /// Id of the image
    image: String,
    /// Delete it even if servers were made from it
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    target: Target,
}

/// Options of `tintype nbd`.
#[derive(Debug, clap::Args)]
pub(crate) struct NbdOptions {
    /// Id of the image
    image: String,
    /// Which disk: 0 is the system disk
    #[arg(long, default_value_t = 0)]
    disk: usize,
    /// The address over TCP, under a name that the caller's key signs
    #[arg(long)]
    tcp: bool,
    /// How long that name is good
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600, requires = "tcp",
          value_parser = clap::value_parser!(u32).range(1..=i64::from(LONGEST_VALIDITY)))]
    expires: u32,
    #[command(flatten)]
    target: Target,
}

/// Shows images, newest first.
pub(crate) async fn images(options: ImagesOptions) -> Result<()> {
    let client = Client::connect(&options.target)?;
    let found = pages(&client, "DescribeImages", &[("Status", "ALL")], "Images", "Image").await?;
    let columns = ["ImageId", "ImageName", "Status", "Progress", "Size", "Architecture", "CreationTime"];
    show(options.json, found, &columns)
}

/// Shows tasks, newest first.
pub(crate) async fn tasks(options: TasksOptions) -> Result<()> {
    let client = Client::connect(&options.target)?;
    let found = pages(&client, "DescribeTasks", &[], "TaskSet", "Task").await?;
    show(options.json, found, &["TaskId", "TaskAction", "TaskStatus", "ResourceId", "CreationTime", "FinishedTime"])
}

/// Cancels a task.
pub(crate) async fn cancel(options: CancelOptions) -> Result<()> {
    let client = Client::connect(&options.target)?;
    client.call(Door::Ecs, "CancelTask", &[("TaskId", &options.task)]).await?;
    Ok(())
}

/// Deletes an image.
pub(crate) async fn delete(options: DeleteOptions) -> Result<()> {
    let client = Client::connect(&options.target)?;
    let force = options.force.to_string();
    client.call(Door::Ecs, "DeleteImage", &[("ImageId", &options.image), ("Force", &force)]).await?;
    Ok(())
}

/// Prints the NBD address of an image's disk.
pub(crate) async fn nbd(options: NbdOptions) -> Result<()> {
    let client = Client::connect(&options.target)?;
    let params = [("ImageId", options.image.as_str()), ("Status", "Available,Deprecated")];
    let answer = client.call(Door::Ecs, "DescribeImages", &params).await?;
    let disks = &answer["Images"]["Image"][0]["DiskDeviceMappings"]["DiskDeviceMapping"];
    let there = disks.get(options.disk).is_some();
    anyhow::ensure!(there, "there is no available image {} with a disk {}", options.image, options.disk);
    let name = DiskName { image: options.image.parse().context("that is no image's id")?, disk: options.disk };
    if options.tcp {
        let address = client.server.nbd_endpoint.as_ref();
        let address = address.context("the server has no NBD door over TCP; start it with --nbd-listen")?;
        let expires = SystemClock.now().plus_millis(i64::from(options.expires) * 1_000);
        println!("nbd://{address}/{}", encode::encode(&name.sign(&client.credentials, expires)?));
        return Ok(());
    }
    let socket = options.target.data_dir()?.path("nbd.sock");
    let socket = std::path::absolute(socket)?;
    println!("nbd+unix:///{name}?socket={}", socket.display());
    Ok(())
}

/// Every page of a list.
pub(super) async fn pages(
    client: &Client,
    action: &str,
    params: &[(&str, &str)],
    set: &str,
    item: &str,
) -> Result<Vec<Value>> {
    let mut found = Vec::new();
    for number in 1.. {
        let number = number.to_string();
        let page = [("PageNumber", number.as_str()), ("PageSize", "100")];
        let mut answer = client.call(Door::Ecs, action, &[params, &page].concat()).await?;
        let items = answer[set][item].take();
        let Value::Array(items) = items else { anyhow::bail!("the answer has no {set}.{item}") };
        let last = items.len() < 100;
        found.extend(items);
        if last {
            break;
        }
    }
    Ok(found)
}

pub(super) fn show(json: bool, rows: Vec<Value>, columns: &[&str]) -> Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(&rows).context("the answer cannot be printed")?);
        return Ok(());
    }
    let cell = |row: &Value, column: &str| match &row[column] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let widths: Vec<usize> = columns
        .iter()
        .map(|column| rows.iter().map(|row| cell(row, column).chars().count()).chain([column.len()]).max().unwrap_or(0))
        .collect();
    let line = |cells: Vec<String>| {
        let padded: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        println!("{}", padded.join("  ").trim_end());
    };
    line(columns.iter().map(|column| (*column).to_owned()).collect());
    for row in &rows {
        line(columns.iter().map(|column| cell(row, column)).collect());
    }
    Ok(())
}
