//! `kill -9` at random points of imports, exports, deletions and collections.
//!
//! After every kill and restart: what was acknowledged is there and verifies, every task ends in a documented state, and
//! at the end nothing is left that nobody asked for.

use std::collections::HashSet;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use e2e::disks::make_raw;
use e2e::{Server, wait_until};

/// Kills of one run.
const KILLS: usize = 200;

/// A stream of pseudo-random numbers (xorshift); the seed is printed, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

fn start(server: &Server, arguments: &[&str]) -> Child {
    let mut command: Command = server.command(arguments);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program runs")
}

#[test]
fn two_hundred_kills_lose_nothing() {
    let seed = std::process::id() as u64 | 1 << 40;
    println!("seed {seed}");
    let mut dice = Dice(seed);
    let folder = tempfile::tempdir().expect("a folder");
    let disks: Vec<String> = ["one", "two"]
        .iter()
        .map(|seed| make_raw(folder.path(), seed).to_str().expect("a path in UTF-8").to_owned())
        .collect();
    let out = folder.path().join("out");
    std::fs::create_dir_all(&out).expect("a folder");
    let out = out.to_str().expect("a path in UTF-8").to_owned();
    let mut server = Server::start();
    // The roles and buckets are there, so that a kill meets the work and not its preparation.
    let anchor = server.run(&["import", &disks[0], "--name", "anchor"]).trim().to_owned();
    server.run(&["export", &anchor, "--to", &out]);
    let mut acknowledged: HashSet<String> = HashSet::from([anchor.clone()]);

    for kill in 0..KILLS {
        let name = format!("image-{kill}");
        let disk = &disks[dice.roll(2) as usize];
        let mut work = vec![start(&server, &["import", disk, "--name", &name])];
        match dice.roll(4) {
            0 => work.push(start(&server, &["export", &anchor, "--to", &out])),
            1 => work.push(start(&server, &["gc"])),
            2 => {
                let victim = acknowledged.iter().find(|id| **id != anchor).cloned();
                if let Some(victim) = victim {
                    // Asked for, answered or not: from here on it may be there or not.
                    acknowledged.remove(&victim);
                    work.push(start(&server, &["delete", &victim]));
                }
            }
            _ => {}
        }
        // Sometimes in the upload, sometimes in the import, sometimes after it.
        std::thread::sleep(Duration::from_millis(dice.roll(1_200)));
        server.kill();
        for child in &mut work {
            let _ = child.kill();
            let _ = child.wait();
        }
        server.launch();
        wait_until("the end of every task", || server.tasks().iter().all(|task| task["TaskStatus"] != "Processing"));
        let images = server.images();
        for image in &images {
            let status = image["Status"].as_str().expect("a status");
            assert!(matches!(status, "Available" | "CreateFailed"), "after kill {kill}: {image}");
        }
        let available: HashSet<String> = images
            .iter()
            .filter(|image| image["Status"] == "Available")
            .map(|image| image["ImageId"].as_str().expect("an id").to_owned())
            .collect();
        let lost: Vec<_> = acknowledged.difference(&available).collect();
        assert!(lost.is_empty(), "after kill {kill} {lost:?} is lost");
        acknowledged.extend(available);
        if kill % 20 == 19 {
            server.run(&["verify", "--deep"]);
        }
        // Keep the number of images small, so that the last check stays quick.
        if acknowledged.len() > 6 {
            for id in acknowledged.clone().iter().filter(|id| **id != anchor) {
                server.run(&["delete", id]);
                acknowledged.remove(id);
            }
        }
    }

    server.run(&["verify", "--deep"]);
    for image in server.images() {
        server.run(&["delete", image["ImageId"].as_str().expect("an id")]);
    }
    clear_bucket(&server);
    server.run(&["gc"]);
    let usage: serde_json::Value = serde_json::from_str(&server.run(&["usage", "--json"])).expect("JSON");
    assert_eq!((usage["packs"].as_u64(), usage["pack_bytes"].as_u64()), (Some(0), Some(0)), "nothing leaks");
    assert_eq!(usage["disks"], serde_json::json!([]));
    let left = files(&server.data().join("objects")) + files(&server.data().join("store/manifests"));
    assert_eq!(left, 0, "no blob and no manifest is left");
}

/// Deletes what interrupted clients left in their bucket: objects and open uploads are theirs, not ours to forget.
fn clear_bucket(server: &Server) {
    server.python("clear_buckets.py", &[]);
}

fn files(folder: &std::path::Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .map(|entry| {
            let path = entry.expect("an entry").path();
            if path.is_dir() { files(&path) } else { 1 }
        })
        .sum()
}
