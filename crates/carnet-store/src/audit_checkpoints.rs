//! Checkpoints of the audit chain, and what needs them: verification and retention.

use carnet_authority::audit::{Columns, Report, Row as ChainRow, SignedCheckpoint, Verifier};
use carnet_ticket::time::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::error::StoreError;
use crate::open::Store;
use crate::row::{chain_hash, signed, unsigned};

const LAST: &str = "SELECT COALESCE(MAX(seq), 0) AS seq FROM audit_checkpoints";
const HASH: &str = "SELECT hash FROM audit WHERE seq = $1";
const INSERT: &str = "INSERT INTO audit_checkpoints (seq, jws) VALUES ($1, $2)";
const AFTER: &str = "SELECT seq, jws FROM audit_checkpoints WHERE seq > $1 ORDER BY seq LIMIT $2";
const BETWEEN: &str =
    "SELECT seq, jws FROM audit_checkpoints WHERE seq >= $1 AND seq <= $2 ORDER BY seq LIMIT $3";
const ROWS: &str = "SELECT seq, canonical, prev_hash, hash, at, kind, actor, action, outcome, status, path, tenant_id, \
    request_id FROM audit WHERE seq >= $1 ORDER BY seq LIMIT $2";
/// The oldest checkpoint whose row is there, and is not the last.
const ANCHOR: &str = "SELECT c.seq, c.jws, a.hash FROM audit_checkpoints c JOIN audit a ON a.seq = c.seq \
    WHERE c.seq < (SELECT MAX(seq) FROM audit) ORDER BY c.seq LIMIT 1";
const DELETE_ROWS: &str = "DELETE FROM audit WHERE seq <= $1";
const DELETE_CHECKPOINTS: &str = "DELETE FROM audit_checkpoints WHERE seq < $1";

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
        self.write(move |connection| Box::pin(async move { insert(connection, &checkpoint).await }))
            .await
    }

    /// The number of the newest checkpoint; 0 when there is none.
    pub async fn last_checkpoint(&self) -> Result<u64, StoreError> {
        unsigned(&sqlx::query(LAST).fetch_one(self.readers()).await?, "seq")
    }

    /// At most `limit` checkpoints after number `after`, oldest first.
    pub async fn checkpoints_after(
        &self,
        after: u64,
        limit: u32,
    ) -> Result<Vec<SignedCheckpoint>, StoreError> {
        let rows =
            sqlx::query(AFTER).bind(signed(after)).bind(limit).fetch_all(self.readers()).await?;
        rows.iter().map(read).collect()
    }

    /// Hands the whole chain as it stands, and the checkpoints in the store, to `verifier`, which may have been
    /// handed others from outside before. Reads a page at a time.
    pub async fn verify_audit(&self, mut verifier: Verifier) -> Result<Report, StoreError> {
        // What retention removes meanwhile must not look like a gap.
        let mut snapshot = self.readers().begin().await?;
        // A row may have been given any number there is.
        let mut next = i64::MIN;
        loop {
            let rows = sqlx::query(ROWS).bind(next).bind(PAGE).fetch_all(&mut *snapshot).await?;
            let last = rows.last().map(|row| row.try_get("seq")).transpose()?;
            // One for each row, and the one before the first: where there are more, rows are missing.
            let checkpoints =
                sqlx::query(BETWEEN).bind(next).bind(last.unwrap_or(i64::MAX)).bind(PAGE + 1);
            for row in checkpoints.fetch_all(&mut *snapshot).await? {
                let text = row.try_get("jws").unwrap_or_default();
                verifier.checkpoint(unsigned(&row, "seq").ok(), text);
            }
            for row in &rows {
                match chain_row(row) {
                    Ok(row) => verifier.row(&row),
                    Err(_) => verifier.unreadable(),
                }
            }
            match last.map(|last: i64| last.checked_add(1)) {
                Some(Some(after)) => next = after,
                _ => return Ok(verifier.report()),
            }
        }
    }

    /// Removes the rows up to the oldest checkpoint, if that was made at or before `before`. The checkpoint stays,
    /// as what the rest is verified against; so does the last row. To remove more, call it until it finds nothing:
    /// each call is one transaction of as many rows as are between two checkpoints.
    pub async fn prune_audit(&self, before: Timestamp) -> Result<Option<Pruned>, StoreError> {
        self.write_if(
            move |connection| Box::pin(async move { prune(connection, before).await }),
            Option::is_some,
        )
        .await
    }
}

async fn insert(
    connection: &mut SqliteConnection,
    checkpoint: &SignedCheckpoint,
) -> Result<(), InsertCheckpointError> {
    let claimed = checkpoint.claimed();
    let last = sqlx::query(LAST).fetch_one(&mut *connection).await.map_err(StoreError::from)?;
    let row = sqlx::query(HASH).bind(signed(claimed.seq)).fetch_optional(&mut *connection).await;
    let row = row.map_err(StoreError::from)?;
    let hash = row.map(|row| chain_hash(&row, "hash")).transpose()?;
    if hash != Some(claimed.hash) || unsigned(&last, "seq")? != claimed.prev_seq {
        return Err(InsertCheckpointError::NotTheNext);
    }
    let insert = sqlx::query(INSERT).bind(signed(claimed.seq)).bind(checkpoint.as_str());
    insert.execute(connection).await.map_err(StoreError::from)?;
    Ok(())
}

async fn prune(
    connection: &mut SqliteConnection,
    before: Timestamp,
) -> Result<Option<Pruned>, StoreError> {
    let Some(row) = sqlx::query(ANCHOR).fetch_optional(&mut *connection).await? else {
        return Ok(None);
    };
    let (anchor, claimed) = (unsigned(&row, "seq")?, read(&row)?.claimed().clone());
    if claimed.at > before {
        return Ok(None);
    }
    // Behind a checkpoint that says something else, the rest would not verify.
    if (claimed.seq, claimed.hash) != (anchor, chain_hash(&row, "hash")?) {
        return Err(StoreError::BadRow { column: "jws" });
    }
    let done = sqlx::query(DELETE_ROWS).bind(signed(anchor)).execute(&mut *connection).await?;
    sqlx::query(DELETE_CHECKPOINTS).bind(signed(anchor)).execute(connection).await?;
    Ok(Some(Pruned { anchor, rows: done.rows_affected() }))
}

fn read(row: &SqliteRow) -> Result<SignedCheckpoint, StoreError> {
    SignedCheckpoint::parse(row.try_get("jws")?).map_err(|_| StoreError::BadRow { column: "jws" })
}

/// A row with all that is stored of it.
fn chain_row(row: &SqliteRow) -> Result<ChainRow<'_>, StoreError> {
    let text = |column| row.try_get::<&str, _>(column).map(Into::into);
    let maybe_text =
        |column| row.try_get::<Option<&str>, _>(column).map(|text| text.map(Into::into));
    let columns = Columns {
        seq: row.try_get("seq")?,
        at: row.try_get("at")?,
        kind: text("kind")?,
        actor: text("actor")?,
        action: text("action")?,
        outcome: text("outcome")?,
        status: row.try_get("status")?,
        path: maybe_text("path")?,
        tenant_id: maybe_text("tenant_id")?,
        request_id: text("request_id")?,
    };
    Ok(ChainRow {
        canonical: row.try_get("canonical")?,
        prev_hash: chain_hash(row, "prev_hash")?,
        hash: chain_hash(row, "hash")?,
        columns: Some(columns),
    })
}
