//! What is remembered of verdicts, and what is judged afresh all the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use carnet_gate::{Clock, Cost, Delta, Entry, Gate, Grant, Hand, Selector, VerdictLimits};
use carnet_ticket::id::UniqueId;
use carnet_ticket::jwt::{Hs256, Jwt, JwtError, JwtTicketBuilder, KeyRing};
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::{
    Bearer, Class, Ended, Facts, Limits, Meter, Presented, Profile, Reason, RevocationKind,
    Surface, Verified, Verify,
};
use carnet_ticket::worker_token::{
    Audience, Claims, HmacKey, WorkerKeys, WorkerTokenError, WorkerTokenVerifier, mint_v1,
};

use crate::support::{START, Viewer, facts, row};

const LIFE: Duration = Duration::from_mins(5);

/// Finds every text but `bad` good for [`LIFE`], three operations long, and counts how often it is asked.
#[derive(Default)]
struct Counting {
    asked: AtomicU64,
    generation: AtomicU64,
}

impl Counting {
    fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Verify for Counting {
    fn verify(
        &self,
        presented: &Presented<'_>,
        _: &Facts,
        now: Timestamp,
    ) -> Result<Verified, Reason> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let text = presented.data.unwrap_or_default();
        if text == b"bad" {
            return Err(Reason::Malformed);
        }
        let mut row = row(UniqueId::hash(text));
        presented.bearer.subject.unwrap_or("nobody").clone_into(&mut row.subject);
        row.expires = Expiration::after(START, LIFE);
        row.limits = Limits { ops: Some(3), ..Limits::none() };
        Verified::of_row(Class::Jwt, &row, &Facts::none(), now)
    }

    fn generation(&self) -> u64 {
        self.generation.load(Ordering::SeqCst)
    }
}

fn remembering(class: Class, verifier: Arc<dyn Verify>) -> (Gate, Hand) {
    limited(class, verifier, VerdictLimits::default())
}

fn limited(class: Class, verifier: Arc<dyn Verify>, limits: VerdictLimits) -> (Gate, Hand) {
    let (clock, hand) = Clock::manual(START);
    let gate = Gate::builder(clock)
        .verifier(class, verifier)
        .remember(class, limits)
        .accept(Surface::Api, &[class])
        .rights(Surface::Api, Arc::new(Viewer))
        .accept(Surface::Rpc, &[class])
        .build();
    (gate, hand)
}

fn counting() -> (Gate, Hand, Arc<Counting>) {
    let verifier = Arc::new(Counting::default());
    let (gate, hand) = remembering(Class::Jwt, verifier.clone());
    (gate, hand, verifier)
}

fn admit(gate: &Gate, text: &str) -> Result<Grant, Reason> {
    present(gate, &Presented::of(Class::Jwt, text))
}

fn present(gate: &Gate, presented: &Presented<'_>) -> Result<Grant, Reason> {
    gate.admit(presented, &Facts::none(), Surface::Api).map_err(|denied| denied.reason)
}

#[test]
fn what_was_found_good_is_not_asked_again_and_what_was_not_is() {
    let (gate, _, verifier) = counting();
    let (first, second) = (admit(&gate, "good").unwrap(), admit(&gate, "good").unwrap());
    assert_eq!(verifier.asked(), 1);
    assert_eq!(first.content_id(), second.content_id());
    assert_eq!((first.expires(), first.rights()), (second.expires(), second.rights()));

    assert_eq!(admit(&gate, "bad").unwrap_err(), Reason::Malformed);
    assert_eq!(admit(&gate, "bad").unwrap_err(), Reason::Malformed);
    assert_eq!(verifier.asked(), 3);
}

#[test]
fn an_expired_credential_is_refused_and_what_lives_from_it_has_ended() {
    let (gate, hand, _) = counting();
    admit(&gate, "good").unwrap();
    hand.set(Timestamp(START.after(LIFE).0 - 1));
    let last = admit(&gate, "good").unwrap();
    assert_eq!(last.is_ended(), None);
    hand.set(START.after(LIFE));
    assert_eq!(admit(&gate, "good").unwrap_err(), Reason::Expired);
    assert_eq!(last.is_ended(), Some(Ended::Expired));
}

#[test]
fn a_clock_that_was_set_back_has_everything_judged_anew() {
    let (gate, hand, verifier) = counting();
    admit(&gate, "good").unwrap();
    hand.set(Timestamp(START.0 - 1));
    admit(&gate, "good").unwrap();
    assert_eq!(verifier.asked(), 2, "it may not have been valid yet");
}

#[test]
fn a_revocation_counts_at_once() {
    let (gate, _, verifier) = counting();
    let grant = admit(&gate, "good").unwrap();
    let selector = Selector::ContentId(grant.content_id());
    let entry = Entry { seq: 1, selector, at: START, exp: None };
    assert_eq!(gate.apply(&Delta::one(entry)).unwrap().ended, 1);
    let revoked = Reason::Revoked(RevocationKind::ContentId);
    assert_eq!(admit(&gate, "good").unwrap_err(), revoked);
    assert_eq!(verifier.asked(), 1);
}

#[tokio::test]
async fn meters_go_on() {
    let (gate, _, verifier) = counting();
    admit(&gate, "good").unwrap().charge(Cost::op()).await.unwrap();
    let again = admit(&gate, "good").unwrap();
    assert_eq!(again.remaining(Meter::Ops), Some(2));
    again.charge(Cost { ops: 2, ..Cost::default() }).await.unwrap();
    assert_eq!(admit(&gate, "good").unwrap_err(), Reason::Exhausted(Meter::Ops));
    assert_eq!(verifier.asked(), 1);
}

#[test]
fn whoever_else_bears_it_for_whatever_else_is_judged_by_itself() {
    let (gate, _, verifier) = counting();
    let bearers = [
        Bearer::nobody(),
        Bearer { subject: Some("a"), ..Bearer::nobody() },
        Bearer { subject: Some("b"), ..Bearer::nobody() },
        Bearer { role: Some("a"), ..Bearer::nobody() },
        Bearer { audience: Some("a"), ..Bearer::nobody() },
    ];
    for _ in 0..2 {
        for bearer in bearers {
            let presented = Presented { bearer, ..Presented::of(Class::Jwt, "good") };
            let grant = present(&gate, &presented).unwrap();
            assert_eq!(grant.subject(), Some(bearer.subject.unwrap_or("nobody")));
        }
    }
    assert_eq!(verifier.asked(), 5);
    for text in ["good ", "goo", "Good"] {
        admit(&gate, text).unwrap();
    }
    assert_eq!(verifier.asked(), 8, "the whole text counts");
}

#[test]
fn rights_are_those_of_the_surface_each_time() {
    let (gate, _, verifier) = counting();
    admit(&gate, "good").unwrap();
    let presented = Presented::of(Class::Jwt, "good");
    let denied = gate.admit(&presented, &Facts::none(), Surface::Rpc).unwrap_err();
    assert_eq!((denied.reason, verifier.asked()), (Reason::NotAccepted, 1));
    let denied = gate.admit(&presented, &Facts::none(), Surface::Realm).unwrap_err();
    assert_eq!((denied.reason, verifier.asked()), (Reason::NotAccepted, 1));
}

#[test]
fn a_new_generation_and_what_the_store_knows_are_judged_anew() {
    let (gate, _, verifier) = counting();
    admit(&gate, "good").unwrap();
    verifier.generation.store(1, Ordering::SeqCst);
    admit(&gate, "good").unwrap();
    admit(&gate, "good").unwrap();
    assert_eq!(verifier.asked(), 2);
    let known = facts(&gate, UniqueId::from_u8(1));
    for asked in 3..5 {
        gate.admit(&Presented::of(Class::Jwt, "good"), &known, Surface::Api).unwrap();
        assert_eq!(verifier.asked(), asked);
    }
}

/// A verifier whose keys are replaced while it judges: what it found is outdated from the start.
#[test]
fn a_verdict_that_keys_overtake_is_not_believed() {
    struct Overtaken(Counting);
    impl Verify for Overtaken {
        fn verify(
            &self,
            presented: &Presented<'_>,
            facts: &Facts,
            now: Timestamp,
        ) -> Result<Verified, Reason> {
            let verdict = self.0.verify(presented, facts, now);
            self.0.generation.store(1, Ordering::SeqCst);
            verdict
        }

        fn generation(&self) -> u64 {
            self.0.generation()
        }
    }
    let verifier = Arc::new(Overtaken(Counting::default()));
    let (gate, _) = remembering(Class::Jwt, verifier.clone());
    for asked in [1, 2, 2] {
        admit(&gate, "good").unwrap();
        assert_eq!(verifier.0.asked(), asked);
    }
}

#[test]
fn a_flood_of_good_credentials_and_long_ones_leave_memory_bounded() {
    let verifier = Arc::new(Counting::default());
    let limits = VerdictLimits { entries_max: 64, text_len_max: 8 };
    let (gate, _) = limited(Class::Jwt, verifier.clone(), limits);
    let present_all = || (0..1_000).filter(|n| admit(&gate, &n.to_string()).is_ok()).count();
    assert_eq!(present_all(), 1_000);
    let before = verifier.asked();
    assert_eq!(present_all(), 1_000);
    assert!(verifier.asked() - before >= 1_000 - 64, "at most 64 were remembered");

    let before = verifier.asked();
    for _ in 0..2 {
        admit(&gate, "123456789").unwrap();
    }
    assert_eq!(verifier.asked() - before, 2, "too long to be remembered");
}

#[test]
fn no_class_is_remembered_that_nobody_named() {
    let verifier = Arc::new(Counting::default());
    let limits = VerdictLimits { entries_max: 0, ..VerdictLimits::default() };
    let (none, _) = limited(Class::Jwt, verifier.clone(), limits);
    let (other, _) = limited(Class::Tdx, verifier.clone(), VerdictLimits::default());
    admit(&none, "good").unwrap();
    admit(&none, "good").unwrap();
    assert_eq!(verifier.asked(), 2);
    assert_eq!(admit(&other, "good").unwrap_err(), Reason::NotAccepted);
}

/// Promise: W-20
#[test]
fn swapped_worker_keys_and_revoked_ids_count_at_once() {
    const SECRET: &str = "worker-signing-key-with-at-least-32-bytes";
    let key = |text| HmacKey::from_text(text).unwrap();
    let keys = || WorkerKeys::new().with_hmac([key(SECRET)]).unwrap();
    let verifier = Arc::new(WorkerTokenVerifier::new(keys(), Profile::Strict));
    let (gate, hand) = remembering(Class::WorkerToken, verifier.clone());
    let claims = Claims {
        worker_id: "worker-a".to_owned(),
        token_id: "token-1".to_owned(),
        audience: Audience::Rpc.as_str().to_owned(),
        scopes: vec!["worker:spawn".to_owned()],
        expires_s: START.after(LIFE).unix_s(),
        issued_at_s: START.unix_s(),
        not_before_s: 0,
    };
    let token = mint_v1(&key(SECRET), &claims).unwrap();
    let bearer = |subject, audience: Audience| Bearer {
        subject: Some(subject),
        audience: Some(audience.as_str()),
        ..Bearer::nobody()
    };
    let borne = |bearer| {
        let presented = Presented { bearer, ..Presented::of(Class::WorkerToken, &token) };
        gate.admit(&presented, &Facts::none(), Surface::Rpc).map_err(|denied| denied.reason)
    };
    let admit = || borne(bearer("worker-a", Audience::Rpc));
    let fault = |admitted: Result<Grant, Reason>| admitted.unwrap_err();

    for _ in 0..2 {
        assert!(
            admit().unwrap().routes().unwrap().permits_worker("worker:spawn", "worker-a").is_ok()
        );
    }
    let of_another = borne(bearer("worker-b", Audience::Rpc));
    assert_eq!(fault(of_another), Reason::WorkerToken(WorkerTokenError::WorkerIdMismatch));
    let elsewhere = borne(bearer("worker-a", Audience::ControlPlane));
    assert_eq!(fault(elsewhere), Reason::WorkerToken(WorkerTokenError::Audience));

    verifier.swap(keys().with_revoked_ids(["token-1"]), Profile::Strict);
    assert_eq!(fault(admit()), Reason::WorkerToken(WorkerTokenError::Revoked));
    verifier.swap(keys(), Profile::Strict);
    assert!(admit().is_ok());
    verifier.swap(
        WorkerKeys::new().with_hmac([key("another-key-of-at-least-32-bytes-")]).unwrap(),
        Profile::Strict,
    );
    assert_eq!(fault(admit()), Reason::WorkerToken(WorkerTokenError::Signature));
    verifier.swap(keys(), Profile::Strict);
    assert!(admit().is_ok());
    hand.advance(LIFE);
    assert_eq!(fault(admit()), Reason::WorkerToken(WorkerTokenError::Expired));
}

/// Promise: V-28
#[test]
fn a_replaced_ring_counts_at_once() {
    const OLD: Hs256 = Hs256::new([1; 32]);
    const NEW: Hs256 = Hs256::new([2; 32]);
    let ring = KeyRing::named("ring");
    ring.replace(vec![OLD.into()]).unwrap();
    let verifier = Arc::new(Jwt::with_ring(ring.clone()).any_subject());
    let (gate, hand) = remembering(Class::Jwt, verifier);
    let signed = JwtTicketBuilder::new(OLD).subject("a").expires_at(Expiration::after(START, LIFE));
    let token = signed.sign().unwrap();
    for _ in 0..2 {
        assert_eq!(admit(&gate, &token).unwrap().subject(), Some("a"));
    }
    ring.replace(vec![NEW.into()]).unwrap();
    assert_eq!(admit(&gate, &token).unwrap_err(), Reason::Jwt(JwtError::Signature));
    ring.replace(vec![NEW.into(), OLD.into()]).unwrap();
    assert!(admit(&gate, &token).is_ok());
    hand.advance(LIFE);
    assert_eq!(admit(&gate, &token).unwrap_err(), Reason::Jwt(JwtError::Expired));
}
