//! What the CA's routes answer.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::support::Fleet;
use crate::support::{Answer, As};

/// Promise: K-9
#[tokio::test(flavor = "multi_thread")]
async fn what_anybody_may_ask_is_answered_as_crank_clients_read_it() {
    let fleet = Fleet::start().await;
    let health = fleet.get("/health").await.expect(200).json();
    let healthy =
        json!({ "status": "healthy", "service": "certificate-authority", "provider": "carnet" });
    assert_eq!(health, healthy);

    let certificate = fleet.get("/ca/certificate").await.expect(200).json();
    assert_eq!(certificate["provider"], "carnet");
    let pem = certificate["ca_certificate"].as_str().unwrap();
    assert_eq!(pem.matches("BEGIN CERTIFICATE").count(), 1);

    let bundle = fleet.get("/ca/bundle").await.expect(200);
    let text = String::from_utf8(bundle.bytes.clone()).unwrap();
    assert!(text.starts_with(r#"{"trust_domain":"carnet.local","sequence":1,"refresh_hint_seconds":300,"certificates":[{"certificate":"-----BEGIN"#), "{text}");
    let bundle = bundle.json();
    assert_eq!(bundle["certificates"][0]["state"], "active");
    assert_eq!(bundle["certificates"][0]["certificate"], pem);

    let crl = fleet.get("/ca/crl").await.expect(200);
    assert_eq!(crl.header("content-type"), "application/pkix-crl");
    assert_eq!(crl.header("cache-control"), "max-age=300");
    assert_eq!(crl.bytes[0], 0x30, "DER");
}

/// Promise: K-9
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_refused_in_one_member() {
    let fleet = Fleet::start().await;
    let client = fleet.client(None);
    let ask = |method: Method, path: &str| client.request(method, format!("{}{path}", fleet.url));
    let table = [
        (Method::GET, "/", 404, "Not Found"),
        (Method::GET, "/api/v1/me", 404, "Not Found"),
        (Method::GET, "/enroll/some-token/", 404, "Not Found"),
        (Method::PUT, "/ca/certificate", 405, "Method Not Allowed"),
        (Method::POST, "/certificates/platform", 410, "Gone: send a CSR to /certificates/csr"),
        (Method::POST, "/certificates/server", 410, "Gone: send a CSR to /certificates/csr"),
        (Method::POST, "/certificates/client", 410, "Gone: send a CSR to /certificates/csr"),
        (Method::DELETE, "/certificates/0123", 401, "Unauthorized"),
    ];
    for (method, path, status, detail) in table {
        let answer = fleet.send(ask(method, path)).await.expect(status);
        assert_eq!(answer.json(), json!({ "detail": detail }), "{path}");
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("allow"), if status == 405 { "GET,HEAD" } else { "" });
        let scheme = if status == 401 { "Basic realm=\"carnet-ca\"" } else { "" };
        assert_eq!(answer.header("www-authenticate"), scheme);
    }
}

/// Promise: K-9
#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_looked_at_before_credentials() {
    let fleet = Fleet::start().await;
    let client = fleet.client(None);
    let post = async |path: &str, body: Vec<u8>| {
        fleet.send(client.post(format!("{}{path}", fleet.url)).body(body)).await
    };
    let problem = |kind: &str, at: Value, message: &str, input: Value| json!([{ "type": kind, "loc": at, "msg": message, "input": input }]);
    let not_json = |offset: u64| {
        let mut problem =
            problem("json_invalid", json!(["body", offset]), "JSON decode error", json!({}));
        problem[0]["ctx"] = json!({ "error": "Expecting value" });
        problem
    };
    let dict = |input: Value| {
        problem("dict_type", json!(["body"]), "Input should be a valid dictionary", input)
    };
    for path in ["/certificates/csr", "/certificates/renew"] {
        let table: [(&[u8], u16, Value); 10] = [
            (b"", 422, not_json(0)),
            (b"nope", 422, not_json(0)),
            (b"{\"csr\": }", 422, not_json(8)),
            (b"[]", 422, dict(json!([]))),
            (b"\"text\"", 422, dict(json!("text"))),
            (b"null", 422, dict(json!(null))),
            (b"{}", 400, json!("CSR is required")),
            (b"{\"csr\":\"\"}", 400, json!("CSR is required")),
            (b"{\"csr\":null}", 400, json!("CSR is required")),
            (b"{\"csr\":\"x\"}", 401, json!("Unauthorized")),
        ];
        for (body, status, detail) in table {
            let answer = post(path, body.to_vec()).await.expect(status);
            assert_eq!(answer.json(), json!({ "detail": detail }), "{path}");
        }
        let large = post(path, vec![b' '; (64 << 10) + 1]).await.expect(413);
        assert_eq!(large.json(), json!({ "detail": "Request body is too large" }));
    }
}

/// Promise: K-71
#[tokio::test(flavor = "multi_thread")]
async fn the_listener_speaks_tls_alone() {
    let fleet = Fleet::start().await;
    let plain = fleet.url.replace("https", "http");
    let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().unwrap();
    assert!(client.get(format!("{plain}/health")).send().await.is_err());
    // What members call is nowhere else.
    for path in ["/ca/certificate", "/ca/crl", "/v1/workers"] {
        fleet.server.get(As::Admin, path).await.expect(404);
    }
    let posted = fleet.server.post(As::Admin, "/certificates/csr", &json!({})).await;
    posted.expect(404);
    // What was never certified is not believed.
    assert!(client.get(format!("{}/health", fleet.url)).send().await.is_err());
    let answer =
        Answer::of(fleet.client(None).get(format!("{}/health", fleet.url)).send().await.unwrap());
    assert_eq!(answer.await.status, StatusCode::OK);
}
