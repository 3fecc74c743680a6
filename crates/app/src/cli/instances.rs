//! The commands that show servers.

use anyhow::Result;

use super::Target;
use super::client::Client;
use super::list::{pages, show};

/// Options of `tintype instances`.
#[derive(Debug, clap::Args)]
pub(crate) struct InstancesOptions {
    /// Print the server's own answer
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Target,
}

/// Shows servers, newest first, with the address at which each is reached.
pub(crate) async fn instances(options: InstancesOptions) -> Result<()> {
    let client = Client::connect(&options.target)?;
    let mut found = pages(&client, "DescribeInstances", &[], "Instances", "Instance").await?;
    for instance in &mut found {
        let first = |pointer: &str| instance.pointer(pointer).and_then(|value| value.as_str()).map(str::to_owned);
        let address = ["/EipAddress/IpAddress", "/PublicIpAddress/IpAddress/0", "/InnerIpAddress/IpAddress/0"]
            .iter()
            .find_map(|pointer| first(pointer).filter(|address| !address.is_empty()));
        let reason = first("/OperationLocks/LockReason/0/LockMsg").unwrap_or_default();
        instance["Address"] = address.unwrap_or_default().into();
        instance["Reason"] = reason.into();
    }
    let columns = ["InstanceId", "InstanceName", "Status", "InstanceType", "ImageId", "Address", "Reason"];
    show(options.json, found, &columns)
}
