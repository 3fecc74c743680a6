//! RAM at the door: what each action does when it succeeds. Its refusals are in `codes`, its limits in `limits`.

pub(crate) mod codes;
pub(crate) mod limits;

use serde_json::{Value, json};

use crate::support::World;

pub(crate) const TRUST: &str = r#"{"Version":"1","Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["ecs.aliyuncs.com"]}}]}"#;

/// A policy that allows something in a service.
pub(crate) fn document(service: &str) -> String {
    json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": format!("{service}:*"), "Resource": "*"}]})
        .to_string()
}

impl World {
    /// Calls a RAM action that must succeed.
    pub async fn ram_ok(&self, action: &str, params: &[(&str, &str)]) -> Value {
        let (status, body) = self.ram(action, params).await;
        assert_eq!(status, 200, "{action} {params:?}: {body}");
        body
    }

    /// Calls a RAM action and returns its code, `OK` when it succeeds.
    pub async fn ram_code(&self, action: &str, params: &[(&str, &str)]) -> String {
        self.ram(action, params).await.1["Code"].as_str().unwrap_or("OK").to_owned()
    }
}

fn names(list: &Value, field: &str) -> Vec<String> {
    let rows = list.as_array().unwrap_or_else(|| panic!("{list} is no list"));
    rows.iter().map(|row| row[field].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn users() {
    let world = World::new().await;
    let full = [
        ("UserName", "Ann"),
        ("DisplayName", "Ann, 安"),
        ("Email", "ann@example.com"),
        ("MobilePhone", "86-13012345678"),
        ("Comments", "first"),
    ];
    let made = world.ram_ok("CreateUser", &full).await["User"].clone();
    let id = made["UserId"].as_str().expect("an id");
    assert!(id.len() == 17 && id.starts_with('2'), "{id}");
    for (field, value) in full {
        assert_eq!(made[field], value);
    }
    assert_eq!((&made["CreateDate"], &made["UpdateDate"]), (&json!("2026-11-21T08:00:30Z"), &json!(null)));
    let mut shown = made.clone();
    shown["UpdateDate"] = made["CreateDate"].clone();
    assert_eq!(world.ram_ok("GetUser", &[("UserName", "aNN")]).await["User"], shown, "in any case");

    world.clock.advance_millis(1_000);
    let renamed = [("UserName", "ANN"), ("NewUserName", "anna"), ("NewComments", ""), ("NewEmail", "")];
    let anna = world.ram_ok("UpdateUser", &renamed).await["User"].clone();
    assert_eq!(
        (&anna["UserName"], &anna["UserId"], &anna["DisplayName"]),
        (&"anna".into(), &made["UserId"], &made["DisplayName"])
    );
    assert_eq!(
        (&anna["Comments"], &anna["Email"], &anna["MobilePhone"]),
        (&"".into(), &"".into(), &made["MobilePhone"])
    );
    assert_eq!((&anna["CreateDate"], &anna["UpdateDate"]), (&made["CreateDate"], &json!("2026-11-21T08:00:31Z")));
    assert_eq!(world.ram_code("GetUser", &[("UserName", "ann")]).await, "EntityNotExist.User");
    let same = [("UserName", "anna"), ("NewUserName", "ANNA")];
    assert_eq!(world.ram_ok("UpdateUser", &same).await["User"]["UserName"], "ANNA", "another case of one's own name");

    let plain = world.ram_ok("CreateUser", &[("UserName", "bob")]).await;
    assert_eq!(plain["User"]["DisplayName"], "bob");
    // Nobody else's.
    let (status, body) = world.call_as(crate::support::OTHER_KEY, "2015-05-01", "ListUsers", &[]).await;
    assert_eq!((status, &body["Users"]["User"], &body["IsTruncated"]), (200, &json!([]), &json!(false)));
    world.ram_ok("DeleteUser", &[("UserName", "Anna")]).await;
    assert_eq!(names(&world.ram_ok("ListUsers", &[]).await["Users"]["User"], "UserName"), ["bob"]);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_key_signs_until_it_is_disabled() {
    let world = World::new().await;
    world.ram_ok("CreateUser", &[("UserName", "ann")]).await;
    let made = world.ram_ok("CreateAccessKey", &[("UserName", "Ann")]).await["AccessKey"].clone();
    let (id, secret) = (made["AccessKeyId"].as_str().expect("an id"), made["AccessKeySecret"].as_str().expect("it"));
    assert!(id.starts_with("LTAI5t") && id.len() == 24 && secret.len() == 30, "{made}");
    assert_eq!(made["Status"], "Active");
    let signs = async |id: &str, secret: &str| {
        let query = world.sign(id, secret, "2015-04-01", "GetCallerIdentity", &[], "JSON");
        let answer = world.send(&query).await;
        let body: Value = serde_json::from_str(&answer.body).expect("JSON");
        body["Code"].as_str().unwrap_or("OK").to_owned()
    };
    assert_eq!(signs(id, secret).await, "OK");
    let listed = world.ram_ok("ListAccessKeys", &[("UserName", "ann")]).await["AccessKeys"]["AccessKey"].clone();
    let shown = json!([{"AccessKeyId": id, "Status": "Active", "CreateDate": made["CreateDate"]}]);
    assert_eq!(listed, shown, "the secret is shown once");

    let key = [("UserName", "ann"), ("UserAccessKeyId", id)];
    let set = async |status: &str| world.ram_ok("UpdateAccessKey", &[key[0], key[1], ("Status", status)]).await;
    set("Inactive").await;
    assert_eq!(signs(id, secret).await, "InvalidAccessKeyId.Inactive");
    set("Active").await;
    assert_eq!(signs(id, secret).await, "OK");
    assert_eq!(
        world.ram_code("DeleteAccessKey", &key[1..]).await,
        "EntityNotExist.User.AccessKey",
        "not the account's"
    );
    world.ram_ok("DeleteAccessKey", &key).await;
    assert_eq!(signs(id, secret).await, "InvalidAccessKeyId.NotFound");
    assert_eq!(world.ram_ok("ListAccessKeys", &key[..1]).await["AccessKeys"]["AccessKey"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn who_names_no_user_means_themselves() {
    let world = World::new().await;
    let made = world.ram_ok("CreateAccessKey", &[]).await["AccessKey"].clone();
    let id = made["AccessKeyId"].as_str().expect("an id");
    let listed = world.ram_ok("ListAccessKeys", &[]).await["AccessKeys"]["AccessKey"].clone();
    assert_eq!(names(&listed, "AccessKeyId").len(), 2, "the account's own two");
    world.ram_ok("UpdateAccessKey", &[("UserAccessKeyId", id), ("Status", "Inactive")]).await;
    world.ram_ok("DeleteAccessKey", &[("UserAccessKeyId", id)]).await;
    assert_eq!(world.ram_code("DeleteAccessKey", &[("UserAccessKeyId", id)]).await, "EntityNotExist.User.AccessKey");
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_user_looks_after_its_own_keys() {
    let world = World::new().await;
    let own = r#"{"Effect":"Allow","Action":"ram:*AccessKey*","Resource":"acs:ram:*:*:user/ann"}"#;
    let ann = world.user("ann", own).await;
    world.ram_ok("CreateUser", &[("UserName", "bob")]).await;
    let call = async |action: &str, params: &[(&str, &str)]| {
        let (_, body) = world.call_as(&ann, "2015-05-01", action, params).await;
        (body["Code"].as_str().unwrap_or("OK").to_owned(), body)
    };
    let (code, made) = call("CreateAccessKey", &[]).await;
    assert_eq!(code, "OK", "{made}");
    assert_eq!(call("CreateAccessKey", &[]).await.0, "LimitExceeded.User.AccessKey");
    assert_eq!(call("CreateAccessKey", &[("UserName", "bob")]).await.0, "NoPermission");
    let (mine, named) = (call("ListAccessKeys", &[]).await.1, call("ListAccessKeys", &[("UserName", "ann")]).await.1);
    assert_eq!(names(&mine["AccessKeys"]["AccessKey"], "AccessKeyId").len(), 2);
    assert_eq!(mine["AccessKeys"], named["AccessKeys"]);
    let account = world.ram_ok("ListAccessKeys", &[]).await;
    assert_eq!(names(&account["AccessKeys"]["AccessKey"], "AccessKeyId"), [crate::support::KEY]);

    // The key that signs can be the one that goes: it was the last call with it.
    assert_eq!(call("DeleteAccessKey", &[("UserAccessKeyId", &ann)]).await.0, "OK");
    assert_eq!(call("ListAccessKeys", &[]).await.0, "InvalidAccessKeyId.NotFound");
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_policy_reaches_the_members_of_a_group_at_once() {
    let world = World::new().await;
    let ann = world.user("ann", r#"{"Effect":"Allow","Action":"oss:*","Resource":"*"}"#).await;
    let may = async || world.call_as(&ann, "2015-05-01", "ListUsers", &[]).await.0 == 200;
    let (user, group) = (("UserName", "ann"), ("GroupName", "ops"));
    let policy = [group, ("PolicyName", "AliyunRAMReadOnlyAccess"), ("PolicyType", "System")];
    world.ram_ok("CreateGroup", &[group]).await;
    world.ram_ok("AttachPolicyToGroup", &policy).await;
    assert!(!may().await);
    world.ram_ok("AddUserToGroup", &[user, group]).await;
    assert!(may().await);
    world.ram_ok("UpdateGroup", &[group, ("NewGroupName", "team")]).await;
    world.ram_ok("UpdateUser", &[user, ("NewUserName", "anna")]).await;
    assert!(may().await, "a new name moves nothing");
    world.ram_ok("DetachPolicyFromGroup", &[("GroupName", "team"), policy[1], policy[2]]).await;
    assert!(!may().await);
    // The version that counts decides, from the next call on.
    let version = [("PolicyName", "of-ann"), ("PolicyDocument", &*document("ram")), ("SetAsDefault", "true")];
    world.ram_ok("CreatePolicyVersion", &version).await;
    assert!(may().await);
    world.ram_ok("SetDefaultPolicyVersion", &[version[0], ("VersionId", "v1")]).await;
    assert!(!may().await);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn groups() {
    let world = World::new().await;
    let made = world.ram_ok("CreateGroup", &[("GroupName", "Ops"), ("Comments", "they run it")]).await["Group"].clone();
    assert!(made["GroupId"].as_str().is_some_and(|id| id.starts_with("g-")), "{made}");
    let mut shown = made.clone();
    shown["UpdateDate"] = made["CreateDate"].clone();
    assert_eq!(world.ram_ok("GetGroup", &[("GroupName", "ops")]).await["Group"], shown);
    for user in ["ann", "Bob"] {
        world.ram_ok("CreateUser", &[("UserName", user)]).await;
        world.ram_ok("AddUserToGroup", &[("UserName", user), ("GroupName", "OPS")]).await;
    }
    world.clock.advance_millis(60_000);
    let rename = [("GroupName", "ops"), ("NewGroupName", "admins")];
    let renamed = world.ram_ok("UpdateGroup", &rename).await["Group"].clone();
    assert_eq!((&renamed["GroupName"], &renamed["Comments"]), (&json!("admins"), &made["Comments"]));
    let changed = world.ram_ok("UpdateGroup", &[("GroupName", "admins"), ("NewComments", "x")]).await;
    assert_eq!((&changed["Group"]["GroupName"], &changed["Group"]["Comments"]), (&json!("admins"), &json!("x")));

    let joined = world.ram_ok("ListGroupsForUser", &[("UserName", "ANN")]).await["Groups"]["Group"].clone();
    let date = json!("2026-11-21T08:00:30Z");
    let expected = json!({"GroupId": made["GroupId"], "GroupName": "admins", "Comments": "x", "JoinDate": date});
    assert_eq!(joined, json!([expected]));
    let members = world.ram_ok("ListUsersForGroup", &[("GroupName", "admins"), ("MaxItems", "1")]).await;
    let ann = json!([{"UserName": "ann", "DisplayName": "ann", "JoinDate": date}]);
    assert_eq!(
        (&members["Users"]["User"], &members["IsTruncated"], &members["Marker"]),
        (&ann, &true.into(), &"ann".into())
    );
    let rest = world.ram_ok("ListUsersForGroup", &[("GroupName", "admins"), ("Marker", "ann")]).await;
    assert_eq!((names(&rest["Users"]["User"], "UserName"), &rest["Marker"]), (vec!["Bob".to_owned()], &Value::Null));

    for user in ["ANN", "bob"] {
        world.ram_ok("RemoveUserFromGroup", &[("UserName", user), ("GroupName", "Admins")]).await;
    }
    assert_eq!(names(&world.ram_ok("ListGroups", &[]).await["Groups"]["Group"], "GroupName"), ["admins"]);
    world.ram_ok("DeleteGroup", &[("GroupName", "ADMINS")]).await;
    assert_eq!(world.ram_ok("ListGroups", &[]).await["Groups"]["Group"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn versions_of_a_policy() {
    let world = World::new().await;
    let (one, two) = (document("ecs"), document("oss"));
    let name = ("PolicyName", "mine");
    let typed = [name, ("PolicyType", "Custom")];
    let made = world.ram_ok("CreatePolicy", &[name, ("PolicyDocument", &one), ("Description", "d")]).await;
    assert_eq!((&made["Policy"]["DefaultVersion"], &made["Policy"]["Description"]), (&json!("v1"), &json!("d")));
    world.clock.advance_millis(1_000);
    let second = world.ram_ok("CreatePolicyVersion", &[name, ("PolicyDocument", &two)]).await["PolicyVersion"].clone();
    let expected = json!({
        "VersionId": "v2", "IsDefaultVersion": false, "CreateDate": "2026-11-21T08:00:31Z", "PolicyDocument": two,
    });
    assert_eq!(second, expected);
    let default = async || world.ram_ok("GetPolicy", &typed).await["DefaultPolicyVersion"].clone();
    assert_eq!((&default().await["VersionId"], &default().await["PolicyDocument"]), (&json!("v1"), &json!(one)));
    world.ram_ok("SetDefaultPolicyVersion", &[name, ("VersionId", "v2")]).await;
    assert_eq!(default().await["PolicyDocument"], two);
    assert_eq!(world.ram_ok("GetPolicy", &typed).await["Policy"]["DefaultVersion"], "v2");
    let old = world.ram_ok("GetPolicyVersion", &[name, typed[1], ("VersionId", "v1")]).await["PolicyVersion"].clone();
    assert_eq!((&old["PolicyDocument"], &old["IsDefaultVersion"]), (&json!(one), &json!(false)));
    assert_eq!(old["CreateDate"], "2026-11-21T08:00:30Z");

    let third = [name, ("PolicyDocument", one.as_str()), ("SetAsDefault", "true")];
    assert_eq!(world.ram_ok("CreatePolicyVersion", &third).await["PolicyVersion"]["IsDefaultVersion"], true);
    let versions = async || {
        let listed = world.ram_ok("ListPolicyVersions", &typed).await;
        names(&listed["PolicyVersions"]["PolicyVersion"], "VersionId")
    };
    assert_eq!(versions().await, ["v1", "v2", "v3"]);
    world.ram_ok("DeletePolicyVersion", &[name, ("VersionId", "v2")]).await;
    for _ in 0..3 {
        world.ram_ok("CreatePolicyVersion", &third[..2]).await;
    }
    assert_eq!(versions().await, ["v1", "v3", "v4", "v5", "v6"]);
    let rotate = ("RotateStrategy", "DeleteOldestNonDefaultVersionWhenLimitExceeded");
    world.ram_ok("CreatePolicyVersion", &[name, third[1], rotate]).await;
    assert_eq!(versions().await, ["v3", "v4", "v5", "v6", "v7"]);
    world.ram_ok("CreatePolicyVersion", &[name, third[1], rotate]).await;
    assert_eq!(versions().await, ["v3", "v5", "v6", "v7", "v8"], "never the default one");

    let described = world.ram_ok("UpdatePolicyDescription", &[name, ("NewDescription", "new")]).await;
    assert_eq!(
        (&described["Policy"]["Description"], &described["Policy"]["DefaultVersion"]),
        (&"new".into(), &"v3".into())
    );
    world.ram_ok("DeletePolicy", &[name, ("CascadingDelete", "true")]).await;
    world.ram_ok("CreatePolicy", &[name, ("PolicyDocument", &one)]).await;
    assert_eq!(versions().await, ["v1"]);

    let system = [("PolicyName", "AdministratorAccess"), ("PolicyType", "System")];
    let listed = world.ram_ok("ListPolicyVersions", &system).await["PolicyVersions"]["PolicyVersion"].clone();
    let shown = world.ram_ok("GetPolicyVersion", &[system[0], system[1], ("VersionId", "v1")]).await;
    assert_eq!(listed, json!([shown["PolicyVersion"]]));
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn attachments() {
    let world = World::new().await;
    let text = document("ecs");
    world.ram_ok("CreatePolicy", &[("PolicyName", "mine"), ("PolicyDocument", &text), ("Description", "d")]).await;
    let user = world.ram_ok("CreateUser", &[("UserName", "Ann")]).await["User"].clone();
    world.ram_ok("CreateGroup", &[("GroupName", "Ops")]).await;
    let role = [("RoleName", "Reader"), ("AssumeRolePolicyDocument", TRUST)];
    let role = world.ram_ok("CreateRole", &role).await["Role"].clone();
    let (mine, system) = (
        [("PolicyName", "mine"), ("PolicyType", "Custom")],
        [("PolicyName", "AliyunSWASReadOnlyAccess"), ("PolicyType", "System")],
    );
    for (kind, upper) in [("User", "ANN"), ("Group", "OPS"), ("Role", "READER")] {
        let field = format!("{kind}Name");
        let with = |policy: [(&'static str, &'static str); 2]| [(field.as_str(), upper), policy[0], policy[1]];
        for policy in [mine, system] {
            world.ram_ok(&format!("AttachPolicyTo{kind}"), &with(policy)).await;
        }
        let list = format!("ListPoliciesFor{kind}");
        let listed = world.ram_ok(&list, &[(&field, upper)]).await["Policies"]["Policy"].clone();
        assert_eq!(names(&listed, "PolicyName"), ["mine", "AliyunSWASReadOnlyAccess"], "{kind}");
        let expected = json!({
            "PolicyName": "mine", "PolicyType": "Custom", "Description": "d", "DefaultVersion": "v1",
            "AttachDate": "2026-11-21T08:00:30Z",
        });
        assert_eq!(listed[0], expected, "{kind}");
        world.ram_ok(&format!("DetachPolicyFrom{kind}"), &with(system)).await;
        assert_eq!(names(&world.ram_ok(&list, &[(&field, upper)]).await["Policies"]["Policy"], "PolicyName"), ["mine"]);
    }
    let date = "2026-11-21T08:00:30Z";
    let mut entities = world.ram_ok("ListEntitiesForPolicy", &mine).await;
    entities.as_object_mut().expect("members").remove("RequestId");
    let expected = json!({
        "Users": {"User": [
            {"UserId": user["UserId"], "UserName": "Ann", "DisplayName": "Ann", "AttachDate": date},
        ]},
        "Groups": {"Group": [{"GroupName": "Ops", "Comments": "", "AttachDate": date}]},
        "Roles": {"Role": [{
            "RoleId": role["RoleId"], "RoleName": "Reader", "Arn": role["Arn"], "Description": "", "AttachDate": date,
        }]},
    });
    assert_eq!(entities, expected);
    assert_eq!(world.ram_ok("GetPolicy", &mine).await["Policy"]["AttachmentCount"], 3);
    let none = world.ram_ok("ListEntitiesForPolicy", &system).await;
    assert_eq!((&none["Users"]["User"], &none["Roles"]["Role"]), (&json!([]), &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn markers_lead_over_every_page() {
    let world = World::new().await;
    let text = document("ecs");
    let letters = ["b", "A", "d", "C", "e"];
    for letter in letters {
        world.ram_ok("CreateUser", &[("UserName", letter)]).await;
        world.ram_ok("CreateGroup", &[("GroupName", letter)]).await;
        world.ram_ok("CreateRole", &[("RoleName", letter), ("AssumeRolePolicyDocument", TRUST)]).await;
        world.ram_ok("CreatePolicy", &[("PolicyName", letter), ("PolicyDocument", &text)]).await;
        world.ram_ok("AddUserToGroup", &[("UserName", letter), ("GroupName", "b")]).await;
    }
    let no_case = ["A", "b", "C", "d", "e"];
    for (action, extra, list, item, expected) in [
        ("ListUsers", None, "Users", "User", no_case),
        ("ListGroups", None, "Groups", "Group", no_case),
        ("ListRoles", None, "Roles", "Role", no_case),
        ("ListUsersForGroup", Some(("GroupName", "b")), "Users", "User", no_case),
        ("ListPolicies", Some(("PolicyType", "Custom")), "Policies", "Policy", ["A", "C", "b", "d", "e"]),
    ] {
        let (mut seen, mut marker) = (Vec::new(), String::new());
        for page in 0..3 {
            let mut params = vec![("MaxItems", "2"), ("Marker", marker.as_str())];
            params.extend(extra);
            let body = world.ram_ok(action, &params).await;
            seen.extend(names(&body[list][item], &format!("{item}Name")));
            assert_eq!(body["IsTruncated"], page < 2, "{action}");
            marker = body["Marker"].as_str().unwrap_or_default().to_owned();
        }
        assert_eq!((seen, marker.as_str()), (expected.map(str::to_owned).to_vec(), ""), "{action}");
    }
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn tags_are_kept_and_listed() {
    let world = World::new().await;
    let (tags, text) = (r#"[{"Key":"team","Value":"a"}]"#, document("ecs"));
    let tag = ("Tag", tags);
    world.ram_ok("CreateRole", &[("RoleName", "r"), ("AssumeRolePolicyDocument", TRUST), tag]).await;
    world.ram_ok("CreatePolicy", &[("PolicyName", "p"), ("PolicyDocument", &text), tag]).await;
    let shown = json!({"Tag": [{"TagKey": "team", "TagValue": "a"}]});
    assert_eq!(world.ram_ok("ListRoles", &[]).await["Roles"]["Role"][0]["Tags"], shown);
    let policies = world.ram_ok("ListPolicies", &[("PolicyType", "Custom")]).await;
    assert_eq!(policies["Policies"]["Policy"][0]["Tags"], shown);
    world.ram_ok("CreateRole", &[("RoleName", "a-bare-one"), ("AssumeRolePolicyDocument", TRUST)]).await;
    world.ram_ok("CreatePolicy", &[("PolicyName", "a-bare-one"), ("PolicyDocument", &text)]).await;
    for (filter, found) in [
        (r#"[{"Key":"team"}]"#, 1),
        (r#"[{"Key":"team","Value":"a"}]"#, 1),
        (r#"[{"Key":"team","Value":"b"}]"#, 0),
        (r#"[{"Key":"team"},{"Key":"other"}]"#, 0),
    ] {
        let page = [("Tag", filter), ("MaxItems", "1")];
        let roles = world.ram_ok("ListRoles", &page).await;
        assert_eq!(names(&roles["Roles"]["Role"], "RoleName"), vec!["r"; found], "{filter}");
        let policies = world.ram_ok("ListPolicies", &page).await;
        assert_eq!(names(&policies["Policies"]["Policy"], "PolicyName"), vec!["p"; found], "{filter}");
        assert_eq!(policies["IsTruncated"], false, "{filter}");
    }
    let bad = [("PolicyName", "q"), ("PolicyDocument", text.as_str()), ("Tag", "team=a")];
    assert_eq!(world.ram_code("CreatePolicy", &bad).await, "InvalidParameter");
}
