//! What a machine is: the words its owner says it in, and the bounds that keep them from meaning anything else.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use super::error::{Error, Reason};
use super::network::GuestNetwork;

/// Disks of a machine, those present at its start and those plugged in later: a system disk and sixteen more.
pub const MAX_DISKS: usize = 17;

/// virtio-blk shows the guest no more of a serial number.
const LONGEST_SERIAL: usize = 20;

/// A machine to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineSpec {
    /// Letters, digits and dashes: also the name of the machine's folder.
    pub id: String,
    /// Processors that the guest sees.
    pub cpus: u32,
    /// Memory that the guest sees.
    pub memory_mib: u32,
    /// What starts the boot loader.
    pub firmware: Firmware,
    /// Disks in the guest's order; at most [`MAX_DISKS`].
    pub disks: Vec<DiskSpec>,
    /// `aa:bb:cc:dd:ee:ff`.
    pub mac: String,
    /// The name that DHCP gives the guest.
    pub hostname: String,
    /// The address that DHCP gives the guest: inside [`GuestNetwork`] ([`MachineSpec::GUEST_ADDRESS`] does for all, since
    /// every machine has a network of its own).
    pub address: Ipv4Addr,
    /// Ports of the host that lead into the guest. One that cannot be had is logged, and does not keep a machine from
    /// starting; [`super::Hypervisor::set_forwards`] says which.
    pub forwards: Vec<Forward>,
    /// What firmware tables say of the machine.
    pub smbios: Smbios,
}

impl MachineSpec {
    /// An address for the guest where the caller has no wish.
    pub const GUEST_ADDRESS: Ipv4Addr = Ipv4Addr::new(100, 64, 0, 15);

    /// Checks everything that reaches a command line or a path.
    pub(super) fn check(&self) -> Result<(), Error> {
        check_id(&self.id)?;
        let octets: Vec<&str> = self.mac.split(':').collect();
        let is_octet = |octet: &&str| octet.len() == 2 && octet.bytes().all(|byte| byte.is_ascii_hexdigit());
        ensure(octets.len() == 6 && octets.iter().all(is_octet), "mac", &self.mac)?;
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
        ensure(!self.hostname.is_empty() && self.hostname.bytes().all(is_host), "hostname", &self.hostname)?;
        ensure(0 < self.cpus && self.cpus <= 255, "cpus", self.cpus)?;
        ensure(16 <= self.memory_mib, "memory", self.memory_mib)?;
        ensure(GuestNetwork::contains(self.address), "address", self.address)?;
        ensure(self.disks.len() <= MAX_DISKS, "number of disks", self.disks.len())?;
        for (index, disk) in self.disks.iter().enumerate() {
            disk.check()?;
            let is_new = self.disks[..index].iter().all(|other| other.serial != disk.serial);
            ensure(is_new, "serial of a second disk", &disk.serial)?;
        }
        let Smbios { manufacturer, product, serial, uuid } = &self.smbios;
        for text in [manufacturer, product, serial] {
            ensure(text.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "smbios text", text)?;
        }
        let is_uuid = uuid.len() == 36 && uuid.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        ensure(is_uuid, "uuid", uuid)
    }
}

/// What starts the boot loader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Firmware {
    /// SeaBIOS.
    Bios,
    /// OVMF, with variables of the machine's own.
    Uefi,
}

/// A disk, served by NBD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskSpec {
    /// What the guest sees as the disk's serial number: at most 20 letters, digits, dashes and underscores.
    pub serial: String,
    /// The NBD server's Unix socket.
    pub socket: PathBuf,
    /// The name of the export there.
    pub export: String,
    /// How the guest reaches it.
    pub bus: Bus,
    /// Whether the firmware starts from it.
    pub boot: bool,
}

impl DiskSpec {
    pub(super) fn check(&self) -> Result<(), Error> {
        check_serial(&self.serial)?;
        ensure(!self.export.contains('\0'), "export", &self.export)?;
        ensure(self.socket.is_absolute() && self.socket.to_str().is_some(), "socket", self.socket.display())
    }
}

/// How the guest reaches a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bus {
    /// `/dev/vda` in Linux.
    VirtioBlk,
    /// `/dev/nvme0n1` in Linux.
    Nvme,
}

/// A port of the host that leads to a port of the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Forward {
    /// TCP or UDP.
    pub protocol: Protocol,
    /// Where the host listens: inside 127.0.0.0/8.
    pub address: Ipv4Addr,
    /// The port there.
    pub port: u16,
    /// The guest's port.
    pub guest_port: u16,
}

/// What is forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// Connections.
    Tcp,
    /// Datagrams.
    Udp,
}

/// What firmware tables say of the machine; images find out from them where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smbios {
    /// The real service has `Alibaba Cloud`.
    pub manufacturer: String,
    /// The real service has `Alibaba Cloud ECS`, and cloud-init looks for exactly that.
    pub product: String,
    /// The instance's serial number.
    pub serial: String,
    /// The machine's UUID.
    pub uuid: String,
}

/// The command that QEMU runs for each connection of a guest to the metadata service, with the connection as its standard
/// input and output. The machine's id is added as the last argument. See [`crate::imds::relay`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relay {
    /// A program, by absolute path.
    pub program: PathBuf,
    /// What stands between the program and the id.
    pub arguments: Vec<String>,
}

/// An id names a folder, so it cannot be a way out of one.
pub(super) fn check_id(id: &str) -> Result<(), Error> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    ensure((1..=64).contains(&id.len()) && id.bytes().all(is_plain), "id", id)
}

/// A serial number names block nodes and files.
pub(super) fn check_serial(serial: &str) -> Result<(), Error> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    ensure((1..=LONGEST_SERIAL).contains(&serial.len()) && serial.bytes().all(is_plain), "serial", serial)
}

fn ensure(holds: bool, field: &'static str, value: impl ToString) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(Reason::Invalid { field, value: value.to_string() }.into()) }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::machine::ErrorKind;

    pub(in crate::machine) fn spec() -> MachineSpec {
        MachineSpec {
            id: "i-bp1".to_owned(),
            cpus: 2,
            memory_mib: 512,
            firmware: Firmware::Bios,
            disks: vec![disk("bp1system")],
            mac: "00:16:3e:00:00:01".to_owned(),
            hostname: "web".to_owned(),
            address: MachineSpec::GUEST_ADDRESS,
            forwards: Vec::new(),
            smbios: Smbios {
                manufacturer: "Alibaba Cloud".to_owned(),
                product: "Alibaba Cloud ECS".to_owned(),
                serial: "0000".to_owned(),
                uuid: "12345678-1234-1234-1234-123456789abc".to_owned(),
            },
        }
    }

    pub(in crate::machine) fn disk(serial: &str) -> DiskSpec {
        DiskSpec {
            serial: serial.to_owned(),
            socket: PathBuf::from("/run/tintype/nbd.sock"),
            export: "disk/d-bp1".to_owned(),
            bus: Bus::VirtioBlk,
            boot: true,
        }
    }

    #[track_caller]
    fn refused(change: impl FnOnce(&mut MachineSpec)) {
        let mut spec = spec();
        change(&mut spec);
        assert_eq!(spec.check().map_err(|error| error.kind()), Err(ErrorKind::Invalid), "{spec:?}");
    }

    #[test]
    fn nothing_of_a_spec_can_mean_something_else() {
        spec().check().expect("it is fine as it is");
        refused(|spec| spec.id = "../escape".to_owned());
        refused(|spec| spec.id = String::new());
        refused(|spec| spec.mac = "00:16:3e:00:00:01,netdev=other".to_owned());
        refused(|spec| spec.hostname = "web,restrict=on".to_owned());
        refused(|spec| spec.address = Ipv4Addr::new(10, 0, 2, 15));
        refused(|spec| spec.cpus = 0);
        refused(|spec| spec.memory_mib = 0);
        refused(|spec| spec.disks.push(disk("bp1system")));
        refused(|spec| spec.disks = (0..=MAX_DISKS).map(|index| disk(&format!("d{index}"))).collect());
        refused(|spec| spec.disks[0].serial = "a/b".to_owned());
        refused(|spec| spec.disks[0].serial = "longer-than-twenty-xx".to_owned());
        refused(|spec| spec.smbios.serial = "a\nb".to_owned());
        refused(|spec| spec.smbios.uuid = "no".to_owned());
    }
}
