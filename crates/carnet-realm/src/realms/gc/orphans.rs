//! Blobs that uploads have left which did not finish: a crash, a bucket that failed.

use carnet_ticket::realm::NodeKey;
use futures::stream::StreamExt;

use super::{Collection, GcError};

/// How many blobs are looked up at a time.
const PAGE: usize = 256;

impl Collection<'_> {
    /// Removes every blob that no row names.
    pub(super) async fn remove_orphans(&mut self) -> Result<(), GcError> {
        let realms = self.realms;
        let mut blobs = realms.blobs.list().chunks(PAGE);
        while let Some(page) = blobs.next().await {
            let page = page.into_iter().collect::<Result<Vec<NodeKey>, _>>()?;
            let orphans = realms.store.unnamed_blobs(page).await?;
            self.report.removed_blobs += orphans.len() as u64;
            if !self.options.is_dry_run {
                self.remove_blobs(orphans).await?;
            }
        }
        Ok(())
    }
}
