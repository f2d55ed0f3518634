//! Renewing a certificate.

use carnet_authority::enroll::{
    Generation, GenerationRecord, Origin, RenewError, Renewal, decide_renewal,
};
use carnet_ticket::time::Timestamp;
use rusqlite::Connection;

use super::{Issuance, RenewedCertificate, insert, row, supersede};
use crate::error::StoreError;
use crate::open::Store;
use crate::worker_identities;

/// Why a certificate was not renewed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreRenewError {
    /// Its owner may not have another.
    #[error(transparent)]
    Refused(#[from] RenewError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Records the certificate that follows the one presented, or gives the one that was given already. What is
    /// refused changes nothing.
    pub async fn renew_certificate(
        &self,
        renewed: RenewedCertificate,
        now: Timestamp,
    ) -> Result<Issuance, StoreRenewError> {
        self.write_if(move |connection| renew(connection, &renewed, now), Issuance::is_new).await
    }
}

fn renew(
    connection: &Connection,
    renewed: &RenewedCertificate,
    now: Timestamp,
) -> Result<Issuance, StoreRenewError> {
    let member = renewed.certificate.member.to_string();
    let identity = worker_identities::find(connection, &member)?.ok_or(RenewError::Unknown)?;
    let is_quarantined = identity.quarantined_at.is_some();
    let rows = row::of_member(connection, &member)?;
    let history: Vec<GenerationRecord> =
        rows.iter().map(|row| row.record(is_quarantined, now)).collect();
    let presented = rows.iter().find(|row| row.serial == renewed.presented);
    let presented = presented.ok_or(RenewError::Unknown)?.generation;
    let of = |generation: Generation| rows.iter().find(|row| row.generation == generation);
    match decide_renewal(&renewed.csr, presented, &history)? {
        Renewal::Again(generation) => {
            let row = of(generation).ok_or(RenewError::Unknown)?;
            Ok(Issuance::Again(row.clone()))
        }
        Renewal::Issue { generation, revoke } => {
            if let Some(lost) = revoke.and_then(of) {
                supersede::supersede(connection, lost.serial, now)?;
            }
            worker_identities::is_at(connection, &member, generation)?;
            let certificate = &renewed.certificate;
            Ok(Issuance::New(insert(connection, certificate, generation, Origin::Renewal)?))
        }
    }
}
