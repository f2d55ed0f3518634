//! Removing what nothing names, a batch at a time.

use carnet_store::{Removed, Swept};
use carnet_ticket::realm::{NodeKey, RealmId};
use carnet_ticket::time::Timestamp;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::order::Order;
use super::roots::Unnamed;
use super::{Collection, GcError};

/// How many nodes go in one transaction.
const BATCH: usize = 500;

/// How many blobs are removed at a time.
const AT_A_TIME: usize = 8;

impl Collection<'_> {
    /// Removes what is unnamed in a realm, from the top; how many nodes that were.
    pub(super) async fn sweep(
        &mut self,
        realm: RealmId,
        unnamed: &mut Unnamed,
        since: Timestamp,
    ) -> Result<u64, GcError> {
        let mut order = Order::of(self.realms, unnamed).await?;
        let mut count = 0;
        loop {
            let batch = order.next(unnamed, BATCH).await?;
            if batch.is_empty() {
                return Ok(count);
            }
            let removed = self.sweep_batch(realm, unnamed, batch, since).await?;
            count += removed.nodes;
            self.report.removed_bytes += removed.bytes;
            self.report.removed_blobs += removed.blobs;
            self.remove_blobs(removed.outside).await?;
        }
    }

    /// Removes a batch, without what was touched since it was looked at and what is below that.
    async fn sweep_batch(
        &self,
        realm: RealmId,
        unnamed: &mut Unnamed,
        mut batch: Vec<NodeKey>,
        since: Timestamp,
    ) -> Result<Removed, GcError> {
        let realms = self.realms;
        while !batch.is_empty() {
            match realms.store.sweep_nodes(realm, batch.clone(), since, realms.now()).await? {
                Swept::Removed(removed) => {
                    realms.recent.forget(realm, &batch);
                    return Ok(removed);
                }
                Swept::Used(used) => {
                    unnamed.keep(used).await?;
                    batch.retain(|node| unnamed.nodes.contains(node));
                }
            }
        }
        Ok(Removed::default())
    }

    /// Removes those of `blobs` that nothing names: no upload of them is under way, and none begins meanwhile.
    pub(super) async fn remove_blobs(&self, blobs: Vec<NodeKey>) -> Result<(), GcError> {
        let blobs = stream::iter(blobs).map(Ok);
        blobs.try_for_each_concurrent(AT_A_TIME, |blob| self.remove_blob(blob)).await
    }

    async fn remove_blob(&self, blob: NodeKey) -> Result<(), GcError> {
        let realms = self.realms;
        let _held = realms.blobs.hold(blob).await;
        if !realms.store.unnamed_blobs(vec![blob]).await?.is_empty() {
            realms.blobs.remove(blob).await?;
        }
        Ok(())
    }
}
