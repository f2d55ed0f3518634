//! What is spent under a credential, counted once per content however often it is admitted.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use carnet_ticket::id::UniqueId;
use carnet_ticket::rights::{Permit, RuleId};
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::{Limits, Meter, Reason};
use parking_lot::Mutex;

use crate::clock::Clock;

const SHARDS: usize = 16;
const METERS: usize = Meter::ALL.len();

/// How long after a ticket's end its meters are kept: clocks may differ by as much.
const KEEP_AFTER_END: Duration = Duration::from_secs(30);

/// What the rates of scopes are counted in.
const RATE_WINDOW: Duration = Duration::from_secs(1);

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
    /// The rule that lets it happen: it counts in the rate of that rule, if it has one.
    pub permit: Option<Permit>,
}

impl Cost {
    /// One operation.
    pub const fn op() -> Self {
        Self {
            ops: 1,
            ticks: 0,
            bandwidth_bytes: 0,
            cursor_resumes: 0,
            cursor_advances: 0,
            permit: None,
        }
    }

    /// This, under the rule that `permit` names.
    #[must_use]
    pub const fn under(self, permit: Permit) -> Self {
        Self { permit: Some(permit), ..self }
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
    /// What of that is only reserved: it may come back, so it is not stored.
    held: [u64; METERS],
    /// What is known to be stored, if it ever was: limits that nothing was spent of count as well, since a child
    /// may spend of them.
    saved: Option<[u64; METERS]>,
    limits: [Option<u64>; METERS],
    expires: Expiration,
    windows: Vec<Window>,
}

/// How often a rule was used in the second that began with its first use.
#[derive(Debug)]
struct Window {
    rule: RuleId,
    start: Timestamp,
    used: u32,
}

/// What was spent under one content: what outlives a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spending {
    /// Names the content.
    pub content_id: UniqueId,
    /// How much, by meter.
    pub used: [u64; METERS],
    /// Of how much.
    pub limits: Limits,
    /// When the content is over.
    pub expires: Expiration,
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

    /// The counter of `content`, made, or found and cut to the lesser limits.
    pub(crate) fn counter(
        &self,
        content: UniqueId,
        limits: &Limits,
        expires: Expiration,
        now: Timestamp,
    ) -> Result<Arc<Counter>, Reason> {
        if let Some(counter) = self.known(&content) {
            counter.narrow(limits, expires);
            return Ok(counter);
        }
        if self.live() >= self.max {
            self.prune(now);
            if self.live() >= self.max {
                return Err(Reason::Capacity);
            }
        }
        let counter = self.make(content, None, expires);
        counter.narrow(limits, expires);
        Ok(counter)
    }

    /// The counter of `content`, if something was ever counted there.
    pub(crate) fn known(&self, content: &UniqueId) -> Option<Arc<Counter>> {
        self.shard(content).lock().get(content).cloned()
    }

    /// Goes on where another process stopped.
    pub(crate) fn restore(&self, spending: &Spending) {
        self.make(spending.content_id, Some(spending.used), spending.expires)
            .narrow(&spending.limits, spending.expires);
    }

    /// What was spent and is not known to be stored.
    pub(crate) fn unsaved(&self) -> Vec<Spending> {
        let mut unsaved = Vec::new();
        for shard in &self.shards {
            let shard = shard.lock();
            unsaved.extend(shard.iter().filter_map(|(content, counter)| counter.unsaved(*content)));
        }
        unsaved
    }

    /// `spending` is stored.
    pub(crate) fn saved(&self, spending: &Spending) {
        if let Some(counter) = self.known(&spending.content_id) {
            counter.0.lock().saved = Some(spending.used);
        }
    }

    fn make(
        &self,
        content: UniqueId,
        stored: Option<[u64; METERS]>,
        expires: Expiration,
    ) -> Arc<Counter> {
        let mut shard = self.shard(&content).lock();
        let counter = shard.entry(content).or_insert_with(|| {
            self.live.fetch_add(1, Ordering::Relaxed);
            Arc::new(Counter::new(stored, expires))
        });
        Arc::clone(counter)
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
    fn new(stored: Option<[u64; METERS]>, expires: Expiration) -> Self {
        let (used, limits) = (stored.unwrap_or_default(), [None; METERS]);
        let held = [0; METERS];
        Self(Mutex::new(Count { used, held, saved: stored, limits, expires, windows: Vec::new() }))
    }

    fn unsaved(&self, content_id: UniqueId) -> Option<Spending> {
        let count = self.0.lock();
        let used = count.spent();
        let is_saved = count.saved == Some(used);
        (!is_saved).then(|| Spending {
            content_id,
            used,
            limits: count.limits(),
            expires: count.expires,
        })
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

    /// Spends `cost`, all or nothing. `Exhausted` ends the credential; `Rate` and `Quota` spend the
    /// operations alone. Tells which meter is used up by it, if one that ends the credential is.
    pub(crate) fn charge(&self, cost: &Cost, clock: &Clock) -> Result<Option<Meter>, Reason> {
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
        let over_quota = quotas.into_iter().find(|meter| over(&count, *meter)).map(Reason::Quota);
        let refusal =
            if count.is_too_often(cost.permit, clock) { Some(Reason::Rate) } else { over_quota };
        if let Some(reason) = refusal {
            let spent = &mut count.used[Meter::Ops as usize];
            *spent = spent.saturating_add(cost.ops);
            return Err(reason);
        }
        add(&mut count.used, cost);
        Ok(count.exhausted())
    }

    /// Counts `cost`, which was charged, as reserved but for its operations.
    pub(crate) fn hold(&self, cost: &Cost) {
        add(&mut self.0.lock().held, &Cost { ops: 0, ..*cost });
    }

    /// Ends a reservation of `cost`, of which `rest` was not used.
    pub(crate) fn settle(&self, cost: &Cost, rest: &Cost) {
        let mut count = self.0.lock();
        subtract(&mut count.held, &Cost { ops: 0, ..*cost });
        subtract(&mut count.used, rest);
    }

    /// Takes back what was charged.
    pub(crate) fn give_back(&self, cost: &Cost) {
        subtract(&mut self.0.lock().used, cost);
    }

    /// What is left of `meter`; `None` without a limit.
    pub(crate) fn remaining(&self, meter: Meter) -> Option<u64> {
        let count = self.0.lock();
        count.limits[meter as usize].map(|limit| limit.saturating_sub(count.used[meter as usize]))
    }
}

fn add(amounts: &mut [u64; METERS], cost: &Cost) {
    for (amount, more) in amounts.iter_mut().zip(cost.amounts()) {
        *amount = amount.saturating_add(more);
    }
}

fn subtract(amounts: &mut [u64; METERS], cost: &Cost) {
    for (amount, less) in amounts.iter_mut().zip(cost.amounts()) {
        *amount = amount.saturating_sub(less);
    }
}

impl Count {
    /// What is spent for good: not what is only reserved.
    fn spent(&self) -> [u64; METERS] {
        let mut spent = self.used;
        for (spent, held) in spent.iter_mut().zip(self.held) {
            *spent = spent.saturating_sub(held);
        }
        spent
    }

    fn limits(&self) -> Limits {
        let [ops, ticks, bandwidth_bytes, cursor_resumes, cursor_advances] = self.limits;
        Limits { ops, ticks, bandwidth_bytes, cursor_resumes, cursor_advances }
    }

    /// Counts one use of the rule of `permit`, if that has a rate: a second begins with its first use.
    fn is_too_often(&mut self, permit: Option<Permit>, clock: &Clock) -> bool {
        let Some(Permit { rule, rate: Some(rate) }) = permit else { return false };
        let now = clock.now();
        let index = self.windows.iter().position(|window| window.rule == rule);
        let index = index.unwrap_or_else(|| {
            self.windows.push(Window { rule, start: now, used: 0 });
            self.windows.len() - 1
        });
        let window = &mut self.windows[index];
        if window.start.after(RATE_WINDOW) <= now {
            (window.start, window.used) = (now, 0);
        }
        let is_over = window.used >= rate.get();
        window.used += u32::from(!is_over);
        is_over
    }

    fn exhausted(&self) -> Option<Meter> {
        let is_spent = |meter: Meter| {
            self.limits[meter as usize].is_some_and(|limit| self.used[meter as usize] >= limit)
        };
        [Meter::Ops, Meter::Ticks].into_iter().find(|meter| is_spent(*meter))
    }
}
