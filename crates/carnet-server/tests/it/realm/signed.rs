//! Signed requests: what they cover, and that each counts once.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::support::identity::{Client, Signing};
use crate::support::{As, START, Server, text};

const NONCE: &str = "a-nonce-of-16-ch";

const HOW: Signing<'_> = Signing { nonce: Some(NONCE), timestamp: None, host: None };

async fn start(settings: &[(&str, &str)]) -> (Server, Client) {
    let server = Server::start_with_users(settings).await;
    let client = Client::approved(&server, As::User("root")).await.0;
    (server, client)
}

fn request(server: &Server, method: Method, path: &str) -> reqwest::RequestBuilder {
    server.request(As::Nobody, method, path)
}

/// Promise: R-48
#[tokio::test(flavor = "multi_thread")]
async fn method_target_body_and_host_are_covered() {
    let (server, client) = start(&[]).await;
    let node = text("signed");
    let path = format!("/api/realm/self/nodes/{}", node.key);
    let put = || request(&server, Method::PUT, &path).body(node.bytes.clone());
    server.execute(client.sign(&server, put())).await.expect(200);
    let get = || request(&server, Method::GET, "/api/realm/self/tickets?limit=1&status=issued");
    server.execute(client.sign(&server, get())).await.expect(200);

    let mut changed = client.sign(&server, put());
    *changed.body_mut() = Some(text("another").bytes.into());
    server.execute(changed).await.expect_error(401, "unauthorized");
    let mut changed = client.sign(&server, get());
    changed.url_mut().set_query(Some("limit=2&status=issued"));
    server.execute(changed).await.expect_error(401, "unauthorized");
    let mut changed = client.sign(&server, get());
    *changed.method_mut() = Method::POST;
    server.execute(changed).await.expect_error(401, "unauthorized");
    let port = server.url.rsplit(':').next().unwrap();
    for host in [
        format!("localhost:{}", u32::from(port.parse::<u16>().unwrap()) + 1),
        "carnet.example".to_owned(),
    ] {
        let how = Signing { host: Some(&host), ..HOW };
        let mut other = client.sign_as(&server, get(), how);
        server.execute(other.try_clone().unwrap()).await.expect_error(401, "unauthorized");
        // A signature for another server is not for this one, whatever the request says.
        other.headers_mut().insert("host", host.parse().unwrap());
        server.execute(other).await.expect_error(401, "unauthorized");
    }
    let local = format!("localhost:{port}");
    let mut named = client.sign_as(&server, get(), Signing { host: Some(&local), ..HOW });
    named.headers_mut().insert("host", local.parse().unwrap());
    server.execute(named).await.expect(200);
}

/// Promise: R-48
#[tokio::test(flavor = "multi_thread")]
async fn a_request_counts_once_and_near_its_time() {
    let (server, client) = start(&[]).await;
    let get = || request(&server, Method::GET, "/api/realm/self");
    server.hand.advance(Duration::from_secs(400));
    let now = START.unix_s() + 400;
    let signed = client.sign_as(&server, get(), HOW);
    server.execute(signed.try_clone().unwrap()).await.expect(200);
    server.execute(signed.try_clone().unwrap()).await.expect_error(401, "unauthorized");
    server.execute(client.sign_as(&server, get(), HOW)).await.expect_error(401, "unauthorized");
    let other = Client::approved(&server, As::User("root")).await.0;
    server.execute(other.sign_as(&server, get(), HOW)).await.expect(200);

    for (offset, status) in [(-300, 200), (300, 200), (-301, 401), (301, 401)] {
        let nonce = format!("nonce-of-offset{offset}");
        let how = Signing { nonce: Some(&nonce), timestamp: Some(now + offset), ..HOW };
        server.execute(client.sign_as(&server, get(), how)).await.expect(status);
    }
    for nonce in [None, Some("short"), Some("a-nonce-of-16-c."), Some("")] {
        let how = Signing { nonce, ..HOW };
        server.execute(client.sign_as(&server, get(), how)).await.expect_error(401, "unauthorized");
    }
    // The next process has not seen what this one has.
    let signed = client.sign(&server, get());
    let directory = server.stop().await;
    let server = Server::start_in(directory, &crate::support::identity::DEV_USERS).await;
    server.hand.set(carnet_ticket::time::Timestamp::from_unix_s(now));
    let mut again = signed;
    let url = format!("{}/api/realm/self", server.url);
    *again.url_mut() = url.parse().unwrap();
    server.execute(again).await.expect_error(401, "unauthorized");
}

/// Whoever is not known has nothing read, and a good signature beside a bad credential does not help.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_client_is_refused_before_its_body() {
    let (server, client) = start(&[]).await;
    let stranger = Client::new();
    let huge = vec![0; 3 << 20];
    let put = |body: Vec<u8>| {
        request(&server, Method::PUT, &format!("/api/realm/self/nodes/{}", text("x").key))
            .body(body)
    };
    server
        .execute(stranger.sign(&server, put(huge.clone())))
        .await
        .expect_error(401, "unauthorized");
    server.execute(client.sign(&server, put(huge))).await.expect_error(413, "payload_too_large");

    let get = request(&server, Method::GET, "/api/realm/self");
    let mut both = client.sign(&server, get);
    both.headers_mut().insert("authorization", "Agent casfa_x".parse().unwrap());
    server.execute(both).await.expect_error(401, "unauthorized");
    let mut beside = stranger.sign(&server, request(&server, Method::GET, "/api/realm/self"));
    beside.headers_mut().insert("x-api-key", crate::support::API_KEY.parse().unwrap());
    server.execute(beside).await.expect_error(401, "unauthorized");
    for header in ["x-awp-pubkey", "x-awp-timestamp", "x-awp-signature"] {
        let mut without = client.sign(&server, request(&server, Method::GET, "/api/realm/self"));
        without.headers_mut().remove(header);
        server.execute(without).await.expect_error(401, "unauthorized");
    }
    let unknown = client.sign(&server, request(&server, Method::GET, "/api/realm/self/nothing"));
    server.execute(unknown).await.expect_error(404, "not_found");
}

/// Promise: R-48
#[tokio::test(flavor = "multi_thread")]
async fn compat_takes_version_1_and_signatures_can_be_turned_off() {
    let (server, client) = start(&[("profile.realm", "compat")]).await;
    let old = Signing { nonce: None, ..HOW };
    let post = request(&server, Method::POST, "/api/realm/self/tickets").json(&json!({}));
    let signed = client.sign_as(&server, post, old);
    server.execute(signed.try_clone().unwrap()).await.expect(200);
    server.execute(signed).await.expect_error(401, "unauthorized");
    let get = |path| client.sign_as(&server, request(&server, Method::GET, path), old);
    server.execute(get("/api/realm/self/usage")).await.expect(200);
    server.execute(get("/api/realm/self/tickets?limit=1")).await.expect_error(401, "unauthorized");

    let (server, client) = start(&[("realm.awp_auth", "false")]).await;
    let get = client.sign(&server, request(&server, Method::GET, "/api/realm/self"));
    server.execute(get).await.expect_error(401, "unauthorized");
    assert_eq!(server.get(As::Nobody, "/api/info").await.json()["features"]["awpAuth"], false);
}

/// Promise: R-48
#[tokio::test(flavor = "multi_thread")]
async fn a_client_counts_for_its_time_and_its_tickets_for_longer() {
    let (server, client) = start(&[("realm.client_ttl", "1h")]).await;
    let get = || request(&server, Method::GET, "/api/realm/self");
    let post = request(&server, Method::POST, "/api/realm/self/tickets").json(&json!({}));
    let ticket = server.execute(client.sign(&server, post)).await.expect(200).json();
    server.hand.advance(Duration::from_hours(1));
    server.execute(client.sign(&server, get())).await.expect(200);
    server.hand.advance(Duration::from_millis(1));
    server.execute(client.sign(&server, get())).await.expect_error(401, "unauthorized");
    server
        .get(As::Ticket(ticket["ticketId"].as_str().unwrap()), "/api/realm/self")
        .await
        .expect(200);
}
