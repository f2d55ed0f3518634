//! [`Certificates`]: the certificate of a connection as a credential. Source: worker runtime spec, sections 2 and 4.

use core::net::IpAddr;

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

use super::peer::peer_of;
use super::{PeerError, SpiffeId, TrustDomain};
use crate::id;
use crate::id::UniqueId;
use crate::time::{Expiration, Timestamp};
use crate::verify::{Class, Facts, Limits, Presented, Reason, Verified, Verify};

/// What content ids of certificates are derived from.
pub const CERTIFICATE_CLASS: UniqueId = id!("carnet.credential.certificate");

/// How far a certificate of ours counts back, for clocks that are behind, in seconds.
pub const BACKDATED_S: i64 = 60;

/// What a leaf certificate says, once somebody has verified its chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Whose it is.
    pub identity: SpiffeId,
    /// Its serial number in lower hex: what it is revoked by.
    pub serial: String,
    /// Counts from here.
    pub not_before: Timestamp,
    /// Counts until here.
    pub not_after: Timestamp,
    /// The hosts that it may be.
    pub dns: Vec<String>,
    /// The addresses that it may have.
    pub ip: Vec<IpAddr>,
    /// Names what was signed, whatever the signature.
    pub content_id: UniqueId,
}

impl Leaf {
    /// Reads a certificate in DER. Nothing of it is verified.
    pub fn read(der: &[u8], trust_domain: &TrustDomain) -> Result<Self, PeerError> {
        let Ok(([], certificate)) = X509Certificate::from_der(der) else {
            return Err(PeerError::Malformed);
        };
        let identity = peer_of(&certificate, trust_domain)?;
        let validity = certificate.validity();
        let (mut dns, mut ip) = (Vec::new(), Vec::new());
        let names = certificate.subject_alternative_name().map_err(|_| PeerError::Malformed)?;
        for name in names.iter().flat_map(|extension| &extension.value.general_names) {
            match name {
                GeneralName::DNSName(name) => dns.push((*name).to_owned()),
                GeneralName::IPAddress(bytes) => ip.extend(address(bytes)),
                _ => {}
            }
        }
        Ok(Self {
            identity,
            serial: hex::encode(certificate.raw_serial()),
            not_before: Timestamp::from_unix_s(validity.not_before.timestamp()),
            not_after: Timestamp::from_unix_s(validity.not_after.timestamp()),
            dns,
            ip,
            content_id: CERTIFICATE_CLASS.derive(certificate.tbs_certificate.as_ref()),
        })
    }

    /// When it was issued.
    pub fn issued_at(&self) -> Timestamp {
        Timestamp::from_unix_s(self.not_before.unix_s().saturating_add(BACKDATED_S))
    }

    /// Whether it is for this host: a name, in any case, or an address.
    pub fn names(&self, host: &str) -> bool {
        match host.parse::<IpAddr>() {
            Ok(address) => self.ip.contains(&address),
            Err(_) => self.dns.iter().any(|name| name.eq_ignore_ascii_case(host)),
        }
    }

    /// As revocations name its holder: `worker/<name>`.
    pub fn subject(&self) -> String {
        self.identity.subject()
    }
}

/// An address as a certificate writes it.
fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = || <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from);
    v4().or_else(|| <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from))
}

/// Takes the certificate that a connection was opened with: the data is the leaf in DER, whose chain the handshake
/// has verified. Its identity, its time and its revocation are judged here and by the gate, each time.
#[derive(Debug, Clone)]
pub struct Certificates {
    /// Whose members are taken.
    pub trust_domain: TrustDomain,
}

impl Verify for Certificates {
    fn verify(
        &self,
        presented: &Presented<'_>,
        _: &Facts,
        now: Timestamp,
    ) -> Result<Verified, Reason> {
        let der = presented.data.ok_or(Reason::Malformed)?;
        let leaf = Leaf::read(der, &self.trust_domain).map_err(Reason::Certificate)?;
        let expires = Expiration::At(leaf.not_after);
        if now < leaf.not_before {
            return Err(Reason::NotYetValid);
        }
        if expires.is_expired_at(now) {
            return Err(Reason::Expired);
        }
        Ok(Verified {
            class: Class::Certificate,
            content_id: leaf.content_id,
            subject: Some(leaf.subject()),
            token_id: None,
            key_id: None,
            issued_at: Some(leaf.issued_at()),
            expires,
            rights: None,
            limits: Limits::none(),
            certificate: Some(leaf.serial),
            ancestors: Vec::new(),
            claims: serde_json::Map::new(),
        })
    }
}
