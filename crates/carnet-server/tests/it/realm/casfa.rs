//! What an existing client of the content store does, against a server that has development users alone. Written
//! from the list of realm spec, section 11.

use std::time::Duration;

use carnet_ticket::realm::{NodeKey, RealmId};
use reqwest::Method;
use serde_json::json;

use crate::support::{As, Server, text};

const ALICE: &str = "5b4e7f30-2c3d-4a1b-9a52-0f7a3d7c6e11";
const BOB: &str = "0d3f4a4e-53cf-4f37-8b35-2f1d8a0f3a22";

/// A server with `profile`, and nothing that signs in but users.
async fn start(profile: &str) -> Server {
    let settings = [("auth.api_key", ""), ("auth.admin_api_key", ""), ("profile.default", profile)];
    Server::start_with_users(&settings).await
}

/// Promise: R-63
#[tokio::test(flavor = "multi_thread")]
async fn an_existing_client_finds_everything_as_it_was() {
    for profile in ["strict", "compat"] {
        let server = start(profile).await;
        users(&server).await;
        agents(&server).await;
        tickets(&server).await;
        ends(&server).await;
        depots(&server).await;
    }
}

/// Users sign in with any subject; roles are set for ids, with and without `user:`, before anybody has them.
async fn users(server: &Server) {
    let info = server.get(As::Nobody, "/api/info").await.expect(200).json();
    assert_eq!((&info["service"], &info["auth"]), (&json!("casfa-v2"), &json!("mock")));
    server.get(As::Nobody, "/api/oauth/me").await.expect_error(401, "unauthorized");
    assert_eq!(server.get(As::User("root"), "/api/oauth/me").await.json()["role"], "admin");
    let list = server.get(As::User("root"), "/api/admin/users").await.expect(200).json();
    assert!(list["users"].is_array());
    server.get(As::User(ALICE), "/api/admin/users").await.expect_error(403, "forbidden");
    server.get(As::User(ALICE), &realm(ALICE, "")).await.expect_error(403, "forbidden");
    server.set_user(&format!("user:{ALICE}"), &json!({ "role": "authorized" })).await.expect(200);
    let bob = RealmId::dev_user(BOB).unwrap().to_string();
    let set = server.set_user(&bob.replace(':', "%3A"), &json!({ "role": "authorized" })).await;
    assert_eq!(set.expect(200).json()["userId"], bob);

    let info = server.get(As::User(ALICE), &realm(ALICE, "")).await.expect(200).json();
    assert_eq!(info["realm"], format!("usr_{ALICE}"), "echoed");
    let usage = server.get(As::User(ALICE), &realm(ALICE, "/usage")).await.expect(200).json();
    assert_eq!(usage["realm"], format!("usr_{ALICE}"));
    server.get(As::User(ALICE), &realm(BOB, "/usage")).await.expect_error(403, "forbidden");
    server.get(As::User("root"), &realm(BOB, "/usage")).await.expect_error(403, "forbidden");
}

/// Tokens 201, clients in `items`, keys of no curve.
async fn agents(server: &Server) {
    let made =
        server.post(As::User(ALICE), "/api/auth/tokens", &json!({ "name": "an agent" })).await;
    let token = made.expect(201).json()["token"].as_str().unwrap().to_owned();
    let list = server.get(As::User(ALICE), "/api/auth/tokens").await.expect(200).json();
    assert_eq!(list["tokens"][0]["name"], "an agent");
    server.get(As::Agent(&token), &realm(ALICE, "")).await.expect(200);
    server
        .delete(As::User(ALICE), "/api/auth/tokens/token:NONEXISTENT000000000000")
        .await
        .expect_error(404, "not_found");

    let asked = server.init_client(&format!("dGVzdA.{}", "a key of no curve")).await;
    server.complete_client(As::User(ALICE), &asked).await.expect(200);
    let clients = server.get(As::User(ALICE), "/api/auth/clients").await.expect(200).json();
    assert_eq!(clients["items"][0]["clientId"], asked["clientId"]);
    let path = format!("/api/auth/clients/{}", asked["clientId"].as_str().unwrap());
    server.delete(As::User(ALICE), &path).await.expect(200);
    server
        .delete(As::User(ALICE), "/api/auth/clients/client:NONEXISTENT00000000000")
        .await
        .expect_error(404, "not_found");
}

/// Tickets 200, with inputs that need not exist, echoed in their order.
async fn tickets(server: &Server) {
    let keys = ["b", "a", "c"].map(|name| text(name).key);
    let body = json!({ "input": keys, "purpose": "a tool", "writable": { "quota": 1000 } });
    server
        .post(As::Nobody, &realm(ALICE, "/tickets"), &json!([]))
        .await
        .expect_error(401, "unauthorized");
    let made =
        server.post(As::User(ALICE), &realm(ALICE, "/tickets"), &body).await.expect(200).json();
    assert_eq!((&made["input"], &made["realm"]), (&json!(keys), &json!(format!("usr_{ALICE}"))));
    let list = server.get(As::User(ALICE), &realm(ALICE, "/tickets")).await.expect(200).json();
    assert_eq!(list["tickets"][0]["ticketId"], made["ticketId"]);
    let unknown = realm(ALICE, "/tickets/ticket:NONEXISTENT0000000000000");
    server.get(As::User(ALICE), &unknown).await.expect_error(404, "not_found");
    server.delete(As::User(ALICE), &unknown).await.expect_error(404, "not_found");

    let ticket = made["ticketId"].as_str().unwrap();
    let commit = realm(ALICE, &format!("/tickets/{ticket}/commit"));
    let absent = json!({ "output": text("absent").key });
    server.post(As::Ticket(ticket), &commit, &absent).await.expect_error(400, "missing_nodes");
    let junk = server.request(
        As::Ticket(ticket),
        Method::PUT,
        &realm(ALICE, &format!("/nodes/{}", keys[0])),
    );
    server.send(junk.body("junk")).await.expect_error(400, "invalid_request");
    server
        .post(As::Ticket(ticket), &realm(ALICE, "/tickets"), &json!({}))
        .await
        .expect_error(403, "forbidden");
}

/// How tickets end: by time, by a commit that is not allowed, by revocation.
async fn ends(server: &Server) {
    let make = async |body| {
        let made = server.post(As::User(ALICE), &realm(ALICE, "/tickets"), &body).await.expect(200);
        made.json()["ticketId"].as_str().unwrap().to_owned()
    };
    let brief = make(json!({ "expiresIn": 1 })).await;
    server.get(As::Ticket(&brief), &realm(ALICE, "")).await.expect(200);
    server.hand.advance(Duration::from_millis(1500));
    server.get(As::Ticket(&brief), &realm(ALICE, "")).await.expect_error(410, "gone");

    let read_only = make(json!({})).await;
    let path = |ticket: &str, verb| realm(ALICE, &format!("/tickets/{ticket}{verb}"));
    let output = json!({ "output": NodeKey::EMPTY_DICT });
    server
        .post(As::Ticket(&read_only), &path(&read_only, "/commit"), &output)
        .await
        .expect_error(403, "forbidden");
    server.post(As::User(ALICE), &path(&read_only, "/revoke"), &json!({})).await.expect(200);
    server
        .post(As::User(ALICE), &path(&read_only, "/revoke"), &json!({}))
        .await
        .expect_error(409, "conflict");

    let token = server.agent_token(As::User(ALICE)).await.0;
    server.delete(As::Agent(&token), &path(&brief, "")).await.expect_error(403, "forbidden");
    server.delete(As::User(ALICE), &path(&brief, "")).await.expect(200);
}

/// Depots 201, at most 100 former roots; questions about no nodes, or about what is no key, are bad.
async fn depots(server: &Server) {
    let path = realm(ALICE, "/depots");
    let made = server.post(As::User(ALICE), &path, &json!({ "title": "a" })).await;
    let made = made.expect(201).json();
    let list = server.get(As::User(ALICE), &path).await.expect(200).json();
    assert_eq!(list["depots"][0]["depotId"], made["depotId"]);
    for body in [json!({ "title": "b", "maxHistory": 101 }), json!({ "maxHistory": 0 })] {
        server.post(As::User(ALICE), &path, &body).await.expect_error(400, "invalid_request");
    }
    for keys in [json!([]), json!(["node:no"]), json!("")] {
        let (path, body) = (realm(ALICE, "/prepare-nodes"), json!({ "keys": keys }));
        server.post(As::Nobody, &path, &body).await.expect_error(401, "unauthorized");
        server.post(As::User(ALICE), &path, &body).await.expect_error(400, "invalid_request");
    }
}

fn realm(subject: &str, rest: &str) -> String {
    format!("/api/realm/usr_{subject}{rest}")
}
