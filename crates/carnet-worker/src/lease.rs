//! Leases that a worker is given. Source: worker runtime spec, section 10.
//!
//! A lease is not signed: whoever is allowed to ask a worker for something has it. What it does is to tell an order
//! of now from one of before.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use carnet_ticket::identity::WorkerId;
use carnet_ticket::task::{Lease, LeaseError, TaskId};
use carnet_ticket::time::Timestamp;

/// The shortest and the longest life of a lease.
pub(crate) const TTL_MIN: Duration = Duration::from_secs(1);
pub(crate) const TTL_MAX: Duration = Duration::from_mins(15);

/// How many tasks are remembered; then those are forgotten that were seen first.
const REMEMBERED_MAX: usize = 65_536;

/// Whether `lease` is one to work under: of `resource`, held by this process, of a generation not below `high_water`.
/// One that says no instance, as only compat reads them, is of any. What [`LeaseError::Malformed`] is, reading it
/// ([`Lease::read`]) has told.
pub fn accept(
    lease: &Lease,
    own_id: &WorkerId,
    own_instance: &str,
    resource: &str,
    high_water: u64,
    now: Timestamp,
) -> Result<(), LeaseError> {
    if now >= lease.expires_at {
        return Err(LeaseError::Expired);
    }
    if lease.holder != *own_id {
        return Err(LeaseError::WrongHolder);
    }
    if lease.instance.as_deref().is_some_and(|instance| instance != own_instance) {
        return Err(LeaseError::WrongInstance);
    }
    if lease.resource_id != resource {
        return Err(LeaseError::WrongResource);
    }
    if lease.generation < high_water {
        return Err(LeaseError::StaleGeneration);
    }
    Ok(())
}

/// For how long a lease was given, seen at `now`: whole seconds, since it was under way for a moment.
pub(crate) fn ttl(lease: &Lease, now: Timestamp) -> Duration {
    let left = lease.expires_at.since(now);
    let whole = Duration::from_secs(left.as_secs() + u64::from(left.subsec_nanos() > 0));
    whole.clamp(TTL_MIN, TTL_MAX)
}

/// The highest generation that was seen of each task. Whatever is forgotten was seen long ago: a lease lives for 15
/// minutes at most, so that an older one of it has ended.
#[derive(Debug, Default)]
pub(crate) struct HighWater {
    marks: HashMap<TaskId, (u64, Timestamp)>,
    order: VecDeque<(Timestamp, TaskId)>,
}

impl HighWater {
    /// The highest generation seen of `task`; 0 for one that was not seen.
    pub(crate) fn of(&self, task: &TaskId) -> u64 {
        self.marks.get(task).map_or(0, |(generation, _)| *generation)
    }

    /// A lease of `task` was accepted.
    pub(crate) fn saw(&mut self, task: TaskId, generation: u64, now: Timestamp) {
        let raised = generation.max(self.of(&task));
        self.marks.insert(task, (raised, now));
        self.order.push_back((now, task));
        while let Some((at, task)) = self.order.front().copied() {
            let is_over = at.after(TTL_MAX) < now || self.order.len() > REMEMBERED_MAX;
            if !is_over {
                break;
            }
            self.order.pop_front();
            // It may have been seen again since.
            if self.marks.get(&task).is_some_and(|(_, seen)| *seen == at) {
                self.marks.remove(&task);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_795_411_200_000);

    fn task(number: u8) -> TaskId {
        TaskId::new(START, [number; 10])
    }

    #[test]
    fn the_highest_generation_is_remembered_as_long_as_an_older_one_can_live() {
        let mut seen = HighWater::default();
        seen.saw(task(1), 3, START);
        seen.saw(task(1), 2, START);
        assert_eq!((seen.of(&task(1)), seen.of(&task(2))), (3, 0));
        seen.saw(task(2), 1, START.after(TTL_MAX));
        assert_eq!(seen.of(&task(1)), 3);
        seen.saw(task(1), 4, START.after(TTL_MAX));
        seen.saw(task(3), 1, START.after(TTL_MAX * 2));
        assert_eq!([1, 2, 3].map(|number| seen.of(&task(number))), [4, 1, 1]);
        seen.saw(task(3), 1, START.after(TTL_MAX * 3));
        assert_eq!([1, 2, 3].map(|number| seen.of(&task(number))), [0, 0, 1]);
        assert_eq!(seen.order.len(), 2);
    }
}
