//! AWS signature version 4 for S3: in a header or in the query, over whole bodies, unsigned bodies or frames.
//!
//! Every `x-amz-` header must be signed: an unsigned one could have been added by anybody on the way and would change
//! what the request means.

use model::Timestamp;
use percent_encoding::percent_decode_str;
use wire::encode::{canonical_query, encode_path};

use super::chunked::{ChunkKey, Framing};
use super::{
    Claim, Payload, Scheme, Signed, Verified, check_life, check_skew, digest_of, fields, hmac_sha256, is_equal,
    scoped_key, sha256_hex, split_credential,
};
use crate::error::{Code, OssError};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// A signature as it arrived.
#[derive(Debug)]
pub struct Signature {
    value: String,
    /// Day, region, service, terminator.
    scope: [String; 4],
    /// The names of the signed headers, as they arrived.
    signed_headers: Vec<String>,
    /// Life of a presigned address in seconds; none for a header.
    expires: Option<String>,
}

/// Reads `Credential=…, SignedHeaders=…, Signature=…`.
pub(super) fn of_header(signed: &Signed<'_>, rest: &str) -> Option<Claim> {
    let fields = fields(rest)?;
    let field = |name: &str| fields.iter().find(|(n, _)| *n == name).map(|(_, value)| *value);
    let token = signed.header("x-amz-security-token");
    claim(field("Credential")?, field("Signature")?, field("SignedHeaders")?, None, token)
}

/// Reads the parameters `X-Amz-…`.
pub(super) fn of_query(signed: &Signed<'_>) -> Result<Claim, OssError> {
    let field = |name: &str| {
        let value = signed.param(name).filter(|value| !value.is_empty());
        value.ok_or_else(|| OssError::argument(name, "", format!("{name} is mandatory.")))
    };
    let algorithm = field("X-Amz-Algorithm")?;
    if algorithm != ALGORITHM {
        return Err(OssError::argument("X-Amz-Algorithm", algorithm, "The algorithm is not known."));
    }
    let credential = field("X-Amz-Credential")?;
    let token = signed.param("X-Amz-Security-Token").map(str::to_owned);
    let expires = Some(field("X-Amz-Expires")?.to_owned());
    claim(credential, field("X-Amz-Signature")?, field("X-Amz-SignedHeaders")?, expires, token)
        .ok_or_else(|| OssError::argument("X-Amz-Credential", credential, "The credential is invalid."))
}

fn claim(
    credential: &str,
    value: &str,
    signed_headers: &str,
    expires: Option<String>,
    security_token: Option<String>,
) -> Option<Claim> {
    let (access_key_id, scope) = split_credential(credential)?;
    if scope[3] != "aws4_request" {
        return None;
    }
    let signed_headers = signed_headers.split(';').map(str::to_ascii_lowercase).collect();
    let region = Some(scope[1].clone());
    let scheme = Scheme::AwsV4(Signature { value: value.to_ascii_lowercase(), scope, signed_headers, expires });
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
    let no_date = || OssError::new(Code::AccessDenied, "AWS authentication requires a valid Date or x-amz-date header");
    let date = match &signature.expires {
        Some(_) => signed.param("X-Amz-Date").map(str::to_owned),
        None => signed.header("x-amz-date"),
    };
    let date = date.ok_or_else(no_date)?;
    let signed_at = Timestamp::parse_compact(&date).ok_or_else(no_date)?;
    match &signature.expires {
        Some(seconds) => check_life(signed_at, seconds, now)?,
        None => check_skew(signed_at, now)?,
    }
    check_coverage(signature, signed)?;
    let payload_text = match (signed.header("x-amz-content-sha256"), &signature.expires) {
        (Some(text), _) => text,
        (None, Some(_)) => signed.param("X-Amz-Content-Sha256").unwrap_or("UNSIGNED-PAYLOAD").to_owned(),
        (None, None) => {
            let text = "Missing required header for this request: x-amz-content-sha256";
            return Err(OssError::new(Code::InvalidRequest, text));
        }
    };
    let [day, region, service, end] = &signature.scope;
    let scope = format!("{day}/{region}/{service}/{end}");
    let key = scoped_key("AWS4", secret, &[day, region, service, end]);
    let given = hex::decode(&signature.value).unwrap_or_default();
    let encoded = encode_path(&percent_decode_str(signed.path).decode_utf8_lossy());
    let mut shown = None;
    // Clients encode a path as the standard says, or sign what they send.
    for path in [encoded.as_str(), signed.path] {
        let canonical = canonical_request(signed, path, &signature.signed_headers, &payload_text);
        let string_to_sign = format!("{ALGORITHM}\n{date}\n{scope}\n{}", sha256_hex(canonical.as_bytes()));
        if is_equal(&hmac_sha256(&key, string_to_sign.as_bytes()), &given) {
            let chunk_key = ChunkKey { key, date, scope, previous: signature.value.clone() };
            return Ok(Verified { place: 0, payload: payload(&payload_text, chunk_key)? });
        }
        shown.get_or_insert((string_to_sign, canonical));
    }
    let (string_to_sign, canonical) = shown.expect("two paths were tried");
    Err(claim.mismatch(&signature.value, &string_to_sign).detail("CanonicalRequest", canonical))
}

fn check_coverage(signature: &Signature, signed: &Signed<'_>) -> Result<(), OssError> {
    let covers = |name: &str| signature.signed_headers.iter().any(|n| n == name);
    let mut names = signed.headers.keys().map(http::HeaderName::as_str);
    if covers("host") && names.all(|name| !name.starts_with("x-amz-") || covers(name)) {
        return Ok(());
    }
    Err(OssError::new(Code::AccessDenied, "There were headers present in the request which were not signed"))
}

fn payload(text: &str, key: ChunkKey) -> Result<Payload, OssError> {
    Ok(match text {
        "UNSIGNED-PAYLOAD" => Payload::Unsigned,
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => Payload::Framed(Framing { key: None, has_trailer: true }),
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => Payload::Framed(Framing { key: Some(key), has_trailer: false }),
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => Payload::Framed(Framing { key: Some(key), has_trailer: true }),
        digest => Payload::Sha256(digest_of(digest).ok_or_else(|| {
            OssError::argument("x-amz-content-sha256", digest, "x-amz-content-sha256 is not a digest of this protocol.")
        })?),
    })
}

/// The request as both sides write it down before they sign.
pub fn canonical_request(signed: &Signed<'_>, path: &str, signed_headers: &[String], payload: &str) -> String {
    let query = signed.query.iter().filter(|(name, _)| name != "X-Amz-Signature");
    let query = canonical_query(query.map(|(name, value)| (name.as_str(), value.as_str())));
    let mut text = format!("{}\n{path}\n{query}\n", signed.method);
    for name in signed_headers {
        let value = if name == "host" { signed.host.to_owned() } else { signed.header(name).unwrap_or_default() };
        // Runs of spaces count as one.
        let words: Vec<&str> = value.split(' ').filter(|word| !word.is_empty()).collect();
        text.push_str(&format!("{name}:{}\n", words.join(" ")));
    }
    format!("{text}\n{}\n{payload}", signed_headers.join(";"))
}
