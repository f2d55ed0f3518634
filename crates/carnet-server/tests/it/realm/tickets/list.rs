//! `GET /api/realm/{realm}/tickets`.

use std::collections::HashSet;

use serde_json::json;

use crate::support::{As, Server, text};

const PATH: &str = "/api/realm/self/tickets";

/// Promise: R-25
#[tokio::test(flavor = "multi_thread")]
async fn no_ticket_is_lost_or_doubled_while_others_come_and_go() {
    let server = Server::start().await;
    for limit in [1, 3, 100] {
        let mut kept = HashSet::new();
        for _ in 0..7 {
            kept.insert(server.ticket(As::Api, json!({ "input": [] })).await);
        }
        let doomed = server.ticket(As::Api, json!({ "input": [] })).await;
        let (mut seen, mut path) = (Vec::new(), format!("{PATH}?limit={limit}"));
        loop {
            let page = server.get(As::Api, &path).await.expect(200).json();
            let rows = page["tickets"].as_array().unwrap();
            assert!(rows.len() <= limit);
            seen.extend(rows.iter().map(|row| row["ticketId"].as_str().unwrap().to_owned()));
            assert_eq!(page["hasMore"].as_bool().unwrap(), page.get("nextCursor").is_some());
            server.ticket(As::Api, json!({ "input": [] })).await;
            server.delete(As::Api, &format!("{PATH}/{doomed}")).await;
            let Some(cursor) = page["nextCursor"].as_str() else { break };
            assert!(!cursor.contains("ticket"), "no ids in cursors");
            path = format!("{PATH}?limit={limit}&cursor={cursor}");
        }
        let unique: HashSet<_> = seen.iter().cloned().collect();
        assert_eq!(unique.len(), seen.len(), "limit {limit}");
        assert!(kept.is_subset(&unique), "limit {limit}");
    }
    for bad in [
        "limit=0",
        "limit=1001",
        "limit=-1",
        "limit=x",
        "limit=",
        "cursor=x",
        "cursor=AAAA",
        "status=gone",
        "status=",
    ] {
        server.get(As::Api, &format!("{PATH}?{bad}")).await.expect_error(400, "invalid_request");
    }
    server.get(As::Api, &format!("{PATH}?limit=1000")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_filter_applies_before_paging() {
    let server = Server::start().await;
    let node = text("x");
    server.put_node(As::Api, &node).await.expect(200);
    let mut committed = Vec::new();
    for at in 0..6 {
        let ticket = server.ticket(As::Api, json!({ "input": [node.key], "writable": {} })).await;
        if at % 2 == 0 {
            server.commit(&ticket, node.key).await.expect(200);
            committed.insert(0, ticket);
        }
    }
    let first =
        server.get(As::Api, &format!("{PATH}?status=committed&limit=2")).await.expect(200).json();
    let cursor = first["nextCursor"].as_str().unwrap();
    let rest = server
        .get(As::Api, &format!("{PATH}?status=committed&limit=2&cursor={cursor}"))
        .await
        .expect(200)
        .json();
    let ids: Vec<_> = [&first, &rest]
        .iter()
        .flat_map(|page| page["tickets"].as_array().unwrap())
        .map(|row| row["ticketId"].as_str().unwrap())
        .collect();
    assert_eq!(ids, committed);
}
