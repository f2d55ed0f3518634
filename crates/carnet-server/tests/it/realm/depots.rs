//! `/api/realm/{realm}/depots`.

use carnet_ticket::realm::NodeKey;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, As, START, Server, dict, text};

const PATH: &str = "/api/realm/self/depots";

async fn make(server: &Server, body: &Value) -> Value {
    server.post(As::Api, PATH, body).await.expect(201).json()
}

fn path(depot: &Value) -> String {
    format!("{PATH}/{}", depot["depotId"].as_str().unwrap())
}

async fn patch(server: &Server, depot: &Value, body: &Value) -> Answer {
    server.send(server.request(As::Api, Method::PATCH, &path(depot)).json(body)).await
}

async fn commit(server: &Server, depot: &Value, body: &Value) -> Answer {
    server.post(As::Api, &format!("{}/commit", path(depot)), body).await
}

/// The main depot, as the list tells it.
async fn main(server: &Server, caller: As<'_>) -> Value {
    let list = server.get(caller, PATH).await.expect(200).json();
    list["depots"].as_array().unwrap().last().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_depot_has_exactly_the_documented_fields() {
    let server = Server::start().await;
    let made = make(&server, &json!({ "title": "releases", "unknown": 1 })).await;
    let id = made["depotId"].as_str().unwrap();
    assert!(id.starts_with("depot:"));
    assert_eq!(
        made,
        json!({
            "depotId": id, "title": "releases", "root": NodeKey::EMPTY_DICT, "maxHistory": 20, "history": [],
            "createdAt": START.0, "updatedAt": START.0,
        })
    );
    assert_eq!(server.get(As::Api, &path(&made)).await.expect(200).json(), made);
    // Without a title it is named after the moment: two of one moment are still two.
    let first = make(&server, &json!({})).await;
    assert_eq!(first["title"], format!("Depot {}", START.0));
    make(&server, &json!({ "title": null })).await;
    let list = server.get(As::Api, &format!("{PATH}?limit=2")).await.expect(200).json();
    assert_eq!((list["depots"].as_array().unwrap().len(), &list["hasMore"]), (2, &json!(true)));
    let cursor = list["nextCursor"].as_str().unwrap();
    let rest = server.get(As::Api, &format!("{PATH}?cursor={cursor}")).await.expect(200).json();
    assert_eq!(rest["depots"][0], made);
    assert_eq!((&rest["depots"][1]["title"], &rest["hasMore"]), (&json!("main"), &json!(false)));
    server.get(As::Admin, &path(&made)).await.expect_error(404, "not_found");
}

/// Promise: R-51
#[tokio::test(flavor = "multi_thread")]
async fn every_realm_has_main_which_keeps_its_title_and_stays() {
    let server = Server::start().await;
    for caller in [As::Api, As::Admin] {
        let lists = (0..8).map(|_| server.get(caller, PATH));
        for list in futures::future::join_all(lists).await {
            let list = list.expect(200).json();
            assert_eq!(list["depots"].as_array().unwrap().len(), 1, "made once: {list}");
        }
        assert_eq!(main(&server, caller).await["title"], "main");
    }
    let main = main(&server, As::Api).await;
    server.delete(As::Api, &path(&main)).await.expect_error(403, "forbidden");
    patch(&server, &main, &json!({ "title": "other" })).await.expect_error(403, "forbidden");
    patch(&server, &main, &json!({ "title": "main", "maxHistory": 3 })).await.expect(200);
    let taken = json!({ "title": "main" });
    server.post(As::Api, PATH, &taken).await.expect_error(409, "conflict");
    let usage = server.get(As::Api, "/api/realm/self/usage").await.json();
    assert_eq!((&usage["nodeCount"], &usage["physicalBytes"]), (&json!(0), &json!(0)));
}

/// Promise: R-50
#[tokio::test(flavor = "multi_thread")]
async fn a_depot_goes_from_root_to_root_and_remembers_where_it_was() {
    let server = Server::start().await;
    let nodes: Vec<_> = (0..4).map(|at| text(&format!("root {at}"))).collect();
    for node in &nodes {
        server.put_node(As::Api, node).await.expect(200);
    }
    let keys: Vec<_> = nodes.iter().map(|node| node.key).collect();
    let depot = make(&server, &json!({ "title": "d", "maxHistory": 2 })).await;
    let steps = [
        (keys[0], json!([NodeKey::EMPTY_DICT])),
        (keys[1], json!([keys[0], NodeKey::EMPTY_DICT])),
        (keys[2], json!([keys[1], keys[0]])),
        // The same again changes nothing.
        (keys[2], json!([keys[1], keys[0]])),
        // Back to where it was.
        (keys[0], json!([keys[2], keys[1]])),
        (NodeKey::EMPTY_DICT, json!([keys[0], keys[2]])),
    ];
    for (root, history) in steps {
        let now = commit(&server, &depot, &json!({ "root": root })).await.expect(200).json();
        assert_eq!((&now["root"], &now["history"]), (&json!(root), &history));
    }
    let stale = json!({ "root": keys[3], "expectedRoot": keys[1] });
    let answer = commit(&server, &depot, &stale).await.expect_error(409, "conflict");
    assert_eq!(answer["details"]["root"], json!(NodeKey::EMPTY_DICT));
    let fresh = json!({ "root": keys[3], "expectedRoot": NodeKey::EMPTY_DICT });
    commit(&server, &depot, &fresh).await.expect(200);
    let cut = patch(&server, &depot, &json!({ "maxHistory": 1 })).await.expect(200).json();
    assert_eq!(cut["history"], json!([NodeKey::EMPTY_DICT]));
}

/// Promise
#[tokio::test(flavor = "multi_thread")]
async fn a_root_is_of_the_realm_or_missing() {
    let server = Server::start().await;
    let foreign = text("of another realm");
    server.put_node(As::Admin, &foreign).await.expect(200);
    let depot = main(&server, As::Api).await;
    let mut answers = Vec::new();
    for root in [foreign.key, text("absent").key] {
        let answer = commit(&server, &depot, &json!({ "root": root })).await;
        let mut body = answer.expect_error(400, "missing_nodes");
        assert_eq!(body["details"]["missing"], json!([root]));
        body["details"] = json!(null);
        answers.push(body);
    }
    assert_eq!(answers[0], answers[1], "the same whatever it is");
    for body in [json!({}), json!({ "root": 7 }), json!({ "root": "node:x" }), json!([])] {
        commit(&server, &depot, &body).await.expect_error(400, "invalid_request");
        let unknown = format!("{PATH}/depot:01HQXK5V8N3Y7M2P4R6T9W0ABC/commit");
        server.post(As::Api, &unknown, &body).await.expect_error(400, "invalid_request");
    }
    let body = json!({ "root": NodeKey::EMPTY_DICT });
    for unknown in ["depot:01HQXK5V8N3Y7M2P4R6T9W0ABC", "nonsense", "self"] {
        let path = format!("{PATH}/{unknown}");
        server.get(As::Api, &path).await.expect_error(404, "not_found");
        server.delete(As::Api, &path).await.expect_error(404, "not_found");
        let commit = format!("{path}/commit");
        server.post(As::Api, &commit, &body).await.expect_error(404, "not_found");
    }
    assert_eq!(main(&server, As::Api).await, depot, "nothing has changed");
}

/// Promise: R-50
#[tokio::test(flavor = "multi_thread")]
async fn titles_are_taken_once_and_numbers_have_their_bounds() {
    let server = Server::start().await;
    let (a, b) = (
        make(&server, &json!({ "title": "a", "maxHistory": 100 })).await,
        make(&server, &json!({ "title": "ü".repeat(128), "maxHistory": 1 })).await,
    );
    server.post(As::Api, PATH, &json!({ "title": "a" })).await.expect_error(409, "conflict");
    for title in ["a", "main"] {
        patch(&server, &b, &json!({ "title": title })).await.expect_error(409, "conflict");
    }
    patch(&server, &a, &json!({ "title": "a" })).await.expect(200);
    for body in [
        json!({ "maxHistory": 101 }),
        json!({ "maxHistory": 0 }),
        json!({ "maxHistory": -1 }),
        json!({ "maxHistory": 1.5 }),
        json!({ "title": "" }),
        json!({ "title": "t".repeat(129) }),
        json!({ "title": 7 }),
        json!([]),
    ] {
        server.post(As::Api, PATH, &body).await.expect_error(400, "invalid_request");
        patch(&server, &a, &body).await.expect_error(400, "invalid_request");
    }
    assert_eq!(
        server.delete(As::Api, &path(&a)).await.expect(200).json(),
        json!({ "success": true })
    );
    server.delete(As::Api, &path(&a)).await.expect_error(404, "not_found");
    make(&server, &json!({ "title": "a" })).await;
}

/// Of those who all expect the same root, one gets its way.
#[tokio::test(flavor = "multi_thread")]
async fn of_concurrent_commits_with_one_expectation_one_succeeds() {
    let server = Server::start().await;
    let depot = main(&server, As::Api).await;
    let nodes: Vec<_> =
        (0..12).map(|at| dict(&[(&format!("{at}"), NodeKey::EMPTY_DICT)])).collect();
    for node in &nodes {
        server.put_node(As::Api, node).await.expect(200);
    }
    let commits = nodes.iter().map(async |node| {
        let body = json!({ "root": node.key, "expectedRoot": NodeKey::EMPTY_DICT });
        commit(&server, &depot, &body).await
    });
    let answers = futures::future::join_all(commits).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    let now = main(&server, As::Api).await;
    assert_eq!(now["history"], json!([NodeKey::EMPTY_DICT]));
    for answer in answers.into_iter().filter(|answer| answer.status != 200) {
        assert_eq!(answer.expect_error(409, "conflict")["details"]["root"], now["root"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_of_a_depot_is_in_the_audit_and_what_changes_nothing_is_not() {
    let server = Server::start().await;
    let depot = make(&server, &json!({})).await;
    let root = json!({ "root": NodeKey::EMPTY_DICT });
    commit(&server, &depot, &root).await.expect(200);
    patch(&server, &depot, &json!({ "maxHistory": 5 })).await.expect(200);
    server.delete(As::Api, &path(&depot)).await.expect(200);
    let audit = server.get(As::Admin, "/api/v1/admin/audit").await.expect(200).json();
    let rows = audit["events"].as_array().unwrap();
    let of = |action: &str| rows.iter().filter(|row| row["action"] == action).count();
    assert_eq!(
        ["depot.create", "depot.commit", "depot.update", "depot.delete"].map(of),
        [2, 0, 1, 1]
    );
}
