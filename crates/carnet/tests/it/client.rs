//! The HTTP client, against a server that fails: what is safe is repeated, and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use carnet_realm::client::{Client, Credential, Endpoint, NewTicketRequest};
use carnet_ticket::realm::NodeKey;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A server that answers each request with the next of `answers`, then with the last again and again; nothing at
/// all closes the connection. And how many requests there were.
async fn failing(answers: &'static [&'static str]) -> (Client, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 4096];
            let _ = stream.read(&mut head).await;
            let number = counted.fetch_add(1, Ordering::SeqCst);
            let answer = answers[number.min(answers.len() - 1)];
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (Client::new(&Endpoint::Url(url), Credential::None).unwrap(), count)
}

const BUSY: &str =
    "HTTP/1.1 503 x\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const LATER: &str =
    "HTTP/1.1 429 x\r\nRetry-After: 0\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const ABSENT: &str = "HTTP/1.1 404 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const FORBIDDEN: &str = "HTTP/1.1 403 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
/// It says 100 bytes, and there are three.
const TORN: &str = "HTTP/1.1 200 x\r\nContent-Length: 100\r\nConnection: close\r\n\r\nabc";
const OTHER: &str = "HTTP/1.1 200 x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc";

#[tokio::test]
async fn reading_a_node_is_repeated_until_there_is_an_answer() {
    let key = NodeKey::of(b"something else");
    let (client, count) = failing(&[BUSY, LATER, "", TORN, ABSENT]).await;
    assert!(client.node_bytes(key).await.unwrap().is_none());
    assert_eq!(count.load(Ordering::SeqCst), 5);
    let (client, count) = failing(&[BUSY]).await;
    assert!(client.node_bytes(key).await.is_err());
    assert_eq!(count.load(Ordering::SeqCst), 6, "not for ever");
    for answer in [&[FORBIDDEN][..], &[OTHER]] {
        let (client, count) = failing(answer).await;
        assert!(client.node_bytes(key).await.is_err());
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn what_is_not_safe_to_repeat_is_asked_once() {
    let (client, count) = failing(&[BUSY]).await;
    assert!(client.create_ticket(&NewTicketRequest::default()).await.is_err());
    assert!(client.commit("self", NodeKey::EMPTY_DICT).await.is_err());
    assert_eq!(count.load(Ordering::SeqCst), 2);
}
