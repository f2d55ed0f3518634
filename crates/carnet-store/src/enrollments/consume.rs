//! Using an enrollment up: with the certificate that it gives, or not at all.

use std::sync::Arc;

use carnet_authority::ca::CertificateAuthority;
use carnet_authority::enroll::{RedeemError, Redemption};
use carnet_ticket::enrollment::{EnrollmentId, EnrollmentToken};
use carnet_ticket::time::Timestamp;
use rusqlite::Connection;

use super::row;
use crate::certificates::{self, Issuance, NewCertificate};
use crate::error::StoreError;
use crate::open::Store;
use crate::worker_identities::{self, EnrollMemberError, MemberProfile};

/// A token that was shown, and the certificate that was signed for it.
#[derive(Debug, Clone)]
pub struct Consumption {
    /// The enrollment.
    pub id: EnrollmentId,
    /// Its token.
    pub token: EnrollmentToken,
    /// The authority whose bundle the token's CA has to be in.
    pub authority: Arc<CertificateAuthority>,
    /// The certificate.
    pub certificate: NewCertificate,
    /// The peer that came with the token.
    pub by: String,
}

/// Why an enrollment gave no certificate.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ConsumeError {
    /// There is no such enrollment.
    #[error("there is no such enrollment")]
    NotFound,
    /// The token is good for nothing any more: another one was faster.
    #[error(transparent)]
    Refused(#[from] RedeemError),
    /// The member is quarantined.
    #[error("the member is quarantined")]
    Quarantined,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<EnrollMemberError> for ConsumeError {
    fn from(error: EnrollMemberError) -> Self {
        match error {
            EnrollMemberError::Quarantined => Self::Quarantined,
            EnrollMemberError::Store(error) => Self::Store(error),
        }
    }
}

impl Store {
    /// Uses an enrollment up and records the certificate that it gives; or gives the one that it gave already. Of
    /// many who come with one token, one gets it. What is refused consumes nothing.
    pub async fn consume_enrollment(
        &self,
        consumption: Consumption,
        now: Timestamp,
    ) -> Result<Issuance, ConsumeError> {
        self.write_if(move |connection| consume(connection, &consumption, now), Issuance::is_new)
            .await
    }
}

fn consume(
    connection: &Connection,
    consumption: &Consumption,
    now: Timestamp,
) -> Result<Issuance, ConsumeError> {
    let Consumption { id, token, authority, certificate, by } = consumption;
    let enrollment = row::find(connection, *id)?.ok_or(ConsumeError::NotFound)?;
    let key = &certificate.issued.spki_sha256;
    match enrollment.redeem(token, authority.bundle(), key, now)? {
        Redemption::Issue => {
            let profile = MemberProfile::from(&enrollment);
            let row = worker_identities::enroll(connection, certificate, &profile)?;
            row::mark_used(connection, *id, (now, by), (row.serial, key))?;
            Ok(Issuance::New(row))
        }
        Redemption::Again(serial) => {
            let row = certificates::find(connection, serial)?;
            Ok(Issuance::Again(row.ok_or(ConsumeError::Refused(RedeemError::Used))?))
        }
    }
}
