//! Every code that a RAM action lists, reached once, with its status and its sentence.
//!
//! The calls are made in an account where every limit is reached and everything that can be in the way of a deletion is
//! there. None of them may succeed, so that the account stays as it is.

use std::collections::BTreeSet;

use api::actions::ACTIONS;
use api::{Code, Product};
use meta::Scope;
use meta::accounts::{self, AccessKey};
use meta::identities::{self, Group, User};
use meta::policies::{self, Policy};
use meta::roles::{self, Role};
use model::{Timestamp, quota};

use super::{TRUST, document};
use crate::support::World;

type Call = (&'static str, Vec<(&'static str, String)>, Code);

const AT: Timestamp = Timestamp::from_millis(1_795_248_030_000);

pub(super) fn user(name: &str, n: u64) -> User {
    User {
        name: name.into(),
        id: format!("2{n}"),
        display_name: String::new(),
        email: String::new(),
        mobile_phone: String::new(),
        comments: String::new(),
        created: AT,
        updated: AT,
    }
}

pub(super) fn group(name: &str, n: u64) -> Group {
    Group { name: name.into(), id: format!("g-{n}"), comments: String::new(), created: AT, updated: AT }
}

pub(super) fn role(name: &str) -> Role {
    Role {
        name: name.into(),
        id: "3".into(),
        trust: TRUST.into(),
        description: String::new(),
        max_session_seconds: 3_600,
        tags: Vec::new(),
        created: AT,
        updated: AT,
    }
}

/// Fills an account up to so many users, groups, roles and policies less than it may have.
pub(super) async fn fill(world: &World, left: u64) {
    let account = world.account;
    let filled = world.engine.meta().write(Scope::Account(account), move |tx| {
        for n in identities::user_count(tx, account)?..quota::Quota::Users.default_limit() - left {
            identities::insert_user(tx, account, &user(&format!("zz-{n}"), n))?;
        }
        for n in identities::group_count(tx, account)?..quota::Quota::Groups.default_limit() - left {
            identities::insert_group(tx, account, &group(&format!("zz-{n}"), n))?;
        }
        for n in roles::count(tx, account)?..quota::Quota::Roles.default_limit() - left {
            roles::insert(tx, account, &role(&format!("zz-{n}")))?;
        }
        for n in policies::count(tx, account)?..quota::Quota::Policies.default_limit() - left {
            let policy = Policy::new(format!("zz-{n}"), document("ecs"), String::new(), AT);
            policies::insert(tx, account, &policy)?;
        }
        Ok::<_, meta::Error>(())
    });
    filled.await.expect("filled");
}

/// System policies are fewer than a principal may have, so that limit is reached with custom ones.
async fn full_world() -> World {
    let world = World::new().await;
    let text = document("ecs");
    for policy in ["p1", "p2", "p3", "p4", "of-user", "of-group", "of-role", "sixth", "many"] {
        world.ram_ok("CreatePolicy", &[("PolicyName", policy), ("PolicyDocument", &text)]).await;
    }
    for _ in 1..quota::Quota::VersionsPerPolicy.default_limit() {
        world.ram_ok("CreatePolicyVersion", &[("PolicyName", "many"), ("PolicyDocument", &text)]).await;
    }
    for user in ["empty", "joined", "keyed", "attached"] {
        world.ram_ok("CreateUser", &[("UserName", user)]).await;
    }
    for group in ["empty", "held", "g1", "g2", "g3", "g4", "g5"] {
        world.ram_ok("CreateGroup", &[("GroupName", group)]).await;
    }
    for group in ["g1", "g2", "g3", "g4", "g5"] {
        world.ram_ok("AddUserToGroup", &[("UserName", "joined"), ("GroupName", group)]).await;
    }
    for _ in 0..quota::Quota::KeysPerUser.default_limit() {
        world.ram_ok("CreateAccessKey", &[("UserName", "keyed")]).await;
    }
    for role in ["empty", "held"] {
        world.ram_ok("CreateRole", &[("RoleName", role), ("AssumeRolePolicyDocument", TRUST)]).await;
    }
    for (kind, name, last) in
        [("User", "attached", "of-user"), ("Group", "held", "of-group"), ("Role", "held", "of-role")]
    {
        for policy in ["p1", "p2", "p3", "p4", last] {
            let params = [(&*format!("{kind}Name"), name), ("PolicyName", policy), ("PolicyType", "Custom")];
            world.ram_ok(&format!("AttachPolicyTo{kind}"), &params).await;
        }
    }
    fill(&world, 0).await;
    world
}

/// A call with some of its parameters other than in one that is right so far.
fn with(right: &[(&'static str, String)], changes: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let kept = right.iter().filter(|(name, _)| changes.iter().all(|(changed, _)| changed != name)).cloned();
    kept.chain(changes.iter().map(|(name, value)| (*name, (*value).to_owned()))).collect()
}

/// A field of names, the codes for characters and length, and one that is longer than it may be.
fn name_cases(field: &'static str) -> [(&'static str, String, Code); 2] {
    let (chars, length) = match field {
        "UserName" => (Code::UserNameInvalidChars, Code::UserNameLength),
        "NewUserName" => (Code::NewUserNameInvalidChars, Code::NewUserNameLength),
        "GroupName" => (Code::GroupNameInvalidChars, Code::GroupNameLength),
        "NewGroupName" => (Code::NewGroupNameInvalidChars, Code::NewGroupNameLength),
        "RoleName" => (Code::RoleNameInvalidChars, Code::RoleNameLength),
        "PolicyName" => (Code::PolicyNameInvalidChars, Code::PolicyNameLength),
        other => panic!("{other} is no name"),
    };
    [(field, "a b".to_owned(), chars), (field, "x".repeat(129), length)]
}

/// What is common to the actions of a group: a call of it that is right so far, and which names it has.
fn calls() -> Vec<Call> {
    let text = document("ecs");
    let mut calls: Vec<Call> = Vec::new();
    let of = |pairs: &[(&'static str, &str)]| with(&[], pairs);
    let custom = ("PolicyType", "Custom");
    let user = |name: &'static str| ("UserName", name);
    let group = |name: &'static str| ("GroupName", name);
    let role = |name: &'static str| ("RoleName", name);
    let policy = |name: &'static str| ("PolicyName", name);
    let trust = ("AssumeRolePolicyDocument", TRUST);
    let (long, long_text) = ("x".repeat(1_025), format!("{text}{}", " ".repeat(6_144)));
    let text = ("PolicyDocument", text.as_str());

    // Each action with parameters that are right so far, the names among them, and what refuses it further on.
    type Refused<'a> = (&'static str, Vec<(&'static str, &'a str)>, Vec<(Vec<(&'static str, &'a str)>, Code)>);
    let table: Vec<Refused<'_>> = vec![
        (
            "CreateUser",
            vec![user("new")],
            vec![
                (vec![("DisplayName", "a\u{7}")], Code::DisplayNameInvalidChars),
                (vec![("DisplayName", &long)], Code::DisplayNameLength),
                (vec![("MobilePhone", "1")], Code::MobilePhoneFormat),
                (vec![("Email", "a")], Code::EmailFormat),
                (vec![("Comments", &long)], Code::CommentsLength),
                (vec![user("EMPTY")], Code::UserAlreadyExists),
                (vec![], Code::UserLimit),
            ],
        ),
        ("GetUser", vec![user("nobody")], vec![(vec![], Code::UserNotExist)]),
        (
            "UpdateUser",
            vec![user("empty"), ("NewUserName", "keyed")],
            vec![
                (vec![("NewDisplayName", "a\u{7}")], Code::NewDisplayNameInvalidChars),
                (vec![("NewDisplayName", &long)], Code::NewDisplayNameLength),
                (vec![("NewMobilePhone", "1")], Code::NewMobilePhoneFormat),
                (vec![("NewEmail", "a")], Code::NewEmailFormat),
                (vec![("NewComments", &long)], Code::NewCommentsLength),
                (vec![user("nobody")], Code::UserNotExist),
                (vec![("NewUserName", "KEYED")], Code::UserAlreadyExists),
            ],
        ),
        (
            "DeleteUser",
            vec![user("nobody")],
            vec![
                (vec![], Code::UserNotExist),
                (vec![user("joined")], Code::UserStillInGroup),
                (vec![user("keyed")], Code::UserStillHasKey),
                (vec![user("attached")], Code::UserStillAttached),
            ],
        ),
        (
            "CreateAccessKey",
            vec![user("nobody")],
            vec![(vec![], Code::UserNotExist), (vec![user("Keyed")], Code::UserKeyLimit)],
        ),
        (
            "UpdateAccessKey",
            vec![user("nobody"), ("UserAccessKeyId", "LTAI5tMain"), ("Status", "Inactive")],
            vec![
                (vec![], Code::UserNotExist),
                (vec![user("keyed")], Code::UserKeyNotExist),
                (vec![("Status", "active")], Code::InvalidParameter),
            ],
        ),
        (
            "DeleteAccessKey",
            vec![user("nobody"), ("UserAccessKeyId", "LTAI5tMain")],
            vec![(vec![], Code::UserNotExist), (vec![user("keyed")], Code::UserKeyNotExist)],
        ),
        ("ListAccessKeys", vec![user("nobody")], vec![(vec![], Code::UserNotExist)]),
        (
            "CreateGroup",
            vec![group("new")],
            vec![
                (vec![("Comments", &long)], Code::CommentsLength),
                (vec![group("EMPTY")], Code::GroupAlreadyExists),
                (vec![], Code::GroupLimit),
            ],
        ),
        ("GetGroup", vec![group("none")], vec![(vec![], Code::GroupNotExist)]),
        (
            "UpdateGroup",
            vec![group("none"), ("NewGroupName", "held")],
            vec![
                (vec![("NewComments", &long)], Code::NewCommentsLength),
                (vec![], Code::GroupNotExist),
                (vec![group("empty")], Code::GroupAlreadyExists),
            ],
        ),
        (
            "DeleteGroup",
            vec![group("none")],
            vec![
                (vec![], Code::GroupNotExist),
                (vec![group("g1")], Code::GroupStillHasUser),
                (vec![group("held")], Code::GroupStillAttached),
            ],
        ),
        (
            "AddUserToGroup",
            vec![user("joined"), group("empty")],
            vec![
                (vec![user("nobody")], Code::UserNotExist),
                (vec![group("none")], Code::GroupNotExist),
                (vec![group("G1")], Code::UserGroupAlreadyExists),
                (vec![], Code::UserGroupLimit),
            ],
        ),
        (
            "RemoveUserFromGroup",
            vec![user("joined"), group("empty")],
            vec![
                (vec![user("nobody")], Code::UserNotExist),
                (vec![group("none")], Code::GroupNotExist),
                (vec![], Code::UserGroupNotExist),
            ],
        ),
        ("ListGroupsForUser", vec![user("nobody")], vec![(vec![], Code::UserNotExist)]),
        ("ListUsersForGroup", vec![group("none")], vec![(vec![], Code::GroupNotExist)]),
        ("ListGroups", vec![("MaxItems", "101")], vec![(vec![], Code::InvalidParameter)]),
        ("ListUsers", vec![("MaxItems", "1001")], vec![(vec![], Code::InvalidParameter)]),
        ("ListRoles", vec![("MaxItems", "0")], vec![(vec![], Code::InvalidParameter)]),
        (
            "CreateRole",
            vec![role("new"), trust],
            vec![
                (vec![("AssumeRolePolicyDocument", &long_text)], Code::TrustPolicyLength),
                (vec![("AssumeRolePolicyDocument", "{}")], Code::MalformedPolicyDocument),
                (vec![("Description", &long)], Code::DescriptionLength),
                (vec![("MaxSessionDuration", "1")], Code::InvalidParameter),
                (vec![role("EMPTY")], Code::RoleAlreadyExists),
                (vec![], Code::RoleLimit),
            ],
        ),
        ("GetRole", vec![role("none")], vec![(vec![], Code::RoleNotExist)]),
        (
            "UpdateRole",
            vec![role("none")],
            vec![
                (vec![("NewAssumeRolePolicyDocument", &long_text)], Code::NewTrustPolicyLength),
                (vec![("NewAssumeRolePolicyDocument", "{}")], Code::MalformedPolicyDocument),
                (vec![("NewDescription", &long)], Code::DescriptionLength),
                (vec![("NewMaxSessionDuration", "1")], Code::InvalidParameter),
                (vec![], Code::RoleNotExist),
            ],
        ),
        (
            "DeleteRole",
            vec![role("none")],
            vec![(vec![], Code::RoleNotExist), (vec![role("held")], Code::RoleStillAttached)],
        ),
        (
            "CreatePolicy",
            vec![policy("new"), text],
            vec![
                (vec![("PolicyDocument", &long_text)], Code::PolicyDocumentLength),
                (vec![("PolicyDocument", "{}")], Code::MalformedPolicyDocument),
                (vec![("Description", &long)], Code::DescriptionLength),
                (vec![policy("p1")], Code::PolicyAlreadyExists),
                (vec![policy("AdministratorAccess")], Code::PolicyAlreadyExists),
                (vec![], Code::PolicyLimit),
            ],
        ),
        ("GetPolicy", vec![policy("none"), custom], vec![(vec![], Code::PolicyNotExist)]),
        (
            "UpdatePolicyDescription",
            vec![policy("none")],
            vec![(vec![("NewDescription", &long)], Code::DescriptionLength), (vec![], Code::PolicyNotExist)],
        ),
        (
            "DeletePolicy",
            vec![policy("none")],
            vec![
                (vec![], Code::PolicyNotExist),
                (vec![policy("AdministratorAccess")], Code::PolicyNotExist),
                (vec![policy("of-user")], Code::PolicyStillHasUser),
                (vec![policy("of-group")], Code::PolicyStillHasGroup),
                (vec![policy("of-role")], Code::PolicyStillHasRole),
                (vec![policy("many")], Code::PolicyStillHasVersion),
            ],
        ),
        ("ListPolicies", vec![("PolicyType", "Mine")], vec![(vec![], Code::PolicyTypeInvalid)]),
        (
            "CreatePolicyVersion",
            vec![policy("many"), text],
            vec![
                (vec![("PolicyDocument", &long_text)], Code::PolicyDocumentLength),
                (vec![("PolicyDocument", "{}")], Code::MalformedPolicyDocument),
                (vec![("RotateStrategy", "Any")], Code::InvalidParameter),
                (vec![policy("none")], Code::PolicyNotExist),
                (vec![], Code::PolicyVersionLimit),
            ],
        ),
        (
            "GetPolicyVersion",
            vec![policy("many"), custom, ("VersionId", "v9")],
            vec![
                (vec![("VersionId", "9")], Code::VersionIdFormat),
                (vec![policy("none")], Code::PolicyNotExist),
                (vec![], Code::PolicyVersionNotExist),
                (vec![policy("AdministratorAccess"), ("PolicyType", "System")], Code::PolicyVersionNotExist),
            ],
        ),
        ("ListPolicyVersions", vec![policy("none"), custom], vec![(vec![], Code::PolicyNotExist)]),
        (
            "SetDefaultPolicyVersion",
            vec![policy("many"), ("VersionId", "v9")],
            vec![
                (vec![("VersionId", "latest")], Code::VersionIdFormat),
                (vec![policy("none")], Code::PolicyNotExist),
                (vec![], Code::PolicyVersionNotExist),
            ],
        ),
        (
            "DeletePolicyVersion",
            vec![policy("many"), ("VersionId", "v9")],
            vec![
                (vec![("VersionId", "v0")], Code::VersionIdFormat),
                (vec![policy("none")], Code::PolicyNotExist),
                (vec![], Code::PolicyVersionNotExist),
                (vec![("VersionId", "v1")], Code::PolicyVersionIsDefault),
            ],
        ),
        (
            "AttachPolicyToUser",
            vec![user("attached"), policy("sixth"), custom],
            vec![
                (vec![user("nobody")], Code::UserNotExist),
                (vec![policy("none")], Code::PolicyNotExist),
                (vec![policy("p1")], Code::UserPolicyAlreadyExists),
                (vec![], Code::UserPolicyLimit),
            ],
        ),
        (
            "AttachPolicyToGroup",
            vec![group("held"), policy("sixth"), custom],
            vec![
                (vec![group("none")], Code::GroupNotExist),
                (vec![policy("none")], Code::PolicyNotExist),
                (vec![policy("p1")], Code::GroupPolicyAlreadyExists),
                (vec![], Code::GroupPolicyLimit),
            ],
        ),
        (
            "AttachPolicyToRole",
            vec![role("held"), policy("sixth"), custom],
            vec![
                (vec![role("none")], Code::RoleNotExist),
                (vec![policy("none")], Code::PolicyNotExist),
                (vec![policy("p1")], Code::RolePolicyAlreadyExists),
                (vec![], Code::RolePolicyLimit),
            ],
        ),
        (
            "DetachPolicyFromUser",
            vec![user("attached"), policy("sixth"), custom],
            vec![
                (vec![user("nobody")], Code::UserNotExist),
                (vec![policy("none")], Code::PolicyNotExist),
                (vec![], Code::UserPolicyNotExist),
            ],
        ),
        (
            "DetachPolicyFromGroup",
            vec![group("held"), policy("sixth"), custom],
            vec![
                (vec![group("none")], Code::GroupNotExist),
                (vec![policy("none")], Code::PolicyNotExist),
                (vec![], Code::GroupPolicyNotExist),
            ],
        ),
        (
            "DetachPolicyFromRole",
            vec![role("held"), policy("sixth"), custom],
            vec![(vec![role("none")], Code::RoleNotExist), (vec![], Code::RolePolicyNotExist)],
        ),
        (
            "DecodeDiagnosticMessage",
            vec![("EncodedDiagnosticMessage", "x")],
            vec![(vec![], Code::DiagnosticMessageInvalid)],
        ),
        ("ListPoliciesForUser", vec![user("nobody")], vec![(vec![], Code::UserNotExist)]),
        ("ListPoliciesForGroup", vec![group("none")], vec![(vec![], Code::GroupNotExist)]),
        ("ListPoliciesForRole", vec![role("none")], vec![(vec![], Code::RoleNotExist)]),
        ("ListEntitiesForPolicy", vec![policy("none"), custom], vec![(vec![], Code::PolicyNotExist)]),
    ];
    for (action, right, refused) in table {
        let right = of(&right);
        for (field, _) in right.iter().filter(|(field, _)| field.ends_with("Name")) {
            for (field, value, code) in name_cases(field) {
                let own = action == "DeleteRole" && code == Code::RoleNameInvalidChars;
                let code = if own { Code::RoleNameInvalidCharsInDelete } else { code };
                calls.push((action, with(&right, &[(field, &value)]), code));
            }
        }
        if right.iter().any(|(field, _)| *field == "PolicyType") {
            calls.push((action, with(&right, &[("PolicyType", "Mine")]), Code::PolicyTypeInvalid));
        }
        for (changes, code) in refused {
            calls.push((action, with(&right, &changes), code));
        }
    }
    calls
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn every_code_is_reached() {
    let world = full_world().await;
    let mut reached: BTreeSet<(&str, &str, &str)> = BTreeSet::new();
    for (action, params, code) in calls() {
        let params: Vec<(&str, &str)> = params.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (status, body) = world.ram(action, &params).await;
        assert_eq!((status, body["Code"].as_str()), (code.status(), Some(code.wire())), "{action} {params:?}: {body}");
        // These two say what is wrong with what they were given.
        if !matches!(code, Code::MalformedPolicyDocument | Code::InvalidParameter) {
            assert_eq!(body["Message"], code.text(), "{action} {params:?}");
        }
        reached.insert((action, code.wire(), code.text()));
    }
    let listed = ACTIONS.iter().filter(|entry| entry.spec.product == Product::Ram);
    let missed: Vec<String> = listed
        .flat_map(|entry| entry.spec.codes.iter().map(|code| (entry.spec.name, *code)))
        .filter(|(action, code)| !reached.contains(&(*action, code.wire(), code.text())))
        .map(|(action, code)| format!("{action} {}", code.wire()))
        .collect();
    assert_eq!(missed, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn nobody_reaches_anothers_keys() {
    let world = World::new().await;
    world.ram_ok("CreateUser", &[("UserName", "ann")]).await;
    let stranger = AccessKey {
        id: "LTAI5tStranger".into(),
        account: world.other,
        user: None,
        secret: "secret".into(),
        active: true,
        created: AT,
    };
    let made = world.engine.meta().write(Scope::Shared, move |tx| accounts::insert_key(tx, &stranger)).await;
    assert!(made.expect("made"));
    for params in
        [vec![("UserAccessKeyId", "LTAI5tStranger")], vec![("UserAccessKeyId", "LTAI5tStranger"), ("UserName", "ann")]]
    {
        assert_eq!(world.ram_code("DeleteAccessKey", &params).await, "EntityNotExist.User.AccessKey");
    }
}
