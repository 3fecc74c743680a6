//! Who may call what: every action against every kind of caller, as a table in the project.
//!
//! A change of the table is a change of what people may do, and is seen in review. `UPDATE_GOLDEN=1` writes it.

use std::fmt::Write as _;
use std::path::Path;

use api::actions::ACTIONS;
use meta::Scope;
use meta::audit::{self, Filter};
use meta::identities::{self, Principal};
use meta::policies::{self, Attachment, PolicyKind};
use model::Clock as _;
use serde_json::Value;

use crate::conformance::samples;
use crate::support::{KEY, World};

/// Callers: a name for the table, and what is attached to the user.
const CALLERS: &[(&str, Says)] = &[
    ("admin", Says::System("AdministratorAccess")),
    ("ecs-full", Says::System("AliyunECSFullAccess")),
    ("ecs-read", Says::System("AliyunECSReadOnlyAccess")),
    ("swas-full", Says::System("AliyunSWASFullAccess")),
    ("swas-read", Says::System("AliyunSWASReadOnlyAccess")),
    ("ram-full", Says::System("AliyunRAMFullAccess")),
    ("ram-read", Says::System("AliyunRAMReadOnlyAccess")),
    ("sts", Says::System("AliyunSTSAssumeRoleAccess")),
    (
        "one-image",
        Says::Statements(
            r#"{"Effect":"Allow","Action":"ecs:*","Resource":"acs:ecs:*:*:image/m-0000000000000000000a"}"#,
        ),
    ),
    (
        "no-delete",
        Says::Statements(
            r#"{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":["*:Delete*"],"Resource":"*"}"#,
        ),
    ),
    ("nobody", Says::Statements(r#"{"Effect":"Allow","Action":"none:*","Resource":"*"}"#)),
];

enum Says {
    System(&'static str),
    Statements(&'static str),
}

/// A user whose policies say this; their key.
async fn caller(world: &World, name: &str, says: &Says) -> String {
    let plain = name.replace('-', "");
    match says {
        Says::Statements(statements) => world.user(&plain, statements).await,
        Says::System(policy) => {
            let key = world.user(&plain, r#"{"Effect":"Allow","Action":"none:*","Resource":"*"}"#).await;
            let (account, attached) = (world.account, world.clock.now());
            let attachment = Attachment { kind: PolicyKind::System, policy: (*policy).to_owned(), attached };
            let made = world.engine.meta().write(Scope::Account(account), move |tx| {
                let user = identities::user_by_name(tx, account, &plain)?.expect("just made");
                policies::attach(tx, account, Principal::User(&user.id), &attachment)
            });
            assert!(made.await.expect("written"));
            key
        }
    }
}

/// A sample's values where nothing is made: permission is asked before anything is looked up.
fn fill(sample: samples::Sample, world: &World) -> Vec<(&'static str, String)> {
    let names = samples::names(sample);
    let filled = |template: &str| {
        names
            .iter()
            .fold(template.to_owned(), |text, name| text.replace(&format!("{{{name}}}"), &value_of(name, world)))
    };
    sample.iter().map(|(name, template)| (*name, filled(template))).collect()
}

/// What stands for a name of the fixture.
fn value_of(name: &str, world: &World) -> String {
    const ID: &str = "0000000000000000000a";
    match name.split('.').next().unwrap_or_default() {
        "image" | "swas-image" => format!("m-{ID}"),
        "instance" => format!("i-{ID}"),
        "swas-instance" => "0000000000000000000000000000000a".to_owned(),
        "disk" | "swas-disk" => format!("d-{ID}"),
        "snapshot" | "swas-snapshot" => format!("s-{ID}"),
        "task" => format!("t-{ID}"),
        "vpc" => format!("vpc-{ID}"),
        "vswitch" => format!("vsw-{ID}"),
        "group" => format!("sg-{ID}"),
        "eip" => format!("eip-{ID}"),
        "keypair" => "key".to_owned(),
        "account" => world.other.to_string(),
        "role" => format!("acs:ram::{}:role/builder", world.account),
        other => other.to_owned(),
    }
}

/// `allow`, or how it is denied.
fn verdict((status, body): &(u16, Value)) -> &'static str {
    let detail = &body["AccessDeniedDetail"];
    match (status, detail["NoPermissionType"].as_str()) {
        (_, Some("ExplicitDeny")) => "DENY",
        (_, Some(_)) => "-",
        (403, None) if body["Message"] == "Roles may not be assumed by root accounts." => "-",
        _ => "allow",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_action_against_every_caller() {
    let world = World::ready().await;
    let mut keys = vec![("owner", KEY.to_owned())];
    for (name, says) in CALLERS {
        keys.push((name, caller(&world, name, says).await));
    }
    let mut text = String::from("# action | what is asked | who may\n");
    for entry in ACTIONS {
        let spec = entry.spec;
        let product = match spec.product.name() {
            "SWAS-OPEN" => "swas".to_owned(),
            other => other.to_lowercase(),
        };
        let key = format!("{product}/{}", spec.name);
        let Some(sample) = samples::find(&key) else {
            let _ = writeln!(text, "{key} | - | nobody is asked about");
            continue;
        };
        let filled = fill(sample, &world);
        let params: Vec<(&str, &str)> = filled.iter().map(|(name, value)| (*name, value.as_str())).collect();
        // Whoever may nothing is asked first: their question is recorded, and nothing was done.
        let nobody = &keys[keys.len() - 1].1;
        world.clock.advance_millis(60_000);
        world.call_as(nobody, spec.product.version(), spec.name, &params).await;
        world.api.audit().flush().await;
        let (account, filter) = (world.account, Filter::default());
        let last = world.engine.meta().read(move |tx| audit::list(tx, account, &filter, 1, |_| true)).await;
        let (_, event) = last.expect("read").remove(0);
        assert_eq!(event.action, spec.name, "the call that was made last is the one that is shown");
        let account = account.to_string();
        let asked: Vec<String> = event
            .questions
            .iter()
            .map(|(verb, resource)| format!("{verb} {}", resource.replace(&account, "ACCOUNT")))
            .collect();
        let mut who = Vec::new();
        for (name, key) in &keys {
            let answer = world.call_as(key, spec.product.version(), spec.name, &params).await;
            world.clock.advance_millis(60_000);
            match verdict(&answer) {
                "allow" => who.push((*name).to_owned()),
                "DENY" => who.push(format!("!{name}")),
                _ => {}
            }
        }
        let _ = writeln!(text, "{key} | {} | {}", asked.join(", "), who.join(" "));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/door/golden/access.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).expect("written");
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    for (now, before) in text.lines().zip(there.lines()) {
        assert_eq!(now, before, "who may call what has changed; UPDATE_GOLDEN=1 writes it");
    }
    assert_eq!(text.lines().count(), there.lines().count());
}
