//! The registry, in the form of Crank's controller.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::enrollment::enrollment;
use super::registry::ID;
use super::support::{Fleet, Member};
use crate::support::Answer;

impl Fleet {
    /// Registers as `member` at the controller.
    pub async fn at_controller(&self, member: &Member, body: &Value) -> Answer {
        self.post(member, "/register", body).await
    }

    async fn post(&self, member: &Member, path: &str, body: &Value) -> Answer {
        let url = format!("{}{path}", self.url);
        self.send(self.client(Some(member)).post(url).json(body)).await
    }

    async fn ask_as(&self, member: &Member, path: &str) -> Value {
        let request = self.client(Some(member)).get(format!("{}{path}", self.url));
        self.send(request).await.expect(200).json()
    }
}

/// What a worker of Crank's says there.
fn form(capabilities: &Value) -> Value {
    json!({ "worker_id": ID, "worker_url": "https://localhost:8900", "capabilities": capabilities })
}

fn classify(version: &str) -> Value {
    json!({ "name": "example.classify", "verb": "classify", "version": version, "colour": "red" })
}

/// Promise: K-38
/// Promise: K-57
#[tokio::test(flavor = "multi_thread")]
async fn both_forms_are_one_worker_and_either_keeps_it_fresh() {
    let fleet = Fleet::start().await;
    let hello = fleet.member("hello-world").await;
    let both = json!({ "capabilities": ["example.classify"], "labels": { "gpu": "true" } });
    fleet.register(&hello, &both).await.expect(200);
    let registered = fleet.at_controller(&hello, &form(&json!([classify("1.4.0")]))).await;
    let registered = registered.expect(200).json();
    assert_eq!(
        registered,
        json!({ "status": "registered", "worker_id": ID, "capabilities_registered": 1 })
    );
    // What the one form says stays when the other is said again.
    fleet.register(&hello, &both).await.expect(200);
    let route = async |asks: Value| fleet.post(&hello, "/route", &asks).await;
    let asks = json!({ "verb": "classify", "capability": "example.classify", "version": "1.3.0",
        "requires_gpu": true, "labels": { "gpu": "true" }, "requester_identity": "spiffe://carnet.local/worker/ada" });
    let found = json!({ "worker_id": ID, "worker_url": "https://localhost:8900", "capability": "classify:example.classify" });
    assert_eq!(route(asks.clone()).await.expect(200).json(), found);
    for (name, value) in
        [("version", "2.0.0"), ("version", "x"), ("verb", "invoke"), ("capability", "a b")]
    {
        let mut asks = asks.clone();
        asks[name] = json!(value);
        let none = route(asks).await.expect(404).json();
        assert!(none["detail"].as_str().unwrap().starts_with("No worker available for "), "{none}");
    }

    // A worker that beats on one form alone is fresh on both.
    let beats = json!({ "worker_id": ID });
    for _ in 0..3 {
        fleet.server.hand.advance(Duration::from_secs(100));
        let beat = fleet.post(&hello, "/heartbeat", &beats).await.expect(200).json();
        assert_eq!(beat, json!({ "status": "ok", "acknowledged": true }));
    }
    assert_eq!(fleet.ask_as(&hello, "/v1/workers").await["workers"]["example"][0]["worker_id"], ID);
    fleet.server.hand.advance(Duration::from_secs(100));
    fleet.beat(&hello, ID, "service_type=example&load_score=0.5").await.expect(200);
    fleet.server.hand.advance(Duration::from_secs(100));
    let listed = fleet.ask_as(&hello, "/workers").await["workers"][0].clone();
    assert_eq!(
        (&listed["is_healthy"], &listed["worker_url"]),
        (&json!(true), &json!("https://localhost:8900"))
    );
    assert_eq!(listed["capabilities"], json!(["classify:example.classify"]));
    assert_eq!(fleet.worker(ID).await["load_score"], 0.5, "what it said elsewhere stays");
    fleet.server.hand.advance(Duration::from_secs(100));
    let counted = fleet.ask_as(&hello, "/capabilities").await;
    let expected = json!({ "classify:example.classify": { "workers": 1, "healthy_workers": 0 } });
    assert_eq!(counted["capabilities"], expected);
    route(asks).await.expect(404);

    let url = format!("{}/deregister/{ID}", fleet.url);
    fleet.send(fleet.client(Some(&hello)).request(Method::DELETE, url)).await.expect(200);
    let unknown = fleet.post(&hello, "/heartbeat", &beats).await.expect(404).json();
    assert_eq!(unknown, json!({ "status": "unknown_worker", "acknowledged": false }));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_capability_is_told_where_it_stands() {
    let fleet = Fleet::start().await;
    let hello = fleet.member("hello-world").await;
    for (capabilities, place, kind) in [
        (json!(["x"]), json!(["body", "capabilities", 0]), "model_attributes_type"),
        (json!([classify("1.0")]), json!(["body", "capabilities", 0, "version"]), "value_error"),
        (
            json!([{ "name": 7, "verb": "v", "version": "1.0.0" }]),
            json!(["body", "capabilities", 0, "name"]),
            "string_type",
        ),
        (
            json!([{ "name": "a b", "verb": "v", "version": "1.0.0" }]),
            json!(["body", "capabilities", 0, "name"]),
            "value_error",
        ),
        (
            json!([classify("1.0.0"), { "name": "a", "verb": "v", "version": "1.0.0", "requires_gpu": "no" }]),
            json!(["body", "capabilities", 1, "requires_gpu"]),
            "bool_type",
        ),
        (
            json!([{ "name": "a", "verb": "v", "version": "1.0.0", "max_concurrency": -1 }]),
            json!(["body", "capabilities", 0, "max_concurrency"]),
            "int_type",
        ),
        (
            json!([{ "name": "a", "verb": "v", "version": "1.0.0", "input_schema": [] }]),
            json!(["body", "capabilities", 0, "input_schema"]),
            "dict_type",
        ),
        (json!(vec![classify("1.0.0"); 65]), json!(["body", "capabilities"]), "too_long"),
        (json!({}), json!(["body", "capabilities"]), "list_type"),
    ] {
        let answer = fleet.at_controller(&hello, &form(&capabilities)).await.expect(422).json();
        assert_eq!(answer["detail"][0]["loc"], place, "{answer}");
        assert_eq!(answer["detail"][0]["type"], kind, "{answer}");
    }
}

/// Promise: K-41
/// Promise: K-42
#[tokio::test(flavor = "multi_thread")]
async fn the_controller_lets_nobody_be_more_than_it_is() {
    let fleet = Fleet::start().await;
    let (hello, other) = (fleet.member("hello-world").await, fleet.member("other").await);
    fleet.at_controller(&hello, &form(&json!([classify("1.0.0")]))).await.expect(200);
    let refused =
        |answer: Answer| assert_eq!(answer.expect(403).json(), json!({ "detail": "Forbidden" }));
    refused(fleet.at_controller(&other, &form(&json!([]))).await);
    refused(fleet.post(&other, "/heartbeat", &json!({ "worker_id": ID })).await);
    let url = format!("{}/deregister/{ID}", fleet.url);
    refused(fleet.send(fleet.client(Some(&other)).request(Method::DELETE, url)).await);
    let body = json!({ "name": "gpu-1", "capabilities": ["image.*"] });
    let (_, token) = enrollment(&fleet, &body).await;
    let gpu = fleet.enroll(&token, "gpu-1").await;
    let mut asks = form(&json!([classify("1.0.0")]));
    asks["worker_id"] = json!("gpu");
    refused(fleet.at_controller(&gpu, &asks).await);
    asks["worker_url"] = json!("https://elsewhere.example");
    asks["capabilities"] = json!([]);
    refused(fleet.at_controller(&gpu, &asks).await);
}
