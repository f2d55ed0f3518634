//! Workers without a certificate of the fleet: who is called, and what is shown to whom.

use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::Profile;
use carnet_ticket::worker_token::{
    Audience, Claims, HmacKey, WorkerKeys, WorkerScope, inspect, mint_v1, verify,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::outsider::Outsider;
use super::support::{Call, Worker};
use crate::fleet::support::Fleet;
use crate::support::pki::{Files, Pki, borrowed};
use crate::support::{AUTHORITY, As};

const SHARED: &str = "a-token-that-all-workers-share";

fn shown<'a>(call: &'a Call, header: &str) -> &'a str {
    call.headers.get(header).map_or("", |value| value.to_str().unwrap())
}

/// The id of the token of a call, which lets it do just this.
fn token_id(call: &Call, worker_id: &str, scope: WorkerScope, now: Timestamp) -> String {
    let key = HmacKey::from_text(AUTHORITY[1].1).unwrap();
    let keys = WorkerKeys::new().with_hmac([key]).unwrap();
    let text = shown(call, "x-worker-token");
    let token = verify(text, &keys, Profile::Strict, Some(Audience::Rpc), now).unwrap();
    assert_eq!((token.worker_id.as_str(), shown(call, "x-worker-id")), (worker_id, worker_id));
    assert_eq!(inspect(text).unwrap().scopes, [scope.as_str()]);
    let life = token.expires.moment().unwrap().since(token.issued_at.unwrap());
    assert!(life <= std::time::Duration::from_mins(1), "{life:?}");
    assert!(!call.headers.contains_key("authorization"));
    token.token_id.unwrap()
}

/// What is written down of tokens that were minted.
async fn minted(fleet: &Fleet) -> (Value, Value) {
    let ledger = fleet.server.get(As::Admin, "/api/v1/admin/tickets").await.expect(200).json();
    let audit = "/api/v1/admin/audit?action=ticket.mint";
    (ledger, fleet.server.get(As::Admin, audit).await.expect(200).json())
}

/// Promise: W-38, K-49, W-44
#[tokio::test(flavor = "multi_thread")]
async fn each_call_of_a_worker_without_a_certificate_has_a_token_of_its_own() {
    let pki = Pki::new();
    let own = pki.issue("control-plane.example");
    let fleet = Fleet::with_files(&Files::new(&pki, &own), &[]).await;
    let now = fleet.server.app.gate().clock().now();
    let mut worker = Outsider::start("vm-1", &pki, &pki.issue("localhost")).await;
    worker.register(&fleet).await.expect(200);
    let before = minted(&fleet).await;

    let task = fleet.submit(As::Api, json!({})).await;
    let first = worker.calls.next().await;
    assert_eq!(
        (&first.caller, &first.request["method"]),
        (&Some(own.der()), &json!("worker.spawn"))
    );
    fleet.submit(As::Api, json!({})).await;
    let second = worker.calls.next().await;
    let cancel = format!("/api/v1/tasks/{task}/cancel");
    fleet.server.post(As::Api, &cancel, &json!({})).await.expect(202);
    let third = worker.calls.next().await;
    assert_eq!(third.request["method"], "worker.destroy");

    let calls = [&first, &second, &third];
    let scopes = [WorkerScope::Spawn, WorkerScope::Spawn, WorkerScope::Destroy];
    let ids = calls.into_iter().zip(scopes).map(|(call, scope)| token_id(call, "vm-1", scope, now));
    let ids: Vec<_> = ids.collect();
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2], "{ids:?}");
    assert_eq!(minted(&fleet).await, before);
    let audit = fleet.server.get(As::Admin, "/api/v1/admin/audit?limit=1000").await.expect(200);
    let audit = audit.text();
    assert!(audit.contains(&task) && !ids.iter().any(|id| audit.contains(id)));

    // With a key of the second format, by that.
    let rotate = "/api/v1/admin/keys/worker-ed25519/rotate";
    fleet.server.post(As::Admin, rotate, &json!({})).await.expect(201);
    fleet.submit(As::Api, json!({})).await;
    let call = worker.calls.next().await;
    assert!(shown(&call, "x-worker-token").starts_with("carnet-worker-v2."));
}

/// Promise: W-38, K-54
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_of_the_fleet_is_shown_no_token() {
    let pki = Pki::new();
    let files = Files::new(&pki, &pki.issue("control-plane.example"));
    let fleet = Fleet::with_files(&files, &[("auth.worker_token", SHARED)]).await;
    let mut worker = Worker::start(&fleet, "a").await;
    fleet.submit(As::Api, json!({})).await;
    let call = worker.whole_call().await;
    for header in ["x-worker-token", "x-worker-id", "authorization"] {
        assert!(!call.headers.contains_key(header), "{header}");
    }
}

/// Promise: K-54
#[tokio::test(flavor = "multi_thread")]
async fn a_static_token_is_shown_to_whom_it_is_for() {
    let pki = Pki::new();
    let files = Files::new(&pki, &pki.issue("control-plane.example"));
    files.write("tokens", "vm-2 = \"a-token-of-the-second-worker\"");
    let tokens = files.path("tokens");
    let settings = [("auth.worker_token", SHARED), ("auth.worker_tokens_file", tokens.as_str())];
    let fleet = Fleet::with_files(&files, &settings).await;
    let shown_to = [("vm-1", SHARED), ("vm-2", "a-token-of-the-second-worker")];
    let mut workers = Vec::new();
    for (id, token) in shown_to {
        let worker = Outsider::start(id, &pki, &pki.issue("localhost")).await;
        fleet.beat_by(token, id, &worker.beat()).await.expect(200);
        workers.push(worker);
    }
    // The one that has less to do is next.
    for (worker, (id, token)) in workers.iter_mut().zip(shown_to) {
        fleet.submit(As::Api, json!({})).await;
        let call = worker.calls.next().await;
        assert_eq!((shown(&call, "x-worker-id"), shown(&call, "x-worker-token")), (id, token));
    }
    // Whoever came with a token of its own does not learn one that is others' too.
    let mut signed = Outsider::start("vm-3", &pki, &pki.issue("localhost")).await;
    signed.register(&fleet).await.expect(200);
    fleet.submit(As::Api, json!({})).await;
    let now = fleet.server.app.gate().clock().now();
    token_id(&signed.calls.next().await, "vm-3", WorkerScope::Spawn, now);
}

/// Promise: W-47
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_with_the_shared_token_alone_beats_and_goes_on_with_its_lease() {
    let pki = Pki::new();
    let files = Files::new(&pki, &pki.issue("control-plane.example"));
    let settings = [("profile.worker_token", "compat"), ("auth.worker_token", SHARED)];
    let fleet = Fleet::start_with(&borrowed(&files.settings(&settings))).await;
    let mut worker = Outsider::start("vm-1", &pki, &pki.issue("localhost")).await;
    fleet.beat_by(SHARED, "vm-1", &worker.beat()).await.expect(200);
    let task = fleet.submit(As::Api, json!({})).await;
    let call = worker.calls.next().await;
    assert_eq!(shown(&call, "x-worker-token"), SHARED);
    let by = |token: &str, path: &str| {
        let path = format!("/api/v1/worker/vm-1/{path}");
        let request = fleet.server.request(As::Nobody, Method::POST, &path);
        request.header("X-Worker-ID", "vm-1").header("X-Worker-Token", token)
    };
    let started = by(SHARED, &format!("tasks/{task}/events")).json(&json!({ "kind": "started" }));
    let started = started.header("Carnet-Lease", "instance-of-vm-1/1");
    fleet.server.send(started).await.expect(204);
    let path = format!("leases/{task}/renew");
    // As workers of StacyVM renew: without a word of their process.
    let renew = async |token: &str| {
        fleet.server.send(by(token, &path).json(&json!({ "ttl": "30s" }))).await
    };
    for generation in 2..5 {
        fleet.server.hand.advance(std::time::Duration::from_secs(20));
        let lease = renew(SHARED).await.expect(200).json()["lease"].clone();
        assert_eq!(
            (&lease["holder_id"], &lease["generation"]),
            (&json!("vm-1"), &json!(generation))
        );
        fleet.beat_by(SHARED, "vm-1", &worker.beat()).await.expect(200);
    }
    renew("another-token").await.expect(401);
    assert_eq!(fleet.task(&task).await["attempt"], 1);
    fleet.server.hand.advance(std::time::Duration::from_secs(31));
    renew(SHARED).await.expect(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_there_is_no_token_and_no_call() {
    let pki = Pki::new();
    let files = Files::new(&pki, &pki.issue("control-plane.example"));
    // It judges by this key, and does not sign with it.
    let settings = files.settings(&[("auth.worker_signing_keys", AUTHORITY[1].1)]);
    let fleet = Fleet::start_with(&borrowed(&settings)).await;
    let now = fleet.server.app.gate().clock().now().unix_s();
    let claims = Claims {
        worker_id: "vm-1".to_owned(),
        token_id: "a-token".to_owned(),
        audience: Audience::ControlPlane.as_str().to_owned(),
        scopes: vec!["worker:heartbeat".to_owned()],
        expires_s: now + 300,
        issued_at_s: now,
        not_before_s: 0,
    };
    let token = mint_v1(&HmacKey::from_text(AUTHORITY[1].1).unwrap(), &claims).unwrap();
    let mut worker = Outsider::start("vm-1", &pki, &pki.issue("localhost")).await;
    fleet.beat_by(&token, "vm-1", &worker.beat()).await.expect(200);
    assert_eq!(fleet.callees(), ["vm-1"]);
    fleet.is_not_taken().await;
    assert!(!worker.calls.has_any());
    let metrics = fleet.server.get(As::Api, "/metrics").await.expect(200).text();
    assert!(metrics.contains("carnet_rpc_seconds_count{method=\"worker.spawn\",code=\"token\"}"));
}

/// Promise: K-51
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_believed_for_its_host_by_the_ca_of_the_files() {
    let pki = Pki::new();
    let files = Files::new(&pki, &pki.issue("control-plane.example"));
    let elsewhere = pki.issue("vm-1.example");
    let other_ca = Pki::new().issue("localhost");
    for shown in [&elsewhere, &other_ca] {
        let fleet = Fleet::with_files(&files, &[]).await;
        let mut worker = Outsider::start("vm-1", &pki, shown).await;
        worker.register(&fleet).await.expect(200);
        fleet.is_not_taken().await;
        assert!(!worker.calls.has_any());
    }
    // For the name that the configuration has, whatever the host is called; and for no other.
    let named = [("worker.rpc_tls.server_name", "vm-1.example")];
    let fleet = Fleet::with_files(&files, &named).await;
    let mut worker = Outsider::start("vm-1", &pki, &elsewhere).await;
    worker.register(&fleet).await.expect(200);
    fleet.submit(As::Api, json!({})).await;
    worker.calls.next().await;
    let fleet = Fleet::with_files(&files, &named).await;
    let mut worker = Outsider::start("vm-1", &pki, &pki.issue("localhost")).await;
    worker.register(&fleet).await.expect(200);
    fleet.is_not_taken().await;
    assert!(!worker.calls.has_any());
    // Where nobody looks, anybody.
    let blind = [("profile.default", "compat"), ("worker.rpc_tls.insecure_skip_verify", "true")];
    let fleet = Fleet::with_files(&files, &blind).await;
    let mut worker = Outsider::start("vm-1", &pki, &other_ca).await;
    worker.register(&fleet).await.expect(200);
    fleet.submit(As::Api, json!({})).await;
    worker.calls.next().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_says_its_process_and_came_by_a_token_for_its_id_is_called() {
    let pki = Pki::new();
    let files = Files::new(&pki, &pki.issue("control-plane.example"));
    let fleet = Fleet::with_files(&files, &[("fleet.compat", "true")]).await;
    let worker = Outsider::start("vm-1", &pki, &pki.issue("localhost")).await;
    let token = fleet.worker_token("vm-1").await;
    // As workers of StacyVM beat.
    let mut beat = worker.beat();
    beat.as_object_mut().unwrap().remove("instance");
    fleet.beat_by(&token, "vm-1", &beat).await.expect(200);
    assert!(fleet.callees().is_empty());
    // Under another id than its own it would be shown that one's token.
    let other = json!({
        "worker_id": "vm-2",
        "service_type": "example",
        "endpoint": worker.rpc_url,
        "health_url": worker.rpc_url,
        "rpc_url": worker.rpc_url,
        "instance": "instance-of-vm-1",
        "capabilities": ["example.hello_world"],
    });
    let register = fleet.client(None).post(format!("{}/v1/workers/register", fleet.url));
    fleet.send(register.bearer_auth(&token).json(&other)).await.expect(200);
    assert!(fleet.callees().is_empty());

    beat = worker.beat();
    (beat["active"], beat["load_score"]) = (json!(3), json!(7.5));
    let shown = fleet.beat_by(&token, "vm-1", &beat).await.expect(200).json();
    assert_eq!(shown["instance"], "instance-of-vm-1");
    assert_eq!((&shown["active_tasks"], &shown["load_score"]), (&json!(3), &json!(1.0)));
    assert_eq!(fleet.callees(), ["vm-1"]);
    (beat["labels"], beat["capability_schemas"]) =
        (json!({ "zone": "a" }), json!([{ "id": "example.hello_world", "version": "2.1.0" }]));
    let shown = fleet.beat_by(&token, "vm-1", &beat).await.expect(200).json();
    assert_eq!(shown["labels"], json!({ "zone": "a" }));
    assert!(fleet.callees().is_empty(), "it does 2.1.0, and 1.0.0 is asked for");
    beat["capability_schemas"] = json!([]);
    fleet.beat_by(&token, "vm-1", &beat).await.expect(200);
    assert_eq!(fleet.callees(), ["vm-1"]);
    for (name, bad) in [
        ("instance", json!(1)),
        ("active", json!(-1)),
        ("load_score", json!("x")),
        ("labels", json!({ "zone": 1 })),
        ("capability_schemas", json!([{ "id": 1 }])),
    ] {
        let mut beat = worker.beat();
        beat[name] = bad;
        fleet.beat_by(&token, "vm-1", &beat).await.expect(400);
    }
    // What it does not say any more is as it was.
    beat = worker.beat();
    beat.as_object_mut().unwrap().remove("instance");
    let shown = fleet.beat_by(&token, "vm-1", &beat).await.expect(200).json();
    assert_eq!(
        (&shown["instance"], &shown["load_score"]),
        (&json!("instance-of-vm-1"), &json!(1.0))
    );
    // Without files nobody of them is.
    let fleet = Fleet::start_with(&AUTHORITY).await;
    worker.register(&fleet).await.expect(200);
    assert!(fleet.callees().is_empty());
}
