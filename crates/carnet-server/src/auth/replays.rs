//! [`Replays`]: signed requests count once.

use std::collections::{BTreeSet, HashSet};

use carnet_ticket::id::UniqueId;
use carnet_ticket::time::Timestamp;
use parking_lot::Mutex;

/// How long a request is remembered: it counts for 300 s either way of its time.
const REMEMBERED_S: i64 = 601;

/// The most requests that are remembered. Beyond them none is taken, rather than one twice.
const REQUESTS_MAX: usize = 1_000_000;

/// The signed requests of the last minutes.
pub(crate) struct Replays {
    /// What was signed before the process started may have been seen by the one before it.
    started: Timestamp,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    requests: HashSet<UniqueId>,
    /// When each is forgotten, Unix seconds.
    ends: BTreeSet<(i64, UniqueId)>,
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
        if seen.requests.len() >= REQUESTS_MAX {
            return Err(ReplayError::Full);
        }
        seen.requests.insert(request);
        seen.ends.insert((signed_s.saturating_add(REMEMBERED_S), request));
        Ok(())
    }
}

impl Seen {
    fn forget_before(&mut self, now_s: i64) {
        while let Some((end, request)) = self.ends.first().copied().filter(|(end, _)| *end < now_s)
        {
            self.ends.remove(&(end, request));
            self.requests.remove(&request);
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
