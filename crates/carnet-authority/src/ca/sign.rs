//! Issuing a certificate.

use std::time::Duration;

use carnet_ticket::identity::SpiffeId;
use carnet_ticket::time::Timestamp;

use super::{
    CertificateAuthority, IdentityGrant, Lifetime, Schedule, Serial, VerifiedCsr, pem, profile,
};

/// A certificate that was issued. It is recorded before it leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedCertificate {
    /// The certificate, in DER.
    pub certificate: Vec<u8>,
    /// Its serial number.
    pub serial: Serial,
    /// Whose it is.
    pub spiffe_id: SpiffeId,
    /// SHA-256 of its key's `SubjectPublicKeyInfo`.
    pub spki_sha256: [u8; 32],
    /// SHA-256 of the CA certificate that signed it.
    pub ca_sha256: [u8; 32],
    /// When it was issued; it counts from a minute before that.
    pub issued_at: Timestamp,
    /// From when it should be renewed.
    pub renew_after: Timestamp,
    /// The last second in which it counts.
    pub expires_at: Timestamp,
}

/// Why no certificate was issued. In the order in which faults are looked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The request is made in another name.
    #[error("the request names somebody else")]
    NameMismatch,
    /// The request asks for what its bearer may not have.
    #[error("the request asks for more than is granted")]
    NotAllowed,
    /// No CA certificate is active.
    #[error("no CA certificate is active")]
    NoActive,
    /// The active CA certificate does not count now, or has less than 5 minutes left.
    #[error("the CA certificate does not count now, or hardly any longer")]
    OutsideCaLife,
    /// The library could not make it.
    #[error("the certificate could not be made")]
    Make(#[from] rcgen::Error),
}

impl IssuedCertificate {
    /// The certificate in PEM.
    pub fn pem(&self) -> String {
        pem::certificate_pem(&self.certificate)
    }
}

impl CertificateAuthority {
    /// Issues a certificate for the key of `csr`, with what `grant` says and nothing that the request says. It ends
    /// when the CA certificate does, at the latest.
    pub fn sign(
        &self,
        csr: &VerifiedCsr,
        grant: &IdentityGrant,
        now: Timestamp,
    ) -> Result<IssuedCertificate, SignError> {
        grant.admits(csr)?;
        let active = self.active().ok_or(SignError::NoActive)?;
        let issued_at = Timestamp::from_unix_s(now.unix_s());
        let expires_at = issued_at.after(grant.life().duration()).min(active.not_after);
        let life = Lifetime::new(expires_at.since(issued_at));
        let life = life.ok().filter(|_| active.not_before <= issued_at);
        let schedule = life.and_then(|life| Schedule::new(issued_at, life, Duration::ZERO).ok());
        let schedule = schedule.ok_or(SignError::OutsideCaLife)?;
        let serial = Serial::generate()?;
        let span = (issued_at, expires_at);
        let certificate =
            profile::leaf(&self.settings, &active.issuer, grant, csr.key(), serial, span)?;
        Ok(IssuedCertificate {
            certificate,
            serial,
            spiffe_id: grant.spiffe_id().clone(),
            spki_sha256: *csr.spki_sha256(),
            ca_sha256: active.sha256,
            issued_at,
            renew_after: schedule.renew_after,
            expires_at,
        })
    }
}
