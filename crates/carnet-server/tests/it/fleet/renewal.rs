//! Staying in the fleet.

use std::time::Duration;

use serde_json::json;

use super::csr::audit;
use super::support::{Fleet, Member, csr, key, member};
use crate::support::As;

/// Renews with a new key.
async fn renewed(fleet: &Fleet, old: &Member) -> Member {
    let key = key();
    member(&key, &fleet.renew(old, &csr(&key, None)).await)
}

/// Promise: K-20
#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_makes_the_next_generation_and_ends_those_before() {
    let fleet = Fleet::start().await;
    let first = fleet.member("hello-world").await;
    let second = renewed(&fleet, &first).await;
    assert_eq!(second.answer["generation"], 2);
    assert_eq!(second.answer["spiffe_id"], first.answer["spiffe_id"]);
    // Its answer was lost: the same again, for the same key.
    let key = key();
    let third = fleet.renew(&second, &csr(&key, None)).await.expect(200).json();
    let again = fleet.renew(&second, &csr(&key, None)).await.expect(200).json();
    assert_eq!(third["serial_number"], again["serial_number"]);
    // The key was lost: another in its place.
    let fourth = renewed(&fleet, &second).await;
    assert_eq!(fourth.answer["generation"], 4);
    // The fourth is used: the second counts for ten minutes more.
    let fifth = renewed(&fleet, &fourth).await;
    assert_eq!(fifth.answer["generation"], 5);
    let health = async |member: &Member| {
        fleet.client(Some(member)).get(format!("{}/health", fleet.url)).send().await.is_ok()
    };
    assert!(health(&second).await);
    fleet.server.hand.advance(Duration::from_mins(10));
    // Until the server has looked.
    let mut looks = 0;
    while health(&second).await {
        looks += 1;
        assert!(looks < 1000, "it still counts");
    }
    assert!(health(&fourth).await);
    let generations: Vec<_> = audit(&fleet, "ca.renew").await;
    assert_eq!(generations.len(), 4, "a lost answer is no renewal");
}

/// Promise: K-21
#[tokio::test(flavor = "multi_thread")]
async fn a_copied_key_is_noticed_and_ends_both() {
    let fleet = Fleet::start().await;
    let first = fleet.member("hello-world").await;
    let second = renewed(&fleet, &first).await;
    let third = renewed(&fleet, &second).await;
    // Whoever has a copy of the first comes with it, after its successor was used.
    let clone = fleet.client(Some(&first)).post(format!("{}/certificates/renew", fleet.url));
    let clone = clone.json(&json!({ "csr": csr(&key(), None) })).send().await;
    // Its own connection ends too, sometimes before the answer is through.
    assert!(clone.is_err() || clone.unwrap().status() == 403);
    for member in [&first, &second, &third] {
        assert!(
            fleet.client(Some(member)).get(format!("{}/health", fleet.url)).send().await.is_err()
        );
    }
    // Nobody of that name comes back before it is released.
    let token = fleet.local_token();
    let body = json!({ "csr": csr(&key(), Some("hello-world")), "service_name": "hello-world" });
    fleet.ask(&token, &body).await.expect(403);
    let release = "/api/v1/admin/ca/identities/worker/hello-world/release";
    fleet.server.post(As::Admin, release, &json!({})).await.expect(200);
    fleet.server.hand.advance(Duration::from_secs(1));
    fleet.ask(&token, &body).await.expect(200);
}

/// Promise: K-21
#[tokio::test(flavor = "multi_thread")]
async fn with_an_alert_a_copied_key_ends_nothing_else() {
    let fleet = Fleet::start_with(&[("ca.clone_action", "alert")]).await;
    let first = fleet.member("hello-world").await;
    let second = renewed(&fleet, &first).await;
    let third = renewed(&fleet, &second).await;
    fleet.renew(&first, &csr(&key(), None)).await.expect(403);
    assert_eq!(renewed(&fleet, &third).await.answer["generation"], 4);
}
