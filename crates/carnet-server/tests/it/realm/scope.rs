//! What a ticket reaches, and what it may use.

use carnet_ticket::realm::NodeKey;
use serde_json::json;

use crate::support::{As, Server, dict, text};

/// A chain of directories: the last one holds a file. From the top down.
async fn chain(server: &Server, depth: usize) -> Vec<NodeKey> {
    let leaf = text("at the bottom");
    server.put_node(As::Api, &leaf).await.expect(200);
    let mut keys = vec![leaf.key];
    for level in 0..depth {
        let node = dict(&[(&format!("level {level}"), keys[keys.len() - 1])]);
        server.put_node(As::Api, &node).await.expect(200);
        keys.push(node.key);
    }
    keys.reverse();
    keys
}

/// Promise
#[tokio::test(flavor = "multi_thread")]
async fn inputs_and_what_is_below_them_are_read_and_nothing_else_is() {
    let server = Server::start().await;
    let (shared, other, unrelated) = (text("shared"), text("other"), text("unrelated"));
    let input = dict(&[("a", shared.key)]);
    let sibling = dict(&[("a", shared.key), ("b", other.key)]);
    for node in [&shared, &other, &unrelated, &input, &sibling] {
        server.put_node(As::Api, node).await.expect(200);
    }
    let ticket = server.ticket(As::Api, json!({ "input": [input.key], "writable": {} })).await;
    let tool = As::Ticket(&ticket);
    server.get_node(tool, input.key).await.expect(200);
    server.get_node(tool, shared.key).await.expect(200);
    let out = server.get_node(tool, sibling.key).await.expect_error(403, "forbidden");
    for key in [other.key, unrelated.key, text("never stored").key] {
        assert_eq!(
            server.get_node(tool, key).await.expect_error(403, "forbidden"),
            out,
            "the same whatever it is"
        );
    }

    let upload = text("made by the tool");
    server.put_node(tool, &upload).await.expect(200);
    server.get_node(tool, upload.key).await.expect_error(403, "forbidden");
    let output = dict(&[("result", upload.key), ("kept", shared.key)]);
    server.put_node(tool, &output).await.expect(200);
    server.commit(&ticket, output.key).await.expect(200);
    for key in [output.key, upload.key, shared.key, input.key] {
        server.get_node(tool, key).await.expect(200);
    }
    server.get_node(tool, other.key).await.expect_error(403, "forbidden");
}

/// Promise: R-17
#[tokio::test(flavor = "multi_thread")]
async fn no_input_reads_the_whole_realm_and_an_empty_one_nothing() {
    let server = Server::start().await;
    let node = text("somewhere");
    server.put_node(As::Api, &node).await.expect(200);
    let all = server.ticket(As::Api, json!({})).await;
    server.get_node(As::Ticket(&all), node.key).await.expect(200);
    server.get_node(As::Ticket(&all), text("absent").key).await.expect_error(404, "not_found");
    let nothing = server.ticket(As::Api, json!({ "input": [] })).await;
    server.get_node(As::Ticket(&nothing), node.key).await.expect_error(403, "forbidden");
    server.get_node(As::Ticket(&nothing), NodeKey::EMPTY_DICT).await.expect(200);
    let ahead = server.ticket(As::Api, json!({ "input": [text("later").key] })).await;
    server.get_node(As::Ticket(&ahead), text("later").key).await.expect_error(404, "not_found");
}

/// Promise: R-36
#[tokio::test(flavor = "multi_thread")]
async fn what_another_realm_has_below_an_input_is_as_absent_as_what_nobody_has() {
    let server = Server::start().await;
    let (theirs, nobodys) = (text("theirs"), text("nobody's"));
    let (known, unknown) = (dict(&[("a", theirs.key)]), dict(&[("a", nobodys.key)]));
    for node in [&theirs, &known] {
        server.put_node(As::Admin, node).await.expect(200);
    }
    for (input, below) in [(&known, &theirs), (&unknown, &nobodys)] {
        let ticket = server.ticket(As::Api, json!({ "input": [input.key] })).await;
        let tool = As::Ticket(&ticket);
        server.get_node(tool, below.key).await.expect_error(403, "forbidden");
        server.get_node(tool, input.key).await.expect_error(404, "not_found");
        server.get_node(tool, below.key).await.expect_error(403, "forbidden");
    }
}

/// Promise
#[tokio::test(flavor = "multi_thread")]
async fn an_input_that_is_stored_after_it_was_asked_for_is_reached_with_what_is_below() {
    let server = Server::start().await;
    let leaf = text("stored later");
    let input = dict(&[("a", leaf.key)]);
    let ticket = server.ticket(As::Api, json!({ "input": [input.key] })).await;
    let tool = As::Ticket(&ticket);
    server.get_node(tool, leaf.key).await.expect_error(403, "forbidden");
    for node in [&leaf, &input] {
        server.put_node(As::Api, node).await.expect(200);
    }
    server.get_node(tool, leaf.key).await.expect(200);
}

/// Promise: R-16
#[tokio::test(flavor = "multi_thread")]
async fn inputs_that_are_not_stored_do_not_keep_a_search_from_its_end() {
    let server = Server::start_with(&[("realm.scope_step_nodes", "3")]).await;
    let inputs: Vec<_> = (0..20).map(|number| text(&format!("later {number}")).key).collect();
    let ticket = server.ticket(As::Api, json!({ "input": inputs })).await;
    let elsewhere = text("elsewhere").key;
    let mut tries = 1;
    while server.get_node(As::Ticket(&ticket), elsewhere).await.status == 503 {
        tries += 1;
        assert!(tries < 20, "it comes to an end");
    }
    for _ in 0..2 {
        server.get_node(As::Ticket(&ticket), elsewhere).await.expect_error(403, "forbidden");
    }
}

/// Promise: R-16
#[tokio::test(flavor = "multi_thread")]
async fn a_deep_node_is_found_after_some_tries_and_never_wrongly_refused() {
    let server = Server::start_with(&[("realm.scope_step_nodes", "3")]).await;
    let keys = chain(&server, 20).await;
    let ticket = server.ticket(As::Api, json!({ "input": [keys[0]] })).await;
    let bottom = *keys.last().unwrap();
    let mut tries = 0;
    loop {
        tries += 1;
        let answer = server.get_node(As::Ticket(&ticket), bottom).await;
        if answer.status == 200 {
            break;
        }
        assert_eq!(answer.header("retry-after"), "1");
        answer.expect_error(503, "scope_undecided");
    }
    assert!((5..=8).contains(&tries), "{tries} tries");
    // What is outside is refused only once everything was seen.
    let outside = text("outside");
    server.put_node(As::Api, &outside).await.expect(200);
    server.get_node(As::Ticket(&ticket), outside.key).await.expect_error(403, "forbidden");
}

/// Walking from the top needs no search: each step was learnt from the one before.
#[tokio::test(flavor = "multi_thread")]
async fn a_walk_from_the_top_is_never_undecided_also_beyond_what_is_remembered() {
    let server =
        Server::start_with(&[("realm.scope_step_nodes", "1"), ("realm.scope_max_nodes", "4")])
            .await;
    let keys = chain(&server, 20).await;
    let ticket = server.ticket(As::Api, json!({ "input": [keys[0]] })).await;
    for key in &keys {
        server.get_node(As::Ticket(&ticket), *key).await.expect(200);
    }
    let fresh = server.ticket(As::Api, json!({ "input": [keys[0]] })).await;
    let bottom = *keys.last().unwrap();
    let body = loop {
        let answer = server.get_node(As::Ticket(&fresh), bottom).await;
        if answer.status != 503 {
            break answer.expect_error(403, "forbidden");
        }
    };
    assert_eq!(body["details"]["hint"], "walk");
}

/// Promise: R-34
#[tokio::test(flavor = "multi_thread")]
async fn a_parent_may_not_name_what_its_writer_cannot_use_and_may_after_uploading_it() {
    let server = Server::start().await;
    let (input, hidden) = (text("input"), text("hidden"));
    for node in [&input, &hidden] {
        server.put_node(As::Api, node).await.expect(200);
    }
    server.put_node(As::Admin, &text("of another realm")).await.expect(200);
    let ticket = server.ticket(As::Api, json!({ "input": [input.key], "writable": {} })).await;
    let tool = As::Ticket(&ticket);
    for child in [&hidden, &text("absent"), &text("of another realm")] {
        let parent = dict(&[("in", input.key), ("x", child.key)]);
        let body = server.put_node(tool, &parent).await.expect_error(400, "missing_nodes");
        assert_eq!(body["details"]["missing"], json!([child.key]), "the same for each");
        let body = server.commit(&ticket, child.key).await.expect_error(400, "missing_nodes");
        assert_eq!(body["details"]["missing"], json!([child.key]));
        server.put_node(tool, child).await.expect(200);
        server.put_node(tool, &parent).await.expect(200);
    }
}
