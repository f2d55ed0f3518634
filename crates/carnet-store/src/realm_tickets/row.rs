//! A ticket's row, and what it says of what stands above it.

use carnet_ticket::realm::{NodeKey, RealmId, TicketId};
use carnet_ticket::time::Timestamp;
use rusqlite::Row;

use crate::error::StoreError;
use crate::row::{
    maybe_key, maybe_keys, maybe_moment, maybe_parsed, maybe_unsigned, moment, parsed, text,
    unsigned,
};

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
    /// What it was made of.
    pub parent: Option<TicketId>,
    /// How many stand above it.
    pub depth: u32,
    /// Whether it may make children of itself.
    pub delegable: bool,
}

/// A ticket as stored, and what it rests on.
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
    /// Whether what issued it still counts. The same stands behind everything above it.
    pub is_issuer_live: bool,
    /// Whom that acts for, when it is an agent.
    pub issuer_owner: Option<String>,
    /// What stands above it, nearest first, as far as that is there.
    pub ancestors: Vec<Ancestor>,
}

/// A ticket above another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ancestor {
    /// Its id.
    pub id: TicketId,
    /// The most bytes that may be uploaded under it.
    pub quota: Option<u64>,
    /// The bytes that were.
    pub used: u64,
    /// Whether it has its result.
    pub has_output: bool,
    /// Whether it was revoked.
    pub is_revoked: bool,
    /// The last moment at which it counts.
    pub expires_at: Timestamp,
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
    /// Something above it has ended.
    Parent,
    /// It may only read: it was made so, or something above it has its output.
    ReadOnly,
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
    pub(super) const fn facts(self) -> (bool, bool) {
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
        self.end_at(now).is_none()
    }

    /// Whether it was made to write, and nothing above it has its output.
    pub fn may_write(&self) -> bool {
        self.ticket.writable && !self.ancestors.iter().any(|above| above.has_output)
    }

    /// Whether everything above it is there and not revoked. It would have ended before any of that expires.
    pub fn rests_on_live(&self) -> bool {
        self.ancestors.len() == self.ticket.depth as usize
            && !self.ancestors.iter().any(|above| above.is_revoked)
    }

    /// How many bytes may still be uploaded under it; none without a limit.
    pub fn quota_left(&self) -> Option<u64> {
        let left = |quota: Option<u64>, used| quota.map(|quota: u64| quota.saturating_sub(used));
        let above = self.ancestors.iter().filter_map(|above| left(above.quota, above.used));
        above.chain(left(self.ticket.quota, self.used)).min()
    }

    /// Why it no longer counts at `now`, if so.
    pub(crate) fn end_at(&self, now: Timestamp) -> Option<TicketEnd> {
        if self.revoked_at.is_some() {
            return Some(TicketEnd::Revoked);
        }
        if now > self.ticket.expires_at {
            return Some(TicketEnd::Expired);
        }
        if !self.rests_on_live() {
            return Some(TicketEnd::Parent);
        }
        (!self.is_issuer_live).then_some(TicketEnd::Issuer)
    }

    /// Why it may not write at `now`, if it may not.
    pub(super) fn write_end(&self, now: Timestamp) -> Option<TicketEnd> {
        if let Some(end) = self.end_at(now) {
            return Some(end);
        }
        if !self.ticket.writable {
            return Some(TicketEnd::ReadOnly);
        }
        let committed = self.output.map(TicketEnd::Committed);
        committed.or_else(|| (!self.may_write()).then_some(TicketEnd::ReadOnly))
    }
}

/// Reads a row; what stands above it is read by its own.
pub(super) fn read(row: &Row<'_>) -> Result<TicketRow, StoreError> {
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
        parent: maybe_parsed(row, "parent")?,
        depth: row.get("depth")?,
        delegable: row.get("delegable")?,
    };
    Ok(TicketRow {
        seq: unsigned(row, "seq")?,
        ticket,
        used: unsigned(row, "used")?,
        output: maybe_key(row, "output")?,
        revoked_at: maybe_moment(row, "revoked_at")?,
        is_issuer_live: row.get("is_issuer_live")?,
        issuer_owner: row.get("issuer_owner")?,
        ancestors: Vec::new(),
    })
}

/// Reads a row of what stands above another.
pub(super) fn read_ancestor(row: &Row<'_>) -> Result<Ancestor, StoreError> {
    Ok(Ancestor {
        id: parsed(row, "id")?,
        quota: maybe_unsigned(row, "quota")?,
        used: unsigned(row, "used")?,
        has_output: row.get("has_output")?,
        is_revoked: row.get("is_revoked")?,
        expires_at: moment(row, "expires_at")?,
    })
}
