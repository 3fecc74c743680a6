//! OSS signature version 4: HMAC-SHA256 over a canonical request, with a key bound to day, region and service.
//!
//! The canonical path is `/bucket/key` whatever the style of the address. Every `x-oss-` header is signed, and so are
//! content type and digest; further headers only when `AdditionalHeaders` names them. ossutil sends no `x-oss-date` and
//! signs its `Date` header word for word, so the text of the date is taken as it arrived.

use model::Timestamp;
use wire::encode::{encode, encode_path};

use super::oss_v1::{read_date, resource};
use super::{
    Claim, Payload, Scheme, Signed, Verified, check_life, check_skew, digest_of, fields, hmac_sha256, is_equal,
    scoped_key, sha256_hex, split_credential,
};
use crate::address::Place;
use crate::error::{Code, OssError};

const ALGORITHM: &str = "OSS4-HMAC-SHA256";

/// A signature as it arrived.
#[derive(Debug)]
pub struct Signature {
    value: String,
    /// Day, region, service, terminator.
    scope: [String; 4],
    /// Headers that are signed beside those that always are, lower case and sorted.
    additional: Vec<String>,
    /// Life of a presigned address in seconds; none for a header.
    expires: Option<String>,
}

/// Reads `Credential=…,AdditionalHeaders=…,Signature=…`.
pub(super) fn of_header(signed: &Signed<'_>, rest: &str) -> Option<Claim> {
    let fields = fields(rest)?;
    let field = |name: &str| fields.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
    let security_token = signed.header("x-oss-security-token");
    let additional = field("AdditionalHeaders").unwrap_or_default();
    claim(field("Credential")?, field("Signature")?, additional, None, security_token)
}

/// Reads the parameters `x-oss-…`.
pub(super) fn of_query(signed: &Signed<'_>) -> Result<Claim, OssError> {
    let field = |name: &str| {
        let value = signed.param(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| OssError::argument(name, "", format!("{name} is mandatory.")))
    };
    let version = field("x-oss-signature-version")?;
    if version != ALGORITHM {
        return Err(OssError::argument("x-oss-signature-version", version, "The signature version is not known."));
    }
    let credential = field("x-oss-credential")?;
    let token = signed.param("x-oss-security-token").map(str::to_owned);
    let additional = signed.param("x-oss-additional-headers").unwrap_or_default();
    let expires = Some(field("x-oss-expires")?.to_owned());
    claim(credential, field("x-oss-signature")?, additional, expires, token)
        .ok_or_else(|| OssError::argument("x-oss-credential", credential, "The credential is invalid."))
}

fn claim(
    credential: &str,
    value: &str,
    additional: &str,
    expires: Option<String>,
    security_token: Option<String>,
) -> Option<Claim> {
    let (access_key_id, scope) = split_credential(credential)?;
    if !scope[2].starts_with("oss") || scope[3] != "aliyun_v4_request" {
        return None;
    }
    let mut additional: Vec<String> =
        additional.split(';').filter(|name| !name.is_empty()).map(str::to_ascii_lowercase).collect();
    additional.sort();
    additional.dedup();
    let region = Some(scope[1].clone());
    let scheme = Scheme::OssV4(Signature { value: value.to_ascii_lowercase(), scope, additional, expires });
    let security_token = security_token.filter(|token| !token.is_empty());
    Some(Claim { access_key_id, security_token, region, scheme })
}

pub(super) fn verify(
    signature: &Signature,
    claim: &Claim,
    signed: &Signed<'_>,
    secret: &str,
    now: Timestamp,
) -> Result<Verified, OssError> {
    let no_date = || OssError::new(Code::AccessDenied, "OSS authentication requires a valid x-oss-date or Date.");
    let date = match &signature.expires {
        Some(_) => signed.param("x-oss-date").map(str::to_owned),
        None => signed.header("x-oss-date").or_else(|| signed.header("date")),
    };
    let date = date.ok_or_else(no_date)?;
    let signed_at = read_date(&date).ok_or_else(no_date)?;
    match &signature.expires {
        Some(seconds) => check_life(signed_at, seconds, now)?,
        None => check_skew(signed_at, now)?,
    }
    let [day, region, service, end] = &signature.scope;
    if signed_at.seconds().get(..10).map(|day| day.replace('-', "")).as_deref() != Some(day) {
        return Err(OssError::argument("Credential", day, "The day of the credential is not that of the request."));
    }
    let payload_text = signed.header("x-oss-content-sha256").unwrap_or_else(|| "UNSIGNED-PAYLOAD".to_owned());
    let key = scoped_key("aliyun_v4", secret, &[day, region, service, end]);
    let given = hex::decode(&signature.value).unwrap_or_default();
    let mut shown = None;
    for (place_idx, place) in signed.places.iter().enumerate() {
        let canonical = canonical_request(signed, place, &signature.additional, &payload_text);
        let hash = sha256_hex(canonical.as_bytes());
        let string_to_sign = format!("{ALGORITHM}\n{date}\n{day}/{region}/{service}/{end}\n{hash}");
        if is_equal(&hmac_sha256(&key, string_to_sign.as_bytes()), &given) {
            let payload = digest_of(&payload_text).map_or(Payload::Unsigned, Payload::Sha256);
            return Ok(Verified { place: place_idx, payload });
        }
        shown.get_or_insert((string_to_sign, canonical));
    }
    let (string_to_sign, canonical) = shown.expect("an address has at least one reading");
    Err(claim.mismatch(&signature.value, &string_to_sign).detail("CanonicalRequest", canonical))
}

/// The request as both sides write it down before they sign.
pub fn canonical_request(signed: &Signed<'_>, place: &Place, additional: &[String], payload: &str) -> String {
    let mut query: Vec<(String, String)> = signed
        .query
        .iter()
        .filter(|(name, _)| name != "x-oss-signature")
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    query.sort();
    let query: Vec<String> = query
        .into_iter()
        .map(|(name, value)| if value.is_empty() { name } else { format!("{name}={value}") })
        .collect();
    let mut headers = signed.headers_with("x-oss-");
    for name in ["content-type", "content-md5"].into_iter().chain(additional.iter().map(String::as_str)) {
        let value = if name == "host" { Some(signed.host.to_owned()) } else { signed.header(name) };
        if let Some(value) = value.filter(|_| !headers.iter().any(|(n, _)| n == name)) {
            headers.push((name.to_owned(), value));
        }
    }
    headers.sort();
    let headers: String = headers.into_iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let path = encode_path(&resource(place));
    let (query, additional) = (query.join("&"), additional.join(";"));
    format!("{}\n{path}\n{query}\n{headers}\n{additional}\n{payload}", signed.method)
}
