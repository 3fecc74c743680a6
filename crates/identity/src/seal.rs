//! Sealed texts: what this deployment gives away and wants back unread and unchanged, such as the token of a session.
//!
//! Nothing is stored for a sealed text: any node of the deployment opens it with the key that is in the records.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::Entropy;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

/// Longest sealed text that is opened: a session with the largest policy needs less than half of it.
const LONGEST: usize = 32 << 10;

/// What a text was sealed for; it opens for nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The token of a session.
    Session,
    /// What led to a denial.
    Diagnosis,
}

impl Purpose {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::Session => b"session/1",
            Self::Diagnosis => b"diagnosis/1",
        }
    }
}

/// Seals and opens.
pub(crate) struct Sealer {
    key: LessSafeKey,
}

impl Sealer {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, key).expect("a key of this algorithm has 32 bytes");
        Self { key: LessSafeKey::new(key) }
    }

    /// Seals a text. A nonce is random: it may not come twice under one key, which 96 random bits promise for 2^32 texts.
    pub(crate) fn seal(&self, entropy: &dyn Entropy, purpose: Purpose, text: &[u8]) -> String {
        let mut nonce = [0; NONCE_LEN];
        entropy.fill(&mut nonce);
        let mut sealed = text.to_vec();
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(purpose.name()), &mut sealed)
            .expect("texts of ours are far below the algorithm's 64 GiB");
        STANDARD.encode([nonce.as_slice(), &sealed].concat())
    }

    /// Opens a text; none when it was not sealed here, for this, or was changed since.
    pub(crate) fn open(&self, purpose: Purpose, text: &str) -> Option<Vec<u8>> {
        if LONGEST < text.len() {
            return None;
        }
        let sealed = STANDARD.decode(text).ok()?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let opened = self.key.open_in_place(nonce, Aad::from(purpose.name()), &mut sealed).ok()?;
        Some(opened.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use model::SystemEntropy;

    use super::*;

    #[test]
    fn what_was_sealed_here_for_this_opens_and_nothing_else() {
        let sealer = Sealer::new(&[1; 32]);
        let sealed = sealer.seal(&SystemEntropy, Purpose::Session, b"text");
        assert_eq!(sealer.open(Purpose::Session, &sealed).as_deref(), Some(&b"text"[..]));
        assert_eq!(sealer.open(Purpose::Diagnosis, &sealed), None);
        assert_eq!(Sealer::new(&[2; 32]).open(Purpose::Session, &sealed), None);
        for place in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("ASCII");
            assert_eq!(sealer.open(Purpose::Session, &changed), None, "byte {place}");
        }
        for hostile in ["", "AAAA", "not base64", &"A".repeat(LONGEST + 4)] {
            assert_eq!(sealer.open(Purpose::Session, hostile), None);
        }
    }
}
