//! The story from the shell, and what the program does with damage, restarts and wrong words.

use std::os::unix::fs::FileExt as _;

use e2e::disks::{assert_same, convert, make_raw};
use e2e::{Server, wait_until};
use serde_json::Value;

fn usage(server: &Server) -> Value {
    serde_json::from_str(&server.run(&["usage", "--json"])).expect("JSON")
}

#[test]
fn the_story_from_the_shell() {
    let folder = tempfile::tempdir().expect("a folder");
    let raw = make_raw(folder.path(), "shell");
    let server = Server::start();
    let path = |path: &std::path::Path| path.to_str().expect("a path in UTF-8").to_owned();
    let first = server.run(&["import", &path(&raw), "--name", "first"]).trim().to_owned();
    let stored = usage(&server)["pack_bytes"].clone();

    // Every block of it can be read where it lies.
    let address = server.run(&["nbd", &first]).trim().to_owned();
    assert_same(&raw, &address, "raw");

    // The same disk in other formats is the same disk: nothing is stored again.
    for (format, options) in [("qcow2", &["-c", "-o", "compression_type=zstd"][..]), ("vhd", &["-o", "force_size=on"])]
    {
        let disk = convert(&raw, format, options);
        server.run(&["import", &path(&disk), "--name", &format!("again-{format}")]);
        assert_eq!(usage(&server)["pack_bytes"], stored, "{format} stores no new block");
    }
    assert_eq!(server.images().len(), 3);

    for (format, driver) in [("qcow2", "qcow2"), ("vhd", "vpc")] {
        let to = path(folder.path());
        let out = server.run(&["export", &first, "--format", format, "--to", &to]).trim().to_owned();
        assert_same(&raw, &out, driver);
    }

    // What one image gives up, the others keep.
    server.run(&["delete", &first]);
    server.run(&["gc"]);
    server.run(&["verify", "--deep"]);
    for image in server.images() {
        server.run(&["delete", image["ImageId"].as_str().expect("an id")]);
    }
    server.run(&["gc"]);
    assert_eq!(usage(&server)["packs"], 0);
    let blobs = walk(&server.data().join("objects"));
    assert_eq!(blobs, 0, "uploads are gone, too");
}

fn walk(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries
        .map(|entry| {
            let path = entry.expect("an entry").path();
            if path.is_dir() { walk(&path) } else { 1 }
        })
        .sum()
}

#[test]
fn verification_finds_a_flipped_bit() {
    let folder = tempfile::tempdir().expect("a folder");
    let raw = make_raw(folder.path(), "flip");
    let server = Server::start();
    server.run(&["import", raw.to_str().expect("a path in UTF-8"), "--name", "flipped"]);
    server.run(&["verify"]);
    let packs = server.data().join("store/packs");
    let mut files = Vec::new();
    collect_files(&packs, &mut files);
    let file = std::fs::File::options().read(true).write(true).open(&files[0]).expect("opens");
    let at = file.metadata().expect("its length").len() / 3;
    let mut byte = [0];
    file.read_exact_at(&mut byte, at).expect("read");
    file.write_all_at(&[byte[0] ^ 1], at).expect("written");
    let complaint = server.run_failing(&["verify"]);
    assert!(complaint.contains("damaged"), "{complaint}");
}

fn collect_files(folder: &std::path::Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { collect_files(&path, files) } else { files.push(path) }
    }
}

#[test]
fn a_restart_forgets_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let raw = make_raw(folder.path(), "restart");
    let mut server = Server::start();
    let image = server.run(&["import", raw.to_str().expect("a path in UTF-8"), "--name", "kept"]).trim().to_owned();
    let made: Value = serde_json::from_str(&server.run(&["account", "create", "second", "--json"])).expect("JSON");
    server.stop();
    let complaint = server.run_failing(&["images"]);
    assert!(complaint.contains("tintype serve"), "{complaint}");
    server.launch();
    assert_eq!(server.images()[0]["ImageId"], *image);
    let other = server
        .command(&["images", "--json"])
        .env("TINTYPE_ACCESS_KEY_ID", made["access_key_id"].as_str().expect("a key"))
        .env("TINTYPE_ACCESS_KEY_SECRET", made["access_key_secret"].as_str().expect("a secret"))
        .output()
        .expect("runs");
    assert_eq!(String::from_utf8_lossy(&other.stdout).trim(), "[]", "another account sees its own images");
}

#[test]
fn one_server_a_directory() {
    let server = Server::start();
    let second =
        server.command(&["serve", "--listen", "127.0.0.1:0", "--oss-listen", "127.0.0.1:0"]).output().expect("runs");
    assert!(!second.status.success());
    assert!(String::from_utf8_lossy(&second.stderr).contains("another server uses"));
}

#[test]
fn a_stop_parks_an_import_and_a_start_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let raw = make_raw(folder.path(), "park");
    let mut server = Server::start();
    let mut import = server
        .command(&["import", raw.to_str().expect("a path in UTF-8"), "--name", "parked", "--keep"])
        .spawn()
        .expect("runs");
    wait_until("the import", || !server.images().is_empty());
    server.stop();
    let _ = import.wait();
    server.launch();
    wait_until("the image", || server.images()[0]["Status"] == "Available");
    server.run(&["verify", "--deep"]);
    assert_eq!(server.tasks()[0]["TaskStatus"], "Finished");
}

#[test]
fn who_may_what_who_did_what_and_how_much() {
    let server = Server::start_with(&["--driver", "record"]);
    let account = server.credentials()["account_id"].as_str().expect("an account").to_owned();

    // A limit that is lowered holds in the next call, and one that is let go is the service's again.
    let limit = |name: &str| {
        let shown: Value = serde_json::from_str(&server.run(&["quota", "list", "--json"])).expect("JSON");
        let limits = shown["limits"].as_array().expect("limits").clone();
        limits.into_iter().find(|limit| limit["name"] == name).expect("a limit")
    };
    let usual = limit("images");
    assert!(server.run(&["quota", "set", "images", "3"]).contains("images"));
    assert_eq!(limit("images")["limit"], 3);
    server.run(&["quota", "set", "images", "default"]);
    assert_eq!(limit("images"), usual);
    assert!(server.run_failing(&["quota", "set", "elephants", "3"]).contains("there is no limit elephants"));
    assert!(server.run_failing(&["quota", "set", "images", "many"]).contains("is no number"));

    // What was asked is on record, with who asked and how it was decided.
    server.run(&["images"]);
    let record = || server.run(&["audit", "--action", "DescribeImages", "--json"]);
    wait_until("the record", || !record().trim().is_empty());
    let event: Value = serde_json::from_str(record().lines().next().expect("an event")).expect("JSON");
    let request = event["id"].as_str().expect("an id").to_owned();
    assert_eq!((&event["code"], &event["decision"]["verdict"]), (&"OK".into(), &"Allow".into()));
    assert!(server.run(&["audit", "--denied", "--json"]).trim().is_empty(), "nobody was denied anything");

    let why = server.run(&["policy", "explain", &request]);
    assert!(why.contains("the owner of the account may do everything"), "{why}");
    let resource = format!("acs:ecs:*:{account}:image/m-1");
    let ask = ["policy", "explain", "--verb", "ecs:DeleteImage", "--resource", &resource, "--as"];
    let foreign = ["policy", "explain", "--verb", "ecs:DeleteImage", "--resource", "acs:ecs:*:1:image/m-1"];
    assert!(server.run(&[&ask[..], &["root"]].concat()).contains("Allow"));
    let foreign = server.run(&[&foreign[..], &["--as", "root"]].concat());
    assert!(foreign.contains("the resource is another account's"), "{foreign}");
    assert!(server.run_failing(&[&ask[..], &["role/nobody"]].concat()).contains("there is no role nobody"));
    assert!(server.run_failing(&["policy", "explain"]).contains("required"));
}
