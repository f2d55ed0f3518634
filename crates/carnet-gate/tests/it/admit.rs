//! What gets in, and what does not.

use std::sync::Arc;

use carnet_gate::{Clock, Delta, Entry, Gate, GateLimits, Lookup, Selector, StatusSource};
use carnet_ticket::id::UniqueId;
use carnet_ticket::implicit::Implicit;
use carnet_ticket::time::Expiration;
use carnet_ticket::verify::{Class, Facts, Presented, Reason, RowEnd, Surface};
use futures::future::BoxFuture;

use crate::support::{START, facts, gate, gate_with, presented};

const CONTENT: UniqueId = UniqueId::from_u8(1);

/// Promise: G-2
#[test]
fn a_class_not_accepted_on_a_surface_is_denied_whatever_its_validity() {
    let (gate, _) = gate();
    let good = facts(&gate, CONTENT);
    for class in Class::ALL {
        assert!(gate.admit(&presented(class), &good, Surface::Api).is_ok());
        for surface in [Surface::Realm, Surface::Namespace, Surface::Rpc, Surface::Mesh] {
            let denied = gate.admit(&presented(class), &good, surface).unwrap_err();
            assert_eq!(
                (denied.reason, denied.class, denied.surface),
                (Reason::NotAccepted, Some(class), surface)
            );
        }
    }
}

/// Promise: G-3
#[test]
fn without_verifier_rights_or_row_everything_is_denied() {
    let none = Gate::builder(Clock::System).build();
    let accepting =
        Gate::builder(Clock::System).accept(Surface::Api, &[Class::Local, Class::Realm]).build();
    let verifying = Gate::builder(Clock::System)
        .accept(Surface::Api, &[Class::Local])
        .verifier(Class::Local, Arc::new(Implicit { subject: "local-admin" }))
        .build();
    for gate in [none, accepting, verifying] {
        let denied = gate.admit(&Presented::local(), &Facts::none(), Surface::Api).unwrap_err();
        assert_eq!(denied.reason, Reason::NotAccepted);
    }
    let (gate, _) = gate();
    let denied = gate.admit(&presented(Class::Realm), &Facts::none(), Surface::Api).unwrap_err();
    assert_eq!(denied.reason, Reason::Unknown, "a stateful class without its row");
}

#[test]
fn what_names_no_class_is_unknown_and_prefixes_name_theirs() {
    let (gate, _) = gate();
    let denied =
        gate.admit(&Presented::text("hello"), &facts(&gate, CONTENT), Surface::Api).unwrap_err();
    assert_eq!(denied.reason, Reason::UnknownClass);
    let classes = [
        ("cohesix-ticket-1", Class::Capability),
        ("stacyvm-worker-v1.a.b", Class::WorkerToken),
        ("carnet-worker-v2.a.b", Class::WorkerToken),
        ("ticket:01HQXK5V8N3Y7M2P4R6T9W0ABC", Class::Realm),
        ("casfa_x", Class::AgentToken),
        ("carnet_ak_x", Class::ApiKey),
        ("eyJhbGci.b.c", Class::Jwt),
    ];
    for (text, class) in classes {
        assert_eq!(Class::of_text(text), Some(class), "{text}");
    }
    assert_eq!(Class::of_text("eyJhbGci.b"), None);
}

/// Promise: G-24
#[tokio::test]
async fn a_store_that_is_down_gives_status_unavailable_and_never_an_admission() {
    struct Down;
    impl StatusSource for Down {
        fn load<'a>(&'a self, _: &'a Presented<'_>) -> BoxFuture<'a, Result<Facts, Reason>> {
            Box::pin(async { Err(Reason::StatusUnavailable) })
        }
    }
    let (gate, _) = gate();
    let lookup = Lookup::builder(&gate).source(Class::Realm, Arc::new(Down)).build();
    let denied = lookup.admit(&presented(Class::Realm), Surface::Api).await.unwrap_err();
    assert_eq!(denied.reason, Reason::StatusUnavailable);
    // A class that needs no row is not held up.
    assert_eq!(
        lookup.admit(&presented(Class::Jwt), Surface::Api).await.unwrap_err().reason,
        Reason::Unknown
    );
}

#[test]
fn rows_that_are_over_or_expired_are_denied() {
    let (gate, hand) = gate();
    let mut over = facts(&gate, CONTENT);
    over.row.as_mut().unwrap().ended = Some(RowEnd::Archived);
    let denied = gate.admit(&presented(Class::Realm), &over, Surface::Api).unwrap_err();
    assert_eq!(
        (denied.reason, denied.fingerprint),
        (Reason::Gone(RowEnd::Archived), CONTENT.fingerprint())
    );

    let mut brief = facts(&gate, CONTENT);
    let end = START.after(std::time::Duration::from_millis(1));
    brief.row.as_mut().unwrap().expires = Expiration::At(end);
    assert!(gate.admit(&presented(Class::Realm), &brief, Surface::Api).is_ok());
    hand.set(end);
    assert_eq!(
        gate.admit(&presented(Class::Realm), &brief, Surface::Api).unwrap_err().reason,
        Reason::Expired
    );
}

#[test]
fn there_are_never_more_grants_than_the_limit_and_dropping_one_makes_room() {
    let (gate, _) = gate_with(GateLimits { grants_max: 2, ..GateLimits::default() });
    let facts = facts(&gate, CONTENT);
    let admit = || gate.admit(&presented(Class::Realm), &facts, Surface::Api);
    let (first, second) = (admit().unwrap(), admit().unwrap());
    assert_eq!(admit().unwrap_err().reason, Reason::Capacity);
    drop(first.clone());
    assert_eq!(admit().unwrap_err().reason, Reason::Capacity, "a clone is the same grant");
    drop(first);
    assert!(admit().is_ok());
    drop(second);
    assert_eq!(gate.live_grants(), 0);
}

/// Promise: G-8
#[test]
fn facts_loaded_before_their_row_ended_or_changed_are_refused() {
    let (gate, _) = gate();
    let before = facts(&gate, CONTENT);
    let other = facts(&gate, UniqueId::from_u8(2));
    let mut child = facts(&gate, UniqueId::from_u8(3));
    child.ancestors.push(CONTENT);

    gate.end_content(CONTENT, RowEnd::Deleted);
    for stale in [&before, &child] {
        let denied = gate.admit(&presented(Class::Realm), stale, Surface::Api).unwrap_err();
        assert_eq!(denied.reason, Reason::StatusUnavailable);
    }
    assert!(gate.admit(&presented(Class::Realm), &other, Surface::Api).is_ok());
    assert!(gate.admit(&presented(Class::Realm), &facts(&gate, CONTENT), Surface::Api).is_ok());
    assert_eq!(gate.live_grants(), 0, "a refused grant leaves nothing behind");
}

/// Promise: G-8
#[test]
fn no_grant_survives_a_revocation_that_has_returned_however_they_race() {
    for round in 0..200_u8 {
        let (gate, _) = gate();
        let content = UniqueId::from_u8(round);
        let facts = facts(&gate, content);
        let (survivors, applied) = std::thread::scope(|scope| {
            let admitting = scope.spawn(|| {
                let admit = |_| gate.admit(&presented(Class::Realm), &facts, Surface::Api).ok();
                (0..50).filter_map(admit).collect::<Vec<_>>()
            });
            let entry =
                Entry { seq: 1, selector: Selector::ContentId(content), at: START, exp: None };
            let applied = gate.apply(&Delta::one(entry)).unwrap();
            (admitting.join().unwrap(), applied)
        });
        assert!(survivors.iter().all(|grant| grant.is_ended().is_some()), "round {round}");
        // The revocation may also have ended a grant whose admission then refused it.
        assert!(applied.ended >= survivors.len(), "each grant that was made was ended by it");
    }
}

/// Promise: G-19
#[test]
fn a_million_admissions_of_distinct_tickets_leave_memory_bounded() {
    let (gate, hand) = gate_with(GateLimits { meters_max: 1_000, ..GateLimits::default() });
    for number in 0..1_000_000_u32 {
        let mut facts = facts(&gate, UniqueId::from_u32(number));
        let row = facts.row.as_mut().unwrap();
        row.limits.ops = Some(1);
        row.expires = Expiration::after(gate.clock().now(), std::time::Duration::from_secs(1));
        gate.admit(&presented(Class::Realm), &facts, Surface::Api).unwrap();
        if number % 500 == 0 {
            hand.advance(std::time::Duration::from_secs(40));
        }
    }
    assert_eq!(gate.live_grants(), 0);
    assert!(gate.live_meters() <= 1_000, "{} meters are held", gate.live_meters());
}

#[test]
fn the_lookup_loads_once_more_when_the_row_changed_meanwhile() {
    struct Changing(Gate, std::sync::atomic::AtomicU32);
    impl StatusSource for Changing {
        fn load<'a>(&'a self, _: &'a Presented<'_>) -> BoxFuture<'a, Result<Facts, Reason>> {
            Box::pin(async {
                let facts = facts(&self.0, CONTENT);
                if self.1.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0 {
                    self.0.row_changed(CONTENT);
                }
                Ok(facts)
            })
        }
    }
    let (gate, _) = gate();
    let source = Arc::new(Changing(gate.clone(), std::sync::atomic::AtomicU32::new(0)));
    let lookup = Lookup::builder(&gate).source(Class::Realm, source.clone()).build();
    let admitted =
        futures::executor::block_on(lookup.admit(&presented(Class::Realm), Surface::Api));
    assert!(admitted.is_ok());
    let loads = || source.1.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!(loads(), 2);
    // What was read is remembered until its row changes again.
    let admit = || {
        futures::executor::block_on(lookup.admit(&presented(Class::Realm), Surface::Api)).unwrap()
    };
    drop((admit(), admit()));
    assert_eq!(loads(), 2);
    gate.row_changed(CONTENT);
    drop((admit(), admit()));
    assert_eq!(loads(), 3);
}
