//! Credentials by themselves: verified and admitted, beside the computation that each cannot do without.

use std::hint::black_box;
use std::sync::Arc;

use carnet_gate::{Clock, Gate};
use carnet_ticket::capability::{
    self, BudgetSpec, Capability, MountSpec, Role, TicketClaims, TicketIssuer, TicketLimits,
};
use carnet_ticket::ed25519::SigningKey;
use carnet_ticket::rights::PathVerb;
use carnet_ticket::verify::{Bearer, Class, Facts, Presented, Profile, Surface};
use carnet_ticket::worker_token::{
    Audience, Claims, HmacKey, WorkerKeys, WorkerTokenVerifier, mint_v1, mint_v2,
};

use crate::report::{Report, per_second};

const SECRET: &str = "an-operational-secret-of-at-least-32-bytes";

/// Measures every class that carries its own authority.
pub fn run(report: &mut Report) {
    if report.wants("ticket capability") {
        capability(report);
    }
    if report.wants("ticket worker") {
        worker_token(report);
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

fn worker_token(report: &mut Report) {
    let clock = Clock::System;
    let now_s = clock.now().unix_s();
    let claims = Claims {
        worker_id: "worker-1".to_owned(),
        token_id: "0123456789abcdef0123456789abcdef".to_owned(),
        audience: Audience::Rpc.as_str().to_owned(),
        scopes: vec!["worker:spawn".to_owned(), "worker:status".to_owned()],
        expires_s: now_s + 300,
        issued_at_s: now_s,
        not_before_s: 0,
    };
    let hmac = HmacKey::from_text(SECRET).unwrap_or_else(|error| unreachable!("{error}"));
    let ed25519 = SigningKey::from_seed(&[7; 32]).unwrap_or_else(|error| unreachable!("{error}"));
    let v1 = mint_v1(&hmac, &claims).unwrap_or_default();
    let v2 = mint_v2(&ed25519, &claims).unwrap_or_default();

    let bare = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, SECRET.as_bytes());
    let floor_v1 = per_second(|| {
        black_box(aws_lc_rs::hmac::sign(&bare, black_box(v1.as_bytes())));
    });
    report.add("ticket worker: bare HMAC-SHA256", floor_v1, "/s per core", "floor of v1");
    let signature = ed25519.sign(v2.as_bytes());
    let floor_v2 = per_second(|| {
        assert!(ed25519.verifying_key().verifies(black_box(v2.as_bytes()), &signature));
    });
    report.add("ticket worker: bare Ed25519 check", floor_v2, "/s per core", "floor of v2");

    let keys = WorkerKeys::new().with_hmac([hmac]).unwrap_or_default();
    let keys = keys.with_public([ed25519.verifying_key().clone()]).unwrap_or_default();
    let gate = Gate::builder(clock)
        .verifier(Class::WorkerToken, Arc::new(WorkerTokenVerifier::new(keys, Profile::Strict)))
        .accept(Surface::Rpc, &[Class::WorkerToken])
        .build();
    let bearer = Bearer {
        subject: Some("worker-1"),
        audience: Some(Audience::Rpc.as_str()),
        ..Bearer::nobody()
    };
    for (name, text, floor, goal) in [
        ("ticket worker: v1 verified, admitted, one action", &v1, floor_v1, "goal >= 700,000"),
        ("ticket worker: v2 verified, admitted, one action", &v2, floor_v2, "goal >= 0.83"),
    ] {
        let presented = Presented { bearer, ..Presented::of(Class::WorkerToken, text) };
        let admit = per_second(|| {
            let grant = gate.admit(&presented, &Facts::none(), Surface::Rpc);
            let grant = grant.unwrap_or_else(|denied| unreachable!("{denied}"));
            let routes = grant.routes().unwrap_or_else(|| unreachable!("rights on routes"));
            assert!(routes.permits_worker("worker:spawn", "worker-1").is_ok());
        });
        let beside = format!("{:.2} of the floor; {goal}", admit / floor);
        report.add(name, admit, "/s per core", beside);
    }
}
