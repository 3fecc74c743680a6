//! Sockets: modes, leftovers, and who is in the way.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;

use host::nbd::{Error, ErrorKind, Server};

use crate::support::{Served, TestDisk};

fn bind(path: &Path) -> Result<Server, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(Server::bind_unix(path))
}

#[track_caller]
fn assert_in_use(path: &Path) {
    let error = bind(path).map(|_| ()).expect_err("something is in the way");
    assert_eq!(error.kind(), ErrorKind::InUse, "{error}");
}

#[test]
fn only_the_owner_can_reach_the_socket_and_it_goes_with_the_server() {
    let mut served = Served::unix(&Arc::new(TestDisk::new(512, &[])));
    let mode = std::fs::symlink_metadata(&served.path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_in_use(&served.path);
    served.go(false).read(0, 0..512);
    served.join();
    assert!(!served.path.exists());
}

#[test]
fn a_socket_left_behind_is_replaced() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("s");
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "the standard library leaves it");
    let server = bind(&path).expect("nobody listens there");
    drop(server);
    assert!(!path.exists());
    bind(&path).expect("and again");
}

#[test]
fn what_somebody_else_listens_on_or_is_no_socket_is_left_alone() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("s");
    let listener = UnixListener::bind(&path).unwrap();
    assert_in_use(&path);
    drop(listener);
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "precious").unwrap();
    assert_in_use(&path);
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/nowhere", &path).unwrap();
    assert_in_use(&path);
    let error = bind(&scratch.path().join("no/such/directory")).map(|_| ()).expect_err("no directory");
    assert_eq!(error.kind(), ErrorKind::Io);
}

#[test]
fn a_server_removes_only_its_own_socket() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("s");
    let server = bind(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let _other = UnixListener::bind(&path).unwrap();
    drop(server);
    assert!(path.exists());
}

#[test]
fn a_port_in_use_is_said_to_be() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(Server::bind_tcp(taken.local_addr().unwrap())).map(|_| ()).expect_err("taken");
    assert_eq!(error.kind(), ErrorKind::InUse);
}
