//! Disks that come and go. What the guest sees of it is in `debian`; this is what QEMU answers.

use host::machine::{Bus, DiskSpec, ErrorKind, MAX_DISKS};

use super::support::{Host, MIB, Served, machine, until_said};

#[tokio::test]
async fn disks_are_plugged_until_the_places_are_used_up() {
    let host = Host::new();
    let system = Served::guest(host.directory.path(), "system", MIB).await;
    let data = Served::guest(host.directory.path(), "data", MIB).await;
    let hypervisor = host.hypervisor().await;
    hypervisor.start(&machine("i-one", vec![system.spec("system", true)])).await.unwrap();
    until_said(&hypervisor, "i-one", "hello", 1).await;
    for number in 1..MAX_DISKS {
        let bus = if number % 2 == 0 { Bus::Nvme } else { Bus::VirtioBlk };
        let disk = DiskSpec { bus, ..data.spec(&format!("data{number}"), false) };
        hypervisor.attach("i-one", &disk).await.unwrap();
        hypervisor.attach("i-one", &disk).await.expect("once more is once");
    }
    let error = hypervisor.attach("i-one", &data.spec("data99", false)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::Refused, "the machine has no place left for a disk")
    );

    // A guest without an operating system lets go of nothing.
    for _ in 0..2 {
        let error = hypervisor.detach("i-one", "data1").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert_eq!(error.to_string(), "the guest did not let go of disk data1 within 0.5 s");
    }
    hypervisor.detach("i-one", "never").await.unwrap();
    // A reset lets go for it.
    hypervisor.reset("i-one").await.unwrap();
    until_said(&hypervisor, "i-one", "hello", 2).await;
    hypervisor.detach("i-one", "data1").await.unwrap();
    hypervisor.attach("i-one", &data.spec("data99", false)).await.unwrap();
}

#[tokio::test]
async fn a_disk_that_cannot_be_reached_is_refused_and_leaves_nothing() {
    let host = Host::new();
    let system = Served::guest(host.directory.path(), "system", MIB).await;
    let mut data = Served::guest(host.directory.path(), "data", MIB).await;
    let hypervisor = host.hypervisor().await;
    hypervisor.start(&machine("i-one", vec![system.spec("system", true)])).await.unwrap();
    data.end();
    let error = hypervisor.attach("i-one", &data.spec("data", false)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
    data.begin().await;
    hypervisor.attach("i-one", &data.spec("data", false)).await.unwrap();
}

#[tokio::test]
async fn a_disk_grows() {
    let host = Host::new();
    let mut system = Served::guest(host.directory.path(), "system", MIB).await;
    let hypervisor = host.hypervisor().await;
    hypervisor.start(&machine("i-one", vec![system.spec("system", true)])).await.unwrap();
    until_said(&hypervisor, "i-one", "hello", 1).await;
    for factor in [2, 3] {
        // The server still gives the old size.
        let error = hypervisor.resized("i-one", "system", factor * MIB).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused, "{error}");
        system.end();
        std::fs::OpenOptions::new().write(true).open(&system.file).unwrap().set_len(factor * MIB).unwrap();
        system.begin().await;
        hypervisor.resized("i-one", "system", factor * MIB).await.unwrap();
    }
    assert_eq!(hypervisor.resized("i-one", "never", MIB).await.unwrap_err().kind(), ErrorKind::Refused);
    hypervisor.reset("i-one").await.unwrap();
    until_said(&hypervisor, "i-one", "hello", 2).await;
}
