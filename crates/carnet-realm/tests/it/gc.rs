//! Collecting beside others who write, in every order that a seed makes: between any two steps of a collection
//! somebody stores, asks, commits or makes a ticket.

use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use carnet_gate::{Clock, Gate, Hand};
use carnet_realm::node::Limits;
use carnet_realm::realms::{BlobStorage, GcOptions, RealmOptions, Realms, VerifyOnRead};
use carnet_store::{CommitError, NewTicket, PutError, PutNode, Store, StoreOptions};
use carnet_ticket::realm::{NodeKey, RealmId, TicketId};
use carnet_ticket::time::Timestamp;
use futures::future::join_all;
use tempfile::TempDir;
use tokio::sync::Notify;

const START: Timestamp = Timestamp(1_700_000_000_000);
/// When it is collected: everything from before is old.
const NOW: Timestamp = Timestamp(START.0 + 3_600_000);
const GRACE: Duration = Duration::from_mins(1);
const OPTIONS: GcOptions = GcOptions { grace: GRACE, is_dry_run: false };
const LIFE: Duration = Duration::from_hours(2);

/// How many orders are tried.
const SEEDS: u64 = 8;

/// What was there before: so many nodes, in so many layers.
const LAYER: usize = 350;
const LAYERS: usize = 5;

/// A realm, and what somebody who writes into it was told.
struct Writer {
    _directory: TempDir,
    store: Store,
    realms: Arc<Realms>,
    hand: Hand,
    random: u64,
    /// Every node there ever was, and what it names.
    children: HashMap<NodeKey, Vec<NodeKey>>,
    all: Vec<NodeKey>,
    /// What has to be there with everything below it.
    told: HashSet<NodeKey>,
    /// What tickets read and what they made.
    inputs: HashSet<NodeKey>,
    outputs: HashSet<NodeKey>,
    tickets: u64,
}

impl Writer {
    async fn new(seed: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("carnet.db");
        let options = StoreOptions { path, busy_timeout: Duration::from_secs(5), readers: 2 };
        let store = Store::open(&options).unwrap();
        let (clock, hand) = Clock::manual(START);
        let options = RealmOptions {
            limits: Limits::default(),
            inline_max: 64 << 10,
            quota: None,
            max_ticket_ttl: LIFE,
            default_ticket_ttl: LIFE,
            scope_step_nodes: 1000,
            scope_max_nodes: 1000,
            upload_reservation: GRACE,
            verify_on_read: VerifyOnRead::First,
            blobs: BlobStorage::Memory,
        };
        let realms =
            Realms::open(store.clone(), Gate::builder(clock).build(), options).await.unwrap();
        let mut writer = Self {
            _directory: directory,
            store,
            realms: Arc::new(realms),
            hand,
            random: seed,
            children: HashMap::new(),
            all: Vec::new(),
            told: HashSet::new(),
            inputs: HashSet::new(),
            outputs: HashSet::new(),
            tickets: 0,
        };
        for _ in 0..LAYERS {
            let layer: Vec<_> = (0..LAYER).map(|_| writer.draw_node()).collect();
            let stored = layer.iter().map(|node| writer.store.put_node(node.clone(), START));
            assert!(join_all(stored).await.iter().all(Result::is_ok));
            layer.iter().for_each(|node| writer.learn(node));
        }
        writer.hand.set(NOW);
        writer
    }

    fn draw(&mut self, below: usize) -> usize {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) as usize % below
    }

    fn draw_key(&mut self) -> NodeKey {
        let at = self.draw(self.all.len());
        self.all[at]
    }

    /// A node like no other, above up to three that there were.
    fn draw_node(&mut self) -> PutNode {
        let count = if self.all.is_empty() { 0 } else { self.draw(4) };
        let children: Vec<_> = (0..count).map(|_| self.draw_key()).collect();
        let data = self.draw(usize::MAX).to_le_bytes();
        node_of(NodeKey::of(&data), children)
    }

    fn learn(&mut self, node: &PutNode) {
        self.all.push(node.key);
        self.children.insert(node.key, node.children.clone());
    }

    /// Does one of the things that name nodes.
    async fn act(&mut self) {
        match self.draw(5) {
            0 => {
                let node = self.draw_node();
                if self.put(node.clone()).await {
                    self.learn(&node);
                }
            }
            1 => {
                let key = self.draw_key();
                let children = self.children[&key].clone();
                self.put(node_of(key, children)).await;
            }
            2 => {
                let keys = (0..3).map(|_| self.draw_key()).collect();
                self.told.extend(self.store.touch(&realm(), keys, NOW).await.unwrap());
            }
            3 => {
                let input = self.draw_key();
                self.make_ticket(vec![input]).await;
                self.inputs.insert(input);
                // If it is there now, it was there when it was named.
                if self.store.node(&realm(), input).await.unwrap().is_some() {
                    self.told.insert(input);
                }
            }
            _ => {
                let output = self.draw_key();
                let ticket = self.make_ticket(Vec::new()).await;
                match self.store.commit_ticket(ticket, output, NOW).await {
                    Ok(()) => {
                        self.told.insert(output);
                        self.outputs.insert(output);
                    }
                    Err(CommitError::MissingOutput) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }

    /// Whether the node could be stored: what it names was there.
    async fn put(&mut self, node: PutNode) -> bool {
        let key = node.key;
        match self.store.put_node(node, NOW).await {
            Ok(_) => self.told.insert(key),
            Err(PutError::MissingChildren(_)) => return false,
            Err(error) => panic!("{error}"),
        };
        true
    }

    async fn make_ticket(&mut self, input: Vec<NodeKey>) -> TicketId {
        self.tickets += 1;
        let mut number = [0; 10];
        number[..8].copy_from_slice(&self.tickets.to_le_bytes());
        let id = TicketId::new(START, number);
        let ticket = NewTicket {
            id,
            realm: realm(),
            issuer: "user:local".to_owned(),
            purpose: None,
            input: Some(input),
            writable: true,
            quota: None,
            accept: Vec::new(),
            created_at: NOW,
            expires_at: NOW.after(LIFE),
            parent: None,
            depth: 0,
            delegable: false,
        };
        self.store.insert_ticket(ticket).await.unwrap();
        id
    }

    /// Everything that the realm has.
    async fn present(&self) -> HashSet<NodeKey> {
        let nodes = self.store.list_nodes(&realm(), None, 100_000).await.unwrap();
        nodes.into_iter().map(|(key, _)| key).collect()
    }

    /// `roots`, and everything below.
    fn closure(&self, roots: HashSet<NodeKey>) -> HashSet<NodeKey> {
        let mut frontier: Vec<_> = roots.iter().copied().collect();
        let mut found = roots;
        while let Some(key) = frontier.pop() {
            frontier.extend(self.children[&key].iter().filter(|child| found.insert(**child)));
        }
        found
    }
}

/// A node as the store takes it, which looks at nothing but its key and its children.
fn node_of(key: NodeKey, children: Vec<NodeKey>) -> PutNode {
    PutNode {
        realm: realm(),
        key,
        kind: 2,
        size: 100,
        own_bytes: 84,
        content_bytes: 84,
        children,
        content_type: String::new(),
        bytes: Some(vec![0; 100].into()),
        by: "user:local".to_owned(),
        ticket: None,
        realm_quota: None,
        reservation: None,
    }
}

fn realm() -> RealmId {
    RealmId::local_admin()
}

/// Runs `future`, and `between` each time before it goes on.
async fn interleaved<T>(future: impl Future<Output = T>, mut between: impl AsyncFnMut()) -> T {
    struct Woken(Notify);
    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.notify_one();
        }
    }
    let woken = Arc::new(Woken(Notify::new()));
    let waker = Waker::from(Arc::clone(&woken));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(done) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return done;
        }
        woken.0.notified().await;
        between().await;
    }
}

/// Promise
#[tokio::test(flavor = "multi_thread")]
async fn whatever_order_a_collection_and_writers_come_in_nothing_named_loses_anything() {
    let mut removed = 0;
    for seed in 0..SEEDS {
        let mut writer = Writer::new(seed).await;
        let realms = Arc::clone(&writer.realms);
        let report =
            interleaved(realms.collect_garbage(OPTIONS), async || writer.act().await).await;
        removed += report.unwrap().removed_nodes;
        let present = writer.present().await;
        for key in &present {
            for child in &writer.children[key] {
                assert!(present.contains(child), "seed {seed}: {key} has lost {child}");
            }
        }
        for key in &writer.told {
            assert!(present.contains(key), "seed {seed}: {key} was acknowledged and is gone");
        }
        // When nobody uses anything any more, what tickets name stays and nothing else.
        writer.hand.advance(2 * GRACE);
        realms.collect_garbage(OPTIONS).await.unwrap();
        let roots = writer.inputs.intersection(&present).chain(&writer.outputs).copied();
        assert_eq!(writer.present().await, writer.closure(roots.collect()), "seed {seed}");
        let usage = writer.store.usage(&realm()).await.unwrap();
        let nodes = writer.present().await.len() as u64;
        assert_eq!((usage.nodes, usage.physical, usage.logical), (nodes, nodes * 100, nodes * 84));
    }
    assert!(removed > SEEDS * 100, "the collections did something: {removed}");
}
