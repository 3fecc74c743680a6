//! What the gateway refuses before any action is asked, in its own codes and texts.
//!
//! Clients read these: the classic Python SDK splits the text of a wrong signature at its first colon, and the Go SDK
//! compares what follows with its own string to tell a wrong secret from a wrong request.

use thiserror::Error;

/// A refusal of the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "each variant is documented by its wire text")]
pub enum Refusal {
    #[error("This http method is not supported.")]
    UnsupportedMethod,
    #[error("Specified api is not found,please check your url and method.")]
    ApiNotFound,
    #[error("The request body is larger than a call may be.")]
    TooLarge,
    #[error("{0} is mandatory for this action.")]
    Missing(&'static str),
    #[error("The specified parameter \"Format\" is not valid.")]
    UnknownFormat,
    #[error("Specified signature method is not valid.")]
    UnknownSignatureMethod,
    #[error("The request signature does not conform to Aliyun standards.")]
    IncompleteSignature,
    #[error("Specified access key is not found.")]
    UnknownAccessKey,
    #[error("Specified access key is disabled.")]
    InactiveAccessKey,
    #[error("Specified time stamp or date value is not well formatted.")]
    MalformedTimestamp,
    #[error("Specified time stamp or date value is expired.")]
    ExpiredTimestamp,
    #[error("Specified signature is not matched with our calculation. server string to sign is:{string_to_sign}")]
    SignatureMismatchV1 { string_to_sign: String },
    #[error(
        "Specified signature does not match our calculation. server StringToSign is [{string_to_sign}] server CanonicalRequest is [{canonical_request}]"
    )]
    SignatureMismatchV3 { string_to_sign: String, canonical_request: String },
    #[error("Specified signature nonce was used already.")]
    UsedNonce,
    #[error("SecurityToken is mandatory for this action.")]
    MissingSecurityToken,
    #[error("Specified SecurityToken is malformed.")]
    MalformedSecurityToken,
    #[error("Specified SecurityToken is expired.")]
    ExpiredSecurityToken,
    #[error("Specified SecurityToken mismatch with the AccessKey.")]
    MismatchedSecurityToken,
}

impl Refusal {
    /// HTTP status of the refusal.
    pub const fn status(&self) -> u16 {
        match self {
            Self::UnsupportedMethod => 403,
            Self::ApiNotFound | Self::UnknownAccessKey => 404,
            Self::TooLarge => 413,
            _ => 400,
        }
    }

    /// The code on the wire.
    pub fn code(&self) -> String {
        match self {
            Self::UnsupportedMethod => "UnsupportedHTTPMethod",
            Self::ApiNotFound => "InvalidApi.NotFound",
            Self::TooLarge => "RequestTooLarge",
            Self::Missing(name) => return format!("Missing{name}"),
            Self::UnknownFormat => "InvalidParameter.Format",
            Self::UnknownSignatureMethod => "InvalidSignatureMethod",
            Self::IncompleteSignature => "IncompleteSignature",
            Self::UnknownAccessKey => "InvalidAccessKeyId.NotFound",
            Self::InactiveAccessKey => "InvalidAccessKeyId.Inactive",
            Self::MalformedTimestamp => "InvalidTimeStamp.Format",
            Self::ExpiredTimestamp => "InvalidTimeStamp.Expired",
            Self::SignatureMismatchV1 { .. } | Self::SignatureMismatchV3 { .. } => "SignatureDoesNotMatch",
            Self::UsedNonce => "SignatureNonceUsed",
            Self::MissingSecurityToken => "MissingSecurityToken",
            Self::MalformedSecurityToken => "InvalidSecurityToken.Malformed",
            Self::ExpiredSecurityToken => "InvalidSecurityToken.Expired",
            Self::MismatchedSecurityToken => "InvalidSecurityToken.MismatchWithAccessKey",
        }
        .to_owned()
    }
}
