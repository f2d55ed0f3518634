//! What may be asked for, by whom, and how much.

use reqwest::Method;
use serde_json::json;

use super::support::{Worker, task};
use crate::fleet::support::Fleet;
use crate::support::{As, Server, text};

/// Promise: K-61
#[tokio::test(flavor = "multi_thread")]
async fn a_key_makes_one_task_and_another_body_is_a_conflict() {
    let server = Server::start().await;
    let submit = |caller, key: &'static str, body| {
        let request = server.request(caller, Method::POST, "/api/v1/tasks");
        server.send(request.header("Idempotency-Key", key).json(&task(body)))
    };
    let asks = (0..8).map(|_| submit(As::Api, "one", json!({})));
    let answers = futures::future::join_all(asks).await;
    let made = answers.iter().filter(|answer| answer.status == 202).count();
    assert_eq!(made, 1, "however many ask at once");
    let ids: Vec<_> = answers.iter().map(|answer| answer.json()["task"]["id"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    let other = submit(As::Api, "one", json!({ "params": { "x": 1 } })).await;
    other.expect_error(409, "conflict");
    submit(As::Admin, "one", json!({})).await.expect(202);
    submit(As::Api, &"k".repeat(129).leak()[..], json!({}))
        .await
        .expect_error(400, "invalid_request");
}

/// Promise: K-61
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_named() {
    let server = Server::start().await;
    for (differs, field) in [
        (json!({ "capabillity": "x.y" }), "capabillity"),
        (json!({ "limits": { "time": "5m" } }), "limits.time"),
        (json!({ "limits": { "timeout": "25h" } }), "limits.timeout"),
        (json!({ "limits": { "max_attempts": 0 } }), "limits.max_attempts"),
        (json!({ "limits": { "output_bytes": -1 } }), "limits.output_bytes"),
        (json!({ "params": { "x": "y".repeat(65_536) } }), "params"),
        (json!({ "labels": { "": "x" } }), "labels"),
        (json!({ "version": "1.0" }), "version"),
        (json!({ "input": ["node:x"] }), "input"),
        (json!({ "image": "" }), "image"),
    ] {
        let answer = server.post(As::Api, "/api/v1/tasks", &task(differs)).await;
        let body = answer.expect_error(400, "invalid_request");
        assert_eq!(body["details"]["field"], field, "{body}");
    }
    for body in ["", "[]", "null", r#"{"capability":"x.y","capability":"x.z"}"#] {
        let request = server.request(As::Api, Method::POST, "/api/v1/tasks").body(body);
        server.send(request).await.expect_error(400, "invalid_request");
    }
}

/// Promise: K-61
#[tokio::test(flavor = "multi_thread")]
async fn more_than_may_wait_is_refused_and_takes_no_place() {
    let server = Server::start_with(&[("tasks.max_pending", "2")]).await;
    let body = task(json!({}));
    let submit = || server.post(As::Api, "/api/v1/tasks", &body);
    let first = submit().await.expect(202).json();
    submit().await.expect(202);
    for _ in 0..3 {
        let refused = submit().await.expect(429);
        assert_eq!(refused.header("retry-after"), "1");
        assert_eq!(refused.json()["error"], "resource_limit");
    }
    let cancel = format!("/api/v1/tasks/{}/cancel", first["task"]["id"].as_str().unwrap());
    server.post(As::Api, &cancel, &json!({})).await.expect(202);
    submit().await.expect(202);
    submit().await.expect(429);
}

/// Promise: K-58
#[tokio::test(flavor = "multi_thread")]
async fn nobody_asks_for_more_than_it_has() {
    let server = Server::start_with_users(&[]).await;
    let theirs = text("of another realm");
    server.put_node(As::Admin, &theirs).await.expect(200);
    let asked = task(json!({ "input": [theirs.key] }));
    server.post(As::Api, "/api/v1/tasks", &asked).await.expect_error(403, "forbidden");
    let realm = server.get(As::Admin, "/api/v1/me").await.expect(200).json()["home_realm"].clone();
    let asked = task(json!({ "realm": realm }));
    server.post(As::Api, "/api/v1/tasks", &asked).await.expect_error(403, "forbidden");
    // An agent submits in its owner's realm, and reads what becomes of it.
    server.authorize("ada").await;
    let agent = server.agent_token(As::User("ada")).await.0;
    let made = server.post(As::Agent(&agent), "/api/v1/tasks", &task(json!({}))).await;
    let made = made.expect(202).json();
    let path = format!("/api/v1/tasks/{}", made["task"]["id"].as_str().unwrap());
    server.get(As::Agent(&agent), &path).await.expect(200);
    assert!(made["task"]["created_by"].as_str().unwrap().starts_with("token:"));
}

/// Whoever the content store does not take by its token submits nothing that reads it.
#[tokio::test(flavor = "multi_thread")]
async fn where_users_have_no_realm_they_have_no_tasks() {
    let server = Server::start_with_users(&[("realm.jwt_auth", "false")]).await;
    let asked = server.post(As::User("root"), "/api/v1/tasks", &task(json!({}))).await;
    asked.expect_error(401, "unauthorized");
    server.get(As::User("root"), "/api/v1/tasks").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_policy_forbids_is_said_and_a_dry_run_leaves_nothing() {
    let fleet = Fleet::start_with(&[("policy.default", "deny")]).await;
    let _worker = Worker::start(&fleet, "a").await;
    let refused = fleet.server.post(As::Api, "/api/v1/tasks", &task(json!({}))).await;
    let refused = refused.expect_error(403, "forbidden");
    assert_eq!(refused["details"]["resource_type"], "image");
    assert_eq!(refused["details"]["value"], "example.hello_world@1.0.0");
    let dry = fleet.server.post(As::Api, "/api/v1/tasks?dry_run=true", &task(json!({}))).await;
    let dry = dry.expect(200).json();
    assert_eq!((&dry["decision"], &dry["candidates"]), (&json!("deny"), &json!(["a-1"])));
    assert_eq!(dry["checks"][3]["value"], "example.hello_world");
    let all = fleet.server.get(As::Api, "/api/v1/tasks").await.expect(200).json();
    assert_eq!(all["tasks"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_are_listed_newest_first_by_what_they_are() {
    let server = Server::start().await;
    let mut ids = Vec::new();
    for capability in ["x.a", "x.b", "x.a"] {
        let body = json!({ "capability": capability });
        let made = server.post(As::Api, "/api/v1/tasks", &body).await.expect(202).json();
        ids.push(made["task"]["id"].clone());
    }
    let listed = async |query: &str| {
        let path = format!("/api/v1/tasks{query}");
        let page = server.get(As::Api, &path).await.expect(200).json();
        let tasks = page["tasks"].as_array().unwrap().iter();
        (tasks.map(|task| task["id"].clone()).collect::<Vec<_>>(), page["next_cursor"].clone())
    };
    let (first, cursor) = listed("?limit=2").await;
    assert_eq!(first, [ids[2].clone(), ids[1].clone()]);
    let rest = listed(&format!("?limit=2&cursor={}", cursor.as_str().unwrap())).await;
    assert_eq!(rest, (vec![ids[0].clone()], json!(null)));
    assert_eq!(listed("?capability=x.a").await.0, [ids[2].clone(), ids[0].clone()]);
    assert_eq!(listed("?state=running").await.0, Vec::<serde_json::Value>::new());
    server.get(As::Api, "/api/v1/tasks?state=lost").await.expect_error(400, "invalid_request");
}
