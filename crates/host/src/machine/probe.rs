//! What this host can do: which QEMU it has, with which firmware, and whether KVM really runs guests here.
//!
//! The only proof that an accelerator works is a guest that ran, so one runs ([`super::probe_guest`]). A KVM that
//! takes more than five seconds for it is none. The answer is kept in a file for this boot of the host and this QEMU,
//! since asking again would only cost the next start five seconds.

use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::process::Command;
use tokio::time::timeout;

use super::error::{Error, Reason};
use super::probe_guest;

/// QEMU, as distributions call it.
const PROGRAM: &str = "qemu-system-x86_64";

/// The oldest major version whose command line and block commands are these.
const OLDEST: u32 = 7;

/// How long the tiny guest may take. Hardware needs a tenth of a second.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long QEMU may take to say its version.
const VERSION_PATIENCE: Duration = Duration::from_secs(10);

/// Where distributions put OVMF: its code, and the variables that a new machine begins with.
const UEFI: &[(&str, &str)] = &[
    ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
    ("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"),
    ("/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"),
    ("/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"),
    ("/usr/share/edk2/x64/OVMF_CODE.fd", "/usr/share/edk2/x64/OVMF_VARS.fd"),
    ("/usr/share/qemu/ovmf-x86_64-code.bin", "/usr/share/qemu/ovmf-x86_64-vars.bin"),
];

/// What runs a guest's instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Accelerator {
    /// The processor, through the kernel.
    Kvm,
    /// QEMU's translator: any host can, ten to thirty times slower.
    Tcg,
}

/// What runs machines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Driver {
    /// The QEMU in `PATH`; without one, machines are kept on record.
    #[default]
    Auto,
    /// This QEMU, and no other.
    Qemu(PathBuf),
    /// Nothing: machines are kept on record.
    Record,
}

/// What a hypervisor can do, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HypervisorInfo {
    /// `qemu`, or `record` where machines exist in name only.
    pub driver: &'static str,
    /// QEMU's version.
    pub version: Option<String>,
    /// What runs instructions.
    pub accelerator: Option<Accelerator>,
    /// Whether a machine that starts really boots.
    pub boots: bool,
    /// Whether machines with UEFI firmware can start.
    pub uefi: bool,
    /// Why it is so, for a person.
    pub reason: String,
}

/// The QEMU of this host.
#[derive(Debug, Clone)]
pub(super) struct Qemu {
    pub(super) program: PathBuf,
    pub(super) version: String,
    pub(super) accelerator: Accelerator,
    pub(super) uefi: Option<UefiFirmware>,
}

/// Files of OVMF.
#[derive(Debug, Clone)]
pub(super) struct UefiFirmware {
    pub(super) code: PathBuf,
    pub(super) vars: PathBuf,
}

/// The answer that is kept.
#[derive(Debug, Serialize, Deserialize)]
struct Remembered {
    boot_id: String,
    version: String,
    accelerator: Accelerator,
    reason: String,
}

/// Looks for QEMU, and finds out what it can do. `None` comes with the reason why there is none to use.
///
/// A program that was named and cannot run is an error: whoever names one means that one.
pub(super) async fn probe(
    directory: &Path,
    driver: &Driver,
    forced: Option<Accelerator>,
) -> Result<(Option<Qemu>, String), Error> {
    let on_record = |why: &str| Ok((None, format!("{why}, so machines exist on record only: none boots")));
    let program = match driver {
        Driver::Record => return on_record("the configuration says so"),
        Driver::Qemu(program) => program.clone(),
        Driver::Auto => match in_path(PROGRAM) {
            Some(program) => program,
            None => return on_record("qemu-system-x86_64 is not in PATH"),
        },
    };
    let version = match version(&program).await {
        Ok(version) => version,
        Err(source) => return Err(Reason::NoQemu { path: program, source }.into()),
    };
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok()).unwrap_or(0);
    if major < OLDEST {
        let source = io::Error::other(format!("version {version} is older than {OLDEST}.0"));
        return Err(Reason::NoQemu { path: program, source }.into());
    }
    let (accelerator, reason) = match forced {
        Some(accelerator) => (accelerator, "the configuration says so".to_owned()),
        None => accelerator(directory, &program, &version).await?,
    };
    let there = |&&(code, vars): &&(&str, &str)| Path::new(code).is_file() && Path::new(vars).is_file();
    let uefi = UEFI.iter().find(there).map(|(code, vars)| UefiFirmware { code: code.into(), vars: vars.into() });
    Ok((Some(Qemu { program, version, accelerator, uefi }), reason))
}

fn in_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// `QEMU emulator version 7.2.22 (Debian …)`: the number.
async fn version(program: &Path) -> io::Result<String> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).kill_on_drop(true).output();
    let output = timeout(VERSION_PATIENCE, output).await??;
    let text = String::from_utf8_lossy(&output.stdout);
    let number = text.split_whitespace().skip_while(|word| *word != "version").nth(1);
    number.map(ToOwned::to_owned).ok_or_else(|| io::Error::other("it does not say its version"))
}

async fn accelerator(directory: &Path, program: &Path, version: &str) -> Result<(Accelerator, String), Error> {
    let boot_id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let file = directory.join("accelerator.json");
    let known = std::fs::read(&file).ok().and_then(|text| serde_json::from_slice::<Remembered>(&text).ok());
    if let Some(Remembered { accelerator, reason, .. }) =
        known.filter(|known| known.boot_id == boot_id && known.version == version)
    {
        return Ok((accelerator, reason));
    }
    let (accelerator, reason) = match std::fs::OpenOptions::new().read(true).write(true).open("/dev/kvm") {
        Err(error) => (Accelerator::Tcg, format!("/dev/kvm cannot be opened: {error}")),
        Ok(_) => match runs_under_kvm(directory, program).await? {
            Ok(()) => (Accelerator::Kvm, "a tiny guest ran under KVM".to_owned()),
            Err(reason) => (Accelerator::Tcg, format!("/dev/kvm is there, but {reason}")),
        },
    };
    let text = serde_json::to_vec(&Remembered { boot_id, version: version.to_owned(), accelerator, reason });
    let text = text.expect("texts are JSON");
    let failed = |source| Error::from(Reason::Io { action: "write to", path: file.clone(), source });
    std::fs::write(&file, &text).map_err(failed)?;
    let Remembered { reason, .. } = serde_json::from_slice(&text).expect("it was just written");
    Ok((accelerator, reason))
}

/// Runs the tiny guest; the inner result says why it failed.
async fn runs_under_kvm(directory: &Path, program: &Path) -> Result<Result<(), String>, Error> {
    let disk = directory.join("probe.raw");
    let failed = |source| Error::from(Reason::Io { action: "write to", path: disk.clone(), source });
    let file = std::fs::File::create(&disk).map_err(failed)?;
    file.set_len(probe_guest::DISK_BYTES).map_err(failed)?;
    file.write_all_at(&probe_guest::sector(), 0).map_err(failed)?;
    let outcome = run(program, Accelerator::Kvm, directory, "probe.raw").await;
    let _ = std::fs::remove_file(&disk);
    Ok(outcome)
}

async fn run(program: &Path, accelerator: Accelerator, directory: &Path, disk: &str) -> Result<(), String> {
    let (accelerator, processor) = match accelerator {
        Accelerator::Kvm => ("kvm", "host"),
        Accelerator::Tcg => ("tcg", "max"),
    };
    let mut command = Command::new(program);
    command.args(["-nodefaults", "-no-user-config", "-display", "none", "-machine", "q35", "-m", "32"]);
    command.args(["-accel", accelerator, "-cpu", processor]);
    command.args(["-blockdev", &format!("driver=file,filename={disk},read-only=on,node-name=disk")]);
    command.args(["-device", "virtio-blk-pci,drive=disk,bootindex=0"]);
    command.args(["-device", &format!("isa-debug-exit,iobase={:#x},iosize=1", probe_guest::EXIT_PORT)]);
    command.current_dir(directory).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    match timeout(PATIENCE, command.output()).await {
        Err(_) => Err(format!("a tiny guest did not end within {} s", PATIENCE.as_secs())),
        Ok(Err(error)) => Err(format!("QEMU could not be run: {error}")),
        Ok(Ok(output)) if output.status.code() == Some(probe_guest::EXIT_STATUS) => Ok(()),
        Ok(Ok(output)) => {
            let stderr = String::from_utf8_lossy(&output.stderr);
            Err(format!("QEMU ended with {}: {}", output.status, stderr.lines().last().unwrap_or_default()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The guest itself is right: where instructions surely run, it ends as it should.
    #[tokio::test]
    async fn the_tiny_guest_runs_under_tcg() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = std::fs::File::create(directory.path().join("disk")).expect("a file");
        file.set_len(probe_guest::DISK_BYTES).expect("sized");
        file.write_all_at(&probe_guest::sector(), 0).expect("written");
        let program = in_path(PROGRAM).expect("QEMU is installed");
        assert_eq!(run(&program, Accelerator::Tcg, directory.path(), "disk").await, Ok(()));
        // A guest that does nothing is not taken for one that ran.
        file.write_all_at(&[0; 512], 0).expect("written");
        let outcome = run(&program, Accelerator::Tcg, directory.path(), "disk").await;
        assert!(outcome.expect_err("it cannot boot").contains("did not end"));
    }

    #[tokio::test]
    async fn an_answer_is_kept_for_this_boot_and_this_version() {
        let directory = tempfile::tempdir().expect("a directory");
        let boot_id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("Linux");
        let mut known = Remembered {
            boot_id,
            version: "9.9.9".to_owned(),
            accelerator: Accelerator::Kvm,
            reason: "it was asked before".to_owned(),
        };
        let nothing = Path::new("/nonexistent");
        let write = |known: &Remembered| {
            let text = serde_json::to_vec(known).expect("JSON");
            std::fs::write(directory.path().join("accelerator.json"), text).expect("written");
        };
        write(&known);
        let (found, reason) = accelerator(directory.path(), nothing, "9.9.9").await.expect("known");
        assert_eq!((found, reason.as_str()), (Accelerator::Kvm, "it was asked before"));
        known.boot_id.clear();
        write(&known);
        // Asked again, a QEMU that is not there proves nothing, so the answer differs.
        let (found, _) = accelerator(directory.path(), nothing, "9.9.9").await.expect("asked");
        assert_eq!(found, Accelerator::Tcg);
    }

    #[tokio::test]
    async fn a_named_program_that_is_no_qemu_is_an_error() {
        let directory = tempfile::tempdir().expect("a directory");
        for program in ["/nonexistent", "/bin/true"] {
            let outcome = probe(directory.path(), &Driver::Qemu(program.into()), None).await;
            assert_eq!(outcome.expect_err(program).kind(), crate::machine::ErrorKind::NotStarted);
        }
    }
}
