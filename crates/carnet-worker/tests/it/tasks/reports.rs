//! What is told of a task while it goes on.

use carnet_ticket::task::Report;
use carnet_worker::{TaskContext, TaskOutput};
use serde_json::json;
use tokio::sync::mpsc;

use super::{DO, doing, until_cancelled};
use crate::support::fleet::{Order, TASK, events};
use crate::support::{Fault, Fleet, seconds, until};

/// Promise: K-48
#[tokio::test]
async fn reports_come_in_order_under_the_lease() {
    let fleet = Fleet::start(doing(async |task: TaskContext| {
        task.log("begun").await;
        task.progress(0.5, "half").await;
        task.log("more").await;
        task.progress(f32::NAN, &"x".repeat(20_000)).await;
        Ok(TaskOutput::nothing())
    }))
    .await;
    fleet.spawn(&Order { generation: 7, ..Order::of(DO) }).await;
    fleet.idle().await;
    let reports = fleet.reports(TASK);
    let log = |line: &str| Report::Log { message: line.to_owned() };
    assert_eq!(reports.first(), Some(&Report::Started));
    assert_eq!(reports.last(), Some(&Report::Succeeded));
    let logs: Vec<_> = reports.iter().filter(|it| matches!(it, Report::Log { .. })).collect();
    assert_eq!(logs, [&log("begun"), &log("more")]);
    let Some(Report::Progress { fraction, message }) = reports.get(reports.len() - 2) else {
        panic!("{reports:?}")
    };
    assert!(fraction.abs() < f32::EPSILON && message.len() > 7000, "{fraction}");
    for seen in fleet.ca.seen(&events(TASK)) {
        assert_eq!(seen.lease.unwrap(), format!("{}/7", fleet.instance));
        assert!(seen.body.len() <= Report::LEN_MAX);
        assert_eq!(seen.serial.unwrap(), fleet.worker.identity().unwrap().serial());
        assert_eq!(seen.authorization, None, "a certificate, and no token");
    }
}

#[tokio::test]
async fn progress_is_told_ten_times_a_second_at_most_and_the_last_of_it() {
    let (tell, told) = mpsc::channel::<()>(1);
    let told = std::sync::Arc::new(tokio::sync::Mutex::new(told));
    let fleet = Fleet::start(doing(move |task: TaskContext| {
        let told = std::sync::Arc::clone(&told);
        async move {
            for number in 1_u16.. {
                task.progress(f32::from(number) / 1000.0, "").await;
                if number % 100 == 0 && told.lock().await.recv().await.is_none() {
                    break;
                }
            }
            Ok(TaskOutput::nothing())
        }
    }))
    .await;
    fleet.spawn(&Order::of(DO)).await;
    let fraction = async |count| match fleet.report(TASK, count).await.0 {
        Report::Progress { fraction, .. } => fraction,
        other => panic!("{other:?}"),
    };
    let first = fraction(2).await;
    assert!(first > 0.0);
    tell.send(()).await.unwrap();
    tell.reserve().await.unwrap();
    // Time stands still: nothing more is told.
    assert!(fleet.reports(TASK).len() <= 3);
    fleet.later(|fleet| fleet.reports(TASK).len() >= 3).await;
    drop(tell);
    fleet.later(|fleet| fleet.worker.active() == 0).await;
    let all = fleet.reports(TASK);
    assert!(all.len() < 8, "{all:?}");
    assert!(matches!(all[all.len() - 2], Report::Progress { fraction, .. } if fraction >= 0.2));
}

#[tokio::test]
async fn what_is_not_heard_is_told_again_while_the_lease_lives() {
    let fleet = Fleet::start(doing(async |_| Ok(TaskOutput::nothing()))).await;
    fleet.ca.fail(&events(TASK), &[Fault::Status(503), Fault::Status(500), Fault::Status(429)]);
    fleet.spawn(&Order::of(DO)).await;
    fleet.later(|fleet| fleet.worker.active() == 0).await;
    let reports = fleet.reports(TASK);
    let expected =
        [Report::Started, Report::Started, Report::Started, Report::Started, Report::Succeeded];
    assert_eq!(reports, expected);
}

/// Promise: K-59
#[tokio::test]
async fn whose_report_is_stale_says_nothing_more() {
    let fleet = Fleet::start(doing(until_cancelled)).await;
    fleet.ca.fail(&events(TASK), &[Fault::Status(409)]);
    fleet.spawn(&Order::of(DO)).await;
    fleet.idle().await;
    assert_eq!(fleet.reports(TASK), [Report::Started]);
}

#[tokio::test]
async fn heartbeats_tell_how_much_there_is_to_do() {
    let fleet = Fleet::start(doing(until_cancelled)).await;
    fleet.spawn(&Order::of(DO)).await;
    fleet.spawn(&Order::of(DO).numbered(2)).await;
    fleet.report(TASK, 1).await;
    fleet.machine.advance(seconds(5));
    let beat = fleet.ca.saw("POST /v1/workers/worker-1/heartbeat", 1).await;
    let form = String::from_utf8(beat.body).unwrap();
    assert!(form.starts_with("service_type=test&load_score=0.6666667&state=online"), "{form}");
    assert!(form.contains("&active=2&capacity=3&"), "{form}");
    fleet.destroy(TASK, 1).await;
    until(async || fleet.worker.active() == 1).await;
    let (status, answer) = fleet
        .ask(&crate::support::fleet::request(
            "worker.status",
            json!({ "sandbox_id": TASK, "provider": "task" }),
        ))
        .await;
    assert_eq!((status.as_u16(), answer["error"].as_str()), (404, Some("NoSandbox")));
}
