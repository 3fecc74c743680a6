//! Fields that several calls have, each with its rule and its codes.

use model::Tag;
use policy::{Document, DocumentError, Kind};
use serde::Serialize;
use serde_json::Value;
use wire::Params;

use crate::code::{ApiError, ApiResult, Code};
use crate::dispatch::Cx;

/// A name of up to so many letters, digits and some signs.
struct NameRule {
    longest: usize,
    signs: &'static str,
    chars: Code,
    length: Code,
}

impl NameRule {
    fn read(&self, params: &Params, field: &str) -> ApiResult<String> {
        let name = params.get(field).ok_or_else(|| ApiError::missing(field))?;
        if name.chars().count() > self.longest {
            return Err(self.length.error());
        }
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || self.signs.contains(c)) {
            return Err(self.chars.error());
        }
        Ok(name.to_owned())
    }
}

/// `UserName`: 1 to 64 of letters, digits, `.`, `-` and `_`.
pub(super) fn user_name(params: &Params) -> ApiResult<String> {
    let (chars, length) = (Code::UserNameInvalidChars, Code::UserNameLength);
    NameRule { longest: 64, signs: ".-_", chars, length }.read(params, "UserName")
}

/// `NewUserName`, of the same rule.
pub(super) fn new_user_name(params: &Params) -> ApiResult<String> {
    let (chars, length) = (Code::NewUserNameInvalidChars, Code::NewUserNameLength);
    NameRule { longest: 64, signs: ".-_", chars, length }.read(params, "NewUserName")
}

/// `GroupName`: 1 to 64 of letters, digits, `.`, `-` and `_`.
pub(super) fn group_name(params: &Params) -> ApiResult<String> {
    let (chars, length) = (Code::GroupNameInvalidChars, Code::GroupNameLength);
    NameRule { longest: 64, signs: ".-_", chars, length }.read(params, "GroupName")
}

/// `NewGroupName`, of the same rule.
pub(super) fn new_group_name(params: &Params) -> ApiResult<String> {
    let (chars, length) = (Code::NewGroupNameInvalidChars, Code::NewGroupNameLength);
    NameRule { longest: 64, signs: ".-_", chars, length }.read(params, "NewGroupName")
}

/// `RoleName`: 1 to 64 of letters, digits, `.`, `@`, `-` and `_`.
pub(super) fn role_name(params: &Params) -> ApiResult<String> {
    role_name_or(params, Code::RoleNameInvalidChars)
}

/// [`role_name`], for the call that words one refusal differently.
pub(super) fn role_name_or(params: &Params, chars: Code) -> ApiResult<String> {
    NameRule { longest: 64, signs: ".@-_", chars, length: Code::RoleNameLength }.read(params, "RoleName")
}

/// `PolicyName`: 1 to 128 of letters, digits and `-`.
pub(super) fn policy_name(params: &Params) -> ApiResult<String> {
    let (chars, length) = (Code::PolicyNameInvalidChars, Code::PolicyNameLength);
    NameRule { longest: 128, signs: "-", chars, length }.read(params, "PolicyName")
}

/// A text of at most so many characters; none when the parameter is absent.
pub(super) fn text(params: &Params, field: &str, longest: usize, too_long: Code) -> ApiResult<Option<String>> {
    match params.raw(field) {
        Some(text) if text.chars().count() > longest => Err(too_long.error()),
        text => Ok(text.map(str::to_owned)),
    }
}

/// `Description`: at most 1,024 characters.
pub(super) fn description(params: &Params, field: &str) -> ApiResult<Option<String>> {
    text(params, field, 1024, Code::DescriptionLength)
}

/// `Comments`: at most 128 characters.
pub(super) fn comments(params: &Params, field: &str, too_long: Code) -> ApiResult<Option<String>> {
    text(params, field, 128, too_long)
}

/// `MaxSessionDuration`: 3,600 to 43,200 seconds.
pub(super) fn max_session(params: &Params, name: &str) -> ApiResult<Option<u32>> {
    let Some(text) = params.get(name) else { return Ok(None) };
    let seconds = text.parse().ok().filter(|seconds| (3_600..=43_200).contains(seconds));
    seconds.map(Some).ok_or_else(|| ApiError::invalid(name))
}

/// A policy document of this kind, kept as its author wrote it.
pub(super) fn document(text: &str, kind: Kind, too_long: Code) -> ApiResult<String> {
    match Document::parse(kind, text) {
        Ok(_) => Ok(text.to_owned()),
        Err(DocumentError::TooLong) => Err(too_long.error()),
        Err(error) => Err(Code::MalformedPolicyDocument.with(error.to_string())),
    }
}

/// `Tag`: a list of `{"Key": …, "Value": …}` as JSON text in one parameter.
pub(super) fn tags(params: &Params) -> ApiResult<Vec<Tag>> {
    let Some(text) = params.get("Tag") else { return Ok(Vec::new()) };
    let wrong = || ApiError::invalid("Tag");
    let items: Vec<Value> = serde_json::from_str(text).map_err(|_| wrong())?;
    if items.len() > model::tag::TAGS_AT_MOST {
        return Err(wrong());
    }
    let mut tags: Vec<Tag> = Vec::new();
    for item in &items {
        let key = item["Key"].as_str().and_then(|key| key.parse().ok()).ok_or_else(wrong)?;
        let value = item["Value"].as_str().unwrap_or_default().parse().map_err(|_| wrong())?;
        if tags.iter().any(|tag| tag.key == key) {
            return Err(wrong());
        }
        tags.push(Tag { key, value });
    }
    Ok(tags)
}

/// Whether something with these tags is in a list that is filtered by those: every key must be there, with its value
/// where one is asked for.
pub(super) fn has_tags(tags: &[Tag], wanted: &[Tag]) -> bool {
    let fits = |tag: &Tag, wanted: &Tag| {
        tag.key == wanted.key && (wanted.value.as_str().is_empty() || tag.value == wanted.value)
    };
    wanted.iter().all(|wanted| tags.iter().any(|tag| fits(tag, wanted)))
}

/// Tags as lists of roles and policies show them.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagsView {
    tag: Vec<TagView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TagView {
    tag_key: String,
    tag_value: String,
}

impl TagsView {
    pub(super) fn of(tags: &[Tag]) -> Self {
        let view =
            |tag: &Tag| TagView { tag_key: tag.key.as_str().to_owned(), tag_value: tag.value.as_str().to_owned() };
        Self { tag: tags.iter().map(view).collect() }
    }
}

/// A user of the caller's account, as policies name it.
pub(super) fn user_resource(cx: &Cx, name: &str) -> String {
    cx.resource("ram", "*", &format!("user/{name}"))
}

/// A group of the caller's account, as policies name it.
pub(super) fn group_resource(cx: &Cx, name: &str) -> String {
    cx.resource("ram", "*", &format!("group/{name}"))
}

/// A role of the caller's account, as policies name it: in lower case, whatever its author wrote.
pub(super) fn role_resource(cx: &Cx, name: &str) -> String {
    cx.resource("ram", "*", &format!("role/{}", name.to_lowercase()))
}

/// Rows of a list that is read whole: more than there are.
pub(super) const EVERYTHING: u64 = u32::MAX as u64;

/// A page of a list by name: at most `MaxItems` after `Marker`.
pub(super) struct Marked {
    pub(super) marker: String,
    pub(super) limit: u64,
}

impl Marked {
    /// Rows to read: one more than are shown, which tells whether there are more.
    pub(super) const fn reach(&self) -> u64 {
        self.limit + 1
    }

    /// [`Marked::reach`] for a list whose rows are filtered after they were read: all that there can be.
    pub(super) fn reach_filtered(&self, filter: &[Tag], at_most: u64) -> u64 {
        if filter.is_empty() { self.reach() } else { at_most }
    }
}

/// Reads `Marker` and `MaxItems`, which is 100 when absent and at most 1,000.
pub(super) fn marked(params: &Params) -> ApiResult<Marked> {
    marked_to(params, 1_000)
}

/// [`marked`] with another most.
pub(super) fn marked_to(params: &Params, most: u64) -> ApiResult<Marked> {
    let limit = crate::input::optional(params, "MaxItems", ApiError::invalid("MaxItems"))?.unwrap_or(100);
    if !(1..=most).contains(&limit) {
        return Err(ApiError::invalid("MaxItems"));
    }
    Ok(Marked { marker: params.get("Marker").unwrap_or_default().to_owned(), limit })
}

/// Cuts what was read to `limit` rows, and says where the next page begins when there is one.
pub(super) fn cut<T>(rows: &mut Vec<T>, limit: u64, name: impl Fn(&T) -> &str) -> Option<String> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_truncated = rows.len() > limit;
    rows.truncate(limit);
    rows.last().filter(|_| is_truncated).map(|row| name(row).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_cut_at_its_limit() {
        let check = |limit, expected: (&[&str], Option<&str>)| {
            let mut rows = vec!["a", "b", "c"];
            let marker = cut(&mut rows, limit, |row| row);
            assert_eq!((rows.as_slice(), marker.as_deref()), expected);
        };
        check(2, (&["a", "b"], Some("b")));
        check(3, (&["a", "b", "c"], None));
        check(9, (&["a", "b", "c"], None));
    }

    #[test]
    fn tags_are_one_text() {
        let read = |text: &str| tags(&Params::new(vec![("Tag".into(), text.into())])).ok().map(|tags| tags.len());
        assert_eq!(read(r#"[{"Key":"a","Value":"1"},{"Key":"b"}]"#), Some(2));
        for wrong in ["x", "{}", "[1]", r#"[{"Value":"1"}]"#, r#"[{"Key":"a"},{"Key":"a"}]"#] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
