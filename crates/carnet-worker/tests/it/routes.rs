//! A worker's own routes beside the built-in ones.

use axum::Router;
use carnet_ticket::identity::Kind;
use carnet_worker::{Json, get, json, post};
use serde_json::Value;

use crate::support::{Caller, Machine};

/// Promise: K-28
#[tokio::test]
async fn own_routes_win_over_built_in_ones() {
    let (machine, ca) = Machine::enrolling().await;
    let own = |text: &'static str| get(move || async move { Json(json!({ "own": text })) });
    let more = Router::new().route("/metrics", own("metrics")).route("/more/{id}", own("more"));
    let more = more.fallback(|| async { "not used" });
    let worker = machine.worker().route("/health", own("health")).route("/status", own("status"));
    let worker = worker.route("/greet", post(|| async { "hello" })).router(more);
    let running = worker.serve().await.unwrap();
    let peer = Caller::member(&ca, running.https_url(), Kind::Worker, "peer");
    for (path, own) in
        [("/health", "health"), ("/status", "status"), ("/metrics", "metrics"), ("/more/1", "more")]
    {
        assert_eq!(peer.get(path).await.1["own"], own, "{path}");
    }
    assert_eq!(peer.post("/greet").await.text().await.unwrap(), "hello");
    let (status, body) = peer.get("/nowhere").await;
    assert_eq!((status.as_u16(), &body["detail"]), (404, &json!("Not Found")));
    assert_eq!(Caller::nobody(&ca, running.https_url()).get("/health").await.0, 200);
}

/// Promise: K-28
#[tokio::test]
async fn another_method_is_405_and_says_which_there_are() {
    let (machine, ca) = Machine::enrolling().await;
    let worker = machine.worker().route("/own", get(|| async { "own" }));
    let running = worker.serve().await.unwrap();
    let peer = Caller::member(&ca, running.https_url(), Kind::Worker, "peer");
    for path in ["/own", "/status"] {
        let answer = peer.post(path).await;
        assert_eq!(answer.status(), 405, "{path}");
        assert!(answer.headers()["allow"].to_str().unwrap().contains("GET"), "{path}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["detail"], "Method Not Allowed");
    }
}
