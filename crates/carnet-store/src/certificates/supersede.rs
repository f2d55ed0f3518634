//! The first use of a certificate, after which those before it end.

use carnet_authority::ca::Serial;
use carnet_authority::enroll::predecessors_end;
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, Row, params};

use super::{CertificateRow, find, row};
use crate::error::StoreError;
use crate::open::Store;
use crate::row::{maybe_moment, signed};
use crate::sql;

const USE: &str = "UPDATE certificates SET used_at = ?2 WHERE serial = ?1 AND used_at IS NULL";
const SUPERSEDE: &str = "UPDATE certificates SET superseded_at = MIN(COALESCE(superseded_at, ?3), ?3) \
    WHERE identity = ?1 AND generation < ?2 AND revoked_at IS NULL AND expires_at >= ?4";
const SUPERSEDE_ONE: &str =
    "UPDATE certificates SET superseded_at = ?2 WHERE serial = ?1 AND revoked_at IS NULL";
const DUE: &str =
    "SELECT * FROM certificates WHERE superseded_at <= ?1 AND revoked_at IS NULL LIMIT 1000";

const NEXT: &str = "SELECT MIN(superseded_at) AS next FROM certificates \
    WHERE superseded_at IS NOT NULL AND revoked_at IS NULL";

impl Store {
    /// Records that a certificate was seen in a completed handshake. The first time, those before it are superseded:
    /// now or soon, as it came to be. Gives the certificate; `None` where there is no such one.
    pub async fn use_certificate(
        &self,
        serial: Serial,
        now: Timestamp,
    ) -> Result<Option<CertificateRow>, StoreError> {
        self.write(move |connection| {
            let used = sql::execute(connection, USE, params![serial.to_string(), now.0])?;
            let found = find(connection, serial)?;
            if let Some(row) = found.as_ref().filter(|_| used > 0) {
                let end = predecessors_end(row.origin, now);
                let before = signed(row.generation.0);
                let values = params![row.member.to_string(), before, end.0, now.0];
                sql::execute(connection, SUPERSEDE, values)?;
            }
            Ok(found)
        })
        .await
    }

    /// Certificates that were superseded at `now` or before and are not revoked yet, at most 1000 of them.
    pub async fn superseded_certificates(
        &self,
        now: Timestamp,
    ) -> Result<Vec<CertificateRow>, StoreError> {
        self.read(move |connection| sql::all(connection, DUE, [now.0], row::read)).await
    }

    /// When the next certificate that was superseded ends; none when there is none.
    pub async fn next_supersession(&self) -> Result<Option<Timestamp>, StoreError> {
        let next = |row: &Row<'_>| maybe_moment(row, "next");
        self.look_up(move |connection| Ok(sql::one(connection, NEXT, [], next)?.flatten())).await
    }
}

/// Ends a certificate whose owner has lost its key, inside a transaction.
pub(super) fn supersede(
    connection: &Connection,
    serial: Serial,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql::execute(connection, SUPERSEDE_ONE, params![serial.to_string(), now.0])?;
    Ok(())
}
