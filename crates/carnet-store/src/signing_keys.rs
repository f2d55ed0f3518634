//! Managed keys, each with its sealed secret.

use carnet_authority::keyring::{KeyInfo, KeySource, KeyState, Purpose};
use carnet_ticket::id::KeyId;
use rusqlite::{Connection, Row, params};

use crate::error::StoreError;
use crate::open::Store;
use crate::row::{bytes_as, maybe_moment, text};
use crate::sql;

const INSERT: &str = "INSERT INTO signing_keys (kid, purpose, state, sealed, created_at, promoted_at, demoted_at, \
    retired_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const UPDATE: &str = "UPDATE signing_keys SET state = ?2, promoted_at = ?3, demoted_at = ?4, retired_at = ?5 \
    WHERE kid = ?1";
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
        self.write(move |connection| insert(connection, &key)).await
    }

    /// Writes the new states of keys, in this order and all or none.
    pub async fn update_signing_keys(&self, keys: Vec<KeyInfo>) -> Result<(), StoreError> {
        self.write(move |connection| keys.iter().try_for_each(|key| update(connection, key))).await
    }

    /// Every key, the oldest first.
    pub async fn signing_keys(&self) -> Result<Vec<SealedKey>, StoreError> {
        self.read(|connection| sql::all(connection, LIST, [], read)).await
    }
}

fn insert(connection: &Connection, key: &SealedKey) -> Result<(), StoreError> {
    let info = &key.info;
    let key = params![
        info.id.0,
        info.purpose.as_str(),
        info.state.as_str(),
        key.sealed,
        info.created_at.map(|moment| moment.0),
        info.promoted_at.map(|moment| moment.0),
        info.demoted_at.map(|moment| moment.0),
        info.retired_at.map(|moment| moment.0),
    ];
    sql::execute(connection, INSERT, key)?;
    Ok(())
}

fn update(connection: &Connection, info: &KeyInfo) -> Result<(), StoreError> {
    let key = params![
        info.id.0,
        info.state.as_str(),
        info.promoted_at.map(|moment| moment.0),
        info.demoted_at.map(|moment| moment.0),
        info.retired_at.map(|moment| moment.0),
    ];
    sql::execute(connection, UPDATE, key)?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<SealedKey, StoreError> {
    let bad = |column| StoreError::BadRow { column };
    let info = KeyInfo {
        id: KeyId(bytes_as(row, "kid")?),
        purpose: Purpose::from_name(text(row, "purpose")?).ok_or(bad("purpose"))?,
        state: KeyState::from_name(text(row, "state")?).ok_or(bad("state"))?,
        source: KeySource::Store,
        created_at: maybe_moment(row, "created_at")?,
        promoted_at: maybe_moment(row, "promoted_at")?,
        demoted_at: maybe_moment(row, "demoted_at")?,
        retired_at: maybe_moment(row, "retired_at")?,
    };
    Ok(SealedKey { info, sealed: row.get("sealed")? })
}
