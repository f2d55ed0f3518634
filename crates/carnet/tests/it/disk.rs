//! A disk that is full.

use std::collections::BTreeMap;
use std::path::PathBuf;

use carnet_realm::client::{Client, Credential, Endpoint};
use carnet_realm::node::{Encoded, Limits, encode_file};
use carnet_ticket::realm::NodeKey;
use reqwest::StatusCode;

use crate::support::Server;

/// How far a file may grow. The log of the database is copied away when it is a little larger.
const FULL_KIB: usize = 3000;

/// Promise: R-57
#[tokio::test(flavor = "multi_thread")]
async fn what_a_full_disk_does_not_take_is_refused_and_the_rest_is_there() {
    let server = Server::start_on_a_full_disk(tempfile::tempdir().unwrap(), FULL_KIB);
    let client = client(&server);
    assert_eq!(put(&server, &node(FULL_KIB << 10, 0)).await, StatusCode::SERVICE_UNAVAILABLE);
    let mut acknowledged = BTreeMap::new();
    // One of eight is a file of its own, the others fill the database.
    for number in 1.. {
        let node = node(if number % 8 == 0 { 100_000 } else { 60_000 }, number);
        let status = put(&server, &node).await;
        if status != StatusCode::OK {
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
            break;
        }
        acknowledged.insert(node.key, node);
    }
    assert!(acknowledged.len() > 8);
    check(&client, &acknowledged).await;

    let server = Server::start_in(server.kill());
    let client = self::client(&server);
    check(&client, &acknowledged).await;
    assert_eq!(client.fsck().await.unwrap().1.bad_nodes, 0);
    assert_eq!(put(&server, &node(FULL_KIB << 10, 0)).await, StatusCode::OK);
}

/// Everything is there, and nothing else counts.
async fn check(client: &Client, acknowledged: &BTreeMap<NodeKey, Encoded>) {
    for (key, node) in acknowledged {
        assert_eq!(client.node_bytes(*key).await.unwrap().as_ref(), Some(&node.bytes));
    }
    let usage = client.call(reqwest::Method::GET, "/api/realm/self/usage", None).await.unwrap();
    assert_eq!(usage["nodeCount"], acknowledged.len());
}

/// Asks once: a client would wait and try again.
async fn put(server: &Server, node: &Encoded) -> StatusCode {
    let http = reqwest::Client::builder().unix_socket(socket(server)).build().unwrap();
    let url = format!("http://localhost/api/realm/self/nodes/{}", node.key);
    http.put(url).body(node.bytes.clone()).send().await.unwrap().status()
}

fn client(server: &Server) -> Client {
    Client::new(&Endpoint::Socket(socket(server)), Credential::None).unwrap()
}

fn socket(server: &Server) -> PathBuf {
    server.folder.path().join("carnet-data/api.sock")
}

/// A file of so many bytes, like no other.
fn node(len: usize, number: u64) -> Encoded {
    let mut data = vec![7; len];
    data[..8].copy_from_slice(&number.to_le_bytes());
    encode_file("a/b", len as u64, &[], &data, &Limits::default()).unwrap()
}
