//! Percent encoding as the signatures want it (RFC 3986: only unreserved characters stay literal).

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Everything but `A-Z a-z 0-9 - _ . ~` (RFC 3986, section 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// As [`RESERVED`], with `/` literal: the path of an OSS V4 or AWS V4 canonical request.
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// The text, percent-encoded in upper-case hexadecimal.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// The path, percent-encoded with its slashes kept.
pub fn encode_path(path: &str) -> String {
    utf8_percent_encode(path, RESERVED_IN_PATH).to_string()
}

/// The text with `%XX` decoded; bytes that are not UTF-8 become U+FFFD.
pub fn decode(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

/// Name and value of every parameter of a query or form body, in order; `+` is a space.
pub fn pairs(text: &[u8]) -> impl Iterator<Item = (String, String)> {
    form_urlencoded::parse(text).map(|(name, value)| (name.into_owned(), value.into_owned()))
}

/// `name=value` joined with `&`, sorted by name and value in byte order: the canonical query of both signatures.
pub fn canonical_query<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut encoded: Vec<(String, String)> = pairs.map(|(name, value)| (encode(name), encode(value))).collect();
    encoded.sort();
    let mut query = String::new();
    for (name, value) in encoded {
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(&name);
        query.push('=');
        query.push_str(&value);
    }
    query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unreserved_characters_stay() {
        assert_eq!(encode("aZ0-_.~ *+/镜"), "aZ0-_.~%20%2A%2B%2F%E9%95%9C");
        assert_eq!(encode_path("/b/a b"), "/b/a%20b");
    }

    #[test]
    fn a_plus_is_a_space() {
        let read: Vec<_> = pairs(b"a=b+c%2Bd&e=&f").collect();
        assert_eq!(read, [("a".into(), "b c+d".into()), ("e".into(), String::new()), ("f".into(), String::new())]);
    }
}
