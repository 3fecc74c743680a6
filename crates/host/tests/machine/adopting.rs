//! A server that dies takes no guest with it.

use host::machine::{MachineEvent, MachineState};
use tokio::io::AsyncWriteExt;

use super::support::{Host, MIB, Served, is_running, kill, machine, next_end, next_event, until, until_said};

#[tokio::test]
async fn a_running_machine_is_taken_over() {
    let host = Host::new();
    let served = Served::guest(host.directory.path(), "system", MIB).await;
    let hypervisor = host.hypervisor().await;
    hypervisor.start(&machine("i-one", vec![served.spec("system", true)])).await.unwrap();
    until_said(&hypervisor, "i-one", "hello", 1).await;
    let state = hypervisor.state("i-one").await.unwrap();
    drop(hypervisor);

    let hypervisor = host.hypervisor().await;
    let mut events = hypervisor.events();
    assert_eq!(hypervisor.adopt().await.unwrap(), [("i-one".to_owned(), state)]);
    hypervisor.reset("i-one").await.unwrap();
    assert_eq!(next_event(&mut events).await.1, MachineEvent::Rebooted);
    until_said(&hypervisor, "i-one", "hello", 2).await;
    host.console("i-one").await.write_all(b"s").await.unwrap();
    assert_eq!(next_end(&mut events).await, "the guest shut down");
}

#[tokio::test]
async fn what_happened_meanwhile_is_found_out() {
    let host = Host::new();
    let served = Served::guest(host.directory.path(), "system", MIB).await;
    let hypervisor = host.hypervisor().await;
    for id in ["i-killed", "i-shut"] {
        hypervisor.start(&machine(id, vec![served.spec("system", true)])).await.unwrap();
        until_said(&hypervisor, id, "hello", 1).await;
    }
    drop(hypervisor);
    let pids = ["i-killed", "i-shut"].map(|id| host.pid(id).unwrap());
    kill(pids[0]);
    host.console("i-shut").await.write_all(b"s").await.unwrap();
    until("both have ended", || async {
        pids.iter().all(|pid| std::fs::read_link(format!("/proc/{pid}/cwd")).is_err())
    })
    .await;

    let expected = |id: &str, reason: &str| (id.to_owned(), MachineState::Stopped { reason: reason.to_owned() });
    for _ in 0..2 {
        // The second time, it is read where the first wrote it down.
        assert_eq!(
            host.hypervisor().await.adopt().await.unwrap(),
            [expected("i-killed", "QEMU was killed, or the host was"), expected("i-shut", "the guest shut down")]
        );
    }
}

#[tokio::test]
async fn a_pid_that_somebody_else_has_now_is_left_alone() {
    let host = Host::new();
    let served = Served::guest(host.directory.path(), "system", MIB).await;
    let hypervisor = host.hypervisor().await;
    hypervisor.start(&machine("i-one", vec![served.spec("system", true)])).await.unwrap();
    drop(hypervisor);
    kill(host.pid("i-one").unwrap());
    std::fs::write(host.machines().join("i-one/qemu.pid"), std::process::id().to_string()).unwrap();
    let hypervisor = host.hypervisor().await;
    let adopted = hypervisor.adopt().await.unwrap();
    assert!(matches!(adopted[..], [(_, MachineState::Stopped { .. })]), "{adopted:?}");
    // We would not live to see it.
    hypervisor.kill("i-one").await.unwrap();
}

#[tokio::test]
async fn a_guest_waits_for_a_disk_whose_server_is_away() {
    let host = Host::new();
    let mut served = Served::guest(host.directory.path(), "system", MIB).await;
    let hypervisor = host.hypervisor().await;
    hypervisor.start(&machine("i-one", vec![served.spec("system", true)])).await.unwrap();
    until_said(&hypervisor, "i-one", "hello", 1).await;
    served.end();
    host.console("i-one").await.write_all(b"r").await.unwrap();
    until("the machine reboots", || async {
        let console = hypervisor.console("i-one").await.unwrap();
        !is_running(&hypervisor.state("i-one").await.unwrap()) || console.ends_with(b"hello\r\n")
    })
    .await;
    served.begin().await;
    until_said(&hypervisor, "i-one", "hello", 2).await;
}
