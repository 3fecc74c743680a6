//! OSS signature version 1: HMAC-SHA1 over a short text, in a header or in the query.
//!
//! The text names the object by its decoded key, so a request that can be read in two ways is verified for both. The
//! date stands in `x-oss-date` or in `Date`; clients that send both disagree which one counts, so either does, and both
//! are signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::Timestamp;

use super::{Claim, Payload, Scheme, Signed, Verified, check_expires, check_skew, hmac_sha1, is_equal};
use crate::address::Place;
use crate::error::{Code, OssError};

/// Parameters that are part of the resource: the union of what the documents and the clients sign.
const SUB_RESOURCES: &[&str] = &[
    "accessPoint",
    "accessPointPolicy",
    "acl",
    "append",
    "asyncFetch",
    "bucketArchiveDirectRead",
    "bucketInfo",
    "callback",
    "callback-var",
    "cname",
    "comp",
    "continuation-token",
    "cors",
    "delete",
    "encryption",
    "endTime",
    "group",
    "httpsConfig",
    "img",
    "inventory",
    "inventoryId",
    "lifecycle",
    "link",
    "live",
    "location",
    "logging",
    "metaQuery",
    "objectInfo",
    "objectMeta",
    "partNumber",
    "policy",
    "policyStatus",
    "position",
    "publicAccessBlock",
    "qos",
    "qosInfo",
    "qosRequester",
    "redundancyTransition",
    "referer",
    "regionList",
    "replication",
    "replicationLocation",
    "replicationProgress",
    "requestPayment",
    "requesterQosInfo",
    "resourceGroup",
    "resourcePool",
    "resourcePoolBuckets",
    "resourcePoolInfo",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "rtc",
    "security-token",
    "sequential",
    "startTime",
    "stat",
    "status",
    "style",
    "styleName",
    "symlink",
    "tagging",
    "transferAcceleration",
    "udf",
    "udfApplication",
    "udfApplicationLog",
    "udfImage",
    "udfImageDesc",
    "udfName",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "vod",
    "website",
    "worm",
    "wormExtend",
    "wormId",
    "x-oss-ac-forward-allow",
    "x-oss-ac-source-ip",
    "x-oss-ac-subnet-mask",
    "x-oss-ac-vpc-id",
    "x-oss-access-point-name",
    "x-oss-async-process",
    "x-oss-process",
    "x-oss-redundancy-transition-taskid",
    "x-oss-request-payer",
    "x-oss-target-redundancy-type",
    "x-oss-traffic-limit",
    "x-oss-write-get-object-response",
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
    let security_token = signed.header("x-oss-security-token").filter(|token| !token.is_empty());
    let scheme = Scheme::OssV1(Signature { value: value.to_owned(), expires: None });
    Some(Claim { access_key_id: key.to_owned(), security_token, region: None, scheme })
}

/// Reads `OSSAccessKeyId`, `Expires` and `Signature`.
pub(super) fn of_query(signed: &Signed<'_>) -> Result<Claim, OssError> {
    let field = |name: &str| {
        let value = signed.param(name).filter(|value| !value.is_empty());
        value.map(str::to_owned).ok_or_else(|| OssError::argument(name, "", format!("{name} is mandatory.")))
    };
    let security_token = signed.param("security-token").filter(|token| !token.is_empty()).map(str::to_owned);
    let scheme = Scheme::OssV1(Signature { value: field("Signature")?, expires: Some(field("Expires")?) });
    Ok(Claim { access_key_id: field("OSSAccessKeyId")?, security_token, region: None, scheme })
}

pub(super) fn verify(
    signature: &Signature,
    claim: &Claim,
    signed: &Signed<'_>,
    secret: &str,
    now: Timestamp,
) -> Result<Verified, OssError> {
    let dates = match &signature.expires {
        Some(expires) => {
            check_expires(expires, now)?;
            vec![expires.clone()]
        }
        None => {
            let dates: Vec<String> = ["x-oss-date", "date"].iter().filter_map(|name| signed.header(name)).collect();
            let first = dates.first().and_then(|date| read_date(date));
            let first =
                first.ok_or_else(|| OssError::new(Code::AccessDenied, "OSS authentication requires a valid Date."))?;
            check_skew(first, now)?;
            dates
        }
    };
    let given = STANDARD.decode(&signature.value).unwrap_or_default();
    for date in &dates {
        for (place_idx, place) in signed.places.iter().enumerate() {
            let expected = hmac_sha1(secret.as_bytes(), string_to_sign(signed, place, date).as_bytes());
            if is_equal(&expected, &given) {
                return Ok(Verified { place: place_idx, payload: Payload::Unsigned });
            }
        }
    }
    let date = dates.first().map_or("", String::as_str);
    Err(claim.mismatch(&signature.value, &string_to_sign(signed, &signed.places[0], date)))
}

/// The text that both sides sign.
pub fn string_to_sign(signed: &Signed<'_>, place: &Place, date: &str) -> String {
    let plain = |name: &str| signed.header(name).unwrap_or_default();
    let mut text = format!("{}\n{}\n{}\n{date}\n", signed.method, plain("content-md5"), plain("content-type"));
    for (name, value) in signed.headers_with("x-oss-") {
        text.push_str(&format!("{name}:{value}\n"));
    }
    text.push_str(&resource(place));
    let mut named: Vec<&(String, String)> =
        signed.query.iter().filter(|(name, _)| SUB_RESOURCES.binary_search(&name.as_str()).is_ok()).collect();
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

/// `/`, `/bucket/` or `/bucket/key`, decoded.
pub(super) fn resource(place: &Place) -> String {
    match (&place.bucket, &place.key) {
        (None, _) => "/".to_owned(),
        (Some(bucket), None) => format!("/{bucket}/"),
        (Some(bucket), Some(key)) => format!("/{bucket}/{key}"),
    }
}

/// Reads a date in any form that clients send: the compact one, and HTTP's with other names for its zone.
pub(super) fn read_date(text: &str) -> Option<Timestamp> {
    let zone = ["UTC", "+0000", "-0000"].into_iter().find_map(|zone| text.strip_suffix(zone));
    match zone {
        Some(rest) => Timestamp::parse_http_date(&format!("{rest}GMT")),
        None => Timestamp::parse_http_date(text).or_else(|| Timestamp::parse_compact(text)),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_names_can_be_searched() {
        assert!(super::SUB_RESOURCES.is_sorted());
    }
}
