//! Beginning an identity, or moving it.

use carnet_authority::enroll::{Generation, Origin};
use rusqlite::{Connection, params};

use super::{MemberProfile, find};
use crate::certificates::{self, CertificateRow, NewCertificate};
use crate::error::StoreError;
use crate::open::Store;
use crate::row::{join_texts, signed};
use crate::sql;

const WRITE: &str = "INSERT INTO worker_identities (identity, generation, dns, ip, capabilities, labels, cert_ttl, \
    enrolled_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (identity) DO UPDATE SET \
    generation = excluded.generation, dns = excluded.dns, ip = excluded.ip, capabilities = excluded.capabilities, \
    labels = excluded.labels, cert_ttl = excluded.cert_ttl, enrolled_at = excluded.enrolled_at, clone_seen_at = NULL";
const IS_AT: &str = "UPDATE worker_identities SET generation = ?2 WHERE identity = ?1";

/// Why a member was not enrolled.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum EnrollMemberError {
    /// It is quarantined.
    #[error("the member is quarantined")]
    Quarantined,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Records the certificate of a member that comes without an enrollment, and what it may from now on.
    pub async fn enroll_member(
        &self,
        certificate: NewCertificate,
        profile: MemberProfile,
    ) -> Result<CertificateRow, EnrollMemberError> {
        self.write(move |connection| enroll(connection, &certificate, &profile)).await
    }
}

/// Records a certificate that begins an identity or moves it, inside a transaction.
pub(crate) fn enroll(
    connection: &Connection,
    certificate: &NewCertificate,
    profile: &MemberProfile,
) -> Result<CertificateRow, EnrollMemberError> {
    let member = certificate.member.to_string();
    let known = find(connection, &member)?;
    if known.as_ref().is_some_and(|known| known.quarantined_at.is_some()) {
        return Err(EnrollMemberError::Quarantined);
    }
    let generation = Generation(known.map_or(0, |known| known.generation.0) + 1);
    let values = params![
        member,
        signed(generation.0),
        join_texts(&profile.dns),
        join_texts(&profile.ip),
        join_texts(&profile.capabilities),
        serde_json::json!(profile.labels).to_string(),
        profile.cert_ttl.as_secs(),
        certificate.issued.issued_at.0,
    ];
    sql::execute(connection, WRITE, values)?;
    Ok(certificates::insert(connection, certificate, generation, Origin::Enrollment)?)
}

/// Keeps which certificate of a member is the newest, inside a transaction.
pub(crate) fn is_at(
    connection: &Connection,
    member: &str,
    generation: Generation,
) -> Result<(), StoreError> {
    sql::execute(connection, IS_AT, params![member, signed(generation.0)])?;
    Ok(())
}
