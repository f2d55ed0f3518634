//! A revocation ends what lives in another process: a worker hears of it and cuts off whoever it names.

use std::process::Command;
use std::sync::Arc;

use carnet_gate::Clock;
use carnet_worker::{Surroundings, WorkerApplication, get};
use reqwest::{Certificate, Client, Identity};
use serde_json::Value;
use tokio::sync::Notify;

use crate::support::Server;

/// A key and a certificate of an operator, in PEM, and its serial number.
fn operator(server: &Server) -> (String, String) {
    let openssl = |command: &str| {
        let mut openssl = Command::new("openssl");
        openssl.args(command.split_whitespace()).current_dir(server.folder.path());
        assert!(openssl.output().unwrap().status.success(), "openssl {command}");
    };
    openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem");
    openssl("req -new -key key.pem -subj / -out request.pem");
    let args = ["ca", "issue", "--csr", "request.pem", "--name", "alice", "--kind", "operator"];
    let issued = server.run(&[&args[..], &["--format", "json"]].concat()).json();
    let key = std::fs::read_to_string(server.folder.path().join("key.pem")).unwrap();
    let text = |name: &str| issued[name].as_str().unwrap().to_owned();
    (key + &text("certificate"), text("serial_number"))
}

/// Promise: K-22, P-20, P-71
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_cuts_off_who_is_revoked_at_the_server() {
    let server = Server::start();
    let folder = server.folder.path();
    let (pem, serial) = operator(&server);
    let env = [("CERT_DIR", "certs"), ("CARNET_DATA_DIR", "carnet-data")];
    let inside =
        |(name, below): (&str, &str)| (name.to_owned(), folder.join(below).display().to_string());
    let surroundings = Surroundings {
        env: env.into_iter().map(inside).collect(),
        root: folder.join("root"),
        cwd: folder.to_owned(),
        clock: Clock::System,
    };
    let entered = Arc::new(Notify::new());
    let waiting = Arc::clone(&entered);
    let wait = move || async move {
        waiting.notify_one();
        std::future::pending::<&'static str>().await
    };
    let worker = WorkerApplication::new("hello-world").https_port(0).route("/wait", get(wait));
    let worker = worker.surroundings(surroundings).serve().await.unwrap();
    let url = |path: &str| format!("{}{path}", worker.https_url());

    let ca = std::fs::read(folder.join("certs/ca.crt")).unwrap();
    let client = || Client::builder().tls_certs_only(Certificate::from_pem_bundle(&ca).unwrap());
    let (nobody, alice) = (client().build().unwrap(), Identity::from_pem(pem.as_bytes()).unwrap());
    let alice = client().identity(alice).build().unwrap();
    let health = async || -> Value {
        let text = nobody.get(url("/health")).send().await.unwrap().text().await.unwrap();
        serde_json::from_str(&text).unwrap()
    };
    while health().await["details"]["revocations"] != "ok" {
        Clock::System.sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(alice.get(url("/status")).send().await.unwrap().status(), 200);
    let asked = tokio::spawn(alice.get(url("/wait")).send());
    entered.notified().await;

    let preview = server.run(&["revoke", &format!("cert/{serial}"), "--preview"]);
    let lines: Vec<_> = preview.line().lines().collect();
    assert_eq!(lines[0], format!("would end 1 of certificate {serial}"));
    assert_eq!(lines[1..], [format!("certificates {serial}")]);
    assert!(!asked.is_finished());
    server.run(&["revoke", &format!("cert/{serial}")]).line();
    assert!(asked.await.unwrap().is_err(), "cut off");
    assert!(alice.get(url("/status")).send().await.is_err(), "not even a connection");

    let preview = server.run(&["revoke", "worker/hello-world", "--preview"]);
    let ends = preview.line().lines().map(|line| line.split(' ').next().unwrap());
    let mut ends: Vec<_> = ends.skip(1).collect();
    // It reports over one connection and hears over another.
    ends.dedup();
    assert_eq!(ends, ["certificates", "grants", "workers"], "{}", preview.out);
    worker.shutdown().await;
}
