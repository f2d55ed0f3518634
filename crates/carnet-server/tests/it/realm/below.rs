//! Nodes by their place below another.

use carnet_ticket::realm::NodeKey;
use serde_json::json;

use crate::support::{Answer, As, Server, dict, text};

async fn below(server: &Server, caller: As<'_>, key: NodeKey, path: &str) -> Answer {
    server.get(caller, &format!("/api/realm/self/nodes/{key}/{path}")).await
}

/// Promise: R-43
#[tokio::test(flavor = "multi_thread")]
async fn a_path_of_numbers_leads_to_a_node_and_its_metadata() {
    let server = Server::start().await;
    let (a, b) = (text("a"), text("b"));
    let inner = dict(&[("a", a.key), ("empty", NodeKey::EMPTY_DICT)]);
    let top = dict(&[("b", b.key), ("inner", inner.key)]);
    for node in [&a, &b, &inner, &top] {
        server.put_node(As::Api, node).await.expect(200);
    }
    for (path, node) in [("~0", &b), ("~1", &inner), ("~1/~0", &a)] {
        let direct = server.get_node(As::Api, node.key).await.expect(200);
        let found = below(&server, As::Api, top.key, path).await.expect(200);
        assert_eq!(found.bytes, node.bytes);
        for header in ["etag", "cache-control", "x-cas-kind", "vary"] {
            assert_eq!(found.header(header), direct.header(header));
        }
        let found = below(&server, As::Api, top.key, &format!("{path}/metadata")).await;
        let direct =
            server.get(As::Api, &format!("/api/realm/self/nodes/{}/metadata", node.key)).await;
        assert_eq!(found.expect(200).json(), direct.json());
    }
    let empty = below(&server, As::Api, top.key, "~1/~1/metadata").await.expect(200).json();
    assert_eq!(empty["key"], json!(NodeKey::EMPTY_DICT));
    let lower = top.key.to_string().to_lowercase();
    let path = format!("/api/realm/self/nodes/{lower}/~0");
    assert_eq!(server.get(As::Api, &path).await.expect(200).bytes, b.bytes);

    for nowhere in ["~2", "~0/~0", "~1/~1/~0", "~", "~x", "~+1", "~-1", "1", "~0/", "~99999999999"]
    {
        below(&server, As::Api, top.key, nowhere).await.expect_error(404, "not_found");
    }
    below(&server, As::Api, text("absent").key, "~0").await.expect_error(404, "not_found");
    let long = vec!["~0"; 65].join("/");
    below(&server, As::Api, top.key, &long).await.expect_error(400, "invalid_request");
    below(&server, As::Api, top.key, &long[3..]).await.expect_error(404, "not_found");
}

/// Promise: R-43
#[tokio::test(flavor = "multi_thread")]
async fn scope_is_decided_on_the_first_node_and_never_left() {
    let server = Server::start_with(&[("realm.scope_max_nodes", "2")]).await;
    let mut node = text("at the bottom");
    let mut chain = vec![];
    for level in 0..20 {
        server.put_node(As::Api, &node).await.expect(200);
        chain.push(node.key);
        node = dict(&[(&format!("level {level}"), node.key)]);
    }
    let (top, other) = (*chain.last().unwrap(), text("other"));
    let outside = dict(&[("other", other.key), ("x", top)]);
    for node in [&other, &outside] {
        server.put_node(As::Api, node).await.expect(200);
    }
    let ticket = server.ticket(As::Api, json!({ "input": [top] })).await;
    let tool = As::Ticket(&ticket);
    // Wider than what is remembered: only the path leads there.
    let body = server.get_node(tool, chain[0]).await.expect_error(403, "forbidden");
    assert_eq!(body["details"]["hint"], "walk");
    let path = vec!["~0"; chain.len() - 1].join("/");
    let found = below(&server, tool, top, &path).await.expect(200);
    assert_eq!(found.bytes, text("at the bottom").bytes);
    // What lies below a node that is out of scope is out of scope by this way too.
    for path in ["~1", "~0", "~7"] {
        below(&server, tool, outside.key, path).await.expect_error(403, "forbidden");
    }
    let nothing = server.ticket(As::Api, json!({ "input": [] })).await;
    below(&server, As::Ticket(&nothing), top, "~0").await.expect_error(403, "forbidden");
}
