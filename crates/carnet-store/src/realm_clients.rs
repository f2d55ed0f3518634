//! Clients with a key of their own: those that somebody approved, and those that wait for it.

use carnet_ticket::realm::ClientId;
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::error::StoreError;
use crate::open::Store;
use crate::realm_agents::{AgentOwner, read_owner};
use crate::row::{moment, parsed, unsigned};
use crate::sql;

const SELECT_PENDING: &str = "SELECT id, public_key, name, code, tries, expires_at FROM realm_client_pending WHERE id = ?1 AND expires_at >= ?2";
const SWEEP_PENDING: &str = "DELETE FROM realm_client_pending WHERE expires_at < ?1";
const IS_FULL: &str = "SELECT 1 FROM realm_client_pending LIMIT 1 OFFSET ?1";
const INSERT_PENDING: &str = "INSERT INTO realm_client_pending (id, public_key, name, code, tries, expires_at) \
    VALUES (?1, ?2, ?3, ?4, 0, ?5)";
const TRY: &str = "UPDATE realm_client_pending SET tries = tries + 1 WHERE id = ?1";
const DROP_PENDING: &str = "DELETE FROM realm_client_pending WHERE id = ?1";
const SELECT: &str = "SELECT id, owner, owner_realm, realm, public_key, name, created_at, expires_at FROM realm_clients \
    WHERE id = ?1 AND expires_at >= ?2";
const LIST: &str = "SELECT id, owner, owner_realm, realm, public_key, name, created_at, expires_at FROM realm_clients \
    WHERE owner = ?1 AND expires_at >= ?2 ORDER BY seq DESC LIMIT ?3";
const APPROVE: &str = "INSERT INTO realm_clients (id, owner, owner_realm, realm, public_key, name, created_at, expires_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO UPDATE SET \
    created_at = CASE WHEN owner = ?2 THEN created_at ELSE ?7 END, \
    owner = ?2, owner_realm = ?3, realm = ?4, name = ?6, expires_at = ?8";
const DELETE: &str = "DELETE FROM realm_clients WHERE id = ?1 AND owner = ?2";

/// The most clients that wait at a time.
pub const PENDING_MAX: u32 = 10_000;

/// How many wrong codes drop a client that waits.
const TRIES_MAX: u64 = 5;

/// The most clients that are listed of one owner.
const LISTED_MAX: u32 = 1000;

/// A client that waits for its code to be entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingClient {
    /// Its id.
    pub id: ClientId,
    /// The text of its public key.
    pub public_key: String,
    /// What it calls itself.
    pub name: String,
    /// The code, without its hyphen.
    pub code: String,
    /// The last moment at which it waits.
    pub expires_at: Timestamp,
}

/// A client that somebody approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientRow {
    /// Its id.
    pub id: ClientId,
    /// Whom it acts for.
    pub owner: AgentOwner,
    /// The text of its public key.
    pub public_key: String,
    /// What it calls itself.
    pub name: String,
    /// Since when it acts for its owner. Tickets that it issued before rest on nothing.
    pub created_at: Timestamp,
    /// The last moment at which it counts.
    pub expires_at: Timestamp,
}

/// Somebody enters the code of a client.
#[derive(Debug, Clone)]
pub struct ApproveClient {
    /// The client.
    pub id: ClientId,
    /// The code, without its hyphen, in upper case.
    pub code: String,
    /// Whom it is to act for.
    pub owner: AgentOwner,
    /// Until when it is to count.
    pub expires_at: Timestamp,
}

/// What came of a code that was entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approval {
    /// The client is approved.
    Approved(ClientRow),
    /// No client of this id waits.
    NonePending,
    /// The code is another. The fifth time the client waits no more.
    WrongCode,
    /// The client acts for somebody else.
    Held,
}

/// Why a client may not wait.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum PendingError {
    /// As many wait as may.
    #[error("at most {PENDING_MAX} clients wait at a time")]
    Full,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Has a client wait, and gives it as it waits: one that does already goes on as it is.
    pub async fn await_client(
        &self,
        client: PendingClient,
        now: Timestamp,
    ) -> Result<PendingClient, PendingError> {
        self.write(move |connection| {
            if let Some((waiting, _)) = pending(connection, client.id, now)? {
                return Ok(waiting);
            }
            sql::execute(connection, SWEEP_PENDING, [now.0])?;
            if sql::exists(connection, IS_FULL, [PENDING_MAX - 1])? {
                return Err(PendingError::Full);
            }
            let PendingClient { id, public_key, name, code, expires_at } = &client;
            let row = params![id.to_string(), public_key, name, code, expires_at.0];
            sql::execute(connection, INSERT_PENDING, row)?;
            Ok(client)
        })
        .await
    }

    /// The client of this id that waits.
    pub async fn pending_client(
        &self,
        id: ClientId,
        now: Timestamp,
    ) -> Result<Option<PendingClient>, StoreError> {
        let found = self.read(move |connection| pending(connection, id, now)).await?;
        Ok(found.map(|(client, _)| client))
    }

    /// Approves a client when the code is its own; a wrong one counts.
    pub async fn approve_client(
        &self,
        approve: ApproveClient,
        now: Timestamp,
    ) -> Result<Approval, StoreError> {
        self.write_if(
            move |connection| judge(connection, approve, now),
            |approval| matches!(approval, Approval::Approved(_)),
        )
        .await
    }

    /// The approved client of this id.
    pub async fn client(
        &self,
        id: ClientId,
        now: Timestamp,
    ) -> Result<Option<ClientRow>, StoreError> {
        self.look_up(move |connection| client(connection, id, now)).await
    }

    /// The approved clients of an owner, newest first.
    pub async fn list_clients(
        &self,
        owner: &str,
        now: Timestamp,
    ) -> Result<Vec<ClientRow>, StoreError> {
        let owner = owner.to_owned();
        self.read(move |connection| {
            sql::all(connection, LIST, params![owner, now.0, LISTED_MAX], read)
        })
        .await
    }

    /// Deletes a client of `owner`; whether it was there.
    pub async fn delete_client(&self, owner: &str, id: ClientId) -> Result<bool, StoreError> {
        self.delete(DELETE, [id.to_string(), owner.to_owned()]).await
    }
}

fn judge(
    connection: &Connection,
    approve: ApproveClient,
    now: Timestamp,
) -> Result<Approval, StoreError> {
    let id = approve.id.to_string();
    let Some((waiting, tries)) = pending(connection, approve.id, now)? else {
        return Ok(Approval::NonePending);
    };
    if waiting.code != approve.code {
        let is_last = tries + 1 >= TRIES_MAX;
        sql::execute(connection, if is_last { DROP_PENDING } else { TRY }, [id])?;
        return Ok(Approval::WrongCode);
    }
    let held = client(connection, approve.id, now)?;
    if held.is_some_and(|held| held.owner.id != approve.owner.id) {
        return Ok(Approval::Held);
    }
    let owner = approve.owner;
    let (public_key, name) = (waiting.public_key, waiting.name);
    let (own, home) = (owner.own.to_string(), owner.home.to_string());
    let expires_at = approve.expires_at;
    let row = params![id, owner.id, own, home, public_key, name, now.0, expires_at.0];
    sql::execute(connection, APPROVE, row)?;
    sql::execute(connection, DROP_PENDING, [&id])?;
    let approved = client(connection, approve.id, now)?;
    Ok(Approval::Approved(approved.ok_or(StoreError::BadRow { column: "id" })?))
}

fn client(
    connection: &Connection,
    id: ClientId,
    now: Timestamp,
) -> Result<Option<ClientRow>, StoreError> {
    sql::one(connection, SELECT, params![id.to_string(), now.0], read)
}

/// A client that waits, and how many wrong codes were entered.
fn pending(
    connection: &Connection,
    id: ClientId,
    now: Timestamp,
) -> Result<Option<(PendingClient, u64)>, StoreError> {
    sql::one(connection, SELECT_PENDING, params![id.to_string(), now.0], |row| {
        let client = PendingClient {
            id: parsed(row, "id")?,
            public_key: row.get("public_key")?,
            name: row.get("name")?,
            code: row.get("code")?,
            expires_at: moment(row, "expires_at")?,
        };
        Ok((client, unsigned(row, "tries")?))
    })
}

fn read(row: &Row<'_>) -> Result<ClientRow, StoreError> {
    Ok(ClientRow {
        id: parsed(row, "id")?,
        owner: read_owner(row)?,
        public_key: row.get("public_key")?,
        name: row.get("name")?,
        created_at: moment(row, "created_at")?,
        expires_at: moment(row, "expires_at")?,
    })
}
