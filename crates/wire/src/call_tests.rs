//! Calls as the official clients send them, against signatures that those clients computed (`tests/signatures.json`).

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::*;

/// A request with owned parts, so that a test can change one of them.
#[derive(Clone)]
struct Owned {
    method: String,
    query: String,
    host: String,
    headers: HeaderMap,
    body: String,
    secret: String,
}

impl Owned {
    fn http(&self) -> HttpCall<'_> {
        HttpCall {
            method: &self.method,
            path: "/",
            query: &self.query,
            host: &self.host,
            headers: &self.headers,
            body: self.body.as_bytes(),
            peer: None,
            is_secure: false,
        }
    }

    fn verify(&self) -> Result<(), Refusal> {
        Call::parse(self.http())?.verify(&self.secret)
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}

fn query(value: &Value) -> String {
    let pairs = value.as_object().expect("object").iter().map(|(n, v)| (n.as_str(), v.as_str().expect("text")));
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn vectors() -> Vec<(Value, Owned)> {
    let all: Vec<Value> = serde_json::from_str(include_str!("../tests/signatures.json")).expect("vectors");
    all.into_iter()
        .map(|vector| {
            let mut headers = HeaderMap::new();
            let mut owned = Owned {
                method: text(&vector["method"]),
                query: String::new(),
                host: "ecs.aliyuncs.com".into(),
                headers: HeaderMap::new(),
                body: String::new(),
                secret: text(&vector["secret"]),
            };
            if vector["kind"] == "v1" {
                let mut params = vector["params"].clone();
                params["Signature"] = vector["signature"].clone();
                owned.query = query(&params);
            } else {
                for (name, value) in vector["headers"].as_object().expect("object") {
                    if name == "host" {
                        owned.host = text(value);
                    }
                    let name: HeaderName = name.parse().expect("header name");
                    headers.insert(name, HeaderValue::from_str(&text(value)).expect("header value"));
                }
                let authorization = HeaderValue::from_str(&text(&vector["authorization"])).expect("header value");
                headers.insert("authorization", authorization);
                owned.query = query(&vector["query"]);
                owned.body = text(&vector["body"]);
            }
            owned.headers = headers;
            (vector, owned)
        })
        .collect()
}

#[test]
fn every_vector_verifies() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 7);
    for (vector, owned) in vectors {
        assert_eq!(owned.verify(), Ok(()), "{}", vector["name"]);
    }
}

#[test]
fn a_wrong_secret_shows_the_text_that_was_signed() {
    for (vector, mut owned) in vectors() {
        owned.secret.push('x');
        let refusal = owned.verify().expect_err("wrong secret");
        assert_eq!(refusal.code(), "SignatureDoesNotMatch");
        let message = refusal.to_string();
        assert!(message.contains(&text(&vector["string_to_sign"])), "{message}");
        if vector["kind"] == "v1" {
            let shown = message.split_once(':').expect("a colon").1;
            assert_eq!(shown, text(&vector["string_to_sign"]));
        }
    }
}

#[test]
fn any_change_of_a_parameter_breaks_the_signature() {
    for (vector, mut owned) in vectors() {
        owned.query.push_str("&Extra=1");
        assert_eq!(owned.verify().expect_err("changed").code(), "SignatureDoesNotMatch", "{}", vector["name"]);
    }
}

#[test]
fn a_changed_body_breaks_acs3() {
    for (vector, mut owned) in vectors().into_iter().filter(|(vector, _)| vector["kind"] == "acs3") {
        owned.body.push('x');
        assert_eq!(owned.verify().expect_err("changed").code(), "SignatureDoesNotMatch", "{}", vector["name"]);
    }
}

#[test]
fn what_decides_the_call_must_be_signed() {
    let (_, owned) = vectors().into_iter().find(|(v, _)| v["name"] == "acs3-importimage-node").expect("vector");
    for dropped in ["host", "x-acs-action", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"] {
        let mut request = owned.clone();
        let authorization = request.headers["authorization"].to_str().expect("text").to_owned();
        let shorter = authorization.replace(&format!("{dropped};"), "").replace(&format!(";{dropped}"), "");
        request.headers.insert("authorization", HeaderValue::from_str(&shorter).expect("header value"));
        assert_eq!(request.verify(), Err(Refusal::IncompleteSignature), "{dropped}");
    }
}

#[test]
fn parameters_come_from_query_and_form() {
    let (_, mut owned) = vectors().into_iter().find(|(v, _)| v["kind"] == "v1").expect("vector");
    let form = HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8");
    owned.headers.insert("content-type", form);
    // One request split over both, as the Terraform provider sends it.
    let all: Vec<&str> = owned.query.split('&').collect();
    let (left, right) = all.split_at(5);
    let (left, right) = (left.join("&"), right.join("&"));
    (owned.query, owned.body) = (left, right);
    assert_eq!(owned.verify(), Ok(()));
    // pop-core sends everything in the form.
    owned.body = format!("{}&{}", owned.query, owned.body);
    owned.query = String::new();
    assert_eq!(owned.verify(), Ok(()));
}

#[test]
fn unsigned_and_incomplete_calls() {
    let (_, owned) = vectors().into_iter().find(|(v, _)| v["kind"] == "v1").expect("vector");
    for name in ["Action", "Version", "AccessKeyId", "Signature", "Timestamp", "SignatureNonce"] {
        let mut request = owned.clone();
        let kept: Vec<&str> = owned.query.split('&').filter(|p| !p.starts_with(&format!("{name}="))).collect();
        request.query = kept.join("&");
        let refusal = Call::parse(request.http()).expect_err("incomplete");
        assert_eq!(refusal.code(), format!("Missing{name}"));
        assert_eq!(refusal.to_string(), format!("{name} is mandatory for this action."));
    }
}

#[test]
fn formats_methods_and_paths() {
    let (_, owned) = vectors().into_iter().find(|(v, _)| v["kind"] == "v1").expect("vector");
    assert_eq!(Call::parse(owned.http()).expect("call").format, Format::Json);
    let mut request = owned.clone();
    request.query = owned.query.replace("Format=JSON", "Format=YAML");
    assert_eq!(Call::parse(request.http()).expect_err("format").code(), "InvalidParameter.Format");
    request.query = owned.query.replace("Format=JSON&", "");
    assert_eq!(Call::parse(request.http()).expect("call").format, Format::Xml);
    request.method = "PUT".into();
    assert_eq!(Call::parse(request.http()).expect_err("method").code(), "UnsupportedHTTPMethod");
    let elsewhere = HttpCall { path: "/x", ..owned.http() };
    assert_eq!(Call::parse(elsewhere).expect_err("path").code(), "InvalidApi.NotFound");
}

#[test]
fn skewed_clocks() {
    let (_, owned) = vectors().into_iter().find(|(v, _)| v["kind"] == "v1").expect("vector");
    let call = Call::parse(owned.http()).expect("call");
    let signed_at = call.credential.signed_at;
    assert_eq!(call.check_time(signed_at.plus_millis(CLOCK_SKEW_MILLIS)), Ok(()));
    assert_eq!(call.check_time(signed_at.plus_millis(-CLOCK_SKEW_MILLIS)), Ok(()));
    assert_eq!(call.check_time(signed_at.plus_millis(CLOCK_SKEW_MILLIS + 1)), Err(Refusal::ExpiredTimestamp));
    let mut request = owned.clone();
    request.query = owned.query.replace("Timestamp=2026-01-02T03%3A04%3A05Z", "Timestamp=yesterday");
    assert_eq!(Call::parse(request.http()).expect_err("time").code(), "InvalidTimeStamp.Format");
}

#[test]
fn too_many_parameters() {
    let (_, mut owned) = vectors().into_iter().find(|(v, _)| v["kind"] == "v1").expect("vector");
    for n in 0..=PARAMS_AT_MOST {
        owned.query.push_str(&format!("&A.{n}=1"));
    }
    assert_eq!(Call::parse(owned.http()).expect_err("many"), Refusal::TooLarge);
}

#[test]
fn other_algorithms_are_refused_cleanly() {
    let (_, mut owned) = vectors().into_iter().find(|(v, _)| v["kind"] == "acs3").expect("vector");
    owned.headers.insert("authorization", HeaderValue::from_static("ACS3-RSA-SHA256 Credential=a,Signature=b"));
    assert_eq!(Call::parse(owned.http()).expect_err("algorithm").code(), "InvalidSignatureMethod");
    owned.headers.insert("authorization", HeaderValue::from_static("ACS3-HMAC-SHA256 Credential=a"));
    assert_eq!(Call::parse(owned.http()).expect_err("fields").code(), "IncompleteSignature");
}
