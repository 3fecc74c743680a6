//! Roles, policies, users, groups, and what speaks for whom.

use model::{AccountId, Timestamp};

use super::account;
use crate::accounts::{self, AccessKey};
use crate::database::{Error, Meta, Scope, Tx};
use crate::identities::{self, Grant, Group, Principal, User};
use crate::policies::{self, Attachment, Holder, Policy, PolicyKind, Version};
use crate::roles::{self, Role};

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn user(name: &str, id: &str) -> User {
    User {
        name: name.into(),
        id: id.into(),
        display_name: name.into(),
        email: String::new(),
        mobile_phone: String::new(),
        comments: String::new(),
        created: at(1),
        updated: at(1),
    }
}

fn group(name: &str, id: &str) -> Group {
    Group { name: name.into(), id: id.into(), comments: String::new(), created: at(1), updated: at(1) }
}

fn role(name: &str) -> Role {
    Role {
        name: name.into(),
        id: "3".into(),
        trust: "{}".into(),
        description: String::new(),
        max_session_seconds: 3600,
        tags: Vec::new(),
        created: at(1),
        updated: at(1),
    }
}

fn policy(name: &str, document: &str) -> Policy {
    Policy::new(name.into(), document.into(), String::new(), at(1))
}

fn attachment(kind: PolicyKind, policy: &str) -> Attachment {
    Attachment { kind, policy: policy.into(), attached: at(2) }
}

/// Runs a story in one transaction of a fresh account.
async fn tell(meta: &Meta, story: fn(&mut Tx<'_>, AccountId) -> Result<(), Error>) {
    let owner = account();
    meta.write(Scope::Account(owner), move |tx| story(tx, owner)).await.expect("told");
}

pub(super) async fn roles_and_policies(meta: &Meta) {
    tell(meta, |tx, owner| {
        let made = role("AliyunECSImageImportDefaultRole");
        let (upper, lower) = (made.name.to_uppercase(), made.name.to_lowercase());
        assert!(roles::insert(tx, owner, &made)?);
        assert!(!roles::insert(tx, owner, &Role { name: upper.clone(), ..made.clone() })?);
        assert_eq!(roles::get(tx, owner, &lower)?, Some(made.clone()));
        assert_eq!((roles::count(tx, owner)?, roles::list(tx, owner, "", 10)?), (1, vec![made.clone()]));

        let import = attachment(PolicyKind::System, "AliyunECSImageImportRolePolicy");
        assert!(policies::attach(tx, owner, Principal::Role(&made.name), &import)?);
        assert!(!policies::attach(tx, owner, Principal::Role(&upper), &import)?);
        assert_eq!(policies::attachments(tx, owner, Principal::Role(&lower))?, vec![import.clone()]);
        assert_eq!(policies::attachment_count(tx, owner, PolicyKind::System, &import.policy)?, 1);
        let holders = policies::holders(tx, owner, PolicyKind::System, &import.policy)?;
        assert_eq!(holders, [(Holder::Role(lower.clone()), at(2))]);
        assert!(policies::detach(tx, owner, Principal::Role(&upper), import.kind, &import.policy)?);
        assert!(!policies::detach(tx, owner, Principal::Role(&upper), import.kind, &import.policy)?);
        assert!(roles::delete(tx, owner, &upper)? && !roles::delete(tx, owner, &upper)?);

        let mine = policy("mine", "{}");
        assert!(policies::insert(tx, owner, &mine)? && !policies::insert(tx, owner, &mine)?);
        assert_eq!((policies::count(tx, owner)?, policies::list(tx, owner, "", 10)?), (1, vec![mine.clone()]));
        assert_eq!(policies::list(tx, owner, "mine", 10)?, []);
        assert!(policies::delete(tx, owner, "mine")? && !policies::delete(tx, owner, "mine")?);
        Ok(())
    })
    .await;
}

pub(super) async fn versions_of_a_policy(meta: &Meta) {
    tell(meta, |tx, owner| {
        let version = |number, document: &str, created, is_default| Version {
            number,
            document: document.into(),
            created: at(created),
            is_default,
        };
        let mut mine = policy("mine", "one");
        policies::insert(tx, owner, &mine)?;
        assert_eq!(policies::versions(tx, owner, &mine)?, [version(1, "one", 1, true)]);
        let two = policies::add_version(tx, owner, &mut mine, "two", at(5))?;
        policies::add_version(tx, owner, &mut mine, "three", at(6))?;
        policies::set_default(tx, owner, &mut mine, &two, at(7))?;
        policies::set_default(tx, owner, &mut mine, &two, at(8))?;
        assert_eq!(policies::get(tx, owner, "mine")?, Some(mine.clone()));
        assert_eq!((mine.document.as_str(), mine.updated, mine.newest_version), ("two", at(7), 3));
        let all = [version(1, "one", 1, false), version(2, "two", 5, true), version(3, "three", 6, false)];
        assert_eq!(policies::versions(tx, owner, &mine)?, all);
        assert!(policies::delete_version(tx, owner, "mine", 3)? && !policies::delete_version(tx, owner, "mine", 3)?);
        assert!(!policies::delete_version(tx, owner, "mine", 2)?, "the default one is out of reach");
        assert_eq!(policies::add_version(tx, owner, &mut mine, "four", at(9))?.number, 4, "a number is used once");
        policies::delete(tx, owner, "mine")?;
        policies::insert(tx, owner, &policy("mine", "new"))?;
        assert_eq!(policies::versions(tx, owner, &policy("mine", "new"))?.len(), 1, "versions go with their policy");

        // A record of before there were versions.
        let old = r#"{"name":"old","document":"{}","description":"","created":1,"updated":1}"#;
        let old: Policy = crate::database::from_json(old)?;
        assert_eq!(old, policy("old", "{}"));
        Ok(())
    })
    .await;
}

pub(super) async fn users_and_their_keys(meta: &Meta) {
    tell(meta, |tx, owner| {
        let (ann, bob) = (user("Ann", "21"), user("bob", "22"));
        assert!(identities::insert_user(tx, owner, &ann)? && identities::insert_user(tx, owner, &bob)?);
        assert!(!identities::insert_user(tx, owner, &user("aNN", "23"))?);
        assert_eq!(identities::user_by_name(tx, owner, "ANN")?, Some(ann.clone()));
        assert_eq!(identities::user_by_id(tx, owner, "21")?, Some(ann.clone()));
        assert_eq!(identities::user_by_id(tx, account(), "21")?, None, "nobody else's");
        assert_eq!(identities::users(tx, owner, "", 1)?, vec![ann.clone()]);
        assert_eq!(identities::users(tx, owner, "ANN", 9)?, vec![bob.clone()]);
        assert_eq!(identities::user_count(tx, owner)?, 2);

        assert!(!identities::update_user(tx, owner, &User { name: "BOB".into(), ..ann.clone() })?, "taken");
        let renamed = User { name: "carol".into(), ..ann.clone() };
        assert!(identities::update_user(tx, owner, &renamed)?);
        assert_eq!(identities::user_by_name(tx, owner, "ann")?, None);
        assert_eq!(identities::user_by_name(tx, owner, "Carol")?, Some(renamed));

        let key = |id: &str, user: Option<&str>, created| AccessKey {
            id: format!("{id}-{owner}"),
            account: owner,
            user: user.map(str::to_owned),
            secret: "s3cret".into(),
            active: true,
            created: at(created),
        };
        let (own, first, second) = (key("own", None, 1), key("b", Some("21"), 1), key("a", Some("21"), 2));
        for key in [&own, &second, &first] {
            assert!(accounts::insert_key(tx, key)? && !accounts::insert_key(tx, key)?);
        }
        assert_eq!(accounts::keys_of(tx, owner, None)?, vec![own.clone()]);
        assert_eq!(accounts::keys_of(tx, owner, Some("21"))?, [first.clone(), second.clone()]);
        assert_eq!(accounts::key(tx, &first.id)?, Some(first.clone()));
        let generation = identities::generation(tx, owner)?;
        let user = identities::user_by_id(tx, owner, "21")?;
        assert!(user.is_some());
        assert_eq!(identities::by_key(tx, &first.id)?, Some((first.clone(), user, generation)));
        assert_eq!(identities::by_key(tx, &own.id)?, Some((own.clone(), None, generation)));
        assert_eq!(identities::by_key(tx, "nobody's")?, None);
        assert!(!accounts::set_key_active(tx, owner, Some("22"), &first.id, false)?, "another user's");
        assert!(!accounts::delete_key(tx, owner, None, &first.id)?, "a user's");
        assert!(accounts::set_key_active(tx, owner, Some("21"), &first.id, false)?);
        assert_eq!(accounts::key(tx, &first.id)?.map(|key| key.active), Some(false));
        assert!(accounts::delete_key(tx, owner, Some("21"), &first.id)?);
        assert!(accounts::delete_key(tx, owner, None, &own.id)?);
        assert_eq!(accounts::key(tx, &first.id)?, None);

        assert!(identities::delete_user(tx, owner, "21")? && !identities::delete_user(tx, owner, "21")?);
        Ok(())
    })
    .await;
}

pub(super) async fn groups_and_members(meta: &Meta) {
    tell(meta, |tx, owner| {
        let (ops, dev) = (group("Ops", "g-1"), group("dev", "g-2"));
        assert!(identities::insert_group(tx, owner, &ops)? && identities::insert_group(tx, owner, &dev)?);
        assert!(!identities::insert_group(tx, owner, &group("OPS", "g-3"))?);
        assert_eq!(identities::groups(tx, owner, "", 9)?, [dev.clone(), ops.clone()]);
        assert_eq!(identities::group_by_id(tx, owner, "g-1")?, Some(ops.clone()));
        for (name, id) in [("Zoe", "21"), ("ann", "22")] {
            identities::insert_user(tx, owner, &user(name, id))?;
        }
        assert!(identities::join(tx, owner, "21", "g-1", at(5))? && !identities::join(tx, owner, "21", "g-1", at(6))?);
        assert!(identities::join(tx, owner, "22", "g-1", at(6))? && identities::join(tx, owner, "21", "g-2", at(7))?);
        assert_eq!(identities::groups_of(tx, owner, "21")?, [(dev.clone(), at(7)), (ops.clone(), at(5))]);
        let members = identities::members(tx, owner, "g-1", "", 9)?;
        assert_eq!(members, [(user("ann", "22"), at(6)), (user("Zoe", "21"), at(5))]);
        assert_eq!(identities::members(tx, owner, "g-1", "ANN", 9)?, members[1..]);

        assert!(!identities::update_group(tx, owner, &Group { name: "DEV".into(), ..ops.clone() })?, "taken");
        let renamed = Group { name: "admins".into(), ..ops };
        assert!(identities::update_group(tx, owner, &renamed)?);
        assert_eq!(identities::group_by_name(tx, owner, "Admins")?, Some(renamed));
        assert_eq!(identities::members(tx, owner, "g-1", "", 9)?, members, "a new name moves nobody");
        assert!(identities::leave(tx, owner, "21", "g-1")? && !identities::leave(tx, owner, "21", "g-1")?);
        assert!(identities::delete_group(tx, owner, "g-2")? && !identities::delete_group(tx, owner, "g-2")?);
        assert_eq!(identities::group_count(tx, owner)?, 1);
        Ok(())
    })
    .await;
}

pub(super) async fn what_speaks_for_whom(meta: &Meta) {
    tell(meta, |tx, owner| {
        identities::insert_user(tx, owner, &user("ann", "21"))?;
        for (name, id) in [("b-group", "g-1"), ("a-group", "g-2")] {
            identities::insert_group(tx, owner, &group(name, id))?;
            identities::join(tx, owner, "21", id, at(1))?;
        }
        roles::insert(tx, owner, &role("Reader"))?;
        policies::insert(tx, owner, &policy("mine", "what it says"))?;
        let system = |policy| attachment(PolicyKind::System, policy);
        let custom = attachment(PolicyKind::Custom, "mine");
        policies::attach(tx, owner, Principal::User("21"), &system("S"))?;
        policies::attach(tx, owner, Principal::User("21"), &custom)?;
        policies::attach(tx, owner, Principal::Group("g-1"), &system("OfB"))?;
        policies::attach(tx, owner, Principal::Group("g-2"), &custom)?;
        policies::attach(tx, owner, Principal::Role("READER"), &custom)?;
        let grant = |kind, policy: &str, group: Option<&str>| Grant {
            kind,
            policy: policy.into(),
            document: (kind == PolicyKind::Custom).then(|| "what it says".to_owned()),
            group: group.map(str::to_owned),
        };
        let mine = |group| grant(PolicyKind::Custom, "mine", group);
        let expected = [
            mine(None),
            grant(PolicyKind::System, "S", None),
            mine(Some("a-group")),
            grant(PolicyKind::System, "OfB", Some("b-group")),
        ];
        assert_eq!(identities::grants(tx, owner, Principal::User("21"))?, expected);
        assert_eq!(identities::grants(tx, owner, Principal::Role("reader"))?, [mine(None)]);
        assert_eq!(identities::grants(tx, owner, Principal::Group("g-2"))?, [mine(None)]);
        assert_eq!(identities::grants(tx, owner, Principal::User("22"))?, []);
        let holders: Vec<Holder> =
            policies::holders(tx, owner, PolicyKind::Custom, "mine")?.into_iter().map(|(holder, _)| holder).collect();
        assert_eq!(holders, [Holder::Group("g-2".into()), Holder::Role("reader".into()), Holder::User("21".into())]);
        Ok(())
    })
    .await;
}

pub(super) async fn every_change_advances_the_generation(meta: &Meta) {
    type Change = fn(&mut Tx<'_>, AccountId) -> Result<bool, Error>;
    const CHANGES: &[Change] = &[
        |tx, a| identities::insert_user(tx, a, &user("ann", "21")),
        |tx, a| identities::update_user(tx, a, &user("Ann", "21")),
        |tx, a| identities::insert_group(tx, a, &group("ops", "g-1")),
        |tx, a| identities::update_group(tx, a, &group("Ops", "g-1")),
        |tx, a| identities::join(tx, a, "21", "g-1", at(1)),
        |tx, a| roles::insert(tx, a, &role("reader")),
        |tx, a| roles::update(tx, a, &role("Reader")),
        |tx, a| policies::insert(tx, a, &policy("mine", "1")),
        |tx, a| policies::add_version(tx, a, &mut policy("mine", "1"), "2", at(1)).map(|_| true),
        |tx, a| {
            let mut mine = policies::get(tx, a, "mine")?.expect("it is there");
            let two = policies::versions(tx, a, &mine)?.remove(1);
            policies::set_default(tx, a, &mut mine, &two, at(2)).map(|()| true)
        },
        |tx, a| policies::delete_version(tx, a, "mine", 1),
        |tx, a| policies::attach(tx, a, Principal::User("21"), &attachment(PolicyKind::Custom, "mine")),
        |tx, a| policies::detach(tx, a, Principal::User("21"), PolicyKind::Custom, "mine"),
        |tx, a| policies::delete(tx, a, "mine"),
        |tx, a| {
            let (id, secret) = (format!("key-{a}"), "s".to_owned());
            let user = Some("21".to_owned());
            accounts::insert_key(tx, &AccessKey { id, account: a, user, secret, active: true, created: at(1) })
        },
        |tx, a| accounts::set_key_active(tx, a, Some("21"), &format!("key-{a}"), false),
        |tx, a| accounts::delete_key(tx, a, Some("21"), &format!("key-{a}")),
        |tx, a| roles::delete(tx, a, "reader"),
        |tx, a| identities::leave(tx, a, "21", "g-1"),
        |tx, a| identities::delete_group(tx, a, "g-1"),
        |tx, a| identities::delete_user(tx, a, "21"),
    ];
    tell(meta, |tx, owner| {
        assert_eq!(identities::generation(tx, owner)?, 0);
        for (place, change) in CHANGES.iter().enumerate() {
            let before = identities::generation(tx, owner)?;
            assert!(change(tx, owner)?, "change {place}");
            assert!(before < identities::generation(tx, owner)?, "change {place}");
        }
        let last = identities::generation(tx, owner)?;
        assert!(!identities::delete_user(tx, owner, "21")?);
        assert_eq!(identities::generation(tx, owner)?, last, "nothing changed");
        Ok(())
    })
    .await;
}
