//! The registry: registering, reporting, and going on without.

use std::time::Duration;

use carnet_worker::{CapabilityDefinition, Registration, RunningWorker};
use serde_json::Value;

use crate::support::{Ca, Fault, Machine, seconds, until};

const REGISTER: &str = "POST /v1/workers/register";
const BEAT: &str = "POST /v1/workers/worker-1/heartbeat";
const DELETE: &str = "DELETE /v1/workers/worker-1";

async fn machine() -> (Machine, Ca) {
    let (mut machine, ca) = Machine::enrolling().await;
    machine.set("PLATFORM_URL", &ca.url());
    (machine, ca)
}

async fn running(machine: &Machine) -> RunningWorker {
    let capability = CapabilityDefinition::new("example.hello_world", "1.2.0");
    let worker = machine.worker().worker_id("worker-1").capability(capability).load(|| 1.75);
    worker.label("zone", "a").capacity(3).serve().await.unwrap()
}

async fn is(running: &RunningWorker, registration: Registration) {
    until(async || running.registration() == registration).await;
}

/// Promise: K-36
#[tokio::test]
async fn a_worker_registers_by_its_certificate_and_reports() {
    let (machine, ca) = machine().await;
    let worker = running(&machine).await;
    let seen = ca.saw(REGISTER, 1).await;
    assert_eq!(seen.serial.as_deref(), Some(&*worker.identity().unwrap().serial()));
    assert!(seen.authorization.is_none(), "a certificate, and no token");
    let body: Value = serde_json::from_slice(&seen.body).unwrap();
    assert_eq!(body["worker_id"], "worker-1");
    assert_eq!(body["service_type"], "example");
    assert_eq!(body["endpoint"], worker.https_url());
    assert_eq!(body["health_url"], format!("{}/health", worker.https_url()));
    assert_eq!(body["capabilities"], serde_json::json!(["example.hello_world"]));
    assert_eq!(body["capability_schemas"][0]["version"], "1.2.0");
    assert_eq!(body["labels"]["zone"], "a");
    assert_eq!(body["capacity"], 3);
    let instance = body["instance"].as_str().unwrap();
    assert!(instance.len() == 16 && instance.bytes().all(|byte| byte.is_ascii_hexdigit()));

    is(&worker, Registration::Ok).await;
    machine.advance(seconds(4));
    assert!(ca.seen(BEAT).is_empty());
    machine.advance(seconds(1));
    let beat = ca.saw(BEAT, 1).await;
    assert_eq!(beat.content_type.as_deref(), Some("application/x-www-form-urlencoded"));
    let form = String::from_utf8(beat.body).unwrap();
    assert!(form.starts_with("service_type=example&load_score=1.0&state=online"), "{form}");
    assert!(form.contains(&format!("&instance={instance}&")), "{form}");
    for count in 2..5 {
        is(&worker, Registration::Ok).await;
        machine.advance(seconds(26));
        assert_eq!(ca.seen(BEAT).len(), count - 1, "not before nine tenths");
        machine.advance(seconds(7));
        ca.saw(BEAT, count).await;
    }
}

/// Promise: K-33
#[tokio::test]
async fn a_worker_goes_on_without_a_registry_and_registers_when_there_is_one() {
    let (machine, ca) = machine().await;
    ca.fail(
        REGISTER,
        &[Fault::Status(503), Fault::Status(403), Fault::Status(500), Fault::Status(404)],
    );
    let worker = running(&machine).await;
    for (count, pause) in [(1, 2), (2, 4), (3, 8), (4, 16)] {
        ca.saw(REGISTER, count).await;
        assert_eq!(worker.registration(), Registration::Retrying);
        assert_eq!(worker.health(), carnet_worker::Status::Healthy);
        machine.advance(seconds(pause));
    }
    is(&worker, Registration::Ok).await;
    assert_eq!(ca.seen(REGISTER).len(), 5);
}

/// Promise: K-33
#[tokio::test]
async fn without_a_registry_a_worker_is_alone() {
    let (machine, ca) = Machine::enrolling().await;
    let worker = running(&machine).await;
    assert_eq!(worker.registration(), Registration::None);
    worker.shutdown().await;
    assert!(ca.seen(REGISTER).is_empty() && ca.seen(DELETE).is_empty());
}

#[tokio::test]
async fn the_control_plane_is_the_one_that_the_ca_names() {
    let (machine, ca) = Machine::enrolling().await;
    *ca.state.control_plane.lock().unwrap() = Some(ca.url());
    let worker = running(&machine).await;
    ca.saw(REGISTER, 1).await;
    is(&worker, Registration::Ok).await;
}

/// Promise: K-37
#[tokio::test]
async fn a_registry_that_has_forgotten_is_told_again() {
    let (machine, ca) = machine().await;
    let worker = running(&machine).await;
    is(&worker, Registration::Ok).await;
    // As after a restart without a memory: alive is false.
    ca.state.workers.lock().unwrap().clear();
    machine.advance(seconds(5));
    ca.saw(REGISTER, 2).await;
    is(&worker, Registration::Ok).await;
    // Or the route knows nothing of it.
    ca.fail(BEAT, &[Fault::Status(404)]);
    machine.advance(seconds(33));
    ca.saw(REGISTER, 3).await;
    is(&worker, Registration::Ok).await;
}

/// Promise: K-37
#[tokio::test]
async fn a_heartbeat_that_fails_comes_again_soon() {
    let (machine, ca) = machine().await;
    let worker = running(&machine).await;
    is(&worker, Registration::Ok).await;
    ca.fail(BEAT, &[Fault::Status(503), Fault::Status(502)]);
    for count in 1..=3 {
        machine.advance(seconds(5));
        ca.saw(BEAT, count).await;
    }
    is(&worker, Registration::Ok).await;
    assert_eq!(ca.seen(REGISTER).len(), 1);
}

/// Promise: K-34
#[tokio::test]
async fn at_its_end_a_worker_says_so_and_deregisters() {
    let (machine, ca) = machine().await;
    let worker = running(&machine).await;
    is(&worker, Registration::Ok).await;
    worker.shutdown().await;
    let last = String::from_utf8(ca.seen(BEAT).pop().unwrap().body).unwrap();
    assert!(last.contains("&state=draining&"), "{last}");
    assert_eq!(ca.seen(DELETE).len(), 1);
    assert!(ca.state.workers.lock().unwrap().is_empty());
}

/// Promise: K-34
#[tokio::test]
async fn a_registry_that_hangs_holds_up_the_end_for_seconds_only() {
    let (machine, ca) = machine().await;
    let worker = running(&machine).await;
    is(&worker, Registration::Ok).await;
    ca.fail(BEAT, &[Fault::Hang]);
    ca.fail(DELETE, &[Fault::Hang]);
    let ending = tokio::spawn(worker.shutdown());
    ca.saw(BEAT, 1).await;
    machine.advance(seconds(5));
    ca.saw(DELETE, 1).await;
    machine.advance(Duration::from_secs(5));
    ending.await.unwrap();
}

#[tokio::test]
async fn the_control_plane_may_ask_for_more_reports_and_not_for_fewer() {
    for (asked_s, expected_s) in [(10, 10), (120, 30)] {
        let (machine, ca) = machine().await;
        *ca.state.interval_s.lock().unwrap() = Some(asked_s);
        let worker = running(&machine).await;
        is(&worker, Registration::Ok).await;
        machine.advance(seconds(5));
        ca.saw(BEAT, 1).await;
        worker.reported().await;
        machine.advance(Duration::from_millis(expected_s * 900 - 1));
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(ca.seen(BEAT).len(), 1);
        machine.advance(Duration::from_millis(expected_s * 200 + 1));
        ca.saw(BEAT, 2).await;
    }
}
