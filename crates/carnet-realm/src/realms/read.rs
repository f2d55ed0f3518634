//! Reading nodes.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use carnet_store::{NodeRow, StoreError};
use carnet_ticket::realm::{NodeKey, RealmId};
use carnet_ticket::rights::RealmRights;
use moka::sync::Cache;

use super::blobs::{BlobError, NodeBody};
use super::{Realms, ScopeError};
use crate::node::{Limits, encode_dict};

/// How many bytes of small nodes are kept in memory.
const RECENT_BYTES: u64 = 32 << 20;

/// Why a node was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadNodeError {
    /// Whether the rights reach it.
    #[error(transparent)]
    Scope(#[from] ScopeError),
    /// The realm does not have it.
    #[error("the realm does not have the node")]
    NotFound,
    /// Its bytes are damaged. They are not served; the next upload of the node repairs it.
    #[error("the stored bytes of {key} are damaged")]
    Damaged {
        /// Which.
        key: NodeKey,
    },
    /// The blob storage failed.
    #[error(transparent)]
    Blob(BlobError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Realms {
    /// What is known of a node that `rights` reach.
    pub async fn node(&self, rights: &RealmRights, key: NodeKey) -> Result<NodeRow, ReadNodeError> {
        if key == NodeKey::EMPTY_DICT {
            return Ok(empty_dict());
        }
        self.reaches(rights, key).await?;
        let row = self.row(rights.realm, key).await?;
        self.learn(rights, &row.children).await;
        Ok(row)
    }

    /// What is known of the node that `steps` lead to, each the number of a child, from a node that `rights`
    /// reach.
    pub async fn node_below(
        &self,
        rights: &RealmRights,
        key: NodeKey,
        steps: &[u32],
    ) -> Result<NodeRow, ReadNodeError> {
        let mut row = self.node(rights, key).await?;
        for step in steps {
            let child = usize::try_from(*step).ok().and_then(|step| row.children.get(step));
            row = match child {
                Some(&NodeKey::EMPTY_DICT) => empty_dict(),
                Some(child) => self.row(rights.realm, *child).await?,
                None => return Err(ReadNodeError::NotFound),
            };
        }
        self.learn(rights, &row.children).await;
        Ok(row)
    }

    /// What is known of a node of the realm.
    async fn row(&self, realm: RealmId, key: NodeKey) -> Result<NodeRow, ReadNodeError> {
        if let Some(row) = self.recent.get(realm, key) {
            return Ok(row);
        }
        let before = self.recent.forgotten();
        let row = self.store.node(&realm, key).await?.ok_or(ReadNodeError::NotFound)?;
        self.recent.keep(realm, &row, before);
        Ok(row)
    }

    /// A part of the bytes of a node that was found in `realm`.
    pub async fn body(
        &self,
        realm: &RealmId,
        row: NodeRow,
        part: Range<u64>,
    ) -> Result<NodeBody, ReadNodeError> {
        match self.checked(&row, part.clone()).await {
            Err(ReadNodeError::Damaged { .. }) if !row.is_bad => {}
            body => return body,
        }
        // Looked at again while nobody can change it: it may have been removed, or repaired, meanwhile.
        let _held = self.blobs.hold(row.key).await;
        self.recent.forget(*realm, &[row.key]);
        let row = self.store.node(realm, row.key).await?.ok_or(ReadNodeError::NotFound)?;
        let body = self.checked(&row, part).await;
        if let (Err(ReadNodeError::Damaged { key }), false) = (&body, row.is_bad) {
            self.mark_damaged(*key).await?;
        }
        body
    }

    /// Counts a node that was found damaged, and has it served no more.
    pub(super) async fn mark_damaged(&self, key: NodeKey) -> Result<(), StoreError> {
        metrics::counter!("carnet_realm_corrupt_total").increment(1);
        tracing::error!(%key, "a stored node is damaged");
        self.store.mark_bad(key, true).await
    }

    /// All bytes of a node that was found in `realm`.
    pub async fn bytes(&self, realm: &RealmId, row: NodeRow) -> Result<Bytes, ReadNodeError> {
        let size = row.size;
        Ok(self.body(realm, row, 0..size).await?.collect().await?)
    }

    async fn checked(&self, row: &NodeRow, part: Range<u64>) -> Result<NodeBody, ReadNodeError> {
        let key = row.key;
        if row.is_bad {
            return Err(ReadNodeError::Damaged { key });
        }
        match &row.bytes {
            Some(bytes) if NodeKey::of(bytes) == key => Ok(NodeBody::Bytes(slice(bytes, part))),
            Some(_) => Err(ReadNodeError::Damaged { key }),
            None => Ok(self.blobs.get(key, row.size, part).await?),
        }
    }
}

impl From<BlobError> for ReadNodeError {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::Damaged { key } => Self::Damaged { key },
            error => Self::Blob(error),
        }
    }
}

fn slice(bytes: &Bytes, part: Range<u64>) -> Bytes {
    let at = |position: u64| usize::try_from(position).unwrap_or(usize::MAX).min(bytes.len());
    bytes.slice(at(part.start)..at(part.end))
}

/// Small nodes that were read lately. A node never changes, so they are right for as long as they are kept;
/// their bytes are hashed like any others.
pub(super) struct RecentNodes {
    nodes: Cache<(RealmId, NodeKey), NodeRow>,
    /// How often some were forgotten.
    forgotten: AtomicU64,
}

impl RecentNodes {
    pub(super) fn new() -> Self {
        let weight =
            |_: &(RealmId, NodeKey), row: &NodeRow| u32::try_from(row.size).unwrap_or(u32::MAX);
        let nodes = Cache::builder().max_capacity(RECENT_BYTES).weigher(weight).build();
        Self { nodes, forgotten: AtomicU64::new(0) }
    }

    fn get(&self, realm: RealmId, key: NodeKey) -> Option<NodeRow> {
        self.nodes.get(&(realm, key))
    }

    /// Forgets nodes that the realm may not have any more, also those that are being read.
    pub(super) fn forget(&self, realm: RealmId, keys: &[NodeKey]) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        keys.iter().for_each(|key| self.nodes.invalidate(&(realm, *key)));
    }

    /// How often some were forgotten: to be asked before a node is read that is to be kept.
    fn forgotten(&self) -> u64 {
        self.forgotten.load(Ordering::SeqCst)
    }

    /// Keeps a node whose bytes are at hand and good, unless some were forgotten since `before`.
    fn keep(&self, realm: RealmId, row: &NodeRow, before: u64) {
        if row.bytes.is_some() && !row.is_bad {
            self.nodes.insert((realm, row.key), row.clone());
            if self.forgotten() != before {
                self.nodes.invalidate(&(realm, row.key));
            }
        }
    }
}

/// The directory that is in every realm.
fn empty_dict() -> NodeRow {
    let bytes =
        encode_dict(Vec::new(), &Limits::default()).map(|node| node.bytes).unwrap_or_default();
    NodeRow {
        key: NodeKey::EMPTY_DICT,
        kind: 1,
        size: bytes.len() as u64,
        own_bytes: 0,
        content_bytes: 0,
        children: Vec::new(),
        content_type: String::new(),
        bytes: Some(bytes),
        is_bad: false,
    }
}
