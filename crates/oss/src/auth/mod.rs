//! Who sent a request: the six ways in which clients sign, behind one [`Claim`].
//!
//! A claim is read from the request without looking anything up ([`Claim::read`]), its key is looked up by the door,
//! and [`Claim::verify`] checks the signature with the secret. Verification also settles what the request means: which
//! reading of its address was signed, and how its body is to be checked ([`Payload`]).
//!
//! - [`oss_v1`] and [`oss_v4`]: Alibaba Cloud's two, in a header or in the query.
//! - [`aws_v4`] and [`aws_v2`]: Amazon's two, likewise; [`chunked`] is the framing of bodies that the first can ask for.
//!
//! Signatures are compared in constant time. Temporary keys' tokens are signed fields like any other here; whether a
//! token belongs to the key is the door's question.

pub mod aws_v2;
pub mod aws_v4;
pub mod chunked;
pub mod oss_v1;
pub mod oss_v4;

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderMap;
use model::Timestamp;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::address::Place;
use crate::dialect::Dialect;
use crate::error::{Code, OssError};

/// How far a caller's clock may be from ours, in milliseconds (OSS, "RequestTimeTooSkewed").
const CLOCK_SKEW_MILLIS: u64 = 15 * 60 * 1000;

/// Longest life of a presigned address of the fourth versions, in seconds: seven days.
const LONGEST_LIFE: i64 = 7 * 24 * 3600;

/// What signatures cover.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// The method.
    pub method: &'a str,
    /// The path as it arrived.
    pub path: &'a str,
    /// The query, decoded.
    pub query: &'a [(String, String)],
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The host that was called, with its port.
    pub host: &'a str,
    /// Every reading of the address.
    pub places: &'a [Place],
}

/// What a caller presents.
#[derive(Debug)]
pub struct Claim {
    /// The access key id.
    pub access_key_id: String,
    /// The token of a temporary key.
    pub security_token: Option<String>,
    /// The region that the signature was made for.
    pub region: Option<String>,
    scheme: Scheme,
}

#[derive(Debug)]
enum Scheme {
    OssV1(oss_v1::Signature),
    OssV4(oss_v4::Signature),
    AwsV2(aws_v2::Signature),
    AwsV4(aws_v4::Signature),
}

/// What a verified signature settled.
#[derive(Debug)]
pub struct Verified {
    /// The reading of the address that was signed, as an index.
    pub place: usize,
    /// How the body is to be checked.
    pub payload: Payload,
}

/// How a body is to be checked while it is read.
#[derive(Debug)]
pub enum Payload {
    /// Nothing is known of it.
    Unsigned,
    /// Its SHA-256 was signed.
    Sha256([u8; 32]),
    /// It comes in frames.
    Framed(chunked::Framing),
}

impl Signed<'_> {
    /// A header as text, without surrounding spaces; several of one name are joined as HTTP says.
    pub fn header(&self, name: &str) -> Option<String> {
        header_text(self.headers, name)
    }

    /// The first parameter with this name.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The headers that start with `prefix`, sorted by name.
    pub fn headers_with(&self, prefix: &str) -> Vec<(String, String)> {
        let mut names: Vec<&str> =
            self.headers.keys().map(http::HeaderName::as_str).filter(|name| name.starts_with(prefix)).collect();
        names.sort_unstable();
        names.iter().map(|name| ((*name).to_owned(), self.header(name).unwrap_or_default())).collect()
    }
}

/// The dialect of a request, known before anything of it was found good.
pub fn dialect(headers: &HeaderMap, query: &[(String, String)]) -> Dialect {
    let is_aws_header =
        headers.get(http::header::AUTHORIZATION).is_some_and(|value| value.as_bytes().starts_with(b"AWS"));
    let is_aws_query = query.iter().any(|(name, _)| name == "X-Amz-Algorithm" || name == "AWSAccessKeyId");
    if is_aws_header || is_aws_query { Dialect::S3 } else { Dialect::Oss }
}

impl Claim {
    /// What a request presents; nothing when it is unsigned.
    pub fn read(signed: &Signed<'_>) -> Result<Option<Self>, OssError> {
        let header = signed.header("authorization");
        let in_query = ["OSSAccessKeyId", "x-oss-signature-version", "X-Amz-Algorithm", "AWSAccessKeyId"]
            .into_iter()
            .find(|name| signed.param(name).is_some());
        match (header, in_query) {
            (None, None) => Ok(None),
            (Some(_), Some(name)) => Err(OssError::argument(
                "Authorization",
                name,
                "Only one auth mechanism allowed; only the Authorization header or the query may carry a signature.",
            )),
            (Some(header), None) => Self::of_header(signed, &header).map(Some),
            (None, Some("OSSAccessKeyId")) => oss_v1::of_query(signed).map(Some),
            (None, Some("x-oss-signature-version")) => oss_v4::of_query(signed).map(Some),
            (None, Some("AWSAccessKeyId")) => aws_v2::of_query(signed).map(Some),
            (None, Some(_)) => aws_v4::of_query(signed).map(Some),
        }
    }

    fn of_header(signed: &Signed<'_>, header: &str) -> Result<Self, OssError> {
        let malformed = || OssError::argument("Authorization", header, "The Authorization header is invalid.");
        let (scheme, rest) = header.split_once(' ').ok_or_else(malformed)?;
        let rest = rest.trim();
        match scheme {
            "OSS" => oss_v1::of_header(signed, rest).ok_or_else(malformed),
            "OSS4-HMAC-SHA256" => oss_v4::of_header(signed, rest).ok_or_else(malformed),
            "AWS" => aws_v2::of_header(signed, rest).ok_or_else(malformed),
            "AWS4-HMAC-SHA256" => aws_v4::of_header(signed, rest).ok_or_else(malformed),
            "OSS2" => Err(OssError::new(Code::AccessDenied, "Signature version 2 is not supported.")),
            _ => Err(malformed()),
        }
    }

    /// Checks the time and the signature, and says what they settle.
    pub fn verify(&self, signed: &Signed<'_>, secret: &str, now: Timestamp) -> Result<Verified, OssError> {
        match &self.scheme {
            Scheme::OssV1(signature) => oss_v1::verify(signature, self, signed, secret, now),
            Scheme::OssV4(signature) => oss_v4::verify(signature, self, signed, secret, now),
            Scheme::AwsV2(signature) => aws_v2::verify(signature, self, signed, secret, now),
            Scheme::AwsV4(signature) => aws_v4::verify(signature, self, signed, secret, now),
        }
    }

    /// The refusal of a wrong signature. It shows what the server would have signed: clients print it.
    fn mismatch(&self, provided: &str, string_to_sign: &str) -> OssError {
        let bytes: Vec<String> = string_to_sign.bytes().map(|byte| format!("{byte:02X}")).collect();
        OssError::from(Code::SignatureDoesNotMatch)
            .detail("OSSAccessKeyId", &self.access_key_id)
            .detail("SignatureProvided", provided)
            .detail("StringToSign", string_to_sign)
            .detail("StringToSignBytes", bytes.join(" "))
    }
}

/// A header as text, without surrounding spaces.
pub(crate) fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<String> = headers.get_all(name).iter().map(|value| text(value.as_bytes())).collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// Clients put UTF-8 into headers, or Latin-1 where HTTP's first rule is followed.
fn text(bytes: &[u8]) -> String {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    };
    text.trim().to_owned()
}

/// Checks that a request was signed near `now`.
fn check_skew(signed_at: Timestamp, now: Timestamp) -> Result<(), OssError> {
    if now.as_millis().abs_diff(signed_at.as_millis()) <= CLOCK_SKEW_MILLIS {
        return Ok(());
    }
    Err(OssError::from(Code::RequestTimeTooSkewed)
        .detail("RequestTime", signed_at.oss_xml())
        .detail("ServerTime", now.oss_xml()))
}

/// Checks the life of a presigned address that begins at `from`.
fn check_life(from: Timestamp, seconds: &str, now: Timestamp) -> Result<(), OssError> {
    let life: i64 = seconds
        .parse()
        .ok()
        .filter(|life| (1..=LONGEST_LIFE).contains(life))
        .ok_or_else(|| OssError::argument("expires", seconds, "The life of a signature is 1 to 604800 seconds."))?;
    if from.plus_millis(-(CLOCK_SKEW_MILLIS as i64)) > now {
        return Err(OssError::new(Code::AccessDenied, "Request is not yet valid."));
    }
    if from.plus_millis(life * 1000) < now {
        return Err(expired(from.plus_millis(life * 1000), now));
    }
    Ok(())
}

/// Checks the end of a presigned address, in seconds since 1970.
fn check_expires(expires: &str, now: Timestamp) -> Result<(), OssError> {
    let end: i64 = expires.parse().map_err(|_| {
        OssError::argument("Expires", expires, "The Expires parameter is not a number of seconds since 1970.")
    })?;
    let end = Timestamp::from_millis(end.saturating_mul(1000));
    if end < now { Err(expired(end, now)) } else { Ok(()) }
}

fn expired(end: Timestamp, now: Timestamp) -> OssError {
    OssError::new(Code::AccessDenied, "Request has expired.")
        .detail("Expires", end.oss_xml())
        .detail("ServerTime", now.oss_xml())
}

fn hmac_sha1(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// The signing key of the fourth versions: the secret, bound to day, region and service.
fn scoped_key(prefix: &str, secret: &str, scope: &[&str; 4]) -> Vec<u8> {
    let key = format!("{prefix}{secret}").into_bytes();
    scope.iter().fold(key, |key, part| hmac_sha256(&key, part.as_bytes()))
}

fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn is_equal(expected: &[u8], given: &[u8]) -> bool {
    bool::from(expected.ct_eq(given))
}

/// `key/day/region/service/terminator` of a credential; the key is all that stands before.
fn split_credential(text: &str) -> Option<(String, [String; 4])> {
    let mut parts = text.rsplitn(5, '/');
    let (end, service, region, day) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let key = parts.next().filter(|key| !key.is_empty())?;
    Some((key.to_owned(), [day, region, service, end].map(str::to_owned)))
}

/// `name=value` fields between commas, in any order, with or without spaces.
fn fields(text: &str) -> Option<Vec<(&str, &str)>> {
    text.split(',').map(|field| field.trim().split_once('=')).collect()
}

/// Reads a signed SHA-256 of a body.
fn digest_of(text: &str) -> Option<[u8; 32]> {
    hex::decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests;
