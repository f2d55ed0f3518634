//! The process is killed at any moment: what it acknowledged is there, what it serves is whole.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use carnet_realm::client::{Client, Credential, Endpoint, NewTicketRequest, WritableFields};
use carnet_realm::node::{Encoded, Limits, encode_file, encode_successor};
use carnet_ticket::realm::NodeKey;

use crate::s3::Bucket;
use crate::support::Server;

/// How long an upload that was cut short may keep its room.
const RESERVATION: (&str, &str) = ("CARNET_REALM_UPLOAD_RESERVATION", "1s");

/// Promise: R-57
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_kills_and_nothing_torn_is_served() {
    let last = kill_under_load(12, &[]).await;
    let blobs = last.folder.path().join("carnet-data/blobs");
    let parts = std::fs::read_dir(blobs.join("tmp")).unwrap();
    assert_eq!(parts.count(), 0, "nothing half-written is left");
    check_storage(&last, &blobs).await;
}

/// Promise: R-57
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_into_a_bucket_survives_kills_too() {
    let bucket = Bucket::start().await;
    let settings = bucket
        .settings()
        .map(|(key, value)| (format!("CARNET_{}", key.to_uppercase().replace('.', "_")), value));
    let env: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let last = kill_under_load(4, &env).await;
    check_storage(&last, bucket.file(&[0; 16]).ancestors().nth(2).unwrap()).await;
}

/// Kills a server `rounds` times while nodes are stored, and gives one in which all is there that it acknowledged.
async fn kill_under_load(rounds: u64, env: &[(&str, &str)]) -> Server {
    let env = [env, &[RESERVATION]].concat();
    let mut folder = tempfile::tempdir().unwrap();
    let acknowledged = Arc::new(Mutex::new(BTreeMap::<NodeKey, u64>::new()));
    let mut all = BTreeMap::new();
    let mut seed = 1;
    for round in 0..rounds {
        let server = Server::start_in_under(folder, &[], &env);
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
            // It would only try again.
            task.abort();
            let ended = task.await;
            assert!(ended.map_or_else(|error| error.is_cancelled(), |()| true));
        }
    }
    let server = Server::start_in_under(folder, &[], &env);
    let client = client(&server);
    all.extend(std::mem::take(&mut *acknowledged.lock().unwrap()));
    assert!(all.len() as u64 > rounds, "the load did something: {}", all.len());
    verify(&client, &all).await;
    // Everything that is there is whole, and usage is what is there: what was acknowledged, and at most one more of
    // each lane.
    let (found, damage) = client.fsck().await.unwrap();
    assert_eq!(damage.bad_nodes, 0, "nothing is torn");
    let usage = client.call(reqwest::Method::GET, "/api/realm/self/usage", None).await.unwrap();
    assert_eq!(usage["nodeCount"], found["checkedNodes"]);
    assert_eq!(usage["physicalBytes"], found["checkedBytes"]);
    let nodes = usage["nodeCount"].as_u64().unwrap();
    assert!(nodes >= all.len() as u64 && nodes <= all.len() as u64 + rounds * 8);
    server
}

/// What uploads that were cut short have left goes: room that was set aside, bytes that no row names.
async fn check_storage(server: &Server, blobs: &Path) {
    carnet_gate::Clock::System.sleep(Duration::from_millis(1100)).await;
    client(server).collect_garbage(false).await.unwrap();
    let database = rusqlite::Connection::open(server.folder.path().join("carnet-data/carnet.db"));
    let database = database.unwrap();
    let count = |sql: &str| database.query_row(sql, [], |row| row.get::<_, isize>(0)).unwrap();
    assert_eq!(count("SELECT COUNT(*) FROM realm_reservations"), 0);
    let mut files = 0;
    for folder in std::fs::read_dir(blobs).unwrap().map(|entry| entry.unwrap().path()) {
        files += std::fs::read_dir(folder).unwrap().count().cast_signed();
    }
    assert_eq!(count("SELECT COUNT(*) FROM blobs WHERE bytes IS NULL"), files);
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
