//! ACS3-HMAC-SHA256: a canonical request of method, path, query, chosen headers and the body's digest.
//!
//! The client names the headers that it signed, and clients differ: Python signs every header that it sets, the others
//! `host` and `x-acs-*`. So the headers are taken as the client listed them, after checking that the ones which decide
//! the call are among them.

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderMap;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::encode;
use crate::refusal::Refusal;

/// Name of the algorithm, which starts the `Authorization` header.
pub const ALGORITHM: &str = "ACS3-HMAC-SHA256";

/// Headers that must be signed: without one of them a request could be replayed as another.
const MUST_BE_SIGNED: [&str; 6] =
    ["host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"];

/// What the `Authorization` header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// The access key id.
    pub access_key_id: String,
    /// The signed headers, lower case, in the order of the canonical request.
    pub signed_headers: Vec<String>,
    /// The signature, in hexadecimal.
    pub signature: String,
}

impl Authorization {
    /// Reads `ACS3-HMAC-SHA256 Credential=…,SignedHeaders=…,Signature=…`.
    pub fn parse(header: &str) -> Result<Self, Refusal> {
        let Some(fields) = header.strip_prefix(ALGORITHM).and_then(|rest| rest.strip_prefix(' ')) else {
            return Err(Refusal::UnknownSignatureMethod);
        };
        let mut credential = None;
        let mut signed = None;
        let mut signature = None;
        for field in fields.split(',') {
            match field.trim().split_once('=') {
                Some(("Credential", value)) => credential = Some(value),
                Some(("SignedHeaders", value)) => signed = Some(value),
                Some(("Signature", value)) => signature = Some(value),
                _ => return Err(Refusal::IncompleteSignature),
            }
        }
        let (Some(credential), Some(signed), Some(signature)) = (credential, signed, signature) else {
            return Err(Refusal::IncompleteSignature);
        };
        let mut signed_headers: Vec<String> = signed.split(';').map(str::to_ascii_lowercase).collect();
        signed_headers.sort();
        signed_headers.dedup();
        Ok(Self { access_key_id: credential.to_owned(), signed_headers, signature: signature.to_owned() })
    }
}

/// The parts of a request that ACS3 signs.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The path, `/` for every RPC call.
    pub path: &'a str,
    /// The query as it arrived, without `?`.
    pub query: &'a str,
    /// The headers as they arrived.
    pub headers: &'a HeaderMap,
    /// The host that was called, with its port.
    pub host: &'a str,
    /// The body.
    pub body: &'a [u8],
}

impl Signed<'_> {
    /// The canonical request over these headers.
    pub fn canonical_request(&self, signed_headers: &[String]) -> String {
        let pairs: Vec<(String, String)> = encode::pairs(self.query.as_bytes()).collect();
        let query = encode::canonical_query(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())));
        let mut text = format!("{}\n{}\n{query}\n", self.method, self.path);
        for name in signed_headers {
            text.push_str(name);
            text.push(':');
            text.push_str(&self.header(name));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&signed_headers.join(";"));
        text.push('\n');
        text.push_str(&hex::encode(Sha256::digest(self.body)));
        text
    }

    fn header(&self, name: &str) -> String {
        if name == "host" {
            return self.host.to_owned();
        }
        let mut values: Vec<String> = self
            .headers
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
            .collect();
        values.sort();
        values.join(",")
    }
}

/// The text that both sides sign, from a canonical request.
pub fn string_to_sign(canonical_request: &str) -> String {
    format!("{ALGORITHM}\n{}", hex::encode(Sha256::digest(canonical_request)))
}

/// The signature of `string_to_sign` with this secret, in hexadecimal.
pub fn sign(secret: &str, string_to_sign: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(string_to_sign.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

/// Checks the signature of a request.
pub fn verify(signed: &Signed<'_>, authorization: &Authorization, secret: &str) -> Result<(), Refusal> {
    let names = &authorization.signed_headers;
    let covers = |name: &str| names.iter().any(|n| n == name);
    let token_is_signed = !signed.headers.contains_key("x-acs-security-token") || covers("x-acs-security-token");
    if !MUST_BE_SIGNED.iter().all(|name| covers(name)) || !token_is_signed {
        return Err(Refusal::IncompleteSignature);
    }
    let canonical_request = signed.canonical_request(names);
    let string_to_sign = string_to_sign(&canonical_request);
    let expected = sign(secret, &string_to_sign);
    let given = authorization.signature.to_ascii_lowercase();
    let digest = signed.headers.get("x-acs-content-sha256").map_or(&b""[..], |value| value.as_bytes());
    let body_is_signed = digest.eq_ignore_ascii_case(hex::encode(Sha256::digest(signed.body)).as_bytes());
    if bool::from(expected.as_bytes().ct_eq(given.as_bytes())) && body_is_signed {
        return Ok(());
    }
    Err(Refusal::SignatureMismatchV3 { string_to_sign, canonical_request })
}
