//! Which trust bundle workers have.

use super::{Registry, WorkerState};
use std::time::Duration;

impl Registry {
    /// The bundle sequences that workers have which are not lost; 0 of those that never said.
    pub(crate) fn reported_bundles(&self, lost_after: Duration) -> Vec<u64> {
        let now = self.clock.now();
        let workers = self.workers.read();
        let here = workers.values().filter(|worker| {
            worker.said.is_some() && worker.state(false, now, lost_after) != WorkerState::Lost
        });
        let reported = here.map(|worker| {
            let registered = worker.said.as_ref().and_then(|said| said.bundle);
            worker.beat.bundle.or(registered).unwrap_or(0)
        });
        reported.collect()
    }
}
