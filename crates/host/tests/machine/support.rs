//! A guest of 512 bytes, a writable NBD server for its disk, and a hypervisor for both.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use host::machine::{
    Accelerator, Bus, DiskSpec, Driver, Firmware, Hypervisor, HypervisorOptions, MachineEvent, MachineSpec,
    MachineState, Relay, Smbios,
};
use model::SystemClock;
use tempfile::TempDir;
use tokio::net::UnixStream;
use tokio::sync::broadcast;
use tokio::time::{sleep, timeout};

/// Whatever is waited for here takes less than a second on an idle machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub const MIB: u64 = 1 << 20;

/// The guest's code: says `hello` on the serial port, then obeys letters that come from there: `s` shuts down, `r` reboots,
/// any other is answered in upper case.
#[rustfmt::skip]
const GUEST: &[u8] = &[
    0x31, 0xc0,             // xor ax, ax
    0x8e, 0xd8,             // mov ds, ax
    0xfc,                   // cld
    0xbe, 0x51, 0x7c,       // mov si, text
    0xac,                   // next: lodsb
    0x84, 0xc0,             // test al, al
    0x74, 0x05,             // jz listen
    0xe8, 0x1d, 0x00,       // call say
    0xeb, 0xf6,             // jmp next
    0xba, 0xfd, 0x03,       // listen: mov dx, 0x3fd
    0xec,                   // in al, dx
    0xa8, 0x01,             // test al, 1
    0x74, 0xf8,             // jz listen
    0xba, 0xf8, 0x03,       // mov dx, 0x3f8
    0xec,                   // in al, dx
    0x3c, b's',             // cmp al, 's'
    0x74, 0x1c,             // je shutdown
    0x3c, b'r',             // cmp al, 'r'
    0x74, 0x22,             // je reboot
    0x24, 0xdf,             // and al, 0xdf
    0xe8, 0x02, 0x00,       // call say
    0xeb, 0xe5,             // jmp listen
    0x88, 0xc3,             // say: mov bl, al
    0xba, 0xfd, 0x03,       // wait: mov dx, 0x3fd
    0xec,                   // in al, dx
    0xa8, 0x20,             // test al, 0x20
    0x74, 0xf8,             // jz wait
    0xba, 0xf8, 0x03,       // mov dx, 0x3f8
    0x88, 0xd8,             // mov al, bl
    0xee,                   // out dx, al
    0xc3,                   // ret
    0xba, 0x04, 0x06,       // shutdown: mov dx, 0x604 (power management, where the firmware puts it)
    0xb8, 0x00, 0x20,       // mov ax, 0x2000
    0xef,                   // out dx, ax
    0xf4, 0xeb, 0xfd,       // hlt; jmp back
    0xba, 0xf9, 0x0c,       // reboot: mov dx, 0xcf9
    0xb0, 0x06,             // mov al, 6
    0xee,                   // out dx, al
    0xf4, 0xeb, 0xfd,       // hlt; jmp back
    b'h', b'e', b'l', b'l', b'o', b'\r', b'\n', 0,
];

/// A file served for reading and writing by a program that is not ours.
pub struct Served {
    pub socket: PathBuf,
    pub file: PathBuf,
    child: Option<Child>,
}

impl Served {
    /// A disk of this size that begins with the guest.
    pub async fn guest(directory: &Path, name: &str, bytes: u64) -> Served {
        let file = directory.join(format!("{name}.raw"));
        let made = File::create(&file).unwrap();
        made.set_len(bytes).unwrap();
        made.write_all_at(GUEST, 0).unwrap();
        made.write_all_at(&[0x55, 0xaa], 510).unwrap();
        Served::file(directory, name, file).await
    }

    pub async fn file(directory: &Path, name: &str, file: PathBuf) -> Served {
        let mut served = Served { socket: directory.join(format!("{name}.sock")), file, child: None };
        served.begin().await;
        served
    }

    /// Serves the file, with the size that it has now.
    pub async fn begin(&mut self) {
        let _ = std::fs::remove_file(&self.socket);
        let mut command = Command::new("qemu-nbd");
        command.args(["--format=raw", "--persistent", "--shared=0", "--discard=unmap", "--export-name=disk/export"]);
        command.arg("--socket").arg(&self.socket).arg(&self.file);
        self.child = Some(command.spawn().expect("qemu-nbd is installed"));
        until("the server listens", || async { UnixStream::connect(&self.socket).await.is_ok() }).await;
    }

    pub fn end(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    pub fn spec(&self, serial: &str, boot: bool) -> DiskSpec {
        let (socket, export) = (self.socket.clone(), "disk/export".to_owned());
        DiskSpec { serial: serial.to_owned(), socket, export, bus: Bus::VirtioBlk, boot }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.end();
    }
}

/// A place for machines. Dropping it ends all that run there.
pub struct Host {
    pub directory: TempDir,
}

impl Host {
    pub fn new() -> Host {
        Host { directory: tempfile::tempdir().unwrap() }
    }

    /// Where machines are: deeper than the address of a socket can be long.
    pub fn machines(&self) -> PathBuf {
        self.directory.path().join("d".repeat(120))
    }

    pub fn options(&self) -> HypervisorOptions {
        HypervisorOptions {
            directory: self.machines(),
            driver: Driver::Auto,
            accelerator: Some(Accelerator::Tcg),
            relay: Relay { program: "/bin/cat".into(), arguments: Vec::new() },
            detach_patience: Duration::from_millis(500),
            clock: Arc::new(SystemClock),
        }
    }

    pub async fn hypervisor(&self) -> Hypervisor {
        Hypervisor::probe(self.options()).await.unwrap()
    }

    pub fn pid(&self, id: &str) -> Option<u32> {
        std::fs::read_to_string(self.machines().join(id).join("qemu.pid")).ok()?.trim().parse().ok()
    }

    /// Reaches a console without a hypervisor.
    pub async fn console(&self, id: &str) -> UnixStream {
        let folder = File::open(self.machines().join(id)).unwrap();
        UnixStream::connect(format!("/proc/self/fd/{}/console.sock", folder.as_raw_fd())).await.unwrap()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let Ok(folders) = std::fs::read_dir(self.machines()) else { return };
        for folder in folders.flatten() {
            if let Some(pid) = self.pid(&folder.file_name().to_string_lossy()) {
                kill(pid);
            }
        }
    }
}

/// `kill -9`.
pub fn kill(pid: u32) {
    let killed = Command::new("kill").args(["-9", &pid.to_string()]).stderr(Stdio::null()).status().unwrap();
    assert!(killed.success() || !Path::new(&format!("/proc/{pid}")).exists());
}

pub fn machine(id: &str, disks: Vec<DiskSpec>) -> MachineSpec {
    MachineSpec {
        id: id.to_owned(),
        cpus: 1,
        memory_mib: 32,
        firmware: Firmware::Bios,
        disks,
        mac: "00:16:3e:00:00:01".to_owned(),
        hostname: "guest".to_owned(),
        address: MachineSpec::GUEST_ADDRESS,
        forwards: Vec::new(),
        smbios: Smbios {
            manufacturer: "Alibaba Cloud".to_owned(),
            product: "Alibaba Cloud ECS".to_owned(),
            serial: "5c5c5c5c".to_owned(),
            uuid: "5c5c5c5c-0000-4000-8000-00163e000001".to_owned(),
        },
    }
}

/// Waits for a state of the world.
pub async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let waited = timeout(PATIENCE, async {
        while !holds().await {
            sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(waited.await.is_ok(), "waited in vain until {what}");
}

/// Waits until the guest has said something this often.
pub async fn until_said(hypervisor: &Hypervisor, id: &str, text: &str, times: usize) {
    until(&format!("the guest says {text:?}"), || async {
        let console = hypervisor.console(id).await.unwrap();
        String::from_utf8_lossy(&console).matches(text).count() == times
    })
    .await;
}

pub async fn until_stopped(hypervisor: &Hypervisor, id: &str) -> String {
    until("the machine stops", || async {
        matches!(hypervisor.state(id).await.unwrap(), MachineState::Stopped { .. })
    })
    .await;
    match hypervisor.state(id).await.unwrap() {
        MachineState::Stopped { reason } => reason,
        state => panic!("{state:?}"),
    }
}

pub type Events = broadcast::Receiver<(String, MachineEvent)>;

pub async fn next_event(events: &mut Events) -> (String, MachineEvent) {
    timeout(PATIENCE, events.recv()).await.expect("something happens").unwrap()
}

/// The end of a machine, whatever is told before it: firmware may reset a machine more often than it was asked to.
pub async fn next_end(events: &mut Events) -> String {
    loop {
        if let (_, MachineEvent::Stopped { reason }) = next_event(events).await {
            return reason;
        }
    }
}

pub fn is_running(state: &MachineState) -> bool {
    matches!(state, MachineState::Running { .. })
}
