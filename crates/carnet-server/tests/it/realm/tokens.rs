//! Agent tokens: `/api/auth/tokens`, and what they are good for.

use std::time::Duration;

use serde_json::json;

use crate::support::{As, START, Server, text};

const DAY_MS: i64 = 86_400_000;

/// Promise: R-45
#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_shown_once_counts_for_30_days_at_most_and_ends_with_its_tickets() {
    let server = Server::start_with_users(&[]).await;
    server.authorize("ann").await;
    let ann = As::User("ann");
    let create = async |body| server.post(ann, "/api/auth/tokens", &body).await;
    let made = create(json!({ "name": "an agent", "description": "for tests" })).await.expect(201);
    assert_eq!(made.header("cache-control"), "no-store");
    let made = made.json();
    let token = made["token"].as_str().unwrap();
    let id = made["id"].as_str().unwrap();
    assert!(token.starts_with("casfa_") && id.starts_with("token:"));
    assert_eq!(
        (&made["expiresAt"], &made["createdAt"]),
        (&json!(START.0 + 30 * DAY_MS), &json!(START.0))
    );
    let brief = create(json!({ "name": "b", "expiresIn": 60 })).await.expect(201).json();
    assert_eq!(brief["expiresAt"], START.0 + 60_000);
    let cut = create(json!({ "name": "c", "expiresIn": 365 * 86_400 })).await.expect(201).json();
    assert_eq!(cut["expiresAt"], START.0 + 30 * DAY_MS);

    let list = server.get(ann, "/api/auth/tokens").await.expect(200);
    let shown = json!({
        "id": id, "name": "an agent", "description": "for tests",
        "expiresAt": made["expiresAt"], "createdAt": START.0,
    });
    assert_eq!(list.json()["tokens"][2], shown);
    assert!(!String::from_utf8_lossy(&list.bytes).contains("casfa_"));
    assert_eq!(
        server.get(As::User("root"), "/api/auth/tokens").await.json(),
        json!({ "tokens": [] })
    );

    let ticket = server.ticket(As::Agent(token), json!({})).await;
    server.get(As::Ticket(&ticket), "/api/realm/self").await.expect(200);
    let path = format!("/api/auth/tokens/{id}");
    server.delete(As::User("root"), &path).await.expect_error(404, "not_found");
    assert_eq!(server.delete(ann, &path).await.expect(200).json(), json!({ "success": true }));
    server.get(As::Agent(token), "/api/realm/self").await.expect_error(401, "unauthorized");
    server.get(As::Ticket(&ticket), "/api/realm/self").await.expect_error(410, "gone");
    server.delete(ann, &path).await.expect_error(404, "not_found");
    server.delete(ann, "/api/auth/tokens/nonsense").await.expect_error(404, "not_found");

    // Its time ends a token, and not what it issued.
    let brief = brief["token"].as_str().unwrap();
    let ticket = server.ticket(As::Agent(brief), json!({})).await;
    server.hand.advance(Duration::from_mins(1));
    server.get(As::Agent(brief), "/api/realm/self").await.expect(200);
    server.hand.advance(Duration::from_millis(1));
    server.get(As::Agent(brief), "/api/realm/self").await.expect_error(401, "unauthorized");
    server.get(As::Ticket(&ticket), "/api/realm/self").await.expect(200);
    assert_eq!(
        server.get(ann, "/api/auth/tokens").await.json()["tokens"].as_array().unwrap().len(),
        1
    );

    for (body, field) in [
        (json!({}), "body"),
        (json!({ "name": "" }), "name"),
        (json!({ "name": "x".repeat(101) }), "name"),
        (json!({ "name": "a\u{1b}" }), "name"),
        (json!({ "name": "a", "expiresIn": 0 }), "expiresIn"),
        (json!({ "name": "a", "expiresIn": -1 }), "body"),
        (json!({ "name": "a", "expiresIn": 1.5 }), "body"),
        (json!({ "name": "a", "description": "x".repeat(501) }), "description"),
    ] {
        let problem = create(body).await.expect_error(400, "invalid_request");
        assert_eq!(problem["details"]["field"], field);
    }
}

/// Promise: R-45
#[tokio::test(flavor = "multi_thread")]
async fn what_the_agents_of_a_service_issued_ends_with_its_key() {
    let server = Server::start().await;
    let (key, id) = server.api_key("operator").await;
    let (token, _) = server.agent_token(As::Key(&key)).await;
    let body = json!({ "input": [], "delegable": true });
    let ticket = server.ticket(As::Agent(&token), body.clone()).await;
    let children = format!("/api/realm/self/tickets/{ticket}/children");
    let made = server.post(As::Ticket(&ticket), &children, &body).await.expect(200).json();
    let child = made["ticketId"].as_str().unwrap();
    for ticket in [&ticket, child] {
        server.get(As::Ticket(ticket), "/api/realm/self").await.expect(200);
    }
    server.delete(As::Admin, &format!("/api/v1/admin/api-keys/{id}")).await.expect(204);
    server.get(As::Agent(&token), "/api/realm/self").await.expect_error(401, "unauthorized");
    for ticket in [&ticket, child] {
        server.get(As::Ticket(ticket), "/api/realm/self").await.expect_error(410, "gone");
    }
}

/// Promise: R-44
#[tokio::test(flavor = "multi_thread")]
async fn of_a_token_only_its_hash_is_kept() {
    let server = Server::start_with_users(&[]).await;
    let (token, id) = server.agent_token(As::User("root")).await;
    server.get(As::Agent(&token), "/api/realm/self").await.expect(200);
    server.get(As::Agent(&id), "/api/realm/self").await.expect_error(401, "unauthorized");
    let audit = server.get(As::User("root"), "/api/v1/admin/audit").await.expect(200);
    assert!(String::from_utf8_lossy(&audit.bytes).contains(&id));
    assert!(!String::from_utf8_lossy(&audit.bytes).contains(&token[6..]));
    let directory = server.stop().await;
    let mut files = 0;
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap_or_default();
        let secret = &token.as_bytes()[6..];
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        files += 1;
    }
    assert!(files > 0);
}

/// Promise: R-46
#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_never_more_than_authorized() {
    let server = Server::start_with_users(&[]).await;
    let token = server.agent_token(As::User("root")).await.0;
    let agent = As::Agent(&token);
    server.put_node(agent, &text("by an agent")).await.expect(200);
    let me = server.get(agent, "/api/v1/me").await.expect(200).json();
    assert_eq!((&me["kind"], &me["roles"]), (&json!("agent"), &json!(["api"])));
    let owner = server.get(As::User("root"), "/api/oauth/me").await.json();
    assert_eq!(me["home_realm"], owner["realm"]);
    for path in
        ["/api/admin/users", "/api/v1/admin/keys", "/metrics", "/api/oauth/me", "/api/auth/tokens"]
    {
        server.get(agent, path).await.expect_error(403, "forbidden");
    }
    server
        .post(agent, "/api/auth/tokens", &json!({ "name": "a" }))
        .await
        .expect_error(403, "forbidden");
    let asked = server.init_client(&crate::support::identity::Client::new().public_key).await;
    server.complete_client(agent, &asked).await.expect_error(403, "forbidden");
}

/// A service's agents end with its key, and have no more than it has.
/// Promise: R-46
#[tokio::test(flavor = "multi_thread")]
async fn the_agents_of_a_service_end_with_its_key() {
    let server = Server::start_with_users(&[]).await;
    let (key, id) = server.api_key("viewer").await;
    let token = server.agent_token(As::Key(&key)).await.0;
    let me = server.get(As::Agent(&token), "/api/v1/me").await.expect(200).json();
    assert_eq!(me["roles"], json!(["viewer"]));
    server.set_user(&id, &json!({ "role": "unauthorized" })).await.expect(200);
    server.get(As::Agent(&token), "/api/realm/self").await.expect_error(403, "forbidden");
    server.set_user(&id, &json!({ "role": "authorized" })).await.expect(200);
    server.get(As::Agent(&token), "/api/realm/self").await.expect(200);
    server.delete(As::Admin, &format!("/api/v1/admin/api-keys/{id}")).await.expect(204);
    server.get(As::Agent(&token), "/api/realm/self").await.expect_error(401, "unauthorized");
}

/// Promise
#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_names_its_issuer_and_the_realm_sees_it_when_it_has_ended() {
    let server = Server::start_with_users(&[]).await;
    let (token, token_id) = server.agent_token(As::User("root")).await;
    let (key, key_id) = server.api_key("api").await;
    let me = server.get(As::User("root"), "/api/oauth/me").await.json();
    let user_id = me["userId"].as_str().unwrap();
    for (caller, issuer) in [
        (As::User("root"), user_id),
        (As::Agent(&token), &token_id),
        (As::Key(&key), &key_id),
        (As::Api, "key:api"),
    ] {
        let ticket = server.ticket(caller, json!({})).await;
        let path = format!("/api/realm/self/tickets/{ticket}");
        assert_eq!(server.get(caller, &path).await.expect(200).json()["issuerId"], issuer);
    }
    // Those of one realm see each other's tickets, and end only their own.
    let ticket = server.ticket(As::User("root"), json!({})).await;
    let other = server.ticket(As::Agent(&token), json!({})).await;
    let path = format!("/api/realm/self/tickets/{ticket}");
    server.get(As::Agent(&token), &path).await.expect(200);
    server.get(As::Ticket(&other), &path).await.expect_error(403, "forbidden");
    server.revoke(As::Agent(&token), &ticket).await.expect_error(403, "forbidden");
    server.revoke(As::User("root"), &other).await.expect_error(403, "forbidden");
    server.delete(As::Agent(&token), &path).await.expect_error(403, "forbidden");
    server.revoke(As::User("root"), &ticket).await.expect(200);
    for caller in [As::User("root"), As::Agent(&token)] {
        assert_eq!(server.get(caller, &path).await.expect(200).json()["live"], false);
    }
}
