//! Removing the nodes that nothing names. Source: realm spec, section 10.
//!
//! Of each realm: every node is taken for unnamed, then whatever its roots reach is taken out again. What is left
//! goes, a node never before what names it, so that at every moment a node in a realm has its whole subtree. Whoever
//! names a node touches it, in the transaction that names it: one that was touched meanwhile stops its batch, and
//! stays with everything below it.

mod order;
mod orphans;
mod roots;
mod sweep;

use std::collections::HashMap;
use std::time::Duration;

use carnet_store::StoreError;
use carnet_ticket::realm::{NodeKey, RealmId};

use super::{BlobError, PAGE, Realms};
use roots::Unnamed;

/// How garbage is collected.
#[derive(Debug, Clone, Copy)]
pub struct GcOptions {
    /// How long a node is kept after somebody last stored or named it.
    pub grace: Duration,
    /// Whether to tell what would go, and leave it.
    pub is_dry_run: bool,
}

/// What a collection found and did, or would have done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct GcReport {
    /// The nodes of all realms.
    pub scanned_nodes: u64,
    /// Those that stay.
    pub kept_nodes: u64,
    /// Those that went.
    pub removed_nodes: u64,
    /// Their bytes.
    pub removed_bytes: u64,
    /// What no realm has any more, and what uploads that did not finish had left.
    pub removed_blobs: u64,
}

/// Why a collection ended early. What it had removed until then is gone, and everything else is there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GcError {
    /// The blob storage failed.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One collection.
struct Collection<'a> {
    realms: &'a Realms,
    options: GcOptions,
    report: GcReport,
    /// Of what several realms have: how many would still have it.
    shared: HashMap<NodeKey, u64>,
}

impl Realms {
    /// Removes every node that nothing has named for a while, realm by realm. One collection waits for another.
    pub async fn collect_garbage(&self, options: GcOptions) -> Result<GcReport, GcError> {
        let _alone = self.collecting.lock().await;
        let report = GcReport::default();
        let mut collection = Collection { realms: self, options, report, shared: HashMap::new() };
        self.store.sweep_reservations(self.now()).await?;
        for realm in self.store.list_realms().await? {
            collection.collect(realm).await?;
        }
        collection.remove_orphans().await?;
        let report = collection.report;
        if !options.is_dry_run {
            if report.removed_nodes > 0 {
                self.store.shrink().await?;
            }
            metrics::counter!("carnet_realm_gc_runs_total").increment(1);
            metrics::counter!("carnet_realm_gc_nodes_total").increment(report.removed_nodes);
            metrics::counter!("carnet_realm_gc_bytes_total").increment(report.removed_bytes);
        }
        Ok(report)
    }
}

impl Collection<'_> {
    async fn collect(&mut self, realm: RealmId) -> Result<(), GcError> {
        let now = self.realms.now();
        let since = now.before(self.options.grace);
        let mut unnamed = Unnamed::find(self.realms, realm, since, now).await?;
        self.report.scanned_nodes += unnamed.scanned;
        let removed = if self.options.is_dry_run {
            self.weigh(&unnamed).await?
        } else {
            self.sweep(realm, &mut unnamed, since).await?
        };
        self.report.removed_nodes += removed;
        self.report.kept_nodes += unnamed.scanned.saturating_sub(removed);
        Ok(())
    }

    /// Adds up what would go.
    async fn weigh(&mut self, unnamed: &Unnamed) -> Result<u64, StoreError> {
        let mut removed = 0;
        for some in unnamed.nodes.iter().copied().collect::<Vec<_>>().chunks(PAGE) {
            for weight in self.realms.store.weights(some).await? {
                removed += 1;
                self.report.removed_bytes += weight.size;
                let is_last = weight.realms == 1 || self.leaves(weight.key, weight.realms);
                self.report.removed_blobs += u64::from(is_last);
            }
        }
        Ok(removed)
    }

    /// One of the realms that have a node would lose it; whether that is the last.
    fn leaves(&mut self, key: NodeKey, realms: u64) -> bool {
        let left = self.shared.entry(key).or_insert(realms);
        *left = left.saturating_sub(1);
        *left == 0
    }
}
