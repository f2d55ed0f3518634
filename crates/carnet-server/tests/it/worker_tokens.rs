//! `/api/v1/admin/worker-tokens`.

use std::time::Duration;

use carnet_ticket::verify::Profile;
use carnet_ticket::worker_token::{Audience, HmacKey, WorkerKeys, verify};
use serde_json::{Value, json};

use crate::support::{AUTHORITY, As, START, Server};

const ROUTE: &str = "/api/v1/admin/worker-tokens";

fn ring() -> WorkerKeys {
    WorkerKeys::new().with_hmac([HmacKey::from_text(AUTHORITY[1].1).unwrap()]).unwrap()
}

/// Promise: P-27
#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_minted_as_asked_and_every_bad_input_is_400() {
    let server = Server::start_with(&AUTHORITY).await;
    let body = json!({
        "worker_id": "worker-a", "ttl": "90s", "audience": "worker:rpc",
        "scopes": ["worker:spawn", "worker:status"], "not_before": "10s",
    });
    let answer = server.post(As::Admin, ROUTE, &body).await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let minted = answer.json();
    assert_eq!(minted["worker_id"], "worker-a");
    assert_eq!(minted["scopes"], json!(["worker:spawn", "worker:status"]));
    assert_eq!(minted["expires_at"], "2023-11-14T22:14:50Z");
    assert_eq!(minted["not_before"], "2023-11-14T22:13:30Z");
    let text = minted["token"].as_str().unwrap();
    let now = START.after(Duration::from_secs(10));
    let token = verify(text, &ring(), Profile::Strict, Some(Audience::Rpc), now).unwrap();
    assert_eq!(token.token_id.as_deref(), minted["token_id"].as_str());

    let minimal = server.post(As::Admin, ROUTE, &json!({ "worker_id": "worker-a" })).await;
    let minimal = minimal.expect(200).json();
    assert_eq!(minimal["scopes"].as_array().unwrap().len(), 8, "none asks for all, written out");
    assert_eq!(minimal["audience"], "worker:control-plane");
    assert_eq!(minimal["expires_at"], "2023-11-14T22:18:20Z");

    for (field, value) in [
        ("worker_id", json!(" ")),
        ("worker_id", json!("a/b")),
        ("ttl", json!("soon")),
        ("ttl", json!("0")),
        ("ttl", json!("-1m")),
        ("ttl", json!("15m1s")),
        ("audience", json!("worker:other")),
        ("scopes", json!(["worker:*"])),
        ("scopes", json!(["admin:*"])),
        ("scopes", json!(["Worker:spawn"])),
        ("not_before", json!("5m")),
        ("not_before", json!("-1s")),
        ("version", json!(3)),
        ("unknown", json!(1)),
    ] {
        let mut body = json!({ "worker_id": "worker-a" });
        body[field] = value.clone();
        let answer = server.post(As::Admin, ROUTE, &body).await;
        assert_eq!(answer.status, 400, "{field}: {value}");
    }
    let raw = server.request(As::Admin, reqwest::Method::POST, ROUTE).body("{");
    server.send(raw).await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_signing_key_nothing_is_minted() {
    let server = Server::start().await;
    let body = json!({ "worker_id": "worker-a" });
    server.post(As::Admin, ROUTE, &body).await.expect_error(503, "unavailable");
    let list = server.get(As::Admin, "/api/v1/admin/tickets").await.expect(200).json();
    assert_eq!(list["tickets"], json!([]));
}

/// Promise: P-28
#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_mints_for_its_workers_alone() {
    let server = Server::start_with(&AUTHORITY).await;
    let issuer = server.api_key("issuer").await.0;
    let mint = async |worker: &str| {
        server.post(As::Key(&issuer), ROUTE, &json!({ "worker_id": worker })).await
    };
    let minted = mint("worker-7").await.expect(200).json();
    let text = minted["token"].as_str().unwrap();
    verify(text, &ring(), Profile::Strict, Some(Audience::ControlPlane), START).unwrap();
    for other in ["gpu-1", "Worker-7", "xworker-7"] {
        mint(other).await.expect_error(403, "forbidden");
    }
    let body = json!({ "class": "worker-token", "worker_id": "worker-7" });
    server.post(As::Key(&issuer), "/api/v1/admin/tickets", &body).await.expect(403);
    for body in [
        json!({ "name": "i", "role": "issuer" }),
        json!({ "name": "i", "role": "api", "subjects": ["*"] }),
        json!({ "name": "i", "role": "issuer", "subjects": ["a\nb"] }),
    ] {
        server.post(As::Admin, "/api/v1/admin/api-keys", &body).await.expect(400);
    }
}

/// Promise: P-26, W-44
#[tokio::test(flavor = "multi_thread")]
async fn a_token_leaves_only_when_ledger_and_audit_have_it_and_neither_has_the_token() {
    let server = Server::start_with(&AUTHORITY).await;
    let minted = server.post(As::Admin, ROUTE, &json!({ "worker_id": "worker-a" })).await;
    let minted = minted.expect(200).json();
    let text = minted["token"].as_str().unwrap();
    let list = server.get(As::Admin, "/api/v1/admin/tickets").await.expect(200);
    let entry = &list.json()["tickets"][0];
    assert_eq!(entry["token_id"], minted["token_id"]);
    assert_eq!((&entry["subject"], &entry["status"]), (&json!("worker-a"), &json!("active")));
    assert_eq!(entry["issued_by"], "key:admin");

    let audit = server.get(As::Admin, "/api/v1/admin/audit?action=ticket.mint").await.expect(200);
    let event = audit.json()["events"][0].clone();
    assert_eq!(event["details"]["token_id"], minted["token_id"]);
    assert_eq!(event["request_id"], entry["request_id"]);
    let signed_part = text.split('.').nth(1).unwrap();
    for bytes in [&list.bytes, &audit.bytes] {
        assert!(!String::from_utf8_lossy(bytes).contains(signed_part));
    }

    let directory = server.directory.path().to_owned();
    server.app.store().close().await;
    let refused = server.post(As::Admin, ROUTE, &json!({ "worker_id": "worker-a" })).await;
    let body: Value = refused.expect(503).json();
    assert_eq!(body["token"], Value::Null, "no token without its entry");
    for file in std::fs::read_dir(directory).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&bytes).contains(signed_part), "nor on disk");
    }
}
