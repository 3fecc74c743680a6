//! QEMU's command line, from a specification. Pure: the same machine gives the same words.
//!
//! Where a choice shows to the guest, it is the real service's (SMBIOS, serial console, virtio); where it does not, it is
//! the one that starts soonest (no graphics, no option ROM, no default devices).

use std::path::Path;

use serde_json::{Value, json};

use super::disks;
use super::folder::{CONSOLE, CONSOLE_LOG, PID, Place, QMP, TRACE, UEFI_VARS};
use super::network::GuestNetwork;
use super::probe::{Accelerator, Qemu, UefiFirmware};
use super::spec::{Firmware, MAX_DISKS, MachineSpec, Relay};

/// The trace that says why QEMU ended, also when nobody listened to its events.
pub(super) const SHUTDOWN_TRACE: &str = "qemu_system_shutdown_request";

/// All instructions that QEMU can translate, since an image may need any. Without a fifth level of page tables and kernel
/// protections of pages, which no image needs, Debian takes a tenth less to boot: each costs at every miss of the TLB or
/// every system call.
const TCG_PROCESSOR: &str = "max,la57=off,smap=off,smep=off,pku=off";

/// Slots of the root complex that root ports start at; those below are the network card's and the entropy's.
const FIRST_PORT_SLOT: usize = 4;

/// Functions of a slot.
const FUNCTIONS: usize = 8;

/// The arguments of QEMU for this machine, when it stands in the machine's folder.
///
/// `places` are the disks', in their order.
pub(super) fn arguments(qemu: &Qemu, relay: &Relay, spec: &MachineSpec, places: &[Place]) -> Vec<String> {
    let mut line = Line(Vec::new());
    line.add(&["-name", &spec.id, "-nodefaults", "-no-user-config", "-display", "none"]);
    line.add(&["-pidfile", PID, "-D", TRACE, "-trace", &format!("enable={SHUTDOWN_TRACE}")]);
    line.add(&["-rtc", "base=utc", "-smp", &spec.cpus.to_string(), "-m", &format!("{}M", spec.memory_mib)]);
    match qemu.accelerator {
        Accelerator::Kvm => line.add(&["-accel", "kvm", "-cpu", "host"]),
        Accelerator::Tcg => line.add(&["-accel", "tcg", "-cpu", TCG_PROCESSOR]),
    }
    firmware(&mut line, qemu, spec.firmware);
    smbios(&mut line, spec);
    line.add(&["-chardev", &format!("socket,id=qmp,path={QMP},server=on,wait=off")]);
    line.add(&["-mon", "chardev=qmp,mode=control"]);
    let log = format!("logfile={CONSOLE_LOG},logappend=on");
    line.add(&["-chardev", &format!("socket,id=console,path={CONSOLE},server=on,wait=off,{log}")]);
    line.add(&["-serial", "chardev:console"]);
    network(&mut line, spec, relay);
    line.add(&["-object", "rng-builtin,id=entropy", "-device", "virtio-rng-pci,rng=entropy,addr=3.0"]);
    for port in 0..MAX_DISKS {
        line.device(&root_port(port));
    }
    for (port, (disk, place)) in spec.disks.iter().zip(places).enumerate() {
        for node in disks::nodes(&disk.serial, place) {
            line.add(&["-blockdev", &node.to_string()]);
        }
        let mut device = disks::device(disk, &port_name(port));
        if disk.boot {
            device["bootindex"] = json!(port);
        }
        line.device(&device);
    }
    line.0
}

/// The name of a root port; a disk sits on each.
pub(super) fn port_name(port: usize) -> String {
    format!("port{port}")
}

struct Line(Vec<String>);

impl Line {
    fn add(&mut self, words: &[&str]) {
        self.0.extend(words.iter().map(|word| (*word).to_owned()));
    }

    fn device(&mut self, device: &Value) {
        self.add(&["-device", &device.to_string()]);
    }
}

fn firmware(line: &mut Line, qemu: &Qemu, firmware: Firmware) {
    match (firmware, &qemu.uefi) {
        (Firmware::Uefi, Some(UefiFirmware { code, .. })) => {
            line.add(&["-machine", "q35,pflash0=uefi-code,pflash1=uefi-vars"]);
            let file = |name: &str, path: &Path, read_only: bool| {
                let file = json!({ "driver": "file", "filename": path, "read-only": read_only });
                json!({ "driver": "raw", "node-name": name, "read-only": read_only, "file": file }).to_string()
            };
            line.add(&["-blockdev", &file("uefi-code", code, true)]);
            line.add(&["-blockdev", &file("uefi-vars", Path::new(UEFI_VARS), false)]);
        }
        _ => line.add(&["-machine", "q35"]),
    }
}

fn smbios(line: &mut Line, spec: &MachineSpec) {
    let tables = &spec.smbios;
    line.add(&["-uuid", &tables.uuid, "-smbios"]);
    line.add(&[&format!(
        "type=1,manufacturer={},product={},serial={},uuid={}",
        escaped(&tables.manufacturer),
        escaped(&tables.product),
        escaped(&tables.serial),
        tables.uuid
    )]);
}

fn network(line: &mut Line, spec: &MachineSpec, relay: &Relay) {
    let words = [relay.program.to_string_lossy().into_owned()].into_iter().chain(relay.arguments.iter().cloned());
    let command: Vec<String> = words.chain([spec.id.clone()]).map(|word| shell_quoted(&word)).collect();
    let metadata = format!("guestfwd=tcp:{}:80-cmd:{}", GuestNetwork::METADATA, escaped(&command.join(" ")));
    let network = format!(
        "ipv6=off,net={}/{},host={},dns={}",
        GuestNetwork::ADDRESS,
        GuestNetwork::PREFIX,
        GuestNetwork::GATEWAY,
        GuestNetwork::NAMESERVER
    );
    let (address, hostname) = (spec.address, &spec.hostname);
    line.add(&["-netdev", &format!("user,id=net,{network},dhcpstart={address},hostname={hostname},{metadata}")]);
    line.add(&["-device", &format!("virtio-net-pci,netdev=net,mac={},romfile=,addr=2.0", spec.mac)]);
}

/// A slot for a disk. It reserves no I/O ports: there are not enough for seventeen bridges, and virtio needs none.
fn root_port(port: usize) -> Value {
    let (slot, function) = (FIRST_PORT_SLOT + port / FUNCTIONS, port % FUNCTIONS);
    json!({
        "driver": "pcie-root-port",
        "id": port_name(port),
        "bus": "pcie.0",
        "addr": format!("{slot:x}.{function}"),
        "multifunction": function == 0,
        "chassis": port + 1,
        "io-reserve": 0,
    })
}

/// A comma ends an option's value unless it is doubled.
fn escaped(value: &str) -> String {
    value.replace(',', ",,")
}

/// QEMU takes the command of a `guestfwd` apart as a shell would.
fn shell_quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::DiskSpec;
    use crate::machine::spec::tests::{disk, spec};

    fn line(spec: &MachineSpec, qemu: &Qemu) -> Vec<String> {
        let relay = Relay { program: "/opt/it's, here/tintype".into(), arguments: vec!["relay".into(), "/s k".into()] };
        let place = |disk: &DiskSpec| Place { socket: format!("{}.nbd", disk.serial), export: disk.export.clone() };
        let places: Vec<Place> = spec.disks.iter().map(place).collect();
        arguments(qemu, &relay, spec, &places)
    }

    fn qemu() -> Qemu {
        Qemu { program: "qemu".into(), version: "7.2.0".into(), accelerator: Accelerator::Tcg, uefi: None }
    }

    #[track_caller]
    fn value<'a>(line: &'a [String], option: &str) -> &'a str {
        let at = line.iter().position(|word| word == option).expect(option);
        &line[at + 1]
    }

    #[test]
    fn the_relay_keeps_its_words_apart() {
        let line = line(&spec(), &qemu());
        let netdev = value(&line, "-netdev");
        let command = r"cmd:'/opt/it'\''s,, here/tintype' 'relay' '/s k' 'i-bp1'";
        assert!(netdev.ends_with(&format!("guestfwd=tcp:100.100.100.200:80-{command}")), "{netdev}");
    }

    #[test]
    fn a_comma_in_a_text_ends_nothing() {
        let mut spec = spec();
        spec.smbios.product = "A,serial=B".to_owned();
        assert!(value(&line(&spec, &qemu()), "-smbios").contains("product=A,,serial=B,serial=0000"));
    }

    #[test]
    fn disks_take_ports_in_their_order_and_only_boot_disks_have_a_place_in_the_boot_order() {
        let mut spec = spec();
        spec.disks.push(DiskSpec { boot: false, ..disk("data") });
        let line = line(&spec, &qemu());
        let devices: Vec<Value> = line.iter().filter_map(|word| serde_json::from_str(word).ok()).collect();
        let of = |id: &str| devices.iter().find(|device| device["id"] == id).expect("the disk is there");
        assert_eq!((&of("disk-bp1system")["bus"], &of("disk-bp1system")["bootindex"]), (&json!("port0"), &json!(0)));
        assert_eq!((&of("disk-data")["bus"], &of("disk-data")["bootindex"]), (&json!("port1"), &Value::Null));
        assert_eq!(devices.iter().filter(|device| device["driver"] == "pcie-root-port").count(), MAX_DISKS);
    }

    #[test]
    fn uefi_code_is_shared_and_its_variables_are_the_machines_own() {
        let mut spec = spec();
        spec.firmware = Firmware::Uefi;
        let uefi = UefiFirmware { code: "/fw/CODE.fd".into(), vars: "/fw/VARS.fd".into() };
        let line = line(&spec, &Qemu { uefi: Some(uefi), ..qemu() });
        assert_eq!(value(&line, "-machine"), "q35,pflash0=uefi-code,pflash1=uefi-vars");
        let text = line.join(" ");
        assert!(text.contains("/fw/CODE.fd") && text.contains(UEFI_VARS) && !text.contains("/fw/VARS.fd"));
    }
}
