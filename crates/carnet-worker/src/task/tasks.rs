//! [`Tasks`]: the tasks that a worker works on.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use carnet_gate::Clock;
use carnet_realm::client::Credential;
use carnet_ticket::identity::WorkerId;
use carnet_ticket::rpc::SpawnTask;
use carnet_ticket::task::{Lease, LeaseError, TaskId};
use carnet_ticket::time::Timestamp;
use parking_lot::Mutex;
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::attempt::Work;
use super::context::Order;
use super::output::Written;
use super::store::Store;
use super::tenure::Tenure;
use super::voice::Voice;
use super::{Attempt, Offers, TaskContext};
use crate::control_plane::{ControlPlane, RenewError};
use crate::lease::{self, HighWater};
use crate::pause::within;
use crate::rpc::Fault;

/// How long attempts may take to end once the worker has told them to.
const END_MAX: Duration = Duration::from_secs(10);

/// The tasks that a worker works on, and those that it may begin.
pub(crate) struct Tasks {
    pub(super) own_id: WorkerId,
    /// Tells this process from the one before it.
    instance: String,
    clock: Clock,
    capacity: usize,
    offers: Offers,
    control: Option<Arc<ControlPlane>>,
    store: Store,
    running: Mutex<HashMap<TaskId, Arc<Attempt>>>,
    seen: Mutex<HighWater>,
    /// Nothing new is begun.
    draining: CancellationToken,
    /// What goes on is given up.
    stopping: CancellationToken,
    /// What goes on is dropped.
    over: CancellationToken,
    attempts: TaskTracker,
}

/// A task that the control plane asks for.
pub(crate) struct Asked {
    pub(crate) task: TaskId,
    pub(crate) lease: Lease,
    pub(crate) order: SpawnTask,
    pub(crate) deadline: Timestamp,
}

impl Tasks {
    pub(crate) fn new(
        own_id: WorkerId,
        instance: String,
        clock: Clock,
        (capacity, offers): (usize, Offers),
        control: Option<ControlPlane>,
    ) -> Self {
        Self {
            own_id,
            instance,
            clock,
            capacity,
            offers,
            control: control.map(Arc::new),
            store: Store::default(),
            running: Mutex::default(),
            seen: Mutex::default(),
            draining: CancellationToken::new(),
            stopping: CancellationToken::new(),
            over: CancellationToken::new(),
            attempts: TaskTracker::new(),
        }
    }

    /// Whether there is anything that it can do, and somebody to do it for.
    pub(crate) fn are_taken(&self) -> bool {
        self.control.is_some() && !self.offers.is_empty()
    }

    pub(crate) fn instance(&self) -> &str {
        &self.instance
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// How many it works on.
    pub(crate) fn active(&self) -> usize {
        self.running.lock().len()
    }

    /// How busy it is.
    #[expect(clippy::cast_precision_loss, reason = "a worker has few tasks")]
    pub(crate) fn load(&self) -> f32 {
        self.active() as f32 / self.capacity.max(1) as f32
    }

    /// The attempt at this task that goes on here.
    pub(crate) fn find(&self, task: &TaskId) -> Option<Arc<Attempt>> {
        self.running.lock().get(task).cloned()
    }

    /// Judges a lease, and remembers its generation.
    pub(crate) fn accept(&self, task: &TaskId, lease: &Lease) -> Result<(), LeaseError> {
        let now = self.clock.now();
        let held = self.find(task).map_or(0, |attempt| attempt.generation());
        let mut seen = self.seen.lock();
        let high_water = seen.of(task).max(held);
        let resource = task.to_string();
        lease::accept(lease, &self.own_id, &self.instance, &resource, high_water, now)?;
        seen.saw(*task, lease.generation, now);
        Ok(())
    }

    /// Begins a task whose lease was accepted. An older attempt at it that still goes on here is not wanted any more.
    pub(crate) fn spawn(self: &Arc<Self>, asked: Asked) -> Result<(), Fault> {
        if self.draining.is_cancelled() {
            return Err(Fault::Draining);
        }
        let control = self.control.clone().ok_or(Fault::NoProvider)?;
        let offer = self.offers.find(&asked.order.capability);
        let (capability, offer) = offer.ok_or(Fault::NoProvider)?;
        let (capability, handler) = (capability.clone(), Arc::clone(&offer.handler));
        let log = Arc::default();
        let (voice, said) = Voice::new(Arc::clone(&log));
        let cancelled = CancellationToken::new();
        let context = self.context(&asked, voice, cancelled.clone())?;
        let attempt = Arc::new(Attempt {
            task: asked.task,
            capability: capability.clone(),
            log,
            tenure: Tenure::new(asked.task, asked.lease, self.clock.now()),
            unwanted: CancellationToken::new(),
            cancelled,
            over: CancellationToken::new(),
        });
        {
            let mut running = self.running.lock();
            let others = || running.iter().filter(|(task, _)| **task != asked.task);
            let same = others().filter(|(_, other)| other.capability == capability).count();
            if others().count() >= self.capacity || same >= offer.max_concurrency {
                return Err(Fault::CapacityReached);
            }
            if let Some(older) = running.insert(asked.task, Arc::clone(&attempt)) {
                older.unwanted.cancel();
            }
        }
        let (deadline, stopping) = (asked.deadline, self.stopping.clone());
        let work = Work { handler, context, said, deadline, stopping };
        let tasks = Arc::clone(self);
        self.attempts.spawn(async move {
            tokio::select! {
                () = attempt.run(work, &control, &tasks.clock) => {}
                () = tasks.over.cancelled() => {}
            }
            tasks.forget(&attempt);
        });
        Ok(())
    }

    /// What a handler is given.
    fn context(
        &self,
        asked: &Asked,
        voice: Voice,
        cancelled: CancellationToken,
    ) -> Result<TaskContext, Fault> {
        let order = &asked.order;
        let ticket = Credential::Ticket(SecretString::from(order.ticket.clone()));
        let realm = self.store.at(&order.realm_url).map_err(|_| Fault::InvalidParams)?;
        let realm = realm.presenting(ticket).in_realm(&order.realm);
        Ok(TaskContext(Arc::new(Order {
            id: asked.task,
            attempt: order.attempt,
            params: order.params.clone(),
            inputs: order.input.clone(),
            realm,
            written: Arc::new(Written::new(order.output_bytes)),
            voice,
            cancelled,
            clock: self.clock.clone(),
        })))
    }

    fn forget(&self, attempt: &Arc<Attempt>) {
        attempt.over.cancel();
        self.seen.lock().saw(attempt.task, attempt.generation(), self.clock.now());
        let mut running = self.running.lock();
        // A newer one may stand there.
        if running.get(&attempt.task).is_some_and(|it| Arc::ptr_eq(it, attempt)) {
            running.remove(&attempt.task);
        }
    }

    /// Ends a task that nobody wants any more. Nothing is reported.
    pub(crate) fn destroy(&self, task: &TaskId) {
        if let Some(attempt) = self.find(task) {
            attempt.unwanted.cancel();
        }
    }

    /// Ends all of them so.
    pub(crate) fn destroy_all(&self) {
        for attempt in self.running.lock().values() {
            attempt.unwanted.cancel();
        }
    }

    /// Renews the lease of a task now.
    pub(crate) async fn renew(
        &self,
        attempt: &Attempt,
        ttl: Duration,
    ) -> Result<Lease, RenewError> {
        let control = self.control.as_ref().ok_or(RenewError::Refused)?;
        attempt.tenure.renew(control, &self.clock, ttl).await
    }

    /// Begins nothing new.
    pub(crate) fn refuse(&self) {
        self.draining.cancel();
    }

    /// Begins nothing new, lets what goes on end by itself within `limit`, and gives up the rest: it is told to end,
    /// and the control plane that it may be tried again.
    pub(crate) async fn drain(&self, limit: Duration) {
        self.refuse();
        self.attempts.close();
        if within(&self.clock, limit, self.attempts.wait()).await.is_some() {
            return;
        }
        tracing::warn!(tasks = self.active(), "tasks that took too long are given up");
        self.stopping.cancel();
        if within(&self.clock, END_MAX, self.attempts.wait()).await.is_none() {
            self.over.cancel();
            self.attempts.wait().await;
        }
    }

    /// Drops whatever goes on.
    pub(crate) fn stop(&self) {
        self.refuse();
        self.over.cancel();
    }
}

impl Attempt {
    pub(super) fn generation(&self) -> u64 {
        self.tenure.lease().borrow().generation
    }
}
