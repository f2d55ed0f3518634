//! The audit chain: rows are appended, chained in the commit that keeps them, and read.

use std::sync::Arc;

use carnet_authority::audit::{Chained, Event, Head, Kind, Outcome};
use carnet_ticket::time::Timestamp;
use parking_lot::Mutex;
use rusqlite::{Connection, Row, params};

use crate::error::StoreError;
use crate::open::Store;
use crate::row::{chain_hash, signed, unsigned};
use crate::sql::{self, Parts};

const HEAD: &str = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1";
const INSERT: &str = "INSERT INTO audit (seq, canonical, prev_hash, hash, at, kind, actor, action, outcome, status, \
    path, tenant_id, request_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
const SELECT: &str = "SELECT seq, canonical, prev_hash, hash FROM audit WHERE seq ";

/// Which events are asked for; all that nothing excludes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// Not before this moment.
    pub since: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
    /// Of this tenant.
    pub tenant_id: Option<String>,
    /// Of this actor.
    pub actor: Option<String>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// Of this action.
    pub action: Option<String>,
    /// With this outcome.
    pub outcome: Option<Outcome>,
    /// With this status.
    pub status: Option<u16>,
    /// Of this path.
    pub path: Option<String>,
    /// Of this request.
    pub request_id: Option<String>,
}

impl Store {
    /// Records something that changed nothing: a denial, a failure. What changes something is recorded with it, by
    /// [`Store::audited`].
    pub async fn record(&self, event: Event) -> Result<Head, StoreError> {
        let end = self.chain_end();
        self.write(move |connection| append(connection, &event, &end)).await
    }

    /// Where the chain ends.
    pub async fn audit_head(&self) -> Result<Head, StoreError> {
        self.read(head).await
    }

    /// At most `limit` events before number `before`, newest first.
    pub async fn list_audit(
        &self,
        filter: &AuditFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<Chained>, StoreError> {
        let mut query = Parts::new(SELECT);
        query.push("< ", before.map_or(i64::MAX, signed));
        filter.push(&mut query);
        query.push(" ORDER BY seq DESC LIMIT ", limit);
        self.read(move |connection| query.all(connection, read)).await
    }

    /// At most `limit` events after number `after`, oldest first: a page of an export.
    pub async fn audit_after(
        &self,
        filter: &AuditFilter,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Chained>, StoreError> {
        let mut query = Parts::new(SELECT);
        query.push("> ", signed(after));
        filter.push(&mut query);
        query.push(" ORDER BY seq LIMIT ", limit);
        self.read(move |connection| query.all(connection, read)).await
    }
}

impl AuditFilter {
    /// Adds what excludes. What is not asked for is not in the statement, so that an index can serve the rest.
    fn push(&self, query: &mut Parts) {
        let texts = [
            (" AND tenant_id = ", self.tenant_id.as_deref()),
            (" AND actor = ", self.actor.as_deref()),
            (" AND kind = ", self.kind.map(Kind::as_str)),
            (" AND action = ", self.action.as_deref()),
            (" AND outcome = ", self.outcome.map(Outcome::as_str)),
            (" AND path = ", self.path.as_deref()),
            (" AND request_id = ", self.request_id.as_deref()),
        ];
        for (condition, value) in texts {
            if let Some(value) = value {
                query.push(condition, value.to_owned());
            }
        }
        let numbers = [
            (" AND at >= ", self.since.map(|since| since.0)),
            (" AND at < ", self.until.map(|until| until.0)),
            (" AND status = ", self.status.map(i64::from)),
        ];
        for (condition, value) in numbers {
            if let Some(value) = value {
                query.push(condition, value);
            }
        }
    }
}

/// Where the chain ends, as the writer left it: reading it anew for each event would be a third of what an event
/// costs. Whatever is undone makes it unknown.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChainEnd(Arc<Mutex<Option<Head>>>);

impl ChainEnd {
    fn known(&self) -> Option<Head> {
        *self.0.lock()
    }

    fn is_now(&self, head: Head) {
        *self.0.lock() = Some(head);
    }

    /// Something was undone, and an event of it may be.
    pub(crate) fn forget(&self) {
        *self.0.lock() = None;
    }
}

/// Puts an event behind the end of the chain, inside a transaction of the writer: it is the only one that appends,
/// so that numbers have no gap.
pub(crate) fn append(
    connection: &Connection,
    event: &Event,
    end: &ChainEnd,
) -> Result<Head, StoreError> {
    let head = end.known().map_or_else(|| head(connection), Ok)?;
    let chained = head.append(event);
    let columns = chained.columns().ok_or(StoreError::BadRow { column: "canonical" })?;
    let row = params![
        signed(chained.seq),
        chained.canonical,
        chained.prev_hash.as_bytes(),
        chained.hash.as_bytes(),
        columns.at,
        columns.kind,
        columns.actor,
        columns.action,
        columns.outcome,
        columns.status,
        columns.path,
        columns.tenant_id,
        columns.request_id,
    ];
    sql::execute(connection, INSERT, row)?;
    end.is_now(chained.head());
    Ok(chained.head())
}

fn head(connection: &Connection) -> Result<Head, StoreError> {
    let head = sql::one(connection, HEAD, [], |row| {
        Ok(Head { seq: unsigned(row, "seq")?, hash: chain_hash(row, "hash")? })
    })?;
    Ok(head.unwrap_or(Head::START))
}

fn read(row: &Row<'_>) -> Result<Chained, StoreError> {
    Ok(Chained {
        seq: unsigned(row, "seq")?,
        canonical: row.get("canonical")?,
        prev_hash: chain_hash(row, "prev_hash")?,
        hash: chain_hash(row, "hash")?,
    })
}
