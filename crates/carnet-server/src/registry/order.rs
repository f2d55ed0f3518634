//! What administrators and the CA do to workers. It stays until they undo it, whatever a worker says.

use carnet_authority::audit::Event;
use carnet_store::{DeletedWorker, OrderError, StoreError, WorkerOrder};
use carnet_ticket::identity::{Member, WorkerId};

use super::worker::{Suspicion, Worker};
use super::{Known, Registry};

impl Registry {
    /// Does something to a worker, durably and recorded as `event`.
    pub(crate) async fn order(
        &self,
        id: &WorkerId,
        order: WorkerOrder,
        reason: Option<String>,
        event: Event,
    ) -> Result<Worker, OrderError> {
        let _turn = self.turn.write().await;
        self.worker(id).ok_or(OrderError::NotFound)?;
        let (store, now) = (self.store.audited(event), self.clock.now());
        let mut row = store.order_worker(id.clone(), order, reason, now).await?;
        row.registration = None;
        let ordered = {
            let mut known = self.known.write();
            let worker = known.workers.get_mut(id).ok_or(OrderError::NotFound)?;
            worker.row = row;
            worker.clone()
        };
        self.changed.notify();
        Ok(ordered)
    }

    /// Forgets a worker, and revokes whatever its identity has, durably and recorded as `event`. Nothing when there is
    /// no such one.
    pub(crate) async fn forget(
        &self,
        id: &WorkerId,
        event: Event,
    ) -> Result<Option<DeletedWorker>, StoreError> {
        let _turn = self.turn.write().await;
        let member = self.known.read().workers.get(id).and_then(|worker| worker.member.clone());
        let (store, now) = (self.store.audited(event), self.clock.now());
        let deleted = store.delete_worker(id.clone(), member, now).await?;
        if deleted.is_some() {
            self.known.write().workers.remove(id);
            self.changed.notify();
        }
        Ok(deleted)
    }

    /// A member is quarantined, and so are its workers.
    pub(crate) fn quarantined(&self, member: &Member, reason: &str) {
        self.suspect(member, |suspicion| suspicion.quarantined = Some(reason.to_owned()));
    }

    /// A copy of one of a member's certificates was seen.
    pub(crate) fn clone_seen(&self, member: &Member) {
        self.suspect(member, |suspicion| suspicion.is_clone_seen = true);
    }

    /// A member may be enrolled again.
    pub(crate) fn released(&self, member: &Member) {
        self.suspect(member, |suspicion| *suspicion = Suspicion::default());
    }

    fn suspect(&self, member: &Member, change: impl Fn(&mut Suspicion)) {
        self.known.write().suspect(member, change);
        self.changed.notify();
    }
}

impl Known {
    /// Holds something against a member and its workers, those too that come later; or nothing any more.
    pub(super) fn suspect(&mut self, member: &Member, change: impl Fn(&mut Suspicion)) {
        let suspicion = self.suspects.entry(member.clone()).or_default();
        change(suspicion);
        let its = self.workers.values_mut().filter(|worker| worker.member.as_ref() == Some(member));
        its.for_each(|worker| worker.suspicion.clone_from(suspicion));
        if *suspicion == Suspicion::default() {
            self.suspects.remove(member);
        }
    }
}
