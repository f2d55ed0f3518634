//! States, transitions, and the credential itself.

use reqwest::Method;
use serde_json::json;

use crate::support::{As, Server, text};

/// Promise: R-10
#[tokio::test(flavor = "multi_thread")]
async fn each_state_allows_what_it_allows() {
    let server = Server::start().await;
    let input = text("input");
    server.put_node(As::Api, &input).await.expect(200);
    let make =
        async || server.ticket(As::Api, json!({ "input": [input.key], "writable": {} })).await;

    let ticket = make().await;
    server.get_node(As::Ticket(&ticket), input.key).await.expect(200);
    server.put_node(As::Ticket(&ticket), &text("1")).await.expect(200);
    server.commit(&ticket, input.key).await.expect(200);
    server.get_node(As::Ticket(&ticket), input.key).await.expect(200);
    server.put_node(As::Ticket(&ticket), &text("2")).await.expect_error(403, "forbidden");
    let again = server.commit(&ticket, text("1").key).await.expect_error(409, "conflict");
    assert_eq!(again["details"]["output"], json!(input.key));

    let (revoked, archived) = (make().await, make().await);
    server.commit(&archived, input.key).await.expect(200);
    for (ticket, status) in [(&revoked, "revoked"), (&archived, "archived")] {
        let answer = server.revoke(As::Api, ticket).await.expect(200).json();
        assert_eq!(
            (&answer["success"], &answer["status"], &answer["isRevoked"]),
            (&json!(true), &json!(status), &json!(true))
        );
        server.get_node(As::Ticket(ticket), input.key).await.expect_error(410, "gone");
        server.put_node(As::Ticket(ticket), &text("3")).await.expect_error(410, "gone");
        server.commit(ticket, input.key).await.expect_error(410, "gone");
    }

    let deleted = make().await;
    server.delete(As::Api, &format!("/api/realm/self/tickets/{deleted}")).await.expect(200);
    server.get_node(As::Ticket(&deleted), input.key).await.expect_error(404, "not_found");
    let never_issued = "ticket:01HQXK5V8N3Y7M2P4R6T9W0ABC";
    server.get_node(As::Ticket(never_issued), input.key).await.expect_error(404, "not_found");
}

/// Promise
#[tokio::test(flavor = "multi_thread")]
async fn of_concurrent_commits_one_succeeds_and_the_rest_learn_its_output() {
    let server = Server::start().await;
    let ticket = server.ticket(As::Api, json!({ "input": [], "writable": {} })).await;
    let outputs: Vec<_> = (0..16).map(|at| text(&at.to_string())).collect();
    for output in &outputs {
        server.put_node(As::Ticket(&ticket), output).await.expect(200);
    }
    let answers =
        futures::future::join_all(outputs.iter().map(|output| server.commit(&ticket, output.key)))
            .await;
    let (won, lost): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(won.len(), 1);
    let output = won[0].json()["output"].clone();
    for answer in lost {
        assert_eq!(answer.expect_error(409, "conflict")["details"]["output"], output);
    }
    let seen = server.get(As::Api, &format!("/api/realm/self/tickets/{ticket}")).await.json();
    assert_eq!((&seen["status"], &seen["output"]), (&json!("committed"), &output));
}

/// Promise: R-11
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_counts_at_its_end_and_not_a_millisecond_longer() {
    let server = Server::start().await;
    let ticket = server.ticket(As::Api, json!({ "expiresIn": 10 })).await;
    server.hand.advance(std::time::Duration::from_secs(10));
    server.get(As::Ticket(&ticket), "/api/realm/self").await.expect(200);
    server.hand.advance(std::time::Duration::from_millis(1));
    server.get(As::Ticket(&ticket), "/api/realm/self").await.expect_error(410, "gone");
    let seen =
        server.get(As::Api, &format!("/api/realm/self/tickets/{ticket}")).await.expect(200).json();
    assert_eq!((&seen["status"], &seen["live"]), (&json!("issued"), &json!(false)));
    server.revoke(As::Api, &ticket).await.expect(200);
}

/// Promise: R-13
#[tokio::test(flavor = "multi_thread")]
async fn the_credential_is_the_id_in_any_spelling_of_its_scheme() {
    let server = Server::start().await;
    let ticket = server.ticket(As::Api, json!({})).await;
    let ulid = ticket.strip_prefix("ticket:").unwrap();
    let ask = async |value: String| {
        let request = server
            .request(As::Nobody, Method::GET, "/api/realm/self/usage")
            .header("Authorization", value);
        server.send(request).await
    };
    for value in
        [format!("Ticket {ticket}"), format!("ticket {ticket}"), format!("TICKET   {ulid}")]
    {
        ask(value).await.expect(200);
    }
    for value in [
        format!("Ticket {}", ticket.to_lowercase()),
        "Ticket".to_owned(),
        "Ticket x".to_owned(),
        format!("Ticket{ticket}"),
    ] {
        ask(value).await.expect_error(401, "unauthorized");
    }
    for path in [
        "/api/realm/self",
        "/api/realm/self/tickets/self",
        &format!("/api/realm/self/tickets/{ticket}"),
    ] {
        server.get(As::Ticket(&ticket), path).await.expect(200);
    }
    let query = format!("/api/realm/self?ticket={ticket}&authorization=Ticket%20{ticket}");
    server.get(As::Nobody, &query).await.expect_error(401, "unauthorized");
}

/// Promise: R-27
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_sees_itself_alone_and_users_see_every_ticket_also_ended_ones() {
    let server = Server::start().await;
    let (mine, other) =
        (server.ticket(As::Api, json!({})).await, server.ticket(As::Api, json!({})).await);
    let path = |ticket: &str| format!("/api/realm/self/tickets/{ticket}");
    server.get(As::Ticket(&mine), &path(&other)).await.expect_error(403, "forbidden");
    server
        .get(As::Ticket(&mine), &format!("{}/events", path(&other)))
        .await
        .expect_error(403, "forbidden");
    server.revoke(As::Api, &other).await.expect(200);
    server.get(As::Api, &path(&other)).await.expect(200);
    for unknown in
        ["ticket:01HQXK5V8N3Y7M2P4R6T9W0ABC", "ticket:NONEXISTENT0000000000000", "nonsense", "self"]
    {
        server.get(As::Api, &path(unknown)).await.expect_error(404, "not_found");
    }
    server.get(As::Admin, &path(&mine)).await.expect_error(404, "not_found");
}

/// Promise
#[tokio::test(flavor = "multi_thread")]
async fn commit_checks_in_the_order_of_the_specification() {
    let server = Server::start().await;
    let node = text("node");
    server.put_node(As::Api, &node).await.expect(200);
    let path = |ticket: &str| format!("/api/realm/self/tickets/{ticket}/commit");
    let body = json!({ "output": node.key });
    let (read_only, writable) = (
        server.ticket(As::Api, json!({})).await,
        server.ticket(As::Api, json!({ "writable": { "accept": ["image/*"] } })).await,
    );

    server.post(As::Nobody, &path("self"), &body).await.expect_error(401, "unauthorized");
    server
        .post(As::Ticket(&writable), "/api/realm/tenant:x/tickets/self/commit", &json!(1))
        .await
        .expect_error(403, "forbidden");
    server.post(As::Api, &path(&writable), &json!(1)).await.expect_error(403, "forbidden");
    server
        .post(As::Ticket(&writable), &path(&read_only), &json!(1))
        .await
        .expect_error(403, "forbidden");
    server
        .post(As::Ticket(&read_only), &path("self"), &json!(1))
        .await
        .expect_error(403, "forbidden");
    server.put_node(As::Ticket(&read_only), &text("x")).await.expect_error(403, "forbidden");
    for bad in [json!(1), json!({}), json!({ "output": 7 }), json!({ "output": "node:x" })] {
        server
            .post(As::Ticket(&writable), &path("self"), &bad)
            .await
            .expect_error(400, "invalid_request");
    }
    server.commit(&writable, text("absent").key).await.expect_error(400, "missing_nodes");
    server.commit(&writable, node.key).await.expect_error(403, "forbidden");
    let picture = crate::support::file("image/png", b"x");
    server.put_node(As::Ticket(&writable), &picture).await.expect(200);
    server.commit(&writable, picture.key).await.expect(200);
    server
        .post(As::Ticket(&writable), &path("self"), &json!(1))
        .await
        .expect_error(409, "conflict");
}

/// Promise: R-29
#[tokio::test(flavor = "multi_thread")]
async fn the_issuer_alone_revokes_once_and_the_result_stays() {
    let server = Server::start().await;
    let tenant = async || {
        let body = json!({ "name": "a", "role": "api", "tenant_id": "blue" });
        let made = server.post(As::Admin, "/api/v1/admin/api-keys", &body).await.expect(201).json();
        made["api_key"].as_str().unwrap().to_owned()
    };
    let (issuer, colleague) = (tenant().await, tenant().await);
    let node = text("result");
    server.put_node(As::Key(&issuer), &node).await.expect(200);
    let ticket =
        server.ticket(As::Key(&issuer), json!({ "input": [node.key], "writable": {} })).await;
    server.commit(&ticket, node.key).await.expect(200);
    server.revoke(As::Key(&colleague), &ticket).await.expect_error(403, "forbidden");
    server
        .revoke(As::Key(&issuer), "ticket:01HQXK5V8N3Y7M2P4R6T9W0ABC")
        .await
        .expect_error(404, "not_found");
    let answer = server.revoke(As::Key(&issuer), &ticket).await.expect(200).json();
    assert_eq!(
        answer,
        json!({ "success": true, "status": "archived", "isRevoked": true, "output": node.key })
    );
    server.revoke(As::Key(&issuer), &ticket).await.expect_error(409, "conflict");
    server.get_node(As::Key(&colleague), node.key).await.expect(200);
    let seen = server
        .get(As::Key(&colleague), &format!("/api/realm/self/tickets/{ticket}"))
        .await
        .expect(200)
        .json();
    assert_eq!(seen["output"], json!(node.key));
}

/// Deleting is for users; it is for good, and twice is 404.
/// Promise: R-30
#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_ticket_is_unknown_by_path_and_as_a_credential() {
    let server = Server::start().await;
    let ticket = server.ticket(As::Api, json!({})).await;
    let path = format!("/api/realm/self/tickets/{ticket}");
    let agent = server.agent_token(As::Api).await.0;
    server.delete(As::Agent(&agent), &path).await.expect_error(403, "forbidden");
    server.delete(As::Ticket(&ticket), &path).await.expect_error(403, "forbidden");
    assert_eq!(server.delete(As::Api, &path).await.expect(200).json(), json!({ "success": true }));
    server.delete(As::Api, &path).await.expect_error(404, "not_found");
    server.get(As::Api, &path).await.expect_error(404, "not_found");
    server.get(As::Ticket(&ticket), "/api/realm/self").await.expect_error(404, "not_found");
    server.delete(As::Admin, &path).await.expect_error(404, "not_found");
}
