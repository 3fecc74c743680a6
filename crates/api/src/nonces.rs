//! Nonces that were used: a signed request is good once.
//!
//! A nonce needs to be remembered while its timestamp is acceptable, which is half an hour from the earliest to the
//! latest clock. Two generations of that length, swapped when the younger is full of age, bound the memory by the rate
//! of requests and forget nothing too early.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};

use model::Timestamp;
use parking_lot::Mutex;
use wire::call::CLOCK_SKEW_MILLIS;

/// Used nonces of one node.
#[derive(Default)]
pub(crate) struct Nonces {
    state: Mutex<State>,
    hasher: RandomState,
}

#[derive(Default)]
struct State {
    young: HashSet<u64>,
    old: HashSet<u64>,
    turned: Option<Timestamp>,
}

impl Nonces {
    /// Uses a nonce of a key; false when it was used before.
    pub(crate) fn use_once(&self, access_key_id: &str, nonce: &str, now: Timestamp) -> bool {
        // A keyed hash of both: eight bytes a request, and no caller can make another's nonce look used.
        let hash = self.hasher.hash_one((access_key_id, nonce));
        let mut state = self.state.lock();
        let turned = *state.turned.get_or_insert(now);
        if now.as_millis() - turned.as_millis() > 2 * CLOCK_SKEW_MILLIS {
            state.old = std::mem::take(&mut state.young);
            state.turned = Some(now);
        }
        !state.old.contains(&hash) && state.young.insert(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_good_once_a_key() {
        let nonces = Nonces::default();
        let now = Timestamp::from_millis(0);
        assert!(nonces.use_once("a", "n", now));
        assert!(!nonces.use_once("a", "n", now));
        assert!(nonces.use_once("b", "n", now));
        assert!(!nonces.use_once("a", "n", now.plus_millis(2 * CLOCK_SKEW_MILLIS)), "still in its window");
    }

    #[test]
    fn memory_does_not_grow_for_ever() {
        let nonces = Nonces::default();
        for n in 0..10 {
            let now = Timestamp::from_millis(n * (2 * CLOCK_SKEW_MILLIS + 1));
            for m in 0..100 {
                assert!(nonces.use_once("a", &format!("{n}-{m}"), now));
            }
        }
        let state = nonces.state.lock();
        assert!(state.young.len() + state.old.len() <= 200);
    }
}
