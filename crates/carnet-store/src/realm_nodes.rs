//! Reading nodes: what a realm has, and what it knows of it without the bytes.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use carnet_ticket::realm::{NodeKey, RealmId, TicketId};
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::error::StoreError;
use crate::open::Store;
use crate::row::{key, maybe_bytes, maybe_keys, moment, unsigned};
use crate::sql;

const NODE: &str = "SELECT b.key, b.kind, b.size, b.own_bytes, b.content_bytes, b.children, b.content_type, \
    b.bytes, b.is_bad FROM realm_nodes n JOIN blobs b ON b.key = n.key WHERE n.realm = ?1 AND n.key = ?2";
const FACTS: &str = "SELECT b.key, b.kind, b.content_bytes, b.content_type \
    FROM realm_nodes n JOIN blobs b ON b.key = n.key WHERE n.realm = ?1 AND n.key = ?2";
const CHILDREN: &str = "SELECT b.children FROM realm_nodes n JOIN blobs b ON b.key = n.key \
    WHERE n.realm = ?1 AND n.key = ?2";
const UPLOADED: &str = "SELECT 1 FROM realm_uploads WHERE ticket = ?1 AND key = ?2";
const USAGE: &str = "SELECT physical, logical, nodes, updated_at FROM realm_usage WHERE realm = ?1";
const TOUCH: &str = "UPDATE realm_nodes SET touched_at = ?3 WHERE realm = ?1 AND key = ?2";
const IS_WHOLE: &str = "SELECT 1 FROM blobs WHERE key = ?1 AND is_bad = 0";
const MARK_BAD: &str = "UPDATE blobs SET is_bad = ?2 WHERE key = ?1";

/// Up to how many keys are looked up where the caller stands.
const FEW: usize = 32;

/// After how many children no further node's are read at once.
const CHILDREN_MAX: usize = 65_536;

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
        let realm = realm.to_string();
        self.look_up(move |connection| {
            sql::one(connection, NODE, params![realm, node.as_bytes()], read)
        })
        .await
    }

    /// What is known of those of `nodes` that the realm has.
    pub async fn node_facts(
        &self,
        realm: &RealmId,
        nodes: &[NodeKey],
    ) -> Result<HashMap<NodeKey, NodeFacts>, StoreError> {
        if nodes.is_empty() {
            return Ok(HashMap::new());
        }
        let (realm, nodes) = (realm.to_string(), nodes.iter().copied().collect::<HashSet<_>>());
        let few = nodes.len() <= FEW;
        let query = move |connection: &Connection| {
            let mut facts = HashMap::with_capacity(nodes.len());
            for node in nodes {
                let found =
                    sql::one(connection, FACTS, params![realm, node.as_bytes()], read_facts)?;
                facts.extend(found.map(|found| (node, found)));
            }
            Ok(facts)
        };
        if few { self.look_up(query).await } else { self.read(query).await }
    }

    /// The children of the first of `nodes`, in their order, until these are many: what a search goes over. None of a
    /// node that the realm does not have.
    pub async fn children_of(
        &self,
        realm: &RealmId,
        nodes: Vec<NodeKey>,
    ) -> Result<Vec<(NodeKey, Option<Vec<NodeKey>>)>, StoreError> {
        let realm = realm.to_string();
        self.read(move |connection| {
            let (mut found, mut count) = (Vec::with_capacity(nodes.len()), 0);
            for node in nodes {
                let children =
                    sql::one(connection, CHILDREN, params![realm, node.as_bytes()], |row| {
                        Ok(maybe_keys(row, "children")?.unwrap_or_default())
                    })?;
                count += children.as_ref().map_or(0, Vec::len);
                found.push((node, children));
                if count >= CHILDREN_MAX {
                    break;
                }
            }
            Ok(found)
        })
        .await
    }

    /// Those of `nodes` that the ticket has uploaded.
    pub async fn uploaded(
        &self,
        ticket: &TicketId,
        nodes: &[NodeKey],
    ) -> Result<HashSet<NodeKey>, StoreError> {
        if nodes.is_empty() {
            return Ok(HashSet::new());
        }
        let (ticket, nodes) = (ticket.to_string(), nodes.to_vec());
        let few = nodes.len() <= FEW;
        let query = move |connection: &Connection| {
            let mut uploaded = HashSet::new();
            for node in nodes {
                if sql::exists(connection, UPLOADED, params![ticket, node.as_bytes()])? {
                    uploaded.insert(node);
                }
            }
            Ok(uploaded)
        };
        if few { self.look_up(query).await } else { self.read(query).await }
    }

    /// Those of `nodes` that the realm has, which count as used from now on. One whose bytes are damaged is kept and
    /// not told: it has to be stored again.
    pub async fn touch(
        &self,
        realm: &RealmId,
        nodes: Vec<NodeKey>,
        now: Timestamp,
    ) -> Result<HashSet<NodeKey>, StoreError> {
        let realm = realm.to_string();
        self.write(move |connection| {
            let mut touched = HashSet::with_capacity(nodes.len());
            for node in &nodes {
                let touch = params![realm, node.as_bytes(), now.0];
                if sql::execute(connection, TOUCH, touch)? > 0
                    && sql::exists(connection, IS_WHOLE, [node.as_bytes()])?
                {
                    touched.insert(*node);
                }
            }
            Ok(touched)
        })
        .await
    }

    /// How much the realm holds; zeros when it never held anything.
    pub async fn usage(&self, realm: &RealmId) -> Result<Usage, StoreError> {
        let realm = realm.to_string();
        let found =
            self.look_up(move |connection| sql::one(connection, USAGE, [realm], read_usage));
        let none = Usage { physical: 0, logical: 0, nodes: 0, updated_at: Timestamp(0) };
        Ok(found.await?.unwrap_or(none))
    }

    /// Remembers whether a node's bytes are damaged: then they are not served, and the next upload rewrites them.
    pub async fn mark_bad(&self, node: NodeKey, is_bad: bool) -> Result<(), StoreError> {
        self.write(move |connection| {
            sql::execute(connection, MARK_BAD, params![node.as_bytes(), is_bad])
        })
        .await?;
        Ok(())
    }
}

/// Reads a row of `blobs`.
pub(crate) fn read(row: &Row<'_>) -> Result<NodeRow, StoreError> {
    Ok(NodeRow {
        key: key(row, "key")?,
        kind: kind(row)?,
        size: unsigned(row, "size")?,
        own_bytes: unsigned(row, "own_bytes")?,
        content_bytes: unsigned(row, "content_bytes")?,
        children: maybe_keys(row, "children")?.unwrap_or_default(),
        content_type: row.get("content_type")?,
        bytes: maybe_bytes(row, "bytes")?,
        is_bad: row.get("is_bad")?,
    })
}

fn read_facts(row: &Row<'_>) -> Result<NodeFacts, StoreError> {
    Ok(NodeFacts {
        kind: kind(row)?,
        content_bytes: unsigned(row, "content_bytes")?,
        content_type: row.get("content_type")?,
    })
}

fn read_usage(row: &Row<'_>) -> Result<Usage, StoreError> {
    Ok(Usage {
        physical: unsigned(row, "physical")?,
        logical: unsigned(row, "logical")?,
        nodes: unsigned(row, "nodes")?,
        updated_at: moment(row, "updated_at")?,
    })
}

fn kind(row: &Row<'_>) -> Result<u8, StoreError> {
    u8::try_from(unsigned(row, "kind")?).map_err(|_| StoreError::BadRow { column: "kind" })
}
