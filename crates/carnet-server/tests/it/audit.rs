//! `/api/v1/admin/audit`: what was allowed, denied and failed, in one chain.

use carnet_authority::audit::{Extent, Lines, Status, Verifier};
use carnet_ticket::realm::NodeKey;
use serde_json::{Value, json};

use crate::support::{AUTHORITY, As, Server};

async fn events(server: &Server, query: &str) -> Vec<Value> {
    let page = server.get(As::Admin, &format!("/api/v1/admin/audit?{query}")).await.expect(200);
    page.json()["events"].as_array().unwrap().clone()
}

/// Promise: P-51
#[tokio::test(flavor = "multi_thread")]
async fn allowed_denied_and_failed_actions_are_rows_and_a_change_without_one_does_not_happen() {
    let server = Server::start_with(&AUTHORITY).await;
    let key = server.api_key("viewer").await;
    let created = &events(&server, "action=api_key.create").await[0];
    assert_eq!((&created["outcome"], &created["target"]), (&json!("allowed"), &json!(key.1)));
    assert_eq!(created["actor"]["id"], "key:admin");
    assert_eq!(created["path"], "/api/v1/admin/api-keys");

    let denied = server.post(As::Key(&key.0), "/api/v1/admin/revocations", &json!({})).await;
    let id = denied.header("x-request-id").to_owned();
    denied.expect(403);
    let row = &events(&server, &format!("request_id={id}")).await[0];
    assert_eq!((&row["outcome"], &row["reason"]), (&json!("denied"), &json!("role")));
    assert_eq!((&row["status"], &row["actor"]["class"]), (&json!(403), &json!("api-key")));

    server.get(As::Nobody, "/api/v1/me").await.expect(401);
    let row = &events(&server, "outcome=denied&status=401").await[0];
    assert_eq!((&row["actor"]["id"], &row["path"]), (&json!("anonymous"), &json!("/api/v1/me")));

    server.post(As::Admin, "/api/v1/admin/revocations", &json!({})).await.expect(400);
    let row = &events(&server, "outcome=error").await[0];
    assert_eq!((&row["action"], &row["status"]), (&json!("http.fail"), &json!(400)));

    let text = server.get(As::Admin, "/api/v1/admin/audit").await.expect(200).bytes;
    assert!(!String::from_utf8_lossy(&text).contains(&key.0[30..]), "no secret is written down");

    // The row of a change is part of it: where the chain is broken, nothing changes.
    let before = server.get(As::Admin, "/api/v1/admin/api-keys").await.expect(200).json();
    let database = server.directory.path().join("carnet.db");
    break_the_audit(&database);
    let body = json!({ "name": "late", "role": "viewer" });
    server.post(As::Admin, "/api/v1/admin/api-keys", &body).await.expect(503);
    let after = server.get(As::Admin, "/api/v1/admin/api-keys").await.expect(200).json();
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_life_of_a_task_ticket_is_written_down_by_its_fingerprint() {
    let server = Server::start().await;
    let ticket = server.ticket(As::Api, json!({ "input": [], "writable": {} })).await;
    server.commit(&ticket, NodeKey::EMPTY_DICT).await.expect(200);
    server.revoke(As::Api, &ticket).await.expect(200);
    let path = format!("/api/realm/self/tickets/{ticket}");
    server.delete(As::Api, &path).await.expect(200);
    server.delete(As::Api, &path).await.expect(404);
    let mut rows = events(&server, "kind=ticket").await;
    rows.retain(|row| row["actor"]["id"] != "server");
    let actions: Vec<_> = rows.iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["ticket.delete", "ticket.revoke", "ticket.commit", "ticket.mint"]);
    let target = rows[0]["target"].as_str().unwrap();
    assert!(target.starts_with("ticket:~") && rows.iter().all(|row| row["target"] == target));
    assert!(!json!(rows).to_string().contains(&ticket[10..]));
}

/// Promise: G-4
#[tokio::test(flavor = "multi_thread")]
async fn callers_learn_a_status_and_the_audit_and_the_metrics_learn_why() {
    let server = Server::start().await;
    let ticket = server.ticket(As::Api, json!({ "input": [] })).await;
    server.revoke(As::Api, &ticket).await.expect(200);
    let key = server.api_key("viewer").await;
    server.delete(As::Admin, &format!("/api/v1/admin/api-keys/{}", key.1)).await.expect(204);
    let unknown = server.get(As::Key("carnet-never-made"), "/api/v1/me").await;
    let deleted = server.get(As::Key(&key.0), "/api/v1/me").await;
    let bodies = [&unknown, &deleted].map(|answer| {
        let mut body = answer.json();
        assert!(body["request_id"].take().is_string());
        (answer.status.as_u16(), body)
    });
    assert_eq!(bodies[0], bodies[1], "a wrong key and one that is gone are told alike");
    let gone = server.get(As::Ticket(&ticket), "/api/realm/self").await;
    let gone = gone.expect_error(410, "gone");
    assert_eq!(gone["details"], Value::Null);

    let row = &events(&server, "action=ticket.deny").await[0];
    assert_eq!((&row["reason"], &row["actor"]["class"]), (&json!("gone"), &json!("realm")));
    let fingerprint = row["actor"]["fingerprint"].as_str().unwrap();
    assert!(fingerprint.len() == 8 && fingerprint != "00000000");
    assert!(!row.to_string().contains(&ticket[10..]), "never the ticket");
    let metrics = server.get(As::Api, "/metrics").await.expect(200);
    let metrics = String::from_utf8(metrics.bytes).unwrap();
    assert!(
        metrics.contains("class=\"realm\",surface=\"realm\",result=\"denied\",reason=\"gone\"")
    );
    assert!(!metrics.contains(&ticket[10..]));
}

/// Lets every insert into the audit fail.
fn break_the_audit(database: &std::path::Path) {
    let trigger =
        "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END";
    rusqlite::Connection::open(database).unwrap().execute_batch(trigger).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_denials_of_one_minute_become_one_row_with_their_number() {
    let server = Server::start().await;
    for _ in 0..30 {
        server.get(As::Nobody, "/api/v1/me").await.expect(401);
    }
    assert_eq!(events(&server, "outcome=denied&limit=1000").await.len(), 20);
    let directory = server.stop().await;
    let server = Server::start_in(directory, &[]).await;
    let rows = events(&server, "outcome=denied&limit=1000").await;
    assert_eq!((rows.len(), &rows[0]["details"]["count"]), (21, &json!(10)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_verifies_offline_and_pages_meet_every_event_once() {
    let server = Server::start_with(&AUTHORITY).await;
    for _ in 0..7 {
        server.api_key("viewer").await;
    }
    let jsonl = server.get(As::Admin, "/api/v1/admin/audit?format=jsonl").await.expect(200);
    let mut verifier = Verifier::new(Extent::Whole, Vec::new());
    let mut lines = Lines::default();
    lines.feed(&jsonl.bytes, |line| verifier.line(line));
    lines.finish(|line| verifier.line(line));
    assert_eq!(verifier.report().status, Status::Ok);
    let text = String::from_utf8(jsonl.bytes).unwrap();
    // That it was read follows when it was.
    let changes = text.lines().filter(|line| !line.contains("\"action\":\"http.read\""));
    assert_eq!(changes.count(), 11, "and the first two keys, the CA and its certificate");

    let csv = server.get(As::Admin, "/api/v1/admin/audit?format=csv").await.expect(200);
    let text = String::from_utf8(csv.bytes).unwrap();
    assert!(text.starts_with("id,created_at,actor,method,path,") && text.contains("\r\n"));

    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/api/v1/admin/audit?action=api_key.create&limit=3{cursor}");
        let page = server.get(As::Admin, &path).await.expect(200).json();
        seen.extend(page["events"].as_array().unwrap().iter().map(|event| event["seq"].as_u64()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 7);
    assert!(seen.is_sorted_by(|newer, older| newer > older));
    let json = server.get(As::Admin, "/api/v1/admin/audit?format=json&limit=3").await.expect(200);
    assert_eq!(json.json()["events"].as_array().unwrap().len(), 3);
    for query in ["kind=x", "outcome=x", "since=x", "format=xml", "status=x"] {
        server.get(As::Admin, &format!("/api/v1/admin/audit?{query}")).await.expect(400);
    }
}

/// The chain is sealed by time, with a key that the server made for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_checkpoint_is_signed_after_its_interval() {
    let server = Server::start_with(&AUTHORITY).await;
    server.api_key("viewer").await;
    let head = async || server.get(As::Admin, "/api/v1/admin/audit/head").await.expect(200).json();
    assert_eq!(head().await["checkpoint_seq"], 0);
    let mut sealed = 0;
    for _ in 0..200 {
        server.hand.advance(std::time::Duration::from_mins(1));
        tokio::task::yield_now().await;
        sealed = head().await["checkpoint_seq"].as_u64().unwrap();
        if sealed > 0 {
            break;
        }
    }
    assert!(sealed >= 3);
    let keys = server.get(As::Nobody, "/.well-known/jwks.json").await.expect(200).json();
    let uses = keys["keys"].as_array().unwrap().iter().map(|key| key["use"].as_str().unwrap());
    assert!(uses.collect::<Vec<_>>().contains(&"audit-checkpoint"));
}
