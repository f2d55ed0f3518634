//! Which clients a worker lets connect.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use super::provider;

/// Judges a certificate, in DER, whose chain was found good.
pub(crate) type Judge = Arc<dyn Fn(&[u8]) -> Result<(), CertificateError> + Send + Sync>;

/// Gives what is trusted at this moment.
pub(crate) type Trusted = Arc<dyn Fn() -> Arc<dyn ClientCertVerifier> + Send + Sync>;

/// Asks for a certificate. One that is shown has to be signed by a CA that is trusted at this moment, and be good to
/// the judge: otherwise there is no connection.
pub(crate) struct Clients {
    trusted: Trusted,
    judge: Judge,
    /// Whether there is no connection without one.
    is_required: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Clients {
    pub(crate) fn new(trusted: Trusted, judge: Judge, is_required: bool) -> Self {
        let algorithms = provider().signature_verification_algorithms;
        Self { trusted, judge, is_required, algorithms }
    }
}

impl ClientCertVerifier for Clients {
    fn client_auth_mandatory(&self) -> bool {
        self.is_required
    }

    /// None: which CAs are trusted changes, and clients of ours have one certificate.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        (self.trusted)().verify_client_cert(leaf, between, now)?;
        (self.judge)(leaf)?;
        Ok(ClientCertVerified::assertion())
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
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").field("is_required", &self.is_required).finish_non_exhaustive()
    }
}
