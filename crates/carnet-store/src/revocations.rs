//! Revocations, numbered without gaps from 1.

use carnet_gate::{Delta, Entry, Gate, Selector};
use carnet_ticket::time::Timestamp;
use carnet_ticket::verify::RevocationKind;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::error::StoreError;
use crate::open::Store;
use crate::row::{maybe_moment, moment, signed, unsigned};

const NEXT_SEQ: &str = "SELECT COALESCE(MAX(seq), 0) + 1 AS seq FROM revocations";
const FIND: &str = "SELECT seq, kind, value, worker_id, issued_before, at, exp, reason FROM revocations \
    WHERE kind = $1 AND value = $2 AND worker_id IS $3 AND (issued_before IS NULL OR issued_before >= $4) \
    ORDER BY seq LIMIT 1";
const INSERT: &str = "INSERT INTO revocations (seq, kind, value, worker_id, issued_before, at, exp, reason) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const AFTER: &str = "SELECT seq, kind, value, worker_id, issued_before, at, exp, reason FROM revocations \
    WHERE seq > $1 ORDER BY seq LIMIT $2";
const BEFORE: &str = "SELECT seq, kind, value, worker_id, issued_before, at, exp, reason FROM revocations \
    WHERE seq < $1 ORDER BY seq DESC LIMIT $2";

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
    /// Records a revocation. Of a task ticket it also revokes the ticket's row.
    pub async fn revoke(
        &self,
        selector: Selector,
        reason: Option<String>,
        exp: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Revoked, StoreError> {
        self.write_if(
            move |connection| {
                Box::pin(async move {
                    if let Selector::RealmTicket(id) = &selector {
                        crate::realm_tickets::mark_revoked(connection, id, now).await?;
                    }
                    record(connection, selector, reason, exp, now).await
                })
            },
            |revoked: &Revoked| revoked.is_new,
        )
        .await
    }

    /// At most `limit` revocations after number `seq`, oldest first.
    pub async fn revocations_after(&self, seq: u64, limit: u32) -> Result<Vec<Entry>, StoreError> {
        let rows =
            sqlx::query(AFTER).bind(signed(seq)).bind(limit).fetch_all(self.readers()).await?;
        rows.iter().map(|row| Ok(read(row)?.entry)).collect()
    }

    /// The number of the newest revocation; 0 when there is none.
    pub async fn last_revocation(&self) -> Result<u64, StoreError> {
        Ok(unsigned(&sqlx::query(NEXT_SEQ).fetch_one(self.readers()).await?, "seq")? - 1)
    }

    /// Takes back in what was recorded after this database was copied: those entries whose numbers it has not
    /// reached, under the numbers they have.
    pub async fn restore_revocations(&self, entries: Vec<Entry>) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                let next = sqlx::query(NEXT_SEQ).fetch_one(&mut *connection).await?;
                let next = unsigned(&next, "seq")?;
                for entry in entries.iter().filter(|entry| entry.seq >= next) {
                    if let Selector::RealmTicket(id) = &entry.selector {
                        crate::realm_tickets::mark_revoked(connection, id, entry.at).await?;
                    }
                    insert(connection, entry, None).await?;
                }
                Ok(())
            })
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
        let rows = sqlx::query(BEFORE).bind(before).bind(limit).fetch_all(self.readers()).await?;
        rows.iter().map(read).collect()
    }
}

/// Records a revocation inside a transaction.
pub(crate) async fn record(
    connection: &mut SqliteConnection,
    selector: Selector,
    reason: Option<String>,
    exp: Option<Timestamp>,
    now: Timestamp,
) -> Result<Revoked, StoreError> {
    let (kind, value) = (selector.kind().as_str(), selector.value());
    let (worker_id, issued_before) = narrowed(&selector);
    let found = sqlx::query(FIND)
        .bind(kind)
        .bind(&value)
        .bind(worker_id)
        .bind(issued_before)
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(row) = found {
        return Ok(Revoked { row: read(&row)?, is_new: false });
    }
    let seq = unsigned(&sqlx::query(NEXT_SEQ).fetch_one(&mut *connection).await?, "seq")?;
    let entry = Entry { seq, selector, at: now, exp };
    insert(connection, &entry, reason.as_deref()).await?;
    Ok(Revoked { row: RevocationRow { entry, reason }, is_new: true })
}

async fn insert(
    connection: &mut SqliteConnection,
    entry: &Entry,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    let (worker_id, issued_before) = narrowed(&entry.selector);
    sqlx::query(INSERT)
        .bind(signed(entry.seq))
        .bind(entry.selector.kind().as_str())
        .bind(entry.selector.value())
        .bind(worker_id)
        .bind(issued_before)
        .bind(entry.at.0)
        .bind(entry.exp.map(|moment| moment.0))
        .bind(reason)
        .execute(connection)
        .await?;
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

fn read(row: &SqliteRow) -> Result<RevocationRow, StoreError> {
    let kind = RevocationKind::from_name(row.try_get("kind")?)
        .ok_or(StoreError::BadRow { column: "kind" })?;
    let issued_before = maybe_moment(row, "issued_before")?.unwrap_or(Timestamp(0));
    let selector =
        Selector::parse(kind, row.try_get("value")?, row.try_get("worker_id")?, issued_before)
            .map_err(|_| StoreError::BadRow { column: "value" })?;
    let entry = Entry {
        seq: unsigned(row, "seq")?,
        selector,
        at: moment(row, "at")?,
        exp: maybe_moment(row, "exp")?,
    };
    Ok(RevocationRow { entry, reason: row.try_get("reason")? })
}
