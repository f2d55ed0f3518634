//! Events, chains and keys to try things on.

use carnet_authority::audit::{
    Actor, Chained, Checkpoint, Details, Event, Extent, Head, Kind, Outcome, Report, Row,
    SignedCheckpoint, Verifier,
};
use carnet_ticket::ed25519::SigningKey;
use carnet_ticket::time::Timestamp;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

pub const NOW: Timestamp = Timestamp(1_700_000_000_000);

pub fn key() -> SigningKey {
    SigningKey::from_seed(&[7; 32]).unwrap()
}

pub fn details(value: Value) -> Details {
    let Value::Object(members) = value else { panic!("an object") };
    Details::new(members)
}

pub fn actor() -> Actor {
    Actor {
        id: "key:admin".into(),
        class: "api-key".into(),
        role: Some("admin".into()),
        fingerprint: Some("0badcafe".into()),
    }
}

/// An event like those that a mint leaves.
pub fn event(number: u16) -> Event {
    let target = format!("worker/{number}");
    let mut event = Event::new(
        Timestamp(NOW.0 + i64::from(number)),
        Kind::Ticket,
        actor(),
        "worker-token.mint",
        &target,
        Outcome::Allowed,
        "req-1",
    );
    event.status = Some(200);
    event.method = Some("POST".into());
    event.path = Some("/api/v1/admin/worker-tokens".into());
    event.tenant_id = (number % 2 == 1).then(|| "blue".into());
    event.duration_ms = Some(3);
    event.remote_addr = Some("127.0.0.1:5000".into());
    event.user_agent = Some("curl/8 \"quoted\"".into());
    event.details = details(json!({ "token_id": format!("t-{number}"), "scopes": ["a", "b"] }));
    event
}

/// A chain of this many events.
pub fn chain(len: u16) -> Vec<Chained> {
    follow(Head::START, (1..=len).map(event))
}

pub fn follow(mut head: Head, events: impl IntoIterator<Item = Event>) -> Vec<Chained> {
    let append = |event: Event| {
        let chained = head.append(&event);
        head = chained.head();
        chained
    };
    events.into_iter().map(append).collect()
}

/// A checkpoint at a row.
pub fn checkpoint(row: &Chained) -> SignedCheckpoint {
    let claims = Checkpoint {
        iss: "carnet.test".into(),
        seq: row.seq,
        hash: row.hash,
        at: NOW,
        prev_seq: 0,
    };
    claims.sign(&key()).unwrap()
}

/// A row as a store hands it to a verifier.
pub fn stored(row: &Chained) -> Row<'_> {
    Row {
        canonical: &row.canonical,
        prev_hash: row.prev_hash,
        hash: row.hash,
        columns: row.columns(),
    }
}

pub fn verifier(extent: Extent, checkpoints: &[SignedCheckpoint]) -> Verifier {
    let mut verifier = Verifier::new(extent, vec![key().verifying_key().clone()]);
    checkpoints.iter().for_each(|checkpoint| verifier.checkpoint(None, checkpoint.as_str()));
    verifier
}

/// What is said of rows that stand in a store.
pub fn verify(rows: &[Chained], checkpoints: &[SignedCheckpoint]) -> Report {
    let mut verifier = verifier(Extent::Whole, checkpoints);
    rows.iter().for_each(|row| verifier.row(&stored(row)));
    verifier.report()
}

/// Any JSON that fits into details.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..5)
                .prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

prop_compose! {
    /// Any event there can be.
    pub fn any_event()(
        at in -8_000_000_000_000_000_i64..8_000_000_000_000_000,
        kind in prop::sample::select(Kind::ALL.to_vec()),
        outcome in prop::sample::select(vec![Outcome::Allowed, Outcome::Denied, Outcome::Error]),
        texts in prop::collection::vec(any::<String>(), 5),
        maybe in prop::collection::vec(any::<Option<String>>(), 10),
        status in any::<Option<u16>>(),
        duration_ms in prop::option::of(0..1_u64 << 53),
        members in prop::collection::btree_map(any::<String>(), any_json(), 0..4),
    ) -> Event {
        let text = |at: usize| maybe[at].as_deref().map(Into::into);
        let actor = Actor {
            id: texts[0].as_str().into(),
            class: texts[1].as_str().into(),
            role: text(0),
            fingerprint: text(1),
        };
        Event {
            on_behalf_of: text(2),
            tenant_id: text(3),
            reason: text(4),
            rule: text(5),
            method: text(6),
            path: text(7),
            remote_addr: text(8),
            user_agent: text(9),
            status,
            duration_ms,
            details: Details::new(Map::from_iter(members)),
            ..Event::new(Timestamp(at), kind, actor, &texts[2], &texts[3], outcome, &texts[4])
        }
    }
}
