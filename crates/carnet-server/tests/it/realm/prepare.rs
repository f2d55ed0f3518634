//! What has to be uploaded.

use std::time::Duration;

use carnet_ticket::realm::NodeKey;
use serde_json::{Value, json};

use crate::support::{Answer, As, Server, dict, text};

const PATH: &str = "/api/realm/self/prepare-nodes";

async fn prepare(server: &Server, caller: As<'_>, keys: &[NodeKey]) -> Answer {
    server.post(caller, PATH, &json!({ "keys": keys })).await
}

/// Promise: R-35
#[tokio::test(flavor = "multi_thread")]
async fn it_tells_what_is_missing_in_the_order_of_the_request_each_once() {
    let server = Server::start().await;
    let [a, b, c, d] = ["a", "b", "c", "d"].map(text);
    for node in [&b, &d] {
        server.put_node(As::Api, node).await.expect(200);
    }
    let keys = [d.key, c.key, NodeKey::EMPTY_DICT, a.key, b.key, c.key, d.key];
    let told = prepare(&server, As::Api, &keys).await.expect(200).json();
    assert_eq!(
        told,
        json!({ "missing": [c.key, a.key], "exists": [d.key, NodeKey::EMPTY_DICT, b.key] })
    );
    let told = prepare(&server, As::Admin, &keys).await.expect(200).json();
    assert_eq!(told["exists"], json!([NodeKey::EMPTY_DICT]), "another realm has none of them");
}

/// Promise: R-35
#[tokio::test(flavor = "multi_thread")]
async fn it_takes_one_to_a_thousand_keys() {
    let server = Server::start().await;
    let keys: Vec<_> = (0..1001).map(|number| text(&format!("{number}")).key).collect();
    let told = prepare(&server, As::Api, &keys[..1000]).await.expect(200).json();
    assert_eq!(told, json!({ "missing": keys[..1000], "exists": [] }));
    for keys in [&[][..], &keys] {
        let body = prepare(&server, As::Api, keys).await.expect_error(400, "invalid_request");
        assert_eq!(body["details"], json!({ "reason": "Count", "field": "keys" }));
    }
    let refused = async |body: Value, reason: &str| {
        let body = server.post(As::Api, PATH, &body).await.expect_error(400, "invalid_request");
        assert_eq!(body["details"]["reason"], reason);
    };
    refused(json!({ "keys": ["node:x"] }), "BadLength").await;
    refused(json!({ "keys": [keys[0].to_string().to_lowercase()] }), "BadAlphabet").await;
    refused(json!({ "keys": [7] }), "WrongType").await;
    refused(json!({ "keys": "all" }), "WrongType").await;
    refused(json!([]), "WrongType").await;
}

/// Promise
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_learns_nothing_of_what_it_may_not_use() {
    let server = Server::start().await;
    let [below, hidden, upload] = ["below", "hidden", "upload"].map(text);
    let input = dict(&[("below", below.key)]);
    for node in [&below, &hidden, &input] {
        server.put_node(As::Api, node).await.expect(200);
    }
    let ticket = server.ticket(As::Api, json!({ "input": [input.key], "writable": {} })).await;
    let tool = As::Ticket(&ticket);
    let keys = [hidden.key, below.key, upload.key, input.key];
    let told = prepare(&server, tool, &keys).await.expect(200).json();
    assert_eq!(
        told,
        json!({ "missing": [hidden.key, upload.key], "exists": [below.key, input.key] })
    );
    server.put_node(tool, &upload).await.expect(200);
    let told = prepare(&server, tool, &keys).await.expect(200).json();
    assert_eq!(told["missing"], json!([hidden.key]), "its own uploads are of use to it");

    let all = server.ticket(As::Api, json!({ "writable": {} })).await;
    let told = prepare(&server, As::Ticket(&all), &keys).await.expect(200).json();
    assert_eq!(told["missing"], json!([]));
}

/// Promise
#[tokio::test(flavor = "multi_thread")]
async fn what_exists_stays_with_all_below_it_as_if_it_were_new() {
    let server = Server::start_with(&[("realm.gc_grace", "1m"), ("realm.gc_interval", "0")]).await;
    let [below, forgotten] = ["below", "forgotten"].map(text);
    let top = dict(&[("below", below.key)]);
    for node in [&below, &forgotten, &top] {
        server.put_node(As::Api, node).await.expect(200);
    }
    let collect = async || {
        server.post(As::Admin, "/api/admin/gc", &json!({ "dryRun": false })).await.expect(200);
    };
    server.hand.advance(Duration::from_hours(1));
    prepare(&server, As::Api, &[top.key]).await.expect(200);
    collect().await;
    for node in [&top, &below] {
        assert_eq!(server.get_node(As::Api, node.key).await.expect(200).bytes, node.bytes);
    }
    let told = prepare(&server, As::Api, &[forgotten.key]).await.expect(200).json();
    assert_eq!(told, json!({ "missing": [forgotten.key], "exists": [] }));
    server.hand.advance(Duration::from_hours(1));
    collect().await;
    server.get_node(As::Api, top.key).await.expect_error(404, "not_found");
}
