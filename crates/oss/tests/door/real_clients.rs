//! The clients that people use, unmodified, against the door on a loopback port.
//!
//! Each test runs one script of `tests/clients/`; a script fails at its first surprise. The clients are installed by
//! `tests/clients/install.sh`; where they are not, these tests fail and say so.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use model::SystemClock;
use oss::OssDoor;
use tokio::process::Command;

use crate::common::KEYS;

/// Where the clients are installed.
fn installed() -> PathBuf {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/clients");
    let dir = std::env::var_os("TINTYPE_CLIENTS_DIR").map_or(default, PathBuf::from);
    let is_there = dir.join("venv/bin/python").exists() && dir.join("node_modules/ali-oss").exists();
    assert!(
        is_there,
        "the clients are not installed in {}: run crates/oss/tests/clients/install.sh {0}, or set TINTYPE_CLIENTS_DIR",
        dir.display()
    );
    dir
}

async fn run(script: &str, arguments: &[&str]) {
    let clients = installed();
    let world = crate::common::world(Arc::new(SystemClock), None).await;
    let address = listen(world.door.clone()).await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(script);
    let home = tempfile::tempdir().expect("a directory");
    let interpreter = match script.extension().and_then(|extension| extension.to_str()) {
        Some("py") => clients.join("venv/bin/python"),
        Some("js") => PathBuf::from("node"),
        _ => PathBuf::from("bash"),
    };
    let [(key, secret, _), ..] = KEYS;
    let output = Command::new(interpreter)
        .arg(&script)
        .args(arguments)
        .current_dir(home.path())
        // Proxies and certificates of the machine are not for these clients.
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("LC_ALL", "C.UTF-8")
        .env("HOME", home.path())
        .env("CLIENTS_DIR", &clients)
        .env("NODE_PATH", clients.join("node_modules"))
        .env("OSS_HOST", address.to_string())
        .env("OSS_PORT", address.port().to_string())
        .env("OSS_KEY", key)
        .env("OSS_SECRET", secret)
        .env("OSS_REGION", "cn-hangzhou")
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap_or_else(|error| panic!("{} does not start: {error}", script.display()));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{} {arguments:?}: {}\n{out}\n{err}", script.display(), output.status);
    // A script that ends early without an error has proved nothing.
    assert!(out.ends_with("all good\n"), "{}: {out}\n{err}", script.display());
}

macro_rules! clients {
    ($($name:ident: $script:literal $arguments:expr;)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            run($script, &$arguments).await;
        })*
    };
}

clients! {
    python_oss2_v1: "oss2_client.py" ["v1"];
    python_oss2_v4: "oss2_client.py" ["v4"];
    python_oss_v2: "oss_v2_client.py" [];
    node_ali_oss_v1: "ali_oss_client.js" ["v1"];
    node_ali_oss_v4: "ali_oss_client.js" ["v4"];
    aws_cli: "aws_client.sh" [];
    rclone_v4: "rclone_client.sh" ["other"];
    rclone_v2: "rclone_client.sh" ["v2"];
    rclone_through_a_proxy: "rclone_client.sh" ["alibaba"];
}

/// Serves a door on a free loopback port, for as long as the runtime lives.
async fn listen(door: OssDoor) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.expect("a connection");
            let door = door.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request: hyper::Request<Incoming>| {
                    let door = door.clone();
                    async move { Ok::<_, std::convert::Infallible>(door.call(request, identity::Origin::default()).await) }
                });
                // A client that goes away in the middle is its own affair.
                let _ =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
            });
        }
    });
    address
}
