//! Revoking certificates: the row, and the numbered entry that every gate hears of.

use carnet_authority::ca::{RevokedBecause, Serial};
use carnet_gate::Selector;
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, params};

use super::{CertificateRow, find};
use crate::error::StoreError;
use crate::open::Store;
use crate::{revocations, sql};

const MARK: &str =
    "UPDATE certificates SET revoked_at = ?2, reason = ?3 WHERE serial = ?1 AND revoked_at IS NULL";

/// A certificate that is revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedCertificateRow {
    /// The certificate.
    pub row: CertificateRow,
    /// Whether it is new: the same again changes nothing.
    pub is_new: bool,
}

impl Store {
    /// Revokes a certificate; `None` where there is no such one. `words` say why to people.
    pub async fn revoke_certificate(
        &self,
        serial: Serial,
        because: RevokedBecause,
        words: Option<String>,
        now: Timestamp,
    ) -> Result<Option<RevokedCertificateRow>, StoreError> {
        self.write_if(
            move |connection| {
                let Some(row) = find(connection, serial)? else { return Ok(None) };
                if row.revoked_at.is_some() {
                    return Ok(Some(RevokedCertificateRow { row, is_new: false }));
                }
                let row = revoke(connection, row, because, words, now)?;
                Ok(Some(RevokedCertificateRow { row, is_new: true }))
            },
            |revoked: &Option<RevokedCertificateRow>| {
                revoked.as_ref().is_some_and(|revoked| revoked.is_new)
            },
        )
        .await
    }
}

/// Revokes a certificate that is not revoked, inside a transaction.
pub(crate) fn revoke(
    connection: &Connection,
    row: CertificateRow,
    because: RevokedBecause,
    words: Option<String>,
    now: Timestamp,
) -> Result<CertificateRow, StoreError> {
    let serial = row.serial.to_string();
    mark_revoked(connection, &serial, because, now)?;
    let (selector, end) = (Selector::Certificate(serial), Some(row.expires_at));
    revocations::record(connection, selector, words, end, now)?;
    Ok(CertificateRow { revoked_at: Some(now), reason: Some(because), ..row })
}

/// Marks the row of a certificate, if it is one of ours, as revoked.
pub(crate) fn mark_revoked(
    connection: &Connection,
    serial: &str,
    because: RevokedBecause,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql::execute(connection, MARK, params![serial, now.0, because.as_str()])?;
    Ok(())
}
