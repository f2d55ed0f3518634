//! Managed keys, each with its sealed secret.

use carnet_authority::keyring::{KeyInfo, KeySource, KeyState, Purpose};
use carnet_ticket::id::KeyId;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use crate::error::StoreError;
use crate::open::Store;
use crate::row::maybe_moment;

const INSERT: &str = "INSERT INTO signing_keys (kid, purpose, state, sealed, created_at, promoted_at, demoted_at, \
    retired_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const UPDATE: &str = "UPDATE signing_keys SET state = $2, promoted_at = $3, demoted_at = $4, retired_at = $5 \
    WHERE kid = $1";
const LIST: &str = "SELECT kid, purpose, state, sealed, created_at, promoted_at, demoted_at, retired_at \
    FROM signing_keys ORDER BY created_at, kid";

/// A managed key as stored. `Debug` of the sealed bytes shows nothing that is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedKey {
    /// What is known of it.
    pub info: KeyInfo,
    /// Its secret, sealed.
    pub sealed: Vec<u8>,
}

impl Store {
    /// Stores a new key. A second active one of its purpose is a [`StoreError::Conflict`].
    pub async fn insert_signing_key(&self, key: SealedKey) -> Result<(), StoreError> {
        self.write(move |connection| Box::pin(async move { insert(connection, &key).await })).await
    }

    /// Writes the new states of keys, in this order and all or none.
    pub async fn update_signing_keys(&self, keys: Vec<KeyInfo>) -> Result<(), StoreError> {
        self.write(move |connection| {
            Box::pin(async move {
                for key in &keys {
                    update(connection, key).await?;
                }
                Ok(())
            })
        })
        .await
    }

    /// Every key, the oldest first.
    pub async fn signing_keys(&self) -> Result<Vec<SealedKey>, StoreError> {
        let rows = sqlx::query(LIST).fetch_all(self.readers()).await?;
        rows.iter().map(read).collect()
    }
}

async fn insert(connection: &mut SqliteConnection, key: &SealedKey) -> Result<(), StoreError> {
    let info = &key.info;
    sqlx::query(INSERT)
        .bind(&info.id.0[..])
        .bind(info.purpose.as_str())
        .bind(info.state.as_str())
        .bind(&key.sealed)
        .bind(info.created_at.map(|moment| moment.0))
        .bind(info.promoted_at.map(|moment| moment.0))
        .bind(info.demoted_at.map(|moment| moment.0))
        .bind(info.retired_at.map(|moment| moment.0))
        .execute(connection)
        .await?;
    Ok(())
}

async fn update(connection: &mut SqliteConnection, info: &KeyInfo) -> Result<(), StoreError> {
    sqlx::query(UPDATE)
        .bind(&info.id.0[..])
        .bind(info.state.as_str())
        .bind(info.promoted_at.map(|moment| moment.0))
        .bind(info.demoted_at.map(|moment| moment.0))
        .bind(info.retired_at.map(|moment| moment.0))
        .execute(connection)
        .await?;
    Ok(())
}

fn read(row: &SqliteRow) -> Result<SealedKey, StoreError> {
    let bad = |column| StoreError::BadRow { column };
    let id: &[u8] = row.try_get("kid")?;
    let info = KeyInfo {
        id: KeyId(id.try_into().map_err(|_| bad("kid"))?),
        purpose: Purpose::from_name(row.try_get("purpose")?).ok_or(bad("purpose"))?,
        state: KeyState::from_name(row.try_get("state")?).ok_or(bad("state"))?,
        source: KeySource::Store,
        created_at: maybe_moment(row, "created_at")?,
        promoted_at: maybe_moment(row, "promoted_at")?,
        demoted_at: maybe_moment(row, "demoted_at")?,
        retired_at: maybe_moment(row, "retired_at")?,
    };
    Ok(SealedKey { info, sealed: row.try_get("sealed")? })
}
