//! `tintype`: the server, and the commands that talk to it.

mod cli;
mod data_dir;
mod nbd_name;
mod serve;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    // reqwest and rustls are built without a provider of their own, so that there is one in the program.
    let installed = rustls::crypto::ring::default_provider().install_default();
    debug_assert!(installed.is_ok(), "nothing has installed a provider before main");
    match cli::run(arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("tintype: {error:#}");
            ExitCode::FAILURE
        }
    }
}
