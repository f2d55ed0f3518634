//! API keys of services. Of the secret only its digest is stored.

use carnet_ticket::api_key::ApiKeyId;
use carnet_ticket::time::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use crate::error::StoreError;
use crate::open::Store;
use crate::row::{maybe_moment, moment};

const INSERT: &str = "INSERT INTO api_keys (id, name, role, tenant_id, hash, created_at, expires_at, subjects) \
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const SELECT: &str = "SELECT id, name, role, tenant_id, hash, created_at, expires_at, subjects FROM api_keys WHERE id = $1";
const LIST: &str = "SELECT id, name, role, tenant_id, hash, created_at, expires_at, subjects FROM api_keys \
    WHERE id < $1 ORDER BY id DESC LIMIT $2";
const DELETE: &str = "DELETE FROM api_keys WHERE id = $1";

/// Later than every id: ids are `key:` and a ULID.
const AFTER_ALL: &str = "key:~";

/// An API key to be stored.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// What people call it.
    pub name: String,
    /// The role of its service.
    pub role: String,
    /// The tenant it is bound to.
    pub tenant_id: Option<String>,
    /// BLAKE3 of the key's text.
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it counts.
    pub expires_at: Option<Timestamp>,
    /// For whom an issuer may mint: globs.
    pub subjects: Vec<String>,
}

/// An API key as stored.
pub type ApiKeyRow = NewApiKey;

impl Store {
    /// Stores a key.
    pub async fn insert_api_key(&self, key: NewApiKey) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                sqlx::query(INSERT)
                    .bind(key.id.to_string())
                    .bind(key.name)
                    .bind(key.role)
                    .bind(key.tenant_id)
                    .bind(key.hash.to_vec())
                    .bind(key.created_at.0)
                    .bind(key.expires_at.map(|moment| moment.0))
                    .bind(key.subjects.join("\n"))
                    .execute(connection)
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// The key with this id.
    pub async fn api_key(&self, id: ApiKeyId) -> Result<Option<ApiKeyRow>, StoreError> {
        let row = sqlx::query(SELECT).bind(id.to_string()).fetch_optional(self.readers()).await?;
        row.map(|row| read(&row)).transpose()
    }

    /// At most `limit` keys, newest first, older than `before`.
    pub async fn list_api_keys(
        &self,
        before: Option<ApiKeyId>,
        limit: u32,
    ) -> Result<Vec<ApiKeyRow>, StoreError> {
        let before = before.map_or_else(|| AFTER_ALL.to_owned(), |id| id.to_string());
        let rows = sqlx::query(LIST).bind(before).bind(limit).fetch_all(self.readers()).await?;
        rows.iter().map(read).collect()
    }

    /// Deletes a key; whether it was there.
    pub async fn delete_api_key(&self, id: ApiKeyId) -> Result<bool, StoreError> {
        self.write_if(
            move |connection| {
                Box::pin(async move {
                    let done = sqlx::query(DELETE).bind(id.to_string()).execute(connection).await?;
                    Ok(done.rows_affected() > 0)
                })
            },
            |was_there| *was_there,
        )
        .await
    }
}

fn read(row: &SqliteRow) -> Result<ApiKeyRow, StoreError> {
    let id =
        ApiKeyId::parse(row.try_get("id")?).map_err(|_| StoreError::BadRow { column: "id" })?;
    let hash: &[u8] = row.try_get("hash")?;
    Ok(ApiKeyRow {
        id,
        name: row.try_get("name")?,
        role: row.try_get("role")?,
        tenant_id: row.try_get("tenant_id")?,
        hash: hash.try_into().map_err(|_| StoreError::BadRow { column: "hash" })?,
        created_at: moment(row, "created_at")?,
        expires_at: maybe_moment(row, "expires_at")?,
        subjects: row.try_get::<&str, _>("subjects")?.lines().map(str::to_owned).collect(),
    })
}
