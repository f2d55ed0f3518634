//! A task from its submission to its output.

use serde_json::json;

use super::support::Worker;
use crate::fleet::support::Fleet;
use crate::support::{As, text};

/// Promise: K-49, K-56, K-58
/// The worker is called over mTLS with the control plane's certificate, holds a lease and a ticket, reads what the
/// ticket says and nothing else, and the agent follows it without a gap.
#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_done_under_a_lease_and_a_ticket() {
    let fleet = Fleet::start().await;
    let mut worker = Worker::start(&fleet, "a").await;
    let (input, other) = (text("the input"), text("none of its business"));
    for node in [&input, &other] {
        fleet.server.put_node(As::Api, node).await.expect(200);
    }
    let asked = json!({ "input": [input.key], "params": { "x": 1 } });
    let id = fleet.submit(As::Api, asked).await;
    let call = worker.call().await;
    assert_eq!(call["method"], "worker.spawn");
    assert_eq!(call["id"], format!("spawn-{id}-1"));
    assert_eq!(call["worker_id"], "a-1");
    let lease = &call["lease"];
    assert_eq!((&lease["resource_id"], &lease["holder_id"]), (&json!(id), &json!("a-1")));
    assert_eq!((&lease["instance"], &lease["generation"]), (&json!("instance-of-a"), &json!(1)));
    let params = &call["params"];
    assert_eq!((&params["sandbox_id"], &params["provider"]), (&json!(id), &json!("task")));
    assert_eq!(params["image"], "example.hello_world@1.0.0");
    assert_eq!(
        (&params["task"]["params"]["x"], &params["task"]["attempt"]),
        (&json!(1), &json!(1))
    );
    let ticket = params["task"]["ticket"].as_str().unwrap();
    fleet.server.get_node(As::Ticket(ticket), input.key).await.expect(200);
    fleet.server.get_node(As::Ticket(ticket), other.key).await.expect(403);

    worker.say(&fleet, &call, json!({ "kind": "started" })).await.expect(204);
    let half = json!({ "kind": "progress", "fraction": 0.5, "message": "half" });
    worker.say(&fleet, &call, half).await.expect(204);
    worker.say(&fleet, &call, json!({ "kind": "log", "message": "a line" })).await.expect(204);
    let early = worker.say(&fleet, &call, json!({ "kind": "succeeded" })).await;
    assert_eq!(early.expect(409).json()["code"], "CONFLICT", "nothing is committed");
    let running = fleet.task(&id).await;
    assert_eq!((&running["state"], &running["worker_id"]), (&json!("running"), &json!("a-1")));
    let output = worker.finish(&fleet, &call, "done").await;

    let done = fleet.task(&id).await;
    assert_eq!((&done["state"], &done["output"]), (&json!("succeeded"), &json!(output)));
    fleet.server.get_node(As::Api, output).await.expect(200);
    // The worker has nothing more to say.
    worker.say(&fleet, &call, json!({ "kind": "log", "message": "late" })).await.expect(409);
    let events = fleet.events(&id, 0).await;
    let kinds: Vec<_> = events.iter().map(|(_, kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["state", "state", "state", "progress", "log", "state", "end"]);
    let seqs: Vec<_> = events.iter().map(|(seq, ..)| *seq).collect();
    assert_eq!(seqs, [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(events[6].2["task"]["output"], json!(output));
    // Whoever was cut off goes on where it was.
    assert_eq!(fleet.events(&id, 4).await, events[4..]);
    assert_eq!(fleet.events(&id, 7).await, []);
    let text = format!("{done} {events:?}");
    assert!(!text.contains(ticket), "the ticket is the worker's alone");
}

/// Promise: K-56
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_open_hears_what_comes_and_ends_with_the_task() {
    let fleet = Fleet::start().await;
    let mut worker = Worker::start(&fleet, "a").await;
    let id = fleet.submit(As::Api, json!({})).await;
    let listening = fleet.events(&id, 0);
    let working = async {
        let call = worker.call().await;
        worker.say(&fleet, &call, json!({ "kind": "started" })).await.expect(204);
        worker.finish(&fleet, &call, "done").await;
    };
    let (events, ()) = tokio::join!(listening, working);
    let states: Vec<_> = events.iter().filter_map(|(.., data)| data["state"].as_str()).collect();
    assert_eq!(states, ["pending", "placed", "running", "succeeded"]);
}

/// Promise: K-57
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_does_not_take_it_is_passed_over_and_that_is_no_attempt() {
    let fleet = Fleet::start().await;
    let mut first = Worker::start(&fleet, "a").await;
    let mut second = Worker::start(&fleet, "b").await;
    first.answers(axum::http::StatusCode::SERVICE_UNAVAILABLE);
    let id = fleet.submit(As::Api, json!({})).await;
    let refused = first.call().await;
    let call = second.call().await;
    assert_eq!(call["params"]["task"]["attempt"], 1);
    assert!(call["lease"]["generation"].as_u64() > refused["lease"]["generation"].as_u64());
    // Whoever said no has nothing of it.
    first.say(&fleet, &refused, json!({ "kind": "started" })).await.expect(409);
    let ticket = refused["params"]["task"]["ticket"].as_str().unwrap();
    fleet.server.get(As::Ticket(ticket), "/api/realm/self/usage").await.expect(410);
    second.finish(&fleet, &call, "done").await;
    assert_eq!(fleet.task(&id).await["worker_id"], "b-1");
    // It is not asked about any other either, until it has rested.
    first.answers(axum::http::StatusCode::OK);
    let next = fleet.submit(As::Api, json!({})).await;
    let call = second.call().await;
    second.finish(&fleet, &call, "done").await;
    assert_eq!(fleet.task(&next).await["worker_id"], "b-1");
    fleet.server.hand.advance(std::time::Duration::from_secs(1));
    fleet.submit(As::Api, json!({})).await;
    first.call().await;
}

/// Promise: K-51
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_shows_anothers_certificate_is_not_told_anything() {
    let fleet = Fleet::start().await;
    let member = fleet.member("a").await;
    let impostor = fleet.member("b").await;
    let mut worker = Worker::start_as(&fleet, "a", member, Some(&impostor)).await;
    let id = fleet.submit(As::Api, json!({})).await;
    fleet.until(&id, "placed").await;
    fleet.until(&id, "pending").await;
    assert!(!worker.was_called());
    let mut honest = Worker::start(&fleet, "c").await;
    let call = honest.call().await;
    honest.finish(&fleet, &call, "done").await;
    assert!(!worker.was_called());
}

/// Promise: K-48, K-41
#[tokio::test(flavor = "multi_thread")]
async fn a_lease_is_renewed_by_its_holder_alone() {
    let fleet = Fleet::start().await;
    let mut worker = Worker::start(&fleet, "a").await;
    let mut other = Worker::start(&fleet, "b").await;
    fleet.submit(As::Api, json!({})).await;
    let call = worker.call().await;
    let renewed = worker.renew(&fleet, &call).await.expect(200).json();
    assert_eq!(renewed["lease"]["generation"], 2);
    // Another worker, by its own id and by that of the holder.
    other.renew(&fleet, &call).await.expect(409);
    other.id.clone_from(&worker.id);
    other.renew(&fleet, &call).await.expect(403);
    other.say(&fleet, &call, json!({ "kind": "started" })).await.expect(403);
    // A process that came before.
    let mut zombie = call.clone();
    zombie["lease"]["generation"] = json!(0);
    worker.say(&fleet, &zombie, json!({ "kind": "started" })).await.expect(409);
    fleet.server.hand.advance(std::time::Duration::from_secs(30));
    worker.renew(&fleet, &call).await.expect(409);
}
