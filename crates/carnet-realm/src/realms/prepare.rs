//! Telling what has to be uploaded.

use std::collections::HashSet;

use carnet_ticket::realm::NodeKey;
use carnet_ticket::rights::{Holder, RealmRights, Roots};

use super::{Realms, ScopeError};

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
        exists.extend(keys.iter().filter(|key| **key == NodeKey::EMPTY_DICT));
        Ok(exists)
    }
}
