//! Agents: what a token or a client rests on.

use carnet_ticket::realm::{ClientId, RealmId, TokenId};
use carnet_ticket::rights::RealmRole;
use carnet_ticket::time::Timestamp;
use rusqlite::Row;

use crate::error::StoreError;
use crate::open::Store;
use crate::realm_users::maybe_role;
use crate::row::{maybe_moment, moment, parsed};
use crate::sql;

/// An agent of this table, with its owner's role and, when that is a service, its key.
macro_rules! select_from {
    ($table:literal) => {
        concat!(
            "SELECT a.owner, a.owner_realm, a.realm, a.created_at, a.expires_at, u.role AS owner_role, ",
            "h.role AS home_role, k.role AS key_role, k.tenant_id, k.expires_at AS key_expires_at FROM ",
            $table,
            " a LEFT JOIN realm_users u ON u.realm = a.owner_realm \
             LEFT JOIN realm_users h ON h.realm = a.realm LEFT JOIN api_keys k ON k.id = a.owner WHERE a.id = ?1"
        )
    };
}

const TOKEN: &str = select_from!("realm_tokens");
const CLIENT: &str = select_from!("realm_clients");

/// Whom an agent acts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentOwner {
    /// `user:…` or `key:…`.
    pub id: String,
    /// The realm that is the owner's own.
    pub own: RealmId,
    /// The realm that the owner is at home in.
    pub home: RealmId,
}

/// What stands behind an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentRow {
    /// Whom it acts for.
    pub owner: AgentOwner,
    /// When it was made.
    pub created_at: Timestamp,
    /// The last moment at which it counts.
    pub expires_at: Timestamp,
    /// The role that was set for its owner.
    pub owner_role: Option<RealmRole>,
    /// The role that was set for the owner of the realm, which may be a tenant.
    pub home_role: Option<RealmRole>,
    /// The stored key of its owner, while it is there.
    pub key: Option<AgentKey>,
}

/// The stored key of a service that owns agents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentKey {
    /// Its role.
    pub role: String,
    /// Its tenant.
    pub tenant_id: Option<String>,
    /// Until when it counts.
    pub expires_at: Option<Timestamp>,
}

impl Store {
    /// What stands behind an agent token.
    pub async fn token_agent(&self, id: TokenId) -> Result<Option<AgentRow>, StoreError> {
        self.look_up(move |connection| sql::one(connection, TOKEN, [id.to_string()], read)).await
    }

    /// What stands behind an approved client.
    pub async fn client_agent(&self, id: ClientId) -> Result<Option<AgentRow>, StoreError> {
        self.look_up(move |connection| sql::one(connection, CLIENT, [id.to_string()], read)).await
    }
}

fn read(row: &Row<'_>) -> Result<AgentRow, StoreError> {
    let key_role: Option<String> = row.get("key_role")?;
    let key = match key_role {
        None => None,
        Some(role) => Some(AgentKey {
            role,
            tenant_id: row.get("tenant_id")?,
            expires_at: maybe_moment(row, "key_expires_at")?,
        }),
    };
    Ok(AgentRow {
        owner: read_owner(row)?,
        created_at: moment(row, "created_at")?,
        expires_at: moment(row, "expires_at")?,
        owner_role: maybe_role(row, "owner_role")?,
        home_role: maybe_role(row, "home_role")?,
        key,
    })
}

/// The owner in a row of an agent.
pub(crate) fn read_owner(row: &Row<'_>) -> Result<AgentOwner, StoreError> {
    Ok(AgentOwner {
        id: row.get("owner")?,
        own: parsed(row, "owner_realm")?,
        home: parsed(row, "realm")?,
    })
}
