//! The CA turns over, and nobody is refused for it.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::enrollment::enrollment;
use super::support::{Fleet, Member, csr, key, member};
use crate::support::{Answer, As};

async fn rotate(fleet: &Fleet, body: &Value) -> Answer {
    fleet.server.post(As::Admin, "/api/v1/admin/ca/rotate", body).await
}

/// The CA certificates that are trusted: state and fingerprint of each, and the bundle's number.
async fn bundle(fleet: &Fleet) -> (Vec<(String, String)>, u64) {
    let ca = fleet.server.get(As::Admin, "/api/v1/admin/ca").await.expect(200).json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let certificates = ca["bundle"]["certificates"].as_array().unwrap().iter();
    let certificates = certificates.map(|ca| (text(&ca["state"]), text(&ca["sha256"])));
    (certificates.collect(), ca["bundle"]["sequence"].as_u64().unwrap())
}

async fn is_let_in(fleet: &Fleet, member: &Member) -> bool {
    fleet.client(Some(member)).get(format!("{}/health", fleet.url)).send().await.is_ok()
}

/// A worker registers, and says which bundle it has.
async fn register(fleet: &Fleet, member: &Member, bundle: u64) {
    let body = json!({
        "worker_id": "worker-1",
        "service_type": "example",
        "endpoint": "https://localhost:8500",
        "health_url": "https://localhost:8500/health",
        "capabilities": [],
        "bundle": bundle,
    });
    let url = format!("{}/v1/workers/register", fleet.url);
    let request = fleet.client(Some(member)).request(Method::POST, url).json(&body);
    fleet.send(request).await.expect(200);
}

/// Promise: K-24
#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_refuses_nobody_and_waits_for_the_bundle() {
    let mut fleet = Fleet::start().await;
    let (_, token) = enrollment(&fleet, &json!({ "name": "new" })).await;
    let old = fleet.member("old").await;
    let (before, sequence) = bundle(&fleet).await;
    register(&fleet, &old, sequence).await;

    rotate(&fleet, &json!({})).await.expect(200);
    let (prepared, next) = bundle(&fleet).await;
    assert_eq!(prepared[0], before[0]);
    assert!(prepared[1].0 == "next" && next > sequence);
    assert!(is_let_in(&fleet, &old).await, "who knows the old bundle alone");
    let refused = rotate(&fleet, &json!({ "activate": true })).await;
    assert_eq!(refused.expect_error(409, "bundle_not_spread")["details"]["behind"], 1);

    register(&fleet, &old, next).await;
    fleet.ca = fleet.get("/ca/certificate").await.expect(200).json()["ca_certificate"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(fleet.ca.matches("BEGIN CERTIFICATE").count(), 2);
    rotate(&fleet, &json!({ "activate": true })).await.expect(200);
    let (activated, _) = bundle(&fleet).await;
    assert_eq!(activated[0], ("active".to_owned(), prepared[1].1.clone()));
    assert_eq!(activated[1], ("retiring".to_owned(), before[0].1.clone()));

    // Its token names the old CA. Its certificate is the new one's, and so is what is renewed.
    let new_key = key();
    let new = fleet.ask(&token, &json!({ "csr": csr(&new_key, None) })).await;
    let new = member(&new_key, &new);
    let renewed_key = key();
    let renewed = member(&renewed_key, &fleet.renew(&old, &csr(&renewed_key, None)).await);
    for member in [&old, &new, &renewed] {
        assert!(is_let_in(&fleet, member).await);
    }
    let local = fleet.member("local").await;
    assert!(is_let_in(&fleet, &local).await, "by the file, which tells of the CA that signs");
    fleet.get("/ca/crl").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_is_forced_where_a_worker_never_hears_of_it() {
    let fleet = Fleet::start().await;
    rotate(&fleet, &json!({ "activate": true })).await.expect_error(409, "ca_not_prepared");
    let (_, sequence) = bundle(&fleet).await;
    let member = fleet.member("old").await;
    register(&fleet, &member, sequence).await;
    rotate(&fleet, &json!({})).await.expect(200);
    rotate(&fleet, &json!({})).await.expect_error(409, "ca_prepared");
    rotate(&fleet, &json!({ "activate": true, "force": true })).await.expect(200);
}

/// The CA certificates, once their states are these.
async fn until(fleet: &Fleet, states: &[&str]) -> Vec<(String, String)> {
    for _ in 0..1000 {
        // What is due is looked for every five seconds.
        fleet.server.hand.advance(Duration::from_secs(5));
        let (certificates, _) = bundle(fleet).await;
        if certificates.iter().map(|(state, _)| state.as_str()).eq(states.iter().copied()) {
            return certificates;
        }
    }
    panic!("it never came to be: {states:?}");
}

/// Promise: K-24
#[tokio::test(flavor = "multi_thread")]
async fn the_ca_turns_itself_over_and_goes_with_its_last_certificate() {
    // Half of its life is two days; a day later the next one signs.
    let fleet = Fleet::start_with(&[("ca.lifetime", "96h")]).await;
    let first = until(&fleet, &["active"]).await;
    fleet.server.hand.advance(Duration::from_hours(48));
    let prepared = until(&fleet, &["active", "next"]).await;
    fleet.server.hand.advance(Duration::from_hours(12));
    fleet.server.issue("worker", "last").await;
    fleet.server.hand.advance(Duration::from_hours(12));
    let activated = until(&fleet, &["active", "retiring"]).await;
    assert_eq!((&activated[0].1, &activated[1].1), (&prepared[1].1, &first[0].1));
    // Twelve hours later the last certificate under it ends.
    fleet.server.hand.advance(Duration::from_hours(10));
    assert_eq!(until(&fleet, &["active", "retiring"]).await, activated);
    fleet.server.hand.advance(Duration::from_hours(3));
    let left = until(&fleet, &["active"]).await;
    assert_eq!(left[0].1, prepared[1].1);
    let file = fleet.server.directory.path().join(format!("ca/{}.key", first[0].1));
    for _ in 0..10_000 {
        if file.exists() {
            bundle(&fleet).await;
        }
    }
    assert!(!file.exists(), "its key is gone");

    // The server has got certificates meanwhile.
    let rows = fleet.server.get(As::Admin, "/api/v1/admin/certificates").await.expect(200).json();
    let rows = rows["certificates"].as_array().unwrap();
    assert!(rows.len() > 2 && rows[0]["status"] == "live", "{rows:?}");
}
