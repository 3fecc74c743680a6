//! The gateway: signatures, keys, clocks, nonces, unknown actions, and the small products.

use crate::support::{KEY, World};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn who_may_not_even_ask() {
    let world = World::new().await;
    let sign = |key: &str, secret: &str| world.sign(key, secret, "2014-05-26", "DescribeRegions", &[], "JSON");
    let code = async |query: String| {
        let answer = world.send(&query).await;
        let body: Value = serde_json::from_str(&answer.body).expect("JSON");
        (
            answer.status,
            body["Code"].as_str().expect("a code").to_owned(),
            body["Message"].as_str().expect("a text").to_owned(),
        )
    };
    let (status, wrong, message) = code(sign(KEY, "other")).await;
    assert_eq!((status, wrong.as_str()), (400, "SignatureDoesNotMatch"));
    let start = "Specified signature is not matched with our calculation. server string to sign is:POST&%2F&";
    assert!(message.starts_with(start), "{message}");
    let (status, unknown, message) = code(sign("nobody", "secret")).await;
    assert_eq!((status, unknown.as_str()), (404, "InvalidAccessKeyId.NotFound"));
    assert_eq!(message, "Specified access key is not found.");

    let once = sign(KEY, "secret");
    assert_eq!(world.send(&once).await.status, 200);
    assert_eq!(code(once).await.1, "SignatureNonceUsed");

    let early = sign(KEY, "secret");
    world.clock.advance_millis(15 * 60 * 1000 + 1);
    assert_eq!(code(early).await.1, "InvalidTimeStamp.Expired");

    let token = world.sign(KEY, "secret", "2014-05-26", "DescribeRegions", &[("SecurityToken", "x")], "JSON");
    assert_eq!(code(token).await.1, "InvalidSecurityToken.MismatchWithAccessKey");
    let empty = world.sign(KEY, "secret", "2014-05-26", "DescribeRegions", &[("SecurityToken", "")], "JSON");
    assert_eq!(world.send(&empty).await.status, 200, "an empty token is none");

    assert_eq!(code("Action=DescribeRegions&Version=2014-05-26&Format=JSON".to_owned()).await.1, "MissingAccessKeyId");
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn what_does_not_exist() {
    let world = World::new().await;
    let (status, body) = world.call_as(KEY, "2014-05-26", "MakeCoffee", &[]).await;
    assert_eq!((status, body["Code"].as_str()), (404, Some("InvalidAction.NotFound")));
    assert_eq!(body["HostId"], "127.0.0.1:7070");
    let (status, body) = world.call_as(KEY, "1999-01-01", "DescribeImages", &[]).await;
    assert_eq!((status, body["Code"].as_str()), (404, Some("InvalidVersion")));
    // An action of another product is not found under this one's version.
    let (status, body) = world.call_as(KEY, "2014-05-26", "GetCallerIdentity", &[]).await;
    assert_eq!((status, body["Code"].as_str()), (404, Some("InvalidAction.NotFound")));
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn answers_in_xml() {
    let world = World::new().await;
    let answer = world.raw(KEY, "2014-05-26", "DescribeRegions", &[("AcceptLanguage", "en-US")], "XML").await;
    assert_eq!(answer.content_type, "text/xml;charset=utf-8");
    let expected = "<Regions><Region><RegionId>cn-hangzhou</RegionId><LocalName>China (Hangzhou)</LocalName>\
                    <RegionEndpoint>127.0.0.1:7070</RegionEndpoint><Status>available</Status></Region>";
    assert!(answer.body.contains(expected), "{}", answer.body);
    let error = world.raw(KEY, "2014-05-26", "DescribeRegions", &[("AcceptLanguage", "xx")], "XML").await;
    assert_eq!(error.status, 404);
    assert!(
        error.body.contains("<Error><RequestId>") && error.body.contains("<Code>InvalidAcceptLanguage.NotFound</Code>")
    );
    // Without a format, v1 means XML, also for what the gateway refuses.
    let refused = world.send("Action=DescribeRegions&Version=2014-05-26").await;
    assert!(refused.body.starts_with("<?xml"), "{}", refused.body);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn places_and_callers() {
    let world = World::new().await;
    let zones = world.ecs_ok("DescribeZones", &[]).await;
    assert_eq!(zones["Zones"]["Zone"][0]["ZoneId"], "cn-hangzhou-a");
    let types = zones["Zones"]["Zone"][0]["AvailableInstanceTypes"]["InstanceTypes"].as_array().expect("a list");
    assert!(types.contains(&json!("ecs.n1.tiny")), "{types:?}");
    let (_, identity) = world.call_as(KEY, "2015-04-01", "GetCallerIdentity", &[]).await;
    assert_eq!(identity["AccountId"], "1000000000000001");
    assert_eq!(identity["Arn"], "acs:ram::1000000000000001:root");
    assert_eq!(identity["IdentityType"], "Account");
    let find = async |service: &str, region: &str| {
        let params = [("Id", region), ("ServiceCode", service), ("Type", "openAPI")];
        world.call_as(KEY, "2015-06-12", "DescribeEndpoints", &params).await.1
    };
    let ecs = find("ecs", "cn-hangzhou").await;
    assert_eq!(ecs["Success"], true);
    assert_eq!(ecs["Endpoints"]["Endpoint"][0]["Endpoint"], "127.0.0.1:7070");
    assert_eq!(ecs["Endpoints"]["Endpoint"][0]["SerivceCode"], "ecs");
    assert_eq!(find("oss", "cn-hangzhou").await["Endpoints"]["Endpoint"][0]["Endpoint"], "127.0.0.1:7071");
    assert_eq!(find("rds", "cn-hangzhou").await["Endpoints"]["Endpoint"], json!([]));
    assert_eq!(find("ecs", "mars-1").await["Endpoints"]["Endpoint"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn roles_and_policies() {
    let world = World::new().await;
    let trust = r#"{"Version":"1","Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["ecs.aliyuncs.com"]}}]}"#;
    let long = "x".repeat(65);
    let code = async |action: &str, params: &[(&str, &str)]| {
        let (status, body) = world.ram(action, params).await;
        (status, body["Code"].as_str().unwrap_or("OK").to_owned())
    };
    let is = |status: u16, code: &str| (status, code.to_owned());
    let name = ("RoleName", "Some.Role");
    assert_eq!(code("GetRole", &[name]).await, is(404, "EntityNotExist.Role"));
    let create = [name, ("AssumeRolePolicyDocument", trust)];
    for (params, expected) in [
        (vec![("RoleName", long.as_str()), create[1]], is(400, "InvalidParameter.RoleName.Length")),
        (vec![("RoleName", "a b"), create[1]], is(400, "InvalidParameter.RoleName.InvalidChars")),
        (vec![name, ("AssumeRolePolicyDocument", "{}")], is(400, "MalformedPolicyDocument")),
        (vec![name], is(400, "MissingParameter")),
        (vec![create[0], create[1], ("MaxSessionDuration", "1")], is(400, "InvalidParameter")),
    ] {
        assert_eq!(code("CreateRole", &params).await, expected, "{params:?}");
    }
    let (_, made) = world.ram("CreateRole", &create).await;
    assert_eq!(made["Role"]["Arn"], "acs:ram::1000000000000001:role/some.role");
    assert_eq!(made["Role"]["AssumeRolePolicyDocument"], trust);
    assert_eq!(code("CreateRole", &create).await, is(409, "EntityAlreadyExists.Role"));
    assert_eq!(world.ram("GetRole", &[("RoleName", "SOME.ROLE")]).await.1["Role"]["RoleName"], "Some.Role");
    assert_eq!(world.ram("ListRoles", &[("MaxItems", "1")]).await.1["Roles"]["Role"].as_array().map(Vec::len), Some(1));

    let attach = [name, ("PolicyName", "AliyunECSImageImportRolePolicy"), ("PolicyType", "System")];
    assert_eq!(code("AttachPolicyToRole", &attach).await, is(200, "OK"));
    assert_eq!(code("AttachPolicyToRole", &attach).await, is(409, "EntityAlreadyExists.Role.Policy"));
    let missing = [name, ("PolicyName", "Nope"), ("PolicyType", "Custom")];
    assert_eq!(code("AttachPolicyToRole", &missing).await, is(404, "EntityNotExist.Policy"));
    let wrong = [name, ("PolicyName", "Nope"), ("PolicyType", "Borrowed")];
    assert_eq!(code("AttachPolicyToRole", &wrong).await, is(400, "InvalidParameter.PolicyType"));
    let listed = world.ram("ListPoliciesForRole", &[name]).await.1;
    assert_eq!(listed["Policies"]["Policy"][0]["PolicyName"], "AliyunECSImageImportRolePolicy");
    assert_eq!(listed["Policies"]["Policy"][0]["PolicyType"], "System");
    assert_eq!(code("DeleteRole", &[name]).await, is(409, "DeleteConflict.Role.Policy"));
    assert_eq!(code("DetachPolicyFromRole", &attach).await, is(200, "OK"));
    assert_eq!(code("DetachPolicyFromRole", &attach).await, is(404, "EntityNotExist.Role.Policy"));

    let document = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"oss:*","Resource":"*"}]}"#;
    let policy = [("PolicyName", "mine"), ("PolicyDocument", document)];
    assert_eq!(code("CreatePolicy", &policy).await, is(200, "OK"));
    assert_eq!(code("CreatePolicy", &policy).await, is(409, "EntityAlreadyExists.Policy"));
    let bad = [("PolicyName", "a b"), ("PolicyDocument", document)];
    assert_eq!(code("CreatePolicy", &bad).await, is(400, "InvalidParameter.PolicyName.InvalidChars"));
    let shown = world.ram("GetPolicy", &[("PolicyName", "mine"), ("PolicyType", "Custom")]).await.1;
    assert_eq!(shown["DefaultPolicyVersion"]["PolicyDocument"], document);
    let mine = [name, ("PolicyName", "mine"), ("PolicyType", "Custom")];
    assert_eq!(code("AttachPolicyToRole", &mine).await, is(200, "OK"));
    assert_eq!(code("DeletePolicy", &[("PolicyName", "mine")]).await, is(409, "DeleteConflict.Policy.Role"));
    let page = world.ram("ListPolicies", &[("MaxItems", "3")]).await.1;
    assert_eq!(page["IsTruncated"], true);
    let marker = page["Marker"].as_str().expect("a marker");
    let rest = world.ram("ListPolicies", &[("Marker", marker)]).await.1;
    assert_eq!(rest["IsTruncated"], false);
    let total = [&page, &rest].iter().map(|p| p["Policies"]["Policy"].as_array().map_or(0, Vec::len)).sum::<usize>();
    assert_eq!(total, 13, "twelve of the service's and one of ours");
    assert_eq!(code("DetachPolicyFromRole", &mine).await, is(200, "OK"));
    assert_eq!(code("DeletePolicy", &[("PolicyName", "mine")]).await, is(200, "OK"));
    assert_eq!(code("DeletePolicy", &[("PolicyName", "mine")]).await, is(404, "EntityNotExist.Policy"));
    assert_eq!(code("DeleteRole", &[name]).await, is(200, "OK"));
    assert_eq!(code("DeleteRole", &[name]).await, is(404, "EntityNotExist.Role"));
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn tags() {
    let world = World::ready().await;
    let imported = world.ecs_ok("ImportImage", &crate::support::IMPORT).await;
    world.work().await;
    let image = imported["ImageId"].as_str().expect("an id");
    let kind = ("ResourceType", "image");
    let id = ("ResourceId.1", image);
    let tag = [kind, id, ("Tag.1.Key", "team"), ("Tag.1.Value", "core"), ("Tag.2.Key", "env")];
    world.ecs_ok("TagResources", &tag).await;
    world.ecs_ok("TagResources", &[kind, id, ("Tag.1.Key", "team"), ("Tag.1.Value", "edge")]).await;
    let list = async |params: &[(&str, &str)]| -> Vec<String> {
        let found = world.ecs_ok("ListTagResources", params).await;
        let tags = found["TagResources"]["TagResource"].as_array().expect("a list").clone();
        tags.iter().map(|tag| format!("{}={}", tag["TagKey"], tag["TagValue"]).replace('"', "")).collect()
    };
    assert_eq!(list(&[kind, id]).await, ["env=", "team=edge"]);
    assert_eq!(list(&[kind, ("Tag.1.Key", "team"), ("Tag.1.Value", "edge")]).await, ["env=", "team=edge"]);
    assert_eq!(list(&[kind, ("TagFilter.1.TagKey", "team"), ("TagFilter.1.TagValues.1", "x")]).await, [""; 0]);
    let tagged = [("Tag.1.Key", "team"), ("Tag.1.Value", "edge")];
    assert_eq!(world.ecs_ok("DescribeImages", &tagged).await["TotalCount"], 1);
    world.ecs_ok("UntagResources", &[kind, id, ("TagKey.1", "env"), ("TagKey.2", "never")]).await;
    assert_eq!(list(&[kind, id]).await, ["team=edge"]);
    world.ecs_ok("UntagResources", &[kind, id, ("All", "True")]).await;
    assert_eq!(list(&[kind, id]).await, [""; 0]);
    for (action, params, status, code) in [
        ("TagResources", vec![kind, id], 404, "MissingParameter.Tags"),
        ("TagResources", vec![kind, ("Tag.1.Key", "k")], 404, "MissingParameter.ResourceIds"),
        ("TagResources", vec![id, ("Tag.1.Key", "k")], 404, "MissingParameter.ResourceType"),
        ("TagResources", vec![("ResourceType", "spoon"), id, ("Tag.1.Key", "k")], 404, "InvalidResourceType.NotFound"),
        ("TagResources", vec![kind, id, ("Tag.1.Key", "aliyun")], 400, "InvalidTagKey.Malformed"),
        ("TagResources", vec![kind, id, ("Tag.1.Key", "k"), ("Tag.2.Key", "K")], 400, "Duplicate.TagKey"),
        (
            "TagResources",
            vec![kind, id, ("ResourceId.2", "m-x"), ("Tag.1.Key", "k")],
            404,
            "InvalidResourceId.NotFound",
        ),
        ("UntagResources", vec![kind, id, ("All", "true"), ("TagKey.1", "k")], 403, "Param.Conflict"),
        ("UntagResources", vec![kind, id], 404, "MissingParameter.Tags"),
        ("UntagResources", vec![kind, id, ("TagKey.1", "acs:k")], 400, "InvalidTagKey.Malformed"),
        ("UntagResources", vec![kind, id, ("TagKey.1", "k"), ("TagKey.2", "k")], 400, "Duplicate.TagKey"),
        ("AddTags", vec![kind, ("Tag.1.Key", "k")], 400, "MissingParameter"),
        ("AddTags", vec![kind, ("ResourceId", "m-x"), ("Tag.1.Key", "k")], 404, "InvalidResourceId.NotFound"),
        ("AddTags", vec![kind, ("ResourceId", id.1)], 400, "InvalidTagCount"),
        ("AddTags", vec![kind, ("ResourceId", id.1), ("Tag.1.Key", "k"), ("Tag.2.Key", "K")], 400, "Duplicate.TagKey"),
        ("RemoveTags", vec![("ResourceId", id.1), ("Tag.1.Key", "k")], 400, "MissingParameter"),
        ("RemoveTags", vec![kind, ("ResourceId", id.1)], 400, "InvalidTagCount"),
        ("ListTagResources", vec![kind], 403, "BothEmpty.TagsAndResources"),
        ("ListTagResources", vec![kind, id, ("NextToken", "zz")], 403, "Invalid.NextToken"),
    ] {
        assert_eq!(world.ecs_code(action, &params).await, (status, code.to_owned()), "{action} {params:?}");
    }
    assert_eq!(list(&[kind, id]).await, [""; 0], "a call that names one unknown image tags none");
    for start in [0, 15] {
        let tags: Vec<(String, String)> =
            (1..=15).map(|n| (format!("Tag.{n}.Key"), format!("k{}", n + start))).collect();
        let params: Vec<(&str, &str)> =
            [kind, id].into_iter().chain(tags.iter().map(|(n, v)| (n.as_str(), v.as_str()))).collect();
        let (status, body) = world.ecs("TagResources", &params).await;
        let expected = if start == 0 { (200, None) } else { (403, Some("QuotaExceed.Tags")) };
        assert_eq!((status, body["Code"].as_str()), expected);
    }
}
