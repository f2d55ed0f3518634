//! Coming by a certificate.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use carnet_ticket::enrollment::carrier;
use carnet_ticket::identity::Kind;
use carnet_worker::WorkerError;
use serde_json::Value;

use crate::support::{Ca, Fault, Machine, NAME, START, authority, put, seconds};

const CSR: &str = "POST /certificates/csr";
const RENEW: &str = "POST /certificates/renew";
const HEALTH: &str = "GET /health";
const LIFE: Duration = Duration::from_hours(24);

/// Promise: K-13
#[tokio::test]
async fn a_token_becomes_four_files_with_their_modes() {
    let (machine, ca) = Machine::enrolling().await;
    let identity = machine.bootstrap().await.unwrap();
    assert_eq!(identity.spiffe_id().to_string(), "spiffe://carnet.local/worker/hello-world");
    assert_eq!(identity.serial(), ca.serials()[0]);
    assert_eq!(identity.dir(), machine.dir());
    assert_eq!(identity.expires_at(), START.after(LIFE));
    for (name, mode) in
        [("ca.crt", 0o644), ("client.crt", 0o644), ("client.key", 0o600), ("identity.json", 0o600)]
    {
        let found = std::fs::metadata(machine.dir().join(name)).unwrap().permissions().mode();
        assert_eq!(found & 0o777, mode, "{name}");
    }
    let folder = std::fs::metadata(machine.dir()).unwrap().permissions().mode();
    assert_eq!(folder & 0o777, 0o700);
    let record: Value = serde_json::from_slice(&machine.file("identity.json")).unwrap();
    let members: Vec<_> = record.as_object().unwrap().keys().map(String::as_str).collect();
    for member in [
        "worker_id",
        "name",
        "spiffe_id",
        "serial",
        "generation",
        "issued_at",
        "renew_after",
        "expires_at",
        "ca_url",
        "control_plane_url",
    ] {
        assert!(members.contains(&member), "{member}");
    }
    assert_eq!(record["name"], NAME);
    assert_eq!(record["expires_at"], START.after(LIFE).to_string());
    assert!(!record["ca_url"].as_str().unwrap().contains("carnet-enroll"));
    let id = record["worker_id"].as_str().unwrap();
    assert!(id.strip_prefix("worker-").is_some_and(|hex| hex.len() == 8), "{id}");
}

/// Promise: K-12
#[tokio::test]
async fn the_token_is_sent_once_and_only_in_a_header_of_the_request() {
    let (machine, ca) = Machine::enrolling().await;
    machine.bootstrap().await.unwrap();
    let all = ca.state.seen.borrow().clone();
    let with_token: Vec<_> = all.iter().filter(|seen| seen.authorization.is_some()).collect();
    assert_eq!(with_token.len(), 1);
    assert_eq!(with_token[0].what, CSR);
    let body: Value = serde_json::from_slice(&with_token[0].body).unwrap();
    assert!(body.get("service_name").is_none(), "the token decides the name");
}

#[tokio::test]
async fn the_token_may_come_from_a_file_a_variable_or_in_front_of_the_path() {
    let mut machine = Machine::new();
    let ca = Ca::start(machine.clock()).await;
    let file = machine.path("token");
    put(&file, &format!("{}\n", *ca.token(NAME).encode()));
    machine.set("CA_SERVICE_URL", &ca.url());
    for (var, value) in [
        ("CARNET_ENROLL_TOKEN_FILE", file.display().to_string()),
        ("CARNET_ENROLL_TOKEN", ca.token(NAME).encode().to_string()),
        ("CA_SERVICE_URL", format!("{}/enroll/{}", ca.url(), *ca.token(NAME).encode())),
    ] {
        machine.set(var, &value);
        machine.set("CERT_DIR", &machine.path(var).display().to_string());
        machine.bootstrap().await.unwrap();
        machine.unset("CARNET_ENROLL_TOKEN_FILE").unset("CARNET_ENROLL_TOKEN");
    }
    assert_eq!(ca.seen(CSR).len(), 3);
}

/// Promise: K-14
#[tokio::test]
async fn a_native_worker_without_variables_takes_what_the_control_plane_of_this_machine_left() {
    let mut machine = Machine::new();
    let ca = Ca::start(machine.clock()).await;
    let url = ca.url_with_token(NAME);
    put(&machine.surroundings.cwd.join("carnet-data/local-enroll.url"), &url);
    let identity = machine.bootstrap().await.unwrap();
    assert_eq!(identity.name().as_str(), NAME);
    let body: Value = serde_json::from_slice(&ca.seen(CSR)[0].body).unwrap();
    assert_eq!(body["service_name"], NAME, "the service says its name");

    let elsewhere = machine.path("data");
    put(&elsewhere.join("local-enroll.url"), &ca.url_with_token(NAME));
    machine.set("CARNET_DATA_DIR", &elsewhere.display().to_string());
    machine.set("CERT_DIR", "certs");
    let identity = machine.bootstrap().await.unwrap();
    assert_eq!(identity.dir(), machine.surroundings.cwd.join("certs"));
}

/// Promise: K-14
#[tokio::test]
async fn in_a_container_certificates_are_in_etc_certs() {
    let (mut machine, _ca) = Machine::enrolling().await;
    let system = machine.path("root/etc/certs");
    put(&machine.path("root/run/.containerenv"), "");
    let identity = machine.bootstrap().await.unwrap();
    assert_eq!(identity.dir(), system);
    // Natively too, once it is there and can be written.
    std::fs::remove_file(machine.path("root/run/.containerenv")).unwrap();
    machine.unset("CA_SERVICE_URL");
    assert_eq!(machine.bootstrap().await.unwrap().dir(), system);
}

/// Promise: K-12
#[tokio::test]
async fn a_ca_that_the_token_does_not_name_never_sees_it() {
    let mut machine = Machine::new();
    let ca = Ca::start(machine.clock()).await;
    let other = Ca::start(machine.clock()).await;
    let url = carrier::url(&other.token(NAME), "localhost", ca.address.port());
    machine.set("CA_SERVICE_URL", &url);
    let error = machine.bootstrap().await.unwrap_err();
    assert!(matches!(error, WorkerError::FingerprintMismatch { .. }), "{error:?}");
    assert!(ca.state.seen.borrow().iter().all(|seen| seen.authorization.is_none()));
    assert!(ca.seen(CSR).is_empty() && !machine.dir().join("client.key").exists());
}

/// Promise: K-12
#[tokio::test]
async fn whoever_shows_the_right_ca_certificate_without_its_key_never_sees_the_token() {
    let machine = Machine::new();
    let clock = machine.clock();
    let (own, real) = (authority::authority(&clock), authority::authority(&clock));
    // A port certified by nobody, and one by the right CA, but for a worker.
    for (tls, kind) in [(&own, Kind::ControlPlane), (&real, Kind::Worker)] {
        let between = Ca::serve(clock.clone(), real.clone(), tls, kind).await;
        let mut machine = machine.another();
        machine.set("CA_SERVICE_URL", &between.url_with_token(NAME));
        let bootstrapping = machine.bootstrapping();
        between.saw("GET /ca/certificate", 1).await;
        // Three tries, a second and two apart.
        machine.later(|| bootstrapping.is_finished()).await;
        let error = bootstrapping.await.unwrap().unwrap_err();
        assert!(matches!(error, WorkerError::CaUnavailable { .. }), "{error:?}");
        assert!(between.seen(CSR).is_empty());
    }
}

/// Promise: K-12
#[tokio::test]
async fn nobody_is_trusted_on_first_use() {
    let mut machine = Machine::new();
    let ca = Ca::start(machine.clock()).await;
    machine.set("CA_SERVICE_URL", &ca.url());
    let error = machine.bootstrap().await.unwrap_err();
    assert!(matches!(error, WorkerError::UntrustedCa { .. }), "{error:?}");
    let pem = ca.state.authority.lock().unwrap().bundle().pem();
    put(&machine.dir().join("ca.crt"), &pem);
    let error = machine.bootstrap().await.unwrap_err();
    assert!(matches!(error, WorkerError::NoIdentity { .. }), "a CA, but no token: {error:?}");
    assert!(ca.state.seen.borrow().is_empty());
}

/// Promise: K-16
#[tokio::test]
async fn a_ca_is_waited_for_and_asked_three_times() {
    let (machine, ca) = Machine::enrolling().await;
    ca.fail(HEALTH, &[Fault::Status(503), Fault::Hang, Fault::Status(500)]);
    ca.fail(CSR, &[Fault::Status(503), Fault::Status(500)]);
    let bootstrapping = machine.bootstrapping();
    for (what, count, pause) in
        [(HEALTH, 1, 1), (HEALTH, 2, 2), (HEALTH, 3, 1), (CSR, 1, 1), (CSR, 2, 2)]
    {
        ca.saw(what, count).await;
        machine.advance(seconds(pause));
    }
    bootstrapping.await.unwrap().unwrap();
    let keys: Vec<_> = ca.seen(CSR).into_iter().map(|seen| seen.body).collect();
    assert_eq!(keys.len(), 3);
    assert!(keys.iter().all(|body| *body == keys[0]), "each time the same request");
}

/// Promise: K-16
#[tokio::test]
async fn after_a_minute_the_ca_is_unavailable() {
    let (machine, ca) = Machine::enrolling().await;
    ca.fail(HEALTH, &[Fault::Status(503); 60]);
    let bootstrapping = machine.bootstrapping();
    for count in 1..=60 {
        ca.saw(HEALTH, count).await;
        machine.advance(seconds(1));
    }
    let error = bootstrapping.await.unwrap().unwrap_err();
    assert!(matches!(error, WorkerError::CaUnavailable { .. }), "{error:?}");
    assert_eq!(ca.seen(HEALTH).len(), 60);
}

/// Promise: K-16
#[tokio::test]
async fn a_refusal_is_not_asked_again() {
    let (machine, ca) = Machine::enrolling().await;
    ca.state.tokens.lock().unwrap().clear();
    let error = machine.bootstrap().await.unwrap_err();
    assert!(matches!(error, WorkerError::EnrollmentRefused { status: 401, .. }), "{error:?}");
    assert_eq!(ca.seen(CSR).len(), 1);
}

/// Promise: K-16
#[tokio::test]
async fn a_certificate_is_reused_then_renewed_and_in_the_end_a_token_is_needed() {
    let (machine, ca) = Machine::enrolling().await;
    let first = machine.bootstrap().await.unwrap();
    let id = first.record().worker_id;
    machine.advance(LIFE / 2);
    assert_eq!(machine.bootstrap().await.unwrap().serial(), first.serial());
    assert_eq!(ca.state.seen.borrow().len(), 3, "health, certificate, csr and nothing more");

    machine.advance(LIFE / 4);
    let old_key = machine.file("client.key");
    let second = machine.bootstrap().await.unwrap();
    assert_ne!(second.serial(), first.serial());
    assert_eq!(ca.seen(RENEW)[0].serial.as_deref(), Some(&*first.serial()));
    assert!(ca.seen(RENEW)[0].authorization.is_none());
    assert_ne!(machine.file("client.key"), old_key, "a fresh key");
    assert_eq!(second.record().worker_id, id);

    // The CA is away: the old one does.
    machine.advance(LIFE * 3 / 4);
    ca.fail(RENEW, &[Fault::Status(503)]);
    assert_eq!(machine.bootstrap().await.unwrap().serial(), second.serial());

    // It has ended. The token was spent.
    machine.advance(LIFE / 4);
    let error = machine.bootstrap().await.unwrap_err();
    assert!(matches!(error, WorkerError::EnrollmentRefused { .. }), "{error:?}");
}

/// Promise: K-16
#[tokio::test]
async fn an_ended_certificate_without_a_token_is_no_identity() {
    let (mut machine, ca) = Machine::enrolling().await;
    machine.bootstrap().await.unwrap();
    let (before, url) = (machine.file("client.crt"), ca.url_with_token(NAME));
    machine.advance(LIFE);
    machine.unset("CA_SERVICE_URL");
    let error = machine.bootstrap().await.unwrap_err();
    assert!(matches!(error, WorkerError::NoIdentity { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("CA_SERVICE_URL") && text.contains("certs"), "{text}");
    assert_eq!(machine.file("client.crt"), before);

    machine.set("CA_SERVICE_URL", &url);
    machine.bootstrap().await.unwrap();
    assert_ne!(machine.file("client.crt"), before);
    assert_eq!(machine.file("client.crt.bak"), before);
}

#[tokio::test]
async fn of_two_processes_that_share_a_directory_one_enrolls() {
    let (machine, ca) = Machine::enrolling().await;
    let one = machine.bootstrapping();
    ca.saw(HEALTH, 1).await;
    let other = machine.bootstrapping();
    let one = one.await.unwrap().unwrap();
    machine.later(|| other.is_finished()).await;
    let other = other.await.unwrap().unwrap();
    assert_eq!(one.serial(), other.serial());
    assert_eq!(ca.seen(CSR).len(), 1);
}
