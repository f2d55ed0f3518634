//! Certificates of members of the fleet.

mod renew;
mod revoke;
mod row;
mod supersede;

pub use renew::StoreRenewError;
pub use revoke::RevokedCertificateRow;
pub use row::{CertificateCounts, CertificateRow};

pub(crate) use revoke::{mark_revoked, revoke};
pub(crate) use row::{find, of_member};

use std::sync::Arc;

use carnet_authority::ca::{IssuedCertificate, RevokedCertificate, Serial, VerifiedCsr};
use carnet_authority::enroll::{Generation, Origin};
use carnet_authority::ledger::LedgerEntry;
use carnet_ticket::identity::Member;
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, Row, params};

use crate::error::StoreError;
use crate::open::Store;
use crate::row::{moment, parsed, signed, text, unsigned};
use crate::{ledger, sql};

const INSERT: &str = "INSERT INTO certificates (serial, identity, generation, origin, certificate, spki_sha256, \
    ca_sha256, issued_at, renew_after, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
const BEFORE: &str = "SELECT * FROM certificates WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2";
const COUNT: &str = "SELECT COUNT(*) FILTER (WHERE revoked_at IS NULL) AS live, \
    COUNT(*) FILTER (WHERE revoked_at IS NOT NULL) AS revoked FROM certificates WHERE expires_at >= ?1";
const NEXT_NUMBER: &str = "UPDATE ca_crl SET number = number + 1 RETURNING number";
const REVOKED: &str = "SELECT serial, revoked_at, reason, expires_at FROM certificates \
    WHERE revoked_at IS NOT NULL AND expires_at >= ?1 ORDER BY seq";
const SWEEP: &str = "DELETE FROM certificates WHERE expires_at < ?1";

/// How long a certificate is remembered after its end.
const KEEP_AFTER_END_MS: i64 = 30 * 24 * 3_600_000;

/// A certificate that was signed and is to be recorded, for its owner.
#[derive(Debug, Clone)]
pub struct NewCertificate {
    /// Whose it is.
    pub member: Member,
    /// The certificate.
    pub issued: IssuedCertificate,
    /// Its entry in the ledger; none for a server's own.
    pub ledger: Option<LedgerEntry>,
}

/// A certificate that was signed in place of another, which its owner presents.
#[derive(Debug, Clone)]
pub struct RenewedCertificate {
    /// The one that is presented.
    pub presented: Serial,
    /// What its owner asks with.
    pub csr: Arc<VerifiedCsr>,
    /// What it gets, if it may have it.
    pub certificate: NewCertificate,
}

/// What an owner gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Issuance {
    /// The new certificate.
    New(CertificateRow),
    /// One that it was given before: its answer was lost.
    Again(CertificateRow),
}

/// What a revocation list says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlContent {
    /// Its number, greater than that of every list before.
    pub number: u64,
    /// Every revoked certificate whose end has not come.
    pub revoked: Vec<RevokedCertificate>,
}

impl Issuance {
    /// The certificate.
    pub fn row(self) -> CertificateRow {
        match self {
            Self::New(row) | Self::Again(row) => row,
        }
    }

    pub(crate) fn is_new(&self) -> bool {
        matches!(self, Self::New(_))
    }
}

impl Store {
    /// The certificate with this serial number.
    pub async fn certificate(&self, serial: Serial) -> Result<Option<CertificateRow>, StoreError> {
        self.look_up(move |connection| row::find(connection, serial)).await
    }

    /// Every certificate of a member that is remembered, the oldest first.
    pub async fn certificates_of(
        &self,
        member: &Member,
    ) -> Result<Vec<CertificateRow>, StoreError> {
        let member = member.to_string();
        self.read(move |connection| row::of_member(connection, &member)).await
    }

    /// At most `limit` certificates before number `before`, newest first, each with its number.
    pub async fn list_certificates(
        &self,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<(u64, CertificateRow)>, StoreError> {
        let before = before.map_or(i64::MAX, signed);
        let numbered = |row: &Row<'_>| Ok((unsigned(row, "seq")?, row::read(row)?));
        self.read(move |connection| sql::all(connection, BEFORE, params![before, limit], numbered))
            .await
    }

    /// How many certificates have not ended at `now`.
    pub async fn count_certificates(
        &self,
        now: Timestamp,
    ) -> Result<CertificateCounts, StoreError> {
        let counts = |row: &Row<'_>| {
            Ok(CertificateCounts {
                live: unsigned(row, "live")?,
                revoked: unsigned(row, "revoked")?,
            })
        };
        let counted = self.read(move |connection| sql::one(connection, COUNT, [now.0], counts));
        Ok(counted.await?.unwrap_or_default())
    }

    /// Takes the next number for a revocation list, and gives what that list says at `now`.
    pub async fn next_crl(&self, now: Timestamp) -> Result<CrlContent, StoreError> {
        let entry = |row: &Row<'_>| {
            Ok(RevokedCertificate {
                serial: parsed(row, "serial")?,
                revoked_at: moment(row, "revoked_at")?,
                reason: row::reason(text(row, "reason")?)?,
                not_after: moment(row, "expires_at")?,
            })
        };
        self.write(move |connection| {
            let number = sql::one(connection, NEXT_NUMBER, [], |row| unsigned(row, "number"))?;
            let number = number.ok_or(StoreError::BadRow { column: "number" })?;
            Ok(CrlContent { number, revoked: sql::all(connection, REVOKED, [now.0], entry)? })
        })
        .await
    }

    /// Forgets certificates a month after their end.
    pub async fn sweep_certificates(&self, now: Timestamp) -> Result<u64, StoreError> {
        let ended_before = now.0.saturating_sub(KEEP_AFTER_END_MS);
        self.write(move |connection| sql::execute(connection, SWEEP, [ended_before])).await
    }
}

/// Records a certificate and its entry in the ledger, inside a transaction.
pub(crate) fn insert(
    connection: &Connection,
    certificate: &NewCertificate,
    generation: Generation,
    origin: Origin,
) -> Result<CertificateRow, StoreError> {
    let row = CertificateRow::new(certificate, generation, origin);
    let values = params![
        row.serial.to_string(),
        row.member.to_string(),
        signed(row.generation.0),
        row.origin.as_str(),
        row.certificate,
        row.spki_sha256,
        row.ca_sha256,
        row.issued_at.0,
        row.renew_after.0,
        row.expires_at.0,
    ];
    sql::execute(connection, INSERT, values)?;
    if let Some(entry) = &certificate.ledger {
        ledger::insert(connection, entry)?;
    }
    Ok(row)
}
