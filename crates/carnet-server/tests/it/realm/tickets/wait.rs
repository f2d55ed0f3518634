//! Waiting: `?wait` and events.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::support::{As, Server, text};

fn path(ticket: &str) -> String {
    format!("/api/realm/self/tickets/{ticket}")
}

async fn open(server: &Server, caller: As<'_>, ticket: &str) -> Response {
    let response = server
        .request(caller, Method::GET, &format!("{}/events", path(ticket)))
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    response
}

/// The next piece of a stream.
async fn next(stream: &mut Response) -> Option<String> {
    stream.chunk().await.unwrap().map(|chunk| String::from_utf8(chunk.to_vec()).unwrap())
}

fn data(event: &str) -> Value {
    let line = event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    serde_json::from_str(line).unwrap()
}

/// Promise: R-55
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_tells_the_state_its_change_and_its_end() {
    let server = Server::start().await;
    let node = text("x");
    server.put_node(As::Api, &node).await.expect(200);
    let ticket = server.ticket(As::Api, json!({ "input": [node.key], "writable": {} })).await;
    let mut stream = open(&server, As::Api, &ticket).await;
    let first = next(&mut stream).await.unwrap();
    assert!(first.starts_with("id: 1\nevent: ticket\n"), "{first}");
    assert_eq!(data(&first), server.get(As::Api, &path(&ticket)).await.json());

    server.hand.advance(Duration::from_secs(15));
    assert_eq!(next(&mut stream).await.unwrap(), ": hb\n\n");

    server.commit(&ticket, node.key).await.expect(200);
    let last = next(&mut stream).await.unwrap();
    assert_eq!(
        (&data(&last)["status"], &data(&last)["output"]),
        (&json!("committed"), &json!(node.key))
    );
    assert!(
        last.ends_with("event: end\ndata: {\"live\":true,\"status\":\"committed\"}\n\n"),
        "{last}"
    );
    assert_eq!(next(&mut stream).await, None);
}

/// Promise: R-55
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_on_revoke_expiry_and_delete() {
    let server = Server::start().await;
    let make = async || server.ticket(As::Api, json!({ "input": [], "expiresIn": 5 })).await;
    let (revoked, deleted, expired) = (make().await, make().await, make().await);
    let mut streams = Vec::new();
    for ticket in [&revoked, &deleted, &expired] {
        let mut stream = open(&server, As::Api, ticket).await;
        next(&mut stream).await.unwrap();
        streams.push(stream);
    }
    server.revoke(As::Api, &revoked).await.expect(200);
    let last = next(&mut streams[0]).await.unwrap();
    assert!(last.contains("\"status\":\"revoked\"") && last.contains("event: end"));
    server.delete(As::Api, &path(&deleted)).await.expect(200);
    assert!(next(&mut streams[1]).await.unwrap().starts_with("event: end"));
    server.hand.advance(Duration::from_millis(5001));
    let last = next(&mut streams[2]).await.unwrap();
    assert_eq!((&data(&last)["live"], &data(&last)["status"]), (&json!(false), &json!("issued")));
    for stream in &mut streams {
        assert_eq!(next(stream).await, None);
    }
}

/// Promise: R-55
#[tokio::test(flavor = "multi_thread")]
async fn a_wait_answers_as_soon_as_something_has_become_of_the_ticket() {
    let server = std::sync::Arc::new(Server::start().await);
    let node = text("x");
    server.put_node(As::Api, &node).await.expect(200);
    let ticket = server.ticket(As::Api, json!({ "input": [node.key], "writable": {} })).await;
    let waiting = |seconds: u32| {
        let (server, path) = (server.clone(), format!("{}?wait={seconds}", path(&ticket)));
        tokio::spawn(async move { server.get(As::Api, &path).await.expect(200).json() })
    };
    // It answers at once where there is nothing to wait for, and at its time where nothing happens.
    assert_eq!(waiting(0).await.unwrap()["status"], "issued");
    let timed = waiting(20);
    until_waiting(&server, &ticket).await;
    server.hand.advance(Duration::from_secs(20));
    assert_eq!(timed.await.unwrap()["status"], "issued");

    let told = waiting(60);
    until_waiting(&server, &ticket).await;
    server.commit(&ticket, node.key).await.expect(200);
    assert_eq!(told.await.unwrap()["output"], json!(node.key));
    for bad in ["61", "-1", "x", ""] {
        server
            .get(As::Api, &format!("{}?wait={bad}", path(&ticket)))
            .await
            .expect_error(400, "invalid_request");
    }
}

/// Lets the server come to the point where it waits: it has answered something that was asked later.
async fn until_waiting(server: &Server, ticket: &str) {
    for _ in 0..20 {
        server.get(As::Api, &path(ticket)).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_thousand_waits_in_a_realm_are_refused() {
    let server = Server::start().await;
    let ticket = server.ticket(As::Api, json!({ "input": [] })).await;
    let mut streams = Vec::new();
    for _ in 0..1000 {
        streams.push(open(&server, As::Api, &ticket).await);
    }
    server
        .get(As::Api, &format!("{}/events", path(&ticket)))
        .await
        .expect_error(429, "rate_limit_exceeded");
    let full = server.get(As::Api, &format!("{}?wait=1", path(&ticket))).await.expect(429);
    assert_eq!(full.header("x-ratelimit-limit"), "1000");
    full.expect_error(429, "rate_limit_exceeded");
    server.get(As::Api, &path(&ticket)).await.expect(200);
}

/// A child ends with what is above it: who waits for it learns that at once.
///
/// Promise: R-55
#[tokio::test(flavor = "multi_thread")]
async fn streams_and_waits_for_a_child_end_with_what_is_above_it() {
    let server = std::sync::Arc::new(Server::start().await);
    for cause in ["revoke", "delete", "expire"] {
        let body = json!({ "input": [], "delegable": true, "expiresIn": 5 });
        let root = server.ticket(As::Api, body.clone()).await;
        let mut tickets = vec![root.clone()];
        for _ in 0..2 {
            let parent = tickets.last().unwrap();
            let children = format!("{}/children", path(parent));
            let made = server.post(As::Ticket(parent), &children, &body).await.expect(200).json();
            tickets.push(made["ticketId"].as_str().unwrap().to_owned());
        }
        let child = tickets[2].clone();
        let mut stream = open(&server, As::Api, &child).await;
        next(&mut stream).await.unwrap();
        let waiting = {
            let (server, path) = (server.clone(), format!("{}?wait=60", path(&child)));
            tokio::spawn(async move { server.get(As::Api, &path).await.expect(200).json() })
        };
        let own = {
            let (server, child) = (server.clone(), child.clone());
            let path = format!("{}?wait=60", path("self"));
            tokio::spawn(async move { server.get(As::Ticket(&child), &path).await.status })
        };
        until_waiting(&server, &child).await;
        match cause {
            "revoke" => drop(server.revoke(As::Api, &root).await.expect(200)),
            "delete" => drop(server.delete(As::Api, &path(&root)).await.expect(200)),
            _ => server.hand.advance(Duration::from_millis(5001)),
        }
        let last = next(&mut stream).await.unwrap();
        assert_eq!(data(&last)["live"], false, "{cause}");
        assert!(
            last.ends_with("event: end\ndata: {\"live\":false,\"status\":\"issued\"}\n\n"),
            "{cause}: {last}"
        );
        assert_eq!(next(&mut stream).await, None);
        assert_eq!(waiting.await.unwrap()["live"], false, "{cause}");
        assert_eq!(own.await.unwrap(), 410, "{cause}");
    }
}

/// Promise: R-55
#[tokio::test(flavor = "multi_thread")]
async fn a_wait_ends_when_what_issued_the_ticket_is_withdrawn() {
    let server = std::sync::Arc::new(Server::start().await);
    let key = async |name: &str| {
        let body = json!({ "name": name, "role": "operator", "tenant_id": "blue" });
        let made = server.post(As::Admin, "/api/v1/admin/api-keys", &body).await.expect(201).json();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        (text(&made["api_key"]), text(&made["key"]["id"]))
    };
    let ((issuer, id), (other, _)) = (key("issuer").await, key("other").await);
    let ticket = server.ticket(As::Key(&issuer), json!({ "input": [] })).await;
    let mut stream = open(&server, As::Key(&other), &ticket).await;
    next(&mut stream).await.unwrap();
    let waiting = {
        let (server, other, path) =
            (server.clone(), other.clone(), format!("{}?wait=60", path(&ticket)));
        tokio::spawn(async move { server.get(As::Key(&other), &path).await.expect(200).json() })
    };
    for _ in 0..20 {
        server.get(As::Key(&other), &path(&ticket)).await.expect(200);
    }
    server.delete(As::Admin, &format!("/api/v1/admin/api-keys/{id}")).await.expect(204);
    assert_eq!(waiting.await.unwrap()["live"], false);
    assert_eq!(data(&next(&mut stream).await.unwrap())["live"], false);
}
