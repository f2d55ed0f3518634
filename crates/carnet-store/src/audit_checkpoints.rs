//! Checkpoints of the audit chain, and what needs them: verification and retention.

use carnet_authority::audit::{Columns, Report, Row as ChainRow, SignedCheckpoint, Verifier};
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::error::StoreError;
use crate::open::Store;
use crate::row::{chain_hash, maybe_text, signed, text, unsigned};
use crate::sql;

const LAST: &str = "SELECT COALESCE(MAX(seq), 0) AS seq FROM audit_checkpoints";
const HASH: &str = "SELECT hash FROM audit WHERE seq = ?1";
const INSERT: &str = "INSERT INTO audit_checkpoints (seq, jws) VALUES (?1, ?2)";
const AFTER: &str = "SELECT seq, jws FROM audit_checkpoints WHERE seq > ?1 ORDER BY seq LIMIT ?2";
const BETWEEN: &str =
    "SELECT seq, jws FROM audit_checkpoints WHERE seq >= ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3";
const ROWS: &str = "SELECT seq, canonical, prev_hash, hash, at, kind, actor, action, outcome, status, path, tenant_id, \
    request_id FROM audit WHERE seq >= ?1 ORDER BY seq LIMIT ?2";
const LAST_OF_PAGE: &str =
    "SELECT MAX(seq) AS seq FROM (SELECT seq FROM audit WHERE seq >= ?1 ORDER BY seq LIMIT ?2)";
/// The oldest checkpoint whose row is there, and is not the last.
const ANCHOR: &str = "SELECT c.seq, c.jws, a.hash FROM audit_checkpoints c JOIN audit a ON a.seq = c.seq \
    WHERE c.seq < (SELECT MAX(seq) FROM audit) ORDER BY c.seq LIMIT 1";
const DELETE_ROWS: &str = "DELETE FROM audit WHERE seq <= ?1";
const DELETE_CHECKPOINTS: &str = "DELETE FROM audit_checkpoints WHERE seq < ?1";

/// How many rows are verified at a time.
const PAGE: u32 = 1000;

/// Why a checkpoint was not stored.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum InsertCheckpointError {
    /// It does not follow the one before, or there is no row with that number and hash.
    #[error("the checkpoint is not the next one of this chain")]
    NotTheNext,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What retention removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pruned {
    /// The number of the checkpoint that the chain starts behind now.
    pub anchor: u64,
    /// How many rows went.
    pub rows: u64,
}

impl Store {
    /// Stores a checkpoint, if it is the next one of this chain.
    pub async fn insert_checkpoint(
        &self,
        checkpoint: SignedCheckpoint,
    ) -> Result<(), InsertCheckpointError> {
        self.write(move |connection| insert(connection, &checkpoint)).await
    }

    /// The number of the newest checkpoint; 0 when there is none.
    pub async fn last_checkpoint(&self) -> Result<u64, StoreError> {
        self.read(last).await
    }

    /// At most `limit` checkpoints after number `after`, oldest first.
    pub async fn checkpoints_after(
        &self,
        after: u64,
        limit: u32,
    ) -> Result<Vec<SignedCheckpoint>, StoreError> {
        self.read(move |connection| {
            sql::all(connection, AFTER, params![signed(after), limit], read)
        })
        .await
    }

    /// Hands the whole chain as it stands, and the checkpoints in the store, to `verifier`, which may have been
    /// handed others from outside before. Reads a page at a time.
    pub async fn verify_audit(&self, verifier: Verifier) -> Result<Report, StoreError> {
        self.read(move |connection| verify(connection, verifier)).await
    }

    /// Removes the rows up to the oldest checkpoint, if that was made at or before `before`. The checkpoint stays,
    /// as what the rest is verified against; so does the last row. To remove more, call it until it finds nothing:
    /// each call is one transaction of as many rows as are between two checkpoints.
    pub async fn prune_audit(&self, before: Timestamp) -> Result<Option<Pruned>, StoreError> {
        self.write_if(move |connection| prune(connection, before), Option::is_some).await
    }
}

fn last(connection: &Connection) -> Result<u64, StoreError> {
    Ok(sql::one(connection, LAST, [], |row| unsigned(row, "seq"))?.unwrap_or(0))
}

fn verify(connection: &Connection, mut verifier: Verifier) -> Result<Report, StoreError> {
    // What retention removes meanwhile must not look like a gap.
    let snapshot = connection.unchecked_transaction()?;
    // A row may have been given any number there is.
    let mut next = i64::MIN;
    loop {
        let last: Option<i64> =
            sql::one(&snapshot, LAST_OF_PAGE, params![next, PAGE], |row| Ok(row.get("seq")?))?
                .flatten();
        // One for each row, and the one before the first: where there are more, rows are missing.
        let checkpoints = params![next, last.unwrap_or(i64::MAX), PAGE + 1];
        sql::all(&snapshot, BETWEEN, checkpoints, |row| {
            verifier.checkpoint(unsigned(row, "seq").ok(), text(row, "jws").unwrap_or_default());
            Ok(())
        })?;
        sql::all(&snapshot, ROWS, params![next, PAGE], |row| {
            match chain_row(row) {
                Ok(row) => verifier.row(&row),
                Err(_) => verifier.unreadable(),
            }
            Ok(())
        })?;
        match last.map(|last| last.checked_add(1)) {
            Some(Some(after)) => next = after,
            _ => return Ok(verifier.report()),
        }
    }
}

fn insert(
    connection: &Connection,
    checkpoint: &SignedCheckpoint,
) -> Result<(), InsertCheckpointError> {
    let claimed = checkpoint.claimed();
    let hash = sql::one(connection, HASH, [signed(claimed.seq)], |row| chain_hash(row, "hash"))?;
    if hash != Some(claimed.hash) || last(connection)? != claimed.prev_seq {
        return Err(InsertCheckpointError::NotTheNext);
    }
    sql::execute(connection, INSERT, params![signed(claimed.seq), checkpoint.as_str()])?;
    Ok(())
}

fn prune(connection: &Connection, before: Timestamp) -> Result<Option<Pruned>, StoreError> {
    let oldest = sql::one(connection, ANCHOR, [], |row| {
        Ok((unsigned(row, "seq")?, chain_hash(row, "hash")?, read(row)?.claimed().clone()))
    })?;
    let Some((anchor, hash, claimed)) = oldest.filter(|(_, _, claimed)| claimed.at <= before)
    else {
        return Ok(None);
    };
    // Behind a checkpoint that says something else, the rest would not verify.
    if (claimed.seq, claimed.hash) != (anchor, hash) {
        return Err(StoreError::BadRow { column: "jws" });
    }
    let rows = sql::execute(connection, DELETE_ROWS, [signed(anchor)])?;
    sql::execute(connection, DELETE_CHECKPOINTS, [signed(anchor)])?;
    Ok(Some(Pruned { anchor, rows }))
}

fn read(row: &Row<'_>) -> Result<SignedCheckpoint, StoreError> {
    SignedCheckpoint::parse(text(row, "jws")?).map_err(|_| StoreError::BadRow { column: "jws" })
}

/// A row with all that is stored of it.
fn chain_row<'r>(row: &'r Row<'_>) -> Result<ChainRow<'r>, StoreError> {
    let columns = Columns {
        seq: row.get("seq")?,
        at: row.get("at")?,
        kind: text(row, "kind")?.into(),
        actor: text(row, "actor")?.into(),
        action: text(row, "action")?.into(),
        outcome: text(row, "outcome")?.into(),
        status: row.get("status")?,
        path: maybe_text(row, "path")?.map(Into::into),
        tenant_id: maybe_text(row, "tenant_id")?.map(Into::into),
        request_id: text(row, "request_id")?.into(),
    };
    Ok(ChainRow {
        canonical: text(row, "canonical")?,
        prev_hash: chain_hash(row, "prev_hash")?,
        hash: chain_hash(row, "hash")?,
        columns: Some(columns),
    })
}
