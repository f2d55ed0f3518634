//! What the control plane revokes, at a worker.

use std::time::Duration;

use axum::body::Body;
use carnet_authority::ca::Lifetime;
use carnet_ticket::identity::Kind;
use carnet_ticket::revocation::Selector;
use carnet_worker::{RunningWorker, get};

use crate::support::{Ca, Caller, Fault, Machine, seconds, until};

const STREAM: &str = "GET /api/v1/revocations/stream";

async fn running() -> (Machine, Ca, RunningWorker) {
    let (mut machine, ca) = Machine::enrolling().await;
    machine.set("PLATFORM_URL", &ca.url());
    let endless = get(|| async {
        use futures::StreamExt as _;
        let piece = futures::stream::iter([Ok::<_, std::io::Error>("piece")]);
        Body::from_stream(piece.chain(futures::stream::pending()))
    });
    let worker = machine.worker().route("/endless", endless).serve().await.unwrap();
    (machine, ca, worker)
}

/// What `/health` says of revocations.
async fn heard(ca: &Ca, worker: &RunningWorker) -> String {
    let (_, body) = Caller::nobody(ca, worker.https_url()).get("/health").await;
    body["details"]["revocations"].as_str().unwrap().to_owned()
}

async fn is_current(ca: &Ca, worker: &RunningWorker) {
    until(async || heard(ca, worker).await == "current").await;
}

/// Promise: K-22
#[tokio::test]
async fn a_revoked_peer_is_cut_off_and_gets_no_other_connection() {
    let (machine, ca, worker) = running().await;
    is_current(&ca, &worker).await;
    assert_eq!(ca.saw(STREAM, 1).await.query.as_deref(), Some("since=0"));
    let peers =
        ["one", "two"].map(|name| Caller::member(&ca, worker.https_url(), Kind::Worker, name));
    let [mut one, mut two] =
        [peers[0].send("/endless").await.unwrap(), peers[1].send("/endless").await.unwrap()];
    for answer in [&mut one, &mut two] {
        assert_eq!(answer.chunk().await.unwrap().unwrap(), "piece");
    }
    let subject = "worker/one".to_owned();
    ca.state.feed.revoke(Selector::Subject { subject, issued_before: machine.clock().now() });
    assert!(one.chunk().await.is_err(), "what is under way ends");
    assert!(peers[0].send("/status").await.is_err(), "and the handshake fails");
    assert_eq!(peers[1].get("/status").await.0, 200, "others stay");
}

/// Promise: K-22
#[tokio::test]
async fn a_stream_that_breaks_goes_on_where_it_was() {
    let (machine, ca, worker) = running().await;
    is_current(&ca, &worker).await;
    ca.state.feed.revoke(Selector::Certificate("ab".to_owned()));
    // 45 seconds without a word are a break.
    ca.state.feed.rotate();
    machine.later(|| ca.seen(STREAM).len() == 2).await;
    assert_eq!(ca.seen(STREAM)[1].query.as_deref(), Some("since=1"));
    // The key has changed meanwhile: it is asked for again.
    ca.state.feed.revoke(Selector::Subject {
        subject: "worker/one".to_owned(),
        issued_before: machine.clock().now(),
    });
    let one = Caller::member(&ca, worker.https_url(), Kind::Worker, "one");
    until(async || one.send("/status").await.is_err()).await;
}

/// Promise: P-23
#[tokio::test]
async fn a_worker_that_hears_nothing_says_so_and_admits_only_what_ends_soon() {
    let (machine, ca, worker) = running().await;
    is_current(&ca, &worker).await;
    let before = Caller::member(&ca, worker.https_url(), Kind::Worker, "before");
    let mut endless = before.send("/endless").await.unwrap();
    assert_eq!(endless.chunk().await.unwrap().unwrap(), "piece");
    ca.fail("GET /.well-known/jwks.json", &vec![Fault::Status(503); 10_000]);
    machine.later(|| ca.seen("GET /.well-known/jwks.json").len() > 2).await;
    machine.advance(Duration::from_mins(15) + seconds(1));
    assert_eq!(heard(&ca, &worker).await, "stale");

    let long = Caller::member(&ca, worker.https_url(), Kind::Worker, "long");
    let answer = long.send("/status").await.unwrap();
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "5");
    assert_eq!(long.get("/health").await.0, 200, "health is open");
    let short = Caller::living(&ca, worker.https_url(), "short", Lifetime::MIN);
    assert_eq!(short.get("/status").await.0, 200);
    assert_eq!(before.get("/status").await.0, 200, "who is connected stays");

    ca.state.faults.lock().unwrap().clear();
    machine.later(|| !ca.seen(STREAM).is_empty() && ca.seen(STREAM).len() > 1).await;
    is_current(&ca, &worker).await;
    let again = Caller::member(&ca, worker.https_url(), Kind::Worker, "again");
    assert_eq!(again.get("/status").await.0, 200);
}

#[tokio::test]
async fn heartbeats_say_how_far_a_worker_has_heard() {
    let (machine, ca, worker) = running().await;
    is_current(&ca, &worker).await;
    ca.state.feed.revoke(Selector::Certificate("ab".to_owned()));
    let peer = Caller::member(&ca, worker.https_url(), Kind::Worker, "peer");
    until(async || {
        let text = peer.send("/metrics").await.unwrap().text().await.unwrap();
        text.contains("carnet_revocation_seq 1")
    })
    .await;
    let id = worker.identity().record().worker_id;
    until(async || worker.registration() == carnet_worker::Registration::Ok).await;
    machine.advance(seconds(5));
    let beat = ca.saw(&format!("POST /v1/workers/{id}/heartbeat"), 1).await;
    let form = String::from_utf8(beat.body).unwrap();
    assert!(form.ends_with("&revocations=1"), "{form}");
    let keys = ca.state.feed.jwks()["keys"][0]["kid"].as_str().unwrap().to_owned();
    assert!(form.contains(&format!("&keys={keys}&")), "{form}");
}
