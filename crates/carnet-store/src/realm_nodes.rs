//! Reading nodes: what a realm has, and what it knows of it without the bytes.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use carnet_ticket::realm::{NodeKey, RealmId, TicketId};
use carnet_ticket::time::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::error::StoreError;
use crate::open::Store;
use crate::row::{key, maybe_bytes, maybe_keys, unsigned};

const NODE: &str = "SELECT b.key, b.kind, b.size, b.own_bytes, b.content_bytes, b.children, b.content_type, \
    b.bytes, b.is_bad FROM realm_nodes n JOIN blobs b ON b.key = n.key WHERE n.realm = $1 AND n.key = $2";
const FACTS: &str = "SELECT b.key, b.kind, b.content_bytes, b.content_type \
    FROM realm_nodes n JOIN blobs b ON b.key = n.key WHERE n.realm = $1 AND n.key = $2";
const CHILDREN: &str = "SELECT children FROM blobs WHERE key = $1";
const UPLOADED: &str = "SELECT 1 FROM realm_uploads WHERE ticket = $1 AND key = $2";
const USAGE: &str = "SELECT physical, logical, nodes, updated_at FROM realm_usage WHERE realm = $1";
const MARK_BAD: &str = "UPDATE blobs SET is_bad = 1 WHERE key = $1";

/// A node that a realm has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRow {
    /// Its key.
    pub key: NodeKey,
    /// The number of its kind.
    pub kind: u8,
    /// All its bytes.
    pub size: u64,
    /// The data bytes that are its own.
    pub own_bytes: u64,
    /// The data bytes of its whole tree.
    pub content_bytes: u64,
    /// Its children, in order.
    pub children: Vec<NodeKey>,
    /// A file's content type.
    pub content_type: String,
    /// Its bytes; none when they are in the blob storage.
    pub bytes: Option<Bytes>,
    /// Whether its bytes were found damaged.
    pub is_bad: bool,
}

/// What the rules need of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeFacts {
    /// The number of its kind.
    pub kind: u8,
    /// The data bytes of its whole tree.
    pub content_bytes: u64,
    /// A file's content type.
    pub content_type: String,
}

/// How much a realm holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// The bytes of its nodes.
    pub physical: u64,
    /// The data bytes of its files.
    pub logical: u64,
    /// How many nodes it has.
    pub nodes: u64,
    /// When that last changed.
    pub updated_at: Timestamp,
}

impl Store {
    /// A node, if the realm has it.
    pub async fn node(
        &self,
        realm: &RealmId,
        node: NodeKey,
    ) -> Result<Option<NodeRow>, StoreError> {
        let row = sqlx::query(NODE)
            .bind(realm.to_string())
            .bind(&node.as_bytes()[..])
            .fetch_optional(self.readers())
            .await?;
        row.map(|row| read(&row)).transpose()
    }

    /// What is known of those of `nodes` that the realm has.
    pub async fn node_facts(
        &self,
        realm: &RealmId,
        nodes: &[NodeKey],
    ) -> Result<HashMap<NodeKey, NodeFacts>, StoreError> {
        let realm = realm.to_string();
        let mut connection = self.readers().acquire().await?;
        let mut facts = HashMap::with_capacity(nodes.len());
        for node in nodes {
            let query = sqlx::query(FACTS).bind(&realm).bind(&node.as_bytes()[..]);
            if let Some(row) = query.fetch_optional(&mut *connection).await? {
                facts.insert(key(&row, "key")?, read_facts(&row)?);
            }
        }
        Ok(facts)
    }

    /// The children of those of `nodes` that are stored for any realm: what a search goes over.
    pub async fn children_of(
        &self,
        nodes: &[NodeKey],
    ) -> Result<HashMap<NodeKey, Vec<NodeKey>>, StoreError> {
        let mut connection = self.readers().acquire().await?;
        let mut children = HashMap::with_capacity(nodes.len());
        for node in nodes {
            let query = sqlx::query(CHILDREN).bind(&node.as_bytes()[..]);
            if let Some(row) = query.fetch_optional(&mut *connection).await? {
                children.insert(*node, maybe_keys(&row, "children")?.unwrap_or_default());
            }
        }
        Ok(children)
    }

    /// Those of `nodes` that the ticket has uploaded.
    pub async fn uploaded(
        &self,
        ticket: &TicketId,
        nodes: &[NodeKey],
    ) -> Result<HashSet<NodeKey>, StoreError> {
        let ticket = ticket.to_string();
        let mut connection = self.readers().acquire().await?;
        let mut uploaded = HashSet::new();
        for node in nodes {
            let query = sqlx::query(UPLOADED).bind(&ticket).bind(&node.as_bytes()[..]);
            if query.fetch_optional(&mut *connection).await?.is_some() {
                uploaded.insert(*node);
            }
        }
        Ok(uploaded)
    }

    /// How much the realm holds; zeros when it never held anything.
    pub async fn usage(&self, realm: &RealmId) -> Result<Usage, StoreError> {
        let row = sqlx::query(USAGE).bind(realm.to_string()).fetch_optional(self.readers()).await?;
        let Some(row) = row else {
            return Ok(Usage { physical: 0, logical: 0, nodes: 0, updated_at: Timestamp(0) });
        };
        Ok(Usage {
            physical: unsigned(&row, "physical")?,
            logical: unsigned(&row, "logical")?,
            nodes: unsigned(&row, "nodes")?,
            updated_at: Timestamp(row.try_get("updated_at")?),
        })
    }

    /// Remembers that a node's bytes are damaged: they are not served, and the next upload rewrites them.
    pub async fn mark_bad(&self, node: NodeKey) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(MARK_BAD).bind(&node.as_bytes()[..]).execute(connection).await?;
                Ok(())
            })
        })
        .await
    }
}

fn read(row: &SqliteRow) -> Result<NodeRow, StoreError> {
    Ok(NodeRow {
        key: key(row, "key")?,
        kind: kind(row)?,
        size: unsigned(row, "size")?,
        own_bytes: unsigned(row, "own_bytes")?,
        content_bytes: unsigned(row, "content_bytes")?,
        children: maybe_keys(row, "children")?.unwrap_or_default(),
        content_type: row.try_get("content_type")?,
        bytes: maybe_bytes(row, "bytes")?,
        is_bad: row.try_get("is_bad")?,
    })
}

fn read_facts(row: &SqliteRow) -> Result<NodeFacts, StoreError> {
    Ok(NodeFacts {
        kind: kind(row)?,
        content_bytes: unsigned(row, "content_bytes")?,
        content_type: row.try_get("content_type")?,
    })
}

fn kind(row: &SqliteRow) -> Result<u8, StoreError> {
    u8::try_from(unsigned(row, "kind")?).map_err(|_| StoreError::BadRow { column: "kind" })
}
