//! The ledger: everything minted for somebody. Of a token's text nothing is stored.

use carnet_authority::audit::Event;
use carnet_authority::ledger::LedgerEntry;
use carnet_gate::Selector;
use carnet_ticket::id::{KeyId, UniqueId};
use carnet_ticket::realm::Ulid;
use carnet_ticket::time::{Expiration, Timestamp};
use carnet_ticket::verify::Class;
use rusqlite::{Connection, Row, params};

use crate::error::StoreError;
use crate::open::Store;
use crate::row::{bytes_as, content, maybe_content, maybe_moment, moment, parsed, text, unsigned};
use crate::sql::{self, Parts};

const INSERT: &str = "INSERT INTO ledger (id, class, content_id, token_id, subject, audience, scopes, key_id, parent_id, \
    tenant_id, issued_by, issued_at, not_before, expires_at, request_id) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
const BY_ID: &str = "SELECT * FROM ledger WHERE id = ?1";
/// What is minted twice in a millisecond may be the same: then the newest stands for both.
const BY_CONTENT: &str = "SELECT * FROM ledger WHERE content_id = ?1 ORDER BY id DESC LIMIT 1";
const BY_TOKEN: &str = "SELECT * FROM ledger WHERE token_id = ?1 ORDER BY id DESC LIMIT 1";
const LIST: &str = "SELECT * FROM ledger WHERE id < ";
/// One step more than there may be, so that a chain that is too long is seen.
const ANCESTORS: &str = "WITH RECURSIVE up (content_id, depth) AS (\
    SELECT parent_id, 1 FROM ledger WHERE content_id = ?1 AND parent_id IS NOT NULL \
    UNION SELECT l.parent_id, up.depth + 1 FROM up JOIN ledger l ON l.content_id = up.content_id \
    WHERE l.parent_id IS NOT NULL AND up.depth <= ?2) \
    SELECT content_id, MIN(depth) AS depth FROM up GROUP BY content_id ORDER BY depth, content_id";
const SWEEP: &str = "DELETE FROM ledger WHERE expires_at <= ?1";

/// Later than every id.
const AFTER_ALL: &str = "~";

/// How many generations of credentials there may be above one.
const DEPTH_MAX: u32 = 16;

/// How long an entry is kept after its credential has ended.
const KEEP_AFTER_END_MS: i64 = 30 * 24 * 3_600_000;
const LAST_END: &str = "SELECT COALESCE(SUM(expires_at IS NULL), 0) AS never, \
    MAX(expires_at) AS last FROM ledger WHERE key_id = ?1";

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
        self.audited(event).write(move |connection| insert(connection, &entry)).await
    }

    /// The entry with this id.
    pub async fn ledger_entry(&self, id: Ulid) -> Result<Option<LedgerEntry>, StoreError> {
        self.read(move |connection| sql::one(connection, BY_ID, [id.to_string()], read)).await
    }

    /// The newest entry of this content.
    pub async fn ledger_entry_of_content(
        &self,
        content_id: &UniqueId,
    ) -> Result<Option<LedgerEntry>, StoreError> {
        let content_id = *content_id;
        self.read(move |connection| sql::one(connection, BY_CONTENT, [content_id.as_bytes()], read))
            .await
    }

    /// The newest entry of the credential with this id of its own.
    pub async fn ledger_entry_of_token(
        &self,
        token_id: &str,
    ) -> Result<Option<LedgerEntry>, StoreError> {
        let token_id = token_id.to_owned();
        self.read(move |connection| sql::one(connection, BY_TOKEN, [token_id], read)).await
    }

    /// At most `limit` entries older than `before`, newest first.
    pub async fn list_ledger(
        &self,
        filter: &LedgerFilter,
        before: Option<Ulid>,
        limit: u32,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        let mut query = Parts::new(LIST);
        query.push("", before.map_or_else(|| AFTER_ALL.to_owned(), |id| id.to_string()));
        if let Some(class) = filter.class {
            query.push(" AND class = ", class.as_str().to_owned());
        }
        if let Some(subject) = &filter.subject {
            query.push(" AND subject = ", subject.clone());
        }
        if let Some(tenant_id) = &filter.tenant_id {
            query.push(" AND tenant_id = ", tenant_id.clone());
        }
        if let Some(named) = &filter.named {
            query.push(" AND (token_id = ", named.clone());
            query.push(" OR subject = ", named.clone());
            if let Ok(content_id) = UniqueId::from_hex(named) {
                query.push(" OR content_id = ", content_id.as_bytes().to_vec());
            }
            query.push_text(")");
        }
        query.push(" ORDER BY id DESC LIMIT ", limit);
        self.read(move |connection| query.all(connection, read)).await
    }

    /// At most `limit` entries after `after`, oldest first, that have not expired and that `selector` may name: of a
    /// content all that derive from anything.
    pub async fn ledger_named_by(
        &self,
        selector: &Selector,
        after: Option<Ulid>,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        let mut query = Parts::new("SELECT * FROM ledger WHERE id > ");
        query.push("", after.map_or_else(String::new, |id| id.to_string()));
        query.push(" AND (expires_at IS NULL OR expires_at > ", now.0).push_text(")");
        match selector {
            Selector::TokenId { token_id, .. } => query.push(" AND token_id = ", token_id.clone()),
            Selector::Subject { subject, .. } => query.push(" AND subject = ", subject.clone()),
            Selector::Key(id) => query.push(" AND key_id = ", id.0.to_vec()),
            Selector::ContentId(id) => query
                .push(" AND (parent_id IS NOT NULL OR content_id = ", id.as_bytes().to_vec())
                .push_text(")"),
            // The ledger has neither task tickets nor certificates.
            Selector::RealmTicket(_) | Selector::Certificate(_) => return Ok(Vec::new()),
        };
        query.push(" ORDER BY id LIMIT ", limit);
        self.read(move |connection| query.all(connection, read)).await
    }

    /// When the last credential signed with this key ends; `None` when there is none.
    pub async fn last_end_of_key(&self, id: KeyId) -> Result<Option<Expiration>, StoreError> {
        let found = self.read(move |connection| {
            sql::one(connection, LAST_END, [id.0], |row| {
                Ok((unsigned(row, "never")?, maybe_moment(row, "last")?))
            })
        });
        let (never, last) = found.await?.unwrap_or_default();
        Ok(if never > 0 { Some(Expiration::Never) } else { last.map(Expiration::At) })
    }

    /// What a content was derived from, the nearest first: at most 16 generations. More than that is a fault of
    /// what is stored, and not cut off, since what is far above may be revoked too.
    pub async fn ancestors(&self, content_id: &UniqueId) -> Result<Vec<UniqueId>, StoreError> {
        let content_id = *content_id;
        let ancestor = |row: &Row<'_>| {
            if row.get::<_, u32>("depth")? > DEPTH_MAX {
                return Err(StoreError::BadRow { column: "parent_id" });
            }
            content(row, "content_id")
        };
        self.read(move |connection| {
            let of = params![content_id.as_bytes(), DEPTH_MAX];
            sql::all(connection, ANCESTORS, of, ancestor)
        })
        .await
    }

    /// Removes the entries of what ended 30 days ago or earlier; how many there were.
    pub async fn sweep_ledger(&self, now: Timestamp) -> Result<u64, StoreError> {
        let end = now.0.saturating_sub(KEEP_AFTER_END_MS);
        self.write_if(
            move |connection| sql::execute(connection, SWEEP, [end]),
            |removed| *removed > 0,
        )
        .await
    }
}

/// Records an entry inside a transaction.
pub(crate) fn insert(connection: &Connection, entry: &LedgerEntry) -> Result<(), StoreError> {
    let entry = params![
        entry.id.to_string(),
        entry.class.as_str(),
        entry.content_id.as_bytes(),
        entry.token_id,
        entry.subject,
        entry.audience,
        serde_json::json!(entry.scopes).to_string(),
        entry.key_id.0,
        entry.parent_id.as_ref().map(UniqueId::as_bytes),
        entry.tenant_id,
        entry.issued_by,
        entry.issued_at.0,
        entry.not_before.map(|moment| moment.0),
        entry.expires_at.moment().map(|moment| moment.0),
        entry.request_id,
    ];
    sql::execute(connection, INSERT, entry)?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<LedgerEntry, StoreError> {
    let class = text(row, "class")?;
    let class = Class::ALL.into_iter().find(|known| known.as_str() == class);
    let scopes = serde_json::from_str(text(row, "scopes")?);
    Ok(LedgerEntry {
        id: parsed(row, "id")?,
        class: class.ok_or(StoreError::BadRow { column: "class" })?,
        content_id: content(row, "content_id")?,
        token_id: row.get("token_id")?,
        subject: row.get("subject")?,
        audience: row.get("audience")?,
        scopes: scopes.map_err(|_| StoreError::BadRow { column: "scopes" })?,
        key_id: KeyId(bytes_as(row, "key_id")?),
        parent_id: maybe_content(row, "parent_id")?,
        tenant_id: row.get("tenant_id")?,
        issued_by: row.get("issued_by")?,
        issued_at: moment(row, "issued_at")?,
        not_before: maybe_moment(row, "not_before")?,
        expires_at: maybe_moment(row, "expires_at")?.map_or(Expiration::Never, Expiration::At),
        request_id: row.get("request_id")?,
    })
}
