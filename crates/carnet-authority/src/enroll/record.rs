//! [`Enrollment`]: what a token is good for, as it is kept.

use core::net::IpAddr;
use std::collections::BTreeMap;

use carnet_ticket::enrollment::{EnrollmentId, SecretDigest};
use carnet_ticket::identity::{
    CapabilityGlob, CapabilityId, DnsName, Kind, TrustDomain, WorkerName,
};
use carnet_ticket::time::Timestamp;

use crate::ca::{IdentityGrant, Lifetime, Serial};

/// Somebody who may come into the fleet, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrollment {
    /// Its id.
    pub id: EnrollmentId,
    /// Whose certificate it gives.
    pub name: WorkerName,
    /// What that is.
    pub kind: Kind,
    /// The hosts that the certificate names, in order.
    pub dns: Vec<DnsName>,
    /// The addresses that it names, in order.
    pub ip: Vec<IpAddr>,
    /// What the worker may offer.
    pub capabilities: Vec<CapabilityGlob>,
    /// What the registry shows of it.
    pub labels: BTreeMap<String, String>,
    /// How long its certificates live.
    pub cert_ttl: Lifetime,
    /// The digest of the token's secret.
    pub secret: SecretDigest,
    /// Until when the token counts: the first moment at which it does not.
    pub expires_at: Timestamp,
    /// Who made it: `user:…`, `key:…`.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was withdrawn.
    pub revoked_at: Option<Timestamp>,
    /// What came of it.
    pub used: Option<Use>,
}

/// The certificate that an enrollment has given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// When.
    pub at: Timestamp,
    /// The peer that came with the token.
    pub by: String,
    /// The certificate's serial number.
    pub serial: Serial,
    /// SHA-256 of its key's `SubjectPublicKeyInfo`.
    pub spki_sha256: [u8; 32],
}

impl Enrollment {
    /// What its certificates say.
    pub fn grant(&self, trust_domain: TrustDomain) -> IdentityGrant {
        let (dns, ip) = (self.dns.iter().cloned(), self.ip.iter().copied());
        IdentityGrant::new(trust_domain, self.kind, self.name.clone(), dns, ip, self.cert_ttl)
    }

    /// Whether the worker may offer `capability`.
    pub fn allows(&self, capability: &CapabilityId) -> bool {
        self.capabilities.iter().any(|glob| glob.matches(capability))
    }
}
