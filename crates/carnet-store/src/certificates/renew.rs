//! Renewing a certificate.

use std::sync::Arc;

use carnet_authority::ca::{Serial, VerifiedCsr};
use carnet_authority::enroll::{
    Generation, GenerationRecord, Origin, RenewError, Renewal, decide_renewal,
};
use carnet_ticket::identity::Member;
use carnet_ticket::time::Timestamp;
use rusqlite::Connection;

use super::{CertificateRow, Issuance, RenewedCertificate, insert, row, supersede};
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
    /// What the owner of a certificate would get for `csr`. Nothing is changed, and it is decided once more when it is
    /// recorded.
    pub async fn decide_renewal(
        &self,
        member: &Member,
        presented: Serial,
        csr: Arc<VerifiedCsr>,
        now: Timestamp,
    ) -> Result<Renewal, StoreRenewError> {
        let member = member.to_string();
        let decided = self.look_up(move |connection| {
            let history = History::of(connection, &member, now)?;
            Ok(history.decide(presented, &csr))
        });
        Ok(decided.await??)
    }

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

/// Every certificate of a member.
struct History {
    rows: Vec<CertificateRow>,
    records: Vec<GenerationRecord>,
}

impl History {
    fn of(connection: &Connection, member: &str, now: Timestamp) -> Result<Self, StoreError> {
        let identity = worker_identities::find(connection, member)?;
        let is_quarantined = identity.is_some_and(|identity| identity.quarantined_at.is_some());
        let rows = row::of_member(connection, member)?;
        let records = rows.iter().map(|row| row.record(is_quarantined, now)).collect();
        Ok(Self { rows, records })
    }

    fn decide(&self, presented: Serial, csr: &VerifiedCsr) -> Result<Renewal, RenewError> {
        let presented = self.rows.iter().find(|row| row.serial == presented);
        decide_renewal(csr, presented.ok_or(RenewError::Unknown)?.generation, &self.records)
    }

    fn find(&self, generation: Generation) -> Option<&CertificateRow> {
        self.rows.iter().find(|row| row.generation == generation)
    }
}

fn renew(
    connection: &Connection,
    renewed: &RenewedCertificate,
    now: Timestamp,
) -> Result<Issuance, StoreRenewError> {
    let member = renewed.certificate.member.to_string();
    let history = History::of(connection, &member, now)?;
    match history.decide(renewed.presented, &renewed.csr)? {
        Renewal::Again(generation) => {
            let row = history.find(generation).ok_or(RenewError::Unknown)?;
            Ok(Issuance::Again(row.clone()))
        }
        Renewal::Issue { generation, revoke } => {
            if let Some(lost) = revoke.and_then(|generation| history.find(generation)) {
                supersede::supersede(connection, lost.serial, now)?;
            }
            worker_identities::is_at(connection, &member, generation)?;
            let certificate = &renewed.certificate;
            Ok(Issuance::New(insert(connection, certificate, generation, Origin::Renewal)?))
        }
    }
}
