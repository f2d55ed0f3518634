//! How tasks end before they are done.

use std::sync::atomic::Ordering;
use std::time::Duration;

use carnet_ticket::rpc::Request;
use carnet_ticket::task::Report;
use carnet_worker::{Status, TaskContext, TaskError, TaskOutput};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use super::{DO, doing, until_cancelled};
use crate::support::fleet::{Order, TASK, request};
use crate::support::{Fleet, seconds, until};

/// Sets something once it is dropped.
struct Dropped(Option<oneshot::Sender<()>>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.take().unwrap().send(()).unwrap();
    }
}

/// A worker whose tasks never end by themselves, and what tells that one was dropped.
async fn endless() -> (Fleet, oneshot::Receiver<()>) {
    let (drop, dropped) = oneshot::channel();
    let drop = std::sync::Mutex::new(Some(drop));
    let fleet = Fleet::start(doing(move |_| {
        let dropped = Dropped(drop.lock().unwrap().take());
        async move {
            let _dropped = dropped;
            std::future::pending().await
        }
    }))
    .await;
    fleet.spawn(&Order::of(DO)).await;
    fleet.report(TASK, 1).await;
    (fleet, dropped)
}

/// Promise: K-60
#[tokio::test]
async fn a_task_that_is_destroyed_is_told_to_end_and_says_nothing_more() {
    let (tell, mut told) = mpsc::channel(1);
    let fleet = Fleet::start(doing(move |task: TaskContext| {
        let tell = tell.clone();
        async move {
            task.cancelled().await;
            tell.send(()).await.unwrap();
            Ok(TaskOutput::nothing())
        }
    }))
    .await;
    fleet.spawn(&Order::of(DO)).await;
    fleet.report(TASK, 1).await;
    assert_eq!(fleet.destroy(TASK, 2).await.0, 200);
    told.recv().await.unwrap();
    fleet.idle().await;
    assert_eq!(fleet.reports(TASK), [Report::Started]);
    let unknown = fleet.destroy(TASK, 3).await;
    assert_eq!(unknown.0, 200, "one that is not there is ended already");
}

/// Promise: K-60
#[tokio::test]
async fn a_handler_that_does_not_listen_is_dropped() {
    let (fleet, mut dropped) = endless().await;
    fleet.destroy(TASK, 2).await;
    let status = request("worker.status", json!({ "sandbox_id": TASK, "provider": "task" }));
    let state = async |id: &str| {
        let asked = fleet.ask(&Request { id: id.to_owned(), ..status.clone() }).await;
        asked.1["result"]["state"].clone()
    };
    let mut number = 0;
    until(async || {
        number += 1;
        state(&number.to_string()).await == "cancelling"
    })
    .await;
    fleet.machine.advance(seconds(4));
    assert_eq!(state("later").await, "cancelling");
    assert!(dropped.try_recv().is_err());
    fleet.machine.advance(seconds(1));
    dropped.await.unwrap();
    fleet.idle().await;
}

/// Promise: K-60
#[tokio::test]
async fn a_task_whose_time_is_over_is_told_to_end() {
    let fleet = Fleet::start(doing(until_cancelled)).await;
    fleet.spawn(&Order { timeout: seconds(25), ..Order::of(DO) }).await;
    fleet.report(TASK, 1).await;
    let begun = fleet.machine.clock().now();
    fleet.later(|fleet| fleet.worker.active() == 0).await;
    let took = fleet.machine.clock().now().since(begun);
    assert!((24..27).contains(&took.as_secs()), "{took:?}");
    assert_eq!(fleet.reports(TASK), [Report::Started], "the control plane knows the time itself");
}

#[tokio::test]
async fn a_newer_attempt_takes_the_place_of_an_older_one() {
    let fleet = Fleet::start(doing(async |task: TaskContext| {
        task.log("here").await;
        task.cancelled().await;
        Err(TaskError::new("CANCELLED", ""))
    }))
    .await;
    fleet.spawn(&Order::of(DO)).await;
    fleet.report(TASK, 2).await;
    fleet.spawn(&Order { generation: 2, ..Order::of(DO) }).await;
    let (report, lease) = fleet.report(TASK, 3).await;
    assert_eq!((report, lease), (Report::Started, format!("{}/2", fleet.instance)));
    until(async || fleet.worker.active() == 1).await;
    fleet.destroy(TASK, 3).await;
    fleet.idle().await;
}

#[tokio::test]
async fn no_more_tasks_than_there_are_places() {
    let fleet = Fleet::start(|worker| doing(until_cancelled)(worker.capacity(2))).await;
    for number in 1..=2 {
        assert_eq!(fleet.spawn(&Order::of(DO).numbered(number)).await.0, 200);
    }
    let (status, answer) = fleet.spawn(&Order::of(DO)).await;
    assert_eq!((status.as_u16(), answer["error"].as_str()), (429, Some("CapacityReached")));
}

/// Promise: K-34
#[tokio::test]
async fn a_worker_that_ends_begins_nothing_and_lets_tasks_finish() {
    let (go, going) = oneshot::channel::<()>();
    let going = std::sync::Mutex::new(Some(going));
    let fleet = Fleet::start(doing(move |_| {
        let going = going.lock().unwrap().take().unwrap();
        async move {
            going.await.unwrap();
            Ok(TaskOutput::nothing())
        }
    }))
    .await;
    fleet.spawn(&Order::of(DO)).await;
    fleet.report(TASK, 1).await;
    let stop = Request { id: "stop".to_owned(), ..request("worker.shutdown", json!({})) };
    assert_eq!(fleet.ask(&stop).await.1["result"]["state"], "draining");
    fleet.worker.asked_to_end().await;
    let (status, answer) = fleet.spawn(&Order::of(DO).numbered(2)).await;
    assert_eq!((status.as_u16(), answer["error"].as_str()), (503, Some("Draining")));
    assert_eq!(fleet.worker.health(), Status::Stopping);
    let Fleet { worker, ca, machine, .. } = fleet;
    let ending = tokio::spawn(worker.shutdown());
    go.send(()).unwrap();
    machine.later(|| ending.is_finished()).await;
    let seen = ca.seen(&crate::support::fleet::events(TASK)).pop().unwrap();
    assert_eq!(serde_json::from_slice::<Report>(&seen.body).unwrap(), Report::Succeeded);
}

/// Promise: K-34
#[tokio::test]
async fn a_task_that_takes_too_long_for_a_worker_that_ends_may_be_tried_elsewhere() {
    let (fleet, dropped) = endless().await;
    let Fleet { worker, ca, machine, .. } = fleet;
    let begun = machine.clock().now();
    let ending = tokio::spawn(worker.shutdown());
    machine.later(|| ending.is_finished()).await;
    dropped.await.unwrap();
    let took = machine.clock().now().since(begun);
    assert!(took >= Duration::from_secs(15), "{took:?}");
    let seen = ca.seen(&crate::support::fleet::events(TASK)).pop().unwrap();
    let last: Report = serde_json::from_slice(&seen.body).unwrap();
    assert!(
        matches!(&last, Report::Failed { code, retryable: true, .. } if code == "WORKER_STOPPED")
    );
    assert!(ca.seen("DELETE /v1/workers/worker-1").len() == 1, "it deregisters after that");
}

/// Promise: K-45
#[tokio::test]
async fn a_worker_whose_certificate_is_revoked_ends_its_tasks() {
    let fleet = Fleet::start(doing(until_cancelled)).await;
    fleet.spawn(&Order::of(DO)).await;
    fleet.report(TASK, 1).await;
    fleet.ca.state.are_revoked.store(true, Ordering::Relaxed);
    fleet.ca.state.feed.break_off();
    fleet.later(|fleet| fleet.worker.active() == 0).await;
    assert_eq!(fleet.worker.health(), Status::Unhealthy);
}
