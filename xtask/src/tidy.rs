//! The walls: which crate may know which, how long a file may be, and under which licences we stand.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::root;

/// Each crate of ours and the ones that it may know (ARCHITECTURE.md draws the same).
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("policy", &[]),
    ("disk", &[]),
    ("wire", &["model"]),
    ("store", &["disk"]),
    ("meta", &["model"]),
    ("identity", &["model", "policy", "meta"]),
    ("host", &["model", "disk"]),
    ("engine", &["model", "disk", "store", "meta", "host"]),
    ("oss", &["model", "policy", "wire", "meta", "identity", "engine"]),
    ("api", &["model", "policy", "wire", "disk", "meta", "identity", "engine"]),
    ("tintype", &["model", "policy", "wire", "disk", "store", "meta", "identity", "host", "engine", "oss", "api"]),
    ("xtask", &["api"]),
    ("testkit", &[]),
    ("e2e", &[]),
];

/// Crates of others that only some of ours may use: the walls that arrows do not show.
const FOREIGN: &[(&str, &[&str])] = &[
    ("rusqlite", &["meta"]),
    ("tokio-postgres", &["meta"]),
    ("hyper", &["tintype", "oss", "host"]),
    ("zstd", &["disk", "store"]),
    ("flate2", &["disk"]),
    ("tar", &["disk"]),
    ("anyhow", &["tintype", "xtask", "e2e"]),
];

/// Licences that everything we build on must be under one of.
const LICENCES: &[&str] = &[
    "MIT",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "CC0-1.0",
    "Unlicense",
    "0BSD",
    "BSL-1.0",
    "MIT-0",
    "CDLA-Permissive-2.0",
    "Apache-2.0 WITH LLVM-exception",
];

/// A file of more lines is two rooms.
const LONGEST_FILE: usize = 800;

/// Text that says less than it seems.
const BANNED: &[&str] = &["todo!(", "unimplemented!(", "#[ignore", "#[allow(", "#![allow("];

pub(crate) fn run() -> Result<()> {
    let mut faults = Vec::new();
    let metadata = metadata()?;
    check_arrows(&metadata, &mut faults)?;
    check_licences(&metadata, &mut faults);
    for file in sources(&root())? {
        check_file(&file, &mut faults)?;
    }
    if faults.is_empty() {
        println!("tidy");
        return Ok(());
    }
    bail!("{}", faults.join("\n"))
}

fn metadata() -> Result<Value> {
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1"])
        .current_dir(root())
        .output()
        .context("cargo metadata cannot be run")?;
    serde_json::from_slice(&output.stdout).context("cargo metadata is not JSON")
}

fn packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    metadata["packages"].as_array().into_iter().flatten()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn check_arrows(metadata: &Value, faults: &mut Vec<String>) -> Result<()> {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let ours: Vec<&Value> = packages(metadata).filter(|package| package["source"].is_null()).collect();
    for package in &ours {
        let name = text(package, "name");
        let may = allowed.get(name).with_context(|| format!("crate {name} has no row in the table of arrows"))?;
        let dependencies = package["dependencies"].as_array().into_iter().flatten();
        for dependency in dependencies.filter(|dependency| dependency["kind"].is_null()) {
            let other = text(dependency, "name");
            if allowed.contains_key(other) && !may.contains(&other) {
                faults.push(format!("crate {name} must not know {other}"));
            }
            if FOREIGN.iter().any(|(foreign, users)| *foreign == other && !users.contains(&name)) {
                faults.push(format!("crate {name} must not use {other}"));
            }
        }
    }
    Ok(())
}

fn check_licences(metadata: &Value, faults: &mut Vec<String>) {
    for package in packages(metadata).filter(|package| !package["source"].is_null()) {
        let licence = text(package, "license");
        let fine = |one: &str| LICENCES.contains(&one.trim().trim_matches(|c| c == '(' || c == ')'));
        let alternatives = licence.replace('/', " OR ");
        let any = alternatives.split(" OR ").any(|one| one.split(" AND ").all(fine));
        if !any {
            faults.push(format!("{} {} is under {licence:?}", text(package, "name"), text(package, "version")));
        }
    }
}

/// Rust files of ours.
fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if name != "target" && name != "node_modules" && !name.starts_with('.') {
                found.extend(sources(&path)?);
            }
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
    Ok(found)
}

fn check_file(path: &Path, faults: &mut Vec<String>) -> Result<()> {
    let source = std::fs::read_to_string(path)?;
    let name = path.strip_prefix(root()).unwrap_or(path).display();
    let lines = source.lines().count();
    if lines > LONGEST_FILE {
        faults.push(format!("{name} has {lines} lines; a room has at most {LONGEST_FILE}"));
    }
    let opens = source.lines().find(|line| !line.is_empty() && !line.starts_with("#!")).unwrap_or_default();
    if !opens.starts_with("//!") {
        faults.push(format!("{name} does not begin by saying what it is"));
    }
    if !path.ends_with("xtask/src/tidy.rs") {
        for banned in BANNED.iter().filter(|banned| source.contains(**banned)) {
            faults.push(format!("{name} has `{banned}`"));
        }
    }
    Ok(())
}
