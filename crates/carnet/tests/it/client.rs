//! The HTTP client, against a server that fails: what is safe is repeated, and nothing else.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use carnet_realm::client::{Client, Credential, Endpoint, NewTicketRequest};
use carnet_realm::layout::{NodeSink, write_file};
use carnet_realm::node::{Encoded, Limits};
use carnet_ticket::realm::NodeKey;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

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
/// The server has looked at a part of what a ticket reaches.
const UNDECIDED: &str = "HTTP/1.1 503 x\r\nRetry-After: 0\r\nContent-Length: 27\r\nConnection: close\r\n\r\n\
    {\"error\":\"scope_undecided\"}";
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

/// Promise: R-16
#[tokio::test]
async fn a_server_that_searches_is_asked_until_it_has_found_out() {
    let mut answers = vec![UNDECIDED; 50];
    answers.extend([BUSY, UNDECIDED, ABSENT]);
    let (client, count) = failing(answers.leak()).await;
    assert!(client.node_bytes(NodeKey::EMPTY_DICT).await.unwrap().is_none());
    assert_eq!(count.load(Ordering::SeqCst), 53);
    let (client, count) = failing(&[UNDECIDED]).await;
    assert!(client.node_bytes(NodeKey::EMPTY_DICT).await.is_err());
    assert_eq!(count.load(Ordering::SeqCst), 100, "not for ever");
}

#[tokio::test]
async fn what_is_not_safe_to_repeat_is_asked_once() {
    let (client, count) = failing(&[BUSY]).await;
    assert!(client.create_ticket(&NewTicketRequest::default()).await.is_err());
    assert!(client.commit("self", NodeKey::EMPTY_DICT).await.is_err());
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

/// Nodes in the order in which they are written: those of one level in their order in the file.
#[derive(Default)]
struct Memory(Vec<Encoded>);

impl NodeSink for Memory {
    type Error = Infallible;

    async fn put(&mut self, node: Encoded) -> Result<(), Infallible> {
        self.0.push(node);
        Ok(())
    }
}

/// Answers one request for a node, once `next` of it was asked for too.
async fn answer(
    mut stream: TcpStream,
    nodes: Arc<HashMap<NodeKey, Vec<u8>>>,
    next: Arc<HashMap<NodeKey, NodeKey>>,
    asked: watch::Sender<Vec<NodeKey>>,
) {
    let mut head = vec![0; 4096];
    let read = stream.read(&mut head).await.unwrap();
    let head = String::from_utf8_lossy(&head[..read]).into_owned();
    let path = head.split(' ').nth(1).unwrap();
    let key: NodeKey = path.rsplit('/').next().unwrap().parse().unwrap();
    asked.send_modify(|asked| asked.push(key));
    if let Some(next) = next.get(&key) {
        asked.subscribe().wait_for(|asked| asked.contains(next)).await.unwrap();
    }
    let bytes = &nodes[&key];
    let head =
        format!("HTTP/1.1 200 x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", bytes.len());
    stream.write_all(&[head.as_bytes(), bytes].concat()).await.unwrap();
}

#[tokio::test]
async fn a_file_is_fetched_ahead_and_each_node_once() {
    let limits = Limits { node_limit: 1024, ..Limits::default() };
    let content: Vec<u8> = (0..9_000_u32).map(|at| (at % 251) as u8).collect();
    let mut memory = Memory::default();
    let size = content.len() as u64;
    let root = write_file(&content[..], size, "", &limits, &mut memory).await.unwrap();
    let order: Vec<_> = memory.0.iter().map(|node| node.key).collect();
    let leaves = &order[..order.len() - 1];
    let next: HashMap<_, _> = leaves.windows(2).map(|pair| (pair[0], pair[1])).collect();
    let nodes: HashMap<_, _> =
        memory.0.into_iter().map(|node| (node.key, node.bytes.to_vec())).collect();
    let (nodes, next) = (Arc::new(nodes), Arc::new(next));
    let (asked, log) = watch::channel(Vec::new());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(answer(stream, nodes.clone(), next.clone(), asked.clone()));
        }
    });
    let client = Client::new(&Endpoint::Url(url), Credential::None).unwrap();
    let mut out = Vec::new();
    assert_eq!(client.get_file(root, &mut out).await.unwrap(), size);
    assert!(out == content);
    let asked = log.borrow();
    assert_eq!(asked.len(), order.len(), "each once");
    assert!(order.iter().all(|key| asked.contains(key)));
}
