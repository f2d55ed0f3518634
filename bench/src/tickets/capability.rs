//! Capability tickets.

use std::hint::black_box;
use std::sync::Arc;

use carnet_gate::{Clock, Grant};
use carnet_ticket::capability::{
    BudgetSpec, Capability, MountSpec, Role, TicketClaims, TicketIssuer, TicketLimits, TicketToken,
};
use carnet_ticket::rights::PathVerb;
use carnet_ticket::verify::{Bearer, Class, Presented, Profile, Surface};

use super::{SECRET, admitted, gate};
use crate::report::{Report, per_second};

pub(super) fn run(report: &mut Report) {
    let issuer = TicketIssuer::new(SECRET);
    let issued_at = u64::try_from(Clock::System.now().0).unwrap_or(0);
    let budget = BudgetSpec::default_heartbeat();
    let subject = Some("worker-1".to_owned());
    let claims =
        TicketClaims::new(Role::WorkerHeartbeat, budget, subject, MountSpec::empty(), issued_at);
    let text = issuer.issue(claims).and_then(|token| token.encode()).unwrap_or_default();
    let payload =
        hex::decode(text["cohesix-ticket-".len()..].split('.').next().unwrap_or_default());
    let payload = payload.unwrap_or_default();

    let floor = per_second(|| {
        black_box(blake3::keyed_hash(&[7; 32], black_box(&payload)));
    });
    report.add("ticket capability: bare BLAKE3 keyed hash", floor, "/s per core", "floor");

    let keys = || [(Role::WorkerHeartbeat, vec![issuer.key()])].into();
    let judge = || Arc::new(Capability::new(keys(), TicketLimits::default(), Profile::Strict));
    let bearer = Bearer { role: Some(Role::WorkerHeartbeat.label()), ..Bearer::nobody() };
    let presented = Presented { bearer, ..Presented::of(Class::Capability, &text) };
    for (name, remembers) in [
        ("ticket capability: verified, admitted, one action", false),
        ("ticket capability: the same from the verdict cache", true),
    ] {
        let gate = gate(Class::Capability, Surface::Namespace, judge(), remembers);
        let admit = admitted(&gate, &presented, Surface::Namespace, write);
        let beside = format!("{:.2} of the floor; goal >= 1,000,000", admit / floor);
        report.add(name, admit, "/s per core", beside);
    }
    let decode = per_second(|| {
        black_box(TicketToken::decode(black_box(&text), &issuer.key()).is_ok());
    });
    report.add("ticket capability: decoded alone", decode, "/s per core", "");
}

fn write(grant: &Grant) {
    let paths = grant.paths().unwrap_or_else(|| unreachable!("rights on paths"));
    assert!(paths.permits(PathVerb::Write, "/worker/1/telemetry").is_ok());
}
