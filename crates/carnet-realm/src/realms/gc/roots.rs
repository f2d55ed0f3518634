//! [`Unnamed`]: what no root of a realm reaches.
//!
//! Roots are what depots name, and named before; the results of all tickets; what live tickets read and, until they
//! commit, have uploaded; and whatever was touched lately.

use std::collections::HashSet;

use carnet_store::{Store, StoreError, TicketRow, TicketStatus};
use carnet_ticket::realm::{NodeKey, RealmId};
use carnet_ticket::time::Timestamp;

use crate::realms::{PAGE, Realms, take_children};

/// How many rows are read at a time.
const ROWS: u32 = 1000;

/// The nodes of a realm that nothing names, as far as it was looked.
pub(super) struct Unnamed {
    /// The nodes.
    pub(super) nodes: HashSet<NodeKey>,
    /// How many nodes the realm has.
    pub(super) scanned: u64,
    pub(super) realm: RealmId,
    store: Store,
}

impl Unnamed {
    /// Those of `realm` that were not touched at `since` or later, and are not below what was.
    pub(super) async fn find(
        realms: &Realms,
        realm: RealmId,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let store = realms.store.clone();
        let mut found = Self { nodes: HashSet::new(), scanned: 0, realm, store };
        let touched = found.scan(&realm, since).await?;
        found.keep(touched).await?;
        found.keep_depots(&realm).await?;
        found.keep_tickets(&realm, now).await?;
        Ok(found)
    }

    /// Takes out `named` and everything below it.
    pub(super) async fn keep(&mut self, named: Vec<NodeKey>) -> Result<(), StoreError> {
        let mut frontier = named;
        frontier.retain(|key| self.nodes.remove(key));
        while !frontier.is_empty() {
            let read = take_children(&self.store, &self.realm, &mut frontier, PAGE).await?;
            let children = read.into_iter().filter_map(|(_, children)| children).flatten();
            frontier.extend(children.filter(|child| self.nodes.remove(child)));
        }
        Ok(())
    }

    /// Takes every node in; those that were touched.
    async fn scan(
        &mut self,
        realm: &RealmId,
        since: Timestamp,
    ) -> Result<Vec<NodeKey>, StoreError> {
        let (mut touched, mut after) = (Vec::new(), None);
        loop {
            let page = self.store.list_nodes(realm, after, ROWS).await?;
            let Some((last, _)) = page.last() else { return Ok(touched) };
            after = Some(*last);
            self.scanned += page.len() as u64;
            for (key, touched_at) in page {
                self.nodes.insert(key);
                touched.extend(Some(key).filter(|_| touched_at >= since));
            }
        }
    }

    async fn keep_depots(&mut self, realm: &RealmId) -> Result<(), StoreError> {
        let mut before = None;
        loop {
            let page = self.store.list_depots(realm, before, ROWS).await?;
            let Some(last) = page.last() else { return Ok(()) };
            before = Some(last.seq);
            let states = page.into_iter().map(|row| row.state);
            let named = states.flat_map(|state| state.history.into_iter().chain([state.root]));
            self.keep(named.collect()).await?;
        }
    }

    async fn keep_tickets(&mut self, realm: &RealmId, now: Timestamp) -> Result<(), StoreError> {
        let mut before = None;
        loop {
            let page = self.store.list_tickets(realm, None, before, ROWS).await?;
            let Some(last) = page.last() else { return Ok(()) };
            before = Some(last.seq);
            let mut named = Vec::new();
            for row in page {
                named.extend(self.named_by(row, now).await?);
            }
            self.keep(named).await?;
        }
    }

    async fn named_by(&self, row: TicketRow, now: Timestamp) -> Result<Vec<NodeKey>, StoreError> {
        let mut named = Vec::from_iter(row.output);
        if !row.is_live_at(now) {
            return Ok(named);
        }
        if row.status() == TicketStatus::Issued {
            named.extend(self.store.uploads(&row.ticket.id).await?);
        }
        named.extend(row.ticket.input.into_iter().flatten());
        Ok(named)
    }
}
