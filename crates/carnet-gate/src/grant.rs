//! [`Grant`]: live authority.

use std::fmt;
use std::pin::pin;
use std::sync::{Arc, OnceLock};

use carnet_ticket::id::{Fingerprint, KeyId, UniqueId};
use carnet_ticket::rights::{PathScopes, RealmRights, Rights, RouteScopes};
use carnet_ticket::time::Expiration;
use carnet_ticket::verify::{Class, Ended, Meter, Reason, Surface, Verified};
use tokio::sync::Notify;

use crate::denied::Denied;
use crate::expiry::{self, Expiry};
use crate::gate::Inner;
use crate::meter::Cost;
use crate::purse::Purse;
use crate::registry::Slot;

/// What a grant without any rights would allow; the gate makes none.
static NOTHING: Rights = Rights::Routes(RouteScopes {
    role: String::new(),
    scopes: Vec::new(),
    tenant: None,
    worker: None,
    mint_for: Vec::new(),
});

/// Live authority: who, what, how much, until when. Clones share one life; it ends at the latest when the
/// last is dropped.
///
/// Only [`crate::Gate::admit`] makes one.
#[derive(Clone)]
pub struct Grant(Arc<State>);

/// What the clones of a grant share.
pub(crate) struct State {
    gate: Arc<Inner>,
    slot: Slot,
    surface: Surface,
    pub(crate) verified: Arc<Verified>,
    /// Where the surface's map gave rights; otherwise those that the credential carries count.
    mapped: Option<Rights>,
    purse: Purse,
    ended: OnceLock<Ended>,
    queued: OnceLock<expiry::Ticket>,
    notify: Notify,
}

/// Something reserved of a grant's budget. [`Hold::settle`] gives back what was not used; dropping it gives
/// back everything but the operations.
#[must_use = "a hold that is dropped at once reserves nothing"]
pub struct Hold {
    purse: Purse,
    cost: Cost,
}

impl Grant {
    pub(crate) fn new(state: Arc<State>) -> Self {
        Self(state)
    }

    /// What it allows.
    pub fn rights(&self) -> &Rights {
        self.0.mapped.as_ref().or(self.0.verified.rights.as_ref()).unwrap_or(&NOTHING)
    }

    /// Its scopes, on `api` and `rpc`.
    pub fn routes(&self) -> Option<&RouteScopes> {
        match self.rights() {
            Rights::Routes(scopes) => Some(scopes),
            _ => None,
        }
    }

    /// Its role and the paths that narrow it, on `namespace`.
    pub fn paths(&self) -> Option<&PathScopes> {
        match self.rights() {
            Rights::Paths(paths) => Some(paths),
            _ => None,
        }
    }

    /// Its realm and what of it, on `realm`.
    pub fn realm(&self) -> Option<&RealmRights> {
        match self.rights() {
            Rights::Realm(rights) => Some(rights),
            _ => None,
        }
    }

    /// Spends `cost`, all or nothing over its meters. Ready at once.
    #[expect(
        clippy::unused_async,
        reason = "meters that replicas share are spent in their database"
    )]
    pub async fn charge(&self, cost: Cost) -> Result<(), Denied> {
        self.spend(&cost)
    }

    /// Reserves `cost` now, to be settled when it is known how much was used.
    pub async fn hold(&self, cost: Cost) -> Result<Hold, Denied> {
        self.charge(cost).await?;
        self.0.purse.hold(&cost);
        Ok(Hold { purse: self.0.purse.clone(), cost })
    }

    /// Waits for the end, and tells why it came. Costs nothing until it is awaited; resolves for every clone
    /// and every waiter, also after the fact.
    pub async fn ended(&self) -> Ended {
        self.0.wait_for_expiry();
        loop {
            let mut notified = pin!(self.0.notify.notified());
            notified.as_mut().enable();
            if let Some(why) = self.is_ended() {
                return why;
            }
            notified.await;
        }
    }

    /// Why it has ended, if it has.
    pub fn is_ended(&self) -> Option<Ended> {
        self.0.is_ended()
    }

    /// Ends it for every clone.
    pub fn end(&self, why: Ended) {
        self.0.end(why);
    }

    /// Where it holds.
    pub fn surface(&self) -> Surface {
        self.0.surface
    }

    /// Whom the credential was issued to.
    pub fn subject(&self) -> Option<&str> {
        self.0.verified.subject.as_deref()
    }

    /// The text that the credential claims under this name.
    pub fn claim(&self, name: &str) -> Option<&str> {
        self.0.verified.claims.get(name)?.as_str()
    }

    /// The credential's class.
    pub fn class(&self) -> Class {
        self.0.verified.class
    }

    /// Names the credential's content.
    pub fn content_id(&self) -> UniqueId {
        self.0.verified.content_id
    }

    /// The credential's own id.
    pub fn token_id(&self) -> Option<&str> {
        self.0.verified.token_id.as_deref()
    }

    /// The key that verified it.
    pub fn key_id(&self) -> Option<KeyId> {
        self.0.verified.key_id
    }

    /// When it ends by itself.
    pub fn expires(&self) -> Expiration {
        self.0.verified.expires
    }

    /// What is left of `meter`; `None` without a limit.
    pub fn remaining(&self, meter: Meter) -> Option<u64> {
        self.0.purse.remaining(meter)
    }

    /// Names the credential in logs.
    pub fn fingerprint(&self) -> Fingerprint {
        self.0.verified.content_id.fingerprint()
    }

    /// The denial that says `reason` about this grant.
    pub fn deny(&self, reason: Reason) -> Denied {
        Denied {
            reason,
            class: Some(self.class()),
            surface: self.0.surface,
            fingerprint: self.fingerprint(),
            rule: None,
        }
    }

    fn spend(&self, cost: &Cost) -> Result<(), Denied> {
        if let Some(why) = self.is_ended() {
            return Err(self.deny(Reason::Ended(why)));
        }
        let gate = &self.0.gate;
        let (result, used_up) = self.0.purse.charge(cost, &gate.clock);
        if let Some((content, meter)) = used_up {
            gate.end_spent(content, meter);
        }
        result.map_err(|reason| {
            gate.count_denied_charge(reason);
            // What is over its budget is over: it answers like any grant that has ended.
            self.deny(match reason {
                Reason::Exhausted(meter) => Reason::Ended(Ended::Exhausted(meter)),
                reason => reason,
            })
        })
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grant")
            .field("surface", &self.0.surface)
            .field("class", &self.class())
            .field("fingerprint", &self.fingerprint())
            .field("ended", &self.0.ended.get())
            .finish_non_exhaustive()
    }
}

impl State {
    pub(crate) fn new(
        gate: Arc<Inner>,
        slot: Slot,
        surface: Surface,
        verified: Arc<Verified>,
        mapped: Option<Rights>,
        purse: Purse,
    ) -> Self {
        Self {
            gate,
            slot,
            surface,
            verified,
            mapped,
            purse,
            ended: OnceLock::new(),
            queued: OnceLock::new(),
            notify: Notify::new(),
        }
    }

    /// Why it has ended, if it has.
    pub(crate) fn is_ended(&self) -> Option<Ended> {
        if self.ended.get().is_none() && self.verified.expires.is_expired_at(self.gate.clock.now())
        {
            self.end(Ended::Expired);
        }
        self.ended.get().copied()
    }

    /// Ends it, once. Tells whether this call did.
    pub(crate) fn end(&self, why: Ended) -> bool {
        let is_first = self.ended.set(why).is_ok();
        if is_first {
            self.gate.count_ended(self.surface, why);
            self.notify.notify_waiters();
        }
        is_first
    }

    /// Puts it into the queue of expiries, once.
    fn wait_for_expiry(self: &Arc<Self>) {
        if let Some(moment) = self.verified.expires.moment() {
            self.queued.get_or_init(|| Expiry::enqueue(&self.gate, moment, Arc::downgrade(self)));
        }
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if let Some(ticket) = self.queued.get() {
            self.gate.expiry.remove(*ticket);
        }
        self.gate.forget(self.slot, self.surface);
    }
}

impl Hold {
    /// Keeps `actual` of what was held and gives back the rest; more than was held is not spent.
    #[expect(
        clippy::unused_async,
        reason = "meters that replicas share are settled in their database"
    )]
    pub async fn settle(mut self, actual: Cost) {
        let rest = Cost {
            ops: self.cost.ops.saturating_sub(actual.ops),
            ticks: self.cost.ticks.saturating_sub(actual.ticks),
            bandwidth_bytes: self.cost.bandwidth_bytes.saturating_sub(actual.bandwidth_bytes),
            cursor_resumes: self.cost.cursor_resumes.saturating_sub(actual.cursor_resumes),
            cursor_advances: self.cost.cursor_advances.saturating_sub(actual.cursor_advances),
            permit: None,
        };
        std::mem::take(&mut self.purse).settle(&self.cost, &rest);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.purse.settle(&self.cost, &Cost { ops: 0, ..self.cost });
    }
}
