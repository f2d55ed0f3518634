//! The feed: who is revoked is cut off, also after a gap and a break, and silence is noticed.

use std::time::Duration;

use carnet_authority::ca::Lifetime;
use carnet_gate::Selector;
use carnet_ticket::identity::{Kind, Leaf};
use carnet_ticket::time::Timestamp;
use carnet_worker::{RunningWorker, get};
use futures::StreamExt as _;
use reqwest::Response;
use serde_json::Value;

use crate::support::authority::Seen;
use crate::support::authority::trust_domain;
use crate::support::feed::Feed;
use crate::support::{Ca, Caller, Fault, Machine, until};

const STREAM: &str = "GET /api/v1/revocations/stream";
const SNAPSHOT: &str = "GET /api/v1/revocations/snapshot";
const KEYS: &str = "GET /.well-known/jwks.json";
const MAX: Duration = Duration::from_mins(15);

async fn running() -> (Machine, Ca, RunningWorker) {
    let (mut machine, ca) = Machine::enrolling().await;
    machine.set("PLATFORM_URL", &ca.url());
    let endless = || async {
        let pieces = futures::stream::iter([Ok::<_, std::io::Error>("piece")]);
        axum::body::Body::from_stream(pieces.chain(futures::stream::pending()))
    };
    let worker = machine.worker().route("/endless", get(endless)).serve().await.unwrap();
    (machine, ca, worker)
}

/// A caller of a worker that hears the feed, with an answer that has begun and does not end.
async fn connected(ca: &Ca, worker: &RunningWorker, name: &str) -> (Caller, Response) {
    hears(ca, worker).await;
    let caller = Caller::member(ca, worker.https_url(), Kind::Worker, name);
    let mut answer = caller.send("/endless").await.unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "piece");
    (caller, answer)
}

async fn revocations(ca: &Ca, worker: &RunningWorker) -> Value {
    let (_, health) = Caller::nobody(ca, worker.https_url()).get("/health").await;
    health["details"]["revocations"].clone()
}

/// Waits until the worker has heard something.
async fn hears(ca: &Ca, worker: &RunningWorker) {
    until(async || revocations(ca, worker).await == "ok").await;
}

/// Waits until an answer that does not end was cut.
async fn is_cut(mut answer: Response) {
    assert!(answer.chunk().await.is_err());
}

/// The request number `count` for a stream, while time goes on.
async fn asked(machine: &Machine, ca: &Ca, count: usize) -> Seen {
    machine.later(|| ca.seen(STREAM).len() >= count).await;
    ca.saw(STREAM, count).await
}

fn subject(name: &str) -> Selector {
    Selector::Subject { subject: format!("worker/{name}"), issued_before: Timestamp::MAX }
}

/// Promise: K-22, P-20
#[tokio::test]
async fn a_revocation_cuts_who_was_revoked_and_lets_them_in_no_more() {
    let (_machine, ca, worker) = running().await;
    let (mallory, of_mallory) = connected(&ca, &worker, "mallory").await;
    let (alice, mut of_alice) = connected(&ca, &worker, "alice").await;
    ca.state.feed.revoke(subject("mallory"));
    is_cut(of_mallory).await;
    assert!(mallory.send("/endless").await.is_err(), "not even a connection");
    assert!(futures::poll!(std::pin::pin!(of_alice.chunk())).is_pending());
    assert_eq!(alice.send("/endless").await.unwrap().status(), 200);
}

/// Promise: K-22
#[tokio::test]
async fn a_certificate_is_revoked_by_its_serial() {
    let (machine, ca, worker) = running().await;
    hears(&ca, &worker).await;
    let authority = ca.state.authority.lock().unwrap().clone();
    let (chain, key) = crate::support::authority::certify(
        &authority,
        Kind::Worker,
        "mallory",
        &machine.clock(),
        Lifetime::DEFAULT,
    );
    let serial = Leaf::read(&chain[0], &trust_domain()).unwrap().serial;
    let caller = Caller::with(&ca, worker.https_url(), chain, key);
    let mut answer = caller.send("/endless").await.unwrap();
    answer.chunk().await.unwrap().unwrap();
    ca.state.feed.revoke(Selector::Certificate(serial));
    is_cut(answer).await;
}

/// Promise: P-22
#[tokio::test]
async fn a_gap_is_filled_by_the_snapshot_and_the_stream_goes_on_behind_it() {
    let (machine, ca, worker) = running().await;
    let (_, of_mallory) = connected(&ca, &worker, "mallory").await;
    let (_, of_eve) = connected(&ca, &worker, "eve").await;
    ca.state.feed.record(subject("mallory"));
    ca.state.feed.revoke(subject("nobody"));
    ca.saw(SNAPSHOT, 1).await;
    is_cut(of_mallory).await;
    until(async || ca.state.feed.listeners() == 0).await;
    assert_eq!(asked(&machine, &ca, 2).await.query, "since=2");
    until(async || ca.state.feed.listeners() == 1).await;
    ca.state.feed.revoke(subject("eve"));
    is_cut(of_eve).await;
}

/// Promise: P-22
#[tokio::test]
async fn a_stream_that_breaks_off_goes_on_where_it_was() {
    let (machine, ca, worker) = running().await;
    let (_, of_mallory) = connected(&ca, &worker, "mallory").await;
    ca.state.feed.break_off();
    until(async || ca.state.feed.listeners() == 0).await;
    ca.fail(STREAM, &[Fault::Status(503), Fault::Status(404)]);
    ca.state.feed.record(subject("mallory"));
    for count in 2..=4 {
        assert_eq!(asked(&machine, &ca, count).await.query, "since=0");
    }
    is_cut(of_mallory).await;
}

/// Promise: P-22
#[tokio::test]
async fn what_is_forged_is_not_believed_and_a_new_key_is_asked_for() {
    let (machine, ca, worker) = running().await;
    let (_, mut of_alice) = connected(&ca, &worker, "alice").await;
    let feed = &ca.state.feed;
    let forger = Feed::new(machine.clock());
    forger.turn(Feed::key(9));
    let entry = forger.record(subject("alice"));
    feed.say("revocation", &forger.signer().deltas(vec![entry], machine.clock().now())[0].text);
    until(async || feed.listeners() == 0).await;
    assert!(futures::poll!(std::pin::pin!(of_alice.chunk())).is_pending());

    feed.turn(Feed::key(2));
    let keys = ca.seen(KEYS).len();
    machine.later(|| ca.seen(KEYS).len() > keys && feed.listeners() == 1).await;
    feed.revoke(subject("alice"));
    is_cut(of_alice).await;
}

/// Promise: P-23
#[tokio::test]
async fn in_silence_only_who_ends_soon_is_let_in_and_nobody_is_cut() {
    let (machine, ca, worker) = running().await;
    let (alice, mut of_alice) = connected(&ca, &worker, "alice").await;
    ca.fail(STREAM, &vec![Fault::Status(503); 1000]);
    ca.state.feed.break_off();
    until(async || ca.state.feed.listeners() == 0).await;
    machine.advance(MAX + Duration::from_millis(1));
    assert_eq!(revocations(&ca, &worker).await, "stale");
    assert_eq!(alice.get("/status").await.0, 200, "her connection was there before");
    assert!(futures::poll!(std::pin::pin!(of_alice.chunk())).is_pending());

    let long = Caller::member(&ca, worker.https_url(), Kind::Worker, "bob");
    let refused = long.send("/status").await.unwrap();
    assert_eq!(refused.status(), 503);
    assert_eq!(refused.headers()["retry-after"], "5");
    assert_eq!(long.get("/health").await.0, 200);
    let short = Caller::living(&ca, worker.https_url(), "carol", Lifetime::MIN);
    assert_eq!(short.get("/status").await.0, 200);

    ca.state.faults.lock().unwrap().remove(STREAM);
    until(async || {
        machine.advance(Duration::from_millis(100));
        revocations(&ca, &worker).await == "ok"
    })
    .await;
    assert_eq!(long.get("/status").await.0, 200, "judged anew");
}

/// Promise: P-23
#[tokio::test]
async fn a_worker_that_has_heard_nothing_yet_lets_nobody_in_for_long() {
    let (mut machine, ca) = Machine::enrolling().await;
    machine.set("PLATFORM_URL", &ca.url());
    ca.fail(STREAM, &[Fault::Hang]);
    let worker = machine.worker().serve().await.unwrap();
    let caller = Caller::member(&ca, worker.https_url(), Kind::Worker, "bob");
    assert_eq!(caller.get("/status").await.0, 503);
    assert_eq!(revocations(&ca, &worker).await, "stale");

    let (machine, ca) = Machine::enrolling().await;
    let alone = machine.worker().serve().await.unwrap();
    let caller = Caller::member(&ca, alone.https_url(), Kind::Worker, "bob");
    assert_eq!(caller.get("/status").await.0, 200, "without a control plane there is no feed");
}

#[tokio::test]
async fn heartbeats_say_how_far_a_worker_has_heard_and_which_keys_it_has() {
    let (machine, ca, worker) = running().await;
    let (_peer, of_peer) = connected(&ca, &worker, "peer").await;
    ca.state.feed.revoke(subject("peer"));
    is_cut(of_peer).await;
    until(async || worker.registration() == carnet_worker::Registration::Ok).await;
    machine.advance(Duration::from_secs(5));
    let id = worker.identity().unwrap().record().worker_id;
    let beat = ca.saw(&format!("POST /v1/workers/{id}/heartbeat"), 1).await;
    let form = String::from_utf8(beat.body).unwrap();
    let key = Feed::key(1).verifying_key().key_id();
    assert!(form.ends_with(&format!("&keys={key}&revocations=1")), "{form}");
}
