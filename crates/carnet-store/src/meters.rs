//! What is spent under credentials, kept so that a restart gives no budget back.

use std::collections::HashMap;

use carnet_ticket::id::UniqueId;
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::{Limits, Meter};
use sqlx::{QueryBuilder, Row, SqliteConnection};

use crate::error::StoreError;
use crate::open::Store;
use crate::row::{signed, unsigned};

const SELECT: &str = "SELECT kind, used FROM meters WHERE content_id = $1";
const INSERT: &str = "INSERT INTO meters (content_id, kind, used, expires_at) ";
/// What is spent only grows, and so does the time until which it counts; without one it counts for ever.
const GROW: &str = " ON CONFLICT (content_id, kind) DO UPDATE SET \
    used = CASE WHEN excluded.used > meters.used THEN excluded.used ELSE meters.used END, \
    expires_at = CASE WHEN excluded.expires_at > meters.expires_at THEN excluded.expires_at \
    WHEN excluded.expires_at IS NULL THEN NULL ELSE meters.expires_at END";
const PRUNE: &str = "DELETE FROM meters WHERE expires_at <= $1";

/// How many contents share a transaction at most: others must not wait for all of them.
const CONTENTS_PER_WRITE: usize = 256;

/// How many rows a statement writes at most, four parameters each.
const ROWS_PER_STATEMENT: usize = 200;

/// How long after its end a credential's meters are kept: clocks may differ by as much.
const KEEP_AFTER_END_MS: i64 = 30_000;

/// What is spent under a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    /// Its content.
    pub content_id: UniqueId,
    /// How much of each meter; what is not counted is absent.
    pub used: Limits,
    /// Until when it counts.
    pub expires: Expiration,
}

impl Store {
    /// What is spent of those of `contents` that anything is known of.
    pub async fn load_meters(
        &self,
        contents: &[UniqueId],
    ) -> Result<HashMap<UniqueId, Limits>, StoreError> {
        let mut connection = self.readers().acquire().await?;
        let mut spent = HashMap::with_capacity(contents.len());
        for content in contents {
            let query = sqlx::query(SELECT).bind(&content.as_bytes()[..]);
            for row in query.fetch_all(&mut *connection).await? {
                let used = spent.entry(*content).or_insert(Limits::none());
                let kind: &str = row.try_get("kind")?;
                let meter = Meter::ALL.into_iter().find(|meter| meter.as_str() == kind);
                let meter = meter.ok_or(StoreError::BadRow { column: "kind" })?;
                *member(used, meter) = Some(unsigned(&row, "used")?);
            }
        }
        Ok(spent)
    }

    /// Writes what is spent. What is stored already and is more stays: whichever order flushes arrive in, nothing
    /// is given back. Each content stands there once.
    pub async fn flush_meters(&self, spent: &[Spent]) -> Result<(), StoreError> {
        for part in spent.chunks(CONTENTS_PER_WRITE) {
            let part = part.to_vec();
            self.write(move |connection| Box::pin(async move { flush(connection, &part).await }))
                .await?;
        }
        Ok(())
    }

    /// Forgets what was spent under credentials that ended 30 s ago or earlier; how many meters there were.
    pub async fn prune_meters(&self, now: Timestamp) -> Result<u64, StoreError> {
        let end = now.0.saturating_sub(KEEP_AFTER_END_MS);
        self.write(move |connection| {
            Box::pin(async move {
                let done = sqlx::query(PRUNE).bind(end).execute(connection).await?;
                Ok(done.rows_affected())
            })
        })
        .await
    }
}

async fn flush(connection: &mut SqliteConnection, spent: &[Spent]) -> Result<(), StoreError> {
    let rows = |spent: &Spent| {
        let Spent { content_id, used, expires } = *spent;
        let used = Meter::ALL.into_iter().filter_map(move |meter| Some((meter, used.of(meter)?)));
        used.map(move |(meter, used)| (content_id, meter, used, expires))
    };
    let rows: Vec<_> = spent.iter().flat_map(rows).collect();
    for part in rows.chunks(ROWS_PER_STATEMENT) {
        let mut query = QueryBuilder::new(INSERT);
        query.push_values(part, |mut row, (content_id, meter, used, expires)| {
            row.push_bind(content_id.as_bytes().to_vec())
                .push_bind(meter.as_str())
                .push_bind(signed(*used))
                .push_bind(expires.moment().map(|moment| moment.0));
        });
        query.push(GROW).build().execute(&mut *connection).await?;
    }
    Ok(())
}

fn member(limits: &mut Limits, meter: Meter) -> &mut Option<u64> {
    match meter {
        Meter::Ops => &mut limits.ops,
        Meter::Ticks => &mut limits.ticks,
        Meter::BandwidthBytes => &mut limits.bandwidth_bytes,
        Meter::CursorResumes => &mut limits.cursor_resumes,
        Meter::CursorAdvances => &mut limits.cursor_advances,
    }
}
