//! Workers that are called in plain: on this machine, where the configuration says so.

use serde_json::json;

use super::outsider::Outsider;
use crate::fleet::support::Fleet;
use crate::support::pki::Pki;
use crate::support::{AUTHORITY, As};

/// A control plane that calls workers on its machine in plain.
async fn plain() -> Fleet {
    let settings = [
        AUTHORITY[0],
        AUTHORITY[1],
        ("profile.default", "compat"),
        ("worker.rpc_tls.enabled", "false"),
    ];
    Fleet::start_with(&settings).await
}

/// Promise: K-55
#[tokio::test(flavor = "multi_thread")]
async fn on_this_machine_a_worker_is_called_in_plain_where_tls_is_turned_off() {
    let fleet = plain().await;
    let mut worker = Outsider::plain("vm-1").await;
    worker.register(&fleet).await.expect(200);
    fleet.submit(As::Api, json!({})).await;
    let call = worker.calls.next().await;
    assert_eq!(call.headers["x-worker-id"], "vm-1");
    assert!(call.headers.contains_key("x-worker-token"));
    for (url, status) in [
        ("http://localhost:7430/rpc", 200),
        ("http://[::1]:7430/rpc", 200),
        ("http://192.0.2.1:7430/rpc", 403),
        ("http://localhost.example:7430/rpc", 403),
        ("http://127.0.0.1@192.0.2.1/rpc", 403),
        ("ftp://127.0.0.1/rpc", 403),
    ] {
        let id = "vm-2";
        let other =
            Outsider { id: id.to_owned(), rpc_url: url.to_owned(), ..Outsider::plain(id).await };
        other.register(&fleet).await.expect(status);
    }
    // There is nothing to call one with that wants TLS.
    let pki = Pki::new();
    let apart = Outsider::start("vm-3", &pki, &pki.issue("localhost")).await;
    apart.register(&fleet).await.expect(200);
    assert_eq!(fleet.callees(), ["vm-2", "vm-1"], "the one that has a task comes last");
}

/// Promise: K-42, K-55
#[tokio::test(flavor = "multi_thread")]
async fn elsewhere_nobody_is_at_http() {
    let worker = Outsider::plain("vm-1").await;
    let fleet = Fleet::start_with(&AUTHORITY).await;
    worker.register(&fleet).await.expect(403);
    // Not a member of the fleet, whose certificate names the host, even where others may be.
    let fleet = plain().await;
    let member = fleet.member("hello-world").await;
    for name in ["rpc_url", "endpoint", "health_url"] {
        let mut said = json!({ "rpc_url": "https://localhost:8900/rpc" });
        said[name] = json!("http://localhost:8900/rpc");
        fleet.register(&member, &said).await.expect(403);
    }
    fleet.register(&member, &json!({})).await.expect(200);
}
