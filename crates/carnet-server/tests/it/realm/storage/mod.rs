//! Where the bytes of nodes are, and what happens when that place fails.

mod gc;
mod place;

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::support::s3::Mode;
use crate::support::{As, Server};
use place::{INLINE_MAX, Place, node_of};

/// Promise: R-58
#[tokio::test(flavor = "multi_thread")]
async fn small_nodes_are_in_the_database_and_large_ones_in_the_storage() {
    for place in Place::all().await {
        let server = &place.server;
        let (small, large) = (node_of(INLINE_MAX, 1), node_of(INLINE_MAX + 1, 2));
        for node in [&small, &large] {
            server.put_node(As::Api, node).await.expect(200);
            // The first read hashes, the second does not.
            for _ in 0..2 {
                assert_eq!(server.get_node(As::Api, node.key).await.expect(200).bytes, node.bytes);
                let path = format!("/api/realm/self/nodes/{}", node.key);
                let part = server.request(As::Api, Method::GET, &path);
                let part = server.send(part.header("Range", "bytes=60000-65530")).await.expect(206);
                assert_eq!(part.bytes, node.bytes[60_000..=65_530]);
            }
        }
        assert!(!place.file(small.key).exists());
        assert_eq!(std::fs::read(place.file(large.key)).unwrap(), large.bytes);
        let database = place.database();
        let rows = "SELECT bytes IS NULL FROM blobs ORDER BY size";
        let mut rows = database.prepare(rows).unwrap();
        let rows = rows.query_map([], |row| row.get(0)).unwrap();
        assert_eq!(rows.collect::<Result<Vec<bool>, _>>().unwrap(), [false, true]);
        if place.bucket.is_none() {
            let parts = std::fs::read_dir(server.directory.path().join("blobs/tmp")).unwrap();
            assert_eq!(parts.count(), 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_may_keep_large_nodes_in_memory() {
    let server = Server::start_with(&[("blobs.kind", "memory")]).await;
    let node = node_of(INLINE_MAX + 1, 3);
    server.put_node(As::Api, &node).await.expect(200);
    assert_eq!(server.get_node(As::Api, node.key).await.expect(200).bytes, node.bytes);
    assert!(!server.directory.path().join("blobs").exists());
    assert_eq!(server.get(As::Nobody, "/api/info").await.json()["storage"], "memory");
}

/// Promise: R-58
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_refuses_is_503_and_costs_nothing() {
    let place = Place::bucket().await;
    let (server, bucket) = (&place.server, place.bucket.as_ref().unwrap());
    let node = node_of(100_000, 4);
    let quota = json!({ "input": [], "writable": { "quota": node.bytes.len() } });
    let ticket = server.ticket(As::Api, quota).await;
    bucket.set(Mode::Fails);
    for _ in 0..2 {
        server.put_node(As::Ticket(&ticket), &node).await.expect(503);
    }
    assert_eq!(place.usage().await["nodeCount"], 0);
    server.get_node(As::Api, node.key).await.expect(404);
    bucket.set(Mode::Works);
    server.put_node(As::Ticket(&ticket), &node).await.expect(200);
    bucket.set(Mode::Fails);
    server.get_node(As::Api, node.key).await.expect(503);
    bucket.set(Mode::Works);
    assert_eq!(server.get_node(As::Api, node.key).await.expect(200).bytes, node.bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_cannot_be_written_is_503_and_costs_nothing() {
    let place = Place::folder().await;
    let node = node_of(100_000, 10);
    let folder = place.file(node.key).with_file_name("");
    std::fs::write(folder.components().as_path(), "in the way").unwrap();
    let quota = json!({ "input": [], "writable": { "quota": node.bytes.len() } });
    let ticket = place.server.ticket(As::Api, quota).await;
    for _ in 0..2 {
        place.server.put_node(As::Ticket(&ticket), &node).await.expect(503);
    }
    assert_eq!(place.usage().await["nodeCount"], 0);
    std::fs::remove_file(folder.components().as_path()).unwrap();
    place.server.put_node(As::Ticket(&ticket), &node).await.expect(200);
    assert!(place.has(As::Api, node.key).await);
}

/// Promise: R-58
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_does_not_answer_is_503_in_time() {
    let place = Place::bucket().await;
    let (server, bucket) = (&place.server, place.bucket.as_ref().unwrap());
    let (node, stored) = (node_of(100_000, 5), node_of(100_000, 6));
    server.put_node(As::Api, &stored).await.expect(200);
    bucket.set(Mode::Waits);
    let late = async |before: usize| {
        bucket.arrived(before + 1).await;
        server.hand.advance(Duration::from_secs(30));
    };
    let before = bucket.requests();
    let (put, ()) = futures::join!(server.put_node(As::Api, &node), late(before));
    put.expect(503);
    let before = bucket.requests();
    let (got, ()) = futures::join!(server.get_node(As::Api, stored.key), late(before));
    got.expect(503);
    assert_eq!(place.usage().await["nodeCount"], 1);
}

/// Promise: R-56
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_whose_ticket_ends_meanwhile_is_not_stored_and_refunded() {
    let place = Place::bucket().await;
    let (server, bucket) = (&place.server, place.bucket.as_ref().unwrap());
    let node = node_of(100_000, 7);
    let ticket = server.ticket(As::Api, json!({ "input": [], "writable": {} })).await;
    bucket.set(Mode::Waits);
    let revoked = async {
        bucket.arrived(1).await;
        server.revoke(As::Api, &ticket).await.expect(200);
        bucket.set(Mode::Works);
    };
    let (put, ()) = futures::join!(server.put_node(As::Ticket(&ticket), &node), revoked);
    put.expect_error(410, "gone");
    server.get_node(As::Api, node.key).await.expect(404);
    let usage = place.usage().await;
    assert_eq!((&usage["physicalBytes"], &usage["nodeCount"]), (&json!(0), &json!(0)));
    let database = place.database();
    let left =
        "SELECT (SELECT COUNT(*) FROM realm_reservations) + (SELECT SUM(used) FROM realm_tickets)";
    assert_eq!(database.query_row(left, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

/// Promise: R-68
#[tokio::test(flavor = "multi_thread")]
async fn a_corrupt_blob_is_500_and_counted_and_an_upload_repairs_it() {
    for place in Place::all().await {
        let server = &place.server;
        let (changed, gone) = (node_of(100_000, 8), node_of(100_000, 9));
        let path = place.file(changed.key);
        for node in [&changed, &gone] {
            server.put_node(As::Api, node).await.expect(200);
            // A file that changes after it was hashed is hashed again. So is an object, by its tag, which the
            // bucket of these tests does not change behind its back.
            if place.bucket.is_none() {
                server.get_node(As::Api, node.key).await.expect(200);
            }
        }
        let mut bytes = changed.bytes.to_vec();
        bytes[50_000] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        std::fs::remove_file(place.file(gone.key)).unwrap();
        let before = corrupt(server).await;
        for node in [&changed, &gone, &changed, &gone] {
            server.get_node(As::Api, node.key).await.expect_error(500, "internal_error");
        }
        assert_eq!(corrupt(server).await - before, 2, "each is counted when it is found");
        for node in [&changed, &gone] {
            server.put_node(As::Api, node).await.expect(200);
            assert_eq!(server.get_node(As::Api, node.key).await.expect(200).bytes, node.bytes);
        }
        assert_eq!(place.usage().await["nodeCount"], 2);
    }
}

/// How many damaged nodes were found.
async fn corrupt(server: &Server) -> u64 {
    let metrics = server.get(As::Admin, "/metrics").await.expect(200).bytes;
    let metrics = String::from_utf8(metrics).unwrap();
    let line = metrics.lines().find_map(|line| line.strip_prefix("carnet_realm_corrupt_total "));
    line.map_or(0, |count| count.parse().unwrap())
}
