//! Walking down a tree by names.

use carnet_ticket::claim::ClaimName;
use carnet_ticket::realm::NodeKey;

use super::{Client, ClientError};
use crate::node::{Limits, NodeError, NodeKind, decode};

/// Why a path leads nowhere.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WalkError {
    /// A node on the way is not there.
    #[error("node {0} is missing")]
    Missing(NodeKey),
    /// A node on the way has no names.
    #[error("{0} is not a directory")]
    NotADirectory(NodeKey),
    /// A directory has no such entry.
    #[error("{key} has no entry \"{name}\"")]
    NoEntry {
        /// The directory.
        key: NodeKey,
        /// The name.
        name: ClaimName,
    },
    /// A node is none.
    #[error("node {key} is damaged")]
    Node {
        /// Which.
        key: NodeKey,
        /// What is wrong with it.
        source: NodeError,
    },
    /// The server.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl Client {
    /// The node that `names` lead to from `key`, one directory a name.
    pub async fn walk(&self, key: NodeKey, names: &[String]) -> Result<NodeKey, WalkError> {
        let mut at = key;
        for name in names {
            at = self.entry(at, name).await?;
        }
        Ok(at)
    }

    /// The entries of a directory, in their order.
    pub async fn entries(&self, key: NodeKey) -> Result<Vec<(String, NodeKey)>, WalkError> {
        let bytes = self.node_bytes(key).await?.ok_or(WalkError::Missing(key))?;
        let node =
            decode(&bytes, &Limits::ANY).map_err(|source| WalkError::Node { key, source })?;
        if node.kind() != NodeKind::Dict {
            return Err(WalkError::NotADirectory(key));
        }
        Ok(node.names().map(str::to_owned).zip(node.children()).collect())
    }

    async fn entry(&self, key: NodeKey, name: &str) -> Result<NodeKey, WalkError> {
        let entries = self.entries(key).await?;
        let found = entries.binary_search_by(|(entry, _)| entry.as_bytes().cmp(name.as_bytes()));
        match found {
            Ok(at) => Ok(entries[at].1),
            Err(_) => Err(WalkError::NoEntry { key, name: ClaimName::new(name) }),
        }
    }
}
