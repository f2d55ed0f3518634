//! Revocations, numbered without gaps from 1.

use carnet_authority::ca::RevokedBecause;
use carnet_gate::{Delta, Entry, Gate, Selector};
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::RevocationKind;
use rusqlite::{Connection, Row, params};

use crate::error::StoreError;
use crate::open::Store;
use crate::row::{maybe_moment, maybe_text, moment, signed, text, unsigned};
use crate::{certificates, realm_tickets, sql};

const NEXT_SEQ: &str = "SELECT COALESCE(MAX(seq), 0) + 1 AS seq FROM revocations";
const FIND: &str = "SELECT seq, kind, value, worker_id, issued_before, at, exp, reason FROM revocations \
    WHERE kind = ?1 AND value = ?2 AND worker_id IS ?3 AND (issued_before IS NULL OR issued_before >= ?4) \
    ORDER BY seq LIMIT 1";
const INSERT: &str = "INSERT INTO revocations (seq, kind, value, worker_id, issued_before, at, exp, reason) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const AFTER: &str = "SELECT seq, kind, value, worker_id, issued_before, at, exp, reason FROM revocations \
    WHERE seq > ?1 ORDER BY seq LIMIT ?2";
const BEFORE: &str = "SELECT seq, kind, value, worker_id, issued_before, at, exp, reason FROM revocations \
    WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2";

const QUARANTINE: &str = "UPDATE worker_identities SET quarantined_at = ?2 WHERE identity = ?1 AND quarantined_at IS NULL";
const CLOSE_ENROLLMENTS: &str =
    "UPDATE enrollments SET revoked_at = ?1 WHERE used_at IS NULL AND revoked_at IS NULL";

/// How many revocations are put in force at a time.
const PAGE: u32 = 1000;

/// A revocation as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevocationRow {
    /// The entry.
    pub entry: Entry,
    /// Why, in somebody's words.
    pub reason: Option<String>,
}

/// What became of a revocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// The entry that is in force.
    pub row: RevocationRow,
    /// Whether it is new: the same again gives the entry that is there.
    pub is_new: bool,
}

impl Store {
    /// Records a revocation. Of a task ticket or a certificate it also revokes the row.
    pub async fn revoke(
        &self,
        selector: Selector,
        reason: Option<String>,
        exp: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Revoked, StoreError> {
        self.write_if(
            move |connection| {
                mark_row(connection, &selector, now)?;
                record(connection, selector, reason, exp, now)
            },
            |revoked: &Revoked| revoked.is_new,
        )
        .await
    }

    /// At most `limit` revocations after number `seq`, oldest first.
    pub async fn revocations_after(&self, seq: u64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let entry = |row: &Row<'_>| Ok(read(row)?.entry);
        self.read(move |connection| sql::all(connection, AFTER, params![signed(seq), limit], entry))
            .await
    }

    /// The number of the newest revocation; 0 when there is none.
    pub async fn last_revocation(&self) -> Result<u64, StoreError> {
        Ok(self.read(next_seq).await? - 1)
    }

    /// Takes back in what was recorded after this database was copied: those entries whose numbers it has not
    /// reached, under the numbers they have. What else happened meanwhile is not known: enrollments that are open
    /// here may have been used or revoked, and count no more; members that were revoked are quarantined.
    pub async fn restore_revocations(&self, entries: Vec<Entry>) -> Result<(), StoreError> {
        self.write(move |connection| {
            let next = next_seq(connection)?;
            for entry in entries.iter().filter(|entry| entry.seq >= next) {
                mark_row(connection, &entry.selector, entry.at)?;
                insert(connection, entry, None)?;
                if let Selector::Subject { subject, .. } = &entry.selector {
                    sql::execute(connection, QUARANTINE, params![subject, entry.at.0])?;
                }
                sql::execute(connection, CLOSE_ENROLLMENTS, [entry.at.0])?;
            }
            Ok(())
        })
        .await
    }

    /// Puts every revocation that `gate` has not heard of in force there, in the order of their numbers: at
    /// start, and after each that is recorded.
    pub async fn bring_up_to_date(&self, gate: &Gate) -> Result<(), StoreError> {
        let _in_order = self.feed_lock().lock().await;
        loop {
            let entries = self.revocations_after(gate.revocations().seq(), PAGE).await?;
            let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
                return Ok(());
            };
            let delta = Delta { from_seq: first.seq, seq: last.seq, entries };
            gate.apply(&delta).map_err(|_| StoreError::BadRow { column: "seq" })?;
        }
    }

    /// At most `limit` revocations before number `seq`, newest first.
    pub async fn list_revocations(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<RevocationRow>, StoreError> {
        let before = before.map_or(i64::MAX, signed);
        self.read(move |connection| sql::all(connection, BEFORE, params![before, limit], read))
            .await
    }
}

/// Records a revocation inside a transaction.
pub(crate) fn record(
    connection: &Connection,
    selector: Selector,
    reason: Option<String>,
    exp: Option<Timestamp>,
    now: Timestamp,
) -> Result<Revoked, StoreError> {
    let (worker_id, issued_before) = narrowed(&selector);
    let same = params![selector.kind().as_str(), selector.value(), worker_id, issued_before];
    if let Some(row) = sql::one(connection, FIND, same, read)? {
        return Ok(Revoked { row, is_new: false });
    }
    let entry = Entry { seq: next_seq(connection)?, selector, at: now, exp };
    insert(connection, &entry, reason.as_deref())?;
    Ok(Revoked { row: RevocationRow { entry, reason }, is_new: true })
}

/// Marks what has a row of its own as revoked there too.
fn mark_row(connection: &Connection, selector: &Selector, at: Timestamp) -> Result<(), StoreError> {
    match selector {
        Selector::RealmTicket(id) => realm_tickets::mark_revoked(connection, id, at).map(drop),
        Selector::Certificate(serial) => {
            certificates::mark_revoked(connection, serial, RevokedBecause::default(), at)
        }
        _ => Ok(()),
    }
}

fn next_seq(connection: &Connection) -> Result<u64, StoreError> {
    Ok(sql::one(connection, NEXT_SEQ, [], |row| unsigned(row, "seq"))?.unwrap_or(1))
}

fn insert(connection: &Connection, entry: &Entry, reason: Option<&str>) -> Result<(), StoreError> {
    let (worker_id, issued_before) = narrowed(&entry.selector);
    let row = params![
        signed(entry.seq),
        entry.selector.kind().as_str(),
        entry.selector.value(),
        worker_id,
        issued_before,
        entry.at.0,
        entry.exp.map(|moment| moment.0),
        reason,
    ];
    sql::execute(connection, INSERT, row)?;
    Ok(())
}

/// What narrows a selector beside its value: the worker of a token id, the moment of a subject.
fn narrowed(selector: &Selector) -> (Option<&str>, Option<i64>) {
    match selector {
        Selector::TokenId { worker_id, .. } => (worker_id.as_deref(), None),
        Selector::Subject { issued_before, .. } => (None, Some(issued_before.0)),
        _ => (None, None),
    }
}

fn read(row: &Row<'_>) -> Result<RevocationRow, StoreError> {
    let kind = RevocationKind::from_name(text(row, "kind")?)
        .ok_or(StoreError::BadRow { column: "kind" })?;
    let issued_before = maybe_moment(row, "issued_before")?.unwrap_or(Timestamp(0));
    let worker_id = maybe_text(row, "worker_id")?;
    let selector = Selector::parse(kind, text(row, "value")?, worker_id, issued_before)
        .map_err(|_| StoreError::BadRow { column: "value" })?;
    let entry = Entry {
        seq: unsigned(row, "seq")?,
        selector,
        at: moment(row, "at")?,
        exp: maybe_moment(row, "exp")?,
    };
    Ok(RevocationRow { entry, reason: row.get("reason")? })
}
