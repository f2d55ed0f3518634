//! `/api/v1/admin/api-keys`, and what keys are good for.

use serde_json::json;

use crate::support::{As, Server, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shown_once_works_at_once_and_is_gone_at_once_with_its_tickets() {
    let server = Server::start().await;
    let (key, id) = server.api_key("api").await;
    assert!(key.starts_with("carnet_ak_") && id.starts_with("key:"));
    let me = server.get(As::Key(&key), "/api/v1/me").await.expect(200).json();
    assert_eq!(
        (&me["kind"], &me["id"], &me["roles"]),
        (&json!("service"), &json!(id), &json!(["api"]))
    );

    let list = server.get(As::Admin, "/api/v1/admin/api-keys").await.expect(200);
    assert!(!String::from_utf8_lossy(&list.bytes).contains(&key[30..]), "the secret is shown once");
    assert_eq!(list.json()["api_keys"][0]["id"], id);

    let ticket = server.ticket(As::Key(&key), json!({ "input": [] })).await;
    server.get(As::Ticket(&ticket), "/api/realm/self").await.expect(200);
    server.delete(As::Admin, &format!("/api/v1/admin/api-keys/{id}")).await.expect(204);
    server.get(As::Key(&key), "/api/v1/me").await.expect_error(401, "unauthorized");
    server.get(As::Ticket(&ticket), "/api/realm/self").await.expect_error(410, "gone");
    server
        .delete(As::Admin, &format!("/api/v1/admin/api-keys/{id}"))
        .await
        .expect_error(404, "not_found");
    server
        .delete(As::Admin, "/api/v1/admin/api-keys/nonsense")
        .await
        .expect_error(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_ends_at_its_time_and_a_changed_secret_is_refused() {
    let server = Server::start().await;
    let body = json!({ "name": "brief", "role": "api", "expires_at": "2023-11-14T22:13:30Z" });
    let made = server.post(As::Admin, "/api/v1/admin/api-keys", &body).await.expect(201);
    assert_eq!(made.header("cache-control"), "no-store");
    let key = made.json()["api_key"].as_str().unwrap().to_owned();
    server.get(As::Key(&key), "/api/v1/me").await.expect(200);
    let last = key.chars().last().unwrap();
    let changed = format!("{}{}", &key[..key.len() - 1], if last == 'A' { 'B' } else { 'A' });
    server.get(As::Key(&changed), "/api/v1/me").await.expect_error(401, "unauthorized");
    server.hand.advance(std::time::Duration::from_secs(10));
    server.get(As::Key(&key), "/api/v1/me").await.expect_error(401, "unauthorized");
}

/// Services have realms of their own; those of one tenant share the tenant's.
#[tokio::test(flavor = "multi_thread")]
async fn services_have_realms_of_their_own_and_tenants_share_one() {
    let server = Server::start().await;
    let make = async |tenant: Option<&str>| {
        let body = json!({ "name": "a", "role": "api", "tenant_id": tenant });
        let made = server.post(As::Admin, "/api/v1/admin/api-keys", &body).await.expect(201).json();
        made["api_key"].as_str().unwrap().to_owned()
    };
    let (alone, blue, blue_too) =
        (make(None).await, make(Some("blue")).await, make(Some("blue")).await);
    let node = text("for the blue ones");
    server.put_node(As::Key(&blue), &node).await.expect(200);
    server.get_node(As::Key(&blue_too), node.key).await.expect(200);
    server.get_node(As::Key(&alone), node.key).await.expect_error(404, "not_found");
    server.get(As::Key(&blue), "/api/realm/tenant:blue/usage").await.expect(200);
    server
        .get(As::Key(&alone), "/api/realm/tenant:blue/usage")
        .await
        .expect_error(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_paged_newest_first() {
    let server = Server::start().await;
    for _ in 0..5 {
        server.api_key("viewer").await;
        server.hand.advance(std::time::Duration::from_millis(1));
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/admin/api-keys?limit=2".to_owned();
    loop {
        let page = server.get(As::Admin, &path).await.expect(200).json();
        seen.extend(
            page["api_keys"]
                .as_array()
                .unwrap()
                .iter()
                .map(|key| key["id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next_cursor"].as_str() else { break };
        path = format!("/api/v1/admin/api-keys?limit=2&cursor={next}");
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted_by(|a, b| a > b));
    for bad in ["limit=0", "limit=1001", "limit=x", "cursor=x"] {
        server
            .get(As::Admin, &format!("/api/v1/admin/api-keys?{bad}"))
            .await
            .expect_error(400, "invalid_request");
    }
}
