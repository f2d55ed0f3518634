//! [`CertificateRow`]: a certificate as stored.

use carnet_authority::ca::{RevokedBecause, Serial};
use carnet_authority::enroll::{Generation, GenerationRecord, Origin, Standing};
use carnet_ticket::identity::Member;
use carnet_ticket::time::Timestamp;
use rusqlite::{Connection, Row};

use super::NewCertificate;
use crate::error::StoreError;
use crate::row::{bytes_as, maybe_moment, maybe_text, moment, parsed, text, unsigned};
use crate::sql;

const FIND: &str = "SELECT * FROM certificates WHERE serial = ?1";
const OF_MEMBER: &str = "SELECT * FROM certificates WHERE identity = ?1 ORDER BY generation";

/// A certificate of a member as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRow {
    /// Its serial number.
    pub serial: Serial,
    /// Whose it is.
    pub member: Member,
    /// Which of its certificates.
    pub generation: Generation,
    /// How it came to be.
    pub origin: Origin,
    /// The certificate, in DER.
    pub certificate: Vec<u8>,
    /// SHA-256 of its key's `SubjectPublicKeyInfo`.
    pub spki_sha256: [u8; 32],
    /// SHA-256 of the CA certificate that signed it.
    pub ca_sha256: [u8; 32],
    /// When it was issued.
    pub issued_at: Timestamp,
    /// From when it should be renewed.
    pub renew_after: Timestamp,
    /// The last second in which it counts.
    pub expires_at: Timestamp,
    /// When it was first seen in a completed handshake.
    pub used_at: Option<Timestamp>,
    /// From when a later one stands in its place.
    pub superseded_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Why.
    pub reason: Option<RevokedBecause>,
}

/// How many certificates have not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CertificateCounts {
    /// Those that count.
    pub live: u64,
    /// Those that were revoked.
    pub revoked: u64,
}

impl CertificateRow {
    pub(super) fn new(new: &NewCertificate, generation: Generation, origin: Origin) -> Self {
        let issued = &new.issued;
        Self {
            serial: issued.serial,
            member: new.member.clone(),
            generation,
            origin,
            certificate: issued.certificate.clone(),
            spki_sha256: issued.spki_sha256,
            ca_sha256: issued.ca_sha256,
            issued_at: issued.issued_at,
            renew_after: issued.renew_after,
            expires_at: issued.expires_at,
            used_at: None,
            superseded_at: None,
            revoked_at: None,
            reason: None,
        }
    }

    /// Whether it counts at `now`, of a member that is quarantined or not.
    pub fn standing(&self, is_quarantined: bool, now: Timestamp) -> Standing {
        if self.revoked_at.is_some() || self.superseded_at.is_some_and(|moment| moment <= now) {
            Standing::Revoked
        } else if is_quarantined {
            Standing::Quarantined
        } else if self.expires_at < now {
            Standing::Expired
        } else {
            Standing::Live
        }
    }

    /// As renewals are decided by it.
    pub fn record(&self, is_quarantined: bool, now: Timestamp) -> GenerationRecord {
        GenerationRecord {
            generation: self.generation,
            spki_sha256: self.spki_sha256,
            is_used: self.used_at.is_some(),
            origin: self.origin,
            standing: self.standing(is_quarantined, now),
        }
    }
}

/// The certificate with this serial number.
pub(crate) fn find(
    connection: &Connection,
    serial: Serial,
) -> Result<Option<CertificateRow>, StoreError> {
    sql::one(connection, FIND, [serial.to_string()], read)
}

/// Every certificate of a member that is remembered, the oldest first.
pub(crate) fn of_member(
    connection: &Connection,
    member: &str,
) -> Result<Vec<CertificateRow>, StoreError> {
    sql::all(connection, OF_MEMBER, [member], read)
}

pub(super) fn reason(name: &str) -> Result<RevokedBecause, StoreError> {
    RevokedBecause::from_name(name).ok_or(StoreError::BadRow { column: "reason" })
}

pub(super) fn read(row: &Row<'_>) -> Result<CertificateRow, StoreError> {
    let origin = Origin::from_name(text(row, "origin")?);
    Ok(CertificateRow {
        serial: parsed(row, "serial")?,
        member: parsed(row, "identity")?,
        generation: Generation(unsigned(row, "generation")?),
        origin: origin.ok_or(StoreError::BadRow { column: "origin" })?,
        certificate: row.get("certificate")?,
        spki_sha256: bytes_as(row, "spki_sha256")?,
        ca_sha256: bytes_as(row, "ca_sha256")?,
        issued_at: moment(row, "issued_at")?,
        renew_after: moment(row, "renew_after")?,
        expires_at: moment(row, "expires_at")?,
        used_at: maybe_moment(row, "used_at")?,
        superseded_at: maybe_moment(row, "superseded_at")?,
        revoked_at: maybe_moment(row, "revoked_at")?,
        reason: maybe_text(row, "reason")?.map(reason).transpose()?,
    })
}
