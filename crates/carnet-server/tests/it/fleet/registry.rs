//! The registry, as workers call it.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::enrollment::enrollment;
use super::support::{Fleet, Member};
use crate::support::{Answer, As, Server};

impl Fleet {
    /// Registers as `member`, with what differs from the usual.
    pub async fn register(&self, member: &Member, differs: &Value) -> Answer {
        let mut body = json!({
            "worker_id": "worker-656bc5db",
            "service_type": "example",
            "endpoint": "https://localhost:8900",
            "health_url": "https://localhost:8900/health",
            "capabilities": ["example.hello_world"],
        });
        for (name, value) in differs.as_object().unwrap() {
            body[name] = value.clone();
        }
        let url = format!("{}/v1/workers/register", self.url);
        self.send(self.client(Some(member)).post(url).json(&body)).await
    }

    pub async fn beat(&self, member: &Member, id: &str, form: &str) -> Answer {
        let url = format!("{}/v1/workers/{id}/heartbeat", self.url);
        let request = self.client(Some(member)).post(url).body(form.to_owned());
        self.send(request.header("Content-Type", "application/x-www-form-urlencoded")).await
    }

    async fn deregister(&self, member: &Member, id: &str) -> Answer {
        let url = format!("{}/v1/workers/{id}", self.url);
        self.send(self.client(Some(member)).request(Method::DELETE, url)).await
    }

    async fn workers(&self, member: &Member) -> Value {
        let request = self.client(Some(member)).get(format!("{}/v1/workers", self.url));
        self.send(request).await.expect(200).json()["workers"].clone()
    }
}

pub const ID: &str = "worker-656bc5db";

/// Promise: K-41
/// A process that ends slowly says nothing in the name of the one that came after it.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_speaks_for_itself_alone() {
    let fleet = Fleet::start().await;
    let hello = fleet.member("hello-world").await;
    for instance in ["first", "second"] {
        fleet.register(&hello, &json!({ "instance": instance })).await.expect(200);
    }
    let draining = "service_type=example&load_score=1.0&state=draining&instance=first";
    fleet.beat(&hello, ID, draining).await.expect(200);
    let shown = async || {
        let path = format!("/api/v1/workers/{ID}");
        fleet.server.get(As::Api, &path).await.expect(200).json()
    };
    assert_eq!(
        (&shown().await["state"], &shown().await["instance"]),
        (&json!("online"), &json!("second"))
    );
    fleet.deregister(&hello, &format!("{ID}?instance=first")).await.expect(200);
    assert_eq!(shown().await["state"], "online");
    fleet.deregister(&hello, &format!("{ID}?instance=second")).await.expect(200);
    fleet.server.get(As::Api, &format!("/api/v1/workers/{ID}")).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_registers_beats_is_lost_comes_back_and_goes() {
    let fleet = Fleet::start().await;
    let hello = fleet.member("hello-world").await;
    let registered =
        fleet.register(&hello, &json!({ "labels": { "zone": "a" }, "capacity": 4 })).await;
    assert_eq!(registered.expect(200).json(), json!({ "status": "registered", "worker_id": ID }));
    let beat =
        fleet.beat(&hello, ID, "service_type=example&load_score=0.25&state=online&active=1").await;
    let beat = beat.expect(200);
    assert_eq!(
        beat.json(),
        json!({ "status": "heartbeat_recorded", "worker_id": ID, "alive": true })
    );
    let headers =
        ["carnet-state", "carnet-bundle-seq", "carnet-revocation-seq", "carnet-heartbeat-interval"];
    assert_eq!(headers.map(|name| beat.header(name)), ["online", "1", "0", "30"]);
    let listed = fleet.workers(&hello).await;
    assert_eq!(listed["example"][0]["load_score"], 0.25);

    let shown = async || {
        let path = format!("/api/v1/workers/{ID}");
        fleet.server.get(As::Api, &path).await.expect(200).json()
    };
    let worker = shown().await;
    assert_eq!(worker["spiffe_id"], "spiffe://carnet.local/worker/hello-world");
    assert_eq!((&worker["state"], &worker["active_tasks"]), (&json!("online"), &json!(1)));
    assert_eq!(
        (&worker["labels"]["zone"], &worker["capacity"]),
        (&json!("a"), &json!({ "max_sandboxes": 4 }))
    );
    fleet.server.hand.advance(Duration::from_mins(2));
    assert_eq!(shown().await["state"], "lost");
    assert_eq!(fleet.workers(&hello).await, json!({}), "fresh ones alone");
    fleet.beat(&hello, ID, "service_type=example&load_score=1.75&state=draining").await.expect(200);
    assert_eq!(
        (&shown().await["state"], &shown().await["load_score"]),
        (&json!("draining"), &json!(1.0))
    );

    // As something else it is not known.
    let other = fleet.beat(&hello, ID, "service_type=wrongtype").await.expect(200);
    assert_eq!(other.json()["alive"], false);
    for _ in 0..2 {
        let gone = fleet.deregister(&hello, ID).await.expect(200).json();
        assert_eq!(gone, json!({ "status": "deregistered", "worker_id": ID }));
    }
    fleet.server.get(As::Api, &format!("/api/v1/workers/{ID}")).await.expect(404);
    let dead = fleet.beat(&hello, ID, "service_type=example").await.expect(200);
    assert_eq!(dead.json()["alive"], false, "it has to register again");
    fleet.register(&hello, &json!({})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_is_for_good_the_identitys_that_came_with_it_first() {
    let fleet = Fleet::start().await;
    let (hello, other) = (fleet.member("hello-world").await, fleet.member("other").await);
    fleet.register(&hello, &json!({})).await.expect(200);
    let refused = async |fleet: &Fleet| {
        for answer in [
            fleet.register(&other, &json!({})).await,
            fleet.beat(&other, ID, "service_type=example").await,
            fleet.deregister(&other, ID).await,
        ] {
            assert_eq!(answer.expect(403).json(), json!({ "detail": "Forbidden" }));
        }
    };
    refused(&fleet).await;
    fleet.deregister(&hello, ID).await.expect(200);
    refused(&fleet).await;
    // The next certificate of the same worker is the same worker; so it is after a restart.
    let server = fleet.server.stop().await;
    let now = carnet_gate::Clock::System.now();
    let fleet = Fleet::of(Server::try_start_at(now, server, &[]).await.unwrap()).await;
    refused(&fleet).await;
    fleet.register(&hello, &json!({})).await.expect(200);
}

/// Promise: K-42
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_where_and_what_its_certificate_and_enrollment_say() {
    let fleet = Fleet::start().await;
    let body = json!({ "name": "gpu-1", "dns": ["gpu-1.example"], "ip": ["192.0.2.7"], "capabilities": ["image.*"] });
    let (_, token) = enrollment(&fleet, &body).await;
    let gpu = fleet.enroll(&token, "gpu-1").await;
    let image = json!(["image.thumbnail"]);
    for host in ["gpu-1.example", "192.0.2.7", "localhost", "gpu-1", "[::1]"] {
        let url = format!("https://{host}:8500");
        let differs =
            json!({ "endpoint": url, "health_url": url, "rpc_url": url, "capabilities": image });
        fleet.register(&gpu, &differs).await.expect(200);
    }
    let forbidden = [
        json!({ "endpoint": "http://gpu-1.example:8500" }),
        json!({ "health_url": "https://gpu-2.example:8500/health" }),
        json!({ "rpc_url": "https://192.0.2.8" }),
        json!({ "endpoint": "gpu-1.example:8500" }),
        json!({ "endpoint": "https://gpu-1.example.evil" }),
        json!({ "endpoint": "https://gpu-1.example@evil" }),
        json!({ "endpoint": "" }),
        json!({ "capabilities": ["image.thumbnail", "video.cut"] }),
        json!({ "capabilities": ["image"] }),
    ];
    for mut differs in forbidden {
        if differs.get("capabilities").is_none() {
            differs["capabilities"] = image.clone();
        }
        differs["worker_id"] = json!("another");
        let answer = fleet.register(&gpu, &differs).await;
        assert_eq!(answer.status.as_u16(), 403, "{differs}");
        assert_eq!(answer.json(), json!({ "detail": "Forbidden" }));
    }
    fleet.server.get(As::Api, "/api/v1/workers/another").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_registration_may_hold_is_bounded() {
    let fleet = Fleet::start().await;
    let hello = fleet.member("hello-world").await;
    let many: Vec<_> = (0..65).map(|number| format!("a.b{number}")).collect();
    let labels: serde_json::Map<_, _> =
        (0..65).map(|number| (format!("l{number}"), json!("x"))).collect();
    for (differs, place) in [
        (json!({ "capabilities": many }), "capabilities"),
        (json!({ "capabilities": ["a b"] }), "capabilities"),
        (json!({ "labels": labels }), "labels"),
        (json!({ "labels": { "a": "x".repeat(64) } }), "labels"),
        (json!({ "capacity": -1 }), "capacity"),
        (json!({ "capability_schemas": [1] }), "capability_schemas"),
        (json!({ "worker_id": "a/b" }), "worker_id"),
        (json!({ "endpoint": 7 }), "endpoint"),
    ] {
        let answer = fleet.register(&hello, &differs).await.expect(422).json();
        assert_eq!(answer["detail"][0]["loc"][1], place, "{answer}");
    }
    let large = json!({ "rpc_url": "x".repeat(256 << 10) });
    fleet.register(&hello, &large).await.expect(413);
}

/// Promise: K-46
#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_are_written_down_together_and_not_each() {
    let fleet = Fleet::start().await;
    let hello = fleet.member("hello-world").await;
    fleet.register(&hello, &json!({})).await.expect(200);
    let commits = async || {
        let metrics = fleet.server.get(As::Admin, "/metrics").await.expect(200);
        let text = String::from_utf8(metrics.bytes).unwrap();
        let count =
            text.lines().find_map(|line| line.strip_prefix("carnet_store_commit_seconds_count "));
        count.unwrap().parse::<u64>().unwrap()
    };
    let before = commits().await;
    for _ in 0..50 {
        fleet.beat(&hello, ID, "service_type=example&load_score=0.5").await.expect(200);
    }
    assert!(commits().await < before + 50);
}
