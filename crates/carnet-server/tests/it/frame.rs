//! What every answer has.

use reqwest::Method;
use serde_json::json;

use crate::support::{As, Server};

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_a_request_id_and_the_control_plane_repeats_it_in_errors() {
    let server = Server::start().await;
    for path in ["/live", "/api/v1/me", "/api/realm/self", "/nothing"] {
        let answer = server.get(As::Nobody, path).await;
        assert_eq!(answer.header("x-request-id").len(), 26, "{path}");
        assert_eq!(
            (answer.header("x-content-type-options"), answer.header("referrer-policy")),
            ("nosniff", "no-referrer")
        );
    }
    let given = server
        .request(As::Nobody, Method::GET, "/api/v1/me")
        .header("X-Request-ID", "my.request-1_a");
    let answer = server.send(given).await;
    assert_eq!(answer.header("x-request-id"), "my.request-1_a");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    let body = answer.expect_error(401, "unauthorized");
    assert_eq!(body["request_id"], "my.request-1_a");
    for bad in ["with space", "", &"x".repeat(129), "a/b"] {
        let request = server.request(As::Nobody, Method::GET, "/live").header("X-Request-ID", bad);
        assert_ne!(server.send(request).await.header("x-request-id"), bad);
    }
    let realm = server.get(As::Nobody, "/api/realm/self").await.expect_error(401, "unauthorized");
    assert!(realm.get("request_id").is_none(), "realm errors have it in the header alone");
}

/// Whatever is wrong with a credential, the caller learns the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_denied_caller_learns_nothing_about_why() {
    let server = Server::start().await;
    let mut bodies = Vec::new();
    let unknown = format!("carnet_ak_01HQXK5V8N3Y7M2P4R6T9W0ABC_{}", "a".repeat(43));
    for key in ["wrong", &unknown, "carnet_ak_short", &"k".repeat(5000)] {
        let mut body =
            server.get(As::Key(key), "/api/v1/me").await.expect_error(401, "unauthorized");
        body["request_id"] = json!("");
        bodies.push(body);
    }
    let bearer =
        server.request(As::Api, Method::GET, "/api/v1/me").bearer_auth("eyJhbGciOiJub25lIn0.e30.");
    let mut body = server.send(bearer).await.expect_error(401, "unauthorized");
    body["request_id"] = json!("");
    bodies.push(body);
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{bodies:?}");
}

/// `Authorization` decides when it is there: a bad one is refused even beside a good key.
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_authorization_is_refused_beside_a_good_key() {
    let server = Server::start().await;
    for value in [
        "Bearer x",
        "Ticket ticket:01HQXK5V8N3Y7M2P4R6T9W0ABC",
        "Agent casfa_x",
        "Basic YTpi",
        "nonsense",
        "",
    ] {
        let request =
            server.request(As::Admin, Method::GET, "/api/v1/me").header("Authorization", value);
        server.send(request).await.expect_error(401, "unauthorized");
    }
}

/// The admin key opens nothing in the header of other keys; other keys are taken in its header.
#[tokio::test(flavor = "multi_thread")]
async fn keys_count_in_their_own_headers() {
    let server = Server::start().await;
    server
        .get(As::Key(crate::support::ADMIN_KEY), "/api/v1/me")
        .await
        .expect_error(401, "unauthorized");
    let request = server.request(As::Nobody, Method::GET, "/api/v1/me");
    let me = server
        .send(request.header("X-Admin-API-Key", crate::support::API_KEY))
        .await
        .expect(200)
        .json();
    assert_eq!((&me["id"], &me["roles"]), (&json!("key:api"), &json!(["api"])));
}

/// Promise: P-33
#[tokio::test(flavor = "multi_thread")]
async fn an_api_key_is_admin_only_with_the_fallback_on_and_no_admin_key() {
    let role = async |settings: &[(&str, &str)]| {
        let server = Server::start_with(settings).await;
        server.get(As::Api, "/api/v1/me").await.expect(200).json()["roles"][0]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(role(&[]).await, "api");
    assert_eq!(role(&[("auth.admin_fallback_enabled", "true")]).await, "api");
    assert_eq!(
        role(&[("auth.admin_fallback_enabled", "true"), ("auth.admin_api_key", "")]).await,
        "admin"
    );
    assert_eq!(role(&[("auth.admin_api_key", "")]).await, "api");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_authentication_everybody_is_admin_and_bad_credentials_stay_bad() {
    let server = Server::start_with(&[("auth.enabled", "false")]).await;
    let me = server.get(As::Nobody, "/api/v1/me").await.expect(200).json();
    assert_eq!((&me["id"], &me["roles"]), (&json!("anonymous"), &json!(["admin"])));
    server.get(As::Nobody, "/api/realm/self/usage").await.expect(200);
    server.get(As::Key("wrong"), "/api/v1/me").await.expect_error(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn health_tells_version_and_metrics_tell_the_gate() {
    let server = Server::start().await;
    let health = server.get(As::Nobody, "/health").await.expect(200).json();
    assert_eq!((&health["status"], &health["checks"]["store"]), (&json!("ok"), &json!("ok")));
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
    server.get(As::Key("wrong"), "/api/v1/me").await.expect(401);
    let metrics = server.get(As::Api, "/metrics").await.expect(200);
    let text = String::from_utf8(metrics.bytes).unwrap();
    let denied = text.lines().find(|line| {
        line.starts_with("carnet_gate_admissions_total") && line.contains("result=\"denied\"")
    });
    assert!(denied.is_some_and(|line| line.contains("reason=\"unknown\"")), "{text}");
    assert!(!text.contains("wrong"), "no label has what callers send");
    let open = Server::start_with(&[("metrics.public", "true")]).await;
    open.get(As::Nobody, "/metrics").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_the_control_plane_are_judged_strictly() {
    let server = Server::start_with(&[("server.max_body", "1KiB")]).await;
    let path = "/api/v1/admin/api-keys";
    let send = async |body: String| {
        let request = server
            .request(As::Admin, Method::POST, path)
            .header("Content-Type", "application/json");
        server.send(request.body(body)).await
    };
    for body in [
        "",
        "null",
        "[]",
        "{",
        r#"{"name":"a"}"#,
        r#"{"name":"a","role":"api"} x"#,
        r#"{"name":"a","role":"root"}"#,
        r#"{"name":"a","role":"api","extra":1}"#,
        r#"{"name":"a","name":"b","role":"api"}"#,
        r#"{"Name":"a","role":"api"}"#,
        r#"{"name":"","role":"api"}"#,
        r#"{"name":"a","role":"api","expires_at":"then"}"#,
        r#"{"name":"a","role":"api","expires_at":"2020-01-01T00:00:00Z"}"#,
        r#"{"name":"a","role":"api","tenant_id":"A b"}"#,
    ] {
        send(body.to_owned()).await.expect_error(400, "invalid_request");
    }
    let long = format!(r#"{{"name":"{}","role":"api"}}"#, "n".repeat(2000));
    let details = send(long).await.expect_error(413, "too_large")["details"].clone();
    assert_eq!(details["max"], 1024);
}
