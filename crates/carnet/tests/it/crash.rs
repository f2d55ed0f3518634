//! The process is killed at any moment: what it acknowledged is there, what it serves is whole.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use carnet_realm::client::{Client, Credential, Endpoint, NewTicketRequest, WritableFields};
use carnet_realm::node::{Encoded, Limits, encode_file, encode_successor};
use carnet_ticket::realm::NodeKey;

use crate::support::Server;

/// How often the server is killed.
const ROUNDS: u64 = 12;

/// Promise: R-57
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_kills_and_nothing_torn_is_served() {
    let mut folder = tempfile::tempdir().unwrap();
    let acknowledged = Arc::new(Mutex::new(BTreeMap::<NodeKey, u64>::new()));
    let mut all = BTreeMap::new();
    let mut seed = 1;
    for round in 0..ROUNDS {
        let server = Server::start_in(folder);
        let client = client(&server);
        // What was acknowledged since the kill before; everything is looked at again in the end.
        let since = std::mem::take(&mut *acknowledged.lock().unwrap());
        verify(&client, &since).await;
        all.extend(since);
        let load: Vec<_> = (0..8)
            .map(|lane| {
                tokio::spawn(put_until_it_fails(
                    client.clone(),
                    round * 8 + lane,
                    acknowledged.clone(),
                ))
            })
            .collect();
        // A different moment each round: anywhere from the first writes to some hundreds in.
        seed = (seed * 7919 + 13) % 104_729;
        carnet_gate::Clock::System.sleep(Duration::from_millis(40 + seed % 260)).await;
        folder = server.kill();
        for task in load {
            task.await.unwrap();
        }
    }
    let server = Server::start_in(folder);
    let client = client(&server);
    let parts = std::fs::read_dir(server.folder.path().join("carnet-data/blobs/tmp")).unwrap();
    assert_eq!(parts.count(), 0, "nothing half-written is left");
    all.extend(std::mem::take(&mut *acknowledged.lock().unwrap()));
    assert!(all.len() as u64 > ROUNDS, "the load did something: {}", all.len());
    verify(&client, &all).await;
    let usage = client.call(reqwest::Method::GET, "/api/realm/self/usage", None).await.unwrap();
    let nodes = usage["nodeCount"].as_u64().unwrap();
    assert!(nodes >= all.len() as u64 && nodes <= all.len() as u64 + ROUNDS * 8);
    assert!(usage["physicalBytes"].as_u64().unwrap() >= all.values().sum::<u64>());
}

/// Promise: R-57
#[tokio::test(flavor = "multi_thread")]
async fn a_commit_or_a_revocation_that_was_acknowledged_survives_a_kill() {
    let mut folder = tempfile::tempdir().unwrap();
    let mut told: Vec<(String, &str)> = Vec::new();
    for _ in 0..5 {
        let server = Server::start_in(folder);
        let client = client(&server);
        for (ticket, status) in &told {
            assert_eq!(client.ticket(ticket).await.unwrap()["status"], *status);
        }
        let node = small(told.len() as u64, 0);
        client.put_node(node.clone()).await.unwrap();
        let request = NewTicketRequest {
            input: Some(vec![node.key]),
            writable: Some(WritableFields::default()),
            ..NewTicketRequest::default()
        };
        let make = async || {
            client.create_ticket(&request).await.unwrap()["ticketId"].as_str().unwrap().to_owned()
        };
        let (committed, revoked) = (make().await, make().await);
        let worker = Credential::Ticket(committed.clone().into());
        Client::new(&Endpoint::Url(server.url.clone()), worker)
            .unwrap()
            .commit("self", node.key)
            .await
            .unwrap();
        client.revoke(&revoked).await.unwrap();
        folder = server.kill();
        told.extend([(committed, "committed"), (revoked, "revoked")]);
    }
}

fn client(server: &Server) -> Client {
    let socket = server.folder.path().join("carnet-data/api.sock");
    Client::new(&Endpoint::Socket(socket), Credential::None).unwrap()
}

async fn verify(client: &Client, acknowledged: &BTreeMap<NodeKey, u64>) {
    for (key, len) in acknowledged {
        let bytes = client
            .node_bytes(*key)
            .await
            .unwrap()
            .unwrap_or_else(|| panic!("{key} was acknowledged and is lost"));
        assert_eq!(bytes.len() as u64, *len);
    }
}

/// Stores nodes of several kinds, one after the other, until the server is gone.
async fn put_until_it_fails(
    client: Client,
    lane: u64,
    acknowledged: Arc<Mutex<BTreeMap<NodeKey, u64>>>,
) {
    for number in 0.. {
        let node = match number % 4 {
            // Larger than what stays in the database.
            3 => large(lane, number),
            _ => small(lane, number),
        };
        let (key, len) = (node.key, node.bytes.len() as u64);
        if client.put_node(node).await.is_err() {
            return;
        }
        acknowledged.lock().unwrap().insert(key, len);
    }
}

fn small(lane: u64, number: u64) -> Encoded {
    encode_successor(&[], format!("lane {lane} node {number}").as_bytes(), &Limits::default())
        .unwrap()
}

fn large(lane: u64, number: u64) -> Encoded {
    let mut data = vec![7; 150_000];
    data[..8].copy_from_slice(&lane.to_le_bytes());
    data[8..16].copy_from_slice(&number.to_le_bytes());
    encode_file("a/b", data.len() as u64, &[], &data, &Limits::default()).unwrap()
}
