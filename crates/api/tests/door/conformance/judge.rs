//! Whether an answer is one that the documents know.

use std::collections::BTreeMap;

use serde_json::Value;

use super::facts::Facts;

/// Errors that any action may answer: the gateway's and the common ones, with their texts.
const COMMON: &[(u16, &str, &str)] = &[
    (
        400,
        "MissingParameter",
        "An input parameter \"%s\" that is mandatory for processing the request is not supplied.",
    ),
    (
        400,
        "MissingParameter",
        "The input parameter \"%s\" that is mandatory for processing this request is not supplied.",
    ),
    (400, "InvalidParameter", "The specified parameter \"%s\" is not valid."),
    (400, "InvalidParameter", "The specified parameter is not valid."),
    (400, "UnsupportedOperation", "%s"),
    (400, "DryRunOperation", "Request validation has been passed with DryRun flag set."),
    (400, "Throttling.User", "Request was denied due to user flow control."),
    (
        400,
        "IdempotentParameterMismatch",
        "The request uses the same client token as a previous, but non-identical request. Do not reuse a client token with different requests, unless the requests are identical.",
    ),
    (400, "InvalidClientToken.Malformed", "The specified parameter clientToken is not valid."),
    (
        403,
        "Forbidden.RAM",
        "User not authorized to operate on the specified resource, or this API doesn't support RAM.",
    ),
    (403, "NoPermission", "You are not authorized to do this action. You should be authorized by RAM."),
    (404, "InvalidRegionId.NotFound", "The specified RegionId does not exist."),
    // Documented for some actions of Simple Application Server, and what its endpoints say to all.
    (400, "RegionIdNotMatchHost", "The parameter regionId does not match the endpoint host."),
    (404, "InvalidResourceGroup.NotFound", "The ResourceGroup provided does not exist in our records."),
    // Of whatever takes tags.
    (400, "InvalidTagKey.Malformed", "The specified Tag.n.Key is not valid."),
    (400, "InvalidTagValue.Malformed", "The specified Tag.n.Value is not valid."),
    (400, "NumberExceed.Tags", "The Tags parameter's number is exceed , Valid : 20."),
    (400, "InvalidTag.Mismatch", "The specified Tag.n.Key and Tag.n.Value are not match."),
    // Of whatever names a resource, where the document has no code for one that is not there.
    (404, "InvalidImageId.NotFound", "The specified ImageId does not exist."),
    (404, "InvalidInstanceId.NotFound", "The specified InstanceId does not exist."),
    (404, "InvalidDiskId.NotFound", "The specified DiskId does not exist."),
    (404, "InvalidSnapshotId.NotFound", "The specified SnapshotId does not exist."),
    (404, "InvalidRuleId.NotFound", "The specified RuleId does not exist."),
    (404, "InvalidAccount.NotFound", "%s"),
    (404, "EntityNotExist.User", "The user does not exist."),
    (404, "EntityNotExist.Group", "The group does not exist."),
    (404, "EntityNotExist.Role", "The role does not exist."),
    (404, "EntityNotExist.Policy", "The policy does not exist."),
    (403, "NoPermission", "Roles may not be assumed by root accounts."),
];

/// Whether a code, with its status before it, is one that any action may answer.
pub fn is_common(code: &str) -> bool {
    COMMON.iter().any(|(status, name, _)| code == format!("{status} {name}"))
}

/// Whether a text is one of those of a code, with its status before it.
pub fn is_text_of(code: &str, texts: &[String], text: &str) -> bool {
    let common = COMMON.iter().filter(|(status, name, _)| code == format!("{status} {name}")).map(|(_, _, text)| *text);
    texts.iter().map(String::as_str).chain(common).any(|known| fits(known, text))
}

/// Checks an error: status, code and text together must be the action's, or common ones.
pub fn error(facts: &Facts, status: u16, body: &Value) -> Result<(), String> {
    let code = body["Code"].as_str().ok_or_else(|| format!("an error without a code: {body}"))?;
    let message = body["Message"].as_str().ok_or("an error without a text")?;
    for name in ["RequestId", "HostId", "Recommend"] {
        if !body[name].is_string() {
            return Err(format!("the error has no text {name}"));
        }
    }
    let own = facts.codes.iter().filter(|documented| documented.status == status && documented.code == code);
    let texts: Vec<&str> = own.flat_map(|documented| &documented.texts).map(String::as_str).collect();
    let common = COMMON.iter().filter(|(s, c, _)| *s == status && *c == code).map(|(_, _, text)| *text);
    let all: Vec<&str> = texts.into_iter().chain(common).collect();
    if all.is_empty() {
        return Err(format!("{status} {code} is not documented for the action"));
    }
    if all.iter().any(|text| fits(text, message)) {
        return Ok(());
    }
    Err(format!("{status} {code} has the text {message:?}"))
}

/// Checks a success: every documented member is of its type. Whether the others belong there, the official SDK's own
/// models say, which are newer than the documents.
pub fn success(facts: &Facts, body: &Value) -> Result<(), String> {
    let mut faults = Vec::new();
    walk(&facts.answer, "", body, &mut faults);
    faults.sort();
    faults.dedup();
    if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
}

fn walk(answer: &BTreeMap<String, String>, path: &str, value: &Value, faults: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                walk(answer, &below, member, faults);
            }
        }
        Value::Array(items) => {
            for item in items {
                walk(answer, &format!("{path}[]"), item, faults);
            }
        }
        scalar => {
            let Some(kind) = answer.get(path) else { return };
            let is_of = match kind.as_str() {
                "string" => scalar.is_string(),
                "integer" | "long" => scalar.is_i64() || scalar.is_u64(),
                "float" | "double" | "number" => scalar.is_number(),
                "boolean" => scalar.is_boolean(),
                _ => true,
            };
            if !is_of {
                faults.push(format!("the member {path} is {scalar}, not of type {kind}"));
            }
        }
    }
}

/// Whether a text is a documented one: `%s` and `{…}` stand for anything, as a text that was left out does, and where spaces
/// fall differs by document.
fn fits(documented: &str, text: &str) -> bool {
    if documented.is_empty() {
        return true;
    }
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (documented, text) = (plain(documented), plain(text));
    let mut pieces = Vec::new();
    let mut rest = documented.as_str();
    while let Some((at, len)) = placeholder(rest) {
        pieces.push(&rest[..at]);
        rest = &rest[at + len..];
    }
    pieces.push(rest);
    let Some(mut left) = text.strip_prefix(pieces[0]) else { return false };
    if pieces.len() == 1 {
        return left.is_empty();
    }
    for piece in &pieces[1..pieces.len() - 1] {
        let Some(at) = left.find(piece) else { return false };
        left = &left[at + piece.len()..];
    }
    left.ends_with(pieces[pieces.len() - 1])
}

/// The first placeholder of a text, and its length.
fn placeholder(text: &str) -> Option<(usize, usize)> {
    let percent = text.find("%s").or_else(|| text.find("%d")).map(|at| (at, 2));
    let brace = text.find('{').and_then(|at| text[at..].find('}').map(|end| (at, end + 1)));
    match (percent, brace) {
        (Some(one), Some(other)) => Some(if one.0 < other.0 { one } else { other }),
        (one, other) => one.or(other),
    }
}

#[test]
fn texts_with_placeholders() {
    assert!(fits("The %s is not valid.", "The  x is not valid."));
    assert!(fits("%s", "anything"));
    assert!(fits("a {b} c", "a  x y c"));
    assert!(!fits("a", "ab"));
    assert!(!fits("The %s is not valid.", "The x is not valid"));
}
