//! A gate on a manual clock, and credentials for it that say what they are worth.

use std::sync::Arc;

use carnet_gate::{Clock, Gate, GateBuilder, GateLimits, Hand, RightsMap};
use carnet_ticket::id::UniqueId;
use carnet_ticket::rights::{Rights, RouteScopes};
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::{
    Class, Facts, Limits, Presented, Proof, Reason, Row, Surface, Verified, Verify,
};

pub const START: Timestamp = Timestamp(1_700_000_000_000);

/// A gate that takes on the API and the namespace whatever its facts' row describes, and the clock's hand.
pub fn gate() -> (Gate, Hand) {
    gate_with(GateLimits::default())
}

pub fn gate_with(limits: GateLimits) -> (Gate, Hand) {
    let (clock, hand) = Clock::manual(START);
    (build(clock, limits, |builder| builder), hand)
}

/// The same on this clock.
pub fn gate_at(clock: Clock) -> Gate {
    build(clock, GateLimits::default(), |builder| builder)
}

/// The same on this clock, within these limits, and with what `more` says.
pub fn build(
    clock: Clock,
    limits: GateLimits,
    more: impl FnOnce(GateBuilder) -> GateBuilder,
) -> Gate {
    let mut builder = Gate::builder(clock).limits(limits).rights(Surface::Api, Arc::new(Viewer));
    for class in Class::ALL {
        builder = builder
            .verifier(class, Arc::new(ByRow(class)))
            .accept(Surface::Api, &[class])
            .accept(Surface::Namespace, &[class]);
    }
    more(builder).build()
}

/// Something of `class` that its row alone describes.
pub fn presented(class: Class) -> Presented<'static> {
    Presented::of(class, "credential")
}

/// Facts with a row of this content that counts for ever.
pub fn facts(gate: &Gate, content_id: UniqueId) -> Facts {
    Facts { epoch: gate.epoch(), row: Some(row(content_id)), ancestors: Vec::new(), home: None }
}

pub fn row(content_id: UniqueId) -> Row {
    Row {
        content_id,
        subject: "worker-a".to_owned(),
        proof: Proof::None,
        issued_at: START,
        expires: Expiration::Never,
        ended: None,
        rights: None,
        limits: Limits::none(),
    }
}

/// Believes the row.
struct ByRow(Class);

impl Verify for ByRow {
    fn verify(&self, _: &Presented<'_>, facts: &Facts, now: Timestamp) -> Result<Verified, Reason> {
        let row = facts.row.as_ref().ok_or(Reason::Unknown)?;
        Verified::of_row(self.0, row, facts, now)
    }
}

/// Lets everybody read.
pub struct Viewer;

impl RightsMap for Viewer {
    fn rights(&self, _: &Verified, _: &Facts) -> Result<Rights, Reason> {
        Ok(Rights::Routes(RouteScopes::of_role("viewer")))
    }
}
