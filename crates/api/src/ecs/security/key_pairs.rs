//! What the calls about key pairs have in common: the form of public keys, and how a pair is recorded.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use engine::Engine;
use md5::{Digest as _, Md5};
use meta::{Scope, Tx, resources};
use model::network::KeyPair;
use model::quota::Quota;
use model::{AccountId, KeyPairId, RegionId, ResourceName, Tag};
use rsa::traits::PublicKeyParts as _;
use rsa::{BigUint, RsaPublicKey, rand_core};

use crate::code::{ApiResult, Code};
use crate::dispatch::Allowed;
use crate::quota;

/// Longest public key that is taken: 16,384 bits.
const LONGEST_KEY: usize = 4096;

/// The server's randomness, as the maker of keys asks for it.
pub(super) struct Random<'a>(pub(super) &'a Engine);

impl rand_core::RngCore for Random<'_> {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        self.0.entropy().fill(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl rand_core::CryptoRng for Random<'_> {}

/// A public key as it stands in `authorized_keys` (RFC 4253, section 6.6).
pub(super) fn openssh(key: &RsaPublicKey) -> String {
    let mut blob = Vec::new();
    let mut put = |bytes: &[u8]| {
        blob.extend(u32::try_from(bytes.len()).expect("a key is short").to_be_bytes());
        blob.extend(bytes);
    };
    put(b"ssh-rsa");
    for number in [key.e(), key.n()] {
        put(&mpint(number));
    }
    format!("ssh-rsa {}", STANDARD.encode(blob))
}

/// A number whose first bit is its sign (RFC 4251, section 5).
fn mpint(number: &BigUint) -> Vec<u8> {
    let mut bytes = number.to_bytes_be();
    if bytes.first().is_some_and(|first| 0x80 <= *first) {
        bytes.insert(0, 0);
    }
    bytes
}

/// MD5 of a public key's blob, in hexadecimal digits (RFC 4716, section 4); none for what is no RSA or Ed25519 key.
pub(super) fn fingerprint(public_key: &str) -> Option<String> {
    let mut words = public_key.split_ascii_whitespace();
    let (kind, blob) = (words.next()?, words.next()?);
    if !["ssh-rsa", "ssh-ed25519"].contains(&kind) || LONGEST_KEY < blob.len() {
        return None;
    }
    let blob = STANDARD.decode(blob).ok()?;
    // The blob says its kind again.
    let says = blob.get(4..4 + kind.len())?;
    let is_whole = blob[..4] == u32::try_from(kind.len()).ok()?.to_be_bytes() && says == kind.as_bytes();
    (is_whole && kind.len() + 8 < blob.len()).then(|| hex::encode(Md5::digest(&blob)))
}

/// Records a key pair under a name that nobody has.
pub(super) async fn store(
    cx: &Allowed<'_>,
    (id, name): (KeyPairId, ResourceName),
    (region, tags): (RegionId, Vec<Tag>),
    (fingerprint, public_key): (String, String),
) -> ApiResult<()> {
    let (owner, created) = (cx.account(), cx.engine().clock().now());
    let seq = cx.engine().age_sequence(created);
    let pair = KeyPair { id, owner, region, name, fingerprint, public_key, tags, created };
    cx.engine()
        .meta()
        .write(Scope::Account(owner), move |tx| {
            if resources::by_name::<KeyPair>(tx, owner, &pair.region, pair.name.as_str())?.is_some() {
                return Err(Code::KeyPairAlreadyExists.error());
            }
            let there = resources::total::<KeyPair>(tx, owner, &pair.region)?;
            quota::one_more(tx, owner, Quota::KeyPairs, there, Code::KeyPairQuotaExceeded)?;
            resources::insert(tx, &pair, seq)?;
            Ok(())
        })
        .await
}

/// Whether a region has the key pair that a call names, when it names one; `missing` is the action's code for none.
pub(crate) fn check(
    tx: &mut Tx<'_>,
    (account, region): (AccountId, &RegionId),
    name: Option<&ResourceName>,
    missing: Code,
) -> ApiResult<()> {
    if let Some(name) = name {
        resources::by_name::<KeyPair>(tx, account, region, name.as_str())?.ok_or(missing)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_key_has_the_form_that_ssh_reads() {
        let key = RsaPublicKey::new(BigUint::from(0xc0ff_ee01_u64), BigUint::from(65_537_u64)).expect("a small key");
        let text = openssh(&key);
        assert_eq!(text, "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAABQDA/+4B");
        assert_eq!(fingerprint(&format!("{text} a comment")).map(|print| print.len()), Some(32));
        for bad in ["", "ssh-rsa", "ssh-rsa !!", "ssh-dss AAAAB3NzaC1kc3M=", "ssh-rsa AAAAB3NzaC1kc3M=", "ssh-rsa AAAA"]
        {
            assert_eq!(fingerprint(bad), None, "{bad}");
        }
    }
}
