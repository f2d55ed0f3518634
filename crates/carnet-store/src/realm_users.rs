//! Owners of realms: the role and the quota that an administrator set, and who has signed in.

use carnet_ticket::realm::RealmId;
use carnet_ticket::rights::RealmRole;
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::error::StoreError;
use crate::open::Store;
use crate::row::{maybe_text, maybe_unsigned, parsed, signed, text, unsigned};
use crate::sql;

const SELECT: &str =
    "SELECT seq, realm, kind, id, role, quota_limit, email, name FROM realm_users WHERE realm = ?1";
const LIST: &str = "SELECT seq, realm, kind, id, role, quota_limit, email, name FROM realm_users \
    WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2";
const SEE: &str = "INSERT INTO realm_users (realm, kind, id, role, quota_limit, email, name, created_at) \
    VALUES (?1, 'user', ?1, NULL, NULL, ?2, ?3, ?4) \
    ON CONFLICT (realm) DO UPDATE SET email = ?2, name = ?3";
const SET: &str = "INSERT INTO realm_users (realm, kind, id, role, quota_limit, email, name, created_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, NULL, NULL, ?6) \
    ON CONFLICT (realm) DO UPDATE SET role = COALESCE(?4, role), quota_limit = COALESCE(?5, quota_limit)";
const OTHER_ADMIN: &str =
    "SELECT 1 FROM realm_users WHERE kind = 'user' AND role = 'admin' AND realm <> ?1";
const QUOTA: &str = "SELECT quota_limit FROM realm_users WHERE realm = ?1";

/// What an owner of a realm is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnerKind {
    /// Somebody who signs in.
    User,
    /// A program with a key.
    Service,
    /// What several of them share.
    Tenant,
}

/// What is known of an owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// Its number, by which lists are ordered.
    pub seq: u64,
    /// Its realm, which is its id.
    pub realm: RealmId,
    /// What it is.
    pub kind: OwnerKind,
    /// As it is shown: `user:…`, `key:…`, `tenant:…`.
    pub id: String,
    /// The role that an administrator set.
    pub role: Option<RealmRole>,
    /// The quota that an administrator set; 0 for no limit.
    pub quota_limit: Option<u64>,
    /// As its sign-in said last.
    pub email: Option<String>,
    /// As its sign-in said last.
    pub name: Option<String>,
}

/// What an administrator sets for an owner, known or not.
#[derive(Debug, Clone)]
pub struct SetUser {
    /// Its realm.
    pub realm: RealmId,
    /// What it is.
    pub kind: OwnerKind,
    /// As it is shown.
    pub id: String,
    /// A role; none leaves it.
    pub role: Option<RealmRole>,
    /// A quota, 0 for no limit; none leaves it.
    pub quota_limit: Option<u64>,
    /// Users that are administrators unless something else was set for them.
    pub standing_admins: Vec<RealmId>,
}

/// Why nothing was set.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SetUserError {
    /// No other user would be an administrator.
    #[error("no other user is an administrator")]
    LastAdmin,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was set for an owner, and the role that had been set before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserSet {
    /// As it is now.
    pub row: UserRow,
    /// The role before.
    pub role_before: Option<RealmRole>,
}

impl OwnerKind {
    const ALL: [Self; 3] = [Self::User, Self::Service, Self::Tenant];

    const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Service => "service",
            Self::Tenant => "tenant",
        }
    }
}

impl Store {
    /// What is known of the owner of `realm`.
    pub async fn user(&self, realm: &RealmId) -> Result<Option<UserRow>, StoreError> {
        let realm = realm.to_string();
        self.look_up(move |connection| sql::one(connection, SELECT, [realm], read)).await
    }

    /// The role that an administrator set for the owner of `realm`.
    pub async fn set_role(&self, realm: &RealmId) -> Result<Option<RealmRole>, StoreError> {
        Ok(self.user(realm).await?.and_then(|user| user.role))
    }

    /// The quota of `realm`, if it has one of its own; 0 for no limit.
    pub async fn quota_limit(&self, realm: &RealmId) -> Result<Option<u64>, StoreError> {
        let realm = realm.to_string();
        self.look_up(move |connection| quota_limit(connection, &realm)).await
    }

    /// Remembers a user that has signed in, and what its sign-in says of it.
    pub async fn see_user(
        &self,
        realm: RealmId,
        email: Option<String>,
        name: Option<String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            sql::execute(connection, SEE, params![realm.to_string(), email, name, now.0])
        })
        .await?;
        Ok(())
    }

    /// Sets a role or a quota for an owner. The last user that is an administrator stays one.
    pub async fn set_user(&self, set: SetUser, now: Timestamp) -> Result<UserSet, SetUserError> {
        self.write(move |connection| {
            let realm = set.realm.to_string();
            let before = sql::one(connection, SELECT, [&realm], read)?;
            let role_before = before.and_then(|row| row.role);
            if is_demotion(&set, role_before) && !has_other_admin(connection, &set)? {
                return Err(SetUserError::LastAdmin);
            }
            let (role, quota) = (set.role.map(RealmRole::as_str), set.quota_limit.map(signed));
            let row = params![realm, set.kind.as_str(), set.id, role, quota, now.0];
            sql::execute(connection, SET, row)?;
            let row = sql::one(connection, SELECT, [&realm], read)?;
            let row = row.ok_or(StoreError::BadRow { column: "realm" })?;
            Ok(UserSet { row, role_before })
        })
        .await
    }

    /// At most `limit` owners, newest first, before number `before`.
    pub async fn list_users(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<UserRow>, StoreError> {
        let before = before.map_or(i64::MAX, signed);
        self.read(move |connection| sql::all(connection, LIST, params![before, limit], read)).await
    }
}

/// The quota of a realm that has one of its own.
pub(crate) fn quota_limit(connection: &Connection, realm: &str) -> Result<Option<u64>, StoreError> {
    let found = sql::one(connection, QUOTA, [realm], |row| maybe_unsigned(row, "quota_limit"))?;
    Ok(found.flatten())
}

/// Whether a user that is an administrator would be none.
fn is_demotion(set: &SetUser, role_before: Option<RealmRole>) -> bool {
    let is_standing = || set.standing_admins.contains(&set.realm);
    let was_admin = role_before.map_or_else(is_standing, |role| role == RealmRole::Admin);
    let is_less = set.role.is_some_and(|role| role < RealmRole::Admin);
    set.kind == OwnerKind::User && was_admin && is_less
}

fn has_other_admin(connection: &Connection, set: &SetUser) -> Result<bool, StoreError> {
    if sql::exists(connection, OTHER_ADMIN, [set.realm.to_string()])? {
        return Ok(true);
    }
    for admin in set.standing_admins.iter().filter(|admin| **admin != set.realm) {
        let row = sql::one(connection, SELECT, [admin.to_string()], read)?;
        if row.and_then(|row| row.role).is_none_or(|role| role == RealmRole::Admin) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn read(row: &Row<'_>) -> Result<UserRow, StoreError> {
    let kind = text(row, "kind")?;
    let kind = OwnerKind::ALL.into_iter().find(|known| known.as_str() == kind);
    Ok(UserRow {
        seq: unsigned(row, "seq")?,
        realm: parsed(row, "realm")?,
        kind: kind.ok_or(StoreError::BadRow { column: "kind" })?,
        id: row.get("id")?,
        role: maybe_role(row, "role")?,
        quota_limit: maybe_unsigned(row, "quota_limit")?,
        email: row.get("email")?,
        name: row.get("name")?,
    })
}

/// A role that may be missing.
pub(crate) fn maybe_role(
    row: &Row<'_>,
    column: &'static str,
) -> Result<Option<RealmRole>, StoreError> {
    let role = |name| RealmRole::from_name(name).ok_or(StoreError::BadRow { column });
    maybe_text(row, column)?.map(role).transpose()
}
