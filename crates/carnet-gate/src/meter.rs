//! What is spent under a credential, counted once per content however often it is admitted.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use carnet_ticket::id::UniqueId;
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::{Limits, Meter, Reason};
use parking_lot::Mutex;

const SHARDS: usize = 16;
const METERS: usize = Meter::ALL.len();

/// How long after a ticket's end its meters are kept: clocks may differ by as much.
const KEEP_AFTER_END: Duration = Duration::from_secs(30);

/// What one action costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// Operations.
    pub ops: u64,
    /// Ticks.
    pub ticks: u64,
    /// Bytes moved.
    pub bandwidth_bytes: u64,
    /// Cursors taken up again.
    pub cursor_resumes: u64,
    /// Cursor steps.
    pub cursor_advances: u64,
}

impl Cost {
    /// One operation.
    pub const fn op() -> Self {
        Self { ops: 1, ticks: 0, bandwidth_bytes: 0, cursor_resumes: 0, cursor_advances: 0 }
    }

    /// This and `n` bytes moved.
    #[must_use]
    pub const fn bytes(self, n: u64) -> Self {
        Self { bandwidth_bytes: self.bandwidth_bytes.saturating_add(n), ..self }
    }

    const fn amounts(&self) -> [u64; METERS] {
        [self.ops, self.ticks, self.bandwidth_bytes, self.cursor_resumes, self.cursor_advances]
    }
}

/// The meters of one content, shared by all its grants.
#[derive(Debug)]
pub(crate) struct Counter(Mutex<Count>);

#[derive(Debug)]
struct Count {
    used: [u64; METERS],
    limits: [Option<u64>; METERS],
    expires: Expiration,
}

/// The meters of every content that has limits.
pub(crate) struct Meters {
    shards: [Mutex<HashMap<UniqueId, Arc<Counter>>>; SHARDS],
    live: AtomicUsize,
    max: usize,
}

impl Meters {
    pub(crate) fn new(max: usize) -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()), live: AtomicUsize::new(0), max }
    }

    pub(crate) fn live(&self) -> usize {
        self.live.load(Ordering::Relaxed)
    }

    /// The counter of `content`, made with what was `spent` before, or found and cut to the lesser limits.
    pub(crate) fn counter(
        &self,
        content: UniqueId,
        limits: &Limits,
        spent: Option<&Limits>,
        expires: Expiration,
        now: Timestamp,
    ) -> Result<Arc<Counter>, Reason> {
        if let Some(counter) = self.shard(&content).lock().get(&content) {
            counter.narrow(limits, expires);
            return Ok(Arc::clone(counter));
        }
        if self.live() >= self.max {
            self.prune(now);
            if self.live() >= self.max {
                return Err(Reason::Capacity);
            }
        }
        let mut shard = self.shard(&content).lock();
        let counter = shard.entry(content).or_insert_with(|| {
            self.live.fetch_add(1, Ordering::Relaxed);
            Arc::new(Counter::new(spent, expires))
        });
        counter.narrow(limits, expires);
        Ok(Arc::clone(counter))
    }

    /// Drops the meters of tickets whose end is more than 30 s past. Live counts are never dropped.
    fn prune(&self, now: Timestamp) {
        for shard in &self.shards {
            let mut shard = shard.lock();
            let before = shard.len();
            shard.retain(|_, counter| !counter.is_over_at(now));
            self.live.fetch_sub(before - shard.len(), Ordering::Relaxed);
        }
    }

    fn shard(&self, content: &UniqueId) -> &Mutex<HashMap<UniqueId, Arc<Counter>>> {
        &self.shards[usize::from(content.as_bytes()[0]) % SHARDS]
    }
}

impl Counter {
    fn new(spent: Option<&Limits>, expires: Expiration) -> Self {
        let used = Meter::ALL.map(|meter| spent.and_then(|spent| spent.of(meter)).unwrap_or(0));
        Self(Mutex::new(Count { used, limits: [None; METERS], expires }))
    }

    /// A second admission counts with the lesser of both limits.
    fn narrow(&self, limits: &Limits, expires: Expiration) {
        let mut count = self.0.lock();
        for (have, meter) in count.limits.iter_mut().zip(Meter::ALL) {
            *have = match (*have, limits.of(meter)) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        count.expires = count.expires.max(expires);
    }

    fn is_over_at(&self, now: Timestamp) -> bool {
        match self.0.lock().expires {
            Expiration::At(end) => end.after(KEEP_AFTER_END) <= now,
            Expiration::Never => false,
        }
    }

    /// Which of the meters that end a credential has nothing left.
    pub(crate) fn exhausted(&self) -> Option<Meter> {
        self.0.lock().exhausted()
    }

    /// Spends `cost`, all or nothing. `Exhausted` ends the credential; `Quota` spends the operations alone.
    /// Tells which meter is used up by it, if one that ends the credential is.
    pub(crate) fn charge(&self, cost: &Cost) -> Result<Option<Meter>, Reason> {
        let mut count = self.0.lock();
        let amounts = cost.amounts();
        let over = |count: &Count, meter: Meter| {
            let index = meter as usize;
            let wanted = count.used[index].saturating_add(amounts[index]);
            amounts[index] > 0 && count.limits[index].is_some_and(|limit| wanted > limit)
        };
        for meter in [Meter::Ops, Meter::Ticks] {
            if over(&count, meter) {
                // For good: what is left of it is gone, so that no later admission finds any.
                let index = meter as usize;
                count.used[index] = count.used[index].max(count.limits[index].unwrap_or(0));
                return Err(Reason::Exhausted(meter));
            }
        }
        let quotas = [Meter::CursorAdvances, Meter::CursorResumes, Meter::BandwidthBytes];
        if let Some(meter) = quotas.into_iter().find(|meter| over(&count, *meter)) {
            count.used[Meter::Ops as usize] =
                count.used[Meter::Ops as usize].saturating_add(cost.ops);
            return Err(Reason::Quota(meter));
        }
        for (used, amount) in count.used.iter_mut().zip(amounts) {
            *used = used.saturating_add(amount);
        }
        Ok(count.exhausted())
    }

    /// Takes back what was held and not used.
    pub(crate) fn give_back(&self, cost: &Cost) {
        let mut count = self.0.lock();
        for (used, amount) in count.used.iter_mut().zip(cost.amounts()) {
            *used = used.saturating_sub(amount);
        }
    }

    /// What is left of `meter`; `None` without a limit.
    pub(crate) fn remaining(&self, meter: Meter) -> Option<u64> {
        let count = self.0.lock();
        count.limits[meter as usize].map(|limit| limit.saturating_sub(count.used[meter as usize]))
    }
}

impl Count {
    fn exhausted(&self) -> Option<Meter> {
        let is_spent = |meter: Meter| {
            self.limits[meter as usize].is_some_and(|limit| self.used[meter as usize] >= limit)
        };
        [Meter::Ops, Meter::Ticks].into_iter().find(|meter| is_spent(*meter))
    }
}
