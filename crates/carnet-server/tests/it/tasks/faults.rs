//! Workers that are lost, paused or put out in the middle of a task, and a server that is.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::Worker;
use crate::fleet::support::Fleet;
use crate::support::{As, Server, text};

/// An attempt that was taken away can neither read, write, commit nor report.
async fn is_powerless(
    fleet: &Fleet,
    worker: &Worker,
    call: &Value,
    input: carnet_ticket::realm::NodeKey,
) {
    let ticket = As::Ticket(call["params"]["task"]["ticket"].as_str().unwrap());
    fleet.server.get_node(ticket, input).await.expect(410);
    fleet.server.put_node(ticket, &text("of a zombie")).await.expect(410);
    let commit = json!({ "output": carnet_ticket::realm::NodeKey::EMPTY_DICT });
    fleet.server.post(ticket, "/api/realm/self/tickets/self/commit", &commit).await.expect(410);
    worker.say(fleet, call, json!({ "kind": "succeeded" })).await.expect(409);
    worker.renew(fleet, call).await.expect(409);
}

/// Promise: K-59
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_lets_its_lease_run_out_has_nothing_left_of_the_task() {
    let fleet = Fleet::start().await;
    let mut first = Worker::start(&fleet, "a").await;
    let mut second = Worker::start(&fleet, "b").await;
    let input = text("input");
    fleet.server.put_node(As::Api, &input).await.expect(200);
    let id = fleet.submit(As::Api, json!({ "input": [input.key] })).await;
    let old = first.call().await;
    first.say(&fleet, &old, json!({ "kind": "started" })).await.expect(204);
    // It is paused: it neither renews nor beats.
    fleet.server.hand.advance(Duration::from_secs(31));
    assert_eq!(fleet.until(&id, "pending").await["error"]["code"], "lease_expired");
    fleet.server.hand.advance(Duration::from_secs(2));
    second.beat(&fleet).await;
    let new = second.call().await;
    assert_eq!(new["params"]["task"]["attempt"], 2);
    assert!(new["lease"]["generation"].as_u64() > old["lease"]["generation"].as_u64());
    // It wakes up.
    is_powerless(&fleet, &first, &old, input.key).await;
    let output = second.finish(&fleet, &new, "by the second").await;
    let done = fleet.task(&id).await;
    assert_eq!((&done["output"], &done["worker_id"]), (&json!(output), &json!("b-1")));
}

/// Promise: K-45, K-59
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_put_out_loses_its_tasks_at_once() {
    let fleet = Fleet::start().await;
    let mut first = Worker::start(&fleet, "a").await;
    let mut second = Worker::start(&fleet, "b").await;
    let id = fleet.submit(As::Api, json!({})).await;
    let old = first.call().await;
    let revoke = "/api/v1/admin/ca/identities/worker/a/revoke";
    fleet.server.post(As::Admin, revoke, &json!({})).await.expect(200);
    assert_eq!(fleet.until(&id, "pending").await["error"]["code"], "worker_quarantined");
    let ticket = As::Ticket(old["params"]["task"]["ticket"].as_str().unwrap());
    fleet.server.put_node(ticket, &text("of a zombie")).await.expect(410);
    fleet.server.hand.advance(Duration::from_secs(1));
    let new = second.call().await;
    second.finish(&fleet, &new, "done").await;
    assert!(!first.was_called(), "it is not called again");
}

/// Promise: K-59
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_starts_again_goes_on_with_what_it_had() {
    let fleet = Fleet::start().await;
    let mut worker = Worker::start(&fleet, "a").await;
    let running = fleet.submit(As::Api, json!({})).await;
    let call = worker.call().await;
    worker.say(&fleet, &call, json!({ "kind": "started" })).await.expect(204);
    let waiting = fleet.submit(As::Api, json!({ "capability": "nobody.does_it" })).await;
    let now = fleet.server.app.gate().clock().now();
    let directory = fleet.server.stop().await;
    let server = Server::try_start_at(now, directory, &[]).await.unwrap();
    let fleet = Fleet::of(server).await;
    assert_eq!(fleet.task(&waiting).await["state"], "pending");
    assert_eq!(fleet.task(&running).await["state"], "running");
    // Whoever has it goes on, under the lease that it had.
    let url = format!("{}/api/v1/worker/a-1/tasks/{running}/events", fleet.url);
    let client = fleet.client(Some(&worker.member));
    let mark = format!("instance-of-a/{}", call["lease"]["generation"]);
    let log = client
        .post(url)
        .header("Carnet-Lease", mark)
        .json(&json!({ "kind": "log", "message": "x" }));
    fleet.send(log).await.expect(204);
    // It does not come back in time.
    fleet.server.hand.advance(Duration::from_secs(31));
    let lost = fleet.until(&running, "pending").await;
    assert_eq!((&lost["attempt"], &lost["error"]["code"]), (&json!(2), &json!("lease_expired")));
    fleet.server.hand.advance(Duration::from_mins(5));
    fleet.until(&waiting, "failed").await;
}

/// Promise: K-59
/// Two attempts race to commit: whatever the order, the task has one output.
#[tokio::test(flavor = "multi_thread")]
async fn there_are_never_two_commits() {
    let fleet = Fleet::start().await;
    let mut worker = Worker::start(&fleet, "a").await;
    for round in 0..10 {
        let id = fleet.submit(As::Api, json!({ "limits": { "max_attempts": 1 } })).await;
        let mut call = worker.call().await;
        // It may be told only now that the last one is over.
        while call["method"] != "worker.spawn" {
            call = worker.call().await;
        }
        let ticket = call["params"]["task"]["ticket"].as_str().unwrap();
        let node = text(&format!("round {round}"));
        fleet.server.put_node(As::Ticket(ticket), &node).await.expect(200);
        let cancel = format!("/api/v1/tasks/{id}/cancel");
        let nothing = json!({});
        let finish = async {
            let committed = fleet.server.commit(ticket, node.key).await;
            worker.say(&fleet, &call, json!({ "kind": "succeeded" })).await;
            committed.status.as_u16()
        };
        let (cancelled, committed) =
            tokio::join!(fleet.server.post(As::Api, &cancel, &nothing), finish);
        let task = fleet.task(&id).await;
        match task["state"].as_str().unwrap() {
            "succeeded" => {
                assert_eq!((cancelled.status.as_u16(), committed), (409, 200));
                assert_eq!(task["output"], json!(node.key));
            }
            "cancelled" => {
                assert_eq!(cancelled.status.as_u16(), 202);
                assert_eq!(task["output"], json!(null));
            }
            other => panic!("{other}"),
        }
    }
}
