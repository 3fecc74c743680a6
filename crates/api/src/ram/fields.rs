//! Fields that several calls have, each with its rule and its codes.

use meta::policies::PolicyKind;
use policy::{Document, DocumentError, Kind};
use wire::Params;

use crate::code::{ApiError, ApiResult, Code};

/// `RoleName`: 1 to 64 of letters, digits, `.`, `@`, `-` and `_`.
pub(super) fn role_name(params: &Params) -> ApiResult<String> {
    let name = params.get("RoleName").ok_or_else(|| ApiError::missing("RoleName"))?;
    if name.chars().count() > 64 {
        return Err(Code::RoleNameLength.error());
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '@' | '-' | '_')) {
        return Err(Code::RoleNameInvalidChars.error());
    }
    Ok(name.to_owned())
}

/// `PolicyName`: 1 to 128 of letters, digits and `-`.
pub(super) fn policy_name(params: &Params) -> ApiResult<String> {
    let name = params.get("PolicyName").ok_or_else(|| ApiError::missing("PolicyName"))?;
    if name.chars().count() > 128 {
        return Err(Code::PolicyNameLength.error());
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Err(Code::PolicyNameInvalidChars.error());
    }
    Ok(name.to_owned())
}

/// `PolicyType`: `System` or `Custom`.
pub(super) fn policy_kind(params: &Params) -> ApiResult<PolicyKind> {
    let text = params.get("PolicyType").ok_or_else(|| ApiError::missing("PolicyType"))?;
    PolicyKind::parse(text).ok_or_else(|| Code::PolicyTypeInvalid.error())
}

/// `Description`: at most 1,024 characters.
pub(super) fn description(params: &Params, name: &str) -> ApiResult<Option<String>> {
    match params.raw(name) {
        Some(text) if text.chars().count() > 1024 => Err(Code::DescriptionLength.error()),
        text => Ok(text.map(str::to_owned)),
    }
}

/// `MaxSessionDuration`: 3,600 to 43,200 seconds.
pub(super) fn max_session(params: &Params, name: &str) -> ApiResult<Option<u32>> {
    let Some(text) = params.get(name) else { return Ok(None) };
    let seconds = text.parse().ok().filter(|seconds| (3_600..=43_200).contains(seconds));
    seconds.map(Some).ok_or_else(|| Code::MaxSessionDurationInvalid.error())
}

/// A policy document of this kind, kept as its author wrote it.
pub(super) fn document(text: &str, kind: Kind, too_long: Code) -> ApiResult<String> {
    match Document::parse(kind, text) {
        Ok(_) => Ok(text.to_owned()),
        Err(DocumentError::TooLong) => Err(too_long.error()),
        Err(error) => Err(Code::MalformedPolicyDocument.with(error.to_string())),
    }
}

/// A page of a list by name: at most `MaxItems` after `Marker`.
pub(super) struct Marked {
    pub(super) marker: String,
    pub(super) limit: u64,
}

/// Reads `Marker` and `MaxItems`, which is 100 when absent and at most 1,000.
pub(super) fn marked(params: &Params) -> ApiResult<Marked> {
    let limit = crate::input::optional(params, "MaxItems", ApiError::invalid("MaxItems"))?.unwrap_or(100);
    if !(1..=1_000).contains(&limit) {
        return Err(ApiError::invalid("MaxItems"));
    }
    Ok(Marked { marker: params.get("Marker").unwrap_or_default().to_owned(), limit })
}
