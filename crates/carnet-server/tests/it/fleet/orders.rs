//! What administrators do to workers, and what workers cannot undo.

use std::collections::BTreeSet;
use std::pin::pin;
use std::time::Duration;

use carnet_gate::Clock;
use serde_json::{Value, json};

use super::registry::ID;
use super::support::{Fleet, Member};
use crate::support::{Answer, As, Server};

impl Fleet {
    /// Does something to a worker.
    async fn order(&self, by: As<'_>, id: &str, verb: &str, body: &Value) -> Answer {
        let path = format!("/api/v1/admin/workers/{id}/{verb}");
        self.server.post(by, &path, body).await
    }

    /// The worker as others see it.
    pub async fn worker(&self, id: &str) -> Value {
        let path = format!("/api/v1/workers/{id}");
        self.server.get(As::Api, &path).await.expect(200).json()
    }

    /// How a worker is told that it counts, when it beats.
    async fn told(&self, member: &Member, says: &str) -> String {
        let form = format!("service_type=example&load_score=0.0&state={says}");
        self.beat(member, ID, &form).await.expect(200).header("carnet-state").to_owned()
    }

    async fn last_event(&self) -> Value {
        let events = self.server.get(As::Admin, "/api/v1/admin/audit?limit=1").await.expect(200);
        events.json()["events"][0].clone()
    }
}

/// Promise: K-44
#[tokio::test(flavor = "multi_thread")]
async fn what_an_administrator_set_a_worker_does_not_leave() {
    let fleet = Fleet::start().await;
    let hello = fleet.member("hello-world").await;
    fleet.register(&hello, &json!({})).await.expect(200);
    let operator = fleet.server.api_key("operator").await.0;
    let operator = As::Key(&operator);

    assert_eq!(fleet.told(&hello, "draining").await, "draining");
    assert_eq!(fleet.told(&hello, "online").await, "online", "its own state it leaves");
    let because = json!({ "reason": "a new disk" });
    let drained = fleet.order(operator, ID, "drain", &because).await.expect(200).json();
    assert_eq!((&drained["state"], &drained["status"]), (&json!("draining"), &json!("online")));
    assert_eq!(drained["state_reason"], "a new disk");
    assert_eq!(fleet.told(&hello, "online").await, "draining", "only an administrator ends it");
    let event = fleet.last_event().await;
    assert_eq!((&event["action"], &event["target"]), (&json!("worker.drain"), &json!(ID)));
    assert_eq!(event["reason"], "a new disk");
    fleet.order(operator, ID, "cordon", &json!({})).await.expect(200);
    assert_eq!(fleet.told(&hello, "draining").await, "cordoned");
    fleet.register(&hello, &json!({})).await.expect(200);
    assert_eq!(fleet.told(&hello, "online").await, "cordoned", "registering again is no way out");

    let server = fleet.server.stop().await;
    let fleet =
        Fleet::of(Server::try_start_at(Clock::System.now(), server, &[]).await.unwrap()).await;
    assert_eq!(fleet.told(&hello, "online").await, "cordoned", "neither is a restart");
    fleet.server.hand.advance(Duration::from_mins(3));
    let worker = fleet.worker(ID).await;
    assert_eq!((&worker["state"], &worker["stale"]), (&json!("cordoned"), &json!(true)));
    let freed = fleet.order(As::Admin, ID, "uncordon", &json!({})).await.expect(200).json();
    assert_eq!((&freed["state"], &freed["state_reason"]), (&json!("lost"), &json!(null)));
    assert_eq!(fleet.told(&hello, "online").await, "online", "whoever was lost beats again");

    for verb in ["cordon", "uncordon", "drain", "quarantine", "release"] {
        fleet.order(As::Admin, "nobody", verb, &json!({})).await.expect_error(404, "not_found");
    }
    fleet.order(As::Admin, ID, "release", &json!({})).await.expect_error(409, "not_quarantined");
}

/// Promise: K-45
#[tokio::test(flavor = "multi_thread")]
async fn a_quarantined_worker_has_nothing_until_it_is_released_and_enrolled_again() {
    let fleet = Fleet::start().await;
    let hello = fleet.member("hello-world").await;
    fleet.register(&hello, &json!({})).await.expect(200);
    let because = json!({ "reason": "mines coins" });
    let quarantined = fleet.order(As::Admin, ID, "quarantine", &because).await.expect(200).json();
    assert_eq!(quarantined["state"], "quarantined");
    assert_eq!(quarantined["state_reason"], "mines coins");
    assert_eq!(fleet.last_event().await["action"], "ca.revoke");
    let url = format!("{}/v1/workers", fleet.url);
    assert!(fleet.client(Some(&hello)).get(&url).send().await.is_err(), "it is not let in");

    // So it is after a restart, and whoever put it there.
    let server = fleet.server.stop().await;
    let fleet =
        Fleet::of(Server::try_start_at(Clock::System.now(), server, &[]).await.unwrap()).await;
    assert_eq!(fleet.worker(ID).await["state_reason"], "mines coins");
    let released = fleet.order(As::Admin, ID, "release", &json!({})).await.expect(200).json();
    assert_ne!(released["state"], "quarantined");
    assert!(
        fleet.client(Some(&hello)).get(&url).send().await.is_err(),
        "what it had stays revoked"
    );
    fleet.server.hand.advance(Duration::from_secs(1));
    let hello = fleet.member("hello-world").await;
    fleet.register(&hello, &json!({})).await.expect(200);
    assert_eq!(fleet.told(&hello, "online").await, "online");
    let by_the_ca = "/api/v1/admin/ca/identities/worker/hello-world/revoke";
    fleet.server.post(As::Admin, by_the_ca, &json!({})).await.expect(200);
    let worker = fleet.worker(ID).await;
    assert_eq!(worker["state"], "quarantined");
    assert_eq!(worker["state_reason"], "privilege_withdrawn");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_worker_is_forgotten_and_comes_back_as_anybody_by_enrollment() {
    let fleet = Fleet::start().await;
    let hello = fleet.member("hello-world").await;
    fleet.register(&hello, &json!({})).await.expect(200);
    let path = format!("/api/v1/admin/workers/{ID}");
    let deleted = fleet.server.delete(As::Admin, &path).await.expect(200).json();
    assert_eq!(deleted, json!({ "status": "deleted" }));
    assert_eq!(fleet.last_event().await["action"], "worker.delete");
    fleet.server.delete(As::Admin, &path).await.expect_error(404, "not_found");
    fleet.server.get(As::Api, &format!("/api/v1/workers/{ID}")).await.expect(404);
    let url = format!("{}/v1/workers", fleet.url);
    assert!(fleet.client(Some(&hello)).get(&url).send().await.is_err(), "it is revoked");
    // What is issued within the same second counts as issued before.
    fleet.server.hand.advance(Duration::from_secs(1));
    // The id is nobody's: whoever is enrolled may have it.
    let other = fleet.member("other").await;
    fleet.register(&other, &json!({})).await.expect(200);
    let hello = fleet.member("hello-world").await;
    fleet.register(&hello, &json!({})).await.expect(403);
}

/// Promise: K-44
#[tokio::test(flavor = "multi_thread")]
async fn who_is_lost_is_noted_and_who_comes_back_too() {
    let fleet = Fleet::start().await;
    let hello = fleet.member("hello-world").await;
    fleet.register(&hello, &json!({})).await.expect(200);
    let mut changed = pin!(fleet.server.app.registry().changed().notified());
    changed.as_mut().enable();
    // The sweeper looks each ten seconds; the clock wakes it.
    fleet.server.hand.advance(Duration::from_secs(125));
    changed.await;
    assert_eq!(fleet.worker(ID).await["state"], "lost");
    let mut changed = pin!(fleet.server.app.registry().changed().notified());
    changed.as_mut().enable();
    assert_eq!(fleet.told(&hello, "online").await, "online");
    changed.await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_are_listed_by_pages() {
    let fleet = Fleet::start().await;
    let hello = fleet.member("hello-world").await;
    for number in 0..5 {
        fleet.register(&hello, &json!({ "worker_id": format!("w-{number}") })).await.expect(200);
    }
    let (mut seen, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let path = format!("/api/v1/workers?limit=2{cursor}");
        let page = fleet.server.get(As::Api, &path).await.expect(200).json();
        let workers = page["workers"].as_array().unwrap();
        assert!(workers.len() <= 2);
        seen.extend(workers.iter().map(|worker| worker["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 5);
    let worker = fleet.worker("w-0").await;
    assert_eq!(worker["serial"], hello.serial());
    assert_eq!((&worker["hostname"], &worker["providers"]), (&json!("localhost"), &json!([])));
    for query in ["limit=0", "limit=1001", "cursor=a%2Fb", "limit=x"] {
        let path = format!("/api/v1/workers?{query}");
        fleet.server.get(As::Api, &path).await.expect_error(400, "invalid_request");
    }
}
