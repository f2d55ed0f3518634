//! Which trust bundle workers have.

use super::{Registry, WorkerState};
use std::time::Duration;

impl Registry {
    /// The bundle sequences that workers have which are neither lost nor kept out; 0 of those that never said.
    pub(crate) fn reported_bundles(&self, lost_after: Duration) -> Vec<u64> {
        let now = self.clock.now();
        let known = self.known.read();
        let here = known.workers.values().filter(|worker| {
            let is_fresh = now.since(worker.heard_at) < lost_after;
            let is_out = worker.state(now, lost_after) == WorkerState::Quarantined;
            worker.said.is_some() && is_fresh && !is_out
        });
        let reported = here.map(|worker| {
            let registered = worker.said.as_ref().and_then(|said| said.bundle);
            worker.beat.bundle.or(registered).unwrap_or(0)
        });
        reported.collect()
    }
}
