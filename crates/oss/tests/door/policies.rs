//! Users and sessions at the OSS door: what their policies allow, what ACLs add, and what a token must be.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::{BodyExt as _, Full};
use identity::{NewSession, Origin, TemporaryKey};
use meta::Scope;
use meta::accounts::{self, AccessKey};
use meta::identities::{self, Principal, User};
use meta::policies::{self, Attachment, Policy, PolicyKind};
use meta::roles::{self, Role};
use model::{AccountId, FixedClock, Timestamp};
use sha1::Sha1;

use crate::common::{KEYS, World, world};

/// `Fri, 21 Nov 2025 08:00:00 GMT`.
const NOW: i64 = 1_763_712_000_000;
const DATE: &str = "Fri, 21 Nov 2025 08:00:00 GMT";

/// A key and, for a temporary one, its token.
#[derive(Clone)]
struct Signer {
    id: String,
    secret: String,
    token: Option<String>,
}

fn owner(n: usize) -> Signer {
    Signer { id: KEYS[n].0.into(), secret: KEYS[n].1.into(), token: None }
}

/// Sends a request and returns its status and body.
async fn ask(world: &World, signer: &Signer, method: &str, target: &str, body: &str) -> (u16, String) {
    let mut request = http::Request::builder().method(method).uri(target).header("date", DATE);
    request = request.header("host", "127.0.0.1:7071");
    let mut own = String::new();
    if let Some(token) = &signer.token {
        request = request.header("x-oss-security-token", token);
        own = format!("x-oss-security-token:{token}\n");
    }
    let path = target.split('?').next().unwrap_or_default();
    let delete = if target.ends_with("?delete") { "?delete" } else { "" };
    let path = if path != "/" && path.matches('/').count() == 1 { format!("{path}/") } else { path.to_owned() };
    let text = format!("{method}\n\n\n{DATE}\n{own}{path}{delete}");
    let mut mac = Hmac::<Sha1>::new_from_slice(signer.secret.as_bytes()).expect("a key");
    mac.update(text.as_bytes());
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let request = request
        .header("authorization", format!("OSS {}:{signature}", signer.id))
        .body(Full::new(Bytes::copy_from_slice(body.as_bytes())))
        .expect("a request");
    let origin = Origin { source_ip: Some([10, 1, 1, 1].into()), is_secure: false };
    let (parts, body) = world.door.call(request, origin).await.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    (parts.status.as_u16(), String::from_utf8(body.to_vec()).expect("text"))
}

fn account() -> AccountId {
    AccountId::new(KEYS[0].2)
}

/// A user of the first account with a policy of these statements.
async fn user(world: &World, name: &str, statements: &str) -> Signer {
    let now = Timestamp::from_millis(NOW);
    let user = User {
        name: name.to_owned(),
        id: format!("2-{name}"),
        display_name: String::new(),
        email: String::new(),
        mobile_phone: String::new(),
        comments: String::new(),
        created: now,
        updated: now,
    };
    let key = AccessKey {
        id: format!("LTAI5t{name}"),
        account: account(),
        user: Some(user.id.clone()),
        secret: "secret".into(),
        active: true,
        created: now,
    };
    let signer = Signer { id: key.id.clone(), secret: key.secret.clone(), token: None };
    let policy = Policy::new(format!("of-{name}"), document(statements), String::new(), now);
    let attachment = Attachment { kind: PolicyKind::Custom, policy: policy.name.clone(), attached: now };
    let made = world.meta.write(Scope::Account(account()), move |tx| {
        Ok::<_, meta::Error>(
            identities::insert_user(tx, account(), &user)?
                && accounts::insert_key(tx, &key)?
                && policies::insert(tx, account(), &policy)?
                && policies::attach(tx, account(), Principal::User(&user.id), &attachment)?,
        )
    });
    assert!(made.await.expect("made"));
    signer
}

fn document(statements: &str) -> String {
    format!(r#"{{"Version":"1","Statement":[{statements}]}}"#)
}

async fn ready() -> (World, Arc<FixedClock>) {
    let clock = Arc::new(FixedClock::new(Timestamp::from_millis(NOW)));
    let world = world(clock.clone(), None).await;
    for (n, bucket) in [(0, "/mine"), (1, "/theirs")] {
        assert_eq!(ask(&world, &owner(n), "PUT", bucket, "").await.0, 200);
        for key in ["a/1", "b/1"] {
            assert_eq!(ask(&world, &owner(n), "PUT", &format!("{bucket}/{key}"), "text").await.0, 200);
        }
    }
    (world, clock)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_may_what_policies_allow() {
    let (world, _) = ready().await;
    let allow = |verbs: &str, resource: &str| {
        format!(r#"{{"Effect":"Allow","Action":{verbs},"Resource":"acs:oss:*:*:{resource}"}}"#)
    };
    let reader = user(&world, "reader", &allow(r#"["oss:GetObject","oss:DeleteObject"]"#, "mine/a/*")).await;
    let (status, body) = ask(&world, &reader, "GET", "/mine/a/1", "").await;
    assert_eq!((status, body.as_str()), (200, "text"));
    let (status, body) = ask(&world, &reader, "GET", "/mine/b/1", "").await;
    assert_eq!(status, 403);
    assert!(body.contains("<AuthAction>oss:GetObject</AuthAction>"), "{body}");
    assert!(body.contains("<NoPermissionType>ImplicitDeny</NoPermissionType>"), "{body}");
    for (method, target) in [
        ("PUT", "/mine/a/2"),
        ("GET", "/mine"),
        ("GET", "/"),
        ("PUT", "/another"),
        ("DELETE", "/mine"),
        ("GET", "/theirs/a/1"),
    ] {
        assert_eq!(ask(&world, &reader, method, target, "").await.0, 403, "{method} {target}");
    }
    let delete = |keys: &[&str]| {
        let keys: String = keys.iter().map(|key| format!("<Object><Key>{key}</Key></Object>")).collect();
        format!("<Delete>{keys}</Delete>")
    };
    assert_eq!(ask(&world, &reader, "POST", "/mine?delete", &delete(&["a/1", "b/1"])).await.0, 403);
    assert_eq!(ask(&world, &owner(0), "GET", "/mine/a/1", "").await.0, 200, "all or nothing");
    assert_eq!(ask(&world, &reader, "POST", "/mine?delete", &delete(&["a/1"])).await.0, 200);

    let maker = user(&world, "maker", &allow(r#""oss:PutBucket""#, "new-*")).await;
    assert_eq!(ask(&world, &maker, "PUT", "/new-one", "").await.0, 200);
    assert_eq!(ask(&world, &maker, "PUT", "/old-one", "").await.0, 403);
    let lister = user(&world, "lister", &allow(r#""oss:ListBuckets""#, "*")).await;
    assert_eq!(ask(&world, &lister, "GET", "/", "").await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deny_is_the_last_word_and_silence_leaves_it_to_the_acl() {
    let (world, _) = ready().await;
    let silent = user(&world, "silent", r#"{"Effect":"Allow","Action":"ecs:*","Resource":"*"}"#).await;
    let denied = user(&world, "denied", r#"{"Effect":"Deny","Action":"oss:*","Resource":"*"}"#).await;
    let near = r#"{"Effect":"Deny","Action":"oss:*","Resource":"*","Condition":{"NotIpAddress":{"acs:SourceIp":"10.0.0.0/8"}}}"#;
    let near = user(&world, "near", near).await;
    for bucket in ["/mine", "/theirs"] {
        assert_eq!(ask(&world, &silent, "GET", &format!("{bucket}/a/1"), "").await.0, 403, "{bucket}");
    }
    for (n, bucket) in [(0, "mine"), (1, "theirs")] {
        let name: model::BucketName = bucket.parse().expect("a name");
        let owner = AccountId::new(KEYS[n].2);
        let changed = world.meta.write(Scope::Account(owner), move |tx| {
            let mut found = meta::buckets::get(tx, &name)?.expect("there");
            found.acl = "public-read".to_owned();
            meta::buckets::update(tx, &found)
        });
        changed.await.expect("changed");
        for (signer, status) in [(&silent, 200), (&denied, 403), (&near, 200)] {
            assert_eq!(ask(&world, signer, "GET", &format!("/{bucket}/a/1"), "").await.0, status, "{}", signer.id);
        }
        assert_eq!(ask(&world, &silent, "PUT", &format!("/{bucket}/a/1"), "x").await.0, 403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session() {
    let (world, clock) = ready().await;
    let now = Timestamp::from_millis(NOW);
    let role = Role {
        name: "Uploader".into(),
        id: "3001".into(),
        trust: document(""),
        description: String::new(),
        max_session_seconds: 3_600,
        tags: Vec::new(),
        created: now,
        updated: now,
    };
    let policy = document(r#"{"Effect":"Allow","Action":"oss:*","Resource":"*"}"#);
    let policy = Policy::new("uploads".into(), policy, String::new(), now);
    let attachment = Attachment { kind: PolicyKind::Custom, policy: policy.name.clone(), attached: now };
    let made = world.meta.write(Scope::Account(account()), move |tx| {
        Ok::<_, meta::Error>(
            roles::insert(tx, account(), &role)?
                && policies::insert(tx, account(), &policy)?
                && policies::attach(tx, account(), Principal::Role("uploader"), &attachment)?,
        )
    });
    assert!(made.await.expect("made"));
    let begin = |policy: Option<&str>| {
        let TemporaryKey { access_key_id, access_key_secret, security_token } = world.identities.begin(NewSession {
            account: account(),
            role: "Uploader".into(),
            role_id: "3001".into(),
            name: "s1".into(),
            expires: now.plus_millis(900_000),
            policy: policy.map(document),
            assumed_by: "acs:ram::1:user/ann".into(),
            source_identity: None,
        });
        Signer { id: access_key_id, secret: access_key_secret, token: Some(security_token) }
    };
    let session = begin(None);
    assert_eq!(ask(&world, &session, "PUT", "/mine/c/1", "x").await.0, 200);
    let less = begin(Some(r#"{"Effect":"Allow","Action":"oss:Get*","Resource":"*"}"#));
    assert_eq!(ask(&world, &less, "GET", "/mine/c/1", "").await.0, 200);
    let (status, body) = ask(&world, &less, "PUT", "/mine/c/1", "x").await;
    assert_eq!(status, 403);
    assert!(body.contains("<PolicyType>SessionPolicy</PolicyType>"), "{body}");

    let code = async |signer: Signer| {
        let (status, body) = ask(&world, &signer, "GET", "/mine/c/1", "").await;
        let code = body.split("<Code>").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default().to_owned();
        (status, code)
    };
    let expected = |code: &str| (403, code.to_owned());
    assert_eq!(code(Signer { token: None, ..session.clone() }).await, expected("InvalidAccessKeyId"));
    assert_eq!(code(Signer { token: Some("AAAA".into()), ..session.clone() }).await, expected("InvalidSecurityToken"));
    assert_eq!(code(Signer { token: less.token.clone(), ..session.clone() }).await, expected("InvalidSecurityToken"));
    assert_eq!(code(Signer { token: session.token.clone(), ..owner(0) }).await, expected("InvalidSecurityToken"));
    assert_eq!(code(Signer { secret: "x".into(), ..session.clone() }).await, expected("SignatureDoesNotMatch"));
    clock.advance_millis(900_000);
    // The signature's own clock is still near enough.
    assert_eq!(code(session).await, expected("SecurityTokenExpired"));
}
