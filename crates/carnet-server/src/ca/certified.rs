//! [`Certified`]: what whoever asked for a certificate gets.

use carnet_authority::ca::{CertificateAuthority, certificate_pem};
use carnet_store::CertificateRow;
use carnet_ticket::identity::SpiffeId;

/// A certificate that is recorded, and what its owner has to know with it.
#[derive(Debug, Clone)]
pub(crate) struct Certified {
    /// The certificate as it is kept: serial number, generation, times.
    pub(crate) row: CertificateRow,
    /// Whose it is.
    pub(crate) spiffe_id: SpiffeId,
    /// The certificate in PEM.
    pub(crate) certificate: String,
    /// Every CA certificate to trust, in PEM.
    pub(crate) bundle: String,
}

impl Certified {
    pub(super) fn new(row: CertificateRow, authority: &CertificateAuthority) -> Self {
        Self {
            spiffe_id: row.member.spiffe_id(authority.settings().trust_domain().clone()),
            certificate: certificate_pem(&row.certificate),
            bundle: authority.bundle().pem(),
            row,
        }
    }
}
