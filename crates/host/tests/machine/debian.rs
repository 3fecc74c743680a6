//! A Debian system as a cloud would offer it, from its first start to its shutdown: what a guest sees of us.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use disk::{Disk, WritableDisk};
use host::imds::{Facts, PublicKey};
use host::machine::{
    Bus, DiskSpec, ErrorKind, Forward, Hypervisor, HypervisorOptions, MachineEvent, MachineState, Protocol, Relay,
};
use host::nbd::{ExportInfo, Exports, Opened, Server, Writable};
use model::SystemClock;
use tokio::process::Command;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::metadata::{Service, facts};
use super::support::{Events, Host, MIB, machine, next_end, until};

/// Every instruction of the guest is translated, and there may be others on this machine.
const BOOT_PATIENCE: Duration = Duration::from_secs(600);

const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 77, 1, 1);

#[tokio::test(flavor = "multi_thread")]
async fn a_system_finds_all_that_a_cloud_promises() {
    let host = Host::new();
    let folder = host.directory.path();
    let image = guest().await;
    copy(&image, &folder.join("system")).await;
    // Larger than the image: the guest is to use what it is given.
    File::options().write(true).open(folder.join("system")).unwrap().set_len(2048 * MIB).unwrap();
    File::create(folder.join("data")).unwrap().set_len(64 * MIB).unwrap();
    let disks = Disks::start(folder).await;

    let key = folder.join("key");
    run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key)).await;
    let openssh = std::fs::read_to_string(folder.join("key.pub")).unwrap().trim().to_owned();
    let user_data = b"#!/bin/sh\necho told > /var/told\n".to_vec();
    let public_keys = vec![PublicKey { name: "kp".to_owned(), openssh }];
    let told = Facts { public_keys, user_data: Some(user_data), ..facts("i-debian") };
    let metadata = folder.join("imds");
    let _service = Service::start(&metadata, told, Arc::new(SystemClock));

    let relay = Relay {
        program: env!("CARGO_BIN_EXE_host-relay").into(),
        arguments: vec![metadata.to_string_lossy().into_owned()],
    };
    let options =
        || HypervisorOptions { relay: relay.clone(), detach_patience: Duration::from_secs(60), ..host.options() };
    let hypervisor = Hypervisor::probe(options()).await.unwrap();
    let mut spec = machine("i-debian", vec![disks.spec("system", Bus::VirtioBlk)]);
    spec.cpus = 2;
    spec.memory_mib = 512;
    let port = TcpListener::bind((ADDRESS, 0)).unwrap().local_addr().unwrap().port();
    spec.forwards = vec![Forward { protocol: Protocol::Tcp, address: ADDRESS, port, guest_port: 22 }];

    let began = Instant::now();
    hypervisor.start(&spec).await.unwrap();
    eprintln!("from start to an answer of QEMU: {:?}", began.elapsed());
    let guest = Guest { key, port };
    guest.until_reached(&hypervisor).await;
    eprintln!("from start to a login: {:?}", began.elapsed());

    assert!(guest.sh("cloud-init status --wait").await.contains("status: done"));
    eprintln!("from start to cloud-init's end: {:?}", began.elapsed());
    assert_eq!(guest.sh("cloud-init query cloud_name").await, "aliyun");
    assert_eq!(guest.sh("cloud-init query instance_id").await, "i-debian");
    assert_eq!(guest.sh("hostname").await, "web-one");
    assert_eq!(guest.sh("cat /var/told").await, "told");
    assert_eq!(guest.sh("cat /sys/class/net/eth0/address").await, "00:16:3e:00:00:01");
    assert_eq!(guest.sh("cat /sys/class/dmi/id/product_name").await, "Alibaba Cloud ECS");
    let blocks: u64 = guest.sh("df --output=size -k / | tail -1").await.trim().parse().unwrap();
    assert!(1700 << 10 < blocks, "the root file system has grown to {blocks} KiB");

    disks_come_grow_and_go(&hypervisor, &guest, &disks).await;

    // The server's end, and its successor: the guest notices nothing but time.
    drop(hypervisor);
    disks.stop().await;
    let waiting = {
        let guest = guest.clone();
        tokio::spawn(async move { guest.sh("sudo dd if=/dev/urandom of=/var/written bs=1M count=4 conv=fsync").await })
    };
    let disks = Disks::start(folder).await;
    let hypervisor = Hypervisor::probe(options()).await.unwrap();
    let adopted = hypervisor.adopt().await.unwrap();
    assert!(matches!(&adopted[..], [(id, MachineState::Running { .. })] if id == "i-debian"), "{adopted:?}");
    waiting.await.unwrap();
    let kept = hypervisor.set_forwards("i-debian", &spec.forwards).await.unwrap();
    assert!(kept[0].1.is_ok());

    let mut events = hypervisor.events();
    let boot = guest.sh("cat /proc/sys/kernel/random/boot_id").await;
    guest.try_sh("sudo systemctl reboot").await;
    until_rebooted(&mut events).await;
    until_boot("the guest is back", || async {
        guest.try_sh("cat /proc/sys/kernel/random/boot_id").await.is_some_and(|now| now != boot)
    })
    .await;
    assert_eq!(guest.sh("stat -c %s /var/written").await, (4 * MIB).to_string());

    hypervisor.power_button("i-debian").await.unwrap();
    assert_eq!(timeout(BOOT_PATIENCE, next_end(&mut events)).await.unwrap(), "the guest shut down");
    disks.stop().await;
}

async fn disks_come_grow_and_go(hypervisor: &Hypervisor, guest: &Guest, disks: &Disks) {
    for (bus, device) in [(Bus::VirtioBlk, "/dev/disk/by-id/virtio-data"), (Bus::Nvme, "/dev/nvme0n1")] {
        let size = File::open(disks.folder.join("data")).unwrap().metadata().unwrap().len();
        hypervisor.attach("i-debian", &disks.spec("data", bus)).await.unwrap();
        until_boot("the disk comes", || async { guest.try_sh(&format!("test -e {device}")).await.is_some() }).await;
        assert_eq!(guest.sh(&format!("sudo blockdev --getsize64 {device}")).await, size.to_string());
        guest.sh(&format!("echo written | sudo dd of={device} conv=fsync status=none")).await;
        let mut found = [0; 8];
        File::open(disks.folder.join("data")).unwrap().read_exact_at(&mut found, 0).unwrap();
        assert_eq!(&found, b"written\n");

        let grown = size + 64 * MIB;
        File::options().write(true).open(disks.folder.join("data")).unwrap().set_len(grown).unwrap();
        let resized = hypervisor.resized("i-debian", "data", grown).await;
        if bus == Bus::Nvme {
            assert_eq!(resized.unwrap_err().kind(), ErrorKind::Refused);
        } else {
            resized.unwrap();
            until_boot("the disk has grown", || async {
                guest.sh(&format!("sudo blockdev --getsize64 {device}")).await == grown.to_string()
            })
            .await;
        }
        hypervisor.detach("i-debian", "data").await.unwrap();
        until_boot("the disk is gone", || async { guest.try_sh(&format!("test ! -e {device}")).await.is_some() }).await;
    }
}

async fn until_rebooted(events: &mut Events) {
    let rebooted = async { while events.recv().await.unwrap().1 != MachineEvent::Rebooted {} };
    timeout(BOOT_PATIENCE, rebooted).await.expect("the guest reboots");
}

async fn until_boot<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let waited = timeout(BOOT_PATIENCE, async {
        while !holds().await {
            sleep(Duration::from_millis(200)).await;
        }
    });
    assert!(waited.await.is_ok(), "waited in vain until {what}");
}

/// The image, made if it is not there.
async fn guest() -> PathBuf {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../e2e/guests/debian.sh");
    let usual = || Path::new(env!("CARGO_TARGET_TMPDIR")).join("guests");
    let out = std::env::var_os("TINTYPE_GUESTS").map_or_else(usual, PathBuf::from);
    run(Command::new("sh").arg(script).arg(&out)).await;
    out.join("debian.raw")
}

async fn copy(from: &Path, to: &Path) {
    run(Command::new("cp").args(["--sparse=always", "--reflink=auto"]).arg(from).arg(to)).await;
}

async fn run(command: &mut Command) {
    let status = command.kill_on_drop(true).status().await.unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

/// A guest that can be logged in to.
#[derive(Clone)]
struct Guest {
    key: PathBuf,
    port: u16,
}

impl Guest {
    async fn until_reached(&self, hypervisor: &Hypervisor) {
        let reached = timeout(BOOT_PATIENCE, async {
            while self.try_sh("true").await.is_none() {
                sleep(Duration::from_millis(500)).await;
            }
        });
        if reached.await.is_err() {
            let console = hypervisor.console("i-debian").await.unwrap();
            panic!("nobody can log in:\n{}", String::from_utf8_lossy(&console));
        }
    }

    /// What a command prints.
    async fn sh(&self, command: &str) -> String {
        let output = self.ssh(command).output().await.unwrap();
        assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The same, if it succeeds.
    async fn try_sh(&self, command: &str) -> Option<String> {
        let output = self.ssh(command).output().await.unwrap();
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn ssh(&self, command: &str) -> Command {
        let mut ssh = Command::new("ssh");
        ssh.arg("-i").arg(&self.key).args(["-p", &self.port.to_string(), "-q"]);
        for option in [
            "BatchMode=yes",
            "ConnectTimeout=20",
            "IdentitiesOnly=yes",
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
        ] {
            ssh.args(["-o", option]);
        }
        ssh.arg(format!("debian@{ADDRESS}")).arg(command).kill_on_drop(true);
        ssh
    }
}

/// Files of a folder as disks, served by the server that the product has.
struct Disks {
    folder: PathBuf,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Disks {
    async fn start(folder: &Path) -> Disks {
        let server = Server::bind_unix(&folder.join("nbd")).await.unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let exports = Arc::new(Files(folder.to_owned()));
        let serving = tokio::spawn(server.serve(exports, async {
            let _ = stopped.await;
        }));
        until("the server listens", || async { folder.join("nbd").exists() }).await;
        Disks { folder: folder.to_owned(), stop, serving }
    }

    async fn stop(self) {
        let _ = self.stop.send(());
        self.serving.await.unwrap();
    }

    fn spec(&self, name: &str, bus: Bus) -> DiskSpec {
        let socket = self.folder.join("nbd");
        DiskSpec { serial: name.to_owned(), socket, export: name.to_owned(), bus, boot: name == "system" }
    }
}

struct Files(PathBuf);

#[async_trait]
impl Exports for Files {
    async fn list(&self) -> io::Result<Vec<ExportInfo>> {
        Ok(Vec::new())
    }

    async fn open(&self, name: &str) -> io::Result<Option<Opened>> {
        let file = File::options().read(true).write(true).open(self.0.join(name))?;
        let info = ExportInfo { name: name.to_owned(), description: None };
        Ok(Some(Opened { info, export: Arc::new(Writable(Arc::new(FileDisk(file)))) }))
    }
}

struct FileDisk(File);

impl Disk for FileDisk {
    fn virtual_size(&self) -> u64 {
        self.0.metadata().unwrap().len()
    }

    fn read_exact_at(&self, buf: &mut [u8], offset: u64) -> io::Result<()> {
        self.0.read_exact_at(buf, offset)
    }

    fn next_data(&self, offset: u64) -> io::Result<Option<Range<u64>>> {
        Ok((offset < self.virtual_size()).then(|| offset..self.virtual_size()))
    }
}

impl WritableDisk for FileDisk {
    fn write_all_at(&self, buf: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(buf, offset)
    }

    fn write_zeroes(&self, range: Range<u64>) -> io::Result<()> {
        self.0.write_all_at(&vec![0; (range.end - range.start) as usize], range.start)
    }

    fn trim(&self, _range: Range<u64>) -> io::Result<()> {
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
