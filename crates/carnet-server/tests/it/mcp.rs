//! `POST /api/mcp`: the content store as tools.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use carnet_realm::node::{self, Limits};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{API_KEY, As, START, Server, dict, file, text};

const PATH: &str = "/api/mcp";

/// The answer to a request.
async fn ask(server: &Server, method: &str, params: Value) -> Value {
    let body = json!({ "jsonrpc": "2.0", "id": "a", "method": method, "params": params });
    let answer = server.post(As::Api, PATH, &body).await.expect(200).json();
    assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!("a")));
    answer
}

/// The answer to a call of a tool.
async fn call(server: &Server, tool: &str, arguments: Value) -> Value {
    ask(server, "tools/call", json!({ "name": tool, "arguments": arguments })).await
}

/// What a result says, and whether it is a refusal.
fn told(answer: &Value) -> (Value, bool) {
    let content = answer["result"]["content"].as_array().unwrap();
    assert_eq!((content.len(), &content[0]["type"]), (1, &json!("text")));
    let text = serde_json::from_str(content[0]["text"].as_str().unwrap()).unwrap();
    (text, answer["result"]["isError"] == true)
}

#[track_caller]
fn done(answer: &Value) -> Value {
    let (value, is_error) = told(answer);
    assert!(!is_error, "{value}");
    value
}

#[track_caller]
fn refused(answer: &Value, code: &str) -> Value {
    let (body, is_error) = told(answer);
    assert!(is_error && body["error"] == code, "{body}");
    body
}

fn decoded(read: &Value) -> Vec<u8> {
    STANDARD.decode(read["content"].as_str().unwrap()).unwrap()
}

async fn ticket(server: &Server, input: &Value, writable: bool) -> (Value, Value) {
    let made = call(server, "cas_get_ticket", json!({ "input": input, "writable": writable }));
    let made = done(&made.await);
    (made["realmId"].clone(), made["ticketId"].clone())
}

/// Promise: R-52
#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_greeted_and_told_the_tools() {
    let server = Server::start().await;
    let hello = json!({ "protocolVersion": "2025-01-01", "capabilities": {}, "clientInfo": {} });
    let hello = ask(&server, "initialize", hello).await;
    assert_eq!(
        hello["result"],
        json!({
            "protocolVersion": "2024-11-05",
            "capabilities": { "tools": {} },
            "serverInfo": { "name": "cas-mcp", "version": env!("CARGO_PKG_VERSION") },
        })
    );
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert!(server.post(As::Api, PATH, &note).await.expect(202).bytes.is_empty());
    assert_eq!(ask(&server, "ping", json!({})).await["result"], json!({}));
    let tools = ask(&server, "tools/list", json!({})).await;
    let tools = tools["result"]["tools"].as_array().unwrap();
    let names: Vec<_> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["cas_get_ticket", "cas_read", "cas_write"]);
    assert!(tools.iter().all(|tool| tool["inputSchema"]["type"] == "object"));
}

/// Promise: R-52
#[tokio::test(flavor = "multi_thread")]
async fn the_tools_read_and_write_as_a_ticket() {
    let server = Server::start_with(&[("realm.node_limit", "1KiB")]).await;
    let (note, page) = (text("a note"), file("text/html", b"<p>"));
    let inner = dict(&[("page.html", page.key)]);
    let outer = dict(&[("inner", inner.key), ("note.txt", note.key)]);
    for node in [&note, &page, &inner, &outer] {
        server.put_node(As::Api, node).await.expect(200);
    }
    let made = call(&server, "cas_get_ticket", json!({ "input": outer.key, "expiresIn": 60 }));
    let made = done(&made.await);
    assert_eq!(
        (&made["input"], &made["expiresAt"]),
        (&json!([outer.key]), &json!(START.0 + 60_000))
    );
    let (realm, id) = ticket(&server, &json!([outer.key]), true).await;
    let row = server
        .get(As::Api, &format!("/api/realm/self/tickets/{}", id.as_str().unwrap()))
        .await
        .expect(200)
        .json();
    assert_eq!(row["config"]["quota"], 100 << 20);
    let read = async |path: &str| {
        let arguments = json!({ "realmId": realm, "ticketId": id, "key": outer.key, "path": path });
        call(&server, "cas_read", arguments).await
    };
    let got = done(&read("note.txt").await);
    assert_eq!(
        (&got["key"], &got["contentType"], &got["size"], decoded(&got)),
        (&json!(note.key), &json!("text/plain"), &json!(6), b"a note".to_vec())
    );
    assert_eq!(decoded(&done(&read("inner/page.html").await)), b"<p>");
    for path in [".", "", "./"] {
        let got = done(&read(path).await);
        assert_eq!(got["contentType"], "application/json");
        let children: Value = serde_json::from_slice(&decoded(&got)).unwrap();
        assert_eq!(children, json!({ "inner": inner.key, "note.txt": note.key }));
    }
    for path in ["absent", "note.txt/below", "..", "inner/.."] {
        refused(&read(path).await, "not_found");
    }

    // Larger than a node: it is split, and put together again.
    let content: Vec<_> = (0..20_000_u32).map(|at| u8::try_from(at % 251).unwrap()).collect();
    let written = json!({
        "realmId": "self", "ticketId": id, "contentType": "a/b", "content": STANDARD.encode(&content),
    });
    let written = done(&call(&server, "cas_write", written).await);
    assert_eq!((&written["contentType"], &written["size"]), (&json!("a/b"), &json!(20_000)));
    let arguments = json!({ "realmId": realm, "ticketId": id, "key": written["key"] });
    refused(&call(&server, "cas_read", arguments.clone()).await, "forbidden");
    let output: carnet_ticket::realm::NodeKey =
        serde_json::from_value(written["key"].clone()).unwrap();
    server.commit(id.as_str().unwrap(), output).await.expect(200);
    assert_eq!(decoded(&done(&call(&server, "cas_read", arguments).await)), content);
}

/// Promise: R-52
#[tokio::test(flavor = "multi_thread")]
async fn what_a_route_would_refuse_is_a_result_that_says_so() {
    let server = Server::start_with(&[("realm.mcp_ticket_quota", "1KiB")]).await;
    let (inside, outside) = (text("inside"), text("outside"));
    for node in [&inside, &outside] {
        server.put_node(As::Api, node).await.expect(200);
    }
    let large = file("a/b", &vec![0; 900_000]);
    server.put_node(As::Api, &large).await.expect(200);
    let (realm, id) = ticket(&server, &json!(inside.key), true).await;
    let (_, read_only) = ticket(&server, &json!([]), false).await;
    let read = async |realm: &Value, id: &Value, key: Value| {
        let arguments = json!({ "realmId": realm, "ticketId": id, "key": key });
        call(&server, "cas_read", arguments).await
    };
    let write = async |id: &Value, len: usize| {
        let content = STANDARD.encode(vec![7; len]);
        let arguments =
            json!({ "realmId": realm, "ticketId": id, "contentType": "a/b", "content": content });
        call(&server, "cas_write", arguments).await
    };
    refused(&read(&realm, &id, json!(outside.key)).await, "forbidden");
    refused(
        &read(&json!("user:6G409P2GT5R2426CS4X7366CK4"), &id, json!(inside.key)).await,
        "forbidden",
    );
    for unknown in ["ticket:01HQXK5V8N3Y7M2P4R6T9W0ABC", "nonsense", "self"] {
        refused(&read(&realm, &json!(unknown), json!(inside.key)).await, "not_found");
    }
    refused(&write(&read_only, 1).await, "forbidden");
    let details = refused(&write(&id, 2000).await, "quota_exceeded");
    assert_eq!(details["details"]["limit"], 1024);
    done(&write(&id, 500).await);

    let foreign = server.ticket(As::Admin, json!({ "input": [], "writable": {} })).await;
    for realm in [&realm, &json!("self")] {
        refused(&read(realm, &json!(foreign), json!(inside.key)).await, "forbidden");
    }
    server.revoke(As::Api, id.as_str().unwrap()).await.expect(200);
    refused(&read(&realm, &id, json!(inside.key)).await, "gone");
    refused(&write(&id, 1).await, "gone");

    // What was refused is in the audit, like any denial.
    let audit = server.get(As::Admin, "/api/v1/admin/audit").await.expect(200).json();
    let denied = |row: &&Value| row["action"] == "ticket.deny" && row["path"] == PATH;
    assert!(audit["events"].as_array().unwrap().iter().any(|row| denied(&row)), "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_over_five_mebibytes_is_not_read_whole() {
    let server =
        Server::start_with(&[("realm.max_body", "20MiB"), ("realm.node_limit", "4MiB")]).await;
    let (realm, id) = ticket(&server, &json!([]), true).await;
    let write = async |len: usize| {
        let content = STANDARD.encode(vec![7; len]);
        let arguments =
            json!({ "realmId": realm, "ticketId": id, "contentType": "a/b", "content": content });
        done(&call(&server, "cas_write", arguments).await)["key"].clone()
    };
    let (most, more) = (write(5 << 20).await, write((5 << 20) + 1).await);
    let (realm, id) = ticket(&server, &json!([most, more]), false).await;
    let read = async |key: Value| {
        call(&server, "cas_read", json!({ "realmId": realm, "ticketId": id, "key": key })).await
    };
    assert_eq!(done(&read(most).await)["size"], 5 << 20);
    assert_eq!(refused(&read(more).await, "payload_too_large")["details"]["max"], 5 << 20);
}

/// Promise: R-52
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_has_its_number_and_batches_are_none() {
    let server = Server::start().await;
    let ask = async |body: &str| {
        let request = server.request(As::Api, Method::POST, PATH).body(body.to_owned());
        server.send(request).await.expect(200).json()
    };
    for (body, code, id) in [
        ("{", -32700, json!(null)),
        ("", -32700, json!(null)),
        ("[]", -32600, json!(null)),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, -32600, json!(null)),
        (r#"{"id":1,"method":"ping"}"#, -32600, json!(null)),
        (r#"{"jsonrpc":"2.0","id":1,"method":"resources/list"}"#, -32601, json!(1)),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#, -32602, json!(1)),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"rm"}}"#,
            -32602,
            json!(1),
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"cas_get_ticket"}}"#,
            -32602,
            json!(1),
        ),
    ] {
        let answer = ask(body).await;
        assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(code), &id), "{body}");
        assert!(answer["error"]["message"].is_string() && answer.get("result").is_none());
    }
    for arguments in [
        json!({ "input": "node:x" }),
        json!({ "input": [], "expiresIn": 0 }),
        json!({ "input": [], "writable": "yes" }),
    ] {
        assert_eq!(call(&server, "cas_get_ticket", arguments).await["error"]["code"], -32602);
    }
    let (realm, id) = ticket(&server, &json!([]), true).await;
    for (content, content_type) in [("%", "a/b"), ("", "\u{e9}"), ("", &"x".repeat(57))] {
        let arguments = json!({ "realmId": realm, "ticketId": id, "contentType": content_type, "content": content });
        assert_eq!(call(&server, "cas_write", arguments).await["error"]["code"], -32602);
    }
    // The answer comes before the body: what is declared is enough.
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: carnet\r\nX-API-Key: {API_KEY}\r\nContent-Length: {}\r\n\r\n",
        (10 << 20) + 1
    );
    assert!(server.raw(&head).await.starts_with("HTTP/1.1 413"));
}

/// Nodes that repeat each other are many more than bytes: nobody is kept busy with them.
///
/// Promise: R-52
#[tokio::test(flavor = "multi_thread")]
async fn a_small_file_of_very_many_nodes_is_refused() {
    let server = Server::start().await;
    let limits = Limits::default();
    let mut below = node::encode_successor(&[], b"x", &limits).unwrap();
    server.put_node(As::Api, &below).await.expect(200);
    for _ in 0..100 {
        below = node::encode_successor(&[below.key], b"", &limits).unwrap();
        server.put_node(As::Api, &below).await.expect(200);
    }
    for (repeats, is_read) in [(160, true), (170, false)] {
        let file = node::encode_file(
            "a/b",
            repeats,
            &vec![below.key; usize::try_from(repeats).unwrap()],
            b"",
            &limits,
        );
        let file = file.unwrap();
        server.put_node(As::Api, &file).await.expect(200);
        let child = json!({ "input": [file.key] });
        let ticket = server.ticket(As::Api, child).await;
        let arguments = json!({ "realmId": "self", "ticketId": ticket, "key": file.key });
        let answer = call(&server, "cas_read", arguments).await;
        if is_read {
            assert_eq!(done(&answer)["size"], repeats);
        } else {
            refused(&answer, "payload_too_large");
        }
    }
}
