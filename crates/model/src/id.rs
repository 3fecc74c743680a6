//! Identifiers: one type for each noun, so that an image's id cannot stand where a task's is meant.
//!
//! Ids that the server makes are a prefix and twenty lower-case letters or digits from an injected source of
//! randomness: 103 bits, never reused. Ids that arrive from outside are only texts to look up, so parsing bounds their
//! length and character set and nothing more: an unknown id is an empty list or a `NotFound`, never a syntax error.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::name::Malformed;

/// Where randomness comes from.
pub trait Entropy: Send + Sync {
    /// Fill `bytes` with unpredictable bits.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's random source.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system's random source answers once it is seeded");
    }
}

const ALPHABET: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// A text of `len` random characters of `0-9a-z`.
pub fn random_text(entropy: &dyn Entropy, len: usize) -> String {
    let mut text = String::with_capacity(len);
    let mut bytes = [0_u8; 32];
    while text.len() < len {
        entropy.fill(&mut bytes);
        for byte in bytes {
            // 252 is the largest multiple of 36 below 256: what lies above would favour the first characters.
            if byte < 252 && text.len() < len {
                text.push(char::from(ALPHABET[usize::from(byte % 36)]));
            }
        }
    }
    text
}

/// Longest id that is looked up; longer texts cannot name anything.
const LONGEST_ID: usize = 128;

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// A new id that was never given before.
            pub fn generate(entropy: &dyn Entropy) -> Self {
                Self(format!(concat!($prefix, "{}"), random_text(entropy, 20)))
            }

            /// The id as it stands on the wire.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// An id that a record of ours holds.
            pub fn from_record(text: String) -> Self {
                Self(text)
            }
        }

        impl FromStr for $name {
            type Err = Malformed;

            fn from_str(text: &str) -> Result<Self, Malformed> {
                if text.is_empty() || text.len() > LONGEST_ID || text.chars().any(char::is_control) {
                    return Err(Malformed);
                }
                Ok(Self(text.to_owned()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    };
}

id_type!(
    /// An image, `m-` and twenty characters.
    ImageId, "m-"
);
id_type!(
    /// A snapshot, `s-` and twenty characters.
    SnapshotId, "s-"
);
id_type!(
    /// A task, `t-` and twenty characters: what a client sees of a flow.
    TaskId, "t-"
);
id_type!(
    /// A flow of the engine; never on the wire.
    FlowId, "f-"
);
id_type!(
    /// A server, `i-` and twenty characters.
    InstanceId, "i-"
);
id_type!(
    /// A disk, `d-` and twenty characters.
    DiskId, "d-"
);
id_type!(
    /// A key pair, `ssh-` and twenty characters. Calls name key pairs by their names.
    KeyPairId, "ssh-"
);
id_type!(
    /// A security group, `sg-` and twenty characters.
    SecurityGroupId, "sg-"
);
id_type!(
    /// A rule of a security group, `sgr-` and twenty characters.
    SecurityGroupRuleId, "sgr-"
);
id_type!(
    /// A private network, `vpc-` and twenty characters.
    VpcId, "vpc-"
);
id_type!(
    /// A subnet of a private network, `vsw-` and twenty characters.
    VSwitchId, "vsw-"
);
id_type!(
    /// An elastic address, `eip-` and twenty characters.
    AllocationId, "eip-"
);
id_type!(
    /// A network interface, `eni-` and twenty characters: every server has one.
    NetworkInterfaceId, "eni-"
);

/// A bit that no generated account has, small enough for a number of JSON to stay exact.
const AT_SWAS: u64 = 1 << 52;

/// An account: sixteen digits, a number on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(u64);

impl AccountId {
    /// A new account id in the range that the service uses today.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0_u8; 8];
        entropy.fill(&mut bytes);
        Self(1_000_000_000_000_000 + u64::from_le_bytes(bytes) % 1_000_000_000_000_000)
    }

    /// The account of what the server itself offers. No caller has it.
    pub const SYSTEM: Self = Self(0);

    /// The account with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The account beside this one that holds what Simple Application Server sells to it. No caller has it: what is
    /// there, the other products do not see unless it is shared with them.
    pub const fn at_swas(self) -> Self {
        Self(self.0 | AT_SWAS)
    }

    /// True for an account beside another.
    pub const fn is_at_swas(self) -> bool {
        self.0 & AT_SWAS != 0
    }

    /// The account that stands for itself: this one, or the one that this one is beside.
    pub const fn customer(self) -> Self {
        Self(self.0 & !AT_SWAS)
    }

    /// The number, as it stands in JSON answers.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl FromStr for AccountId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        // Records hold the number in a signed column.
        let number: i64 = text.parse().map_err(|_| Malformed)?;
        u64::try_from(number).map(Self).map_err(|_| Malformed)
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A region, such as `cn-hangzhou`. Whether the server serves it is not this type's question.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RegionId(String);

impl RegionId {
    /// The region as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RegionId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let fits = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        fits.then(|| Self(text.to_owned())).ok_or(Malformed)
    }
}

impl fmt::Display for RegionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RegionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A bucket's name: 3 to 63 of `a-z0-9-`, neither end a hyphen (OSS, "Bucket naming").
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BucketName(String);

impl BucketName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for BucketName {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let fits = (3..=63).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        fits.then(|| Self(text.to_owned())).ok_or(Malformed)
    }
}

impl fmt::Display for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A request's id: an upper-case UUID (version 4, RFC 9562), in every answer and every log line.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// A new request id.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0_u8; 16];
        entropy.fill(&mut bytes);
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let n = u128::from_be_bytes(bytes);
        Self(format!(
            "{:08X}-{:04X}-{:04X}-{:04X}-{:012X}",
            n >> 96,
            (n >> 80) & 0xffff,
            (n >> 64) & 0xffff,
            (n >> 48) & 0xffff,
            n & 0xffff_ffff_ffff
        ))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The 24 hexadecimal digits that OSS uses in the same place.
    pub fn oss(&self) -> String {
        self.0.chars().filter(|c| *c != '-').take(24).collect()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_ids_have_the_shape_of_the_service() {
        let id = ImageId::generate(&SystemEntropy);
        assert!(id.as_str().starts_with("m-") && id.as_str().len() == 22, "{id}");
        assert_ne!(id, ImageId::generate(&SystemEntropy));
        assert_eq!(AccountId::generate(&SystemEntropy).to_string().len(), 16);
    }

    #[test]
    fn the_account_at_swas_is_nobody_elses() {
        let account = AccountId::generate(&SystemEntropy);
        let beside = account.at_swas();
        assert!(beside.is_at_swas() && !account.is_at_swas());
        assert_eq!((beside.customer(), account.customer(), beside.at_swas()), (account, account, beside));
        // No generated account reaches the bit, and JSON's numbers are exact that far.
        assert!(1_999_999_999_999_999 < AT_SWAS && AccountId::new(1_999_999_999_999_999).at_swas().number() < 1 << 53);
    }

    #[test]
    fn a_request_id_is_an_upper_case_uuid() {
        let id = RequestId::generate(&SystemEntropy).to_string();
        assert_eq!(id.len(), 36);
        assert_eq!(id.as_bytes()[14], b'4');
        assert!(id.chars().all(|c| c == '-' || c.is_ascii_digit() || c.is_ascii_uppercase()), "{id}");
    }

    #[test]
    fn bucket_names() {
        for good in ["abc", "ecsimageos", "a-1", &"x".repeat(63)] {
            assert!(good.parse::<BucketName>().is_ok(), "{good}");
        }
        for bad in ["", "ab", "-abc", "abc-", "Abc", "a.b.c", "a_b_c", &"x".repeat(64)] {
            assert!(bad.parse::<BucketName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn account_ids_fit_a_signed_column() {
        assert!("18446744073709551615".parse::<AccountId>().is_err());
        assert!("-1".parse::<AccountId>().is_err());
        assert_eq!("123".parse::<AccountId>().map(AccountId::number), Ok(123));
    }
}
