//! `/health`, `/status` and `/metrics`.

use std::time::Duration;

use carnet_ticket::identity::Kind;
use carnet_worker::{CapabilityDefinition, Status};
use serde_json::json;
use tokio::sync::oneshot;

use crate::support::{Caller, Machine, START, seconds};

const LIFE: Duration = Duration::from_hours(24);

/// Promise: K-32
#[tokio::test]
async fn health_and_status_say_how_the_worker_is() {
    let (machine, ca) = Machine::enrolling().await;
    let capability = CapabilityDefinition::new("example.hello_world", "1.0.0");
    let worker = machine.worker().worker_id("worker-7").capability(capability);
    let running = worker.serve().await.unwrap();
    machine.advance(seconds(90));
    let nobody = Caller::nobody(&ca, running.https_url());
    let (status, body) = nobody.get("/health").await;
    assert_eq!(status, 200);
    assert_eq!(body["status"], "healthy");
    assert_eq!(body["worker_id"], "worker-7");
    assert_eq!(body["uptime_seconds"], 90);
    assert_eq!(body["timestamp"], START.after(seconds(90)).to_string());
    assert_eq!(body["details"]["registration"], "none");

    let peer = Caller::member(&ca, running.https_url(), Kind::Worker, "other");
    let expected = json!({
        "worker_id": "worker-7",
        "capabilities": ["example.hello_world"],
        "uptime_seconds": 90,
        "health_status": "healthy",
    });
    assert_eq!(peer.get("/status").await, (reqwest::StatusCode::OK, expected));
    let metrics = peer.send("/metrics").await.unwrap().text().await.unwrap();
    assert!(metrics.contains("carnet_certificate_expiry_seconds 86310"), "{metrics}");
}

/// Promise: K-32
#[tokio::test]
async fn the_port_answers_starting_before_the_startup_is_done() {
    let (machine, ca) = Machine::enrolling().await;
    let (begun_tx, begun) = oneshot::channel();
    let (go, gone) = oneshot::channel::<()>();
    let port = free_port();
    let worker = machine.worker().https_port(port).on_startup(|| async {
        begun_tx.send(()).unwrap();
        gone.await?;
        Ok(())
    });
    let serving = tokio::spawn(worker.serve());
    begun.await.unwrap();
    let nobody = Caller::nobody(&ca, &format!("https://localhost:{port}"));
    let (status, body) = nobody.get("/health").await;
    assert_eq!((status.as_u16(), &body["status"]), (503, &json!("starting")));
    go.send(()).unwrap();
    let running = serving.await.unwrap().unwrap();
    assert_eq!(nobody.get("/health").await.0, 200);
    assert_eq!(running.health(), Status::Healthy);
}

#[tokio::test]
async fn a_startup_that_fails_is_no_start() {
    let (machine, _ca) = Machine::enrolling().await;
    let worker = machine.worker().on_startup(|| async { Err("no database".into()) });
    let error = worker.serve().await.err().unwrap();
    assert!(format!("{error:?}").contains("no database"), "{error:?}");
}

/// Promise: K-19
#[tokio::test]
async fn a_certificate_that_is_not_renewed_shows() {
    let (machine, ca) = Machine::enrolling().await;
    let running = machine.worker().serve().await.unwrap();
    ca.fail("POST /certificates/renew", &[crate::support::Fault::Hang; 100]);
    let nobody = Caller::nobody(&ca, running.https_url());
    for (at, code, word) in [
        (LIFE.mul_f64(0.83), 200, "healthy"),
        (LIFE * 5 / 6, 503, "degraded"),
        (LIFE.mul_f64(0.99), 503, "degraded"),
    ] {
        machine.hand.set(START.after(at));
        let (status, body) = nobody.get("/health").await;
        assert_eq!((status.as_u16(), &body["status"]), (code, &json!(word)));
    }
    machine.hand.set(START.after(LIFE));
    assert_eq!(running.health(), Status::Unhealthy);
}

pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
