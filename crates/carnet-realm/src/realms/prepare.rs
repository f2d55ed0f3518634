//! Telling what has to be uploaded.

use std::collections::HashSet;

use carnet_store::StoreError;
use carnet_ticket::realm::{NodeKey, RealmId};
use carnet_ticket::rights::{Holder, RealmRights, Roots};

use super::{PAGE, Realms, ScopeError, take_children};

/// How many damaged nodes are looked for.
const BAD_MAX: u32 = 10_000;

impl Realms {
    /// Those of `keys` that `rights` may use: their subtrees are whole, and they count as used from now on.
    pub async fn prepare(
        &self,
        rights: &RealmRights,
        keys: &[NodeKey],
    ) -> Result<HashSet<NodeKey>, ScopeError> {
        let usable = match (&rights.holder, &rights.roots) {
            (Holder::Ticket(_), Roots::Keys(_)) => {
                self.usable(rights, keys).await?.into_keys().collect()
            }
            // The realm has it: the transaction that touches it tells.
            _ => keys.to_vec(),
        };
        let mut exists = self.store.touch(&rights.realm, usable, self.now()).await?;
        self.leave_out_damaged(&rights.realm, &mut exists).await?;
        exists.extend(keys.iter().filter(|key| **key == NodeKey::EMPTY_DICT));
        Ok(exists)
    }

    /// Takes out what leads to something damaged: whoever asks goes on below it, and stores that again. How far it is
    /// looked has the same limit as any search.
    async fn leave_out_damaged(
        &self,
        realm: &RealmId,
        keys: &mut HashSet<NodeKey>,
    ) -> Result<(), StoreError> {
        let bad = self.store.bad_nodes(BAD_MAX).await?;
        if bad.is_empty() {
            return Ok(());
        }
        let mut budget = self.options.scope_step_nodes;
        for key in keys.clone() {
            if self.leads_to(&bad, realm, key, &mut budget).await? {
                keys.remove(&key);
            }
        }
        Ok(())
    }

    async fn leads_to(
        &self,
        bad: &HashSet<NodeKey>,
        realm: &RealmId,
        key: NodeKey,
        budget: &mut usize,
    ) -> Result<bool, StoreError> {
        let (mut seen, mut frontier) = (HashSet::from([key]), vec![key]);
        while !frontier.is_empty() && *budget > 0 {
            let max = PAGE.min(*budget);
            let read = take_children(&self.store, realm, &mut frontier, max).await?;
            *budget -= read.len();
            for child in read.into_iter().filter_map(|(_, children)| children).flatten() {
                if bad.contains(&child) {
                    return Ok(true);
                }
                if seen.insert(child) {
                    frontier.push(child);
                }
            }
        }
        Ok(false)
    }
}
