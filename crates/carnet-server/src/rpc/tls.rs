//! Whom the control plane believes to be a worker, and as whom it comes itself.

use std::fmt;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use carnet_gate::Gate;
use carnet_ticket::identity::{SpiffeId, TrustDomain, peer_of_leaf};
use carnet_ticket::verify::{Facts, Presented, Surface};
use rustls::client::{ResolvesClientCert, VerifierBuilderError, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, ClientConfig, Error, RootCertStore, SignatureScheme};

use super::believed::{Believed, Shown};
use crate::ca;
use crate::fleet::{GateTime, alert};

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// No protocol, or none of the CA's certificates can be trusted.
    #[error("TLS cannot be offered")]
    Tls(#[from] Error),
    /// There is no CA certificate.
    #[error("there is no CA certificate")]
    Verifier(#[from] VerifierBuilderError),
    /// The client.
    #[error("an HTTP client cannot be made")]
    Client(#[from] reqwest::Error),
}

/// What is trusted now.
pub(super) struct Trust {
    gate: Gate,
    ca: Arc<ca::Held>,
    domain: TrustDomain,
    provider: Arc<CryptoProvider>,
    /// Made anew when the bundle is another one.
    made: ArcSwapOption<(u64, Arc<WebPkiServerVerifier>)>,
}

impl Trust {
    pub(super) fn new(gate: Gate, ca: Arc<ca::Held>, domain: TrustDomain) -> Self {
        let provider = Arc::new(aws_lc_rs::default_provider());
        Self { gate, ca, domain, provider, made: ArcSwapOption::empty() }
    }

    /// Believes chains to the certificates of the bundle.
    fn chain(&self) -> Result<Arc<WebPkiServerVerifier>, ClientError> {
        let authority = self.ca.authority();
        let bundle = authority.bundle();
        if let Some(made) = self.made.load().as_deref()
            && made.0 == bundle.sequence
        {
            return Ok(Arc::clone(&made.1));
        }
        let mut roots = RootCertStore::empty();
        for certificate in &bundle.certificates {
            roots.add(CertificateDer::from(certificate.certificate.clone()))?;
        }
        let provider = Arc::clone(&self.provider);
        let chain =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
        self.made.store(Some(Arc::new((bundle.sequence, Arc::clone(&chain)))));
        Ok(chain)
    }

    /// Nothing, if it is the worker of this identity that shows its certificate.
    fn is(&self, identity: &SpiffeId, shown: &Shown<'_>) -> Result<(), Error> {
        let chain = self.chain().map_err(|error| Error::General(error.to_string()))?;
        shown.is_signed(&chain, None)?;
        if !peer_of_leaf(shown.leaf, &self.domain).is_ok_and(|named| named == *identity) {
            return Err(CertificateError::ApplicationVerificationFailure.into());
        }
        // What was revoked is known to the gate, here as everywhere.
        let presented = Presented::certificate(shown.leaf);
        self.gate.admit(&presented, &Facts::none(), Surface::Rpc).map(|_| ()).map_err(alert)
    }
}

/// A client that believes the worker of this identity alone.
pub(super) fn client(
    trust: &Arc<Trust>,
    identity: SpiffeId,
) -> Result<reqwest::Client, ClientError> {
    let clock = Arc::new(GateTime(trust.gate.clock().clone()));
    let judging = Arc::clone(trust);
    let believed =
        Believed::by(Arc::clone(&trust.provider), move |shown| judging.is(&identity, shown));
    let config = ClientConfig::builder_with_details(Arc::clone(&trust.provider), clock)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(believed)
        .with_client_cert_resolver(Arc::new(Own(Arc::clone(&trust.ca))));
    Ok(client_builder().tls_backend_preconfigured(config).https_only(true).build()?)
}

/// A client that goes to whoever is called, and nowhere else.
pub(super) fn client_builder() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("carnet/", env!("CARGO_PKG_VERSION")))
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
}

/// This server's certificate of the moment.
struct Own(Arc<ca::Held>);

impl ResolvesClientCert for Own {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.0.own_certificate())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Own").finish_non_exhaustive()
    }
}
