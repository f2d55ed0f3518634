//! What the files of `worker.rpc_tls` hold.

use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::client::VerifierBuilderError;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, InvalidDnsNameError, PrivateKeyDer};

pub(super) const CA: &str = "worker.rpc_tls.ca_file";
pub(super) const CERTIFICATE: &str = "worker.rpc_tls.client_cert_file";
pub(super) const KEY: &str = "worker.rpc_tls.client_key_file";

/// Why workers without a certificate of the fleet cannot be called. It names the key of the configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RpcTlsError {
    /// A file is missing, unreadable or not PEM.
    #[error("{key}: {path:?} is not a readable PEM file")]
    File {
        /// The key that names it.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// A file has no certificate in it.
    #[error("{key}: {path:?} holds no certificate")]
    Empty {
        /// The key that names it.
        key: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// A certificate of a CA is none.
    #[error("worker.rpc_tls.ca_file: {path:?} holds something that is no certificate of a CA")]
    Root {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: rustls::Error,
    },
    /// The key is not the certificate's, or not of a kind that is known.
    #[error(
        "worker.rpc_tls.client_key_file: {path:?} is not the key of worker.rpc_tls.client_cert_file"
    )]
    Pair {
        /// The file of the key.
        path: PathBuf,
        /// What is wrong with it.
        source: rustls::Error,
    },
    /// The name that certificates have to be for is none.
    #[error("worker.rpc_tls.server_name is neither the name of a host nor an address")]
    ServerName(#[source] InvalidDnsNameError),
    /// None of the CAs can be trusted.
    #[error("worker.rpc_tls.ca_file holds no certificate that can be trusted")]
    Verifier(#[from] VerifierBuilderError),
    /// No protocol.
    #[error("TLS cannot be offered")]
    Tls(#[from] rustls::Error),
    /// The client.
    #[error("an HTTP client cannot be made")]
    Client(#[from] reqwest::Error),
}

/// The certificates in the file that `key` names, at least one.
pub(super) fn certificates(
    key: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, RpcTlsError> {
    let certificates: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|source| RpcTlsError::File { key, path: path.to_owned(), source })?;
    if certificates.is_empty() {
        return Err(RpcTlsError::Empty { key, path: path.to_owned() });
    }
    Ok(certificates)
}

/// The CAs of workers.
pub(super) fn roots(path: &Path) -> Result<RootCertStore, RpcTlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(CA, path)? {
        let added = roots.add(certificate);
        added.map_err(|source| RpcTlsError::Root { path: path.to_owned(), source })?;
    }
    Ok(roots)
}

/// The private key that calls are signed with.
pub(super) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, RpcTlsError> {
    PrivateKeyDer::from_pem_file(path).map_err(|source| RpcTlsError::File {
        key: KEY,
        path: path.to_owned(),
        source,
    })
}
