//! Heartbeats as workers of StacyVM send them.

use std::time::Duration;

use serde_json::{Value, json};

use super::support::{Fleet, Member};
use crate::support::Answer;

impl Fleet {
    async fn beat_of(&self, member: Option<&Member>, id: &str, body: &str) -> Answer {
        let url = format!("{}/api/v1/worker/{id}/heartbeat", self.url);
        self.send(self.client(member).post(url).body(body.to_owned())).await
    }
}

fn beat() -> Value {
    json!({
        "hostname": "vm-host-1",
        "status": "",
        "providers": ["firecracker", "docker"],
        "capabilities": ["sandbox.spawn"],
        "capacity": {
            "max_sandboxes": 8,
            "max_sandboxes_per_owner": 2,
            "preview_domain": "preview.example",
            "rpc_url": "https://localhost:7430",
        },
        "key_ids": ["4e27dd5a1b2c3d4e"],
        "revocation_seq": 3,
        "something": "new",
    })
}

/// Promise: K-38
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_of_stacyvm_registers_by_its_heartbeat_and_stays_by_the_next() {
    let fleet = Fleet::start().await;
    let member = fleet.member("vm-1").await;
    let answer = fleet.beat_of(Some(&member), "vm-1", &beat().to_string()).await.expect(200);
    assert_eq!(answer.header("carnet-state"), "online");
    let worker = answer.json();
    assert_eq!((&worker["hostname"], &worker["status"]), (&json!("vm-host-1"), &json!("online")));
    assert_eq!(worker["providers"], json!(["firecracker", "docker"]));
    assert_eq!(worker["capacity"], beat()["capacity"]);
    assert_eq!((&worker["stale"], &worker["service_type"]), (&json!(false), &json!("sandbox")));
    assert_eq!(
        (&worker["revocation_seq"], &worker["key_ids"][0]),
        (&json!(3), &json!("4e27dd5a1b2c3d4e"))
    );
    assert_eq!(fleet.worker("vm-1").await, worker);
    fleet.server.hand.advance(Duration::from_secs(100));
    let mut draining = beat();
    draining["status"] = json!("draining");
    let worker =
        fleet.beat_of(Some(&member), "vm-1", &draining.to_string()).await.expect(200).json();
    assert_eq!((&worker["status"], &worker["state"]), (&json!("draining"), &json!("draining")));
    fleet.server.hand.advance(Duration::from_secs(100));
    assert_eq!(fleet.worker("vm-1").await["stale"], false);

    // On another form it is the same worker, and what it said here stays.
    let id = json!({ "worker_id": "vm-1", "service_type": "sandbox", "capabilities": [] });
    fleet.register(&member, &id).await.expect(200);
    let worker = fleet.worker("vm-1").await;
    assert_eq!(worker["endpoint"], "https://localhost:8900");
    assert_eq!(worker["hostname"], "vm-host-1");
}

/// Promise: K-41
#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_told_as_stacyvm_tells_it() {
    let fleet = Fleet::start().await;
    let (member, other) = (fleet.member("vm-1").await, fleet.member("vm-2").await);
    fleet.beat_of(Some(&member), "vm-1", &beat().to_string()).await.expect(200);
    let refused = |answer: Answer, status: u16, code: &str| {
        let body = answer.expect(status).json();
        assert_eq!(body["code"], code, "{body}");
        assert!(body["message"].is_string() && body["request_id"].is_string(), "{body}");
    };
    refused(fleet.beat_of(None, "vm-1", &beat().to_string()).await, 401, "UNAUTHORIZED");
    refused(fleet.beat_of(Some(&other), "vm-1", &beat().to_string()).await, 403, "FORBIDDEN");
    refused(fleet.beat_of(Some(&member), "vm%201", "{}").await, 404, "NOT_FOUND");
    let mut bad = vec![String::new(), "[]".to_owned(), "{".to_owned()];
    for (name, value) in [
        ("status", json!("quarantined")),
        ("status", json!("ONLINE")),
        ("hostname", json!(7)),
        ("providers", json!("docker")),
        ("capabilities", json!(["a b"])),
        ("capabilities", json!(vec!["a"; 65])),
        ("capacity", json!([])),
        ("capacity", json!({ "max_sandboxes": -1 })),
    ] {
        let mut body = beat();
        body[name] = value;
        bad.push(body.to_string());
    }
    for body in bad {
        refused(fleet.beat_of(Some(&member), "vm-1", &body).await, 400, "BAD_REQUEST");
    }
    let mut elsewhere = beat();
    elsewhere["capacity"]["rpc_url"] = json!("https://elsewhere.example");
    refused(fleet.beat_of(Some(&member), "vm-1", &elsewhere.to_string()).await, 403, "FORBIDDEN");
    assert_eq!(fleet.worker("vm-1").await["rpc_url"], "https://localhost:7430");
}
