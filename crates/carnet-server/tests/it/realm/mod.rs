//! `/api`: the content store.

mod below;
mod casfa;
mod clients;
mod depots;
mod errors;
mod nodes;
mod prepare;
mod scope;
mod signed;
mod storage;
mod story;
mod tickets;
mod tokens;
mod users;

use crate::support::{As, Server};

#[tokio::test(flavor = "multi_thread")]
async fn health_and_info_need_no_credential_and_ignore_bad_ones() {
    let server = Server::start().await;
    for caller in [As::Nobody, As::Key("wrong"), As::Ticket("nonsense")] {
        let health = server.get(caller, "/api/health").await.expect(200).json();
        assert_eq!(health, serde_json::json!({ "status": "ok", "service": "casfa-v2" }));
        let info = server.get(caller, "/api/info").await.expect(200).json();
        assert_eq!(
            (&info["server"], &info["limits"]["maxNodeSize"]),
            (&"carnet".into(), &1_048_576.into())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_realm_is_empty_and_usage_counts_each_node_once() {
    let server = Server::start().await;
    let usage = server.get(As::Api, "/api/realm/self/usage").await.expect(200).json();
    assert_eq!((&usage["physicalBytes"], &usage["nodeCount"]), (&0.into(), &0.into()));
    let node = crate::support::text("hello");
    for _ in 0..3 {
        server.put_node(As::Api, &node).await.expect(200);
    }
    let usage = server.get(As::Api, "/api/realm/self/usage").await.expect(200).json();
    assert_eq!(usage["physicalBytes"], node.bytes.len());
    assert_eq!((&usage["logicalBytes"], &usage["nodeCount"]), (&5.into(), &1.into()));
    assert_eq!(usage["updatedAt"], crate::support::START.0);
    let other = server.get(As::Admin, "/api/realm/self/usage").await.expect(200).json();
    assert_eq!(other["nodeCount"], 0, "the admin key has a realm of its own");
}

/// Another realm is closed in every spelling, and the own one is echoed as it was spelt.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_home_realm_is_open() {
    let server = Server::start().await;
    let own = server.get(As::Api, "/api/realm/self").await.expect(200).json();
    let own = own["realm"].as_str().unwrap();
    for spelling in [own.to_owned(), format!("usr_{own}")] {
        let info = server.get(As::Api, &format!("/api/realm/{spelling}")).await.expect(200).json();
        assert_eq!(info["realm"], spelling);
    }
    let admins =
        server.get(As::Admin, "/api/realm/self").await.json()["realm"].as_str().unwrap().to_owned();
    for foreign in [
        admins.as_str(),
        "tenant:blue",
        "usr_x",
        "user:nonsense",
        "%00",
        "user:6g409p2gt5r2426cs4x7366ck4",
    ] {
        for caller in [As::Api, As::Admin] {
            if matches!(caller, As::Admin) && foreign == admins {
                continue;
            }
            server
                .get(caller, &format!("/api/realm/{foreign}"))
                .await
                .expect_error(403, "forbidden");
        }
    }
}
