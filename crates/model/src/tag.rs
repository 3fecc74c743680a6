//! Tags: pairs of a key and a value on a resource.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::name::{Malformed, starts_with_ignoring_case};

/// Tags that one resource or one call may carry.
pub const TAGS_AT_MOST: usize = 20;

/// A tag's key: 1 to 128 characters, not starting with `aliyun` or `acs:`, without `http://` and `https://`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TagKey(String);

impl TagKey {
    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TagKey {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let fits = (1..=128).contains(&text.chars().count())
            && !starts_with_ignoring_case(text, "aliyun")
            && !starts_with_ignoring_case(text, "acs:")
            && !has_address(text);
        fits.then(|| Self(text.to_owned())).ok_or(Malformed)
    }
}

/// A tag's value: at most 128 characters, not starting with `acs:`, without `http://` and `https://`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TagValue(String);

impl TagValue {
    /// The value as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TagValue {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let fits = text.chars().count() <= 128 && !starts_with_ignoring_case(text, "acs:") && !has_address(text);
        fits.then(|| Self(text.to_owned())).ok_or(Malformed)
    }
}

/// One tag of a resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tag {
    /// What the tag is about.
    pub key: TagKey,
    /// What it says.
    pub value: TagValue,
}

fn has_address(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("http://") || lower.contains("https://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values() {
        for key in ["team", "环境", "a b", &"k".repeat(128)] {
            assert!(key.parse::<TagKey>().is_ok(), "{key}");
        }
        for key in ["", "aliyun", "AliyunX", "acs:x", "see http://x", &"k".repeat(129)] {
            assert!(key.parse::<TagKey>().is_err(), "{key}");
        }
        for value in ["", "aliyun", "core infra", &"v".repeat(128)] {
            assert!(value.parse::<TagValue>().is_ok(), "{value}");
        }
        for value in ["acs:x", "HTTPS://x", &"v".repeat(129)] {
            assert!(value.parse::<TagValue>().is_err(), "{value}");
        }
    }
}
