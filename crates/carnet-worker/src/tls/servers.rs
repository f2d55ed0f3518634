//! Which servers a worker believes.

use std::fmt;
use std::sync::Arc;

use carnet_ticket::identity::{Kind, TrustDomain, peer_of_leaf};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use super::{Live, provider, roots};

/// Believes servers whose certificate a trusted CA signed for the host that was asked, and nobody has revoked.
pub(crate) struct Servers {
    trust: Trust,
    /// What servers are told of who is trusted: they may have certificates of several CAs.
    hints: Option<Vec<DistinguishedName>>,
    /// Whether only a control plane will do: the certificate of a worker names `localhost` too.
    is_control_plane: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

enum Trust {
    /// What the worker trusts at this moment.
    Live(Arc<Live>),
    /// One CA, before there is anything else.
    Anchor { verifier: Arc<WebPkiServerVerifier>, trust_domain: TrustDomain },
}

impl Servers {
    /// Any server of the fleet.
    pub(crate) fn of_fleet(live: Arc<Live>) -> Self {
        Self::new(Trust::Live(live), false)
    }

    /// The fleet's control plane.
    pub(crate) fn control_plane(live: Arc<Live>) -> Self {
        Self::new(Trust::Live(live), true)
    }

    /// The control plane under this CA certificate, of this trust domain.
    pub(crate) fn under(
        ca: &CertificateDer<'static>,
        trust_domain: TrustDomain,
    ) -> Result<Self, Error> {
        let roots = roots(std::slice::from_ref(ca))?;
        let hints = Some(roots.subjects());
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider()).build();
        let verifier = verifier.map_err(|_| Error::General("no CA certificate".to_owned()))?;
        Ok(Self { hints, ..Self::new(Trust::Anchor { verifier, trust_domain }, true) })
    }

    fn new(trust: Trust, is_control_plane: bool) -> Self {
        let algorithms = provider().signature_verification_algorithms;
        Self { trust, hints: None, is_control_plane, algorithms }
    }

    fn require_control_plane(&self, leaf: &[u8], trust_domain: &TrustDomain) -> Result<(), Error> {
        let is_it = peer_of_leaf(leaf, trust_domain)
            .is_ok_and(|identity| identity.kind() == Kind::ControlPlane);
        if is_it || !self.is_control_plane {
            Ok(())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }
}

impl ServerCertVerifier for Servers {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match &self.trust {
            Trust::Live(live) => {
                let current = live.current();
                current.servers.verify_server_cert(leaf, between, host, ocsp, now)?;
                self.require_control_plane(leaf, current.stored.leaf.identity.trust_domain())?;
                if live.is_revoked(leaf) {
                    return Err(CertificateError::Revoked.into());
                }
            }
            Trust::Anchor { verifier, trust_domain } => {
                verifier.verify_server_cert(leaf, between, host, ocsp, now)?;
                self.require_control_plane(leaf, trust_domain)?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        self.hints.as_deref()
    }
}

impl fmt::Debug for Servers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Servers")
            .field("is_control_plane", &self.is_control_plane)
            .finish_non_exhaustive()
    }
}

/// Believes every server: to ask a CA for its certificate, which is then compared with a fingerprint. Nothing is
/// told to such a server.
#[derive(Debug)]
pub(crate) struct AnyServer;

impl ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider().signature_verification_algorithms.supported_schemes()
    }
}
