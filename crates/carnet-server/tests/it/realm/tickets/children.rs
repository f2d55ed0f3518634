//! `POST /api/realm/{realm}/tickets/{ticket}/children`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{As, START, Server, dict, file, text};

const PATH: &str = "/api/realm/self/tickets";

async fn child(server: &Server, caller: As<'_>, parent: &str, body: &Value) -> String {
    let made = server.post(caller, &format!("{PATH}/{parent}/children"), body).await.expect(200);
    made.json()["ticketId"].as_str().unwrap().to_owned()
}

/// A ticket and its descendants down to `depth`: each made by the one before.
async fn chain(server: &Server, depth: usize, body: &Value) -> Vec<String> {
    let mut body = body.clone();
    body["delegable"] = json!(true);
    let mut tickets = vec![server.ticket(As::Api, body.clone()).await];
    for _ in 0..depth {
        let parent = tickets.last().unwrap();
        tickets.push(child(server, As::Ticket(parent), "self", &body).await);
    }
    tickets
}

async fn seen(server: &Server, ticket: &str) -> Value {
    server.get(As::Api, &format!("{PATH}/{ticket}")).await.expect(200).json()
}

/// Promise
#[tokio::test(flavor = "multi_thread")]
async fn a_child_says_whose_it_is_and_gets_of_its_parent_what_it_does_not_ask_for() {
    let server = Server::start().await;
    let input = text("input");
    server.put_node(As::Api, &input).await.expect(200);
    let body = json!({
        "input": [input.key], "writable": { "quota": 700, "accept": ["text/*"] }, "expiresIn": 60, "delegable": true,
    });
    let parent = server.post(As::Api, PATH, &body).await.expect(200).json();
    assert_eq!((&parent["delegable"], parent.get("parent")), (&json!(true), None));
    let parent = parent["ticketId"].as_str().unwrap();
    let path = format!("{PATH}/{parent}/children");
    let made = server
        .post(As::Ticket(parent), &path, &json!({ "writable": {}, "purpose": "p" }))
        .await
        .expect(200)
        .json();
    let id = made["ticketId"].as_str().unwrap();
    let realm = server.get(As::Api, "/api/realm/self").await.json()["realm"].clone();
    let config =
        json!({ "nodeLimit": 1_048_576, "maxNameBytes": 255, "quota": 700, "accept": ["text/*"] });
    assert_eq!(
        made,
        json!({
            "ticketId": id, "realm": realm, "input": [input.key], "writable": true, "config": config,
            "expiresAt": START.0 + 60_000, "parent": parent,
        })
    );
    let list = server.get(As::Api, PATH).await.expect(200).json();
    assert_eq!(
        list["tickets"][0],
        json!({
            "ticketId": id, "status": "issued", "purpose": "p", "input": [input.key], "output": null,
            "isRevoked": false, "issuerId": "key:api", "createdAt": START.0, "expiresAt": START.0 + 60_000,
            "writable": true, "live": true, "parent": parent,
        })
    );
    let read_only = child(&server, As::Api, parent, &json!({})).await;
    assert_eq!(seen(&server, &read_only).await["writable"], false);
    for (body, field) in [
        (json!({ "inptu": [] }), "inptu"),
        (json!({ "delegable": 1 }), "delegable"),
        (json!({ "writable": { "quota": 0 } }), "writable.quota"),
        (json!({ "expiresIn": 0 }), "expiresIn"),
    ] {
        let answer = server.post(As::Api, &path, &body).await.expect_error(400, "invalid_request");
        assert_eq!(answer["details"]["field"], field);
    }
}

/// Promise
#[tokio::test(flavor = "multi_thread")]
async fn no_field_of_a_child_exceeds_its_parent() {
    let server = Server::start().await;
    let (input, hidden) = (text("input"), text("hidden"));
    for node in [&input, &hidden] {
        server.put_node(As::Api, node).await.expect(200);
    }
    let body = json!({
        "input": [input.key], "delegable": true, "writable": { "quota": 1000, "accept": ["text/*"] },
    });
    let parent = server.ticket(As::Api, body).await;
    server.put_node(As::Ticket(&parent), &text("spends some")).await.expect(200);
    let path = format!("{PATH}/{parent}/children");
    for caller in [As::Ticket(&parent), As::Api] {
        for (body, field) in [
            (json!({ "input": [input.key, hidden.key] }), "input"),
            (json!({ "input": [text("absent").key] }), "input"),
            (json!({ "writable": { "quota": 1000 } }), "quota"),
            (json!({ "writable": { "quota": 1, "accept": ["*/*"] } }), "accept"),
        ] {
            let answer = server.post(caller, &path, &body).await.expect_error(403, "forbidden");
            assert_eq!(answer["details"]["field"], field, "{body}");
        }
    }
    // What it uploaded it may hand on.
    let uploaded = json!({ "input": [text("spends some").key] });
    server.post(As::Ticket(&parent), &path, &uploaded).await.expect(200);

    let plain = server.ticket(As::Api, json!({ "input": [] })).await;
    let path = format!("{PATH}/{plain}/children");
    server.post(As::Ticket(&plain), &path, &json!({})).await.expect_error(403, "forbidden");
    for (body, field) in
        [(json!({ "delegable": true }), "delegable"), (json!({ "writable": {} }), "writable")]
    {
        let answer = server.post(As::Api, &path, &body).await.expect_error(403, "forbidden");
        assert_eq!(answer["details"]["field"], field, "{body}");
    }
    server.post(As::Api, &path, &json!({})).await.expect(200);
    server.post(As::Admin, &path, &json!({})).await.expect_error(404, "not_found");
    let other = format!("{PATH}/{parent}/children");
    server.post(As::Ticket(&plain), &other, &json!({})).await.expect_error(403, "forbidden");
}

/// Promise: R-53
#[tokio::test(flavor = "multi_thread")]
async fn there_are_sixteen_below_a_ticket_and_no_more() {
    let server = Server::start().await;
    let tickets = chain(&server, 16, &json!({ "input": [] })).await;
    let deepest = As::Ticket(&tickets[16]);
    server.get(deepest, "/api/realm/self").await.expect(200);
    let path = format!("{PATH}/self/children");
    let answer = server.post(deepest, &path, &json!({})).await.expect_error(403, "forbidden");
    assert_eq!(answer["details"]["field"], "depth");
}

/// Promise: R-53
#[tokio::test(flavor = "multi_thread")]
async fn children_that_upload_in_parallel_never_pass_the_quota_of_what_is_above_them() {
    let server = Server::start().await;
    for len in [100, 100_000] {
        let quota = len * 10;
        let body = json!({ "input": [], "delegable": true, "writable": { "quota": quota } });
        let parent = server.ticket(As::Api, body).await;
        let mut children = Vec::new();
        for _ in 0..4 {
            let own = child(&server, As::Ticket(&parent), "self", &json!({ "writable": {} })).await;
            children.push(own);
        }
        let nodes: Vec<_> = (0..16_u8).map(|at| file("a/b", &vec![at; len])).collect();
        let puts = nodes.iter().enumerate().map(async |(at, node)| {
            // Everything is uploaded twice, by different children: it counts once.
            let first = server.put_node(As::Ticket(&children[at % 4]), node).await;
            let again = server.put_node(As::Ticket(&children[(at + 1) % 4]), node).await;
            assert_eq!(first.status == 200, again.status == 200, "both or none fit");
            first
        });
        let answers = futures::future::join_all(puts).await;
        let stored = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(stored, quota / (len + 80), "as many as fit");
        for answer in answers.into_iter().filter(|answer| answer.status != 200) {
            let details = answer.expect_error(413, "quota_exceeded")["details"].clone();
            assert_eq!(details["limit"], quota);
        }
        let left = json!({ "writable": { "quota": quota - stored * (len + 80) + 1 } });
        let answer = server
            .post(As::Api, &format!("{PATH}/{parent}/children"), &left)
            .await
            .expect_error(403, "forbidden");
        assert_eq!(answer["details"]["field"], "quota");
    }
}

/// Promise: R-15
#[tokio::test(flavor = "multi_thread")]
async fn a_parent_uses_what_its_children_upload_and_reads_what_they_commit() {
    let server = Server::start().await;
    let tickets = chain(&server, 2, &json!({ "input": [], "writable": {} })).await;
    let (parent, grandchild) = (As::Ticket(&tickets[0]), As::Ticket(&tickets[2]));
    let leaf = text("leaf");
    server.put_node(grandchild, &leaf).await.expect(200);
    server.get_node(parent, leaf.key).await.expect_error(403, "forbidden");
    let folder = dict(&[("leaf", leaf.key)]);
    server.put_node(parent, &folder).await.expect(200);

    server.commit(&tickets[2], leaf.key).await.expect(200);
    server.get_node(parent, leaf.key).await.expect(200);
    server.get_node(As::Ticket(&tickets[1]), leaf.key).await.expect(200);
    let sibling = child(&server, As::Api, &tickets[0], &json!({ "input": [] })).await;
    server.get_node(As::Ticket(&sibling), leaf.key).await.expect_error(403, "forbidden");

    // Deleted, it is nothing below them any more.
    server.delete(As::Api, &format!("{PATH}/{}", tickets[2])).await.expect(200);
    server.get_node(parent, leaf.key).await.expect_error(403, "forbidden");
}

/// Promise: R-53
#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_ticket_is_the_end_of_everything_below_it_at_once() {
    let server = Server::start().await;
    let input = text("input");
    server.put_node(As::Api, &input).await.expect(200);
    let body = json!({ "input": [input.key], "writable": {}, "expiresIn": 60 });
    for cause in ["revoke", "delete", "expire", "entry"] {
        let tickets = chain(&server, 3, &body).await;
        for ticket in &tickets {
            server.get_node(As::Ticket(ticket), input.key).await.expect(200);
        }
        let before = seen(&server, &tickets[3]).await;
        let above = &tickets[1];
        match cause {
            "revoke" => drop(server.revoke(As::Api, above).await.expect(200)),
            "delete" => {
                drop(server.delete(As::Api, &format!("{PATH}/{above}")).await.expect(200));
            }
            "entry" => {
                let entry = json!({ "kind": "realm_ticket", "value": above });
                server.post(As::Admin, "/api/v1/admin/revocations", &entry).await.expect(201);
            }
            _ => server.hand.advance(Duration::from_millis(60_001)),
        }
        for below in &tickets[2..] {
            let tool = As::Ticket(below);
            server.get_node(tool, input.key).await.expect_error(410, "gone");
            server.put_node(tool, &text(cause)).await.expect_error(410, "gone");
            server.commit(below, input.key).await.expect_error(410, "gone");
        }
        // No row below it has changed.
        let mut now = seen(&server, &tickets[3]).await;
        assert_eq!(now["live"], false, "{cause}");
        now["live"] = json!(true);
        assert_eq!(now, before, "{cause}");
        let path = format!("{PATH}/{}/children", tickets[3]);
        server.post(As::Api, &path, &json!({})).await.expect_error(410, "gone");
        if cause != "expire" {
            server.get_node(As::Ticket(&tickets[0]), input.key).await.expect(200);
        }
    }
}

/// What is committed only reads from then on, and so does everything below it.
#[tokio::test(flavor = "multi_thread")]
async fn below_a_committed_ticket_nothing_is_written() {
    let server = Server::start().await;
    let node = text("node");
    server.put_node(As::Api, &node).await.expect(200);
    let tickets = chain(&server, 2, &json!({ "input": [node.key], "writable": {} })).await;
    let grandchild = As::Ticket(&tickets[2]);
    server.put_node(grandchild, &text("before")).await.expect(200);
    server.commit(&tickets[0], node.key).await.expect(200);
    server.get_node(grandchild, node.key).await.expect(200);
    server.put_node(grandchild, &text("after")).await.expect_error(403, "forbidden");
    server.commit(&tickets[2], node.key).await.expect_error(403, "forbidden");
    assert_eq!(seen(&server, &tickets[2]).await["live"], true);
    let path = format!("{PATH}/self/children");
    let answer = server.post(grandchild, &path, &json!({ "writable": {} })).await;
    assert_eq!(answer.expect_error(403, "forbidden")["details"]["field"], "writable");
    server.post(grandchild, &path, &json!({})).await.expect(200);
}

/// A child is its parent's issuer's: that one revokes it, and withdrawing its key ends both.
#[tokio::test(flavor = "multi_thread")]
async fn the_issuer_of_a_ticket_is_the_issuer_of_its_children() {
    let server = Server::start().await;
    let (key, id) = server.api_key("api").await;
    let parent = server.ticket(As::Key(&key), json!({ "delegable": true })).await;
    let made = child(&server, As::Ticket(&parent), "self", &json!({})).await;
    let other = child(&server, As::Ticket(&parent), "self", &json!({})).await;
    let row = server.get(As::Key(&key), &format!("{PATH}/{made}")).await.expect(200).json();
    assert_eq!(row["issuerId"], id);
    server.revoke(As::Key(&key), &made).await.expect(200);
    server.get(As::Ticket(&made), "/api/realm/self").await.expect_error(410, "gone");
    server.get(As::Ticket(&other), "/api/realm/self").await.expect(200);
    server.delete(As::Admin, &format!("/api/v1/admin/api-keys/{id}")).await.expect(204);
    for ticket in [&parent, &other] {
        server.get(As::Ticket(ticket), "/api/realm/self").await.expect_error(410, "gone");
    }
}

/// Promise: R-33
#[tokio::test(flavor = "multi_thread")]
async fn the_audit_names_no_child_and_no_parent() {
    let server = Server::start().await;
    let tickets = chain(&server, 1, &json!({ "input": [] })).await;
    server.revoke(As::Api, &tickets[0]).await.expect(200);
    let audit = server.get(As::Admin, "/api/v1/admin/audit").await.expect(200);
    let text = String::from_utf8(audit.bytes).unwrap();
    assert!(text.contains("ticket.attenuate") && text.contains("ticket.revoke"), "{text}");
    let metrics = server.get(As::Admin, "/metrics").await.expect(200);
    let metrics = String::from_utf8(metrics.bytes).unwrap();
    for ticket in &tickets {
        let ulid = ticket.strip_prefix("ticket:").unwrap();
        assert!(!text.contains(ulid) && !metrics.contains(ulid));
    }
}
