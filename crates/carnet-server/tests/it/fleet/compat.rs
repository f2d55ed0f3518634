//! Workers of Crank's, which come without a certificate.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::registry::ID;
use super::support::Fleet;
use crate::support::{AUTHORITY, Answer, As};

const COMPAT: [(&str, &str); 3] = [AUTHORITY[0], AUTHORITY[1], ("fleet.compat", "true")];

const SHARED: &str = "a-token-that-all-workers-share";

/// What a worker of Crank's asks for, as far as it says who it is: platform, controller, and open routes.
const ASKED: [(&str, &str); 9] = [
    ("POST", "/v1/workers/register"),
    ("POST", "/v1/workers/worker-656bc5db/heartbeat"),
    ("GET", "/v1/workers"),
    ("POST", "/register"),
    ("POST", "/heartbeat"),
    ("POST", "/route"),
    ("GET", "/capabilities"),
    ("GET", "/workers"),
    ("DELETE", "/deregister/worker-656bc5db"),
];

impl Fleet {
    /// A token of a worker.
    pub async fn worker_token(&self, id: &str) -> String {
        self.token_with(&json!({ "worker_id": id })).await
    }

    async fn token_with(&self, body: &Value) -> String {
        let path = "/api/v1/admin/worker-tokens";
        let minted = self.server.post(As::Admin, path, body).await.expect(200).json();
        minted["token"].as_str().unwrap().to_owned()
    }

    fn asks(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.client(None).request(method, format!("{}{path}", self.url))
    }

    async fn as_token(&self, token: &str, method: &str, path: &str, body: &Value) -> Answer {
        self.send(self.asks(method, path).bearer_auth(token).json(body)).await
    }
}

fn platform() -> Value {
    json!({
        "worker_id": ID,
        "service_type": "example",
        "endpoint": "https://hello-world:8900",
        "health_url": "https://hello-world:8900/health",
        "capabilities": ["example.hello_world"],
    })
}

fn refused(answer: Answer, status: u16, detail: &str) {
    assert_eq!(answer.expect(status).json(), json!({ "detail": detail }));
}

/// Promise: K-38
/// Promise: K-39
#[tokio::test(flavor = "multi_thread")]
async fn an_unmodified_worker_of_cranks_is_one_of_the_fleet_where_that_is_allowed() {
    let fleet = Fleet::start_with(&COMPAT).await;
    fleet.member("hello-world").await;
    let token = fleet.worker_token(ID).await;
    let call = async |method, path, body: &Value| fleet.as_token(&token, method, path, body).await;
    call("POST", "/v1/workers/register", &platform()).await.expect(200);
    let capability = json!({ "name": "example.hello_world", "verb": "invoke", "version": "1.0.0" });
    let form = json!({ "worker_id": ID, "worker_url": "https://hello-world:8900", "capabilities": [capability] });
    call("POST", "/register", &form).await.expect(200);
    let beat = fleet
        .asks("POST", "/v1/workers/worker-656bc5db/heartbeat")
        .basic_auth("anybody", Some(&token))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("service_type=example&load_score=0.5");
    let beat = fleet.send(beat).await.expect(200);
    assert_eq!(
        (beat.json()["alive"].clone(), beat.header("carnet-state")),
        (json!(true), "online")
    );
    call("POST", "/heartbeat", &json!({ "worker_id": ID })).await.expect(200);
    let asks = json!({ "verb": "invoke", "capability": "example.hello_world" });
    assert_eq!(call("POST", "/route", &asks).await.expect(200).json()["worker_id"], ID);
    let worker = fleet.worker(ID).await;
    assert_eq!((&worker["load_score"], &worker["spiffe_id"]), (&json!(0.5), &json!(null)));
    assert_eq!((&worker["name"], &worker["serial"]), (&json!(ID), &json!(null)));
    call("DELETE", "/deregister/worker-656bc5db", &json!({})).await.expect(200);
}

/// Promise: K-39
#[tokio::test(flavor = "multi_thread")]
async fn without_compat_whoever_has_no_certificate_is_nobody() {
    let strict = Fleet::start_with(&AUTHORITY).await;
    let token = strict.worker_token(ID).await;
    for (method, path) in ASKED {
        let answer = strict.as_token(&token, method, path, &platform()).await;
        refused(answer, 401, "Client certificate required");
    }
    let compat = Fleet::start_with(&COMPAT).await;
    for (method, path) in ASKED {
        let answer = compat.send(compat.asks(method, path)).await;
        refused(answer, 401, "Missing authorization header");
    }
}

/// Promise: K-39
/// Promise: K-41
#[tokio::test(flavor = "multi_thread")]
async fn a_token_lets_its_worker_in_and_nobody_else() {
    let mut settings = COMPAT.to_vec();
    settings.push(("auth.failure_limit_per_minute", "0"));
    let fleet = Fleet::start_with(&settings).await;
    let token = fleet.worker_token(ID).await;
    let register = async |token: &str, body: &Value| {
        fleet.as_token(token, "POST", "/v1/workers/register", body).await
    };
    register(&token, &platform()).await.expect(200);
    let other = fleet.worker_token("other").await;
    refused(register(&other, &platform()).await, 403, "Forbidden");
    let mut plain = platform();
    plain["endpoint"] = json!("http://hello-world:8900");
    refused(register(&token, &plain).await, 403, "Forbidden");
    // An identity of the fleet is none that a token could say, and a certificate's id is not a token's.
    let member = fleet.member("hello-world").await;
    fleet.register(&member, &json!({ "worker_id": "certified" })).await.expect(200);
    let mut certified = platform();
    certified["worker_id"] = json!("certified");
    refused(register(&token, &certified).await, 403, "Forbidden");
    let beat = async |token: &str, id: &str| {
        fleet.as_token(token, "POST", &format!("/api/v1/worker/{id}/heartbeat"), &json!({})).await
    };
    assert_eq!(beat(&token, "another").await.expect(403).json()["code"], "UNAUTHORIZED");
    beat(&other, "other").await.expect(200);

    for (body, status) in [
        (json!({ "worker_id": ID, "audience": "worker:rpc" }), 401),
        (json!({ "worker_id": ID, "scopes": ["worker:lease"] }), 403),
        (json!({ "worker_id": ID, "not_before": "1m" }), 401),
    ] {
        let token = fleet.token_with(&body).await;
        let detail = if status == 401 { "Invalid token" } else { "Forbidden" };
        refused(register(&token, &platform()).await, status, detail);
    }
    for header in ["Bearer x", "Basic x", "Basic eDp5", "Ticket x", "Bearer"] {
        let request = fleet.asks("GET", "/v1/workers").header("Authorization", header);
        refused(fleet.send(request).await, 401, "Invalid token");
    }
    let named = format!("{token}x");
    refused(register(&named, &platform()).await, 401, "Invalid token");
}

/// Promise: K-45
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_by_token_is_quarantined_by_its_subject_until_it_is_released() {
    let fleet = Fleet::start_with(&COMPAT).await;
    let token = fleet.worker_token(ID).await;
    let register = async |token: &str| {
        fleet.as_token(token, "POST", "/v1/workers/register", &platform()).await
    };
    register(&token).await.expect(200);
    let path = |verb: &str| format!("/api/v1/admin/workers/{ID}/{verb}");
    let because = json!({ "reason": "mines coins" });
    let out = fleet.server.post(As::Admin, &path("quarantine"), &because).await.expect(200).json();
    assert_eq!(
        (&out["state"], &out["state_reason"]),
        (&json!("quarantined"), &json!("mines coins"))
    );
    refused(register(&token).await, 401, "Invalid token");
    // What is issued within the same second counts as issued before.
    fleet.server.hand.advance(Duration::from_secs(1));
    let token = fleet.worker_token(ID).await;
    refused(register(&token).await, 403, "Forbidden");
    fleet.server.post(As::Admin, &path("release"), &json!({})).await.expect(200);
    register(&token).await.expect(200);
    fleet.server.hand.advance(Duration::from_mins(6));
    refused(register(&token).await, 401, "Invalid token");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_static_token_is_of_whom_its_carrier_names() {
    let mut settings = COMPAT.to_vec();
    settings.push(("auth.worker_token", SHARED));
    let fleet = Fleet::start_with(&settings).await;
    let register =
        || fleet.asks("POST", "/v1/workers/register").bearer_auth(SHARED).json(&platform());
    refused(fleet.send(register()).await, 401, "Invalid token");
    fleet.send(register().header("X-Worker-ID", ID)).await.expect(200);
    refused(fleet.send(register().header("X-Worker-ID", "other")).await, 403, "Forbidden");
    let member = "spiffe://carnet.local/worker/hello-world";
    refused(fleet.send(register().header("X-Worker-ID", member)).await, 401, "Invalid token");
    // Whoever guesses has to wait.
    let mut statuses = Vec::new();
    for _ in 0..12 {
        let request = fleet.asks("GET", "/v1/workers").bearer_auth("guess");
        statuses.push(fleet.send(request).await.status.as_u16());
    }
    assert_eq!(statuses.last(), Some(&429));
}
