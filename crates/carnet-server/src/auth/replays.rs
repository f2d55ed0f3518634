//! [`Replays`]: signed requests count once.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap, HashSet};

use carnet_ticket::id::UniqueId;
use carnet_ticket::time::Timestamp;
use parking_lot::Mutex;

/// How long a request is remembered: it counts for 300 s either way of its time.
const REMEMBERED_S: i64 = 601;

/// The most requests that are remembered. Beyond them none is taken, rather than one twice.
const REQUESTS_MAX: usize = 1_000_000;

/// The most of one client: it cannot fill the memory for all.
const OF_CLIENT_MAX: usize = 100_000;

/// The signed requests of the last minutes.
pub(crate) struct Replays {
    /// What was signed before the process started may have been seen by the one before it.
    started: Timestamp,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    requests: HashSet<UniqueId>,
    /// How many there are of each client.
    of_client: HashMap<UniqueId, usize>,
    /// When each is forgotten, Unix seconds, and whose it is.
    ends: BTreeSet<(i64, UniqueId, UniqueId)>,
}

/// Why a request does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReplayError {
    /// It was seen before, or may have been.
    #[error("the request was made before")]
    Replay,
    /// There is no room to remember it.
    #[error("too many signed requests are remembered")]
    Full,
}

impl Replays {
    /// Nothing was seen since `started`.
    pub(crate) fn new(started: Timestamp) -> Self {
        Self { started, seen: Mutex::default() }
    }

    /// Takes a request, named `once` among all of its client and signed at `signed_s`, for the first time.
    pub(crate) fn take(
        &self,
        client: &str,
        once: &[u8; 16],
        signed_s: i64,
        now: Timestamp,
    ) -> Result<(), ReplayError> {
        if Timestamp::from_unix_s(signed_s) < self.started {
            return Err(ReplayError::Replay);
        }
        let request = UniqueId::from_parts(&[client.as_bytes(), b"\0", once]);
        let mut seen = self.seen.lock();
        seen.forget_before(now.unix_s());
        if seen.requests.contains(&request) {
            return Err(ReplayError::Replay);
        }
        let client = UniqueId::from_parts(&[client.as_bytes()]);
        let of_client = seen.of_client.get(&client).copied().unwrap_or(0);
        if seen.requests.len() >= REQUESTS_MAX || of_client >= OF_CLIENT_MAX {
            return Err(ReplayError::Full);
        }
        seen.of_client.insert(client, of_client + 1);
        seen.requests.insert(request);
        seen.ends.insert((signed_s.saturating_add(REMEMBERED_S), request, client));
        Ok(())
    }
}

impl Seen {
    fn forget_before(&mut self, now_s: i64) {
        while self.ends.first().is_some_and(|(end, ..)| *end < now_s) {
            let Some((_, request, client)) = self.ends.pop_first() else { return };
            self.requests.remove(&request);
            if let Entry::Occupied(mut count) = self.of_client.entry(client) {
                *count.get_mut() -= 1;
                if *count.get() == 0 {
                    count.remove();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_700_000_000_500);

    /// Promise: R-48
    #[test]
    fn a_request_counts_once_and_is_forgotten_when_it_is_too_old_anyway() {
        let replays = Replays::new(START);
        let signed_s = START.unix_s() + 1;
        let take = |client, once: u8, now_s| {
            replays.take(client, &[once; 16], signed_s, Timestamp::from_unix_s(now_s))
        };
        assert_eq!(take("a", 1, signed_s), Ok(()));
        assert_eq!(take("a", 1, signed_s + 300), Err(ReplayError::Replay));
        assert_eq!([take("a", 2, signed_s), take("b", 1, signed_s)], [Ok(()); 2]);
        assert_eq!(take("a", 3, signed_s + 602), Ok(()), "the skew is judged elsewhere");
        assert_eq!(replays.seen.lock().requests.len(), 1, "memory is given back");
        assert_eq!(replays.seen.lock().ends.len(), 1);
        assert_eq!(replays.seen.lock().of_client.len(), 1);
    }

    #[test]
    fn one_client_does_not_fill_the_memory_for_others() {
        let replays = Replays::new(START);
        let signed_s = START.unix_s() + 1;
        let take = |client, once: u128, now_s| {
            replays.take(client, &once.to_le_bytes(), signed_s, Timestamp::from_unix_s(now_s))
        };
        for once in 0..OF_CLIENT_MAX as u128 {
            assert_eq!(take("a", once, signed_s), Ok(()));
        }
        assert_eq!(take("a", u128::MAX, signed_s), Err(ReplayError::Full));
        assert_eq!(take("b", 0, signed_s), Ok(()));
        assert_eq!(take("a", u128::MAX, signed_s + 602), Ok(()), "it is forgotten in time");
    }

    /// Promise: R-48
    #[test]
    fn what_was_signed_before_the_start_may_have_been_seen_before_it() {
        let replays = Replays::new(START);
        let take = |signed_s| replays.take("a", &[1; 16], signed_s, START);
        assert_eq!(
            take(START.unix_s()),
            Err(ReplayError::Replay),
            "to the second, it may be earlier"
        );
        assert_eq!(take(START.unix_s() + 1), Ok(()));
    }
}
