//! How often a caller may call: calls of the last minute, counted for each caller and action.
//!
//! Only actions whose limit the service publishes are counted. A node counts for itself: with several nodes a caller has
//! the limit at each of them.

use std::collections::{HashMap, VecDeque};

use model::Timestamp;
use parking_lot::Mutex;

/// The window, in milliseconds.
const MINUTE: i64 = 60_000;

/// Callers that are remembered before those whose minute is over are forgotten.
const SWEEP_AT: usize = 4_096;

/// Calls of one node's callers.
#[derive(Default)]
pub(crate) struct Throttle {
    calls: Mutex<HashMap<(String, &'static str), VecDeque<Timestamp>>>,
}

impl Throttle {
    /// Counts a call; when there were too many, says after how many milliseconds there is room for the next.
    pub(crate) fn count(
        &self,
        caller: String,
        action: &'static str,
        per_minute: u64,
        now: Timestamp,
    ) -> Result<(), i64> {
        let mut all = self.calls.lock();
        if SWEEP_AT < all.len() {
            all.retain(|_, calls| calls.back().is_some_and(|last| is_recent(*last, now)));
        }
        let calls = all.entry((caller, action)).or_default();
        while calls.front().is_some_and(|first| !is_recent(*first, now)) {
            calls.pop_front();
        }
        match calls.front() {
            Some(first) if per_minute <= calls.len() as u64 => {
                Err(first.as_millis().saturating_add(MINUTE).saturating_sub(now.as_millis()))
            }
            _ => {
                calls.push_back(now);
                Ok(())
            }
        }
    }
}

fn is_recent(call: Timestamp, now: Timestamp) -> bool {
    now.as_millis().saturating_sub(call.as_millis()) < MINUTE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(throttle: &Throttle, caller: &str, millis: i64) -> Result<(), i64> {
        throttle.count(caller.to_owned(), "Act", 3, Timestamp::from_millis(millis))
    }

    #[test]
    fn a_minute_has_room_for_so_many() {
        let throttle = Throttle::default();
        for millis in [0, 10, 20] {
            assert_eq!(count(&throttle, "a", millis), Ok(()));
        }
        assert_eq!(count(&throttle, "a", 30), Err(59_970));
        assert_eq!(count(&throttle, "a", 59_999), Err(1));
        assert_eq!(count(&throttle, "b", 30), Ok(()), "another caller has a minute of its own");
        assert_eq!(count(&throttle, "a", 60_000), Ok(()), "a refused call does not count");
        assert_eq!(count(&throttle, "a", 60_001), Err(9));
    }

    #[test]
    fn callers_are_forgotten() {
        let throttle = Throttle::default();
        for n in 0..10_000 {
            assert_eq!(count(&throttle, &n.to_string(), n * 1_000), Ok(()));
        }
        assert!(throttle.calls.lock().len() <= SWEEP_AT + 1);
    }
}
