//! What a task reads and gives.

use carnet_ticket::task::Report;
use carnet_worker::{TaskContext, TaskError, TaskOutput};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{DO, doing};
use crate::support::Fleet;
use crate::support::fleet::{Order, TASK};

/// What is reported last of one task with this handler.
async fn outcome<F, Fut>(fleet_does: F, order: impl FnOnce(&Fleet) -> Order) -> (Fleet, Report)
where
    F: Fn(TaskContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<TaskOutput, TaskError>> + Send + 'static,
{
    let fleet = Fleet::start(doing(fleet_does)).await;
    let order = order(&fleet);
    assert_eq!(fleet.spawn(&order).await.0, 200);
    fleet.idle().await;
    let last = fleet.reports(TASK).pop().unwrap();
    (fleet, last)
}

#[track_caller]
fn failed(report: &Report, expected: &str, is_retryable: bool) {
    let Report::Failed { code, retryable, .. } = report else { panic!("{report:?}") };
    assert_eq!((&**code, *retryable), (expected, is_retryable));
}

/// Promise: K-49
/// Promise: K-58
#[tokio::test]
async fn a_task_reads_its_input_and_commits_its_output_by_its_ticket() {
    let upper = async |task: TaskContext| {
        #[derive(serde::Deserialize)]
        struct Params {
            greeting: String,
        }
        let params: Params = task.params()?;
        assert_eq!((task.id().to_string().as_str(), task.attempt()), (TASK, 1));
        let mut input = task.input(0).await?;
        assert_eq!((input.size(), input.content_type()), (5, "text/plain"));
        let mut text = params.greeting;
        input.read_to_string(&mut text).await?;
        let mut output = task.output();
        output.write_all(text.to_uppercase().as_bytes()).await?;
        Ok(TaskOutput::file("text/x-loud"))
    };
    let (fleet, last) = outcome(upper, |fleet| Order {
        params: json!({ "greeting": "hello " }),
        input: vec![fleet.store.put(b"world")],
        ..Order::of(DO)
    })
    .await;
    assert_eq!(last, Report::Succeeded);
    assert_eq!(fleet.reports(TASK), [Report::Started, Report::Succeeded]);
    assert_eq!(fleet.store.output().await, ("text/x-loud".to_owned(), b"HELLO WORLD".to_vec()));
}

#[tokio::test]
async fn an_output_may_be_bytes_or_nothing_or_empty_or_a_node() {
    let bytes = async |_| Ok(TaskOutput::json(&json!({ "a": 1 })));
    let (fleet, _) = outcome(bytes, |_| Order::of(DO)).await;
    assert_eq!(fleet.store.output().await.1, br#"{"a":1}"#);

    let nothing = async |task: TaskContext| {
        task.output().write_all(b"thrown away").await?;
        Ok(TaskOutput::nothing())
    };
    let (fleet, last) = outcome(nothing, |_| Order::of(DO)).await;
    assert_eq!((last, fleet.store.output().await.1), (Report::Succeeded, vec![]));

    let empty = async |_| Ok(TaskOutput::file("text/plain"));
    let (fleet, _) = outcome(empty, |_| Order::of(DO)).await;
    assert_eq!(fleet.store.output().await, ("text/plain".to_owned(), vec![]));

    let same = async |task: TaskContext| Ok(TaskOutput::node(task.inputs()[0]));
    let input = |fleet: &Fleet| vec![fleet.store.put(b"same")];
    let (fleet, _) = outcome(same, |fleet| Order { input: input(fleet), ..Order::of(DO) }).await;
    assert_eq!(fleet.store.output().await.1, b"same");
}

#[tokio::test]
async fn writers_go_on_one_after_the_other() {
    let twice = async |task: TaskContext| {
        task.output().write_all(b"one ").await?;
        let mut second = task.output();
        let busy = task.output().write_all(b"x").await.unwrap_err();
        assert_eq!(busy.kind(), std::io::ErrorKind::ResourceBusy);
        second.write_all(b"two").await?;
        drop(second);
        Ok(TaskOutput::file("text/plain"))
    };
    let (fleet, _) = outcome(twice, |_| Order::of(DO)).await;
    assert_eq!(fleet.store.output().await.1, b"one two");
}

#[tokio::test]
async fn what_goes_wrong_has_its_code() {
    let read = async |task: TaskContext| {
        task.read(0, 4).await?;
        Ok(TaskOutput::nothing())
    };
    let (_, last) = outcome(read, |_| Order::of(DO)).await;
    failed(&last, "INVALID_INPUT", false);
    let dir = |fleet: &Fleet| Order { input: vec![fleet.store.put_dir()], ..Order::of(DO) };
    failed(&outcome(read, dir).await.1, "INVALID_INPUT", false);
    let long = |fleet: &Fleet| Order { input: vec![fleet.store.put(b"12345")], ..Order::of(DO) };
    failed(&outcome(read, long).await.1, "INPUT_TOO_LARGE", false);
    let foreign = |_: &Fleet| {
        let key = carnet_ticket::realm::NodeKey::of(b"nowhere");
        Order { input: vec![key], ..Order::of(DO) }
    };
    failed(&outcome(read, foreign).await.1, "STORE_REFUSED", false);

    let params = async |task: TaskContext| {
        task.params::<Vec<u8>>()?;
        Ok(TaskOutput::nothing())
    };
    failed(&outcome(params, |_| Order::of(DO)).await.1, "INVALID_PARAMS", false);

    let write = async |task: TaskContext| {
        task.output().write_all(&[0; 11]).await?;
        Ok(TaskOutput::file("text/plain"))
    };
    let small = |_: &Fleet| Order { output_bytes: 10, ..Order::of(DO) };
    failed(&outcome(write, small).await.1, "OUTPUT_TOO_LARGE", false);

    let own = async |_| Err(TaskError::new("TOO_DARK", "nothing to see").retryable());
    failed(&outcome(own, |_| Order::of(DO)).await.1, "TOO_DARK", true);
    let odd = async |_| Err(TaskError::new("too dark", ""));
    failed(&outcome(odd, |_| Order::of(DO)).await.1, "INVALID_CODE", false);
}

#[tokio::test]
async fn a_panic_costs_its_task_and_not_the_worker() {
    let panicking = async |_| panic!("a handler of the test");
    let (fleet, last) = outcome(panicking, |_| Order::of(DO)).await;
    failed(&last, "HANDLER_PANICKED", false);
    assert_eq!(fleet.spawn(&Order::of(DO).numbered(2)).await.0, 200);
}

/// Promise: K-58
#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_asked_about() {
    let fleet = Fleet::start(doing(async |task: TaskContext| {
        let node = task.inputs()[0];
        // Somebody has committed the same before: as when the answer to it was lost.
        task.realm().commit("self", node).await.unwrap();
        Ok(TaskOutput::node(node))
    }))
    .await;
    let input = vec![fleet.store.put(b"same")];
    fleet.spawn(&Order { input, ..Order::of(DO) }).await;
    assert_eq!(fleet.report(TASK, 2).await.0, Report::Succeeded);
}
