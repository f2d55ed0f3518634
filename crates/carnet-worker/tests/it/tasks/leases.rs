//! The lease of a task.

use carnet_ticket::rpc::Request;
use carnet_ticket::task::Report;
use serde_json::{Value, json};

use super::{DO, doing, until_cancelled};
use crate::support::fleet::{Order, TASK, WORKER_ID, events, renewals, request};
use crate::support::{Fault, Fleet, seconds};

/// Promise: K-48
/// Promise: K-50
#[tokio::test]
async fn a_task_is_begun_only_under_a_lease_of_its_own() {
    let fleet = Fleet::start(doing(until_cancelled)).await;
    let order = Order { generation: 3, ..Order::of(DO) };
    let good = fleet.spawn_request(&order);
    let expired = fleet.machine.clock().now().to_string();
    let faults: [(&str, Value, &str); 7] = [
        ("generation", json!("3"), "Malformed"),
        ("holder_id", json!(" "), "Malformed"),
        ("instance", Value::Null, "Malformed"),
        ("expires_at", json!(expired), "Expired"),
        ("holder_id", json!("worker-2"), "WrongHolder"),
        ("instance", json!("ffeeddccbbaa9988"), "WrongInstance"),
        ("resource_id", json!("task:01KAQ3W0G1ZZZZZZZZZZZZZZZZ"), "WrongResource"),
    ];
    for (number, (member, value, expected)) in faults.into_iter().enumerate() {
        let mut lease = good.lease.clone().unwrap();
        lease[member] = value;
        let request = Request { id: number.to_string(), lease: Some(lease), ..good.clone() };
        let (status, answer) = fleet.ask(&request).await;
        assert_eq!((status.as_u16(), answer["error"].as_str()), (403, Some(expected)), "{member}");
    }
    let without = Request { id: "without".to_owned(), lease: None, ..good.clone() };
    assert_eq!(fleet.ask(&without).await.1["error"], "Malformed");
    assert_eq!(fleet.worker.active(), 0);
    assert_eq!(fleet.spawn(&order).await.0, 200);
    let second = Order { generation: 2, ..Order::of(DO) };
    assert_eq!(fleet.spawn(&second).await, refused(403, "spawn", 2, "StaleGeneration"));
    assert_eq!(fleet.destroy(TASK, 2).await, refused(403, "destroy", 2, "StaleGeneration"));
    // It counts when the task is over, too.
    fleet.destroy(TASK, 4).await;
    fleet.idle().await;
    assert_eq!(fleet.destroy(TASK, 3).await, refused(403, "destroy", 3, "StaleGeneration"));
}

fn refused(
    status: u16,
    method: &str,
    generation: u64,
    error: &str,
) -> (reqwest::StatusCode, Value) {
    let id = format!("{method}-{TASK}-{generation}");
    let answer = json!({ "id": id, "worker_id": WORKER_ID, "error": error });
    (reqwest::StatusCode::from_u16(status).unwrap(), answer)
}

/// Promise: K-48
#[tokio::test]
async fn a_lease_is_renewed_each_third_of_its_life() {
    let fleet = Fleet::start(doing(until_cancelled)).await;
    fleet.spawn(&Order::of(DO)).await;
    fleet.report(TASK, 1).await;
    for count in 1..=6 {
        fleet.machine.advance(seconds(9));
        assert_eq!(fleet.ca.seen(&renewals(TASK)).len(), count - 1, "not before a third");
        fleet.machine.advance(seconds(1));
        let renewed = fleet.ca.saw(&renewals(TASK), count).await;
        assert_eq!(renewed.body, br#"{"ttl":"30s"}"#);
        fleet.settle().await;
    }
    assert_eq!(fleet.reports(TASK), [Report::Started]);
    assert_eq!(fleet.worker.active(), 1);
}

/// Promise: K-48
/// Promise: K-59
#[tokio::test]
async fn a_lease_that_is_refused_or_runs_out_ends_the_task() {
    for is_refused in [true, false] {
        let fleet = Fleet::start(doing(until_cancelled)).await;
        if is_refused {
            fleet.ca.fail(&renewals(TASK), &[Fault::Status(409)]);
        } else {
            fleet.ca.fail(&renewals(TASK), &[Fault::Status(503); 100]);
        }
        fleet.spawn(&Order::of(DO)).await;
        fleet.report(TASK, 1).await;
        let begun = fleet.machine.clock().now();
        fleet.later(|fleet| fleet.worker.active() == 0).await;
        let took = fleet.machine.clock().now().since(begun);
        let expected = if is_refused { 9..12 } else { 29..32 };
        assert!(expected.contains(&took.as_secs()), "{took:?}");
        assert_eq!(fleet.reports(TASK), [Report::Started], "nothing is told any more");
    }
}

/// Promise: K-48
#[tokio::test]
async fn the_control_plane_may_have_a_lease_renewed() {
    let fleet = Fleet::start(doing(until_cancelled)).await;
    fleet.spawn(&Order::of(DO)).await;
    fleet.report(TASK, 1).await;
    let ask = |id: &str, ttl: &str| Request {
        id: id.to_owned(),
        lease: Some(fleet.lease(TASK, 1).to_json()),
        ..request("worker.renew_lease", json!({ "resource_id": TASK, "ttl": ttl }))
    };
    let (status, answer) = fleet.ask(&ask("a", "1m")).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["result"]["lease"]["generation"], 2);
    // Reports are made under the new one.
    fleet.ca.fail(&renewals(TASK), &[Fault::Status(409)]);
    let newer = |id: &str, ttl: &str| Request {
        lease: Some(fleet.lease(TASK, 2).to_json()),
        ..ask(id, ttl)
    };
    assert_eq!(fleet.ask(&newer("b", "1m")).await.1["error"], "RenewRefused");
    for ttl in ["0s", "16m", "soon"] {
        assert_eq!(fleet.ask(&newer(ttl, ttl)).await.1["error"], "InvalidParams");
    }
    assert_eq!(fleet.ask(&ask("c", "1m")).await.1["error"], "StaleGeneration");
    assert!(fleet.ca.seen(&events(TASK)).iter().all(|seen| seen.lease.is_some()));
}
