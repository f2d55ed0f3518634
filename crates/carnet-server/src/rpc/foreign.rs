//! [`Foreign`]: how workers without a certificate of the fleet are called. Source: worker runtime spec, section 11.
//!
//! They are believed by the certificates that the files of `worker.rpc_tls` trust, for the host that is called: nothing
//! in them says which worker it is, so that whoever has such a certificate for a host is every worker there.

use std::path::Path;
use std::sync::Arc;

use carnet_config::RpcTls;
use carnet_gate::Clock;
use reqwest::{Client, RequestBuilder};
use rustls::ClientConfig;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::ServerName;

use super::believed::Believed;
use super::files::{self, CERTIFICATE, RpcTlsError};
use super::tls;
use crate::fleet::GateTime;
use crate::registry::Reach;

/// How workers without a certificate of the fleet are called.
#[derive(Debug, Default)]
pub(crate) enum Foreign {
    /// Not at all.
    #[default]
    Nowhere,
    /// Over TLS, with the certificate of the files.
    Tls(Client),
    /// In plain, on this machine.
    Loopback(Client),
}

impl Foreign {
    /// How `config` says.
    pub(crate) fn of(config: &RpcTls, clock: &Clock) -> Result<Self, RpcTlsError> {
        if config.is_off() {
            return Ok(Self::Loopback(tls::client_builder().build()?));
        }
        let (Some(certificate), Some(key)) = (&config.client_cert_file, &config.client_key_file)
        else {
            return Ok(Self::Nowhere);
        };
        let provider = Arc::new(aws_lc_rs::default_provider());
        let Some(believed) = believed(config, &provider)? else { return Ok(Self::Nowhere) };
        let tls = client_config(believed, (certificate, key), provider, clock)?;
        let client = tls::client_builder().tls_backend_preconfigured(tls).https_only(true);
        Ok(Self::Tls(client.build()?))
    }

    /// Where that gets.
    pub(crate) fn reach(&self) -> Reach {
        match self {
            Self::Nowhere => Reach::Nowhere,
            Self::Tls(_) => Reach::Tls,
            Self::Loopback(_) => Reach::Loopback,
        }
    }

    /// A call of `url`; nothing where it does not get.
    pub(super) fn post(&self, url: &str) -> Option<RequestBuilder> {
        let (Self::Tls(client) | Self::Loopback(client)) = self else { return None };
        Some(client.post(self.reach().of(url)?))
    }
}

/// Says what of `config` nobody should forget about.
pub(crate) fn warn(config: &RpcTls) {
    if config.is_off() {
        tracing::warn!(
            "worker.rpc_tls.enabled is false: workers on this machine without a certificate are called in plain"
        );
    } else if config.insecure_skip_verify {
        tracing::warn!(
            "worker.rpc_tls.insecure_skip_verify is true: whoever answers is believed to be a worker"
        );
    }
}

/// Who is believed; nobody without a CA.
fn believed(
    config: &RpcTls,
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<Believed>>, RpcTlsError> {
    let provider = Arc::clone(provider);
    let roots = config.ca_file.as_deref().map(files::roots).transpose()?;
    if config.insecure_skip_verify {
        return Ok(Some(Believed::by(provider, |_| Ok(()))));
    }
    let Some(roots) = roots else { return Ok(None) };
    let roots = Arc::new(roots);
    let chain =
        WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider)).build()?;
    let name = config.server_name.clone().map(ServerName::try_from);
    let name = name.transpose().map_err(RpcTlsError::ServerName)?;
    Ok(Some(Believed::by(provider, move |shown| shown.is_signed(&chain, name.as_ref()))))
}

fn client_config(
    believed: Arc<Believed>,
    (certificate, key): (&Path, &Path),
    provider: Arc<CryptoProvider>,
    clock: &Clock,
) -> Result<ClientConfig, RpcTlsError> {
    let chain = files::certificates(CERTIFICATE, certificate)?;
    let private_key = files::private_key(key)?;
    // TLS 1.2 or 1.3.
    ClientConfig::builder_with_details(provider, Arc::new(GateTime(clock.clone())))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(believed)
        .with_client_auth_cert(chain, private_key)
        .map_err(|source| RpcTlsError::Pair { path: key.to_owned(), source })
}
