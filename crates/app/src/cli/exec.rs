//! `tintype exec`: run any client with keys and endpoints set for the server.
//!
//! Clients read their keys and endpoints from variables of several names; this sets all of them. What clients have built
//! in (host names without an option) is a matter of name resolution, which this does not touch.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::Target;
use super::client::Client;

/// The command's options.
#[derive(Debug, clap::Args)]
pub(crate) struct ExecOptions {
    #[command(flatten)]
    target: Target,
    /// The command and its arguments
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

/// Becomes the command.
pub(crate) fn run(options: ExecOptions) -> Result<()> {
    let client = Client::connect(&options.target)?;
    let (program, arguments) = options.command.split_first().context("there is no command to run")?;
    let (id, secret) = (&client.credentials.access_key_id, &client.credentials.access_key_secret);
    let (endpoint, oss) = (&client.server.endpoint, format!("http://{}", client.server.oss_endpoint));
    let mut command = Command::new(program);
    command.args(arguments);
    for name in ["ALIBABA_CLOUD_ACCESS_KEY_ID", "ALICLOUD_ACCESS_KEY", "OSS_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID"] {
        command.env(name, id);
    }
    for name in
        ["ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALICLOUD_SECRET_KEY", "OSS_ACCESS_KEY_SECRET", "AWS_SECRET_ACCESS_KEY"]
    {
        command.env(name, secret);
    }
    for name in ["ALIBABA_CLOUD_REGION_ID", "ALICLOUD_REGION", "OSS_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"] {
        command.env(name, &client.region);
    }
    for name in ["ECS", "RAM", "STS", "LOCATION"] {
        command.env(format!("ALIBABA_CLOUD_ENDPOINT_{name}"), endpoint);
        command.env(format!("{name}_ENDPOINT"), endpoint);
    }
    command.env("TINTYPE_ENDPOINT", format!("http://{endpoint}"));
    command.env("OSS_ENDPOINT", &oss).env("AWS_ENDPOINT_URL_S3", &oss).env("TINTYPE_OSS_ENDPOINT", &oss);
    if let Some(ca) = &client.server.ca_file {
        for name in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "AWS_CA_BUNDLE"] {
            command.env(name, ca);
        }
    }
    // Only returns when it could not become the command.
    Err(command.exec()).with_context(|| format!("cannot run {program}"))
}
