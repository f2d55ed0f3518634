//! What a ticket may write.

use serde_json::json;

use crate::support::{As, Server, file, text};

/// Promise: R-20
#[tokio::test(flavor = "multi_thread")]
async fn uploads_in_parallel_never_pass_the_quota_and_repeats_are_free() {
    let server = Server::start().await;
    let ticket =
        server.ticket(As::Api, json!({ "input": [], "writable": { "quota": 3000 } })).await;
    let nodes: Vec<_> = (0..64).map(|at| text(&"y".repeat(at + 1))).collect();
    let answers = futures::future::join_all(
        nodes.iter().map(|node| server.put_node(As::Ticket(&ticket), node)),
    )
    .await;
    let stored: Vec<_> = nodes
        .iter()
        .zip(&answers)
        .filter(|(_, answer)| answer.status == 200)
        .map(|(node, _)| node)
        .collect();
    let used: usize = stored.iter().map(|node| node.bytes.len()).sum();
    assert!(used <= 3000 && stored.len() < 64);
    for (node, answer) in nodes.iter().zip(answers).filter(|(_, answer)| answer.status != 200) {
        let details = answer.expect_error(413, "quota_exceeded")["details"].clone();
        assert_eq!(
            (&details["limit"], &details["requested"]),
            (&json!(3000), &json!(node.bytes.len()))
        );
    }
    for node in &stored {
        server.put_node(As::Ticket(&ticket), node).await.expect(200);
    }
    let left = 3000 - used;
    let too_big = text(&"z".repeat(left.saturating_sub(80) + 1));
    let details = server
        .put_node(As::Ticket(&ticket), &too_big)
        .await
        .expect_error(413, "quota_exceeded")["details"]
        .clone();
    assert_eq!(details["used"], used, "what was refused cost nothing");
}

/// Large nodes are set aside before their bytes are stored: the same bound holds for them.
#[tokio::test(flavor = "multi_thread")]
async fn large_uploads_in_parallel_keep_to_the_quota_too() {
    let server = Server::start().await;
    let ticket =
        server.ticket(As::Api, json!({ "input": [], "writable": { "quota": 500_000 } })).await;
    let nodes: Vec<_> = (0..12_u8).map(|at| file("a/b", &vec![at; 100_000])).collect();
    let answers = futures::future::join_all(
        nodes.iter().map(|node| server.put_node(As::Ticket(&ticket), node)),
    )
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 4);
    let usage = server.get(As::Api, "/api/realm/self/usage").await.json();
    assert_eq!(usage["nodeCount"], 4);
    let small = text("there is room for this");
    server.put_node(As::Ticket(&ticket), &small).await.expect(200);
}

/// Promise: R-21
#[tokio::test(flavor = "multi_thread")]
async fn files_of_other_types_are_refused_and_a_bare_successor_is_no_output() {
    let server = Server::start().await;
    let ticket =
        server.ticket(As::Api, json!({ "input": [], "writable": { "accept": ["image/*"] } })).await;
    let tool = As::Ticket(&ticket);
    server.put_node(tool, &text("words")).await.expect_error(403, "forbidden");
    let picture = file("image/svg+xml; charset=utf-8", b"<svg/>");
    server.put_node(tool, &picture).await.expect(200);
    let successor =
        carnet_realm::node::encode_successor(&[], b"data", &carnet_realm::node::Limits::default())
            .unwrap();
    server.put_node(tool, &successor).await.expect(200);
    server.commit(&ticket, successor.key).await.expect_error(403, "forbidden");
    let folder = crate::support::dict(&[("picture", picture.key)]);
    server.put_node(tool, &folder).await.expect(200);
    server.commit(&ticket, folder.key).await.expect(200);
}

/// Users and services; agents come with their credentials.
#[tokio::test(flavor = "multi_thread")]
async fn the_issuer_is_named_by_its_credential() {
    let server = Server::start().await;
    let issuer = async |ticket: &str, caller: As<'_>| {
        server.get(caller, &format!("/api/realm/self/tickets/{ticket}")).await.json()["issuerId"]
            .clone()
    };
    let (key, id) = server.api_key("api").await;
    let ticket = server.ticket(As::Key(&key), json!({})).await;
    assert_eq!(issuer(&ticket, As::Key(&key)).await, id);
    let ticket = server.ticket(As::Api, json!({})).await;
    assert_eq!(issuer(&ticket, As::Api).await, "key:api");

    let socket = server.directory.path().join("api.sock");
    let local = reqwest::Client::builder().unix_socket(socket.as_path()).build().unwrap();
    let path = "http://localhost/api/realm/self/tickets";
    let made: serde_json::Value =
        local.post(path).json(&json!({})).send().await.unwrap().json().await.unwrap();
    let seen: serde_json::Value = local
        .get(format!("{path}/{}", made["ticketId"].as_str().unwrap()))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(seen["issuerId"], seen["realm"], "a user is named as its realm");
}
