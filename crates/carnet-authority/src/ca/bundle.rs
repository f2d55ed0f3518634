//! [`TrustBundle`]: the CA certificates that members of a fleet trust.

use carnet_ticket::identity::TrustDomain;
use carnet_ticket::time::Timestamp;
use serde::Serialize;
use serde::ser::{SerializeStruct as _, Serializer};

use super::record::Member;
use super::{CaState, pem};

/// How often a member asks for the bundle again.
const REFRESH_HINT_S: u32 = 300;

/// What is trusted, since `sequence`. Serializes as `/ca/bundle` answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustBundle {
    /// Whose members they certify.
    pub trust_domain: TrustDomain,
    /// Grows with every change.
    pub sequence: u64,
    /// The active one, the next one, retiring ones; of these the newest first.
    pub certificates: Vec<BundledCertificate>,
}

/// A CA certificate that is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundledCertificate {
    /// The certificate, in DER.
    pub certificate: Vec<u8>,
    /// Its SHA-256, by which enrollment tokens name it.
    pub sha256: [u8; 32],
    /// Where it is in its life.
    pub state: CaState,
    /// Its end.
    pub not_after: Timestamp,
}

impl TrustBundle {
    pub(super) fn new(trust_domain: TrustDomain, sequence: u64, members: &[Member]) -> Self {
        let mut members: Vec<_> = members.iter().collect();
        members.sort_by_key(|member| (member.record.state, -member.record.prepared_at.0));
        let certificates = members.into_iter().map(|member| BundledCertificate {
            certificate: member.record.certificate.clone(),
            sha256: member.sha256,
            state: member.record.state,
            not_after: member.not_after,
        });
        Self { trust_domain, sequence, certificates: certificates.collect() }
    }

    /// Every certificate in PEM, in order.
    pub fn pem(&self) -> String {
        self.certificates.iter().map(BundledCertificate::pem).collect()
    }

    /// The certificate with this SHA-256.
    pub fn find(&self, sha256: &[u8; 32]) -> Option<&BundledCertificate> {
        self.certificates.iter().find(|certificate| certificate.sha256 == *sha256)
    }
}

impl BundledCertificate {
    /// The certificate in PEM.
    pub fn pem(&self) -> String {
        pem::certificate_pem(&self.certificate)
    }
}

impl Serialize for TrustBundle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("TrustBundle", 4)?;
        object.serialize_field("trust_domain", self.trust_domain.as_str())?;
        object.serialize_field("sequence", &self.sequence)?;
        object.serialize_field("refresh_hint_seconds", &REFRESH_HINT_S)?;
        object.serialize_field("certificates", &self.certificates)?;
        object.end()
    }
}

impl Serialize for BundledCertificate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("BundledCertificate", 4)?;
        object.serialize_field("certificate", &self.pem())?;
        object.serialize_field("sha256", &hex::encode(self.sha256))?;
        object.serialize_field("state", self.state.as_str())?;
        object.serialize_field("not_after", &self.not_after.to_string())?;
        object.end()
    }
}
