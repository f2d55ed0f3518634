//! How often callers may ask.

use std::time::Duration;

use carnet_ticket::realm::NodeKey;
use reqwest::Method;
use serde_json::json;

use crate::support::{ADMIN_KEY, API_KEY, Answer, As, START, Server, text};

/// The answer refuses as too much of `limit`, for `wait_s` seconds from the start.
#[track_caller]
fn expect_limited(answer: Answer, limit: &str, wait_s: i64) {
    let header = |name: &str| answer.header(name).to_owned();
    assert_eq!(header("retry-after"), wait_s.to_string());
    assert_eq!(
        (header("x-ratelimit-limit").as_str(), &*header("x-ratelimit-remaining")),
        (limit, "0")
    );
    let reset: i64 = header("x-ratelimit-reset").parse().unwrap();
    assert_eq!(reset, START.0 / 1000 + wait_s + 1);
    let body = answer.expect_error(429, "rate_limit_exceeded");
    assert_eq!(body["details"], json!({ "retryAfter": wait_s }));
}

/// Promise: R-61
#[tokio::test(flavor = "multi_thread")]
async fn each_caller_has_a_rate_and_is_told_when_to_come_back() {
    let server = Server::start_with(&[("realm.rate_per_user", "6")]).await;
    let ticket = server.ticket(As::Api, json!({ "input": [] })).await;
    for _ in 0..5 {
        server.get(As::Api, "/api/realm/self").await.expect(200);
    }
    expect_limited(server.get(As::Api, "/api/realm/self/usage").await, "6", 10);
    for _ in 0..6 {
        server.get(As::Ticket(&ticket), "/api/realm/self").await.expect(200);
        server.get(As::Admin, "/api/realm/self").await.expect(200);
    }
    expect_limited(server.get(As::Ticket(&ticket), "/api/realm/self").await, "6", 10);
    server.get(As::Api, "/api/v1/me").await.expect(200);
    server.get(As::Nobody, "/api/health").await.expect(200);
    server.hand.advance(Duration::from_secs(10));
    server.get(As::Api, "/api/realm/self").await.expect(200);
    server.get(As::Api, "/api/realm/self").await.expect(429);
}

/// Promise: R-61
#[tokio::test(flavor = "multi_thread")]
async fn uploads_have_a_rate_by_realm_whoever_sends_them() {
    let server = Server::start_with(&[("realm.rate_upload_per_realm", "3")]).await;
    let ticket = server.ticket(As::Api, json!({ "writable": {} })).await;
    let node = text("a node");
    for caller in [As::Api, As::Ticket(&ticket), As::Api] {
        server.put_node(caller, &node).await.expect(200);
    }
    for caller in [As::Api, As::Ticket(&ticket)] {
        expect_limited(server.put_node(caller, &node).await, "3", 20);
    }
    server.put_node(As::Admin, &node).await.expect(200);
    server.get_node(As::Api, node.key).await.expect(200);
}

/// Promise: R-61
#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_zero_is_none() {
    let off = [("realm.rate_per_user", "0"), ("realm.rate_upload_per_realm", "0")];
    let server = Server::start_with(&off).await;
    let node = text("a node");
    for _ in 0..200 {
        server.put_node(As::Api, &node).await.expect(200);
    }
}

/// The order of every answer: credential, role, realm, rate, body.
#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_is_refused_before_it_counts_and_bodies_are_judged_after() {
    let server = Server::start_with(&[("realm.rate_per_user", "1")]).await;
    for _ in 0..3 {
        server.get(As::Key("wrong"), "/api/realm/self").await.expect(401);
        server.get(As::Api, "/api/realm/tenant:other").await.expect(403);
    }
    let bad = async || server.post(As::Api, "/api/realm/self/tickets", &json!([])).await;
    bad().await.expect(400);
    bad().await.expect(429);
    server.get(As::Api, "/api/realm/tenant:other").await.expect(403);
}

/// Promise: P-49
#[tokio::test(flavor = "multi_thread")]
async fn whoever_presents_bad_credentials_is_cut_off_before_any_check() {
    let settings = [("auth.failure_limit_per_minute", "3")];
    let server = Server::start_with(&settings).await;
    for _ in 0..10 {
        server.get(As::Nobody, "/api/v1/me").await.expect_error(401, "unauthorized");
    }
    server.get(As::Key("wrong"), "/api/v1/me").await.expect(401);
    let unknown = As::Ticket("ticket:01HQXK5V8N3Y7M2P4R6T9W0ABC");
    server.get(unknown, "/api/realm/self").await.expect(404);
    server.get(As::Key("wrong"), "/nothing").await.expect(401);
    for key in ["wrong", API_KEY] {
        let answer = server.get(As::Key(key), "/api/v1/me").await;
        assert_eq!(answer.header("retry-after"), "20");
        answer.expect_error(429, "resource_limit");
        expect_limited(server.get(As::Key(key), "/api/realm/self").await, "3", 20);
    }
    server.get(As::Key(ADMIN_KEY), "/live").await.expect(200);
    server.hand.advance(Duration::from_secs(20));
    server.get(As::Api, "/api/v1/me").await.expect(200);
    server.get(As::Key("wrong"), "/api/v1/me").await.expect(401);
    server.get(As::Api, "/api/v1/me").await.expect(429);
}

/// A ticket that has ended was good once: to go on asking is not to guess.
#[tokio::test(flavor = "multi_thread")]
async fn tickets_that_ended_count_as_no_failure() {
    let server = Server::start_with(&[("auth.failure_limit_per_minute", "2")]).await;
    let ticket = server.ticket(As::Api, json!({ "input": [] })).await;
    server.revoke(As::Api, &ticket).await.expect(200);
    for _ in 0..5 {
        server.get_node(As::Ticket(&ticket), NodeKey::EMPTY_DICT).await.expect(410);
    }
}

/// Promise: P-39
#[tokio::test(flavor = "multi_thread")]
async fn only_a_trusted_proxy_says_where_a_request_comes_from() {
    let me = async |server: &Server, key: &str, from: &str| {
        let request = server.request(As::Key(key), Method::GET, "/api/v1/me");
        server.send(request.header("X-Forwarded-For", from)).await.status.as_u16()
    };
    let limit = ("auth.failure_limit_per_minute", "1");
    let server = Server::start_with(&[limit]).await;
    assert_eq!(me(&server, "wrong", "192.0.2.1").await, 401);
    assert_eq!(me(&server, API_KEY, "192.0.2.2").await, 429, "the header is not believed");
    let server = Server::start_with(&[limit, ("server.trusted_proxies", "127.0.0.0/8")]).await;
    assert_eq!(me(&server, "wrong", "192.0.2.1").await, 401);
    assert_eq!(me(&server, API_KEY, "192.0.2.1").await, 429);
    assert_eq!(me(&server, API_KEY, "192.0.2.2").await, 200);
    assert_eq!(me(&server, API_KEY, "192.0.2.1, 192.0.2.3").await, 200);
}
