//! Conditions and ranges: when an object is answered, and how much of it.

use std::ops::Range;

use meta::buckets::Object;
use model::Timestamp;

use crate::dialect::Dialect;
use crate::error::{Code, OssError};

/// The conditions of a request, by the names that they have there.
#[derive(Debug, Default)]
pub struct Conditions {
    /// The entity tags that it must have one of.
    pub if_match: Option<String>,
    /// The entity tags that it must not have.
    pub if_none_match: Option<String>,
    /// The time since which it must have changed.
    pub if_modified_since: Option<String>,
    /// The time since which it must not have changed.
    pub if_unmodified_since: Option<String>,
}

impl Conditions {
    /// Reads conditions with this function from a header's short name to its value.
    pub fn read(header: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            if_match: header("if-match"),
            if_none_match: header("if-none-match"),
            if_modified_since: header("if-modified-since"),
            if_unmodified_since: header("if-unmodified-since"),
        }
    }

    /// Checks them in the order of RFC 9110, section 13.2.2. A time that cannot be read is no condition.
    pub fn check(&self, etag: &str, modified: Timestamp) -> Result<(), OssError> {
        let failed = |condition: &str| OssError::from(Code::PreconditionFailed).detail("Condition", condition);
        // HTTP counts seconds.
        let seconds = modified.as_millis().div_euclid(1000);
        let since = |text: &Option<String>| {
            text.as_deref().and_then(Timestamp::parse_http_date).map(|time| time.as_millis().div_euclid(1000))
        };
        if let Some(tags) = &self.if_match {
            if !matches(tags, etag) {
                return Err(failed("If-Match"));
            }
        } else if since(&self.if_unmodified_since).is_some_and(|time| seconds > time) {
            return Err(failed("If-Unmodified-Since"));
        }
        let is_unchanged = match &self.if_none_match {
            Some(tags) => matches(tags, etag),
            None => since(&self.if_modified_since).is_some_and(|time| seconds <= time),
        };
        if is_unchanged { Err(Code::NotModified.into()) } else { Ok(()) }
    }
}

fn matches(tags: &str, etag: &str) -> bool {
    tags.split(',')
        .map(|tag| tag.trim().trim_start_matches("W/").trim_matches('"'))
        .any(|tag| tag == "*" || tag.eq_ignore_ascii_case(etag))
}

/// How much of an object is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// All of it, with status 200.
    Whole,
    /// This much, with status 206.
    Part(Range<u64>),
}

/// Reads a range. The OSS dialect answers a range that does not fit with the whole object, unless it is asked to keep
/// to the standard; S3 always keeps to it.
pub fn span(range: Option<&str>, size: u64, dialect: Dialect, is_standard: bool) -> Result<Span, OssError> {
    let Some((first, last)) = range.and_then(bounds) else { return Ok(Span::Whole) };
    let is_lenient = dialect == Dialect::Oss && !is_standard;
    let (start, end) = match (first, last) {
        (Some(first), Some(last)) if first > last => return Ok(Span::Whole),
        (Some(_), Some(last)) if is_lenient && last >= size => return Ok(Span::Whole),
        (Some(first), last) => (first, last.map_or(size, |last| last.saturating_add(1)).min(size)),
        (None, Some(length)) if is_lenient && length > size => return Ok(Span::Whole),
        (None, Some(0)) => (size, size),
        (None, Some(length)) => (size.saturating_sub(length), size),
        (None, None) => return Ok(Span::Whole),
    };
    if start < end {
        return Ok(Span::Part(start..end));
    }
    if is_lenient {
        return Ok(Span::Whole);
    }
    Err(OssError::from(Code::InvalidRange)
        .detail("ActualObjectSize", size.to_string())
        .detail("RangeRequested", range.unwrap_or_default())
        .header("content-range", format!("bytes */{size}")))
}

/// First and last byte of `bytes=a-b`; several ranges are none, as the service does.
fn bounds(range: &str) -> Option<(Option<u64>, Option<u64>)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| {
        let text = text.trim();
        if text.is_empty() {
            return Some(None);
        }
        text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten().map(Some)
    };
    Some((number(first)?, number(last)?))
}

/// The range of a copy's source: `bytes=a-b`, both ends within the source.
pub fn copy_range(range: Option<&str>, source: &Object) -> Result<Option<Range<u64>>, OssError> {
    let Some(text) = range else { return Ok(None) };
    match bounds(text) {
        Some((Some(first), Some(last))) if first <= last && last < source.size => Ok(Some(first..last + 1)),
        _ => Err(OssError::argument("copy-source-range", text, "The range does not fit the source of the copy.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(range: &str, oss: Result<Span, Code>, standard: Result<Span, Code>) {
        let read = |dialect, is_standard| span(Some(range), 10, dialect, is_standard).map_err(|error| error.kind());
        assert_eq!(read(Dialect::Oss, false), oss, "{range}");
        assert_eq!(read(Dialect::Oss, true), standard, "{range} standard");
        assert_eq!(read(Dialect::S3, false), standard, "{range} S3");
    }

    #[test]
    fn ranges() {
        for (range, expected) in [("bytes=0-3", 0..4), ("bytes=9-9", 9..10), ("bytes=4-", 4..10), ("bytes=-4", 6..10)] {
            check(range, Ok(Span::Part(expected.clone())), Ok(Span::Part(expected)));
        }
        for range in ["bytes=4-2", "bytes=a-b", "bytes=0-1,3-4", "lines=1-2", "bytes=-", "bytes=+1-2", ""] {
            check(range, Ok(Span::Whole), Ok(Span::Whole));
        }
        check("bytes=5-10", Ok(Span::Whole), Ok(Span::Part(5..10)));
        check("bytes=-11", Ok(Span::Whole), Ok(Span::Part(0..10)));
        check("bytes=0-18446744073709551615", Ok(Span::Whole), Ok(Span::Part(0..10)));
        check("bytes=10-", Ok(Span::Whole), Err(Code::InvalidRange));
        check("bytes=10-12", Ok(Span::Whole), Err(Code::InvalidRange));
        check("bytes=-0", Ok(Span::Whole), Err(Code::InvalidRange));
        let empty = span(Some("bytes=0-0"), 0, Dialect::S3, false).map_err(|error| error.kind());
        assert_eq!(empty, Err(Code::InvalidRange));
    }

    #[test]
    fn conditions() {
        let modified = Timestamp::from_millis(1_763_712_000_500);
        let (then, before) = ("Fri, 21 Nov 2025 08:00:00 GMT", "Fri, 21 Nov 2025 07:59:59 GMT");
        let check = |pairs: &[(&str, &str)]| {
            let read = |name: &str| pairs.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
            Conditions::read(read).check("AB12", modified).map_err(|error| error.kind())
        };
        assert_eq!(check(&[]), Ok(()));
        for good in ["\"AB12\"", "\"ab12\"", "AB12", "*", "\"x\", \"AB12\""] {
            assert_eq!(check(&[("if-match", good)]), Ok(()), "{good}");
            assert_eq!(check(&[("if-none-match", good)]), Err(Code::NotModified), "{good}");
        }
        assert_eq!(check(&[("if-match", "\"x\"")]), Err(Code::PreconditionFailed));
        assert_eq!(check(&[("if-none-match", "\"x\"")]), Ok(()));
        assert_eq!(check(&[("if-modified-since", then)]), Err(Code::NotModified));
        assert_eq!(check(&[("if-modified-since", before)]), Ok(()));
        assert_eq!(check(&[("if-unmodified-since", then)]), Ok(()));
        assert_eq!(check(&[("if-unmodified-since", before)]), Err(Code::PreconditionFailed));
        assert_eq!(check(&[("if-match", "AB12"), ("if-unmodified-since", before)]), Ok(()));
        assert_eq!(check(&[("if-none-match", "x"), ("if-modified-since", then)]), Ok(()));
        assert_eq!(check(&[("if-modified-since", "yesterday")]), Ok(()));
    }
}
