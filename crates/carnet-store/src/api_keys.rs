//! API keys of services. Of the secret only its digest is stored.

use carnet_ticket::api_key::ApiKeyId;
use carnet_ticket::time::Timestamp;
use rusqlite::{Row, params};

use crate::error::StoreError;
use crate::open::Store;
use crate::row::{bytes_as, maybe_moment, moment, text};
use crate::sql;

const INSERT: &str = "INSERT INTO api_keys (id, name, role, tenant_id, hash, created_at, expires_at, subjects) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const SELECT: &str = "SELECT id, name, role, tenant_id, hash, created_at, expires_at, subjects FROM api_keys WHERE id = ?1";
const LIST: &str = "SELECT id, name, role, tenant_id, hash, created_at, expires_at, subjects FROM api_keys \
    WHERE id < ?1 ORDER BY id DESC LIMIT ?2";
const DELETE: &str = "DELETE FROM api_keys WHERE id = ?1";

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
            let key = params![
                key.id.to_string(),
                key.name,
                key.role,
                key.tenant_id,
                key.hash,
                key.created_at.0,
                key.expires_at.map(|moment| moment.0),
                key.subjects.join("\n"),
            ];
            sql::execute(connection, INSERT, key)?;
            Ok(())
        })
        .await
    }

    /// The key with this id.
    pub async fn api_key(&self, id: ApiKeyId) -> Result<Option<ApiKeyRow>, StoreError> {
        self.look_up(move |connection| sql::one(connection, SELECT, [id.to_string()], read)).await
    }

    /// At most `limit` keys, newest first, older than `before`.
    pub async fn list_api_keys(
        &self,
        before: Option<ApiKeyId>,
        limit: u32,
    ) -> Result<Vec<ApiKeyRow>, StoreError> {
        let before = before.map_or_else(|| AFTER_ALL.to_owned(), |id| id.to_string());
        self.read(move |connection| sql::all(connection, LIST, params![before, limit], read)).await
    }

    /// Deletes a key; whether it was there.
    pub async fn delete_api_key(&self, id: ApiKeyId) -> Result<bool, StoreError> {
        self.delete(DELETE, [id.to_string()]).await
    }
}

fn read(row: &Row<'_>) -> Result<ApiKeyRow, StoreError> {
    Ok(ApiKeyRow {
        id: ApiKeyId::parse(text(row, "id")?).map_err(|_| StoreError::BadRow { column: "id" })?,
        name: row.get("name")?,
        role: row.get("role")?,
        tenant_id: row.get("tenant_id")?,
        hash: bytes_as(row, "hash")?,
        created_at: moment(row, "created_at")?,
        expires_at: maybe_moment(row, "expires_at")?,
        subjects: text(row, "subjects")?.lines().map(str::to_owned).collect(),
    })
}
