//! The revocation feed of the control plane.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use carnet_authority::revocation_feed::{FeedSigner, SignedDelta};
use carnet_gate::Clock;
use carnet_ticket::ed25519::SigningKey;
use carnet_ticket::jwks::Jwk;
use carnet_ticket::revocation::{Entry, Selector};
use carnet_ticket::revocation_feed::JWK_USE;
use serde_json::{Value, json};
use tokio::sync::watch;

/// What was revoked, and who signs that.
pub struct Feed {
    clock: Clock,
    key: Mutex<Arc<SigningKey>>,
    entries: watch::Sender<Vec<Entry>>,
}

impl Feed {
    pub fn new(clock: Clock) -> Self {
        let key = Arc::new(SigningKey::from_seed(&[1; 32]).unwrap());
        Self { clock, key: Mutex::new(key), entries: watch::Sender::default() }
    }

    /// Tells every stream.
    pub fn revoke(&self, selector: Selector) {
        let at = self.clock.now();
        self.entries.send_modify(|entries| {
            let seq = entries.len() as u64 + 1;
            entries.push(Entry { seq, selector, at, exp: None });
        });
    }

    /// Signs with another key from here on.
    pub fn rotate(&self) {
        *self.key.lock().unwrap() = Arc::new(SigningKey::from_seed(&[2; 32]).unwrap());
    }

    pub fn jwks(&self) -> Value {
        let key = self.key.lock().unwrap();
        json!({ "keys": [Jwk::of(key.verifying_key(), JWK_USE)] })
    }

    fn signer(&self) -> FeedSigner {
        FeedSigner::new("https://carnet.test".to_owned(), Arc::clone(&self.key.lock().unwrap()))
    }

    pub fn snapshot(&self) -> Response {
        let entries = self.entries.borrow().clone();
        let text = self.signer().snapshot(entries.len() as u64, entries, self.clock.now());
        text.into_response()
    }

    /// What came after `since`, that there is nothing more, and then what comes.
    pub fn stream(self: Arc<Self>, since: u64) -> Response {
        let entries = self.entries.subscribe();
        let begin = (self, entries, usize::try_from(since).unwrap(), true);
        let stream =
            futures::stream::unfold(begin, |(feed, mut entries, told, is_first)| async move {
                if !is_first {
                    entries.wait_for(|all| all.len() > told).await.ok()?;
                }
                let (signer, now) = (feed.signer(), feed.clock.now());
                let all = entries.borrow_and_update().clone();
                let deltas = signer.deltas(all[told.min(all.len())..].to_vec(), now);
                let delta = |delta: SignedDelta| {
                    format!("event: revocation\nid: {}\ndata: {}\n\n", delta.seq, delta.text)
                };
                let alive = signer.alive(all.len() as u64, now);
                let alive = format!("event: alive\ndata: {alive}\n\n");
                let events: String = deltas.into_iter().map(delta).chain([alive]).collect();
                Some((Ok::<_, Infallible>(events), (feed, entries, all.len(), false)))
            });
        Body::from_stream(stream).into_response()
    }
}
