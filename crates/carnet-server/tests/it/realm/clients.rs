//! Approval of clients: `/api/auth/clients`.

use std::time::Duration;

use serde_json::json;

use crate::support::identity::Client;
use crate::support::{As, START, Server};

/// Promise: R-49
#[tokio::test(flavor = "multi_thread")]
async fn a_client_waits_is_approved_and_is_withdrawn_with_its_tickets() {
    let server =
        Server::start_with_users(&[("server.public_url", "https://carnet.example/")]).await;
    server.authorize("ann").await;
    let client = Client::new();
    let asked = server.init_client(&client.public_key).await;
    let id = asked["clientId"].as_str().unwrap();
    let url = format!("https://carnet.example/auth/client?id={}", id.replace(':', "%3A"));
    assert_eq!(
        (&asked["authUrl"], &asked["expiresIn"], &asked["pollInterval"]),
        (&json!(url), &json!(600), &json!(5))
    );
    let code = asked["displayCode"].as_str().unwrap();
    assert!(code.len() == 7 && &code[3..4] == "-");
    server.hand.advance(Duration::from_mins(1));
    let again = server.init_client(&client.public_key).await;
    assert_eq!((&again["displayCode"], &again["expiresIn"]), (&asked["displayCode"], &json!(540)));

    let path = format!("/api/auth/clients/{id}");
    let state = server.get(As::Nobody, &path).await.expect(200).json();
    assert_eq!(
        state,
        json!({ "status": "pending", "clientId": id, "expiresAt": START.0 + 600_000 })
    );
    let request = || server.request(As::Nobody, reqwest::Method::GET, "/api/realm/self");
    server.execute(client.sign(&server, request())).await.expect_error(401, "unauthorized");

    let typed = json!({ "clientId": id, "verificationCode": code.replace('-', "").to_lowercase() });
    let done =
        server.post(As::User("ann"), "/api/auth/clients/complete", &typed).await.expect(200).json();
    let ends = START.0 + 60_000 + 30 * 86_400_000;
    assert_eq!(done, json!({ "success": true, "clientId": id, "expiresAt": ends }));
    let state = server.get(As::Nobody, &path).await.expect(200).json();
    assert_eq!(
        state,
        json!({
            "status": "authorized", "clientId": id, "clientName": "a client", "expiresAt": ends,
        })
    );
    server
        .post(As::User("ann"), "/api/auth/clients/complete", &typed)
        .await
        .expect_error(400, "invalid_request");
    server.execute(client.sign(&server, request())).await.expect(200);
    let list = server.get(As::User("ann"), "/api/auth/clients").await.expect(200).json();
    assert_eq!(
        list,
        json!({ "items": [{
        "clientId": id, "pubkey": client.public_key, "clientName": "a client",
        "createdAt": START.0 + 60_000, "expiresAt": ends,
    }] })
    );

    // Another user's it is not.
    let asked = server.init_client(&client.public_key).await;
    server.complete_client(As::User("root"), &asked).await.expect_error(409, "conflict");
    server.delete(As::User("root"), &path).await.expect_error(404, "not_found");
    assert_eq!(
        server.get(As::User("root"), "/api/auth/clients").await.json(),
        json!({ "items": [] })
    );

    let create = server
        .request(As::Nobody, reqwest::Method::POST, "/api/realm/self/tickets")
        .json(&json!({}));
    let ticket = server.execute(client.sign(&server, create)).await.expect(200).json();
    let ticket = ticket["ticketId"].as_str().unwrap();
    let shown =
        server.get(As::User("ann"), &format!("/api/realm/self/tickets/{ticket}")).await.json();
    assert_eq!(shown["issuerId"], id);
    server.delete(As::User("ann"), &path).await.expect(200);
    server.execute(client.sign(&server, request())).await.expect_error(401, "unauthorized");
    server.get(As::Ticket(ticket), "/api/realm/self").await.expect_error(410, "gone");
    server.delete(As::User("ann"), &path).await.expect_error(404, "not_found");

    // Approved again it is as new: what it issued before stays ended.
    server.hand.advance(Duration::from_millis(1));
    server.complete_client(As::User("ann"), &asked).await.expect(200);
    server.execute(client.sign(&server, request())).await.expect(200);
    server.get(As::Ticket(ticket), "/api/realm/self").await.expect_error(410, "gone");
}

/// Promise: R-49
#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_guessed_five_times_and_for_ten_minutes() {
    let server = Server::start_with_users(&[]).await;
    let asked = server.init_client(&Client::new().public_key).await;
    let wrong = json!({ "clientId": asked["clientId"], "displayCode": "AAA-AAA" });
    for _ in 0..5 {
        server.complete_client(As::User("root"), &wrong).await.expect_error(400, "invalid_request");
    }
    server.complete_client(As::User("root"), &asked).await.expect_error(400, "invalid_request");
    let path = format!("/api/auth/clients/{}", asked["clientId"].as_str().unwrap());
    let gone = json!({ "status": "not_found", "error": "not_found", "message": "not found" });
    assert_eq!(server.get(As::Nobody, &path).await.expect(404).json(), gone);
    assert_eq!(server.get(As::Nobody, "/api/auth/clients/x").await.expect(404).json(), gone);

    let asked = server.init_client(&Client::new().public_key).await;
    server.hand.advance(Duration::from_mins(10));
    server
        .get(As::Nobody, &format!("/api/auth/clients/{}", asked["clientId"].as_str().unwrap()))
        .await
        .expect(200);
    server.hand.advance(Duration::from_millis(1));
    server.complete_client(As::User("root"), &asked).await.expect_error(400, "invalid_request");
    for body in [json!({}), json!({ "clientId": "x", "verificationCode": "" })] {
        server
            .post(As::User("root"), "/api/auth/clients/complete", &body)
            .await
            .expect_error(400, "invalid_request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_a_point_unless_users_are_of_development() {
    let point = Client::new().public_key;
    let init = async |server: &Server, key: &str, name: &str| {
        let body = json!({ "pubkey": key, "clientName": name });
        server.post(As::Nobody, "/api/auth/clients/init", &body).await.status.as_u16()
    };
    let server = Server::start().await;
    assert_eq!(init(&server, &point, "a").await, 200);
    for key in ["", "x", "AAAA.AAAA", &point[..50]] {
        assert_eq!(init(&server, key, "a").await, 400, "{key}");
    }
    assert_eq!(
        [init(&server, &point, "").await, init(&server, &point, &"x".repeat(101)).await],
        [400; 2]
    );
    let server = Server::start_with_users(&[]).await;
    assert_eq!(init(&server, "any text", "a").await, 200);
    assert_eq!(
        [init(&server, "", "a").await, init(&server, &"x".repeat(513), "a").await],
        [400; 2]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_public_url_the_request_tells_where_the_page_is() {
    let server = Server::start().await;
    let asked = server.init_client(&Client::new().public_key).await;
    assert!(
        asked["authUrl"]
            .as_str()
            .unwrap()
            .starts_with(&format!("{}/auth/client?id=client%3A", server.url))
    );
}
