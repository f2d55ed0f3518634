//! How tasks end when nobody finishes them.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::json;

use super::support::Worker;
use crate::fleet::support::Fleet;
use crate::support::{As, text};

/// Promise: K-60
#[tokio::test(flavor = "multi_thread")]
async fn cancelling_ends_it_whatever_its_worker_says() {
    let fleet = Fleet::start().await;
    let mut worker = Worker::start(&fleet, "a").await;
    let id = fleet.submit(As::Api, json!({})).await;
    let call = worker.call().await;
    worker.say(&fleet, &call, json!({ "kind": "started" })).await.expect(204);
    worker.answers(StatusCode::INTERNAL_SERVER_ERROR);
    let cancel = format!("/api/v1/tasks/{id}/cancel");
    let answer = fleet.server.post(As::Api, &cancel, &json!({ "reason": "enough" })).await;
    let cancelled = answer.expect(202).json();
    assert_eq!(cancelled["state"], "cancelled");
    assert_eq!(cancelled["error"]["message"], "enough");
    let told = worker.call().await;
    assert_eq!(
        (&told["method"], &told["params"]["sandbox_id"]),
        (&json!("worker.destroy"), &json!(id))
    );
    // Nothing is left to it.
    let ticket = call["params"]["task"]["ticket"].as_str().unwrap();
    fleet.server.put_node(As::Ticket(ticket), &text("late")).await.expect(410);
    worker.say(&fleet, &call, json!({ "kind": "succeeded" })).await.expect(409);
    worker.renew(&fleet, &call).await.expect(409);
    fleet.server.post(As::Api, &cancel, &json!({})).await.expect_error(409, "conflict");
    let last = fleet.events(&id, 0).await.pop().unwrap();
    assert_eq!((last.1.as_str(), &last.2["task"]["state"]), ("end", &json!("cancelled")));
}

/// Promise: K-60
#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_takes_too_long_expires() {
    let fleet = Fleet::start().await;
    let mut worker = Worker::start(&fleet, "a").await;
    let id = fleet.submit(As::Api, json!({ "limits": { "timeout": "20s" } })).await;
    let call = worker.call().await;
    worker.say(&fleet, &call, json!({ "kind": "started" })).await.expect(204);
    fleet.server.hand.advance(Duration::from_secs(21));
    let expired = fleet.until(&id, "expired").await;
    assert_eq!(expired["error"]["code"], "timeout");
    worker.say(&fleet, &call, json!({ "kind": "succeeded" })).await.expect(409);
    let told = worker.call().await;
    assert_eq!(told["method"], "worker.destroy");
}

/// Promise: K-57
#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_no_worker_can_do_waits_and_then_fails() {
    let fleet = Fleet::start().await;
    let mut worker = Worker::start(&fleet, "a").await;
    let id = fleet.submit(As::Api, json!({ "version": "2.0.0" })).await;
    fleet.server.hand.advance(Duration::from_mins(1));
    worker.beat(&fleet).await;
    assert_eq!(fleet.task(&id).await["state"], "pending");
    fleet.server.hand.advance(Duration::from_mins(5));
    let failed = fleet.until(&id, "failed").await;
    assert_eq!(failed["error"]["code"], "no_worker_available");
    assert!(!worker.was_called());
}

/// Promise: K-59
#[tokio::test(flavor = "multi_thread")]
async fn what_a_worker_says_may_help_is_tried_again_elsewhere_and_what_not_is_not() {
    let fleet = Fleet::start().await;
    let mut first = Worker::start(&fleet, "a").await;
    let mut second = Worker::start(&fleet, "b").await;
    let id = fleet.submit(As::Api, json!({})).await;
    let call = first.call().await;
    let failed = json!({ "kind": "failed", "code": "BUSY", "message": "m", "retryable": true });
    first.say(&fleet, &call, failed).await.expect(204);
    assert_eq!(fleet.until(&id, "pending").await["attempt"], 2);
    assert!(!second.was_called(), "not before a second has gone by");
    fleet.server.hand.advance(Duration::from_secs(1));
    let again = second.call().await;
    assert_eq!(again["params"]["task"]["attempt"], 2);
    let failed = json!({ "kind": "failed", "code": "INVALID_INPUT", "retryable": false });
    second.say(&fleet, &again, failed).await.expect(204);
    let failed = fleet.until(&id, "failed").await;
    assert_eq!(failed["error"]["code"], "INVALID_INPUT");
    assert_eq!(failed["attempt"], 2);
}
