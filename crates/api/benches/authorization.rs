//! What authorization costs: the same signed calls by the account's owner, of whom no policy speaks, and by users of whom
//! twenty do, in turn and in one process.
//!
//! `cargo bench -p api --bench authorization` prints tables, for SQLite and for PostgreSQL. Twenty policies are more than
//! an account may attach to a user: twelve of the service's and eight of the account's own, some through two groups, most
//! with conditions. The second user's policies ask for tags of the resource, which must be read then.

use std::time::{Duration, Instant};

use meta::identities::{self, Group, Principal};
use meta::policies::{self, Attachment, Policy, PolicyKind};
use meta::{Meta, Scope, conformance, images};
use model::{Clock as _, ImageStatus};
use support::{KEY, World, text};
use testkit::Postgres;

#[expect(dead_code, reason = "the tests use the rest of it")]
#[path = "../tests/door/support.rs"]
mod support;

const IMAGES: u32 = 1_000;

/// Calls of each caller for a median.
const CALLS: u32 = 1_000;

/// What the ratio of the medians may be.
const TARGET: f64 = 1.2;

/// The custom policies, beside the service's own.
const POLICIES: [&str; 8] = [
    r#"{"Effect":"Allow","Action":["ecs:DescribeImage*","ecs:DescribeTasks","ecs:DescribeTags"],"Resource":"*"}"#,
    r#"{"Effect":"Deny","Action":"ecs:DeleteImage","Resource":"acs:ecs:*:*:image/*","Condition":{"NotIpAddress":{"acs:SourceIp":["10.0.0.0/8","127.0.0.0/8"]}}}"#,
    r#"{"Effect":"Deny","Action":["ecs:Modify*","ecs:Delete*"],"Resource":["acs:ecs:us-west-1:*:image/*","acs:ecs:us-west-1:*:snapshot/*"]}"#,
    r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"acs:CurrentTime":"2020-01-01T00:00:00Z"}}}"#,
    r#"{"Effect":"Allow","Action":"oss:*","Resource":["acs:oss:*:*:disks","acs:oss:*:*:disks/*"],"Condition":{"Bool":{"acs:SecureTransport":"true"}}}"#,
    r#"{"Effect":"Deny","NotAction":["ecs:*","oss:*","sts:*","ram:Get*","ram:List*"],"Resource":"*"},{"Effect":"Allow","Action":"ecs:RunInstances","Resource":"acs:ecs:cn-hangzhou:*:*"}"#,
    r#"{"Effect":"Deny","Action":"ecs:ModifyImageSharePermission","Resource":"*","Condition":{"StringNotLike":{"acs:PrincipalARN":"acs:ram::*:role/sharing-*"}}}"#,
    r#"{"Effect":"Deny","Action":"ram:*","Resource":"*","Condition":{"StringEquals":{"acs:SourceVpc":"vpc-none"}}}"#,
];

/// What the second user's policies say beside these.
const TAGGED: &str = r#"{"Effect":"Deny","Action":["ecs:Modify*","ecs:Delete*"],"Resource":"*","Condition":{"StringEquals":{"acs:ResourceTag/stage":"production"}}}"#;

/// Makes a user of whom twenty policies speak, and says which key it has.
async fn user(world: &World, name: &str, last: &str) -> String {
    let key = world.user(name, last).await;
    let (account, now, name) = (world.account, world.clock.now(), name.to_owned());
    let made = world.engine.meta().write(Scope::Account(account), move |tx| {
        let user = identities::user_by_name(tx, account, &name)?.expect("the user");
        for group in ["one", "two"].map(|group| format!("{name}-{group}")) {
            let (id, comments) = (format!("g-{group}"), String::new());
            identities::insert_group(
                tx,
                account,
                &Group { name: group, id: id.clone(), comments, created: now, updated: now },
            )?;
            identities::join(tx, account, &user.id, &id, now)?;
        }
        let (one, two) = (format!("g-{name}-one"), format!("g-{name}-two"));
        let whose = |n: usize| match n % 4 {
            0 => Principal::Group(&one),
            1 => Principal::Group(&two),
            _ => Principal::User(&user.id),
        };
        for (n, system) in identity::system_policies::SYSTEM_POLICIES.iter().enumerate() {
            let attachment = Attachment { kind: PolicyKind::System, policy: system.name.to_owned(), attached: now };
            policies::attach(tx, account, whose(n), &attachment)?;
        }
        // The eighth is what `World::user` attached.
        for (n, statements) in POLICIES.iter().enumerate().skip(1) {
            let document = format!(r#"{{"Version":"1","Statement":[{statements}]}}"#);
            let policy = Policy::new(format!("{name}-{n}"), document, String::new(), now);
            policies::insert(tx, account, &policy)?;
            let attachment = Attachment { kind: PolicyKind::Custom, policy: policy.name, attached: now };
            policies::attach(tx, account, whose(n), &attachment)?;
        }
        let grants = identities::grants(tx, account, Principal::User(&user.id))?;
        assert_eq!(grants.len(), 20);
        Ok::<_, meta::Error>(())
    });
    made.await.expect("written");
    key
}

/// Writes the images, and says which is the newest.
async fn seed(world: &World) -> String {
    let account = world.account;
    let written = world.engine.meta().write(Scope::Account(account), move |tx| {
        let mut newest = String::new();
        for n in 0..IMAGES {
            let mut image = conformance::image(account, &format!("image-{n}"), 1_700_000_000_000 + i64::from(n));
            (image.status, image.progress, image.region) =
                (ImageStatus::Available, 100, "cn-hangzhou".parse().expect("a region"));
            assert!(images::insert(tx, &image, images::age_sequence(image.created, n))?);
            newest = image.id.to_string();
        }
        Ok::<_, meta::Error>(newest)
    });
    written.await.expect("written")
}

async fn call(world: &World, key: &str, action: &str, params: &[(&str, &str)]) -> Duration {
    let query = world.sign(key, "secret", "2014-05-26", action, params, "JSON");
    let begun = Instant::now();
    let answer = world.send(&query).await;
    let took = begun.elapsed();
    assert_eq!(answer.status, 200, "{}", answer.body);
    took
}

async fn run(title: &str, meta: Meta, dir: tempfile::TempDir) {
    let world = World::over(meta, dir).await;
    let image = seed(&world).await;
    let users = [
        ("owner", KEY.to_owned()),
        ("20 policies", user(&world, "plain", POLICIES[0]).await),
        ("20, one asks for tags", user(&world, "tagged", TAGGED).await),
    ];
    println!("\n{title}\n\n| call | {} | ratio | {} | ratio | {} |", users[1].0, users[2].0, users[0].0);
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for action in ["DescribeImages", "ModifyImageAttribute"] {
        let mut times: [Vec<Duration>; 3] = Default::default();
        for n in 0..CALLS {
            for (which, (_, key)) in users.iter().enumerate() {
                let description = format!("{n} {which}");
                let params: &[(&str, &str)] = match action {
                    "DescribeImages" => &[("RegionId", "cn-hangzhou"), ("PageSize", "50")],
                    _ => &[("RegionId", "cn-hangzhou"), ("ImageId", &image), ("Description", &description)],
                };
                times[which].push(call(&world, key, action, params).await);
            }
        }
        let [owner, plain, tagged] = times.map(|mut times| {
            times.sort();
            times[times.len() / 2].as_secs_f64() * 1e3
        });
        let told = |median: f64| {
            let ratio = median / owner;
            format!("{median:.3} ms | {ratio:.2}{}", if ratio < TARGET { "" } else { " (missed)" })
        };
        println!("| {action} | {} | {} | {owner:.3} ms |", told(plain), told(tagged));
    }
    let shown = world.ecs_ok("DescribeImages", &[("ImageId", &image)]).await;
    assert_eq!(text(&shown["Images"]["Image"][0]["Description"]), format!("{} 2", CALLS - 1), "what was written last");
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let directory = || tempfile::tempdir().expect("a directory");
    let dir = directory();
    let sqlite = Meta::open_sqlite(&dir.path().join("meta.db")).expect("opens");
    runtime.block_on(run("SQLite", sqlite, dir));
    let server = Postgres::start();
    let postgres = runtime.block_on(Meta::open_postgres(&server.address())).expect("opens");
    runtime.block_on(run("PostgreSQL (a test's server, fsync off)", postgres, directory()));
}
