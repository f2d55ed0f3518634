//! The certificate revocation list, version 2 (RFC 5280, section 5).

use std::time::Duration;

use carnet_ticket::time::Timestamp;
use rcgen::{
    CertificateRevocationListParams, KeyIdMethod, RevocationReason, RevokedCertParams, SerialNumber,
};

use super::key::key_identifier;
use super::{CaError, CertificateAuthority, Serial, profile};

/// How long a CRL counts. It is made anew after half of that, and on each revocation.
pub const CRL_LIFE: Duration = Duration::from_hours(1);

/// Why a certificate was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RevokedBecause {
    /// Nobody said.
    #[default]
    Unspecified,
    /// Somebody else may have its key: a clone was seen.
    KeyCompromise,
    /// A newer certificate of the same identity took its place.
    Superseded,
    /// Its owner is gone.
    CessationOfOperation,
    /// Its owner is quarantined.
    PrivilegeWithdrawn,
}

impl RevokedBecause {
    /// Every reason.
    pub const ALL: [Self; 5] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::PrivilegeWithdrawn,
    ];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "key_compromise",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessation_of_operation",
            Self::PrivilegeWithdrawn => "privilege_withdrawn",
        }
    }

    /// The reason of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }

    /// The code; "unspecified" is said by none.
    const fn code(self) -> Option<RevocationReason> {
        match self {
            Self::Unspecified => None,
            Self::KeyCompromise => Some(RevocationReason::KeyCompromise),
            Self::Superseded => Some(RevocationReason::Superseded),
            Self::CessationOfOperation => Some(RevocationReason::CessationOfOperation),
            Self::PrivilegeWithdrawn => Some(RevocationReason::PrivilegeWithdrawn),
        }
    }
}

/// A certificate that was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevokedCertificate {
    /// Its serial number.
    pub serial: Serial,
    /// Since when.
    pub revoked_at: Timestamp,
    /// Why.
    pub reason: RevokedBecause,
    /// Its end. After that it is listed no more.
    pub not_after: Timestamp,
}

impl CertificateAuthority {
    /// The list of those of `revoked` whose end has not come at `now`, in DER, signed by the active CA. `number` is
    /// greater than that of every list before. Certificates of a retiring CA stand in it too.
    pub fn crl(
        &self,
        revoked: &[RevokedCertificate],
        number: u64,
        now: Timestamp,
    ) -> Result<Vec<u8>, CaError> {
        let active = self.active().ok_or(CaError::NoActive)?;
        let listed = revoked.iter().filter(|certificate| certificate.not_after >= now);
        let entry = |certificate: &RevokedCertificate| {
            Ok(RevokedCertParams {
                serial_number: SerialNumber::from_slice(certificate.serial.as_bytes()),
                revocation_time: profile::moment(certificate.revoked_at.unix_s())?.to_datetime(),
                reason_code: certificate.reason.code(),
                invalidity_date: None,
            })
        };
        let params = CertificateRevocationListParams {
            this_update: profile::moment(now.unix_s())?.to_datetime(),
            next_update: profile::moment(now.after(CRL_LIFE).unix_s())?.to_datetime(),
            crl_number: SerialNumber::from(number),
            issuing_distribution_point: None,
            revoked_certs: listed.map(entry).collect::<Result<_, rcgen::Error>>()?,
            key_identifier_method: KeyIdMethod::PreSpecified(key_identifier(&active.record.key)),
        };
        Ok(params.signed_by(&*active.issuer)?.der().to_vec())
    }
}
