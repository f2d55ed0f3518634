//! What a gate believes of a feed, and what follows when it hears nothing.

use std::time::Duration;

use carnet_gate::{
    Applied, Clock, FeedError, Freshness, Gate, GateLimits, Hand, Receiver, Selector,
};
use carnet_ticket::ed25519::SigningKey;
use carnet_ticket::id::UniqueId;
use carnet_ticket::jws;
use carnet_ticket::revocation::Entry;
use carnet_ticket::revocation_feed::{Message, MessageError, News, TYPE};
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::{Class, Ended, Profile, Reason, RevocationKind, Surface};

use crate::support::{START, build, facts, presented};

const MAX: Duration = Duration::from_mins(15);
const ISSUER: &str = "https://carnet.example";
const A: UniqueId = UniqueId::from_u8(1);
const B: UniqueId = UniqueId::from_u8(2);

/// A gate that hears of revocations from elsewhere.
struct Fixture {
    receiver: Receiver,
    hand: Hand,
    key: SigningKey,
}

impl Fixture {
    fn new() -> Self {
        Self::of(Profile::Strict, MAX)
    }

    fn of(profile: Profile, max_staleness: Duration) -> Self {
        let (clock, hand) = Clock::manual(START);
        let freshness = Freshness::Remote { max_staleness };
        let gate = build(clock, GateLimits::default(), |builder| {
            builder.freshness(freshness).profile(profile)
        });
        let key = SigningKey::from_seed(&[7; 32]).unwrap();
        Self { receiver: Receiver::new(gate, Some(ISSUER.to_owned())), hand, key }
    }

    fn gate(&self) -> &Gate {
        self.receiver.gate()
    }

    /// Hears this, made `ahead_s` from now.
    fn hear_at(&self, ahead_s: i64, seq: u64, news: News) -> Result<Applied, FeedError> {
        let at_s = self.gate().clock().now().unix_s() + ahead_s;
        let message = Message { iss: ISSUER.to_owned(), seq, at_s, news };
        let text = jws::sign(TYPE, &message.encode(), &self.key);
        self.receiver.receive(&text, &[self.key.verifying_key().clone()])
    }

    fn hear(&self, seq: u64, news: News) -> Result<Applied, FeedError> {
        self.hear_at(0, seq, news)
    }

    /// What admitting this content gives, which ends after `left`.
    fn admit(&self, content: UniqueId, left: Option<Duration>) -> Result<(), Reason> {
        let mut facts = facts(self.gate(), content);
        let now = self.gate().clock().now();
        let expires = left.map_or(Expiration::Never, |left| Expiration::after(now, left));
        facts.row.as_mut().unwrap().expires = expires;
        let grant = self.gate().admit(&presented(Class::Realm), &facts, Surface::Api);
        grant.map(drop).map_err(|denied| denied.reason)
    }
}

fn entry(seq: u64, content: UniqueId) -> Entry {
    Entry { seq, selector: Selector::ContentId(content), at: START, exp: None }
}

fn delta(seq: u64, content: UniqueId) -> News {
    News::Delta { from_seq: seq, entries: vec![entry(seq, content)] }
}

/// Promise: P-22
#[tokio::test]
async fn what_a_message_ends_has_ended_when_it_was_received() {
    let fixture = Fixture::new();
    fixture.hear(0, News::Alive).unwrap();
    let gate = fixture.gate();
    let grant = gate.admit(&presented(Class::Realm), &facts(gate, A), Surface::Api).unwrap();
    let other = gate.admit(&presented(Class::Realm), &facts(gate, B), Surface::Api).unwrap();
    assert_eq!(fixture.hear(1, delta(1, A)), Ok(Applied { seq: 1, ended: 1 }));
    assert_eq!(grant.is_ended(), Some(Ended::Revoked(RevocationKind::ContentId)));
    assert_eq!(other.is_ended(), None);
    assert_eq!(fixture.admit(A, None), Err(Reason::Revoked(RevocationKind::ContentId)));

    let snapshot = News::Snapshot(vec![entry(7, B)]);
    assert_eq!(fixture.hear(9, snapshot), Ok(Applied { seq: 9, ended: 1 }));
    assert_eq!(other.is_ended(), Some(Ended::Revoked(RevocationKind::ContentId)));
    assert_eq!(fixture.admit(A, None), Ok(()), "the snapshot is all that counts");
    assert_eq!(fixture.hear(10, delta(10, A)).unwrap().seq, 10);
}

/// Promise: P-22
#[test]
fn a_bad_message_changes_nothing_and_the_next_good_one_is_heard() {
    let fixture = Fixture::new();
    fixture.hear(1, delta(1, A)).unwrap();
    let other = SigningKey::from_seed(&[8; 32]).unwrap();
    let keys = [fixture.key.verifying_key().clone()];
    let signed = |iss: &str, key: &SigningKey| {
        let message =
            Message { iss: iss.to_owned(), seq: 2, at_s: START.unix_s(), news: delta(2, B) };
        fixture.receiver.receive(&jws::sign(TYPE, &message.encode(), key), &keys)
    };
    let silence = Duration::from_secs(100);
    fixture.hand.advance(silence);
    let faults = [
        (signed(ISSUER, &other), FeedError::Message(MessageError::UnknownKey)),
        (
            signed("https://other.example", &fixture.key),
            FeedError::Message(MessageError::IssuerMismatch),
        ),
        (fixture.receiver.receive("x", &keys), FeedError::Message(MessageError::Malformed)),
        (fixture.hear_at(61, 2, delta(2, B)), FeedError::Future { ahead_s: 61 }),
        (fixture.hear_at(-101, 2, delta(2, B)), FeedError::Replayed { behind_s: 1 }),
        (fixture.hear(3, delta(3, B)), FeedError::Gap { expected: 2, found: 3 }),
        (fixture.hear(1, delta(1, A)), FeedError::Gap { expected: 2, found: 1 }),
        (fixture.hear(5, News::Alive), FeedError::Gap { expected: 2, found: 6 }),
        (fixture.hear(0, News::Alive), FeedError::Rollback { own: 1, found: 0 }),
        (fixture.hear(0, News::Snapshot(Vec::new())), FeedError::Rollback { own: 1, found: 0 }),
    ];
    for (found, expected) in faults {
        assert_eq!(found, Err(expected));
    }
    assert_eq!(fixture.gate().revocations().seq(), 1);
    assert_eq!(fixture.gate().silence(), Some(silence), "no bad message is news");
    assert_eq!(fixture.admit(B, None), Ok(()));

    fixture.hear_at(60, 2, delta(2, B)).unwrap();
    assert_eq!(fixture.gate().silence(), Some(Duration::ZERO));
    assert_eq!(fixture.hear_at(59, 2, News::Alive), Err(FeedError::Replayed { behind_s: 1 }));
    fixture.hear_at(60, 2, News::Alive).unwrap();
}

#[test]
fn whose_feed_it_is_counts_from_the_first_message_on() {
    let fixture = Fixture::new();
    let receiver = Receiver::new(fixture.gate().clone(), None);
    let hear = |iss: &str| {
        let message =
            Message { iss: iss.to_owned(), seq: 0, at_s: START.unix_s(), news: News::Alive };
        let text = jws::sign(TYPE, &message.encode(), &fixture.key);
        receiver.receive(&text, &[fixture.key.verifying_key().clone()])
    };
    hear("https://one.example").unwrap();
    let mismatch = Err(FeedError::Message(MessageError::IssuerMismatch));
    assert_eq!(hear("https://two.example"), mismatch);
    hear("https://one.example").unwrap();
}

/// Promise: P-23
#[test]
fn in_silence_a_strict_gate_admits_what_ends_soon_and_ends_nothing() {
    let fixture = Fixture::new();
    let (short, long) = (Some(MAX), Some(MAX + Duration::from_millis(1)));
    assert!(fixture.gate().is_stale(), "it never heard anything");
    assert_eq!(fixture.admit(A, None), Err(Reason::RevocationStale));
    assert_eq!(fixture.admit(A, short), Ok(()));

    fixture.hear(0, News::Alive).unwrap();
    let gate = fixture.gate();
    let grant = gate.admit(&presented(Class::Realm), &facts(gate, A), Surface::Api).unwrap();
    fixture.hand.advance(MAX);
    assert_eq!(fixture.admit(A, None), Ok(()));
    fixture.hand.advance(Duration::from_millis(1));
    assert!(gate.is_stale());
    assert_eq!(fixture.admit(A, None), Err(Reason::RevocationStale));
    assert_eq!(fixture.admit(A, long), Err(Reason::RevocationStale));
    assert_eq!(fixture.admit(A, short), Ok(()));
    assert_eq!(grant.is_ended(), None);

    fixture.hear(0, News::Alive).unwrap();
    assert!(!gate.is_stale());
    assert_eq!(fixture.admit(A, None), Ok(()));
    fixture.hand.set(Timestamp(START.0 + 100_000_000));
    assert_eq!(fixture.admit(A, None), Ok(()), "a step of the wall clock is no silence");
}

/// Promise: P-23
#[test]
fn in_compat_it_goes_on_and_says_so() {
    let fixture = Fixture::of(Profile::Compat, MAX);
    assert!(fixture.gate().is_stale());
    assert_eq!(fixture.admit(A, None), Ok(()));

    let never = Fixture::of(Profile::Strict, Duration::ZERO);
    assert!(!never.gate().is_stale(), "0 is never");
    assert_eq!(never.admit(A, None), Ok(()));
}
