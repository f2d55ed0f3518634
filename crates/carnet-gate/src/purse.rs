//! [`Purse`]: what one grant spends from: its own meters, and those of everything it derives from.

use std::sync::Arc;

use carnet_ticket::id::UniqueId;
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::{Meter, Reason, Verified};

use crate::clock::Clock;
use crate::meter::{Cost, Counter, Meters};

/// The meters of a grant, each with the content it belongs to. Without any, everything is free.
#[derive(Clone, Default)]
pub(crate) struct Purse {
    own: Option<(UniqueId, Arc<Counter>)>,
    /// Those of its ancestors, nearest first.
    above: Vec<(UniqueId, Arc<Counter>)>,
}

/// A meter whose end is the end of its content, and of everything that derives from it.
pub(crate) type UsedUp = (UniqueId, Meter);

impl Purse {
    /// The purse of a credential, whose rights may limit how often something is done. Refused when it is
    /// empty.
    pub(crate) fn of(
        meters: &Meters,
        verified: &Verified,
        has_rates: bool,
        now: Timestamp,
    ) -> Result<Self, Reason> {
        let (content, limits) = (verified.content_id, &verified.limits);
        let is_counted = !limits.is_none() || has_rates;
        let own = is_counted
            .then(|| Ok((content, meters.counter(content, limits, verified.expires, now)?)))
            .transpose()?;
        let metered = |content: &UniqueId| Some((*content, meters.known(content)?));
        let above = verified.ancestors.iter().filter_map(metered).collect();
        let purse = Self { own, above };
        let empty = purse.counters().find_map(|(_, counter)| counter.exhausted());
        empty.map_or(Ok(purse), |meter| Err(Reason::Exhausted(meter)))
    }

    /// What is left of `meter`, of its own limit and of those above; `None` without a limit.
    pub(crate) fn remaining(&self, meter: Meter) -> Option<u64> {
        self.counters().filter_map(|(_, counter)| counter.remaining(meter)).min()
    }

    /// Spends `cost` of every meter, or of none but the operations. Tells, too, what is used up by it.
    pub(crate) fn charge(
        &self,
        cost: &Cost,
        clock: &Clock,
    ) -> (Result<(), Reason>, Option<UsedUp>) {
        let mut used_up = None;
        let of_above = Cost { permit: None, ..*cost };
        for (index, (content, counter)) in self.counters().enumerate() {
            // A rate is that of one scope of this grant: those above have scopes of their own.
            let is_own = index == 0 && self.own.is_some();
            match counter.charge(if is_own { cost } else { &of_above }, clock) {
                Ok(None) => {}
                Ok(Some(meter)) => used_up = Some((*content, meter)),
                Err(reason) => {
                    self.refuse(cost, index, clock);
                    if let Reason::Exhausted(meter) = reason {
                        used_up = Some((*content, meter));
                    }
                    return (Err(reason), used_up);
                }
            }
        }
        (Ok(()), used_up)
    }

    /// Counts `cost`, which was charged, as reserved.
    pub(crate) fn hold(&self, cost: &Cost) {
        for (_, counter) in self.counters() {
            counter.hold(cost);
        }
    }

    /// Ends a reservation of `cost`, of which `rest` was not used.
    pub(crate) fn settle(&self, cost: &Cost, rest: &Cost) {
        for (_, counter) in self.counters() {
            counter.settle(cost, rest);
        }
    }

    /// The meter `at` has refused: those before it get back all but the operations, those after it still count
    /// these.
    fn refuse(&self, cost: &Cost, at: usize, clock: &Clock) {
        let operations = Cost { ops: cost.ops, ..Cost::default() };
        for (index, (_, counter)) in self.counters().enumerate() {
            if index < at {
                counter.give_back(&Cost { ops: 0, ..*cost });
            } else if index > at {
                // Where they are used up by that, the next charge says so.
                let _ = counter.charge(&operations, clock);
            }
        }
    }

    fn counters(&self) -> impl Iterator<Item = &(UniqueId, Arc<Counter>)> {
        self.own.iter().chain(&self.above)
    }
}
