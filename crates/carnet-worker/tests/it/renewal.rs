//! Renewal without a restart.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Extension;
use carnet_authority::ca::CaState;
use carnet_ticket::identity::Kind;
use carnet_worker::{Peer, RunningWorker, Status, get};

use crate::support::{Ca, Caller, Fault, Machine, START, seconds, until};

const RENEW: &str = "POST /certificates/renew";
const LIFE: Duration = Duration::from_hours(24);

async fn running() -> (Machine, Ca, RunningWorker) {
    let (machine, ca) = Machine::enrolling().await;
    let running = machine.worker().serve().await.unwrap();
    ca.saw("GET /ca/bundle", 1).await;
    (machine, ca, running)
}

async fn holds(worker: &RunningWorker, serial: &str) {
    until(async || worker.identity().unwrap().serial() == serial).await;
}

/// Promise: K-18
#[tokio::test]
async fn at_two_thirds_there_is_a_new_certificate_with_a_fresh_key() {
    let (machine, ca, worker) = running().await;
    let (first, key) = (worker.identity().unwrap().serial(), machine.file("client.key"));
    let peer = Caller::member(&ca, worker.https_url(), Kind::Worker, "peer");
    assert_eq!(peer.get("/status").await.0, 200);
    // Never earlier than by a twentieth of the life.
    machine.hand.set(START.after(LIFE * 37 / 60).before(seconds(1)));
    tokio::task::yield_now().await;
    assert!(ca.seen(RENEW).is_empty());
    machine.hand.set(START.after(LIFE * 2 / 3));
    let asked = ca.saw(RENEW, 1).await;
    assert_eq!(asked.serial.as_deref(), Some(&*first), "by the certificate that it renews");
    let second = ca.serials()[1].clone();
    holds(&worker, &second).await;
    assert_ne!(machine.file("client.key"), key);
    assert!(!machine.dir().join("client.key.bak").exists());
    // The connection that was open goes on; a new one, after the first certificate's end, meets the second.
    assert_eq!(peer.get("/status").await.0, 200);
    machine.hand.set(START.after(LIFE + seconds(60)));
    let late = Caller::nobody(&ca, worker.https_url());
    assert_eq!(late.get("/health").await.0, 200);
    assert_eq!(worker.health(), Status::Healthy);
}

/// Promise: K-19
#[tokio::test]
async fn a_renewal_that_fails_is_tried_again_with_the_same_request() {
    let (machine, ca, worker) = running().await;
    ca.fail(RENEW, &[Fault::Status(503), Fault::Status(429), Fault::Hang, Fault::Status(500)]);
    machine.hand.set(START.after(LIFE * 2 / 3));
    for (count, pause) in [(1, 1), (2, 2), (3, 30), (4, 8)] {
        ca.saw(RENEW, count).await;
        machine.advance(seconds(pause));
    }
    let last = ca.saw(RENEW, 5).await;
    assert!(ca.seen(RENEW).iter().all(|seen| seen.body == last.body), "one key");
    let second = ca.serials()[1].clone();
    holds(&worker, &second).await;
}

/// Promise: K-16
#[tokio::test]
async fn a_renewal_that_is_refused_is_not_tried_again() {
    let (machine, ca, worker) = running().await;
    ca.fail(RENEW, &[Fault::Status(403)]);
    machine.hand.set(START.after(LIFE * 2 / 3));
    ca.saw(RENEW, 1).await;
    for _ in 0..100 {
        machine.advance(seconds(60));
        tokio::task::yield_now().await;
    }
    assert_eq!(ca.seen(RENEW).len(), 1);
    // A pair that somebody else brings is taken.
    let bootstrapping = machine.bootstrapping();
    machine.later(|| bootstrapping.is_finished()).await;
    let serial = bootstrapping.await.unwrap().unwrap().serial();
    assert_ne!(serial, ca.serials()[0]);
    machine.later(|| worker.identity().unwrap().serial() == serial).await;
}

/// Promise: K-18
/// Promise: K-21
#[tokio::test]
async fn of_two_workers_that_share_a_directory_one_renews_and_both_use_it() {
    let (machine, ca, worker) = running().await;
    let other = machine.worker().serve().await.unwrap();
    machine.hand.set(START.after(LIFE * 2 / 3));
    ca.saw(RENEW, 1).await;
    until(async || ca.serials().len() == 2).await;
    let second = ca.serials()[1].clone();
    machine
        .later(|| [&worker, &other].iter().all(|one| one.identity().unwrap().serial() == second))
        .await;
    assert_eq!(ca.seen(RENEW).len(), 1);
}

/// Promise: K-18
#[tokio::test]
async fn a_workers_own_client_goes_on_with_the_new_certificate() {
    let (machine, ca, worker) = running().await;
    let mut other = machine.another();
    other.set("CA_SERVICE_URL", &ca.url_with_token("other"));
    let who = |peer: Option<Extension<Peer>>| async move { peer.unwrap().identity().to_string() };
    let other = other.worker().route("/who", get(who)).serve().await.unwrap();
    let client = worker.identity().unwrap().http_client().unwrap();
    let ask = async || client.get(format!("{}/who", other.https_url())).send().await.unwrap();
    let own = "spiffe://carnet.local/worker/hello-world";
    assert_eq!(ask().await.text().await.unwrap(), own);
    let first = worker.identity().unwrap().serial();
    machine.hand.set(START.after(LIFE * 2 / 3));
    until(async || {
        worker.identity().unwrap().serial() != first && other.identity().unwrap().serial() != first
    })
    .await;
    until(async || ca.seen(RENEW).len() == 2 && other.health() == Status::Healthy).await;
    // The first certificate has ended, and the connection with it.
    machine.hand.set(START.after(LIFE + seconds(1)));
    until(async || client.get(format!("{}/who", other.https_url())).send().await.is_ok()).await;
    assert_eq!(ask().await.text().await.unwrap(), own);
    let plain = other.https_url().replace("https", "http");
    assert!(client.get(plain).send().await.is_err(), "HTTPS alone");
}

#[tokio::test]
async fn a_bundle_that_has_changed_is_trusted_and_stored() {
    let (machine, ca, worker) = running().await;
    let before = machine.file("ca.crt");
    let next = {
        let mut authority = ca.state.authority.lock().unwrap();
        authority.prepare(machine.clock().now()).unwrap();
        let bundle = authority.bundle().certificates.clone();
        bundle.into_iter().find(|ca| ca.state == CaState::Next).unwrap()
    };
    machine.advance(seconds(330));
    ca.saw("GET /ca/bundle", 2).await;
    until(async || machine.file("ca.crt") != before).await;
    let stored = String::from_utf8(machine.file("ca.crt")).unwrap();
    assert!(stored.contains(&next.pem()));
    assert_eq!(worker.health(), Status::Healthy);
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Promise: K-19
#[tokio::test]
async fn what_happens_to_certificates_is_logged_under_correlation_ids() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().json().with_writer(move || writer.clone()).finish();
    let _logging = tracing::subscriber::set_default(subscriber);
    let (machine, ca, worker) = running().await;
    ca.fail(RENEW, &[Fault::Status(503)]);
    machine.hand.set(START.after(LIFE * 5 / 6));
    ca.saw(RENEW, 1).await;
    machine.advance(seconds(1));
    ca.saw(RENEW, 2).await;
    let second = ca.serials()[1].clone();
    holds(&worker, &second).await;

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(!text.contains("carnet-enroll-v1"), "no token");
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let events: Vec<_> = lines.filter(|line| line["target"] == "carnet::cert").collect();
    let events: Vec<_> =
        events.iter().map(|line| &line["fields"]).filter(|f| f["event"].is_string()).collect();
    let of = |id: &str| {
        let of = events.iter().filter(|event| event["correlation_id"] == id);
        of.map(|event| event["event"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let id = |event: &str| {
        let found =
            events.iter().find(|one| one["event"] == event).unwrap_or_else(|| panic!("{event}"));
        assert!(found["worker_id"].is_string() && found["timestamp"].is_string());
        found["correlation_id"].as_str().unwrap().to_owned()
    };
    let (enrolling, renewing) = (id("cert_issued"), id("cert_renewed"));
    assert!(enrolling.len() == 17 && enrolling.starts_with("cert_"), "{enrolling}");
    assert_eq!(of(&enrolling), ["csr_generated", "csr_submitted", "cert_issued"]);
    assert_eq!(
        of(&renewing),
        [
            "cert_expiring_soon",
            "csr_generated",
            "csr_submitted",
            "ca_unavailable",
            "csr_submitted",
            "cert_renewed"
        ]
    );
}
