//! [`Queue`]: the tasks of which something may still become.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use carnet_config::Tasks as TasksConfig;
use carnet_store::{TaskRow, TaskSpec};
use carnet_ticket::identity::WorkerId;
use carnet_ticket::task::{TaskId, TaskState};
use carnet_ticket::time::Timestamp;

use crate::registry::{Slot, Want};

/// How long a worker that did not take a task is not asked about any: at first, and at most.
const REST_MIN: Duration = Duration::from_secs(1);
const REST_MAX: Duration = Duration::from_secs(30);

/// A task that waits for a worker.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    pub(super) id: TaskId,
    pub(super) seq: u64,
    pub(super) attempt: u32,
    pub(super) spec: Arc<TaskSpec>,
    /// From when on it may be placed.
    pub(super) since: Timestamp,
    pub(super) failed_on: BTreeSet<WorkerId>,
}

/// A task that a worker has.
#[derive(Debug)]
struct Active {
    attempt: u32,
    worker_id: WorkerId,
    /// Its place at the worker; none when that has gone.
    _slot: Option<Slot>,
}

/// There are as many tasks as may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full;

#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Tasks that want the same wait together: when one of them finds no worker, none does.
    waiting: BTreeMap<Want, BTreeMap<u64, Waiting>>,
    waiting_count: u32,
    active: HashMap<TaskId, Active>,
    /// The tasks that each worker has.
    at_worker: BTreeMap<WorkerId, BTreeSet<TaskId>>,
    /// Workers that did not take a task: until when they are not asked about any, and for how long that is.
    resting: BTreeMap<WorkerId, (Timestamp, Duration)>,
    /// How many each tenant has.
    of_tenant: HashMap<Option<String>, u32>,
}

/// What a worker has to be for a task.
pub(super) fn want(spec: &TaskSpec) -> Want {
    Want {
        capability: spec.capability.clone(),
        verb: spec.verb.clone(),
        version: spec.version,
        labels: spec.labels.clone(),
        requires_gpu: spec.requires_gpu,
    }
}

impl Waiting {
    pub(super) fn of(row: &TaskRow) -> Self {
        Self {
            id: row.task.id,
            seq: row.seq,
            attempt: row.life.attempt,
            spec: Arc::new(row.task.spec.clone()),
            since: row.pending_since,
            failed_on: row.failed_on.clone(),
        }
    }
}

impl Queue {
    /// Counts a task that is about to be made, if there may be one more.
    pub(super) fn reserve(
        &mut self,
        tenant: Option<&str>,
        config: &TasksConfig,
    ) -> Result<(), Full> {
        let is_full = self.waiting_count >= config.max_pending
            || self.active.len() >= config.max_active as usize;
        let tenant = tenant.map(str::to_owned);
        let count = self.of_tenant.get(&tenant).copied().unwrap_or(0);
        if is_full || count >= config.max_active_per_tenant && tenant.is_some() {
            return Err(Full);
        }
        self.of_tenant.insert(tenant, count + 1);
        Ok(())
    }

    /// Counts a task no more.
    pub(super) fn release(&mut self, tenant: Option<&str>) {
        let tenant = tenant.map(str::to_owned);
        if let Some(count) = self.of_tenant.get_mut(&tenant) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.of_tenant.remove(&tenant);
            }
        }
    }

    /// Takes in a task that was there before the server.
    pub(super) fn recover(&mut self, row: &TaskRow, slot: Option<Slot>) {
        *self.of_tenant.entry(row.task.tenant_id.clone()).or_default() += 1;
        match row.worker_id.clone().filter(|_| row.life.state.is_active()) {
            Some(worker_id) => self.activate(row.task.id, row.life.attempt, worker_id, slot),
            None => self.wait(Waiting::of(row)),
        }
    }

    /// Takes in a task that was just made.
    pub(super) fn wait(&mut self, task: Waiting) {
        let alike = self.waiting.entry(want(&task.spec)).or_default();
        if alike.insert(task.seq, task).is_none() {
            self.waiting_count += 1;
        }
    }

    pub(super) fn activate(
        &mut self,
        id: TaskId,
        attempt: u32,
        worker_id: WorkerId,
        slot: Option<Slot>,
    ) {
        self.at_worker.entry(worker_id.clone()).or_default().insert(id);
        self.active.insert(id, Active { attempt, worker_id, _slot: slot });
    }

    /// Its worker does not have a task any more; whether it had.
    fn deactivate(&mut self, id: TaskId) -> bool {
        let Some(active) = self.active.remove(&id) else { return false };
        if let Some(tasks) = self.at_worker.get_mut(&active.worker_id) {
            tasks.remove(&id);
            if tasks.is_empty() {
                self.at_worker.remove(&active.worker_id);
            }
        }
        true
    }

    /// Takes a task out of those that wait.
    pub(super) fn take(&mut self, want: &Want, seq: u64) -> Option<Waiting> {
        let alike = self.waiting.get_mut(want)?;
        let task = alike.remove(&seq)?;
        if alike.is_empty() {
            self.waiting.remove(want);
        }
        self.waiting_count -= 1;
        Some(task)
    }

    /// Follows what has become of a task.
    pub(super) fn settle(&mut self, row: &TaskRow) {
        match row.life.state {
            TaskState::Placed | TaskState::Running => {}
            TaskState::Pending => self.wait_again(Waiting::of(row)),
            _ => {
                let had = self.deactivate(row.task.id);
                let waited = self.take(&want(&row.task.spec), row.seq).is_some();
                if had || waited {
                    self.release(row.task.tenant_id.as_deref());
                }
            }
        }
    }

    /// A worker has a task no more, and it waits again. One that was ended meanwhile does not.
    pub(super) fn wait_again(&mut self, task: Waiting) {
        if self.deactivate(task.id) {
            self.wait(task);
        }
    }

    /// What tasks wait for: that with the oldest task first.
    pub(super) fn wants(&self) -> Vec<Want> {
        let first = |tasks: &BTreeMap<u64, Waiting>| tasks.first_key_value().map(|(seq, _)| *seq);
        let mut wants: Vec<_> =
            self.waiting.iter().map(|(want, tasks)| (first(tasks), want)).collect();
        wants.sort();
        wants.into_iter().map(|(_, want)| want.clone()).collect()
    }

    /// The next task that waits for this, behind number `after` that may be placed at `now`.
    pub(super) fn next(&self, want: &Want, after: u64, now: Timestamp) -> Option<&Waiting> {
        let mut tasks = self.waiting.get(want)?.range(after + 1..);
        tasks.find(|(_, task)| task.since <= now).map(|(_, task)| task)
    }

    /// A worker did not take a task: it is not asked about any for a second, and for twice as long each time that it
    /// does not again.
    pub(super) fn rest(&mut self, worker: WorkerId, now: Timestamp) {
        let before = self.resting.get(&worker).map_or(Duration::ZERO, |(_, length)| *length);
        let length = (before * 2).clamp(REST_MIN, REST_MAX);
        self.resting.insert(worker, (now.after(length), length));
    }

    /// A worker took a task.
    pub(super) fn is_well(&mut self, worker: &WorkerId) {
        self.resting.remove(worker);
    }

    /// Workers that are not asked at `now`.
    pub(super) fn resting(&self, now: Timestamp) -> BTreeSet<WorkerId> {
        let resting = self.resting.iter().filter(|(_, (until, _))| *until > now);
        resting.map(|(worker, _)| worker.clone()).collect()
    }

    /// Tasks that have waited since `since` or longer.
    pub(super) fn tired(&self, since: Timestamp) -> Vec<TaskId> {
        let waiting = self.waiting.values().flat_map(BTreeMap::values);
        waiting.filter(|task| task.since <= since).map(|task| task.id).collect()
    }

    /// The workers that have tasks.
    pub(super) fn workers(&self) -> Vec<WorkerId> {
        self.at_worker.keys().cloned().collect()
    }

    /// The tasks that a worker has, and at which attempt.
    pub(super) fn at(&self, worker: &WorkerId) -> Vec<(TaskId, u32)> {
        let tasks = self.at_worker.get(worker).into_iter().flatten();
        tasks.filter_map(|id| Some((*id, self.active.get(id)?.attempt))).collect()
    }

    /// How many wait, and how many workers have.
    pub(super) fn counts(&self) -> (u32, u32) {
        (self.waiting_count, u32::try_from(self.active.len()).unwrap_or(u32::MAX))
    }
}
