//! The files of `worker.rpc_tls`: judged at start and at each reload, and in force from the next call on.

use std::time::Duration;

use carnet_gate::Clock;
use carnet_server::serve;
use serde_json::json;

use super::outsider::Outsider;
use crate::fleet::support::Fleet;
use crate::support::pki::{Files, Pki, borrowed};
use crate::support::{As, Server};

const RELOAD: &str = "/api/v1/admin/reload";

/// A file that is no good, what it holds, and what is said of it.
type Spoilt = (&'static str, String, String);

fn spoilt(files: &Files, pki: &Pki) -> [Spoilt; 7] {
    let said = |key: &str, name: &str, what: &str| {
        format!("worker.rpc_tls.{key}: {:?} {what}", files.path(name))
    };
    let broken = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
    let another = pki.issue("another.example");
    [
        ("ca", String::new(), said("ca_file", "ca", "holds no certificate")),
        ("ca", another.key.clone(), said("ca_file", "ca", "holds no certificate")),
        ("ca", broken.to_owned(), said("ca_file", "ca", "is not a readable PEM file")),
        ("cert", String::new(), said("client_cert_file", "cert", "holds no certificate")),
        ("cert", broken.to_owned(), said("client_cert_file", "cert", "is not a readable PEM file")),
        ("key", String::new(), said("client_key_file", "key", "is not a readable PEM file")),
        (
            "key",
            another.key,
            said("client_key_file", "key", "is not the key of worker.rpc_tls.client_cert_file"),
        ),
    ]
}

/// Why a server does not start.
async fn refused_start(settings: &[(&str, &str)]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let (app, _) = Server::open(Clock::System.now(), &directory, settings).await.unwrap();
    serve::listen(app).await.err().unwrap().to_string()
}

/// Promise: K-55
#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_no_good_keep_a_server_from_starting_and_name_their_key() {
    let pki = Pki::new();
    let own = pki.issue("control-plane.example");
    let files = Files::new(&pki, &own);
    let settings = files.settings(&[]);
    for (name, text, said) in spoilt(&files, &pki) {
        files.write(name, &text);
        assert_eq!(refused_start(&borrowed(&settings)).await, said);
        files.write("ca", &pki.pem);
        files.write_pair(&own);
    }
    let named = files.settings(&[("worker.rpc_tls.server_name", "no name")]);
    let refused = refused_start(&borrowed(&named)).await;
    assert!(refused.starts_with("worker.rpc_tls.server_name"), "{refused}");
    std::fs::remove_file(files.path("ca")).unwrap();
    let refused = refused_start(&borrowed(&settings)).await;
    assert!(refused.starts_with("worker.rpc_tls.ca_file: "), "{refused}");
}

/// Promise: K-55
#[tokio::test(flavor = "multi_thread")]
async fn files_change_live_and_those_that_are_no_good_leave_the_old_ones_in_force() {
    let pki = Pki::new();
    let first = pki.issue("control-plane.example");
    let files = Files::new(&pki, &first);
    let fleet = Fleet::with_files(&files, &[]).await;
    let mut worker = Outsider::start("vm-1", &pki, &pki.issue("localhost")).await;
    worker.register(&fleet).await.expect(200);
    let mut caller = async || {
        fleet.submit(As::Api, json!({})).await;
        worker.calls.next().await.caller
    };
    assert_eq!(caller().await, Some(first.der()));
    for (name, text, said) in spoilt(&files, &pki) {
        files.write(name, &text);
        let reload = fleet.server.post(As::Admin, RELOAD, &json!({})).await;
        let refused = reload.expect_error(409, "reload_failed");
        assert_eq!(refused["details"]["errors"][0], said);
        files.write("ca", &pki.pem);
        files.write_pair(&first);
    }
    assert_eq!(caller().await, Some(first.der()));

    // As soon as it is asked for, and by itself.
    let second = pki.issue("control-plane.example");
    files.write_pair(&second);
    fleet.server.post(As::Admin, RELOAD, &json!({})).await.expect(200);
    assert_eq!(caller().await, Some(second.der()));
    let third = pki.issue("control-plane.example");
    files.write_pair(&third);
    let counted = async || {
        let metrics = fleet.server.get(As::Api, "/metrics").await.expect(200).text();
        let lines = metrics.lines().map(str::to_owned);
        lines.filter(|line| line.starts_with("carnet_config_reload_total")).collect::<Vec<_>>()
    };
    let before = counted().await;
    fleet.server.hand.advance(Duration::from_secs(5));
    for _ in 0..10_000 {
        if counted().await != before {
            break;
        }
    }
    assert_eq!(caller().await, Some(third.der()));
}
