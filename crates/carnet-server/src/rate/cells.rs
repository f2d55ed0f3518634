//! [`Cells`]: what the limiter remembers, by key; never more than so much.

use std::collections::HashMap;
use std::time::Duration;

use governor::RateLimiter;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use parking_lot::Mutex;

use super::clock::Ticks;

/// Keys that are told apart. Further ones count together.
const KEYS_MAX: usize = 65_536;

/// The key of those that are not told apart.
const REST: u64 = 0;

/// How often keys are looked through for what is over, when there are too many.
const PRUNE_INTERVAL: Duration = Duration::from_secs(1);

/// What counts, and forgets.
pub(super) type Governor = RateLimiter<Key, Cells, Ticks, NoOpMiddleware<Duration>>;

/// Whose requests are counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) hash: u64,
    /// Whether nothing is counted now.
    pub(super) is_look: bool,
}

/// When each key is back to having asked for nothing, as time since the start.
pub(super) struct Cells {
    ticks: Ticks,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    cells: HashMap<u64, Nanos>,
    pruned_at: Duration,
}

impl Cells {
    pub(super) fn new(ticks: Ticks) -> Self {
        Self { ticks, state: Mutex::default() }
    }
}

impl StateStore for Cells {
    type Key = Key;

    fn measure_and_replace<T, F, E>(&self, key: &Key, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut state = self.state.lock();
        let hash = state.told_apart(key.hash, self.ticks.now());
        let (answer, cell) = measure(state.cells.get(&hash).copied())?;
        if !key.is_look {
            state.cells.insert(hash, cell);
        }
        Ok(answer)
    }
}

impl State {
    /// The key, or that of the rest when there are too many keys already.
    fn told_apart(&mut self, hash: u64, now: Duration) -> u64 {
        if self.cells.len() < KEYS_MAX || self.cells.contains_key(&hash) {
            return hash;
        }
        if now.saturating_sub(self.pruned_at) >= PRUNE_INTERVAL {
            self.pruned_at = now;
            self.cells.retain(|_, cell| Duration::from(*cell) > now);
            if self.cells.len() < KEYS_MAX {
                return hash;
            }
        }
        REST
    }
}

#[cfg(test)]
mod tests {
    use carnet_gate::Clock;
    use carnet_ticket::time::Timestamp;
    use governor::Quota;

    use super::*;

    #[test]
    fn a_flood_of_keys_takes_no_more_memory_and_ends() {
        let (clock, hand) = Clock::manual(Timestamp(0));
        let ticks = Ticks(clock);
        let rate = std::num::NonZeroU32::new(2).unwrap();
        let limiter =
            Governor::new(Quota::per_minute(rate), Cells::new(ticks.clone()), ticks.clone());
        let take = |hash| limiter.check_key(&Key { hash, is_look: false });
        assert!(take(1).is_ok());
        for hash in 1..=KEYS_MAX as u64 {
            assert!(take(hash).is_ok());
        }
        let more = KEYS_MAX as u64 + 1;
        assert!(take(more).is_ok() && take(more + 1).is_ok(), "the rest have one rate together");
        assert!(take(more + 2).is_err());
        assert!(take(1).is_err() && take(2).is_ok(), "those that are known keep theirs");
        hand.advance(Duration::from_mins(2));
        assert!(take(more + 2).is_ok() && take(more + 3).is_ok());
        assert!(take(more + 4).is_ok(), "what is over was forgotten");
    }
}
