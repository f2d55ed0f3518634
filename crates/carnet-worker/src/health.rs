//! [`Health`]: how a worker is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use carnet_gate::Gate;
use carnet_ticket::identity::{Schedule, WorkerId};
use carnet_ticket::time::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::tls::Live;

/// How a worker is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It works.
    Healthy,
    /// It works, but five sixths of its certificate's life are over.
    Degraded,
    /// Its certificate has ended.
    Unhealthy,
    /// Its startup hooks run.
    Starting,
    /// It ends.
    Stopping,
}

/// Whether the registry knows the worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// There is no registry.
    None,
    /// It does not, and is asked again.
    Retrying,
    /// It does.
    Ok,
}

/// Where a worker is between its start and its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Starting,
    Running,
    Stopping,
}

/// What is asked about a worker's health.
pub(crate) struct Health {
    /// The certificate of a member of the fleet.
    live: Option<Arc<Live>>,
    gate: Gate,
    worker_id: WorkerId,
    started_at: Timestamp,
    phase: AtomicU8,
    registration: AtomicU8,
    /// Whether a heartbeat was taken.
    reported: CancellationToken,
}

impl Status {
    /// The word in `/health`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
            Self::Starting => "starting",
            Self::Stopping => "stopping",
        }
    }
}

impl Registration {
    const ALL: [Self; 3] = [Self::None, Self::Retrying, Self::Ok];

    /// The word in `/health`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Retrying => "retrying",
            Self::Ok => "ok",
        }
    }
}

impl Health {
    /// Of a worker that starts now.
    pub(crate) fn new(live: Option<Arc<Live>>, gate: Gate, worker_id: WorkerId) -> Self {
        Self {
            started_at: gate.clock().now(),
            gate,
            worker_id,
            live,
            phase: AtomicU8::new(Phase::Starting as u8),
            registration: AtomicU8::new(Registration::None as u8),
            reported: CancellationToken::new(),
        }
    }

    pub(crate) fn status(&self) -> Status {
        let schedule = self.live.as_ref().map(|live| live.current().schedule);
        let is_past = |due: fn(Schedule) -> Timestamp| {
            schedule.is_some_and(|schedule| self.now() >= due(schedule))
        };
        match self.phase.load(Ordering::Relaxed) {
            phase if phase == Phase::Starting as u8 => Status::Starting,
            phase if phase == Phase::Stopping as u8 => Status::Stopping,
            _ if self.is_withdrawn() || is_past(|schedule| schedule.unhealthy_at) => {
                Status::Unhealthy
            }
            _ if is_past(|schedule| schedule.degraded_at) => Status::Degraded,
            _ => Status::Healthy,
        }
    }

    /// Whether the certificate is revoked, so that nobody is served any more.
    pub(crate) fn is_withdrawn(&self) -> bool {
        self.live.as_ref().is_some_and(|live| live.is_withdrawn())
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.phase.load(Ordering::Relaxed) == Phase::Stopping as u8
    }

    pub(crate) fn started(&self) {
        self.phase.store(Phase::Running as u8, Ordering::Relaxed);
    }

    pub(crate) fn stopping(&self) {
        self.phase.store(Phase::Stopping as u8, Ordering::Relaxed);
    }

    pub(crate) fn registration(&self) -> Registration {
        let index = usize::from(self.registration.load(Ordering::Relaxed));
        Registration::ALL.get(index).copied().unwrap_or(Registration::None)
    }

    pub(crate) fn set_registration(&self, registration: Registration) {
        self.registration.store(registration as u8, Ordering::Relaxed);
    }

    /// A heartbeat was taken.
    pub(crate) fn has_reported(&self) {
        self.reported.cancel();
    }

    /// Waits until a heartbeat was taken.
    pub(crate) async fn reported(&self) {
        self.reported.cancelled().await;
    }

    /// The gate, which knows what was revoked.
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    pub(crate) fn worker_id(&self) -> &WorkerId {
        &self.worker_id
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.gate.clock().now()
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.now().since(self.started_at)
    }

    /// Until when its certificate counts, if that is the fleet's.
    pub(crate) fn certificate_expires_at(&self) -> Option<Timestamp> {
        self.live.as_ref().map(|live| live.current().stored.leaf.not_after)
    }
}
