//! The ledger: everything minted for somebody. Of a token's text nothing is stored.

use carnet_authority::audit::Event;
use carnet_authority::ledger::LedgerEntry;
use carnet_ticket::id::{KeyId, UniqueId};
use carnet_ticket::realm::Ulid;
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::Class;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, SqliteConnection};

use crate::error::StoreError;
use crate::open::Store;
use crate::row::{content, maybe_content, maybe_moment, moment, parsed, unsigned};

const INSERT: &str = "INSERT INTO ledger (id, class, content_id, token_id, subject, audience, scopes, key_id, parent_id, \
    tenant_id, issued_by, issued_at, not_before, expires_at, request_id) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
const BY_ID: &str = "SELECT * FROM ledger WHERE id = $1";
/// What is minted twice in a millisecond may be the same: then the newest stands for both.
const BY_CONTENT: &str = "SELECT * FROM ledger WHERE content_id = $1 ORDER BY id DESC LIMIT 1";
const BY_TOKEN: &str = "SELECT * FROM ledger WHERE token_id = $1 ORDER BY id DESC LIMIT 1";
const LIST: &str = "SELECT * FROM ledger WHERE id < ";
/// One step more than there may be, so that a chain that is too long is seen.
const ANCESTORS: &str = "WITH RECURSIVE up (content_id, depth) AS (\
    SELECT parent_id, 1 FROM ledger WHERE content_id = $1 AND parent_id IS NOT NULL \
    UNION SELECT l.parent_id, up.depth + 1 FROM up JOIN ledger l ON l.content_id = up.content_id \
    WHERE l.parent_id IS NOT NULL AND up.depth <= $2) \
    SELECT content_id, MIN(depth) AS depth FROM up GROUP BY content_id ORDER BY depth, content_id";
const SWEEP: &str = "DELETE FROM ledger WHERE expires_at <= $1";

/// Later than every id.
const AFTER_ALL: &str = "~";

/// How many generations of credentials there may be above one.
const DEPTH_MAX: u32 = 16;

/// How long an entry is kept after its credential has ended.
const KEEP_AFTER_END_MS: i64 = 30 * 24 * 3_600_000;
const LAST_END: &str = "SELECT COUNT(*) AS count, COALESCE(SUM(expires_at IS NULL), 0) AS never, \
    MAX(expires_at) AS last FROM ledger WHERE key_id = $1";

/// Which entries are asked for; all that nothing excludes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LedgerFilter {
    /// Of this class.
    pub class: Option<Class>,
    /// For this subject.
    pub subject: Option<String>,
    /// Of this tenant.
    pub tenant_id: Option<String>,
    /// With exactly this as the credential's own id, its content id or its subject.
    pub named: Option<String>,
}

impl Store {
    /// Records what was minted, and the event of it, in one transaction. Only when this has succeeded may the token
    /// leave.
    pub async fn insert_ledger_entry(
        &self,
        entry: LedgerEntry,
        event: Event,
    ) -> Result<(), StoreError> {
        self.audited(event)
            .write(move |connection| Box::pin(async move { insert(connection, &entry).await }))
            .await
    }

    /// The entry with this id.
    pub async fn ledger_entry(&self, id: Ulid) -> Result<Option<LedgerEntry>, StoreError> {
        let row = sqlx::query(BY_ID).bind(id.to_string()).fetch_optional(self.readers()).await?;
        row.map(|row| read(&row)).transpose()
    }

    /// The newest entry of this content.
    pub async fn ledger_entry_of_content(
        &self,
        content_id: &UniqueId,
    ) -> Result<Option<LedgerEntry>, StoreError> {
        let query = sqlx::query(BY_CONTENT).bind(&content_id.as_bytes()[..]);
        let row = query.fetch_optional(self.readers()).await?;
        row.map(|row| read(&row)).transpose()
    }

    /// The newest entry of the credential with this id of its own.
    pub async fn ledger_entry_of_token(
        &self,
        token_id: &str,
    ) -> Result<Option<LedgerEntry>, StoreError> {
        let row = sqlx::query(BY_TOKEN).bind(token_id).fetch_optional(self.readers()).await?;
        row.map(|row| read(&row)).transpose()
    }

    /// At most `limit` entries older than `before`, newest first.
    pub async fn list_ledger(
        &self,
        filter: &LedgerFilter,
        before: Option<Ulid>,
        limit: u32,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        let mut query = QueryBuilder::new(LIST);
        query.push_bind(before.map_or_else(|| AFTER_ALL.to_owned(), |id| id.to_string()));
        if let Some(class) = filter.class {
            query.push(" AND class = ").push_bind(class.as_str());
        }
        if let Some(subject) = &filter.subject {
            query.push(" AND subject = ").push_bind(subject.clone());
        }
        if let Some(tenant_id) = &filter.tenant_id {
            query.push(" AND tenant_id = ").push_bind(tenant_id.clone());
        }
        if let Some(named) = &filter.named {
            query.push(" AND (token_id = ").push_bind(named.clone());
            query.push(" OR subject = ").push_bind(named.clone());
            if let Ok(content_id) = UniqueId::from_hex(named) {
                query.push(" OR content_id = ").push_bind(content_id.as_bytes().to_vec());
            }
            query.push(")");
        }
        query.push(" ORDER BY id DESC LIMIT ").push_bind(limit);
        let rows = query.build().fetch_all(self.readers()).await?;
        rows.iter().map(read).collect()
    }

    /// When the last credential signed with this key ends; `None` when there is none.
    pub async fn last_end_of_key(&self, id: KeyId) -> Result<Option<Expiration>, StoreError> {
        let row = sqlx::query(LAST_END).bind(&id.0[..]).fetch_one(self.readers()).await?;
        let (count, never) = (unsigned(&row, "count")?, unsigned(&row, "never")?);
        let last = maybe_moment(&row, "last")?;
        let end = if never > 0 { Some(Expiration::Never) } else { last.map(Expiration::At) };
        Ok(end.filter(|_| count > 0))
    }

    /// What a content was derived from, the nearest first: at most 16 generations. More than that is a fault of
    /// what is stored, and not cut off, since what is far above may be revoked too.
    pub async fn ancestors(&self, content_id: &UniqueId) -> Result<Vec<UniqueId>, StoreError> {
        let query = sqlx::query(ANCESTORS).bind(&content_id.as_bytes()[..]).bind(DEPTH_MAX);
        let rows = query.fetch_all(self.readers()).await?;
        let ancestor = |row: &SqliteRow| {
            if row.try_get::<u32, _>("depth")? > DEPTH_MAX {
                return Err(StoreError::BadRow { column: "parent_id" });
            }
            content(row, "content_id")
        };
        rows.iter().map(ancestor).collect()
    }

    /// Removes the entries of what ended 30 days ago or earlier; how many there were.
    pub async fn sweep_ledger(&self, now: Timestamp) -> Result<u64, StoreError> {
        let end = now.0.saturating_sub(KEEP_AFTER_END_MS);
        self.write_if(
            move |connection| {
                Box::pin(async move {
                    let done = sqlx::query(SWEEP).bind(end).execute(connection).await?;
                    Ok(done.rows_affected())
                })
            },
            |removed| *removed > 0,
        )
        .await
    }
}

async fn insert(connection: &mut SqliteConnection, entry: &LedgerEntry) -> Result<(), StoreError> {
    sqlx::query(INSERT)
        .bind(entry.id.to_string())
        .bind(entry.class.as_str())
        .bind(&entry.content_id.as_bytes()[..])
        .bind(&entry.token_id)
        .bind(&entry.subject)
        .bind(&entry.audience)
        .bind(serde_json::json!(entry.scopes).to_string())
        .bind(&entry.key_id.0[..])
        .bind(entry.parent_id.as_ref().map(|id| &id.as_bytes()[..]))
        .bind(&entry.tenant_id)
        .bind(&entry.issued_by)
        .bind(entry.issued_at.0)
        .bind(entry.not_before.map(|moment| moment.0))
        .bind(entry.expires_at.moment().map(|moment| moment.0))
        .bind(&entry.request_id)
        .execute(connection)
        .await?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<LedgerEntry, StoreError> {
    let class: &str = row.try_get("class")?;
    let class = Class::ALL.into_iter().find(|known| known.as_str() == class);
    let scopes: &str = row.try_get("scopes")?;
    let key_id: &[u8] = row.try_get("key_id")?;
    Ok(LedgerEntry {
        id: parsed(row, "id")?,
        class: class.ok_or(StoreError::BadRow { column: "class" })?,
        content_id: content(row, "content_id")?,
        token_id: row.try_get("token_id")?,
        subject: row.try_get("subject")?,
        audience: row.try_get("audience")?,
        scopes: serde_json::from_str(scopes)
            .map_err(|_| StoreError::BadRow { column: "scopes" })?,
        key_id: key_id
            .try_into()
            .map(KeyId)
            .map_err(|_| StoreError::BadRow { column: "key_id" })?,
        parent_id: maybe_content(row, "parent_id")?,
        tenant_id: row.try_get("tenant_id")?,
        issued_by: row.try_get("issued_by")?,
        issued_at: moment(row, "issued_at")?,
        not_before: maybe_moment(row, "not_before")?,
        expires_at: maybe_moment(row, "expires_at")?.map_or(Expiration::Never, Expiration::At),
        request_id: row.try_get("request_id")?,
    })
}
