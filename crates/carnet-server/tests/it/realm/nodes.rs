//! `/api/realm/{realm}/nodes`.

use base64::Engine;
use carnet_realm::node::{self, Limits};
use carnet_ticket::realm::NodeKey;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{As, Server, dict, file, text};

fn path(key: impl std::fmt::Display) -> String {
    format!("/api/realm/self/nodes/{key}")
}

/// Promise
#[tokio::test(flavor = "multi_thread")]
async fn every_negative_node_vector_is_400_with_its_variant() {
    let server = Server::start_with(&[("realm.node_limit", "4MiB")]).await;
    let vectors: Value =
        serde_json::from_str(include_str!("../../../../../vectors/realm-nodes.json")).unwrap();
    let mut ran = 0;
    for case in vectors["cases"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| case["input"]["op"] == "node-decode")
    {
        let (input, error) = (&case["input"], case["expect"]["error"].as_str());
        let is_ours = input["profile"] != "compat"
            && input.get("node_limit").is_none()
            && input.get("max_children").is_none();
        let bytes = hex::decode(input["bytes_hex"].as_str().unwrap()).unwrap();
        let (Some(error), true, false) = (error, is_ours, bytes.is_empty()) else { continue };
        let key =
            input["key"].as_str().map_or_else(|| NodeKey::of(&bytes), |key| key.parse().unwrap());
        let request = server.request(As::Api, Method::PUT, &path(key)).body(bytes);
        let body = server.send(request).await.expect_error(400, "invalid_request");
        assert_eq!(body["details"]["reason"], error, "{}", case["id"]);
        ran += 1;
    }
    assert!(ran > 25, "{ran} cases ran");
    let usage = server.get(As::Api, "/api/realm/self/usage").await.json();
    assert_eq!(usage["nodeCount"], 0, "nothing was stored");
}

/// Promise: R-4
#[tokio::test(flavor = "multi_thread")]
async fn strict_refuses_and_compat_accepts_what_old_writers_made() {
    let limits = Limits { profile: carnet_ticket::verify::Profile::Compat, ..Limits::default() };
    let child = text("child");
    let mut wrong_size =
        node::encode_file("a/b", 3, &[], b"abc", &Limits::default()).unwrap().bytes.to_vec();
    wrong_size[16] = 4;
    let mut dots = dict(&[("aa", child.key)]).bytes.to_vec();
    let at = dots.len() - 2;
    dots[at..].copy_from_slice(b"..");
    let file_below_file = {
        let mut bytes =
            node::encode_file("a/b", 5, &[child.key], b"", &limits).unwrap().bytes.to_vec();
        bytes[16 + 16] = 5;
        bytes
    };
    let mut large = vec![0; 1024 - 16 - 64 + 64];
    large.fill(7);
    let large = node::encode_file("a/b", large.len() as u64, &[], &large, &Limits::default())
        .unwrap()
        .bytes
        .to_vec();
    assert_eq!(large.len(), 1024 + 64);
    let cases =
        [(wrong_size, "FileSizeMismatch"), (dots, "NameForbidden"), (file_below_file, "ChildKind")];
    let strict = Server::start_with(&[("realm.node_limit", "1024")]).await;
    let compat =
        Server::start_with(&[("realm.node_limit", "1024"), ("profile.realm", "compat")]).await;
    for server in [&strict, &compat] {
        server.put_node(As::Api, &child).await.expect(200);
    }
    let put = async |server: &Server, bytes: &[u8]| {
        let request =
            server.request(As::Api, Method::PUT, &path(NodeKey::of(bytes))).body(bytes.to_vec());
        server.send(request).await
    };
    for (bytes, reason) in &cases {
        let refused = put(&strict, bytes).await.expect_error(400, "invalid_request");
        assert_eq!(&refused["details"]["reason"], reason);
        put(&compat, bytes).await.expect(200);
    }
    put(&strict, &large).await.expect_error(413, "payload_too_large");
    put(&compat, &large).await.expect(200);
}

/// Promise: R-5
#[tokio::test(flavor = "multi_thread")]
async fn paths_take_lower_case_and_look_alikes_and_answers_are_canonical() {
    let server = Server::start().await;
    let empty = NodeKey::EMPTY_DICT;
    let lenient = empty.to_string().to_lowercase().replace("node:0", "node:o");
    let metadata =
        server.get(As::Api, &format!("{}/metadata", path(&lenient))).await.expect(200).json();
    assert_eq!(metadata["key"], json!(empty));
    for (bad, reason) in [
        ("node:00000000000000000000000002", "NotCanonical"),
        ("node:0000000000000000000000000", "BadLength"),
        ("node:U0000000000000000000000000", "BadAlphabet"),
        ("00000000000000000000000000", "BadPrefix"),
    ] {
        let body = server.get(As::Api, &path(bad)).await.expect_error(400, "invalid_request");
        assert_eq!(
            (&body["details"]["reason"], &body["details"]["field"]),
            (&json!(reason), &json!("key"))
        );
    }
    for bad in [json!(lenient), json!("node:00000000000000000000000002"), json!(7)] {
        let body = json!({ "input": [bad] });
        server
            .post(As::Api, "/api/realm/self/tickets", &body)
            .await
            .expect_error(400, "invalid_request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_is_stored_once_and_served_with_its_headers() {
    let server = Server::start().await;
    let node = file("image/png", b"not really");
    let stored = server.put_node(As::Api, &node).await.expect(200).json();
    assert_eq!(stored, json!({ "key": node.key, "kind": "file", "payloadSize": 74 }));
    let got = server.get_node(As::Api, node.key).await.expect(200);
    assert_eq!(got.bytes, node.bytes);
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        ("x-cas-kind", "file"),
        ("x-cas-payload-size", "74"),
        ("x-cas-content-type", "image/png"),
        ("etag", &format!("\"{}\"", node.key)),
        ("cache-control", "private, max-age=31536000, immutable"),
        ("vary", "Authorization, X-AWP-Pubkey"),
        ("accept-ranges", "bytes"),
        ("content-length", "90"),
    ] {
        assert_eq!(got.header(name), value, "{name}");
    }
}

/// Promise: R-41
#[tokio::test(flavor = "multi_thread")]
async fn etags_ranges_and_heads_for_small_and_large_nodes() {
    let server = Server::start().await;
    for content in [vec![1; 100], vec![2; 300_000]] {
        let node = file("a/b", &content);
        server.put_node(As::Api, &node).await.expect(200);
        let get = |name: &str, value: String| {
            server.request(As::Api, Method::GET, &path(node.key)).header(name, value)
        };
        let head =
            server.send(server.request(As::Api, Method::HEAD, &path(node.key))).await.expect(200);
        assert_eq!(
            (head.header("content-length"), head.bytes.len()),
            (&*node.bytes.len().to_string(), 0)
        );

        let known = server
            .send(get("If-None-Match", format!("\"x\", W/\"{}\"", node.key)))
            .await
            .expect(304);
        assert!(known.bytes.is_empty() && !known.header("etag").is_empty());
        server.send(get("If-None-Match", "\"x\"".to_owned())).await.expect(200);

        let len = node.bytes.len();
        for (range, from, to) in [
            ("bytes=0-15".to_owned(), 0, 16),
            ("bytes=-5".to_owned(), len - 5, len),
            ("bytes=17-".to_owned(), 17, len),
            (format!("bytes={}-{}", len - 1, len + 500), len - 1, len),
        ] {
            let part = server.send(get("Range", range.clone())).await.expect(206);
            assert!(part.bytes == node.bytes[from..to], "{range}");
            assert_eq!(part.header("content-range"), format!("bytes {from}-{}/{len}", to - 1));
        }
        for range in [format!("bytes={len}-"), "bytes=-0".to_owned()] {
            let refused = server.send(get("Range", range)).await;
            assert_eq!(refused.header("content-range"), format!("bytes */{len}"));
            refused.expect_error(416, "range_not_satisfiable");
        }
        for range in ["bytes=0-1,4-5", "lines=0-1", "bytes=5-2", "bytes=x"] {
            let whole = server.send(get("Range", range.to_owned())).await.expect(200);
            assert_eq!(whole.bytes.len(), len);
        }
    }
    // Who may not read it learns nothing from knowing its tag.
    let node = text("secret");
    server.put_node(As::Api, &node).await.expect(200);
    let ticket = server.ticket(As::Api, json!({ "input": [] })).await;
    let request = server.request(As::Ticket(&ticket), Method::GET, &path(node.key));
    server
        .send(request.header("If-None-Match", format!("\"{}\"", node.key)))
        .await
        .expect_error(403, "forbidden");
}

/// Promise: R-38
#[tokio::test(flavor = "multi_thread")]
async fn each_checksum_that_is_given_is_checked() {
    let server = Server::start().await;
    let node = text("checked");
    let blake3 = blake3::hash(&node.bytes).to_hex().to_string();
    let md5 = base64::engine::general_purpose::STANDARD
        .encode(<md5::Md5 as md5::Digest>::digest(&node.bytes));
    let put = async |headers: &[(&str, &str)]| {
        let request =
            server.request(As::Api, Method::PUT, &path(node.key)).body(node.bytes.clone());
        server
            .send(
                headers
                    .iter()
                    .fold(request, |request, (name, value)| request.header(*name, *value)),
            )
            .await
    };
    let other_md5 = "AAAAAAAAAAAAAAAAAAAAAA==";
    for headers in [
        &[("Content-MD5", other_md5)][..],
        &[("X-CAS-Blake3", &"0".repeat(64))],
        &[("Content-MD5", &md5), ("X-CAS-Blake3", &"0".repeat(32))],
    ] {
        put(headers).await.expect_error(400, "checksum_mismatch");
    }
    for headers in [("Content-MD5", "x"), ("X-CAS-Blake3", "12"), ("X-CAS-Blake3", &"g".repeat(64))]
    {
        put(&[headers]).await.expect_error(400, "invalid_request");
    }
    server.get_node(As::Api, node.key).await.expect_error(404, "not_found");
    put(&[("Content-MD5", &md5), ("X-CAS-Blake3", &blake3.to_uppercase())]).await.expect(200);
    put(&[("X-CAS-Blake3", &blake3[..32])]).await.expect(200);
}

/// Promise: R-39
#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_refused_before_it_is_read_and_an_empty_one_after() {
    let server = Server::start_with(&[("realm.node_limit", "1024")]).await;
    let target = path(NodeKey::EMPTY_DICT);
    let key = crate::support::API_KEY;
    let head = format!("PUT {target} HTTP/1.1\r\nHost: carnet\r\nX-API-Key: {key}\r\n");
    let answer = async |rest: &str| server.raw(&format!("{head}{rest}")).await;
    // Not a byte of the body was sent.
    assert!(answer("Content-Length: 1000000000000\r\n\r\n").await.starts_with("HTTP/1.1 413"));
    // Without a length the body is cut off at the limit.
    let chunk = format!("Transfer-Encoding: chunked\r\n\r\n7d0\r\n{}\r\n", "x".repeat(2000));
    assert!(answer(&chunk).await.starts_with("HTTP/1.1 413"));

    server
        .send(server.request(As::Api, Method::PUT, &target).body(""))
        .await
        .expect_error(400, "invalid_request");
    let typed = server
        .request(As::Api, Method::PUT, &path(text("a").key))
        .header("Content-Type", "text/plain");
    server.send(typed.body(text("a").bytes)).await.expect_error(400, "invalid_request");
}

/// Promise: R-37
#[tokio::test(flavor = "multi_thread")]
async fn missing_children_are_named_in_the_order_of_the_node_and_then_it_succeeds() {
    let server = Server::start().await;
    let (a, b, c) = (text("a"), text("b"), text("c"));
    server.put_node(As::Api, &b).await.expect(200);
    let parent =
        dict(&[("1", c.key), ("2", b.key), ("3", a.key), ("4", c.key), ("5", NodeKey::EMPTY_DICT)]);
    let body = server.put_node(As::Api, &parent).await.expect_error(400, "missing_nodes");
    assert_eq!(body["details"]["missing"], json!([c.key, a.key]));
    for node in [&a, &c, &parent] {
        server.put_node(As::Api, node).await.expect(200);
    }
}

/// Promise: R-36
#[tokio::test(flavor = "multi_thread")]
async fn another_realms_node_is_as_absent_as_one_that_does_not_exist() {
    let server = Server::start().await;
    let theirs = text("theirs");
    server.put_node(As::Api, &theirs).await.expect(200);
    let mine = As::Admin;
    let absent = text("absent");
    for key in [theirs.key, absent.key] {
        server.get_node(mine, key).await.expect_error(404, "not_found");
        server.get(mine, &format!("{}/metadata", path(key))).await.expect_error(404, "not_found");
        let parent = dict(&[("x", key)]);
        let body = server.put_node(mine, &parent).await.expect_error(400, "missing_nodes");
        assert_eq!(body["details"]["missing"], json!([key]));
        let ticket = server.ticket(mine, json!({ "input": [], "writable": {} })).await;
        let body = server.commit(&ticket, key).await.expect_error(400, "missing_nodes");
        assert_eq!(body["details"]["missing"], json!([key]));
    }
    // Uploading the bytes proves having them.
    server.put_node(mine, &theirs).await.expect(200);
    server.get_node(mine, theirs.key).await.expect(200);
}

/// Promise: R-42
#[tokio::test(flavor = "multi_thread")]
async fn metadata_tells_kind_size_and_successors() {
    let server = Server::start().await;
    let (one, two) = (
        node::encode_successor(&[], b"one", &Limits::default()).unwrap(),
        node::encode_successor(&[], b"two", &Limits::default()).unwrap(),
    );
    let root =
        node::encode_file("text/plain", 8, &[one.key, two.key], b"0 ", &Limits::default()).unwrap();
    let folder = dict(&[("b", root.key), ("a", NodeKey::EMPTY_DICT)]);
    for node in [&one, &two, &root, &folder] {
        server.put_node(As::Api, node).await.expect(200);
    }
    let metadata = async |key: NodeKey| {
        server.get(As::Api, &format!("{}/metadata", path(key))).await.expect(200).json()
    };
    assert_eq!(
        metadata(root.key).await,
        json!({
            "key": root.key, "kind": "file", "payloadSize": 66, "contentType": "text/plain", "fileSize": 8,
            "successor": one.key, "successors": [one.key, two.key],
        })
    );
    assert_eq!(
        metadata(one.key).await,
        json!({ "key": one.key, "kind": "successor", "payloadSize": 3, "successors": [] })
    );
    let folder_metadata = metadata(folder.key).await;
    assert_eq!(folder_metadata["children"], json!({ "a": NodeKey::EMPTY_DICT, "b": root.key }));
    // Its own data bytes and its children's have to add up.
    let lying = node::encode_file("text/plain", 9, &[one.key], b"0 ", &Limits::default()).unwrap();
    let body = server.put_node(As::Api, &lying).await.expect_error(400, "invalid_request");
    assert_eq!(body["details"]["reason"], "FileSizeMismatch");
    let misplaced = node::encode_successor(&[root.key], b"", &Limits::default()).unwrap();
    let body = server.put_node(As::Api, &misplaced).await.expect_error(400, "invalid_request");
    assert_eq!(body["details"]["reason"], "ChildKind");
}

/// Promise: R-40
#[tokio::test(flavor = "multi_thread")]
async fn a_realms_quota_is_never_passed_and_usage_stays_exact() {
    let server = Server::start_with(&[("realm.default_quota", "2000")]).await;
    let nodes: Vec<_> = (0..40).map(|at| text(&"x".repeat(20 + at))).collect();
    let puts = nodes.iter().map(|node| server.put_node(As::Api, node));
    let answers = futures::future::join_all(puts).await;
    let stored: usize = nodes
        .iter()
        .zip(&answers)
        .filter(|(_, answer)| answer.status == 200)
        .map(|(node, _)| node.bytes.len())
        .sum();
    let refused = answers.into_iter().find(|answer| answer.status != 200).unwrap();
    let details = refused.expect_error(413, "quota_exceeded")["details"].clone();
    assert_eq!(details["limit"], 2000);
    assert!(details["used"].as_u64().unwrap() + details["requested"].as_u64().unwrap() > 2000);
    let usage = server.get(As::Api, "/api/realm/self/usage").await.json();
    assert_eq!((&usage["physicalBytes"], &usage["quotaLimit"]), (&json!(stored), &json!(2000)));
    assert!(stored <= 2000);
}

#[tokio::test(flavor = "multi_thread")]
async fn large_nodes_are_private_files_and_small_ones_are_not() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::start().await;
    let (small, large) = (file("a/b", &vec![1; 60_000]), file("a/b", &vec![2; 70_000]));
    for node in [&small, &large] {
        server.put_node(As::Api, node).await.expect(200);
        assert_eq!(server.get_node(As::Api, node.key).await.expect(200).bytes, node.bytes);
    }
    let name = |key: NodeKey| hex::encode(key.as_bytes());
    let place = |key| server.directory.path().join("blobs").join(&name(key)[..2]).join(name(key));
    assert!(!place(small.key).exists());
    let metadata = std::fs::metadata(place(large.key)).unwrap();
    assert_eq!(
        (metadata.len(), metadata.permissions().mode() & 0o777),
        (large.bytes.len() as u64, 0o600)
    );
    assert_eq!(std::fs::read_dir(server.directory.path().join("blobs/tmp")).unwrap().count(), 0);
}

/// A damaged node is not served, and the next upload of its bytes repairs it.
#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_never_served_and_repaired_by_its_next_upload() {
    let server = Server::start().await;
    let node = file("a/b", &vec![3; 100_000]);
    server.put_node(As::Api, &node).await.expect(200);
    let name = hex::encode(node.key.as_bytes());
    let place = server.directory.path().join("blobs").join(&name[..2]).join(&name);
    for damaged in [vec![0; node.bytes.len()], vec![3; 10], Vec::new()] {
        std::fs::write(&place, damaged).unwrap();
        server.get_node(As::Api, node.key).await.expect_error(500, "internal_error");
        server.put_node(As::Api, &node).await.expect(200);
        assert_eq!(server.get_node(As::Api, node.key).await.expect(200).bytes, node.bytes);
    }
    std::fs::remove_file(&place).unwrap();
    server.get_node(As::Api, node.key).await.expect_error(500, "internal_error");
}

/// What was begun with a credential is not finished when that was withdrawn.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_whose_key_is_deleted_before_its_last_byte_is_not_stored() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = Server::start().await;
    let (key, id) = server.api_key("operator").await;
    let node = text("sent slowly");
    server.get_node(As::Key(&key), node.key).await.expect_error(404, "not_found");
    let host = server.url.trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
    let head = format!(
        "PUT {} HTTP/1.1\r\nHost: {host}\r\nX-API-Key: {key}\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        path(node.key),
        node.bytes.len(),
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 512];
    let len = stream.read(&mut answer).await.unwrap();
    assert!(answer[..len].starts_with(b"HTTP/1.1 100"), "it was let in, and its body is read");
    server.delete(As::Admin, &format!("/api/v1/admin/api-keys/{id}")).await.expect(204);
    stream.write_all(&node.bytes).await.unwrap();
    let len = stream.read(&mut answer).await.unwrap();
    assert!(
        answer[..len].starts_with(b"HTTP/1.1 401"),
        "{:?}",
        String::from_utf8_lossy(&answer[..len])
    );
    server.get_node(As::Api, node.key).await.expect_error(404, "not_found");
}
