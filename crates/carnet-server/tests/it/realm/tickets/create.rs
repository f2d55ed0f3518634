//! `POST /api/realm/{realm}/tickets`.

use carnet_ticket::realm::NodeKey;
use reqwest::Method;
use serde_json::json;

use crate::support::{As, START, Server, text};

const PATH: &str = "/api/realm/self/tickets";
const DAY_MS: i64 = 24 * 3600 * 1000;

/// Promise
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_is_exactly_what_was_asked_for() {
    let server = Server::start().await;
    let (a, b) = (text("a").key, text("b").key);
    let body = json!({
        "input": [b, a], "purpose": "p", "writable": { "quota": 7, "accept": ["image/*", "a/b"] }, "expiresIn": 60,
    });
    let made = server.post(As::Api, PATH, &body).await.expect(200).json();
    let id = made["ticketId"].as_str().unwrap();
    let realm = server.get(As::Api, "/api/realm/self").await.json()["realm"].clone();
    let config = json!({ "nodeLimit": 1_048_576, "maxNameBytes": 255, "quota": 7, "accept": ["image/*", "a/b"] });
    assert_eq!(
        made,
        json!({
            "ticketId": id, "realm": realm, "input": [b, a], "writable": true, "config": config,
            "expiresAt": START.0 + 60_000,
        })
    );
    let row = json!({
        "ticketId": id, "status": "issued", "purpose": "p", "input": [b, a], "output": null, "isRevoked": false,
        "issuerId": "key:api", "createdAt": START.0, "expiresAt": START.0 + 60_000, "writable": true, "live": true,
    });
    let list = server.get(As::Api, PATH).await.expect(200).json();
    assert_eq!(list, json!({ "tickets": [row], "hasMore": false }));
    let mut whole = row;
    whole["realm"] = realm;
    whole["config"] = config;
    assert_eq!(server.get(As::Api, &format!("{PATH}/{id}")).await.expect(200).json(), whole);
    assert_eq!(server.get(As::Ticket(id), &format!("{PATH}/self")).await.expect(200).json(), whole);
}

/// Promise: R-23
#[tokio::test(flavor = "multi_thread")]
async fn defaults_are_a_day_read_only_and_longer_lives_are_cut() {
    let server = Server::start().await;
    let made = server
        .post(As::Api, PATH, &json!({ "purpose": null, "input": null, "writable": null }))
        .await;
    let made = made.expect(200).json();
    assert_eq!((&made["writable"], &made["expiresAt"]), (&json!(false), &json!(START.0 + DAY_MS)));
    assert!(made.get("input").is_none());
    let whole = server.post(As::Api, PATH, &json!({ "expiresIn": 60.0 })).await;
    assert_eq!(whole.expect(200).json()["expiresAt"], START.0 + 60_000);
    let long = server
        .post(As::Api, PATH, &json!({ "expiresIn": 100 * 24 * 3600 }))
        .await
        .expect(200)
        .json();
    assert_eq!(long["expiresAt"], START.0 + DAY_MS);
    let writable = server.post(As::Api, PATH, &json!({ "writable": {} })).await.expect(200).json();
    assert_eq!(writable["config"], json!({ "nodeLimit": 1_048_576, "maxNameBytes": 255 }));

    let keys: Vec<_> = (0..1001_u32).map(|at| NodeKey::of(&at.to_le_bytes())).collect();
    server.post(As::Api, PATH, &json!({ "input": keys[..1000] })).await.expect(200);
    let bad = [
        (json!({ "input": keys }), "input"),
        (json!({ "input": ["node:x"] }), "input"),
        (json!({ "input": "node:000B5PHBGEC2A705WTKKMVRS30" }), "input"),
        (json!({ "purpose": "p".repeat(501) }), "purpose"),
        (json!({ "purpose": 7 }), "purpose"),
        (json!({ "expiresIn": 0 }), "expiresIn"),
        (json!({ "expiresIn": -5 }), "expiresIn"),
        (json!({ "expiresIn": 1.5 }), "expiresIn"),
        (json!({ "expiresIn": 1_u64 << 53 }), "expiresIn"),
        (json!({ "expiresIn": "60" }), "expiresIn"),
        (json!({ "writable": true }), "writable"),
        (json!({ "writable": { "quota": 0 } }), "writable.quota"),
        (json!({ "writable": { "quota": 9_007_199_254_740_992_u64 } }), "writable.quota"),
        (json!({ "writable": { "accept": [] } }), "writable.accept"),
        (json!({ "writable": { "accept": "a/b" } }), "writable.accept"),
        (json!({ "writable": { "accept": ["image"] } }), "writable.accept"),
        (json!({ "writable": { "accept": vec!["a/b"; 65] } }), "writable.accept"),
        (json!({ "inptu": [] }), "inptu"),
        (json!({ "writable": { "qouta": 1 } }), "writable.qouta"),
    ];
    for (body, field) in bad {
        let answer = server.post(As::Api, PATH, &body).await.expect_error(400, "invalid_request");
        assert_eq!(answer["details"]["field"], field, "{body}");
    }
    for body in ["", "{", "[]", "null", "{} x", "\u{0}"] {
        let request = server.request(As::Api, Method::POST, PATH).body(body.to_owned());
        server.send(request).await.expect_error(400, "invalid_request");
    }
}

/// What of R-24 there are routes for.
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_makes_lists_revokes_and_deletes_no_tickets() {
    let server = Server::start().await;
    let ticket = server.ticket(As::Api, json!({ "writable": {} })).await;
    let tool = As::Ticket(&ticket);
    server.get(tool, PATH).await.expect_error(403, "forbidden");
    server.post(tool, PATH, &json!({ "input": [] })).await.expect_error(403, "forbidden");
    server
        .post(tool, &format!("{PATH}/self/revoke"), &json!({}))
        .await
        .expect_error(403, "forbidden");
    server.delete(tool, &format!("{PATH}/self")).await.expect_error(403, "forbidden");
}
