//! How grants end, and who hears of it.

use std::time::Duration;

use carnet_gate::{Delta, Entry, Gate, Grant, Selector};
use carnet_ticket::id::UniqueId;
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::{Class, Ended, Reason, RevocationKind, RowEnd, Surface};

use crate::support::{START, facts, gate, presented};

const PARENT: UniqueId = UniqueId::from_u8(1);
const CHILD: UniqueId = UniqueId::from_u8(2);
const OTHER: UniqueId = UniqueId::from_u8(3);

fn grant(gate: &Gate, class: Class, content: UniqueId) -> Grant {
    gate.admit(&presented(class), &facts(gate, content), Surface::Api).unwrap()
}

fn revoke(gate: &Gate, selector: Selector) -> usize {
    let seq = gate.revocations().seq() + 1;
    gate.apply(&Delta::one(Entry { seq, selector, at: START, exp: None })).unwrap().ended
}

/// Promise: G-12
#[tokio::test]
async fn every_clone_and_waiter_hears_the_end_before_and_after_the_fact() {
    let (gate, _) = gate();
    let grant = grant(&gate, Class::Realm, PARENT);
    let waiting: Vec<_> = (0..10)
        .map(|_| {
            let clone = grant.clone();
            tokio::spawn(async move { clone.ended().await })
        })
        .collect();
    tokio::task::yield_now().await;
    assert_eq!(grant.is_ended(), None);
    gate.end_content(PARENT, RowEnd::Revoked);
    for waiter in waiting {
        assert_eq!(waiter.await.unwrap(), Ended::Row(RowEnd::Revoked));
    }
    assert_eq!(grant.ended().await, Ended::Row(RowEnd::Revoked), "after the fact");
    grant.end(Ended::Released);
    assert_eq!(grant.is_ended(), Some(Ended::Row(RowEnd::Revoked)), "the first cause stays");
    assert_eq!(
        grant.charge(carnet_gate::Cost::op()).await.unwrap_err().reason,
        Reason::Ended(Ended::Row(RowEnd::Revoked))
    );
}

/// Promise: G-6
#[test]
fn ending_a_content_ends_its_whole_tree_and_nothing_else() {
    let (gate, _) = gate();
    let parent = grant(&gate, Class::Realm, PARENT);
    let mut of_child = facts(&gate, CHILD);
    of_child.ancestors = vec![UniqueId::from_u8(9), PARENT];
    let child = gate.admit(&presented(Class::Jwt), &of_child, Surface::Api).unwrap();
    let other = grant(&gate, Class::Realm, OTHER);

    assert_eq!(revoke(&gate, Selector::ContentId(PARENT)), 2);
    let revoked = Some(Ended::Revoked(RevocationKind::ContentId));
    assert_eq!((parent.is_ended(), child.is_ended(), other.is_ended()), (revoked, revoked, None));
    let denied = gate.admit(&presented(Class::Jwt), &of_child, Surface::Api).unwrap_err();
    assert_eq!(denied.reason, Reason::Revoked(RevocationKind::ContentId));
}

#[test]
fn the_end_of_a_row_reaches_children_as_their_parents_end() {
    let (gate, _) = gate();
    let mut of_child = facts(&gate, CHILD);
    of_child.ancestors = vec![PARENT];
    let child = gate.admit(&presented(Class::Realm), &of_child, Surface::Api).unwrap();
    assert_eq!(gate.end_content(PARENT, RowEnd::Deleted), 1);
    assert_eq!(child.is_ended(), Some(Ended::Row(RowEnd::Parent)));
}

/// Promise: G-7, P-25
#[test]
fn a_subject_line_spares_what_was_issued_after_it() {
    let (gate, _) = gate();
    let line = Selector::Subject { subject: "worker-a".to_owned(), issued_before: START };
    let older = grant(&gate, Class::Realm, PARENT);
    let mut later = facts(&gate, OTHER);
    later.row.as_mut().unwrap().issued_at = START.after(Duration::from_secs(1));
    let newer = gate.admit(&presented(Class::Realm), &later, Surface::Api).unwrap();
    assert_eq!(revoke(&gate, line), 1);
    assert!(older.is_ended().is_some() && newer.is_ended().is_none());
    assert!(gate.admit(&presented(Class::Realm), &later, Surface::Api).is_ok());
    let old =
        gate.admit(&presented(Class::Realm), &facts(&gate, PARENT), Surface::Api).unwrap_err();
    assert_eq!(old.reason, Reason::Revoked(RevocationKind::Subject));
}

/// Promise: G-13, G-23
#[tokio::test]
async fn a_grant_ends_at_its_instant_also_when_the_clock_steps() {
    let (gate, hand) = gate();
    let end = START.after(Duration::from_mins(1));
    let expiring = |content| {
        let mut facts = facts(&gate, content);
        facts.row.as_mut().unwrap().expires = Expiration::At(end);
        gate.admit(&presented(Class::Realm), &facts, Surface::Api).unwrap()
    };
    let (waited_on, asked) = (expiring(PARENT), expiring(CHILD));
    let waiter = tokio::spawn({
        let grant = waited_on.clone();
        async move { grant.ended().await }
    });
    hand.set(Timestamp(end.0 - 1));
    tokio::task::yield_now().await;
    assert!(!waiter.is_finished() && asked.is_ended().is_none());

    hand.set(Timestamp(START.0 - 1_000_000));
    tokio::task::yield_now().await;
    assert!(!waiter.is_finished(), "a step back ends nothing");

    hand.set(end);
    assert_eq!(waiter.await.unwrap(), Ended::Expired);
    assert_eq!(asked.is_ended(), Some(Ended::Expired), "nobody waited on it");
    hand.set(START);
    assert_eq!(waited_on.is_ended(), Some(Ended::Expired), "what has ended stays ended");
}

#[tokio::test]
async fn an_earlier_expiry_overtakes_one_that_is_already_waited_for() {
    let (gate, hand) = gate();
    let waiter = |content, minutes| {
        let mut facts = facts(&gate, content);
        facts.row.as_mut().unwrap().expires =
            Expiration::after(START, Duration::from_mins(minutes));
        let grant = gate.admit(&presented(Class::Realm), &facts, Surface::Api).unwrap();
        tokio::spawn(async move { grant.ended().await })
    };
    let late = waiter(PARENT, 60);
    tokio::task::yield_now().await;
    let early = waiter(CHILD, 1);
    tokio::task::yield_now().await;
    hand.advance(Duration::from_mins(1));
    assert_eq!(early.await.unwrap(), Ended::Expired);
    assert!(!late.is_finished());
    hand.advance(Duration::from_hours(1));
    assert_eq!(late.await.unwrap(), Ended::Expired);
}
