//! [`IdentityGrant`]: what a certificate will say of its owner.

use core::net::IpAddr;

use carnet_ticket::identity::{DnsName, Kind, SpiffeId, TrustDomain, WorkerName};

use super::csr::Asked;
use super::{Lifetime, SignError, VerifiedCsr};

/// Who somebody is, under which names it may be reached, and how long its certificates live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityGrant {
    spiffe_id: SpiffeId,
    name: WorkerName,
    dns: Vec<DnsName>,
    ip: Vec<IpAddr>,
    life: Lifetime,
}

impl IdentityGrant {
    /// The member `name`, under these names in this order. What comes twice counts once.
    pub fn new(
        trust_domain: TrustDomain,
        kind: Kind,
        name: WorkerName,
        dns: impl IntoIterator<Item = DnsName>,
        ip: impl IntoIterator<Item = IpAddr>,
        life: Lifetime,
    ) -> Self {
        let spiffe_id = SpiffeId::new(trust_domain, kind, &name);
        Self { spiffe_id, name, dns: distinct(dns), ip: distinct(ip), life }
    }

    /// Who it is.
    pub fn spiffe_id(&self) -> &SpiffeId {
        &self.spiffe_id
    }

    /// Its name.
    pub fn name(&self) -> &WorkerName {
        &self.name
    }

    /// The hosts that it may be.
    pub fn dns(&self) -> &[DnsName] {
        &self.dns
    }

    /// The addresses that it may have.
    pub fn ip(&self) -> &[IpAddr] {
        &self.ip
    }

    /// How long its certificates live.
    pub fn life(&self) -> Lifetime {
        self.life
    }

    /// Whether `csr` asks for no more than this. First its names, then everything else.
    pub fn admits(&self, csr: &VerifiedCsr) -> Result<(), SignError> {
        let asked = csr.asked();
        let own = self.name.as_str().as_bytes();
        if asked.common_names.iter().any(|name| name != own) {
            return Err(SignError::NameMismatch);
        }
        if asked.authority || !self.covers(asked) {
            return Err(SignError::NotAllowed);
        }
        Ok(())
    }

    fn covers(&self, asked: &Asked) -> bool {
        let own = self.spiffe_id.to_string();
        let is_address = |octets: &[u8]| {
            self.ip.iter().any(|ip| match ip {
                IpAddr::V4(ip) => ip.octets() == *octets,
                IpAddr::V6(ip) => ip.octets() == *octets,
            })
        };
        asked.uris.iter().all(|uri| *uri == own)
            && asked.dns.iter().all(|host| self.dns.iter().any(|dns| dns.as_str() == host))
            && asked.ip.iter().all(|octets| is_address(octets))
    }
}

pub(crate) fn distinct<T: PartialEq>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    items.into_iter().fold(Vec::new(), |mut kept, item| {
        if !kept.contains(&item) {
            kept.push(item);
        }
        kept
    })
}
