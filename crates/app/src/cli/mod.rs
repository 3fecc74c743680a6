//! The command line: a server, and a client of its API like any other.

mod admin;
mod client;
mod exec;
mod export;
mod impact;
mod import;
mod inquiry;
mod instances;
mod list;
mod quota;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::data_dir::DataDir;
use crate::serve::{self, ServeOptions};

/// Alibaba Cloud's custom images, on machines that you own.
#[derive(Debug, Parser)]
#[command(name = "tintype", version, about)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Which server a command talks to.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Target {
    /// Data directory of the server [default: $XDG_DATA_HOME/tintype]
    #[arg(long, value_name = "DIR", env = "TINTYPE_DATA")]
    data: Option<PathBuf>,
    /// Region [default: the server's first]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(Box<ServeOptions>),
    /// Upload a disk file and make an image of it
    Import(import::ImportOptions),
    /// Write an image into files
    Export(export::ExportOptions),
    /// List images
    Images(list::ImagesOptions),
    /// List tasks
    Tasks(list::TasksOptions),
    /// Cancel a running task
    Cancel(list::CancelOptions),
    /// Delete an image
    Delete(list::DeleteOptions),
    /// List servers
    Instances(instances::InstancesOptions),
    /// Offer images to all accounts, and show what hangs on one
    #[command(subcommand)]
    Image(admin::ImageCommand),
    /// Print the address at which an image's disk can be read block by block
    Nbd(list::NbdOptions),
    /// Manage accounts
    #[command(subcommand)]
    Account(admin::AccountCommand),
    /// Manage how much an account may have
    #[command(subcommand)]
    Quota(quota::QuotaCommand),
    /// Say what policies allow, and why
    #[command(subcommand)]
    Policy(inquiry::PolicyCommand),
    /// List who did what
    Audit(inquiry::AuditOptions),
    /// Read and check every stored byte
    Verify(admin::VerifyOptions),
    /// Give back the space of what nothing needs any more
    Gc(admin::GcOptions),
    /// Show what each image stores of its own and shares with others
    Usage(admin::UsageOptions),
    /// Run a client with keys and endpoints set for the server
    Exec(exec::ExecOptions),
    /// Carry a guest's connection to the metadata service
    #[command(hide = true)]
    Relay(RelayOptions),
}

/// What QEMU starts for each connection of a guest to the metadata service.
#[derive(Debug, clap::Args)]
struct RelayOptions {
    /// Socket of the service
    socket: PathBuf,
    /// Id of the machine
    machine: String,
}

/// Does what the command line asks for.
pub(crate) fn run(arguments: Arguments) -> Result<ExitCode> {
    match arguments.command {
        Command::Exec(options) => return runtime()?.block_on(exec::run(options)),
        Command::Relay(options) => host::imds::relay(&options.socket, &options.machine).map_err(Into::into),
        Command::Instances(options) => block_on(instances::instances(options)),
        Command::Image(command) => block_on(admin::image(command)),
        Command::Serve(options) => serve::run(*options),
        Command::Import(options) => block_on(import::run(options)),
        Command::Export(options) => block_on(export::run(options)),
        Command::Images(options) => block_on(list::images(options)),
        Command::Tasks(options) => block_on(list::tasks(options)),
        Command::Cancel(options) => block_on(list::cancel(options)),
        Command::Delete(options) => block_on(list::delete(options)),
        Command::Nbd(options) => block_on(list::nbd(options)),
        Command::Account(command) => block_on(admin::account(command)),
        Command::Quota(command) => block_on(quota::quota(command)),
        Command::Policy(command) => block_on(inquiry::policy(command)),
        Command::Audit(options) => block_on(inquiry::audit(options)),
        Command::Verify(options) => block_on(admin::verify(options)),
        Command::Gc(options) => block_on(admin::gc(options)),
        Command::Usage(options) => block_on(admin::usage(options)),
    }?;
    Ok(ExitCode::SUCCESS)
}

impl Target {
    fn data_dir(&self) -> Result<DataDir> {
        DataDir::choose(self.data.clone())
    }
}

fn block_on(work: impl Future<Output = Result<()>>) -> Result<()> {
    runtime()?.block_on(work)
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?)
}
