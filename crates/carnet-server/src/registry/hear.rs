//! Workers say that they are there, and stop to.

use std::time::Duration;

use carnet_store::StoreError;
use carnet_ticket::identity::WorkerId;

use super::worker::Worker;
use super::{Beat, Registry, RegistryError, Speaker, WorkerState};

impl Registry {
    /// A worker says that it is there, and perhaps what it is for. Whether it is known, as that. Of what it said before
    /// stays what `change` leaves.
    pub(crate) fn heard(
        &self,
        id: &WorkerId,
        speaker: &Speaker,
        service_type: Option<&str>,
        change: impl FnOnce(&mut Beat),
    ) -> Result<bool, RegistryError> {
        let mut known = self.known.write();
        let Some(worker) = known.workers.get_mut(id) else { return Ok(false) };
        if worker.row.identity != speaker.identity() {
            return Err(RegistryError::IdTaken);
        }
        let Some(said) = &worker.said else { return Ok(false) };
        if service_type.is_some_and(|service_type| service_type != said.service_type) {
            return Ok(false);
        }
        let before = std::mem::take(&mut worker.beat);
        worker.beat.clone_from(&before);
        change(&mut worker.beat);
        // A process before the one that registered may end slowly: what it says is of itself alone.
        let is_former = worker.beat.instance.is_some() && worker.beat.instance != said.instance;
        if is_former && said.instance.is_some() {
            worker.beat.clone_from(&before);
        }
        let is_news = worker.is_lost || worker.beat.placed_by() != before.placed_by();
        if std::mem::take(&mut worker.is_lost) {
            note(id, "online");
        }
        worker.leaf = speaker.leaf().cloned();
        worker.shows_static = speaker.shows_static();
        (worker.heard_at, worker.is_saved) = (self.clock.now(), false);
        drop(known);
        if is_news {
            self.changed.notify();
        }
        Ok(true)
    }

    /// Notes who was not heard for too long.
    pub(crate) fn sweep(&self, lost_after: Duration) {
        let now = self.clock.now();
        let is_gone =
            |worker: &Worker| worker.said.is_some() && now.since(worker.heard_at) >= lost_after;
        let mut count = 0;
        let mut known = self.known.write();
        for worker in known.workers.values_mut().filter(|worker| !worker.is_lost && is_gone(worker))
        {
            (worker.is_lost, count) = (true, count + 1);
            note(&worker.row.id, "lost");
        }
        let mut states = [0_u32; WorkerState::ALL.len()];
        for worker in known.workers.values().filter(|worker| worker.said.is_some()) {
            states[worker.state(now, lost_after) as usize] += 1;
        }
        drop(known);
        for (state, count) in WorkerState::ALL.into_iter().zip(states) {
            metrics::gauge!("carnet_workers", "state" => state.as_str()).set(count);
        }
        if count > 0 {
            self.changed.notify();
        }
    }

    /// Writes down when workers were last heard.
    pub(crate) async fn save(&self) -> Result<(), StoreError> {
        let unsaved: Vec<_> = {
            let known = self.known.read();
            let unsaved = known.workers.values().filter(|worker| !worker.is_saved);
            unsaved.map(|worker| (worker.row.id.clone(), worker.heard_at)).collect()
        };
        if unsaved.is_empty() {
            return Ok(());
        }
        self.store.workers_heard(unsaved.clone()).await?;
        let mut known = self.known.write();
        for (id, at) in unsaved {
            if let Some(worker) = known.workers.get_mut(&id) {
                worker.is_saved |= worker.heard_at == at;
                worker.row.last_heartbeat = at;
            }
        }
        Ok(())
    }
}

/// One line for each time that a worker comes or goes by itself.
fn note(id: &WorkerId, state: &'static str) {
    metrics::counter!("carnet_worker_changes_total", "state" => state).increment(1);
    tracing::info!(worker = %id, state, "a worker is {state}");
}
