//! [`Feed`]: the revocations of a control plane, as its workers hear them.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use carnet_authority::revocation_feed::FeedSigner;
use carnet_gate::{Clock, Entry, Selector};
use carnet_ticket::ed25519::SigningKey;
use carnet_ticket::jwks::Jwk;
use carnet_ticket::revocation_feed::JWK_USE;
use futures::StreamExt as _;
use serde_json::{Value, json};
use tokio::sync::broadcast;

/// A feed that says what it is told to.
pub struct Feed {
    clock: Clock,
    key: Mutex<Arc<SigningKey>>,
    entries: Mutex<Vec<Entry>>,
    /// Keys of other uses that are published too.
    pub others: Mutex<Vec<Jwk>>,
    /// Events for open streams; an empty one ends them.
    events: broadcast::Sender<String>,
}

impl Feed {
    pub fn new(clock: Clock) -> Self {
        let key = Mutex::new(Self::key(1));
        Self {
            clock,
            key,
            entries: Mutex::default(),
            others: Mutex::default(),
            events: broadcast::channel(16).0,
        }
    }

    pub fn key(seed: u8) -> Arc<SigningKey> {
        Arc::new(SigningKey::from_seed(&[seed; 32]).unwrap())
    }

    /// Signs with this key from here on.
    pub fn turn(&self, key: Arc<SigningKey>) {
        *self.key.lock().unwrap() = key;
    }

    pub fn signer(&self) -> FeedSigner {
        let key = Arc::clone(&self.key.lock().unwrap());
        FeedSigner::new("https://carnet.example".to_owned(), key)
    }

    /// Revokes, and tells nobody.
    pub fn record(&self, selector: Selector) -> Entry {
        let mut entries = self.entries.lock().unwrap();
        let seq = entries.len() as u64 + 1;
        entries.push(Entry { seq, selector, at: self.clock.now(), exp: None });
        entries.last().unwrap().clone()
    }

    /// Revokes, and tells everybody.
    pub fn revoke(&self, selector: Selector) {
        let entry = self.record(selector);
        let delta = self.signer().deltas(vec![entry], self.clock.now()).remove(0);
        self.say("revocation", &delta.text);
    }

    /// Says something on every open stream.
    pub fn say(&self, name: &str, data: &str) {
        // Nobody may be there to hear it.
        let _ = self.events.send(event(name, data));
    }

    /// Ends every open stream.
    pub fn break_off(&self) {
        let _ = self.events.send(String::new());
    }

    /// How many streams are open.
    pub fn listeners(&self) -> usize {
        self.events.receiver_count()
    }

    pub fn jwks(&self) -> Value {
        let own = Jwk::of(self.key.lock().unwrap().verifying_key(), JWK_USE);
        let others = self.others.lock().unwrap();
        json!({ "keys": others.iter().chain([&own]).collect::<Vec<_>>() })
    }

    pub fn snapshot(&self) -> String {
        let entries = self.entries.lock().unwrap().clone();
        self.signer().snapshot(entries.len() as u64, entries, self.clock.now())
    }

    /// A stream that goes on after number `since`.
    pub fn stream(&self, since: usize) -> Response {
        let events = self.events.subscribe();
        let entries = self.entries.lock().unwrap().clone();
        let (seq, now) = (entries.len() as u64, self.clock.now());
        let deltas = self.signer().deltas(entries[since..].to_vec(), now).into_iter();
        let first = deltas.map(|delta| event("revocation", &delta.text));
        let first = first.chain([event("alive", &self.signer().alive(seq, now))]);
        let first: Vec<_> = first.collect();
        let rest = futures::stream::unfold(events, async |mut events| {
            let event = events.recv().await.ok().filter(|event: &String| !event.is_empty())?;
            Some((event, events))
        });
        let all = futures::stream::iter(first).chain(rest).map(Ok::<_, Infallible>);
        Body::from_stream(all).into_response()
    }
}

fn event(name: &str, data: &str) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}
