//! The registry: which workers there are, what they can do, and how they are. Source: worker runtime spec, section 9.
//!
//! What a worker says when it registers is durable before it is answered. What it says each time that it is there
//! stays in memory; when it was last heard is written every few seconds, all workers in one transaction.

mod beat;
mod bundle;
mod controller;
pub(crate) mod form;
mod hear;
mod offer;
mod order;
mod placement;
mod reach;
mod register;
mod registration;
mod sandboxes;
mod seats;
mod speaker;
mod state;
mod worker;

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Duration;

use carnet_gate::Clock;
use carnet_store::{Store, StoreError};
use carnet_ticket::identity::{Member, WorkerId};
use parking_lot::RwLock;
use tokio::sync::{Notify, RwLock as Turn};

pub(crate) use beat::Beat;
pub(crate) use controller::ControllerForm;
pub use offer::Offer;
pub use placement::{Candidate, Placement, Want};
pub(crate) use reach::Reach;
pub(crate) use register::RegistryError;
pub(crate) use registration::Registration;
pub(crate) use sandboxes::SandboxBeat;
use seats::Changed;
pub use seats::{Limits, Seats, Slot};
pub(crate) use speaker::Speaker;
pub use state::{AdminStates, InvalidStatus, Reported, WorkerState};
use worker::Suspicion;
pub(crate) use worker::Worker;

/// Every worker that has registered.
pub struct Registry {
    store: Store,
    clock: Clock,
    known: RwLock<Known>,
    /// Held while something is written and then remembered: by many who register at a time, and by one who orders, so
    /// that no registration brings back what was there before the order.
    turn: Turn<()>,
    changed: Changed,
}

/// What is known of workers.
#[derive(Default)]
struct Known {
    workers: BTreeMap<WorkerId, Worker>,
    /// The members that something is held against, whether they have registered or not.
    suspects: BTreeMap<Member, Suspicion>,
    /// Where those are called who have no certificate of the fleet.
    reach: Reach,
}

impl Registry {
    /// The workers that the store knows; each counts as heard now.
    pub(crate) async fn open(store: Store, clock: Clock) -> Result<Self, StoreError> {
        let (now, changed) = (clock.now(), Changed::default());
        let mut known = Known::default();
        for mut row in store.workers().await? {
            // What it says is kept once.
            let said = row.registration.take();
            let said = said.as_deref().map(serde_json::from_str).transpose();
            let said = said.map_err(|_| StoreError::BadRow { column: "registration" })?;
            let seats = Seats::new(changed.clone());
            known.workers.insert(row.id.clone(), Worker::new(row, said, seats, now));
        }
        for row in store.suspects().await? {
            known.suspect(&row.member, |suspicion| {
                let reason = row.quarantine_reason.as_deref().unwrap_or_default();
                suspicion.quarantined = row.quarantined_at.map(|_| reason.to_owned());
                suspicion.is_clone_seen = row.clone_seen_at.is_some();
            });
        }
        Ok(Self { store, clock, known: RwLock::new(known), turn: Turn::default(), changed })
    }

    /// Whether the token that a worker came with last is one of the configuration; nothing until it has come with one.
    pub(crate) fn shows_static(&self, id: &WorkerId) -> Option<bool> {
        self.known.read().workers.get(id)?.shows_static
    }

    /// Workers without a certificate of the fleet are called there from now on.
    pub(crate) fn set_reach(&self, reach: Reach) {
        self.known.write().reach = reach;
        self.changed.notify();
    }

    /// Notified each time that a task may find a worker which it did not find before.
    pub fn changed(&self) -> &Notify {
        self.changed.notified()
    }

    /// The worker of this id, if it has registered and not gone.
    pub(crate) fn worker(&self, id: &WorkerId) -> Option<Worker> {
        self.known.read().workers.get(id).filter(|worker| worker.said.is_some()).cloned()
    }

    /// To whom an id is bound.
    pub(crate) fn identity(&self, id: &WorkerId) -> Option<String> {
        self.known.read().workers.get(id).map(|worker| worker.row.identity.clone())
    }

    /// What the worker of this id registered as, if it has not gone.
    pub(crate) fn registration(&self, id: &WorkerId) -> Option<Registration> {
        self.known.read().workers.get(id)?.said.clone()
    }

    /// How the worker of this id counts, if it has registered and not gone.
    pub(crate) fn state(&self, id: &WorkerId, lost_after: Duration) -> Option<WorkerState> {
        let known = self.known.read();
        let worker = known.workers.get(id).filter(|worker| worker.said.is_some())?;
        Some(worker.state(self.clock.now(), lost_after))
    }

    /// Looks at every worker that has registered and not gone, by id.
    pub(crate) fn for_each(&self, look: impl FnMut(&Worker)) {
        self.known.read().workers.values().filter(|worker| worker.said.is_some()).for_each(look);
    }

    /// Looks at some of them, those after an id; whether there are more.
    pub(crate) fn page(
        &self,
        after: Option<&WorkerId>,
        limit: usize,
        look: impl FnMut(&Worker),
    ) -> bool {
        let known = self.known.read();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let page = known.workers.range::<WorkerId, _>((from, Bound::Unbounded));
        let mut page = page.map(|(_, worker)| worker).filter(|worker| worker.said.is_some());
        page.by_ref().take(limit).for_each(look);
        page.next().is_some()
    }
}
