//! Whatever is wrong with a request, the answer is a documented code, and never 500.

use carnet_realm::node::{self, Limits};
use carnet_ticket::realm::NodeKey;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{API_KEY, Answer, As, Server, file, text};

const NODES: &str = "/api/realm/self/nodes";
const TICKETS: &str = "/api/realm/self/tickets";

/// The error body, of exactly the documented members.
#[track_caller]
fn expect_code(answer: Answer, status: u16, code: &str) -> Value {
    assert_eq!(answer.header("content-type"), "application/json");
    let body = answer.expect_error(status, code);
    let members: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert!(["error", "message"].iter().all(|name| members.contains(name)), "{body}");
    assert!(members.iter().all(|name| ["error", "message", "details"].contains(name)), "{body}");
    assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()));
    body
}

/// Promise: R-32
#[tokio::test(flavor = "multi_thread")]
async fn every_code_has_its_status() {
    let server = Server::start_with(&[("realm.default_quota", "2KiB")]).await;
    let node = text("a node");
    let ticket = server.ticket(As::Api, json!({ "input": [node.key], "writable": {} })).await;
    let put = |path: &str| server.request(As::Api, Method::PUT, path);

    let bad = server.post(As::Api, TICKETS, &json!({ "input": 1 })).await;
    expect_code(bad, 400, "invalid_request");
    let missing = server.commit(&ticket, text("absent").key).await;
    let body = expect_code(missing, 400, "missing_nodes");
    assert_eq!(body["details"], json!({ "missing": [text("absent").key] }));
    let path = format!("{NODES}/{}", node.key);
    let sum = put(&path).header("X-CAS-Blake3", "0".repeat(64)).body(node.bytes.clone());
    expect_code(server.send(sum).await, 400, "checksum_mismatch");
    let nobody = server.get(As::Nobody, TICKETS).await;
    assert!(!nobody.header("www-authenticate").is_empty());
    expect_code(nobody, 401, "unauthorized");
    expect_code(server.get(As::Api, "/api/realm/tenant:other").await, 403, "forbidden");
    expect_code(server.get_node(As::Api, text("absent").key).await, 404, "not_found");
    let method = server.delete(As::Api, "/api/realm/self").await;
    assert!(method.header("allow").contains("GET"));
    expect_code(method, 405, "method_not_allowed");

    server.put_node(As::Api, &node).await.expect(200);
    server.commit(&ticket, node.key).await.expect(200);
    let again = server.commit(&ticket, node.key).await;
    let body = expect_code(again, 409, "conflict");
    assert_eq!(body["details"], json!({ "output": node.key }));
    server.revoke(As::Api, &ticket).await.expect(200);
    expect_code(server.get_node(As::Ticket(&ticket), node.key).await, 410, "gone");

    let full = server.put_node(As::Api, &file("text/plain", &[7; 4096])).await;
    let body = expect_code(full, 413, "quota_exceeded");
    let details = body["details"].as_object().unwrap();
    assert!(["limit", "used", "requested"].iter().all(|name| details[*name].is_u64()), "{body}");
    let large = put(&path).body(vec![0; (1 << 20) + 1]);
    let body = expect_code(server.send(large).await, 413, "payload_too_large");
    assert_eq!(body["details"], json!({ "max": 1 << 20 }));
    let range = server.request(As::Api, Method::GET, &path).header("Range", "bytes=9999-");
    let answer = server.send(range).await;
    assert_eq!(answer.header("content-range"), format!("bytes */{}", node.bytes.len()));
    expect_code(answer, 416, "range_not_satisfiable");
}

/// The rest of the codes: too often, a broken blob, not decided yet.
///
/// Promise: R-32
#[tokio::test(flavor = "multi_thread")]
async fn codes_of_a_server_in_trouble() {
    let settings = [
        ("realm.rate_upload_per_realm", "4"),
        ("realm.scope_step_nodes", "1"),
        ("realm.inline_max", "0"),
        ("realm.verify_on_read", "always"),
    ];
    let server = Server::start_with(&settings).await;
    let mut child = Vec::new();
    let mut keys = Vec::new();
    for depth in 0..3_u8 {
        let chain = node::encode_successor(&child, &[depth], &Limits::default()).unwrap();
        server.put_node(As::Api, &chain).await.expect(200);
        (child, keys) = (vec![chain.key], [keys, vec![chain.key]].concat());
    }
    let ticket = server.ticket(As::Api, json!({ "input": [keys[2]] })).await;
    let undecided = server.get_node(As::Ticket(&ticket), keys[0]).await;
    assert_eq!(undecided.header("retry-after"), "1");
    expect_code(undecided, 503, "scope_undecided");

    let node = text("broken soon");
    server.put_node(As::Api, &node).await.expect(200);
    let limited = server.put_node(As::Api, &node).await;
    assert_eq!(limited.header("retry-after"), "15");
    expect_code(limited, 429, "rate_limit_exceeded");
    let blobs = server.directory.path().join("blobs");
    for folder in std::fs::read_dir(blobs).unwrap() {
        let folder = folder.unwrap().path();
        for blob in std::fs::read_dir(&folder).into_iter().flatten() {
            let blob = blob.unwrap().path();
            let len = std::fs::read(&blob).unwrap().len();
            std::fs::write(blob, vec![0; len]).unwrap();
        }
    }
    expect_code(server.get_node(As::Api, node.key).await, 500, "internal_error");
}

/// Promise: R-32
#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_no_json_or_not_what_is_asked_for() {
    let server = Server::start().await;
    let ticket = server.ticket(As::Api, json!({ "writable": {} })).await;
    let commit = format!("{TICKETS}/self/commit");
    let deep = "[".repeat(100_000);
    let bodies: [&[u8]; 12] = [
        b"",
        b"null",
        b"[]",
        b"1",
        b"\"text\"",
        b"{",
        b"{\"input\":}",
        b"\xff\xfe",
        b"{\"purpose\":\"\xff\"}",
        b"{\"input\":[\"\\ud800\"],\"output\":\"\\ud800\"}",
        deep.as_bytes(),
        b"{\"input\":\"x\",\"output\":7}",
    ];
    for body in bodies {
        for (caller, path) in [
            (As::Api, TICKETS),
            (As::Api, "/api/realm/self/prepare-nodes"),
            (As::Ticket(&ticket), commit.as_str()),
        ] {
            for content_type in ["application/json", "text/plain", "multipart/form-data"] {
                let request = server.request(caller, Method::POST, path);
                let request = request.header("Content-Type", content_type).body(body.to_vec());
                let body = expect_code(server.send(request).await, 400, "invalid_request");
                assert!(
                    body["details"]["reason"].is_string() && body["details"]["field"].is_string()
                );
            }
        }
    }
    let long = format!(
        "POST {TICKETS} HTTP/1.1\r\nHost: x\r\nX-API-Key: {API_KEY}\r\nContent-Length: {}\r\n\r\n",
        11 << 20
    );
    let answer = raw(&server, long.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("payload_too_large"), "{answer}");
}

/// Promise: R-32
/// Promise: R-5
#[tokio::test(flavor = "multi_thread")]
async fn paths_and_queries_that_mean_nothing() {
    let server = Server::start().await;
    let bad_keys = [
        "node",
        "node:",
        "node:x",
        "%",
        "%zz",
        "%ff",
        "%00",
        "node:%ff",
        "node:%F0%9F",
        "node:000B5PHBGEC2A705WTKKMVRS31",
        "node:000B5PHBGEC2A705WTKKMVRS3",
        "n%20ode",
        "NODE:000B5PHBGEC2A705WTKKMVRS30%0a",
        "node%253A000B5PHBGEC2A705WTKKMVRS30",
    ];
    for key in bad_keys {
        for path in [format!("{NODES}/{key}"), format!("{NODES}/{key}/metadata")] {
            expect_code(server.get(As::Api, &path).await, 400, "invalid_request");
            expect_code(server.get(As::Nobody, &path).await, 401, "unauthorized");
        }
        let put = server.request(As::Api, Method::PUT, &format!("{NODES}/{key}")).body("x");
        expect_code(server.send(put).await, 400, "invalid_request");
    }
    for realm in ["%ff", "%", "user:", "user:%00", "..%2fself", "self%00", "SELF"] {
        let answer = server.get(As::Api, &format!("/api/realm/{realm}/usage")).await;
        assert!(matches!(answer.status.as_u16(), 400 | 403), "{realm}: {}", answer.status);
        expect_code(
            server.get(As::Nobody, &format!("/api/realm/{realm}")).await,
            401,
            "unauthorized",
        );
    }
    for ticket in ["x", "ticket:", "ticket:NONEXISTENT0000000000000", "%00", "self"] {
        expect_code(server.get(As::Api, &format!("{TICKETS}/{ticket}")).await, 404, "not_found");
    }
    let queries = [
        "limit=0",
        "limit=1001",
        "limit=-1",
        "limit=1.0",
        "limit=%ff",
        "limit=1&limit=2",
        "limit=",
        "limit=99999999999999999999",
        "limit=+1",
        "limit=%20",
        "cursor=",
        "cursor=%00",
        "cursor=AQ",
        "cursor=AQAAAAAAAAAC=",
        "cursor=AgAAAAAAAAAC",
        "cursor=AQAAAAAAAAACAQ",
        "status=ISSUED",
        "status=issued&status=issued",
        "status=%ff",
    ];
    for query in queries {
        let answer = server.get(As::Api, &format!("{TICKETS}?{query}")).await;
        expect_code(answer, 400, "invalid_request");
    }
    server.get(As::Api, &format!("{TICKETS}?cursor=Af__________")).await.expect(200);
    let made = server.ticket(As::Api, json!({})).await;
    for wait in ["-1", "61", "1.5", "x", "%ff", "1&wait=1"] {
        let answer = server.get(As::Api, &format!("{TICKETS}/{made}?wait={wait}")).await;
        expect_code(answer, 400, "invalid_request");
    }
    for path in [format!("{NODES}/%ff"), TICKETS.to_owned() + "?limit=%ff"] {
        let ticket = server.get(As::Ticket("ticket:01HQXK5V8N3Y7M2P4R6T9W0ABC"), &path).await;
        expect_code(ticket, 404, "not_found");
    }
}

/// Promise: R-32
#[tokio::test(flavor = "multi_thread")]
async fn headers_that_mean_nothing() {
    let server = Server::start().await;
    let node = text("a node");
    server.put_node(As::Api, &node).await.expect(200);
    let path = format!("{NODES}/{}", node.key);
    let put = |name: &str, value: &str| {
        let request = server.request(As::Api, Method::PUT, &path).body(node.bytes.clone());
        server.send(request.header(name, value.to_owned()))
    };
    for (name, value) in [
        ("Content-Type", "text/plain"),
        ("Content-Type", "application/octet-stream; charset=x"),
        ("Content-Type", ""),
        ("Content-MD5", "x"),
        ("Content-MD5", ""),
        ("X-CAS-Blake3", "xyz"),
        ("X-CAS-Blake3", &"f".repeat(63)),
    ] {
        expect_code(put(name, value).await, 400, "invalid_request");
    }
    for range in ["bytes=", "bytes=a-b", "lines=1-2", "bytes=0-1,3-4", "bytes=5-1", "\u{fffd}"] {
        let request = server.request(As::Api, Method::GET, &path).header("Range", range);
        server.send(request).await.expect(200);
    }
    for tag in ["", "x", "\"", "W/", "\u{fffd}"] {
        let request = server.request(As::Api, Method::GET, &path).header("If-None-Match", tag);
        server.send(request).await.expect(200);
    }
}

/// What a raw connection is answered; nothing when it is only closed.
async fn raw(server: &Server, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
    // The server may have heard enough before everything is sent.
    let _ = stream.write_all(request).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// Promise: R-32
#[tokio::test(flavor = "multi_thread")]
async fn what_is_hardly_http_is_refused_and_never_fails_the_server() {
    let server = Server::start().await;
    let key = NodeKey::EMPTY_DICT;
    let put = format!("PUT {NODES}/{key} HTTP/1.1\r\nHost: x\r\nX-API-Key: {API_KEY}\r\n");
    let long =
        format!("GET /api/health HTTP/1.1\r\nHost: x\r\nX-Long: {}\r\n\r\n", "x".repeat(1 << 20));
    let target = format!("GET /api/{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(1 << 20));
    let table: [(&str, &[u16]); 12] = [
        ("nonsense\r\n\r\n", &[400]),
        ("GET /api/\u{0} HTTP/1.1\r\nHost: x\r\n\r\n", &[400]),
        ("GET /api/health HTTP/9.9\r\nHost: x\r\n\r\n", &[400, 505]),
        (&long, &[431]),
        (&target, &[414, 431]),
        (&format!("{put}Content-Length: 10\r\n\r\nhalf"), &[0, 400]),
        (&format!("{put}Content-Length: -1\r\n\r\n"), &[400]),
        (&format!("{put}Content-Length: 99999999999999999999\r\n\r\n"), &[400, 413]),
        (&format!("{put}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"), &[400]),
        (&format!("{put}Transfer-Encoding: chunked\r\n\r\nzz\r\n"), &[0, 400]),
        (&format!("{put}Transfer-Encoding: chunked\r\n\r\n5\r\nhel"), &[0, 400]),
        (&format!("{put}Expect: 100-continue\r\nContent-Length: 999999999\r\n\r\n"), &[413]),
    ];
    for (request, statuses) in table {
        let answer = raw(&server, request.as_bytes()).await;
        let status = answer.split(' ').nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
        assert!(statuses.contains(&status), "{}: {answer}", &request[..request.len().min(200)]);
    }
    server.get(As::Api, "/api/realm/self").await.expect(200);
}

/// Every byte as a path or a query may have it.
fn escaped(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}%{byte:02x}"))
}

/// Bytes of all kinds in every place of a path, a query and a body.
///
/// Promise: R-32
#[tokio::test(flavor = "multi_thread")]
async fn random_requests_never_fail_the_server() {
    let server = Server::start().await;
    let ticket = server.ticket(As::Api, json!({ "writable": {} })).await;
    let mut seed = blake3::Hasher::new().update(b"random requests").finalize_xof();
    let mut random = |len: usize| {
        let mut bytes = vec![0; len];
        seed.fill(&mut bytes);
        bytes
    };
    for _ in 0..40 {
        for route in carnet_server::routes::all() {
            if route.path.ends_with("/events") || !route.path.starts_with("/api/realm") {
                continue;
            }
            let path = route.path.replace("{realm}", "self").replace("{ticket}", "self");
            let path = path.replace("{key}", &escaped(&random(9)));
            let path = path.replace("{depot}", &escaped(&random(9)));
            let path = path.replace("{*steps}", &format!("~{}", escaped(&random(3))));
            let query = escaped(&random(6));
            let path = format!("{path}?limit={query}&cursor={query}&{query}");
            let method = Method::from_bytes(route.method.as_bytes()).unwrap();
            for caller in [As::Api, As::Ticket(&ticket)] {
                let request = server.request(caller, method.clone(), &path).body(random(40));
                let answer = server.send(request).await;
                assert!(answer.status.as_u16() < 500, "{} {path}: {}", route.method, answer.status);
            }
        }
    }
}

/// Who is still sending when it is refused hears why.
///
/// Promise: R-39
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_heard_by_who_is_still_sending() {
    let server = Server::start().await;
    for _ in 0..20 {
        let path = format!("{NODES}/{}", NodeKey::EMPTY_DICT);
        let put = server.request(As::Api, Method::PUT, &path).body(vec![0; 8 << 20]);
        expect_code(server.send(put).await, 413, "payload_too_large");
    }
}
