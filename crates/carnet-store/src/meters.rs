//! What is spent under credentials, kept so that a restart gives no budget back.

use carnet_gate::Spending;
use carnet_ticket::id::UniqueId;
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::{Limits, Meter};
use rusqlite::{Connection, Params, Row, params};

use crate::error::StoreError;
use crate::open::Store;
use crate::row::{content, maybe_moment, maybe_unsigned, signed, text, unsigned};
use crate::sql;

const OF_CONTENT: &str = "SELECT * FROM meters WHERE content_id = ?1";
const AFTER: &str = "SELECT * FROM meters WHERE content_id IN \
    (SELECT DISTINCT content_id FROM meters WHERE content_id > ?1 ORDER BY content_id LIMIT ?2) \
    ORDER BY content_id";
/// What is spent only grows, a limit only narrows, and the end only moves away; no end is the farthest.
const MERGE: &str = "INSERT INTO meters (content_id, kind, used, \"limit\", expires_at) \
    VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (content_id, kind) DO UPDATE SET \
    used = CASE WHEN excluded.used > meters.used THEN excluded.used ELSE meters.used END, \
    \"limit\" = CASE WHEN meters.\"limit\" IS NULL OR excluded.\"limit\" < meters.\"limit\" \
    THEN excluded.\"limit\" ELSE meters.\"limit\" END, \
    expires_at = CASE WHEN excluded.expires_at IS NULL OR excluded.expires_at > meters.expires_at \
    THEN excluded.expires_at ELSE meters.expires_at END";
/// All meters of a content go together: one that was not touched lately has an older end.
const PRUNE: &str = "DELETE FROM meters WHERE expires_at <= ?1 AND NOT EXISTS (SELECT 1 FROM meters m \
    WHERE m.content_id = meters.content_id AND (m.expires_at IS NULL OR m.expires_at > ?1))";

/// How many contents share a transaction at most: others must not wait for all of them.
const CONTENTS_PER_WRITE: usize = 256;

/// How long after its end a credential's meters are kept: clocks may differ by as much.
const KEEP_AFTER_END_MS: i64 = 30_000;

impl Store {
    /// What is spent of those of `contents` that anything is known of.
    pub async fn load_meters(&self, contents: &[UniqueId]) -> Result<Vec<Spending>, StoreError> {
        let contents = contents.to_vec();
        self.read(move |connection| {
            let mut spendings = Vec::with_capacity(contents.len());
            for content in &contents {
                gather(connection, OF_CONTENT, [content.as_bytes()], &mut spendings)?;
            }
            Ok(spendings)
        })
        .await
    }

    /// What is spent of at most `limit` contents behind `after`, in the order of their ids: all of it, page by page,
    /// is what a gate is restored from.
    pub async fn list_meters(
        &self,
        after: Option<UniqueId>,
        limit: u32,
    ) -> Result<Vec<Spending>, StoreError> {
        let after = after.map_or_else(Vec::new, |after| after.as_bytes().to_vec());
        self.read(move |connection| {
            let mut spendings = Vec::new();
            gather(connection, AFTER, params![after, limit], &mut spendings)?;
            Ok(spendings)
        })
        .await
    }

    /// Writes what is spent, each content once. What is stored already and is more stays: whichever order flushes
    /// arrive in, nothing is given back.
    pub async fn flush_meters(&self, spendings: &[Spending]) -> Result<(), StoreError> {
        for part in spendings.chunks(CONTENTS_PER_WRITE) {
            let part = part.to_vec();
            self.write(move |connection| flush(connection, &part)).await?;
        }
        Ok(())
    }

    /// Forgets what was spent under credentials that ended 30 s ago or earlier; how many meters there were.
    pub async fn prune_meters(&self, now: Timestamp) -> Result<u64, StoreError> {
        let end = now.0.saturating_sub(KEEP_AFTER_END_MS);
        self.write(move |connection| sql::execute(connection, PRUNE, [end])).await
    }
}

fn flush(connection: &Connection, spendings: &[Spending]) -> Result<(), StoreError> {
    for spending in spendings {
        for (meter, used) in Meter::ALL.into_iter().zip(spending.used) {
            let limit = spending.limits.of(meter);
            if used == 0 && limit.is_none() {
                continue;
            }
            let row = params![
                spending.content_id.as_bytes(),
                meter.as_str(),
                signed(used),
                limit.map(signed),
                spending.expires.moment().map(|moment| moment.0),
            ];
            sql::execute(connection, MERGE, row)?;
        }
    }
    Ok(())
}

/// Puts the rows of a statement together: those of one content follow each other.
fn gather(
    connection: &Connection,
    statement: &str,
    params: impl Params,
    spendings: &mut Vec<Spending>,
) -> Result<(), StoreError> {
    sql::all(connection, statement, params, |row| {
        let content_id = content(row, "content_id")?;
        if spendings.last().is_none_or(|last| last.content_id != content_id) {
            let expires =
                maybe_moment(row, "expires_at")?.map_or(Expiration::Never, Expiration::At);
            let (used, limits) = ([0; Meter::ALL.len()], Limits::none());
            spendings.push(Spending { content_id, used, limits, expires });
        }
        spendings.last_mut().map_or(Ok(()), |spending| read_meter(row, spending))
    })?;
    Ok(())
}

fn read_meter(row: &Row<'_>, spending: &mut Spending) -> Result<(), StoreError> {
    let kind = text(row, "kind")?;
    let meter = Meter::ALL.into_iter().find(|meter| meter.as_str() == kind);
    let meter = meter.ok_or(StoreError::BadRow { column: "kind" })?;
    let limit = match meter {
        Meter::Ops => &mut spending.limits.ops,
        Meter::Ticks => &mut spending.limits.ticks,
        Meter::BandwidthBytes => &mut spending.limits.bandwidth_bytes,
        Meter::CursorResumes => &mut spending.limits.cursor_resumes,
        Meter::CursorAdvances => &mut spending.limits.cursor_advances,
    };
    *limit = maybe_unsigned(row, "limit")?;
    spending.used[meter as usize] = unsigned(row, "used")?;
    let expires = maybe_moment(row, "expires_at")?.map_or(Expiration::Never, Expiration::At);
    spending.expires = spending.expires.max(expires);
    Ok(())
}
