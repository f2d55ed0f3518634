//! Real capability tickets at a gate: one ticket, however it is spelt.

use std::sync::Arc;

use carnet_gate::{Clock, Cost, Delta, Entry, Gate, Grant, Selector};
use carnet_ticket::capability::{
    BudgetSpec, Capability, MountSpec, Role, TicketClaims, TicketIssuer, TicketLimits, TicketScope,
    TicketVerb,
};
use carnet_ticket::rights::PathVerb;
use carnet_ticket::verify::{
    Bearer, Class, Ended, Facts, Meter, Presented, Profile, Reason, RevocationKind, Surface,
};

use crate::support::START;

const SECRET: &str = "an-operational-secret-of-at-least-32-bytes";

fn gate() -> Gate {
    let (clock, _) = Clock::manual(START);
    let keys = [(Role::WorkerGpu, vec![TicketIssuer::new(SECRET).key()])].into();
    let judge = Capability::new(keys, TicketLimits::default(), Profile::Strict);
    Gate::builder(clock)
        .verifier(Class::Capability, Arc::new(judge))
        .accept(Surface::Namespace, &[Class::Capability])
        .build()
}

fn ticket() -> String {
    let budget = BudgetSpec::default_gpu().with_ops(Some(3));
    let subject = Some("gpu-1".to_owned());
    let issued_at = u64::try_from(START.0).unwrap();
    let claims = TicketClaims::new(Role::WorkerGpu, budget, subject, MountSpec::empty(), issued_at)
        .with_scopes(vec![TicketScope::new("/telemetry", TicketVerb::Write, 0)]);
    TicketIssuer::new(SECRET).issue(claims).unwrap().encode().unwrap()
}

/// The same ticket in upper-case hex.
fn in_upper_case(ticket: &str) -> String {
    let hex = ticket.strip_prefix("cohesix-ticket-").unwrap();
    format!("cohesix-ticket-{}", hex.to_uppercase())
}

fn attach(gate: &Gate, ticket: &str) -> Result<Grant, Reason> {
    let bearer = Bearer { role: Some("worker-gpu"), ..Bearer::nobody() };
    let presented = Presented { bearer, ..Presented::text(ticket) };
    gate.admit(&presented, &Facts::none(), Surface::Namespace).map_err(|denied| denied.reason)
}

/// Promise: C-4
#[tokio::test]
async fn every_spelling_of_a_ticket_has_one_content_one_budget_and_one_end() {
    let gate = gate();
    let (lower, upper) = (ticket(), in_upper_case(&ticket()));
    let first = attach(&gate, &lower).unwrap();
    let second = attach(&gate, &upper).unwrap();
    assert_eq!(first.content_id(), second.content_id());
    first.charge(Cost::op()).await.unwrap();
    second.charge(Cost::op()).await.unwrap();
    assert_eq!(first.remaining(Meter::Ops), Some(1));

    let selector = Selector::ContentId(first.content_id());
    let applied = gate.apply(&Delta::one(Entry { seq: 1, selector, at: START, exp: None }));
    assert_eq!(applied.unwrap().ended, 2);
    let revoked = Reason::Revoked(RevocationKind::ContentId);
    for spelling in [&lower, &upper] {
        assert_eq!(attach(&gate, spelling).unwrap_err(), revoked);
    }
}

#[tokio::test]
async fn a_budget_that_is_spent_ends_every_spelling_for_good() {
    let gate = gate();
    let (first, second) = (attach(&gate, &ticket()), attach(&gate, &in_upper_case(&ticket())));
    let (first, second) = (first.unwrap(), second.unwrap());
    for _ in 0..3 {
        first.charge(Cost::op()).await.unwrap();
    }
    assert_eq!(second.ended().await, Ended::Exhausted(Meter::Ops));
    let again = attach(&gate, &in_upper_case(&ticket())).unwrap_err();
    assert_eq!(again, Reason::Exhausted(Meter::Ops));
}

/// Over a scope's rate is refused alone: the grant lives on, and the next second is another.
#[tokio::test]
async fn a_rate_ends_nothing() {
    let gate = gate();
    let grant = attach(&gate, &ticket()).unwrap();
    let permit = grant.paths().unwrap().permits(PathVerb::Write, "/telemetry").unwrap();
    let cost = Cost::default().under(permit);
    for _ in 0..64 {
        grant.charge(cost).await.unwrap();
    }
    assert_eq!(grant.charge(cost).await.unwrap_err().reason, Reason::Rate);
    assert_eq!(grant.is_ended(), None);
}
