//! What may be spent, and what happens at the limit.

use std::time::Duration;

use carnet_gate::{Cost, Gate, GateLimits, Grant};
use carnet_ticket::capability::{Role, TicketScope, TicketVerb};
use carnet_ticket::id::UniqueId;
use carnet_ticket::rights::{PathScopes, PathVerb, Rights};
use carnet_ticket::time::Expiration;
use carnet_ticket::verify::{Class, Ended, Limits, Meter, Reason, Surface};

use crate::support::{START, facts, gate, gate_with, presented};

const CONTENT: UniqueId = UniqueId::from_u8(1);

fn admit(gate: &Gate, class: Class, limits: Limits) -> Result<Grant, Reason> {
    let mut facts = facts(gate, CONTENT);
    facts.row.as_mut().unwrap().limits = limits;
    gate.admit(&presented(class), &facts, Surface::Api).map_err(|denied| denied.reason)
}

fn ops(n: u64) -> Limits {
    Limits { ops: Some(n), ..Limits::none() }
}

fn bandwidth(n: u64) -> Limits {
    Limits { bandwidth_bytes: Some(n), ..Limits::none() }
}

/// Promise: G-16
#[tokio::test]
async fn exhausted_ticks_end_every_grant_and_a_rate_does_not() {
    let (gate, hand) = gate();
    let scope = TicketScope::new("/", TicketVerb::ReadWrite, 2);
    let admit = || {
        let mut facts = facts(&gate, CONTENT);
        let row = facts.row.as_mut().unwrap();
        row.limits = Limits { ticks: Some(2), bandwidth_bytes: Some(5), ..ops(100) };
        let scopes = vec![scope.clone()];
        row.rights = Some(Rights::Paths(PathScopes { role: Role::Queen, scopes }));
        gate.admit(&presented(Class::Capability), &facts, Surface::Namespace).unwrap()
    };
    let (grant, twin) = (admit(), admit());
    let permit = grant.paths().unwrap().permits(PathVerb::Read, "/a").unwrap();
    for _ in 0..2 {
        grant.charge(Cost::op().under(permit)).await.unwrap();
    }
    let often = twin.charge(Cost::op().under(permit)).await.unwrap_err();
    assert_eq!(often.reason, Reason::Rate, "counted over all grants of the ticket");
    let much = twin.charge(Cost::op().bytes(6)).await.unwrap_err();
    assert_eq!(much.reason, Reason::Quota(Meter::BandwidthBytes));
    assert_eq!((grant.is_ended(), twin.is_ended()), (None, None));
    hand.advance(Duration::from_secs(1));
    twin.charge(Cost::op().under(permit)).await.unwrap();

    let ticks = Cost { ticks: 2, ..Cost::default() };
    twin.charge(ticks).await.unwrap();
    let ended = Some(Ended::Exhausted(Meter::Ticks));
    assert_eq!((grant.is_ended(), twin.is_ended()), (ended, ended));
}

/// Promise: G-16
#[tokio::test]
async fn exhausted_operations_end_every_grant_of_the_ticket_and_quota_denials_do_not() {
    let (gate, _) = gate();
    let limits = Limits { bandwidth_bytes: Some(10), ..ops(3) };
    let (grant, twin) =
        (admit(&gate, Class::Realm, limits).unwrap(), admit(&gate, Class::Realm, limits).unwrap());

    let denied = grant.charge(Cost::op().bytes(11)).await.unwrap_err();
    assert_eq!(denied.reason, Reason::Quota(Meter::BandwidthBytes));
    assert_eq!(
        (grant.remaining(Meter::Ops), grant.remaining(Meter::BandwidthBytes)),
        (Some(2), Some(10))
    );
    assert_eq!(grant.is_ended(), None);

    twin.charge(Cost { ops: 2, ..Cost::default() }).await.unwrap();
    assert_eq!(
        twin.ended().await,
        Ended::Exhausted(Meter::Ops),
        "the last operation was allowed and is the last"
    );
    let ended = Reason::Ended(Ended::Exhausted(Meter::Ops));
    assert_eq!(grant.charge(Cost::op()).await.unwrap_err().reason, ended);
}

#[tokio::test]
async fn a_charge_of_more_operations_than_are_left_ends_the_ticket_too() {
    let (gate, _) = gate();
    let grant = admit(&gate, Class::Realm, ops(3)).unwrap();
    let denied = grant.charge(Cost { ops: 4, ..Cost::default() }).await.unwrap_err();
    assert_eq!(denied.reason, Reason::Ended(Ended::Exhausted(Meter::Ops)));
    assert_eq!(grant.is_ended(), Some(Ended::Exhausted(Meter::Ops)));
    assert_eq!(admit(&gate, Class::Realm, ops(3)).unwrap_err(), Reason::Exhausted(Meter::Ops));
}

/// Attaching again, or as another class of the same content, finds the meter as it was.
#[tokio::test]
async fn admitting_again_never_refreshes_a_meter() {
    let (gate, _) = gate();
    let first = admit(&gate, Class::Realm, ops(3)).unwrap();
    first.charge(Cost { ops: 2, ..Cost::default() }).await.unwrap();
    drop(first);
    let again = admit(&gate, Class::Jwt, ops(30)).unwrap();
    assert_eq!(again.remaining(Meter::Ops), Some(1), "and the lesser limit stays");
    again.charge(Cost::op()).await.unwrap();
    assert_eq!(admit(&gate, Class::Realm, ops(3)).unwrap_err(), Reason::Exhausted(Meter::Ops));
}

/// What was spent is told once, goes on in the next process, and is told no more when nothing was added.
#[tokio::test]
async fn a_restart_never_refreshes_a_meter() {
    let limits = Limits { bandwidth_bytes: Some(100), ..ops(3) };
    let (first, _) = gate();
    let grant = admit(&first, Class::Capability, limits).unwrap();
    assert_eq!(
        first.unsaved_meters()[0].limits,
        limits,
        "its limits are, before anything is spent"
    );
    grant.charge(Cost::op().bytes(60)).await.unwrap();
    let unsaved = first.unsaved_meters();
    assert_eq!(first.unsaved_meters(), unsaved, "until it is said to be stored");
    first.meters_saved(&unsaved);
    assert_eq!(first.unsaved_meters(), []);

    let (second, _) = gate();
    second.restore_meters(&unsaved);
    let grant = admit(&second, Class::Capability, limits).unwrap();
    assert_eq!(grant.remaining(Meter::Ops), Some(2));
    assert_eq!(grant.remaining(Meter::BandwidthBytes), Some(40));
    assert_eq!(second.unsaved_meters(), []);
}

/// What is reserved while the rest is stored may come back: only what is spent is stored.
#[tokio::test]
async fn what_is_only_reserved_is_not_stored() {
    let (gate, _) = gate();
    let limits = Limits { bandwidth_bytes: Some(100), ..ops(9) };
    let grant = admit(&gate, Class::Capability, limits).unwrap();
    let stored = || {
        let unsaved = gate.unsaved_meters();
        gate.meters_saved(&unsaved);
        unsaved.first().map(|spending| (spending.used[0], spending.used[2]))
    };
    let hold = grant.hold(Cost::op().bytes(60)).await.unwrap();
    assert_eq!(stored(), Some((1, 0)), "the operation is spent in any case");
    hold.settle(Cost::op().bytes(20)).await;
    assert_eq!(stored(), Some((1, 20)));
    drop(grant.hold(Cost::op().bytes(80)).await.unwrap());
    assert_eq!(stored(), Some((2, 20)));
    assert_eq!(grant.remaining(Meter::BandwidthBytes), Some(80));
}

fn admit_child(gate: &Gate, limits: Limits) -> Result<Grant, Reason> {
    let mut facts = facts(gate, UniqueId::from_u8(2));
    facts.row.as_mut().unwrap().limits = limits;
    facts.ancestors = vec![CONTENT];
    gate.admit(&presented(Class::Capability), &facts, Surface::Api).map_err(|denied| denied.reason)
}

#[tokio::test]
async fn a_child_spends_from_its_parent_and_ends_with_it() {
    let (gate, _) = gate();
    let limits = Limits { bandwidth_bytes: Some(100), ..ops(4) };
    let parent = admit(&gate, Class::Capability, limits).unwrap();
    let child = admit_child(&gate, bandwidth(50)).unwrap();

    child.charge(Cost::op().bytes(30)).await.unwrap();
    assert_eq!(parent.remaining(Meter::Ops), Some(3));
    assert_eq!(parent.remaining(Meter::BandwidthBytes), Some(70));
    parent.charge(Cost::op().bytes(60)).await.unwrap();
    let denied = child.charge(Cost::op().bytes(11)).await.unwrap_err();
    assert_eq!(denied.reason, Reason::Quota(Meter::BandwidthBytes), "its own would do");
    assert_eq!(child.remaining(Meter::BandwidthBytes), Some(10), "the lesser of both");
    assert_eq!(parent.remaining(Meter::Ops), Some(1), "an operation is spent in any case");

    child.charge(Cost::op()).await.unwrap();
    let ended = Ended::Exhausted(Meter::Ops);
    assert_eq!((parent.is_ended(), child.is_ended()), (Some(ended), Some(ended)));
    assert_eq!(admit_child(&gate, bandwidth(50)).unwrap_err(), Reason::Exhausted(Meter::Ops));
}

/// Promise: G-14
#[test]
fn sixty_four_threads_never_pass_a_limit_and_lose_nothing() {
    const LIMIT: u64 = 10_000;
    let (gate, _) = gate();
    let grant = admit(&gate, Class::Realm, bandwidth(LIMIT)).unwrap();
    let charged: u64 = std::thread::scope(|scope| {
        let spend = || {
            let one = || futures::executor::block_on(grant.charge(Cost::default().bytes(7)));
            (0..1_000).filter(|_| one().is_ok()).count() as u64 * 7
        };
        let threads: Vec<_> = (0..64).map(|_| scope.spawn(spend)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(charged, LIMIT / 7 * 7);
    assert_eq!(grant.remaining(Meter::BandwidthBytes), Some(LIMIT - charged));
}

/// Promise: G-14
#[tokio::test]
async fn a_charge_over_one_meter_spends_nothing_of_the_others() {
    let (gate, _) = gate();
    let limits = Limits { cursor_advances: Some(1), ..bandwidth(100) };
    let grant = admit(&gate, Class::Realm, limits).unwrap();
    let cost = Cost { cursor_advances: 2, bandwidth_bytes: 50, ..Cost::default() };
    assert_eq!(grant.charge(cost).await.unwrap_err().reason, Reason::Quota(Meter::CursorAdvances));
    assert_eq!(grant.remaining(Meter::BandwidthBytes), Some(100));
}

/// Promise: G-15
#[tokio::test]
async fn a_hold_reserves_a_settle_returns_the_rest_and_a_drop_all_but_operations() {
    let (gate, _) = gate();
    let grant = admit(&gate, Class::Realm, Limits { ops: Some(10), ..bandwidth(100) }).unwrap();
    let left =
        || (grant.remaining(Meter::Ops).unwrap(), grant.remaining(Meter::BandwidthBytes).unwrap());

    let hold = grant.hold(Cost::op().bytes(80)).await.unwrap();
    assert_eq!(left(), (9, 20));
    assert_eq!(
        grant.hold(Cost::op().bytes(30)).await.err().unwrap().reason,
        Reason::Quota(Meter::BandwidthBytes)
    );
    hold.settle(Cost::op().bytes(50)).await;
    assert_eq!(left(), (8, 50));
    drop(grant.hold(Cost::op().bytes(50)).await.unwrap());
    assert_eq!(left(), (7, 50));
}

/// Promise: G-18
#[test]
fn at_the_limit_new_meters_are_refused_and_live_counts_kept_until_they_expire() {
    let (gate, hand) = gate_with(GateLimits { meters_max: 10, ..GateLimits::default() });
    let admit = |number: u8| {
        let mut facts = facts(&gate, UniqueId::from_u8(number));
        let row = facts.row.as_mut().unwrap();
        row.limits = ops(5);
        row.expires = Expiration::after(START, Duration::from_mins(1));
        if number >= 10 {
            row.expires = Expiration::Never;
        }
        gate.admit(&presented(Class::Realm), &facts, Surface::Api).map_err(|denied| denied.reason)
    };
    for number in 0..10 {
        let grant = admit(number).unwrap();
        futures::executor::block_on(grant.charge(Cost::op())).unwrap();
    }
    assert_eq!(admit(10).unwrap_err(), Reason::Capacity);
    assert_eq!(admit(3).unwrap().remaining(Meter::Ops), Some(4), "what is known goes on");
    hand.advance(Duration::from_secs(89));
    assert_eq!(admit(10).unwrap_err(), Reason::Capacity, "kept for 30 s after the end");
    hand.advance(Duration::from_secs(1));
    assert!(admit(10).is_ok());
    assert_eq!(gate.live_meters(), 1);
}
