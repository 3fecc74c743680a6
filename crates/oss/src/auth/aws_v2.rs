//! AWS signature version 2: what s3cmd and rclone send when they are told to, and old presigned addresses.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::Timestamp;

use super::oss_v1::{read_date, resource};
use super::{Claim, Payload, Scheme, Signed, Verified, check_expires, check_skew, hmac_sha1, is_equal};
use crate::address::Place;
use crate::error::{Code, OssError};

/// Parameters that are part of the resource (Amazon S3, "Signing and authenticating REST requests").
const SUB_RESOURCES: &[&str] = &[
    "acl",
    "cors",
    "delete",
    "encryption",
    "lifecycle",
    "location",
    "logging",
    "notification",
    "partNumber",
    "policy",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
];

/// A signature as it arrived.
#[derive(Debug)]
pub struct Signature {
    value: String,
    /// The end of a presigned address; none for a header.
    expires: Option<String>,
}

/// Reads `KEY:SIGNATURE`.
pub(super) fn of_header(signed: &Signed<'_>, rest: &str) -> Option<Claim> {
    let (key, value) = rest.split_once(':')?;
    if key.is_empty() || value.is_empty() {
        return None;
    }
    let security_token = signed.header("x-amz-security-token").filter(|token| !token.is_empty());
    let scheme = Scheme::AwsV2(Signature { value: value.to_owned(), expires: None });
    Some(Claim { access_key_id: key.to_owned(), security_token, region: None, scheme })
}

/// Reads `AWSAccessKeyId`, `Expires` and `Signature`.
pub(super) fn of_query(signed: &Signed<'_>) -> Result<Claim, OssError> {
    let field = |name: &str| {
        let value = signed.param(name).filter(|value| !value.is_empty());
        value.map(str::to_owned).ok_or_else(|| OssError::argument(name, "", format!("{name} is mandatory.")))
    };
    let security_token = signed.param("x-amz-security-token").filter(|token| !token.is_empty()).map(str::to_owned);
    let scheme = Scheme::AwsV2(Signature { value: field("Signature")?, expires: Some(field("Expires")?) });
    Ok(Claim { access_key_id: field("AWSAccessKeyId")?, security_token, region: None, scheme })
}

pub(super) fn verify(
    signature: &Signature,
    claim: &Claim,
    signed: &Signed<'_>,
    secret: &str,
    now: Timestamp,
) -> Result<Verified, OssError> {
    let date = match &signature.expires {
        Some(expires) => {
            check_expires(expires, now)?;
            expires.clone()
        }
        None => {
            let text = signed.header("x-amz-date").or_else(|| signed.header("date")).unwrap_or_default();
            let signed_at = read_date(&text).ok_or_else(|| {
                OssError::new(Code::AccessDenied, "AWS authentication requires a valid Date or x-amz-date header")
            })?;
            check_skew(signed_at, now)?;
            // The slot of the date is empty when the date is among the signed headers.
            if signed.headers.contains_key("x-amz-date") { String::new() } else { text }
        }
    };
    let given = STANDARD.decode(&signature.value).unwrap_or_default();
    for (place_idx, place) in signed.places.iter().enumerate() {
        for decoded in [false, true] {
            let text = string_to_sign(signed, place, &date, decoded);
            if is_equal(&hmac_sha1(secret.as_bytes(), text.as_bytes()), &given) {
                return Ok(Verified { place: place_idx, payload: Payload::Unsigned });
            }
        }
    }
    Err(claim.mismatch(&signature.value, &string_to_sign(signed, &signed.places[0], &date, false)))
}

/// The text that both sides sign. Clients differ in whether the key is decoded in it.
pub fn string_to_sign(signed: &Signed<'_>, place: &Place, date: &str, decoded: bool) -> String {
    let plain = |name: &str| signed.header(name).unwrap_or_default();
    let mut text = format!("{}\n{}\n{}\n{date}\n", signed.method, plain("content-md5"), plain("content-type"));
    for (name, value) in signed.headers_with("x-amz-") {
        text.push_str(&format!("{name}:{value}\n"));
    }
    let in_host = place.bucket.as_ref().is_some_and(|bucket| !in_path(signed.path, bucket));
    match (&place.bucket, decoded) {
        (_, true) => text.push_str(&resource(place)),
        (Some(bucket), false) if in_host => text.push_str(&format!("/{bucket}{}", signed.path)),
        (_, false) => text.push_str(signed.path),
    }
    let mut named: Vec<&(String, String)> =
        signed.query.iter().filter(|(name, _)| SUB_RESOURCES.contains(&name.as_str())).collect();
    named.sort();
    for (n, (name, value)) in named.into_iter().enumerate() {
        text.push(if n == 0 { '?' } else { '&' });
        text.push_str(name);
        if !value.is_empty() {
            text.push('=');
            text.push_str(value);
        }
    }
    text
}

fn in_path(path: &str, bucket: &str) -> bool {
    let rest = path.strip_prefix('/').and_then(|path| path.strip_prefix(bucket));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
