//! The story with the official clients: upload, import, watch, export, compare, delete.

use std::path::Path;
use std::process::Command;

use e2e::Server;
use e2e::disks::{assert_same, convert, make_raw};

/// Runs a story on a fresh server and compares what it exported with the disk that it imported.
fn check(format: &str, exported: &str, tell: impl FnOnce(&Server, &str, &str) -> String) {
    let folder = tempfile::tempdir().expect("a folder");
    let raw = make_raw(folder.path(), "story");
    let disk = match format {
        "raw" => raw.clone(),
        "vhd" => convert(&raw, "vhd", &["-o", "subformat=dynamic,force_size=on"]),
        other => convert(&raw, other, &["-c"]),
    };
    let out = folder.path().join("out");
    let path = |path: &Path| path.to_str().expect("a path in UTF-8").to_owned();
    let server = Server::start();
    let image = tell(&server, &path(&disk), &path(&out)).trim().to_owned();

    let images = server.images();
    assert_eq!(images.len(), 1, "{images:?}");
    assert_eq!((images[0]["ImageId"].as_str(), images[0]["Status"].as_str()), (Some(&*image), Some("Available")));
    let exported_disk = if exported == "raw" {
        let unpacked = Command::new("tar").arg("-xzf").arg(&out).arg("-C").arg(folder.path()).status();
        assert!(unpacked.expect("tar runs").success());
        folder.path().join(format!("{image}_system.raw"))
    } else {
        out
    };
    assert_same(&raw, &path(&exported_disk), exported);
    server.run(&["verify", "--deep"]);
    server.run(&["delete", &image]);
    server.run(&["gc"]);
    let usage: serde_json::Value = serde_json::from_str(&server.run(&["usage", "--json"])).expect("JSON");
    assert_eq!((&usage["packs"], &usage["disks"]), (&0.into(), &serde_json::json!([])), "all space is given back");
}

#[test]
fn tea_sdk_and_oss2_with_new_signatures() {
    check("qcow2", "qcow2", |server, disk, out| server.python("story_tea.py", &["acs3", "tea-new", disk, out]));
}

#[test]
fn tea_sdk_and_oss2_with_old_signatures() {
    check("vhd", "qcow2", |server, disk, out| server.python("story_tea.py", &["v1", "tea-old", disk, out]));
}

#[test]
fn classic_sdk_and_the_second_oss_sdk() {
    check("raw", "vpc", |server, disk, out| server.python("story_classic.py", &["classic", disk, out]));
}

#[test]
fn node_clients() {
    check("qcow2", "raw", |server, disk, out| server.node("story_node.js", &["node", disk, out]));
}

#[test]
fn users_and_what_they_may() {
    let server = Server::start();
    let user = server.python("story_ram.py", &[]);
    assert!(user.trim().starts_with('2'), "{user}");
}

/// Uploads with a client of the S3 dialect, imports, and reads the image where it lies.
fn check_s3(name: &str, upload: impl FnOnce(&Server, &str)) {
    let folder = tempfile::tempdir().expect("a folder");
    let raw = make_raw(folder.path(), name);
    let server = Server::start();
    upload(&server, raw.to_str().expect("a path in UTF-8"));
    let image = server.python("import_object.py", &["s3-bucket", "disks/disk.raw", name]);
    let address = server.run(&["nbd", image.trim()]);
    assert_same(&raw, address.trim(), "raw");
}

#[test]
fn the_aws_command() {
    check_s3("aws", |server, disk| {
        let aws = e2e::clients().join("venv/bin/aws");
        let endpoint = |arguments: &[&str]| server.exec(&aws, arguments);
        endpoint(&["s3", "mb", "s3://s3-bucket"]);
        endpoint(&["s3", "cp", "--no-progress", disk, "s3://s3-bucket/disks/disk.raw"]);
    });
}

#[test]
fn rclone() {
    check_s3("rclone", |server, disk| {
        // rclone cannot use a bundle of the AWS kind, which the machine may have set for other clients.
        let script = "unset AWS_CA_BUNDLE && export RCLONE_CONFIG_T_ENDPOINT=$AWS_ENDPOINT_URL_S3 && rclone mkdir t:s3-bucket \
                      && rclone copyto \"$1\" t:s3-bucket/disks/disk.raw";
        let config = "export RCLONE_CONFIG_T_TYPE=s3 RCLONE_CONFIG_T_PROVIDER=Other RCLONE_CONFIG_T_ENV_AUTH=true";
        server.exec(Path::new("sh"), &["-c", &format!("{config} && {script}"), "sh", disk]);
    });
}

/// Makes another account: its number, and its key.
fn reader(server: &Server) -> [String; 3] {
    let made = server.run(&["account", "create", "reader", "--json"]);
    let made: serde_json::Value = serde_json::from_str(&made).expect("JSON");
    ["account_id", "access_key_id", "access_key_secret"].map(|name| made[name].as_str().expect("a text").to_owned())
}

#[test]
fn users_and_roles_that_may_share_one_image() {
    let folder = tempfile::tempdir().expect("a folder");
    let raw = make_raw(folder.path(), "identities");
    let server = Server::start_with(&["--driver", "record"]);
    let [account, key, secret] = reader(&server);
    let told = server.python("story_identities.py", &[raw.to_str().expect("a path in UTF-8"), &account, &key, &secret]);
    let image = server.node("story_identities.js", &[told.trim(), &account, &key, &secret]);

    // Who it was is on record, and why it was refused.
    let denied = server.run(&["audit", "--denied", "--json"]);
    assert!(denied.contains("sharon") && denied.contains("sharer:story"), "{denied}");
    assert!(denied.contains(image.trim()), "{denied}");
}

#[test]
fn a_disk_over_tcp_for_whoever_signs() {
    let folder = tempfile::tempdir().expect("a folder");
    let raw = make_raw(folder.path(), "nbd");
    let server = Server::start_with(&["--driver", "record", "--nbd-listen", "127.0.0.1:0"]);
    let image = server.run(&["import", raw.to_str().expect("a path in UTF-8"), "--name", "over-tcp"]);
    let image = image.trim();
    let [_, key, secret] = reader(&server);
    let address = server.info()["nbd_endpoint"].as_str().expect("an address").to_owned();
    let told = server.python("story_nbd.py", &[&address, image, &key, &secret]);
    let names: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    let asked = |uri: &str| Command::new("nbdinfo").arg(uri).output().expect("nbdinfo is installed (libnbd-bin)");
    let of = |kind: &str| {
        let names = names[kind].as_object().expect("names").iter();
        let names = names.map(|(what, uri)| (what.clone(), uri.as_str().expect("a text").to_owned()));
        names.collect::<Vec<_>>()
    };
    for (what, uri) in of("opens") {
        let copy = folder.path().join("copy");
        let copied = Command::new("nbdcopy").arg(&uri).arg(&copy).output().expect("nbdcopy is installed (libnbd-bin)");
        assert!(copied.status.success(), "{what}: {copied:?}");
        assert_same(&raw, copy.to_str().expect("a path in UTF-8"), "raw");
    }
    for (what, uri) in of("refused") {
        let answer = asked(&uri);
        assert!(!answer.status.success(), "{what}: {answer:?}");
    }
    // The program's own names, of a key that lasts and of one that does not.
    assert_same(&raw, server.run(&["nbd", image, "--tcp"]).trim(), "raw");
    let tintype = e2e::program();
    let as_role = ["exec", "--no-names", "--role", "exporter", "--"];
    let tintype = [tintype.to_str().expect("a path in UTF-8"), "nbd", image, "--tcp"];
    let denied = server.run_failing(&[&as_role[..], &tintype].concat());
    assert!(denied.contains("Forbidden.RAM"), "the command asks for the image, which the role may not: {denied}");
    let short = server.run(&["nbd", image, "--tcp", "--expires", "2"]).trim().to_owned();
    e2e::wait_until("the end of a name", || !asked(&short).status.success());
}

#[test]
fn a_command_as_a_role() {
    let server = Server::start_with(&["--driver", "record"]);
    let folder = e2e::root().join("e2e/clients");
    let roles = format!("import sys; sys.path.insert(0, {folder:?}); import common; common.ensure_roles()");
    let (python, aws) = (e2e::clients().join("venv/bin/python"), e2e::clients().join("venv/bin/aws"));
    server.exec(&python, &["-c", &roles]);
    server.exec(&aws, &["s3", "mb", "s3://of-the-owner"]);
    let as_role = |command: &[&str]| {
        let words = ["exec", "--no-names", "--role", "AliyunECSImageImportDefaultRole", "--"];
        server.command(&[&words, command].concat()).output().expect("the program runs")
    };
    // The role may ask where a bucket is, and not make one; nor may it ask for images.
    let aws = aws.to_str().expect("a path in UTF-8");
    let allowed = as_role(&[aws, "s3api", "get-bucket-location", "--bucket", "of-the-owner"]);
    assert!(allowed.status.success(), "{allowed:?}");
    let denied = as_role(&[aws, "s3", "mb", "s3://of-the-role"]);
    assert!(String::from_utf8_lossy(&denied.stderr).contains("AccessDenied"), "{denied:?}");
    let tintype = e2e::program();
    let denied = as_role(&[tintype.to_str().expect("a path in UTF-8"), "images"]);
    assert!(String::from_utf8_lossy(&denied.stderr).contains("Forbidden.RAM"), "{denied:?}");
    let complaint = server.run_failing(&["exec", "--role", "nobody", "--", "true"]);
    assert!(complaint.contains("there is no role nobody"), "{complaint}");
}

#[test]
fn an_image_and_its_readers() {
    let folder = tempfile::tempdir().expect("a folder");
    let raw = make_raw(folder.path(), "sharing");
    let server = Server::start_with(&["--driver", "record"]);
    let [account, key, secret] = reader(&server);
    let told = server.python("story_sharing.py", &[raw.to_str().expect("a path in UTF-8"), &account, &key, &secret]);
    let (image, machine) = told.trim().split_once(' ').expect("two ids");

    // What the operator is told of it, across accounts.
    let report = server.run(&["image", "impact", image, "--delete", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["refusal"]["code"], "ImageUsingByInstance", "{report}");
    assert_eq!(report["servers"][0]["id"], machine);
    assert_eq!(report["servers"][0]["owner"]["name"], "reader");
    assert_eq!(report["servers"][0]["disks"][0]["now"], false, "it was taken back already");
    let told = server.run(&["image", "impact", image, "--deprecate"]);
    assert!(told.contains("call      would succeed") && told.contains("and afterwards m-"), "{told}");
}
