//! Workers without a certificate of the fleet: files and tokens that somebody else looks after.

use std::collections::BTreeSet;
use std::time::Duration;

use carnet_gate::Selector;
use carnet_ticket::ed25519::SigningKey;
use carnet_ticket::jwks::Jwk;
use carnet_ticket::rpc::Request;
use carnet_ticket::verify::Profile;
use carnet_ticket::worker_token::{
    Audience, Claims, HmacKey, WorkerKeys, WorkerScope, jwks, mint_v2, verify,
};
use carnet_worker::{FileFault, RunningWorker, WorkerError, get};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::health::free_port;
use crate::support::authority::authority;
use crate::support::deployment::{ID, KEY, rpc_claims, rpc_token};
use crate::support::fleet::{TASK, request, told};
use crate::support::{Caller, Deployment, Fault, Machine, put, seconds, until};
use crate::tasks::{doing, until_cancelled};

const TOKEN: &str = "CARNET_AUTH_WORKER_TOKEN";
const TOKEN_FILE: &str = "CARNET_AUTH_WORKER_TOKEN_FILE";
const SIGNING_KEY: &str = "CARNET_AUTH_WORKER_SIGNING_KEY";
const ISSUER_KEY: &str = "CARNET_WORKER_BOOTSTRAP_ADMIN_KEY";
const ISSUE: &str = "POST /api/v1/admin/worker-tokens";

/// What a bad token says that a good one does not.
type Change = fn(&mut Claims);

/// A call that is about no task that there is.
fn call(method: &str) -> String {
    let params = json!({ "sandbox_id": TASK, "provider": "task" });
    let request = Request { worker_id: ID.to_owned(), ..request(method, params) };
    serde_json::to_string(&request).unwrap()
}

async fn error(answer: Response) -> (u16, String) {
    let (status, body) = told(answer).await;
    (status.as_u16(), body["error"].as_str().unwrap_or_default().to_owned())
}

/// Promise: W-36
/// Promise: K-54
#[tokio::test]
async fn the_token_of_a_file_is_read_for_every_request() {
    let mut deployment = Deployment::new().await;
    let file = deployment.file("token");
    put(&file, "  the first\n");
    deployment.machine.set(TOKEN_FILE, &file.display().to_string());
    // What comes after it does not count.
    deployment.machine.set(ISSUER_KEY, "carnet_ak_x").set(SIGNING_KEY, KEY);
    let worker = deployment.start(|worker| worker).await;
    assert_eq!(deployment.beat(1).await, "the first");
    put(&file, "the second");
    let beats = deployment.control.seen(&format!("POST /api/v1/worker/{ID}/heartbeat")).len();
    assert_eq!(deployment.beat(beats + 1).await, "the second");
    // Without one nothing is asked, and nothing ends.
    put(&file, " \n");
    let beats = deployment.control.seen(&format!("POST /api/v1/worker/{ID}/heartbeat")).len();
    deployment
        .machine
        .later(|| worker.registration() == carnet_worker::Registration::Retrying)
        .await;
    std::fs::remove_file(&file).unwrap();
    for _ in 0..10 {
        deployment.machine.advance(seconds(10));
        deployment.known(worker.https_url()).get("/health").await;
    }
    let heard = deployment.control.seen(&format!("POST /api/v1/worker/{ID}/heartbeat"));
    assert_eq!(heard.len(), beats);
    put(&file, "the third");
    assert_eq!(deployment.beat(beats + 1).await, "the third");
    assert_eq!(deployment.control.seen(ISSUE).len(), 0);
    // The control plane was told whose feed it is, too.
    let streams = deployment.control.seen("GET /api/v1/revocations/stream");
    assert_eq!(streams[0].worker_token.as_deref(), Some("the first"));
}

/// Promise: K-54
#[tokio::test]
async fn a_token_by_itself_and_one_of_a_file_do_not_go_together() {
    let mut deployment = Deployment::new().await;
    let file = deployment.file("token");
    put(&file, "secret-of-a-file");
    deployment.machine.set(TOKEN_FILE, &file.display().to_string()).set(TOKEN, "secret-inline");
    let error = deployment.worker().serve().await.err().unwrap();
    let text = format!("{error:?}");
    assert!(matches!(error, WorkerError::Config(_)), "{text}");
    assert!(
        text.contains("auth.worker_token") && text.contains("auth.worker_token_file"),
        "{text}"
    );
    assert!(!text.contains("secret"), "{text}");
}

/// Promise: K-54
#[tokio::test]
async fn a_static_token_is_shown_as_it_is_and_taken_of_callers() {
    let mut deployment = Deployment::new().await;
    deployment.machine.set(TOKEN, "shared by all").set(SIGNING_KEY, KEY);
    let worker = deployment.start(doing(until_cancelled)).await;
    assert_eq!(deployment.beat(1).await, "shared by all");
    let caller = deployment.known(worker.https_url());
    let asked = caller.call_by((ID, "shared by all"), call("worker.status")).await;
    assert_eq!(error(asked).await, (404, "NoSandbox".to_owned()));
    let asked = caller.call_by((ID, "shared by some"), call("worker.status")).await;
    assert_eq!(error(asked).await, (401, "Unauthorized".to_owned()));
}

/// Promise: W-37
/// Promise: K-54
#[tokio::test]
async fn a_worker_with_the_signing_key_mints_short_tokens_of_its_own() {
    let mut deployment = Deployment::new().await;
    deployment.machine.set(SIGNING_KEY, KEY);
    let _worker = deployment.start(|worker| worker).await;
    let keys = WorkerKeys::new().with_hmac([HmacKey::from_text(KEY).unwrap()]).unwrap();
    let judged = |token: &str| {
        let (endpoint, now) = (Some(Audience::ControlPlane), deployment.machine.clock().now());
        verify(token, &keys, Profile::Strict, endpoint, now)
    };
    let (mut tokens, mut ids) = (Vec::new(), BTreeSet::new());
    for count in 1..=30 {
        let token = deployment.beat(count).await;
        let judged = judged(&token).unwrap();
        assert_eq!(judged.worker_id, ID);
        let life = judged.expires.moment().unwrap().since(judged.issued_at.unwrap());
        assert_eq!(life, Duration::from_mins(5));
        let scopes = [WorkerScope::Heartbeat, WorkerScope::Lease, WorkerScope::Status];
        assert_eq!(judged.scopes.as_slice(), scopes);
        ids.insert(judged.token_id.unwrap());
        tokens.push(token);
    }
    // 30 beats take 15 minutes, and a token serves for 200 seconds.
    assert!((4..=6).contains(&ids.len()), "{}", ids.len());
    assert_eq!(tokens[0], tokens[1]);
}

/// Promise: W-39
/// Promise: K-54
#[tokio::test]
async fn the_control_plane_gives_tokens_once_for_two_thirds_of_their_lives() {
    let mut deployment = Deployment::new().await;
    deployment.machine.set(ISSUER_KEY, "carnet_ak_an_issuers").set(TOKEN, "not this one");
    let _worker = deployment.start(|worker| worker).await;
    assert_eq!(deployment.beat(1).await, "issued-1");
    let asked = deployment.control.saw(ISSUE, 1).await;
    assert_eq!(asked.key, Some(("x-api-key", "carnet_ak_an_issuers".to_owned())));
    let body: Value = serde_json::from_slice(&asked.body).unwrap();
    assert_eq!(
        body,
        json!({
            "worker_id": ID, "ttl": "300s",
            "scopes": ["worker:heartbeat", "worker:lease", "worker:status"],
        })
    );
    let mut count = 1;
    let begun = deployment.machine.clock().now();
    while deployment.control.seen(ISSUE).len() < 2 {
        count += 1;
        deployment.beat(count).await;
    }
    let passed = deployment.machine.clock().now().since(begun);
    assert!(passed >= seconds(195) && passed < seconds(260), "{passed:?}");
    assert_eq!(deployment.beat(count + 1).await, "issued-2");
    // While it is refused, the old one serves as long as it lives, and nobody is asked all the time.
    deployment.control.fail(ISSUE, &[Fault::Status(503); 3]);
    let renewed = deployment.machine.clock().now();
    while deployment.control.seen(ISSUE).len() < 6 {
        count += 1;
        let token = deployment.beat(count).await;
        let passed = deployment.machine.clock().now().since(renewed);
        assert!(token == "issued-2" || token == "issued-6", "{token}");
        assert!(token != "issued-2" || passed < seconds(330), "{passed:?}");
    }
}

/// Promise: W-28
/// Promise: K-49
/// Promise: K-50
#[tokio::test]
async fn whoever_calls_needs_a_certificate_of_the_deployment_and_a_token_with_the_scope() {
    let mut deployment = Deployment::new().await;
    deployment.machine.set(SIGNING_KEY, KEY);
    let worker = deployment.start(doing(until_cancelled)).await;
    let (clock, url) = (deployment.machine.clock(), worker.https_url());
    let status = || call("worker.status");
    let known = deployment.known(url);

    // Without a certificate, with one of another CA, without a token.
    let good = rpc_token(&clock, |_| {});
    assert_eq!(
        told(deployment.caller(None, url).call_by((ID, &good), status()).await).await.0,
        401
    );
    let stranger = deployment.caller(Some(&authority(&clock)), url);
    assert!(stranger.try_call(status()).await.is_err(), "it fails in the handshake");
    assert_eq!(error(known.call(status()).await).await, (401, "Unauthorized".to_owned()));
    assert_eq!(error(known.call_by((ID, &good), status()).await).await.1, "NoSandbox");

    let bad: [(&str, Change); 5] = [
        ("of the other endpoint", |claims| claims.audience = "worker:control-plane".to_owned()),
        ("expired", |claims| {
            (claims.issued_at_s, claims.expires_s) = (1_700_000_000, 1_700_000_060)
        }),
        ("of another worker", |claims| claims.worker_id = "gpu-2".to_owned()),
        ("not yet", |claims| claims.not_before_s = claims.issued_at_s + 50),
        ("too long", |claims| claims.expires_s = claims.issued_at_s + 901),
    ];
    for (what, change) in bad {
        let token = rpc_token(&clock, change);
        let answer = known.call_by((ID, &token), status()).await;
        assert_eq!(error(answer).await, (401, "Unauthorized".to_owned()), "{what}");
    }
    let others = rpc_token(&clock, |claims| claims.worker_id = "gpu-2".to_owned());
    let answer = known.call_by(("gpu-2", &others), status()).await;
    assert_eq!(error(answer).await, (403, "WrongWorker".to_owned()));

    // Each method has its scope.
    let methods = [
        ("worker.spawn", "worker:spawn"),
        ("worker.destroy", "worker:destroy"),
        ("worker.renew_lease", "worker:lease"),
        ("worker.status", "worker:status"),
        ("worker.logs", "worker:logs"),
        ("worker.exec", "worker:exec"),
        ("worker.file_read", "worker:files"),
    ];
    for (method, needed) in methods {
        for scope in WorkerScope::ALL.map(WorkerScope::as_str) {
            let token = rpc_token(&clock, |claims| claims.scopes = vec![scope.to_owned()]);
            let (status, text) = error(known.call_by((ID, &token), call(method)).await).await;
            let is_missing = (status, text.as_str()) == (403, "ScopeMissing");
            assert_eq!(is_missing, scope != needed, "{method} by {scope}: {status} {text}");
        }
    }

    // One that is revoked does not count from then on.
    let by_id = rpc_token(&clock, |claims| claims.token_id = "another".to_owned());
    assert_eq!(error(known.call_by((ID, &by_id), status()).await).await.0, 404);
    deployment
        .control
        .state
        .feed
        .revoke(Selector::TokenId { token_id: "another".into(), worker_id: Some(ID.into()) });
    until(async || error(known.call_by((ID, &by_id), status()).await).await.0 == 401).await;
    assert_eq!(error(known.call_by((ID, &good), status()).await).await.0, 404);
    assert_eq!(known.get("/metrics").await.0, StatusCode::OK);
}

/// Promise: K-50
#[tokio::test]
async fn on_a_port_of_its_own_the_certificate_is_demanded_in_the_handshake() {
    let mut deployment = Deployment::new().await;
    deployment.machine.set(SIGNING_KEY, KEY);
    let address = ([127, 0, 0, 1], free_port()).into();
    let worker =
        deployment.start(|worker| doing(until_cancelled)(worker.rpc_listen(address))).await;
    let rpc = worker.rpc_url().unwrap().strip_suffix("/rpc").unwrap();
    assert!(deployment.caller(None, rpc).try_call(call("worker.status")).await.is_err());
    let token = rpc_token(&deployment.machine.clock(), |_| {});
    let known = deployment.known(rpc);
    assert_eq!(error(known.call_by((ID, &token), call("worker.status")).await).await.0, 404);
    assert_eq!(known.get("/health").await.0, StatusCode::OK);
}

#[tokio::test]
async fn other_routes_are_for_whoever_has_a_certificate_of_the_deployment() {
    let deployment = Deployment::new().await;
    let hello = |worker: carnet_worker::WorkerApplication| worker.route("/", get(async || "hello"));
    let worker = hello(deployment.worker()).serve().await.unwrap();
    let nobody = deployment.caller(None, worker.https_url());
    assert_eq!(nobody.get("/").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(nobody.get("/health").await.1["details"]["certificate_expires_at"], Value::Null);
    assert_eq!(deployment.known(worker.https_url()).get("/").await.0, StatusCode::OK);
    // No glob of identities of the fleet is about them.
    let chosen = hello(deployment.worker()).allow_peers(&["spiffe://*"]).serve().await.unwrap();
    assert_eq!(deployment.known(chosen.https_url()).get("/").await.0, StatusCode::FORBIDDEN);
}

/// Promise: K-50
#[tokio::test]
async fn tokens_that_the_control_plane_signs_verify_with_the_keys_that_it_publishes() {
    let mut deployment = Deployment::new().await;
    deployment.machine.set(TOKEN, "shared by all");
    let clock = deployment.machine.clock();
    let sign = |seed: u8| {
        let key = SigningKey::from_seed(&[seed; 32]).unwrap();
        let token = mint_v2(&key, &rpc_claims(&clock)).unwrap();
        (token, Jwk::of(key.verifying_key(), jwks::USE))
    };
    let publish = |key: Jwk| deployment.control.state.feed.others.lock().unwrap().push(key);
    let (first, published) = sign(7);
    publish(published);
    let worker = deployment.start(doing(until_cancelled)).await;
    let known = deployment.known(worker.https_url());
    let ask =
        async |token: &str| error(known.call_by((ID, token), call("worker.status")).await).await.0;
    until(async || ask(&first).await == 404).await;
    // A key that is new is asked for at once, though not all the time.
    let (second, published) = sign(8);
    assert_eq!(ask(&second).await, 401);
    publish(published);
    assert_eq!(ask(&second).await, 401, "it was asked a moment ago");
    deployment.machine.advance(seconds(11));
    assert_eq!(ask(&second).await, 404);
}

/// Promise: K-55
#[tokio::test]
async fn files_that_do_not_do_are_named_with_their_key() {
    async fn refused(deployment: &Deployment) -> (&'static str, FileFault) {
        match deployment.worker().serve().await.err().unwrap() {
            WorkerError::DeployedFile { key, fault, .. } => (key, fault),
            error => panic!("{error:?}"),
        }
    }
    let deployment = Deployment::new().await;
    let (certificate, key, ca) = (
        "worker.rpc_tls.server_cert_file",
        "worker.rpc_tls.server_key_file",
        "worker.rpc_tls.client_ca_file",
    );
    let old = std::fs::read_to_string(deployment.file("server.key")).unwrap();
    deployment.certify();
    let text = |name| std::fs::read_to_string(deployment.file(name)).unwrap();
    let good = (text("server.pem"), text("server.key"));
    for (file, text, expected) in [
        ("ca.pem", "", (ca, FileFault::NotPem)),
        ("ca.pem", "no certificate is in here", (ca, FileFault::NotPem)),
        ("ca.pem", good.1.as_str(), (ca, FileFault::NotPem)),
        ("server.pem", "x", (certificate, FileFault::NotPem)),
        ("server.key", "x", (key, FileFault::NotPem)),
        ("server.key", &old, (key, FileFault::KeyMismatch)),
    ] {
        deployment.certify();
        put(&deployment.file(file), text);
        assert_eq!(refused(&deployment).await, expected, "{file}: {text}");
    }
    deployment.certify();
    std::fs::remove_file(deployment.file("server.pem")).unwrap();
    assert_eq!(refused(&deployment).await, (certificate, FileFault::Missing));

    // What is half configured is told before any file is read.
    let mut half = Deployment::new().await;
    half.set_tls("CLIENT_CA_FILE", "");
    let error = half.worker().serve().await.err().unwrap();
    let text = error.to_string();
    assert!(matches!(error, WorkerError::Start(_)), "{text}");
    assert!(text.contains(ca) && text.contains("\n  fix: "), "{text}");
}

/// Promise: K-55
#[tokio::test]
async fn files_are_exchanged_while_it_serves_and_bad_ones_are_not() {
    let mut deployment = Deployment::new().await;
    deployment.machine.set(TOKEN, "shared by all");
    let worker = deployment.start(doing(until_cancelled)).await;
    let url = worker.https_url();
    let ask = async |caller: &Caller| {
        let answer = caller.try_call_by((ID, "shared by all"), call("worker.status")).await;
        answer.is_ok_and(|answer| answer.status() == StatusCode::NOT_FOUND)
    };
    let old = deployment.known(url);
    assert!(ask(&old).await);
    // Another CA for both sides: nobody believes the old one any more, also not over a connection that was there.
    let next = Deployment {
        authority: authority(&deployment.machine.clock()),
        machine: deployment.machine.another(),
        control: deployment.control.clone(),
    };
    next.certify();
    for name in ["server.pem", "server.key", "ca.pem"] {
        std::fs::copy(next.file(name), deployment.file(name)).unwrap();
    }
    let new = next.known(url);
    until(async || {
        deployment.machine.advance(seconds(1));
        ask(&new).await
    })
    .await;
    until(async || !ask(&old).await).await;
    // One that believes the new CA and shows a certificate of the old one.
    let mixed = next.caller(Some(&deployment.authority), url);
    assert!(!ask(&mixed).await);
    // What cannot be used is not used.
    put(&deployment.file("server.key"), "x");
    for _ in 0..20 {
        deployment.machine.advance(seconds(1));
        assert!(ask(&new).await);
    }
}

/// Promise: W-20, W-41
#[tokio::test]
async fn the_emergency_list_and_the_profile_count_without_a_restart() {
    let mut deployment = Deployment::new().await;
    let file = deployment.machine.path("carnet.toml");
    let write = |list: &str, profile: &str| {
        put(
            &file,
            &format!(
                "[profile]\nworker_token = \"{profile}\"\n[auth]\nworker_token = \"shared by all\"\n\
                 worker_signing_key = \"{KEY}\"\nworker_revoked_token_ids = [{list}]\n"
            ),
        );
    };
    write("", "compat");
    deployment.machine.set("CARNET_CONFIG", &file.display().to_string());
    let worker = deployment.start(doing(until_cancelled)).await;
    let caller = deployment.known(worker.https_url());
    let clock = deployment.machine.clock();
    let ask =
        async |token: &str| error(caller.call_by((ID, token), call("worker.status")).await).await.0;
    let token = rpc_token(&clock, |_| {});
    let without_scopes = rpc_token(&clock, |claims| claims.scopes.clear());
    assert_eq!((ask(&token).await, ask(&without_scopes).await), (404, 404));
    write("\"a-token\"", "strict");
    until(async || {
        deployment.machine.advance(Duration::from_millis(100));
        ask(&token).await == 401
    })
    .await;
    assert_eq!((ask(&without_scopes).await, ask("shared by all").await), (401, 404));
    // What is no configuration takes nothing back.
    put(&file, "auth = 1");
    for _ in 0..20 {
        deployment.machine.advance(Duration::from_millis(500));
        assert_eq!((ask(&token).await, ask("shared by all").await), (401, 404));
    }
}

#[tokio::test]
async fn a_token_file_that_is_blank_keeps_nothing_else_out_of_force() {
    let mut deployment = Deployment::new().await;
    let (file, token) = (deployment.machine.path("carnet.toml"), deployment.file("token"));
    let write = |list: &str| {
        let auth = format!("[auth]\nworker_signing_key = \"{KEY}\"\n");
        put(&file, &format!("{auth}worker_revoked_token_ids = [{list}]\n"));
    };
    write("");
    put(&token, "shown");
    deployment.machine.set("CARNET_CONFIG", &file.display().to_string());
    deployment.machine.set(TOKEN_FILE, &token.display().to_string());
    let worker = deployment.start(doing(until_cancelled)).await;
    let caller = deployment.known(worker.https_url());
    let good = rpc_token(&deployment.machine.clock(), |_| {});
    let ask =
        async |token: &str| error(caller.call_by((ID, token), call("worker.status")).await).await.0;
    assert_eq!(ask(&good).await, 404);
    assert_eq!(ask("shown").await, 401, "what the worker shows lets nobody in");
    put(&token, "");
    write("\"a-token\"");
    until(async || {
        deployment.machine.advance(Duration::from_millis(100));
        ask(&good).await == 401
    })
    .await;
}

#[tokio::test]
async fn a_configuration_that_nobody_named_is_not_read() {
    let deployment = Deployment::new().await;
    put(&deployment.machine.surroundings.cwd.join("carnet.toml"), "no configuration");
    assert!(deployment.worker().serve().await.is_ok());
    let mut named = Deployment::new().await;
    named.machine.set("CARNET_CONFIG", "carnet.toml");
    put(&named.machine.surroundings.cwd.join("carnet.toml"), "no configuration");
    assert!(matches!(named.worker().serve().await, Err(WorkerError::Config(_))));
}

/// Promise: W-39
#[tokio::test]
async fn a_reload_that_is_about_something_else_costs_no_token() {
    let mut deployment = Deployment::new().await;
    deployment.machine.set(ISSUER_KEY, "carnet_ak_an_issuers");
    let _worker = deployment.start(|worker| worker).await;
    assert_eq!(deployment.beat(1).await, "issued-1");
    deployment.certify();
    assert_eq!(deployment.beat(3).await, "issued-1");
    assert_eq!(deployment.control.seen(ISSUE).len(), 1);
}

/// Promise: K-55
#[tokio::test]
async fn calls_in_plain_are_for_compat_and_this_machine() {
    async fn start(profile: &str, host: &str) -> Result<RunningWorker, WorkerError> {
        let mut machine = Machine::new();
        machine
            .set("CARNET_WORKER_RPC_TLS_ENABLED", "false")
            .set("CARNET_PROFILE_DEFAULT", profile)
            .set("CARNET_WORKER_HOST", host)
            .set(TOKEN, "shared by all");
        let worker = machine.worker().worker_id(ID);
        doing(until_cancelled)(worker).serve().await
    }
    assert!(matches!(start("strict", "127.0.0.1").await, Err(WorkerError::Start(_))));
    assert!(matches!(start("compat", "0.0.0.0").await, Err(WorkerError::PlainNotLoopback { .. })));
    let worker = start("compat", "127.0.0.1").await.unwrap();
    let url = worker.rpc_url().unwrap();
    assert!(url.starts_with("http://localhost:"), "{url}");
    let http = reqwest::Client::new();
    let ask = || http.post(url).header("X-Worker-ID", ID).body(call("worker.status"));
    // Nothing of the revocations has been heard yet, and the token never ends.
    assert_eq!(error(ask().bearer_auth("shared by all").send().await.unwrap()).await.0, 503);
    assert_eq!(error(ask().send().await.unwrap()).await, (401, "Unauthorized".to_owned()));
    let base = worker.https_url();
    assert_eq!(http.get(format!("{base}/health")).send().await.unwrap().status(), 200);
    assert_eq!(http.get(format!("{base}/status")).send().await.unwrap().status(), 401);
}

/// Promise: K-54
#[tokio::test]
async fn a_member_of_the_fleet_shows_no_token() {
    let (mut machine, ca) = Machine::enrolling().await;
    machine.set("PLATFORM_URL", &ca.url()).set(TOKEN, "shared by all").set(SIGNING_KEY, KEY);
    let worker = doing(until_cancelled)(machine.worker().worker_id(ID)).serve().await.unwrap();
    let beat = format!("POST /v1/workers/{ID}/heartbeat");
    machine.later(|| !ca.seen(&beat).is_empty()).await;
    until(async || !ca.seen("GET /api/v1/revocations/stream").is_empty()).await;
    for seen in &*ca.state.seen.borrow() {
        assert_eq!((&seen.worker_id, &seen.worker_token), (&None, &None), "{}", seen.what);
        let is_enrollment = seen.what == "POST /certificates/csr";
        assert_eq!(seen.authorization.is_some(), is_enrollment, "{}", seen.what);
    }
    // Nor does it take one.
    let nobody = Caller::nobody(&ca, worker.https_url());
    let answer = nobody.call_by((ID, "shared by all"), call("worker.status")).await;
    assert_eq!(told(answer).await.0, 401);
}
