//! Sessions of the admin UI, and the links that open one, by the digests of their secrets.

use carnet_ticket::id::UniqueId;
use carnet_ticket::session::SessionDigest;
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::error::StoreError;
use crate::open::Store;
use crate::row::{bytes_as, moment};
use crate::sql;

const INSERT: &str = "INSERT INTO sessions (digest, subject, rests_on, created_at, idle_at, expires_at) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const SELECT: &str = "SELECT digest, subject, rests_on, created_at, idle_at, expires_at \
    FROM sessions WHERE digest = ?1";
const TOO_MANY: &str = "SELECT digest FROM sessions WHERE subject = ?1 AND digest <> ?2 \
    ORDER BY created_at DESC, digest LIMIT -1 OFFSET ?3";
const TOUCH: &str = "UPDATE sessions SET idle_at = ?2 WHERE digest = ?1 AND idle_at < ?2";
const DELETE: &str = "DELETE FROM sessions WHERE digest = ?1";
const SWEEP: &str = "DELETE FROM sessions WHERE min(expires_at, idle_at) <= ?1";

const INSERT_LINK: &str =
    "INSERT INTO sign_in_links (digest, subject, rests_on, expires_at) VALUES (?1, ?2, ?3, ?4)";
const SELECT_LINK: &str = "SELECT digest, subject, rests_on, expires_at FROM sign_in_links \
    WHERE digest = ?1 AND expires_at > ?2";
const SPEND_LINK: &str = "DELETE FROM sign_in_links WHERE digest = ?1 AND expires_at > ?2";
const SWEEP_LINKS: &str = "DELETE FROM sign_in_links WHERE expires_at <= ?1";
const CUT_LINKS: &str = "DELETE FROM sign_in_links WHERE digest IN \
    (SELECT digest FROM sign_in_links ORDER BY expires_at DESC, digest LIMIT -1 OFFSET ?1)";

/// The most sessions that a subject has: a new one ends the oldest.
const SESSIONS_MAX: u32 = 100;

/// The most links that wait to be used.
const LINKS_MAX: u32 = 100;

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// The digest of its cookie.
    pub digest: SessionDigest,
    /// Who signed in.
    pub subject: String,
    /// The content id of the key that it was opened with, if one was.
    pub rests_on: Option<UniqueId>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it ends unless it is used before.
    pub idle_at: Timestamp,
    /// The end of it, however much it is used.
    pub expires_at: Timestamp,
}

/// A link that signs somebody in, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInLinkRow {
    /// The digest of its code.
    pub digest: SessionDigest,
    /// Whom it signs in.
    pub subject: String,
    /// The content id of the key that it was asked for with, if one was.
    pub rests_on: Option<UniqueId>,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// A session was opened, and these of the same subject ended for it.
pub type Opened = Vec<SessionDigest>;

impl Store {
    /// Opens a session.
    pub async fn open_session(&self, session: SessionRow) -> Result<Opened, StoreError> {
        self.write(move |connection| insert(connection, &session)).await
    }

    /// Spends a link and opens a session with it; nothing when the link is not good any more. Of many who come with
    /// one link, one gets in.
    pub async fn open_session_by_link(
        &self,
        link: SessionDigest,
        session: SessionRow,
    ) -> Result<Option<Opened>, StoreError> {
        let open = move |connection: &Connection| {
            let now = session.created_at.0;
            if sql::execute(connection, SPEND_LINK, params![link.0, now])? == 0 {
                return Ok(None);
            }
            insert(connection, &session).map(Some)
        };
        self.write_if(open, Option::is_some).await
    }

    /// The session with this digest.
    pub async fn session(&self, digest: SessionDigest) -> Result<Option<SessionRow>, StoreError> {
        self.look_up(move |connection| sql::one(connection, SELECT, [digest.0], read)).await
    }

    /// A session was used: it ends later unless it is used again.
    pub async fn touch_session(
        &self,
        digest: SessionDigest,
        idle_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            sql::execute(connection, TOUCH, params![digest.0, idle_at.0])?;
            Ok(())
        })
        .await
    }

    /// Ends a session; whether it was there.
    pub async fn end_session(&self, digest: SessionDigest) -> Result<bool, StoreError> {
        let end = move |connection: &Connection| {
            Ok::<_, StoreError>(sql::execute(connection, DELETE, [digest.0])? > 0)
        };
        self.write_if(end, |ended| *ended).await
    }

    /// Stores a link.
    pub async fn insert_sign_in_link(&self, link: SignInLinkRow) -> Result<(), StoreError> {
        self.write(move |connection| {
            let rests_on = link.rests_on.map(|id| *id.as_bytes());
            let row = params![link.digest.0, link.subject, rests_on, link.expires_at.0];
            sql::execute(connection, INSERT_LINK, row)?;
            sql::execute(connection, CUT_LINKS, [LINKS_MAX])?;
            Ok(())
        })
        .await
    }

    /// The link with this digest, while it is good.
    pub async fn sign_in_link(
        &self,
        digest: SessionDigest,
        now: Timestamp,
    ) -> Result<Option<SignInLinkRow>, StoreError> {
        let params = (digest.0, now.0);
        self.look_up(move |connection| sql::one(connection, SELECT_LINK, params, read_link)).await
    }

    /// Removes sessions and links that are over.
    pub async fn sweep_sessions(&self, now: Timestamp) -> Result<(), StoreError> {
        self.write(move |connection| {
            sql::execute(connection, SWEEP, [now.0])?;
            sql::execute(connection, SWEEP_LINKS, [now.0])?;
            Ok(())
        })
        .await
    }
}

fn insert(connection: &Connection, session: &SessionRow) -> Result<Opened, StoreError> {
    let rests_on = session.rests_on.map(|id| *id.as_bytes());
    let row = params![
        session.digest.0,
        session.subject,
        rests_on,
        session.created_at.0,
        session.idle_at.0,
        session.expires_at.0,
    ];
    sql::execute(connection, INSERT, row)?;
    let too_many = params![session.subject, session.digest.0, SESSIONS_MAX - 1];
    let ended = sql::all(connection, TOO_MANY, too_many, digest)?;
    for session in &ended {
        sql::execute(connection, DELETE, [session.0])?;
    }
    Ok(ended)
}

fn read(row: &Row<'_>) -> Result<SessionRow, StoreError> {
    Ok(SessionRow {
        digest: digest(row)?,
        subject: row.get("subject")?,
        rests_on: rests_on(row)?,
        created_at: moment(row, "created_at")?,
        idle_at: moment(row, "idle_at")?,
        expires_at: moment(row, "expires_at")?,
    })
}

fn read_link(row: &Row<'_>) -> Result<SignInLinkRow, StoreError> {
    Ok(SignInLinkRow {
        digest: digest(row)?,
        subject: row.get("subject")?,
        rests_on: rests_on(row)?,
        expires_at: moment(row, "expires_at")?,
    })
}

fn digest(row: &Row<'_>) -> Result<SessionDigest, StoreError> {
    bytes_as(row, "digest").map(SessionDigest)
}

fn rests_on(row: &Row<'_>) -> Result<Option<UniqueId>, StoreError> {
    let bytes: Option<[u8; 32]> = row.get("rests_on")?;
    Ok(bytes.map(UniqueId::from_bytes))
}
