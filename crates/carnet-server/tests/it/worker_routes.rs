//! `/api/v1/worker/`: workers by their tokens.

use carnet_server::auth::Access;
use carnet_ticket::worker_token::{Claims, HmacKey, WorkerScope, mint_v1};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{AUTHORITY, Answer, As, START, Server};

const SHARED: &str = "a-token-that-all-workers-share";

impl Server {
    async fn token(&self, body: &Value) -> String {
        let path = "/api/v1/admin/worker-tokens";
        let minted = self.post(As::Admin, path, body).await.expect(200).json();
        minted["token"].as_str().unwrap().to_owned()
    }

    fn beat(&self, id: &str) -> RequestBuilder {
        let path = format!("/api/v1/worker/{id}/heartbeat");
        let body =
            json!({ "hostname": "vm-host-1", "capacity": { "rpc_url": "https://vm-host-1:7430" } });
        self.request(As::Nobody, Method::POST, &path).json(&body)
    }
}

async fn with_static_token() -> Server {
    let settings = [AUTHORITY[0], AUTHORITY[1], ("auth.worker_token", SHARED)];
    Server::start_with(&settings).await
}

fn refused(answer: Answer, status: u16, code: &str) {
    let body = answer.expect(status).json();
    assert_eq!(body["code"], code, "{body}");
    assert!(body["request_id"].is_string() && body.get("error").is_none(), "{body}");
}

/// Promise: K-43
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_says_that_it_is_there_by_its_token() {
    let server = with_static_token().await;
    let token = server.token(&json!({ "worker_id": "vm-1" })).await;
    let carried = [
        server.beat("vm-1").header("X-Worker-ID", "vm-1").header("X-Worker-Token", &token),
        server
            .beat("vm-1")
            .header("X-Worker-ID", " vm-1 ")
            .header("Authorization", format!("bearer  {token} ")),
        server.beat("vm-1").header("X-Worker-ID", "vm-1").header("X-Worker-Token", SHARED),
    ];
    for request in carried {
        let worker = server.send(request).await.expect(200).json();
        assert_eq!((&worker["id"], &worker["state"]), (&json!("vm-1"), &json!("online")));
        assert_eq!(worker["rpc_url"], "https://vm-host-1:7430");
    }
    let listed = server.get(As::Api, "/api/v1/workers").await.expect(200).json();
    assert_eq!(listed["workers"][0]["hostname"], "vm-host-1");
}

/// Promise: K-43
#[tokio::test(flavor = "multi_thread")]
async fn a_token_counts_for_its_worker_its_scopes_and_these_routes() {
    let server = with_static_token().await;
    let token = server.token(&json!({ "worker_id": "vm-1" })).await;
    let send = async |request: RequestBuilder| server.send(request).await;
    let by = |id: &str, token: &str| {
        server.beat("vm-1").header("X-Worker-ID", id).header("X-Worker-Token", token)
    };
    send(by("vm-1", &token)).await.expect(200);
    refused(send(by("vm-2", &token)).await, 401, "UNAUTHORIZED");
    let other = server.token(&json!({ "worker_id": "vm-2" })).await;
    // Of another worker: as StacyVM calls that.
    refused(send(by("vm-2", &other)).await, 403, "UNAUTHORIZED");
    for (name, value, status) in [
        ("audience", json!("worker:rpc"), 401),
        ("not_before", json!("1m"), 401),
        ("scopes", json!(["worker:lease"]), 403),
    ] {
        let mut body = json!({ "worker_id": "vm-1" });
        body[name] = value;
        let token = server.token(&body).await;
        let code = if status == 401 { "UNAUTHORIZED" } else { "FORBIDDEN" };
        refused(send(by("vm-1", &token)).await, status, code);
    }
    refused(send(server.beat("vm-1")).await, 401, "UNAUTHORIZED");
    refused(send(server.beat("vm-1").header("X-Worker-Token", &token)).await, 401, "UNAUTHORIZED");
    // The header of its own wins, even when what it says is wrong.
    let both = by("vm-1", "wrong").bearer_auth(&token);
    refused(send(both).await, 401, "UNAUTHORIZED");
    refused(send(server.beat("vm-1").header("X-API-Key", "key")).await, 401, "UNAUTHORIZED");
    // Nowhere else is it a credential.
    let elsewhere = server.request(As::Nobody, Method::GET, "/api/v1/workers");
    send(elsewhere.header("X-Worker-ID", "vm-1").bearer_auth(&token))
        .await
        .expect_error(401, "unauthorized");
    let snapshot = server.request(As::Nobody, Method::GET, "/api/v1/revocations/snapshot");
    let snapshot =
        send(snapshot.header("X-Worker-ID", "vm-1").bearer_auth(&token)).await.expect(200);
    assert_eq!(snapshot.header("content-type"), "application/jose");
    let revoke = json!({ "kind": "subject", "value": "vm-1" });
    server.post(As::Admin, "/api/v1/admin/revocations", &revoke).await.expect(201);
    refused(send(by("vm-1", &token)).await, 401, "UNAUTHORIZED");
}

/// Promise: K-43, W-27, W-28
#[tokio::test(flavor = "multi_thread")]
async fn every_route_has_a_scope_and_is_of_one_worker() {
    let server = with_static_token().await;
    let token = server.token(&json!({ "worker_id": "vm-1" })).await;
    let beat = server.beat("vm-1").header("X-Worker-ID", "vm-1").bearer_auth(&token);
    server.send(beat).await.expect(200);
    let (renew, say) = (json!({ "ttl": "30s" }), json!({ "kind": "started" }));
    let renewal = "leases/task:01HQXK5V8N3Y7M2P4R6T9W0ABC/renew";
    let report = "tasks/task:01HQXK5V8N3Y7M2P4R6T9W0ABC/events";
    let routes = [
        (Method::POST, "worker:heartbeat", "heartbeat", json!({})),
        (Method::GET, "worker:heartbeat", "revocations", json!(null)),
        (Method::POST, "worker:lease", renewal, renew),
        (Method::POST, "worker:status", report, say),
    ];
    let all = WorkerScope::ALL.map(WorkerScope::as_str);
    for (method, scope, path, body) in routes {
        for held in all {
            let token = json!({ "worker_id": "vm-1", "scopes": [held] });
            let token = server.token(&token).await;
            let by = |id: &str| {
                let path = format!("/api/v1/worker/{id}/{path}");
                let request = server.request(As::Nobody, method.clone(), &path).json(&body);
                request
                    .header("X-Worker-ID", "vm-1")
                    .header("Carnet-Lease", "i/1")
                    .bearer_auth(&token)
            };
            let answer = by("vm-1").send().await.unwrap();
            if held == scope && scope == "worker:heartbeat" {
                // The feed goes on.
                assert_eq!(answer.status(), 200, "{path}");
                refused(server.send(by("vm-2")).await, 403, "UNAUTHORIZED");
                continue;
            }
            let answer = Answer::of(answer).await;
            match (held == scope, scope) {
                // It has no such thing.
                (true, "worker:lease") => refused(answer, 409, "stale_lease"),
                (true, _) => refused(answer, 404, "NOT_FOUND"),
                (false, _) => refused(answer, 403, "FORBIDDEN"),
            }
            let code = if held == scope { "UNAUTHORIZED" } else { "FORBIDDEN" };
            refused(server.send(by("vm-2")).await, 403, code);
        }
    }
}

/// Promise: K-43, W-24
#[tokio::test(flavor = "multi_thread")]
async fn without_any_worker_credential_the_routes_are_closed() {
    let routes = carnet_server::routes::all().into_iter();
    let routes = routes.filter(|route| matches!(route.access, Access::Worker(_)));
    let routes: Vec<_> = routes
        .map(|route| {
            let path = route.path.replace("{id}", "vm-1").replace(['{', '}'], "");
            (route.method.parse::<Method>().unwrap(), path)
        })
        .collect();
    assert_eq!(routes.len(), 4);
    let token = mint_v1(
        &HmacKey::from_text(AUTHORITY[1].1).unwrap(),
        &Claims {
            worker_id: "vm-1".to_owned(),
            expires_s: START.unix_s() + 300,
            ..Claims::default()
        },
    );
    // A key that seals others is none of workers.
    for settings in [&[][..], &AUTHORITY[..1]] {
        let server = Server::start_with(settings).await;
        for (method, path) in &routes {
            let request = || server.request(As::Nobody, method.clone(), path).json(&json!({}));
            refused(server.send(request()).await, 503, "UNAVAILABLE");
            for token in ["x", token.as_deref().unwrap()] {
                let named = request().header("X-Worker-ID", "vm-1").header("X-Worker-Token", token);
                refused(server.send(named).await, 503, "UNAVAILABLE");
            }
        }
    }
}
