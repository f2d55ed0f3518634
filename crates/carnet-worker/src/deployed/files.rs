//! [`Files`]: the certificate of a deployment, its key, and the CAs of whoever calls.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use carnet_config::RpcTls;
use carnet_gate::Clock;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;

use crate::error::{FileFault, WorkerError};
use crate::tls::{self, provider, roots};

const CERTIFICATE: &str = "worker.rpc_tls.server_cert_file";
const KEY: &str = "worker.rpc_tls.server_key_file";
const CLIENT_CA: &str = "worker.rpc_tls.client_ca_file";

/// What TLS is served with. It can be exchanged at any moment: new connections use the new.
pub(crate) struct Files {
    now: ArcSwap<Material>,
    clock: Clock,
}

/// What the files hold.
pub(super) struct Material {
    pair: Arc<CertifiedKey>,
    clients: Arc<dyn ClientCertVerifier>,
}

impl Files {
    pub(super) fn read(named: &RpcTls, clock: &Clock) -> Result<Self, WorkerError> {
        let now = ArcSwap::from_pointee(Material::read(named)?);
        Ok(Self { now, clock: clock.clone() })
    }

    pub(super) fn exchange(&self, material: Material) {
        self.now.store(Arc::new(material));
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Believes whoever the CAs signed for.
    pub(super) fn trusted(&self) -> Arc<dyn ClientCertVerifier> {
        Arc::clone(&self.now.load().clients)
    }
}

impl Material {
    /// Reads the three files. What is wrong with one is told with its key.
    pub(super) fn read(named: &RpcTls) -> Result<Self, WorkerError> {
        let certificate = path(CERTIFICATE, named.server_cert_file.as_deref())?;
        let key = path(KEY, named.server_key_file.as_deref())?;
        let ca = path(CLIENT_CA, named.client_ca_file.as_deref())?;
        let chain = certificates(CERTIFICATE, certificate)?;
        let private = PrivateKeyDer::from_pem_file(key).map_err(of_file(KEY, key))?;
        let pair = tls::pair(chain, private).ok().filter(|pair| pair.keys_match().is_ok());
        let pair = pair.ok_or_else(|| fault(KEY, key, FileFault::KeyMismatch))?;
        let not_pem = || fault(CLIENT_CA, ca, FileFault::NotPem);
        let trusted = roots(&certificates(CLIENT_CA, ca)?).map_err(|_| not_pem())?;
        let clients = WebPkiClientVerifier::builder_with_provider(trusted, provider()).build();
        let clients = clients.map_err(|_| not_pem())?;
        Ok(Self { pair: Arc::new(pair), clients })
    }
}

/// The file that `key` names. What names none was checked before.
fn path<'a>(key: &'static str, named: Option<&'a Path>) -> Result<&'a Path, WorkerError> {
    named.ok_or_else(|| fault(key, Path::new(""), FileFault::Missing))
}

/// The certificates of a file: one at least.
fn certificates(
    key: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, WorkerError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let read = read.map_err(of_file(key, path))?;
    if read.is_empty() { Err(fault(key, path, FileFault::NotPem)) } else { Ok(read) }
}

fn of_file(key: &'static str, path: &Path) -> impl FnOnce(pem::Error) -> WorkerError {
    move |error| match error {
        pem::Error::Io(error) if error.kind() == std::io::ErrorKind::NotFound => {
            fault(key, path, FileFault::Missing)
        }
        pem::Error::Io(source) => WorkerError::Io { path: path.to_owned(), source },
        _ => fault(key, path, FileFault::NotPem),
    }
}

fn fault(key: &'static str, path: &Path, fault: FileFault) -> WorkerError {
    WorkerError::DeployedFile { key, path: path.to_owned(), fault }
}

impl ResolvesServerCert for Files {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.now.load().pair))
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files").finish_non_exhaustive()
    }
}
