//! Names at the NBD door over TCP: an image's disk, until when, and who says so.
//!
//! NBD has no place for a key but the export's name, so the name carries a signature, as a presigned URL does:
//! `IMAGE[/DISK]?AccessKeyId=…&Expires=…&Signature=…[&SecurityToken=…]`, the values encoded as in a URL. The signature is
//! HMAC-SHA256 with the key's secret, in hexadecimal, of three lines: `nbd`, `IMAGE/DISK`, and the time in Unix seconds
//! after which the name opens nothing. Decision 0010 says why.
//!
//! Whoever knows a name may read until then: a name is a secret. Nothing is stored, and a name cannot be taken back but by
//! taking back its key or what the key may do.

use anyhow::{Result, ensure};
use hmac::{Hmac, KeyInit as _, Mac as _};
use model::{ImageId, Timestamp};
use sha2::Sha256;
use wire::encode;

use crate::data_dir::Credentials;

/// Longest name of the protocol, in bytes.
const LONGEST_NAME: usize = 4_096;

/// How far ahead a name may end, in seconds: a week, as with presigned URLs of OSS.
pub(crate) const LONGEST_VALIDITY: u32 = 604_800;

/// One disk of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DiskName {
    /// The image.
    pub(crate) image: ImageId,
    /// Which of its disks; 0 is the system disk.
    pub(crate) disk: usize,
}

/// A name as a client sent it. Nothing of it is proved yet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct SignedName {
    /// What is to be read.
    pub(crate) of: DiskName,
    /// Whose key signed.
    pub(crate) access_key_id: String,
    /// The token of a temporary key.
    pub(crate) security_token: Option<String>,
    expires: i64,
    signature: Vec<u8>,
}

impl DiskName {
    /// `m-…` for the system disk, `m-…/1` for the first data disk.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (image, disk) = text.split_once('/').unwrap_or((text, "0"));
        Some(Self { image: image.parse().ok()?, disk: disk.parse().ok()? })
    }

    /// The name with which this key reads the disk until then.
    pub(crate) fn sign(&self, key: &Credentials, expires: Timestamp) -> Result<String> {
        let expires = expires.as_millis() / 1_000;
        let signature = hex::encode(self.mac(&key.access_key_secret, expires).finalize().into_bytes());
        let id = encode::encode(&key.access_key_id);
        let mut name = format!("{self}?AccessKeyId={id}&Expires={expires}&Signature={signature}");
        if let Some(token) = &key.security_token {
            name = format!("{name}&SecurityToken={}", encode::encode(token));
        }
        ensure!(
            name.len() <= LONGEST_NAME,
            "the key's token is longer than a name may be; its session's policy is in it"
        );
        Ok(name)
    }

    fn mac(&self, secret: &str, expires: i64) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
        mac.update(format!("nbd\n{}/{}\n{expires}", self.image, self.disk).as_bytes());
        mac
    }
}

impl std::fmt::Display for DiskName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.disk {
            0 => write!(f, "{}", self.image),
            disk => write!(f, "{}/{disk}", self.image),
        }
    }
}

impl SignedName {
    /// Reads a name; none for one that is not of this form. Every part stands once.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (of, query) = text.split_once('?')?;
        let (mut key, mut expires, mut signature, mut token) = (None, None, None, None);
        for (name, value) in encode::pairs(query.as_bytes()) {
            let part = match name.as_str() {
                "AccessKeyId" => &mut key,
                "Expires" => &mut expires,
                "Signature" => &mut signature,
                "SecurityToken" => &mut token,
                _ => return None,
            };
            if part.replace(value).is_some() {
                return None;
            }
        }
        Some(Self {
            of: DiskName::parse(of)?,
            access_key_id: key?,
            security_token: token,
            expires: expires?.parse().ok()?,
            signature: hex::decode(signature?).ok()?,
        })
    }

    /// Whether the secret signed it, and for a time that has not ended and is not too far.
    pub(crate) fn holds(&self, secret: &str, now: Timestamp) -> bool {
        let left = self.expires.saturating_sub(now.as_millis() / 1_000);
        (1..=i64::from(LONGEST_VALIDITY)).contains(&left)
            && self.of.mac(secret, self.expires).verify_slice(&self.signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_248_030_000;

    fn key(token: Option<&str>) -> Credentials {
        Credentials {
            account_id: "1".into(),
            access_key_id: "LTAI5tKey".into(),
            access_key_secret: "secret".into(),
            security_token: token.map(str::to_owned),
        }
    }

    fn signed(text: &str, seconds: i64) -> String {
        let expires = Timestamp::from_millis(NOW + seconds * 1_000);
        DiskName::parse(text).expect("a disk").sign(&key(None), expires).expect("signs")
    }

    fn holds(name: &str) -> bool {
        let now = Timestamp::from_millis(NOW);
        SignedName::parse(name).is_some_and(|name| name.holds("secret", now))
    }

    #[test]
    fn a_name_as_anybody_can_make_it() {
        // printf 'nbd\nm-abc/1\n1795248031' | openssl dgst -sha256 -hmac secret
        let signature = "f3690a812bb4a6fec2e5b72af89bf317f23ad3f281b8bcf3db58f66479f94d39";
        let expected = format!("m-abc/1?AccessKeyId=LTAI5tKey&Expires=1795248031&Signature={signature}");
        assert_eq!(signed("m-abc/1", 1), expected);
        assert!(holds(&expected));
    }

    #[test]
    fn only_what_was_signed_holds() {
        let name = signed("m-abc", 60);
        assert!(holds(&name));
        assert!(holds(&name.replace("m-abc?", "m-abc/0?")), "the system disk has two names");
        assert!(!holds(&name.replace("m-abc", "m-abd")));
        assert!(!holds(&name.replace("m-abc", "m-abc/1")));
        assert!(!holds(&name.replace("Expires=1", "Expires=2")));
        assert!(!holds(&name[..name.len() - 2]), "half a signature");
        assert!(!holds("m-abc"));
        assert!(!SignedName::parse(&name).expect("a name").holds("another", Timestamp::from_millis(NOW)));
    }

    #[test]
    fn a_name_has_an_end() {
        let week = i64::from(LONGEST_VALIDITY);
        for (seconds, expected) in [(0, false), (1, true), (week, true), (week + 1, false), (-1, false)] {
            assert_eq!(holds(&signed("m-abc", seconds)), expected, "{seconds}");
        }
    }

    #[test]
    fn malformed_names() {
        let name = signed("m-abc", 60);
        for wrong in ["", "?", "m-abc?", "m-abc?AccessKeyId=a", "m-abc/x?AccessKeyId=a&Expires=1&Signature=00"] {
            assert_eq!(SignedName::parse(wrong), None, "{wrong}");
        }
        assert_eq!(SignedName::parse(&format!("{name}&Expires=9")), None, "twice");
        assert_eq!(SignedName::parse(&format!("{name}&More=1")), None);
    }

    #[test]
    fn a_token_comes_with_the_name_and_must_fit() {
        let expires = Timestamp::from_millis(NOW + 1_000);
        let of = DiskName::parse("m-abc").expect("a disk");
        let name = of.sign(&key(Some("a+b/c==")), expires).expect("signs");
        assert_eq!(SignedName::parse(&name).expect("a name").security_token.as_deref(), Some("a+b/c=="));
        assert!(of.sign(&key(Some(&"x".repeat(4_000))), expires).is_err());
    }
}
