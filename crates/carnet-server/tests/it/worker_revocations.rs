//! Workers whose tokens are revoked: in the middle of what they do, and afterwards.

use std::time::Duration;

use carnet_ticket::worker_token::{Claims, HmacKey, content_id, inspect, mint_v1};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::feed::Events;
use crate::support::{AUTHORITY, As, START, Server};

const STREAMS: [&str; 2] =
    ["/api/v1/revocations/stream", "/api/v1/worker/vm-1/revocations?since=0"];

impl Server {
    /// A token of a worker, and the key that signed it.
    async fn worker_token(&self, id: &str) -> (String, Value) {
        let body = json!({ "worker_id": id });
        let minted = self.post(As::Admin, "/api/v1/admin/worker-tokens", &body).await.expect(200);
        let minted = minted.json();
        (minted["token"].as_str().unwrap().to_owned(), minted["key_id"].clone())
    }

    fn as_worker(&self, token: &str, method: Method, path: &str) -> reqwest::RequestBuilder {
        let id = inspect(token).unwrap().worker_id.unwrap();
        let request = self.request(As::Nobody, method, path);
        request.header("X-Worker-ID", id).header("X-Worker-Token", token)
    }

    async fn beats(&self, token: &str) -> u16 {
        let id = inspect(token).unwrap().worker_id.unwrap();
        let path = format!("/api/v1/worker/{id}/heartbeat");
        let request = self.as_worker(token, Method::POST, &path).json(&json!({}));
        self.send(request).await.status.as_u16()
    }

    /// A heartbeat whose body has not come yet.
    async fn begins_to_beat(&self, token: &str) -> TcpStream {
        let host = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).await.unwrap();
        let head = format!(
            "POST /api/v1/worker/vm-1/heartbeat HTTP/1.1\r\nHost: {host}\r\nX-Worker-ID: vm-1\r\n\
             X-Worker-Token: {token}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    }
}

/// Reads until a stream ends.
async fn ends(mut events: Events) {
    while events.next().await.is_some() {}
}

/// Promise: W-21
#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_ends_what_a_token_is_in_the_middle_of() {
    for kind in ["content_id", "subject", "key"] {
        let server = Server::start_with(&AUTHORITY).await;
        let (token, key) = server.worker_token("vm-1").await;
        let (other, _) = server.worker_token("vm-2").await;
        let mut open = Vec::new();
        for path in STREAMS {
            let mut events = Events::of(server.as_worker(&token, Method::GET, path)).await;
            events.next().await.unwrap();
            open.push(events);
        }
        let mut of_other = Events::of(server.as_worker(&other, Method::GET, STREAMS[0])).await;
        of_other.next().await.unwrap();
        let mut beat = server.begins_to_beat(&token).await;
        // It is being heard: the server has taken its connection by now.
        assert_eq!(server.beats(&token).await, 200);

        let value = match kind {
            "content_id" => json!(content_id(&token).to_string()),
            "subject" => json!("vm-1"),
            _ => key,
        };
        let revoke = json!({ "kind": kind, "value": value });
        server.post(As::Admin, "/api/v1/admin/revocations", &revoke).await.expect(201);
        for events in open {
            ends(events).await;
        }
        // The rest of it comes too late.
        let mut answer = String::new();
        let _ = beat.write_all(b"}").await;
        let _ = beat.read_to_string(&mut answer).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 401"), "{kind}: {answer}");
        assert_eq!(server.beats(&token).await, 401, "{kind}");
        for path in STREAMS {
            let again = server.as_worker(&token, Method::GET, path).send().await.unwrap();
            assert_eq!(again.status(), 401, "{kind}");
        }

        if kind == "key" {
            ends(of_other).await;
            assert_eq!(server.beats(&other).await, 401);
            continue;
        }
        assert_eq!(of_other.next().await.unwrap().name, "revocation");
        assert_eq!(server.beats(&other).await, 200, "{kind}");
        // What is issued within the same second counts as issued before.
        server.hand.advance(Duration::from_secs(1));
        let (next, _) = server.worker_token("vm-1").await;
        assert_eq!(server.beats(&next).await, 200, "{kind}");
    }
}

/// Promise: P-21
#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_the_configuration_counts_beside_what_is_stored() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("carnet.toml");
    let list = |ids: &str| {
        std::fs::write(&file, format!("[auth]\nworker_revoked_token_ids = [{ids}]\n")).unwrap();
    };
    let token = |id: &str| {
        let claims = Claims {
            worker_id: "vm-1".to_owned(),
            token_id: id.to_owned(),
            audience: "worker:control-plane".to_owned(),
            scopes: vec!["worker:heartbeat".to_owned()],
            expires_s: START.unix_s() + 300,
            issued_at_s: START.unix_s(),
            not_before_s: 0,
        };
        mint_v1(&HmacKey::from_text(AUTHORITY[1].1).unwrap(), &claims).unwrap()
    };
    list("\"token-1\", \" \"");
    let server = Server::start_in(directory, &AUTHORITY).await;
    let revoke = json!({ "kind": "token_id", "value": "token-3", "worker_id": "vm-1" });
    server.post(As::Admin, "/api/v1/admin/revocations", &revoke).await.expect(201);
    let statuses = async || {
        let mut statuses = Vec::new();
        for id in ["token-1", "token-2", "token-3", "token-4"] {
            statuses.push(server.beats(&token(id)).await);
        }
        statuses
    };
    assert_eq!(statuses().await, [401, 200, 401, 200]);
    list("\"token-1\", \"token-2\"");
    let reloaded = server.post(As::Admin, "/api/v1/admin/reload", &json!({})).await.expect(200);
    assert_eq!(reloaded.json()["changed"], json!(["auth.worker_revoked_token_ids"]));
    assert_eq!(statuses().await, [401, 401, 401, 200]);
    list("");
    server.post(As::Admin, "/api/v1/admin/reload", &json!({})).await.expect(200);
    assert_eq!(statuses().await, [200, 200, 401, 200]);
}
