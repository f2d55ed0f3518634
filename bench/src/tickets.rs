//! Credentials by themselves: verified and admitted, beside the computation that each cannot do without.

use std::hint::black_box;
use std::sync::Arc;

use carnet_gate::{Clock, Gate};
use carnet_ticket::capability::{
    self, BudgetSpec, Capability, MountSpec, Role, TicketClaims, TicketIssuer, TicketLimits,
};
use carnet_ticket::rights::PathVerb;
use carnet_ticket::verify::{Bearer, Class, Facts, Presented, Profile, Surface};

use crate::report::{Report, per_second};

const SECRET: &str = "an-operational-secret-of-at-least-32-bytes";

/// Measures every class that carries its own authority.
pub fn run(report: &mut Report) {
    if report.wants("ticket capability") {
        capability(report);
    }
}

fn capability(report: &mut Report) {
    let clock = Clock::System;
    let issuer = TicketIssuer::new(SECRET);
    let issued_at = u64::try_from(clock.now().0).unwrap_or(0);
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

    let keys = [(Role::WorkerHeartbeat, vec![issuer.key()])].into();
    let judge = Capability::new(keys, TicketLimits::default(), Profile::Strict);
    let gate = Gate::builder(clock)
        .verifier(Class::Capability, Arc::new(judge))
        .accept(Surface::Namespace, &[Class::Capability])
        .build();
    let bearer = Bearer { role: Some(Role::WorkerHeartbeat.label()), ..Bearer::nobody() };
    let presented = Presented { bearer, ..Presented::of(Class::Capability, &text) };
    let admit = per_second(|| {
        let grant = gate.admit(&presented, &Facts::none(), Surface::Namespace);
        let grant = grant.unwrap_or_else(|denied| unreachable!("{denied}"));
        let paths = grant.paths().unwrap_or_else(|| unreachable!("rights on paths"));
        assert!(paths.permits(PathVerb::Write, "/worker/1/telemetry").is_ok());
    });
    let beside = format!("{:.2} of the floor; goal >= 1,000,000", admit / floor);
    report.add("ticket capability: verified, admitted, one action", admit, "/s per core", beside);
    let decode = per_second(|| {
        black_box(capability::TicketToken::decode(black_box(&text), &issuer.key()).is_ok());
    });
    report.add("ticket capability: decoded alone", decode, "/s per core", "");
}
