//! Reading nodes.

use std::fs::File;

use bytes::Bytes;
use carnet_store::{NodeRow, StoreError};
use carnet_ticket::realm::{NodeKey, RealmId};
use carnet_ticket::rights::RealmRights;
use moka::sync::Cache;

use super::blobs::BlobError;
use super::{Realms, ScopeError};
use crate::node::{Limits, encode_dict};

/// How many bytes of small nodes are kept in memory.
const RECENT_BYTES: u64 = 32 << 20;

/// The bytes of a node, checked against its key.
#[derive(Debug)]
pub enum NodeBody {
    /// In memory.
    Bytes(Bytes),
    /// In a file.
    File(File),
}

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
        let row = self.store.node(&realm, key).await?.ok_or(ReadNodeError::NotFound)?;
        self.recent.keep(realm, &row);
        Ok(row)
    }

    /// The bytes of a node that was found.
    pub async fn body(&self, row: NodeRow) -> Result<NodeBody, ReadNodeError> {
        let (key, size) = (row.key, row.size);
        if row.is_bad {
            return Err(ReadNodeError::Damaged { key });
        }
        match row.bytes {
            Some(bytes) if NodeKey::of(&bytes) == key => return Ok(NodeBody::Bytes(bytes)),
            Some(_) => {}
            None => match self.blobs.get(key, size).await {
                Ok(file) => return Ok(NodeBody::File(file)),
                Err(BlobError::Damaged { .. }) => {}
                Err(error) => return Err(ReadNodeError::Blob(error)),
            },
        }
        metrics::counter!("carnet_realm_corrupt_total").increment(1);
        tracing::error!(%key, "a stored node is damaged");
        self.store.mark_bad(key).await?;
        Err(ReadNodeError::Damaged { key })
    }
}

/// Small nodes that were read lately. A node never changes, so they are right for as long as they are kept;
/// their bytes are hashed like any others.
pub(super) struct RecentNodes(Cache<(RealmId, NodeKey), NodeRow>);

impl RecentNodes {
    pub(super) fn new() -> Self {
        let weight =
            |_: &(RealmId, NodeKey), row: &NodeRow| u32::try_from(row.size).unwrap_or(u32::MAX);
        Self(Cache::builder().max_capacity(RECENT_BYTES).weigher(weight).build())
    }

    fn get(&self, realm: RealmId, key: NodeKey) -> Option<NodeRow> {
        self.0.get(&(realm, key))
    }

    /// Keeps a node whose bytes are at hand and good.
    fn keep(&self, realm: RealmId, row: &NodeRow) {
        if row.bytes.is_some() && !row.is_bad {
            self.0.insert((realm, row.key), row.clone());
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
