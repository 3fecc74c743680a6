//! From start to end, on a host with QEMU and on one without.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::time::Instant;

use host::machine::{
    Accelerator, Driver, ErrorKind, Firmware, Forward, Hypervisor, HypervisorOptions, MachineEvent, MachineState,
    Protocol,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::support::{
    Host, MIB, Served, is_running, kill, machine, next_end, next_event, until, until_said, until_stopped,
};

#[tokio::test]
async fn a_machine_starts_speaks_reboots_and_shuts_down() {
    let host = Host::new();
    let served = Served::guest(host.directory.path(), "system", MIB).await;
    let hypervisor = host.hypervisor().await;
    assert_eq!(hypervisor.describe().accelerator, Some(Accelerator::Tcg));
    assert!(hypervisor.describe().boots);
    let mut events = hypervisor.events();
    let spec = machine("i-one", vec![served.spec("system", true)]);
    assert_eq!(hypervisor.state("i-one").await.unwrap(), MachineState::Absent);

    let began = Instant::now();
    hypervisor.start(&spec).await.unwrap();
    eprintln!("from start to an answer of QEMU: {:?}", began.elapsed());
    let state = hypervisor.state("i-one").await.unwrap();
    assert!(is_running(&state));
    until_said(&hypervisor, "i-one", "hello", 1).await;

    // Once more is once.
    let pid = host.pid("i-one");
    hypervisor.start(&spec).await.unwrap();
    assert_eq!((host.pid("i-one"), hypervisor.state("i-one").await.unwrap()), (pid, state));

    let mut console = hypervisor.open_console("i-one").await.unwrap();
    console.write_all(b"a").await.unwrap();
    assert_eq!(console.read_u8().await.unwrap(), b'A');
    console.write_all(b"r").await.unwrap();
    assert_eq!(next_event(&mut events).await, ("i-one".to_owned(), MachineEvent::Rebooted));
    until_said(&hypervisor, "i-one", "hello", 2).await;
    hypervisor.reset("i-one").await.unwrap();
    until_said(&hypervisor, "i-one", "hello", 3).await;
    // A guest without ACPI has no ears for the button.
    hypervisor.power_button("i-one").await.unwrap();
    assert!(is_running(&hypervisor.state("i-one").await.unwrap()));

    console.write_all(b"s").await.unwrap();
    assert_eq!(next_end(&mut events).await, "the guest shut down");
    assert_eq!(until_stopped(&hypervisor, "i-one").await, "the guest shut down");
    assert!(!hypervisor.console("i-one").await.unwrap().is_empty(), "its last words stay");
    for refused in [
        hypervisor.open_console("i-one").await.map(drop),
        hypervisor.set_forwards("i-one", &[]).await.map(drop),
        hypervisor.detach("i-one", "system").await,
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::NotRunning);
    }

    hypervisor.start(&spec).await.unwrap();
    until_said(&hypervisor, "i-one", "hello", 1).await;
    hypervisor.remove("i-one").await.unwrap();
    assert_eq!(hypervisor.state("i-one").await.unwrap(), MachineState::Absent);
    assert!(!host.machines().join("i-one").exists());
}

#[tokio::test]
async fn a_machine_that_dies_says_how() {
    let host = Host::new();
    let served = Served::guest(host.directory.path(), "system", MIB).await;
    let hypervisor = host.hypervisor().await;
    let spec = machine("i-one", vec![served.spec("system", true)]);
    hypervisor.start(&spec).await.unwrap();
    let pid = host.pid("i-one").unwrap();
    kill(pid);
    assert_eq!(until_stopped(&hypervisor, "i-one").await, "QEMU was killed by signal 9");
    until("nothing is left of the process", || async { !std::path::Path::new(&format!("/proc/{pid}")).exists() }).await;
    for left in ["qmp.sock", "console.sock", "qemu.pid"] {
        assert!(!host.machines().join("i-one").join(left).exists(), "{left}");
    }

    hypervisor.start(&spec).await.unwrap();
    let pid = host.pid("i-one").unwrap();
    hypervisor.kill("i-one").await.unwrap();
    assert_eq!(until_stopped(&hypervisor, "i-one").await, "it was switched off");
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
    hypervisor.kill("i-one").await.unwrap();
    hypervisor.kill("i-never").await.unwrap();
    hypervisor.remove("i-never").await.unwrap();
}

#[tokio::test]
async fn a_machine_that_cannot_start_says_why() {
    let host = Host::new();
    let mut served = Served::guest(host.directory.path(), "system", MIB).await;
    served.end();
    let hypervisor = host.hypervisor().await;
    let spec = machine("i-one", vec![served.spec("system", true)]);
    let error = hypervisor.start(&spec).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotStarted);
    assert!(
        error.to_string().contains("QEMU exited with status 1") && error.to_string().contains("refused"),
        "{error}"
    );
    assert!(until_stopped(&hypervisor, "i-one").await.contains("status 1"));
    served.begin().await;
    hypervisor.start(&spec).await.unwrap();
    let error = hypervisor.state("../i-one").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn uefi_starts_and_keeps_its_variables() {
    let host = Host::new();
    let served = Served::guest(host.directory.path(), "system", MIB).await;
    let hypervisor = host.hypervisor().await;
    assert!(hypervisor.describe().uefi, "OVMF is installed");
    let mut spec = machine("i-one", vec![served.spec("system", true)]);
    spec.firmware = Firmware::Uefi;
    spec.memory_mib = 128;
    hypervisor.start(&spec).await.unwrap();
    until("the firmware speaks", || async {
        String::from_utf8_lossy(&hypervisor.console("i-one").await.unwrap()).contains("BdsDxe")
    })
    .await;
    hypervisor.kill("i-one").await.unwrap();
    let vars = host.machines().join("i-one/uefi-vars.fd");
    let before = std::fs::metadata(&vars).unwrap().modified().unwrap();
    spec.disks[0].boot = false;
    spec.firmware = Firmware::Bios;
    hypervisor.start(&spec).await.unwrap();
    assert_eq!(std::fs::metadata(&vars).unwrap().modified().unwrap(), before);
}

#[tokio::test]
async fn forwards_are_exactly_those_that_are_wanted() {
    let host = Host::new();
    let served = Served::guest(host.directory.path(), "system", MIB).await;
    let hypervisor = host.hypervisor().await;
    let address = Ipv4Addr::new(127, 77, 1, 2);
    let free = |_| TcpListener::bind((address, 0)).unwrap().local_addr().unwrap().port();
    let [first, second, third] = [0, 1, 2].map(free);
    let forward = |protocol, port| Forward { protocol, address, port, guest_port: 22 };
    let mut spec = machine("i-one", vec![served.spec("system", true)]);
    spec.forwards = vec![forward(Protocol::Tcp, first)];
    hypervisor.start(&spec).await.unwrap();
    let listens = |port| TcpListener::bind((address, port)).is_err();
    assert!(listens(first), "at the start");

    let taken = TcpListener::bind((address, third)).unwrap();
    let elsewhere = Forward { address: Ipv4Addr::UNSPECIFIED, ..forward(Protocol::Tcp, second) };
    let wanted = [
        forward(Protocol::Tcp, second),
        forward(Protocol::Tcp, third),
        elsewhere,
        forward(Protocol::Udp, third),
        forward(Protocol::Tcp, first),
    ];
    let outcomes = hypervisor.set_forwards("i-one", &wanted).await.unwrap();
    let [_, (_, Err(refused)), (_, Err(unsafe_one)), ..] = &outcomes[..] else { panic!("{outcomes:?}") };
    assert_eq!(refused.to_string(), format!("port {third} of {address} cannot be listened on"));
    assert!(std::error::Error::source(refused).unwrap().to_string().contains("in use"));
    assert_eq!(unsafe_one.kind(), ErrorKind::Refused);
    assert_eq!(outcomes.iter().filter(|(_, outcome)| outcome.is_ok()).count(), 3);
    assert!(listens(first) && listens(second));
    assert!(UdpSocket::bind((address, third)).is_err());

    drop(taken);
    let outcomes = hypervisor.set_forwards("i-one", &[forward(Protocol::Tcp, third)]).await.unwrap();
    assert!(outcomes.len() == 1 && outcomes[0].1.is_ok());
    assert!(!listens(first) && !listens(second) && listens(third));
    assert!(UdpSocket::bind((address, third)).is_ok());
}

#[tokio::test]
async fn what_is_found_to_run_guests_runs_one() {
    let host = Host::new();
    let served = Served::guest(host.directory.path(), "system", MIB).await;
    let options = || HypervisorOptions { accelerator: None, ..host.options() };
    let hypervisor = Hypervisor::probe(options()).await.unwrap();
    let found = hypervisor.describe();
    eprintln!("{found:?}");
    assert!(host.machines().join("accelerator.json").exists() && !host.machines().join("probe.raw").exists());
    hypervisor.start(&machine("i-one", vec![served.spec("system", true)])).await.unwrap();
    until_said(&hypervisor, "i-one", "hello", 1).await;
    assert_eq!(Hypervisor::probe(options()).await.unwrap().describe(), found);
    assert_eq!(hypervisor.adopt().await.unwrap().len(), 1, "only machines are machines");
}

#[tokio::test]
async fn without_qemu_machines_are_on_record() {
    let host = Host::new();
    let options = || HypervisorOptions { driver: Driver::Record, ..host.options() };
    let hypervisor = Hypervisor::probe(options()).await.unwrap();
    let info = hypervisor.describe();
    assert_eq!((info.driver, info.boots, info.version), ("record", false, None));
    assert!(info.reason.contains("none boots"), "{}", info.reason);
    let mut events = hypervisor.events();
    // Nothing is served, and nobody minds.
    let disk = host::machine::DiskSpec {
        serial: "system".to_owned(),
        socket: "/nonexistent".into(),
        export: String::new(),
        bus: host::machine::Bus::Nvme,
        boot: true,
    };
    let spec = machine("i-one", vec![disk.clone()]);
    hypervisor.start(&spec).await.unwrap();
    let state = hypervisor.state("i-one").await.unwrap();
    assert!(is_running(&state));
    hypervisor.attach("i-one", &disk).await.unwrap();
    hypervisor.detach("i-one", "system").await.unwrap();
    assert!(String::from_utf8_lossy(&hypervisor.console("i-one").await.unwrap()).contains("nothing boots"));
    hypervisor.reset("i-one").await.unwrap();
    assert_eq!(next_event(&mut events).await.1, MachineEvent::Rebooted);
    drop(hypervisor);

    let hypervisor = Hypervisor::probe(options()).await.unwrap();
    let mut events = hypervisor.events();
    assert_eq!(hypervisor.adopt().await.unwrap(), [("i-one".to_owned(), state)]);
    hypervisor.power_button("i-one").await.unwrap();
    assert!(matches!(next_event(&mut events).await.1, MachineEvent::Stopped { .. }));
    assert!(until_stopped(&hypervisor, "i-one").await.contains("on record"));
    hypervisor.remove("i-one").await.unwrap();
    assert_eq!(hypervisor.state("i-one").await.unwrap(), MachineState::Absent);
}
