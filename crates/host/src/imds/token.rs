//! Tokens of the security hardening mode. A token carries its end and a keyed hash over the instance and that end, so
//! none is stored, none outlives its time, and none works in another instance.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::Timestamp;

/// The longest time that a token may live, in seconds; the shortest is one.
pub(super) const LONGEST_TTL: i64 = 21_600;

/// Sets this use of the secret apart from any other.
const CONTEXT: &str = "tintype 2026 metadata token";

const END_BYTES: usize = 8;

/// Makes a token for an instance.
pub(super) fn issue(secret: &[u8; 32], instance: &str, ends: Timestamp) -> String {
    let end = ends.as_millis().to_be_bytes();
    let mut token = end.to_vec();
    token.extend_from_slice(proof(secret, instance, end).as_bytes());
    STANDARD.encode(token)
}

/// Whether a token is one of this instance's and has not ended.
pub(super) fn is_valid(secret: &[u8; 32], instance: &str, token: &str, now: Timestamp) -> bool {
    let Ok(token) = STANDARD.decode(token) else { return false };
    let Some((&end, claimed)) = token.split_first_chunk::<END_BYTES>() else { return false };
    let Ok(claimed) = <[u8; 32]>::try_from(claimed) else { return false };
    // Hashes compare in constant time.
    proof(secret, instance, end) == claimed && now < Timestamp::from_millis(i64::from_be_bytes(end))
}

fn proof(secret: &[u8; 32], instance: &str, end: [u8; END_BYTES]) -> blake3::Hash {
    let key = blake3::derive_key(CONTEXT, secret);
    blake3::Hasher::new_keyed(&key).update(&end).update(instance.as_bytes()).finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_holds_for_its_instance_and_its_time() {
        let (secret, end) = ([7; 32], Timestamp::from_millis(1_000_000));
        let before = end.plus_millis(-1);
        let token = issue(&secret, "i-one", end);
        assert!(is_valid(&secret, "i-one", &token, before));
        assert!(!is_valid(&secret, "i-one", &token, end));
        assert!(!is_valid(&secret, "i-two", &token, before));
        assert!(!is_valid(&[8; 32], "i-one", &token, before));
        let later = issue(&secret, "i-one", end.plus_millis(1));
        let mut forged = STANDARD.decode(&token).expect("ours");
        forged[..END_BYTES].copy_from_slice(&STANDARD.decode(&later).expect("ours")[..END_BYTES]);
        assert!(!is_valid(&secret, "i-one", &STANDARD.encode(forged), end));
        for garbage in ["", "AAAA", "not base64!", &token[..token.len() - 4]] {
            assert!(!is_valid(&secret, "i-one", garbage, before), "{garbage:?}");
        }
    }
}
