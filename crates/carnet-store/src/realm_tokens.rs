//! Agent tokens, by their ids: the tokens themselves are nowhere.

use carnet_ticket::realm::TokenId;
use carnet_ticket::time::Timestamp;
use rusqlite::{Row, params};

use crate::error::StoreError;
use crate::open::Store;
use crate::realm_agents::{AgentOwner, read_owner};
use crate::row::{moment, parsed};
use crate::sql;

const INSERT: &str = "INSERT INTO realm_tokens (id, owner, owner_realm, realm, name, description, created_at, expires_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
const LIST: &str = "SELECT id, owner, owner_realm, realm, name, description, created_at, expires_at FROM realm_tokens \
    WHERE owner = ?1 AND expires_at >= ?2 ORDER BY seq DESC";
const COUNT: &str =
    "SELECT 1 FROM realm_tokens WHERE owner = ?1 AND expires_at >= ?2 LIMIT 1 OFFSET ?3";
const DELETE: &str = "DELETE FROM realm_tokens WHERE id = ?1 AND owner = ?2";

/// The most live tokens of one owner.
const LIVE_MAX: u32 = 1000;

/// An agent token, as far as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    /// Its id.
    pub id: TokenId,
    /// Whom its agent acts for.
    pub owner: AgentOwner,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// The last moment at which it counts.
    pub expires_at: Timestamp,
}

/// Why a token was not stored.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum InsertTokenError {
    /// Its owner has as many as one may have.
    #[error("an owner has at most {LIVE_MAX} live tokens")]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Stores a token.
    pub async fn insert_token(&self, token: TokenRow) -> Result<(), InsertTokenError> {
        self.write(move |connection| {
            let (owner, now) = (&token.owner, token.created_at.0);
            if sql::exists(connection, COUNT, params![owner.id, now, LIVE_MAX - 1])? {
                return Err(InsertTokenError::TooMany);
            }
            let row = params![
                token.id.to_string(),
                owner.id,
                owner.own.to_string(),
                owner.home.to_string(),
                token.name,
                token.description,
                now,
                token.expires_at.0,
            ];
            sql::execute(connection, INSERT, row)?;
            Ok(())
        })
        .await
    }

    /// The live tokens of an owner, newest first.
    pub async fn list_tokens(
        &self,
        owner: &str,
        now: Timestamp,
    ) -> Result<Vec<TokenRow>, StoreError> {
        let owner = owner.to_owned();
        self.read(move |connection| sql::all(connection, LIST, params![owner, now.0], read)).await
    }

    /// Deletes a token of `owner`; whether it was there.
    pub async fn delete_token(&self, owner: &str, id: TokenId) -> Result<bool, StoreError> {
        self.delete(DELETE, [id.to_string(), owner.to_owned()]).await
    }
}

fn read(row: &Row<'_>) -> Result<TokenRow, StoreError> {
    Ok(TokenRow {
        id: parsed(row, "id")?,
        owner: read_owner(row)?,
        name: row.get("name")?,
        description: row.get("description")?,
        created_at: moment(row, "created_at")?,
        expires_at: moment(row, "expires_at")?,
    })
}
