//! The registry: which workers there are, what they can do, and how they are. Source: worker runtime spec, section 9.
//!
//! What a worker says when it registers is durable before it is answered. What it says each time that it is there
//! stays in memory; when it was last heard is written every few seconds, all workers in one transaction.

mod beat;
mod bundle;
pub(crate) mod form;
mod offer;
mod placement;
mod registration;
mod seats;
mod state;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use carnet_gate::Clock;
use carnet_store::{RegisterError, Store, StoreError, WorkerRow};
use carnet_ticket::identity::{CapabilityId, Leaf, Member, WorkerId};
use carnet_ticket::time::Timestamp;
use http::Uri;
use parking_lot::RwLock;
use tokio::sync::Notify;

pub(crate) use beat::Beat;
pub use offer::Offer;
pub use placement::{Candidate, Placement, Want};
pub(crate) use registration::Registration;
use seats::Changed;
pub use seats::{Limits, Seats, Slot};
pub use state::{AdminStates, InvalidStatus, Reported, WorkerState};

/// Why a worker is not registered. The caller learns that it may not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum RegistryError {
    /// The id is another's, for good.
    #[error("the worker id is another identity's")]
    IdTaken,
    /// A URL is not https, or names a host that the certificate does not.
    #[error("a URL is not https, or its host is not in the certificate")]
    UrlNotAllowed,
    /// A capability is outside of what was enrolled.
    #[error("a capability is outside of the enrollment")]
    CapabilityNotAllowed,
    /// Its identity is quarantined.
    #[error("the identity is quarantined")]
    Quarantined,
    /// There are as many workers as may be.
    #[error("there are too many workers")]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A worker, as it is known now.
#[derive(Debug, Clone)]
pub(crate) struct Worker {
    /// What is stored of it.
    pub(crate) row: WorkerRow,
    /// What it registered as; nothing once it has gone.
    pub(crate) said: Option<Registration>,
    /// What it can do, as it said.
    offers: Vec<Offer>,
    /// The places at it that are taken.
    seats: Arc<Seats>,
    /// What it said last.
    pub(crate) beat: Beat,
    /// When it was last heard; after a start of this process, since then.
    pub(crate) heard_at: Timestamp,
    /// Whether that is written down.
    is_saved: bool,
}

impl Worker {
    fn new(
        row: WorkerRow,
        said: Option<Registration>,
        seats: Arc<Seats>,
        heard_at: Timestamp,
    ) -> Self {
        let offers = said.as_ref().map(Registration::offers).unwrap_or_default();
        Self { row, said, offers, seats, beat: Beat::default(), heard_at, is_saved: true }
    }

    /// How it is at `now`.
    pub(crate) fn state(
        &self,
        is_quarantined: bool,
        now: Timestamp,
        lost_after: Duration,
    ) -> WorkerState {
        let admin = AdminStates { quarantined: is_quarantined, ..AdminStates::default() };
        let reported = self.beat.state.unwrap_or_default();
        WorkerState::of(admin, reported, now.since(self.heard_at), lost_after)
    }
}

/// Every worker that has registered.
pub struct Registry {
    store: Store,
    clock: Clock,
    workers: RwLock<BTreeMap<WorkerId, Worker>>,
    changed: Changed,
}

impl Registry {
    /// The workers that the store knows; each counts as heard now.
    pub(crate) async fn open(store: Store, clock: Clock) -> Result<Self, StoreError> {
        let (now, changed) = (clock.now(), Changed::default());
        let mut workers = BTreeMap::new();
        for mut row in store.workers().await? {
            // What it says is kept once.
            let said = row.registration.take();
            let said = said.as_deref().map(serde_json::from_str).transpose();
            let said = said.map_err(|_| StoreError::BadRow { column: "registration" })?;
            let seats = Seats::new(changed.clone());
            workers.insert(row.id.clone(), Worker::new(row, said, seats, now));
        }
        Ok(Self { store, clock, workers: RwLock::new(workers), changed })
    }

    /// Registers the worker that `leaf` certifies, durably.
    pub(crate) async fn register(
        &self,
        id: WorkerId,
        registration: Registration,
        leaf: &Leaf,
    ) -> Result<(), RegistryError> {
        if !registration.urls().all(|url| is_own(url, leaf)) {
            return Err(RegistryError::UrlNotAllowed);
        }
        self.allows(&registration, leaf).await?;
        let text = serde_json::to_string(&registration).unwrap_or_default();
        let now = self.clock.now();
        let registered = self.store.register_worker(id, leaf.identity.to_string(), text, now).await;
        let mut row = registered.map_err(|error| match error {
            RegisterError::IdTaken => RegistryError::IdTaken,
            RegisterError::Store(error) => error.into(),
            _ => RegistryError::TooMany,
        })?;
        row.registration = None;
        {
            let mut workers = self.workers.write();
            // What it does for somebody it goes on to do.
            let seats = workers.get(&row.id).map(|known| Arc::clone(&known.seats));
            let seats = seats.unwrap_or_else(|| Seats::new(self.changed.clone()));
            workers.insert(row.id.clone(), Worker::new(row, Some(registration), seats, now));
        }
        self.changed.notify();
        Ok(())
    }

    /// Whether every capability is one that was enrolled.
    async fn allows(&self, registration: &Registration, leaf: &Leaf) -> Result<(), RegistryError> {
        let member = Member::of(&leaf.identity).ok_or(RegistryError::CapabilityNotAllowed)?;
        let row = self.store.member(&member).await?;
        let row = row.ok_or(RegistryError::CapabilityNotAllowed)?;
        if row.quarantined_at.is_some() {
            return Err(RegistryError::Quarantined);
        }
        let globs = row.profile.capabilities;
        let is_allowed = |capability: &String| {
            let id = capability.parse::<CapabilityId>();
            id.is_ok_and(|id| globs.iter().any(|glob| glob.matches(&id)))
        };
        let all = registration.capabilities.iter().all(is_allowed);
        if all { Ok(()) } else { Err(RegistryError::CapabilityNotAllowed) }
    }

    /// A worker says that it is there. Whether it is known as what it says that it is.
    pub(crate) fn heard(
        &self,
        id: &WorkerId,
        leaf: &Leaf,
        beat: Beat,
    ) -> Result<bool, RegistryError> {
        let mut workers = self.workers.write();
        let Some(worker) = workers.get_mut(id) else { return Ok(false) };
        if worker.row.identity != leaf.identity.to_string() {
            return Err(RegistryError::IdTaken);
        }
        let is_known =
            worker.said.as_ref().is_some_and(|said| said.service_type == beat.service_type);
        if is_known {
            let is_news = worker.beat.placed_by() != beat.placed_by();
            (worker.beat, worker.heard_at, worker.is_saved) = (beat, self.clock.now(), false);
            if is_news {
                self.changed.notify();
            }
        }
        Ok(is_known)
    }

    /// A worker goes. Its id stays its own.
    pub(crate) async fn deregister(&self, id: &WorkerId, leaf: &Leaf) -> Result<(), RegistryError> {
        self.owned(id, leaf)?;
        let now = self.clock.now();
        self.store.deregister_worker(id.clone(), now).await?;
        if let Some(worker) = self.workers.write().get_mut(id) {
            (worker.said, worker.row.updated_at) = (None, now);
        }
        self.changed.notify();
        Ok(())
    }

    /// Nothing, unless the id is another's.
    pub(crate) fn owned(&self, id: &WorkerId, leaf: &Leaf) -> Result<(), RegistryError> {
        let workers = self.workers.read();
        let owner = workers.get(id).map(|worker| &worker.row.identity);
        let is_others = owner.is_some_and(|owner| *owner != leaf.identity.to_string());
        if is_others { Err(RegistryError::IdTaken) } else { Ok(()) }
    }

    /// Notified each time that a task may find a worker which it did not find before.
    pub fn changed(&self) -> &Notify {
        self.changed.notified()
    }

    /// The worker of this id, if it has registered and not gone.
    pub(crate) fn worker(&self, id: &WorkerId) -> Option<Worker> {
        self.workers.read().get(id).filter(|worker| worker.said.is_some()).cloned()
    }

    /// How the worker of this id counts, if it has registered and not gone.
    pub(crate) fn state(&self, id: &WorkerId, lost_after: Duration) -> Option<WorkerState> {
        let workers = self.workers.read();
        let worker = workers.get(id).filter(|worker| worker.said.is_some())?;
        // Whoever is quarantined has no certificate to come with.
        Some(worker.state(false, self.clock.now(), lost_after))
    }

    /// Looks at every worker that has registered and not gone, by id.
    pub(crate) fn for_each(&self, look: impl FnMut(&Worker)) {
        self.workers.read().values().filter(|worker| worker.said.is_some()).for_each(look);
    }

    /// Every worker that has registered and not gone, by id.
    pub(crate) fn workers(&self) -> Vec<Worker> {
        self.workers.read().values().filter(|worker| worker.said.is_some()).cloned().collect()
    }

    /// Writes down when workers were last heard.
    pub(crate) async fn save(&self) -> Result<(), StoreError> {
        let unsaved: Vec<_> = {
            let workers = self.workers.read();
            let unsaved = workers.values().filter(|worker| !worker.is_saved);
            unsaved.map(|worker| (worker.row.id.clone(), worker.heard_at)).collect()
        };
        if unsaved.is_empty() {
            return Ok(());
        }
        self.store.workers_heard(unsaved.clone()).await?;
        let mut workers = self.workers.write();
        for (id, at) in unsaved {
            if let Some(worker) = workers.get_mut(&id) {
                worker.is_saved |= worker.heard_at == at;
                worker.row.last_heartbeat = at;
            }
        }
        Ok(())
    }
}

/// Whether a URL is https, of a host that the certificate names.
fn is_own(url: &str, leaf: &Leaf) -> bool {
    let Ok(url) = url.parse::<Uri>() else { return false };
    let host = url.host().map(|host| host.trim_start_matches('[').trim_end_matches(']'));
    url.scheme_str() == Some("https") && host.is_some_and(|host| leaf.names(host))
}
