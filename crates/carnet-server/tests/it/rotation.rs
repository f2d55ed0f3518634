//! A rotation while tokens are minted and verified as fast as they can be.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use carnet_ticket::verify::Profile;
use carnet_ticket::worker_token::{Audience, WorkerKeys, jwks, verify};
use serde_json::{Value, json};

use crate::support::{AUTHORITY, As, START, Server};

const VERIFIERS: usize = 6;

/// What a verifier in the fleet does: it fetches keys now and then, and judges what others mint meanwhile.
struct Fleet {
    server: Server,
    is_over: AtomicBool,
    /// How often each verifier has fetched keys.
    fetches: [AtomicU64; VERIFIERS],
    verified: AtomicU64,
    refused: AtomicU64,
}

impl Fleet {
    async fn keys(&self) -> WorkerKeys {
        let jwks = self.server.get(As::Nobody, "/.well-known/jwks.json").await.expect(200);
        let keys = jwks::read(std::str::from_utf8(&jwks.bytes).unwrap()).unwrap();
        WorkerKeys::new().with_public(keys).unwrap()
    }

    async fn mint(&self) -> String {
        let body = json!({ "worker_id": "worker-a", "version": 2 });
        let minted = self.server.post(As::Admin, "/api/v1/admin/worker-tokens", &body).await;
        minted.expect(200).json()["token"].as_str().unwrap().to_owned()
    }

    async fn work(self: Arc<Self>, number: usize) {
        let mut previous = self.mint().await;
        while !self.is_over.load(Ordering::SeqCst) {
            let keys = self.keys().await;
            self.fetches[number].fetch_add(1, Ordering::SeqCst);
            for _ in 0..3 {
                let token = self.mint().await;
                for text in [&token, &previous] {
                    let audience = Some(Audience::ControlPlane);
                    let verdict = verify(text, &keys, Profile::Strict, audience, START);
                    let counter = if verdict.is_ok() { &self.verified } else { &self.refused };
                    counter.fetch_add(1, Ordering::SeqCst);
                }
                previous = token;
            }
        }
    }

    /// Waits until every verifier has fetched keys since now: what the fleet check asks for.
    async fn everybody_fetches(&self) {
        // One that was under way may have read them before.
        let before = self.fetches.each_ref().map(|count| count.load(Ordering::SeqCst));
        for (count, before) in self.fetches.iter().zip(before) {
            while count.load(Ordering::SeqCst) < before + 2 {
                tokio::task::yield_now().await;
            }
        }
    }

    async fn turn(&self, what: &str, body: Value) -> Value {
        let answer =
            self.server.post(As::Admin, &format!("/api/v1/admin/keys/{what}"), &body).await;
        assert!(answer.status.is_success(), "{what}: {}", answer.status);
        answer.json()
    }
}

/// Promise: P-16
#[tokio::test(flavor = "multi_thread")]
async fn no_good_token_is_refused_in_any_phase_of_a_rotation_under_load() {
    let server = Server::start_with(&AUTHORITY).await;
    let fleet = Arc::new(Fleet {
        server,
        is_over: AtomicBool::new(false),
        fetches: [const { AtomicU64::new(0) }; VERIFIERS],
        verified: AtomicU64::new(0),
        refused: AtomicU64::new(0),
    });
    let first = fleet.turn("worker-ed25519/rotate", json!({})).await;
    let workers: Vec<_> =
        (0..VERIFIERS).map(|number| tokio::spawn(Arc::clone(&fleet).work(number))).collect();
    let mut active = first["key"]["id"].as_str().unwrap().to_owned();
    for _ in 0..3 {
        fleet.everybody_fetches().await;
        let staged = fleet.turn("worker-ed25519/rotate", json!({})).await;
        let staged = staged["key"]["id"].as_str().unwrap().to_owned();
        fleet.everybody_fetches().await;
        fleet.turn(&format!("{staged}/promote"), json!({})).await;
        // Old tokens are still about: each verifier holds one.
        fleet.everybody_fetches().await;
        fleet.turn(&format!("{active}/retire"), json!({ "force": true })).await;
        active = staged;
    }
    fleet.everybody_fetches().await;
    fleet.is_over.store(true, Ordering::SeqCst);
    for worker in workers {
        worker.await.unwrap();
    }
    assert_eq!(fleet.refused.load(Ordering::SeqCst), 0);
    assert!(fleet.verified.load(Ordering::SeqCst) > 100);
}
