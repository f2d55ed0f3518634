//! The CA's keys, and what a start makes of them.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use carnet_server::{AppError, CaFault};
use serde_json::json;

use crate::support::{AUTHORITY, As, Server};

/// The file of the only CA's key, and the CA's fingerprint.
async fn key_file(server: &Server) -> (PathBuf, String) {
    let ca = server.get(As::Admin, "/api/v1/admin/ca").await.expect(200).json();
    let sha256 = ca["bundle"]["certificates"][0]["sha256"].as_str().unwrap().to_owned();
    (server.directory.path().join(format!("ca/{sha256}.key")), sha256)
}

fn label(path: &PathBuf) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().next().unwrap().trim_matches('-').to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_makes_a_ca_whose_key_is_its_owners_alone() {
    let server = Server::start().await;
    let (file, sha256) = key_file(&server).await;
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    assert_eq!(label(&file), "BEGIN PRIVATE KEY");
    let directory = server.stop().await;
    let server = Server::start_in(directory, &[]).await;
    assert_eq!(key_file(&server).await.1, sha256, "the next start has the same");

    let directory = server.stop().await;
    std::fs::remove_file(&file).unwrap();
    let refused = Server::try_start_in(directory, &[]).await.err();
    assert!(matches!(refused, Some(AppError::Ca(CaFault::File { path, .. })) if path == file));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_sealed_with_what_there_is() {
    let server = Server::start_with(&AUTHORITY).await;
    let (file, _) = key_file(&server).await;
    assert_eq!(label(&file), "BEGIN CARNET SEALED PRIVATE KEY");
    let directory = server.stop().await;
    let refused = Server::try_start_in(directory, &AUTHORITY[1..]).await.err();
    assert!(refused.is_some(), "without its seal key nothing opens");

    let directory = tempfile::tempdir().unwrap();
    let passphrase = directory.path().join("passphrase");
    let name = passphrase.display().to_string();
    std::fs::write(&passphrase, "correct horse battery staple").unwrap();
    let settings = [AUTHORITY[0], AUTHORITY[1], ("ca.key_passphrase_file", name.as_str())];
    let server = Server::start_in(directory, &settings).await;
    let (file, sha256) = key_file(&server).await;
    assert_eq!(label(&file), "BEGIN CARNET PASSPHRASE PRIVATE KEY");
    let server = Server::start_in(server.stop().await, &settings).await;
    assert_eq!(key_file(&server).await.1, sha256);
    let directory = server.stop().await;
    std::fs::write(&passphrase, "another").unwrap();
    let refused = Server::try_start_in(directory, &settings).await.err();
    assert!(matches!(refused, Some(AppError::Ca(CaFault::Key { path, .. })) if path == file));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_of_certificates_is_checked() {
    let server = Server::start().await;
    let path = "/api/v1/admin/enrollments";
    for (body, field) in [
        (json!({ "name": "Capital" }), "name"),
        (json!({ "name": "a", "ttl": "59s" }), "ttl"),
        (json!({ "name": "a", "ttl": "24h1s" }), "ttl"),
        (json!({ "name": "a", "ttl": "soon" }), "ttl"),
        (json!({ "name": "a", "cert_ttl": "4m" }), "cert_ttl"),
        (json!({ "name": "a", "cert_ttl": "2161h" }), "cert_ttl"),
        (json!({ "name": "a", "dns": ["*.example"] }), "dns"),
        (json!({ "name": "a", "ip": ["somewhere"] }), "ip"),
        (json!({ "name": "a", "capabilities": ["a b"] }), "capabilities"),
        (json!({ "name": "a", "labels": { "": "x" } }), "labels"),
    ] {
        let refused =
            server.post(As::Admin, path, &body).await.expect_error(400, "invalid_request");
        assert_eq!(refused["details"]["field"], field, "{body}");
    }
    let made = server.post(As::Admin, path, &json!({ "name": "a" })).await.expect(201);
    assert_eq!(made.header("cache-control"), "no-store");

    // The longest life is the configuration's to say.
    let server = Server::start_with(&[("ca.max_leaf_ttl", "48h")]).await;
    let long = json!({ "name": "a", "cert_ttl": "49h" });
    server.post(As::Admin, path, &long).await.expect_error(400, "invalid_request");
    let ok = json!({ "name": "a", "cert_ttl": "48h" });
    assert_eq!(server.post(As::Admin, path, &ok).await.expect(201).json()["cert_ttl"], "48h0m0s");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_plane_is_never_quarantined_and_replaces_what_was_revoked() {
    let server = Server::start().await;
    let certificates = async || {
        let page = server.get(As::Admin, "/api/v1/admin/certificates").await.expect(200).json();
        page["certificates"].as_array().unwrap().clone()
    };
    let own = certificates().await;
    assert_eq!(own.len(), 1);
    let subject = own[0]["subject"].as_str().unwrap();
    let path = format!("/api/v1/admin/ca/identities/{subject}/revoke");
    server.post(As::Admin, &path, &json!({})).await.expect_error(409, "control_plane");
    let serial = own[0]["serial"].as_str().unwrap();
    let path = format!("/api/v1/admin/certificates/{serial}/revoke");
    let revoked = server.post(As::Admin, &path, &json!({ "reason": "key_compromise" })).await;
    let revoked = revoked.expect(200).json();
    assert_eq!(revoked["certificate"]["reason"], "key_compromise");
    let after = certificates().await;
    let statuses: Vec<_> = after.iter().map(|row| row["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["live", "revoked"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_own_certificate_follows_what_it_is_called() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("carnet.toml");
    std::fs::write(&file, "[ca]\norganization = \"One\"\n").unwrap();
    let server = Server::start_in(directory, &[]).await;
    let count = async || {
        let page = server.get(As::Admin, "/api/v1/admin/certificates").await.expect(200).json();
        page["certificates"].as_array().unwrap().len()
    };
    assert_eq!(count().await, 1);
    let text = "[ca]\norganization = \"Two\"\n[server]\nnames = [\"carnet.example\"]\n";
    std::fs::write(&file, text).unwrap();
    let reload = server.post(As::Admin, "/api/v1/admin/reload", &json!({})).await;
    assert_eq!(reload.expect(200).json()["changed"], json!(["server.names", "ca.organization"]));
    for _ in 0..200 {
        // Looked at every five seconds.
        server.hand.advance(std::time::Duration::from_secs(5));
        if count().await > 1 {
            break;
        }
    }
    assert_eq!(count().await, 2, "one more, for the new name, and no others");
    let rotated = server.post(As::Admin, "/api/v1/admin/ca/rotate", &json!({})).await;
    let next = rotated.expect(200).json()["bundle"]["certificates"][1]["certificate"].clone();
    let next = der(next.as_str().unwrap());
    assert!(next.windows(3).any(|part| part == b"Two"), "made by the new settings");
}

fn der(text: &str) -> Vec<u8> {
    use rustls::pki_types::pem::PemObject as _;
    rustls::pki_types::CertificateDer::from_pem_slice(text.as_bytes()).unwrap().to_vec()
}
