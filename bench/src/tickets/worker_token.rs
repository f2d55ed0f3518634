//! Worker tokens.

use std::hint::black_box;
use std::sync::Arc;

use carnet_gate::{Clock, Grant};
use carnet_ticket::ed25519::SigningKey;
use carnet_ticket::verify::{Bearer, Class, Presented, Profile, Surface};
use carnet_ticket::worker_token::{
    Audience, Claims, HmacKey, WorkerKeys, WorkerTokenVerifier, mint_v1, mint_v2,
};

use super::{SECRET, admitted, gate};
use crate::report::{Report, per_second};

pub(super) fn run(report: &mut Report) {
    let now_s = Clock::System.now().unix_s();
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
    let verifier = Arc::new(WorkerTokenVerifier::new(keys, Profile::Strict));
    let bearer = Bearer {
        subject: Some("worker-1"),
        audience: Some(Audience::Rpc.as_str()),
        ..Bearer::nobody()
    };
    for (name, text, remembers, floor, goal) in [
        ("v1 verified, admitted, one action", &v1, false, floor_v1, "goal >= 700,000"),
        ("v1 from the verdict cache", &v1, true, floor_v1, "goal >= 1,000,000"),
        ("v2 verified, admitted, one action", &v2, false, floor_v2, "goal >= 0.83"),
        ("v2 from the verdict cache", &v2, true, floor_v2, ""),
    ] {
        let presented = Presented { bearer, ..Presented::of(Class::WorkerToken, text) };
        let gate = gate(Class::WorkerToken, Surface::Rpc, verifier.clone(), remembers);
        let admit = admitted(&gate, &presented, Surface::Rpc, spawn);
        let beside = format!("{:.2} of the floor; {goal}", admit / floor);
        report.add(&format!("ticket worker: {name}"), admit, "/s per core", beside);
    }
}

fn spawn(grant: &Grant) {
    let routes = grant.routes().unwrap_or_else(|| unreachable!("rights on routes"));
    assert!(routes.permits_worker("worker:spawn", "worker-1").is_ok());
}
