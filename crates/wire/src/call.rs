//! A call as it arrived: which action is asked for, with which parameters, signed by whom.

use std::net::IpAddr;

use http::HeaderMap;
use model::Timestamp;

use crate::acs3::{self, Authorization, Signed};
use crate::answer::Format;
use crate::encode;
use crate::params::{PARAMS_AT_MOST, Params};
use crate::refusal::Refusal;
use crate::rpc_v1;

/// How far a caller's clock may be from ours, in milliseconds (signature documents, "Timestamp").
pub const CLOCK_SKEW_MILLIS: i64 = 15 * 60 * 1000;

/// The HTTP side of a call.
#[derive(Debug, Clone, Copy)]
pub struct HttpCall<'a> {
    /// The method.
    pub method: &'a str,
    /// The path.
    pub path: &'a str,
    /// The query, without `?`.
    pub query: &'a str,
    /// The host that was called: of the target when it is absolute, else of the `Host` header; with its port.
    pub host: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: &'a [u8],
    /// Whence it came, where that is known.
    pub peer: Option<IpAddr>,
    /// Whether it came over TLS.
    pub is_secure: bool,
}

/// A parsed call, not yet verified.
#[derive(Debug)]
pub struct Call<'a> {
    /// The action's name.
    pub action: String,
    /// The version of the product's API, which tells the products apart.
    pub version: String,
    /// Business and common parameters together.
    pub params: Params,
    /// How the answer is to be written.
    pub format: Format,
    /// Who says that they sent it.
    pub credential: Credential,
    http: HttpCall<'a>,
    signature: Signature,
}

/// What a caller presents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// The access key id.
    pub access_key_id: String,
    /// The token of a temporary key.
    pub security_token: Option<String>,
    /// When the caller signed.
    pub signed_at: Timestamp,
    /// The caller's nonce; used once per key.
    pub nonce: String,
}

#[derive(Debug)]
enum Signature {
    V1 { signature: String },
    Acs3(Authorization),
}

impl<'a> Call<'a> {
    /// Reads a call. The signature is not verified yet: that needs the secret.
    pub fn parse(http: HttpCall<'a>) -> Result<Self, Refusal> {
        if !matches!(http.method, "GET" | "POST") {
            return Err(Refusal::UnsupportedMethod);
        }
        if http.path != "/" && !http.path.is_empty() {
            return Err(Refusal::ApiNotFound);
        }
        let params = read_params(&http)?;
        // The x-acs-action header alone says nothing: v1 clients send it too.
        match header(&http, "authorization").filter(|value| value.starts_with("ACS3-")) {
            Some(value) => Self::parse_acs3(http, params, &value),
            None => Self::parse_v1(http, params),
        }
    }

    /// How the answer to a call is to be written, even when the call itself cannot be parsed.
    pub fn format_of(http: &HttpCall<'_>) -> Format {
        if header(http, "authorization").is_some_and(|value| value.starts_with("ACS3-")) {
            return Format::Json;
        }
        let params = read_params(http).unwrap_or_default();
        params.get("Format").and_then(|text| text.parse().ok()).unwrap_or(Format::Xml)
    }

    fn parse_acs3(http: HttpCall<'a>, params: Params, authorization: &str) -> Result<Self, Refusal> {
        let authorization = Authorization::parse(authorization)?;
        let mandatory = |name: &str, missing| header(&http, name).ok_or(Refusal::Missing(missing));
        let action = mandatory("x-acs-action", "Action")?;
        let version = mandatory("x-acs-version", "Version")?;
        let date = mandatory("x-acs-date", "Timestamp")?;
        let nonce = mandatory("x-acs-signature-nonce", "SignatureNonce")?;
        let credential = Credential {
            access_key_id: authorization.access_key_id.clone(),
            security_token: header(&http, "x-acs-security-token").filter(|token| !token.is_empty()),
            signed_at: Timestamp::parse_seconds(&date).ok_or(Refusal::MalformedTimestamp)?,
            nonce,
        };
        let signature = Signature::Acs3(authorization);
        Ok(Self { action, version, params, format: Format::Json, credential, http, signature })
    }

    fn parse_v1(http: HttpCall<'a>, params: Params) -> Result<Self, Refusal> {
        let mandatory = |name: &'static str| params.get(name).map(str::to_owned).ok_or(Refusal::Missing(name));
        let format = match params.get("Format") {
            None => Format::Xml,
            Some(text) => text.parse().map_err(|_| Refusal::UnknownFormat)?,
        };
        let action = mandatory("Action")?;
        let version = mandatory("Version")?;
        let access_key_id = mandatory("AccessKeyId")?;
        let signature = mandatory("Signature")?;
        let timestamp = mandatory("Timestamp")?;
        let nonce = mandatory("SignatureNonce")?;
        let method = params.get("SignatureMethod").unwrap_or("HMAC-SHA1");
        let kind = params.get("SignatureType").unwrap_or_default();
        if !method.eq_ignore_ascii_case("HMAC-SHA1") || !kind.is_empty() {
            return Err(Refusal::UnknownSignatureMethod);
        }
        let credential = Credential {
            access_key_id,
            security_token: params.get("SecurityToken").map(str::to_owned),
            signed_at: Timestamp::parse_seconds(&timestamp).ok_or(Refusal::MalformedTimestamp)?,
            nonce,
        };
        Ok(Self { action, version, params, format, credential, http, signature: Signature::V1 { signature } })
    }

    /// Checks that the call was signed near `now`.
    pub fn check_time(&self, now: Timestamp) -> Result<(), Refusal> {
        let skew = now.as_millis().abs_diff(self.credential.signed_at.as_millis());
        if skew > CLOCK_SKEW_MILLIS.unsigned_abs() { Err(Refusal::ExpiredTimestamp) } else { Ok(()) }
    }

    /// Checks the signature with the secret of the caller's key.
    pub fn verify(&self, secret: &str) -> Result<(), Refusal> {
        match &self.signature {
            Signature::V1 { signature } => rpc_v1::verify(self.http.method, &self.params, signature, secret),
            Signature::Acs3(authorization) => {
                let HttpCall { method, path, query, host, headers, body, .. } = self.http;
                let path = if path.is_empty() { "/" } else { path };
                acs3::verify(&Signed { method, path, query, headers, host, body }, authorization, secret)
            }
        }
    }
}

fn header(http: &HttpCall<'_>, name: &str) -> Option<String> {
    let value = http.headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).trim().to_owned())
}

fn read_params(http: &HttpCall<'_>) -> Result<Params, Refusal> {
    let mut pairs: Vec<(String, String)> = encode::pairs(http.query.as_bytes()).take(PARAMS_AT_MOST + 1).collect();
    let is_form = header(http, "content-type")
        .is_some_and(|value| value.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded"));
    if is_form {
        pairs.extend(encode::pairs(http.body).take(PARAMS_AT_MOST + 1));
    }
    if pairs.len() > PARAMS_AT_MOST {
        return Err(Refusal::TooLarge);
    }
    Ok(Params::new(pairs))
}

#[cfg(test)]
#[path = "call_tests.rs"]
mod tests;
