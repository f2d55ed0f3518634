//! Storing nodes: quotas, rows and bytes in one transaction.

use std::collections::HashSet;

use bytes::Bytes;
use carnet_ticket::realm::{NodeKey, RealmId, TicketId};
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, params};

use crate::error::StoreError;
use crate::open::Store;
use crate::realm_tickets::{self, TicketEnd};
use crate::realm_users;
use crate::row::{join_keys, signed, unsigned};
use crate::sql;

const TOUCH: &str = "UPDATE realm_nodes SET touched_at = ?3 WHERE realm = ?1 AND key = ?2";
const HAS: &str = "SELECT 1 FROM realm_nodes WHERE realm = ?1 AND key = ?2";
const HAS_UPLOAD: &str = "SELECT 1 FROM realm_uploads WHERE ticket = ?1 AND key = ?2";
const INSERT_UPLOAD: &str = "INSERT INTO realm_uploads (ticket, key, bytes) VALUES (?1, ?2, ?3)";
const USE_QUOTA: &str = "UPDATE realm_tickets SET used = used + ?2 WHERE id = ?1";
const INSERT_NODE: &str = "INSERT INTO realm_nodes (realm, key, first_by, created_at, touched_at) \
    VALUES (?1, ?2, ?3, ?4, ?4)";
const ADD_USAGE: &str = "INSERT INTO realm_usage (realm, physical, logical, nodes, updated_at) \
    VALUES (?1, ?2, ?3, 1, ?4) ON CONFLICT (realm) DO UPDATE SET physical = realm_usage.physical + ?2, \
    logical = realm_usage.logical + ?3, nodes = realm_usage.nodes + 1, updated_at = ?4";
const ADD_BLOB: &str = "INSERT INTO blobs \
    (key, kind, size, own_bytes, content_bytes, children, content_type, bytes, refs, is_bad) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1, 0) ON CONFLICT (key) DO UPDATE SET refs = blobs.refs + 1, \
    bytes = CASE WHEN blobs.is_bad <> 0 THEN excluded.bytes ELSE blobs.bytes END, is_bad = 0";
const REPAIR_BLOB: &str = "UPDATE blobs SET bytes = ?2, is_bad = 0 WHERE key = ?1 AND is_bad <> 0";
const PHYSICAL: &str = "SELECT physical FROM realm_usage WHERE realm = ?1";
const RESERVED_BY_TICKET: &str = "SELECT COALESCE(SUM(bytes), 0) AS bytes FROM (SELECT DISTINCT key, bytes \
    FROM realm_reservations WHERE ticket = ?1 AND key <> ?2 AND deadline > ?3) AS reserved";
const RESERVED_IN_REALM: &str = "SELECT COALESCE(SUM(bytes), 0) AS bytes FROM (SELECT DISTINCT key, bytes \
    FROM realm_reservations WHERE realm = ?1 AND key <> ?2 AND deadline > ?3) AS reserved";
const RESERVE: &str = "INSERT INTO realm_reservations (id, realm, ticket, key, bytes, deadline) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const RELEASE: &str = "DELETE FROM realm_reservations WHERE id = ?1";
const SWEEP: &str = "DELETE FROM realm_reservations WHERE deadline <= ?1";

/// A node to be stored, as it was found to be.
#[derive(Debug, Clone)]
pub struct PutNode {
    /// The realm.
    pub realm: RealmId,
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
    /// Who stores it.
    pub by: String,
    /// The ticket it is stored under: its quota bounds it, and those of everything above it.
    pub ticket: Option<TicketId>,
    /// The most bytes the realm may hold.
    pub realm_quota: Option<u64>,
    /// The reservation that this uses up.
    pub reservation: Option<String>,
}

/// What storing a node did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Put {
    /// Whether the realm did not have it before.
    pub is_new: bool,
}

/// Bytes that do not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// The most.
    pub limit: u64,
    /// What is used and reserved.
    pub used: u64,
    /// What was asked for.
    pub requested: u64,
}

/// Why a node was not stored.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum PutError {
    /// Its ticket may not write any more.
    #[error("the ticket has ended")]
    Ticket(TicketEnd),
    /// The realm does not have these children of it, in the order of the node.
    #[error("{} children are missing", .0.len())]
    MissingChildren(Vec<NodeKey>),
    /// It does not fit into the ticket's quota, or the realm's.
    #[error("{} bytes do not fit: {} of {} are used", .0.requested, .0.used, .0.limit)]
    Quota(Quota),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Stores a node, all or nothing: its ticket may still write, its children are there, quotas hold.
    pub async fn put_node(&self, node: PutNode, now: Timestamp) -> Result<Put, PutError> {
        self.write(move |connection| put(connection, &node, now)).await
    }

    /// Sets space aside for a node whose bytes are stored elsewhere first, until `deadline`. The same is
    /// checked as by [`Store::put_node`], which then uses up the reservation `id`.
    pub async fn reserve(
        &self,
        id: String,
        node: PutNode,
        deadline: Timestamp,
        now: Timestamp,
    ) -> Result<(), PutError> {
        self.write(move |connection| {
            let additions = check(connection, &node, now)?;
            let (key, size) = (node.key.as_bytes(), signed(node.size));
            // What the realm has already takes no room there.
            let realm = if additions.to_realm { node.realm.to_string() } else { String::new() };
            // What is new to no ticket may still be to the realm.
            let tickets = additions.to_tickets.iter().map(Some);
            let only_realm = additions.to_realm && additions.to_tickets.is_empty();
            for ticket in tickets.chain(only_realm.then_some(None)) {
                let ticket = ticket.map(TicketId::to_string);
                let row = params![id, realm, ticket, key, size, deadline.0];
                sql::execute(connection, RESERVE, row)?;
            }
            Ok(())
        })
        .await
    }

    /// Gives back what was set aside.
    pub async fn release(&self, id: String) -> Result<(), StoreError> {
        self.write(move |connection| sql::execute(connection, RELEASE, [id])).await?;
        Ok(())
    }

    /// Gives back what was set aside until now at the latest; how many rows that were.
    pub async fn sweep_reservations(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.write(move |connection| sql::execute(connection, SWEEP, [now.0])).await
    }
}

/// What a node would add to.
struct Additions {
    to_realm: bool,
    /// The ticket and those above it, as far as it was not uploaded under them before.
    to_tickets: Vec<TicketId>,
}

fn put(connection: &Connection, node: &PutNode, now: Timestamp) -> Result<Put, PutError> {
    if let Some(reservation) = &node.reservation {
        sql::execute(connection, RELEASE, [reservation])?;
    }
    let additions = check(connection, node, now)?;
    let (realm, key, size) = (node.realm.to_string(), node.key.as_bytes(), signed(node.size));
    let mut touched = HashSet::new();
    for child in node.children.iter().filter(|child| touched.insert(**child)) {
        sql::execute(connection, TOUCH, params![realm, child.as_bytes(), now.0])?;
    }
    for ticket in &additions.to_tickets {
        let ticket = ticket.to_string();
        sql::execute(connection, INSERT_UPLOAD, params![ticket, key, size])?;
        sql::execute(connection, USE_QUOTA, params![ticket, size])?;
    }
    if additions.to_realm {
        insert(connection, node, &realm, now)?;
    } else {
        sql::execute(connection, TOUCH, params![realm, key, now.0])?;
        sql::execute(connection, REPAIR_BLOB, params![key, node.bytes.as_deref()])?;
    }
    Ok(Put { is_new: additions.to_realm })
}

fn insert(
    connection: &Connection,
    node: &PutNode,
    realm: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (key, size, own_bytes) = (node.key.as_bytes(), signed(node.size), signed(node.own_bytes));
    sql::execute(connection, INSERT_NODE, params![realm, key, node.by, now.0])?;
    sql::execute(connection, ADD_USAGE, params![realm, size, own_bytes, now.0])?;
    let blob = params![
        key,
        node.kind,
        size,
        own_bytes,
        signed(node.content_bytes),
        join_keys(&node.children),
        node.content_type,
        node.bytes.as_deref(),
    ];
    sql::execute(connection, ADD_BLOB, blob)?;
    Ok(())
}

/// Whether the node may be stored now, and what it would add.
fn check(connection: &Connection, node: &PutNode, now: Timestamp) -> Result<Additions, PutError> {
    let (realm, key) = (node.realm.to_string(), node.key.as_bytes());
    let ticket = match &node.ticket {
        Some(id) => Some(realm_tickets::writable(connection, id, now)?.map_err(PutError::Ticket)?),
        None => None,
    };
    let missing = missing_children(connection, node, &realm)?;
    if !missing.is_empty() {
        return Err(PutError::MissingChildren(missing));
    }
    let mut additions = Additions { to_realm: true, to_tickets: Vec::new() };
    for budget in ticket.iter().flat_map(|ticket| &ticket.chain) {
        let id = budget.id.to_string();
        if sql::exists(connection, HAS_UPLOAD, params![id, key])? {
            continue;
        }
        if let Some(limit) = budget.quota {
            let reserved = reserved(connection, RESERVED_BY_TICKET, &id, key, now)?;
            fits(limit, budget.used.saturating_add(reserved), node.size)?;
        }
        additions.to_tickets.push(budget.id);
    }
    additions.to_realm = !sql::exists(connection, HAS, params![realm, key])?;
    if let (true, Some(limit)) = (additions.to_realm, quota(connection, node, &realm)?) {
        let physical = sql::one(connection, PHYSICAL, [&realm], |row| unsigned(row, "physical"))?;
        let reserved = reserved(connection, RESERVED_IN_REALM, &realm, key, now)?;
        fits(limit, physical.unwrap_or(0).saturating_add(reserved), node.size)?;
    }
    Ok(additions)
}

/// The most bytes that the realm may hold: its own limit, else that of all.
fn quota(connection: &Connection, node: &PutNode, realm: &str) -> Result<Option<u64>, StoreError> {
    let own = realm_users::quota_limit(connection, realm)?;
    Ok(own.or(node.realm_quota).filter(|limit| *limit > 0))
}

fn missing_children(
    connection: &Connection,
    node: &PutNode,
    realm: &str,
) -> Result<Vec<NodeKey>, StoreError> {
    let (mut missing, mut seen) = (Vec::new(), HashSet::new());
    for child in node.children.iter().filter(|child| **child != NodeKey::EMPTY_DICT) {
        if seen.insert(child) && !sql::exists(connection, HAS, params![realm, child.as_bytes()])? {
            missing.push(*child);
        }
    }
    Ok(missing)
}

/// What others have set aside; an upload of the same node is counted once.
fn reserved(
    connection: &Connection,
    statement: &str,
    owner: &str,
    key: &[u8; 16],
    now: Timestamp,
) -> Result<u64, StoreError> {
    let bytes =
        sql::one(connection, statement, params![owner, key, now.0], |row| unsigned(row, "bytes"));
    Ok(bytes?.unwrap_or(0))
}

fn fits(limit: u64, used: u64, requested: u64) -> Result<(), PutError> {
    if used.saturating_add(requested) <= limit {
        Ok(())
    } else {
        Err(PutError::Quota(Quota { limit, used, requested }))
    }
}
