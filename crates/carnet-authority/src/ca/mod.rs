//! The certificate authority: who a member of the fleet is, certified. Source: worker runtime spec, sections 4 and 6.
//!
//! [`parse_csr`] reads what somebody asks for, [`CertificateAuthority::sign`] issues what an [`IdentityGrant`] allows:
//! from a request only its key is taken. [`CertificateAuthority::prepare`], [`activate`] and [`retire`] turn the CA
//! over.
//!
//! Nothing here is stored. Whoever changes an authority changes a copy, writes the records that come of it, and puts
//! the copy in its place afterwards.
//!
//! [`activate`]: CertificateAuthority::activate
//! [`retire`]: CertificateAuthority::retire

mod bundle;
mod crl;
mod csr;
mod grant;
mod key;
mod key_file;
mod pem;
mod profile;
mod record;
mod rotate;
mod serial;
mod settings;
mod sign;

pub use bundle::{BundledCertificate, TrustBundle};
pub use carnet_ticket::identity::{Lifetime, Schedule, ScheduleError};
pub use crl::{CRL_LIFE, RevokedBecause, RevokedCertificate};
pub use csr::{CsrError, VerifiedCsr, parse_csr};
pub use grant::IdentityGrant;
pub use key::{CaKey, Curve, InvalidCaKey};
pub use key_file::{KeyFile, KeyFileError};
pub use pem::certificate_pem;
pub use record::{CaLoadError, CaRecord, CaState};
pub use rotate::{ActivateError, CaError, Due, RetireError};
pub use serial::{MalformedSerial, Serial};
pub use settings::{CaSettings, CaSettingsError};
pub use sign::{IssuedCertificate, SignError};

pub(crate) use grant::distinct;

use record::Member;

/// The CA certificates of a fleet, with their keys. One of them signs.
#[derive(Debug, Clone)]
pub struct CertificateAuthority {
    settings: CaSettings,
    members: Vec<Member>,
    bundle: TrustBundle,
}

impl CertificateAuthority {
    /// The authority of these records; those that were removed do not count. `sequence` is the greatest that any
    /// record ever had, so that the bundle's only grows.
    pub fn new(
        settings: CaSettings,
        records: impl IntoIterator<Item = CaRecord>,
        sequence: u64,
    ) -> Result<Self, CaLoadError> {
        let kept = records.into_iter().filter(|record| record.state != CaState::Removed);
        let members = kept.map(Member::new).collect::<Result<Vec<_>, _>>()?;
        for state in [CaState::Active, CaState::Next] {
            if members.iter().filter(|member| member.record.state == state).count() > 1 {
                return Err(CaLoadError::Ambiguous(state));
            }
        }
        let newest = members.iter().map(|member| member.record.sequence).max().unwrap_or(0);
        let trust_domain = settings.trust_domain().clone();
        let bundle = TrustBundle::new(trust_domain, sequence.max(newest), &members);
        Ok(Self { settings, members, bundle })
    }

    /// This with other settings, for what is made from now on. The trust domain stays.
    #[must_use]
    pub fn with_settings(self, settings: CaSettings) -> Self {
        let trust_domain = self.settings.trust_domain().clone();
        Self { settings: settings.of_trust_domain(trust_domain), ..self }
    }

    /// What members of the fleet trust.
    pub fn bundle(&self) -> &TrustBundle {
        &self.bundle
    }

    /// What every certificate has in common.
    pub fn settings(&self) -> &CaSettings {
        &self.settings
    }

    /// The certificate of the CA that signs.
    pub fn signing_certificate(&self) -> Option<&BundledCertificate> {
        self.bundle.certificates.iter().find(|certificate| certificate.state == CaState::Active)
    }

    fn active(&self) -> Option<&Member> {
        self.in_state(CaState::Active)
    }

    fn in_state(&self, state: CaState) -> Option<&Member> {
        self.members.iter().find(|member| member.record.state == state)
    }

    fn changed(&mut self, sequence: u64) {
        let trust_domain = self.settings.trust_domain().clone();
        self.bundle = TrustBundle::new(trust_domain, sequence, &self.members);
    }
}
