//! `/api/v1/admin/revocations`, and what revocations do.

use serde_json::{Value, json};

use crate::support::{AUTHORITY, As, Server, text};

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

/// Promise: P-20
#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_of_any_kind_is_recorded_once_and_survives_a_restart() {
    let kinds = [
        ("token_id", "token-1".to_owned()),
        ("content_id", "ab".repeat(32)),
        ("realm_ticket", "ticket:01HQXK5V8N3Y7M2P4R6T9W0ABC".to_owned()),
        ("subject", "worker/gpu-1".to_owned()),
        ("key", "0011223344556677".to_owned()),
        ("certificate", "0a1b".to_owned()),
    ];
    let server = Server::start().await;
    let revoke = async |server: &Server, (kind, value): &(&str, String), status| {
        let body = json!({ "kind": kind, "value": value });
        let answer = server.post(As::Admin, PATH, &body).await.expect(status).json();
        answer["revocation"]["seq"].as_u64().unwrap()
    };
    for (seq, kind) in (1..).zip(&kinds) {
        assert_eq!(revoke(&server, kind, 201).await, seq);
        assert_eq!(revoke(&server, kind, 200).await, seq, "once");
    }
    let list = server.get(As::Admin, PATH).await.expect(200).json();
    let server = Server::start_in(server.stop().await, &[]).await;
    assert_eq!(server.get(As::Admin, PATH).await.expect(200).json(), list);
    let in_force = server.app.gate().revocations();
    assert_eq!((in_force.seq(), in_force.len()), (6, 6));
    for (seq, kind) in (1..).zip(&kinds) {
        assert_eq!(revoke(&server, kind, 200).await, seq);
    }
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

async fn revoke_subject(server: &Server, subject: &str) -> u64 {
    let body = json!({ "kind": "subject", "value": subject });
    let revoked = server.post(As::Admin, "/api/v1/admin/revocations", &body).await.expect(201);
    revoked.json()["revocation"]["seq"].as_u64().unwrap()
}

async fn revoked(server: &Server) -> Vec<String> {
    let list = server.get(As::Admin, "/api/v1/admin/revocations").await.expect(200).json();
    let list = list["revocations"].as_array().unwrap().iter();
    list.map(|entry| entry["value"].as_str().unwrap().to_owned()).collect()
}

/// Promise: P-24
#[tokio::test(flavor = "multi_thread")]
async fn an_older_database_learns_what_was_revoked_since_and_numbers_never_fall() {
    let server = Server::start_with(&AUTHORITY).await;
    let ticket = server.ticket(As::Api, json!({ "input": [] })).await;
    let (key, id) = server.api_key("api").await;
    assert_eq!(revoke_subject(&server, "one").await, 1);
    let directory = server.stop().await;
    let (database, backup) = (directory.path().join("carnet.db"), directory.path().join("backup"));
    std::fs::copy(&database, &backup).unwrap();

    let server = Server::start_in(directory, &AUTHORITY).await;
    let subject = json!({ "kind": "subject", "value": id });
    server.post(As::Admin, "/api/v1/admin/revocations", &subject).await.expect(201);
    server.revoke(As::Api, &ticket).await.expect(200);
    assert_eq!(revoke_subject(&server, "two").await, 4);
    let before = revoked(&server).await;
    let directory = server.stop().await;

    std::fs::copy(&backup, &database).unwrap();
    let server = Server::start_in(directory, &AUTHORITY).await;
    assert_eq!(revoked(&server).await, before);
    server.get(As::Key(&key), "/api/v1/me").await.expect(401);
    server.get(As::Ticket(&ticket), "/api/realm/self").await.expect_error(410, "gone");
    assert_eq!(revoke_subject(&server, "three").await, 5, "the number goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_changed_stops_the_start_and_a_line_that_was_cut_off_does_not() {
    let server = Server::start_with(&AUTHORITY).await;
    revoke_subject(&server, "one").await;
    revoke_subject(&server, "two").await;
    let mut directory = server.stop().await;
    let log = directory.path().join("revocations.log");
    let text = std::fs::read_to_string(&log).unwrap();
    assert_eq!(text.lines().count(), 2);

    std::fs::write(&log, &text[..text.len() - 9]).unwrap();
    for times in 0..2 {
        let server = Server::start_in(directory, &AUTHORITY).await;
        assert_eq!(revoked(&server).await.len(), 2 + times);
        revoke_subject(&server, &format!("after {times}")).await;
        directory = server.stop().await;
    }
    let again = std::fs::read_to_string(&log).unwrap();
    assert!(again.starts_with(&text[..text.find('\n').unwrap()]) && again.ends_with('\n'));

    let mut bytes = text.into_bytes();
    bytes[150] ^= 1;
    std::fs::write(&log, bytes).unwrap();
    assert!(Server::try_start_in(directory, &AUTHORITY).await.is_err());
}

/// The database of before a rotation knows only the older key: that has introduced the newer one.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_before_a_rotation_of_the_log_key_learns_all_the_same() {
    let server = Server::start_with(&AUTHORITY).await;
    revoke_subject(&server, "one").await;
    let directory = server.stop().await;
    let (database, backup) = (directory.path().join("carnet.db"), directory.path().join("backup"));
    std::fs::copy(&database, &backup).unwrap();

    let server = Server::start_in(directory, &AUTHORITY).await;
    for subject in ["two", "three"] {
        let path = "/api/v1/admin/keys/revocation-feed/rotate";
        let staged = server.post(As::Admin, path, &json!({})).await.expect(201).json();
        let id = staged["key"]["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/admin/keys/{id}/promote");
        server.post(As::Admin, &path, &json!({})).await.expect(200);
        revoke_subject(&server, subject).await;
    }
    let before = revoked(&server).await;
    let directory = server.stop().await;
    std::fs::copy(&backup, &database).unwrap();
    let server = Server::start_in(directory, &AUTHORITY).await;
    assert_eq!(revoked(&server).await, before);
}
