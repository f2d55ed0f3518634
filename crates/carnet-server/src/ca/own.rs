//! [`Own`]: the certificate by which this server is known to members of its fleet.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use carnet_authority::ca::{CertificateAuthority, IdentityGrant, Lifetime, Serial, VerifiedCsr};
use carnet_authority::enroll::Standing;
use carnet_config::{Config, HostName};
use carnet_store::{EnrollMemberError, MemberProfile, NewCertificate, Store};
use carnet_ticket::identity::{CapabilityGlob, DnsName, Member};
use carnet_ticket::time::Timestamp;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;

use super::event::Said;
use super::{Ca, CaFault};
use crate::audit::Trail;

/// What clients know the CA as, wherever it runs.
const HOSTS: [&str; 4] =
    ["crank-cert-authority", "crank-cert-authority-dev", "cert-authority", "localhost"];

/// This server's certificate.
pub(super) struct Own {
    pub(super) certified: Arc<CertifiedKey>,
    serial: Serial,
    ca_sha256: [u8; 32],
    grant: IdentityGrant,
    renew_after: Timestamp,
    pub(super) expires_at: Timestamp,
}

impl Ca<'_> {
    /// Gets another one when this one's time has come, when it was revoked, when the server is called otherwise, or
    /// when another CA signs. That of the CA before stays: who was told of that one trusts no other yet.
    pub(super) async fn renew_own_if_due(self) -> Result<(), CaFault> {
        let (config, authority, now) =
            (self.app.config(), self.authority(), self.app.clock().now());
        let own = self.held.own.load_full();
        let is_other =
            profile(&config).grant(config.ca.trust_domain.clone(), &self.held.node) != own.grant;
        let row = self.app.store().certificate(own.serial).await?;
        let counts = row.is_some_and(|row| row.standing(false, now) == Standing::Live);
        let signing = authority.signing_certificate().map(|ca| ca.sha256);
        let is_of_former = signing.is_some_and(|sha256| sha256 != own.ca_sha256);
        if own.renew_after <= now || is_other || !counts || is_of_former {
            let trail = Trail::of_server(now, "upkeep");
            let store = self.app.store();
            let own = issue(store, &authority, &self.held.node, &config, &trail, now).await?;
            let former = self.held.own.swap(Arc::new(own));
            if is_of_former {
                self.held.former.store(Some(former));
            }
        }
        Ok(())
    }
}

/// Issues it, for a new key.
pub(super) async fn issue(
    store: &Store,
    authority: &CertificateAuthority,
    node: &Member,
    config: &Config,
    trail: &Trail,
    now: Timestamp,
) -> Result<Own, CaFault> {
    let profile = profile(config);
    let (key, csr) = VerifiedCsr::for_new_key()?;
    let grant = profile.grant(authority.settings().trust_domain().clone(), node);
    let issued = authority.sign(&csr, &grant, now)?;
    let chain = authority.bundle().find(&issued.ca_sha256).into_iter();
    let chain = chain.map(|ca| ca.certificate.clone());
    let chain = std::iter::once(issued.certificate.clone()).chain(chain).map(CertificateDer::from);
    let key = any_supported_type(&PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.to_vec())))?;
    let certified = Arc::new(CertifiedKey::new(chain.collect(), key));

    let (serial, renew_after, expires_at) = (issued.serial, issued.renew_after, issued.expires_at);
    let ca_sha256 = issued.ca_sha256;
    let mut said = Said { member: Some(node.clone()), ..Said::default() };
    said.signed(&issued);
    let certificate = NewCertificate { member: node.clone(), issued, ledger: None };
    let store = store.audited(said.done(trail, "ca.issue", None));
    match store.enroll_member(certificate, profile).await {
        Ok(_) => Ok(Own { certified, serial, ca_sha256, grant, renew_after, expires_at }),
        Err(EnrollMemberError::Store(error)) => Err(error.into()),
        // Control planes are never quarantined.
        Err(_) => Err(CaFault::Unreadable),
    }
}

/// What this server is called in its certificate.
fn profile(config: &Config) -> MemberProfile {
    let mut dns: Vec<DnsName> = HOSTS.into_iter().filter_map(|host| host.parse().ok()).collect();
    let mut ip: Vec<IpAddr> = vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    for name in &config.server.names {
        match name {
            HostName::Dns(host) => dns.push(host.clone()),
            HostName::Ip(address) => ip.push(*address),
        }
    }
    MemberProfile {
        dns,
        ip,
        capabilities: vec![CapabilityGlob::any()],
        labels: BTreeMap::new(),
        cert_ttl: Lifetime::new(config.ca.leaf_ttl).unwrap_or_default(),
    }
}

/// Who this server is: `control-plane/` and what its machine is called.
pub(super) fn node() -> Result<Member, CaFault> {
    let host = rustix::system::uname().nodename().to_string_lossy().to_ascii_lowercase();
    let host = host.split('.').next().unwrap_or_default();
    let named = format!("control-plane/{host}").parse();
    named.or_else(|_| "control-plane/carnet".parse()).map_err(|_| CaFault::Unreadable)
}
