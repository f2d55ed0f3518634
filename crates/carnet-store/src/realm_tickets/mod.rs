//! Task tickets: a row each, and the few transitions there are.

mod row;

pub use row::{Ancestor, NewTicket, TicketEnd, TicketRow, TicketStatus};

use carnet_gate::{Entry, Selector};
use carnet_ticket::realm::{NodeKey, RealmId, TicketId};
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, params};

use crate::error::StoreError;
use crate::open::Store;
use crate::revocations;
use crate::row::{join_keys, key, signed};
use crate::sql;
use row::{read, read_ancestor};

const INSERT: &str = "INSERT INTO realm_tickets (id, realm, issuer, purpose, input, writable, quota, used, accept, \
    output, revoked_at, created_at, expires_at, parent, depth, delegable) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, NULL, NULL, ?9, ?10, ?11, ?12, ?13)";
/// Whether an API key is there, or the id is none of one.
macro_rules! is_key_there {
    ($id:literal) => {
        concat!(
            "(",
            $id,
            " NOT LIKE 'key:%' OR ",
            $id,
            " IN ('key:api', 'key:admin') \
            OR EXISTS (SELECT 1 FROM api_keys a WHERE a.id = ",
            $id,
            "))"
        )
    };
}
/// The issuer of a ticket is live unless it is a stored credential that is gone, or one of an owner that is; that
/// its time is over does not matter.
macro_rules! issuer {
    () => {
        concat!(
            "CASE substr(t.issuer, 1, instr(t.issuer, ':')) \
             WHEN 'token:' THEN EXISTS \
               (SELECT 1 FROM realm_tokens k WHERE k.id = t.issuer AND ",
            is_key_there!("k.owner"),
            ") \
             WHEN 'client:' THEN EXISTS (SELECT 1 FROM realm_clients k WHERE k.id = t.issuer \
               AND k.created_at <= t.created_at AND ",
            is_key_there!("k.owner"),
            ") \
             ELSE ",
            is_key_there!("t.issuer"),
            " END AS is_issuer_live, \
             CASE substr(t.issuer, 1, instr(t.issuer, ':')) \
             WHEN 'token:' THEN (SELECT owner FROM realm_tokens k WHERE k.id = t.issuer) \
             WHEN 'client:' THEN (SELECT owner FROM realm_clients k WHERE k.id = t.issuer) \
             END AS issuer_owner"
        )
    };
}
const SELECT: &str = concat!("SELECT t.*, ", issuer!(), " FROM realm_tickets t WHERE t.id = ?1");
const LIST: &str = concat!(
    "SELECT t.*, ",
    issuer!(),
    " FROM realm_tickets t WHERE t.realm = ?1 AND t.seq < ?2 \
      AND (?3 IS NULL OR (t.output IS NOT NULL) = ?3) AND (?4 IS NULL OR (t.revoked_at IS NOT NULL) = ?4) \
      ORDER BY t.seq DESC LIMIT ?5"
);
const LIVE: &str = concat!(
    "SELECT t.*, ",
    issuer!(),
    " FROM realm_tickets t WHERE t.seq > ?1 AND t.revoked_at IS NULL AND t.expires_at >= ?2 \
      AND (?3 IS NULL OR t.issuer = ?3) ORDER BY t.seq LIMIT ?4"
);
/// What stands above a ticket, nearest first.
const ABOVE: &str = "WITH RECURSIVE above AS (SELECT t.*, 1 AS step FROM realm_tickets t WHERE t.id = ?1 \
    UNION ALL SELECT t.*, above.step + 1 FROM realm_tickets t JOIN above ON t.id = above.parent) \
    SELECT id, quota, used, output IS NOT NULL AS has_output, revoked_at IS NOT NULL AS is_revoked, expires_at \
    FROM above ORDER BY step";
/// The results of everything below a ticket.
const OUTPUTS_BELOW: &str = "WITH RECURSIVE below AS (SELECT id, output FROM realm_tickets WHERE parent = ?1 \
    UNION ALL SELECT t.id, t.output FROM realm_tickets t JOIN below ON t.parent = below.id) \
    SELECT output FROM below WHERE output IS NOT NULL";
const COMMIT: &str =
    "UPDATE realm_tickets SET output = ?2 WHERE id = ?1 AND output IS NULL AND revoked_at IS NULL";
const TOUCH: &str = "UPDATE realm_nodes SET touched_at = ?3 WHERE realm = ?1 AND key = ?2";
const REVOKE: &str =
    "UPDATE realm_tickets SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
const DELETE: &str = "DELETE FROM realm_tickets WHERE id = ?1 AND realm = ?2";
const DELETE_UPLOADS: &str = "DELETE FROM realm_uploads WHERE ticket = ?1";

/// Why a child was not stored.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum InsertChildError {
    /// Its parent has ended.
    #[error("the parent has ended")]
    Parent(TicketEnd),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a ticket was not committed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// It may not write.
    #[error("the ticket may not commit")]
    Ticket(TicketEnd),
    /// The realm does not have the output.
    #[error("the realm does not have the output")]
    MissingOutput,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a ticket was not revoked.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RevokeTicketError {
    /// There is no such ticket.
    #[error("there is no such ticket")]
    Unknown,
    /// It is revoked already.
    #[error("the ticket is revoked already")]
    AlreadyRevoked,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Stores a ticket that rests on no other. What it reads is touched.
    pub async fn insert_ticket(&self, ticket: NewTicket) -> Result<(), StoreError> {
        self.write(move |connection| insert(connection, &ticket)).await
    }

    /// Stores a ticket, if what it rests on still counts. What it reads is touched.
    pub async fn insert_child(
        &self,
        child: NewTicket,
        now: Timestamp,
    ) -> Result<(), InsertChildError> {
        self.write(move |connection| {
            if let Some(parent) = &child.parent {
                let row = select(connection, parent)?;
                let end = row.map_or(Some(TicketEnd::Unknown), |row| row.end_at(now));
                end.map_or(Ok(()), |end| Err(InsertChildError::Parent(end)))?;
            }
            Ok(insert(connection, &child)?)
        })
        .await
    }

    /// The ticket with this id, whatever has become of it.
    pub async fn ticket(&self, id: &TicketId) -> Result<Option<TicketRow>, StoreError> {
        let id = *id;
        self.look_up(move |connection| select(connection, &id)).await
    }

    /// At most `limit` tickets of a realm, newest first, before number `before`, of one status or all.
    pub async fn list_tickets(
        &self,
        realm: &RealmId,
        status: Option<TicketStatus>,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<TicketRow>, StoreError> {
        let (has_output, is_revoked) = status.map(TicketStatus::facts).unzip();
        let realm = realm.to_string();
        self.read(move |connection| {
            let before = before.map_or(i64::MAX, signed);
            let page = params![realm, before, has_output, is_revoked, limit];
            let rows = sql::all(connection, LIST, page, read)?;
            rows.into_iter().map(|row| with_ancestors(connection, row)).collect()
        })
        .await
    }

    /// At most `limit` tickets of all realms after number `after`, oldest first, that were not revoked and have not
    /// expired; of one issuer or all.
    pub async fn live_tickets(
        &self,
        issuer: Option<&str>,
        after: u64,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<TicketRow>, StoreError> {
        let issuer = issuer.map(str::to_owned);
        self.read(move |connection| {
            let page = params![signed(after), now.0, issuer, limit];
            let rows = sql::all(connection, LIVE, page, read)?;
            rows.into_iter().map(|row| with_ancestors(connection, row)).collect()
        })
        .await
    }

    /// The results of everything below a ticket.
    pub async fn outputs_below(&self, id: &TicketId) -> Result<Vec<NodeKey>, StoreError> {
        let id = id.to_string();
        self.read(move |connection| {
            sql::all(connection, OUTPUTS_BELOW, [id], |row| key(row, "output"))
        })
        .await
    }

    /// Gives a ticket its output, once. The output is touched.
    pub async fn commit_ticket(
        &self,
        id: TicketId,
        output: NodeKey,
        now: Timestamp,
    ) -> Result<(), CommitError> {
        self.write(move |connection| {
            let row = writable(connection, &id, now)?.map_err(CommitError::Ticket)?;
            set_output(connection, &row, output, now)
        })
        .await
    }

    /// Revokes a ticket and records that as a revocation, in one transaction.
    pub async fn revoke_ticket(
        &self,
        id: TicketId,
        now: Timestamp,
    ) -> Result<(TicketRow, Entry), RevokeTicketError> {
        self.write(move |connection| {
            let row = select(connection, &id)?.ok_or(RevokeTicketError::Unknown)?;
            let entry = end_row(connection, &row, now)?;
            let entry = entry.ok_or(RevokeTicketError::AlreadyRevoked)?;
            Ok((TicketRow { revoked_at: Some(now), ..row }, entry))
        })
        .await
    }

    /// Deletes a ticket of `realm` with what it remembers, and records that as a revocation. None when there
    /// is no such ticket.
    pub async fn delete_ticket(
        &self,
        realm: RealmId,
        id: TicketId,
        now: Timestamp,
    ) -> Result<Option<Entry>, StoreError> {
        self.write_if(move |connection| delete(connection, &realm, &id, now), Option::is_some).await
    }
}

/// Stores a ticket. What it reads is touched.
pub(crate) fn insert(connection: &Connection, ticket: &NewTicket) -> Result<(), StoreError> {
    let row = params![
        ticket.id.to_string(),
        ticket.realm.to_string(),
        ticket.issuer,
        ticket.purpose,
        ticket.input.as_deref().map(join_keys),
        ticket.writable,
        ticket.quota.map(signed),
        serde_json::json!(ticket.accept).to_string(),
        ticket.created_at.0,
        ticket.expires_at.0,
        ticket.parent.map(|parent| parent.to_string()),
        ticket.depth,
        ticket.delegable,
    ];
    sql::execute(connection, INSERT, row)?;
    touch_input(connection, ticket)
}

/// What of the input is there already stays.
fn touch_input(connection: &Connection, ticket: &NewTicket) -> Result<(), StoreError> {
    let (realm, now) = (ticket.realm.to_string(), ticket.created_at.0);
    for key in ticket.input.iter().flatten() {
        sql::execute(connection, TOUCH, params![realm, key.as_bytes(), now])?;
    }
    Ok(())
}

fn delete(
    connection: &Connection,
    realm: &RealmId,
    id: &TicketId,
    now: Timestamp,
) -> Result<Option<Entry>, StoreError> {
    let row = select(connection, id)?.filter(|row| row.ticket.realm == *realm);
    let Some(row) = row else { return Ok(None) };
    sql::execute(connection, DELETE, params![id.to_string(), realm.to_string()])?;
    sql::execute(connection, DELETE_UPLOADS, [id.to_string()])?;
    Ok(Some(end(connection, &row.ticket, now)?))
}

/// The ticket, if it may write at `now`, else why not.
pub(crate) fn writable(
    connection: &Connection,
    id: &TicketId,
    now: Timestamp,
) -> Result<Result<Writable, TicketEnd>, StoreError> {
    let Some(row) = select(connection, id)? else { return Ok(Err(TicketEnd::Unknown)) };
    Ok(match row.write_end(now) {
        Some(end) => Err(end),
        None => {
            let own = Budget { id: *id, quota: row.ticket.quota, used: row.used };
            let above = row.ancestors.iter();
            let above =
                above.map(|above| Budget { id: above.id, quota: above.quota, used: above.used });
            let chain = std::iter::once(own).chain(above).collect();
            Ok(Writable { id: *id, realm: row.ticket.realm, chain })
        }
    })
}

/// A ticket that may write.
pub(crate) struct Writable {
    pub(crate) id: TicketId,
    pub(crate) realm: RealmId,
    /// What its uploads count against: itself, and everything above it.
    pub(crate) chain: Vec<Budget>,
}

/// What may be uploaded under a ticket.
pub(crate) struct Budget {
    pub(crate) id: TicketId,
    pub(crate) quota: Option<u64>,
    pub(crate) used: u64,
}

fn set_output(
    connection: &Connection,
    ticket: &Writable,
    output: NodeKey,
    now: Timestamp,
) -> Result<(), CommitError> {
    let key = output.as_bytes();
    let touched = sql::execute(connection, TOUCH, params![ticket.realm.to_string(), key, now.0])?;
    if touched == 0 && output != NodeKey::EMPTY_DICT {
        return Err(CommitError::MissingOutput);
    }
    sql::execute(connection, COMMIT, params![ticket.id.to_string(), key])?;
    Ok(())
}

/// Marks a ticket's row as revoked; whether it was not before.
pub(crate) fn mark_revoked(
    connection: &Connection,
    id: &TicketId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    Ok(sql::execute(connection, REVOKE, params![id.to_string(), now.0])? > 0)
}

/// The result of a ticket, if it has one.
pub(crate) fn output(
    connection: &Connection,
    id: &TicketId,
) -> Result<Option<NodeKey>, StoreError> {
    Ok(select(connection, id)?.and_then(|row| row.output))
}

/// Revokes a ticket, unless that has happened.
pub(crate) fn revoke(
    connection: &Connection,
    id: &TicketId,
    now: Timestamp,
) -> Result<(), StoreError> {
    if let Some(row) = select(connection, id)? {
        end_row(connection, &row, now)?;
    }
    Ok(())
}

/// Revokes a ticket and records it; nothing when that has happened.
fn end_row(
    connection: &Connection,
    row: &TicketRow,
    now: Timestamp,
) -> Result<Option<Entry>, StoreError> {
    let is_new = mark_revoked(connection, &row.ticket.id, now)?;
    is_new.then(|| end(connection, &row.ticket, now)).transpose()
}

/// Records that a ticket is over. The record may go when the ticket would have ended by itself.
fn end(connection: &Connection, ticket: &NewTicket, now: Timestamp) -> Result<Entry, StoreError> {
    let selector = Selector::RealmTicket(ticket.id);
    let revoked = revocations::record(connection, selector, None, Some(ticket.expires_at), now)?;
    Ok(revoked.row.entry)
}

fn select(connection: &Connection, id: &TicketId) -> Result<Option<TicketRow>, StoreError> {
    let row = sql::one(connection, SELECT, [id.to_string()], read)?;
    row.map(|row| with_ancestors(connection, row)).transpose()
}

/// A row with what stands above it.
fn with_ancestors(connection: &Connection, mut row: TicketRow) -> Result<TicketRow, StoreError> {
    if let Some(parent) = row.ticket.parent {
        row.ancestors = sql::all(connection, ABOVE, [parent.to_string()], read_ancestor)?;
    }
    Ok(row)
}
