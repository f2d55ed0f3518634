//! Workers of a control plane that is a process of its own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use carnet_gate::Clock;
use carnet_worker::{Registration, RunningWorker, Status, Surroundings, WorkerApplication};
use reqwest::StatusCode;
use serde_json::Value;

use crate::support::{Ran, Server, run};

/// `carnet worker enroll` in the server's folder, with a certificate directory of its own.
fn enroll(server: &Server, certs: &str, env: &[(&str, &str)]) -> Ran {
    let mut command =
        server.carnet(&["worker", "enroll", "--name", "my-worker", "--format", "json"]);
    run(command.env("CERT_DIR", certs).envs(env.iter().copied()))
}

/// A worker in this process, which nothing is set for but where its certificate is kept.
async fn worker(server: &Server, name: &str, clock: Clock) -> RunningWorker {
    let surroundings = Surroundings {
        env: BTreeMap::from([("CERT_DIR".to_owned(), name.to_owned())]),
        root: PathBuf::from("/"),
        cwd: server.folder.path().to_owned(),
        clock,
    };
    let host = std::net::Ipv4Addr::LOCALHOST.into();
    let worker = WorkerApplication::new(name).https_port(0).host(host).advertise_host("localhost");
    worker.worker_id(name).surroundings(surroundings).serve().await.unwrap()
}

/// Waits, by looking again and again.
async fn until(mut holds: impl AsyncFnMut() -> bool) {
    let waited = Clock::System.stopwatch();
    while !holds().await {
        assert!(waited.elapsed().as_secs() < 60, "it never came to hold");
        tokio::task::yield_now().await;
    }
}

/// Promise: K-11
/// Promise: K-17
#[test]
fn beside_a_control_plane_nothing_needs_to_be_set() {
    let server = Server::start();
    let first = enroll(&server, "certs", &[]).json();
    assert_eq!(first["spiffe_id"], "spiffe://carnet.local/worker/my-worker");
    assert!(server.folder.path().join("certs/client.key").exists());
    assert_eq!(enroll(&server, "certs", &[]).json()["serial"], first["serial"], "it is reused");
    let elsewhere = enroll(&server, "other", &[("CARNET_DATA_DIR", "nowhere")]);
    assert!(elsewhere.failed(1).contains("CA_SERVICE_URL"), "{}", elsewhere.err);
}

/// Promise: K-11
/// Promise: K-16
#[test]
fn a_token_is_good_for_one_worker() {
    let server = Server::start();
    let made = server.run(&["enroll", "new", "--name", "gpu-1"]);
    let url = made.line().lines().last().unwrap().strip_prefix("CA_SERVICE_URL=").unwrap();
    let env = [("CA_SERVICE_URL", url)];
    let enrolled = enroll(&server, "certs", &env);
    assert_eq!(enrolled.json()["name"], "gpu-1", "the token decides the name");
    let again = enroll(&server, "other", &env);
    assert!(again.failed(1).contains("401"), "{}", again.err);
    for said in [&enrolled.out, &enrolled.err, &again.err] {
        assert!(!said.contains("carnet-enroll-v1"), "{said}");
    }
}

/// Promise: K-22
/// Promise: K-33
#[tokio::test(flavor = "multi_thread")]
async fn workers_register_hear_each_other_and_a_revoked_one_is_out() {
    let server = tokio::task::spawn_blocking(Server::start).await.unwrap();
    let [one, two] = ["one", "two"].map(|name| worker(&server, name, Clock::System));
    let (one, two) = tokio::join!(one, two);
    until(async || [&one, &two].iter().all(|it| it.registration() == Registration::Ok)).await;
    let client = one.identity().unwrap().http_client().unwrap();
    let registry = one.identity().unwrap().record().control_plane_url.unwrap();
    let listed = client.get(registry.join("v1/workers").unwrap()).send().await.unwrap();
    let listed: Value = listed.json().await.unwrap();
    let ids: Vec<_> = listed["workers"]["generic_worker"].as_array().unwrap().iter().collect();
    assert_eq!(ids.len(), 2, "{listed}");
    assert!(ids.iter().any(|it| it["endpoint"] == two.https_url()), "{listed}");

    let status = async || {
        let answer = client.get(format!("{}/status", two.https_url())).send().await;
        answer.map(|answer| answer.status())
    };
    // Before the first word of the control plane nobody is judged.
    until(async || status().await.is_ok_and(|status| status == StatusCode::OK)).await;
    let revoked = tokio::task::spawn_blocking(move || {
        let ran = server.run(&["revoke", "worker/one"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        server
    });
    let _server = revoked.await.unwrap();
    until(async || status().await.is_err()).await;
    // It is told by the control plane's refusal, and serves nobody any more.
    until(async || one.health() == Status::Unhealthy).await;
    // Nor is it called any more: its own certificate counts for nothing.
    let other = two.identity().unwrap().http_client().unwrap();
    until(async || other.get(format!("{}/health", one.https_url())).send().await.is_err()).await;
    let health = client.get(registry.join("v1/workers").unwrap()).send().await;
    assert!(health.is_err(), "the control plane does not speak with it either");
}

/// Whether the one is answered by the other: by a handshake of its own, which never fails.
async fn is_answered(one: &RunningWorker, by: &RunningWorker) -> bool {
    let client = one.identity().unwrap().http_client().unwrap();
    let answer = client.get(format!("{}/status", by.https_url())).send().await;
    answer.unwrap().status() == StatusCode::OK
}

/// Promise: K-24
#[tokio::test(flavor = "multi_thread")]
async fn a_ca_is_turned_over_and_no_handshake_between_workers_fails() {
    let server = tokio::task::spawn_blocking(Server::start).await.unwrap();
    let rotate = |flags: &[&str]| {
        let ran = server.run(&[&["ca", "rotate"], flags].concat());
        (ran.code, ran.err)
    };
    let (clock, hand) = Clock::manual(Clock::System.now());
    let (one, two) =
        tokio::join!(worker(&server, "one", clock.clone()), worker(&server, "two", clock.clone()));
    let all = async |workers: &[&RunningWorker]| {
        for one in workers {
            for other in workers {
                until(async || {
                    // Who has not heard of revocations for too long asks again after a while.
                    hand.advance(Duration::from_millis(100));
                    is_answered(one, other).await
                })
                .await;
            }
        }
    };
    all(&[&one, &two]).await;
    let before = one.identity().unwrap().serial();
    let made = server.run(&["enroll", "new", "--name", "late"]);
    let late = made.line().lines().last().unwrap().strip_prefix("CA_SERVICE_URL=").unwrap();
    assert_eq!(rotate(&[]).0, 0);
    assert_eq!(rotate(&["--activate"]).0, 1, "nobody has the new one yet");

    // Heartbeats tell of it; the next ones say that it is there.
    until(async || {
        hand.advance(Duration::from_secs(5));
        rotate(&["--activate"]).0 == 0
    })
    .await;
    all(&[&one, &two]).await;
    // Whoever was told of the old one still gets in, and is certified by the new one, as whoever comes now.
    assert_eq!(enroll(&server, "late", &[("CA_SERVICE_URL", late)]).json()["name"], "late");
    let three = worker(&server, "three", clock.clone()).await;
    all(&[&one, &two, &three]).await;
    // And so is who was there, once it renews.
    hand.advance(Duration::from_hours(16));
    until(async || {
        hand.advance(Duration::from_millis(1));
        one.identity().unwrap().serial() != before
    })
    .await;
    all(&[&one, &two, &three]).await;
}

/// Promise: K-44
#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_workers_and_keeps_work_from_them() {
    let server = tokio::task::spawn_blocking(Server::start).await.unwrap();
    let one = worker(&server, "one", Clock::System).await;
    until(async || one.registration() == Registration::Ok).await;
    tokio::task::spawn_blocking(move || {
        let listed = server.run(&["worker", "list"]);
        let rows: Vec<_> = listed.line().lines().collect();
        assert_eq!(rows.len(), 2, "{rows:?}");
        assert!(rows[0].starts_with(" ID") && rows[1].contains("online"), "{rows:?}");
        let shown = server.run(&["worker", "show", "one"]);
        assert!(shown.line().contains("spiffe://carnet.local/worker/one"), "{}", shown.out);
        let cordoned = server.run(&["worker", "cordon", "one", "--reason", "a new disk"]);
        assert_eq!(cordoned.line(), "one is cordoned");
        let shown = server.run(&["worker", "show", "one", "--format", "json"]).json();
        assert_eq!(
            (&shown["state"], &shown["state_reason"]),
            (&"cordoned".into(), &"a new disk".into())
        );
        assert_eq!(server.run(&["worker", "drain", "one"]).line(), "one is cordoned");
        assert_eq!(server.run(&["worker", "uncordon", "one"]).line(), "one is online");
        assert_eq!(server.run(&["worker", "quarantine", "one"]).line(), "one is quarantined");
        let released = server.run(&["worker", "release", "one"]);
        assert!(released.err.contains("carnet enroll new --name one"), "{}", released.err);
        let listed = server.run(&["worker", "list", "--format", "json"]).json();
        assert_ne!(listed["workers"][0]["state"], "quarantined");
        server.run(&["worker", "show", "nobody"]).failed(1);
        server.run(&["worker", "release", "one"]).failed(1);
        server.run(&["worker", "show", "no/body"]).failed(2);
    })
    .await
    .unwrap();
}

/// Promise: K-46
#[tokio::test(flavor = "multi_thread")]
async fn who_has_registered_is_there_after_the_control_plane_was_killed() {
    let server = tokio::task::spawn_blocking(Server::start).await.unwrap();
    let one = worker(&server, "one", Clock::System).await;
    until(async || one.registration() == Registration::Ok).await;
    let restarted = tokio::task::spawn_blocking(move || Server::start_in(server.kill()));
    let server = restarted.await.unwrap();
    tokio::task::spawn_blocking(move || {
        let listed = server.run(&["worker", "list", "--format", "json"]).json();
        assert_eq!(listed["workers"][0]["id"], "one", "{listed}");
        assert_eq!(listed["workers"][0]["state"], "online");
    })
    .await
    .unwrap();
}
