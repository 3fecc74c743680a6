//! Who may do what: users by their policies, sessions by their role's, and what a denial tells.

use crate::support::{IMPORT, KEY, OTHER_KEY, World};
use serde_json::{Value, json};

const ECS: &str = "2014-05-26";
const SWAS: &str = "2020-06-01";
const RAM: &str = "2015-05-01";
const STS: &str = "2015-04-01";

const REGION: (&str, &str) = ("RegionId", "cn-hangzhou");

/// Status and code of an answer; the code of a success is `OK`.
fn short((status, body): (u16, Value)) -> (u16, String) {
    let code = if status == 200 { "OK" } else { body["Code"].as_str().expect("a code") };
    (status, code.to_owned())
}

#[track_caller]
fn expect(answer: (u16, Value), status: u16, code: &str) {
    assert_eq!(short(answer), (status, code.to_owned()));
}

/// A role that `principal` may assume, with one custom policy of these statements.
async fn role(world: &World, name: &str, principal: &str, statements: &str) -> String {
    let trust = format!(
        r#"{{"Version":"1","Statement":[{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{principal}}}]}}"#
    );
    let document = format!(r#"{{"Version":"1","Statement":[{statements}]}}"#);
    let policy = format!("role-{name}");
    for (action, params) in [
        ("CreateRole", vec![("RoleName", name), ("AssumeRolePolicyDocument", &trust)]),
        ("CreatePolicy", vec![("PolicyName", &policy), ("PolicyDocument", &document)]),
        ("AttachPolicyToRole", vec![("RoleName", name), ("PolicyName", &policy), ("PolicyType", "Custom")]),
    ] {
        let (status, body) = world.ram(action, &params).await;
        assert_eq!(status, 200, "{action}: {body}");
    }
    format!("acs:ram::{}:role/{name}", world.account)
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_user_may_what_policies_allow() {
    let world = World::ready().await;
    let image = world.ecs_ok("ImportImage", &IMPORT).await["ImageId"].as_str().expect("an id").to_owned();
    world.work().await;
    let narrow = world
        .user(
            "ann",
            &format!(
                r#"{{"Effect":"Allow","Action":"ecs:Describe*","Resource":"*"}},
                   {{"Effect":"Allow","Action":["ecs:DeleteImage"],"Resource":"acs:ecs:*:*:image/{image}"}},
                   {{"Effect":"Deny","Action":"ecs:DescribeTasks","Resource":"*"}}"#
            ),
        )
        .await;
    let call = async |version, action, params: &[(&str, &str)]| world.call_as(&narrow, version, action, params).await;

    let (status, body) = call(ECS, "DescribeImages", &[REGION]).await;
    assert_eq!((status, body["TotalCount"].as_u64()), (200, Some(1)), "a user sees what the account has");
    expect(call(ECS, "DeleteImage", &[REGION, ("ImageId", "m-other")]).await, 403, "Forbidden.RAM");
    expect(call(ECS, "ImportImage", &[&[REGION][..], &IMPORT].concat()).await, 400, "Forbbiden");
    expect(call(SWAS, "ListRegions", &[]).await, 403, "NoPermission");
    expect(call(RAM, "ListRoles", &[]).await, 403, "NoPermission");
    // Parameters are looked at first, and records only after permission.
    expect(call(ECS, "ImportImage", &[REGION]).await, 403, "MissingParameter.DiskDeviceMapping");

    let (status, denied) = call(ECS, "DescribeTasks", &[REGION]).await;
    assert_eq!((status, denied["Code"].as_str()), (403, Some("Forbidden.RAM")));
    let detail = &denied["AccessDeniedDetail"];
    assert_eq!(detail["AuthAction"], "ecs:DescribeTasks");
    assert_eq!(detail["AuthPrincipalType"], "SubUser");
    assert_eq!(detail["AuthPrincipalOwnerId"], world.account.to_string());
    assert_eq!(detail["NoPermissionType"], "ExplicitDeny");
    assert_eq!(detail["PolicyType"], "AccountLevelIdentityBasedPolicy");
    let (_, silent) = call(ECS, "DeleteImage", &[REGION, ("ImageId", "m-other")]).await;
    assert_eq!(silent["AccessDeniedDetail"]["NoPermissionType"], "ImplicitDeny");

    // What the detail holds sealed, its own account can have read out.
    let encoded = detail["EncodedDiagnosticMessage"].as_str().expect("a text");
    let ask = [("EncodedDiagnosticMessage", encoded)];
    let (status, read) = world.ram("DecodeDiagnosticMessage", &ask).await;
    assert_eq!(status, 200, "{read}");
    let read = &read["DecodedDiagnosticMessage"];
    assert_eq!(read["ExplicitDeny"], true);
    assert_eq!(read["AuthAction"], "ecs:DescribeTasks");
    assert_eq!(read["MatchedPolicies"][0]["PolicyIdentifier"], "of-ann");
    let conditions = read["AuthConditions"].as_array().expect("a list");
    assert!(
        conditions.iter().any(|c| c["ConditionKey"] == "acs:sourceip" && c["ConditionValues"] == json!(["127.0.0.1"]))
    );
    let others = world.call_as(OTHER_KEY, RAM, "DecodeDiagnosticMessage", &ask).await;
    expect(others, 400, "InvalidParameter.EncodedDiagnosticMessage");

    let (_, me) = call(STS, "GetCallerIdentity", &[]).await;
    assert_eq!(me["IdentityType"], "RAMUser");
    assert_eq!(me["Arn"], format!("acs:ram::{}:user/ann", world.account));
    expect(call(ECS, "DeleteImage", &[REGION, ("ImageId", &image)]).await, 200, "OK");
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_change_of_policies_is_felt_at_once() {
    let world = World::new().await;
    let user = world.user("bob", r#"{"Effect":"Allow","Action":"ecs:DescribeImages","Resource":"*"}"#).await;
    let list = async || short(world.call_as(&user, ECS, "DescribeImages", &[REGION]).await);
    assert_eq!(list().await.0, 200);
    let account = world.account;
    let meta = world.engine.meta().clone();
    let id = meta
        .read(move |tx| meta::identities::user_by_name(tx, account, "Bob"))
        .await
        .expect("reads")
        .expect("there")
        .id;
    let detached = meta.write(meta::Scope::Account(account), move |tx| {
        let user = meta::identities::Principal::User(&id);
        meta::policies::detach(tx, account, user, meta::policies::PolicyKind::Custom, "of-bob")
    });
    assert!(detached.await.expect("writes"));
    assert_eq!(list().await, (403, "Forbidden.RAM".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn conditions_on_the_request_and_on_tags() {
    let world = World::ready().await;
    let tagged: Vec<(&str, &str)> = [&IMPORT[..], &[("Tag.1.Key", "team"), ("Tag.1.Value", "core")]].concat();
    let image = world.ecs_ok("ImportImage", &tagged).await["ImageId"].as_str().expect("an id").to_owned();
    world.work().await;
    let allow =
        |condition: &str| format!(r#"{{"Effect":"Allow","Action":"ecs:*","Resource":"*","Condition":{condition}}}"#);
    for (name, condition, image_expected, list_expected) in [
        ("here", r#"{"IpAddress":{"acs:SourceIp":"127.0.0.0/8"}}"#, true, true),
        ("there", r#"{"IpAddress":{"acs:SourceIp":"10.0.0.0/8"}}"#, false, false),
        ("safe", r#"{"Bool":{"acs:SecureTransport":"true"}}"#, false, false),
        ("mfa", r#"{"Bool":{"acs:MFAPresent":"false"}}"#, false, false),
        ("now", r#"{"DateLessThan":{"acs:CurrentTime":"2030-01-01T00:00:00Z"}}"#, true, true),
        ("me", r#"{"StringLike":{"acs:PrincipalARN":"acs:ram::*:user/me"}}"#, true, true),
        ("core", r#"{"StringEquals":{"acs:ResourceTag/team":"core"}}"#, true, false),
        ("older", r#"{"StringEquals":{"ecs:tag/team":"core"}}"#, true, false),
        ("other", r#"{"StringEquals":{"acs:ResourceTag/team":"other"}}"#, false, false),
    ] {
        let key = world.user(name, &allow(condition)).await;
        let one = world.call_as(&key, ECS, "DescribeImageSharePermission", &[REGION, ("ImageId", &image)]).await;
        assert_eq!(one.0 == 200, image_expected, "{name}: {}", one.1);
        let list = world.call_as(&key, ECS, "DescribeImages", &[REGION]).await;
        assert_eq!(list.0 == 200, list_expected, "{name}: {}", list.1);
    }
    // Who may see only what has a tag lists by that tag, and makes only what has it.
    let scoped = world.user("scoped", &allow(r#"{"StringEquals":{"acs:RequestTag/team":"core"}}"#)).await;
    expect(world.call_as(&scoped, ECS, "DescribeImages", &[REGION]).await, 403, "Forbidden.RAM");
    let by_tag = [REGION, ("Tag.1.Key", "team"), ("Tag.1.Value", "core")];
    let (status, found) = world.call_as(&scoped, ECS, "DescribeImages", &by_tag).await;
    assert_eq!((status, found["TotalCount"].as_u64()), (200, Some(1)));
    let import: Vec<(&str, &str)> = [&[REGION, ("ImageName", "second")][..], &tagged[1..]].concat();
    expect(world.call_as(&scoped, ECS, "ImportImage", &import).await, 200, "OK");
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_session_of_a_role() {
    let world = World::new().await;
    let may_assume = r#"{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}"#;
    let ann = world.user("ann", may_assume).await;
    let bob = world.user("bob", r#"{"Effect":"Allow","Action":"ecs:*","Resource":"*"}"#).await;
    let anyone = format!(r#"{{"RAM":["acs:ram::{}:root"]}}"#, world.account);
    let reader = r#"{"Effect":"Allow","Action":["ecs:Describe*","sts:AssumeRole"],"Resource":"*"}"#;
    let arn = role(&world, "Reader", &anyone, reader).await;
    let assume = async |key: &str, more: &[(&str, &str)]| {
        world
            .call_as(key, STS, "AssumeRole", &[&[("RoleArn", arn.as_str()), ("RoleSessionName", "s1")], more].concat())
            .await
    };

    expect(assume(&bob, &[]).await, 403, "NoPermission");
    let (status, root) = assume(KEY, &[]).await;
    assert_eq!((status, root["Message"].as_str()), (403, Some("Roles may not be assumed by root accounts.")));
    let (status, given) = assume(&ann, &[]).await;
    assert_eq!(status, 200, "{given}");
    assert_eq!(given["AssumedRoleUser"]["Arn"], format!("acs:ram::{}:role/reader/s1", world.account));
    let credentials = &given["Credentials"];
    assert!(credentials["AccessKeyId"].as_str().is_some_and(|id| id.starts_with("STS.")));
    assert_eq!(credentials["Expiration"], "2026-11-21T09:00:30Z");
    let call = async |credentials: &Value, version, action, params: &[(&str, &str)]| {
        world.call_in_session(credentials, version, action, params).await
    };

    expect(call(credentials, ECS, "DescribeImages", &[REGION]).await, 200, "OK");
    let (status, denied) = call(credentials, ECS, "DeleteImage", &[REGION, ("ImageId", "m-1")]).await;
    assert_eq!((status, denied["AccessDeniedDetail"]["AuthPrincipalType"].as_str()), (403, Some("AssumedRoleUser")));
    let (_, me) = call(credentials, STS, "GetCallerIdentity", &[]).await;
    assert_eq!(me["IdentityType"], "AssumedRoleUser");
    assert_eq!(me["Arn"], format!("acs:ram::{}:assumed-role/Reader/s1", world.account));

    // A role in a role: what the first may assume.
    let second = call(credentials, STS, "AssumeRole", &[("RoleArn", &arn), ("RoleSessionName", "s2")]).await;
    expect(second, 200, "OK");

    // A session may be given less than its role.
    let less = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"ecs:DescribeTasks","Resource":"*"}]}"#;
    let (_, given) = assume(&ann, &[("Policy", less)]).await;
    let fewer = &given["Credentials"];
    expect(call(fewer, ECS, "DescribeTasks", &[REGION]).await, 200, "OK");
    let (status, denied) = call(fewer, ECS, "DescribeImages", &[REGION]).await;
    assert_eq!((status, denied["AccessDeniedDetail"]["PolicyType"].as_str()), (403, Some("SessionPolicy")));
    let all = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let (_, given) = assume(&ann, &[("Policy", all)]).await;
    let more = call(&given["Credentials"], ECS, "DeleteImage", &[REGION, ("ImageId", "m-1")]).await;
    expect(more, 403, "Forbidden.RAM");

    // Keys that are not what they say.
    let mut wrong = credentials.clone();
    wrong["SecurityToken"] = "CAISnothing".into();
    expect(call(&wrong, ECS, "DescribeImages", &[REGION]).await, 400, "InvalidSecurityToken.Malformed");
    wrong["SecurityToken"] = fewer["SecurityToken"].clone();
    expect(call(&wrong, ECS, "DescribeImages", &[REGION]).await, 400, "InvalidSecurityToken.MismatchWithAccessKey");
    wrong["SecurityToken"] = credentials["SecurityToken"].clone();
    wrong["AccessKeySecret"] = "guessed".into();
    expect(call(&wrong, ECS, "DescribeImages", &[REGION]).await, 400, "SignatureDoesNotMatch");
    wrong["SecurityToken"] = "".into();
    expect(call(&wrong, ECS, "DescribeImages", &[REGION]).await, 400, "MissingSecurityToken");

    world.clock.advance_millis(3_600_000 - 1);
    expect(call(credentials, ECS, "DescribeImages", &[REGION]).await, 200, "OK");
    world.clock.advance_millis(1);
    expect(call(credentials, ECS, "DescribeImages", &[REGION]).await, 400, "InvalidSecurityToken.Expired");

    // A role that is gone takes its sessions with it, also when another comes under its name.
    let (_, given) = assume(&ann, &[]).await;
    let detach = [("RoleName", "reader"), ("PolicyName", "role-Reader"), ("PolicyType", "Custom")];
    expect(world.ram("DetachPolicyFromRole", &detach).await, 200, "OK");
    expect(call(&given["Credentials"], ECS, "DescribeImages", &[REGION]).await, 403, "Forbidden.RAM");
    expect(world.ram("DeleteRole", &[("RoleName", "reader")]).await, 200, "OK");
    expect(call(&given["Credentials"], ECS, "DescribeImages", &[REGION]).await, 404, "InvalidAccessKeyId.NotFound");
    expect(world.ram("DeletePolicy", &[("PolicyName", "role-Reader")]).await, 200, "OK");
    role(&world, "Reader", &anyone, reader).await;
    expect(call(&given["Credentials"], ECS, "DescribeImages", &[REGION]).await, 404, "InvalidAccessKeyId.NotFound");
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn who_may_assume_what() {
    let world = World::new().await;
    let ann = world.user("ann", r#"{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}"#).await;
    let all = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
    let me = world.account;
    let mine = role(&world, "mine", &format!(r#"{{"RAM":"acs:ram::{me}:user/ann"}}"#), all).await;
    let bobs = role(&world, "bobs", &format!(r#"{{"RAM":"acs:ram::{me}:user/bob"}}"#), all).await;
    let services = role(&world, "services", r#"{"Service":"ecs.aliyuncs.com"}"#, all).await;
    let none = format!("acs:ram::{me}:role/none");
    let foreign = format!("acs:ram::{}:role/theirs", world.other);
    let assume = async |arn: &str, more: &[(&str, &str)]| {
        let usual = [("RoleArn", arn), ("RoleSessionName", "s1")];
        let kept = usual.into_iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name));
        let params: Vec<(&str, &str)> = kept.chain(more.iter().copied()).collect();
        world.call_as(&ann, STS, "AssumeRole", &params).await
    };
    expect(assume(&mine, &[]).await, 200, "OK");
    let (status, denied) = assume(&bobs, &[]).await;
    assert_eq!((status, denied["AccessDeniedDetail"]["PolicyType"].as_str()), (403, Some("AssumeRolePolicy")));
    expect(assume(&services, &[]).await, 403, "NoPermission");
    expect(assume(&none, &[]).await, 404, "EntityNotExist.Role");
    expect(assume(&foreign, &[]).await, 403, "NoPermission");

    let long = format!(r#"{{"Version":"1","Statement":[]{}}}"#, " ".repeat(2_048));
    for (more, status, code) in [
        (("RoleArn", "role/x"), 400, "InvalidParameter.RoleArn"),
        (("RoleSessionName", "s"), 400, "InvalidParameter.RoleSessionName"),
        (("RoleSessionName", "a b"), 400, "InvalidParameter.RoleSessionName"),
        (("DurationSeconds", "899"), 400, "InvalidParameter.DurationSeconds"),
        (("DurationSeconds", "3601"), 400, "InvalidParameter.DurationSeconds"),
        (("DurationSeconds", "x"), 400, "InvalidParameter.DurationSeconds"),
        (("Policy", "{}"), 400, "InvalidParameter.PolicyGrammar"),
        (("Policy", &long), 400, "InvalidParameter.PolicySize"),
        (("ExternalId", "x"), 400, "InvalidParameter"),
        (("RoleArn", ""), 400, "MissingParameter"),
        (("RoleSessionName", ""), 400, "MissingParameter"),
        (("DurationSeconds", "900"), 200, "OK"),
        (("DurationSeconds", "3600"), 200, "OK"),
    ] {
        let answer = assume(&mine, &[more]).await;
        assert_eq!(short(answer), (status, code.to_owned()), "{more:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_role_of_another_account() {
    let world = World::new().await;
    let ann = world.user("ann", r#"{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}"#).await;
    let trust = format!(
        r#"{{"Version":"1","Statement":[{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"RAM":"acs:ram::{}:root"}},"Condition":{{"StringEquals":{{"sts:ExternalId":"secret-1"}}}}}}]}}"#,
        world.account
    );
    let create = [("RoleName", "guest"), ("AssumeRolePolicyDocument", trust.as_str())];
    expect(world.call_as(OTHER_KEY, RAM, "CreateRole", &create).await, 200, "OK");
    let attach = [("RoleName", "guest"), ("PolicyName", "AliyunECSReadOnlyAccess"), ("PolicyType", "System")];
    expect(world.call_as(OTHER_KEY, RAM, "AttachPolicyToRole", &attach).await, 200, "OK");
    let arn = format!("acs:ram::{}:role/guest", world.other);
    let assume = [("RoleArn", arn.as_str()), ("RoleSessionName", "s1")];
    expect(world.call_as(&ann, STS, "AssumeRole", &assume).await, 403, "NoPermission");
    let with_id = [&assume[..], &[("ExternalId", "secret-1")]].concat();
    let (status, given) = world.call_as(&ann, STS, "AssumeRole", &with_id).await;
    assert_eq!(status, 200, "{given}");
    let (_, me) = world.call_in_session(&given["Credentials"], STS, "GetCallerIdentity", &[]).await;
    assert_eq!(me["AccountId"], world.other.to_string(), "a session is in its role's account");
    expect(world.call_in_session(&given["Credentials"], ECS, "DescribeImages", &[REGION]).await, 200, "OK");
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn what_is_recorded() {
    let world = World::new().await;
    let ann = world.user("ann", r#"{"Effect":"Allow","Action":"ecs:DescribeImages","Resource":"*"}"#).await;
    world.call_as(KEY, ECS, "DescribeRegions", &[]).await;
    world.call_as(&ann, ECS, "DeleteImage", &[REGION, ("ImageId", "m-1"), ("Password", "secret")]).await;
    let (_, listed) = world.call_as(&ann, ECS, "DescribeImages", &[REGION]).await;
    world.api.audit().flush().await;
    let account = world.account;
    let filter = meta::audit::Filter::default();
    let read = world.engine.meta().read(move |tx| meta::audit::list(tx, account, &filter, 10, |_| true));
    let events: Vec<meta::audit::Event> = read.await.expect("reads").into_iter().map(|(_, event)| event).collect();
    let short: Vec<(&str, &str, &str, Option<&str>)> = events
        .iter()
        .map(|e| {
            let verdict = e.decision.as_ref().map(|decision| decision.verdict.as_str());
            (e.action.as_str(), e.principal.kind.as_str(), e.code.as_str(), verdict)
        })
        .collect();
    assert_eq!(
        short,
        [
            ("DescribeImages", "ram-user", "OK", Some("Allow")),
            ("DeleteImage", "ram-user", "Forbidden.RAM", Some("ImplicitDeny")),
            ("DescribeRegions", "root-account", "OK", Some("Allow")),
        ],
        "the newest first"
    );
    assert_eq!(Some(events[0].id.as_str()), listed["RequestId"].as_str());
    assert_eq!(events[1].questions[0].1, format!("acs:ecs:cn-hangzhou:{account}:image/m-1"));
    assert_eq!(events[1].source_ip, "127.0.0.1");
    assert!(
        events[1].params.iter().all(|(name, _)| name != "Password" && name != "Signature"),
        "{:?}",
        events[1].params
    );
    let look = async |params: &[(&str, &str)]| {
        let (status, body) = world.call_as(KEY, "2020-07-06", "LookupEvents", params).await;
        assert_eq!(status, 200, "{body}");
        let names = body["Events"].as_array().expect("a list").iter().map(|event| event["eventName"].clone());
        (names.collect::<Vec<_>>(), body)
    };
    let (names, all) = look(&[("Direction", "FORWARD"), ("MaxResults", "2")]).await;
    assert_eq!(names, ["DescribeRegions", "DeleteImage"]);
    let denied = &all["Events"][1];
    assert_eq!(denied["errorCode"], "Forbidden.RAM");
    assert_eq!(denied["resourceType"], "ACS::ECS::Image");
    assert_eq!(denied["userIdentity"]["userName"], "ann");
    assert_eq!(look(&[("MaxResults", "0")]).await.0, Vec::<Value>::new(), "none are wanted");
    let token = all["NextToken"].as_str().expect("more follow");
    assert_eq!(
        look(&[("Direction", "FORWARD"), ("MaxResults", "2"), ("NextToken", token)]).await.0[0],
        "DescribeImages"
    );
    for (key, value, expected) in [
        ("User", "ann", 2),
        ("EventName", "DeleteImage", 1),
        ("ResourceName", "m-1", 1),
        ("EventRW", "Write", 1),
        ("EventAccessKeyId", ann.as_str(), 2),
        ("EventId", events[0].id.as_str(), 1),
        ("ServiceName", "Ecs", 3),
    ] {
        let (names, _) = look(&[("LookupAttribute.1.Key", key), ("LookupAttribute.1.Value", value)]).await;
        assert_eq!(names.len(), expected, "{key} {value}: {names:?}");
    }
    assert_eq!(events[0].decision.as_ref().and_then(|d| d.matched.clone()), Some(("of-ann".into(), None, 0)));
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn ten_calls_a_minute() {
    let world = World::new().await;
    let ann = world.user("ann", r#"{"Effect":"Allow","Action":"swas-open:*","Resource":"*"}"#).await;
    let call = async |key: &str| {
        let params = [REGION, ("ImageId", "m-none"), ("Operation", "Share")];
        let query = world.sign(key, "secret", SWAS, "ModifyImageShareStatus", &params, "JSON");
        let answer = world.send(&query).await;
        let body: Value = serde_json::from_str(&answer.body).expect("JSON");
        (answer.status, body["Code"].as_str().unwrap_or_default().to_owned(), answer.retry_after_millis)
    };
    for _ in 0..10 {
        assert_eq!(call(KEY).await.1, "InvalidImageId.NotFound");
    }
    world.clock.advance_millis(1_000);
    assert_eq!(call(KEY).await, (400, "Throttling.User".to_owned(), Some(59_000)));
    assert_eq!(call(&ann).await.1, "InvalidImageId.NotFound", "the limit is each user's");
    world.clock.advance_millis(59_000);
    assert_eq!(call(KEY).await.1, "InvalidImageId.NotFound");
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_policy_of_one_region_reaches_no_other() {
    let (world, _) = World::with_servers().await;
    let new = [("ZoneId", "cn-hangzhou-a"), ("Size", "20"), ("DiskCategory", "cloud_essd")];
    let made = world.ecs_ok("CreateDisk", &new).await;
    let disk = made["DiskId"].as_str().expect("an id").to_owned();
    let ids = json!([disk]).to_string();
    world
        .until("DescribeDisks", &[("DiskIds", &ids)], |shown| shown["Disks"]["Disk"][0]["Status"] == "Available")
        .await;
    // The call does not say where the disk is.
    for (name, region, status) in [("west", "us-west-1", 403), ("east", "cn-hangzhou", 200)] {
        let statement = format!(r#"{{"Effect":"Allow","Action":"ecs:*","Resource":"acs:ecs:{region}:*:*"}}"#);
        let key = world.user(name, &statement).await;
        let answer = world.call_as(&key, ECS, "DeleteDisk", &[("DiskId", &disk)]).await;
        assert_eq!(answer.0, status, "{region}: {}", answer.1);
    }
}
