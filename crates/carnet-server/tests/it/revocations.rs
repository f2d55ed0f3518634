//! `/api/v1/admin/revocations`, and what revocations do.

use serde_json::{Value, json};

use crate::support::{As, Server, text};

const PATH: &str = "/api/v1/admin/revocations";

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_ticket_is_gone_and_stays_gone_after_a_restart() {
    let server = Server::start().await;
    let ticket = server.ticket(As::Api, json!({ "input": [], "writable": {} })).await;
    let body = json!({ "kind": "realm_ticket", "value": ticket, "reason": "lost" });
    let first = server.post(As::Admin, PATH, &body).await.expect(201).json();
    assert_eq!(
        (&first["revocation"]["seq"], &first["revocation"]["reason"]),
        (&json!(1), &json!("lost"))
    );
    assert!(!first.to_string().contains(&ticket), "the id of a ticket is the ticket");
    server.post(As::Admin, PATH, &body).await.expect(200);
    server.get(As::Ticket(&ticket), "/api/realm/self").await.expect_error(410, "gone");
    let seen =
        server.get(As::Api, &format!("/api/realm/self/tickets/{ticket}")).await.expect(200).json();
    assert_eq!((&seen["status"], &seen["live"]), (&json!("revoked"), &json!(false)));

    let server = Server::start_in(server.stop().await, &[]).await;
    server.get(As::Ticket(&ticket), "/api/realm/self").await.expect_error(410, "gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subject_line_ends_what_a_service_issued_before_it_and_not_what_it_issues_later() {
    let server = Server::start().await;
    let (key, id) = server.api_key("api").await;
    let older = server.ticket(As::Key(&key), json!({ "input": [] })).await;
    let of_other = server.ticket(As::Api, json!({ "input": [] })).await;
    server.post(As::Admin, PATH, &json!({ "kind": "subject", "value": id })).await.expect(201);
    server.get(As::Ticket(&older), "/api/realm/self").await.expect_error(410, "gone");
    server.get(As::Ticket(&of_other), "/api/realm/self").await.expect(200);
    server.get(As::Key(&key), "/api/v1/me").await.expect_error(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_counts_live_grants_and_changes_nothing() {
    let server = Server::start().await;
    let ticket = server.ticket(As::Api, json!({ "input": [] })).await;
    let stream = server.request(
        As::Ticket(&ticket),
        reqwest::Method::GET,
        "/api/realm/self/tickets/self/events",
    );
    let mut stream = stream.send().await.unwrap();
    stream.chunk().await.unwrap().unwrap();
    let body = json!({ "kind": "realm_ticket", "value": ticket });
    let preview =
        server.post(As::Admin, &format!("{PATH}?preview=true"), &body).await.expect(200).json();
    assert_eq!(preview["ends"]["grants"]["count"], 1);
    server.get(As::Ticket(&ticket), "/api/realm/self").await.expect(200);
    let list = server.get(As::Admin, PATH).await.expect(200).json();
    assert_eq!(list, json!({ "revocations": [], "next_cursor": Value::Null }));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_values_are_400_and_the_list_is_paged() {
    let server = Server::start().await;
    for (kind, value) in [
        ("nothing", "x"),
        ("content_id", "x"),
        ("realm_ticket", "ticket:x"),
        ("key", "12"),
        ("certificate", "XY"),
        ("subject", ""),
        ("token_id", &"t".repeat(600)),
    ] {
        server
            .post(As::Admin, PATH, &json!({ "kind": kind, "value": value }))
            .await
            .expect_error(400, "invalid_request");
    }
    let reason = "r".repeat(600);
    let body = json!({ "kind": "subject", "value": "a", "reason": reason });
    server.post(As::Admin, PATH, &body).await.expect_error(400, "invalid_request");
    for at in 0..5 {
        server
            .post(As::Admin, PATH, &json!({ "kind": "subject", "value": format!("s{at}") }))
            .await
            .expect(201);
    }
    let first = server.get(As::Admin, &format!("{PATH}?limit=3")).await.expect(200).json();
    assert_eq!(first["revocations"].as_array().unwrap().len(), 3);
    let next = first["next_cursor"].as_str().unwrap();
    let rest =
        server.get(As::Admin, &format!("{PATH}?limit=3&cursor={next}")).await.expect(200).json();
    let seqs: Vec<_> =
        rest["revocations"].as_array().unwrap().iter().map(|row| row["seq"].clone()).collect();
    assert_eq!((seqs, &rest["next_cursor"]), (vec![json!(2), json!(1)], &Value::Null));
}

/// The content id of a key ends its holder, as `carnet inspect` names it.
#[tokio::test(flavor = "multi_thread")]
async fn a_content_id_ends_a_key_and_the_tickets_below_it() {
    let server = Server::start().await;
    let (key, id) = server.api_key("api").await;
    let ticket = server.ticket(As::Key(&key), json!({ "input": [] })).await;
    server.put_node(As::Key(&key), &text("x")).await.expect(200);
    let content = carnet_ticket::api_key::content_id(&id).to_string();
    server
        .post(As::Admin, PATH, &json!({ "kind": "content_id", "value": content }))
        .await
        .expect(201);
    server.get(As::Key(&key), "/api/v1/me").await.expect_error(401, "unauthorized");
    server.get(As::Ticket(&ticket), "/api/realm/self").await.expect_error(410, "gone");
}
