//! What removing and re-hashing nodes asks of the tables. What is to go is decided by who asks; whether it still
//! may go, inside the transaction.

use std::collections::HashSet;

use carnet_ticket::realm::{NodeKey, RealmId, TicketId};
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::error::StoreError;
use crate::open::Store;
use crate::realm_nodes::{self, NodeRow};
use crate::row::{key, moment, parsed, signed, unsigned};
use crate::sql;

const REALMS: &str = "SELECT realm FROM realm_usage ORDER BY realm";
const NODES: &str = "SELECT key, touched_at FROM realm_nodes WHERE realm = ?1 AND key > ?2 \
    ORDER BY key LIMIT ?3";
const UPLOADS: &str = "SELECT key FROM realm_uploads WHERE ticket = ?1";
const WEIGHT: &str = "SELECT size, refs FROM blobs WHERE key = ?1";
const IS_USED: &str =
    "SELECT 1 FROM realm_nodes WHERE realm = ?1 AND key = ?2 AND touched_at >= ?3";
const REMOVE: &str = "DELETE FROM realm_nodes WHERE realm = ?1 AND key = ?2";
const LOWER: &str = "UPDATE blobs SET refs = refs - 1 WHERE key = ?1 \
    RETURNING size, own_bytes, refs, bytes IS NULL AS is_outside";
const REMOVE_BLOB: &str = "DELETE FROM blobs WHERE key = ?1";
const LOWER_USAGE: &str = "UPDATE realm_usage SET physical = physical - ?2, logical = logical - ?3, \
    nodes = nodes - ?4, updated_at = ?5 WHERE realm = ?1";
/// Bytes outside the database are named by a row that has none, or by an upload that is under way.
const IS_NAMED: &str = "SELECT 1 FROM blobs WHERE key = ?1 AND bytes IS NULL \
    UNION ALL SELECT 1 FROM realm_reservations WHERE key = ?1";
const BAD: &str = "SELECT key FROM blobs WHERE is_bad <> 0 LIMIT ?1";
const BLOB: &str = "SELECT * FROM blobs WHERE key = ?1";
const BLOBS: &str = "SELECT * FROM blobs WHERE key > ?1 ORDER BY key LIMIT ?2";

/// What of a node counts when it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weight {
    /// Which node.
    pub key: NodeKey,
    /// All its bytes.
    pub size: u64,
    /// How many realms have it.
    pub realms: u64,
}

/// What became of nodes that were to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Swept {
    /// They are gone.
    Removed(Removed),
    /// All are still there, for these were used meanwhile.
    Used(Vec<NodeKey>),
}

/// What went with the nodes of a realm.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removed {
    /// How many nodes the realm has less.
    pub nodes: u64,
    /// Their bytes.
    pub bytes: u64,
    /// How many of them no other realm has.
    pub blobs: u64,
    /// Those of these whose bytes are outside the database.
    pub outside: Vec<NodeKey>,
}

impl Store {
    /// Every realm that ever held anything.
    pub async fn list_realms(&self) -> Result<Vec<RealmId>, StoreError> {
        self.read(|connection| sql::all(connection, REALMS, [], |row| parsed(row, "realm"))).await
    }

    /// At most `limit` nodes of a realm behind `after`, by their keys, and when each was last used.
    pub async fn list_nodes(
        &self,
        realm: &RealmId,
        after: Option<NodeKey>,
        limit: u32,
    ) -> Result<Vec<(NodeKey, Timestamp)>, StoreError> {
        let realm = realm.to_string();
        self.read(move |connection| {
            let read = |row: &Row<'_>| Ok((key(row, "key")?, moment(row, "touched_at")?));
            sql::all(connection, NODES, params![realm, behind(after.as_ref()), limit], read)
        })
        .await
    }

    /// What a ticket, or something below it, has uploaded.
    pub async fn uploads(&self, ticket: &TicketId) -> Result<Vec<NodeKey>, StoreError> {
        let ticket = ticket.to_string();
        self.read(move |connection| sql::all(connection, UPLOADS, [ticket], |row| key(row, "key")))
            .await
    }

    /// What would count if `nodes` went.
    pub async fn weights(&self, nodes: &[NodeKey]) -> Result<Vec<Weight>, StoreError> {
        let nodes = nodes.to_vec();
        self.read(move |connection| {
            let mut weights = Vec::with_capacity(nodes.len());
            for key in nodes {
                weights.extend(sql::one(connection, WEIGHT, [key.as_bytes()], |row| {
                    let (size, realms) = (unsigned(row, "size")?, unsigned(row, "refs")?);
                    Ok(Weight { key, size, realms })
                })?);
            }
            Ok(weights)
        })
        .await
    }

    /// Removes `nodes` from a realm, all of them or, if any was used at `since` or later, none. A node has to come
    /// together with everything that names it, or after it.
    pub async fn sweep_nodes(
        &self,
        realm: RealmId,
        nodes: Vec<NodeKey>,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Swept, StoreError> {
        self.write(move |connection| {
            let realm = realm.to_string();
            let mut used = Vec::new();
            for node in &nodes {
                if sql::exists(connection, IS_USED, params![realm, node.as_bytes(), since.0])? {
                    used.push(*node);
                }
            }
            if !used.is_empty() {
                return Ok(Swept::Used(used));
            }
            Ok(Swept::Removed(remove(connection, &realm, &nodes, now)?))
        })
        .await
    }

    /// Those of `blobs` outside the database that nothing names.
    pub async fn unnamed_blobs(&self, blobs: Vec<NodeKey>) -> Result<Vec<NodeKey>, StoreError> {
        self.read(move |connection| {
            let mut unnamed = Vec::new();
            for blob in blobs {
                if !sql::exists(connection, IS_NAMED, [blob.as_bytes()])? {
                    unnamed.push(blob);
                }
            }
            Ok(unnamed)
        })
        .await
    }

    /// At most `limit` of the nodes that were found damaged.
    pub async fn bad_nodes(&self, limit: u32) -> Result<HashSet<NodeKey>, StoreError> {
        let bad = self
            .look_up(move |connection| sql::all(connection, BAD, [limit], |row| key(row, "key")));
        Ok(bad.await?.into_iter().collect())
    }

    /// A node that any realm has.
    pub async fn blob(&self, node: NodeKey) -> Result<Option<NodeRow>, StoreError> {
        self.read(move |connection| {
            sql::one(connection, BLOB, [node.as_bytes()], realm_nodes::read)
        })
        .await
    }

    /// At most `limit` nodes that any realm has, behind `after`, by their keys.
    pub async fn list_blobs(
        &self,
        after: Option<NodeKey>,
        limit: u32,
    ) -> Result<Vec<NodeRow>, StoreError> {
        self.read(move |connection| {
            let page = params![behind(after.as_ref()), limit];
            sql::all(connection, BLOBS, page, realm_nodes::read)
        })
        .await
    }
}

/// Where a page begins: every key is longer than no bytes at all.
fn behind(after: Option<&NodeKey>) -> &[u8] {
    after.map_or(&[], |after| after.as_bytes())
}

fn remove(
    connection: &Connection,
    realm: &str,
    nodes: &[NodeKey],
    now: Timestamp,
) -> Result<Removed, StoreError> {
    let (mut removed, mut logical) = (Removed::default(), 0);
    for node in nodes {
        if sql::execute(connection, REMOVE, params![realm, node.as_bytes()])? == 0 {
            continue;
        }
        let lowered = sql::one(connection, LOWER, [node.as_bytes()], |row| {
            removed.nodes += 1;
            removed.bytes += unsigned(row, "size")?;
            logical += unsigned(row, "own_bytes")?;
            Ok((unsigned(row, "refs")?, row.get("is_outside")?))
        })?;
        let Some((0, is_outside)) = lowered else { continue };
        sql::execute(connection, REMOVE_BLOB, [node.as_bytes()])?;
        removed.blobs += 1;
        removed.outside.extend(Some(*node).filter(|_| is_outside));
    }
    let (physical, nodes) = (signed(removed.bytes), signed(removed.nodes));
    sql::execute(connection, LOWER_USAGE, params![realm, physical, signed(logical), nodes, now.0])?;
    Ok(removed)
}
