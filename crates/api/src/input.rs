//! Reading parameters: one line a field in a room, with the code of a bad one beside it.

use std::str::FromStr;

use model::tag::TAGS_AT_MOST;
use model::{Description, RegionId, Tag, TagValue, Timestamp};
use wire::Params;
use wire::params::parse_bool;

use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::Cx;

/// Characters of the id of a key of the key management service at most.
const LONGEST_KMS_KEY_ID: usize = 64;

/// The value of a parameter that may be absent.
pub fn optional<T: FromStr>(params: &Params, name: &str, bad: impl Into<ApiError>) -> ApiResult<Option<T>> {
    match params.get(name) {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| bad.into()),
    }
}

/// The value of a parameter that must be there.
pub fn required<T: FromStr>(params: &Params, name: &str, bad: impl Into<ApiError>) -> ApiResult<T> {
    optional(params, name, bad)?.ok_or_else(|| ApiError::missing(name))
}

/// `Description`, which is empty when absent.
pub fn description(params: &Params, bad: Code) -> ApiResult<Description> {
    Ok(optional(params, "Description", bad)?.unwrap_or_else(no_description))
}

/// What stands where nobody said anything.
pub fn no_description() -> Description {
    "".parse().expect("no description is a description")
}

/// A boolean that is false when absent.
pub fn flag(params: &Params, name: &str) -> ApiResult<bool> {
    Ok(optional_flag(params, name)?.unwrap_or(false))
}

/// A boolean that may be absent.
pub fn optional_flag(params: &Params, name: &str) -> ApiResult<Option<bool>> {
    params.get(name).map(|text| parse_bool(text).ok_or_else(|| ApiError::invalid(name))).transpose()
}

/// The region of a call that must name one.
pub fn region(params: &Params, cx: &Cx, unknown: Code) -> ApiResult<RegionId> {
    let region: RegionId = required(params, "RegionId", unknown)?;
    if cx.services.catalogue.serves(&region) { Ok(region) } else { Err(unknown.error()) }
}

/// The region of a call that must name one, and has a code of its own for none.
pub fn region_named(params: &Params, cx: &Cx, unknown: Code, missing: Code) -> ApiResult<RegionId> {
    match params.get("RegionId") {
        Some(_) => region(params, cx, unknown),
        None => Err(missing.error()),
    }
}

/// The region of a call that need not name one.
pub fn region_or_default(params: &Params, cx: &Cx, unknown: Code) -> ApiResult<RegionId> {
    match params.get("RegionId") {
        Some(_) => region(params, cx, unknown),
        None => Ok(cx.services.catalogue.default_region().clone()),
    }
}

/// A page by its number: rows to skip and rows to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageNumber {
    /// Counted from 1.
    pub number: u64,
    /// Rows of a page.
    pub size: u64,
}

impl PageNumber {
    /// Reads `PageNumber` and `PageSize`, which are 1 and 10 when absent.
    pub fn read(params: &Params) -> ApiResult<Self> {
        let number = optional(params, "PageNumber", ApiError::invalid("PageNumber"))?.unwrap_or(1);
        let size = optional(params, "PageSize", ApiError::invalid("PageSize"))?.unwrap_or(10);
        if number == 0 || u64::from(u32::MAX) < number {
            return Err(ApiError::invalid("PageNumber"));
        }
        if size == 0 || model::quota::LARGEST_PAGE < size {
            return Err(ApiError::invalid("PageSize"));
        }
        Ok(Self { number, size })
    }

    /// The part of the list that the page shows.
    pub fn window(self) -> meta::images::Window {
        meta::images::Window { offset: (self.number - 1) * self.size, limit: self.size, below: None }
    }
}

/// A page by the token of the one before: rows to show, and the place after which they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageToken {
    /// Rows of a page.
    pub size: u64,
    after: Option<i64>,
}

impl PageToken {
    /// Reads `NextToken` and `MaxResults`, which is 10 when absent; none when the call has neither.
    pub fn read(params: &Params) -> ApiResult<Option<Self>> {
        Self::read_with(params, model::quota::LARGEST_PAGE, || ApiError::invalid("NextToken"))
    }

    /// [`Self::read`], for a call whose largest page is another, or that has a code of its own for a token that is none.
    pub fn read_with(params: &Params, largest: u64, bad_token: impl Fn() -> ApiError) -> ApiResult<Option<Self>> {
        let (token, size) = (params.get("NextToken"), params.get("MaxResults"));
        if token.is_none() && size.is_none() {
            return Ok(None);
        }
        let size = size.map_or(Ok(10), str::parse).map_err(|_| ApiError::invalid("MaxResults"))?;
        if size == 0 || largest < size {
            return Err(ApiError::invalid("MaxResults"));
        }
        let place = |text: &str| i64::from_str_radix(text, 36).ok().filter(|place| *place >= 0);
        let after = token.map(|text| place(text).ok_or_else(&bad_token)).transpose()?;
        Ok(Some(Self { size, after }))
    }

    /// The part of the list that the page shows.
    pub fn window(self) -> meta::images::Window {
        meta::images::Window { offset: 0, limit: self.size, below: self.after }
    }

    /// The token of the page after a row at this place.
    pub fn write(place: i64) -> String {
        let mut digits = Vec::new();
        let mut rest = place.unsigned_abs();
        loop {
            digits.push(char::from_digit((rest % 36) as u32, 36).expect("a digit of base 36"));
            rest /= 36;
            if rest == 0 {
                break;
            }
        }
        digits.into_iter().rev().collect()
    }
}

/// Reads `Tag.N.Key` and `Tag.N.Value`, in either case of the field names. `duplicate` is the action's code for a key
/// that stands twice.
pub fn tags(params: &Params, duplicate: Code) -> ApiResult<Vec<Tag>> {
    tags_or(params, duplicate, Code::TagsTooMany)
}

/// [`tags`], for a call that has a code of its own for too many.
pub fn tags_or(params: &Params, duplicate: Code, too_many: Code) -> ApiResult<Vec<Tag>> {
    let items = params.items("Tag");
    if items.len() > TAGS_AT_MOST {
        return Err(too_many.error());
    }
    let mut tags: Vec<Tag> = Vec::new();
    for (_, item) in &items {
        let key = item.get("Key").or_else(|| item.get("key")).ok_or(Code::TagMismatch)?;
        let value = item.raw("Value").or_else(|| item.raw("value")).unwrap_or_default();
        let tag = Tag {
            key: key.parse().map_err(|_| Code::TagKeyMalformed)?,
            value: value.parse::<TagValue>().map_err(|_| Code::TagValueMalformed)?,
        };
        let lower = tag.key.as_str().to_lowercase();
        if tags.iter().any(|other| other.key.as_str().to_lowercase() == lower) {
            return Err(duplicate.error());
        }
        tags.push(tag);
    }
    tags.sort();
    Ok(tags)
}

/// Reads the tags that a list is filtered by: a key, and a value when one is given.
pub fn tag_filters(params: &Params) -> ApiResult<Vec<meta::tags::TagFilter>> {
    tag_filters_or(params, Code::TagsTooMany)
}

/// [`tag_filters`], for a call that has a code of its own for too many.
pub fn tag_filters_or(params: &Params, too_many: Code) -> ApiResult<Vec<meta::tags::TagFilter>> {
    let items = params.items("Tag");
    if items.len() > TAGS_AT_MOST {
        return Err(too_many.error());
    }
    items
        .iter()
        .map(|(_, item)| {
            let key = item.get("Key").or_else(|| item.get("key")).ok_or(Code::TagMismatch)?;
            let value = item.raw("Value").or_else(|| item.raw("value"));
            let values = value.map(str::to_owned).into_iter().collect();
            Ok(meta::tags::TagFilter { key: key.to_owned(), values })
        })
        .collect()
}

/// Reads `Filter.N` of a list: the times from and until which what it shows was made, and with `other` the filters by
/// other keys. `bad_time` is the error for a time, by its key, that is none.
pub fn creation_filters(
    params: &Params,
    bad_time: impl Fn(&str) -> ApiError,
    mut other: impl FnMut(&str, &str) -> ApiResult<()>,
) -> ApiResult<(Option<Timestamp>, Option<Timestamp>)> {
    let (mut from, mut to) = (None, None);
    for (_, item) in params.items("Filter") {
        let (key, value) = (item.get("Key").unwrap_or_default(), item.get("Value").unwrap_or_default());
        let time = || Timestamp::parse_minutes(value).ok_or_else(|| bad_time(key));
        match key {
            "CreationStartTime" => from = Some(time()?),
            // The minute that is named counts.
            "CreationEndTime" => to = Some(time()?.plus_millis(59_999)),
            _ => other(key, value)?,
        }
    }
    Ok((from, to))
}

/// Reads `LockReason`, which has these values: whether only what is locked is wanted. Nothing is locked here.
pub fn lock_reason(params: &Params, reasons: &[&str], unknown: Code) -> ApiResult<bool> {
    match params.get("LockReason") {
        None => Ok(false),
        Some(reason) if reasons.contains(&reason) => Ok(true),
        Some(_) => Err(unknown.error()),
    }
}

/// Whether something stands twice in a list.
pub fn repeats<T: PartialEq>(list: &[T]) -> bool {
    list.iter().enumerate().any(|(n, item)| list[..n].contains(item))
}

/// Refuses a disk that is to be encrypted, by `Encrypted` or by the name of a key.
pub fn unencrypted(params: &Params) -> ApiResult<()> {
    let key = params.get("KMSKeyId").unwrap_or_default();
    if LONGEST_KMS_KEY_ID < key.chars().count() {
        return Err(ApiError::invalid("KMSKeyId"));
    }
    if flag(params, "Encrypted")? || !key.is_empty() { Err(Code::EncryptionUnsupported.error()) } else { Ok(()) }
}

/// The texts of a comma list.
pub fn comma_list(params: &Params, name: &str) -> Vec<String> {
    let items = params.get(name).unwrap_or_default().split(',').map(str::trim);
    items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
}
