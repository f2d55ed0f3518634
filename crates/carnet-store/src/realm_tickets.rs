//! Task tickets: a row each, and the few transitions there are.

use carnet_gate::{Entry, Selector};
use carnet_ticket::realm::{NodeKey, RealmId, TicketId};
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::error::StoreError;
use crate::open::Store;
use crate::revocations;
use crate::row::{
    join_keys, maybe_key, maybe_keys, maybe_moment, maybe_unsigned, moment, parsed, signed, text,
    unsigned,
};
use crate::sql;

const INSERT: &str = "INSERT INTO realm_tickets (id, realm, issuer, purpose, input, writable, quota, used, accept, \
    output, revoked_at, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, NULL, NULL, ?9, ?10)";
/// The issuer of a ticket is live unless it is a stored credential that is gone; that its time is over does not
/// matter.
macro_rules! is_issuer_live {
    () => {
        "CASE substr(t.issuer, 1, instr(t.issuer, ':')) \
         WHEN 'key:' THEN t.issuer IN ('key:api', 'key:admin') \
           OR EXISTS (SELECT 1 FROM api_keys k WHERE k.id = t.issuer) \
         WHEN 'token:' THEN EXISTS (SELECT 1 FROM realm_tokens k WHERE k.id = t.issuer) \
         WHEN 'client:' THEN EXISTS \
           (SELECT 1 FROM realm_clients k WHERE k.id = t.issuer AND k.created_at <= t.created_at) \
         ELSE TRUE END AS is_issuer_live"
    };
}
const SELECT: &str =
    concat!("SELECT t.*, ", is_issuer_live!(), " FROM realm_tickets t WHERE t.id = ?1");
const LIST: &str = concat!(
    "SELECT t.*, ",
    is_issuer_live!(),
    " FROM realm_tickets t WHERE t.realm = ?1 AND t.seq < ?2 \
      AND (?3 IS NULL OR (t.output IS NOT NULL) = ?3) AND (?4 IS NULL OR (t.revoked_at IS NOT NULL) = ?4) \
      ORDER BY t.seq DESC LIMIT ?5"
);
const COMMIT: &str =
    "UPDATE realm_tickets SET output = ?2 WHERE id = ?1 AND output IS NULL AND revoked_at IS NULL";
const TOUCH: &str = "UPDATE realm_nodes SET touched_at = ?3 WHERE realm = ?1 AND key = ?2";
const REVOKE: &str =
    "UPDATE realm_tickets SET revoked_at = ?2 WHERE id = ?1 AND revoked_at IS NULL";
const DELETE: &str = "DELETE FROM realm_tickets WHERE id = ?1 AND realm = ?2";
const DELETE_UPLOADS: &str = "DELETE FROM realm_uploads WHERE ticket = ?1";

/// A ticket to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTicket {
    /// Its id.
    pub id: TicketId,
    /// The realm.
    pub realm: RealmId,
    /// Who made it: `user:…`, `key:…`.
    pub issuer: String,
    /// What it is for, in somebody's words.
    pub purpose: Option<String>,
    /// What it may read; none for the whole realm.
    pub input: Option<Vec<NodeKey>>,
    /// Whether it may write.
    pub writable: bool,
    /// The most bytes it may upload.
    pub quota: Option<u64>,
    /// The content types it may upload; empty for all.
    pub accept: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The last moment at which it counts.
    pub expires_at: Timestamp,
}

/// A ticket as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketRow {
    /// Its number, by which lists are ordered.
    pub seq: u64,
    /// As it was made.
    pub ticket: NewTicket,
    /// The bytes it has uploaded.
    pub used: u64,
    /// Its result.
    pub output: Option<NodeKey>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Whether what issued it still counts.
    pub is_issuer_live: bool,
}

/// What has become of a ticket, from its output and whether it was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketStatus {
    /// No output yet.
    Issued,
    /// It has its output.
    Committed,
    /// Revoked without output.
    Revoked,
    /// Revoked with output, which stays.
    Archived,
}

/// Why a ticket may not write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketEnd {
    /// There is no such ticket.
    Unknown,
    /// It was revoked, with or without output.
    Revoked,
    /// It has its output.
    Committed(NodeKey),
    /// Its time is over.
    Expired,
    /// What issued it was withdrawn.
    Issuer,
    /// It never might.
    ReadOnly,
}

/// Why a ticket was not committed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CommitError {
    /// It may not write.
    #[error("the ticket may not commit")]
    Ticket(TicketEnd),
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

impl TicketStatus {
    /// The name in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Committed => "committed",
            Self::Revoked => "revoked",
            Self::Archived => "archived",
        }
    }

    /// The status of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Issued, Self::Committed, Self::Revoked, Self::Archived]
            .into_iter()
            .find(|status| status.as_str() == name)
    }

    /// Whether there is an output, and whether it was revoked.
    const fn facts(self) -> (bool, bool) {
        match self {
            Self::Issued => (false, false),
            Self::Committed => (true, false),
            Self::Revoked => (false, true),
            Self::Archived => (true, true),
        }
    }
}

impl TicketRow {
    /// What has become of it.
    pub const fn status(&self) -> TicketStatus {
        match (self.output.is_some(), self.revoked_at.is_some()) {
            (false, false) => TicketStatus::Issued,
            (true, false) => TicketStatus::Committed,
            (false, true) => TicketStatus::Revoked,
            (true, true) => TicketStatus::Archived,
        }
    }

    /// Whether nothing has ended it.
    pub fn is_live_at(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now <= self.ticket.expires_at && self.is_issuer_live
    }

    /// Why it may not write at `now`, if it may not.
    fn write_end(&self, now: Timestamp) -> Option<TicketEnd> {
        if self.revoked_at.is_some() {
            return Some(TicketEnd::Revoked);
        }
        if now > self.ticket.expires_at {
            return Some(TicketEnd::Expired);
        }
        if !self.is_issuer_live {
            return Some(TicketEnd::Issuer);
        }
        if !self.ticket.writable {
            return Some(TicketEnd::ReadOnly);
        }
        self.output.map(TicketEnd::Committed)
    }
}

impl Store {
    /// Stores a ticket.
    pub async fn insert_ticket(&self, ticket: NewTicket) -> Result<(), StoreError> {
        self.write(move |connection| {
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
            ];
            sql::execute(connection, INSERT, row)?;
            Ok(())
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
            sql::all(connection, LIST, params![realm, before, has_output, is_revoked, limit], read)
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
            Ok(set_output(connection, &row, output, now)?)
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
            if !mark_revoked(connection, &id, now)? {
                return Err(RevokeTicketError::AlreadyRevoked);
            }
            let entry = end(connection, &row.ticket, now)?;
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
        None => Ok(Writable {
            id: *id,
            realm: row.ticket.realm,
            quota: row.ticket.quota,
            used: row.used,
        }),
    })
}

/// A ticket that may write.
pub(crate) struct Writable {
    pub(crate) id: TicketId,
    pub(crate) realm: RealmId,
    pub(crate) quota: Option<u64>,
    pub(crate) used: u64,
}

fn set_output(
    connection: &Connection,
    ticket: &Writable,
    output: NodeKey,
    now: Timestamp,
) -> Result<(), StoreError> {
    let key = output.as_bytes();
    sql::execute(connection, COMMIT, params![ticket.id.to_string(), key])?;
    sql::execute(connection, TOUCH, params![ticket.realm.to_string(), key, now.0])?;
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

/// Records that a ticket is over. The record may go when the ticket would have ended by itself.
fn end(connection: &Connection, ticket: &NewTicket, now: Timestamp) -> Result<Entry, StoreError> {
    let selector = Selector::RealmTicket(ticket.id);
    let revoked = revocations::record(connection, selector, None, Some(ticket.expires_at), now)?;
    Ok(revoked.row.entry)
}

fn select(connection: &Connection, id: &TicketId) -> Result<Option<TicketRow>, StoreError> {
    sql::one(connection, SELECT, [id.to_string()], read)
}

fn read(row: &Row<'_>) -> Result<TicketRow, StoreError> {
    let accept = serde_json::from_str(text(row, "accept")?);
    let ticket = NewTicket {
        id: parsed(row, "id")?,
        realm: parsed(row, "realm")?,
        issuer: row.get("issuer")?,
        purpose: row.get("purpose")?,
        input: maybe_keys(row, "input")?,
        writable: row.get("writable")?,
        quota: maybe_unsigned(row, "quota")?,
        accept: accept.map_err(|_| StoreError::BadRow { column: "accept" })?,
        created_at: moment(row, "created_at")?,
        expires_at: moment(row, "expires_at")?,
    };
    Ok(TicketRow {
        seq: unsigned(row, "seq")?,
        ticket,
        used: unsigned(row, "used")?,
        output: maybe_key(row, "output")?,
        revoked_at: maybe_moment(row, "revoked_at")?,
        is_issuer_live: row.get("is_issuer_live")?,
    })
}
