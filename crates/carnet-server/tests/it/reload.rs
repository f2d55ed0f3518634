//! A changed configuration is in force at once, or not at all.

use serde_json::json;

use crate::support::{AUTHORITY, As, Server};

const ROUTE: &str = "/api/v1/admin/reload";

fn manifest(secret: &str, previous: &str) -> String {
    format!(
        "[root_task]\nschema = \"1.5\"\n[[tickets]]\nrole = \"worker-gpu\"\nsecret = \"{secret}\"\n{previous}"
    )
}

/// Promise: W-41
#[tokio::test(flavor = "multi_thread")]
async fn keys_and_files_change_live_and_a_broken_change_leaves_the_old_ones_in_force() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("signing_key");
    std::fs::write(&file, "the-first-signing-key-of-at-least-32-bytes").unwrap();
    let path = file.display().to_string();
    let settings = [AUTHORITY[0], ("auth.worker_signing_key_file", path.as_str())];
    let server = Server::start_in(directory, &settings).await;
    let key = async || {
        let body = json!({ "worker_id": "worker-a" });
        let minted = server.post(As::Admin, "/api/v1/admin/worker-tokens", &body).await;
        minted.expect(200).json()["key_id"].as_str().unwrap().to_owned()
    };
    let first = key().await;

    std::fs::write(&file, "the-second-signing-key-of-at-least-32-bytes").unwrap();
    assert_eq!(key().await, first, "nothing is read again by itself");
    let reloaded = server.post(As::Admin, ROUTE, &json!({})).await.expect(200).json();
    assert_eq!(reloaded["changed"], json!(["auth.worker_signing_key"]));
    assert_eq!(reloaded["needs_restart"], json!([]));
    let second = key().await;
    assert_ne!(second, first);

    std::fs::write(&file, "short").unwrap();
    let refused =
        server.post(As::Admin, ROUTE, &json!({})).await.expect_error(409, "reload_failed");
    let errors = refused["details"]["errors"].to_string();
    assert!(errors.contains("auth.worker_signing_key") && !errors.contains("short\""), "{errors}");
    assert_eq!(key().await, second);
    let ready = server.get(As::Nobody, "/ready").await.expect(200).json();
    assert_eq!(ready["checks"]["config"], "degraded");

    std::fs::write(&file, "the-third-signing-key-of-at-least-32-bytes!").unwrap();
    for _ in 0..200 {
        // Looked at every five seconds.
        server.hand.advance(std::time::Duration::from_secs(5));
        tokio::task::yield_now().await;
        if key().await != second {
            break;
        }
    }
    assert_ne!(key().await, second);
    let ready = server.get(As::Nobody, "/ready").await.expect(200).json();
    assert_eq!(ready["checks"]["config"], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn role_secrets_and_api_keys_change_live() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("root_task.toml");
    std::fs::write(&path, manifest("the-first-role-secret-of-at-least-32-bytes", "")).unwrap();
    let server = Server::start_in(directory, &AUTHORITY).await;
    let body = json!({ "class": "capability", "role": "worker-gpu", "subject": "gpu-1" });
    let key = async || {
        let minted = server.post(As::Admin, "/api/v1/admin/tickets", &body).await;
        minted.expect(201).json()["entry"]["key_id"].clone()
    };
    let first = key().await;
    std::fs::write(&path, manifest("the-second-role-secret-of-at-least-32-bytes", "")).unwrap();
    let reloaded = server.post(As::Admin, ROUTE, &json!({})).await.expect(200).json();
    assert_eq!(reloaded["changed"], json!(["namespace.manifest"]));
    assert_ne!(key().await, first);
    std::fs::write(&path, "[[tickets]").unwrap();
    server.post(As::Admin, ROUTE, &json!({})).await.expect_error(409, "reload_failed");
    key().await;
}
