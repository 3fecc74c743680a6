//! Servers that boot: a tiny guest that outlives its server, a whole Debian from launch to reset, and Packer.
//!
//! Guests run translated, since what a machine says of its own virtualization cannot be trusted everywhere.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use e2e::{Server, qemu_img, root, wait_within};
use serde_json::Value;

/// A boot sector that writes a line to the first serial port and halts: 8086 code, and the message behind it.
fn boot_sector() -> Vec<u8> {
    let mut sector = vec![
        0x31, 0xc0, // xor ax, ax
        0x8e, 0xd8, // mov ds, ax
        0xba, 0xf8, 0x03, // mov dx, 0x3f8
        0xbe, 0x15, 0x7c, // mov si, the message
        0xac, // next: lodsb
        0x84, 0xc0, // test al, al
        0x74, 0x03, // jz end
        0xee, // out dx, al
        0xeb, 0xf8, // jmp next
        0xf4, // end: hlt
        0xeb, 0xfd, // jmp end
    ];
    sector.extend(b"a boot sector of our own\r\n\0");
    sector.resize(510, 0);
    sector.extend([0x55, 0xaa]);
    sector
}

/// The Debian guest, built when it is not there.
fn debian() -> PathBuf {
    let folder = std::env::var_os("TINTYPE_GUESTS").map_or_else(|| root().join("target/guests"), PathBuf::from);
    let built = Command::new("sh").arg(root().join("e2e/guests/debian.sh")).arg(&folder).status();
    assert!(built.expect("sh runs").success(), "the guest was not built; run `cargo xtask setup` first");
    folder.join("debian.qcow2")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

fn left(server: &Server) -> serde_json::Map<String, Value> {
    let counts: Value = serde_json::from_str(&server.python("machine.py", &["left"])).expect("JSON");
    counts.as_object().expect("an object").clone()
}

#[test]
fn a_machine_outlives_its_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = folder.path().join("tiny.raw");
    let mut bytes = boot_sector();
    bytes.resize(1 << 20, 0);
    fs::write(&disk, bytes).expect("written");
    let mut server = Server::start();
    let image = server.run(&["import", text(&disk), "--name", "tiny"]);
    let instance = server.python("machine.py", &["launch", image.trim()]).trim().to_owned();
    let says =
        |server: &Server| server.python("machine.py", &["console", &instance]).contains("a boot sector of our own");
    wait_within(Duration::from_secs(60), "the guest speaks", || says(&server));

    let pid = || fs::read_to_string(server.data().join("machines").join(&instance).join("qemu.pid")).expect("a pid");
    let before = pid();
    server.kill();
    server.launch();
    let status = |server: &Server| server.python("machine.py", &["status", &instance]).trim().to_owned();
    assert_eq!(status(&server), "Running", "the machine was taken over");
    let pid = fs::read_to_string(server.data().join("machines").join(&instance).join("qemu.pid")).expect("a pid");
    assert_eq!(pid, before, "it is the same machine");
    assert!(says(&server));

    // A machine that dies is a server that stopped, and says why; the next start works.
    assert!(Command::new("kill").args(["-9", pid.trim()]).status().expect("kill runs").success());
    wait_within(Duration::from_secs(30), "it reads Stopped", || status(&server).starts_with("Stopped "));
    assert!(status(&server).contains("killed"), "{}", status(&server));
    server.python("machine.py", &["delete", &instance]);
    wait_within(Duration::from_secs(30), "its folder is gone", || {
        !server.data().join("machines").join(&instance).exists()
            && fs::read_dir(server.data().join("disks"))
                .expect("a folder")
                .all(|entry| entry.expect("an entry").path().is_file())
    });
    server.run(&["delete", image.trim()]);
    server.run(&["gc"]);
    let usage: Value = serde_json::from_str(&server.run(&["usage", "--json"])).expect("JSON");
    assert_eq!((&usage["packs"], &usage["disks"]), (&0.into(), &serde_json::json!([])), "all space is given back");
}

#[test]
fn guest_from_launch_to_reset() {
    let server = Server::start();
    let image = server.run(&["import", text(&debian()), "--name", "debian", "--platform", "Debian"]);
    let captured = server.python("story_servers.py", &[image.trim()]);
    server.run(&["verify", "--deep"]);
    // What was captured while it was written is as sound as after a loss of power: the journal makes it whole.
    let folder = tempfile::tempdir().expect("a folder");
    for disk in ["0", "1"] {
        let address = server.run(&["nbd", captured.trim(), "--disk", disk]);
        let raw = folder.path().join(disk);
        let copied = Command::new("nbdcopy").args([address.trim(), text(&raw)]).status().expect("nbdcopy runs");
        assert!(copied.success());
        // By itself, since e2fsck forgets an offset when it has replayed a journal.
        let offset = if disk == "0" { largest_partition(&raw) } else { 0 };
        let file_system = folder.path().join(format!("{disk}.file-system"));
        let part = format!("driver=raw,offset={offset},file.driver=file,file.filename={}", text(&raw));
        qemu_img(&["convert", "-O", "raw", "--image-opts", &part, text(&file_system)]);
        let fsck = |arguments: &[&str]| {
            let done = Command::new("e2fsck").args(arguments).arg(&file_system).output().expect("e2fsck runs");
            (done.status.code().expect("an exit code"), String::from_utf8_lossy(&done.stdout).into_owned())
        };
        let (code, said) = fsck(&["-p"]);
        assert!(code <= 1, "the journal of disk {disk} is replayed: {said}");
        let (code, said) = fsck(&["-fn"]);
        assert_eq!(code, 0, "disk {disk}: {said}");
    }
}

/// Where the largest partition of a disk begins, in bytes.
fn largest_partition(raw: &Path) -> u64 {
    let table = Command::new("sfdisk").arg("--json").arg(raw).output().expect("sfdisk runs").stdout;
    let table: Value = serde_json::from_slice(&table).expect("JSON");
    let partitions = table["partitiontable"]["partitions"].as_array().expect("partitions").iter();
    let largest = partitions.max_by_key(|partition| partition["size"].as_u64()).expect("a partition");
    largest["start"].as_u64().expect("a sector") * 512
}

#[test]
fn guest_built_by_packer() {
    let server = Server::start();
    let seed = ["image", "seed", text(&debian()), "--system", "--name", "debian_12_x64.vhd", "--family", "debian_12"]
        .map(str::to_owned);
    let seed: Vec<&str> = seed.iter().map(String::as_str).collect();
    let source = server.run(&[&seed[..], &["--platform", "Debian"]].concat());
    let template = root().join("e2e/clients/packer_server.json");
    let image = format!("image={}", source.trim());
    server.exec(Path::new("packer"), &["build", "-color=false", "-var", &image, text(&template)]);

    let left = left(&server);
    let names = |what: &str, field: &str| -> Vec<String> {
        let found = left[what].as_array().expect("a list").iter();
        found.map(|one| one[field].as_str().expect("a text").to_owned()).collect()
    };
    assert_eq!(names("cn-hangzhou/Image", "ImageName"), ["packer-built"]);
    assert_eq!(names("cn-shanghai/Image", "ImageName"), ["packer-copied"]);
    let built = &left["cn-hangzhou/Image"][0];
    assert_eq!(built["ImageVersion"], "1.2");
    assert_eq!(built["DiskDeviceMappings"]["DiskDeviceMapping"].as_array().expect("a list").len(), 2);
    assert_eq!(built["Tags"]["Tag"][0]["TagKey"], "built-by");
    for (what, found) in &left {
        let stays = what.ends_with("/Image") || what.ends_with("/Snapshot");
        assert!(stays || found == &serde_json::json!([]), "the builder left {what}: {found}");
    }
}

#[test]
fn packer_imports_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = folder.path().join("tiny.raw");
    let mut bytes = boot_sector();
    bytes.resize(8 << 20, 0);
    fs::write(&disk, bytes).expect("written");
    let server = Server::start();
    let output = server
        .command(&["exec", "--bucket", "packer-bucket", "--", "packer", "build", "-color=false", "-var"])
        .arg(format!("file={}", text(&disk)))
        .args(["-var", "bucket=packer-bucket", text(&root().join("e2e/clients/packer_import.json"))])
        .output()
        .expect("the program runs");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    let left = left(&server);
    assert_eq!(left["cn-hangzhou/Image"][0]["ImageName"], "packer-imported", "{said}");
    assert_eq!(left["cn-hangzhou/Image"][0]["Status"], "Available");
}

#[test]
fn simple_application_server_by_its_sdk() {
    let folder = tempfile::tempdir().expect("a folder");
    let disk = folder.path().join("tiny.raw");
    let mut bytes = boot_sector();
    bytes.resize(1 << 20, 0);
    fs::write(&disk, bytes).expect("written");
    // Machines on record shut down when they are asked to; a boot sector does not.
    let server = Server::start_with(&["--driver", "record"]);
    let seed = ["image", "seed", text(&disk), "--system", "--name", "tiny_1_0_x64.vhd"];
    let image = server.run(&seed);
    server.python("story_swas.py", &[image.trim()]);
}
