//! Making an enrollment.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::collections::BTreeMap;
use std::time::Duration;

use carnet_ticket::enrollment::EnrollmentToken;
use carnet_ticket::identity::{CapabilityGlob, DnsName, Kind, WorkerName};

use super::Enrollment;
use crate::ca::{Lifetime, distinct};
use crate::mint::Issue;

/// How long a token may count, in seconds.
const TTL_S: std::ops::RangeInclusive<u64> = 60..=86_400;

/// The most hosts and addresses of a certificate, together.
const NAMES_MAX: usize = 64;

/// The most globs of capabilities.
const CAPABILITIES_MAX: usize = 64;

/// The most labels, and the most bytes of a key and of a value.
const LABELS_MAX: usize = 64;
const LABEL_LEN_MAX: usize = 63;

/// Who shall come, and as what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrollmentRequest {
    /// Its name.
    pub name: WorkerName,
    /// What it is.
    pub kind: Kind,
    /// Hosts that it is, beside its name and this machine.
    pub dns: Vec<DnsName>,
    /// Addresses that it has, beside those of this machine.
    pub ip: Vec<IpAddr>,
    /// Whether it may be reached as `localhost`, `127.0.0.1` and `::1`.
    pub is_on_localhost: bool,
    /// What it may offer; everything, when this is empty.
    pub capabilities: Vec<CapabilityGlob>,
    /// What the registry shows of it.
    pub labels: BTreeMap<String, String>,
    /// How long the token counts.
    pub ttl: Duration,
    /// How long its certificates live.
    pub cert_ttl: Lifetime,
}

/// Why no enrollment was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnrollError {
    /// The token would count for too short or too long.
    #[error("a token counts for 1 minute to 24 hours")]
    Ttl,
    /// Too many hosts and addresses.
    #[error("a certificate has at most {NAMES_MAX} hosts and addresses")]
    TooManyNames,
    /// Too many capabilities.
    #[error("at most {CAPABILITIES_MAX} globs of capabilities")]
    TooManyCapabilities,
    /// Too many labels, or too long ones.
    #[error("at most {LABELS_MAX} labels of {LABEL_LEN_MAX} bytes each, key and value")]
    Labels,
}

/// An enrollment, and the token that is shown once.
#[derive(Debug, Clone)]
pub struct MintedEnrollment {
    /// The token.
    pub token: EnrollmentToken,
    /// What is kept.
    pub enrollment: Enrollment,
}

impl EnrollmentRequest {
    /// How long a token counts unless said otherwise: 10 minutes.
    pub const TTL: Duration = Duration::from_mins(10);

    /// A worker of this name that may offer everything, with what else is usual.
    pub fn worker(name: WorkerName) -> Self {
        Self {
            name,
            kind: Kind::Worker,
            dns: Vec::new(),
            ip: Vec::new(),
            is_on_localhost: true,
            capabilities: Vec::new(),
            labels: BTreeMap::new(),
            ttl: Self::TTL,
            cert_ttl: Lifetime::DEFAULT,
        }
    }

    /// Whether everything that is asked for is within its limits.
    pub fn check(&self) -> Result<(), EnrollError> {
        if !TTL_S.contains(&self.ttl.as_secs()) {
            return Err(EnrollError::Ttl);
        }
        if self.dns.len() + self.ip.len() > NAMES_MAX {
            return Err(EnrollError::TooManyNames);
        }
        if self.capabilities.len() > CAPABILITIES_MAX {
            return Err(EnrollError::TooManyCapabilities);
        }
        let is_label = |(key, value): (&String, &String)| {
            (1..=LABEL_LEN_MAX).contains(&key.len()) && value.len() <= LABEL_LEN_MAX
        };
        if self.labels.len() > LABELS_MAX || !self.labels.iter().all(is_label) {
            return Err(EnrollError::Labels);
        }
        Ok(())
    }

    /// The hosts that its certificate names: the name, where it can be a host's, this machine, and what was asked for.
    pub fn all_dns(&self) -> Vec<DnsName> {
        let localhost = self.is_on_localhost.then(DnsName::localhost);
        let own = self.name.dns_name().into_iter().chain(localhost);
        distinct(own.chain(self.dns.iter().cloned()))
    }

    /// The addresses that its certificate names: this machine's, and what was asked for.
    pub fn all_ip(&self) -> Vec<IpAddr> {
        let own = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        let own = own.into_iter().filter(|_| self.is_on_localhost);
        distinct(own.chain(self.ip.iter().copied()))
    }

    /// What it may offer: everything, where nothing was said.
    pub fn all_capabilities(&self) -> Vec<CapabilityGlob> {
        match distinct(self.capabilities.iter().cloned()) {
            none if none.is_empty() => vec![CapabilityGlob::any()],
            some => some,
        }
    }
}

/// Makes an enrollment of 32 random bytes, whose bearer will trust the CA certificate `ca`, in DER.
pub fn mint(
    request: EnrollmentRequest,
    ca: &[u8],
    secret: &[u8; 32],
    issue: &Issue<'_>,
) -> Result<MintedEnrollment, EnrollError> {
    request.check()?;
    let token = EnrollmentToken::new(secret, ca);
    let enrollment = Enrollment {
        id: issue.id.into(),
        dns: request.all_dns(),
        ip: request.all_ip(),
        capabilities: request.all_capabilities(),
        name: request.name,
        kind: request.kind,
        labels: request.labels,
        cert_ttl: request.cert_ttl,
        secret: token.digest(),
        expires_at: issue.now.after(request.ttl),
        created_by: issue.issued_by.to_owned(),
        created_at: issue.now,
        revoked_at: None,
        used: None,
    };
    Ok(MintedEnrollment { token, enrollment })
}
