//! The doors by their real names: over TLS, and as a client's proxy. And what a monitor asks.

use std::path::Path;
use std::process::{Command, Output};

use e2e::Server;

/// `curl` with these arguments.
fn curl(arguments: &[&str]) -> Output {
    let quiet = ["--silent", "--show-error", "--max-time", "30", "--noproxy", "*"];
    Command::new("curl").args(quiet).args(arguments).output().expect("curl is installed")
}

/// What `curl` got: the status, and the body.
fn get(arguments: &[&str]) -> (String, String) {
    let output = curl(&[&["--write-out", "\n%{http_code}"], arguments].concat());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    let (body, status) = text.rsplit_once('\n').expect("the status was written");
    (status.to_owned(), body.to_owned())
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

fn tls_port(server: &Server) -> String {
    let info = server.info();
    let (_, port) = info["tls_endpoint"].as_str().expect("TLS listens").split_once(':').expect("a port");
    port.to_owned()
}

/// The exit status of `curl` for a certificate that it does not trust.
const UNTRUSTED: Option<i32> = Some(60);

#[test]
fn the_local_authority_serves_every_built_in_name() {
    let mut server = Server::start_with(&["--tls-listen", "127.0.0.1:0"]);
    let ca = server.data().join("tls/ca.pem");
    assert_eq!(server.info()["ca_file"].as_str(), Some(text(&ca)));
    assert_eq!(server.python("story_names.py", &["tls", &tls_port(&server), text(&ca)]).trim(), "done");

    // The strictest reading of the standard, which newer clients take.
    let strict = Command::new("openssl")
        .args(["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", text(&ca)])
        .arg(server.data().join("tls/server.pem"))
        .output()
        .expect("openssl is installed");
    assert!(strict.status.success(), "{}", String::from_utf8_lossy(&strict.stderr));

    // A client of another make, and names of every door.
    for (host, expected) in [
        ("ecs.aliyuncs.com", "healthz"),
        ("ecs.cn-hangzhou.aliyuncs.com", "healthz"),
        ("oss-cn-hangzhou.aliyuncs.com", "AccessDenied"),
        ("a-bucket.oss-cn-hangzhou.aliyuncs.com", "NoSuchBucket"),
    ] {
        let url = format!("https://{host}/{}", if expected == "healthz" { "healthz" } else { "" });
        let connect = format!("::127.0.0.1:{}", tls_port(&server));
        let (_, body) = get(&["--cacert", text(&ca), "--connect-to", &connect, &url]);
        let expected = if expected == "healthz" { "ok" } else { expected };
        assert!(body.contains(expected), "{host}: {body}");
    }

    // Only this deployment's authority is good, and it stays the same.
    let other = Server::start_with(&["--tls-listen", "127.0.0.1:0"]);
    let url = format!("https://127.0.0.1:{}/healthz", tls_port(&other));
    assert_eq!(curl(&["--cacert", text(&ca), &url]).status.code(), UNTRUSTED);
    assert_eq!(curl(&[&url]).status.code(), UNTRUSTED);
    let before = std::fs::read_to_string(&ca).expect("the authority");
    server.stop();
    server.launch();
    assert_eq!(std::fs::read_to_string(&ca).expect("the authority"), before);
    let url = format!("https://127.0.0.1:{}/healthz", tls_port(&server));
    assert_eq!(get(&["--cacert", text(&ca), &url]).1, "ok\n");
}

#[test]
fn a_certificate_that_was_given_is_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=given"])
        .args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-addext", "subjectAltName=DNS:images.example.com"])
        .args(["-keyout", text(&key), "-out", text(&certificate)])
        .output()
        .expect("openssl is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let server =
        Server::start_with(&["--tls-listen", "127.0.0.1:0", "--tls-cert", text(&certificate), "--tls-key", text(&key)]);
    assert!(server.info()["ca_file"].is_null(), "there is no local authority");
    assert!(!server.data().join("tls").exists());
    let connect = format!("::127.0.0.1:{}", tls_port(&server));
    let answered =
        get(&["--cacert", text(&certificate), "--connect-to", &connect, "https://images.example.com/healthz"]);
    assert_eq!(answered, ("200".to_owned(), "ok\n".to_owned()));
    // The certificate is for one name; curl refuses another with the same status as an unknown authority.
    let other = curl(&["--cacert", text(&certificate), "--connect-to", &connect, "https://other.example.com/healthz"]);
    assert_eq!(other.status.code(), UNTRUSTED);

    // A key of another certificate is told at the start, not at the first connection.
    let (wrong, data) = (folder.path().join("wrong.pem"), folder.path().join("data"));
    let made = Command::new("openssl")
        .args(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-out", text(&wrong)])
        .output();
    assert!(made.expect("openssl is installed").status.success());
    let refused = Command::new(e2e::program())
        .args(["serve", "--listen", "127.0.0.1:0", "--oss-listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0"])
        .args(["--data", text(&data), "--tls-cert", text(&certificate), "--tls-key", text(&wrong)])
        .output()
        .expect("the program runs");
    assert!(!refused.status.success());
    let complaint = String::from_utf8_lossy(&refused.stderr);
    assert!(complaint.contains("do not fit together"), "{complaint}");
}

#[test]
fn clients_reach_both_doors_through_the_server_as_their_proxy() {
    let server = Server::start();
    let endpoint = server.info()["endpoint"].as_str().expect("an address").to_owned();
    assert_eq!(server.python("story_names.py", &["proxy", &endpoint]).trim(), "done");
}

#[test]
fn a_monitor_is_answered() {
    let server = Server::start();
    let base = format!("http://{}", server.info()["endpoint"].as_str().expect("an address"));
    let ask = |path: &str| get(&[&format!("{base}{path}")]);
    assert_eq!(ask("/healthz"), ("200".to_owned(), "ok\n".to_owned()));
    assert_eq!(ask("/readyz"), ("200".to_owned(), "ready\n".to_owned()));
    server.images();
    let (status, metrics) = ask("/metrics");
    assert_eq!(status, "200");
    // One line for the call just made, in the form that a scraper reads.
    let counted = metrics.lines().find(|line| line.contains("DescribeImages") && !line.starts_with('#'));
    assert!(counted.is_some_and(|line| line.ends_with(" 1")), "{metrics}");
}
