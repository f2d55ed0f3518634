//! `carnet worker run` with certificates and tokens that are not the fleet's.

use std::path::Path;
use std::process::{Child, Stdio};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};

use serde_json::Value;

use crate::support::{Ran, Server, carnet, run, until};

const KEY: (&str, &str) =
    ("CARNET_AUTH_WORKER_SIGNING_KEY", "a-signing-key-of-more-than-thirty-two-bytes");

/// A CA, and certificates of it for a worker and a control plane.
fn certify(folder: &Path) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let put = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    put("ca.pem", params.self_signed(&key).unwrap().pem());
    let issuer = Issuer::new(params, key);
    for (name, host) in [("worker", "localhost"), ("control", "control-plane.example")] {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        put(&format!("{name}.pem"), params.signed_by(&key, &issuer).unwrap().pem());
        put(&format!("{name}.key"), key.serialize_pem());
    }
}

/// A server that calls workers with the files in its folder.
fn server() -> Server {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path());
    let flags = [
        "--set",
        "worker.rpc_tls.ca_file=ca.pem",
        "--set",
        "worker.rpc_tls.client_cert_file=control.pem",
        "--set",
        "worker.rpc_tls.client_key_file=control.key",
    ];
    Server::start_in_under(folder, &flags, &[KEY])
}

const FILES: [(&str, &str); 3] = [
    ("CARNET_WORKER_RPC_TLS_SERVER_CERT_FILE", "worker.pem"),
    ("CARNET_WORKER_RPC_TLS_SERVER_KEY_FILE", "worker.key"),
    ("CARNET_WORKER_RPC_TLS_CLIENT_CA_FILE", "ca.pem"),
];

/// A worker that sorts, killed when it is dropped.
struct Worker(Child);

impl Worker {
    fn start(server: &Server, flags: &[&str], env: &[(&str, &str)]) -> Self {
        let log = std::fs::File::create(server.folder.path().join("worker.log")).unwrap();
        let mut command = command(server, flags);
        Self(command.envs(env.iter().copied()).stdout(Stdio::null()).stderr(log).spawn().unwrap())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn command(server: &Server, flags: &[&str]) -> std::process::Command {
    let always = ["worker", "run", "--id", "gpu-1", "--port", "0", "--task", "text.sort=sort"];
    let mut command = server.carnet(&[&always, flags, &["--control-plane", &server.url]].concat());
    command.envs(FILES).env("PATH", "/usr/bin:/bin");
    command
}

fn token(server: &Server) -> String {
    let mut mint = server.carnet(&["worker", "token", "gpu-1"]);
    run(mint.env(KEY.0, KEY.1)).line().to_owned()
}

fn sorts(server: &Server) -> Ran {
    std::fs::write(server.folder.path().join("words.txt"), "pear\napple\n").unwrap();
    let ran = server.run(&["task", "run", "text.sort", "--input", "words.txt", "--output", "-"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "apple\npear\n"), "{}", ran.err);
    ran
}

/// Promise: K-49
/// Promise: W-36
#[test]
fn a_worker_with_a_token_file_does_tasks_and_its_token_can_be_exchanged() {
    let server = server();
    let file = server.folder.path().join("token");
    std::fs::write(&file, token(&server)).unwrap();
    let flags = ["--worker-token-file", "token", "--heartbeat-interval", "1s"];
    let verifies = [("CARNET_AUTH_WORKER_SIGNING_KEYS", KEY.1)];
    let _worker = Worker::start(&server, &flags, &verifies);
    sorts(&server);
    let log = || std::fs::read_to_string(server.folder.path().join("worker.log")).unwrap();
    std::fs::write(&file, "").unwrap();
    until("a heartbeat has failed", || log().contains("holds no token"));
    let next = token(&server);
    std::fs::write(&file, &next).unwrap();
    let heard = || {
        let shown = server.run(&["worker", "show", "gpu-1", "--format", "json"]).json();
        shown["last_heartbeat"].as_str().unwrap().to_owned()
    };
    let before = heard();
    until("it is heard again", || heard() != before);
    sorts(&server);
    assert!(!log().contains(&next));
}

/// Promise: K-54
#[test]
fn a_worker_with_the_signing_key_registers_and_goes() {
    let server = server();
    std::fs::write(server.folder.path().join("key"), KEY.1).unwrap();
    let ran = run(&mut command(&server, &["--worker-signing-key-file", "key", "--once"]));
    assert_eq!(ran.code, 0, "{}", ran.err);
    let shown = server.run(&["worker", "show", "gpu-1", "--format", "json"]).json();
    assert_eq!(
        (&shown["state"], &shown["spiffe_id"]),
        (&"draining".into(), &Value::Null),
        "{shown}"
    );
}

/// Promise: K-55
#[test]
fn what_does_not_do_is_said_with_its_key_and_a_way_out() {
    let server = server();
    let refused = |name: &str, value: &str| {
        let ran = run(command(&server, &["--once"]).env(name, value).env(KEY.0, KEY.1));
        ran.failed(3).to_owned()
    };
    for (name, value, key) in [
        (FILES[1].0, "", "worker.rpc_tls.server_key_file"),
        (FILES[2].0, "", "worker.rpc_tls.client_ca_file"),
        (FILES[2].0, "worker.key", "worker.rpc_tls.client_ca_file: "),
        (FILES[1].0, "control.key", "worker.rpc_tls.server_key_file: "),
        ("CARNET_WORKER_RPC_TLS_ENABLED", "false", "worker.rpc_tls.enabled"),
        (
            "CARNET_WORKER_RPC_TLS_INSECURE_SKIP_VERIFY",
            "true",
            "worker.rpc_tls.insecure_skip_verify",
        ),
        ("CARNET_AUTH_WORKER_TOKEN_FILE", "no-such-file", "auth.worker_token_file"),
    ] {
        let said = refused(name, value);
        assert!(said.contains(key) && said.contains("fix: "), "{name}={value}: {said}");
    }
}

/// Promise: K-55
#[test]
fn a_server_that_is_half_told_how_to_call_does_not_start() {
    const FILES: [(&str, &str); 3] = [
        ("worker.rpc_tls.ca_file", "ca.pem"),
        ("worker.rpc_tls.client_cert_file", "control.pem"),
        ("worker.rpc_tls.client_key_file", "control.key"),
    ];
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path());
    let refused = |key: &str, value: &str| {
        let mut serve = carnet(folder.path());
        serve.args(["serve", "--set", "server.port=0"]).env("CARNET_AUTH_ADMIN_API_KEY", "k");
        let files = FILES.into_iter().filter(|(named, _)| *named != key);
        for (key, value) in files.chain([(key, value)]) {
            serve.args(["--set", &format!("{key}={value}")]);
        }
        run(&mut serve).failed(3).to_owned()
    };
    for (key, value) in [
        (FILES[0].0, ""),
        (FILES[1].0, ""),
        (FILES[2].0, ""),
        (FILES[0].0, "control.key"),
        (FILES[2].0, "worker.key"),
        (FILES[1].0, "no-such-file"),
        ("worker.rpc_tls.enabled", "false"),
        ("worker.rpc_tls.insecure_skip_verify", "true"),
    ] {
        let said = refused(key, value);
        assert!(said.contains(key) && said.contains("fix: carnet serve"), "{key}={value}: {said}");
    }
}
