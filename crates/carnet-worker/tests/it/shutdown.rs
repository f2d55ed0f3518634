//! The end of a worker.

use std::sync::{Arc, Mutex};

use axum::Router;
use carnet_ticket::identity::Kind;
use carnet_worker::get;
use tokio::sync::{Notify, oneshot};

use crate::support::{Caller, Machine, seconds};

/// Promise: K-34
#[tokio::test]
async fn hooks_run_in_reverse_whatever_becomes_of_the_others() {
    let (machine, _ca) = Machine::enrolling().await;
    let ran = Arc::new(Mutex::new(Vec::new()));
    let note = |name: &'static str| {
        let ran = Arc::clone(&ran);
        move || ran.lock().unwrap().push(name)
    };
    let (begun_tx, begun) = oneshot::channel();
    let (first, hanging, failing, panicking) =
        (note("first"), note("hanging"), note("failing"), note("panicking"));
    let worker = machine
        .worker()
        .on_shutdown("first", seconds(30), move || async move {
            first();
            Ok(())
        })
        .on_shutdown("hanging", seconds(7), move || async move {
            hanging();
            begun_tx.send(()).unwrap();
            std::future::pending().await
        })
        .on_shutdown("failing", seconds(30), move || async move {
            failing();
            Err("no".into())
        })
        .on_shutdown("panicking", seconds(30), move || async move {
            panicking();
            panic!("a hook of the test");
        });
    let ending = tokio::spawn(worker.serve().await.unwrap().shutdown());
    begun.await.unwrap();
    machine.advance(seconds(6));
    assert!(!ending.is_finished());
    machine.advance(seconds(1));
    ending.await.unwrap();
    assert_eq!(*ran.lock().unwrap(), ["panicking", "failing", "hanging", "first"]);
}

/// A route that answers when it is told to.
fn slow(begun: oneshot::Sender<()>, go: Arc<Notify>) -> Router {
    let begun = Arc::new(Mutex::new(Some(begun)));
    Router::new().route(
        "/slow",
        get(move || async move {
            begun.lock().unwrap().take().unwrap().send(()).unwrap();
            go.notified().await;
            "done"
        }),
    )
}

/// Promise: K-34
#[tokio::test]
async fn what_is_under_way_is_finished_and_nothing_new_is_begun() {
    let (machine, ca) = Machine::enrolling().await;
    let (begun_tx, begun) = oneshot::channel();
    let go = Arc::new(Notify::new());
    let running = machine.worker().router(slow(begun_tx, Arc::clone(&go))).serve().await.unwrap();
    let url = running.https_url().to_owned();
    let peer = Caller::member(&ca, &url, Kind::Worker, "peer");
    let asking = tokio::spawn(async move { peer.send("/slow").await.unwrap().text().await });
    begun.await.unwrap();
    let ending = tokio::spawn(running.shutdown());
    let late = Caller::member(&ca, &url, Kind::Worker, "late");
    // From here on it is stopping.
    crate::support::until(async || late.get("/health").await.0 == 503).await;
    assert_eq!(late.get("/health").await.1["status"], "stopping");
    assert_eq!(late.get("/status").await.0, 503);
    assert!(!ending.is_finished());
    go.notify_one();
    assert_eq!(asking.await.unwrap().unwrap(), "done");
    ending.await.unwrap();
    assert!(late.send("/health").await.is_err(), "nobody listens any more");
}

/// Promise: K-34
#[tokio::test]
async fn what_takes_too_long_is_cut() {
    let (machine, ca) = Machine::enrolling().await;
    let (begun_tx, begun) = oneshot::channel();
    let running = machine.worker().router(slow(begun_tx, Arc::default())).serve().await.unwrap();
    let peer = Caller::member(&ca, running.https_url(), Kind::Worker, "peer");
    let asking = tokio::spawn(async move { peer.send("/slow").await });
    begun.await.unwrap();
    let ending = tokio::spawn(running.shutdown());
    machine.later(|| ending.is_finished()).await;
    assert!(asking.await.unwrap().is_err());
}
