//! Depots: a row each. What a change means is decided by who asks for it, inside the transaction.

use std::error::Error;

use carnet_ticket::realm::{DepotId, NodeKey, RealmId};
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::error::StoreError;
use crate::open::Store;
use crate::row::{join_keys, key, maybe_keys, moment, parsed, signed, unsigned};
use crate::sql;

const INSERT: &str = "INSERT INTO realm_depots \
    (id, realm, title, root, history, max_history, created_at, updated_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)";
const SELECT: &str = "SELECT * FROM realm_depots WHERE realm = ?1 AND id = ?2";
const HAS_TITLE: &str = "SELECT 1 FROM realm_depots WHERE realm = ?1 AND title = ?2";
const LIST: &str =
    "SELECT * FROM realm_depots WHERE realm = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3";
const UPDATE: &str = "UPDATE realm_depots \
    SET title = ?3, root = ?4, history = ?5, max_history = ?6, updated_at = ?7 WHERE realm = ?1 AND id = ?2";
const DELETE: &str = "DELETE FROM realm_depots WHERE realm = ?1 AND id = ?2";
const TOUCH: &str = "UPDATE realm_nodes SET touched_at = ?3 WHERE realm = ?1 AND key = ?2";

/// A depot as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepotRow {
    /// Its number, by which lists are ordered.
    pub seq: u64,
    /// Its id.
    pub id: DepotId,
    /// The realm.
    pub realm: RealmId,
    /// What may change.
    pub state: DepotState,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What of a depot may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepotState {
    /// Its title, which no other depot of the realm has.
    pub title: String,
    /// What it names.
    pub root: NodeKey,
    /// What it named before, newest first.
    pub history: Vec<NodeKey>,
    /// How many former roots it keeps.
    pub max_history: u64,
}

/// Why a depot was not stored.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreDepotError {
    /// Another depot of the realm has this title.
    #[error("another depot has this title")]
    TitleTaken,
    /// The realm does not have the root.
    #[error("the realm does not have the root")]
    MissingRoot(NodeKey),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A depot as it is now, and whether that is new; none when there is no such depot.
type Changed = Option<(DepotRow, bool)>;

impl Store {
    /// Makes a depot.
    pub async fn insert_depot(
        &self,
        id: DepotId,
        realm: RealmId,
        state: DepotState,
        now: Timestamp,
    ) -> Result<DepotRow, StoreDepotError> {
        self.write(move |connection| {
            require_free(connection, &realm, &state.title)?;
            let row = params![
                id.to_string(),
                realm.to_string(),
                state.title,
                state.root.as_bytes(),
                join_keys(&state.history),
                signed(state.max_history),
                now.0,
            ];
            sql::execute(connection, INSERT, row)?;
            let made = select(connection, &realm, &id)?;
            made.ok_or(StoreError::BadRow { column: "id" }.into())
        })
        .await
    }

    /// A depot of `realm`.
    pub async fn depot(
        &self,
        realm: &RealmId,
        id: &DepotId,
    ) -> Result<Option<DepotRow>, StoreError> {
        let (realm, id) = (*realm, *id);
        self.look_up(move |connection| select(connection, &realm, &id)).await
    }

    /// Whether a depot of `realm` has this title.
    pub async fn has_depot(&self, realm: &RealmId, title: &str) -> Result<bool, StoreError> {
        let (realm, title) = (realm.to_string(), title.to_owned());
        self.look_up(move |connection| sql::exists(connection, HAS_TITLE, [realm, title])).await
    }

    /// At most `limit` depots of `realm`, newest first, before number `before`.
    pub async fn list_depots(
        &self,
        realm: &RealmId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<DepotRow>, StoreError> {
        let realm = realm.to_string();
        self.read(move |connection| {
            let before = before.map_or(i64::MAX, signed);
            sql::all(connection, LIST, params![realm, before, limit], read)
        })
        .await
    }

    /// Sets a depot of `realm` to what `decide` makes of it; none when there is no such depot. A new root has to be
    /// in the realm, and is touched; a new title has to be free. What stays as it was leaves no trace.
    pub async fn change_depot<E>(
        &self,
        realm: RealmId,
        id: DepotId,
        now: Timestamp,
        decide: impl FnOnce(&DepotState) -> Result<DepotState, E> + Send + 'static,
    ) -> Result<Option<DepotRow>, E>
    where
        E: Error + From<StoreDepotError> + From<StoreError> + Send + 'static,
    {
        let change = move |connection: &Connection| -> Result<Changed, E> {
            let Some(row) = select(connection, &realm, &id)? else { return Ok(None) };
            let state = decide(&row.state)?;
            if state == row.state {
                return Ok(Some((row, false)));
            }
            let updated_at = now;
            let changed = DepotRow { state, updated_at, ..row.clone() };
            update(connection, &row, &changed)?;
            Ok(Some((changed, true)))
        };
        let is_changed = |done: &Changed| done.as_ref().is_some_and(|(_, changed)| *changed);
        let changed = self.write_if(change, is_changed).await?;
        Ok(changed.map(|(row, _)| row))
    }

    /// Deletes a depot of `realm`; whether there was one.
    pub async fn delete_depot(&self, realm: RealmId, id: DepotId) -> Result<bool, StoreError> {
        self.delete(DELETE, [realm.to_string(), id.to_string()]).await
    }
}

fn update(
    connection: &Connection,
    before: &DepotRow,
    after: &DepotRow,
) -> Result<(), StoreDepotError> {
    let (realm, state) = (after.realm.to_string(), &after.state);
    if state.title != before.state.title {
        require_free(connection, &after.realm, &state.title)?;
    }
    if state.root != before.state.root && state.root != NodeKey::EMPTY_DICT {
        let touch = params![realm, state.root.as_bytes(), after.updated_at.0];
        if sql::execute(connection, TOUCH, touch)? == 0 {
            return Err(StoreDepotError::MissingRoot(state.root));
        }
    }
    let row = params![
        realm,
        after.id.to_string(),
        state.title,
        state.root.as_bytes(),
        join_keys(&state.history),
        signed(state.max_history),
        after.updated_at.0,
    ];
    sql::execute(connection, UPDATE, row)?;
    Ok(())
}

fn require_free(
    connection: &Connection,
    realm: &RealmId,
    title: &str,
) -> Result<(), StoreDepotError> {
    if sql::exists(connection, HAS_TITLE, params![realm.to_string(), title])? {
        return Err(StoreDepotError::TitleTaken);
    }
    Ok(())
}

fn select(
    connection: &Connection,
    realm: &RealmId,
    id: &DepotId,
) -> Result<Option<DepotRow>, StoreError> {
    sql::one(connection, SELECT, [realm.to_string(), id.to_string()], read)
}

fn read(row: &Row<'_>) -> Result<DepotRow, StoreError> {
    Ok(DepotRow {
        seq: unsigned(row, "seq")?,
        id: parsed(row, "id")?,
        realm: parsed(row, "realm")?,
        state: DepotState {
            title: row.get("title")?,
            root: key(row, "root")?,
            history: maybe_keys(row, "history")?.unwrap_or_default(),
            max_history: unsigned(row, "max_history")?,
        },
        created_at: moment(row, "created_at")?,
        updated_at: moment(row, "updated_at")?,
    })
}
