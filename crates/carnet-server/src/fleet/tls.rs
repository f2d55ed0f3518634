//! [`FleetTls`]: the fleet's listener by TLS, and whose certificates are taken.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use carnet_gate::{Clock, Denied, Gate};
use carnet_ticket::verify::{Facts, Presented, Reason, Surface};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, ResolvesServerCert, VerifierBuilderError, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::time_provider::TimeProvider;
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, OtherError, RootCertStore,
    ServerConfig, SignatureScheme,
};
use tokio_rustls::TlsAcceptor;

use crate::state::App;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FleetTlsError {
    /// A certificate of the bundle cannot be trusted.
    #[error("a CA certificate cannot be trusted")]
    Bundle(#[source] rustls::Error),
    /// No CA certificate is there.
    #[error("there is no CA certificate")]
    Verifier(#[from] VerifierBuilderError),
    /// The library has no protocol to offer.
    #[error("TLS cannot be offered")]
    Config(#[source] rustls::Error),
}

/// What connections are encrypted with: made anew when the CA, or this server's own certificate, is another one.
/// Sessions do not outlive it.
pub(crate) struct FleetTls {
    app: App,
    made: ArcSwapOption<Made>,
}

struct Made {
    sequence: u64,
    own: Arc<CertifiedKey>,
    acceptor: TlsAcceptor,
}

impl FleetTls {
    pub(crate) fn new(app: App) -> Self {
        Self { app, made: ArcSwapOption::empty() }
    }

    /// What the next connection is encrypted with.
    pub(crate) fn acceptor(&self) -> Result<TlsAcceptor, FleetTlsError> {
        let (authority, own) = (self.app.ca().authority(), self.app.ca().own_certificate());
        let bundle = authority.bundle();
        let made = self.made.load();
        if let Some(made) = made.as_ref()
            && made.sequence == bundle.sequence
            && Arc::ptr_eq(&made.own, &own)
        {
            return Ok(made.acceptor.clone());
        }
        let mut roots = RootCertStore::empty();
        for certificate in &bundle.certificates {
            let certificate = CertificateDer::from(certificate.certificate.clone());
            roots.add(certificate).map_err(FleetTlsError::Bundle)?;
        }
        let shown = Shown::new(&own, self.app.ca().former_certificate())?;
        let acceptor = acceptor(roots, shown, self.app.gate())?;
        let made = Made { sequence: bundle.sequence, own, acceptor: acceptor.clone() };
        self.made.store(Some(Arc::new(made)));
        Ok(acceptor)
    }
}

/// Shows who this server is: by the CA that the client says it trusts, where that is the one that signed before.
/// Whoever enrolls trusts the CA of its token alone.
#[derive(Debug)]
struct Shown {
    newest: Arc<CertifiedKey>,
    former: Option<(DistinguishedName, Arc<CertifiedKey>)>,
}

impl Shown {
    fn new(
        newest: &Arc<CertifiedKey>,
        former: Option<Arc<CertifiedKey>>,
    ) -> Result<Self, FleetTlsError> {
        let named = |key: Arc<CertifiedKey>| Ok(authority_of(&key)?.map(|name| (name, key)));
        let former = former.map(named).transpose().map_err(FleetTlsError::Bundle)?.flatten();
        Ok(Self { newest: Arc::clone(newest), former })
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let trusted = hello.certificate_authorities().unwrap_or_default();
        let is_all =
            |name: &DistinguishedName| matches!(trusted, [only] if only.as_ref() == name.as_ref());
        let former = self.former.as_ref().filter(|(name, _)| is_all(name));
        Some(Arc::clone(former.map_or(&self.newest, |(_, key)| key)))
    }
}

/// The name of the CA whose certificate stands behind the leaf.
fn authority_of(key: &CertifiedKey) -> Result<Option<DistinguishedName>, rustls::Error> {
    let mut roots = RootCertStore::empty();
    key.cert.get(1).map(|ca| roots.add(ca.clone())).transpose()?;
    Ok(roots.subjects().pop())
}

fn acceptor(roots: RootCertStore, shown: Shown, gate: &Gate) -> Result<TlsAcceptor, FleetTlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let chain = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let verifier = Members { chain: chain.allow_unauthenticated().build()?, gate: gate.clone() };
    let config = config(provider, gate.clock())
        .map_err(FleetTlsError::Config)?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_cert_resolver(Arc::new(shown));
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn config(
    provider: Arc<CryptoProvider>,
    clock: &Clock,
) -> Result<rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier>, rustls::Error> {
    ServerConfig::builder_with_details(provider, Arc::new(GateTime(clock.clone())))
        .with_safe_default_protocol_versions()
}

/// The time of certificates is the gate's.
#[derive(Debug)]
pub(crate) struct GateTime(pub(crate) Clock);

impl TimeProvider for GateTime {
    fn current_time(&self) -> Option<UnixTime> {
        let now = u64::try_from(self.0.now().unix_s()).ok()?;
        Some(UnixTime::since_unix_epoch(std::time::Duration::from_secs(now)))
    }
}

/// Takes the certificates of members: of the bundle's, by the gate's judgement. Nobody has to present one.
struct Members {
    chain: Arc<dyn ClientCertVerifier>,
    gate: Gate,
}

impl std::fmt::Debug for Members {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Members").finish_non_exhaustive()
    }
}

impl ClientCertVerifier for Members {
    fn offer_client_auth(&self) -> bool {
        true
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.chain.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let verified = self.chain.verify_client_cert(leaf, between, now)?;
        let presented = Presented::certificate(leaf);
        // The connection is given a grant of its own, once there is one.
        self.gate.admit(&presented, &Facts::none(), Surface::Rpc).map_err(alert)?;
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chain.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chain.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}

/// The alert that the other end is sent.
pub(crate) fn alert(denied: Denied) -> rustls::Error {
    rustls::Error::InvalidCertificate(match denied.reason {
        Reason::Revoked(_) => CertificateError::Revoked,
        Reason::Expired => CertificateError::Expired,
        Reason::NotYetValid => CertificateError::NotValidYet,
        _ => CertificateError::Other(OtherError(Arc::new(denied))),
    })
}
