//! `/api/v1/admin/keys` and the JWKS: keys turn over without a refused token.

use std::time::Duration;

use carnet_ticket::verify::Profile;
use carnet_ticket::worker_token::{Audience, WorkerKeys, jwks, verify};
use serde_json::{Value, json};

use crate::support::{AUTHORITY, As, START, Server};

/// In the order of their ids: keys of one moment have no other.
async fn keys(server: &Server, purpose: &str) -> Vec<(String, String)> {
    let keys = server.get(As::Admin, "/api/v1/admin/keys").await.expect(200).json();
    let keys = keys["keys"].as_array().unwrap().iter().filter(|key| key["purpose"] == purpose);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut keys: Vec<_> = keys.map(|key| (text(&key["id"]), text(&key["state"]))).collect();
    keys.sort();
    keys
}

async fn turn(server: &Server, what: &str) -> crate::support::Answer {
    server.post(As::Admin, &format!("/api/v1/admin/keys/{what}"), &json!({})).await
}

/// What a verifier knows that fetches the JWKS now.
async fn verifier(server: &Server) -> WorkerKeys {
    let jwks = server.get(As::Nobody, "/.well-known/jwks.json").await.expect(200);
    assert_eq!(jwks.header("cache-control"), "max-age=60");
    let text = String::from_utf8(jwks.bytes).unwrap();
    WorkerKeys::new().with_public(jwks::read(&text).unwrap()).unwrap()
}

async fn mint(server: &Server) -> String {
    let body = json!({ "worker_id": "worker-a", "version": 2 });
    let minted = server.post(As::Admin, "/api/v1/admin/worker-tokens", &body).await;
    minted.expect(200).json()["token"].as_str().unwrap().to_owned()
}

fn is_good(token: &str, keys: &WorkerKeys) -> bool {
    verify(token, keys, Profile::Strict, Some(Audience::ControlPlane), START).is_ok()
}

/// Promise: P-19
#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_refuses_no_token_and_a_retired_key_is_known_no_more() {
    let server = Server::start_with(&AUTHORITY).await;
    let first = turn(&server, "worker-ed25519/rotate").await.expect(201).json();
    assert_eq!(first["key"]["state"], "active", "the first has nobody to wait for");
    let old_token = mint(&server).await;
    assert!(is_good(&old_token, &verifier(&server).await));

    let second = turn(&server, "worker-ed25519/rotate").await.expect(201).json();
    assert_eq!(second["key"]["state"], "staged");
    let again = turn(&server, "worker-ed25519/rotate").await;
    again.expect_error(409, "key_staged");
    let early = verifier(&server).await;
    assert!(is_good(&mint(&server).await, &early), "a staged key signs nothing yet");

    let id = second["key"]["id"].as_str().unwrap();
    turn(&server, &format!("{id}/promote")).await.expect(200);
    turn(&server, &format!("{id}/promote")).await.expect_error(409, "key_not_staged");
    let new_token = mint(&server).await;
    assert!(is_good(&new_token, &early), "who asked while it was staged knows it");
    assert!(is_good(&old_token, &verifier(&server).await), "old tokens live on");

    let old = first["key"]["id"].as_str().unwrap();
    let early = turn(&server, &format!("{old}/retire")).await.expect_error(409, "key_in_use");
    assert_eq!(early["details"]["earliest"], "2023-11-14T22:28:50Z", "15 min and the skew");
    turn(&server, &format!("{id}/retire")).await.expect_error(409, "key_active");
    server.hand.advance(Duration::from_secs(930));
    turn(&server, &format!("{old}/retire")).await.expect(200);
    let late = verifier(&server).await;
    assert!(!is_good(&old_token, &late) && is_good(&new_token, &late));

    let states = keys(&server, "worker-ed25519").await;
    let directory = server.stop().await;
    let server = Server::start_in(directory, &AUTHORITY).await;
    assert_eq!(keys(&server, "worker-ed25519").await, states, "keys outlive the process");
    let audit = server.get(As::Admin, "/api/v1/admin/audit?kind=key").await.expect(200).json();
    let actions = audit["events"].as_array().unwrap().iter().map(|event| &event["action"]);
    let actions: Vec<_> = actions.filter_map(Value::as_str).collect();
    let own = ["key.rotate", "key.rotate", "ca.rotate"];
    assert_eq!(
        actions,
        [&["key.retire", "key.promote", "key.rotate", "key.rotate"], &own[..]].concat()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forced_retirement_does_not_wait_and_is_recorded_as_forced() {
    let server = Server::start_with(&AUTHORITY).await;
    let first = turn(&server, "worker-ed25519/rotate").await.expect(201).json();
    let second = turn(&server, "worker-ed25519/rotate").await.expect(201).json();
    let id = |key: &Value| key["key"]["id"].as_str().unwrap().to_owned();
    turn(&server, &format!("{}/promote", id(&second))).await.expect(200);
    let path = format!("/api/v1/admin/keys/{}/retire", id(&first));
    server.post(As::Admin, &path, &json!({ "force": true })).await.expect(200);
    let audit = server.get(As::Admin, "/api/v1/admin/audit?action=key.retire").await.expect(200);
    assert_eq!(audit.json()["events"][0]["details"]["forced"], true);
    server.post(As::Admin, &path, &json!({ "unknown": 1 })).await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_the_configuration_are_changed_there_and_unknown_ones_are_404() {
    let server = Server::start_with(&AUTHORITY).await;
    let configured = keys(&server, "worker-hmac").await;
    assert_eq!(configured[0].1, "active");
    let id = &configured[0].0;
    for what in ["worker-hmac/rotate".to_owned(), format!("{id}/promote"), format!("{id}/retire")] {
        turn(&server, &what).await.expect_error(409, "config_managed");
    }
    for what in ["nothing/rotate", "0000000000000000/promote", "x/retire"] {
        turn(&server, what).await.expect_error(404, "not_found");
    }
    let jwks = server.get(As::Nobody, "/.well-known/jwks.json").await.expect(200).json();
    assert!(!jwks.to_string().contains(id.as_str()), "a shared key is not published");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_seal_key_no_key_is_made_and_with_another_none_opens() {
    let server = Server::start().await;
    turn(&server, "jwt/rotate").await.expect_error(409, "no_seal_key");
    server.stop().await;

    let server = Server::start_with(&AUTHORITY).await;
    turn(&server, "jwt/rotate").await.expect(201);
    let directory = server.stop().await;
    let other = [("keys.seal_key", "02".repeat(32))];
    let settings = other.each_ref().map(|(key, value)| (*key, value.as_str()));
    assert!(Server::try_start_in(directory, &settings).await.is_err());
}
