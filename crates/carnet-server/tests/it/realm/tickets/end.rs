//! What lasts ends with its grant.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::support::{As, Server, file, text};

/// A request under a ticket on a connection with a small window, which is not read any further.
async fn stalled(server: &Server, ticket: &str, path: &str) -> TcpStream {
    let host = server.url.strip_prefix("http://").unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(host.parse().unwrap()).await.unwrap();
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Ticket {ticket}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut start = [0; 100];
    stream.read_exact(&mut start).await.unwrap();
    assert!(start.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&start));
    stream
}

/// How much still comes on a connection, until it ends.
async fn rest(mut stream: TcpStream) -> usize {
    let (mut total, mut buffer) = (0, vec![0; 65_536]);
    loop {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return total,
            Ok(len) => total += len,
        }
    }
}

/// A slow download and an event stream are cut when their ticket is revoked, deleted, or over, and when the
/// key that issued it is.
#[tokio::test(flavor = "multi_thread")]
async fn streams_and_downloads_are_cut_when_their_ticket_ends() {
    let server = Server::start().await;
    let (key, key_id) = server.api_key("api").await;
    let issuer = As::Key(&key);
    let node = file("a/b", &vec![5; 1_000_000]);
    server.put_node(issuer, &node).await.expect(200);
    for cause in ["revoke", "delete", "expire", "issuer"] {
        let ticket = server.ticket(issuer, json!({ "input": [node.key], "expiresIn": 60 })).await;
        let download =
            stalled(&server, &ticket, &format!("/api/realm/self/nodes/{}", node.key)).await;
        let events = stalled(&server, &ticket, "/api/realm/self/tickets/self/events").await;
        match cause {
            "revoke" => drop(server.revoke(issuer, &ticket).await.expect(200)),
            "delete" => drop(
                server
                    .delete(issuer, &format!("/api/realm/self/tickets/{ticket}"))
                    .await
                    .expect(200),
            ),
            "expire" => server.hand.advance(Duration::from_millis(60_001)),
            _ => drop(
                server
                    .delete(As::Admin, &format!("/api/v1/admin/api-keys/{key_id}"))
                    .await
                    .expect(204),
            ),
        }
        assert!(rest(download).await < 900_000, "{cause}: the download went on");
        rest(events).await;
    }
}

/// A download that is read at once comes whole, and its connection is used again.
#[tokio::test(flavor = "multi_thread")]
async fn a_finished_download_leaves_nothing_that_could_cut_its_connection() {
    let server = Server::start().await;
    let node = file("a/b", &vec![6; 500_000]);
    server.put_node(As::Api, &node).await.expect(200);
    let ticket = server.ticket(As::Api, json!({ "input": [node.key] })).await;
    assert_eq!(server.get_node(As::Ticket(&ticket), node.key).await.expect(200).bytes, node.bytes);
    server.revoke(As::Api, &ticket).await.expect(200);
    server.get(As::Api, "/api/realm/self").await.expect(200);
    assert_eq!(server.app.gate().live_grants(), 0);
}

/// Promise: R-56
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_under_way_when_its_ticket_ends_is_not_stored_and_costs_nothing() {
    let server = Server::start().await;
    for content in [vec![1; 1000], vec![2; 200_000]] {
        let node = file("a/b", &content);
        let ticket = server
            .ticket(As::Api, json!({ "input": [], "writable": { "quota": 1_000_000 } }))
            .await;
        let (first, second) = node.bytes.split_at(500);
        let (first, second) = (first.to_vec(), second.to_vec());
        let (go, gone) = tokio::sync::oneshot::channel::<()>();
        let body = futures::stream::once(async move { Ok::<_, std::io::Error>(first) });
        let body = futures::StreamExt::chain(
            body,
            futures::stream::once(async move {
                let _ = gone.await;
                Ok(second)
            }),
        );
        let path = format!("/api/realm/self/nodes/{}", node.key);
        let request = server
            .request(As::Ticket(&ticket), Method::PUT, &path)
            .body(reqwest::Body::wrap_stream(body));
        let upload = tokio::spawn(request.send());
        // The upload is admitted once its grant lives.
        while server.app.gate().live_grants() == 0 {
            tokio::task::yield_now().await;
        }
        server.revoke(As::Api, &ticket).await.expect(200);
        go.send(()).unwrap();
        assert_eq!(upload.await.unwrap().unwrap().status().as_u16(), 410);
        server.get_node(As::Api, node.key).await.expect_error(404, "not_found");
    }
    let usage = server.get(As::Api, "/api/realm/self/usage").await.json();
    assert_eq!(usage["physicalBytes"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn shutting_down_ends_streams_and_lets_requests_finish() {
    let server = Server::start().await;
    let ticket = server.ticket(As::Api, json!({ "input": [] })).await;
    server.put_node(As::Api, &text("kept")).await.expect(200);
    let events = stalled(&server, &ticket, "/api/realm/self/tickets/self/events").await;
    let waiting = tokio::spawn(rest(events));
    let directory = server.stop().await;
    waiting.await.unwrap();
    let server = Server::start_in(directory, &[]).await;
    server.get_node(As::Api, text("kept").key).await.expect(200);
}
