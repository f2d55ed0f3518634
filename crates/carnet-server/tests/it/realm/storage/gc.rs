//! What is collected and what stays.

use std::time::Duration;

use carnet_realm::node::Encoded;
use carnet_ticket::realm::NodeKey;
use reqwest::Method;
use serde_json::json;

use super::place::{AN_HOUR, INLINE_MAX, Place, node_of};
use crate::support::s3::Mode;
use crate::support::{As, Server, dict, text};

/// A directory of one file, put by `caller`.
async fn tree(place: &Place, caller: As<'_>, name: &str) -> [NodeKey; 2] {
    let leaf = text(name);
    let top = dict(&[(name, leaf.key)]);
    place.server.put_node(caller, &leaf).await.expect(200);
    place.server.put_node(caller, &top).await.expect(200);
    [top.key, leaf.key]
}

/// Promise: R-59
#[tokio::test(flavor = "multi_thread")]
async fn what_something_names_stays_and_the_rest_goes() {
    let place = Place::folder().await;
    let server = &place.server;
    let mut stays = Vec::new();
    let writable = |input: &[NodeKey]| json!({ "input": input, "writable": {} });
    let garbage = [tree(&place, As::Api, "a").await, tree(&place, As::Api, "b").await].concat();

    let input = tree(&place, As::Api, "input").await;
    let live = server.ticket(As::Api, writable(&input[..1])).await;
    stays.extend(input);
    stays.extend(tree(&place, As::Ticket(&live), "an upload of a live ticket").await);

    let outputs =
        [server.ticket(As::Api, writable(&[])).await, server.ticket(As::Api, writable(&[])).await];
    for (number, ticket) in outputs.iter().enumerate() {
        let output = tree(&place, As::Ticket(ticket), &format!("output {number}")).await;
        server.commit(ticket, output[0]).await.expect(200);
        stays.extend(output);
    }
    server.revoke(As::Api, &outputs[1]).await.expect(200);

    let depot = json!({ "title": "a depot", "maxHistory": 1 });
    let depot = server.post(As::Api, "/api/realm/self/depots", &depot).await.expect(201).json();
    let depot = format!("/api/realm/self/depots/{}", depot["depotId"].as_str().unwrap());
    let mut forgotten = Vec::new();
    for name in ["forgotten", "history", "root"] {
        let root = tree(&place, As::Api, name).await;
        let commit = json!({ "root": root[0] });
        server.post(As::Api, &format!("{depot}/commit"), &commit).await.expect(200);
        if name == "forgotten" { forgotten.extend(root) } else { stays.extend(root) }
    }

    let ended = server.ticket(As::Api, writable(&garbage[..1])).await;
    let mut goes = [garbage, forgotten].concat();
    goes.extend(tree(&place, As::Ticket(&ended), "an upload of a revoked ticket").await);
    server.revoke(As::Api, &ended).await.expect(200);

    server.hand.advance(AN_HOUR);
    stays.extend(tree(&place, As::Api, "new").await);
    let report = json!({
        "scannedNodes": 22, "keptNodes": 14, "removedNodes": 8, "removedBlobs": 8,
        "removedBytes": size_of(&place, &goes).await, "dryRun": true,
    });
    let before = place.usage().await;
    assert_eq!(place.collect(true).await, report);
    assert_eq!(place.usage().await, before, "nothing has changed");
    for key in stays.iter().chain(&goes) {
        assert!(place.has(As::Api, *key).await);
    }
    let mut done = report;
    done["dryRun"] = false.into();
    assert_eq!(place.collect(false).await, done);
    for key in &stays {
        assert!(place.has(As::Api, *key).await, "{key}");
    }
    for key in &goes {
        assert!(!place.has(As::Api, *key).await, "{key}");
    }
    place.recount();
    assert_eq!(place.collect(false).await["removedNodes"], 0);
}

/// The bytes of nodes.
async fn size_of(place: &Place, keys: &[NodeKey]) -> usize {
    let mut size = 0;
    for key in keys {
        size += place.server.get_node(As::Api, *key).await.expect(200).bytes.len();
    }
    size
}

/// Promise: R-59
#[tokio::test(flavor = "multi_thread")]
async fn a_tickets_input_goes_when_it_has_ended_and_a_touch_keeps_what_is_below() {
    let place = Place::folder().await;
    let server = &place.server;
    let (input, touched) = (tree(&place, As::Api, "input").await, tree(&place, As::Api, "c").await);
    let body = json!({ "input": [input[0]], "expiresIn": 7200 });
    server.ticket(As::Api, body).await;
    server.hand.advance(AN_HOUR);
    // Named as a child: its own children were not touched.
    let above = dict(&[("c", touched[0])]);
    server.put_node(As::Api, &above).await.expect(200);
    assert_eq!(place.collect(false).await["removedNodes"], 0);
    server.hand.advance(2 * AN_HOUR);
    server.put_node(As::Api, &above).await.expect(200);
    assert_eq!(place.collect(false).await["removedNodes"], 2);
    assert!(!place.has(As::Api, input[1]).await);
    assert!(place.has(As::Api, touched[1]).await);
    place.recount();
}

/// Promise: R-60
#[tokio::test(flavor = "multi_thread")]
async fn a_blob_of_two_realms_survives_until_both_drop_it() {
    for place in Place::all().await {
        let server = &place.server;
        let shared = [node_of(500, 1), node_of(INLINE_MAX + 1, 2)];
        for node in &shared {
            server.put_node(As::Api, node).await.expect(200);
            server.put_node(As::Admin, node).await.expect(200);
        }
        server.hand.advance(AN_HOUR);
        for node in &shared {
            server.put_node(As::Admin, node).await.expect(200);
        }
        let report = place.collect(true).await;
        assert_eq!((&report["removedNodes"], &report["removedBlobs"]), (&json!(2), &json!(0)));
        let report = place.collect(false).await;
        assert_eq!((&report["removedNodes"], &report["removedBlobs"]), (&json!(2), &json!(0)));
        for node in &shared {
            assert!(!place.has(As::Api, node.key).await);
            assert_eq!(server.get_node(As::Admin, node.key).await.expect(200).bytes, node.bytes);
        }
        assert!(place.file(shared[1].key).exists());
        place.recount();

        server.hand.advance(AN_HOUR);
        let report = place.collect(true).await;
        assert_eq!((&report["removedNodes"], &report["removedBlobs"]), (&json!(2), &json!(2)));
        assert_eq!(place.collect(false).await["removedBlobs"], 2);
        assert!(!place.has(As::Admin, shared[0].key).await);
        assert!(!place.file(shared[1].key).exists());
        place.recount();
    }
}

/// Both realms drop it in one run: a dry run counts that, too.
#[tokio::test(flavor = "multi_thread")]
async fn a_blob_that_every_realm_drops_at_once_goes_once() {
    let place = Place::folder().await;
    for caller in [As::Api, As::Admin] {
        place.server.put_node(caller, &text("shared")).await.expect(200);
    }
    place.server.hand.advance(AN_HOUR);
    for dry_run in [true, false] {
        let report = place.collect(dry_run).await;
        assert_eq!((&report["removedNodes"], &report["removedBlobs"]), (&json!(2), &json!(1)));
    }
}

/// What a crash between storing the bytes and the rows leaves.
#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_no_row_names_are_removed_and_nothing_else() {
    for place in Place::all().await {
        let (named, orphan) = (node_of(100_000, 3), node_of(100_000, 4));
        for node in [&named, &orphan] {
            place.server.put_node(As::Api, node).await.expect(200);
        }
        let database = place.database();
        let forget = "DELETE FROM realm_nodes WHERE key = ?1";
        database.execute(forget, [orphan.key.as_bytes()]).unwrap();
        database.execute("DELETE FROM blobs WHERE key = ?1", [orphan.key.as_bytes()]).unwrap();
        let foreign = place.file(named.key).with_file_name("notes.txt");
        std::fs::write(&foreign, "not a node").unwrap();
        for dry_run in [true, false] {
            assert!(place.file(orphan.key).exists());
            let report = place.collect(dry_run).await;
            assert_eq!((&report["removedNodes"], &report["removedBlobs"]), (&json!(0), &json!(1)));
        }
        assert!(!place.file(orphan.key).exists());
        assert!(place.file(named.key).exists() && foreign.exists());
    }
}

/// Promise: R-72
#[tokio::test(flavor = "multi_thread")]
async fn the_database_is_smaller_after_a_collection() {
    let place = Place::folder().await;
    for fill in 0..100 {
        place.server.put_node(As::Api, &node_of(INLINE_MAX, fill)).await.expect(200);
    }
    place.server.hand.advance(AN_HOUR);
    let file = place.server.directory.path().join("carnet.db");
    let size = || std::fs::metadata(&file).unwrap().len();
    let before = size();
    assert_eq!(place.collect(false).await["removedNodes"], 100);
    assert!(size() < before / 5, "{} of {before}", size());
}

/// A collection waits for the bucket in the middle of its sweep. What is named meanwhile stays whole; what is gone
/// cannot be named any more.
///
/// Promise: R-59
#[tokio::test(flavor = "multi_thread")]
async fn what_is_named_in_the_middle_of_a_sweep_stays_with_everything_below() {
    let place = Place::bucket().await;
    let (server, bucket) = (&place.server, place.bucket.as_ref().unwrap());
    // A directory that is an object of its own, above more than goes at once.
    let (mut folders, mut entries) = (Vec::new(), Vec::new());
    for number in 0..600 {
        let folder = tree(&place, As::Api, &format!("{number}")).await;
        entries.push((format!("{number:0>200}"), folder[0]));
        folders.push(folder);
    }
    let entries: Vec<_> = entries.iter().map(|(name, key)| (name.as_str(), *key)).collect();
    let top = dict(&entries);
    assert!(top.bytes.len() > INLINE_MAX);
    server.put_node(As::Api, &top).await.expect(200);
    server.hand.advance(AN_HOUR);

    let before = bucket.requests();
    bucket.set(Mode::Waits);
    let named = async {
        bucket.arrived(before + 1).await;
        let (mut left, mut gone) = (Vec::new(), Vec::new());
        for folder in &folders {
            let is_there = place.has(As::Api, folder[0]).await;
            if is_there { left.push(folder[0]) } else { gone.push(folder[0]) }
        }
        assert!(!left.is_empty() && !gone.is_empty(), "in the middle");
        server
            .put_node(As::Api, &dict(&[("gone", gone[0])]))
            .await
            .expect_error(400, "missing_nodes");
        let ticket = server.ticket(As::Api, json!({ "writable": {} })).await;
        server.commit(&ticket, gone[0]).await.expect_error(400, "missing_nodes");
        server.commit(&ticket, left[0]).await.expect(200);
        let depots = "/api/realm/self/depots";
        let depot = server.post(As::Api, depots, &json!({})).await.expect(201).json();
        let commit = format!("{depots}/{}/commit", depot["depotId"].as_str().unwrap());
        let late = server.post(As::Api, &commit, &json!({ "root": gone[0] })).await;
        late.expect_error(400, "missing_nodes");
        server.post(As::Api, &commit, &json!({ "root": left[4] })).await.expect(200);
        server.ticket(As::Api, json!({ "input": [left[1]] })).await;
        let above = dict(&[("left", left[2])]);
        server.put_node(As::Api, &above).await.expect(200);
        let asked = json!({ "keys": [left[3], gone[0]] });
        let told = server.post(As::Api, "/api/realm/self/prepare-nodes", &asked).await.expect(200);
        assert_eq!(told.json(), json!({ "exists": [left[3]], "missing": [gone[0]] }));
        bucket.set(Mode::Works);
        (left[..5].to_vec(), above)
    };
    let (report, (named, above)) = futures::join!(place.collect(false), named);
    let named = folders.iter().filter(|folder| named.contains(&folder[0]));
    for key in named.flatten().chain([&above.key]) {
        assert!(place.has(As::Api, *key).await);
    }
    // Five folders with their files, and what was put above one.
    assert_eq!(place.usage().await["nodeCount"], 11);
    assert_eq!(report["removedNodes"], 1201 - 10);
    assert!(!place.file(top.key).exists());
    place.recount();
}

/// A bucket that fails ends a collection; the next one removes what it left.
#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_fails_while_collecting_loses_nothing() {
    let place = Place::bucket().await;
    let (server, bucket) = (&place.server, place.bucket.as_ref().unwrap());
    let (old, new) = (node_of(100_000, 5), node_of(100_000, 6));
    server.put_node(As::Api, &old).await.expect(200);
    server.hand.advance(AN_HOUR);
    server.put_node(As::Api, &new).await.expect(200);
    bucket.set(Mode::Fails);
    server.post(As::Admin, "/api/admin/gc", &json!({})).await.expect_error(503, "unavailable");
    bucket.set(Mode::Works);
    assert!(!place.has(As::Api, old.key).await && place.file(old.key).exists());
    assert_eq!(place.collect(false).await["removedBlobs"], 1);
    assert!(!place.file(old.key).exists() && place.has(As::Api, new.key).await);
    place.recount();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_collects_by_itself_and_says_so() {
    let settings = [("realm.gc_grace", "1m"), ("realm.gc_interval", "10m")];
    let server = Server::start_with(&settings).await;
    let node: Encoded = text("old");
    server.put_node(As::Api, &node).await.expect(200);
    server.get_node(As::Api, node.key).await.expect(200);
    server.hand.advance(Duration::from_mins(10));
    while server.get_node(As::Api, node.key).await.status != 404 {}
    let query = "/api/v1/admin/audit?action=realm.gc";
    let row = loop {
        let rows = server.get(As::Admin, query).await.expect(200).json();
        if let Some(row) = rows["events"].as_array().and_then(|rows| rows.first()) {
            break row.clone();
        }
    };
    assert_eq!(
        (&row["actor"]["id"], &row["details"]["nodes"]),
        (&json!("server"), &json!(1)),
        "{row}"
    );
    let metrics = server.get(As::Admin, "/metrics").await.expect(200).bytes;
    let metrics = String::from_utf8(metrics).unwrap();
    for name in ["runs", "nodes", "bytes"] {
        assert!(metrics.contains(&format!("carnet_realm_gc_{name}_total ")), "{name}");
    }
}

/// Promise: R-68
#[tokio::test(flavor = "multi_thread")]
async fn what_is_damaged_is_named_and_whole_once_it_is_stored_again() {
    for place in Place::all().await {
        let server = &place.server;
        let fsck = async || {
            let request = server.request(As::Admin, Method::POST, "/api/admin/fsck");
            server.send(request).await.expect(200).json()
        };
        let mut nodes: Vec<_> = (0..4).map(|fill| node_of(100_000, fill)).collect();
        nodes.extend((4..8).map(|fill| node_of(500, fill)));
        for node in &nodes {
            server.put_node(As::Api, node).await.expect(200);
        }
        let whole = json!({ "checkedNodes": 8, "checkedBytes": 402_000, "badNodes": 0, "bad": [] });
        assert_eq!(fsck().await, whole);
        let mut bytes = nodes[1].bytes.to_vec();
        bytes[70_000] ^= 1;
        std::fs::write(place.file(nodes[1].key), bytes).unwrap();
        std::fs::remove_file(place.file(nodes[2].key)).unwrap();
        let damage = "UPDATE blobs SET bytes = zeroblob(500) WHERE key = ?1";
        place.database().execute(damage, [nodes[5].key.as_bytes()]).unwrap();

        let mut bad: Vec<_> = [1, 2, 5].map(|at: usize| nodes[at].key).to_vec();
        bad.sort();
        for _ in 0..2 {
            let found = fsck().await;
            assert_eq!((&found["badNodes"], &found["bad"]), (&json!(3), &json!(bad)));
        }
        // What is put back as it was is sound again.
        std::fs::write(place.file(nodes[2].key), &nodes[2].bytes).unwrap();
        server.get_node(As::Api, nodes[2].key).await.expect_error(500, "internal_error");
        assert_eq!(fsck().await["badNodes"], 2);
        server.get_node(As::Api, nodes[2].key).await.expect(200);
        for at in [1, 5] {
            server.get_node(As::Api, nodes[at].key).await.expect_error(500, "internal_error");
            server.put_node(As::Api, &nodes[at]).await.expect(200);
            let got = server.get_node(As::Api, nodes[at].key).await.expect(200);
            assert_eq!(got.bytes, nodes[at].bytes);
        }
        assert_eq!(fsck().await, whole);
    }
}
