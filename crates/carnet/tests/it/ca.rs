//! `carnet ca …`: certificates and the CA.

use std::process::Command;

use serde_json::Value;

use crate::support::Server;

/// Runs `openssl` in the server's folder.
#[track_caller]
fn openssl(server: &Server, command: &str) -> String {
    let mut openssl = Command::new("openssl");
    let done = openssl.args(command.split_whitespace()).current_dir(server.folder.path()).output();
    let done = done.expect("openssl is installed; cargo xtask test does that");
    let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    assert!(done.status.success(), "openssl {command}: {said}");
    said
}

fn write(server: &Server, name: &str, text: &str) {
    std::fs::write(server.folder.path().join(name), text).unwrap();
}

fn states(server: &Server) -> Vec<String> {
    let ca = server.run(&["ca", "show", "--format", "json"]).json();
    let certificates = ca["bundle"]["certificates"].as_array().unwrap().clone();
    certificates.iter().map(|ca| ca["state"].as_str().unwrap().to_owned()).collect()
}

/// A certificate for a new key: what was answered.
fn issue(server: &Server, kind: &str, name: &str) -> Value {
    openssl(server, "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem");
    openssl(server, "req -new -key key.pem -subj / -out request.pem");
    let issued = server.run(&[
        "ca",
        "issue",
        "--csr",
        "request.pem",
        "--name",
        name,
        "--kind",
        kind,
        "--format",
        "json",
    ]);
    issued.json()
}

#[test]
fn a_request_is_certified_and_the_certificate_revoked() {
    let server = Server::start();
    let issued = issue(&server, "operator", "alice");
    assert_eq!(issued["spiffe_id"], "spiffe://carnet.local/operator/alice");
    write(&server, "alice.crt", issued["certificate"].as_str().unwrap());
    write(&server, "ca.crt", issued["ca_certificate"].as_str().unwrap());
    openssl(&server, "verify -x509_strict -purpose sslclient -CAfile ca.crt alice.crt");
    let serial = issued["serial_number"].as_str().unwrap();
    let revoked = server.run(&["ca", "revoke", serial, "--reason", "key_compromise"]);
    assert_eq!(revoked.line(), format!("revoked {serial} of operator/alice"));
    let shown = server.run(&["ca", "show", "--format", "json"]).json();
    assert_eq!(shown["certificates"]["revoked"], 1);
    assert!(server.run(&["ca", "show"]).out.contains("active"));

    let again = issue(&server, "operator", "alice");
    let serial = format!("cert/{}", again["serial_number"].as_str().unwrap());
    assert!(server.run(&["revoke", &serial]).line().contains("operator/alice"));
    assert!(server.run(&["ca", "revoke", "alice"]).failed(2).contains("KIND/NAME"));
    assert!(server.run(&["ca", "revoke", &"4".repeat(32)]).failed(1).contains("404"));
    let bad = server.run(&["ca", "issue", "--csr", "alice.crt", "--name", "alice"]);
    assert!(bad.failed(1).contains("not a certificate signing request"), "{}", bad.err);
}

#[test]
fn a_member_that_is_revoked_stays_out_until_it_is_released() {
    let server = Server::start();
    issue(&server, "worker", "gpu-1");
    let revoked = server.run(&["revoke", "worker/gpu-1", "--reason", "gone"]);
    assert!(
        revoked.line().starts_with("revoked 1 certificates of worker/gpu-1"),
        "{}",
        revoked.out
    );
    let refused = server.run(&["ca", "issue", "--csr", "request.pem", "--name", "gpu-1"]);
    assert!(refused.failed(1).contains("quarantined"), "{}", refused.err);
    assert_eq!(server.run(&["ca", "release", "worker/gpu-1"]).line(), "released worker/gpu-1");
    assert!(server.run(&["ca", "release", "worker/gpu-1"]).failed(1).contains("not quarantined"));
    server.run(&["ca", "issue", "--csr", "request.pem", "--name", "gpu-1"]).line();
    assert!(server.run(&["ca", "revoke", "worker/nobody"]).failed(1).contains("404"));
}

/// The steps of `docs/howto/rotate-the-ca.md`.
#[test]
fn the_ca_is_turned_over_in_two_steps() {
    let server = Server::start();
    assert!(
        server
            .run(&["ca", "rotate", "--activate"])
            .failed(1)
            .contains("no CA certificate is prepared")
    );
    let rotated = server.run(&["ca", "rotate"]);
    assert!(rotated.line().contains("next") && rotated.err.contains("ca rotate --activate"));
    assert_eq!(states(&server), ["active", "next"]);
    assert!(server.run(&["ca", "rotate"]).failed(1).contains("prepared already"));
    server.run(&["ca", "rotate", "--activate"]).line();
    assert_eq!(states(&server), ["active", "retiring"]);
    server.run(&["ca", "rotate", "--force"]).failed(2);
}
