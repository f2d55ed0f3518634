//! Workers come, and go.

use std::sync::Arc;

use carnet_store::{RegisterError, StoreError};
use carnet_ticket::identity::{CapabilityId, WorkerId};

use super::worker::Worker;
use super::{Registration, Registry, Seats, Speaker};

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

impl Registry {
    /// Registers a worker, durably.
    pub(crate) async fn register(
        &self,
        id: WorkerId,
        registration: Registration,
        speaker: &Speaker,
    ) -> Result<(), RegistryError> {
        let reach = self.known.read().reach;
        let is_called = |url: &str| speaker.may_be_called_at(url, reach);
        if !(registration.served().all(|url| speaker.may_be_at(url))
            && registration.rpc_url.as_deref().is_none_or(is_called))
        {
            return Err(RegistryError::UrlNotAllowed);
        }
        let is_clone_seen = self.allows(&registration, speaker).await?;
        let text = serde_json::to_string(&registration).unwrap_or_default();
        let (now, _turn) = (self.clock.now(), self.turn.read().await);
        let registered = self.store.register_worker(id, speaker.identity(), text, now).await;
        let mut row = registered.map_err(|error| match error {
            RegisterError::IdTaken => RegistryError::IdTaken,
            RegisterError::Store(error) => error.into(),
            _ => RegistryError::TooMany,
        })?;
        row.registration = None;
        {
            let mut known = self.known.write();
            // What it does for somebody it goes on to do.
            let seats = known.workers.get(&row.id).map(|worker| Arc::clone(&worker.seats));
            let seats = seats.unwrap_or_else(|| Seats::new(self.changed.clone()));
            let mut worker = Worker::new(row, Some(registration), seats, now);
            worker.leaf = speaker.leaf().cloned();
            worker.shows_static = speaker.shows_static();
            let suspicion = worker.member.as_ref().and_then(|member| known.suspects.get(member));
            worker.suspicion = suspicion.cloned().unwrap_or_default();
            worker.suspicion.is_clone_seen = is_clone_seen;
            known.workers.insert(worker.row.id.clone(), worker);
        }
        self.changed.notify();
        Ok(())
    }

    /// Whether every capability is one that was enrolled. Tells whether a copy of a certificate was seen.
    async fn allows(
        &self,
        registration: &Registration,
        speaker: &Speaker,
    ) -> Result<bool, RegistryError> {
        if let Speaker::Token { subject, .. } = speaker {
            // A token says nothing of capabilities.
            return if self.is_out(subject) { Err(RegistryError::Quarantined) } else { Ok(false) };
        }
        let member = speaker.member().ok_or(RegistryError::CapabilityNotAllowed)?;
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
        let is_clone_seen = row.clone_seen_at.is_some();
        if all { Ok(is_clone_seen) } else { Err(RegistryError::CapabilityNotAllowed) }
    }

    /// Whether a worker of this identity is kept out by its own row.
    fn is_out(&self, identity: &str) -> bool {
        let known = self.known.read();
        known
            .workers
            .values()
            .any(|worker| worker.row.quarantined && worker.row.identity == identity)
    }

    /// A worker goes. Its id stays its own. A process that ends after another has registered under its id leaves that
    /// where it is.
    pub(crate) async fn deregister(
        &self,
        id: &WorkerId,
        speaker: &Speaker,
        instance: Option<&str>,
    ) -> Result<(), RegistryError> {
        self.owned(id, speaker)?;
        let (now, _turn) = (self.clock.now(), self.turn.read().await);
        let registered = self.registration(id).and_then(|said| said.instance);
        if instance.is_some_and(|instance| registered.is_some_and(|known| known != instance)) {
            return Ok(());
        }
        self.store.deregister_worker(id.clone(), now).await?;
        if let Some(worker) = self.known.write().workers.get_mut(id) {
            (worker.said, worker.row.updated_at) = (None, now);
        }
        self.changed.notify();
        Ok(())
    }

    /// Nothing, if the id is that of a worker that speaks for itself. A token says itself whose it is.
    pub(crate) fn own(&self, id: &WorkerId, speaker: &Speaker) -> Result<(), RegistryError> {
        let known = self.known.read();
        let owner = known.workers.get(id).map(|worker| &worker.row.identity);
        let is_own = match owner {
            Some(owner) => *owner == speaker.identity(),
            None => speaker.leaf().is_none(),
        };
        if is_own { Ok(()) } else { Err(RegistryError::IdTaken) }
    }

    /// Nothing, unless the id is another's.
    pub(crate) fn owned(&self, id: &WorkerId, speaker: &Speaker) -> Result<(), RegistryError> {
        let known = self.known.read();
        let owner = known.workers.get(id).map(|worker| &worker.row.identity);
        let is_others = owner.is_some_and(|owner| *owner != speaker.identity());
        if is_others { Err(RegistryError::IdTaken) } else { Ok(()) }
    }
}
