//! Who is at the other end: the identity in a certificate that was verified.

use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;

use super::spiffe::{Parts, SCHEME};
use super::{SpiffeId, TrustDomain};

/// Why a certificate names no peer of ours. In the order in which faults are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PeerError {
    /// It has no URI.
    #[error("the certificate names no identity")]
    NoIdentity,
    /// It has more than one URI.
    #[error("the certificate names several identities")]
    ManyIdentities,
    /// Its URI is not the SPIFFE ID of a member, or the certificate cannot be read.
    #[error("the certificate's identity is malformed")]
    Malformed,
    /// It is a member of another fleet.
    #[error("the certificate's identity is of another trust domain")]
    WrongTrustDomain,
    /// It is no kind of member that is known.
    #[error("the certificate's identity is of an unknown kind")]
    UnknownKind,
}

impl PeerError {
    /// The stable snake-case name in metrics, logs and audit.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoIdentity => "no_identity",
            Self::ManyIdentities => "many_identities",
            Self::Malformed => "malformed",
            Self::WrongTrustDomain => "wrong_trust_domain",
            Self::UnknownKind => "unknown_kind",
        }
    }
}

/// The identity among the URIs of a verified certificate's subjectAltName.
pub fn peer(uris: &[&str], trust_domain: &TrustDomain) -> Result<SpiffeId, PeerError> {
    let uri = match uris {
        [] => return Err(PeerError::NoIdentity),
        [uri] => uri,
        _ => return Err(PeerError::ManyIdentities),
    };
    let parts = Parts::of(uri).ok_or(PeerError::Malformed)?;
    if parts.trust_domain != *trust_domain {
        return Err(PeerError::WrongTrustDomain);
    }
    parts.member().ok_or(PeerError::UnknownKind)
}

/// The identity in a certificate, in DER, that was verified: whoever calls this has checked chain, time and
/// revocation.
pub fn peer_of_leaf(der: &[u8], trust_domain: &TrustDomain) -> Result<SpiffeId, PeerError> {
    let Ok(([], certificate)) = X509Certificate::from_der(der) else {
        return Err(PeerError::Malformed);
    };
    peer_of(&certificate, trust_domain)
}

/// Whose certificates a CA certificate, in DER, signs: its one URI is `spiffe://<trust domain>`.
pub fn trust_domain_of_ca(der: &[u8]) -> Option<TrustDomain> {
    let ([], certificate) = X509Certificate::from_der(der).ok()? else { return None };
    let uris = uris(&certificate).ok()?;
    let [uri] = *uris else { return None };
    uri.strip_prefix(SCHEME)?.parse().ok()
}

pub(super) fn peer_of(
    certificate: &X509Certificate<'_>,
    trust_domain: &TrustDomain,
) -> Result<SpiffeId, PeerError> {
    peer(&uris(certificate)?, trust_domain)
}

fn uris<'a>(certificate: &'a X509Certificate<'a>) -> Result<Vec<&'a str>, PeerError> {
    let names = certificate.subject_alternative_name().map_err(|_| PeerError::Malformed)?;
    let names = names.map_or(&[][..], |extension| &extension.value.general_names);
    let mut uris = Vec::new();
    for name in names {
        match name {
            GeneralName::URI(uri) => uris.push(*uri),
            GeneralName::Invalid(..) => return Err(PeerError::Malformed),
            _ => {}
        }
    }
    Ok(uris)
}
