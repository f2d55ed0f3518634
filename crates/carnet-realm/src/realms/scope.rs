//! What a ticket reaches: its roots, the results of its children, and everything below them.
//!
//! Decided by a breadth-first search over child lists that is kept between requests, so that a deep node is
//! found after some tries and a walk from the top is one lookup a step. A right answer late, never a wrong
//! one.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use carnet_store::{Store, StoreError};
use carnet_ticket::realm::{NodeKey, TicketId};
use carnet_ticket::rights::{Holder, RealmRights, Roots};
use moka::sync::Cache;
use tokio::sync::Mutex;

use super::Realms;

/// How many tickets' searches are kept; one that is dropped begins again.
const TICKETS_MAX: u64 = 1024;

/// How many nodes' children are read at a time.
const BATCH: usize = 256;

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
    searches: Cache<TicketId, Arc<Mutex<Search>>>,
    step_nodes: usize,
    max_nodes: usize,
}

/// How far the search of one ticket has come.
#[derive(Default)]
struct Search {
    reached: HashSet<NodeKey>,
    frontier: VecDeque<NodeKey>,
}

impl Scopes {
    pub(super) fn new(step_nodes: usize, max_nodes: usize) -> Self {
        Self { searches: Cache::new(TICKETS_MAX), step_nodes, max_nodes }
    }

    fn search(&self, ticket: TicketId) -> Arc<Mutex<Search>> {
        self.searches.get_with(ticket, Arc::default)
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
        let (Holder::Ticket(ticket), Roots::Keys(roots)) = (&rights.holder, &rights.roots) else {
            return Ok(());
        };
        if key == NodeKey::EMPTY_DICT || roots.contains(&key) {
            return count("root", Ok(()));
        }
        let search = self.scopes.search(*ticket);
        let mut search = search.lock().await;
        roots.iter().for_each(|root| search.reach(*root));
        if search.reached.contains(&key) {
            return count("memo", Ok(()));
        }
        for output in self.store.outputs_below(ticket).await? {
            search.reach(output);
        }
        let found =
            search.go_on(&self.store, key, self.scopes.step_nodes, self.scopes.max_nodes).await;
        match &found {
            Err(ScopeError::Undecided) => count("undecided", found),
            _ => count("bfs", found),
        }
    }

    /// Remembers the children of a node that was read under `rights`, so that a walk goes on without a search.
    pub(super) async fn learn(&self, rights: &RealmRights, children: &[NodeKey]) {
        let (Holder::Ticket(ticket), Roots::Keys(_)) = (&rights.holder, &rights.roots) else {
            return;
        };
        let search = self.scopes.search(*ticket);
        let mut search = search.lock().await;
        if search.reached.len() + children.len() > self.scopes.max_nodes {
            // Begin again: the walk that goes on is worth more than the search that could not.
            *search = Search::default();
        }
        children.iter().for_each(|child| search.reach(*child));
    }
}

impl Search {
    fn reach(&mut self, key: NodeKey) {
        if self.reached.insert(key) {
            self.frontier.push_back(key);
        }
    }

    /// Searches on until `key` is found, everything was seen, or `budget` nodes were.
    async fn go_on(
        &mut self,
        store: &Store,
        key: NodeKey,
        mut budget: usize,
        max_nodes: usize,
    ) -> Result<(), ScopeError> {
        while !self.frontier.is_empty() {
            if budget == 0 {
                return Err(ScopeError::Undecided);
            }
            if self.reached.len() >= max_nodes {
                return Err(ScopeError::TooWide);
            }
            let batch: Vec<_> = self.frontier.iter().take(budget.min(BATCH)).copied().collect();
            let children = store.children_of(&batch).await?;
            budget -= batch.len();
            // Taken off only now: a request that goes away in between loses nothing.
            self.frontier.drain(..batch.len());
            batch
                .iter()
                .filter_map(|node| children.get(node))
                .flatten()
                .for_each(|child| self.reach(*child));
            if self.reached.contains(&key) {
                return Ok(());
            }
        }
        Err(ScopeError::OutOfScope)
    }
}

fn count<T>(how: &'static str, result: T) -> T {
    metrics::counter!("carnet_realm_scope_total", "how" => how).increment(1);
    result
}
