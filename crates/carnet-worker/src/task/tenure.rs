//! [`Tenure`]: keeps the lease of one attempt.

use std::time::Duration;

use carnet_gate::Clock;
use carnet_ticket::identity::WorkerId;
use carnet_ticket::task::{Lease, TaskId};
use tokio::sync::watch;

use crate::control_plane::{ControlPlane, RenewError};
use crate::lease;
use crate::pause::{Doubling, within};

/// What failed is tried again after this, which doubles.
const PAUSE: Duration = Duration::from_millis(500);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// A lease, and how long it lives each time.
pub(super) struct Tenure {
    task: TaskId,
    own_id: WorkerId,
    ttl: Duration,
    lease: watch::Sender<Lease>,
}

impl Tenure {
    /// What was accepted at `now`.
    pub(super) fn new(task: TaskId, lease: Lease, now: carnet_ticket::time::Timestamp) -> Self {
        let (own_id, ttl) = (lease.holder.clone(), lease::ttl(&lease, now));
        Self { task, own_id, ttl, lease: watch::Sender::new(lease) }
    }

    /// The lease of each moment.
    pub(super) fn lease(&self) -> watch::Receiver<Lease> {
        self.lease.subscribe()
    }

    /// Renews it each time that a third of its life is over, until it is lost: refused, or over by the worker's
    /// clock.
    pub(super) async fn keep(&self, control: &ControlPlane, clock: &Clock) {
        let mut current = self.lease();
        loop {
            let ends = current.borrow_and_update().expires_at;
            let due = ends.before(self.ttl * 2 / 3);
            tokio::select! {
                () = clock.sleep_until(due) => {}
                // Somebody else had it renewed.
                Ok(()) = current.changed() => continue,
            }
            let left = ends.since(clock.now());
            match within(clock, left, self.renew_at_last(control, clock)).await {
                Some(Ok(())) => {}
                Some(Err(())) => {
                    tracing::info!(task = %self.task, "the lease is not renewed");
                    return;
                }
                None if self.lease.borrow().expires_at > ends => {}
                None => {
                    tracing::warn!(task = %self.task, "the lease has run out");
                    return;
                }
            }
        }
    }

    async fn renew_at_last(&self, control: &ControlPlane, clock: &Clock) -> Result<(), ()> {
        let mut pauses = Doubling::new(PAUSE, PAUSE_MAX);
        loop {
            match self.renew(control, clock, self.ttl).await {
                Ok(_) => return Ok(()),
                Err(RenewError::Refused) => return Err(()),
                Err(error) => tracing::debug!(task = %self.task, %error, "a renewal failed"),
            }
            clock.sleep(pauses.next()).await;
        }
    }

    /// Renews it now, for `ttl`.
    pub(super) async fn renew(
        &self,
        control: &ControlPlane,
        clock: &Clock,
        ttl: Duration,
    ) -> Result<Lease, RenewError> {
        let held = self.lease.borrow().clone();
        let renewed = control.renew(&self.task, &held.mark(), ttl).await?;
        let (instance, resource) =
            (held.instance.as_deref().unwrap_or_default(), &held.resource_id);
        let now = clock.now();
        lease::accept(&renewed, &self.own_id, instance, resource, held.generation, now)
            .map_err(|_| RenewError::Answer)?;
        self.lease.send_replace(renewed.clone());
        Ok(renewed)
    }
}
