//! `carnet enroll …`: tokens that are shown once.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::support::{Server, run_with};

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Promise: K-69
#[test]
fn a_token_is_shown_once_ready_to_be_used() {
    let server = Server::start();
    let made = server.run(&["enroll", "new", "--name", "gpu-1"]);
    let lines: Vec<_> = made.line().lines().collect();
    let url = lines.last().unwrap().strip_prefix("CA_SERVICE_URL=https://enroll:").unwrap();
    let (token, host) = url.split_once('@').unwrap();
    assert!(token.starts_with("carnet-enroll-v1.") && token.len() == 104, "{token}");
    assert!(host.starts_with("127.0.0.1:"), "{host}");
    assert!(made.out.contains("spiffe://carnet.local/worker/gpu-1"));
    let ca = server.run(&["ca", "show", "--format", "json"]).json();
    let sha256 = text(&ca["bundle"]["certificates"][0]["sha256"]);
    assert!(made.out.contains(sha256), "the fingerprint of the CA stands beside: {}", made.out);
    for list in [&["enroll", "list"][..], &["enroll", "list", "--all", "--format", "json"]] {
        let list = server.run(list);
        assert!(
            list.out.contains("gpu-1") && !list.out.contains("carnet-enroll-v1"),
            "{}",
            list.out
        );
    }
    assert!(!server.log().contains(token.split('.').nth(1).unwrap()));

    let made = server.run(&[
        "enroll",
        "new",
        "--name",
        "gpu-2",
        "--dns",
        "gpu.example",
        "--ip",
        "192.0.2.1",
        "--no-localhost",
        "--capability",
        "image.*",
        "--label",
        "zone=a",
        "--cert-ttl",
        "1h",
        "--format",
        "json",
    ]);
    let made = made.json();
    let shown = made.as_object().unwrap();
    for name in [
        "id",
        "name",
        "spiffe_id",
        "dns",
        "ip",
        "capabilities",
        "labels",
        "cert_ttl",
        "expires_at",
        "token",
        "url",
        "ca_sha256",
    ] {
        assert!(shown.contains_key(name), "{name}");
    }
    assert_eq!(made["dns"], serde_json::json!(["gpu-2", "gpu.example"]));
    assert_eq!(made["ip"], serde_json::json!(["192.0.2.1"]));
    assert_eq!((text(&made["cert_ttl"]), text(&made["labels"]["zone"])), ("1h0m0s", "a"));
    assert_eq!(made["ca_sha256"], ca["bundle"]["certificates"][0]["sha256"]);
    assert_eq!(made["url"], format!("https://enroll:{}@{host}", text(&made["token"])));
}

/// Promise: K-69
#[test]
fn urls_go_into_a_new_private_file_and_nowhere_else() {
    let server = Server::start();
    let made = server.run(&["enroll", "new", "--name", "gpu", "--count", "3", "--output", "urls"]);
    assert!(
        made.line().contains("gpu-3") && !made.out.contains("carnet-enroll-v1"),
        "{}",
        made.out
    );
    let file = server.folder.path().join("urls");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let urls = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        urls.lines().filter(|line| line.starts_with("https://enroll:carnet-enroll-v1.")).count(),
        3
    );

    let again = server.run(&["enroll", "new", "--name", "gpu-9", "--output", "urls"]);
    assert!(again.failed(3).contains("urls"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), urls, "it stays as it is");
    let list = server.run(&["enroll", "list"]).out;
    assert!(!list.contains("gpu-9"), "nothing was made that nobody could use");
    let json = server.run(&["enroll", "new", "--name", "a", "--count", "2", "--format", "json"]);
    let names: Vec<_> =
        json.json().as_array().unwrap().iter().map(|made| made["name"].clone()).collect();
    assert_eq!(names, ["a-1", "a-2"]);
    for wrong in
        [&["--count", "0"][..], &["--count", "1001"], &["--ttl", "soon"], &["--dns", "*.a"]]
    {
        server.run(&[&["enroll", "new", "--name", "a"], wrong].concat()).failed(2);
    }
    let long = server.run(&["enroll", "new", "--name", "a", "--ttl", "25h", "--output", "none"]);
    assert!(long.failed(1).contains("24 hours"), "{}", long.err);
    assert!(!server.folder.path().join("none").exists(), "an empty file is in nobody's way");
}

/// An enrollment is withdrawn by its id, or by its token, which the server does not see.
#[test]
fn an_enrollment_is_withdrawn_by_its_id_or_its_token() {
    let server = Server::start();
    let made =
        |name: &str| server.run(&["enroll", "new", "--name", name, "--format", "json"]).json();
    let (first, second, third) = (made("a"), made("b"), made("c"));
    let id = text(&first["id"]);
    assert_eq!(server.run(&["enroll", "revoke", id]).line(), format!("revoked {id}"));
    let id = text(&second["id"]);
    assert_eq!(server.run(&["revoke", id]).line(), format!("revoked {id}"));
    let token = text(&third["token"]);
    assert!(server.run(&["revoke", token]).failed(2).contains("stdin"));
    let revoked = run_with(&mut server.carnet(&["revoke", "-"]), token.as_bytes());
    assert!(revoked.line().starts_with("revoked ") && !revoked.out.contains(token));
    assert_eq!(
        server.run(&["enroll", "list", "--format", "json"]).json()["enrollments"],
        serde_json::json!([])
    );
    let unknown = "enroll:01HQXK5V8N3Y7M2P4R6T9W0ABC";
    assert!(server.run(&["enroll", "revoke", unknown]).failed(1).contains("404"));
}
