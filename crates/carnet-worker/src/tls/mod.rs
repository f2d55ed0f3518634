//! TLS: who we are to others, and whom we believe. Both change while connections run; see [`Live`].

mod clients;
mod live;
mod servers;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use carnet_gate::Clock;
use carnet_ticket::time::Timestamp;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::{ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::time_provider::TimeProvider;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

pub(crate) use clients::{Clients, Judge};
pub(crate) use live::Live;
pub(crate) use servers::{AnyServer, Servers};

/// What is spoken inside, the better one first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// The one provider of cryptography.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// Those who are trusted.
pub(crate) fn roots(ca: &[CertificateDer<'static>]) -> Result<Arc<RootCertStore>, rustls::Error> {
    let mut roots = RootCertStore::empty();
    ca.iter().try_for_each(|certificate| roots.add(certificate.clone()))?;
    Ok(Arc::new(roots))
}

/// Whether one of `roots` signed the first of `chain`, which counts `at`.
pub(crate) fn is_signed_by(
    roots: &Arc<RootCertStore>,
    chain: &[CertificateDer<'_>],
    at: Timestamp,
) -> bool {
    let [leaf, between @ ..] = chain else { return false };
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::clone(roots), provider());
    verifier
        .build()
        .is_ok_and(|verifier| verifier.verify_client_cert(leaf, between, unix_time(at)).is_ok())
}

/// A certificate chain with its key.
pub(crate) fn pair(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<CertifiedKey, rustls::Error> {
    let key = provider().key_provider.load_private_key(key)?;
    Ok(CertifiedKey::new(chain, key))
}

/// A server that shows what `shown` gives, and asks for certificates as `clients` do. Sessions are not resumed: each
/// connection shows its certificate anew.
pub(crate) fn server(
    clock: &Clock,
    shown: Arc<dyn ResolvesServerCert>,
    clients: Clients,
) -> Result<ServerConfig, rustls::Error> {
    let time = Arc::new(ClockTime(clock.clone()));
    let mut config = ServerConfig::builder_with_details(provider(), time)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(Arc::new(clients))
        .with_cert_resolver(shown);
    config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    Ok(config)
}

/// A client that is `live`, and believes `servers`.
pub(crate) fn client(live: &Arc<Live>, servers: Servers) -> Result<ClientConfig, rustls::Error> {
    let builder = verifying(live.clock(), Arc::new(servers))?;
    Ok(settled(builder.with_client_cert_resolver(Arc::clone(live) as _)))
}

/// A client without a certificate, which believes `servers`.
pub(crate) fn nobody(
    clock: &Clock,
    servers: Arc<dyn rustls::client::danger::ServerCertVerifier>,
) -> Result<ClientConfig, rustls::Error> {
    Ok(settled(verifying(clock, servers)?.with_no_client_auth()))
}

fn verifying(
    clock: &Clock,
    servers: Arc<dyn rustls::client::danger::ServerCertVerifier>,
) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>, rustls::Error> {
    let time = Arc::new(ClockTime(clock.clone()));
    let builder = ClientConfig::builder_with_details(provider(), time)
        .with_safe_default_protocol_versions()?;
    Ok(builder.dangerous().with_custom_certificate_verifier(servers))
}

/// A session that is resumed would be that of an older certificate.
fn settled(mut config: ClientConfig) -> ClientConfig {
    config.resumption = rustls::client::Resumption::disabled();
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    config
}

/// The clock, as TLS asks it.
struct ClockTime(Clock);

impl TimeProvider for ClockTime {
    fn current_time(&self) -> Option<UnixTime> {
        Some(unix_time(self.0.now()))
    }
}

impl fmt::Debug for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClockTime")
    }
}

fn unix_time(at: Timestamp) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(at.unix_s()).unwrap_or(0)))
}
