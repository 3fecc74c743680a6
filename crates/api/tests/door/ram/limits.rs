//! Limits under many callers at once: as many succeed as there are places, and the others get the code.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::quota;

use super::codes::fill;
use super::{TRUST, document};
use crate::support::World;

const CALLERS: usize = 16;

/// Has all callers make their calls at once and counts the codes.
async fn race(
    world: &Arc<World>,
    action: &'static str,
    params: impl Fn(usize) -> Vec<(&'static str, String)>,
) -> BTreeMap<String, u64> {
    let calls: Vec<_> = (0..CALLERS)
        .map(|n| {
            let (world, params) = (Arc::clone(world), params(n));
            tokio::spawn(async move {
                let params: Vec<(&str, &str)> = params.iter().map(|(name, value)| (*name, value.as_str())).collect();
                world.ram_code(action, &params).await
            })
        })
        .collect();
    let mut codes = BTreeMap::new();
    for call in calls {
        *codes.entry(call.await.expect("ends")).or_default() += 1;
    }
    codes
}

#[track_caller]
fn check(codes: &BTreeMap<String, u64>, places: u64, full: &str) {
    let expected = BTreeMap::from([("OK".to_owned(), places), (full.to_owned(), CALLERS as u64 - places)]);
    assert_eq!(codes, &expected);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn places_of_the_account() {
    let world = Arc::new(World::new().await);
    fill(&world, 3).await;
    let text = document("ecs");
    let name = |field, n| (field, format!("new-{n}"));
    check(&race(&world, "CreateUser", |n| vec![name("UserName", n)]).await, 3, "LimitExceeded.User");
    check(&race(&world, "CreateGroup", |n| vec![name("GroupName", n)]).await, 3, "LimitExceeded.Group");
    let role = |n| vec![name("RoleName", n), ("AssumeRolePolicyDocument", TRUST.to_owned())];
    check(&race(&world, "CreateRole", role).await, 3, "LimitExceeded.Role");
    let policy = |n| vec![name("PolicyName", n), ("PolicyDocument", text.clone())];
    check(&race(&world, "CreatePolicy", policy).await, 3, "LimitExceeded.Policy");
    // The account has a key already.
    check(
        &race(&world, "CreateAccessKey", |_| vec![]).await,
        quota::Quota::KeysPerAccount.default_limit() - 1,
        "LimitExceeded.User.AccessKey",
    );
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn places_of_a_user_and_of_a_policy() {
    let world = Arc::new(World::new().await);
    let text = document("ecs");
    world.ram_ok("CreateUser", &[("UserName", "ann")]).await;
    for n in 0..CALLERS {
        world.ram_ok("CreateGroup", &[("GroupName", &format!("new-{n}"))]).await;
        world.ram_ok("CreatePolicy", &[("PolicyName", &format!("new-{n}")), ("PolicyDocument", &text)]).await;
    }
    let ann = || ("UserName", "ann".to_owned());
    let key = race(&world, "CreateAccessKey", |_| vec![ann()]).await;
    check(&key, quota::Quota::KeysPerUser.default_limit(), "LimitExceeded.User.AccessKey");
    let join = race(&world, "AddUserToGroup", |n| vec![ann(), ("GroupName", format!("new-{n}"))]).await;
    check(&join, quota::Quota::GroupsPerUser.default_limit(), "LimitExceeded.User.Group");
    let custom = |n| vec![ann(), ("PolicyName", format!("new-{n}")), ("PolicyType", "Custom".to_owned())];
    let attach = race(&world, "AttachPolicyToUser", custom).await;
    check(&attach, quota::Quota::CustomPoliciesPerPrincipal.default_limit(), "LimitExceeded.User.Policy");
    let version = |_| vec![("PolicyName", "new-0".to_owned()), ("PolicyDocument", text.clone())];
    let versions = race(&world, "CreatePolicyVersion", version).await;
    check(&versions, quota::Quota::VersionsPerPolicy.default_limit() - 1, "LimitExceeded.Policy.Version");
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn one_winner_for_a_name() {
    let world = Arc::new(World::new().await);
    let cased = |n: usize| if n.is_multiple_of(2) { "Same".to_owned() } else { "sAME".to_owned() };
    check(&race(&world, "CreateUser", |n| vec![("UserName", cased(n))]).await, 1, "EntityAlreadyExists.User");
    check(&race(&world, "CreateGroup", |n| vec![("GroupName", cased(n))]).await, 1, "EntityAlreadyExists.Group");
    let role = |n| vec![("RoleName", cased(n)), ("AssumeRolePolicyDocument", TRUST.to_owned())];
    check(&race(&world, "CreateRole", role).await, 1, "EntityAlreadyExists.Role");
    let join = |_| vec![("UserName", "same".to_owned()), ("GroupName", "same".to_owned())];
    check(&race(&world, "AddUserToGroup", join).await, 1, "EntityAlreadyExists.User.Group");
}
