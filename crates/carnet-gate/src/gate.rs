//! [`Gate`]: judges what is presented, without I/O and without waiting.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use carnet_ticket::id::{Fingerprint, UniqueId};
use carnet_ticket::rights::Rights;
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::{
    Class, Ended, Facts, Meter, Presented, Reason, RowEnd, Surface, Verified,
};

use crate::builder::{GateBuilder, GateLimits, PerClass, PerSurface};
use crate::clock::Clock;
use crate::denied::Denied;
use crate::epoch::Epochs;
use crate::expiry::Expiry;
use crate::grant::{Grant, State};
use crate::judge::Judge;
use crate::meter::{Meters, Spending};
use crate::purse::Purse;
use crate::registry::{Registry, Slot};
use crate::revocation::{Applied, Delta, Entry, FeedError, Hearing, RevocationSet, Selector};

/// The one place where something presented becomes something allowed. Clones are the same gate.
///
/// ```
/// # use std::sync::Arc;
/// # use carnet_gate::{Clock, Gate};
/// # use carnet_ticket::implicit::Implicit;
/// # use carnet_ticket::verify::{Class, Facts, Presented, Surface};
/// let gate = Gate::builder(Clock::System)
///     .verifier(Class::Local, Arc::new(Implicit { subject: "local-admin" }))
///     .accept(Surface::Api, &[Class::Local])
///     .build();
/// // No rights map says what a local peer may do on the API: nobody gets in.
/// assert!(gate.admit(&Presented::local(), &Facts::none(), Surface::Api).is_err());
/// ```
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("live_grants", &self.live_grants()).finish_non_exhaustive()
    }
}

/// Says what a verified credential may do on one surface, when it does not carry rights of that surface.
pub trait RightsMap: Send + Sync + 'static {
    /// The rights, or why there are none. Pure.
    fn rights(&self, verified: &Verified, facts: &Facts) -> Result<Rights, Reason>;
}

pub(crate) struct Inner {
    pub(crate) clock: Clock,
    pub(crate) expiry: Expiry,
    judges: PerClass<Option<Judge>>,
    accepted: PerSurface<PerClass<Option<metrics::Counter>>>,
    rights: PerSurface<Option<Arc<dyn RightsMap>>>,
    revocations: RevocationSet,
    hearing: Hearing,
    epochs: Epochs,
    registry: Registry,
    meters: Meters,
    live: PerSurface<metrics::Gauge>,
}

impl Gate {
    /// A gate that tells the time by `clock` and, so far, denies everything.
    pub fn builder(clock: Clock) -> GateBuilder {
        GateBuilder::new(clock)
    }

    pub(crate) fn of(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// The clock that everything in this process asks.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Makes a grant of what is presented on `surface`, or says why not. No I/O, no waiting.
    ///
    /// `facts` are what the store knows, loaded before with [`Gate::epoch`] taken first. When their row has
    /// changed since, the reason is [`Reason::StatusUnavailable`]: load once more.
    pub fn admit(
        &self,
        presented: &Presented<'_>,
        facts: &Facts,
        surface: Surface,
    ) -> Result<Grant, Denied> {
        self.judge(presented, facts, surface).map_err(|(reason, fingerprint)| {
            let class = presented.class();
            let name = class.map_or("none", Class::as_str);
            metrics::counter!("carnet_gate_admissions_total", "class" => name, "surface" => surface.as_str(),
                "result" => "denied", "reason" => reason.code())
            .increment(1);
            Denied { reason, class, surface, fingerprint, rule: None }
        })
    }

    /// The number to put into facts, taken before their row is read.
    pub fn epoch(&self) -> u64 {
        self.0.epochs.now()
    }

    /// Whether the row of `facts`, and those above it, still stand as they were read.
    pub fn is_current(&self, facts: &Facts) -> bool {
        let contents = facts.row.iter().map(|row| &row.content_id).chain(&facts.ancestors);
        !self.0.epochs.is_stale(facts.epoch, contents)
    }

    /// The row of `content` has changed: facts read before are refused from here on. Called after the
    /// transaction that changed it.
    pub fn row_changed(&self, content: UniqueId) {
        self.0.epochs.advance(content);
    }

    /// The row of `content` is over: its grants, and those of everything deriving from it, end before this
    /// returns. Called after the transaction that ended it. Tells how many ended.
    pub fn end_content(&self, content: UniqueId, end: RowEnd) -> usize {
        self.0.epochs.advance(content);
        self.0.end_with(|credential| {
            if credential.content_id == content {
                Some(Ended::Row(end))
            } else {
                credential.ancestors.contains(&content).then_some(Ended::Row(RowEnd::Parent))
            }
        })
    }

    /// Puts revocations in force: matching grants end before this returns, and none is made any more.
    pub fn apply(&self, delta: &Delta) -> Result<Applied, FeedError> {
        let stopwatch = self.0.clock.stopwatch();
        let now = self.0.clock.now();
        let seq = self.0.revocations.apply(delta, now)?;
        let named_by = |credential: &Verified| {
            let entry = delta.entries.iter().find(|entry| entry.selector.names(credential))?;
            Some(Ended::Revoked(entry.selector.kind()))
        };
        let ended = self.0.end_with(named_by);
        metrics::histogram!("carnet_gate_revocation_seconds").record(stopwatch.elapsed());
        Ok(Applied { seq, ended })
    }

    /// Puts exactly these revocations in force, which are all that count at number `seq`: matching grants end before
    /// this returns.
    pub(crate) fn replace(&self, seq: u64, entries: &[Entry]) -> Applied {
        let stopwatch = self.0.clock.stopwatch();
        let now = self.0.clock.now();
        self.0.revocations.replace(seq, entries, now);
        let ended = self
            .0
            .end_with(|credential| self.0.revocations.judge(credential, now).map(Ended::Revoked));
        metrics::histogram!("carnet_gate_revocation_seconds").record(stopwatch.elapsed());
        Applied { seq, ended }
    }

    /// There is news of revocations, if only that there are none.
    pub(crate) fn hear(&self) {
        self.0.hearing.hear(&self.0.clock);
    }

    /// How long there was no news of revocations, for a gate that hears of them from elsewhere; `None` before the
    /// first.
    pub fn silence(&self) -> Option<Duration> {
        self.0.hearing.silence(&self.0.clock)
    }

    /// Whether the last news of revocations is older than it may be. No grant ends of that.
    pub fn is_stale(&self) -> bool {
        self.0.hearing.is_stale(&self.0.clock)
    }

    /// Shows `visit` the credential of every live grant that `selector` names.
    pub fn each_named(&self, selector: &Selector, mut visit: impl FnMut(&Verified)) {
        self.0.registry.for_each(|state| {
            if state.is_ended().is_none() && selector.names(&state.verified) {
                visit(&state.verified);
            }
        });
    }

    /// The revocations in force.
    pub fn revocations(&self) -> &RevocationSet {
        &self.0.revocations
    }

    /// How many grants are live.
    pub fn live_grants(&self) -> usize {
        self.0.registry.live()
    }

    /// Goes on counting where another process stopped. Called once, before anything is admitted.
    pub fn restore_meters(&self, spendings: &[Spending]) {
        for spending in spendings {
            self.0.meters.restore(spending);
        }
    }

    /// What was spent since it was last stored. Whoever stores it says so with [`Gate::meters_saved`].
    pub fn unsaved_meters(&self) -> Vec<Spending> {
        self.0.meters.unsaved()
    }

    /// These are stored.
    pub fn meters_saved(&self, spendings: &[Spending]) {
        for spending in spendings {
            self.0.meters.saved(spending);
        }
    }

    /// How many contents are metered.
    pub fn live_meters(&self) -> usize {
        self.0.meters.live()
    }

    fn judge(
        &self,
        presented: &Presented<'_>,
        facts: &Facts,
        surface: Surface,
    ) -> Result<Grant, (Reason, Fingerprint)> {
        let inner = &self.0;
        let now = inner.clock.now();
        // What has no row is as fresh as its verifier is now.
        let epoch = facts.row.as_ref().map_or_else(|| inner.epochs.now(), |_| facts.epoch);
        let known =
            facts.row.as_ref().map_or(Fingerprint::default(), |row| row.content_id.fingerprint());
        let (admitted, verified) =
            inner.verify(presented, facts, surface, now).map_err(|reason| (reason, known))?;
        let fingerprint = verified.content_id.fingerprint();
        let grant = inner
            .grant(verified, facts, surface, now, epoch)
            .map_err(|reason| (reason, fingerprint))?;
        admitted.increment(1);
        Ok(grant)
    }
}

impl Inner {
    pub(crate) fn new(
        clock: Clock,
        judges: PerClass<Option<Judge>>,
        accepted: PerSurface<PerClass<Option<metrics::Counter>>>,
        rights: PerSurface<Option<Arc<dyn RightsMap>>>,
        hearing: Hearing,
        limits: GateLimits,
    ) -> Self {
        let gauge =
            |surface: Surface| metrics::gauge!("carnet_gate_grants", "surface" => surface.as_str());
        Self {
            clock,
            expiry: Expiry::default(),
            judges,
            accepted,
            rights,
            revocations: RevocationSet::default(),
            hearing,
            epochs: Epochs::default(),
            registry: Registry::new(limits.grants_max),
            meters: Meters::new(limits.meters_max),
            live: Surface::ALL.map(gauge),
        }
    }

    fn verify(
        &self,
        presented: &Presented<'_>,
        facts: &Facts,
        surface: Surface,
        now: Timestamp,
    ) -> Result<(&metrics::Counter, Arc<Verified>), Reason> {
        let class = presented.class().ok_or(Reason::UnknownClass)?;
        let accepted = &self.accepted[surface as usize][class as usize];
        let admitted = accepted.as_ref().ok_or(Reason::NotAccepted)?;
        let judge = self.judges[class as usize].as_ref().ok_or(Reason::NotAccepted)?;
        match &facts.row {
            None if class.is_stateful() => return Err(Reason::Unknown),
            Some(row) if row.ended.is_some() => {
                return Err(row.ended.map_or(Reason::Unknown, Reason::Gone));
            }
            _ => {}
        }
        Ok((admitted, judge.judge(presented, facts, now)?))
    }

    fn grant(
        self: &Arc<Self>,
        verified: Arc<Verified>,
        facts: &Facts,
        surface: Surface,
        now: Timestamp,
        epoch: u64,
    ) -> Result<Grant, Reason> {
        if self.hearing.refuses(&verified.expires, now, &self.clock) {
            return Err(Reason::RevocationStale);
        }
        if let Some(kind) = self.revocations.judge(&verified, now) {
            return Err(Reason::Revoked(kind));
        }
        let carried = verified.rights.as_ref().filter(|rights| is_kind_of(rights, surface));
        let mapped = match carried {
            Some(_) => None,
            None => {
                let map = self.rights[surface as usize].as_ref().ok_or(Reason::NotAccepted)?;
                Some(map.rights(&verified, facts)?)
            }
        };
        let has_rates = mapped.as_ref().or(carried).is_some_and(Rights::has_rates);
        let purse = Purse::of(&self.meters, &verified, has_rates, now)?;
        let make = |slot| State::new(Arc::clone(self), slot, surface, verified, mapped, purse);
        let state = self.registry.register(make).ok_or(Reason::Capacity)?;
        self.live[surface as usize].increment(1);

        // Looked at again, now that the grant can be found: a revocation that returned before this line has
        // either been seen here or has seen the grant.
        if let Some(kind) = self.revocations.judge(&state.verified, now) {
            return Err(Reason::Revoked(kind));
        }
        let contents = std::iter::once(&state.verified.content_id).chain(&state.verified.ancestors);
        if self.epochs.is_stale(epoch, contents) {
            return Err(Reason::StatusUnavailable);
        }
        Ok(Grant::new(state))
    }

    /// Ends every grant of `content` and of what derives from it: that meter of it is used up.
    pub(crate) fn end_spent(&self, content: UniqueId, meter: Meter) {
        self.end_with(|credential| {
            let spends_it =
                credential.content_id == content || credential.ancestors.contains(&content);
            spends_it.then_some(Ended::Exhausted(meter))
        });
    }

    fn end_with(&self, why: impl Fn(&Verified) -> Option<Ended>) -> usize {
        let mut count = 0;
        self.registry.for_each(|state| {
            if let Some(why) = why(&state.verified) {
                count += usize::from(state.end(why));
            }
        });
        count
    }

    pub(crate) fn forget(&self, slot: Slot, surface: Surface) {
        self.registry.remove(slot);
        self.live[surface as usize].decrement(1);
    }

    #[expect(clippy::unused_self, reason = "all counting is the gate's")]
    pub(crate) fn count_ended(&self, surface: Surface, why: Ended) {
        metrics::counter!("carnet_gate_grants_ended_total", "surface" => surface.as_str(), "cause" => why.code())
            .increment(1);
    }

    #[expect(clippy::unused_self, reason = "all counting is the gate's")]
    pub(crate) fn count_denied_charge(&self, reason: Reason) {
        if let Reason::Exhausted(meter) | Reason::Quota(meter) = reason {
            metrics::counter!("carnet_gate_charges_denied_total", "meter" => meter.as_str())
                .increment(1);
        }
    }
}

/// Whether `rights` are of the kind that `surface` asks.
fn is_kind_of(rights: &Rights, surface: Surface) -> bool {
    match rights {
        Rights::Routes(_) => matches!(surface, Surface::Api | Surface::Rpc),
        Rights::Paths(_) => surface == Surface::Namespace,
        Rights::Realm(_) => surface == Surface::Realm,
        _ => false,
    }
}
