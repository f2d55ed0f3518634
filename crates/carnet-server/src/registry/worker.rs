//! [`Worker`]: a worker, as it is known now.

use std::sync::Arc;
use std::time::Duration;

use carnet_store::WorkerRow;
use carnet_ticket::identity::{Leaf, Member, SpiffeId};
use carnet_ticket::time::Timestamp;

use super::{AdminStates, Beat, Offer, Registration, Seats, WorkerState};

/// A worker, as it is known now.
#[derive(Debug, Clone)]
pub(crate) struct Worker {
    /// What is stored of it.
    pub(crate) row: WorkerRow,
    /// What it registered as; nothing once it has gone.
    pub(crate) said: Option<Registration>,
    /// What it can do, as it said.
    pub(super) offers: Vec<Offer>,
    /// The places at it that are taken.
    pub(super) seats: Arc<Seats>,
    /// What it said last.
    pub(crate) beat: Beat,
    /// The certificate that it came with last; unknown until it comes.
    pub(crate) leaf: Option<Arc<Leaf>>,
    /// Whether the token that it came with last is one of the configuration; unknown until it comes.
    pub(super) shows_static: Option<bool>,
    /// Who it is in the fleet, if its identity is of the fleet.
    pub(crate) member: Option<Member>,
    /// What is held against its identity.
    pub(super) suspicion: Suspicion,
    /// When it was last heard; after a start of this process, since then.
    pub(crate) heard_at: Timestamp,
    /// Whether it was noted that it is lost.
    pub(super) is_lost: bool,
    /// Whether it is written down when it was last heard.
    pub(super) is_saved: bool,
}

/// What is held against an identity.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Suspicion {
    /// It is quarantined, for this reason.
    pub(super) quarantined: Option<String>,
    /// A copy of one of its certificates was seen.
    pub(super) is_clone_seen: bool,
}

impl Worker {
    /// Whether it comes with a certificate; else it comes with a token.
    pub(crate) fn is_certified(&self) -> bool {
        self.member.is_some()
    }

    pub(super) fn new(
        row: WorkerRow,
        said: Option<Registration>,
        seats: Arc<Seats>,
        heard_at: Timestamp,
    ) -> Self {
        let identity = row.identity.parse::<SpiffeId>().ok();
        Self {
            offers: said.as_ref().map(Registration::offers).unwrap_or_default(),
            member: identity.as_ref().and_then(Member::of),
            row,
            said,
            seats,
            beat: Beat::default(),
            leaf: None,
            shows_static: None,
            suspicion: Suspicion::default(),
            heard_at,
            is_lost: false,
            is_saved: true,
        }
    }

    /// How it is at `now`.
    pub(crate) fn state(&self, now: Timestamp, lost_after: Duration) -> WorkerState {
        let admin = AdminStates {
            cordoned: self.row.cordoned,
            draining: self.row.draining,
            quarantined: self.row.quarantined || self.suspicion.quarantined.is_some(),
        };
        let reported = self.beat.state.unwrap_or_default();
        WorkerState::of(admin, reported, now.since(self.heard_at), lost_after)
    }

    /// Why it is in the state that an administrator has set, or what is suspected of it.
    pub(crate) fn state_reason(&self) -> Option<&str> {
        let said = self.suspicion.quarantined.as_deref().or(self.row.reason.as_deref());
        said.filter(|said| !said.is_empty())
            .or(self.suspicion.is_clone_seen.then_some("clone_suspected"))
    }

    /// What it can do, each as `verb:capability`.
    pub(crate) fn keys(&self) -> impl Iterator<Item = String> {
        self.offers.iter().map(|offer| format!("{}:{}", offer.verb, offer.capability))
    }

    /// How many tasks it has: as many as it was given, or as it says.
    pub(crate) fn active(&self) -> u32 {
        self.seats.taken().max(self.beat.active.unwrap_or(0))
    }
}
