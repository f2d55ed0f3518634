//! Hashing everything that is stored.

use carnet_store::{NodeRow, StoreError};
use carnet_ticket::realm::NodeKey;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::{BlobError, Realms};

/// How many bytes of small nodes are read at a time.
const PAGE_BYTES: u64 = 8 << 20;

/// How many nodes are read at a time.
const PAGE: u64 = 256;

/// How many blobs are hashed at a time.
const AT_A_TIME: usize = 4;

/// How many damaged nodes are named.
const NAMED_MAX: usize = 10_000;

/// What was found in all that is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FsckReport {
    /// How many nodes were hashed.
    pub checked_nodes: u64,
    /// Their bytes.
    pub checked_bytes: u64,
    /// How many of them are damaged.
    pub bad_nodes: u64,
    /// Which: the first ten thousand, by their keys.
    pub bad: Vec<NodeKey>,
}

/// Why it is not known what is damaged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FsckError {
    /// The blob storage failed.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Realms {
    /// Hashes every node of every realm, whatever is remembered of it. What is damaged is marked, and not served
    /// until somebody uploads it again, or it is found sound here.
    pub async fn fsck(&self) -> Result<FsckReport, FsckError> {
        let mut report = FsckReport::default();
        let limit = (PAGE_BYTES / self.options.inline_max.max(1)).clamp(1, PAGE);
        let limit = u32::try_from(limit).unwrap_or(1);
        let mut after = None;
        loop {
            let page = self.store.list_blobs(after, limit).await?;
            let Some(last) = page.last() else { return Ok(report) };
            after = Some(last.key);
            report.checked_nodes += page.len() as u64;
            report.checked_bytes += page.iter().map(|row| row.size).sum::<u64>();
            let found = stream::iter(page).map(|row| self.is_bad(row)).buffered(AT_A_TIME);
            let bad: Vec<_> =
                found.try_filter_map(|bad| async move { Ok(bad) }).try_collect().await?;
            report.bad_nodes += bad.len() as u64;
            let room = NAMED_MAX - report.bad.len();
            report.bad.extend(bad.into_iter().take(room));
        }
    }

    /// The key of a node that is damaged.
    async fn is_bad(&self, row: NodeRow) -> Result<Option<NodeKey>, FsckError> {
        let key = row.key;
        if !row.is_bad && self.is_sound(&row).await? {
            return Ok(None);
        }
        // Looked at again while nobody can change it: it may have been removed, or repaired, meanwhile.
        let _held = self.blobs.hold(key).await;
        let Some(row) = self.store.blob(key).await? else { return Ok(None) };
        match (self.is_sound(&row).await?, row.is_bad) {
            (true, false) => Ok(None),
            // A folder that was not mounted, a bucket that was another.
            (true, true) => {
                self.store.mark_bad(key, false).await?;
                Ok(None)
            }
            (false, was_bad) => {
                if !was_bad {
                    self.mark_damaged(key).await?;
                }
                Ok(Some(key))
            }
        }
    }

    /// Whether all bytes of a node are there and what its key says.
    async fn is_sound(&self, row: &NodeRow) -> Result<bool, BlobError> {
        let Some(bytes) = &row.bytes else {
            return match self.blobs.check(row.key, row.size).await {
                Err(BlobError::Damaged { .. }) => Ok(false),
                checked => checked.map(|()| true),
            };
        };
        Ok(NodeKey::of(bytes) == row.key)
    }
}
