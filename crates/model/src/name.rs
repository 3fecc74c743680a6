//! Texts that users write, each with its rule.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The text breaks its type's rule. Which code that is depends on the action and the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text breaks the rule of its field")]
pub struct Malformed;

macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $rule:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = Malformed;

            fn from_str(text: &str) -> Result<Self, Malformed> {
                let rule: fn(&str) -> bool = $rule;
                rule(text).then(|| Self(text.to_owned())).ok_or(Malformed)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_type!(
    /// An image's name or family: 2 to 128 characters, first a letter or an ideograph, then also digits and `.:_-`; it
    /// does not start with `aliyun` or `acs:` (ModifyImageAttribute, `ImageName`).
    ImageName,
    |text| {
        let mut chars = text.chars();
        let len = text.chars().count();
        (2..=128).contains(&len)
            && chars.next().is_some_and(is_letter)
            && chars.all(|c| is_letter(c) || c.is_ascii_digit() || matches!(c, '.' | ':' | '_' | '-'))
            && !starts_with_ignoring_case(text, "aliyun")
            && !starts_with_ignoring_case(text, "acs:")
    }
);

text_type!(
    /// The name of a custom image of Simple Application Server: 2 to 128 letters, digits, `:`, `_` and `-`, first a letter
    /// or a digit (CreateCustomImage, `ImageName`).
    SwasImageName,
    |text| {
        let mut chars = text.chars();
        let is_first = |c: char| is_letter(c) || c.is_ascii_digit();
        (2..=128).contains(&text.chars().count())
            && chars.next().is_some_and(is_first)
            && chars.all(|c| is_first(c) || matches!(c, ':' | '_' | '-'))
    }
);

impl From<SwasImageName> for ImageName {
    /// An image that is shared with another product shows the name that it has, whoever's rule that follows.
    fn from(name: SwasImageName) -> Self {
        Self(name.0)
    }
}

text_type!(
    /// A description: at most 256 characters, not starting with `http://` or `https://`. The newest documents ask for at
    /// least two characters, the 2016 one for none, so that an empty text means "no description".
    Description,
    |text| {
        text.chars().count() <= 256
            && !starts_with_ignoring_case(text, "http://")
            && !starts_with_ignoring_case(text, "https://")
    }
);

text_type!(
    /// What makes a retried call the same call: 1 to 64 ASCII characters that print.
    ClientToken,
    |text| (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
);

text_type!(
    /// The prefix of exported objects: 1 to 30 letters or digits (ExportImage, `OSSPrefix`).
    OssPrefix,
    |text| (1..=30).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
);

text_type!(
    /// The name of a server, disk, snapshot, key pair, network or group: 2 to 128 characters, first a letter or an
    /// ideograph, not starting with `http://` or `https://`.
    ResourceName,
    |text| {
        (2..=128).contains(&text.chars().count())
            && text.chars().next().is_some_and(is_letter)
            && !text.chars().any(char::is_control)
            && !starts_with_ignoring_case(text, "http://")
            && !starts_with_ignoring_case(text, "https://")
    }
);

text_type!(
    /// A host's name: 2 to 64 letters, digits, `.` and `-`, none of the marks first, last or twice in a row (RunInstances,
    /// `HostName`).
    HostName,
    |text| {
        let marks = |b: u8| b == b'.' || b == b'-';
        (2..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || marks(b))
            && !text.starts_with(['.', '-'])
            && !text.ends_with(['.', '-'])
            && !text.as_bytes().windows(2).any(|pair| marks(pair[0]) && marks(pair[1]))
    }
);

text_type!(
    /// A password: 8 to 30 characters of at least three kinds: upper case, lower case, digits, marks (RunInstances,
    /// `Password`).
    Password,
    |text| {
        let kind = |test: fn(&u8) -> bool| u8::from(text.bytes().any(|b| test(&b)));
        (8..=30).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_graphic())
            && 3 <= kind(u8::is_ascii_uppercase)
                + kind(u8::is_ascii_lowercase)
                + kind(u8::is_ascii_digit)
                + kind(u8::is_ascii_punctuation)
    }
);

/// An ASCII letter or a CJK ideograph.
fn is_letter(c: char) -> bool {
    c.is_ascii_alphabetic() || matches!(c, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}')
}

pub(crate) fn starts_with_ignoring_case(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<T: FromStr>(good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(text.parse::<T>().is_ok(), "{text:?} is good");
        }
        for text in bad {
            assert!(text.parse::<T>().is_err(), "{text:?} is bad");
        }
    }

    #[test]
    fn image_names() {
        let longest = format!("a{}", "b".repeat(127));
        let too_long = format!("a{}", "b".repeat(128));
        check::<ImageName>(
            &["ab", "web_gold-1.0:x", "镜像", "镜a", &longest, "Aliy"],
            &[
                "",
                "a",
                "1a",
                "_ab",
                "a b",
                "ab/",
                "aliyunX",
                "ALIYUN-1",
                "acs:ab",
                "http://ab",
                "ab镜\u{301}",
                &too_long,
            ],
        );
    }

    #[test]
    fn image_names_of_simple_application_servers() {
        check::<SwasImageName>(
            &["ab", "1a", "customImage-test", "a:b_c-1", "镜像", &"9".repeat(128)],
            &["", "a", "_ab", "-ab", ":ab", "a b", "a.b", "a/b", &"9".repeat(129)],
        );
    }

    #[test]
    fn descriptions() {
        let longest = "镜".repeat(256);
        let too_long = "镜".repeat(257);
        check::<Description>(&["", "x", "see http://x", &longest], &["http://x", "HTTPS://x", &too_long]);
    }

    #[test]
    fn client_tokens() {
        check::<ClientToken>(&["a", &"t".repeat(64)], &["", "镜", "a\n", &"t".repeat(65)]);
    }

    #[test]
    fn names_of_servers_and_passwords() {
        check::<ResourceName>(&["ab", "web server 1", "镜像"], &["", "a", "1a", "http://ab", "a\n"]);
        check::<HostName>(&["ab", "web-1.local"], &["a", "-ab", "ab.", "a..b", "a_b"]);
        check::<Password>(&["Passw0rd", "aB3!aB3!"], &["Pass0rd", "password1", "Pässw0rd!", "Passw0rd with blanks"]);
    }

    #[test]
    fn prefixes() {
        check::<OssPrefix>(&["a", "MYOSSPRE", &"x".repeat(30)], &["", "a_b", "a/b", &"x".repeat(31)]);
    }
}
