//! `cargo xtask …`: what the project does to itself. CI runs these, word for word.

mod generate;
mod setup;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use clap::Parser;

/// The project's own tasks.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
enum Task {
    /// Install what the tests need, then check and test everything
    Test {
        /// Arguments for the test runner, such as a name
        #[arg(trailing_var_arg = true)]
        arguments: Vec<String>,
    },
    /// Install what the tests need
    Setup,
    /// Format, lint, check the walls and the generated documents
    Check,
    /// Check the walls between crates, the size of files, licences
    Tidy,
    /// Write the generated documents
    Generate {
        /// Only check that they are fresh
        #[arg(long)]
        check: bool,
    },
}

fn main() -> Result<()> {
    match Task::parse() {
        Task::Test { arguments } => {
            setup::run()?;
            check()?;
            test(&arguments)
        }
        Task::Setup => setup::run(),
        Task::Check => check(),
        Task::Tidy => tidy::run(),
        Task::Generate { check } => generate::run(check),
    }
}

fn check() -> Result<()> {
    step("cargo", &["fmt", "--all", "--check"])?;
    step("cargo", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    tidy::run()?;
    generate::run(true)
}

fn test(arguments: &[String]) -> Result<()> {
    // The end-to-end tests drive the program as users build it.
    step("cargo", &["build", "--release", "-p", "tintype"])?;
    let mut all = vec!["nextest", "run", "--workspace", "--no-fail-fast"];
    all.extend(arguments.iter().map(String::as_str));
    step("cargo", &all)
}

/// Runs a program in the project's folder, and fails with it.
fn step(program: &str, arguments: &[&str]) -> Result<()> {
    println!("$ {program} {}", arguments.join(" "));
    let status = Command::new(program)
        .args(arguments)
        .env("TINTYPE_GUESTS", root().join("target/guests"))
        .current_dir(root())
        .status();
    let status = status.with_context(|| format!("{program} cannot be run"))?;
    ensure!(status.success(), "{program} {} failed", arguments.join(" "));
    Ok(())
}

/// The project's folder.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the project's folder").to_owned()
}
