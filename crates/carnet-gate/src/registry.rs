//! [`Registry`]: every live grant, so that a revocation can find those it ends.
//!
//! There is no index: a revocation looks at every grant, which costs microseconds per thousand and nothing
//! at admission.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use slab::Slab;

use crate::grant::State;

const SHARDS: usize = 16;

/// Every live grant, weakly held.
pub(crate) struct Registry {
    shards: [Mutex<Slab<Weak<State>>>; SHARDS],
    next: AtomicUsize,
    live: AtomicUsize,
    max: usize,
}

/// Where a grant is registered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slot {
    shard: usize,
    key: usize,
}

impl Registry {
    pub(crate) fn new(max: usize) -> Self {
        let shards = std::array::from_fn(|_| Mutex::default());
        Self { shards, next: AtomicUsize::new(0), live: AtomicUsize::new(0), max }
    }

    /// Makes a grant's state and registers it; `None` when there are as many as there may be.
    pub(crate) fn register(&self, make: impl FnOnce(Slot) -> State) -> Option<Arc<State>> {
        if self.live.fetch_add(1, Ordering::Relaxed) >= self.max {
            self.live.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        let shard = self.next.fetch_add(1, Ordering::Relaxed) % SHARDS;
        let mut slab = self.shards[shard].lock();
        let entry = slab.vacant_entry();
        let state = Arc::new(make(Slot { shard, key: entry.key() }));
        entry.insert(Arc::downgrade(&state));
        Some(state)
    }

    /// Forgets a grant whose last clone is gone.
    pub(crate) fn remove(&self, slot: Slot) {
        self.shards[slot.shard].lock().remove(slot.key);
        self.live.fetch_sub(1, Ordering::Relaxed);
    }

    /// How many grants are live.
    pub(crate) fn live(&self) -> usize {
        self.live.load(Ordering::Relaxed)
    }

    /// Shows every live grant to `visit`.
    pub(crate) fn for_each(&self, mut visit: impl FnMut(&State)) {
        for shard in &self.shards {
            // Upgraded under the lock, visited and dropped outside: the last drop of a grant locks the shard.
            let states: Vec<_> =
                shard.lock().iter().filter_map(|(_, state)| state.upgrade()).collect();
            for state in &states {
                visit(state);
            }
        }
    }
}
