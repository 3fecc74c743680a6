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
    ("qemu-system-x86", "/usr/bin/qemu-system-x86_64"),
    ("ovmf", "/usr/share/OVMF/OVMF_CODE.fd"),
    ("openssh-client", "/usr/bin/ssh"),
    ("fio", "/usr/bin/fio"),
    ("packer", "/usr/bin/packer"),
    // What the guest is built with.
    ("mmdebstrap", "/usr/bin/mmdebstrap"),
    ("fdisk", "/usr/sbin/sfdisk"),
    ("dosfstools", "/usr/sbin/mkfs.vfat"),
    ("mtools", "/usr/bin/mcopy"),
    ("syslinux", "/usr/bin/syslinux"),
    ("syslinux-common", "/usr/lib/syslinux/mbr/mbr.bin"),
];

pub(crate) fn run() -> Result<()> {
    // A package may push out another that came from a newer release (QEMU's pieces do): what went is brought back.
    for _ in 0..2 {
        let missing = missing();
        if !missing.is_empty() {
            install(&missing)?;
        }
    }
    let missing = missing();
    ensure!(missing.is_empty(), "these packages cannot be installed together: {}", missing.join(" "));
    if !runs("cargo-nextest", "--version") {
        step("cargo", &["install", "--locked", "cargo-nextest"])?;
    }
    let clients = root().join("target/clients");
    std::fs::create_dir_all(&clients)?;
    let clients = clients.to_string_lossy().into_owned();
    step("bash", &["crates/oss/tests/clients/install.sh", &clients])?;
    step("bash", &["e2e/clients/install.sh", &clients])?;
    // Once, and not by whichever test comes first.
    as_root("sh", &["e2e/guests/debian.sh", &root().join("target/guests").to_string_lossy()])
}

/// Packages that are not there. Where another npm is on the path, Debian's is not needed.
fn missing() -> Vec<&'static str> {
    let absent = PACKAGES.iter().filter(|(_, file)| !Path::new(file).exists()).map(|(name, _)| *name);
    absent.filter(|name| *name != "npm" || !runs("npm", "--version")).collect()
}

fn install(packages: &[&str]) -> Result<()> {
    println!("installing {}", packages.join(" "));
    as_root("apt-get", &["update", "-qq"])?;
    as_root("apt-get", &[&["install", "-y", "-qq", "--no-install-recommends"], packages].concat())
}

/// Runs a program that needs the rights of root.
fn as_root(program: &str, arguments: &[&str]) -> Result<()> {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout == b"0\n");
    if is_root {
        return step(program, arguments);
    }
    ensure!(runs("sudo", "--version"), "{program} {} needs root", arguments.join(" "));
    step("sudo", &[&[program], arguments].concat())
}

fn runs(program: &str, argument: &str) -> bool {
    let status = Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
