//! How fast the store is on this machine: `cargo run --release -p carnet-store --example rates [FOLDER]`.
//!
//! The folder is where the database is made, and should be on the disk that counts.

use std::path::PathBuf;
use std::time::Duration;

use carnet_gate::Clock;
use carnet_store::{PutNode, Store, StoreError, StoreOptions};
use carnet_ticket::realm::{NodeKey, RealmId};
use carnet_ticket::time::Timestamp;

const CALLERS: u64 = 64;
const PUTS_PER_CALLER: u64 = 1_000;
const NODE_LEN: usize = 256;
const LOOKUPS: usize = 200;
const KEYS_PER_LOOKUP: usize = 1_000;
const CHILDREN: usize = 20_000;
const NOW: Timestamp = Timestamp(1_700_000_000_000);

#[tokio::main]
async fn main() -> Result<(), StoreError> {
    let folder = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let Ok(folder) = tempfile::tempdir_in(folder) else { return Ok(()) };
    let path = folder.path().join("carnet.db");
    let busy_timeout = Duration::from_secs(5);
    let store = Store::open(&StoreOptions { path, busy_timeout, readers: 4 }).await?;

    let stopwatch = Clock::System.stopwatch();
    let callers: Vec<_> =
        (0..CALLERS).map(|caller| tokio::spawn(put_many(store.clone(), caller))).collect();
    for outcome in futures::future::join_all(callers).await {
        assert!(matches!(outcome, Ok(true)), "a node was not stored");
    }
    report("put_node, 64 callers", CALLERS * PUTS_PER_CALLER, stopwatch.elapsed());

    let keys: Vec<_> = (0..).map(|number| small(0, number).key).take(KEYS_PER_LOOKUP).collect();
    let stopwatch = Clock::System.stopwatch();
    for _ in 0..LOOKUPS {
        assert_eq!(store.node_facts(&realm(), &keys).await?.len(), keys.len());
    }
    report("keys in node_facts", (LOOKUPS * KEYS_PER_LOOKUP) as u64, stopwatch.elapsed());

    let stopwatch = Clock::System.stopwatch();
    for key in &keys {
        assert!(store.node(&realm(), *key).await?.is_some());
    }
    report("node, one caller", KEYS_PER_LOOKUP as u64, stopwatch.elapsed());

    let all = (0..CALLERS).flat_map(|caller| (0..PUTS_PER_CALLER).map(move |at| (caller, at)));
    let children = all.map(|(caller, at)| small(caller, at).key).take(CHILDREN).collect();
    let wide = PutNode { children, ..small(CALLERS, 0) };
    let stopwatch = Clock::System.stopwatch();
    assert!(store.put_node(wide, NOW).await.is_ok(), "the wide node was not stored");
    report("children of one put_node", CHILDREN as u64, stopwatch.elapsed());
    store.close().await;
    Ok(())
}

async fn put_many(store: Store, caller: u64) -> bool {
    for number in 0..PUTS_PER_CALLER {
        if store.put_node(small(caller, number), NOW).await.is_err() {
            return false;
        }
    }
    true
}

fn small(caller: u64, number: u64) -> PutNode {
    let mut bytes = vec![0; NODE_LEN];
    bytes[..8].copy_from_slice(&caller.to_le_bytes());
    bytes[8..16].copy_from_slice(&number.to_le_bytes());
    PutNode {
        realm: realm(),
        key: NodeKey::of(&bytes),
        kind: 2,
        size: NODE_LEN as u64,
        own_bytes: NODE_LEN as u64,
        content_bytes: NODE_LEN as u64,
        children: Vec::new(),
        content_type: String::new(),
        bytes: Some(bytes.into()),
        by: "user:local".to_owned(),
        ticket: None,
        realm_quota: None,
        reservation: None,
    }
}

fn realm() -> RealmId {
    RealmId::local_admin()
}

#[expect(clippy::print_stdout, reason = "what it is for")]
#[expect(clippy::cast_precision_loss, reason = "for people to read")]
fn report(what: &str, count: u64, time: Duration) {
    println!("{what}: {:.0}/s ({count} in {time:.2?})", count as f64 / time.as_secs_f64());
}
