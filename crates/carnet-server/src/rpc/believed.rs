//! [`Believed`]: who is believed to be a worker, by the certificate that it shows.

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

/// What somebody shows who is called.
pub(super) struct Shown<'a> {
    pub(super) leaf: &'a CertificateDer<'a>,
    /// Those between it and its CA.
    between: &'a [CertificateDer<'a>],
    /// The host that is called.
    host: &'a ServerName<'a>,
    now: UnixTime,
}

/// Believes whom a judge believes, and who has the key of the certificate that it shows.
pub(super) struct Believed {
    judge: Box<Judge>,
    provider: Arc<CryptoProvider>,
}

type Judge = dyn Fn(&Shown<'_>) -> Result<(), Error> + Send + Sync;

impl Shown<'_> {
    /// Nothing, if it is for `name`, or without one for the host that is called, by the word of `chain`.
    pub(super) fn is_signed(
        &self,
        chain: &WebPkiServerVerifier,
        name: Option<&ServerName<'_>>,
    ) -> Result<(), Error> {
        let name = name.unwrap_or(self.host);
        chain.verify_server_cert(self.leaf, self.between, name, &[], self.now).map(|_| ())
    }
}

impl Believed {
    pub(super) fn by(
        provider: Arc<CryptoProvider>,
        judge: impl Fn(&Shown<'_>) -> Result<(), Error> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { judge: Box::new(judge), provider })
    }
}

impl ServerCertVerifier for Believed {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        (self.judge)(&Shown { leaf, between, host, now })?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl fmt::Debug for Believed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Believed").finish_non_exhaustive()
    }
}
