//! `GET /api/realm/{realm}/tickets`.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::support::{As, Server, text};

const PATH: &str = "/api/realm/self/tickets";

/// Walks all pages of a limit; gives the ids as they came.
async fn walk(server: &Server, limit: usize) -> Vec<String> {
    let (mut seen, mut path) = (Vec::new(), format!("{PATH}?limit={limit}"));
    loop {
        let page = server.get(As::Api, &path).await.expect(200).json();
        let rows = page["tickets"].as_array().unwrap();
        assert!(rows.len() <= limit);
        seen.extend(rows.iter().map(|row| row["ticketId"].as_str().unwrap().to_owned()));
        assert_eq!(page["hasMore"].as_bool().unwrap(), page.get("nextCursor").is_some());
        let Some(cursor) = page["nextCursor"].as_str() else { return seen };
        assert!(!cursor.contains("ticket"), "no ids in cursors");
        path = format!("{PATH}?limit={limit}&cursor={cursor}");
    }
}

/// Every limit is walked while two others make and delete tickets, some of which were there before.
///
/// Promise: R-25
#[tokio::test(flavor = "multi_thread")]
async fn no_ticket_is_lost_or_doubled_while_others_come_and_go() {
    let server = Server::start().await;
    let (mut kept, mut doomed) = (Vec::new(), Vec::new());
    for _ in 0..24 {
        kept.push(server.ticket(As::Api, json!({ "input": [] })).await);
        doomed.push(server.ticket(As::Api, json!({ "input": [] })).await);
    }
    kept.reverse();
    let is_over = AtomicBool::new(false);
    let come_and_go = async |mut doomed: Vec<String>| {
        while !is_over.load(Ordering::Relaxed) {
            let new = server.ticket(As::Api, json!({ "input": [] })).await;
            let old = doomed.pop().unwrap_or(new);
            server.delete(As::Api, &format!("{PATH}/{old}")).await.expect(200);
        }
    };
    let walk_all = async {
        for limit in [1, 2, 3, 5, 8, 13, 21, 24, 25, 47, 48, 49, 100, 337, 999, 1000] {
            let seen = walk(&server, limit).await;
            let unique: HashSet<_> = seen.iter().collect();
            assert_eq!(unique.len(), seen.len(), "limit {limit}");
            let found: Vec<_> = seen.iter().filter(|id| kept.contains(id)).cloned().collect();
            assert_eq!(found, kept, "limit {limit}: newest first");
        }
        is_over.store(true, Ordering::Relaxed);
    };
    let rest = doomed.split_off(12);
    tokio::join!(walk_all, come_and_go(doomed), come_and_go(rest));
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_cursors_and_statuses_are_checked() {
    let server = Server::start().await;
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
    for _ in 0..101 {
        server.ticket(As::Api, json!({ "input": [] })).await;
    }
    let page = server.get(As::Api, PATH).await.expect(200).json();
    assert_eq!(page["tickets"].as_array().unwrap().len(), 100, "the default");
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
