//! Many callers at once for what only one can have: one wins, and the others are told why they did not.
//!
//! Every race is run on SQLite, and on PostgreSQL with two nodes that take the calls in turn. `TINTYPE_RACE_ROUNDS` says
//! how often. The race of a withdrawal against the recipient's launches is among the tests of sharing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use api::Api;
use meta::{Meta, images};
use model::quota::Quota;
use serde_json::Value;
use testkit::Postgres;

use crate::support::{KEY, World, rounds, text};

const CALLERS: usize = 64;

/// Rounds when nobody asks for more.
const FEW: u32 = 10;

const SHARE: &str = "ModifyImageSharePermission";

/// A world with a snapshot, and the nodes that take the calls.
struct Race {
    world: Arc<World>,
    others: Vec<Arc<Api>>,
    snapshot: String,
}

/// One caller's call.
type Call = (&'static str, Vec<(&'static str, String)>);

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_wins() {
    Race::over(World::new().await, Vec::new()).await.run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_wins_where_nodes_share_the_records() {
    let server = Postgres::start();
    let open = async || Meta::open_postgres(&server.address()).await.expect("opens");
    let world = World::over(open().await, tempfile::tempdir().expect("a directory")).await;
    let another = Arc::new(world.another_node(open().await).await);
    Race::over(world, vec![another]).await.run().await;
}

impl Race {
    async fn over(world: World, others: Vec<Arc<Api>>) -> Self {
        let (world, image) = world.given_servers().await;
        let server = world.launch(&image, &[]).await;
        let running = |shown: &Value| shown["Status"] == "Running";
        world.until("DescribeInstanceAttribute", &[("InstanceId", &server)], running).await;
        let disks = world.ecs_ok("DescribeDisks", &[("InstanceId", &server)]).await;
        let disk = text(&disks["Disks"]["Disk"][0]["DiskId"]);
        let snapshot = text(&world.ecs_ok("CreateSnapshot", &[("DiskId", &disk)]).await["SnapshotId"]);
        world.work().await;
        let done = |shown: &Value| shown["Snapshots"]["Snapshot"][0]["Status"] == "accomplished";
        world.until("DescribeSnapshots", &[("SnapshotIds", &format!("[\"{snapshot}\"]"))], done).await;
        Self { world: Arc::new(world), others, snapshot }
    }

    async fn run(&self) {
        let rounds = rounds(FEW);
        let begun = Instant::now();
        let lap = |race: &str| println!("{race}: {rounds} rounds, {:.1?} since the beginning", begun.elapsed());
        self.the_last_place(rounds).await;
        lap("the last place");
        self.one_name(rounds).await;
        lap("one name");
        self.one_token(rounds).await;
        lap("one token, the same parameters");
        self.one_token_for_many_calls(rounds).await;
        lap("one token, other parameters");
        self.share_against_delete(rounds).await;
        lap("share against delete");
    }

    /// Makes all calls at once, by as many callers; what each was answered.
    async fn at_once(&self, call: impl Fn(usize) -> Call) -> Vec<(String, Value)> {
        let callers: Vec<_> = (0..CALLERS)
            .map(|n| {
                let (action, mut params) = call(n);
                params.push(("RegionId", "cn-hangzhou".to_owned()));
                let world = Arc::clone(&self.world);
                let node = self.others.get(n % (self.others.len() + 1)).cloned();
                tokio::spawn(async move {
                    let params: Vec<_> = params.iter().map(|(name, value)| (*name, value.as_str())).collect();
                    let query = world.sign(KEY, "secret", "2014-05-26", action, &params, "JSON");
                    let answer = world.send_to(node.as_deref().unwrap_or(&world.api), &query).await;
                    let body: Value = serde_json::from_str(&answer.body).expect("JSON");
                    (body["Code"].as_str().unwrap_or("OK").to_owned(), body)
                })
            })
            .collect();
        let mut answers = Vec::new();
        for caller in callers {
            answers.push(caller.await.expect("ends"));
        }
        answers
    }

    /// Makes images of the snapshot, all at once.
    async fn create_at_once(&self, params: impl Fn(usize) -> Vec<(&'static str, String)>) -> Vec<(String, Value)> {
        let of = ("SnapshotId", self.snapshot.clone());
        self.at_once(|n| ("CreateImage", [vec![of.clone()], params(n)].concat())).await
    }

    async fn create(&self) -> String {
        let made = self.world.ecs_ok("CreateImage", &[("SnapshotId", &self.snapshot)]).await;
        self.world.work().await;
        text(&made["ImageId"])
    }

    /// Deletes an image that was begun.
    async fn delete(&self, image: &str) {
        self.world.work().await;
        self.world.ecs_ok("DeleteImage", &[("ImageId", image)]).await;
    }

    /// How many images the account has, by the records themselves.
    async fn images(&self) -> u64 {
        let (account, region) = (self.world.account, "cn-hangzhou".parse().expect("a region"));
        let total = self.world.engine.meta().read(move |tx| images::total(tx, account, &region)).await;
        total.expect("read")
    }

    async fn the_last_place(&self, rounds: u32) {
        let there = self.images().await;
        self.world.limit(Quota::Images, there + 1).await;
        for round in 0..rounds {
            let name = |n| vec![("ImageName", format!("place-{round}-{n}"))];
            let image = one_winner(self.create_at_once(name).await, "QuotaExceed.Image");
            assert_eq!(self.images().await, there + 1);
            self.delete(&image).await;
        }
        self.world.limit(Quota::Images, None).await;
    }

    async fn one_name(&self, rounds: u32) {
        let there = self.images().await;
        for _ in 0..rounds {
            let name = |_| vec![("ImageName", "wanted".to_owned())];
            let image = one_winner(self.create_at_once(name).await, "InvalidImageName.Duplicated");
            assert_eq!(self.images().await, there + 1);
            self.delete(&image).await;
        }
    }

    /// The same call again and again: one effect, and everybody is told of it.
    async fn one_token(&self, rounds: u32) {
        let there = self.images().await;
        for round in 0..rounds {
            let token = |_| vec![("ImageName", "once".to_owned()), ("ClientToken", format!("same-{round}"))];
            let answers = self.create_at_once(token).await;
            assert_eq!(codes(&answers), BTreeMap::from([("OK".to_owned(), CALLERS)]));
            let image = text(&answers[0].1["ImageId"]);
            assert!(answers.iter().all(|(_, body)| body["ImageId"] == *image), "{answers:?}");
            assert_eq!(self.images().await, there + 1);
            self.delete(&image).await;
        }
    }

    async fn one_token_for_many_calls(&self, rounds: u32) {
        let there = self.images().await;
        for round in 0..rounds {
            let call = |n| vec![("ImageName", format!("call-{n}")), ("ClientToken", format!("other-{round}"))];
            let image = one_winner(self.create_at_once(call).await, "IdempotenceParamNotMatch");
            assert_eq!(self.images().await, there + 1);
            self.delete(&image).await;
        }
    }

    /// Half of the callers share an image, the others delete it: it is shared and there, or gone.
    async fn share_against_delete(&self, rounds: u32) {
        let other = self.world.other.to_string();
        let (mut shared, mut deleted) = (0_u32, 0_u32);
        for round in 0..rounds as usize {
            let image = self.create().await;
            let id = ("ImageId", image.clone());
            let share = || (SHARE, vec![id.clone(), ("AddAccount.1", other.clone())]);
            // Each kind of call goes to each node, and each begins every second time.
            let call = |n| if (n / 2 + round) % 2 == 0 { share() } else { ("DeleteImage", vec![id.clone()]) };
            let answers = self.at_once(call).await;
            let is_there = self.world.ecs_ok("DescribeImages", &[("ImageId", &image)]).await["TotalCount"] == 1;
            let expected: &[(&str, usize)] = if is_there {
                &[("OK", CALLERS / 2), ("ImageUseShared", CALLERS / 2)]
            } else {
                &[("OK", 1), ("InvalidImageId.NotFound", CALLERS - 1)]
            };
            let expected = expected.iter().map(|(code, n)| ((*code).to_owned(), *n)).collect();
            assert_eq!(codes(&answers), expected);
            if is_there {
                shared += 1;
                self.world.ecs_ok(SHARE, &[("ImageId", &image), ("RemoveAccount.1", &other)]).await;
                self.delete(&image).await;
            } else {
                deleted += 1;
            }
        }
        println!("shared {shared} times, deleted {deleted} times");
    }
}

fn codes(answers: &[(String, Value)]) -> BTreeMap<String, usize> {
    let mut codes = BTreeMap::new();
    for (code, _) in answers {
        *codes.entry(code.clone()).or_default() += 1;
    }
    codes
}

/// The image of the one who won; everybody else was answered this code.
#[track_caller]
fn one_winner(answers: Vec<(String, Value)>, code: &str) -> String {
    let expected = BTreeMap::from([("OK".to_owned(), 1), (code.to_owned(), CALLERS - 1)]);
    assert_eq!(codes(&answers), expected);
    let won = answers.iter().find(|(code, _)| code == "OK").expect("one won");
    text(&won.1["ImageId"])
}
