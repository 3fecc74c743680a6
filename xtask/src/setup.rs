//! Installs what the tests need: Debian packages, and the official clients into `target/clients`.
//!
//! It only adds what is missing, so that it costs nothing the second time.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

use crate::{root, step};

/// Debian packages, each with a file that says it is there.
const PACKAGES: &[(&str, &str)] = &[
    ("postgresql", "/usr/lib/postgresql"),
    ("qemu-utils", "/usr/bin/qemu-img"),
    ("libnbd-bin", "/usr/bin/nbdinfo"),
    ("rclone", "/usr/bin/rclone"),
    ("python3-venv", "/usr/lib/python3/dist-packages"),
    ("npm", "/usr/bin/npm"),
    ("e2fsprogs", "/usr/sbin/mke2fs"),
];

pub(crate) fn run() -> Result<()> {
    let missing: Vec<&str> =
        PACKAGES.iter().filter(|(_, file)| !Path::new(file).exists()).map(|(name, _)| *name).collect();
    // Where another npm or Python is on the path, Debian's are not needed.
    let missing: Vec<&str> = missing.into_iter().filter(|name| *name != "npm" || !runs("npm", "--version")).collect();
    if !missing.is_empty() {
        install(&missing)?;
    }
    if !runs("cargo-nextest", "--version") {
        step("cargo", &["install", "--locked", "cargo-nextest"])?;
    }
    let clients = root().join("target/clients");
    std::fs::create_dir_all(&clients)?;
    let clients = clients.to_string_lossy().into_owned();
    step("bash", &["crates/oss/tests/clients/install.sh", &clients])?;
    step("bash", &["e2e/clients/install.sh", &clients])
}

fn install(packages: &[&str]) -> Result<()> {
    println!("installing {}", packages.join(" "));
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    ensure!(root || runs("sudo", "--version"), "the tests need the Debian packages {}", packages.join(" "));
    let run = |arguments: &[&str]| {
        if root { step("apt-get", arguments) } else { step("sudo", &[&["apt-get"], arguments].concat()) }
    };
    run(&["update", "-qq"])?;
    run(&[&["install", "-y", "-qq", "--no-install-recommends"], packages].concat())
}

fn runs(program: &str, argument: &str) -> bool {
    let status = Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
