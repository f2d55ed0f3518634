//! What a ticket reaches: its roots, the results of its children, and everything below them.
//!
//! Decided by a breadth-first search over child lists that is kept between requests, so that a deep node is
//! found after some tries and a walk from the top is one lookup a step. A right answer late, never a wrong
//! one.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use carnet_store::StoreError;
use carnet_ticket::realm::{NodeKey, RealmId, TicketId};
use carnet_ticket::rights::{Holder, RealmRights, Roots};
use moka::sync::Cache;
use tokio::sync::Mutex;

use super::{PAGE, Realms};

/// For how many of the largest searches there is room; one that is dropped begins again.
const LARGEST: u64 = 4;

/// What a search counts at least, in nodes.
const WEIGHT_MIN: usize = 1024;

/// Why it is not known that a node is reached.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ScopeError {
    /// It is not reached.
    #[error("the node is out of the ticket's scope")]
    OutOfScope,
    /// More nodes are reached than are remembered: reading from the top still works.
    #[error("the ticket reaches more nodes than are searched")]
    TooWide,
    /// Not decided yet; the next try goes on from here.
    #[error("not decided yet whether the ticket reaches the node")]
    Undecided,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The searches of all tickets.
pub(super) struct Scopes {
    searches: Cache<TicketId, Arc<Entry>>,
    step_nodes: usize,
    max_nodes: usize,
}

/// What was found of some nodes.
pub(super) struct Reached {
    /// Those that are reached.
    pub(super) keys: HashSet<NodeKey>,
    /// Whether the search ended early, for it would have had to remember too much.
    pub(super) is_too_wide: bool,
}

/// The search of one ticket.
#[derive(Default)]
struct Entry {
    search: Mutex<Search>,
    /// How many nodes it had reached when it was last weighed.
    weight: AtomicUsize,
}

/// How far the search of one ticket has come.
#[derive(Default)]
struct Search {
    reached: HashSet<NodeKey>,
    frontier: VecDeque<NodeKey>,
    /// Those that were reached and not stored yet: looked at again each time.
    absent: Vec<NodeKey>,
}

impl Scopes {
    pub(super) fn new(step_nodes: usize, max_nodes: usize) -> Self {
        let weight = |_: &TicketId, entry: &Arc<Entry>| {
            let weight = entry.weight.load(Ordering::Relaxed).max(WEIGHT_MIN);
            u32::try_from(weight).unwrap_or(u32::MAX)
        };
        let room = LARGEST * max_nodes.max(1 << 18) as u64;
        let searches = Cache::builder().max_capacity(room).weigher(weight).build();
        Self { searches, step_nodes, max_nodes }
    }

    fn entry(&self, ticket: TicketId) -> Arc<Entry> {
        self.searches.get_with(ticket, Arc::default)
    }

    /// Weighs a search again once it has doubled.
    fn weigh(&self, ticket: TicketId, entry: &Arc<Entry>, search: &Search) {
        let reached = search.reached.len();
        if reached >= 2 * entry.weight.load(Ordering::Relaxed).max(WEIGHT_MIN) {
            entry.weight.store(reached, Ordering::Relaxed);
            self.searches.insert(ticket, Arc::clone(entry));
        }
    }

    /// Forgets the search of a ticket that is over.
    pub(super) fn forget(&self, ticket: &TicketId) {
        self.searches.invalidate(ticket);
    }
}

impl Realms {
    /// Whether `rights` reach `key`: at once where they reach everything, else by the search.
    pub(super) async fn reaches(
        &self,
        rights: &RealmRights,
        key: NodeKey,
    ) -> Result<(), ScopeError> {
        match self.reached(rights, &[key]).await? {
            Reached { keys, .. } if keys.contains(&key) => Ok(()),
            Reached { is_too_wide: true, .. } => Err(ScopeError::TooWide),
            _ => Err(ScopeError::OutOfScope),
        }
    }

    /// Those of `keys` that `rights` reach, by one search.
    pub(super) async fn reached(
        &self,
        rights: &RealmRights,
        keys: &[NodeKey],
    ) -> Result<Reached, ScopeError> {
        let keys = keys.iter().copied();
        let (Holder::Ticket(ticket), Roots::Keys(roots)) = (&rights.holder, &rights.roots) else {
            return Ok(Reached { keys: keys.collect(), is_too_wide: false });
        };
        let is_root = |key: &NodeKey| *key == NodeKey::EMPTY_DICT || roots.contains(key);
        let (keys, mut wanted): (HashSet<_>, HashSet<_>) = keys.partition(is_root);
        let mut found = Reached { keys, is_too_wide: false };
        if wanted.is_empty() {
            count("root");
            return Ok(found);
        }
        let entry = self.scopes.entry(*ticket);
        let mut search = entry.search.lock().await;
        roots.iter().for_each(|root| search.reach(*root));
        search.settle(&mut wanted, &mut found);
        if wanted.is_empty() {
            count("memo");
            return Ok(found);
        }
        for output in self.store.outputs_below(ticket).await? {
            search.reach(output);
        }
        let went_on = search.go_on(self, &rights.realm, &mut wanted, &mut found).await;
        self.scopes.weigh(*ticket, &entry, &search);
        count(if matches!(went_on, Err(ScopeError::Undecided)) { "undecided" } else { "bfs" });
        went_on.map(|()| found)
    }

    /// Remembers the children of a node that was read under `rights`, so that a walk goes on without a search.
    pub(super) async fn learn(&self, rights: &RealmRights, children: &[NodeKey]) {
        let (Holder::Ticket(ticket), Roots::Keys(_)) = (&rights.holder, &rights.roots) else {
            return;
        };
        let entry = self.scopes.entry(*ticket);
        let mut search = entry.search.lock().await;
        if search.reached.len() + children.len() > self.scopes.max_nodes {
            // Begin again: the walk that goes on is worth more than the search that could not.
            *search = Search::default();
        }
        children.iter().for_each(|child| search.reach(*child));
        self.scopes.weigh(*ticket, &entry, &search);
    }
}

impl Search {
    fn reach(&mut self, key: NodeKey) {
        if self.reached.insert(key) {
            self.frontier.push_back(key);
        }
    }

    /// Moves those of `wanted` that are reached.
    fn settle(&self, wanted: &mut HashSet<NodeKey>, found: &mut Reached) {
        found.keys.extend(wanted.extract_if(|key| self.reached.contains(key)));
    }

    /// Searches on until all of `wanted` are found, everything was seen, or as many nodes as one request may.
    async fn go_on(
        &mut self,
        realms: &Realms,
        realm: &RealmId,
        wanted: &mut HashSet<NodeKey>,
        found: &mut Reached,
    ) -> Result<(), ScopeError> {
        // Roots that had not been stored the last time: there are few, and they cost the search nothing.
        let mut budget = realms.scopes.step_nodes + self.absent.len();
        self.frontier.extend(self.absent.drain(..));
        while !self.frontier.is_empty() {
            if budget == 0 {
                return Err(ScopeError::Undecided);
            }
            if self.reached.len() >= realms.scopes.max_nodes {
                found.is_too_wide = true;
                return Ok(());
            }
            let batch = self.frontier.iter().take(budget.min(PAGE)).copied().collect();
            let read = realms.store.children_of(realm, batch).await?;
            budget -= read.len();
            // Taken off only now: a request that goes away in between loses nothing.
            self.frontier.drain(..read.len());
            for (node, children) in read {
                match children {
                    Some(children) => children.into_iter().for_each(|child| self.reach(child)),
                    None => self.absent.push(node),
                }
            }
            self.settle(wanted, found);
            if wanted.is_empty() {
                break;
            }
        }
        Ok(())
    }
}

fn count(how: &'static str) {
    metrics::counter!("carnet_realm_scope_total", "how" => how).increment(1);
}
