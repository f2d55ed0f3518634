//! `/api/v1/revocations/…`: the feed, as somebody who has to know hears it.

use std::time::Duration;

use carnet_authority::keyring::Purpose;
use carnet_gate::{Clock, FeedError, Freshness, Gate, Receiver, Selector};
use carnet_ticket::ed25519::VerifyingKey;
use carnet_ticket::id::KeyId;
use carnet_ticket::revocation::Entry;
use carnet_ticket::revocation_feed::{Message, News, verify};
use reqwest::{Method, Response};
use serde_json::json;

use crate::support::{AUTHORITY, As, START, Server};

const STREAM: &str = "/api/v1/revocations/stream";
pub const SNAPSHOT: &str = "/api/v1/revocations/snapshot";
const REVOKE: &str = "/api/v1/admin/revocations";

/// An open stream.
pub struct Events {
    response: Response,
    read: String,
}

#[derive(Debug, PartialEq)]
pub struct Event {
    pub name: String,
    pub id: Option<String>,
    pub data: String,
}

impl Events {
    async fn open(server: &Server, caller: As<'_>, query: &str) -> Self {
        let request = server.request(caller, Method::GET, &format!("{STREAM}{query}"));
        Self::of(request).await
    }

    pub async fn of(request: reqwest::RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, read: String::new() }
    }

    /// The next event; nothing at the end.
    pub async fn next(&mut self) -> Option<Event> {
        while !self.read.contains("\n\n") {
            let chunk = self.response.chunk().await.ok()??;
            self.read.push_str(std::str::from_utf8(&chunk).unwrap());
        }
        let (event, rest) = self.read.split_once("\n\n").unwrap();
        let rest_len = rest.len();
        let field =
            |name: &str| event.lines().find_map(|line| Some(line.strip_prefix(name)?.to_owned()));
        let event = Event {
            name: field("event: ").unwrap(),
            id: field("id: "),
            data: field("data: ").unwrap(),
        };
        self.read.drain(..self.read.len() - rest_len);
        Some(event)
    }

    /// The next event, which is a message of this name.
    pub async fn message(&mut self, server: &Server, name: &str) -> Message {
        let event = self.next().await.unwrap();
        assert_eq!(event.name, name);
        let message = verify(&event.data, &keys(server).await).unwrap().into_message();
        assert_eq!(event.id, (name == "revocation").then(|| message.seq.to_string()));
        assert_eq!(message.at_s, server.app.gate().clock().now().unix_s());
        message
    }
}

/// The keys of the feed, as everybody gets them.
pub async fn keys(server: &Server) -> Vec<VerifyingKey> {
    let jwks = server.get(As::Nobody, "/.well-known/jwks.json").await.expect(200).json();
    Purpose::RevocationFeed.keys_in(&jwks).unwrap()
}

async fn revoke(server: &Server, number: u8) -> KeyId {
    let key = KeyId([number; 8]);
    let body = json!({ "kind": "key", "value": key.to_string() });
    server.post(As::Admin, REVOKE, &body).await.expect(201);
    key
}

fn entry(seq: u64, key: KeyId) -> Entry {
    Entry { seq, selector: Selector::Key(key), at: START, exp: None }
}

fn delta(seq: u64, key: KeyId) -> News {
    News::Delta { from_seq: seq, entries: vec![entry(seq, key)] }
}

/// Promise: P-20, P-22
#[tokio::test(flavor = "multi_thread")]
async fn every_open_stream_hears_of_a_revocation_of_any_route() {
    let server = Server::start_with(&AUTHORITY).await;
    let mut streams = Vec::new();
    for caller in [As::Api, As::Admin] {
        let mut events = Events::open(&server, caller, "").await;
        let alive = events.message(&server, "alive").await;
        assert_eq!((alive.seq, alive.news), (0, News::Alive));
        streams.push(events);
    }
    let key = revoke(&server, 1).await;
    let ticket = server.ticket(As::Api, json!({ "input": [] })).await;
    server.revoke(As::Api, &ticket).await.expect(200);
    for events in &mut streams {
        let first = events.message(&server, "revocation").await;
        assert_eq!((first.seq, first.news), (1, delta(1, key)));
        let second = events.message(&server, "revocation").await;
        let News::Delta { from_seq: 2, entries } = second.news else { panic!("{second:?}") };
        assert_eq!(entries[0].selector, Selector::RealmTicket(ticket.parse().unwrap()));
    }
}

/// Promise: P-22
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_where_the_last_one_broke_off() {
    let server = Server::start_with(&AUTHORITY).await;
    let mut keys = Vec::new();
    for number in 1..=3 {
        keys.push(revoke(&server, number).await);
    }
    let mut events = Events::open(&server, As::Api, "?since=2").await;
    assert_eq!(events.message(&server, "revocation").await.news, delta(3, keys[2]));
    assert_eq!(events.message(&server, "alive").await.seq, 3);

    let request = server.request(As::Api, Method::GET, &format!("{STREAM}?since=3"));
    let mut events = Events::of(request.header("Last-Event-ID", "1")).await;
    let message = events.message(&server, "revocation").await;
    let News::Delta { from_seq: 2, entries } = message.news else { panic!("{message:?}") };
    assert_eq!(entries, [entry(2, keys[1]), entry(3, keys[2])]);

    let unknown = [
        server.request(As::Api, Method::GET, &format!("{STREAM}?since=4")),
        server.request(As::Api, Method::GET, STREAM).header("Last-Event-ID", "x"),
    ];
    for request in unknown {
        let mut events = Events::of(request).await;
        let reset = Event { name: "reset".to_owned(), id: None, data: "{}".to_owned() };
        assert_eq!(events.next().await, Some(reset));
        assert_eq!(events.next().await, None);
    }
    let bad = server.get(As::Api, &format!("{STREAM}?since=-1")).await;
    bad.expect_error(400, "invalid_request");
}

/// Promise: P-22
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_says_each_15_s_that_it_is_alive_and_ends_with_its_grant() {
    let server = Server::start_with(&AUTHORITY).await;
    let (key, id) = server.api_key("viewer").await;
    let mut events = Events::open(&server, As::Key(&key), "").await;
    events.message(&server, "alive").await;
    for _ in 0..2 {
        server.hand.advance(Duration::from_secs(15));
        assert_eq!(events.message(&server, "alive").await.news, News::Alive);
    }
    server.delete(As::Admin, &format!("/api/v1/admin/api-keys/{id}")).await.expect(204);
    assert_eq!(events.next().await, None);
}

/// Promise: P-22
#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_has_what_counts_and_is_sent_once() {
    let server = Server::start_with(&AUTHORITY).await;
    let empty = server.get(As::Api, SNAPSHOT).await.expect(200);
    assert_eq!((empty.header("etag"), empty.header("content-type")), ("\"0\"", "application/jose"));
    let first = revoke(&server, 1).await;
    let ticket = server.ticket(As::Api, json!({ "input": [], "expiresIn": 60 })).await;
    server.revoke(As::Api, &ticket).await.expect(200);

    let both = server.get(As::Api, SNAPSHOT).await.expect(200);
    assert_eq!(both.header("etag"), "\"2\"");
    server.hand.advance(Duration::from_secs(91));
    let text = String::from_utf8(server.get(As::Api, SNAPSHOT).await.expect(200).bytes).unwrap();
    let message = verify(&text, &keys(&server).await).unwrap().into_message();
    assert_eq!((message.seq, message.news), (2, News::Snapshot(vec![entry(1, first)])));

    let again = server.request(As::Api, Method::GET, SNAPSHOT).header("If-None-Match", "\"2\"");
    let again = server.send(again).await.expect(304);
    assert!(again.bytes.is_empty());
    let other = server.request(As::Api, Method::GET, SNAPSHOT).header("If-None-Match", "\"1\"");
    server.send(other).await.expect(200);
}

/// A verifier without the store: it misses something, fetches the snapshot, and goes on.
///
/// Promise: P-22
#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_missed_something_goes_on_after_the_snapshot() {
    let server = Server::start_with(&AUTHORITY).await;
    let keys = keys(&server).await;
    let freshness = Freshness::Remote { max_staleness: Duration::from_mins(15) };
    let gate = Gate::builder(Clock::manual(START).0).freshness(freshness).build();
    let receiver = Receiver::new(gate, None);
    let mut events = Events::open(&server, As::Api, "").await;
    receiver.receive(&events.next().await.unwrap().data, &keys).unwrap();
    revoke(&server, 1).await;
    let missed = events.next().await.unwrap().data;
    revoke(&server, 2).await;
    let second = events.next().await.unwrap().data;
    assert_eq!(receiver.receive(&second, &keys), Err(FeedError::Gap { expected: 1, found: 2 }));
    let metrics = server.get(As::Api, "/metrics").await.expect(200).bytes;
    let counted = "carnet_revocation_feed_errors_total{error=\"gap\"}";
    assert!(String::from_utf8(metrics).unwrap().contains(counted));

    let snapshot = server.get(As::Api, SNAPSHOT).await.expect(200).bytes;
    let snapshot = String::from_utf8(snapshot).unwrap();
    assert_eq!(receiver.receive(&snapshot, &keys).unwrap().seq, 2);
    assert!(receiver.receive(&missed, &keys).is_err());
    revoke(&server, 3).await;
    let third = events.next().await.unwrap().data;
    assert_eq!(receiver.receive(&third, &keys).unwrap().seq, 3);
    assert_eq!(receiver.gate().revocations().len(), 3);
}

/// Promise: P-22
#[tokio::test(flavor = "multi_thread")]
async fn a_feed_goes_on_under_the_next_key_and_without_any_there_is_none() {
    let server = Server::start_with(&AUTHORITY).await;
    let mut events = Events::open(&server, As::Api, "").await;
    events.message(&server, "alive").await;
    let path = "/api/v1/admin/keys/revocation-feed/rotate";
    let staged = server.post(As::Admin, path, &json!({})).await.expect(201).json();
    let path = format!("/api/v1/admin/keys/{}/promote", staged["key"]["id"].as_str().unwrap());
    server.post(As::Admin, &path, &json!({})).await.expect(200);
    let key = revoke(&server, 1).await;
    assert_eq!(events.message(&server, "revocation").await.news, delta(1, key));

    let server = Server::start().await;
    server.get(As::Api, SNAPSHOT).await.expect_error(503, "unavailable");
    server.get(As::Api, STREAM).await.expect_error(503, "unavailable");
}
